/* SPDX-License-Identifier: EUPL-1.2
 *
 * Rows become structs through the tables of registry_schema.c; what a table
 * cannot say (pointers between rows) is resolved here.
 */
#include "registry/registry.h"

#include "base/codec.h"
#include "base/log.h"
#include "base/near.h"
#include "base/text.h"
#include "registry/check.h"
#include "registry/load.h"
#include "registry/old_rules.h"
#include "registry/opened.h"
#include "registry/schema.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Loading. */

struct loading {
    struct arena *arena;   /* of the snapshot */
    struct arena *scratch; /* of the rows */
    struct db_rows rows[KIND_COUNT], turns[REFRESH_COUNT];
    struct registry_parts parts;
    struct school *schools;
    struct row_place at;
    bool tells_ids; /* what is wrong may name rows of anybody's */
    struct fail *fail;
};

static struct strs split_list(struct arena *a, struct str text)
{
    struct strs list = { NULL, 0 };
    struct str rest = text, item;

    while (str_split(&rest, '\n', &item))
        list.n += item.n > 0;
    list.at = arena_make_n(a, list.n, struct str);
    rest = text;
    for (size_t i = 0; str_split(&rest, '\n', &item);)
        if (item.n > 0)
            list.at[i++] = arena_str(a, item);
    return list;
}

int word_index(const char *const *words, struct str word)
{
    for (int i = 0; words[i] != NULL; i++)
        if (str_eq(str_of(words[i]), word))
            return i;
    return -1;
}

struct claim_set claims_of(struct str words)
{
    struct claim_set set = { 0 };
    struct str rest = words, word;
    enum claim claim;

    while (str_split(&rest, '\n', &word))
        if (claim_of_word(word, &claim))
            claim_add(&set, claim);
    return set;
}

static void put(void *at, const void *value, size_t n)
{
    memcpy(at, value, n);
}

static bool fill_member(struct loading *l, const struct column *c, const struct db_value *v, char *at)
{
    struct str text = v->kind == DB_TEXT ? arena_str(l->arena, v->text) : S("");
    struct strs list;
    struct claim_set claims;
    int number = (int)v->number, word;
    bool yes = v->number != 0;

    switch (c->type) {
    case COL_BOOL:
        put(at, &yes, sizeof yes);
        return true;
    case COL_INT:
        put(at, &number, sizeof number);
        return true;
    case COL_TIME:
    case COL_DAY:
        put(at, &v->number, sizeof v->number);
        return true;
    case COL_NAME: /* a row may be older than this rule */
        text = text_composed(l->arena, text);
        put(at, &text, sizeof text);
        return true;
    case COL_LOGO: /* one that was written by hand is none */
        if (!b64_decode(l->arena, text, &text))
            text = S("");
        put(at, &text, sizeof text);
        return true;
    case COL_LIST:
        list = split_list(l->arena, text);
        put(at, &list, sizeof list);
        return true;
    case COL_CLAIMS:
        claims = claims_of(text);
        put(at, &claims, sizeof claims);
        return true;
    case COL_WORD:
    case COL_LAYER:
        word = word_index(c->words, text);
        put(at, &word, sizeof word);
        return word >= 0 || fail(l->fail, FAIL_OURS, "registry_invalid",
                                 "%s is \"%.*s\", which this program does not know", c->name, STR_ARG(text));
    default:
        put(at, &text, sizeof text);
        return true;
    }
}

_Static_assert(sizeof(enum role) == sizeof(int) && sizeof(enum idp_kind) == sizeof(int), "words are stored as int");

static void *fill_all(struct loading *l, enum kind kind, size_t *count)
{
    const struct kind_row *k = &kind_rows[kind];
    char *all = arena_array(l->arena, l->rows[kind].n, k->struct_B);

    *count = l->rows[kind].n;
    for (size_t i = 0; i < *count; i++) {
        const struct db_value *row = db_row(&l->rows[kind], i);
        l->at = (struct row_place){ kind, { row[0].text, k->key_count > 1 ? row[1].text : S("") } };
        for (size_t j = 0; j < k->column_count; j++)
            if (k->columns[j].at != AT_NONE &&
                !fill_member(l, &k->columns[j], &row[j], all + i * k->struct_B + k->columns[j].at))
                return NULL;
    }
    return all;
}

