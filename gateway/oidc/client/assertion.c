/* SPDX-License-Identifier: EUPL-1.2
 * Signed assertions: by a key of the service, or over its secret.  [RFC 7523 3, OIDC Core 9, FAPI 2.0 5.3.2.1] */
#include "gateway/oidc/client/int.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "gateway/oidc/client/keys.h"
#include "gateway/oidc/oidc.h"
#include "gateway/once.h"
#include "wire/http.h"
#include "wire/jose.h"

#include <string.h>

/* Clocks may differ by so much: FAPI lets nbf and iat be 10 s ahead and no more than 60 [5.3.2.1].  An assertion is
 * kept as long as it is good, so that it is good once. */
enum { ASSERTION_SKEW_S = 60, ASSERTION_LIFE_S = 3600, FAPI_LIFE_S = 600 };

/* ── whom it is for ─────────────────────────────────────────────────────── */

/* The issuer, which FAPI wants alone; else the endpoint that was asked as well, or the token endpoint, which RFC 7523
 * named first. */
static bool is_us(struct ctx *c, struct str said)
{
    const struct oidc_names known[] = { oidc_names_of(c, S("")), oidc_names_of(c, S("/oidc/token")),
                                        oidc_names_of(c, c->req->path) };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        for (size_t k = 0; k < sizeof known->at / sizeof *known->at; k++)
            if (str_eq(said, known[i].at[k]))
                return true;
    return false;
}

/* Who names another party as well may have made it for that one: it could then bring it to us. */
static bool is_for_us(struct ctx *c, const struct json_value *aud)
{
    bool list = aud != NULL && aud->type == JSON_ARRAY;

    if (aud == NULL || (list && aud->count == 0))
        return false;
    for (const struct json_value *v = list ? aud->first : aud; v != NULL; v = list ? v->next : NULL)
        if (v->type != JSON_STR || !is_us(c, v->text))
            return false;
    return true;
}

/* ── verifying ──────────────────────────────────────────────────────────── */

static struct jose_rules rules_for(struct ctx *c, const struct service *s)
{
    bool fapi = s->client.fapi;
    struct jose_rules rules = {
        .blame = FAIL_CLIENT_AUTH,
        .algs = fapi ? JOSE_FAPI : JOSE_EVERY,
        .iss = asker_of(c)->id,
        .aud = oidc_names_of(c, S("")).at[0],
        .aud_rule = fapi ? AUD_MUST : AUD_ANY, /* is_for_us() looks */
        .aud_one = fapi,
        .jti_must = true,
        .iat_optional = true,
        .now_s = c->now_s,
        .skew_s = ASSERTION_SKEW_S,
        .life_max_s = fapi ? FAPI_LIFE_S : ASSERTION_LIFE_S,
    };

    if (str_is_set(s->client.auth_alg))
        rules.algs &= JOSE_BIT(jose_alg_named(s->client.auth_alg));
    return rules;
}

static bool is_over_secret(struct ctx *c)
{
    return str_eq(asker_of(c)->method->word, S("client_secret_jwt"));
}

static bool verify(struct ctx *c, struct jose_claims *claims, struct fail *why)
{
    const struct asker *asker = asker_of(c);
    const struct service *s = asker->row;
    const struct jose_rules rules = rules_for(c, s);
    struct str secret;

    if (!is_over_secret(c))
        return client_keys_of(c) != NULL
                   ? jose_verify(c->arena, asker->assertion, client_keys_of(c), &rules, claims, why)
                   : fail(why, FAIL_CLIENT_AUTH, "no_keys", "%s", client_keys_trouble(c));
    if (!seal_secret_open(c->arena, c->seals, arena_join(c->arena, S("service:"), s->id), s->client.secret_sealed,
                          &secret))
        return fail(why, FAIL_CLIENT_AUTH, "secret_sealed", "secret_value does not open");
    return jose_verify_secret(c->arena, asker->assertion, secret, &rules, claims, why);
}

static bool judge(struct ctx *c, struct jose_claims *claims, struct fail *why)
{
    const struct asker *asker = asker_of(c);

    if (!verify(c, claims, why))
        return false;
    if (!str_eq(claims->sub, asker->id))
        return fail(why, FAIL_CLIENT_AUTH, "sub_wrong", "sub is not the service");
    if (!asker->row->client.fapi && !is_for_us(c, json_get(claims->all, S("aud"))))
        return fail(why, FAIL_CLIENT_AUTH, "aud_wrong", "aud is not the issuer or the endpoint, and nobody else");
    return true;
}

/* ── the steps ──────────────────────────────────────────────────────────── */

static enum step ask_for_keys(struct ctx *c, struct fail *f)
{
    (void)f;
    c->service = asker_of(c)->row;
    return is_over_secret(c) ? NEXT : step_into(c, client_keys);
}

/* It may be signed by a key that is newer than our copy. */
static enum step look_for_newer(struct ctx *c, struct fail *f)
{
    struct jose_claims claims;
    struct fail why = { 0 };

    (void)f;
    if (is_over_secret(c) || !str_is_set(c->service->client.jwks_uri))
        return NEXT;
    return judge(c, &claims, &why) || !jose_is_about_keys(why.code) ? NEXT : step_into(c, client_keys_anew);
}

static enum step settle(struct ctx *c, struct fail *f)
{
    struct jose_claims claims;
    struct fail why = { 0 };

    (void)f;
    if (judge(c, &claims, &why)) {
        /* Once [RFC 7523 3 (7)]. */
        once_ask(c, "ca:", asker_of(c)->id, claims.jti, jose_born_s(&claims),
                 claims.exp_s - c->now_s + ASSERTION_SKEW_S + 1, &asker_of(c)->mark);
        return WAIT;
    }
    (void)asker_refuse(c, "client_assertion: %s: %s", why.code, why.detail);
    if (!is_over_secret(c) || strcmp(why.code, "signature_invalid") != 0)
        return NEXT;
    count_wrong_secret(c);
    return WAIT;
}

const struct step_row by_assertion[] = { { ask_for_keys }, { look_for_newer }, { settle }, { NULL } };
