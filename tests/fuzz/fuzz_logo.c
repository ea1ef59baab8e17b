/* SPDX-License-Identifier: EUPL-1.2
 * Any bytes as a vendor's picture: what comes out is small, and comes out of it unchanged. */
#include "wire/logo.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct fail f = { 0 };
    struct str out, again;

    if (logo_make(a, str_n(data, size), &out, &f)) {
        assert(out.n > 0 && out.n <= LOGO_MAX_B);
        assert(logo_make(a, out, &again, &f) && str_eq(out, again));
    } else {
        assert(f.kind == FAIL_CALLER && f.detail[0] != '\0');
    }
    arena_free(a);
    return 0;
}
