/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/affiliation.h"

#include "base/text.h"
#include "idp-adapters/fold.h"
#include "wire/json.h"

#include <string.h>

enum { MPASS_PARTS = 7, MPASS_PARTS_OLD = 4, GROUP_MAX_B = 64, OID_MAX_B = 64, SAID_MAX_B = 1024 };

struct affiliations affiliations_new(struct arena *a)
{
    return (struct affiliations){ arena_make_n(a, PERSON_AFFILIATIONS_MAX, struct affiliation), 0 };
}

static bool same_text(struct str x, struct str y)
{
    return str_cmp(x, y) == 0;
}

bool affiliations_add(struct affiliations *list, const struct affiliation *one)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct affiliation *have = &list->at[i];
        if (have->role == one->role && same_text(have->provider_oid, one->provider_oid) &&
            same_text(have->school_oid, one->school_oid) && same_text(have->group, one->group))
            return true;
    }
    if (list->n == PERSON_AFFILIATIONS_MAX)
        return false;
    list->at[list->n++] = *one;
    return true;
}

static enum role role_of_code(struct str code)
{
    int64_t v;

    for (int r = ROLE_NONE + 1; str_int(code, &v) && v > 0 && r < ROLE_COUNT; r++)
        if (role_mpass_code((enum role)r) == v)
            return (enum role)r;
    return ROLE_NONE;
}

enum role role_said(struct arena *a, struct str said)
{
    enum role role = role_spelled(a, said);

    return role != ROLE_NONE ? role : role_of_code(said);
}

static bool no(struct why_not *why, enum note kind, struct str value)
{
    *why = (struct why_not){ kind, value };
    return false;
}

/* Places the affiliation at a school of this provider.  An empty code means the
 * provider itself; an unknown or closed school means that the value is not used. */
static bool at_school(const struct provider *p, struct str code_or_oid, struct affiliation *out, struct why_not *why)
{
    out->provider_oid = p->oid;
    if (!str_is_set(code_or_oid))
        return true;
    const struct school *s = provider_school(p, code_or_oid);
    if (s == NULL || !s->active)
        return no(why, s == NULL ? NOTE_SCHOOL_UNKNOWN : NOTE_SCHOOL_CLOSED, code_or_oid);
    out->school_oid = s->oid;
    out->school_code = s->code;
    return true;
}

static bool is_municipality(struct arena *a, const struct provider *p, struct str name)
{
    for (int i = 0; i < LANG_COUNT; i++)
        if (str_eq(fold_word(a, p->names.in[i]), fold_word(a, name)))
            return true;
    return str_eq(name, p->municipality_code);
}

bool affiliation_names_provider(struct arena *a, const struct provider *p, struct str said)
{
    return p != NULL && str_is_set(said) && (str_eq(said, p->oid) || is_municipality(a, p, said));
}

/* The group as a person bears it; absent when it is none that we keep. */
static struct str group_of(struct arena *a, struct str said)
{
    struct str group = said.n <= SAID_MAX_B ? text_composed(a, text_trim(said)) : said;

    return group.n > 0 && group.n <= GROUP_MAX_B && text_is_plain(group) ? arena_str(a, group)
                                                                         : (struct str){ NULL, 0 };
}

static bool is_oid_or_none(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.'))
            return false;
    return s.n <= OID_MAX_B;
}

/* Name and code of a role must not contradict each other: a value whose parts have moved (a semicolon inside the
 * group) would have them disagree.  A word that we do not know says nothing against a code that we know. */
static enum role role_of_name_and_code(struct arena *a, struct str name, struct str code)
{
    enum role named = role_spelled(a, name), coded = role_of_code(code);

    if (str_is_set(code) && coded == ROLE_NONE)
        return ROLE_NONE;
    if (named != ROLE_NONE && coded != ROLE_NONE && named != coded)
        return ROLE_NONE;
    return coded != ROLE_NONE ? coded : named;
}

bool affiliation_of_mpass(struct arena *a, const struct provider *p, struct str value, struct affiliation *out,
                          struct why_not *why)
{
    struct str parts[MPASS_PARTS] = { { NULL, 0 } }, rest = value, part;
    size_t n = 0;

