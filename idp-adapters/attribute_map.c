/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/attribute_map.h"

#include "base/embed.h"
#include "idp-adapters/fold.h"
#include "idp-adapters/map_making.h"

#include <string.h>

enum { LINE_WORDS = 5 };

struct dialect {
    struct embedded file;
};

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

static struct str spelled_in(struct str map, struct str folded)
{
    struct str line, words[LINE_WORDS];

    while (str_split(&map, '\n', &line))
        if (words_of(line, words) && str_eq(words[0], S("role")) && str_eq(words[1], folded))
            return words[2];
    return (struct str){ NULL, 0 };
}

static struct str role_word(struct arena *a, struct str spelling)
{
    for (const struct embedded *e = dialect_files; e->name != NULL; e++)
        if (strcmp(e->name, "roles") == 0)
            return spelled_in(text_of(e), fold_word(a, spelling));
    return (struct str){ NULL, 0 };
}

enum role role_spelled(struct arena *a, struct str spelling)
{
    return role_of_name(role_word(a, spelling));
}

bool role_says_nothing(struct arena *a, struct str said)
{
    return str_eq(role_word(a, said), S("none"));
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
struct str map_one_text(struct str value)
{
    value = str_trim(value);
    return is_plain(value) ? value : (struct str){ NULL, 0 };
}

static bool read_text(struct making *m, struct str *into, const struct attribute *from)
{
    for (size_t i = 0; i < from->values.n && into->p == NULL; i++) {
        struct str value = map_one_text(from->values.at[i]);
        if (value.p == NULL && str_trim(from->values.at[i]).n > 0)
            map_note(m->notes, NOTE_TEXT_UNUSABLE, from->name, (struct str){ NULL, 0 }); /* a person's own: not told */
        *into = arena_str(m->arena, value);
    }
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

bool map_scope_is_ours(const struct making *m, struct str value)
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
    if (into->p != NULL && !map_scope_is_ours(m, *into)) {
        *into = (struct str){ NULL, 0 };
        return fail(m->fail, FAIL_UPSTREAM, "scope_foreign", "%.*s carries a scope that %.*s may not assert",
                    STR_ARG(from->name), STR_ARG(m->idp->id));
    }
    return true;
}

/* What looks like an address must be within the idp's scope, as every scoped name. */
static bool read_own_subject(struct making *m, struct str *into, const struct attribute *from)
{
    if (from->values.n > 0 && str_find_byte(from->values.at[0], '@', 0) < from->values.at[0].n)
        return read_scoped_id(m, into, from);
    return read_text(m, into, from);
}

/* The first that is one counts; when there is none, what came is refused at the end. */
static bool read_learner(struct making *m, struct str *into, const struct attribute *from)
{
    struct str said = { NULL, 0 };

    if (into->p != NULL)
        return true;
    (void)read_text(m, &said, from);
    if (said.p != NULL && learner_id_valid(said, m->idp->test)) {
        *into = said;
    } else if (said.p != NULL) {
        map_note(m->notes, NOTE_LEARNER_ID_INVALID, from->name, (struct str){ NULL, 0 });
        m->learner_bad = m->learner_bad.p == NULL ? from->name : m->learner_bad;
    }
    return true;
}

static const struct {
    const char *how;
    map_reader *read;
} readers[] = {
    { "text", read_text },
    { "append", read_append },
    { "scoped_id", read_scoped_id },
    { "own_subject", read_own_subject },
    { "learner", read_learner },
    { "list", map_read_list },
    { "schools", map_read_school },
    { "school_info", map_read_school_info },
    { "school_objects", map_read_school_objects },
    { "roles", map_read_roles },
    { "role_set", map_read_role_set },
    { "group_roles", map_read_group_roles },
    { "group_objects", map_read_group_objects },
    { "number", map_read_number },
    { "charge", map_read_charge },
    { "home", map_read_home },
    { "mpass_role", map_read_mpass_role },
    { "old_role", map_read_old_role },
    { "edu_role", map_read_edu_role },
    { "scoped_role", map_read_scoped_role },
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
        { "home", &m->lists.unused },
    };

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (str_eq(name, str_of(fields[i].name)))
            return fields[i].at;
    return NULL;
}

static map_reader *reader_of(struct str how)
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

/* --- what the row itself names --------------------------------------------------- */

