/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/session.h"

#include "base/address.h"
#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/session/glimpse.h"
#include "gateway/session/int.h"
#include "gateway/session/trail.h"
#include "idp-adapters/refusals.h"
#include "model/pairwise.h"
#include "model/test_school.h"
#include "registry/ends.h"
#include "registry/people.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

enum {
    RECORD_VERSION = 1,
    ID_MAX_B = 128, /* ids and OIDs of the registry */
    IDS_MAX_B = (SESSION_SERVICES_MAX + FAVOURITES_MAX + NOTICES_READ_MAX + SESSION_TOLD_MAX) * (ID_MAX_B + 3) +
                SESSION_TOLD_MAX * (SESSION_TOLD_MAX_B + 3) + 96,
    BEGUN_MAX_B = 65536, /* a session that begins; what it gathers on its way has room of its own */
    RECORD_MAX_B = BEGUN_MAX_B + IDS_MAX_B,
    ADDRESS_MAX_B = 46,
    CSRF_B = 24,
    HINT_MAX_B = 8192,
    PLAYER_MAX_B = ID_MAX_B + 1 + 2 * SHA256_B + 1 + SUBJECT_MAX_B
};

static const struct str cookie_name = S("digione"), school_cookie = S("test_school"), beside_cookie = S("beside");

/* ── the record ─────────────────────────────────────────────────────────── */

struct record { /* what json_read fills before it becomes a session */
    int64_t v;
    struct session s;
    const struct json_value *services, *told, *favourites, *read, *person, *wards;
};

static const struct json_field record_fields[] = {
    { "v", JSON_INT, true, 0, offsetof(struct record, v) },
    { "sid", JSON_STR, true, 64, offsetof(struct record, s.sid) },
    { "csrf", JSON_STR, true, 64, offsetof(struct record, s.csrf) },
    { "began", JSON_INT, true, 0, offsetof(struct record, s.began_s) },
    { "seen", JSON_INT, true, 0, offsetof(struct record, s.seen_s) },
    { "ends", JSON_INT, true, 0, offsetof(struct record, s.ends_s) },
    { "epoch", JSON_INT, true, 0, offsetof(struct record, s.epoch) },
    { "knew", JSON_STR, false, MARK_KNEW_MAX_B, offsetof(struct record, s.knew) },
    { "shared", JSON_BOOL, false, 0, offsetof(struct record, s.shared) },
    { "from", JSON_STR, false, ADDRESS_MAX_B, offsetof(struct record, s.from) },
    { "only", JSON_STR, false, ID_MAX_B, offsetof(struct record, s.only) },
    { "under", JSON_STR, false, 64, offsetof(struct record, s.under) },
    { "player", JSON_STR, false, PLAYER_MAX_B, offsetof(struct record, s.player) },
    { "beside_of", JSON_STR, false, 64, offsetof(struct record, s.beside_of) },
    { "beside_person", JSON_STR, false, 64, offsetof(struct record, s.beside_person) },
    { "waits", JSON_BOOL, false, 0, offsetof(struct record, s.waits) },
    { "hint", JSON_STR, false, HINT_MAX_B, offsetof(struct record, s.upstream_hint) },
    { "services", JSON_ARRAY, false, SESSION_SERVICES_MAX, offsetof(struct record, services) },
    { "told", JSON_ARRAY, false, 2 * SESSION_TOLD_MAX, offsetof(struct record, told) },
    { "wards", JSON_ARRAY, false, SESSION_WARDS_MAX, offsetof(struct record, wards) },
    { "favourites", JSON_ARRAY, false, FAVOURITES_MAX, offsetof(struct record, favourites) },
    { "read", JSON_ARRAY, false, NOTICES_READ_MAX, offsetof(struct record, read) },
    { "person", JSON_OBJECT, true, 0, offsetof(struct record, person) },
    { 0 },
};

struct person_record {
    struct person p;
    int64_t age, verified;
    const struct json_value *affiliations, *acting;
};

/* For whom a guardian acts, or may choose to. */
#define ACTING_TEXTS(X)                                                                                                \
    X("child", child, ID_MAX_B)                                                                                        \
    X("provider", provider_oid, ID_MAX_B)                                                                              \
    X("school", school_oid, ID_MAX_B)                                                                                  \
    X("code", school_code, ID_MAX_B)                                                                                   \
    X("group", group, PERSON_TEXT_MAX_B)                                                                               \
    X("name", name, PERSON_TEXT_MAX_B)

struct acting_record {
    struct acting a;
    int64_t class_level;
};

static const struct json_field acting_fields[] = {
#define X(name, member, max) { name, JSON_STR, false, max, offsetof(struct acting_record, a.member) },
    ACTING_TEXTS(X)
#undef X
        { "class", JSON_INT, false, 0, offsetof(struct acting_record, class_level) },
    { "until", JSON_INT, true, 0, offsetof(struct acting_record, a.until_s) },
    { 0 },
};

