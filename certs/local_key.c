/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/local_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

struct local_keys {
    EVP_PKEY *at[LOCAL_KEYS_MAX];
    size_t n;
};

static void pkey_release(void *key)
{
    EVP_PKEY_free(key);
}

/* A file that needs a passphrase is no key here: nobody is asked. */
static int no_passphrase(char *out, int size, int writing, void *with)
{
    return -1;
}

struct local_keys *local_keys_read(struct arena *a, struct local_keys *keys, struct str pem, struct fail *f)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    size_t before;
    EVP_PKEY *key;

    if (keys == NULL)
        keys = arena_make(a, struct local_keys);
    before = keys->n;
    while (keys->n < LOCAL_KEYS_MAX && (key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)) != NULL) {
        arena_adopt(a, key, pkey_release);
        keys->at[keys->n++] = key;
    }
    BIO_free(bio);
    if (keys->n == before)
        return fail(f, FAIL_CALLER, "key_unreadable", "no private key in PEM"), NULL;
    return keys;
}

static const EVP_MD *hash_of(enum oaep_hash hash)
{
    switch (hash) {
    case OAEP_SHA1:
        return EVP_sha1();
    case OAEP_SHA256:
        return EVP_sha256();
    case OAEP_SHA384:
        return EVP_sha384();
    case OAEP_SHA512:
        return EVP_sha512();
    case OAEP_NONE:
        break;
    }
    return NULL;
}

static bool unwrap_with(EVP_PKEY *key, const EVP_MD *digest, const EVP_MD *mgf, struct str in, unsigned char *out,
                        size_t *n)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_is_a(key, "RSA") ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    bool ok = ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_oaep_md(ctx, digest) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) == 1 &&
              EVP_PKEY_decrypt(ctx, out, n, (const unsigned char *)in.p, in.n) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

bool local_keys_unwrap(struct arena *a, const struct local_keys *keys, enum oaep_hash digest, enum oaep_hash mgf,
                       struct str encrypted_key, struct str *out)
{
    if (keys == NULL || hash_of(digest) == NULL || hash_of(mgf) == NULL)
        return false;
    for (size_t i = 0; i < keys->n; i++) {
        size_t n = (size_t)EVP_PKEY_get_size(keys->at[i]);
        unsigned char *plain = arena_alloc(a, n);
        if (unwrap_with(keys->at[i], hash_of(digest), hash_of(mgf), encrypted_key, plain, &n)) {
            *out = str_n(plain, n);
            return true;
        }
    }
    return false;
}