/*    word in the row    field           reading */
static const struct {
    const char *word, *field, *how;
} own_fields[] = {
    { "subject", "subject", "own_subject" },
    { "learner_id", "learner_id", "learner" },
    { "given_names", "given_names", "text" },
    { "calling_name", "calling_name", "text" },
    { "family_name", "family_name", "text" },
    { "name", "display_name", "text" },
    { "email", "email", "text" },
    { "school", "school", "schools" },
    { "role", "role", "roles" },
    { "roles", "role", "role_set" },
    { "groups", "role", "group_roles" },
    { "group", "group", "list" },
    { "class_level", "class_level", "number" },
    { "charge", "charge", "charge" },
    { "affiliations", "affiliations", "mpass_role" },
};

/* "NAME=field": names may have "=" in them, fields have none. */
static bool own_parts(struct str entry, struct str *name, size_t *field)
{
    size_t equals = entry.n;

    while (equals > 0 && entry.p[equals - 1] != '=')
        equals--;
    if (equals < 2)
        return false;
    *name = str_sub(entry, 0, equals - 1);
    for (size_t i = 0; i < sizeof own_fields / sizeof *own_fields; i++)
        if (str_eq(str_from(entry, equals), str_of(own_fields[i].word))) {
            *field = i;
            return true;
        }
    return false;
}

const char *own_attribute_trouble(struct str entry)
{
    struct str name;
    size_t field;

    if (!own_parts(entry, &name, &field))
        return "is not NAME=field";
    return str_eq(str_trim(name), name) ? NULL : "has outer spaces";
}

struct str own_attribute_fields(struct arena *a)
{
    struct buf b = buf_new(a, 1024);

    for (size_t i = 0; i < sizeof own_fields / sizeof *own_fields; i++)
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", own_fields[i].word);
    return buf_str(&b);
}

static bool apply_row(struct making *m, struct str name, struct str field, struct str how,
                      const struct attribute *attributes, size_t n);

/* What a row names as the subject is the subject: nothing else is taken in its place, which would be another person. */
static bool apply_own(struct making *m, const struct attribute *attributes, size_t n)
{
    for (size_t i = 0; i < m->idp->attributes.n; i++) {
        struct str name;
        size_t at;
        if (!own_parts(m->idp->attributes.at[i], &name, &at))
            return fail(m->fail, FAIL_OURS, "map_broken", "attributes has \"%.*s\"", STR_ARG(m->idp->attributes.at[i]));
        if (!apply_row(m, name, str_of(own_fields[at].field), str_of(own_fields[at].how), attributes, n))
            return false;
        if (strcmp(own_fields[at].word, "subject") != 0)
            continue;
        m->subject_is_own = true;
        if (m->out->subject.p == NULL)
            return fail(m->fail, FAIL_UPSTREAM, "attribute_missing",
                        "%.*s is missing or empty, which is to be the subject", STR_ARG(name));
    }
    return true;
}

struct str map_subject_names(struct arena *a, const struct idp *idp)
{
    const struct dialect *d = dialect_named(idp->map);
    struct str map = d != NULL ? text_of(&d->file) : S(""), line, words[LINE_WORDS];
    struct buf b = buf_new(a, 1024);

    while (str_split(&map, '\n', &line))
        if (words_of(line, words) && str_eq(words[0], S("map")) && str_eq(words[2], S("subject")))
            buf_printf(&b, "%s%.*s", b.n > 0 ? ", " : "", STR_ARG(words[1]));
    return buf_str(&b);
}

/* --- rows ------------------------------------------------------------------------- */

/* The city had more groups than it sends, and sent a link that we do not follow. */
static void see_overage(struct making *m, const struct attribute *from)
{
    if (from != NULL && from->values.n > 0 && !str_eq(from->values.at[0], S("false")))
        map_note(m->notes, NOTE_GROUPS_OVERAGE, from->name, (struct str){ NULL, 0 });
}

/* Attribute, field, reading. */
static bool apply_row(struct making *m, struct str name, struct str field, struct str how,
                      const struct attribute *attributes, size_t n)
{
    const struct attribute *from = find(attributes, n, name);
    struct str *into = field_of(m, field);
    map_reader *read = reader_of(how);

    if (into == NULL || read == NULL)
        return fail(m->fail, FAIL_OURS, "map_broken", "a map names the field %.*s or the reading %.*s", STR_ARG(field),
                    STR_ARG(how));
    return from == NULL || read(m, into, from);
}

