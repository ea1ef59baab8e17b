/* SPDX-License-Identifier: EUPL-1.2
 * What we can do, and our public keys: no more than works.  [OIDC Discovery 3, RFC 8414] */
#include "gateway/oidc/oidc.h"

#include "base/settings.h"
#include "certs/keyset.h"
#include "gateway/gate/gate.h"
#include "gateway/oidc/discovery.def"
#include "gateway/oidc/modes.h"
#include "gateway/oidc/tokens/dpop.h"
#include "model/auth_methods.def"
#include "model/grant_types.h"
#include "wire/http.h"

#include <string.h>

enum { DOCUMENT_MAX_B = 131072, ACR_VALUES_MAX = 1000, WORDS_MAX_B = 2048 };

struct member {
    const char *name, *says;
};

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

/* `,"name":`: the document begins with the issuer, and every other member with a comma. */
static void put_name(struct buf *b, const char *name)
{
    put_further(b, name);
    buf_byte(b, ':');
}

static void put_words(struct buf *b, const struct member *m)
{
    struct str rest = str_of(m->says), word;

    put_name(b, m->name);
    buf_byte(b, '[');
    for (size_t n = 0; str_split(&rest, ' ', &word); n++) {
        if (n > 0)
            buf_byte(b, ',');
        buf_byte(b, '"');
        buf_add(b, word);
        buf_byte(b, '"');
    }
    buf_byte(b, ']');
}

static void put_endpoint(struct buf *b, const struct member *m, struct str base)
{
    put_name(b, m->name);
    buf_byte(b, '"');
    buf_add(b, base);
    buf_add(b, str_of(m->says));
    buf_byte(b, '"');
}

/* ── from the tables of what there is ───────────────────────────────────── */

static const struct {
    const char *word;
    bool tls;
} methods[] = {
#define X(word, must, fapi, is_signed, tls, came, proven_by) { word, tls },
    AUTH_METHODS(X)
#undef X
};

static void put_list(struct buf *b, const char *name, struct str words)
{
    const struct member m = { name, words.p };

    put_words(b, &m);
}

struct announcing { /* of the document while it is made */
    struct arena *arena;
    const struct settings *set;
};

static void put_word(struct buf *words, struct str word)
{
    if (words->n > 0)
        buf_byte(words, ' ');
    buf_add(words, word);
}

static void put_grants(const struct announcing *x, struct buf *b)
{
    struct buf words = buf_new(x->arena, WORDS_MAX_B);

    for (size_t i = 0; i < GRANT_COUNT; i++)
        put_word(&words, str_of(grant_types[i].name));
    put_list(b, "grant_types_supported", str_of(arena_cstr(x->arena, buf_str(&words))));
}

/* A certificate comes by mtls_url alone. */
static void put_methods(const struct announcing *x, struct buf *b, const char *name, bool public_too)
{
    struct buf words = buf_new(x->arena, WORDS_MAX_B);

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if ((!methods[i].tls || str_is_set(x->set->mtls_url)) && (public_too || strcmp(methods[i].word, "none") != 0))
            put_word(&words, str_of(methods[i].word));
    put_list(b, name, str_of(arena_cstr(x->arena, buf_str(&words))));
}

static void put_modes(const struct announcing *x, struct buf *b)
{
    struct buf words = buf_new(x->arena, WORDS_MAX_B);
    unsigned found;

    for (unsigned mode = 0; mode < MODE_COUNT; mode++)
        if (mode_find(mode_word(mode), &found))
            put_word(&words, mode_word(mode));
    put_list(b, "response_modes_supported", str_of(arena_cstr(x->arena, buf_str(&words))));
}

