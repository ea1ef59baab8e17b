/* SPDX-License-Identifier: EUPL-1.2
 *
 * Users of OneRoster, as users.csv or as JSON: who is a learner, at which school, and who their agents are.  One user
 * at a time; looked through twice, since an agent may stand behind their learner: first what is kept of each grown-up's
 * identity code, then the learners. */
#include "registry/wards_int.h"

#include "base/crypt.h"
#include "idp-adapters/relations.h"
#include "wire/json.h"

#include <stdlib.h>
#include <string.h>

enum { USER_MAX_B = 16384, KEY_B = 16, KEPT_B = 64, REFERENCES_MAX = 64, USERS_AT_FIRST = 256 };

#define USER_COLUMNS(X)                                                                                                \
    X(id, "sourcedId")                                                                                                 \
    X(status, "status")                                                                                                \
    X(enabled, "enabledUser")                                                                                          \
    X(username, "username")                                                                                            \
    X(user_ids, "userIds")                                                                                             \
    X(given, "givenName")                                                                                              \
    X(family, "familyName")                                                                                            \
    X(preferred_given, "preferredGivenName")                                                                           \
    X(preferred_family, "preferredFamilyName")                                                                         \
    X(agents, "agentSourcedIds")                                                                                       \
    X(grades, "grades")                                                                                                \
    X(password, "password")                                                                                            \
    X(master, "userMasterIdentifier")                                                                                  \
    X(org, "primaryOrgSourcedId")                                                                                      \
    X(orgs, "orgSourcedIds")                                                                                           \
    X(role, "role")                                                                                                    \
    X(hidden, "metadata.protected")

enum user_column {
#define X(member, name) USER_##member,
    USER_COLUMNS(X)
#undef X
        USER_COLUMN_COUNT
};

static const char *const column_names[] = {
#define X(member, name) name,
    USER_COLUMNS(X)
#undef X
};

struct user { /* texts of the row's arena; lists with commas between, as in CSV */
    struct str is[USER_COLUMN_COUNT];
    struct str identity, learner_id; /* of user_ids */
};

struct grown_up {
    unsigned char key[KEY_B]; /* of the sourcedId */
    char kept[KEPT_B];        /* of the identity code */
    bool known;               /* there is one, of somebody of age */
};

struct roster {
    struct wards_taking *t;
    struct arena *arena; /* of grown_ups */
    struct grown_up *all;
    size_t n, room;
    bool json, object; /* object: the users are a member of one */
    /* where it is */
    struct wards_csv csv;
    size_t at[USER_COLUMN_COUNT];
    struct str rest; /* JSON */
    size_t line, users;
};

/* ── JSON, one user at a time ───────────────────────────────────────────── */

static void skip(struct roster *r, size_t n)
{
    for (size_t i = 0; i < n && i < r->rest.n; i++)
        r->line += r->rest.p[i] == '\n';
    r->rest = str_from(r->rest, n);
}

static void skip_space(struct roster *r)
{
    while (r->rest.n > 0 && strchr(" \t\r\n", r->rest.p[0]) != NULL && r->rest.p[0] != '\0')
        skip(r, 1);
}

static bool is_next(const struct roster *r, char c)
{
    return r->rest.n > 0 && r->rest.p[0] == c;
}

/* Bytes of the value that begins there, brackets and texts whole; 0: it has no end. */
static size_t value_size(struct str s)
{
    size_t depth = 0, i = 0;
    bool text = false;

    for (; i < s.n; i++) {
        char c = s.p[i];
        if (text) {
            i += c == '\\';
            text = c != '"';
            if (!text && depth == 0)
                return i + 1;
            continue;
        }
        if (depth == 0 && i > 0 && (c == ',' || c == ']' || c == '}'))
            return i;
        text = c == '"';
        depth += c == '{' || c == '[';
        if ((c == '}' || c == ']') && --depth == 0)
            return i + 1;
    }
    return 0;
}

