/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/jwe.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "wire/jose_int.h"
#include "wire/jwe_int.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

enum { P256_B = 32, GCM_IV_B = 12, AES_BLOCK_B = 16, GCM_TAG_B = 16, WRAP_MORE_B = 8, HEADER_MAX_B = 4096 };
/* Four letters for three bytes, in five parts. */
enum { TOKEN_MAX_B = 4 * (JWE_PLAIN_MAX_B + HEADER_MAX_B) / 3 + 4096 };

/* ── what there is ──────────────────────────────────────────────────────── */

static const struct alg_kind {
    const char *name, *kty;
    const char *mgf; /* RSA-OAEP: its hash */
    size_t wrap_B;   /* ECDH-ES: of the key that wraps; 0: what is agreed on is the content key itself */
} algs[JWE_ALG_COUNT] = {
    [JWE_ALG_NONE] = { "", "", NULL, 0 },
    [JWE_RSA_OAEP_256] = { "RSA-OAEP-256", "RSA", "SHA256", 0 },
    [JWE_RSA_OAEP] = { "RSA-OAEP", "RSA", "SHA1", 0 },
    [JWE_ECDH_ES] = { "ECDH-ES", "EC", NULL, 0 },
    [JWE_ECDH_ES_A128KW] = { "ECDH-ES+A128KW", "EC", NULL, 16 },
    [JWE_ECDH_ES_A256KW] = { "ECDH-ES+A256KW", "EC", NULL, 32 },
};

static const struct enc_kind {
    const char *name;
    size_t key_B, iv_B;
    const EVP_CIPHER *(*cipher)(void);
    const EVP_MD *(*mac)(void); /* NULL: GCM */
} encs[JWE_ENC_COUNT] = {
    [JWE_ENC_NONE] = { "", 0, 0, NULL, NULL },
    [JWE_A128CBC_HS256] = { "A128CBC-HS256", 32, AES_BLOCK_B, EVP_aes_128_cbc, EVP_sha256 },
    [JWE_A256CBC_HS512] = { "A256CBC-HS512", 64, AES_BLOCK_B, EVP_aes_256_cbc, EVP_sha512 },
    [JWE_A128GCM] = { "A128GCM", 16, GCM_IV_B, EVP_aes_128_gcm, NULL },
    [JWE_A256GCM] = { "A256GCM", 32, GCM_IV_B, EVP_aes_256_gcm, NULL },
};

const char *jwe_alg_name(enum jwe_alg alg)
{
    return algs[alg].name;
}

const char *jwe_enc_name(enum jwe_enc enc)
{
    return encs[enc].name;
}

enum jwe_alg jwe_alg_named(struct str word)
{
    for (int alg = JWE_ALG_NONE + 1; alg < JWE_ALG_COUNT; alg++)
        if (str_eq(word, str_of(algs[alg].name)))
            return (enum jwe_alg)alg;
    return JWE_ALG_NONE;
}

enum jwe_enc jwe_enc_named(struct str word)
{
    for (int enc = JWE_ENC_NONE + 1; enc < JWE_ENC_COUNT; enc++)
        if (str_eq(word, str_of(encs[enc].name)))
            return (enum jwe_enc)enc;
    return JWE_ENC_NONE;
}

size_t jwe_key_B(enum jwe_enc enc)
{
    return encs[enc].key_B;
}

size_t jwe_iv_B(enum jwe_enc enc)
{
    return encs[enc].iv_B;
}

/* ── the reader's key ───────────────────────────────────────────────────── */

struct jwe_key {
    enum jwe_alg alg;
    struct str kid; /* absent: none */
    EVP_PKEY *key;
};

static void free_key(void *key)
{
    EVP_PKEY_free(key);
}

