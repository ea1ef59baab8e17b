/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/attribute_map.h"

#include "base/embed.h"
#include "idp-adapters/affiliation.h"
#include "idp-adapters/fold.h"
#include "wire/json.h"

#include <string.h>

enum { LINE_WORDS = 5 };

struct dialect {
    struct embedded file;
};

/* A person in the making: what single rows brought, before parallel lists are joined. */
struct making {
    struct arena *arena;
    const struct idp *idp;
    struct person *out;
    struct str display_name;
    struct affiliation_lists lists;
    struct affiliations whole; /* from values that describe one affiliation each */
    unsigned left_out;
    struct fail *fail;
};

typedef bool reader(struct making *m, struct str *into, const struct attribute *from);

static struct str text_of(const struct embedded *file)
{
    return str_n(file->bytes, file->size);
}

const struct dialect *dialect_named(struct str name)
{
    for (const struct embedded *e = dialect_files; e->name != NULL; e++)
        if (str_eq(name, str_of(e->name)) && strcmp(e->name, "roles") != 0)
            return (const struct dialect *)(const void *)e;
    return NULL;
}

struct str dialect_names(struct arena *a)
{
    struct buf b = buf_new(a, 1024);

    for (const struct embedded *e = dialect_files; e->name != NULL; e++)
        if (strcmp(e->name, "roles") != 0)
            buf_printf(&b, "%s%s", b.n > 0 ? ", " : "", e->name);
    return buf_str(&b);
}

/* Splits a line of a map into words; false for comments and empty lines. */
static bool words_of(struct str line, struct str words[LINE_WORDS])
{
    int n = 0;

    for (int i = 0; i < LINE_WORDS; i++)
        words[i] = (struct str){ NULL, 0 };
    while (line.n > 0 && line.p[0] != '#') {
        struct str word;
        (void)str_split(&line, ' ', &word);
        if (word.n > 0 && n < LINE_WORDS)
            words[n++] = word;
    }
    return n > 0;
}

static enum role spelled_in(struct str map, struct str folded)
{
    struct str line, words[LINE_WORDS];

    while (str_split(&map, '\n', &line))
        if (words_of(line, words) && str_eq(words[0], S("role")) && str_eq(words[1], folded))
            return role_of_name(words[2]);
    return ROLE_NONE;
}

enum role role_spelled(struct arena *a, struct str spelling)
{
    for (const struct embedded *e = dialect_files; e->name != NULL; e++)
        if (strcmp(e->name, "roles") == 0)
            return spelled_in(text_of(e), fold_word(a, spelling));
    return ROLE_NONE;
}

/* What a screen obeys instead of showing: control characters, line and paragraph
 * separators, marks that turn the direction of writing.  s: UTF-8. */
static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char *c = (const unsigned char *)s.p + i;
        if (c[0] < 0x20 || c[0] == 0x7f)
            return true;
        if (c[0] == 0xC2 && c[1] < 0xA0) /* U+0080 to U+009F */
            return true;
        if (c[0] == 0xE2 && c[1] == 0x80 && c[2] >= 0xA8 && c[2] <= 0xAE) /* U+2028 to U+202E */
            return true;
        if (c[0] == 0xE2 && c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9) /* U+2066 to U+2069 */
            return true;
    }
    return false;
}

static bool is_plain(struct str value)
{
    return value.n > 0 && value.n <= PERSON_TEXT_MAX_B * 4 && str_is_utf8(value) && !has_control(value);
}

/* One value: trimmed, printable, at most 256 characters' worth; otherwise absent. */
static struct str one_text(struct str value)
{
    value = str_trim(value);
    return is_plain(value) ? value : (struct str){ NULL, 0 };
}

static bool read_text(struct making *m, struct str *into, const struct attribute *from)
{
    for (size_t i = 0; i < from->values.n && into->p == NULL; i++)
        *into = arena_str(m->arena, one_text(from->values.at[i]));
    return true;
}

/* A second half of a name that is unique only together with the first (tenant and object). */
static bool read_append(struct making *m, struct str *into, const struct attribute *from)
{
    struct str more = { NULL, 0 };

    (void)read_text(m, &more, from);
    if (into->p != NULL && more.p != NULL)
        *into = arena_printf(m->arena, "%.*s/%.*s", STR_ARG(*into), STR_ARG(more));
    return true;
}

static bool scope_is_ours(const struct making *m, struct str value)
{
    size_t at = str_find_byte(value, '@', 0);

    /* Domain names compare without case, so Oulu.fi is oulu.fi [shibmd:Scope]. */
    for (size_t i = 0; at < value.n && i < m->idp->scopes.n; i++)
        if (str_eq_case(str_from(value, at + 1), m->idp->scopes.at[i]))
            return true;
    return false;
}

