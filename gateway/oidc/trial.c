/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/trial.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/pause.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/oidc/client/keys.h"
#include "gateway/oidc/logout/leave.h"
#include "gateway/oidc/modes.h"
#include "gateway/oidc/tokens/envelope.h"
#include "gateway/service_keys.h"
#include "wire/fetch.h"
#include "wire/http.h"
#include "wire/jose.h"
#include "wire/json.h"

enum { CODE_LIFE_S = 120, TOKEN_LIFE_S = 300, ANSWER_MAX_B = 65536, CLAIMS_MAX_B = 4096, NAME_MAX_B = 512 };

static const struct str code_place = S("gate code"), token_place = S("gate token"),
                        wrong_word = S("digione-gate-wrong"), wrong_issuer = S(GATE_WRONG_ISSUER);

/* ── names: sealed, so that they prove by themselves of which trial they are ─────────────────────────────────── */

static struct str name_seal(struct ctx *c, struct str place, const struct trial_name *t, struct str more)
{
    struct str plain = arena_printf(c->arena, "%.*s %s %.*s", STR_ARG(t->id), t->trial->word, STR_ARG(more));

    return b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_SESSION, place, plain));
}

static bool name_open(struct ctx *c, struct str place, struct str text, struct trial_name *t, struct str *more)
{
    struct str sealed, word;

    if (text.n > NAME_MAX_B || !b64url_decode(c->arena, text, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_SESSION, place, sealed, more) || !str_split(more, ' ', &t->id) ||
        !str_split(more, ' ', &word))
        return false;
    t->trial = gate_trial_named(word);
    return t->trial != NULL;
}

static struct str record_key(struct arena *a, struct str code)
{
    return arena_join(a, S("code:"), code_key(a, code));
}

/* ── the authorization endpoint ─────────────────────────────────────────── */

struct trying { /* c->state */
    struct gate_run run;
    struct kv_got taken, asked, exempt, stored;
    struct answer_fields fields;
};

static struct trying *mine(const struct ctx *c)
{
    return c->state;
}

/* What its request lacks cannot be wrong in the answer: PKCE does instead [RFC 9700 2.1.1, 4.7]. */
static bool is_exempt(const struct login *l, enum gate_alter alter)
{
    bool state = alter == ALTER_STATE || alter == ALTER_NO_STATE;

    return str_is_set(l->code_challenge) &&
           ((state && !str_is_set(l->state_out)) || (alter == ALTER_NONCE && !str_is_set(l->nonce)));
}

static enum step take(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);

    (void)f;
    gate_take(c, &t->run, &t->taken);
    gate_mark(c, t->run.id, MARK_ASKED, &t->asked);
    t->exempt.outcome = KV_HIT;
    if (is_exempt(c->login, t->run.trial->alter))
        gate_mark(c, t->run.id, MARK_EXEMPT, &t->exempt);
    return WAIT;
}

/* As another browser's sign-in would have left it. */
static void of_another(struct ctx *c, struct code_record *r)
{
    if (str_is_set(r->challenge))
        r->challenge = b64url_encode(c->arena, sha256(c->arena, crypt_token(c->arena, c->world, 32)));
    r->nonce = str_is_set(r->nonce) ? crypt_token(c->arena, c->world, 16) : r->nonce;
}

static enum step make_code(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);
    const struct login *l = c->login;
    const struct trial_name name = { t->run.id, t->run.trial };
    struct code_record r = { .service = l->service,
                             .redirect_uri = l->answer_to,
                             .challenge = l->code_challenge,
                             .nonce = l->nonce,
                             .scope = l->scope,
                             .epoch = kv_epoch(c->kv),
                             .lang = l->lang,
                             .jkt = l->jkt,
                             .made_s = c->now_s };

    if (t->taken.outcome == KV_DOWN || t->asked.outcome == KV_DOWN || t->exempt.outcome == KV_DOWN || r.epoch.p == NULL)
        return kv_away(f, "trial");
    if (t->taken.outcome == KV_MISS)
        return NEXT;
    if (name.trial->kind == GATE_CODE)
        of_another(c, &r);
    struct str code = name_seal(c, code_place, &name, S("")), key = record_key(c->arena, code);
    answer_put(&t->fields, S("code"), code);
    kv_set(c->kv, &c->batch, c->arena, &t->stored, KV_TRIAL, key, code_seal(c, key, &r), CODE_LIFE_S);
    return WAIT;
}

