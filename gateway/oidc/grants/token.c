/* SPDX-License-Identifier: EUPL-1.2
 * A code becomes tokens, once.  [RFC 6749 4.1.3, OIDC Core 3.1.3] */
#include "gateway/oidc/client/client.h"
#include "gateway/oidc/grants/grants.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/settings.h"
#include "certs/signer_client.h"
#include "gateway/release.h"
#include "gateway/session/session.h"
#include "model/pairwise.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

enum { VERIFIER_MIN = 43, VERIFIER_MAX = 128, ANSWER_MAX_B = 32768 };

struct redemption { /* c->state */
    struct str key; /* of the code */
    struct code_record code;
    struct str session; /* its key */
    struct str token, token_key;
    struct kv_got taken, found; /* the code and its session */
    struct kv_got mark, first;  /* of the code's use, and what the first use left */
    struct kv_got stored;       /* the access token */
    struct kv_got ended;        /* an access token that was taken back */
    struct signed_got id_token;
};

static struct redemption *mine(const struct ctx *c)
{
    return c->state;
}

static int bad_grant(struct fail *f, const char *why)
{
    return fail(f, FAIL_CALLER, "invalid_grant", "%s", why); /* why: told to the service as well */
}

static enum step authenticate(struct ctx *c, struct fail *f)
{
    (void)f;
    c->state = arena_make(c->arena, struct redemption);
    return step_into(c, oidc_client_auth);
}

static enum step check_grant(struct ctx *c, struct fail *f)
{
    struct str type = form_get(c->body, S("grant_type"));

    if (!str_is_set(type))
        return fail(f, FAIL_CALLER, "invalid_request", "grant_type is missing");
    if (!str_eq(type, S("authorization_code")))
        return fail(f, FAIL_CALLER, "unsupported_grant_type",
                    "grant_type is \"%.*s\": only authorization_code is supported", STR_ARG(type));
    return NEXT;
}

static enum step take_code(struct ctx *c, struct fail *f)
{
    struct redemption *r = mine(c);
    struct str code = form_get(c->body, S("code"));

    if (!str_is_set(code))
        return fail(f, FAIL_CALLER, "invalid_request", "code is missing");
    if (!code_read(c, code, &r->session))
        return bad_grant(f, "code is none of ours");
    r->key = code_key(c->arena, code);
    kv_take(c->kv, &c->batch, c->arena, &r->taken, KV_CODE, r->key);
    session_ask(c, r->session, &r->found);
    return WAIT;
}

/* ── a code that comes again: the tokens of its first use end ───────────── */

static struct str mark_of(struct ctx *c)
{
    return arena_join(c->arena, S("code:"), mine(c)->key);
}

/* Whoever comes first leaves a mark.  The second use may overtake the first one's tokens: then the first finds the
 * mark of the second when it stores them. */
static enum step again_ask(struct ctx *c, struct fail *f)
{
    struct redemption *r = mine(c);

    (void)f;
    kv_add(c->kv, &c->batch, c->arena, &r->mark, KV_REPLAY, mark_of(c), S("again"), c->set->access_token_life_s);
    kv_get(c->kv, &c->batch, c->arena, &r->first, KV_REPLAY, mark_of(c));
    return WAIT;
}

static enum step again_revoke(struct ctx *c, struct fail *f)
{
    struct redemption *r = mine(c);

    if (r->mark.outcome == KV_DOWN || r->first.outcome == KV_DOWN)
        return kv_away(f, "replay mark");
    r->ended.outcome = KV_MISS;
    if (r->mark.outcome == KV_MISS || r->first.outcome != KV_HIT || str_eq(r->first.value, S("again")))
        return NEXT;
    kv_delete(c->kv, &c->batch, c->arena, &r->ended, KV_TOKEN, r->first.value);
    return WAIT;
}

/* While the first use's token may still be good, the second use is not dealt with: whoever asks again deals with it. */
static enum step again_refuse(struct ctx *c, struct fail *f)
{
    if (mine(c)->ended.outcome == KV_DOWN)
        return kv_away(f, "token");
    return bad_grant(f, "code is unknown, has expired or was used before");
}

static const struct step_row used_again[] = { { again_ask }, { again_revoke }, { again_refuse }, { NULL } };

/* ── what the code is bound to ──────────────────────────────────────────── */

/* [RFC 7636 4.6]; a verifier without a challenge is a downgrade in progress [RFC 9700 4.8.2]. */
static bool verifier_fits(struct ctx *c, const struct code_record *r, struct fail *f)
{
    struct str verifier = form_get(c->body, S("code_verifier"));

    if (!str_is_set(r->challenge))
        return verifier.p == NULL ||
               bad_grant(f, "code_verifier is here, but no code_challenge came with the authorization request");
    if (verifier.p == NULL)
        return bad_grant(f, "code_verifier is missing, and the authorization request had a code_challenge");
    if (verifier.n < VERIFIER_MIN || verifier.n > VERIFIER_MAX ||
        !crypt_eq(b64url_encode(c->arena, sha256(c->arena, verifier)), r->challenge))
        return bad_grant(f, "code_verifier does not fit the code_challenge");
    return true;
}

static bool bindings_fit(struct ctx *c, const struct code_record *r, struct fail *f)
{
    if (!str_eq(r->service, c->service->id))
        return bad_grant(f, "code is another service's");
    if (!str_eq(r->redirect_uri, form_get(c->body, S("redirect_uri"))))
        return bad_grant(f, "redirect_uri is not the one that the code was sent to");
    if (c->now_s - r->made_s > c->set->code_life_s)
        return bad_grant(f, "code has expired");
    if (!str_eq(r->epoch, kv_epoch(c->kv)))
        return fail_told(f, FAIL_CALLER, "invalid_grant", "code can no longer be redeemed: ask for another one",
                         "Redis may have forgotten whether the code was used");
    return verifier_fits(c, r, f);
}

