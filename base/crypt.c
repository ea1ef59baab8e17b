/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/crypt.h"

#include "base/codec.h"
#include "base/heap.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

enum { NONCE_B = 12, TAG_B = 16 };

static void *alloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return heap_alloc(n);
}

static void *grow(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return heap_realloc(p, n);
}

static void give_back(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    heap_free(p);
}

/* Before anybody's first use of OpenSSL: afterwards it takes no others. */
__attribute__((constructor)) static void use_heap(void)
{
    (void)CRYPTO_set_mem_functions(alloc, grow, give_back);
}

/* OpenSSL fails here only when a call is wrong: a bug. */
static void must(int ok)
{
    if (ok != 1)
        abort();
}

static const unsigned char *bytes_of(struct str s)
{
    return (const unsigned char *)(s.p != NULL ? s.p : "");
}

/* Looked up once.  OpenSSL would otherwise search by name in every call, which costs more than a short hash. */
static struct {
    EVP_MD *sha256;
    EVP_CIPHER *aes_256_gcm;
    EVP_MAC *hmac;
} found;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* What a thread keeps: to make a context, and a key's schedule in it, costs more than to seal or hash what is short. */
enum { KEYS_KEPT = 4 /* seals.h has three */, DIRECTIONS = 2 };

struct kept {
    EVP_MD_CTX *hash;
    struct kept_key {
        EVP_CIPHER_CTX *ctx;
        unsigned char key[SEAL_KEY_B];
    } keys[DIRECTIONS][KEYS_KEPT];
    unsigned oldest[DIRECTIONS];
};
static pthread_key_t kept_key;

static void drop_kept(void *of_thread)
{
    struct kept *k = of_thread;

    EVP_MD_CTX_free(k->hash);
    for (size_t i = 0; i < DIRECTIONS; i++)
        for (size_t j = 0; j < KEYS_KEPT; j++)
            EVP_CIPHER_CTX_free(k->keys[i][j].ctx);
    OPENSSL_cleanse(k, sizeof *k);
    heap_free(k);
}

static void find_all(void)
{
    must(pthread_key_create(&kept_key, drop_kept) == 0);
    found.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    found.aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    found.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    must(found.sha256 != NULL && found.aes_256_gcm != NULL && found.hmac != NULL);
}

static struct kept *kept(void)
{
    (void)pthread_once(&once, find_all);
    struct kept *k = pthread_getspecific(kept_key);
    if (k != NULL)
        return k;
    k = heap_zeroed(sizeof *k);
    k->hash = EVP_MD_CTX_new();
    must(k->hash != NULL && pthread_setspecific(kept_key, k) == 0);
    return k;
}

/* Ready for a nonce. */
static EVP_CIPHER_CTX *cipher_for(struct str key, bool seals)
{
    struct kept *k = kept();
    struct kept_key *keys = k->keys[seals];

    must(key.n == SEAL_KEY_B);
    for (size_t i = 0; i < KEYS_KEPT; i++)
        if (keys[i].ctx != NULL && CRYPTO_memcmp(keys[i].key, key.p, SEAL_KEY_B) == 0)
            return keys[i].ctx;
    struct kept_key *slot = &keys[k->oldest[seals]++ % KEYS_KEPT];
    if (slot->ctx == NULL)
        must((slot->ctx = EVP_CIPHER_CTX_new()) != NULL);
    must(EVP_CipherInit_ex2(slot->ctx, found.aes_256_gcm, bytes_of(key), NULL, seals, NULL));
    memcpy(slot->key, key.p, SEAL_KEY_B);
    return slot->ctx;
}

struct str sha256(struct arena *a, struct str bytes)
{
    unsigned char *out = arena_alloc(a, SHA256_B);

    sha256_parts(&bytes, 1, out);
    return str_n(out, SHA256_B);
}

void sha256_parts(const struct str *parts, size_t n, unsigned char out[SHA256_B])
{
    EVP_MD_CTX *ctx = kept()->hash;

    must(EVP_DigestInit_ex(ctx, found.sha256, NULL));
    for (size_t i = 0; i < n; i++)
        must(EVP_DigestUpdate(ctx, bytes_of(parts[i]), parts[i].n));
    must(EVP_DigestFinal_ex(ctx, out, NULL));
}

struct str sha512(struct arena *a, struct str bytes)
{
    unsigned char *out = arena_alloc(a, SHA512_B);

    must(EVP_Digest(bytes_of(bytes), bytes.n, out, NULL, EVP_sha512(), NULL));
    return str_n(out, SHA512_B);
}

struct str sha256_hex(struct arena *a, struct str bytes)
{
    return hex_encode(a, sha256(a, bytes));
}

struct hmac_key {
    EVP_MAC_CTX *ready; /* every use copies it */
};

