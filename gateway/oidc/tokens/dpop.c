/* SPDX-License-Identifier: EUPL-1.2
 * [RFC 9449, RFC 8705 3] */
#include "gateway/oidc/tokens/dpop.h"

#include "wire/http.h"

struct holder {
    struct str token; /* that the proof must be for */
    struct str jkt;   /* proven */
};

static struct holder *holder_of(struct ctx *c)
{
    if (c->holder == NULL)
        c->holder = arena_make(c->arena, struct holder);
    return c->holder;
}

void dpop_for_token(struct ctx *c, struct str token)
{
    holder_of(c)->token = token;
}

static enum step verify(struct ctx *c, struct fail *f)
{
    if (http_field(c->req, S("DPoP")).p == NULL)
        return NEXT;
    return fail(f, FAIL_CALLER, "invalid_dpop_proof", "DPoP proofs are not accepted yet");
}

const struct step_row dpop_rows[] = { { verify }, { NULL } };

struct str dpop_jkt(const struct ctx *c)
{
    return c->holder != NULL ? c->holder->jkt : (struct str){ NULL, 0 };
}

struct str certificate_x5t(struct ctx *c)
{
    (void)c;
    return (struct str){ NULL, 0 };
}

/* ── what a token is bound to ───────────────────────────────────────────── */

bool binding_to_issue(struct ctx *c, struct binding *out, struct fail *f)
{
    const struct client *row = &c->service->client;

    *out = (struct binding){ .jkt = dpop_jkt(c) };
    if (row->tls_bound || (row->fapi && !str_is_set(out->jkt)))
        out->x5t = certificate_x5t(c);
    if (row->dpop_bound && !str_is_set(out->jkt))
        return fail(f, FAIL_CALLER, "invalid_dpop_proof",
                    "the DPoP field is missing: tokens of this service are bound to a key (dpop_bound_access_tokens)");
    if (row->tls_bound && !str_is_set(out->x5t))
        return fail(f, FAIL_CALLER, "invalid_request",
                    "no certificate came: tokens of this service are bound to one "
                    "(tls_client_certificate_bound_access_tokens)");
    if (row->fapi && !binding_is_set(out))
        return fail(f, FAIL_CALLER, "invalid_request",
                    "the DPoP field is missing: tokens of this service are bound to a key (fapi)");
    return true;
}

bool binding_proven(struct ctx *c, const struct binding *bound, const char **why)
{
    *why = NULL;
    if (str_is_set(bound->jkt) && !str_eq(bound->jkt, dpop_jkt(c)))
        *why =
            dpop_jkt(c).p == NULL ? "it is bound to a key, and no DPoP proof came" : "the DPoP proof has another key";
    else if (str_is_set(bound->x5t) && !str_eq(bound->x5t, certificate_x5t(c)))
        *why = certificate_x5t(c).p == NULL ? "it is bound to a certificate, and none came"
                                            : "it is bound to another certificate";
    return *why == NULL;
}

bool binding_is_set(const struct binding *b)
{
    return str_is_set(b->jkt) || str_is_set(b->x5t);
}

struct str binding_token_type(const struct binding *b)
{
    return str_is_set(b->jkt) ? S("DPoP") : S("Bearer");
}

void binding_put(struct json_out *o, const struct binding *b)
{
    if (!binding_is_set(b))
        return;
    json_key(o, S("cnf"));
    json_begin_object(o);
    if (str_is_set(b->jkt))
        json_put_str(o, S("jkt"), b->jkt);
    if (str_is_set(b->x5t))
        json_put_str(o, S("x5t#S256"), b->x5t);
    json_end_object(o);
}