static const unsigned char *bytes_of(struct str s)
{
    return (const unsigned char *)s.p;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *b)
{
    OSSL_PARAM *params = b != NULL ? OSSL_PARAM_BLD_to_param(b) : NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *rsa_key(struct str n, struct str e)
{
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    BIGNUM *bn = BN_bin2bn(bytes_of(n), (int)n.n, NULL), *be = BN_bin2bn(bytes_of(e), (int)e.n, NULL);
    bool ok = b != NULL && bn != NULL && be != NULL && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
              OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be) == 1;
    EVP_PKEY *key = ok ? from_params("RSA", b) : NULL;

    OSSL_PARAM_BLD_free(b);
    BN_free(bn);
    BN_free(be);
    return key;
}

static EVP_PKEY *ec_key(struct str x, struct str y)
{
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    unsigned char point[1 + 2 * P256_B] = { 0x04 };

    memcpy(point + 1, x.p, P256_B);
    memcpy(point + 1 + P256_B, y.p, P256_B);
    bool ok = b != NULL && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
              OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1;
    EVP_PKEY *key = ok ? from_params("EC", b) : NULL;
    OSSL_PARAM_BLD_free(b);
    return key;
}

/* NULL, and why. */
static EVP_PKEY *key_of(struct arena *a, const struct json_value *jwk, const char **why)
{
    struct str one, two;
    EVP_PKEY *key = NULL;

    if (str_eq(json_get_str(jwk, S("kty")), S("RSA"))) {
        *why = jwk_rsa(a, jwk, &one, &two);
        key = *why == NULL ? rsa_key(one, two) : NULL;
    } else if (!str_eq(json_get_str(jwk, S("crv")), S("P-256"))) {
        *why = "its curve is not P-256";
    } else if (!jwk_p256(a, jwk, &one, &two)) {
        *why = "key_malformed";
    } else {
        key = ec_key(one, two);
    }
    if (key == NULL && *why == NULL)
        *why = "OpenSSL refuses it";
    return key;
}

static bool is_empty(const struct json_value *v)
{
    return v == NULL || v->type == JSON_NULL || (v->type == JSON_STR && v->text.n == 0) ||
           (v->type == JSON_ARRAY && v->count == 0);
}

/* What a public key may be for, where it says so: of ECDH-ES a public key has no operation [Web Cryptography 20.8], but
 * some name the one of the other half. */
static bool may_encrypt(const struct json_value *ops)
{
    static const char *const words[] = { "encrypt", "wrapKey", "deriveKey", "deriveBits" };

    if (is_empty(ops))
        return true;
    for (const struct json_value *op = ops->first; op != NULL; op = op->next)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (op->type == JSON_STR && str_eq(op->text, str_of(words[i])))
                return true;
    return false;
}

/* NULL when it fits, else why not. */
static const char *unfit(const struct json_value *jwk, enum jwe_alg alg)
{
    if (!str_eq(json_get_str(jwk, S("kty")), str_of(algs[alg].kty)))
        return "it is of another type";
    if (!is_empty(json_get(jwk, S("use"))) && !str_eq(json_get_str(jwk, S("use")), S("enc")))
        return "its use is not enc";
    if (!is_empty(json_get(jwk, S("alg"))) && !str_eq(json_get_str(jwk, S("alg")), str_of(algs[alg].name)))
        return "it is for another alg";
    return may_encrypt(json_get(jwk, S("key_ops"))) ? NULL : "its key_ops do not encrypt";
}

static const struct json_value *choose_jwk(const struct jwks *keys, enum jwe_alg alg, bool marked, const char **why)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct json_value *jwk = keys->keys[i].source;
        const char *bad = unfit(jwk, alg);
        if (bad == NULL && (!marked || str_eq(json_get_str(jwk, S("use")), S("enc"))))
            return jwk;
        if (bad != NULL)
            *why = bad;
    }
    return NULL;
}

