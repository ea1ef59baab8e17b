/* SPDX-License-Identifier: EUPL-1.2
 *
 * make_rsa_pool FILE: writes the keys that unit tests are given instead of new ones (rsa_pool.c). */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "tests/rsa_pool.h"

static int write_key(FILE *out)
{
    unsigned char at[RSA_POOL_KEY_B] = { 0 }, *end = at;
    EVP_PKEY *key = EVP_RSA_gen((size_t)RSA_POOL_BITS);
    int ok = key != NULL && i2d_PrivateKey(key, NULL) <= RSA_POOL_KEY_B && i2d_PrivateKey(key, &end) > 0;

    EVP_PKEY_free(key);
    return ok && fwrite(at, sizeof at, 1, out) == 1;
}

int main(int argc, char **argv)
{
    FILE *out = argc == 2 ? fopen(argv[1], "wb") : NULL;
    int ok = out != NULL;

    for (int i = 0; ok && i < RSA_POOL_KEYS; i++)
        ok = write_key(out);
    if (out != NULL)
        ok = fclose(out) == 0 && ok;
    return ok ? 0 : 1;
}