    while (str_split(&rest, ';', &part)) {
        if (n == MPASS_PARTS)
            return no(why, NOTE_VALUE_MALFORMED, value);
        parts[n++] = text_trim(part);
    }
    bool old = n == MPASS_PARTS_OLD;
    if (!old && n != MPASS_PARTS && n != MPASS_PARTS - 1)
        return no(why, NOTE_VALUE_MALFORMED, value);
    if (p == NULL || (old ? !affiliation_names_provider(a, p, parts[0]) : !str_eq(parts[0], p->oid)))
        return no(why, NOTE_PROVIDER_FOREIGN, parts[0]);
    out->role = role_of_name_and_code(a, parts[3], parts[4]);
    if (out->role == ROLE_NONE)
        return no(why, NOTE_ROLE_UNKNOWN, str_is_set(parts[3]) ? parts[3] : parts[4]);
    if (!is_oid_or_none(parts[6]))
        return no(why, NOTE_VALUE_MALFORMED, parts[6]);
    if (!at_school(p, str_is_set(parts[1]) ? parts[1] : parts[5], out, why))
        return false;
    if (str_is_set(parts[5]) && str_is_set(out->school_oid) && !str_eq(parts[5], out->school_oid))
        return no(why, NOTE_SCHOOL_CONTRADICTS, parts[5]);
    out->group = group_of(a, parts[2]);
    if (str_is_set(parts[2]) && out->group.p == NULL)
        (void)no(why, NOTE_GROUP_UNUSABLE, (struct str){ NULL, 0 });
    if (str_is_set(parts[6]))
        out->office_oid = arena_str(a, parts[6]);
    return true;
}

static struct str at_index(const struct strs *list, size_t i)
{
    return i < list->n ? list->at[i] : (struct str){ NULL, 0 };
}

/* The value of a parallel list for school i: one for all, or one each. */
static struct str shared(const struct strs *list, size_t i, size_t schools)
{
    return list->n == 1 ? list->at[0] : list->n == schools ? at_index(list, i) : (struct str){ NULL, 0 };
}

int charge_said(struct str mark)
{
    return str_eq(mark, S("0")) ? 1 : str_eq(mark, S("1")) ? 2 : 0;
}

/* What is told of a school by its name goes before what is told by position. */
static int charge_for(const struct affiliation_lists *l, struct str school_oid, size_t i, size_t schools)
{
    for (size_t k = 0; k < l->charge_at_count; k++)
        if (str_eq(l->charge_at[k].school->oid, school_oid))
            return l->charge_at[k].charge;
    return charge_said(shared(&l->charges.values, i, schools));
}

struct joining {
    struct arena *arena;
    const struct provider *provider;
    const struct affiliation_lists *lists;
    struct affiliations *into;
    struct map_notes *notes;
};

static bool has_school(const struct affiliations *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_is_set(list->at[i].school_oid))
            return true;
    return false;
}

static bool join_one(struct joining *j, struct str role, size_t i, size_t schools)
{
    const struct affiliation_lists *l = j->lists;
    struct affiliation one = { .role = role_said(j->arena, role) };
    struct str school = at_index(&l->schools.values, i);
    struct str group =
        l->groups.values.n == 1 && i > 0 ? (struct str){ NULL, 0 } : shared(&l->groups.values, i, schools);
    struct why_not unused;

    if (one.role == ROLE_NONE || (l->schools.values.n > 0 && !str_is_set(school)))
        return false;
    if (l->roles_placed && !str_is_set(school) && !l->home_is_ours) {
        map_note(j->notes, NOTE_PROVIDER_FOREIGN, l->roles.attribute, role);
        return false;
    }
    if (!at_school(j->provider, school, &one, &unused)) /* noted when it was read */
        return false;
    one.group = group_of(j->arena, group);
    if (str_is_set(group) && one.group.p == NULL)
        map_note(j->notes, NOTE_GROUP_UNUSABLE, l->groups.attribute, (struct str){ NULL, 0 });
    one.charge = charge_for(l, one.school_oid, i, schools);
    if (affiliations_add(j->into, &one))
        return true;
    map_note(j->notes, NOTE_TOO_MANY, l->roles.attribute, (struct str){ NULL, 0 });
    return false;
}