const struct jwe_key *jwe_choose(struct arena *a, const struct jwks *keys, enum jwe_alg alg, struct fail *f)
{
    const char *why = "there is none";
    const struct json_value *jwk = NULL;

    if (alg == JWE_ALG_NONE || alg >= JWE_ALG_COUNT)
        return fail(f, FAIL_CALLER, "jwe_alg", "no algorithm that is known"), NULL;
    for (int marked = 1; keys != NULL && jwk == NULL && marked >= 0; marked--)
        jwk = choose_jwk(keys, alg, marked == 1, &why);
    if (jwk == NULL)
        return fail(f, FAIL_CALLER, "jwe_key", "no key for %s: %s", algs[alg].name, why), NULL;
    struct jwe_key *k = arena_make(a, struct jwe_key);
    why = NULL;
    *k = (struct jwe_key){ alg, json_get_str(jwk, S("kid")), key_of(a, jwk, &why) };
    if (k->key == NULL)
        return fail(f, FAIL_CALLER, "jwe_key", "the key for %s: %s", algs[alg].name, why), NULL;
    arena_adopt(a, k->key, free_key);
    return k;
}

/* ── the content key, for its reader ────────────────────────────────────── */

static void put_number(unsigned char *out, uint64_t n, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--, n >>= 8)
        out[i] = (unsigned char)(n & 0xff);
}

static void add_number(struct buf *b, uint64_t n)
{
    unsigned char four[4];

    put_number(four, n, 4);
    buf_add(b, str_n(four, sizeof four));
}

static void add_counted(struct buf *b, struct str s)
{
    add_number(b, s.n);
    buf_add(b, s);
}

struct str jwe_derive(struct arena *a, struct str agreed, struct str algorithm, struct str party_u, struct str party_v,
                      size_t n)
{
    struct buf out = buf_new(a, 2 * SHA256_B);

    for (uint64_t round = 1; (round - 1) * SHA256_B < n; round++) {
        struct buf b = buf_new(a, HEADER_MAX_B);
        add_number(&b, round);
        buf_add(&b, agreed);
        add_counted(&b, algorithm);
        add_counted(&b, party_u);
        add_counted(&b, party_v);
        add_number(&b, (uint64_t)n * 8);
        buf_add(&out, sha256(a, buf_str(&b)));
    }
    return str_sub(buf_str(&out), 0, n);
}

bool jwe_wrap(struct arena *a, struct str kek, struct str key, struct str *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *wrapped = arena_alloc(a, key.n + 2 * WRAP_MORE_B);
    int n = 0, last = 0;

    if (ctx != NULL)
        EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    bool ok = ctx != NULL &&
              EVP_EncryptInit_ex(ctx, kek.n == 16 ? EVP_aes_128_wrap() : EVP_aes_256_wrap(), NULL, bytes_of(kek),
                                 NULL) == 1 &&
              EVP_EncryptUpdate(ctx, wrapped, &n, bytes_of(key), (int)key.n) == 1 &&
              EVP_EncryptFinal_ex(ctx, wrapped + n, &last) == 1;

    EVP_CIPHER_CTX_free(ctx);
    *out = str_n(wrapped, (size_t)n + (size_t)last);
    return ok;
}

static bool wrap_rsa(struct arena *a, const struct jwe_key *k, struct str key, struct str *out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(k->key, NULL);
    size_t n = (size_t)EVP_PKEY_get_size(k->key);
    unsigned char *wrapped = arena_alloc(a, n);
    const EVP_MD *hash = strcmp(algs[k->alg].mgf, "SHA1") == 0 ? EVP_sha1() : EVP_sha256();
    bool ok = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hash) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hash) == 1 &&
              EVP_PKEY_encrypt(ctx, wrapped, &n, bytes_of(key), key.n) == 1;

    EVP_PKEY_CTX_free(ctx);
    *out = str_n(wrapped, n);
    return ok;
}

static bool agree(struct arena *a, EVP_PKEY *mine, EVP_PKEY *theirs, struct str *out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(mine, NULL);
    size_t n = P256_B;
    unsigned char *z = arena_alloc(a, n);
    bool ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
              EVP_PKEY_derive(ctx, z, &n) == 1;

    EVP_PKEY_CTX_free(ctx);
    *out = str_n(z, n);
    return ok && n == P256_B;
}

