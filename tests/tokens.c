/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/tokens.h"

#include "base/codec.h"
#include "base/crypt.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

static EVP_PKEY *keys[TEST_KEY_COUNT];

static void forget_keys(void)
{
    for (int i = 0; i < TEST_KEY_COUNT; i++)
        EVP_PKEY_free(keys[i]);
}

static EVP_PKEY *key_of(enum test_key key)
{
    static const char *const curves[TEST_KEY_COUNT] = {
        [TEST_EC] = "P-256", [TEST_EC_OTHER] = "P-256", [TEST_EC_384] = "P-384"
    };
    static int registered;

    if (!registered++)
        (void)atexit(forget_keys);
    if (keys[key] == NULL && (key == TEST_ED || key == TEST_ED_OTHER))
        keys[key] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (keys[key] == NULL)
        keys[key] = curves[key] != NULL ? EVP_EC_gen(curves[key]) : EVP_RSA_gen(key == TEST_RSA_1024 ? 1024u : 2048u);
    if (keys[key] == NULL)
        abort();
    return keys[key];
}

static bool is_rsa(enum test_key key)
{
    return EVP_PKEY_get_base_id(key_of(key)) == EVP_PKEY_RSA;
}

static bool is_ed(enum test_key key)
{
    return EVP_PKEY_get_base_id(key_of(key)) == EVP_PKEY_ED25519;
}

static size_t curve_B(enum test_key key)
{
    return key == TEST_EC_384 ? 48 : 32;
}

static struct str number(struct arena *a, enum test_key key, const char *name, size_t pad)
{
    BIGNUM *bn = NULL;

    if (EVP_PKEY_get_bn_param(key_of(key), name, &bn) != 1)
        abort();
    size_t n = pad > 0 ? pad : (size_t)BN_num_bytes(bn);
    unsigned char *out = arena_alloc(a, n);
    (void)BN_bn2binpad(bn, out, (int)n);
    BN_free(bn);
    return b64url_encode(a, str_n(out, n));
}

struct str test_jwk_members(struct arena *a, enum test_key key)
{
    if (is_rsa(key))
        return arena_printf(a, "\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"%.*s\"",
                            STR_ARG(number(a, key, OSSL_PKEY_PARAM_RSA_N, 0)),
                            STR_ARG(number(a, key, OSSL_PKEY_PARAM_RSA_E, 0)));
    if (is_ed(key)) {
        size_t n = 32;
        unsigned char *x = arena_alloc(a, n);
        if (EVP_PKEY_get_raw_public_key(key_of(key), x, &n) != 1)
            abort();
        return arena_printf(a, "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%.*s\"",
                            STR_ARG(b64url_encode(a, str_n(x, n))));
    }
    return arena_printf(a, "\"kty\":\"EC\",\"crv\":\"P-%s\",\"x\":\"%.*s\",\"y\":\"%.*s\"",
                        key == TEST_EC_384 ? "384" : "256",
                        STR_ARG(number(a, key, OSSL_PKEY_PARAM_EC_PUB_X, curve_B(key))),
                        STR_ARG(number(a, key, OSSL_PKEY_PARAM_EC_PUB_Y, curve_B(key))));
}

struct str test_jwks(struct arena *a, enum test_key key, const char *kid)
{
    return arena_printf(a, "{\"keys\":[{%.*s,\"kid\":\"%s\"}]}", STR_ARG(test_jwk_members(a, key)), kid);
}

/* From DER to r and s side by side. */
static struct str raw_ecdsa(struct arena *a, const unsigned char *der, size_t n, size_t half)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    unsigned char *out = arena_alloc(a, 2 * half);

    if (sig == NULL)
        abort();
    (void)BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half);
    (void)BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half);
    ECDSA_SIG_free(sig);
    return str_n(out, 2 * half);
}

/* salt_B: -2 without PSS. */
static struct str sign_with(struct arena *a, enum test_key key, struct str text, int salt_B)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    size_t n = 1024;
    unsigned char *out = arena_alloc(a, n);

    if (ctx == NULL || EVP_DigestSignInit(ctx, &how, is_ed(key) ? NULL : EVP_sha256(), NULL, key_of(key)) != 1 ||
        (salt_B != -2 && (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
                          EVP_PKEY_CTX_set_rsa_pss_saltlen(how, salt_B) != 1)) ||
        EVP_DigestSign(ctx, out, &n, (const unsigned char *)text.p, text.n) != 1)
        abort();
    EVP_MD_CTX_free(ctx);
    return is_rsa(key) || is_ed(key) ? str_n(out, n) : raw_ecdsa(a, out, n, curve_B(key));
}

struct str test_sign(struct arena *a, enum test_key key, struct str text)
{
    return sign_with(a, key, text, -2);
}

static struct str signing_input(struct arena *a, struct str header, struct str payload)
{
    return arena_printf(a, "%.*s.%.*s", STR_ARG(b64url_encode(a, header)), STR_ARG(b64url_encode(a, payload)));
}

struct str test_token_with(struct arena *a, struct str header, struct str payload, struct str signature)
{
    return arena_printf(a, "%.*s.%.*s", STR_ARG(signing_input(a, header, payload)),
                        STR_ARG(b64url_encode(a, signature)));
}

struct str test_token(struct arena *a, enum test_key key, struct str header, struct str payload)
{
    return test_token_with(a, header, payload, test_sign(a, key, signing_input(a, header, payload)));
}

struct str test_pss_token(struct arena *a, enum test_key key, struct str header, struct str payload, int salt_B)
{
    return test_token_with(a, header, payload, sign_with(a, key, signing_input(a, header, payload), salt_B));
}

struct str test_hmac_token(struct arena *a, struct str header, struct str payload, struct str secret)
{
    return test_token_with(a, header, payload, hmac_sha256(a, hmac_key(a, secret), signing_input(a, header, payload)));
}

struct str test_public_pem(struct arena *a, enum test_key key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p;

    if (bio == NULL || PEM_write_bio_PUBKEY(bio, key_of(key)) != 1)
        abort();
    long n = BIO_get_mem_data(bio, &p);
    struct str pem = arena_str(a, str_n(p, (size_t)n));
    BIO_free(bio);
    return pem;
}