/* Where services show a certificate [RFC 8705 5]. */
static void put_mtls(const struct announcing *x, struct buf *b)
{
    static const char *const aliased[] = { "token_endpoint",
                                           "userinfo_endpoint",
                                           "revocation_endpoint",
                                           "introspection_endpoint",
                                           "pushed_authorization_request_endpoint",
                                           "device_authorization_endpoint" };
    size_t said = 0;

    if (!str_is_set(x->set->mtls_url))
        return;
    buf_add(b, S(",\"tls_client_certificate_bound_access_tokens\":true,\"mtls_endpoint_aliases\":{"));
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++)
        for (size_t k = 0; k < sizeof aliased / sizeof *aliased; k++)
            if (strcmp(endpoints[i].name, aliased[k]) == 0)
                buf_printf(b, "%s\"%s\":\"%.*s%s\"", said++ > 0 ? "," : "", aliased[k], STR_ARG(x->set->mtls_url),
                           endpoints[i].says);
    buf_byte(b, '}');
}

/* Each scope once, in the order of claims.def. */
static void put_scopes(struct buf *b)
{
    buf_add(b, S(",\"scopes_supported\":[\"openid\",\"offline_access\",\"" SCOPE_ACCESS_EVALUATION "\""));
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
                 "\"sid\",\"at_hash\",\"nonce\",\"name\",\"zoneinfo\",\"email_verified\""));
    for (int i = 0; i < CLAIM_COUNT; i++) {
        if (i != CLAIM_SUB && *claim_rows[i].native)
            put_further(b, claim_rows[i].native);
        if (*claim_rows[i].mpass)
            put_further(b, claim_rows[i].mpass);
    }
    buf_byte(b, ']');
}

/* The values that choose an identity provider (request/checks.c): those of all that people may choose from, which have
 * ids that need no escape.  A nation has some 300; past ACR_VALUES_MAX the rest work as well, unsaid. */
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

/* Once for each snapshot: it says the same until another one is in force. */
static void *document(struct arena *a, const struct registry *r, const void *set)
{
    const struct announcing x = { .arena = a, .set = set };
    struct buf b = buf_new(a, DOCUMENT_MAX_B);
    struct str *made = arena_make(a, struct str);

    buf_printf(&b, "{\"issuer\":\"%.*s\"", STR_ARG(x.set->public_url));
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++)
        put_endpoint(&b, &endpoints[i], x.set->public_url);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        put_words(&b, &lists[i]);
    put_grants(&x, &b);
    put_modes(&x, &b);
    put_methods(&x, &b, "token_endpoint_auth_methods_supported", true);
    put_methods(&x, &b, "revocation_endpoint_auth_methods_supported", true);
    put_methods(&x, &b, "introspection_endpoint_auth_methods_supported", false);
    put_mtls(&x, &b);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        put_name(&b, flags[i].name);
        buf_add(&b, str_of(flags[i].says));
    }
    put_scopes(&b);
    put_claims(&b);
    put_acr_values(&b, r);
    buf_byte(&b, '}');
    *made = buf_str(&b);
    return made;
}

static enum step discovery(struct ctx *c, struct fail *f)
{
    const struct str *made = registry_index_with(c->registry, INDEX_DISCOVERY, c->set, document);

    (void)f;
    http_header_set(c->res, S("Cache-Control"), S("public, max-age=300"));
    http_body(c->res, 200, S("application/json"), *made);
    return DONE;
}

/* Beside ours those that a trial has just rolled to (gateway/gate/gate.h); where Redis is away, ours alone. */
static enum step ask_keys(struct ctx *c, struct fail *f)
{
    struct kv_got *shown = c->state = arena_make(c->arena, struct kv_got);

    if (c->keys == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer has not said hello");
    gate_keys_ask(c, shown);
    return WAIT;
}

static enum step keys(struct ctx *c, struct fail *f)
{
    (void)f;
    http_header_set(c->res, S("Cache-Control"), S("public, max-age=300"));
    http_body(c->res, 200, S("application/jwk-set+json"), gate_keys_with(c, keyset_jwks(c->keys), c->state));
    return DONE;
}

const struct step_row oidc_discovery[] = { { discovery }, { NULL } };
const struct step_row oidc_jwks[] = { { ask_keys }, { keys }, { NULL } };
