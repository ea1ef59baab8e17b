/* SPDX-License-Identifier: EUPL-1.2
 * What we can do, and our public keys: no more than works.  [OIDC Discovery 3, RFC 8414] */
#include "gateway/oidc/oidc.h"

#include "base/settings.h"
#include "certs/keyset.h"
#include "gateway/oidc/discovery.def"
#include "model/grant_types.h"
#include "wire/http.h"

enum { DOCUMENT_MAX_B = 131072, ACR_VALUES_MAX = 1000 };

struct member {
    const char *name, *says;
};

/* The names of a table, one after the other. */
#define GRANT_NAME(symbol, name, who, unsaid, fapi) name " "
#define GRANT_NAMES                                 GRANT_TYPES(GRANT_NAME)

static const struct member endpoints[] = {
#define X(name, path) { name, path },
    ENDPOINTS(X)
#undef X
};

static const struct member lists[] = {
#define X(name, words) { name, words },
    WORD_LISTS(X)
#undef X
};

static const struct member flags[] = {
#define X(name, said) { name, said },
    FLAGS(X)
#undef X
};

static void put_further(struct buf *b, const char *word)
{
    buf_add(b, S(",\""));
    buf_add(b, str_of(word));
    buf_byte(b, '"');
}

static void put_words(struct buf *b, const struct member *m)
{
    struct str rest = str_of(m->says), word;

    buf_printf(b, "\"%s\":[", m->name);
    for (size_t n = 0; str_split(&rest, ' ', &word); n++)
        if (word.n > 0)
            buf_printf(b, "%s\"%.*s\"", n > 0 ? "," : "", STR_ARG(word));
    buf_add(b, S("],"));
}

/* Each scope once, in the order of claims.def. */
static void put_scopes(struct buf *b)
{
    buf_add(b, S(",\"scopes_supported\":[\"openid\",\"offline_access\""));
    for (int i = 0; i < CLAIM_COUNT; i++) {
        struct str scope = str_of(claim_rows[i].scope);
        bool said = !str_is_set(scope) || str_eq(scope, S("openid"));
        for (int j = 0; j < i && !said; j++)
            said = str_eq(scope, str_of(claim_rows[j].scope));
        if (!said)
            put_further(b, claim_rows[i].scope);
    }
    buf_byte(b, ']');
}

static void put_claims(struct buf *b)
{
    buf_add(b, S(",\"claims_supported\":[\"sub\",\"iss\",\"aud\",\"exp\",\"iat\",\"auth_time\",\"acr\",\"amr\",\"azp\","
                 "\"sid\",\"at_hash\",\"nonce\",\"name\",\"email_verified\""));
    for (int i = 0; i < CLAIM_COUNT; i++) {
        if (i != CLAIM_SUB && *claim_rows[i].native)
            put_further(b, claim_rows[i].native);
        if (*claim_rows[i].mpass)
            put_further(b, claim_rows[i].mpass);
    }
    buf_byte(b, ']');
}

/* The values that choose an identity provider (authorize.c): those of all that people may choose from, which have ids
 * that need no escape.  A nation has some 300; past ACR_VALUES_MAX the rest work as well, unsaid. */
static void put_acr_values(struct buf *b, const struct registry *r)
{
    const struct registry_parts *p = registry_parts(r);
    size_t said = 0;

    buf_add(b, S(",\"acr_values_supported\":["));
    for (size_t i = 0; i < p->idp_count && said < ACR_VALUES_MAX; i++)
        if (p->idps[i].enabled && p->idps[i].listed)
            buf_printf(b, "%s\"" OIDC_AUTHNSOURCE "%.*s\"", said++ > 0 ? "," : "", STR_ARG(p->idps[i].id));
    buf_byte(b, ']');
}

static enum step discovery(struct ctx *c, struct fail *f)
{
    struct buf b = buf_new(c->arena, DOCUMENT_MAX_B);

    (void)f;
    buf_printf(&b, "{\"issuer\":\"%.*s\",", STR_ARG(c->set->public_url));
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++)
        buf_printf(&b, "\"%s\":\"%.*s%s\",", endpoints[i].name, STR_ARG(c->set->public_url), endpoints[i].says);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        put_words(&b, &lists[i]);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        buf_printf(&b, "%s\"%s\":%s", i > 0 ? "," : "", flags[i].name, flags[i].says);
    put_scopes(&b);
    put_claims(&b);
    put_acr_values(&b, c->registry);
    buf_byte(&b, '}');
    http_header_set(c->res, S("Cache-Control"), S("public, max-age=300"));
    http_body(c->res, 200, S("application/json"), buf_str(&b));
    return DONE;
}

static enum step keys(struct ctx *c, struct fail *f)
{
    if (c->keys == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer has not said hello");
    http_header_set(c->res, S("Cache-Control"), S("public, max-age=300"));
    http_body(c->res, 200, S("application/jwk-set+json"), keyset_jwks(c->keys));
    return DONE;
}

const struct step_row oidc_discovery[] = { { discovery }, { NULL } };
const struct step_row oidc_jwks[] = { { keys }, { NULL } };
