/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/form_keys.h"

#include "base/near.h"
#include "base/text.h"
#include "policy/form.h"
#include "policy/windows.h"
#include "registry/change_int.h"

#include <stdio.h>
#include <string.h>

enum { ITEMS_MAX = 1000, ITEM_MAX_B = 200 };

const char *const form_keys[] = { "opens",    "people_of",  "schools",  "groups",   "roles",  "levels",    "ages",
                                  "services", "categories", "weekdays", "hours",    "device", "assurance", "term",
                                  "networks", "exam",       "release",  "withhold", NULL };

/* Each word stands in the place of its enum's value, or of its bit. */
static const char *const openings[] = { "none", "permit", "forbid", "leave", NULL };
static const char *const roles[] = { "",
#define X(role, name, code, mpass, affiliation) name,
                                     ROLES(X)
#undef X
                                         NULL };
static const char *const ages[] = { "", "under13", "13to17", "adult", NULL };
static const char *const days[] = { "", "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL };
static const char *const devices[] = { "", "own", "shared", NULL };
static const char *const calendar[] = { "", "school_day", "day_off", "holiday", NULL };
static const char *const exams[] = { "", "during", "outside", NULL };
static const char *const assurances[] = { "", "password", "substantial", "high", NULL };

const char *form_keys_first(const struct yaml *item)
{
    for (size_t i = 0; form_keys[i] != NULL; i++)
        if (yaml_get(item, form_keys[i]) != NULL)
            return form_keys[i];
    return NULL;
}

/* ── schools and groups ─────────────────────────────────────────────────── */

static struct str join(struct arena *a, struct str left, struct str right)
{
    return arena_printf(a, "%.*s/%.*s", STR_ARG(left), STR_ARG(right));
}

/* How Cedar names the provider's school of that code or OID; absent: there is none. */
static struct str uid_of_school(struct arena *a, const struct db_rows *schools, struct str provider, struct str name)
{
    enum { OID = 1, CODE = 2 };
    const struct db_value *row = school_row(schools, provider, name);
    const struct provider p = { .id = provider };

    return row == NULL ? (struct str){ NULL, 0 }
                       : school_uid(a, &p, &(struct school){ .oid = row[OID].text, .code = row[CODE].text });
}

struct form_owner form_owner_of(struct arena *a, const struct db_rows *schools, const struct db_value *policy)
{
    const struct kind_row *k = &kind_rows[KIND_POLICY];
    const struct db_value *provider = &policy[column_of(k, "provider")], *school = &policy[column_of(k, "school")];
    struct form_owner of = { .arena = a, .schools = schools };

    if (provider->kind == DB_TEXT)
        of.provider = provider->text;
    if (provider->kind == DB_TEXT && school->kind == DB_TEXT)
        of.school = uid_of_school(a, schools, provider->text, school->text);
    return of;
}

/* "99101", its OID, "oulu/99101"; *rest is what stands behind, if it may.  Absent: there is no such school. */
static struct str school_named(const struct form_owner *of, struct str name, struct str *rest)
{
    struct str behind = name, head, second, found = { NULL, 0 };

    if (!str_split(&behind, '/', &head))
        return found;
    if (str_is_set(of->provider) && str_is_set(found = uid_of_school(of->arena, of->schools, of->provider, head))) {
        *rest = behind;
        return found;
    }
    if (!str_split(&behind, '/', &second))
        return found;
    *rest = behind;
    return uid_of_school(of->arena, of->schools, head, second);
}

static struct str school_uid_of(const struct form_owner *of, struct str name)
{
    struct str rest = { NULL, 0 }, found = school_named(of, name, &rest);

    return rest.n == 0 ? found : (struct str){ NULL, 0 };
}

/* "99101/7B", "oulu/99101/7B"; of a school's own policy "7B" as well. */
static struct str group_uid_of(const struct form_owner *of, struct str name)
{
    struct str rest = { NULL, 0 }, found = school_named(of, name, &rest);

    if (str_is_set(found) && rest.n > 0)
        return join(of->arena, found, rest);
    return str_is_set(of->school) ? join(of->arena, of->school, name) : (struct str){ NULL, 0 };
}

typedef struct str uid_of_fn(const struct form_owner *of, struct str name);

static bool starts_below(struct str uid, struct str owner)
{
    return str_is_set(owner) && uid.n > owner.n + 1 && str_has_prefix(uid, owner) && uid.p[owner.n] == '/';
}

/* The shortest way to write it that is read as it was.  Absent: there is none. */
static struct str shortened(const struct form_owner *of, uid_of_fn *uid_of, struct str uid)
{
    const struct str owners[] = { of->school, of->provider };

    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
        if (starts_below(uid, owners[i]) && str_eq(uid_of(of, str_from(uid, owners[i].n + 1)), uid))
            return str_from(uid, owners[i].n + 1);
    return str_eq(uid_of(of, uid), uid) ? uid : (struct str){ NULL, 0 };
}

/* ── reading ────────────────────────────────────────────────────────────── */

struct reading {
    const struct form_owner *of;
    const struct yaml *item;
    struct fail *fail;
};

static bool read_list(struct reading *r, const char *key, struct strs *out)
{
    const struct yaml *list = yaml_get(r->item, key);

    *out = (struct strs){ NULL, 0 };
    if (list == NULL)
        return true;
    if (list->kind != YAML_LIST || list->n == 0 || list->n > ITEMS_MAX)
        return yaml_fail(list, r->fail, "bad_value", "%s: expected a list of 1 to %d texts; without the key it is any",
                         key, ITEMS_MAX);
    for (size_t i = 0; i < list->n; i++) {
        const struct yaml *one = list->items[i];
        if (one->kind != YAML_TEXT || one->text.n == 0 || one->text.n > ITEM_MAX_B || !text_is_plain(one->text))
            return yaml_fail(one, r->fail, "bad_value", "%s: expected a text of one line, at most %d bytes", key,
                             ITEM_MAX_B);
        strs_add(r->of->arena, out, one->text);
    }
    return true;
}

static bool read_places(struct reading *r, const char *key, uid_of_fn *uid_of, const char *what, struct strs *out)
{
    struct strs names;

    if (!read_list(r, key, &names))
        return false;
    *out = (struct strs){ NULL, 0 };
    for (size_t i = 0; i < names.n; i++) {
        struct str uid = uid_of(r->of, names.at[i]);
        if (!str_is_set(uid))
            return yaml_fail(yaml_get(r->item, key)->items[i], r->fail, "no_school",
                             "%s: there is no school that \"%.*s\" %s", key, STR_ARG(names.at[i]), what);
        strs_add(r->of->arena, out, uid);
    }
    return true;
}

static bool is_any(const struct yaml *list)
{
    return list != NULL && list->kind == YAML_LIST && list->n == 1 && list->items[0]->kind == YAML_TEXT &&
           str_eq(list->items[0]->text, S("any"));
}

/* Gives the place of the word, or -1 after saying so. */
static int read_word(struct reading *r, const char *key, const struct yaml *value, const char *const *words)
{
    struct str text = value->kind == YAML_TEXT ? value->text : S("");
    int at = text.n > 0 ? word_index(words, text) : -1;

    if (at < 0)
        (void)yaml_fail(value, r->fail, "bad_value", "%s: \"%.*s\" is no word for it%.*s", key, STR_ARG(text),
                        STR_ARG(near_help(r->of->arena, text, words[0][0] == '\0' ? words + 1 : words)));
    return at;
}

static bool read_bits(struct reading *r, const char *key, const char *const *words, uint32_t *out)
{
    struct strs given;
    const struct yaml *list = yaml_get(r->item, key);

    if (!read_list(r, key, &given))
        return false;
    for (size_t i = 0; i < given.n; i++) {
        int at = read_word(r, key, list->items[i], words);
        if (at < 0)
            return false;
        *out |= (uint32_t)1 << at;
    }
    return true;
}

static bool read_choice(struct reading *r, const char *key, const char *const *words, int *out)
{
    const struct yaml *value = yaml_get(r->item, key);

    if (value != NULL)
        *out = read_word(r, key, value, words);
    return *out >= 0;
}

/* [any]: whatever role, but one; without the key also nobody's. */
static bool read_roles(struct reading *r, uint32_t *out)
{
    if (!is_any(yaml_get(r->item, "roles")))
        return read_bits(r, "roles", roles, out);
    *out = ROLES_ANY;
    return true;
}

/* "7-9", "7", "7-", "-6" */
static bool levels_of(struct str text, int *from, int *to)
{
    struct str rest = text, left = S("");
    int64_t low = 0, high = 0;
    bool range = str_find_byte(text, '-', 0) < text.n;

    (void)str_split(&rest, '-', &left);
    if ((left.n > 0 && (!str_int(left, &low) || low < 1 || low > LEVEL_MAX)) ||
        (rest.n > 0 && (!str_int(rest, &high) || high < 1 || high > LEVEL_MAX)))
        return false;
    *from = (int)low;
    *to = (int)(range ? high : low);
    return (*from > 0 || *to > 0) && (*from == 0 || *to == 0 || *from <= *to);
}

static bool read_levels(struct reading *r, struct whom *out)
{
    const struct yaml *value = yaml_get(r->item, "levels");

    return value == NULL || (value->kind == YAML_TEXT && levels_of(value->text, &out->level_from, &out->level_to)) ||
           yaml_fail(value, r->fail, "bad_value", "levels: expected class levels from 1 to %d: 7-9, 7, 7- or -6",
                     LEVEL_MAX);
}

/* "8.00", "8:00", "8" */
static bool minute_of(struct str text, int *out)
{
    size_t point = str_find_byte(text, '.', 0);
    int64_t hour, minute = 0;

    if (point == text.n)
        point = str_find_byte(text, ':', 0);
    if (!str_int(str_sub(text, 0, point), &hour) || hour < 0 || hour > 24)
        return false;
    if (point < text.n &&
        (text.n - point != 3 || !str_int(str_from(text, point + 1), &minute) || minute < 0 || minute > 59))
        return false;
    *out = (int)(hour * 60 + minute);
    return *out <= MINUTES_A_DAY;
}

static bool read_hours(struct reading *r, struct hours *out)
{
    const struct yaml *value = yaml_get(r->item, "hours");
    struct str rest = value != NULL && value->kind == YAML_TEXT ? value->text : S(""), first = S("");

    if (value == NULL)
        return true;
    if (!str_split(&rest, '-', &first) || !minute_of(first, &out->minute_from) || !minute_of(rest, &out->minute_to) ||
        out->minute_from == out->minute_to)
        return yaml_fail(value, r->fail, "bad_value", "hours: expected a time of the day in Finland: 8.00-16.00");
    if (out->minute_to == 0)
        out->minute_to = MINUTES_A_DAY;
    return true;
}

/* [any]: in whichever that has a name. */
static bool read_networks(struct reading *r, struct hours *out)
{
    out->in_network = yaml_get(r->item, "networks") != NULL;
    return is_any(yaml_get(r->item, "networks")) || read_list(r, "networks", &out->networks);
}

static bool read_windows(struct reading *r, struct hours *out)
{
    uint32_t of_calendar = 0;
    int exam = 0;

    if (!read_bits(r, "term", calendar, &of_calendar) || !read_networks(r, out) ||
        !read_choice(r, "exam", exams, &exam))
        return false;
    out->days = (uint8_t)of_calendar;
    out->exam = (enum exam_ask)exam;
    return true;
}

static bool read_claims(struct reading *r, const char *key, struct claim_set *out)
{
    const struct yaml *list = yaml_get(r->item, key);
    const char *words[CLAIM_COUNT + 1];
    struct strs given;

    for (int i = 0; i < CLAIM_COUNT; i++)
        words[i] = claim_rows[i].word;
    words[CLAIM_COUNT] = NULL;
    if (!read_list(r, key, &given))
        return false;
    for (size_t i = 0; i < given.n; i++) {
        int at = read_word(r, key, list->items[i], words);
        if (at < 0)
            return false;
        claim_add(out, (enum claim)at);
    }
    return true;
}

/* Whose people: the owner's, unless it says otherwise. */
static bool read_people(struct reading *r, struct whom *out)
{
    const struct yaml *of = yaml_get(r->item, "people_of");

    if (!read_places(r, "schools", school_uid_of, "names", &out->schools) ||
        !read_places(r, "groups", group_uid_of, "begins with", &out->groups))
        return false;
    if (of != NULL && (of->kind != YAML_TEXT || !is_row_id(of->text)))
        return yaml_fail(of, r->fail, "bad_value", "people_of: expected the id of a provider, or any");
    if (of == NULL)
        out->provider = r->of->provider;
    else if (!str_eq(of->text, S("any")))
        out->provider = of->text;
    if (out->schools.n == 0 && out->groups.n == 0 && str_is_set(r->of->school))
        strs_add(r->of->arena, &out->schools, r->of->school);
    return true;
}

static bool read_form(struct reading *r, struct policy_form *out)
{
    int opens = 0, device = 0;

    *out = (struct policy_form){ 0 };
    if (yaml_get(r->item, "opens") == NULL)
        return yaml_fail(r->item, r->fail, "missing_key",
                         "opens is missing: permit, forbid, leave (to the schools) or "
                         "none");
    if (!read_choice(r, "opens", openings, &opens) || !read_people(r, &out->whom) || !read_roles(r, &out->whom.roles) ||
        !read_levels(r, &out->whom) || !read_bits(r, "ages", ages, &out->whom.ages) ||
        !read_list(r, "services", &out->which.services) || !read_list(r, "categories", &out->which.categories))
        return false;
    uint32_t weekdays = 0;
    if (!read_bits(r, "weekdays", days, &weekdays) || !read_hours(r, &out->hours) ||
        !read_choice(r, "device", devices, &device) ||
        !read_choice(r, "assurance", assurances, &out->hours.assurance) || !read_windows(r, &out->hours) ||
        !read_claims(r, "release", &out->release) || !read_claims(r, "withhold", &out->withhold))
        return false;
    out->opening = (enum opening)opens;
    out->hours.weekdays = (uint8_t)weekdays;
    out->hours.device = (enum device_class)device;
    return out->opening != OPENING_NONE || policy_form_tells(out) ||
           yaml_fail(r->item, r->fail, "bad_value", "it says nothing: opens none, and has no release and no withhold");
}

bool form_keys_read(const struct form_owner *of, const struct yaml *item, struct str *text, struct fail *f)
{
    struct reading r = { of, item, f };
    struct policy_form form;

    if (!read_form(&r, &form))
        return false;
    *text = policy_form_text(of->arena, &form);
    return str_is_set(*text) || yaml_fail(item, f, "bad_value", "it says what cannot be: look at levels and hours");
}

/* ── writing ────────────────────────────────────────────────────────────── */

static bool shorten(const struct form_owner *of, uid_of_fn *uid_of, struct strs *list)
{
    struct strs names = { NULL, 0 };

    for (size_t i = 0; i < list->n; i++) {
        struct str name = shortened(of, uid_of, list->at[i]);
        if (!str_is_set(name))
            return false;
        strs_add(of->arena, &names, name);
    }
    *list = names;
    return true;
}

/* Puts what read_people() understands.  False: it would understand something else. */
static bool leave_owner_out(const struct form_owner *of, struct whom *w)
{
    bool any = !str_is_set(w->provider), own_school = str_is_set(of->school) && w->schools.n == 1 && w->groups.n == 0 &&
                                                      str_eq(w->schools.at[0], of->school);

    if (str_eq(w->provider, S("any")) || (str_is_set(of->school) && w->schools.n + w->groups.n == 0))
        return false;
    if (own_school)
        w->schools.n = 0;
    if (any && str_is_set(of->provider))
        w->provider = S("any");
    else if (str_eq(w->provider, of->provider))
        w->provider = (struct str){ NULL, 0 };
    return true;
}

static bool words_fit(const struct policy_form *p)
{
    size_t assurances_n = sizeof assurances / sizeof *assurances - 1;

    return p->hours.assurance >= 0 && (size_t)p->hours.assurance < assurances_n && (p->whom.ages & 1u) == 0 &&
           (p->whom.roles & 1u) == 0 && (p->hours.weekdays & 1u) == 0 && (p->hours.days & 1u) == 0 &&
           !(p->hours.networks.n == 1 && str_eq(p->hours.networks.at[0], S("any")));
}

static void put_list(struct yaml_out *o, const char *key, const struct strs *list)
{
    if (list->n == 0)
        return;
    yaml_out_list(o, key);
    for (size_t i = 0; i < list->n; i++)
        yaml_out_text(o, NULL, list->at[i]);
    yaml_out_end(o);
}

static void put_bits(struct yaml_out *o, const char *key, const char *const *words, uint32_t bits)
{
    if (bits == 0)
        return;
    yaml_out_list(o, key);
    for (int i = 0; words[i] != NULL; i++)
        if ((bits >> i & 1u) != 0)
            yaml_out_text(o, NULL, str_of(words[i]));
    yaml_out_end(o);
}

static void put_levels(struct arena *a, struct yaml_out *o, const struct whom *w)
{
    char from[16] = "", to[16] = "";

    if (w->level_from == 0 && w->level_to == 0)
        return;
    if (w->level_from > 0)
        (void)snprintf(from, sizeof from, "%d", w->level_from);
    if (w->level_to > 0)
        (void)snprintf(to, sizeof to, "%d", w->level_to);
    yaml_out_text(o, "levels",
                  w->level_from == w->level_to ? arena_str(a, str_of(from)) : arena_printf(a, "%s-%s", from, to));
}

static void put_claims(struct yaml_out *o, const char *key, struct claim_set claims)
{
    if (claims.bits == 0)
        return;
    yaml_out_list(o, key);
    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(claims, (enum claim)i))
            yaml_out_text(o, NULL, str_of(claim_rows[i].word));
    yaml_out_end(o);
}

