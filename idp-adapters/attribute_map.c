/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/attribute_map.h"

#include "base/embed.h"
#include "base/text.h"
#include "idp-adapters/fold.h"
#include "idp-adapters/map_making.h"
#include "idp-adapters/may_assert.h"
#include "idp-adapters/refusals.h"
#include "wire/scope_pattern.h"

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

struct str map_one_text(const struct making *m, struct str value)
{
    if (value.n > 2 * PERSON_TEXT_MAX_B)
        return (struct str){ NULL, 0 };
    value = text_composed(m->arena, text_trim(value));
    return value.n > 0 && value.n <= PERSON_TEXT_MAX_B && text_is_plain(value) ? value : (struct str){ NULL, 0 };
}

static bool read_text(struct making *m, struct str *into, const struct attribute *from)
{
    for (size_t i = 0; i < from->values.n && into->p == NULL; i++) {
        struct str value = map_one_text(m, from->values.at[i]);
        if (value.p == NULL && text_trim(from->values.at[i]).n > 0)
            map_note(m->notes, NOTE_TEXT_UNUSABLE, from->name, (struct str){ NULL, 0 }); /* a person's own: not told */
        *into = arena_str(m->arena, value);
    }
    return true;
}

bool map_scope_is_ours(const struct making *m, struct str value)
{
    size_t at = str_find_byte(value, '@', 0);

    /* Domain names compare without case, so Oulu.fi is oulu.fi [shibmd:Scope]. */
    for (size_t i = 0; at < value.n && i < m->idp->scopes.n; i++)
        if (str_eq_case(str_from(value, at + 1), m->idp->scopes.at[i]))
            return true;
    for (size_t i = 0; at < value.n && i < m->idp->pattern_count; i++)
        if (scope_pattern_matches(m->idp->patterns[i], str_from(value, at + 1)))
            return true;
    return false;
}

static const struct attribute *find(const struct attribute *attributes, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(attributes[i].name, name))
            return &attributes[i];
    return NULL;
}

/* What the city says of the address in the claim "email" [OIDC Core 5.1], where that is the address that was taken. */
static bool read_verified(struct making *m, struct str *into, const struct attribute *from)
{
    const struct attribute *email = find(m->said, m->said_n, S("email"));

    (void)into;
    if (from->values.n != 1 || email == NULL || email->values.n != 1 ||
        !str_eq(map_one_text(m, email->values.at[0]), m->out->email))
        return true;
    if (str_eq(from->values.at[0], S("true")))
        m->out->email_verified = VERIFIED_YES;
    else if (str_eq(from->values.at[0], S("false")))
        m->out->email_verified = VERIFIED_NO;
    return true;
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

/* A national identity code, which only guardians' sign-ins bring: it is at hand while the answer is read. */
static bool read_identity(struct making *m, struct str *into, const struct attribute *from)
{
    return !m->idp->guardians || map_read_subject(m, into, from);
}

static bool says_yes(const struct attribute *from)
{
    return from->values.n == 1 &&
           (str_eq(str_trim(from->values.at[0]), S("1")) || str_eq_case(str_trim(from->values.at[0]), S("true")));
}

static bool read_registered(struct making *m, struct str *into, const struct attribute *from)
{
    (void)into;
    m->out->registered = m->out->registered || says_yes(from);
    return true;
}

/* Whatever else it says than nothing and no, is yes. */
static bool read_protected(struct making *m, struct str *into, const struct attribute *from)
{
    (void)into;
    for (size_t i = 0; i < from->values.n; i++) {
        struct str v = str_trim(from->values.at[i]);
        m->out->non_disclosure =
            m->out->non_disclosure || (v.n > 0 && !str_eq(v, S("0")) && !str_eq_case(v, S("false")));
    }
    return true;
}

static const struct {
    const char *how;
    map_reader *read;
} readers[] = {
    { "text", read_text },
    { "exact", map_read_subject },
    { "scoped_id", map_read_scoped_subject },
    { "own_subject", map_read_own_subject },
    { "verified", read_verified },
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
    { "identity", read_identity },
    { "registered", read_registered },
    { "protected", read_protected },
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
        { "email_verified", &m->lists.unused },
        { "origin", &m->out->origin },
        { "school", (struct str *)(void *)&m->lists.schools },
        { "role", (struct str *)(void *)&m->lists.roles },
        { "group", (struct str *)(void *)&m->lists.groups },
        { "charge", (struct str *)(void *)&m->lists.charges },
        { "class_level", &m->lists.unused },
        { "affiliations", &m->lists.unused },
        { "home", &m->lists.unused },
        { "identity", &m->out->identity },
        { "registered", &m->lists.unused },
        { "protected", &m->lists.unused },
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
    { "identity", "identity", "identity" },
    { "registered", "registered", "registered" },
    { "protected", "protected", "protected" },
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
            return refusal(m->fail, REFUSAL_map_broken, "attributes has \"%.*s\"", STR_ARG(m->idp->attributes.at[i]));
        if (!apply_row(m, name, str_of(own_fields[at].field), str_of(own_fields[at].how), attributes, n))
            return false;
        if (strcmp(own_fields[at].word, "subject") != 0)
            continue;
        m->subject_is_own = true;
        if (m->out->subject.p == NULL)
            return refusal(m->fail, REFUSAL_attribute_missing, "%.*s is missing or empty, which is to be the subject",
                           STR_ARG(name));
    }
    return true;
}

