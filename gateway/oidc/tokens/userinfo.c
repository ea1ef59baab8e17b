/* SPDX-License-Identifier: EUPL-1.2
 * What a service may know, asked with its access token.  [OIDC Core 5.3, RFC 6750] */
#include "gateway/oidc/tokens/tokens.h"

#include "gateway/consent.h"
#include "gateway/oidc/tokens/envelope.h"
#include "gateway/release.h"
#include "gateway/session/session.h"
#include "model/pairwise.h"
#include "wire/form.h"
#include "wire/http.h"

struct asked {
    struct token_shown shown;
    bool by_dpop; /* the scheme that it came by [RFC 9449 7.1] */
    struct str claims;
    struct envelope sealed;  /* where the row wants it signed */
    struct str token, words; /* token: absent: the claims go out as they are */
};

enum { AUD_MAX_B = 1024 };

/* [RFC 6750 3]: what stands in the body stands in the header as well. */
static enum step challenge(struct ctx *c, const struct fail *f)
{
    const struct asked *a = c->state;

    token_challenge(c, a->by_dpop ? "DPoP" : "Bearer", f);
    return REFUSE;
}

/* One answer for every way of not being a good token; the log says which. */
static enum step bad_token(struct ctx *c, struct fail *f, const char *why)
{
    (void)fail_told(f, FAIL_CLIENT_AUTH, "invalid_token",
                    "the access token is unknown, has ended, or its person may not "
                    "use the service any more",
                    "%s", why);
    return challenge(c, f);
}

static enum step bad_request(struct ctx *c, struct fail *f, const char *why)
{
    (void)fail(f, FAIL_CALLER, "invalid_request", "%s", why);
    return challenge(c, f);
}

static enum step read_token(struct ctx *c, struct fail *f)
{
    struct asked *a = arena_make(c->arena, struct asked);
    struct str token = { NULL, 0 }, field = http_field(c->req, S("Authorization")),
               body = form_get(c->body, S("access_token"));

    c->state = a;
    if (form_get(c->query, S("access_token")).p != NULL)
        return bad_request(
            c, f, "access_token comes in the query, where logs keep it: it belongs into the Authorization field");
    if (field.p != NULL && body.p != NULL)
        return bad_request(c, f, "access_token comes in two ways at once: in the Authorization field and in the body");
    if (body.p != NULL)
        token = body;
    else if (!str_is_set(token = http_credentials(c->req, S("Bearer"))))
        a->by_dpop = str_is_set(token = http_credentials(c->req, S("DPoP")));
    if (!str_is_set(token)) {
        token_challenge(c, NULL, NULL);
        return fail_told(f, FAIL_CLIENT_AUTH, "invalid_request",
                         "there is no access token: Authorization: Bearer (or DPoP) is missing", "no access token");
    }
    if (token.n > TOKEN_SHOWN_MAX_B)
        return bad_token(c, f, "the token is too long");
    token_ask(c, &a->shown, token);
    return WAIT;
}

static enum step find_person(struct ctx *c, struct fail *f)
{
    struct token_shown *t = &((struct asked *)c->state)->shown;

    if (!token_ask_whose(c, t, f))
        return f->kind != FAIL_NONE ? REFUSE : bad_token(c, f, t->why);
    return WAIT;
}

static enum step ask_holder(struct ctx *c, struct fail *f)
{
    const struct asked *a = c->state;

    (void)f;
    if (!a->by_dpop)
        return NEXT;
    dpop_for_token(c, a->shown.token);
    return step_into(c, dpop_rows);
}

/* Whoever has a bound token without its key has stolen it; and it is not made a bearer's by being sent as one
 * [RFC 9449 7.1, 7.2, RFC 8705 3]. */
static enum step check_holder(struct ctx *c, struct fail *f)
{
    const struct asked *a = c->state;
    const struct binding *bound = &a->shown.record.bound;
    const char *why;

    if (a->by_dpop != str_is_set(bound->jkt))
        return bad_token(c, f,
                         a->by_dpop ? "it is bound to no key, and came by the scheme DPoP"
                                    : "it is bound to a key (DPoP), and came as a bearer's");
    return binding_proven(c, bound, &why) ? NEXT : bad_token(c, f, why);
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

    if (!token_person(c, &a->shown, f))
        return f->kind != FAIL_NONE ? REFUSE : bad_token(c, f, a->shown.why);
    if (c->person == NULL)
        return bad_token(c, f, "the token is the service's own, and of no person");
    if (str_is_set(a->shown.record.resources))
        return bad_token(c, f, "the token is for another resource");
    const struct decision *decision = flow_decide(c);
    if (decision->effect != EFFECT_ALLOW)
        return bad_token(c, f, "policy says no by now");
    flow_compare_told(c);
    struct claims_asked asked = { 0 };
    struct fail unreadable = { 0 }; /* it was read when it came */
    (void)claims_asked_read(c->arena, a->shown.record.claims, &asked, &unreadable);
    const struct release r = { .registry = c->registry,
                               .person = c->person,
                               .service = c->service,
                               .decision = decision,
                               .sub = pairwise_sub(c->arena, c->seals, c->person->id, c->service->vendor),
                               .scope = a->shown.record.scope,
                               .consented = consent_of(c, a->shown.record.consented),
                               .asked = &asked.userinfo,
                               .lang = c->lang,
                               .now = flow_circumstances(c) };
    a->claims = release_claims(c->arena, &r);
    a->words = release_words(c->arena, &r);
    if (a->claims.p == NULL)
        return fail(f, FAIL_OURS, "server_error", "the claims are too large");
    if (!is_signed(c))
        return NEXT;
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

static enum step answer(struct ctx *c, struct fail *f)
{
    const struct asked *a = c->state;

    if (!flow_audited(c, f))
        return REFUSE;
    if (a->token.p != NULL)
        http_body(c->res, 200, S("application/jwt"), a->token);
    else
        http_body(c->res, 200, S("application/json"), a->claims);
    return DONE;
}

const struct step_row oidc_userinfo[] = { { read_token }, { find_person }, { ask_holder }, { check_holder }, { decide },
                                          { find_keys },  { note },        { answer },     { NULL } };