static bool apply_map(struct making *m, struct str map, const struct attribute *attributes, size_t n)
{
    struct str line, words[LINE_WORDS];

    while (str_split(&map, '\n', &line)) {
        if (!words_of(line, words))
            continue;
        if (str_eq(words[0], S("map")) && !(str_eq(words[2], S("subject")) && m->subject_is_own) &&
            !apply_row(m, words[1], words[2], words[3], attributes, n))
            return false;
        if (str_eq(words[0], S("overage")))
            see_overage(m, find(attributes, n, words[1]));
    }
    return true;
}

/* Asked when all rows were read: another attribute may have filled the field. */
static bool check_refusals(struct making *m, struct str map)
{
    struct str line, words[LINE_WORDS];

    if (m->learner_bad.p != NULL && m->out->learner_id.p == NULL)
        return fail(m->fail, FAIL_UPSTREAM, "learner_id_invalid", "%.*s is no learner number", STR_ARG(m->learner_bad));
    while (str_split(&map, '\n', &line))
        if (words_of(line, words) && str_eq(words[0], S("map")) && str_eq(words[4], S("refuse")) &&
            field_of(m, words[2])->p == NULL)
            return fail(m->fail, FAIL_UPSTREAM, "attribute_missing", "%.*s is missing or empty", STR_ARG(words[1]));
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

/* What came, by names, for whoever asks why somebody has no role or no name. */
static struct str names_that_came(struct arena *a, const struct attribute *attributes, size_t n)
{
    struct buf b = buf_new(a, 4 * MAP_NOTE_NAMES_MAX_B);

    for (size_t i = 0; i < n && b.n < MAP_NOTE_NAMES_MAX_B; i++)
        buf_printf(&b, "%s%.*s", i > 0 ? ", " : "", (int)(attributes[i].name.n < 128 ? attributes[i].name.n : 128),
                   attributes[i].name.p);
    return buf_str(&b);
}

/* People without a role, or without a name, are let in; somebody will ask why. */
static void see_what_is_missing(struct making *m, const struct attribute *attributes, size_t n)
{
    const struct person *p = m->out;

    if (p->affiliation_count == 0 && m->idp->provider != NULL)
        map_note(m->notes, NOTE_NO_ROLE, (struct str){ NULL, 0 }, names_that_came(m->arena, attributes, n));
    if (!str_is_set(p->given_names) && !str_is_set(p->calling_name) && !str_is_set(p->family_name))
        map_note(m->notes, NOTE_NO_NAME, (struct str){ NULL, 0 }, names_that_came(m->arena, attributes, n));
}

bool map_person(struct arena *a, const struct idp *idp, const struct attribute *attributes, size_t n,
                struct str subject, struct person *out, struct map_notes *notes, struct fail *f)
{
    const struct dialect *d = dialect_named(idp->map);
    struct making m = { .arena = a, .idp = idp, .out = out, .notes = notes, .fail = f };

    *out = (struct person){ .idp = arena_str(a, idp->id) };
    *notes = (struct map_notes){ .n = 0 };
    if (d == NULL)
        return fail(f, FAIL_OURS, "map_unknown", "there is no map \"%.*s\"", STR_ARG(idp->map));
    m.whole = affiliations_new(a);
    if (!apply_own(&m, attributes, n) || !apply_map(&m, text_of(&d->file), attributes, n) ||
        !check_refusals(&m, text_of(&d->file)))
        return false;
    if (!str_is_set(out->subject) && is_plain(subject))
        out->subject = arena_str(a, subject);
    if (!str_is_set(out->subject)) {
        map_note(notes, NOTE_NO_SUBJECT, (struct str){ NULL, 0 }, names_that_came(a, attributes, n));
        return fail(f, FAIL_UPSTREAM, "no_subject", "neither the attributes nor the message name the person");
    }
    names_from_display(&m);
    map_use_own_words(&m);
    map_use_default_role(&m);
    map_use_own_school(&m);
    affiliations_join(a, idp->provider, &m.lists, &m.whole, notes);
    out->affiliations = m.whole.at;
    out->affiliation_count = m.whole.n;
    see_what_is_missing(&m, attributes, n);
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
