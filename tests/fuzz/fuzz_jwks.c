/* SPDX-License-Identifier: EUPL-1.2
 * Any text as a key set: refused, or a set of bounded size, whose keys may be encrypted to. */
#include "base/world.h"
#include "wire/jwe.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct fail f = { 0 };
    const struct jwks *keys = jwks_read(a, str_n(data, size), &f);

    assert((keys == NULL) == (f.kind != FAIL_NONE));
    assert(keys == NULL || jwks_count(keys) <= JWKS_KEYS_MAX);
    assert(keys == NULL || jwks_count_for(keys, JOSE_BOTH) <= jwks_count(keys));
    /* Whatever key is chosen to encrypt with does encrypt. */
    for (int alg = JWE_ALG_NONE + 1; keys != NULL && alg < JWE_ALG_COUNT; alg++) {
        const struct jwe_key *to = jwe_choose(a, keys, (enum jwe_alg)alg, &f);
        struct str out, thumbprint;
        assert(to == NULL || jwe_write(a, &world_real, to, JWE_A128GCM, S("JWT"), S("a"), &out, &f));
        (void)jose_thumbprint(a, json_parse(a, str_n(data, size), &f), &thumbprint);
    }
    arena_free(a);
    return 0;
}