/* "with:NAME": the row's attribute and that one are read together. */
static bool other_part(struct str how, struct str *name)
{
    struct str with = S("with:");

    *name = str_from(how, with.n);
    return str_has_prefix(how, with);
}

/* What the row names itself, if it does. */
static bool own_subject(const struct idp *idp, struct str *name)
{
    size_t at;

    for (size_t i = 0; i < idp->attributes.n; i++)
        if (own_parts(idp->attributes.at[i], name, &at) && strcmp(own_fields[at].word, "subject") == 0)
            return true;
    return false;
}

struct str map_subject_wanted(struct arena *a, const struct idp *idp)
{
    const struct dialect *d = dialect_named(idp->map);
    struct str map = d != NULL ? text_of(&d->file) : S(""), line, words[LINE_WORDS], other, own;
    struct buf b = buf_new(a, 1024);
    bool must = false;

    if (own_subject(idp, &own))
        return arena_printf(a, "%.*s, as the row says", STR_ARG(own));
    while (str_split(&map, '\n', &line)) {
        if (!words_of(line, words) || !str_eq(words[0], S("map")) || !str_eq(words[2], S("subject")))
            continue;
        buf_printf(&b, "%s%.*s%s%.*s", b.n > 0 ? ", " : "", STR_ARG(words[1]),
                   other_part(words[3], &other) ? " with " : "", STR_ARG(other_part(words[3], &other) ? other : S("")));
        must = must || str_eq(words[4], S("refuse"));
    }
    if (!must) /* then the protocol's own name will do */
        buf_printf(&b, "%spairwise-id, subject-id, a NameID of format persistent", b.n > 0 ? ", " : "");
    return buf_str(&b);
}

/* --- rows ------------------------------------------------------------------------- */

static void see(struct making *m, struct str name)
{
    for (size_t i = 0; i < m->said_n && i < ATTRIBUTES_MAX; i++)
        m->seen[i] = m->seen[i] || str_eq(m->said[i].name, name);
}

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
    struct str *into = field_of(m, field), other;
    map_reader *read = reader_of(how);

    see(m, name);
    if (into != NULL && other_part(how, &other)) {
        see(m, other);
        return map_compose_subject(m, into, name, other);
    }
    if (into == NULL || read == NULL)
        return refusal(m->fail, REFUSAL_map_broken, "a map names the field %.*s or the reading %.*s", STR_ARG(field),
                       STR_ARG(how));
    for (size_t i = 0; i < n; i++) /* one name may stand in a message twice */
        if (str_eq(attributes[i].name, name) && !read(m, into, &attributes[i]))
            return false;
    return true;
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
        if (str_eq(words[0], S("overage"))) {
            see(m, words[1]);
            see_overage(m, find(attributes, n, words[1]));
        }
    }
    return true;
}

/* Asked when all rows were read: another attribute may have filled the field. */
static bool check_refusals(struct making *m, struct str map)
{
    struct str line, words[LINE_WORDS], other;

    if (m->learner_bad.p != NULL && m->out->learner_id.p == NULL)
        return refusal(m->fail, REFUSAL_learner_id_invalid, "%.*s is no learner number", STR_ARG(m->learner_bad));
    while (str_split(&map, '\n', &line))
        if (words_of(line, words) && str_eq(words[0], S("map")) && str_eq(words[4], S("refuse")) &&
            field_of(m, words[2])->p == NULL)
            return other_part(words[3], &other)
                       ? map_part_missing(m, words[1], other)
                       : refusal(m->fail, REFUSAL_attribute_missing, "%.*s is missing or empty", STR_ARG(words[1]));
    return true;
}

/* "Öberg, Åsa" is family name and given names, as directories sort them; without a comma the last word is the family
 * name. */
static void split_name(struct str whole, struct str *given, struct str *family)
{
    size_t comma = str_find_byte(whole, ',', 0), cut = whole.n;

    if (comma < whole.n) {
        *family = text_trim(str_sub(whole, 0, comma));
        *given = text_trim(str_from(whole, comma + 1));
        return;
    }
    while (cut > 0 && whole.p[cut - 1] != ' ')
        cut--;
    *given = cut > 0 ? text_trim(str_sub(whole, 0, cut)) : whole;
    *family = cut > 0 ? str_from(whole, cut) : (struct str){ NULL, 0 };
}

static bool is_one_word(struct str s)
{
    return str_is_set(s) && str_find_byte(s, ' ', 0) == s.n && str_find_byte(s, ',', 0) == s.n;
}

/* A directory may know one name for everything. */
static void names_from_display(struct making *m)
{
    struct person *p = m->out;

    if (!str_is_set(p->given_names) && !str_is_set(p->family_name) && str_is_set(m->display_name))
        split_name(m->display_name, &p->given_names, &p->family_name);
    else if (str_is_set(p->family_name) && !str_is_set(p->calling_name) && is_one_word(m->display_name))
        p->calling_name = m->display_name;
}