/* To the first of the users: those of {"users": [...]}, or of an array. */
static const char *json_begin(struct roster *r)
{
    static const char *const why = "is no JSON of OneRoster: {\"users\": [...]}, or an array of users, is expected";

    r->rest = r->t->x->csv;
    r->line = 1;
    if (str_has_prefix(r->rest, S("\xef\xbb\xbf")))
        r->rest = str_from(r->rest, 3);
    skip_space(r);
    r->object = is_next(r, '{');
    while (r->object) {
        size_t n;
        skip(r, 1); /* the bracket, or a comma */
        skip_space(r);
        if (!is_next(r, '"') || (n = value_size(r->rest)) == 0)
            return why;
        struct str name = str_sub(r->rest, 0, n);
        skip(r, n);
        skip_space(r);
        if (!is_next(r, ':'))
            return why;
        skip(r, 1);
        skip_space(r);
        if (str_eq(name, S("\"users\"")))
            break;
        if ((n = value_size(r->rest)) == 0)
            return why;
        skip(r, n);
        skip_space(r);
        if (!is_next(r, ','))
            return why;
    }
    if (!is_next(r, '['))
        return why;
    skip(r, 1);
    return NULL;
}

static struct str text_of(struct arena *a, const struct json_value *v)
{
    return v == NULL                            ? S("")
           : v->type == JSON_STR                ? v->text
           : v->type == JSON_BOOL && v->boolean ? S("true")
           : v->type == JSON_BOOL               ? S("false")
           : v->type == JSON_INT                ? arena_printf(a, "%lld", (long long)v->integer)
                                                : S("");
}

/* The members `name` of the objects of an array, or its texts, with commas between. */
static struct str list_of(struct arena *a, const struct json_value *v, const char *name)
{
    struct buf b = buf_new(a, USER_MAX_B);

    if (v == NULL || v->type != JSON_ARRAY)
        return S("");
    for (const struct json_value *one = v->first; one != NULL; one = one->next) {
        struct str text = one->type == JSON_OBJECT ? json_get_str(one, str_of(name)) : text_of(a, one);
        if (b.n > 0)
            buf_byte(&b, ',');
        buf_add(&b, text);
    }
    return buf_str(&b);
}

static void note_id(struct user *u, struct str type, struct str id)
{
    static const struct {
        const char *type;
        bool identity;
    } types[] = { { "hetu", true },        { "henkilotunnus", true }, { "nationalId", true },
                  { "learner_id", false }, { "learnerId", false },    { "oppijanumero", false } };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_eq_case(type, str_of(types[i].type)))
            *(types[i].identity ? &u->identity : &u->learner_id) = id;
}

static void read_json_user(struct arena *a, const struct json_value *v, struct user *u)
{
    const struct json_value *ids = json_get(v, S("userIds")), *roles = json_get(v, S("roles"));

    for (size_t k = 0; k < USER_COLUMN_COUNT; k++)
        u->is[k] = text_of(a, json_get(v, str_of(column_names[k])));
    u->is[USER_agents] = list_of(a, json_get(v, S("agents")), "sourcedId");
    u->is[USER_grades] = list_of(a, json_get(v, S("grades")), "grade");
    u->is[USER_org] = json_get_str(json_get(v, S("primaryOrg")), S("sourcedId"));
    u->is[USER_orgs] = list_of(a, json_get(v, S("orgs")), "sourcedId");
    u->is[USER_hidden] = text_of(a, json_get(json_get(v, S("metadata")), S("protected")));
    if (roles != NULL && roles->type == JSON_ARRAY && roles->first != NULL)
        u->is[USER_role] = json_get_str(roles->first, S("role"));
    for (const struct json_value *one = ids != NULL && ids->type == JSON_ARRAY ? ids->first : NULL; one != NULL;
         one = one->next)
        note_id(u, json_get_str(one, S("type")), json_get_str(one, S("identifier")));
}

static bool ends_well(const struct roster *r)
{
    struct str behind = str_trim(str_from(r->rest, 1));

    return r->object ? str_has_suffix(behind, S("}")) : behind.n == 0;
}