static void alter_state(struct ctx *c, enum gate_alter alter)
{
    if (alter == ALTER_STATE)
        c->login->state_out = wrong_word;
    if (alter == ALTER_NO_STATE)
        c->login->state_out = (struct str){ NULL, 0 };
}

static enum step seal(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);

    if (t->taken.outcome != KV_HIT) /* it was answered before: what comes now is a sign-in */
        return NEXT;
    if (t->stored.outcome != KV_HIT)
        return kv_away(f, "code of a trial");
    alter_state(c, t->run.trial->alter);
    return answer_seal(c, &t->fields);
}

/* A signed answer has its iss by the signer, who writes no other: such a client is asked for nothing here. */
static void alter_iss(struct answer_fields *all, enum gate_alter alter)
{
    for (size_t i = 0; i < all->n; i++)
        if (alter == ALTER_ISS && str_eq(all->at[i].name, S("iss")))
            all->at[i].value = wrong_issuer;
}

static enum step lead_back(struct ctx *c, struct fail *f)
{
    struct trying *t = mine(c);

    if (t->taken.outcome != KV_HIT)
        return NEXT;
    log_event(LOG_INFO, "gate.answered", LOG_C("support_code", c->support_code), LOG_S("service", c->login->service),
              LOG_C("trial", t->run.trial->word));
    alter_iss(&t->fields, t->run.trial->alter);
    return answer_send(c, &t->fields, f);
}

static const struct step_row rows[] = { { take }, { make_code }, { seal }, { lead_back }, { NULL } };

enum step oidc_trial(struct ctx *c, struct fail *f)
{
    const struct service *s = registry_service(c->registry, c->login->service);
    struct gate_run run;

    (void)f;
    if (!gate_find(c, s, &run) || !protocol_oidc.may_answer(c))
        return NEXT;
    struct trying *t = c->state = arena_make(c->arena, struct trying);
    t->run = run;
    return step_into(c, rows);
}

/* ── the token endpoint ─────────────────────────────────────────────────── */

bool trial_code_read(struct ctx *c, struct str code, struct trial_name *out, struct str *key)
{
    struct str more;

    *out = (struct trial_name){ .trial = NULL };
    if (!name_open(c, code_place, code, out, &more))
        return false;
    *key = record_key(c->arena, code);
    return true;
}

void trial_redeemed(struct ctx *c, const struct trial_name *t, struct kv_got *got)
{
    gate_mark(c, t->id, MARK_REDEEMED, got);
}

struct issuing { /* c->state, from the first row on */
    const struct trial_grant *grant;
    struct kv_got unbound, key;
    struct str token, id_token;
    struct envelope sealed;
};

static struct issuing *issuing(const struct ctx *c)
{
    return c->state;
}

/* A code of another session that does not fit is what a right client meets. */
static enum step check_fit(struct ctx *c, struct fail *f)
{
    const struct trial_grant *g = c->state;
    struct issuing *i = arena_make(c->arena, struct issuing);

    i->grant = g;
    c->state = i;
    if (g->marked.outcome == KV_DOWN)
        return kv_away(f, "mark of a trial");
    if (!gate_has_trials(c->service))
        return fail(f, FAIL_CALLER, "invalid_grant", "code is of a trial, which this service cannot have any more");
    if (g->fits)
        return NEXT;
    gate_mark(c, g->of.id, MARK_UNBOUND, &i->unbound);
    return WAIT;
}