static const struct db_value *cell(struct loading *l, enum kind kind, size_t row, const char *column)
{
    return db_row(&l->rows[kind], row) + column_of(&kind_rows[kind], column);
}

/* Rows come in the order of their ids. */
static size_t find_row(const struct db_rows *rows, struct str id)
{
    size_t low = 0, high = rows->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = str_cmp(db_row(rows, middle)[0].text, id);
        if (c == 0)
            return middle;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return rows->n;
}

/* All ids of a kind where they are few; where they are many, the nearest alone. */
static struct str help_with_ids(struct loading *l, enum kind kind, struct str id)
{
    enum { LISTED_MAX = 40 };
    const struct db_rows *rows = &l->rows[kind];
    const char **ids = arena_make_n(l->scratch, rows->n + 1, const char *);

    if (!l->tells_ids)
        return S("");
    for (size_t i = 0; i < rows->n; i++)
        ids[i] = arena_cstr(l->scratch, db_row(rows, i)[0].text);
    ids[rows->n] = NULL;
    if (rows->n == 0)
        return S("; there is none at all");
    if (rows->n <= LISTED_MAX)
        return near_help(l->scratch, id, ids);
    const char *near = near_word(id, ids);
    return near != NULL ? arena_printf(l->scratch, "; did you mean \"%s\"?", near) : S("");
}

/* The row that a column refers to.  NULL in SQL: *out is NULL. */
static bool refer(struct loading *l, enum kind from, size_t row, const char *column, enum kind to, const void *all,
                  const void **out)
{
    const struct db_value *v = cell(l, from, row, column);

    *out = NULL;
    if (v->kind != DB_TEXT || v->text.n == 0)
        return true;
    size_t at = find_row(&l->rows[to], v->text);
    if (at == l->rows[to].n) {
        const struct db_value *key = db_row(&l->rows[from], row);
        l->at = (struct row_place){ from, { key[0].text, S("") } };
        return fail_long(l->fail, FAIL_CALLER, "registry_invalid", "%s %.*s: there is no %s \"%.*s\"%.*s",
                         kind_rows[from].name, STR_ARG(key[0].text), kind_rows[to].name, STR_ARG(v->text),
                         STR_ARG(help_with_ids(l, to, v->text)));
    }
    *out = (const char *)all + at * kind_rows[to].struct_B;
    return true;
}

static bool load_providers(struct loading *l)
{
    size_t schools, at = 0;

    l->parts.providers = fill_all(l, KIND_PROVIDER, &l->parts.provider_count);
    l->schools = l->parts.providers != NULL ? fill_all(l, KIND_SCHOOL, &schools) : NULL;
    if (l->schools == NULL)
        return false;
    for (size_t i = 0; i < l->parts.provider_count; i++) {
        struct provider *p = &l->parts.providers[i];
        p->schools = &l->schools[at];
        for (; at < schools && str_eq(cell(l, KIND_SCHOOL, at, "provider")->text, p->id); at++)
            p->school_count++;
        provider_index_schools(l->arena, p);
    }
    return at == schools || fail(l->fail, FAIL_OURS, "registry_invalid", "a school belongs to no provider");
}

#define ASK_TURNS(table)                                                                                               \
    {                                                                                                                  \
        table ".turns", "SELECT id, refresh_turn FROM " table " WHERE refresh_turn > 0 ORDER BY id"                    \
    }
#define SET_TURN(table)                                                                                                \
    {                                                                                                                  \
        table ".turn", "UPDATE " table " SET refresh_turn = (SELECT value FROM number WHERE name = 'refresh_turn') "   \
                       "WHERE id = ?1"                                                                                 \
    }