/* name@scope as the subject: a scope that is not the idp's would make it speak for another city. */
static bool read_scoped_id(struct making *m, struct str *into, const struct attribute *from)
{
    if (into->p != NULL)
        return true;
    (void)read_text(m, into, from);
    if (into->p != NULL && !scope_is_ours(m, *into)) {
        *into = (struct str){ NULL, 0 };
        return fail(m->fail, FAIL_UPSTREAM, "scope_foreign", "%.*s carries a scope that %.*s may not assert",
                    STR_ARG(from->name), STR_ARG(m->idp->id));
    }
    return true;
}

static bool read_learner(struct making *m, struct str *into, const struct attribute *from)
{
    (void)read_text(m, into, from);
    if (into->p != NULL && !learner_id_valid(*into, m->idp->test))
        return fail(m->fail, FAIL_UPSTREAM, "learner_id_invalid", "%.*s is no learner number", STR_ARG(from->name));
    return true;
}

/* Lists: several values, or one with semicolons from a directory that knows no
 * lists [domain 2, rule 3].  What cannot be used keeps its place, since lists
 * belong together by position; places at the end that hold nothing are none. */
static bool read_list(struct making *m, struct str *into, const struct attribute *from)
{
    struct strs *list = (struct strs *)(void *)into;

    if (list->at != NULL)
        return true;
    list->at = arena_make_n(m->arena, AFFILIATION_VALUES_MAX, struct str);
    for (size_t i = 0; i < from->values.n; i++) {
        struct str rest = from->values.at[i], part;
        while (list->n < AFFILIATION_VALUES_MAX && str_split(&rest, ';', &part))
            list->at[list->n++] = arena_str(m->arena, one_text(part));
    }
    while (list->n > 0 && list->at[list->n - 1].p == NULL)
        list->n--;
    return true;
}

/* The role that this city calls so; absent when it does not. */
static struct str role_named(const struct idp *idp, struct str said)
{
    for (size_t i = 0; str_is_set(said) && i < idp->role_names.n; i++) {
        struct str entry = idp->role_names.at[i];
        size_t equals = str_find_byte(entry, '=', 0);
        if (str_eq_case(str_sub(entry, 0, equals), said))
            return str_from(entry, equals + 1);
    }
    return (struct str){ NULL, 0 };
}

/* Groups: those that the city's row calls a role; of all others nothing is known. */
static bool read_group_roles(struct making *m, struct str *into, const struct attribute *from)
{
    struct strs *list = (struct strs *)(void *)into;

    if (list->at != NULL)
        return true;
    list->at = arena_make_n(m->arena, AFFILIATION_VALUES_MAX, struct str);
    for (size_t i = 0; i < from->values.n && list->n < AFFILIATION_VALUES_MAX; i++)
        if (role_named(m->idp, str_trim(from->values.at[i])).p != NULL)
            list->at[list->n++] = str_trim(from->values.at[i]);
    return true;
}

/* The city's own words in place of what it said, and its one school for who names none [domain 2, rule 5]. */
static void use_own_words(struct making *m)
{
    struct affiliation_lists *l = &m->lists;

    for (size_t i = 0; i < l->roles.n; i++) {
        struct str own = role_named(m->idp, l->roles.at[i]);
        l->roles.at[i] = own.p != NULL ? own : l->roles.at[i];
    }
    if (l->schools.n > 0 || !str_is_set(m->idp->school))
        return;
    l->schools = (struct strs){ arena_make_n(m->arena, l->roles.n, struct str), l->roles.n };
    for (size_t i = 0; i < l->roles.n; i++)
        l->schools.at[i] = m->idp->school;
}

struct named_object {
    struct str school_code, oid, name;
};

static const struct json_field named_object_fields[] = {
    FIELD(named_object, school_code, JSON_STR, false, 16),
    FIELD(named_object, oid, JSON_STR, false, 64),
    FIELD(named_object, name, JSON_STR, false, PERSON_TEXT_MAX_B),
    { 0 },
};

/* A list of JSON objects, of which one member counts; what is no object keeps its place. */
static struct named_object object_of(struct making *m, struct str value)
{
    struct named_object said = { .oid = { NULL, 0 } }, none = said;
    struct fail unread = { 0 };

    return json_read(m->arena, value, named_object_fields, &said, &unread) ? said : none;
}

static bool read_schools(struct making *m, struct str *into, const struct attribute *from)
{
    struct strs *list = (struct strs *)(void *)into;

    list->at = arena_make_n(m->arena, AFFILIATION_VALUES_MAX, struct str);
    for (size_t i = 0; i < from->values.n && list->n < AFFILIATION_VALUES_MAX; i++) {
        struct named_object said = object_of(m, from->values.at[i]);
        list->at[list->n++] = one_text(str_is_set(said.school_code) ? said.school_code : said.oid);
    }
    return true;
}