/* The only role among empty places; absent when there are none or several. */
static struct str only_role(const struct strs *roles)
{
    struct str one = { NULL, 0 };

    for (size_t i = 0; i < roles->n; i++) {
        if (str_is_set(roles->at[i]) && one.p != NULL)
            return (struct str){ NULL, 0 };
        one = str_is_set(roles->at[i]) ? roles->at[i] : one;
    }
    return one;
}

static void join_schools(struct joining *j)
{
    const struct affiliation_lists *l = j->lists;
    size_t n = l->roles.values.n, schools = l->schools.values.n > 0 ? l->schools.values.n : n;
    struct str only = only_role(&l->roles.values);

    if (n == 0 || has_school(j->into))
        return;
    if (j->provider == NULL) {
        j->notes->left_out += (unsigned)schools;
        return;
    }
    if (l->roles_everywhere && l->schools.values.n > 0) {
        for (size_t i = 0; i < schools; i++)
            for (size_t r = 0; r < n; r++)
                j->notes->left_out += join_one(j, l->roles.values.at[r], i, schools) ? 0 : 1;
        return;
    }
    if (only.p != NULL && l->schools.values.n <= 1) { /* there is but one place where it can be meant */
        j->notes->left_out += join_one(j, only, 0, 1) ? 0 : 1;
        return;
    }
    if (n != 1 && n != schools) {
        map_note(j->notes, NOTE_COUNTS_DIFFER, l->roles.attribute, l->roles.values.at[0]);
        j->notes->left_out += (unsigned)schools;
        return;
    }
    for (size_t i = 0; i < schools; i++)
        j->notes->left_out += join_one(j, shared(&l->roles.values, i, schools), i, schools) ? 0 : 1;
}

void affiliations_join(struct arena *a, const struct provider *p, const struct affiliation_lists *lists,
                       struct affiliations *into, struct map_notes *notes)
{
    struct joining j = { a, p, lists, into, notes };
    size_t whole = into->n;

    join_schools(&j);
    for (size_t i = 0; i < into->n; i++) {
        struct affiliation *one = &into->at[i];
        if (one->role == ROLE_LEARNER && one->class_level == 0)
            one->class_level = lists->class_level;
        if (i < whole && one->charge == 0)
            one->charge = charge_for(lists, one->school_oid, i, whole);
    }
}

/* As profile B tells roles: one JSON object per affiliation.  A member that is null is as if it were not there. */
bool affiliation_of_edu(struct arena *a, const struct provider *p, struct str value, struct affiliation *out,
                        struct why_not *why)
{
    struct fail unread = { 0 };
    const struct json_value *said = json_parse(a, value, &unread), *level;

    if (said == NULL || said->type != JSON_OBJECT)
        return no(why, NOTE_VALUE_MALFORMED, value);
    struct str provider = json_get_str(said, S("provider_oid")), role = json_get_str(said, S("role"));
    if (p == NULL || (str_is_set(provider) && !str_eq(provider, p->oid)))
        return no(why, NOTE_PROVIDER_FOREIGN, provider);
    out->role = role_spelled(a, role);
    if (out->role == ROLE_NONE)
        return no(why, NOTE_ROLE_UNKNOWN, str_is_set(role) ? role : value);
    if (!at_school(p, json_get_str(said, S("school_oid")), out, why))
        return false;
    struct str group = json_get_str(said, S("group"));
    out->group = group_of(a, group); /* judged as it is once its escapes are gone */
    if (str_is_set(group) && out->group.p == NULL)
        (void)no(why, NOTE_GROUP_UNUSABLE, (struct str){ NULL, 0 });
    level = json_get(said, S("class_level"));
    if (level != NULL && level->type == JSON_INT && level->integer >= 1 && level->integer <= 12)
        out->class_level = (int)level->integer;
    else if (level != NULL && level->type != JSON_NULL)
        (void)no(why, NOTE_CLASS_LEVEL_UNKNOWN, level->text);
    return true;
}