/* What came, by names, for whoever asks why somebody has no role or no name; or what of it no row reads. */
static struct str names_that_came(const struct making *m, bool unread)
{
    struct buf b = buf_new(m->arena, 4 * MAP_NOTE_NAMES_MAX_B);

    for (size_t i = 0; i < m->said_n && b.n < MAP_NOTE_NAMES_MAX_B; i++)
        if (!unread || (i < ATTRIBUTES_MAX && !m->seen[i]))
            buf_printf(&b, "%s%.*s", b.n > 0 ? ", " : "", (int)(m->said[i].name.n < 128 ? m->said[i].name.n : 128),
                       m->said[i].name.p);
    return buf_str(&b);
}

/* People without a role, or without a name, are let in; somebody will ask why. */
static void see_what_is_missing(struct making *m)
{
    const struct person *p = m->out;
    struct str unread = names_that_came(m, true);

    if (p->affiliation_count == 0 && m->idp->provider != NULL && !m->role_declined)
        map_note(m->notes, NOTE_NO_ROLE, (struct str){ NULL, 0 }, names_that_came(m, false));
    if (!str_is_set(p->given_names) && !str_is_set(p->calling_name) && !str_is_set(p->family_name))
        map_note(m->notes, NOTE_NO_NAME, (struct str){ NULL, 0 }, names_that_came(m, false));
    for (size_t i = 0; i < m->said_n && i < ATTRIBUTES_MAX; i++)
        m->notes->unread[i / 64] |= (uint64_t)!m->seen[i] << (i % 64);
    if (unread.n > 0)
        map_note(m->notes, NOTE_UNREAD, (struct str){ NULL, 0 }, unread);
}

bool map_person(struct arena *a, const struct idp *idp, const struct attribute *attributes, size_t n,
                struct str subject, struct person *out, struct map_notes *notes, struct fail *f)
{
    const struct dialect *d = dialect_named(idp->map);
    struct making m = {
        .arena = a, .idp = idp, .said = attributes, .said_n = n, .out = out, .notes = notes, .fail = f
    };

    *out = (struct person){ .idp = arena_str(a, idp->id) };
    *notes = (struct map_notes){ .n = 0 };
    if (d == NULL)
        return refusal(f, REFUSAL_map_unknown, "there is no map \"%.*s\"", STR_ARG(idp->map));
    m.whole = affiliations_new(a);
    if (!apply_own(&m, attributes, n) || !apply_map(&m, text_of(&d->file), attributes, n) ||
        !check_refusals(&m, text_of(&d->file)))
        return false;
    if (!str_is_set(out->subject))
        out->subject = map_subject_of_protocol(a, subject);
    if (str_is_set(out->identity)) /* the adapter names them by what is kept of it */
        out->subject = S("-");
    if (!str_is_set(out->subject)) {
        map_note(notes, NOTE_NO_SUBJECT, (struct str){ NULL, 0 }, names_that_came(&m, false));
        return refusal(f, REFUSAL_no_subject, "neither the attributes nor the message name the person");
    }
    names_from_display(&m);
    map_use_own_words(&m);
    map_use_default_role(&m);
    map_use_own_school(&m);
    affiliations_join(a, idp->provider, &m.lists, &m.whole, notes);
    may_assert_bound(idp, &m.whole, notes);
    out->affiliations = m.whole.at;
    out->affiliation_count = m.whole.n;
    see_what_is_missing(&m);
    return true;
}

size_t role_name_equals(struct str entry)
{
    size_t equals = entry.n;

    for (size_t i = 0; i < entry.n; i++)
        if (entry.p[i] == '=')
            equals = i;
    return equals;
}

struct str own_role_name(struct arena *a, const struct idp *idp, struct str said)
{
    for (size_t i = 0; str_is_set(said) && i < idp->role_names.n; i++) {
        struct str entry = idp->role_names.at[i];
        size_t equals = role_name_equals(entry);
        if (text_same(a, str_sub(entry, 0, equals), said))
            return str_from(entry, equals + 1);
    }
    return (struct str){ NULL, 0 };
}

bool own_says_no_role(struct str role_name)
{
    return str_eq(role_name, S(OWN_NO_ROLE));
}

bool stated_acr(struct arena *a, struct str stated, const struct idp *idp, struct str *out, struct fail *f)
{
    if (text_is_blank(stated)) {
        *out = idp->acr;
        return true;
    }
    if (stated.n > PERSON_TEXT_MAX_B)
        return refusal(f, REFUSAL_acr_too_long, "%.*s states an assurance of %zu bytes; %d are kept", STR_ARG(idp->id),
                       stated.n, PERSON_TEXT_MAX_B);
    if (!text_is_plain(stated))
        return refusal(f, REFUSAL_acr_not_plain, "%.*s states an assurance with characters that cannot be seen",
                       STR_ARG(idp->id));
    *out = arena_str(a, stated);
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