static struct str coordinate(struct arena *a, const EVP_PKEY *key, const char *name)
{
    BIGNUM *bn = NULL;
    unsigned char *out = arena_alloc(a, P256_B);
    bool ok = EVP_PKEY_get_bn_param(key, name, &bn) == 1 && BN_bn2binpad(bn, out, P256_B) == P256_B;

    BN_free(bn);
    return ok ? b64url_encode(a, str_n(out, P256_B)) : (struct str){ NULL, 0 };
}

/* ── the content ────────────────────────────────────────────────────────── */

static bool run_cipher(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, struct str key, struct str iv, struct str aad,
                       struct str plain, unsigned char *out, size_t *n)
{
    int some = 0, last = 0, none;

    if (EVP_EncryptInit_ex(ctx, cipher, NULL, bytes_of(key), bytes_of(iv)) != 1 ||
        (aad.p != NULL && EVP_EncryptUpdate(ctx, NULL, &none, bytes_of(aad), (int)aad.n) != 1) ||
        EVP_EncryptUpdate(ctx, out, &some, bytes_of(plain), (int)plain.n) != 1 ||
        EVP_EncryptFinal_ex(ctx, out + some, &last) != 1)
        return false;
    *n = (size_t)some + (size_t)last;
    return true;
}

/* The second half of the key encrypts, the first one authenticates [RFC 7518 5.2.2.1]. */
static bool with_mac(struct arena *a, EVP_CIPHER_CTX *ctx, const struct enc_kind *e, struct str key, struct str iv,
                     struct str aad, struct str plain, struct jwe_content *out)
{
    size_t half = e->key_B / 2, n = 0;
    unsigned char *text = arena_alloc(a, plain.n + AES_BLOCK_B), bits[8];
    unsigned char *tag = arena_alloc(a, EVP_MAX_MD_SIZE);
    unsigned int tag_B = EVP_MAX_MD_SIZE;

    if (!run_cipher(ctx, e->cipher(), str_from(key, half), iv, (struct str){ NULL, 0 }, plain, text, &n))
        return false;
    struct buf b = buf_new(a, TOKEN_MAX_B);
    put_number(bits, (uint64_t)aad.n * 8, sizeof bits);
    buf_add(&b, aad);
    buf_add(&b, iv);
    buf_add(&b, str_n(text, n));
    buf_add(&b, str_n(bits, sizeof bits));
    struct str all = buf_str(&b);
    if (!buf_ok(&b) || HMAC(e->mac(), key.p, (int)half, bytes_of(all), all.n, tag, &tag_B) == NULL)
        return false;
    *out = (struct jwe_content){ str_n(text, n), str_n(tag, half) };
    return true;
}

bool jwe_encrypt(struct arena *a, enum jwe_enc enc, struct str key, struct str iv, struct str aad, struct str plain,
                 struct jwe_content *out)
{
    const struct enc_kind *e = &encs[enc];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *text, *tag;
    size_t n = 0;
    bool ok;

    if (e->cipher == NULL || key.n != e->key_B || iv.n != e->iv_B || ctx == NULL) {
        ok = false;
    } else if (e->mac != NULL) {
        ok = with_mac(a, ctx, e, key, iv, aad, plain, out);
    } else {
        text = arena_alloc(a, plain.n + AES_BLOCK_B);
        tag = arena_alloc(a, GCM_TAG_B);
        ok = run_cipher(ctx, e->cipher(), key, iv, aad, plain, text, &n) &&
             EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_B, tag) == 1;
        *out = (struct jwe_content){ str_n(text, n), str_n(tag, GCM_TAG_B) };
    }
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

/* ── the whole ──────────────────────────────────────────────────────────── */

struct writing {         /* one JWE */
    struct arena *arena; /* wiped at its end */
    const struct world *world;
    const struct jwe_key *to;
    enum jwe_enc enc;
    struct str key, wrapped; /* of the content; the second as it travels, "" where nothing does */
    struct str epk;          /* JSON; absent without ECDH-ES */
};

static struct str random_bytes(const struct writing *w, size_t n)
{
    unsigned char *out = arena_alloc(w->arena, n);

