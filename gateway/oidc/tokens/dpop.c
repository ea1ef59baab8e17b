/* SPDX-License-Identifier: EUPL-1.2
 * [RFC 9449, RFC 8705 3] */
#include "gateway/oidc/tokens/dpop.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/answer.h"
#include "gateway/oidc/oidc.h"
#include "gateway/oidc/tokens/proof.h"
#include "gateway/once.h"
#include "wire/cert.h"
#include "wire/http.h"
#include "wire/kv.h"

#include <string.h>

/* A nonce is good for so long; from the half of it on a new one goes along with the answer [RFC 9449 8.2]. */
enum { NONCE_LIFE_S = 300, NONCE_MAX_TEXT_B = 256 };

struct holder {
    struct str token; /* that the proof must be for */
    struct proof proof;
    struct kv_got mark;
    bool proven;
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

/* ── nonces ─────────────────────────────────────────────────────────────── */

/* Nothing is kept of them: a nonce is the sealed time at which it was made. */
static const struct str nonce_place = S("dpop-nonce");

static void give_nonce(struct ctx *c)
{
    struct str sealed = seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, nonce_place,
                                   arena_printf(c->arena, "%lld", (long long)c->now_s));

    http_header_set(c->res, S("DPoP-Nonce"), b64url_encode(c->arena, sealed));
}

/* How long ago we made it; negative: not ours. */
static int64_t nonce_age_s(struct ctx *c, struct str nonce)
{
    struct str sealed, plain;
    int64_t made_s;

    if (nonce.n > NONCE_MAX_TEXT_B || !b64url_decode(c->arena, nonce, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, nonce_place, sealed, &plain) || !str_int(plain, &made_s))
        return -1;
    return c->now_s > made_s ? c->now_s - made_s : 0;
}

/* Whoever can run a script in a browser that holds a key can make proofs for later; a nonce ends them with it.  Public
 * services are the ones whose keys lie in browsers; others prove who they are besides. */
static bool nonce_is_due(const struct ctx *c)
{
    return c->service != NULL && service_is_public(c->service);
}

static int want_nonce(struct ctx *c, struct fail *f, const char *why)
{
    give_nonce(c);
    return fail(f, FAIL_CALLER, "use_dpop_nonce", "%s", why);
}

static bool nonce_fits(struct ctx *c, struct str nonce, struct fail *f)
{
    if (nonce.p == NULL)
        return !nonce_is_due(c) || want_nonce(c, f, "the DPoP proof needs the nonce that the DPoP-Nonce field has");
    int64_t age_s = nonce_age_s(c, nonce);
    if (age_s < 0 || age_s >= NONCE_LIFE_S)
        return want_nonce(c, f, "the nonce of the DPoP proof is too old, or none of ours: use the one in DPoP-Nonce");
    if (age_s >= NONCE_LIFE_S / 2)
        give_nonce(c);
    return true;
}

/* ── the proof ──────────────────────────────────────────────────────────── */

static size_t proofs_in(const struct ctx *c, struct str *text)
{
    size_t n = 0;

    for (size_t i = 0; i < c->req->field_count; i++)
        if (str_eq_case(c->req->fields[i].name, S("DPoP"))) {
            *text = c->req->fields[i].value;
            n++;
        }
    return n;
}

static void add_challenge(struct ctx *c, const char *scheme, const struct fail *f)
{
    struct buf b = buf_new(c->arena, 8192);
    bool dpop = strcmp(scheme, "DPoP") == 0;

    buf_printf(&b, "%s realm=\"digione\"", scheme);
    if (f != NULL)
        buf_printf(&b, ", error=\"%s\", error_description=\"%.*s\"", f->code, STR_ARG(answer_description(c, f)));
    if (dpop)
        buf_add(&b, S(", algs=\"" DPOP_ALGS "\""));
    http_header(c->res, S("WWW-Authenticate"), buf_str(&b));
}

void token_challenge(struct ctx *c, const char *scheme, const struct fail *f)
{
    if (scheme == NULL || strcmp(scheme, "Bearer") == 0)
        add_challenge(c, "Bearer", scheme != NULL ? f : NULL);
    if (scheme == NULL || strcmp(scheme, "DPoP") == 0)
        add_challenge(c, "DPoP", scheme != NULL ? f : NULL);
}

/* [RFC 9449 7.1]: there it is the access token that does not do. */
static enum step refused(struct ctx *c, struct fail *f)
{
    if (holder_of(c)->token.p == NULL || f->kind != FAIL_CALLER)
        return REFUSE;
    f->kind = FAIL_CLIENT_AUTH;
    f->told = arena_cstr(c->arena, str_of(f->detail));
    token_challenge(c, "DPoP", f);
    return REFUSE;
}

static struct str method_of(const struct ctx *c)
{
    return c->req->method == HTTP_POST ? S("POST") : S("GET");
}

static enum step verify(struct ctx *c, struct fail *f)
{
    struct holder *h = holder_of(c);
    struct str text = { NULL, 0 };
    const struct oidc_names names = oidc_names_of(c, c->req->path);
    const struct proof_rules rules = { .method = method_of(c),
                                       .urls = { names.at[0], names.at[1] },
                                       .token = h->token,
                                       .fapi = c->service != NULL && c->service->client.fapi,
                                       .now_s = c->now_s };
    size_t n = proofs_in(c, &text);

    h->mark.outcome = KV_MISS;
    h->proven = false;
    if (n == 0)
        return NEXT;
    if (n > 1) {
        (void)fail(f, FAIL_CALLER, "invalid_dpop_proof", "there is more than one DPoP field");
        return refused(c, f);
    }
    if (!proof_verify(c->arena, text, &rules, &h->proof, f) || !nonce_fits(c, h->proof.nonce, f))
        return refused(c, f);
    struct str name = arena_printf(c->arena, "%.*s\n%.*s", STR_ARG(h->proof.jkt), STR_ARG(h->proof.jti));
    struct str mark = arena_join(c->arena, S("dpop:"), b64url_encode(c->arena, sha256(c->arena, name)));
    once_mark(c, mark, h->proof.ends_s - PROOF_AGE_S - 1, h->proof.ends_s - c->now_s + c->set->jose_skew_s, &h->mark);
    h->proven = true;
    return WAIT;
}

/* A proof is for one request [RFC 9449 11.1]. */
static enum step settle(struct ctx *c, struct fail *f)
{
    struct holder *h = holder_of(c);

    if (h->mark.outcome == KV_MISS)
        return NEXT;
    h->proven = false;
    if (h->mark.outcome == KV_DOWN)
        return kv_away(f, "DPoP proof");
    (void)fail(f, FAIL_CALLER, "invalid_dpop_proof", "the DPoP proof was used before: make one for each request");
    return refused(c, f);
}

const struct step_row dpop_rows[] = { { verify }, { settle }, { NULL } };

struct str dpop_jkt(const struct ctx *c)
{
    return c->holder != NULL && c->holder->proven ? c->holder->proof.jkt : (struct str){ NULL, 0 };
}

struct str certificate_x5t(struct ctx *c)
{
    const struct cert *cert = oidc_certificate(c);

    return cert != NULL ? cert->x5t : (struct str){ NULL, 0 };
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