static enum step check_code(struct ctx *c, struct fail *f)
{
    struct redemption *r = mine(c);

    if (r->taken.outcome == KV_DOWN)
        return kv_away(f, "code");
    if (r->taken.outcome == KV_MISS)
        return step_into(c, used_again);
    if (!code_open(c, r->key, r->taken.value, &r->code))
        return fail_told(f, FAIL_CALLER, "invalid_grant", "code can no longer be redeemed: ask for another one",
                         "the code's record does not open");
    return bindings_fit(c, &r->code, f) ? NEXT : REFUSE;
}

/* ── the tokens ─────────────────────────────────────────────────────────── */

static struct str id_claims(struct ctx *c)
{
    const struct redemption *r = mine(c);
    const struct id_facts facts = { .registry = c->registry,
                                    .person = c->person,
                                    .sub = pairwise_sub(c->arena, c->seals, c->person->id, c->service->vendor),
                                    .client_id = c->service->client_id,
                                    .nonce = r->code.nonce,
                                    .sid = c->session->sid,
                                    .access_token = r->token };

    return release_id_claims(c->arena, &facts);
}

static struct release release_of(struct ctx *c)
{
    const struct redemption *r = mine(c);

    return (struct release){ .registry = c->registry,
                             .person = c->person,
                             .service = c->service,
                             .decision = flow_decision(c),
                             .sub = S("-"),
                             .scope = r->code.scope,
                             .lang = c->lang,
                             .now = flow_circumstances(c) };
}

/* Not beyond the session, which a city may end. */
static int64_t access_life_s(const struct ctx *c)
{
    int64_t left = c->session->ends_s - c->now_s, life = c->set->access_token_life_s;

    return left >= life ? life : left > 1 ? left : 1;
}

static void ask_for_tokens(struct ctx *c)
{
    struct redemption *r = mine(c);
    const struct token_record t = { .service = c->service->id,
                                    .session = r->session,
                                    .scope = r->code.scope,
                                    .lang = r->code.lang,
                                    .claims = r->code.claims,
                                    .made_s = c->now_s,
                                    .ends_s = c->now_s + access_life_s(c) };
    const struct release release = release_of(c);

    r->token = crypt_token(c->arena, c->world, TOKEN_RANDOM_B);
    r->token_key = token_key(c->arena, r->token);
    kv_set(c->kv, &c->batch, c->arena, &r->stored, KV_TOKEN, r->token_key, token_seal(c, r->token_key, &t),
           access_life_s(c));
    kv_add(c->kv, &c->batch, c->arena, &r->mark, KV_REPLAY, mark_of(c), r->token_key, c->set->access_token_life_s);
    signer_id_token(c->signer, &c->batch, c->arena, jose_alg_named(c->service->id_token_alg), id_claims(c),
                    c->set->id_token_life_s, &r->id_token);
    flow_audit(c, "release", flow_decision(c)->rule, release_words(c->arena, &release), (struct str){ NULL, 0 });
}

/* Whoever lost the right, or the session, since the code was made gets nothing. */
static enum step make_tokens(struct ctx *c, struct fail *f)
{
    c->session = session_of(c, mine(c)->session, &mine(c)->found, f);
    if (c->session == NULL)
        return f->kind != FAIL_NONE ? REFUSE
                                    : (enum step)bad_grant(f, "the person's session has ended since code was made");
    c->person = c->session->person;
    if (flow_decide(c)->effect != EFFECT_ALLOW)
        return bad_grant(f, "the person may not use this service any more");
    flow_compare_told(c);
    ask_for_tokens(c);
    return WAIT;
}

static enum step check_tokens(struct ctx *c, struct fail *f)
{
    struct redemption *r = mine(c);

    if (r->stored.outcome != KV_HIT || r->mark.outcome == KV_DOWN)
        return kv_away(f, "token");
    if (!r->id_token.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", r->id_token.error);
    if (!flow_audited(c, f))
        return REFUSE;
    r->ended.outcome = KV_MISS;
    if (r->mark.outcome == KV_MISS)
        return NEXT;
    /* The code came a second time while the first was being answered: one answer, whose access token is dead. */
    kv_delete(c->kv, &c->batch, c->arena, &r->ended, KV_TOKEN, r->token_key);
    return WAIT;
}

static enum step answer(struct ctx *c, struct fail *f)
{
    const struct redemption *r = mine(c);
    struct json_out o = json_out(c->arena, ANSWER_MAX_B);

    if (r->ended.outcome == KV_DOWN)
        return kv_away(f, "token");
    json_begin_object(&o);
    json_put_str(&o, S("access_token"), r->token);
    json_put_str(&o, S("token_type"), S("Bearer"));
    json_put_int(&o, S("expires_in"), access_life_s(c));
    json_put_str(&o, S("scope"), r->code.scope);
    json_put_str(&o, S("id_token"), r->id_token.value);
    json_end_object(&o);
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_header_set(c->res, S("Pragma"), S("no-cache"));
    http_body(c->res, 200, S("application/json"), json_done(&o));
    return DONE;
}

const struct step_row oidc_token[] = { { authenticate }, { check_grant },  { take_code }, { check_code },
                                       { make_tokens },  { check_tokens }, { answer },    { NULL } };