static const struct {
    enum kind kind;
    struct db_statement ask, set;
} turns[REFRESH_COUNT] = {
    [REFRESH_IDP] = { KIND_IDP, ASK_TURNS("idp"), SET_TURN("idp") },
    [REFRESH_SERVICE] = { KIND_SERVICE, ASK_TURNS("service"), SET_TURN("service") },
    [REFRESH_SOURCE] = { KIND_SOURCE, ASK_TURNS("metadata_source"), SET_TURN("metadata_source") },
};

static int64_t *turn_of(struct loading *l, enum refresh_of of, size_t at)
{
    return of == REFRESH_IDP       ? &l->parts.idps[at].refresh_turn
           : of == REFRESH_SERVICE ? &l->parts.services[at].refresh_turn
                                   : &l->parts.sources[at].refresh_turn;
}

static void load_turns(struct loading *l)
{
    for (int of = 0; of < REFRESH_COUNT; of++)
        for (size_t i = 0; i < l->turns[of].n; i++) {
            const struct db_value *row = db_row(&l->turns[of], i);
            size_t at = find_row(&l->rows[turns[of].kind], row[0].text);
            if (at < l->rows[turns[of].kind].n)
                *turn_of(l, (enum refresh_of)of, at) = row[1].number;
        }
}

static bool load_idps(struct loading *l)
{
    l->parts.idps = fill_all(l, KIND_IDP, &l->parts.idp_count);
    for (size_t i = 0; l->parts.idps != NULL && i < l->parts.idp_count; i++) {
        const void *provider;
        if (!refer(l, KIND_IDP, i, "provider", KIND_PROVIDER, l->parts.providers, &provider))
            return false;
        l->parts.idps[i].provider = provider;
    }
    return l->parts.idps != NULL;
}

static bool load_services(struct loading *l)
{
    size_t purposes, at = 0;
    struct purpose *all;

    l->parts.services = fill_all(l, KIND_SERVICE, &l->parts.service_count);
    all = l->parts.services != NULL ? fill_all(l, KIND_PURPOSE, &purposes) : NULL;
    if (all == NULL)
        return false;
    for (size_t i = 0; i < l->parts.service_count; i++) {
        struct service *s = &l->parts.services[i];
        s->purposes = &all[at];
        for (; at < purposes && str_eq(cell(l, KIND_PURPOSE, at, "service")->text, s->id); at++)
            s->purpose_count++;
    }
    return at == purposes || fail(l->fail, FAIL_OURS, "registry_invalid", "a purpose belongs to no service");
}

static bool school_of(struct loading *l, enum kind kind, size_t row, const struct provider *p,
                      const struct school **out)
{
    const struct db_value *v = cell(l, kind, row, "school");
    const struct db_value *key = db_row(&l->rows[kind], row);

    *out = NULL;
    if (v->kind != DB_TEXT || v->text.n == 0)
        return true;
    l->at = (struct row_place){ kind, { key[0].text, S("") } };
    if (p == NULL)
        return fail(l->fail, FAIL_CALLER, "registry_invalid", "%s %.*s: has a school, but no provider that it is of",
                    kind_rows[kind].name, STR_ARG(key[0].text));
    *out = provider_school(p, v->text);
    return *out != NULL ||
           fail(l->fail, FAIL_CALLER, "registry_invalid", "%s %.*s: provider %.*s has no school \"%.*s\"",
                kind_rows[kind].name, STR_ARG(key[0].text), STR_ARG(p->id), STR_ARG(v->text));
}

/* Whose a row is: the nation's, a provider's, or a school's. */
static bool load_owner(struct loading *l, enum kind kind, size_t row, const struct provider **provider,
                       const struct school **school)
{
    const void *found;

    if (!refer(l, kind, row, "provider", KIND_PROVIDER, l->parts.providers, &found))
        return false;
    *provider = found;
    return school_of(l, kind, row, *provider, school);
}