    world_random(w->world, out, n);
    return str_n(out, n);
}

static bool agree_on_key(struct writing *w)
{
    const struct alg_kind *alg = &algs[w->to->alg];
    EVP_PKEY *mine = EVP_EC_gen("P-256");
    struct str agreed, none = S("");
    bool ok = mine != NULL && agree(w->arena, mine, w->to->key, &agreed);

    if (ok)
        w->epk = arena_printf(w->arena, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%.*s\",\"y\":\"%.*s\"}",
                              STR_ARG(coordinate(w->arena, mine, OSSL_PKEY_PARAM_EC_PUB_X)),
                              STR_ARG(coordinate(w->arena, mine, OSSL_PKEY_PARAM_EC_PUB_Y)));
    EVP_PKEY_free(mine);
    if (!ok)
        return false;
    if (alg->wrap_B == 0) { /* what is agreed on is the content key [RFC 7518 4.6] */
        w->key = jwe_derive(w->arena, agreed, str_of(encs[w->enc].name), none, none, encs[w->enc].key_B);
        w->wrapped = none;
        return true;
    }
    w->key = random_bytes(w, encs[w->enc].key_B);
    return jwe_wrap(w->arena, jwe_derive(w->arena, agreed, str_of(alg->name), none, none, alg->wrap_B), w->key,
                    &w->wrapped);
}

static bool make_key(struct writing *w)
{
    if (algs[w->to->alg].mgf == NULL)
        return agree_on_key(w);
    w->key = random_bytes(w, encs[w->enc].key_B);
    return wrap_rsa(w->arena, w->to, w->key, &w->wrapped);
}

static struct str header_of(const struct writing *w, struct str cty)
{
    struct json_out o = json_out(w->arena, HEADER_MAX_B);

    json_begin_object(&o);
    json_put_str(&o, S("alg"), str_of(algs[w->to->alg].name));
    json_put_str(&o, S("enc"), str_of(encs[w->enc].name));
    json_put_str(&o, S("kid"), w->to->kid);
    json_put_str(&o, S("cty"), cty);
    if (w->epk.p != NULL) {
        json_key(&o, S("epk"));
        json_raw(&o, w->epk);
    }
    json_end_object(&o);
    return json_done(&o);
}

static bool write_all(struct writing *w, struct arena *a, struct str cty, struct str plain, struct str *out)
{
    struct jwe_content content;

    if (!make_key(w))
        return false;
    struct str header = header_of(w, cty), iv = random_bytes(w, encs[w->enc].iv_B);
    struct str aad = b64url_encode(w->arena, header);
    if (header.p == NULL || !jwe_encrypt(w->arena, w->enc, w->key, iv, aad, plain, &content))
        return false;
    *out = arena_printf(a, "%.*s.%.*s.%.*s.%.*s.%.*s", STR_ARG(aad), STR_ARG(b64url_encode(w->arena, w->wrapped)),
                        STR_ARG(b64url_encode(w->arena, iv)), STR_ARG(b64url_encode(w->arena, content.ciphertext)),
                        STR_ARG(b64url_encode(w->arena, content.tag)));
    return true;
}

bool jwe_write(struct arena *a, const struct world *w, const struct jwe_key *key, enum jwe_enc enc, struct str cty,
               struct str plain, struct str *out, struct fail *f)
{
    if (enc == JWE_ENC_NONE || enc >= JWE_ENC_COUNT)
        return fail(f, FAIL_CALLER, "jwe_enc", "no algorithm that is known");
    if (plain.p == NULL || plain.n > JWE_PLAIN_MAX_B)
        return fail(f, FAIL_OURS, "jwe_broken", "nothing to encrypt, or too much: %zu bytes", plain.n);
    struct writing writing = { .arena = arena_new_secret(), .world = w, .to = key, .enc = enc };
    bool ok = write_all(&writing, a, cty, plain, out);
    arena_free(writing.arena);
    return ok ? true : fail(f, FAIL_OURS, "jwe_broken", "OpenSSL failed");
}