/* One table writes, bounds and reads the texts of a person.
 *   name in the record, member of struct person, bytes at most */
#define PERSON_TEXTS(X)                                                                                                \
    X("id", id, ID_MAX_B)                                                                                              \
    X("idp", idp, ID_MAX_B)                                                                                            \
    X("proven_at", proven_at, ID_MAX_B)                                                                                \
    X("subject", subject, SUBJECT_MAX_B)                                                                               \
    X("origin", origin, PERSON_ORIGIN_MAX_B)                                                                           \
    X("given", given_names, PERSON_TEXT_MAX_B)                                                                         \
    X("calling", calling_name, PERSON_TEXT_MAX_B)                                                                      \
    X("family", family_name, PERSON_TEXT_MAX_B)                                                                        \
    X("email", email, PERSON_TEXT_MAX_B)                                                                               \
    X("learner", learner_id, PERSON_TEXT_MAX_B)                                                                        \
    X("acr", acr, PERSON_TEXT_MAX_B)                                                                                   \
    X("amr", amr, PERSON_TEXT_MAX_B)                                                                                   \
    X("city_name", city_name, CITY_NAME_MAX_B)                                                                         \
    X("city_session", city_session, CITY_NAME_MAX_B)                                                                   \
    X("relations", relations, CITY_NAME_MAX_B)

static const struct json_field person_fields[] = {
#define X(name, member, max) { name, JSON_STR, false, max, offsetof(struct person_record, p.member) },
    PERSON_TEXTS(X)
#undef X
        { "auth_time", JSON_INT, true, 0, offsetof(struct person_record, p.auth_time_s) },
    { "city_ends", JSON_INT, false, 0, offsetof(struct person_record, p.city_ends_s) },
    { "age", JSON_INT, false, 0, offsetof(struct person_record, age) },
    { "verified", JSON_INT, false, 0, offsetof(struct person_record, verified) },
    { "nondisclosure", JSON_BOOL, false, 0, offsetof(struct person_record, p.non_disclosure) },
    { "registered", JSON_BOOL, false, 0, offsetof(struct person_record, p.registered) },
    { "affiliations", JSON_ARRAY, false, PERSON_AFFILIATIONS_MAX, offsetof(struct person_record, affiliations) },
    { "acting", JSON_OBJECT, false, 0, offsetof(struct person_record, acting) },
    { 0 },
};

struct affiliation_record {
    struct affiliation a;
    int64_t class_level, charge;
    struct str role;
};

#define AFFILIATION_TEXTS(X)                                                                                           \
    X("provider", provider_oid, ID_MAX_B)                                                                              \
    X("school", school_oid, ID_MAX_B)                                                                                  \
    X("code", school_code, ID_MAX_B)                                                                                   \
    X("office", office_oid, ID_MAX_B)                                                                                  \
    X("group", group, PERSON_TEXT_MAX_B)

static const struct json_field affiliation_fields[] = {
#define X(name, member, max) { name, JSON_STR, false, max, offsetof(struct affiliation_record, a.member) },
    AFFILIATION_TEXTS(X)
#undef X
        { "role", JSON_STR, true, 32, offsetof(struct affiliation_record, role) },
    { "class", JSON_INT, false, 0, offsetof(struct affiliation_record, class_level) },
    { "charge", JSON_INT, false, 0, offsetof(struct affiliation_record, charge) },
    { "from", JSON_INT, false, 0, offsetof(struct affiliation_record, a.from_s) },
    { "to", JSON_INT, false, 0, offsetof(struct affiliation_record, a.to_s) },
    { 0 },
};

static void put_text(struct json_out *o, const char *name, struct str value)
{
    if (str_is_set(value))
        json_put_str(o, str_of(name), value);
}

static void put_number(struct json_out *o, const char *name, int64_t value)
{
    if (value != 0)
        json_put_int(o, str_of(name), value);
}

static void write_affiliation(struct json_out *o, const struct affiliation *a)
{
    json_begin_object(o);
#define X(name, member, max) put_text(o, name, a->member);
    AFFILIATION_TEXTS(X)
#undef X
    json_put_str(o, S("role"), str_of(role_name(a->role)));
    put_number(o, "class", a->class_level);
    put_number(o, "charge", a->charge);
    put_number(o, "from", a->from_s);
    put_number(o, "to", a->to_s);
    json_end_object(o);
}

static void write_acting(struct json_out *o, const struct acting *a)
{
    json_begin_object(o);
#define X(name, member, max) put_text(o, name, a->member);
    ACTING_TEXTS(X)
#undef X
    put_number(o, "class", a->class_level);
    json_put_int(o, S("until"), a->until_s);
    json_end_object(o);
}