static bool read_groups(struct making *m, struct str *into, const struct attribute *from)
{
    struct strs *list = (struct strs *)(void *)into;

    list->at = arena_make_n(m->arena, AFFILIATION_VALUES_MAX, struct str);
    for (size_t i = 0; i < from->values.n && list->n < AFFILIATION_VALUES_MAX; i++)
        list->at[list->n++] = one_text(object_of(m, from->values.at[i]).name);
    return true;
}

static bool is_school(const struct making *m, struct str text)
{
    return m->idp->provider != NULL && provider_school(m->idp->provider, text) != NULL;
}

/* Free (0) or paid (1) per school; a school code behind it is not needed. */
static bool read_charge(struct making *m, struct str *into, const struct attribute *from)
{
    struct strs *list = (struct strs *)(void *)into;
    size_t kept = 0;

    (void)read_list(m, into, from);
    for (size_t i = 0; i < list->n; i++)
        if (!is_school(m, list->at[i]))
            list->at[kept++] = list->at[i];
    list->n = kept;
    return true;
}

static bool read_number(struct making *m, struct str *into, const struct attribute *from)
{
    int64_t v;

    (void)into;
    for (size_t i = 0; i < from->values.n; i++)
        if (str_int(str_trim(from->values.at[i]), &v) && v >= 1 && v <= 12)
            m->lists.class_level = (int)v;
    return true;
}

static bool each_affiliation(struct making *m, const struct attribute *from,
                             bool (*read)(struct arena *, const struct provider *, struct str, struct affiliation *))
{
    for (size_t i = 0; i < from->values.n; i++) {
        struct affiliation one = { 0 };
        struct str value = one_text(from->values.at[i]);
        if (value.p != NULL && read(m->arena, m->idp->provider, value, &one) && affiliations_add(&m->whole, &one))
            continue;
        m->left_out++;
    }
    return true;
}

static bool read_mpass_role(struct making *m, struct str *into, const struct attribute *from)
{
    (void)into;
    return each_affiliation(m, from, affiliation_of_mpass);
}

static bool read_edu_role(struct making *m, struct str *into, const struct attribute *from)
{
    (void)into;
    return each_affiliation(m, from, affiliation_of_edu);
}

/* role@scope [eduPersonScopedAffiliation]: a role with the provider itself. */
static bool read_scoped_role(struct making *m, struct str *into, const struct attribute *from)
{
    (void)into;
    for (size_t i = 0; i < from->values.n; i++) {
        struct str value = str_trim(from->values.at[i]);
        struct affiliation one = { .role = role_spelled(m->arena, str_sub(value, 0, str_find_byte(value, '@', 0))) };
        if (m->idp->provider != NULL && scope_is_ours(m, value))
            one.provider_oid = m->idp->provider->oid;
        if (one.role == ROLE_NONE || one.provider_oid.p == NULL || !affiliations_add(&m->whole, &one))
            m->left_out++;
    }
    return true;
}

static const struct {
    const char *how;
    reader *read;
} readers[] = {
    { "text", read_text },
    { "append", read_append },
    { "scoped_id", read_scoped_id },
    { "learner", read_learner },
    { "list", read_list },
    { "number", read_number },
    { "charge", read_charge },
    { "mpass_role", read_mpass_role },
    { "edu_role", read_edu_role },
    { "scoped_role", read_scoped_role },
    { "schools", read_schools },
    { "groups", read_groups },
    { "group_roles", read_group_roles },
};

static struct str *field_of(struct making *m, struct str name)
{
    struct {
        const char *name;
        struct str *at;
    } fields[] = {
        { "subject", &m->out->subject },
        { "learner_id", &m->out->learner_id },
        { "given_names", &m->out->given_names },
        { "calling_name", &m->out->calling_name },
        { "family_name", &m->out->family_name },
        { "display_name", &m->display_name },
        { "email", &m->out->email },
        { "origin", &m->out->origin },
        { "school", (struct str *)(void *)&m->lists.schools },
        { "role", (struct str *)(void *)&m->lists.roles },
        { "group", (struct str *)(void *)&m->lists.groups },
        { "charge", (struct str *)(void *)&m->lists.charges },
        { "class_level", &m->lists.unused },
        { "affiliations", &m->lists.unused },
    };

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (str_eq(name, str_of(fields[i].name)))
            return fields[i].at;
    return NULL;
}

static reader *reader_of(struct str how)
{
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (str_eq(how, str_of(readers[i].how)))
            return readers[i].read;
    return NULL;
}