static bool load_policies(struct loading *l)
{
    l->parts.policies = fill_all(l, KIND_POLICY, &l->parts.policy_count);
    for (size_t i = 0; l->parts.policies != NULL && i < l->parts.policy_count; i++)
        if (!load_owner(l, KIND_POLICY, i, &l->parts.policies[i].provider, &l->parts.policies[i].school))
            return false;
    return l->parts.policies != NULL;
}

static bool load_admins(struct loading *l)
{
    l->parts.admins = fill_all(l, KIND_ADMIN, &l->parts.admin_count);
    for (size_t i = 0; l->parts.admins != NULL && i < l->parts.admin_count; i++) {
        const void *idp;
        if (!refer(l, KIND_ADMIN, i, "idp", KIND_IDP, l->parts.idps, &idp) ||
            !load_owner(l, KIND_ADMIN, i, &l->parts.admins[i].provider, &l->parts.admins[i].school))
            return false;
    }
    return l->parts.admins != NULL;
}

static bool load_api_tokens(struct loading *l)
{
    l->parts.api_tokens = fill_all(l, KIND_API_TOKEN, &l->parts.api_token_count);
    for (size_t i = 0; l->parts.api_tokens != NULL && i < l->parts.api_token_count; i++) {
        struct api_token *t = &l->parts.api_tokens[i];
        t->right.id = t->right.subject = t->id;
        t->right.idp = S(API_TOKENS_IDP);
        if (!load_owner(l, KIND_API_TOKEN, i, &t->right.provider, &t->right.school))
            return false;
    }
    return l->parts.api_tokens != NULL;
}

static bool load_permissions(struct loading *l)
{
    l->parts.permissions = fill_all(l, KIND_PERMISSION, &l->parts.permission_count);
    for (size_t i = 0; l->parts.permissions != NULL && i < l->parts.permission_count; i++) {
        const void *provider;
        if (!refer(l, KIND_PERMISSION, i, "provider", KIND_PROVIDER, l->parts.providers, &provider))
            return false;
        l->parts.permissions[i].provider = provider;
    }
    l->parts.incidents = l->parts.permissions != NULL ? fill_all(l, KIND_INCIDENT, &l->parts.incident_count) : NULL;
    for (size_t i = 0; l->parts.incidents != NULL && i < l->parts.incident_count; i++) {
        const void *service;
        if (!refer(l, KIND_INCIDENT, i, "service", KIND_SERVICE, l->parts.services, &service))
            return false;
    }
    return l->parts.incidents != NULL;
}

static bool load_notices(struct loading *l)
{
    l->parts.notices = fill_all(l, KIND_NOTICE, &l->parts.notice_count);
    for (size_t i = 0; l->parts.notices != NULL && i < l->parts.notice_count; i++) {
        struct bulletin *n = &l->parts.notices[i];
        const void *service;
        if (!load_owner(l, KIND_NOTICE, i, &n->provider, &n->school) ||
            !refer(l, KIND_NOTICE, i, "service", KIND_SERVICE, l->parts.services, &service))
            return false;
        n->service = service;
    }
    return l->parts.notices != NULL;
}

static bool load_moves(struct loading *l)
{
    const void *provider, *idp;

    l->parts.moves = fill_all(l, KIND_MOVE, &l->parts.move_count);
    for (size_t i = 0; l->parts.moves != NULL && i < l->parts.move_count; i++) {
        if (!refer(l, KIND_MOVE, i, "provider", KIND_PROVIDER, l->parts.providers, &provider) ||
            !refer(l, KIND_MOVE, i, "from_idp", KIND_IDP, l->parts.idps, &idp) ||
            !refer(l, KIND_MOVE, i, "to_idp", KIND_IDP, l->parts.idps, &idp))
            return false;
        l->parts.moves[i].provider = provider;
    }
    return l->parts.moves != NULL;
}