/* Never its identity code. */
void person_write(struct json_out *o, const struct person *p)
{
    json_begin_object(o);
#define X(name, member, max) put_text(o, name, p->member);
    PERSON_TEXTS(X)
#undef X
    json_put_int(o, S("auth_time"), p->auth_time_s);
    put_number(o, "city_ends", p->city_ends_s);
    put_number(o, "age", p->age);
    put_number(o, "verified", p->email_verified);
    if (p->non_disclosure)
        json_put_bool(o, S("nondisclosure"), true);
    if (p->registered)
        json_put_bool(o, S("registered"), true);
    if (person_acts(p)) {
        json_key(o, S("acting"));
        write_acting(o, &p->acting);
    }
    json_key(o, S("affiliations"));
    json_begin_array(o);
    for (size_t i = 0; i < p->affiliation_count; i++)
        write_affiliation(o, &p->affiliations[i]);
    json_end_array(o);
    json_end_object(o);
}

static void write_ids(struct json_out *o, const char *name, const struct strs *ids)
{
    json_key(o, str_of(name));
    json_begin_array(o);
    for (size_t i = 0; i < ids->n; i++)
        json_str(o, ids->at[i]);
    json_end_array(o);
}

bool person_fits(const struct person *p, struct fail *f)
{
    const struct person_record r = { .p = *p };

    if (p->affiliation_count > PERSON_AFFILIATIONS_MAX)
        return fail(f, FAIL_CALLER, "json_too_long", "affiliations: %zu, at most %d", p->affiliation_count,
                    PERSON_AFFILIATIONS_MAX);
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation_record one = { .a = p->affiliations[i],
                                                .role = str_of(role_name(p->affiliations[i].role)) };
        if (!json_fits(affiliation_fields, &one, f))
            return false;
    }
    const struct acting_record as = { .a = p->acting };
    return json_fits(person_fields, &r, f) && json_fits(acting_fields, &as, f);
}

static bool ids_fit(const struct strs *ids, size_t max, const char *name, struct fail *f)
{
    for (size_t i = 0; i < ids->n; i++)
        if (ids->at[i].n > ID_MAX_B)
            return fail(f, FAIL_CALLER, "json_too_long", "%s: an id of %zu bytes", name, ids->at[i].n);
    return ids->n <= max || fail(f, FAIL_CALLER, "json_too_long", "%s: %zu, at most %zu", name, ids->n, max);
}

bool session_keepable(struct arena *a, const struct session *s, struct fail *f)
{
    const struct record r = { .s = *s };
    struct session begun = *s;

    if (!json_fits(record_fields, &r, f) || !person_fits(s->person, f) ||
        !ids_fit(&s->services, SESSION_SERVICES_MAX, "services", f) ||
        !ids_fit(&s->favourites, FAVOURITES_MAX, "favourites", f) || !ids_fit(&s->read, NOTICES_READ_MAX, "read", f))
        return false;
    begun.services.n = 0;
    begun.favourites_known = false;
    struct str record = session_write(a, &begun);
    return (record.p != NULL && record.n <= BEGUN_MAX_B) ||
           fail(f, FAIL_CALLER, "json_too_large", "a session of more than %d bytes", BEGUN_MAX_B);
}

struct str session_write(struct arena *a, const struct session *s)
{
    struct json_out o = json_out(a, RECORD_MAX_B);

    json_begin_object(&o);
    json_put_int(&o, S("v"), RECORD_VERSION);
    json_put_str(&o, S("sid"), s->sid);
    json_put_str(&o, S("csrf"), s->csrf);
    json_put_int(&o, S("began"), s->began_s);
    json_put_int(&o, S("seen"), s->seen_s);
    json_put_int(&o, S("ends"), s->ends_s);
    json_put_int(&o, S("epoch"), s->epoch);
    put_text(&o, "knew", s->knew);
    if (s->shared)
        json_put_bool(&o, S("shared"), true);
    put_text(&o, "from", s->from);
    put_text(&o, "only", s->only);
    put_text(&o, "under", s->under);
    put_text(&o, "player", s->player);
    put_text(&o, "beside_of", s->beside_of);
    put_text(&o, "beside_person", s->beside_person);
    if (s->waits)
        json_put_bool(&o, S("waits"), true);
    put_text(&o, "hint", s->upstream_hint);
    write_ids(&o, "services", &s->services);
    if (s->told.n > 0)
        write_ids(&o, "told", &s->told);
    if (s->favourites_known)
        write_ids(&o, "favourites", &s->favourites);
    if (s->favourites_known && s->read.n > 0)
        write_ids(&o, "read", &s->read);
    if (s->wards_known) {
        json_key(&o, S("wards"));
        json_begin_array(&o);
        for (size_t i = 0; i < s->ward_count && i < SESSION_WARDS_MAX; i++)
            write_acting(&o, &s->wards[i]);
        json_end_array(&o);
    }
    json_key(&o, S("person"));
    person_write(&o, s->person);
    json_end_object(&o);
    return json_done(&o);
}

static bool read_affiliation(const struct json_value *v, struct affiliation *out, struct fail *f)
{
    struct affiliation_record r = { 0 };

    if (!json_read_value(v, affiliation_fields, &r, f))
        return false;
    *out = r.a;
    out->role = role_of_name(r.role);
    out->class_level = (int)r.class_level;
    out->charge = (int)r.charge;
    return true;
}

