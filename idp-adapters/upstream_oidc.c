/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/upstream_oidc.h"

enum { URL_MAX_B = 2048, LIST_MAX = 64 };

struct document {
    struct str issuer, authorization_endpoint, token_endpoint, jwks_uri, userinfo_endpoint, end_session_endpoint;
    bool authorization_response_iss_parameter_supported;
    const struct json_value *id_token_signing_alg_values_supported;
    const struct json_value *token_endpoint_auth_signing_alg_values_supported;
    const struct json_value *code_challenge_methods_supported;
};

static const struct json_field document_fields[] = {
    /* clang-format off */
    FIELD(document, issuer,                                           JSON_STR,   true,  URL_MAX_B),
    FIELD(document, authorization_endpoint,                           JSON_STR,   true,  URL_MAX_B),
    FIELD(document, token_endpoint,                                   JSON_STR,   true,  URL_MAX_B),
    FIELD(document, jwks_uri,                                         JSON_STR,   true,  URL_MAX_B),
    FIELD(document, userinfo_endpoint,                                JSON_STR,   false, URL_MAX_B),
    FIELD(document, end_session_endpoint,                             JSON_STR,   false, URL_MAX_B),
    FIELD(document, authorization_response_iss_parameter_supported,   JSON_BOOL,  false, 0),
    FIELD(document, id_token_signing_alg_values_supported,            JSON_ARRAY, false, LIST_MAX),
    FIELD(document, token_endpoint_auth_signing_alg_values_supported, JSON_ARRAY, false, LIST_MAX),
    FIELD(document, code_challenge_methods_supported,                 JSON_ARRAY, false, LIST_MAX),
    { 0 },
    /* clang-format on */
};

static unsigned algs_of(const struct json_value *list)
{
    unsigned algs = 0;

    if (list != NULL)
        for (const struct json_value *v = list->first; v != NULL; v = v->next)
            if (v->type == JSON_STR && jose_alg_named(v->text) != JOSE_NONE)
                algs |= JOSE_BIT(jose_alg_named(v->text));
    return algs;
}

static bool lists(const struct json_value *list, struct str word)
{
    for (const struct json_value *v = list->first; v != NULL; v = v->next)
        if (v->type == JSON_STR && str_eq(v->text, word))
            return true;
    return false;
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
    const struct str may[] = { d->userinfo_endpoint, d->end_session_endpoint };

    for (size_t i = 0; i < sizeof must / sizeof *must; i++)
        if (!is_endpoint(must[i], test))
            return fail(f, FAIL_UPSTREAM, "discovery_endpoint", "not an https address: %.*s", STR_ARG(must[i]));
    for (size_t i = 0; i < sizeof may / sizeof *may; i++)
        if (may[i].p != NULL && !is_endpoint(may[i], test))
            return fail(f, FAIL_UPSTREAM, "discovery_endpoint", "not an https address: %.*s", STR_ARG(may[i]));
    return true;
}

static bool check_document(const struct document *d, const struct upstream_want *want, struct fail *f)
{
    if (!str_eq(d->issuer, want->expect))
        return fail(f, FAIL_UPSTREAM, "discovery_issuer", "speaks of %.*s", STR_ARG(d->issuer));
    if (d->code_challenge_methods_supported != NULL && !lists(d->code_challenge_methods_supported, S("S256")))
        return fail(f, FAIL_UPSTREAM, "discovery_unsupported", "offers PKCE without S256");
    if (d->id_token_signing_alg_values_supported != NULL && algs_of(d->id_token_signing_alg_values_supported) == 0)
        return fail(f, FAIL_UPSTREAM, "discovery_unsupported", "signs with neither RS256 nor ES256");
    return check_endpoints(d, want->test, f);
}

const void *oidc_metadata_read(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f)
{
    struct document d = { 0 };
    struct fail why = { 0 };

    if (!json_read(a, body, document_fields, &d, &why)) {
        (void)fail(f, FAIL_UPSTREAM, "discovery_malformed", "%s: %s", why.code, why.detail);
        return NULL;
    }
    if (!check_document(&d, want, f))
        return NULL;
    struct oidc_metadata *m = arena_make(a, struct oidc_metadata);
    *m = (struct oidc_metadata){ d.issuer,
                                 d.authorization_endpoint,
                                 d.token_endpoint,
                                 d.jwks_uri,
                                 d.userinfo_endpoint,
                                 d.end_session_endpoint,
                                 algs_of(d.id_token_signing_alg_values_supported),
                                 algs_of(d.token_endpoint_auth_signing_alg_values_supported),
                                 d.authorization_response_iss_parameter_supported };
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

void upstream_oidc_metadata(struct upstreams *u, struct batch *b, struct arena *a, const struct idp *idp,
                            struct upstream_got *got)
{
    struct str base = str_has_suffix(idp->issuer, S("/")) ? str_sub(idp->issuer, 0, idp->issuer.n - 1) : idp->issuer;
    const struct upstream_want want = {
        .name = arena_printf(a, "discovery %.*s", STR_ARG(idp->id)),
        .url = arena_printf(a, "%.*s/.well-known/openid-configuration", STR_ARG(base)),
        .place = idp->id,
        .expect = idp->issuer,
        .purpose = FETCH_KEYS,
        .test = idp->test,
        .parse = oidc_metadata_read,
    };

    upstream_ask(u, b, a, &want, got);
}

void upstream_oidc_keys(struct upstreams *u, struct batch *b, struct arena *a, const struct idp *idp,
                        const struct oidc_metadata *metadata, bool anew, struct upstream_got *got)
{
    const struct upstream_want want = {
        .name = arena_printf(a, "keys %.*s", STR_ARG(idp->id)),
        .url = metadata->jwks_uri,
        .place = idp->id,
        .expect = idp->issuer,
        .purpose = FETCH_KEYS,
        .test = idp->test,
        .parse = keys_read,
        .anew = anew,
    };

    upstream_ask(u, b, a, &want, got);
}