static bool load_windows(struct loading *l)
{
    l->parts.terms = fill_all(l, KIND_TERM, &l->parts.term_count);
    l->parts.networks = l->parts.terms != NULL ? fill_all(l, KIND_NETWORK, &l->parts.network_count) : NULL;
    l->parts.exams = l->parts.networks != NULL ? fill_all(l, KIND_EXAM, &l->parts.exam_count) : NULL;
    if (l->parts.exams == NULL)
        return false;
    l->parts.registrars = fill_all(l, KIND_REGISTRAR, &l->parts.registrar_count);
    l->parts.sources = l->parts.registrars != NULL ? fill_all(l, KIND_SOURCE, &l->parts.source_count) : NULL;
    if (l->parts.sources == NULL)
        return false;
    for (size_t i = 0; i < l->parts.term_count; i++)
        if (!load_owner(l, KIND_TERM, i, &l->parts.terms[i].provider, &l->parts.terms[i].school))
            return false;
    for (size_t i = 0; i < l->parts.network_count; i++)
        if (!load_owner(l, KIND_NETWORK, i, &l->parts.networks[i].provider, &l->parts.networks[i].school))
            return false;
    for (size_t i = 0; i < l->parts.exam_count; i++)
        if (!load_owner(l, KIND_EXAM, i, &l->parts.exams[i].provider, &l->parts.exams[i].school))
            return false;
    return true;
}

static bool load_organisations(struct loading *l)
{
    l->parts.organisations = fill_all(l, KIND_ORGANISATION, &l->parts.organisation_count);
    l->parts.staff = l->parts.organisations != NULL ? fill_all(l, KIND_STAFF, &l->parts.staff_count) : NULL;
    for (size_t i = 0; l->parts.staff != NULL && i < l->parts.staff_count; i++) {
        const void *found, *idp;
        if (!refer(l, KIND_STAFF, i, "organisation", KIND_ORGANISATION, l->parts.organisations, &found) ||
            !refer(l, KIND_STAFF, i, "idp", KIND_IDP, l->parts.idps, &idp))
            return false;
        l->parts.staff[i].organisation = found;
    }
    return l->parts.staff != NULL;
}

static bool load_affiliation(struct loading *l, size_t row, struct affiliation *out)
{
    const void *found;
    const struct school *school;

    if (!refer(l, KIND_AFFILIATION, row, "provider", KIND_PROVIDER, l->parts.providers, &found))
        return false;
    const struct provider *p = found;
    if (!school_of(l, KIND_AFFILIATION, row, p, &school))
        return false;
    out->provider_oid = p->oid;
    out->school_oid = school != NULL ? school->oid : (struct str){ NULL, 0 };
    out->school_code = school != NULL ? school->code : (struct str){ NULL, 0 };
    return true;
}

static struct str text_cell(struct loading *l, size_t row, const char *column)
{
    return text_composed(l->arena, arena_str(l->arena, cell(l, KIND_ACCOUNT, row, column)->text));
}

static struct person *load_person(struct loading *l, size_t row)
{
    static const char *const ages[] = { "unknown", "under13", "13to17", "adult", NULL };
    struct person *p = arena_make(l->arena, struct person);
    int age = word_index(ages, cell(l, KIND_ACCOUNT, row, "age")->text);

    p->given_names = text_cell(l, row, "given_names");
    p->calling_name = text_cell(l, row, "calling_name");
    p->family_name = text_cell(l, row, "family_name");
    p->email = text_cell(l, row, "email");
    p->learner_id = text_cell(l, row, "learner_id");
    p->non_disclosure = cell(l, KIND_ACCOUNT, row, "non_disclosure")->number != 0;
    p->age = age > 0 ? age : AGE_UNKNOWN;
    return p;
}

static bool load_accounts(struct loading *l)
{
    size_t affiliations, at = 0;
    struct affiliation *all;

    l->parts.accounts = fill_all(l, KIND_ACCOUNT, &l->parts.account_count);
    all = l->parts.accounts != NULL ? fill_all(l, KIND_AFFILIATION, &affiliations) : NULL;
    if (all == NULL)
        return false;
    for (size_t i = 0; i < l->parts.account_count; i++) {
        struct account *a = &l->parts.accounts[i];
        a->person = load_person(l, i);
        a->person->affiliations = &all[at];
        for (; at < affiliations && str_eq(cell(l, KIND_AFFILIATION, at, "account")->text, a->id); at++) {
            if (!load_affiliation(l, at, &all[at]))
                return false;
            a->person->affiliation_count++;
        }
    }
    return at == affiliations || fail(l->fail, FAIL_OURS, "registry_invalid", "an affiliation belongs to no account");
}