static bool read_acting(const struct json_value *v, struct acting *out, struct fail *f)
{
    struct acting_record r = { 0 };

    if (!json_read_value(v, acting_fields, &r, f))
        return false;
    *out = r.a;
    out->class_level = (int)r.class_level;
    return true;
}

struct person *person_read(struct arena *a, const struct json_value *v, struct fail *f)
{
    struct person_record r = { 0 };

    if (!json_read_value(v, person_fields, &r, f))
        return NULL;
    struct person *p = arena_make(a, struct person);
    *p = r.p;
    p->age = r.age >= AGE_UNKNOWN && r.age <= AGE_ADULT ? (int)r.age : AGE_UNKNOWN;
    p->email_verified = r.verified >= VERIFIED_UNSAID && r.verified <= VERIFIED_YES ? (int)r.verified : VERIFIED_UNSAID;
    if (r.acting != NULL && !read_acting(r.acting, &p->acting, f))
        return NULL;
    if (r.affiliations == NULL)
        return p;
    p->affiliations = arena_make_n(a, r.affiliations->count, struct affiliation);
    for (const struct json_value *one = r.affiliations->first; one != NULL; one = one->next)
        if (!read_affiliation(one, &p->affiliations[p->affiliation_count++], f))
            return NULL;
    return p;
}

static struct strs read_ids(struct arena *a, const struct json_value *list)
{
    struct strs ids = { arena_make_n(a, (list != NULL ? list->count : 0) + 1, struct str), 0 };

    for (const struct json_value *one = list != NULL ? list->first : NULL; one != NULL; one = one->next)
        ids.at[ids.n++] = one->text;
    return ids;
}

struct session *session_parse(struct arena *a, struct str json, struct fail *f)
{
    struct record r = { 0 };

    if (!json_read(a, json, record_fields, &r, f))
        return NULL;
    if (r.v != RECORD_VERSION) {
        (void)fail(f, FAIL_CALLER, "json_version", "the session record has version %lld", (long long)r.v);
        return NULL;
    }
    struct session *s = arena_make(a, struct session);
    *s = r.s;
    s->person = person_read(a, r.person, f);
    if (s->person == NULL)
        return NULL;
    s->services = read_ids(a, r.services);
    s->told = read_ids(a, r.told);
    s->favourites = read_ids(a, r.favourites);
    s->read = read_ids(a, r.read);
    s->favourites_known = r.favourites != NULL;
    s->wards_known = r.wards != NULL;
    s->wards = arena_make_n(a, (r.wards != NULL ? r.wards->count : 0) + 1, struct acting);
    for (const struct json_value *one = r.wards != NULL ? r.wards->first : NULL; one != NULL; one = one->next)
        if (!read_acting(one, &s->wards[s->ward_count++], f))
            return NULL;
    return s;
}

/* ── Redis ──────────────────────────────────────────────────────────────── */

static bool is_ours(struct str cookie)
{
    for (size_t i = 0; i < cookie.n; i++) {
        char ch = cookie.p[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '-' ||
              ch == '_'))
            return false;
    }
    return cookie.n == SESSION_COOKIE_CHARS;
}

struct str session_key(const struct ctx *c)
{
    const struct visit *v = c->visit;
    struct str cookie = http_cookie(c->req, v != NULL && v->school      ? school_cookie
                                            : v != NULL && v->is_beside ? beside_cookie
                                                                        : cookie_name);

    return is_ours(cookie) ? sha256_hex(c->arena, cookie) : (struct str){ NULL, 0 };
}

void session_ask(struct ctx *c, struct str id_hash, struct kv_got *got)
{
    kv_get(c->kv, &c->batch, c->arena, got, KV_SESSION, id_hash);
}

int64_t session_left_s(const struct settings *set, const struct session *s, int64_t now_s)
{
    int64_t idle = s->seen_s + (s->shared ? set->shared_idle_s : set->session_idle_s) - now_s;
    int64_t left = s->ends_s - now_s;

    return left < idle ? left : idle;
}

int64_t session_longest_s(const struct settings *set)
{
    return set->refresh_max_s > set->session_max_s ? set->refresh_max_s : set->session_max_s;
}

static bool is_developer(const struct ctx *c, struct str idp, struct str subject, struct str organisation)
{
    const struct staff *is = str_is_set(organisation) ? registry_staff(c->registry, idp, subject, organisation) : NULL;

    return is != NULL && is->role >= STAFF_developer;
}

/* The session of whoever plays is over: it was ended, or a mark ends what that person began until then. */
static bool player_has_left(const struct ctx *c, const struct session *s, struct str idp, struct str subject,
                            struct str key)
{
    struct person player = { .id = pairwise_person(c->arena, c->seals, idp, subject), .idp = idp, .subject = subject };
    const struct session own = { .person = &player, .sid = s->under, .began_s = s->began_s, .knew = s->knew };

