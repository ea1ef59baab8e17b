/* SPDX-License-Identifier: EUPL-1.2
 * Somebody brings an access token to an endpoint of ours.  [RFC 6750 2, 3, RFC 9449 7, RFC 8705 3] */
#include "gateway/oidc/tokens/tokens.h"

#include "wire/form.h"
#include "wire/http.h"

static struct token_brought *mine(const struct ctx *c)
{
    return c->state;
}

/* [RFC 6750 3]: what stands in the body stands in the header as well. */
static enum step challenge(struct ctx *c, const struct fail *f)
{
    token_challenge(c, mine(c)->by_dpop ? "DPoP" : "Bearer", f);
    return REFUSE;
}

enum step token_refuse(struct ctx *c, struct fail *f, const char *why)
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
    struct token_brought *a = mine(c);
    struct str token = { NULL, 0 }, field = http_field(c->req, S("Authorization")),
               body = form_get(c->body, S("access_token"));

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
        return token_refuse(c, f, "the token is too long");
    token_ask(c, &a->shown, token);
    return WAIT;
}

static enum step find_whose(struct ctx *c, struct fail *f)
{
    struct token_shown *t = &mine(c)->shown;

    if (!token_ask_whose(c, t, f))
        return f->kind != FAIL_NONE ? REFUSE : token_refuse(c, f, t->why);
    return WAIT;
}

static enum step ask_holder(struct ctx *c, struct fail *f)
{
    const struct token_brought *a = mine(c);

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
    const struct token_brought *a = mine(c);
    const struct binding *bound = &a->shown.record.bound;
    const char *why;

    if (a->by_dpop != str_is_set(bound->jkt))
        return token_refuse(c, f,
                            a->by_dpop ? "it is bound to no key, and came by the scheme DPoP"
                                       : "it is bound to a key (DPoP), and came as a bearer's");
    return binding_proven(c, bound, &why) ? (enum step)passed(c, CHECK_token_good) : token_refuse(c, f, why);
}

const struct step_row token_bring[] = { { read_token }, { find_whose }, { ask_holder }, { check_holder }, { NULL } };