/* False: there is no other, or *why says what is wrong. */
static bool next_json(struct roster *r, struct arena *a, struct user *u, const char **why)
{
    struct fail unreadable = { 0 };

    skip_space(r);
    r->t->begun = r->line;
    if (r->users > 0 && is_next(r, ',')) {
        skip(r, 1);
        skip_space(r);
    } else if (is_next(r, ']')) {
        if (!ends_well(r))
            *why = "something is missing behind the users, or too much stands there";
        return false;
    } else if (r->users > 0) {
        *why = "a comma, or the end of the users, is missing";
        return false;
    }
    r->t->begun = r->line;
    size_t n = value_size(r->rest);
    const struct json_value *v =
        n > 0 && n <= USER_MAX_B && is_next(r, '{') ? json_parse(a, str_sub(r->rest, 0, n), &unreadable) : NULL;
    if (v == NULL) {
        *why = "no user that can be read begins here: an object of at most 16 kB is expected";
        return false;
    }
    read_json_user(a, v, u);
    skip(r, n);
    return true;
}

/* ── CSV ────────────────────────────────────────────────────────────────── */

static const char *csv_begin(struct roster *r)
{
    wards_csv_begin(&r->csv, r->t->x->csv);
    for (size_t k = 0; k < USER_COLUMN_COUNT; k++)
        r->at[k] = SIZE_MAX;
    const char *why = wards_csv_row(r->arena, &r->csv);
    for (size_t i = 0; why == NULL && i < r->csv.n; i++)
        for (size_t k = 0; k < USER_COLUMN_COUNT; k++)
            if (str_eq_case(r->csv.cells[i], str_of(column_names[k]))) {
                if (r->at[k] != SIZE_MAX)
                    why = "a column stands there twice: take one of them out";
                r->at[k] = i;
            }
    if (why == NULL && r->at[USER_user_ids] == SIZE_MAX)
        why = "the column userIds is missing: it holds {hetu:…}, and {learner_id:…} where there is no username";
    return why;
}

/* "{hetu:110808A9132},{learner_id:…}" */
static void read_ids(struct user *u)
{
    struct str rest = u->is[USER_user_ids];

    for (size_t open; (open = str_find_byte(rest, '{', 0)) < rest.n;) {
        rest = str_from(rest, open + 1);
        struct str pair = str_sub(rest, 0, str_find_byte(rest, '}', 0)), type;
        rest = str_from(rest, pair.n);
        (void)str_split(&pair, ':', &type);
        note_id(u, str_trim(type), str_trim(pair));
    }
}

static bool next_csv(struct roster *r, struct arena *a, struct user *u, const char **why)
{
    while (r->csv.rest.n > 0) {
        *why = wards_csv_row(a, &r->csv);
        r->t->begun = r->csv.begun;
        if (*why != NULL)
            return false;
        if (r->csv.n == 1 && r->csv.cells[0].n == 0)
            continue;
        for (size_t k = 0; k < USER_COLUMN_COUNT; k++)
            u->is[k] = r->at[k] < r->csv.n ? r->csv.cells[r->at[k]] : S("");
        read_ids(u);
        return true;
    }
    return false;
}

/* ── who is who ─────────────────────────────────────────────────────────── */

static bool next_user(struct roster *r, struct arena *a, struct user *u, const char **why)
{
    *u = (struct user){ .identity = { NULL, 0 } };
    *why = NULL;
    if (!(r->json ? next_json(r, a, u, why) : next_csv(r, a, u, why)))
        return false;
    if (++r->users > WARDS_LINES_MAX)
        *why = "the file has too many users";
    else if (u->is[USER_password].n > 0)
        *why = "password is not empty: take the column out, nobody's password belongs here";
    else if (u->is[USER_id].n == 0)
        *why = "sourcedId is empty: each user has one";
    return *why == NULL;
}