    return ends_has(c->ends, key) || ends_marked(c->ends, &own);
}

bool session_is_played(const struct ctx *c, const struct session *s)
{
    struct str subject = s->player, idp, key;

    if (!test_school_has(s->person))
        return true;
    return str_split(&subject, ' ', &idp) && str_split(&subject, ' ', &key) &&
           is_developer(c, idp, subject, test_school_owner(s->person)) && !player_has_left(c, s, idp, subject, key);
}

bool session_may_play(const struct ctx *c, const struct service *s)
{
    const struct person *p = c->session != NULL ? c->session->person : NULL;

    return p != NULL && is_developer(c, p->idp, p->subject, s->vendor);
}

/* Where an account of ours was proven elsewhere: that one must still be listed for people of vendors. */
static bool seen_at_is_listed(const struct ctx *c, const struct person *p)
{
    const struct idp *at = registry_idp(c->registry, p->proven_at);

    return !str_is_set(p->proven_at) || (at != NULL && at->enabled && at->vendors);
}

/* A session of an identity provider that is switched off ends with it. */
static bool still_good(const struct ctx *c, const struct session *s)
{
    const struct idp *idp = person_idp(c->registry, s->person);

    return s->epoch >= c->session_epoch && session_left_s(c->set, s, c->now_s) > 0 && c->now_s >= s->began_s - 86400 &&
           idp != NULL && idp->enabled && seen_at_is_listed(c, s->person) && session_is_played(c, s);
}

/* What does not open was not written by us, or before the seal was rotated away: no session. */
struct session *session_that_was(struct ctx *c, struct str id_hash, const struct kv_got *got)
{
    struct fail unreadable = { 0 };
    struct str plain;

    if (got->outcome != KV_HIT || !seal_open(c->arena, c->seals, SEAL_SESSION, id_hash, got->value, &plain))
        return NULL;
    return session_parse(c->arena, plain, &unreadable);
}

bool session_has_lost(struct ends *ends, const struct session *s)
{
    return session_is_beside(s) && ends_has(ends, s->beside_of);
}

struct session *session_of(struct ctx *c, struct str id_hash, const struct kv_got *got, struct fail *f)
{
    if (got->outcome == KV_DOWN)
        (void)kv_away(f, "session");
    struct session *s = session_that_was(c, id_hash, got);
    if (s == NULL || !still_good(c, s) || ends_has(c->ends, id_hash) || session_has_lost(c->ends, s) ||
        ends_marked(c->ends, s))
        return NULL;
    s->id_hash = id_hash;
    return s;
}

static int64_t ttl(const struct ctx *c, const struct session *s)
{
    int64_t left = session_left_s(c->set, s, c->now_s);

    return left < 1 ? 1 : left;
}

static struct str sealed(struct ctx *c, const struct session *s)
{
    return seal_close(c->arena, c->world, c->seals, SEAL_SESSION, s->id_hash, session_write(c->arena, s));
}

/* A session that could not be read again would send its person round in a circle of log-ins. */
bool session_store(struct ctx *c, const struct session *s, struct kv_got *got, struct fail *f)
{
    struct fail why = { 0 };

    if (!session_keepable(c->arena, s, &why))
        return refusal(f, REFUSAL_person_too_large, "of %.*s, more is said than can be kept: %s",
                       STR_ARG(s->person->idp), why.detail);
    visit_of(c)->written = sealed(c, s);
    visit_of(c)->written_to = s->id_hash;
    kv_set(c->kv, &c->batch, c->arena, got, KV_SESSION, s->id_hash, visit_of(c)->written, ttl(c, s));
    return true;
}

/* ── two requests of one browser at once ────────────────────────────────── */

struct rewriting { /* of a record that another request has changed since this one read it */
    struct ctx *c;
    const struct session *ours;
};

static bool same_list(const struct strs *a, const struct strs *b)
{
    bool same = a->n == b->n;

    for (size_t i = 0; i < a->n && same; i++)
        same = str_eq(a->at[i], b->at[i]);
    return same;
}

void session_merge(struct ctx *c, struct session *there, const struct session *ours, const struct session *read)
{
    const struct session none = { .favourites_known = false };
    const struct session *before = read != NULL ? read : &none;

    for (size_t i = 0; i < ours->services.n && there->services.n < SESSION_SERVICES_MAX; i++)
        if (!strs_has(&there->services, ours->services.at[i]))
            strs_add(c->arena, &there->services, ours->services.at[i]);
    for (size_t i = 0; i + 1 < ours->told.n; i += 2)
        if (!str_eq(session_told(before, ours->told.at[i]), ours->told.at[i + 1]))
            (void)session_tell(c, there, ours->told.at[i], ours->told.at[i + 1]);
    if (ours->favourites_known != before->favourites_known || !same_list(&ours->favourites, &before->favourites) ||
        !same_list(&ours->read, &before->read)) {
        there->favourites = ours->favourites;
        there->read = ours->read;
        there->favourites_known = ours->favourites_known;
    }
    there->waits = there->waits && ours->waits; /* what was said is said */
    if (ours->wards_known) {
        there->wards = ours->wards;
        there->ward_count = ours->ward_count;
        there->wards_known = true;
    }
    if (ours->seen_s >= there->seen_s) {
        there->seen_s = ours->seen_s;
        there->from = ours->from;
    }
}

