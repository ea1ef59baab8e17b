/* SPDX-License-Identifier: EUPL-1.2
 * Families of refresh tokens.  [RFC 6749 6, RFC 9700 4.14] */
#include "gateway/oidc/tokens/tokens.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/settings.h"
#include "gateway/session/session.h"
#include "model/test_school.h"
#include "registry/ends.h"
#include "wire/json.h"

enum { ID_B = 16, TURN_B = 4, TURN_MAX = 0x7fffffff, TOKEN_B = ID_B + TURN_B + SHA256_B };
enum { KEY_CHARS = 64, ROOT_CHARS = 2 * SHA256_B, NAME_MAX_B = 128, SCOPES_MAX_B = 8192, WHO_MAX_B = 131072 };

/* ── the record ─────────────────────────────────────────────────────────── */

struct family_record {
    struct family m;
    struct str who; /* as session_write() has it */
};

static const struct json_field family_fields[] = {
    { "id", JSON_STR, true, 2 * ID_B, offsetof(struct family_record, m.id) },
    { "root", JSON_STR, true, ROOT_CHARS, offsetof(struct family_record, m.root) },
    { "service", JSON_STR, true, NAME_MAX_B, offsetof(struct family_record, m.service) },
    { "session", JSON_STR, false, KEY_CHARS, offsetof(struct family_record, m.session) },
    { "scope", JSON_STR, false, SCOPES_MAX_B, offsetof(struct family_record, m.scope) },
    { "lang", JSON_STR, false, 8, offsetof(struct family_record, m.lang) },
    { "claims", JSON_STR, false, CLAIMS_ASKED_MAX_B, offsetof(struct family_record, m.claims) },
    { "resources", JSON_STR, false, RESOURCES_MAX_B, offsetof(struct family_record, m.resources) },
    { "consented", JSON_STR, false, 0, offsetof(struct family_record, m.consented) },
    { "jkt", JSON_STR, false, JKT_CHARS, offsetof(struct family_record, m.bound.jkt) },
    { "x5t", JSON_STR, false, JKT_CHARS, offsetof(struct family_record, m.bound.x5t) },
    { "turn", JSON_INT, true, 0, offsetof(struct family_record, m.turn) },
    { "turned", JSON_INT, true, 0, offsetof(struct family_record, m.turned_s) },
    { "made", JSON_INT, true, 0, offsetof(struct family_record, m.made_s) },
    { "seen", JSON_INT, true, 0, offsetof(struct family_record, m.seen_s) },
    { "ends", JSON_INT, true, 0, offsetof(struct family_record, m.ends_s) },
    { "knew", JSON_STR, false, MARK_KNEW_MAX_B, offsetof(struct family_record, m.knew) },
    { "who", JSON_STR, false, WHO_MAX_B, offsetof(struct family_record, who) },
    { 0 },
};

static struct str family_seal(struct ctx *c, const struct family *m)
{
    const struct family_record r = { .m = *m,
                                     .who =
                                         m->who != NULL ? session_write(c->arena, m->who) : (struct str){ NULL, 0 } };

    return oidc_record_seal(c, m->key, family_fields, &r);
}

/* What is kept of the person's session: whose it is and since when, nothing that opens it or leads back to the city. */
static struct session *keep_person(struct ctx *c, int64_t ends_s)
{
    struct session *s = arena_make(c->arena, struct session);

    *s = (struct session){ .sid = c->session->sid,
                           .csrf = S("-"),
                           .person = c->session->person,
                           .began_s = c->session->began_s,
                           .knew = c->session->knew,
                           .seen_s = c->now_s,
                           .ends_s = ends_s,
                           .epoch = c->session->epoch,
                           .from = c->session->from,
                           .player = c->session->player };
    return s;
}

static struct str random_hex(struct ctx *c, size_t n)
{
    struct str bytes;

    (void)b64url_decode(c->arena, crypt_token(c->arena, c->world, n), &bytes);
    return hex_encode(c->arena, bytes);
}

struct family *family_new(struct ctx *c, struct str session, bool offline)
{
    struct family *m = arena_make(c->arena, struct family);

    m->id = random_hex(c, ID_B);
    m->key = sha256_hex(c->arena, m->id);
    m->root = random_hex(c, SHA256_B);
    m->service = c->service->id;
    m->made_s = m->turned_s = m->seen_s = c->now_s;
    m->knew = c->knew;
    m->ends_s = offline ? c->now_s + c->set->refresh_max_s : c->session->ends_s;
    if (offline)
        m->who = keep_person(c, m->ends_s);
    else
        m->session = session;
    return m;
}

static int64_t left_s(const struct ctx *c, const struct family *m)
{
    int64_t idle = m->seen_s + c->set->refresh_idle_s - c->now_s, left = m->ends_s - c->now_s;

    return idle < left ? idle : left;
}