static void put_form(struct arena *a, struct yaml_out *o, const struct policy_form *p)
{
    const struct hours *h = &p->hours;
    struct str any = S("any");

    yaml_out_text(o, "opens", str_of(openings[p->opening]));
    if (str_is_set(p->whom.provider))
        yaml_out_text(o, "people_of", p->whom.provider);
    put_list(o, "schools", &p->whom.schools);
    put_list(o, "groups", &p->whom.groups);
    if (p->whom.roles == ROLES_ANY)
        put_list(o, "roles", &(struct strs){ &any, 1 });
    else
        put_bits(o, "roles", roles, p->whom.roles);
    put_levels(a, o, &p->whom);
    put_bits(o, "ages", ages, p->whom.ages);
    put_list(o, "services", &p->which.services);
    put_list(o, "categories", &p->which.categories);
    put_bits(o, "weekdays", days, h->weekdays);
    if (h->minute_from != 0 || h->minute_to != 0)
        yaml_out_text(o, "hours",
                      arena_printf(a, "%d.%02d-%d.%02d", h->minute_from / 60, h->minute_from % 60, h->minute_to / 60,
                                   h->minute_to % 60));
    if (h->device != DEVICE_ANY)
        yaml_out_text(o, "device", str_of(devices[h->device]));
    if (h->assurance != 0)
        yaml_out_text(o, "assurance", str_of(assurances[h->assurance]));
    put_bits(o, "term", calendar, h->days);
    if (h->in_network)
        put_list(o, "networks", h->networks.n > 0 ? &h->networks : &(struct strs){ &any, 1 });
    if (h->exam != EXAM_ANY)
        yaml_out_text(o, "exam", str_of(exams[h->exam]));
    put_claims(o, "release", p->release);
    put_claims(o, "withhold", p->withhold);
}

/* A text that is laid out in another way, or has a remark in it, is its maker's and stays as it is. */
bool form_keys_write(const struct form_owner *of, struct str text, struct yaml_out *o)
{
    struct policy_form form;
    struct str rest;

    if (!policy_form_read(of->arena, text, &form, &rest) || !str_eq(policy_form_text(of->arena, &form), text) ||
        !words_fit(&form) || !leave_owner_out(of, &form.whom) || !shorten(of, school_uid_of, &form.whom.schools) ||
        !shorten(of, group_uid_of, &form.whom.groups))
        return false;
    put_form(of->arena, o, &form);
    return true;
}
