/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/check_tool.h"

#include "registry/urls.h"
#include "wire/jose.h"

enum {
    DEPLOYMENTS_MAX = 1000,
    DEPLOYMENT_ID_MAX_B = 255, /* [LTI Core 5.3.3] */
    CUSTOM_MAX = 64,
    CUSTOM_NAME_MAX_B = 64,
    CUSTOM_VALUE_MAX_B = 1024
};

static const struct str none = { NULL, 0 };

typedef struct str check_fn(struct arena *a, const struct registry *r, const struct service *s);

/* ── how it is launched [LTI Security Framework 5.1.1] ──────────────────── */

static struct str names_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    if (!str_is_set(s->client_id))
        return S("client_id is missing: the name that the tool has here, which it is told with the issuer");
    return registry_client(r, s->client_id) == s
               ? none
               : arena_printf(a, "client_id \"%.*s\" belongs to another service already", STR_ARG(s->client_id));
}

static struct str addresses_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    (void)r;
    if (!str_is_set(s->initiate_login_uri))
        return S("initiate_login_uri is missing: the tool calls it OpenID Connect login initiation URL");
    if (!str_is_set(s->target_link_uri))
        return S("target_link_uri is missing: what the tile opens, which the tool calls launch URL");
    if (s->redirect_uris.n == 0)
        return S("redirect_uris is empty: where the tool takes the launch, often the same as target_link_uri");
    if (s->lti.by_post && s->lti.framed)
        return S("lti_login_by_post and lti_framed exclude each other: what is in a frame begins by GET");
    for (size_t i = 0; i < s->redirect_uris.n; i++) {
        const char *trouble = redirect_uri_trouble(s->redirect_uris.at[i], s->test, false);
        if (trouble != NULL)
            return arena_printf(a, "redirect_uris \"%.*s\" %s", STR_ARG(s->redirect_uris.at[i]), trouble);
    }
    return none;
}

/* A tool signs nothing until it picks content or asks for members. */
static struct str keys_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    bool in_row = str_is_set(s->jwks), by_address = str_is_set(s->client.jwks_uri);
    struct fail why = { 0 };
    const struct jwks *keys = in_row ? jwks_read(a, s->jwks, &why) : NULL;
    const char *trouble = by_address ? url_trouble(s->client.jwks_uri, s->test) : NULL;

    (void)r;
    if (in_row && by_address)
        return S("has both jwks and jwks_uri: one of them says which keys it has");
    if (!in_row && !by_address && (s->lti.deep_linking || s->lti.names_and_roles))
        return S("jwks_uri (or jwks, jwks_file) is missing: what the tool signs for lti_deep_linking and "
                 "lti_names_and_roles is verified with it");
    if (trouble != NULL)
        return arena_printf(a, "jwks_uri \"%.*s\" %s", STR_ARG(s->client.jwks_uri), trouble);
    if (in_row && keys == NULL)
        return arena_printf(a, "jwks: %s: %s", why.code, why.detail);
    return !in_row || jwks_count(keys) > 0
               ? none
               : S("jwks has no key by which a signature could be verified: RSA of 2048 bits or more, or P-256");
}

/* What the specification fixes, or what only other protocols have. */
static struct str fixed_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    (void)a;
    (void)r;
    if (str_is_set(s->id_token_alg) && !str_eq(s->id_token_alg, S("RS256")))
        return S("id_token_alg is RS256 for protocol lti, which every tool takes");
    if (s->profile != PROFILE_NATIVE)
        return S("profile is native for protocol lti: what a tool is told is named by LTI");
    if (str_is_set(s->secret_hash) || str_is_set(s->client.secret_sealed))
        return S("has a secret: a tool proves who it is by its key (jwks_uri or jwks), so leave the secret out");
    return str_is_set(s->auth_method) && !str_eq(s->auth_method, S("private_key_jwt"))
               ? S("auth_method is private_key_jwt for protocol lti, or left out")
               : none;
}

/* ── deployments ────────────────────────────────────────────────────────── */

static bool is_visible(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f || text.p[i] == '=')
            return false;
    return text.n > 0;
}

/* Which provider an entry is for; "": everybody else. */
static struct str provider_of(struct str entry)
{
    size_t equals = str_find_byte(entry, '=', 0);

    return equals < entry.n ? str_sub(entry, 0, equals) : S("");
}