static const struct db_statement ask_number = { "number.get", "SELECT value FROM number WHERE name = ?1" };
static const struct db_statement set_number = { "number.set",
                                                "INSERT INTO number (name, value) VALUES (?1, ?2) "
                                                "ON CONFLICT (name) DO UPDATE SET value = excluded.value" };
static const struct db_statement keep_number = {
    "number.keep", "INSERT INTO number (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING"
};
static const struct db_statement raise_number_to = { "number.raise_to",
                                                     "UPDATE number SET value = MAX(value + 1, ?2) WHERE name = ?1" };
static const struct db_statement list_sealed = {
    "idp.sealed", "SELECT id, client_secret_sealed FROM idp WHERE client_secret_sealed <> ''"
};
static const struct db_statement raise_number = { "number.raise",
                                                  "UPDATE number SET value = value + 1 WHERE name = ?1" };

bool registry_number(struct db *d, struct str name, int64_t *out, struct fail *f)
{
    struct arena *a = arena_new();
    struct db_rows rows;
    struct db_value arg = db_text(name);
    bool good = db_query(d, &ask_number, &arg, 1, a, &rows, f);

    if (good && (rows.n != 1 || rows.at[0].kind != DB_INT))
        good = fail(f, FAIL_OURS, "registry_invalid", "the number \"%.*s\" is missing", STR_ARG(name));
    if (good)
        *out = rows.at[0].number;
    arena_free(a);
    return good;
}

bool registry_number_raise(struct db *d, struct str name, int64_t *out, struct fail *f)
{
    struct db_value arg = db_text(name);

    return db_run(d, &raise_number, &arg, 1, f) && registry_number(d, name, out, f);
}

/* ── whose registry it is ────────────────────────────────────────────────── */

static bool one_opens(const struct db_rows *sealed, struct arena *a, const struct seals *s)
{
    struct str plain;

    for (size_t i = 0; i < sealed->n; i++) {
        const struct db_value *row = db_row(sealed, i);
        if (seal_secret_open(a, s, arena_join(a, S("idp:"), row[0].text), row[1].text, &plain))
            return true;
    }
    return sealed->n == 0;
}

bool registry_fits_secret(struct db *d, const struct seals *s, struct fail *f)
{
    struct arena *a = arena_new_secret();
    struct db_value name = db_text(S("root_secret"));
    struct db_rows kept, sealed = { 0 };
    bool read = db_query(d, &ask_number, &name, 1, a, &kept, f) && db_query(d, &list_sealed, NULL, 0, a, &sealed, f);
    bool fits = read && (kept.n > 0 ? kept.at[0].number == seals_mark(s) : one_opens(&sealed, a, s));

    arena_free(a);
    return fits || (read && fail(f, FAIL_OURS, "root_secret_other",
                                 kept.n > 0 ? "the registry was made with another root secret"
                                            : "no secret that is sealed in the registry opens with this root secret"));
}

bool registry_id(struct db *d, const struct world *w, int64_t *out, struct fail *f)
{
    struct fail none = { 0 };
    uint64_t random;

    if (registry_number(d, S("registry_id"), out, &none))
        return true;
    world_random(w, &random, sizeof random);
    const struct db_value args[] = { db_text(S("registry_id")), db_int((int64_t)(random >> 2)) };
    return db_run(d, &keep_number, args, 2, f) && registry_number(d, S("registry_id"), out, f);
}

bool registry_keep_secret(struct db *d, const struct seals *s, struct fail *f)
{
    struct arena *a = arena_new();
    const struct db_value args[] = { db_text(S("root_secret")), db_int(seals_mark(s)) };
    struct db_rows kept;
    bool good = db_query(d, &ask_number, args, 1, a, &kept, f);

    /* Not written again: whatever is written makes every node load the registry anew. */
    if (good && (kept.n == 0 || kept.at[0].number != args[1].number))
        good = db_run(d, &set_number, args, 2, f);
    arena_free(a);
    return good;
}