static bool is_gone(const struct user *u)
{
    return str_eq_case(u->is[USER_status], S("tobedeleted")) || str_eq_case(u->is[USER_enabled], S("false"));
}

static void key_of(struct str id, unsigned char key[KEY_B])
{
    unsigned char whole[SHA256_B];

    sha256_parts(&id, 1, whole);
    memcpy(key, whole, KEY_B);
}

static void note_grown_up(struct roster *r, struct arena *a, const struct user *u)
{
    int64_t of_age_s;

    if (r->n == r->room) {
        r->room = r->room > 0 ? 2 * r->room : USERS_AT_FIRST;
        struct grown_up *more = arena_make_n(r->arena, r->room, struct grown_up);
        if (r->n > 0)
            memcpy(more, r->all, r->n * sizeof *more);
        r->all = more;
    }
    struct grown_up *g = &r->all[r->n++];
    key_of(u->is[USER_id], g->key);
    g->known = !is_gone(u) && identity_of_age(u->identity, &of_age_s) && of_age_s <= r->t->x->now_s;
    if (g->known)
        memcpy(g->kept, identity_hash(a, r->t->x->seals, u->identity).p, KEPT_B);
}

static int by_key(const void *a, const void *b)
{
    return memcmp(((const struct grown_up *)a)->key, ((const struct grown_up *)b)->key, KEY_B);
}

static const struct grown_up *grown_up_of(const struct roster *r, struct str id)
{
    struct grown_up wanted = { .known = false };

    key_of(id, wanted.key);
    return r->n > 0 ? bsearch(&wanted, r->all, r->n, sizeof *r->all, by_key) : NULL;
}

static const char *put_agents(struct roster *r, const struct user *u, struct ward_row *row)
{
    struct str rest = u->is[USER_agents], id;
    size_t n = 0;

    while (str_split(&rest, ',', &id)) {
        id = str_trim(id);
        if (id.n == 0)
            continue;
        const struct grown_up *g = grown_up_of(r, id);
        if (++n > REFERENCES_MAX)
            return "agents: more than anybody has";
        if (g == NULL)
            return "agents name somebody who is not in the file: add that user, or take the reference out";
        if (!g->known) {
            r->t->x->unknown++;
            continue;
        }
        if (row->guardian_count == WARDS_GUARDIANS_MAX)
            return "agents: more than anybody has";
        row->guardians[row->guardian_count++] = str_n(g->kept, KEPT_B);
    }
    return NULL;
}

/* "04" is 4; "KG", and of several the first that is a number. */
static struct str level_of(struct str grades)
{
    struct str one;
    int64_t level;

    while (str_split(&grades, ',', &one)) {
        one = str_trim(one);
        while (one.n > 1 && one.p[0] == '0')
            one = str_from(one, 1);
        if (str_int(one, &level) && level > 0)
            return one;
    }
    return S("");
}

static struct str name_of(struct arena *a, const struct user *u)
{
    struct str given = u->is[USER_preferred_given].n > 0 ? u->is[USER_preferred_given] : u->is[USER_given];
    struct str family = u->is[USER_preferred_family].n > 0 ? u->is[USER_preferred_family] : u->is[USER_family];

    return str_trim(arena_printf(a, "%.*s %.*s", STR_ARG(given), STR_ARG(family)));
}

static bool is_true(struct str s)
{
    return str_eq_case(s, S("true")) || str_eq(s, S("1"));
}

static struct str hidden_of(struct str said)
{
    return is_true(said) ? S("1") : said.n == 0 || str_eq_case(said, S("false")) || str_eq(said, S("0")) ? S("") : said;
}

static bool is_learner(const struct user *u)
{
    struct str role = u->is[USER_role];

    return role.n == 0 || str_eq_case(role, S("student"));
}

/* A number in its own column, too, as many write it. */
static struct str number_of(const struct user *u)
{
    return u->learner_id.n > 0 ? u->learner_id : u->is[USER_master];
}

