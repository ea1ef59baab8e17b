/* SPDX-License-Identifier: EUPL-1.2
 * What a service may know, asked with its access token.  [OIDC Core 5.3, RFC 6750] */
#include "gateway/oidc/tokens/tokens.h"

#include "gateway/consent.h"
#include "gateway/oidc/tokens/envelope.h"
#include "gateway/oidc/trial.h"
#include "gateway/release.h"
#include "gateway/session/session.h"
#include "gateway/tested.h"
#include "model/pairwise.h"
#include "wire/form.h"
#include "wire/http.h"

struct asked {
    struct token_brought by;
    struct str claims;
    struct envelope sealed;  /* where the row wants it signed */
    struct str token, words; /* token: absent: the claims go out as they are */
    struct trial_name trial; /* trial.h: it is of one, and of nobody */
    struct kv_got marked;
};

enum { AUD_MAX_B = 1024 };

static const struct step_row tried[];

static enum step read_token(struct ctx *c, struct fail *f)
{
    struct asked *a = c->state = arena_make(c->arena, struct asked);

    (void)f;
    return step_into(c, trial_token_read(c, &a->trial) ? tried : token_bring);
}

static bool is_signed(const struct ctx *c)
{
    return envelope_alg(c->service, ENVELOPE_USERINFO) != JOSE_NONE;
}

/* As a token it says for whom it is; iss is the signer's [OIDC Core 5.3.2]. */
static struct str with_aud(struct ctx *c, struct str claims)
{
    struct json_out o = json_out(c->arena, RELEASE_MAX_B + AUD_MAX_B);

    if (claims.p == NULL)
        return claims;
    json_begin_object(&o);
    json_put_str(&o, S("aud"), c->service->client_id);
    json_raw(&o, str_sub(claims, 1, claims.n - 2));
    json_end_object(&o);
    return json_done(&o);
}

static enum step decide(struct ctx *c, struct fail *f)
{
    struct asked *a = c->state;

    if (!token_person(c, &a->by.shown, f))
        return f->kind != FAIL_NONE ? REFUSE : token_refuse(c, f, a->by.shown.why);
    if (c->person == NULL)
        return token_refuse(c, f, "the token is the service's own, and of no person");
    if (str_is_set(a->by.shown.record.resources))
        return token_refuse(c, f, "the token is for another resource");
    const struct decision *decision = flow_decide(c);
    if (decision->effect != EFFECT_ALLOW)
        return token_refuse(c, f, "policy says no by now");
    check_passed(c, CHECK_token_person);
    flow_compare_told(c);
    struct claims_asked asked = { 0 };
    struct fail unreadable = { 0 }; /* it was read when it came */
    (void)claims_asked_read(c->arena, a->by.shown.record.claims, &asked, &unreadable);
    const struct release r = { .registry = c->registry,
                               .person = c->person,
                               .service = c->service,
                               .decision = decision,
                               .sub = pairwise_sub(c->arena, c->seals, c->person->id, c->service->vendor),
                               .child = release_child(c->arena, c->seals, c->person, c->service->vendor, c->now_s),
                               .scope = a->by.shown.record.scope,
                               .consented = consent_of(c, a->by.shown.record.consented),
                               .asked = &asked.userinfo,
                               .lang = c->lang,
                               .now = flow_circumstances(c) };
    a->claims = release_claims(c->arena, &r);
    a->words = release_words(c->arena, &r);
    if (a->claims.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the claims are too large");
    c->told = a->claims;
    tested_keep(c, TESTED_USERINFO, is_signed(c) ? with_aud(c, a->claims) : a->claims, a->words, &r);
    if (is_signed(c))
        envelope_ask(c, &a->sealed, c->service, ENVELOPE_USERINFO, with_aud(c, a->claims), 0);
    return WAIT;
}

static enum step find_keys(struct ctx *c, struct fail *f)
{
    (void)f;
    return envelope_encrypts(c->service, ENVELOPE_USERINFO) ? step_into(c, client_keys) : NEXT;
}

static bool make_token(struct ctx *c, struct asked *a, struct fail *f)
{
    if (is_signed(c))
        return envelope_take(c, &a->sealed, client_keys_of(c), &a->token, f);
    return !envelope_encrypts(c->service, ENVELOPE_USERINFO) ||
           envelope_plain(c, c->service, ENVELOPE_USERINFO, a->claims, client_keys_of(c), &a->token, f);
}

/* Once it is made: what could not be signed has not been released. */
static enum step note(struct ctx *c, struct fail *f)
{
    struct asked *a = c->state;

    if (!make_token(c, a, f))
        return REFUSE;
    flow_audit(c, "release", flow_decision(c)->rule, a->words, S("userinfo"));
    return WAIT;
}

static enum step say(struct ctx *c, const struct asked *a)
{
    if (a->token.p != NULL)
        http_body(c->res, 200, S("application/jwt"), a->token);
    else
        http_body(c->res, 200, S("application/json"), a->claims);
    check_passed(c, CHECK_claims_given);
    return DONE;
}

static enum step answer(struct ctx *c, struct fail *f)
{
    return flow_audited(c, f) ? say(c, c->state) : REFUSE;
}

/* ── a trial at the gate: nobody is told of ─────────────────────────────── */

static enum step try_claims(struct ctx *c, struct fail *f)
{
    struct asked *a = c->state;

    (void)f;
    a->claims = trial_claims(c, &a->trial);
    gate_mark(c, a->trial.id, MARK_OPENED, &a->marked);
    if (is_signed(c))
        envelope_ask(c, &a->sealed, c->service, ENVELOPE_USERINFO, with_aud(c, a->claims), 0);
    return WAIT;
}

static enum step try_answer(struct ctx *c, struct fail *f)
{
    struct asked *a = c->state;

    if (a->marked.outcome != KV_HIT)
        return kv_away(f, "mark of a trial");
    return make_token(c, a, f) ? say(c, a) : REFUSE;
}

static const struct step_row tried[] = { { try_claims }, { find_keys }, { try_answer }, { NULL } };

const struct step_row oidc_userinfo[] = { { read_token }, { decide }, { find_keys }, { note }, { answer }, { NULL } };
