/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/tokens/envelope.h"

#include "wire/jwe.h"

typedef void ask_fn(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                    int64_t life_s, struct signed_got *out);

/* An introspection has no end of its own. */
static void ask_introspection(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                              int64_t life_s, struct signed_got *out)
{
    (void)life_s;
    signer_introspection(s, b, a, alg, claims, out);
}

#define NO_COLUMN  ((size_t)-1)
#define IN(member) offsetof(struct service, member)

/* Which columns of the row say how. */
static const struct kind {
    size_t alg, encryption_alg, encryption_enc;
    enum envelope_kind like; /* "" means what this kind has; ENVELOPE_NONE: not signed */
    ask_fn *ask;
} kinds[ENVELOPE_KIND_COUNT] = {
    /* clang-format off */
    [ENVELOPE_NONE]          = { NO_COLUMN, NO_COLUMN, NO_COLUMN, ENVELOPE_NONE, NULL },
    [ENVELOPE_ID_TOKEN]      = { IN(id_token_alg), IN(client.id_token_encryption_alg), IN(client.id_token_encryption_enc), ENVELOPE_NONE, signer_id_token },
    [ENVELOPE_USERINFO]      = { IN(client.userinfo_alg), IN(client.userinfo_encryption_alg), IN(client.userinfo_encryption_enc), ENVELOPE_NONE, signer_userinfo },
    [ENVELOPE_RESPONSE]      = { IN(client.response_alg), NO_COLUMN, NO_COLUMN, ENVELOPE_ID_TOKEN, signer_response },
    [ENVELOPE_INTROSPECTION] = { IN(client.introspection_alg), NO_COLUMN, NO_COLUMN, ENVELOPE_ID_TOKEN, ask_introspection },
    /* clang-format on */
};

static struct str column(const struct service *s, size_t at)
{
    return at == NO_COLUMN ? (struct str){ NULL, 0 } : *(const struct str *)(const void *)((const char *)s + at);
}

enum jose_alg envelope_alg(const struct service *s, enum envelope_kind kind)
{
    struct str said = column(s, kinds[kind].alg);

    if (!str_is_set(said) && kind == ENVELOPE_ID_TOKEN)
        return JOSE_RS256; /* [OIDC Registration 2] */
    if (!str_is_set(said))
        said = column(s, kinds[kinds[kind].like].alg);
    return jose_alg_named(said);
}

bool envelope_encrypts(const struct service *s, enum envelope_kind kind)
{
    return str_is_set(column(s, kinds[kind].encryption_alg));
}

void envelope_ask(struct ctx *c, struct envelope *out, const struct service *s, enum envelope_kind kind,
                  struct str claims, int64_t life_s)
{
    *out = (struct envelope){ .kind = kind, .service = s, .alg = envelope_alg(s, kind) };
    if (kinds[kind].ask == NULL || out->alg == JOSE_NONE)
        out->signed_as.error = "the row names no algorithm";
    else
        kinds[kind].ask(c->signer, &c->batch, c->arena, out->alg, claims, life_s, &out->signed_as);
}

/* Where the row says no enc: what the specification says it means [OIDC Registration 2]. */
static enum jwe_enc enc_of(const struct service *s, enum envelope_kind kind)
{
    struct str said = column(s, kinds[kind].encryption_enc);

    return str_is_set(said) ? jwe_enc_named(said) : JWE_A128CBC_HS256;
}

static bool encrypt(struct ctx *c, const struct service *s, enum envelope_kind kind, struct str cty, struct str plain,
                    const struct jwks *keys, struct str *value, struct fail *f)
{
    enum jwe_alg alg = jwe_alg_named(column(s, kinds[kind].encryption_alg));
    struct fail why = { 0 };
    const struct jwe_key *to = jwe_choose(c->arena, keys, alg, &why);

    if (to != NULL && jwe_write(c->arena, c->world, to, enc_of(s, kind), cty, plain, value, &why))
        return true;
    return fail_told(f, FAIL_OURS, "server_error",
                     "the service's keys (jwks, jwks_uri) have none to encrypt for it with",
                     "encryption for \"%.*s\": %s: %s", STR_ARG(s->id), why.code, why.detail);
}

bool envelope_take(struct ctx *c, const struct envelope *e, const struct jwks *keys, struct str *value, struct fail *f)
{
    if (!e->signed_as.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", e->signed_as.error);
    if (envelope_encrypts(e->service, e->kind))
        return encrypt(c, e->service, e->kind, S("JWT"), e->signed_as.value, keys, value, f);
    *value = e->signed_as.value;
    return true;
}

bool envelope_plain(struct ctx *c, const struct service *s, enum envelope_kind kind, struct str json,
                    const struct jwks *keys, struct str *value, struct fail *f)
{
    return encrypt(c, s, kind, (struct str){ NULL, 0 }, json, keys, value, f);
}