/* Which is missing, registry_check() says. */
static void settle_sources(struct registry_parts *p)
{
    for (size_t i = 0; i < p->service_count; i++)
        for (size_t j = 0; j < p->source_count; j++)
            if (str_eq(p->services[i].saml.metadata_from, p->sources[j].id))
                p->services[i].saml.source = &p->sources[j];
}

static bool read_rows(struct loading *l, struct db *d)
{
    for (int k = 0; k < KIND_COUNT; k++)
        if (!db_query(d, &kind_rows[k].select, NULL, 0, l->scratch, &l->rows[k], l->fail))
            return false;
    for (int of = 0; of < REFRESH_COUNT; of++)
        if (!db_query(d, &turns[of].ask, NULL, 0, l->scratch, &l->turns[of], l->fail))
            return false;
    return registry_number(d, S("version"), &l->parts.version, l->fail);
}

struct registry *registry_load_within(struct db *d, struct arena *a, const struct area *told, struct row_place *where,
                                      struct fail *f)
{
    struct loading l = {
        .arena = arena_new(), .scratch = arena_new(), .tells_ids = !str_is_set(told->provider), .fail = f
    };
    struct registry *r = NULL;

    /* Half of the parts cannot be indexed: what refers to nothing has a NULL where others have their provider. */
    if (read_rows(&l, d) && load_providers(&l) && load_idps(&l) && load_services(&l) && load_policies(&l) &&
        load_accounts(&l) && load_admins(&l) && load_api_tokens(&l) && load_permissions(&l) && load_notices(&l) &&
        load_moves(&l) && load_windows(&l) && load_organisations(&l)) {
        load_turns(&l);
        settle_sources(&l.parts);
        r = registry_build(l.arena, &l.parts);
    }
    bool good = r != NULL && registry_check(r, &l.at, f);
    *where = (struct row_place){ l.at.kind, { arena_str(a, l.at.key[0]), arena_str(a, l.at.key[1]) } };
    arena_free(l.scratch);
    if (good)
        return r;
    if (r != NULL)
        registry_drop(r);
    else
        arena_free(l.arena);
    return NULL;
}

struct registry *registry_load(struct db *d, struct fail *f)
{
    struct arena *scratch = arena_new();
    struct row_place where;
    struct registry *r = NULL;

    if (db_begin_read(d, f)) {
        r = registry_load_within(d, scratch, &area_nation, &where, f);
        db_rollback(d);
    }
    arena_free(scratch);
    return r;
}

struct db *registry_db_open(const struct settings *s, enum db_mode mode, struct fail *f)
{
    struct arena *a = arena_new();
    /* A folder of its own: the gateway's sandbox opens it, and not the keys beside it. */
    const char *dir = arena_cstr(a, arena_join(a, s->state_dir, S("/registry")));
    if (mode == DB_CREATE)
        (void)mkdir(dir, 0700); /* what is wrong with it, opening the file will say */
    struct db *d = db_open(arena_cstr(a, arena_printf(a, "%s/registry.sqlite", dir)), mode, f);

    arena_free(a);
    if (d == NULL || mode == DB_READ_ONLY)
        return d;
    db_tag(d, s->public_url); /* for own_names.h */
    bool is_new = db_schema_version(d) == 0;
    int64_t epoch;
    if (db_migrate(d, registry_migrations, registry_migration_count, f) && old_rules_turn(d, f) && opened_begin(d, f) &&
        (!is_new || registry_session_epoch_raise(d, &epoch, f)))
        return d;
    db_close(d);
    return NULL;
}

/* Live changes. */

/* What a node serves changes with one of these; what else is written (a draft, that a change was told) does not concern
 * it. */
struct numbers {
    int64_t version, refresh_turn, session_epoch;
};

