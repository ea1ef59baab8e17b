/* SPDX-License-Identifier: EUPL-1.2
 * Any text as a key set: refused, or a set of bounded size. */
#include "wire/jose.h"

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
    arena_free(a);
    return 0;
}