/* One person at each client: right ones and wrong ones are two, and both are nobody. */
static struct str sid_of(struct ctx *c)
{
    return str_sub(sha256_hex(c->arena, arena_join(c->arena, S("gate:"), c->service->id)), 0, 32);
}

static struct str id_claims(struct ctx *c)
{
    const struct issuing *i = issuing(c);
    const struct code_record *r = &i->grant->code;
    struct json_out o = json_out(c->arena, CLAIMS_MAX_B);

    json_begin_object(&o);
    if (i->grant->of.trial->alter == ALTER_NONCE)
        json_put_str(&o, S("nonce"), wrong_word);
    else if (str_is_set(r->nonce))
        json_put_str(&o, S("nonce"), r->nonce);
    json_put_int(&o, S("auth_time"), r->made_s);
    json_put_str(&o, S("sid"), sid_of(c));
    json_put_str(&o, S("at_hash"), jose_half_hash(c->arena, envelope_alg(c->service, ENVELOPE_ID_TOKEN), i->token));
    json_end_object(&o);
    return json_done(&o);
}

static enum step ask(struct ctx *c, struct fail *f)
{
    struct issuing *i = issuing(c);
    const struct trial_grant *g = i->grant;
    int64_t until_s = c->now_s + TOKEN_LIFE_S;

    if (!g->fits) {
        *f = g->why;
        return REFUSE;
    }
    i->token = name_seal(c, token_place, &g->of,
                         arena_printf(c->arena, "%.*s %lld", STR_ARG(c->service->id), (long long)until_s));
    i->sealed = (struct envelope){ .kind = ENVELOPE_ID_TOKEN,
                                   .service = c->service,
                                   .alg = envelope_alg(c->service, ENVELOPE_ID_TOKEN) };
    signer_gate(c->signer, &c->batch, c->arena, i->sealed.alg, g->of.trial->token, c->service->client_id, id_claims(c),
                &i->sealed.signed_as);
    return WAIT;
}

/* The key of a rolled one is shown before its token is told. */
static enum step alter(struct ctx *c, struct fail *f)
{
    struct issuing *i = issuing(c);
    struct str token = i->sealed.signed_as.value, jwk = token;

    (void)f;
    i->key.outcome = KV_HIT;
    if (!i->sealed.signed_as.ok)
        return NEXT;
    (void)str_split(&jwk, ' ', &token);
    i->sealed.signed_as.value = gate_token_altered(c->arena, i->grant->of.trial->alter, token);
    if (i->grant->of.trial->token != GATE_TOKEN_ROLLED_KEY)
        return NEXT;
    gate_key_show(c, jwk, &i->key);
    pause_ask(c->pauses, &c->batch, c->arena, GATE_KEY_SEEN_MS);
    return WAIT;
}

static enum step find_keys(struct ctx *c, struct fail *f)
{
    (void)f;
    return envelope_encrypts(c->service, ENVELOPE_ID_TOKEN) ? step_into(c, client_keys) : NEXT;
}

static enum step answer(struct ctx *c, struct fail *f)
{
    struct issuing *i = issuing(c);
    struct json_out o = json_out(c->arena, ANSWER_MAX_B);

    if (i->key.outcome == KV_DOWN)
        return kv_away(f, "key of a trial");
    if (!envelope_take(c, &i->sealed, client_keys_of(c), &i->id_token, f))
        return REFUSE;
    json_begin_object(&o);
    json_put_str(&o, S("access_token"), i->token);
    json_put_str(&o, S("token_type"), binding_token_type(&i->grant->bound));
    json_put_int(&o, S("expires_in"), TOKEN_LIFE_S);
    json_put_str(&o, S("scope"), i->grant->code.scope);
    json_put_str(&o, S("id_token"), i->id_token);
    json_end_object(&o);
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_header_set(c->res, S("Pragma"), S("no-cache"));
    http_body(c->res, 200, S("application/json"), json_done(&o));
    return DONE;
}

