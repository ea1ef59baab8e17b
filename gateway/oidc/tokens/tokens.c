/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/tokens/tokens.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "gateway/consent.h"
#include "gateway/session/session.h"
#include "gateway/trace.h"
#include "registry/ends.h"
#include "wire/json.h"

enum { TOKEN_SCOPE_MAX_B = 8192, KEY_CHARS = 64, ID_CHARS_MAX = 128 };

static const struct json_field token_fields[] = {
    FIELD(token_record, service, JSON_STR, true, ID_CHARS_MAX),
    FIELD(token_record, session, JSON_STR, false, KEY_CHARS),
    FIELD(token_record, family, JSON_STR, false, KEY_CHARS),
    FIELD(token_record, scope, JSON_STR, false, TOKEN_SCOPE_MAX_B),
    FIELD(token_record, lang, JSON_STR, false, 8),
    FIELD(token_record, claims, JSON_STR, false, CLAIMS_ASKED_MAX_B),
    FIELD(token_record, resources, JSON_STR, false, RESOURCES_MAX_B),
    FIELD(token_record, consented, JSON_STR, false, 0),
    FIELD(token_record, through, JSON_STR, false, THROUGH_MAX_B),
    FIELD(token_record, act, JSON_STR, false, ACT_MAX_B),
    FIELD(token_record, attempt, JSON_STR, false, TRACE_ATTEMPT_MAX_B),
    { "jkt", JSON_STR, false, JKT_CHARS, offsetof(struct token_record, bound.jkt) },
    { "x5t", JSON_STR, false, JKT_CHARS, offsetof(struct token_record, bound.x5t) },
    FIELD(token_record, made_s, JSON_INT, true, 0),
    FIELD(token_record, ends_s, JSON_INT, true, 0),
    FIELD(token_record, knew, JSON_STR, false, MARK_KNEW_MAX_B),
    { 0 },
};

/* ── its text ───────────────────────────────────────────────────────────── */

static const struct str token_place = S("token");

enum { OF_SESSION = 's', OF_FAMILY = 'f', WHOSE_B = 1 + SHA256_B /* a letter, and what it ends with */ };

static void add_whose(struct ctx *c, struct buf *b, char letter, struct str key)
{
    struct str bytes;

    if (!str_is_set(key) || !hex_decode(c->arena, key, &bytes))
        return;
    buf_byte(b, letter);
    buf_add(b, bytes);
}

struct str token_new(struct ctx *c, struct str session, struct str family)
{
    struct buf b = buf_new(c->arena, 2 * (size_t)WHOSE_B);

    add_whose(c, &b, OF_SESSION, session);
    add_whose(c, &b, OF_FAMILY, family);
    return b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_SESSION, token_place, buf_str(&b)));
}

bool token_whose(struct ctx *c, struct str token, struct str *session, struct str *family)
{
    struct str sealed, rest;

    *session = *family = (struct str){ NULL, 0 };
    if (!b64url_decode(c->arena, token, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_SESSION, token_place, sealed, &rest))
        return false;
    for (; rest.n >= WHOSE_B; rest = str_from(rest, WHOSE_B)) {
        struct str key = hex_encode(c->arena, str_sub(rest, 1, SHA256_B));
        if (rest.p[0] == OF_SESSION)
            *session = key;
        else if (rest.p[0] == OF_FAMILY)
            *family = key;
    }
    return true;
}

/* ── its record ─────────────────────────────────────────────────────────── */

struct str token_key(struct arena *a, struct str token)
{
    return sha256_hex(a, token);
}

struct str token_seal(struct ctx *c, struct str key, const struct token_record *r)
{
    return oidc_record_seal(c, key, token_fields, r);
}

bool token_open(struct ctx *c, struct str key, struct str sealed, struct token_record *out)
{
    *out = (struct token_record){ 0 };
    return oidc_record_open(c, key, sealed, token_fields, out);
}

/* ── somebody shows one ─────────────────────────────────────────────────── */

static bool no_token(struct token_shown *t, const char *why)
{
    t->why = why;
    return false;
}

void token_ask(struct ctx *c, struct token_shown *t, struct str token)
{
    *t = (struct token_shown){ .token = token, .key = token_key(c->arena, token) };
    kv_get(c->kv, &c->batch, c->arena, &t->stored, KV_TOKEN, t->key);
    (void)token_whose(c, token, &t->session_asked, &t->family_asked);
    if (str_is_set(t->session_asked))
        session_ask(c, t->session_asked, &t->session);
    if (str_is_set(t->family_asked))
        family_ask(c, t->family_asked, &t->of_family);
}

static bool token_read(struct ctx *c, struct token_shown *t, struct fail *f)
{
    if (t->stored.outcome == KV_DOWN)
        return kv_away(f, "token");
    if (t->stored.outcome != KV_HIT || !token_open(c, t->key, t->stored.value, &t->record) ||
        c->now_s >= t->record.ends_s)
        return no_token(t, "the token is unknown or has ended");
    return true;
}

bool token_ask_whose(struct ctx *c, struct token_shown *t, struct fail *f)
{
    const struct token_record *r = &t->record;
    enum lang lang;

    if (!token_read(c, t, f))
        return false;
    c->service = registry_service(c->registry, r->service);
    if (c->service == NULL || !c->service->enabled)
        return no_token(t, "the service has gone");
    if (lang_of_tag(r->lang, &lang))
        c->lang = lang;
    c->attempt = r->attempt;
    if (str_is_set(r->session) && !str_eq(r->session, t->session_asked))
        session_ask(c, r->session, &t->session);
    if (str_is_set(r->family) && !str_eq(r->family, t->family_asked))
        family_ask(c, r->family, &t->of_family);
    return true;
}

/* Neither of the service itself nor of one whose token it came from has the person taken back what it rests on. */
static bool still_let(struct ctx *c, const struct token_record *r)
{
    struct str rest = r->through, one;

    while (str_split(&rest, ' ', &one))
        if (ends_taken_back(c->ends, c->person->id, one, r->made_s, r->knew))
            return false;
    return consent_stands(c, r->made_s, r->knew);
}

bool token_person(struct ctx *c, struct token_shown *t, struct fail *f)
{
    const struct token_record *r = &t->record;

    c->session = NULL;
    c->person = NULL;
    if (str_is_set(r->family)) {
        t->family = family_of(c, r->family, &t->of_family, f);
        if (t->family == NULL)
            return f->kind == FAIL_NONE && no_token(t, "the family of refresh tokens has ended");
        c->session = t->family->who;
    }
    if (str_is_set(r->session)) {
        c->session = session_of(c, r->session, &t->session, f);
        if (c->session == NULL)
            return f->kind == FAIL_NONE && no_token(t, "the session has ended");
    }
    c->person = c->session != NULL ? c->session->person : NULL;
    if (c->person != NULL && !still_let(c, r))
        return no_token(t, "the person has taken back what they had let the service be told");
    return true;
}