static bool read_numbers(struct db *d, struct numbers *out)
{
    struct fail f = { 0 };

    return registry_number(d, S("version"), &out->version, &f) &&
           registry_number(d, S("refresh_turn"), &out->refresh_turn, &f) &&
           registry_number(d, S("session_epoch"), &out->session_epoch, &f);
}

static bool same_numbers(const struct numbers *x, const struct numbers *y)
{
    return x->version == y->version && x->refresh_turn == y->refresh_turn && x->session_epoch == y->session_epoch;
}

struct registry_watch {
    struct arena *arena;
    struct db *db;
    struct registry *now;
    int64_t moved;
    struct numbers numbers;
    const char *trouble; /* code of the last failure, to log it once */
};

struct registry_watch *registry_watch_new(const struct settings *s, struct fail *f)
{
    struct db *d = registry_db_open(s, DB_CREATE, f);
    int64_t moved = d != NULL ? db_moved(d) : 0;
    struct numbers numbers = { 0 }; /* of no registry, if they cannot be read */
    if (d != NULL)
        (void)read_numbers(d, &numbers);
    struct registry *r = d != NULL ? registry_load(d, f) : NULL;

    if (r == NULL) {
        db_close(d);
        return NULL;
    }
    struct arena *a = arena_new();
    struct registry_watch *w = arena_make(a, struct registry_watch);
    *w = (struct registry_watch){ a, d, r, moved, numbers, "" };
    return w;
}

void registry_watch_free(struct registry_watch *w)
{
    if (w == NULL)
        return;
    db_close(w->db);
    registry_drop(w->now);
    arena_free(w->arena);
}

struct db *registry_watch_db(const struct registry_watch *w)
{
    return w->db;
}

struct registry *registry_watch_now(const struct registry_watch *w)
{
    return w->now;
}

bool registry_poll(struct registry_watch *w, struct registry **changed)
{
    struct fail f = { 0 };
    /* Asked before the rows are read: a change in between is then seen the next time. */
    int64_t moved = db_moved(w->db);

    if (moved == w->moved || moved < 0)
        return false;
    struct numbers numbers;
    bool known = read_numbers(w->db, &numbers);
    if (known && same_numbers(&numbers, &w->numbers)) {
        w->moved = moved;
        return false;
    }
    struct registry *r = registry_load(w->db, &f);
    if (r == NULL) {
        if (strcmp(w->trouble, f.code) != 0)
            log_event(LOG_ERROR, "registry.kept_old", LOG_C("code", f.code), LOG_C("why", f.detail));
        w->trouble = f.code;
        if (strcmp(f.code, "registry_invalid") == 0) /* will not mend by looking again */
            w->moved = moved;
        return false;
    }
    w->trouble = "";
    w->moved = moved;
    if (known)
        w->numbers = numbers;
    registry_drop(w->now);
    w->now = r;
    *changed = registry_hold(r);
    return true;
}

bool registry_refresh(struct db *d, enum refresh_of of, struct str id, struct fail *f)
{
    struct db_value arg = db_text(id);
    int64_t turn;

    if (!db_begin(d, f))
        return false;
    if (registry_number_raise(d, S("refresh_turn"), &turn, f) && db_run(d, &turns[of].set, &arg, 1, f) &&
        db_commit(d, f))
        return true;
    db_rollback(d);
    return false;
}

bool registry_session_epoch(struct db *d, int64_t *out, struct fail *f)
{
    return registry_number(d, S("session_epoch"), out, f);
}

bool registry_session_epoch_raise(struct db *d, int64_t *out, struct fail *f)
{
    if (!db_begin(d, f))
        return false;
    /* Past every epoch that another copy of this registry may have reached meanwhile: those grow with time, too. */
    const struct db_value args[] = { db_text(S("session_epoch")), db_int(world_now_s(&world_real)) };
    if (db_run(d, &raise_number_to, args, 2, f) && registry_session_epoch(d, out, f) && db_commit(d, f))
        return true;
    db_rollback(d);
    return false;
}
