/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/check_client.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "model/auth_methods.def"
#include "wire/jose.h"
#include "wire/jwe.h"

#include <arpa/inet.h>

enum must { NOTHING = 0, SECRET, VALUE, KEYS, NAME };

enum { GENERATION_B = 1 /* in front of what is sealed */ };

static const struct auth_row {
    struct str word;
    enum must must;
    bool fapi, is_signed;
} rows[] = {
#define X(word, must, fapi, is_signed, tls, came, proves) { S(word), must, fapi, is_signed },
    AUTH_METHODS(X)
#undef X
};

/* A row that names none has a secret, and may send it in two ways. */
static const struct auth_row either = { S("by secret"), SECRET, false, false };

static const struct str none = { NULL, 0 };

static const struct auth_row *row_of(const struct service *s)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(rows[i].word, s->auth_method))
            return &rows[i];
    return &either;
}

/* ── secrets ────────────────────────────────────────────────────────────── */

static struct str missing_secret(struct arena *a, const struct service *s)
{
    if (!str_is_set(s->auth_method))
        return S("secret (or secret_file) is missing; a service that has none says how it proves itself: "
                 "auth_method private_key_jwt or none");
    return arena_printf(a, "secret is missing, which auth_method %.*s needs", STR_ARG(s->auth_method));
}

/* HS256 wants a key as long as its hash [RFC 7518 3.2]; what is sealed is longer by what seals it. */
static bool is_long_enough(struct arena *a, struct str sealed)
{
    struct str bytes;

    return b64url_decode(a, sealed, &bytes) && bytes.n >= GENERATION_B + SEAL_OVERHEAD_B + (size_t)JOSE_SECRET_MIN_B;
}

static struct str secret_trouble(struct arena *a, const struct service *s, const struct auth_row *row)
{
    const struct client *k = &s->client;

    if (row->must == SECRET && !str_is_set(s->secret_hash))
        return missing_secret(a, s);
    if (row->must == NOTHING && (str_is_set(s->secret_hash) || str_is_set(k->secret_sealed)))
        return S("has a secret, but auth_method none: a public service cannot keep one");
    if (row->must == VALUE && !str_is_set(k->secret_sealed))
        return arena_printf(a, "secret_value is missing, which auth_method %.*s needs", STR_ARG(s->auth_method));
    if (row->must == VALUE && !is_long_enough(a, k->secret_sealed))
        return arena_printf(a, "secret_value is shorter than %d bytes, which HS256 needs", JOSE_SECRET_MIN_B);
    if (row->must != VALUE && str_is_set(k->secret_sealed))
        return S(
            "secret_value is for auth_method client_secret_jwt alone; any other secret is kept as a hash (secret)");
    if (str_is_set(k->secret_too) && row->must != SECRET)
        return S("secret_too is there, and the service does not prove itself by a secret that it sends");
    if (str_is_set(k->secret_too) != (k->secret_too_until_s > 0))
        return S("secret_too and secret_too_until go together: the secret before, and until when it is good");
    return none;
}

/* ── keys ───────────────────────────────────────────────────────────────── */

static struct str keys_trouble(struct arena *a, const struct service *s, const struct auth_row *row)
{
    bool in_row = str_is_set(s->jwks), by_address = str_is_set(s->client.jwks_uri);
    struct fail why = { 0 };
    const struct jwks *keys = in_row ? jwks_read(a, s->jwks, &why) : NULL;

    if (in_row && by_address)
        return S("has both jwks and jwks_uri: one of them says which keys it has");
    if (row->must == KEYS && !in_row && !by_address)
        return arena_printf(a, "jwks (or jwks_file) or jwks_uri is missing, which auth_method %.*s needs",
                            STR_ARG(s->auth_method));
    if (in_row && keys == NULL)
        return arena_printf(a, "jwks: %s: %s", why.code, why.detail);
    if (in_row && row->is_signed && jwks_count(keys) == 0)
        return S("jwks has no key by which a signature could be verified: RSA of 2048 bits or more, P-256, or Ed25519");
    return none;
}

static struct str alg_trouble(struct arena *a, const struct service *s, const struct auth_row *row)
{
    struct str alg = s->client.auth_alg;
    bool over_secret = str_eq(alg, S("HS256"));

