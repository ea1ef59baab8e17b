/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/upstream_oidc.h"

#include "base/log.h"
#include "idp-adapters/refusals.h"

enum { URL_MAX_B = 2048 };

struct document { /* what must be there */
    struct str issuer, authorization_endpoint, token_endpoint, jwks_uri;
};

static const struct json_field document_fields[] = {
    FIELD(document, issuer, JSON_STR, true, URL_MAX_B),
    FIELD(document, authorization_endpoint, JSON_STR, true, URL_MAX_B),
    FIELD(document, token_endpoint, JSON_STR, true, URL_MAX_B),
    FIELD(document, jwks_uri, JSON_STR, true, URL_MAX_B),
    { 0 },
};

/* An optional list; NULL when there is nothing in it. */
static const struct json_value *list_of(const struct json_value *document, struct str name)
{
    const struct json_value *v = json_get(document, name);

    return v != NULL && v->type == JSON_ARRAY && v->count > 0 ? v : NULL;
}

static bool says(const struct json_value *document, struct str name, bool what)
{
    const struct json_value *v = json_get(document, name);

    return v != NULL && v->type == JSON_BOOL && v->boolean == what;
}

static unsigned algs_of(const struct json_value *list)
{
    unsigned algs = 0;

    if (list != NULL)
        for (const struct json_value *v = list->first; v != NULL; v = v->next)
            if (v->type == JSON_STR && jose_alg_named(v->text) != JOSE_NONE)
                algs |= JOSE_BIT(jose_alg_named(v->text));
    return algs & JOSE_BOTH; /* what we take of cities */
}

/* https, or http where the fetcher will make sure of loopback; nothing that a
 * header or a redirect could be broken with. */
static bool is_endpoint(struct str url, bool test)
{
    bool scheme = str_has_prefix(url, S("https://")) || (test && str_has_prefix(url, S("http://")));

    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= ' ' || url.p[i] >= 0x7f || url.p[i] == '"' || url.p[i] == '\\' || url.p[i] == '#')
            return false;
    return scheme && url.n > 10;
}

static bool check_endpoints(const struct document *d, bool test, struct fail *f)
{
    const struct str must[] = { d->authorization_endpoint, d->token_endpoint, d->jwks_uri };

    for (size_t i = 0; i < sizeof must / sizeof *must; i++)
        if (!is_endpoint(must[i], test))
            return refusal(f, REFUSAL_discovery_endpoint, "not an https address: %.*s", STR_ARG(must[i]));
    return true;
}

/* Absent where it is null, empty, of another type, or cannot be used; the last leaves a line. */
static struct str optional_endpoint(const struct json_value *document, struct str name,
                                    const struct upstream_want *want)
{
    struct str url = json_get_str(document, name), none = { NULL, 0 };

    if (!str_is_set(url))
        return none;
    if (url.n <= URL_MAX_B && is_endpoint(url, want->test))
        return url;
    log_event(LOG_WARN, "upstream.endpoint_ignored", LOG_S("idp", want->place), LOG_S("member", name),
              LOG_S("url", url));
    return none;
}

/* Methods of PKCE are not looked at: a challenge is sent whatever a document says, and who does not know it passes it
 * over [RFC 7636 5]. */
static bool check_document(const struct document *d, const struct json_value *v, const struct upstream_want *want,
                           struct fail *f)
{
    const struct json_value *algs = list_of(v, S("id_token_signing_alg_values_supported"));

    if (!str_eq(d->issuer, want->expect))
        return refusal(f, REFUSAL_discovery_issuer, "speaks of %.*s", STR_ARG(d->issuer));
    if (algs != NULL && algs_of(algs) == 0)
        return refusal(f, REFUSAL_discovery_unsupported, "signs with neither RS256 nor ES256 but %.*s",
                       STR_ARG(algs->first->text));
    return check_endpoints(d, want->test, f);
}