/* As this request read it; absent: it did not. */
static struct str as_read(const struct visit *v, const struct session *s)
{
    return str_eq(v->key, s->id_hash) ? v->session.value : (struct str){ NULL, 0 };
}

static struct session *opened(struct ctx *c, struct str id_hash, struct str text)
{
    struct fail unreadable = { 0 };
    struct str plain;

    if (!seal_open(c->arena, c->seals, SEAL_SESSION, id_hash, text, &plain))
        return NULL;
    struct session *s = session_parse(c->arena, plain, &unreadable);
    if (s != NULL)
        s->id_hash = id_hash;
    return s;
}

static struct str rewrite(void *with, struct str text)
{
    struct rewriting *w = with;
    struct session *there = opened(w->c, w->ours->id_hash, text);

    if (there == NULL)
        return sealed(w->c, w->ours);
    session_merge(w->c, there, w->ours, opened(w->c, w->ours->id_hash, as_read(visit_of(w->c), w->ours)));
    return sealed(w->c, there);
}

void session_change(struct ctx *c, const struct session *s)
{
    struct visit *v = visit_of(c);
    struct rewriting *w = arena_make(c->arena, struct rewriting);
    const struct kv_swap swap = { .before = str_eq(v->written_to, s->id_hash) ? v->written : as_read(v, s),
                                  .value = sealed(c, s),
                                  .ttl_s = ttl(c, s),
                                  .remake = rewrite,
                                  .with = w };

    *w = (struct rewriting){ c, s };
    kv_swap(c->kv, &c->batch, c->arena, &v->touched, KV_SESSION, s->id_hash, &swap);
    v->written = swap.value;
    v->written_to = s->id_hash;
}

/* Any copy of its record was last renewed before now, so none outlives what a new session could. */
void session_end(struct ctx *c, struct str id_hash, struct kv_got *got)
{
    session_drop(c, id_hash, got);
    (void)ends_add(c->ends, c->work, &c->batch, c->arena, id_hash, c->now_s + c->set->session_max_s);
}

bool session_was_over(const struct ctx *c)
{
    return c->visit != NULL && c->visit->key.p != NULL && c->session == NULL;
}

void session_drop(struct ctx *c, struct str id_hash, struct kv_got *got)
{
    kv_delete(c->kv, &c->batch, c->arena, got, KV_SESSION, id_hash);
}

/* Where the browser is that brought its cookie just now. */
static struct str device_address(const struct ctx *c)
{
    return address_read(c->req->peer).family != 0 ? c->req->peer : (struct str){ NULL, 0 };
}

/* ── rows ───────────────────────────────────────────────────────────────── */

static enum step load_ask(struct ctx *c, struct fail *f)
{
    struct visit *v = visit_of(c);

    (void)f;
    v->key = session_key(c);
    if (v->key.p == NULL)
        return NEXT;
    session_ask(c, v->key, &v->session);
    return WAIT;
}

/* A test person's is nobody's under the cookie of real ones, nor is one that stands beside another. */
static struct session *own_only(struct session *s)
{
    return session_is_test(s) || session_is_beside(s) ? NULL : s;
}

/* An idle time is counted from a record at most a minute old: one write a minute, not one a request. */
static enum step load_read(struct ctx *c, struct fail *f)
{
    const struct visit *v = visit_of(c);

    if (v->key.p == NULL)
        return NEXT;
    c->session = own_only(session_of(c, v->key, &v->session, f));
    if (c->session == NULL && f->kind == FAIL_NONE)
        glimpse_over(c);
    if (c->session == NULL)
        return f->kind != FAIL_NONE ? REFUSE : NEXT;
    c->session->from = device_address(c);
    if (c->now_s - c->session->seen_s < SESSION_TOUCH_S || form_get(c->query, S(SESSION_LOOKS)).p != NULL)
        return NEXT;
    c->session->seen_s = c->now_s;
    session_change(c, c->session);
    return WAIT;
}

/* Signed out in another tab while this request was on its way: over. */
static enum step load_touched(struct ctx *c, struct fail *f)
{
    (void)f;
    if (c->session != NULL && c->session->seen_s == c->now_s && visit_of(c)->touched.outcome == KV_MISS)
        c->session = NULL;
    return NEXT;
}

const struct step_row session_load[] = { { load_ask }, { load_read }, { load_touched }, { NULL } };

enum step session_find(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, session_load);
}

static enum step look_read(struct ctx *c, struct fail *f)
{
    const struct visit *v = visit_of(c);