    if (!str_is_set(alg))
        return none;
    if (!row->is_signed)
        return S("token_endpoint_auth_signing_alg is there, and the service does not prove itself by an assertion");
    if (over_secret != (row->must == VALUE))
        return arena_printf(a, "token_endpoint_auth_signing_alg %.*s does not fit auth_method %.*s", STR_ARG(alg),
                            STR_ARG(s->auth_method));
    return none;
}

/* ── certificates ───────────────────────────────────────────────────────── */

static bool is_address(struct arena *a, struct str text)
{
    unsigned char bytes[16];
    const char *s = arena_cstr(a, text);

    return inet_pton(AF_INET, s, bytes) == 1 || inet_pton(AF_INET6, s, bytes) == 1;
}

static struct str certificate_trouble(struct arena *a, const struct service *s, const struct auth_row *row)
{
    const struct client *k = &s->client;
    int names = str_is_set(k->tls_subject_dn) + str_is_set(k->tls_san_dns) + str_is_set(k->tls_san_uri) +
                str_is_set(k->tls_san_ip) + str_is_set(k->tls_san_email);

    if (row->must == NAME && names != 1)
        return arena_printf(a,
                            "auth_method tls_client_auth needs exactly one of tls_client_auth_subject_dn, _san_dns, "
                            "_san_uri, _san_ip and _san_email [RFC 8705 2.1.2]; there are %d",
                            names);
    if (row->must != NAME && names > 0)
        return S("has a name that its certificate must have (tls_client_auth_…), but another auth_method than "
                 "tls_client_auth");
    if (str_is_set(k->tls_san_ip) && !is_address(a, k->tls_san_ip))
        return S("tls_client_auth_san_ip is no IP address");
    if (str_is_set(k->tls_subject_dn) && str_find_byte(k->tls_subject_dn, '=', 0) == k->tls_subject_dn.n)
        return S("tls_client_auth_subject_dn is no subject as RFC 4514 writes it: CN=…,O=…,C=FI");
    return none;
}

/* ── what it is told as a token ─────────────────────────────────────────── */

static struct str encryption_trouble(struct arena *a, const struct service *s, const char *what, struct str alg,
                                     struct str enc)
{
    struct fail why = { 0 }, unreadable = { 0 };

    if (!str_is_set(alg))
        return !str_is_set(enc)
                   ? none
                   : arena_printf(a, "%s_encrypted_response_enc is there without %s_encrypted_response_alg", what,
                                  what);
    if (!str_is_set(s->jwks) && !str_is_set(s->client.jwks_uri))
        return arena_printf(a, "jwks or jwks_uri is missing, which %s_encrypted_response_alg needs", what);
    if (str_is_set(s->jwks) && jwe_choose(a, jwks_read(a, s->jwks, &unreadable), jwe_alg_named(alg), &why) == NULL)
        return arena_printf(a, "jwks: %s_encrypted_response_alg: %s", what, why.detail);
    return none;
}

static struct str answers_trouble(struct arena *a, const struct service *s, const struct auth_row *row)
{
    const struct client *k = &s->client;
    struct str trouble = encryption_trouble(a, s, "id_token", k->id_token_encryption_alg, k->id_token_encryption_enc);

    (void)row;
    return str_is_set(trouble)
               ? trouble
               : encryption_trouble(a, s, "userinfo", k->userinfo_encryption_alg, k->userinfo_encryption_enc);
}

/* ── FAPI ───────────────────────────────────────────────────────────────── */

static struct str fapi_trouble(struct arena *a, const struct service *s, const struct auth_row *row)
{
    if (!s->client.fapi)
        return none;
    if (!row->fapi)
        return S("fapi is true: the service proves itself by private_key_jwt or a certificate (auth_method)");
    if (str_eq(s->client.auth_alg, S("RS256")))
        return S("fapi is true: token_endpoint_auth_signing_alg is PS256, ES256 or EdDSA");
    (void)a;
    return none;
}

struct str client_auth_trouble(struct arena *a, const struct service *s)
{
    static struct str (*const checks[])(struct arena * a, const struct service *s, const struct auth_row *row) = {
        secret_trouble, keys_trouble, alg_trouble, certificate_trouble, answers_trouble, fapi_trouble
    };
    struct str trouble = none;

    for (size_t i = 0; i < sizeof checks / sizeof *checks && !str_is_set(trouble); i++)
        trouble = checks[i](a, s, row_of(s));
    return trouble;
}
