/* SPDX-License-Identifier: EUPL-1.2
 *
 * RSA keys for unit tests, made once for each build folder: to make one takes a sixth of a second, and the tests ask
 * for a thousand.  Linked with --wrap, so that certs/ asks as it does everywhere.  The next key is taken from a count
 * that processes share, so that no two of the last RSA_POOL_KEYS that a test made are equal, whichever process made
 * them. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/rsa_pool.h"

EVP_PKEY *__real_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *ctx, const char *properties, const char *type, ...);
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *ctx, const char *properties, const char *type, ...);

static const unsigned char *pool; /* RSA_POOL_KEYS times RSA_POOL_KEY_B: a key in DER, and zeros */
static atomic_uint *taken;

/* Before a test's processes shut themselves in. */
__attribute__((constructor)) static void open_pool(void)
{
    int file = open(TEST_RSA_POOL, O_RDONLY | O_CLOEXEC);
    struct stat s;

    if (file < 0 || fstat(file, &s) != 0 || s.st_size != (off_t)RSA_POOL_KEYS * RSA_POOL_KEY_B)
        abort(); /* the build makes it */
    pool = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    taken = mmap(NULL, sizeof *taken, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    close(file);
    if (pool == MAP_FAILED || taken == MAP_FAILED)
        abort();
}

EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *ctx, const char *properties, const char *type, ...)
{
    va_list more;
    EVP_PKEY *key = NULL;

    va_start(more, type);
    if (strcmp(type, "RSA") == 0) {
        size_t bits = va_arg(more, size_t);
        const unsigned char *der = pool + (size_t)(atomic_fetch_add(taken, 1) % RSA_POOL_KEYS) * RSA_POOL_KEY_B;
        key = bits == RSA_POOL_BITS ? d2i_AutoPrivateKey(NULL, &der, RSA_POOL_KEY_B)
                                    : __real_EVP_PKEY_Q_keygen(ctx, properties, type, bits);
    } else if (strcmp(type, "EC") == 0) {
        key = __real_EVP_PKEY_Q_keygen(ctx, properties, type, va_arg(more, const char *));
    } else {
        key = __real_EVP_PKEY_Q_keygen(ctx, properties, type);
    }
    va_end(more);
    return key;
}