    if (v->key.p != NULL)
        c->session = own_only(session_of(c, v->key, &v->session, f));
    if (c->session != NULL)
        c->session->from = device_address(c);
    return c->session == NULL && f->kind != FAIL_NONE ? REFUSE : NEXT;
}

const struct step_row session_look[] = { { load_ask }, { look_read }, { NULL } };

/* ── a test person, beside who is signed in ─────────────────────────────── */

static struct str school_key(const struct ctx *c)
{
    struct str cookie = http_cookie(c->req, school_cookie);

    return is_ours(cookie) ? sha256_hex(c->arena, cookie) : (struct str){ NULL, 0 };
}

bool session_test_ask(struct ctx *c, struct kv_got *got)
{
    struct str key = school_key(c);

    if (key.p != NULL)
        session_ask(c, key, got);
    return key.p != NULL;
}

/* Of this browser's own session alone: somebody else who signs in here finds nobody. */
struct session *session_test_of(struct ctx *c, const struct kv_got *got, struct fail *f)
{
    struct str key = school_key(c);
    struct session *s = key.p != NULL ? session_of(c, key, got, f) : NULL;

    return s != NULL && c->session != NULL && str_is_set(s->only) && str_eq(s->under, c->session->sid) ? s : NULL;
}

static enum step school_ask(struct ctx *c, struct fail *f)
{
    (void)f;
    return session_test_ask(c, &visit_of(c)->school_got) ? WAIT : NEXT;
}

static enum step school_read(struct ctx *c, struct fail *f)
{
    struct visit *v = visit_of(c);
    struct session *s = session_test_of(c, &v->school_got, f);

    if (s == NULL)
        return f->kind != FAIL_NONE ? REFUSE : NEXT;
    if (!str_eq(s->only, v->school_for->id))
        return NEXT;
    c->session = s;
    c->session->from = device_address(c);
    v->school = true;
    v->own = v->key;
    v->key = s->id_hash;
    v->session = v->school_got;
    if (c->now_s - s->seen_s < SESSION_TOUCH_S)
        return NEXT;
    s->seen_s = c->now_s;
    session_change(c, s);
    return WAIT;
}

static const struct step_row school_look[] = { { school_ask }, { school_read }, { NULL } };

enum step session_for(struct ctx *c, const struct service *s)
{
    struct visit *v = visit_of(c);

    if (s == NULL || !s->test || c->session == NULL || v->school || school_key(c).p == NULL || !session_may_play(c, s))
        return NEXT;
    v->school_for = s;
    return step_into(c, school_look);
}

struct session *session_test_new(struct ctx *c, const struct person *p, const struct service *s, struct str *cookie)
{
    const struct session *own = c->session;
    struct session *made = session_new(c, p, own->shared, cookie);

    made->only = s->id;
    made->under = own->sid;
    made->player = arena_printf(c->arena, "%.*s %.*s %.*s", STR_ARG(own->person->idp), STR_ARG(own->id_hash),
                                STR_ARG(own->person->subject));
    made->upstream_hint = (struct str){ NULL, 0 };
    if (made->ends_s > own->ends_s)
        made->ends_s = own->ends_s;
    return made;
}

void session_test_cookie(struct ctx *c, struct str cookie)
{
    http_set_cookie(c->res, school_cookie, cookie, str_is_set(cookie) ? -1 : 0, SAME_SITE_LAX);
}

bool session_is_test(const struct session *s)
{
    return s != NULL && str_is_set(s->only);
}

/* ── another account, beside who is signed in ───────────────────────────── */

static struct str beside_key(const struct ctx *c)
{
    struct str cookie = http_cookie(c->req, beside_cookie);

    return is_ours(cookie) ? sha256_hex(c->arena, cookie) : (struct str){ NULL, 0 };
}

static enum step beside_ask_it(struct ctx *c, struct fail *f)
{
    struct visit *v = visit_of(c);
    struct str key = beside_key(c);

    (void)f;
    v->beside_asked = key.p != NULL && c->session != NULL && c->beside == NULL && !session_is_test(c->session) &&
                      !session_is_beside(c->session);
    if (!v->beside_asked)
        return NEXT;
    session_ask(c, key, &v->beside_got);
    return WAIT;
}

/* Of this browser's own session alone: somebody else who signs in here finds nobody beside them. */
static enum step beside_read(struct ctx *c, struct fail *f)
{
    const struct visit *v = visit_of(c);

    if (!v->beside_asked)
        return NEXT;
    struct session *s = session_of(c, beside_key(c), &v->beside_got, f);
    if (s == NULL)
        return f->kind != FAIL_NONE ? REFUSE : NEXT;
    if (!session_is_beside(s) || !str_eq(s->under, c->session->sid))
        return NEXT;
    c->beside = s;
    s->from = device_address(c);
    if (c->now_s - s->seen_s < SESSION_TOUCH_S || form_get(c->query, S(SESSION_LOOKS)).p != NULL)
        return NEXT;
    s->seen_s = c->now_s;
    session_change(c, s);
    return WAIT;
}