static int64_t ttl_s(const struct ctx *c, const struct family *m)
{
    int64_t left = left_s(c, m);

    return left > 1 ? left : 1;
}

void family_store(struct ctx *c, const struct family *m, struct kv_got *got)
{
    kv_set(c->kv, &c->batch, c->arena, got, KV_FAMILY, m->key, family_seal(c, m), ttl_s(c, m));
}

void family_change(struct ctx *c, const struct family *m, struct kv_got *got)
{
    kv_replace(c->kv, &c->batch, c->arena, got, KV_FAMILY, m->key, family_seal(c, m), ttl_s(c, m));
}

void family_end(struct ctx *c, struct str key, struct kv_got *got)
{
    kv_delete(c->kv, &c->batch, c->arena, got, KV_FAMILY, key);
    (void)ends_add(c->ends, c->work, &c->batch, c->arena, key, c->now_s + session_longest_s(c->set));
}

void family_ask(struct ctx *c, struct str key, struct kv_got *got)
{
    kv_get(c->kv, &c->batch, c->arena, got, KV_FAMILY, key);
}

/* Whatever ends sessions of a sort ends what was made of them. */
static bool person_holds(const struct ctx *c, const struct session *who)
{
    const struct idp *idp = person_idp(c->registry, who->person);

    return who->epoch >= c->session_epoch && idp != NULL && idp->enabled && !ends_marked(c->ends, who) &&
           session_is_played(c, who);
}

static bool family_open(struct ctx *c, struct str key, struct str sealed, struct family_record *r)
{
    struct fail unreadable = { 0 };

    if (!oidc_record_open(c, key, sealed, family_fields, r))
        return false;
    r->m.key = key;
    if (str_is_set(r->who))
        r->m.who = session_parse(c->arena, r->who, &unreadable);
    return str_is_set(r->m.session) || r->m.who != NULL;
}

struct family *family_of(struct ctx *c, struct str key, const struct kv_got *got, struct fail *f)
{
    struct family_record *r = arena_make(c->arena, struct family_record);

    if (got->outcome == KV_DOWN)
        (void)kv_away(f, "refresh family");
    if (got->outcome != KV_HIT || !family_open(c, key, got->value, r) || left_s(c, &r->m) <= 0 ||
        ends_has(c->ends, key) || (r->m.who != NULL && !person_holds(c, r->m.who)))
        return NULL;
    return &r->m;
}

/* ── as its person sees it ──────────────────────────────────────────────── */

void family_ask_held(struct ctx *c, const struct held *h, struct kv_got *got)
{
    family_ask(c, h->key, got);
}

bool family_held_lives(struct ctx *c, const struct held *h, const struct kv_got *got, int64_t *seen_s)
{
    struct fail away = { 0 };
    const struct family *m = family_of(c, h->key, got, &away);

    *seen_s = m != NULL ? m->seen_s : h->at_s;
    if (m == NULL)
        return away.kind != FAIL_NONE;
    return !ends_taken_back(c->ends, c->session->person->id, m->service, m->made_s, m->knew);
}

/* ── its tokens: its id, which of them it is, and what only we can make of its root ─────────────────────────────── */

static struct str turn_bytes(struct ctx *c, int64_t turn)
{
    char *p = arena_alloc(c->arena, TURN_B);

    for (int i = 0; i < TURN_B; i++)
        p[i] = (char)(turn >> 8 * (TURN_B - 1 - i) & 0xff);
    return str_n(p, TURN_B);
}

struct str family_token(struct ctx *c, const struct family *m, int64_t turn)
{
    struct str id, root, which = turn_bytes(c, turn);

    if (!hex_decode(c->arena, m->id, &id) || !hex_decode(c->arena, m->root, &root))
        return (struct str){ NULL, 0 };
    struct str proof = hmac_sha256(c->arena, hmac_key(c->arena, root), which);
    return b64url_encode(c->arena, arena_join(c->arena, arena_join(c->arena, id, which), proof));
}

bool family_token_read(struct ctx *c, struct str token, struct str *key, int64_t *turn)
{
    struct str bytes;

    if (!b64url_decode(c->arena, token, &bytes) || bytes.n != TOKEN_B)
        return false;
    *turn = 0;
    for (int i = 0; i < TURN_B; i++)
        *turn = *turn << 8 | (unsigned char)bytes.p[ID_B + i];
    *key = sha256_hex(c->arena, hex_encode(c->arena, str_sub(bytes, 0, ID_B)));
    return *turn <= TURN_MAX;
}

bool family_token_fits(struct ctx *c, const struct family *m, struct str token, int64_t turn)
{
    return crypt_eq(family_token(c, m, turn), token);
}
