/* SPDX-License-Identifier: EUPL-1.2
 * EdDSA over Ed25519.  [RFC 8032, RFC 8037 3.1] */
#include "wire/jose_door.h"

#include <openssl/evp.h>

static void free_key(void *key)
{
    EVP_PKEY_free(key);
}

const void *ed25519_verifier(struct arena *a, struct str x)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.p, x.n);

    if (key != NULL)
        arena_adopt(a, key, free_key);
    return key;
}

bool ed25519_signature_by(const void *verifier, struct str text, struct str signature)
{
    EVP_MD_CTX *ctx = verifier != NULL ? EVP_MD_CTX_new() : NULL;
    /* OpenSSL counts who holds the key, with an atomic number, and changes nothing else of it. */
    EVP_PKEY *key = (EVP_PKEY *)(uintptr_t)verifier;
    bool ok = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n, (const unsigned char *)text.p,
                               text.n) == 1;

    EVP_MD_CTX_free(ctx);
    return ok;
}