const void *oidc_metadata_read(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f)
{
    struct document d = { .issuer = { NULL, 0 } };
    struct fail why = { 0 };
    const struct json_value *v = json_parse(a, body, &why);

    if (v == NULL || !json_read_value(v, document_fields, &d, &why)) {
        (void)refusal(f, REFUSAL_discovery_malformed, "%s: %s", why.code, why.detail);
        return NULL;
    }
    if (!check_document(&d, v, want, f))
        return NULL;
    struct oidc_metadata *m = arena_make(a, struct oidc_metadata);
    *m = (struct oidc_metadata){
        .issuer = d.issuer,
        .authorization_endpoint = d.authorization_endpoint,
        .token_endpoint = d.token_endpoint,
        .jwks_uri = d.jwks_uri,
        .userinfo_endpoint = optional_endpoint(v, S("userinfo_endpoint"), want),
        .end_session_endpoint = optional_endpoint(v, S("end_session_endpoint"), want),
        .id_token_algs = algs_of(list_of(v, S("id_token_signing_alg_values_supported"))),
        .client_jwt_algs = algs_of(list_of(v, S("token_endpoint_auth_signing_alg_values_supported"))),
        .no_claims_parameter = says(v, S("claims_parameter_supported"), false),
        .tells_sign_outs =
            says(v, S("backchannel_logout_supported"), true) || says(v, S("frontchannel_logout_supported"), true),
        .iss_in_answer = says(v, S("authorization_response_iss_parameter_supported"), true),
    };
    if (m->id_token_algs == 0) /* silence means RS256 at least [OIDC Discovery 3]; a token says what it is */
        m->id_token_algs = JOSE_BOTH;
    return m;
}

static const void *keys_read(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f)
{
    struct fail why = { 0 };
    const struct jwks *keys = jwks_read(a, body, &why);

    (void)want;
    if (keys == NULL)
        (void)fail(f, FAIL_UPSTREAM, why.code, "%s", why.detail);
    return keys;
}

struct str upstream_oidc_name(struct arena *a, const struct idp *idp)
{
    return arena_printf(a, "discovery %.*s", STR_ARG(idp->id));
}

struct str upstream_oidc_keys_name(struct arena *a, const struct idp *idp)
{
    return arena_printf(a, "keys %.*s", STR_ARG(idp->id));
}

void upstream_oidc_metadata(struct upstreams *u, struct batch *b, struct arena *a, const struct idp *idp,
                            enum upstream_how how, struct upstream_got *got)
{
    struct str base = str_has_suffix(idp->issuer, S("/")) ? str_sub(idp->issuer, 0, idp->issuer.n - 1) : idp->issuer;
    const struct upstream_want want = {
        .name = upstream_oidc_name(a, idp),
        .url = arena_printf(a, "%.*s/.well-known/openid-configuration", STR_ARG(base)),
        .place = idp->id,
        .networks = strs_joined(a, &idp->private_networks, ' '),
        .expect = idp->issuer,
        .purpose = FETCH_KEYS,
        .test = idp->test,
        .parse = oidc_metadata_read,
        .anew = how != UPSTREAM_KEPT,
        .ordered = how == UPSTREAM_ORDERED,
    };

    upstream_ask(u, b, a, &want, got);
}

void upstream_oidc_keys(struct upstreams *u, struct batch *b, struct arena *a, const struct idp *idp,
                        const struct oidc_metadata *metadata, enum upstream_how how, struct upstream_got *got)
{
    const struct upstream_want want = {
        .name = upstream_oidc_keys_name(a, idp),
        .url = metadata->jwks_uri,
        .place = idp->id,
        .networks = strs_joined(a, &idp->private_networks, ' '),
        .expect = idp->issuer,
        .purpose = FETCH_KEYS,
        .test = idp->test,
        .parse = keys_read,
        .anew = how != UPSTREAM_KEPT,
        .ordered = how == UPSTREAM_ORDERED,
    };

    upstream_ask(u, b, a, &want, got);
}