static struct str deployment_trouble(struct arena *a, const struct registry *r, const struct strs *all, size_t at)
{
    struct str entry = all->at[at], provider = provider_of(entry);
    struct str id = str_find_byte(entry, '=', 0) < entry.n ? str_from(entry, provider.n + 1) : entry;

    if (!is_visible(id) || id.n > DEPLOYMENT_ID_MAX_B)
        return arena_printf(a,
                            "lti_deployments: \"%.*s\" is neither ID nor PROVIDER=ID, with an ID of at most %d visible "
                            "ASCII characters",
                            STR_ARG(str_sub(entry, 0, CUSTOM_NAME_MAX_B)), DEPLOYMENT_ID_MAX_B);
    if (provider.n > 0 && registry_provider(r, provider) == NULL)
        return arena_printf(a, "lti_deployments: there is no provider \"%.*s\"", STR_ARG(provider));
    for (size_t i = 0; i < at; i++)
        if (str_eq(provider_of(all->at[i]), provider))
            return arena_printf(a, "lti_deployments: %s%.*s has two",
                                provider.n > 0 ? "provider " : "whoever is of no named provider", STR_ARG(provider));
    return none;
}

static struct str deployments_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    struct str trouble = none;

    if (s->lti.deployments.n > DEPLOYMENTS_MAX)
        return arena_printf(a, "lti_deployments has more than %d entries", DEPLOYMENTS_MAX);
    for (size_t i = 0; i < s->lti.deployments.n && !str_is_set(trouble); i++)
        trouble = deployment_trouble(a, r, &s->lti.deployments, i);
    return trouble;
}

/* ── custom parameters ──────────────────────────────────────────────────── */

static bool is_custom_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
              c == '.'))
            return false;
    }
    return name.n > 0 && name.n <= CUSTOM_NAME_MAX_B;
}

static struct str name_of(struct str entry)
{
    return str_sub(entry, 0, str_find_byte(entry, '=', 0));
}

static struct str custom_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    const struct strs *all = &s->lti.custom;

    (void)r;
    if (all->n > CUSTOM_MAX)
        return arena_printf(a, "lti_custom has more than %d entries", CUSTOM_MAX);
    for (size_t i = 0; i < all->n; i++) {
        struct str name = name_of(all->at[i]);
        if (name.n == all->at[i].n || !is_custom_name(name) || all->at[i].n - name.n > CUSTOM_VALUE_MAX_B)
            return arena_printf(
                a,
                "lti_custom: \"%.*s\" is not NAME=VALUE, with a NAME of letters, digits, _, - and . and "
                "a VALUE of at most %d bytes",
                STR_ARG(str_sub(all->at[i], 0, CUSTOM_NAME_MAX_B)), CUSTOM_VALUE_MAX_B - 1);
        for (size_t k = 0; k < i; k++)
            if (str_eq(name_of(all->at[k]), name))
                return arena_printf(a, "lti_custom: %.*s is there twice", STR_ARG(name));
    }
    return none;
}

static struct str deep_linking_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    const char *trouble = str_is_set(s->lti.deep_link_uri) ? url_trouble(s->lti.deep_link_uri, s->test) : NULL;

    (void)r;
    if (trouble != NULL)
        return arena_printf(a, "lti_deep_link_uri \"%.*s\" %s", STR_ARG(s->lti.deep_link_uri), trouble);
    return !str_is_set(s->lti.deep_link_uri) || s->lti.deep_linking
               ? none
               : S("lti_deep_link_uri says nothing without lti_deep_linking");
}

static struct str foreign_trouble(const struct service *s)
{
    const struct lti_tool *t = &s->lti;

    return t->deployments.n == 0 && t->custom.n == 0 && !str_is_set(t->deep_link_uri) && !t->deep_linking &&
                   !t->names_and_roles && !t->by_post && !t->framed
               ? none
               : S("has lti_… keys, which are for protocol lti alone");
}

struct str tool_trouble(struct arena *a, const struct registry *r, const struct service *s)
{
    static check_fn *const checks[] = { names_trouble,       addresses_trouble, keys_trouble,        fixed_trouble,
                                        deployments_trouble, custom_trouble,    deep_linking_trouble };
    struct str trouble = none;

    if (s->protocol != PROTO_LTI)
        return foreign_trouble(s);
    for (size_t i = 0; i < sizeof checks / sizeof *checks && !str_is_set(trouble); i++)
        trouble = checks[i](a, r, s);
    return trouble;
}