const struct step_row trial_issue[] = { { check_fit }, { ask }, { alter }, { find_keys }, { answer }, { NULL } };

/* ── a logout token ─────────────────────────────────────────────────────── */

struct leaving {
    struct gate_leaving *told;
    struct signed_got token;
    struct fetch_got got;
};

static struct str logout_claims(struct ctx *c)
{
    struct json_out o = json_out(c->arena, CLAIMS_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("jti"), crypt_token(c->arena, c->world, 16));
    json_put_str(&o, S("sid"), sid_of(c));
    leave_event_put(&o);
    json_end_object(&o);
    return json_done(&o);
}

static enum step leave_sign(struct ctx *c, struct fail *f)
{
    struct leaving *l = arena_make(c->arena, struct leaving);

    (void)f;
    l->told = c->state;
    c->state = l;
    signer_gate(c->signer, &c->batch, c->arena, envelope_alg(c->service, ENVELOPE_ID_TOKEN), l->told->trial->token,
                c->service->client_id, logout_claims(c), &l->token);
    return WAIT;
}

static enum step leave_post(struct ctx *c, struct fail *f)
{
    struct leaving *l = c->state;

    if (!l->token.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", l->token.error);
    const struct fetch_request request = {
        .purpose = FETCH_NOTICE,
        .post = true,
        .test = service_is_near(c->registry, c->service),
        .url = c->service->client.backchannel_logout_uri,
        .body = arena_join(c->arena, S("logout_token="), l->token.value),
        .content_type = S("application/x-www-form-urlencoded"),
        .accept = S("application/json, */*;q=0.1"),
        .place = arena_join(c->arena, S("gate:"), c->service->id),
    };
    fetch_ask(c->fetch, &c->batch, c->arena, &request, &l->got);
    return WAIT;
}

static enum step leave_heard(struct ctx *c, struct fail *f)
{
    struct leaving *l = c->state;

    (void)f;
    l->told->status = l->got.answered ? l->got.status : 0;
    c->state = l->told;
    return NEXT;
}

const struct step_row trial_leave[] = { { leave_sign }, { leave_post }, { leave_heard }, { NULL } };

/* ── userinfo ───────────────────────────────────────────────────────────── */

bool trial_token_read(struct ctx *c, struct trial_name *out)
{
    struct str token = http_credentials(c->req, S("Bearer")), rest, service;
    int64_t until_s;

    *out = (struct trial_name){ .trial = NULL };
    if (!str_is_set(token))
        token = http_credentials(c->req, S("DPoP"));
    if (!str_is_set(token) || !name_open(c, token_place, token, out, &rest) || !str_split(&rest, ' ', &service) ||
        !str_int(rest, &until_s) || until_s <= c->now_s)
        return false;
    const struct service *s = registry_service(c->registry, service);
    if (s == NULL || !gate_has_trials(s))
        return false;
    c->service = s;
    return true;
}

struct str trial_claims(struct ctx *c, const struct trial_name *t)
{
    struct json_out o = json_out(c->arena, CLAIMS_MAX_B);
    bool right = t->trial->token == GATE_TOKEN_RIGHT || t->trial->token == GATE_TOKEN_ROLLED_KEY;

    json_begin_object(&o);
    json_put_str(&o, S("sub"), right ? S(GATE_SUB_RIGHT) : S(GATE_SUB_WRONG));
    json_put_str(&o, S("given_name"), S(GATE_GIVEN));
    json_put_str(&o, S("family_name"), right ? S(GATE_RIGHT) : S(GATE_WRONG));
    json_put_str(&o, S("name"), right ? S("Portti Oikea") : S("Portti Väärä"));
    json_end_object(&o);
    return json_done(&o);
}