static const struct attribute *find(const struct attribute *attributes, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(attributes[i].name, name))
            return &attributes[i];
    return NULL;
}

static bool apply_row(struct making *m, const struct str words[LINE_WORDS], const struct attribute *attributes,
                      size_t n)
{
    const struct attribute *from = find(attributes, n, words[1]);
    struct str *into = field_of(m, words[2]);
    reader *read = reader_of(words[3]);

    if (into == NULL || read == NULL)
        return fail(m->fail, FAIL_OURS, "map_broken", "a map names the field %.*s or the reading %.*s",
                    STR_ARG(words[2]), STR_ARG(words[3]));
    if (from != NULL && !read(m, into, from))
        return false;
    if (str_eq(words[4], S("refuse")) && into->p == NULL)
        return fail(m->fail, FAIL_UPSTREAM, "attribute_missing", "%.*s is missing or empty", STR_ARG(words[1]));
    return true;
}

static bool apply_map(struct making *m, struct str map, const struct attribute *attributes, size_t n)
{
    struct str line, words[LINE_WORDS];

    while (str_split(&map, '\n', &line))
        if (words_of(line, words) && str_eq(words[0], S("map")) && !apply_row(m, words, attributes, n))
            return false;
    return true;
}

/* A directory may know one name for everything: then the last word is the family name. */
static void names_from_display(struct making *m)
{
    struct str whole = m->display_name;
    struct person *p = m->out;

    if (!str_is_set(whole) || str_is_set(p->given_names) || str_is_set(p->family_name)) {
        if (str_is_set(whole) && str_is_set(p->family_name) && !str_is_set(p->calling_name) &&
            str_find_byte(whole, ' ', 0) == whole.n)
            p->calling_name = whole;
        return;
    }
    size_t cut = whole.n;
    while (cut > 0 && whole.p[cut - 1] != ' ')
        cut--;
    p->given_names = cut > 0 ? str_trim(str_sub(whole, 0, cut)) : whole;
    p->family_name = cut > 0 ? str_from(whole, cut) : (struct str){ NULL, 0 };
}

bool map_person(struct arena *a, const struct idp *idp, const struct attribute *attributes, size_t n,
                struct str subject, struct person *out, unsigned *left_out, struct fail *f)
{
    const struct dialect *d = dialect_named(idp->map);
    struct making m = { .arena = a, .idp = idp, .out = out, .fail = f };

    *out = (struct person){ .idp = arena_str(a, idp->id) };
    if (d == NULL)
        return fail(f, FAIL_OURS, "map_unknown", "there is no map \"%.*s\"", STR_ARG(idp->map));
    m.whole = affiliations_new(a);
    if (!apply_map(&m, text_of(&d->file), attributes, n))
        return false;
    if (!str_is_set(out->subject) && is_plain(subject))
        out->subject = arena_str(a, subject);
    if (!str_is_set(out->subject))
        return fail(f, FAIL_UPSTREAM, "no_subject", "neither the attributes nor the message name the person");
    names_from_display(&m);
    use_own_words(&m);
    m.left_out += affiliations_join(a, idp->provider, &m.lists, &m.whole);
    out->affiliations = m.whole.at;
    out->affiliation_count = m.whole.n;
    *left_out = m.left_out;
    return true;
}

static int digit_sum(struct str digits, bool luhn)
{
    static const int weights[] = { 7, 3, 1 };
    int sum = 0;

    for (size_t i = 0; i < digits.n; i++) {
        int d = digits.p[digits.n - 1 - i] - '0';
        int twice = 2 * d > 9 ? 2 * d - 9 : 2 * d;
        sum += !luhn ? d * weights[i % 3] : i % 2 == 0 ? twice : d;
    }
    return sum;
}

/* Persons carry 7-3-1, OPH's test arcs Luhn [domain 2, rule 7]. */
bool learner_id_valid(struct str oid, bool test)
{
    static const struct {
        const char *arc;
        bool test;
    } arcs[] = { { "1.2.246.562.24.", false },
                 { "1.2.246.562.98.", true },
                 { "1.2.246.562.198.", true },
                 { "1.2.246.562.298.", true } };

    for (size_t i = 0; i < sizeof arcs / sizeof *arcs; i++) {
        struct str arc = str_of(arcs[i].arc), digits = str_from(oid, arc.n);
        if (!str_has_prefix(oid, arc) || (arcs[i].test && !test))
            continue;
        for (size_t k = 0; k < digits.n; k++)
            if (digits.p[k] < '0' || digits.p[k] > '9')
                return false;
        if (digits.n != 11)
            return false;
        return (digit_sum(str_sub(digits, 0, 10), arcs[i].test) + (digits.p[10] - '0')) % 10 == 0;
    }
    return false;
}