const struct step_row session_beside[] = { { beside_ask_it }, { beside_read }, { NULL } };

enum step session_find_beside(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, session_beside);
}

void session_be_beside(struct ctx *c)
{
    struct visit *v = visit_of(c);

    c->session = c->beside;
    c->beside = NULL;
    v->is_beside = true;
    v->own = v->key;
    v->key = c->session->id_hash;
    v->session = v->beside_got;
}

/* Not beyond the end of the one that it stands beside. */
struct session *session_beside_new(struct ctx *c, const struct person *p, bool waits, struct str *cookie)
{
    const struct session *own = c->session;
    struct session *made = session_new(c, p, own->shared, cookie);

    made->under = own->sid;
    made->beside_of = own->id_hash;
    made->beside_person = own->person->id;
    made->waits = waits;
    if (made->ends_s > own->ends_s)
        made->ends_s = own->ends_s;
    return made;
}

void session_beside_cookie(struct ctx *c, struct str cookie)
{
    http_set_cookie(c->res, beside_cookie, cookie, str_is_set(cookie) ? -1 : 0, SAME_SITE_LAX);
}

bool session_is_beside(const struct session *s)
{
    return s != NULL && str_is_set(s->beside_of);
}

/* ── making and ending ──────────────────────────────────────────────────── */

/* Not beyond the end of the city's own session, by its clock, which may be wrong by the skew
 * [SAML core 2.7.2, SessionNotOnOrAfter]. */
static int64_t ends_at(const struct ctx *c, const struct person *p)
{
    int64_t ours = c->now_s + c->set->session_max_s, citys = p->city_ends_s + c->set->saml_skew_s;

    const struct idp *idp = registry_idp(c->registry, p->idp);
    if (idp != NULL && idp->guardians && ours > c->now_s + GUARDIAN_SESSION_S)
        ours = c->now_s + GUARDIAN_SESSION_S;
    return p->city_ends_s > 0 && citys < ours ? citys : ours;
}

struct session *session_new(struct ctx *c, const struct person *p, bool shared, struct str *cookie)
{
    struct session *s = arena_make(c->arena, struct session);

    *cookie = crypt_token(c->arena, c->world, SHA256_B);
    s->id_hash = sha256_hex(c->arena, *cookie);
    s->sid = crypt_token(c->arena, c->world, SESSION_SID_B);
    s->csrf = crypt_token(c->arena, c->world, CSRF_B);
    s->person = person_copy(c->arena, p);
    s->shared = shared;
    s->from = device_address(c);
    s->upstream_hint = c->upstream_hint;
    s->began_s = s->seen_s = c->now_s;
    s->knew = c->knew;
    s->ends_s = ends_at(c, p);
    s->epoch = c->session_epoch;
    s->services.at = arena_make_n(c->arena, 1, struct str);
    s->told.at = arena_make_n(c->arena, 1, struct str);
    trail_follow(c, s);
    return s;
}

void session_cookie_set(struct ctx *c, const struct session *s, struct str cookie)
{
    http_set_cookie(c->res, cookie_name, cookie, -1, SAME_SITE_LAX);
    glimpse_follow(c, s);
    trail_keep(c, s);
}

void session_cookie_clear(struct ctx *c)
{
    if (c->visit != NULL && c->visit->school) {
        session_test_cookie(c, S(""));
        return;
    }
    if (http_cookie(c->req, beside_cookie).p != NULL)
        session_beside_cookie(c, S(""));
    if (c->visit != NULL && c->visit->is_beside)
        return;
    http_set_cookie(c->res, cookie_name, S(""), 0, SAME_SITE_LAX);
    glimpse_over(c);
}

bool session_add_service(struct ctx *c, struct session *s, struct str service)
{
    bool is_new = !strs_has(&s->services, service);

    if (is_new && s->services.n >= SESSION_SERVICES_MAX)
        return false;
    if (is_new)
        strs_add(c->arena, &s->services, service);
    trail_opened(c, s, service);
    return is_new;
}

struct str session_told(const struct session *s, struct str service)
{
    for (size_t i = 0; i + 1 < s->told.n; i += 2)
        if (str_eq(s->told.at[i], service))
            return s->told.at[i + 1];
    return (struct str){ NULL, 0 };
}

bool session_tell(struct ctx *c, struct session *s, struct str service, struct str text)
{
    if (text.n > SESSION_TOLD_MAX_B || str_eq(session_told(s, service), text))
        return false;
    for (size_t i = 0; i + 1 < s->told.n; i += 2)
        if (str_eq(s->told.at[i], service)) {
            s->told.at[i + 1] = text;
            return true;
        }
    if (s->told.n >= 2 * (size_t)SESSION_TOLD_MAX)
        return false;
    strs_add(c->arena, &s->told, service);
    strs_add(c->arena, &s->told, text);
    return true;
}