static void release_mac(void *ctx)
{
    EVP_MAC_CTX_free(ctx);
}

static const struct hmac_key *key_for(struct arena *a, struct str key, char *digest)
{
    struct hmac_key *k = arena_make(a, struct hmac_key);
    const OSSL_PARAM with[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                OSSL_PARAM_construct_end() };

    (void)pthread_once(&once, find_all);
    k->ready = EVP_MAC_CTX_new(found.hmac);
    must(k->ready != NULL);
    arena_adopt(a, k->ready, release_mac); /* OpenSSL clears what it holds of the key */
    must(EVP_MAC_init(k->ready, bytes_of(key), key.n, with));
    return k;
}

const struct hmac_key *hmac_key(struct arena *a, struct str key)
{
    char digest[] = "SHA256";

    return key_for(a, key, digest);
}

static struct str mac_of(struct arena *a, const struct hmac_key *key, struct str bytes, size_t length)
{
    unsigned char *out = arena_alloc(a, length);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(key->ready);
    size_t n = 0;

    must(ctx != NULL);
    must(EVP_MAC_update(ctx, bytes_of(bytes), bytes.n));
    must(EVP_MAC_final(ctx, out, &n, length));
    EVP_MAC_CTX_free(ctx);
    return str_n(out, length);
}

struct str hmac_sha256(struct arena *a, const struct hmac_key *key, struct str bytes)
{
    return mac_of(a, key, bytes, SHA256_B);
}

struct str hmac_sha1(struct arena *a, struct str key, struct str bytes)
{
    char digest[] = "SHA1";

    return mac_of(a, key_for(a, key, digest), bytes, SHA1_B);
}

struct str hkdf_sha256(struct arena *a, struct str root, struct str label, size_t n)
{
    unsigned char *out = arena_alloc(a, n);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);

    must(ctx != NULL);
    must(EVP_PKEY_derive_init(ctx));
    must(EVP_PKEY_CTX_set_hkdf_md(ctx, EVP_sha256()));
    must(EVP_PKEY_CTX_set1_hkdf_key(ctx, bytes_of(root), (int)root.n));
    must(EVP_PKEY_CTX_add1_hkdf_info(ctx, bytes_of(label), (int)label.n));
    must(EVP_PKEY_derive(ctx, out, &n));
    EVP_PKEY_CTX_free(ctx);
    return str_n(out, n);
}

bool crypt_eq(struct str a, struct str b)
{
    return a.p != NULL && b.p != NULL && a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

struct str crypt_seal(struct arena *a, const struct world *w, struct str key, struct str bound, struct str plain)
{
    unsigned char *out = arena_alloc(a, NONCE_B + plain.n + TAG_B);
    EVP_CIPHER_CTX *ctx = cipher_for(key, true);
    int n = 0;

    world_random(w, out, NONCE_B);
    must(EVP_EncryptInit_ex2(ctx, NULL, NULL, out, NULL));
    must(EVP_EncryptUpdate(ctx, NULL, &n, bytes_of(bound), (int)bound.n));
    must(EVP_EncryptUpdate(ctx, out + NONCE_B, &n, bytes_of(plain), (int)plain.n));
    must(EVP_EncryptFinal_ex(ctx, out + NONCE_B + n, &n));
    must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_B, out + NONCE_B + plain.n));
    return str_n(out, NONCE_B + plain.n + TAG_B);
}

bool crypt_open(struct arena *a, struct str key, struct str bound, struct str sealed, struct str *plain)
{
    if (sealed.p == NULL || sealed.n < SEAL_OVERHEAD_B)
        return false;
    size_t plain_n = sealed.n - SEAL_OVERHEAD_B;
    unsigned char *out = arena_alloc(a, plain_n + 1);
    const unsigned char *in = bytes_of(sealed);
    unsigned char tag[TAG_B];
    EVP_CIPHER_CTX *ctx = cipher_for(key, false);
    int n = 0;

    memcpy(tag, in + NONCE_B + plain_n, TAG_B);
    must(EVP_DecryptInit_ex2(ctx, NULL, NULL, in, NULL));
    must(EVP_DecryptUpdate(ctx, NULL, &n, bytes_of(bound), (int)bound.n));
    must(EVP_DecryptUpdate(ctx, out, &n, in + NONCE_B, (int)plain_n));
    must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_B, tag));
    bool genuine = EVP_DecryptFinal_ex(ctx, out + n, &n) == 1;
    if (!genuine) {
        OPENSSL_cleanse(out, plain_n);
        return false;
    }
    *plain = str_n(out, plain_n);
    return true;
}

struct str crypt_token(struct arena *a, const struct world *w, size_t n)
{
    char *bytes = arena_alloc(a, n);

    world_random(w, bytes, n);
    return b64url_encode(a, str_n(bytes, n));
}