static bool take_user(struct roster *r, struct arena *a, const struct user *u)
{
    struct wards_import *x = r->t->x;
    struct str first, orgs = u->is[USER_orgs];
    bool own = x->idp != NULL && u->is[USER_username].n > 0;
    int64_t of_age_s;

    if (!is_learner(u))
        return true;
    if (u->identity.n == 0)
        return u->is[USER_role].n == 0 && u->is[USER_agents].n == 0
                   ? true
                   : wards_wrong(r->t, "a learner without an identity code: userIds must hold {hetu:…}");
    if (!identity_of_age(u->identity, &of_age_s))
        return wards_wrong(r->t, "userIds: hetu is no personal identity code");
    if (is_gone(u) || of_age_s <= x->now_s) {
        x->left_out += is_gone(u) || u->is[USER_role].n > 0 || u->is[USER_agents].n > 0;
        return true;
    }
    (void)str_split(&orgs, ',', &first);
    struct ward_row row = { .identity = u->identity,
                            .own_key = own ? u->is[USER_username] : S(""),
                            .learner_id = own ? S("") : number_of(u),
                            .school = u->is[USER_org].n > 0 ? u->is[USER_org] : str_trim(first),
                            .group = S(""),
                            .level = level_of(u->is[USER_grades]),
                            .name = name_of(a, u),
                            .hidden = hidden_of(u->is[USER_hidden]) };
    if (row.own_key.n == 0 && row.learner_id.n == 0)
        return wards_wrong(r->t, "a learner without a learner number: userIds must hold {learner_id:…}, or say whose "
                                 "username it is, by --idp");
    if (provider_school(x->provider, row.school) == NULL)
        return wards_wrong(r->t, "primaryOrgSourcedId is no school of the municipality: its code or OID is expected");
    const char *why = put_agents(r, u, &row);
    return why == NULL ? ward_row_take(r->t, &row) : wards_wrong(r->t, why);
}

/* Each user once; take: as learners, else as who may be somebody's agent. */
static bool each(struct roster *r, bool take)
{
    const char *why = r->json ? json_begin(r) : csv_begin(r);
    bool good = why == NULL, more = good;

    r->users = 0;
    r->t->begun = 1;
    while (more && good) {
        struct arena *a = arena_new_secret(); /* identity codes pass through */
        struct user u;
        r->t->arena = a;
        more = next_user(r, a, &u, &why);
        if (more && take)
            good = take_user(r, a, &u);
        else if (more)
            note_grown_up(r, a, &u);
        arena_free(a);
    }
    return why != NULL ? wards_wrong(r->t, why) : good;
}

static bool each_once(struct roster *r)
{
    for (size_t i = 1; i < r->n; i++)
        if (memcmp(r->all[i - 1].key, r->all[i].key, KEY_B) == 0)
            return wards_wrong(r->t, "a sourcedId stands in the file twice: each user has one of their own");
    return true;
}

/* Without the mark of UTF-8 and white space before it. */
static struct str beginning(struct str s)
{
    if (str_has_prefix(s, S("\xef\xbb\xbf")))
        s = str_from(s, 3);
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n'))
        s = str_from(s, 1);
    return s;
}

static bool is_json(struct str text)
{
    struct str s = beginning(text);

    return s.n > 0 && (s.p[0] == '{' || s.p[0] == '[');
}

bool wards_roster_is(struct str text)
{
    struct str s = beginning(text), head = str_sub(s, 0, str_find_byte(s, '\n', 0));

    return is_json(text) || str_find(head, S("sourcedId")) < head.n;
}

bool wards_roster_read(struct wards_taking *t)
{
    struct arena *whole = t->arena, *a = arena_new_secret();
    struct roster r = { .t = t, .arena = a, .json = is_json(t->x->csv) };
    bool good = each(&r, false);

    if (good && r.n > 0)
        qsort(r.all, r.n, sizeof *r.all, by_key);
    good = good && each_once(&r) && each(&r, true);
    t->arena = whole;
    arena_free(a);
    return good;
}
