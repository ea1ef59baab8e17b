/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/claims_asked.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct claims_asked_place *a, const struct claims_asked_place *b)
{
    assert(a->n == b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert(str_eq(a->at[i].name, b->at[i].name) && a->at[i].essential == b->at[i].essential);
        assert(a->at[i].value_count == b->at[i].value_count);
    }
}

/* What is read is bounded, and what is kept of it reads as it did. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct claims_asked asked, again;
    struct fail f = { 0 };

    if (claims_asked_read(a, str_n(data, size), &asked, &f)) {
        struct str kept = claims_asked_write(a, &asked);
        assert(size <= CLAIMS_ASKED_MAX_B && asked.userinfo.n <= CLAIMS_ASKED_MAX &&
               asked.id_token.n <= CLAIMS_ASKED_MAX);
        if (kept.p != NULL) {
            assert(kept.n <= CLAIMS_ASKED_MAX_B && claims_asked_read(a, kept, &again, &f));
            same(&asked.userinfo, &again.userinfo);
            same(&asked.id_token, &again.id_token);
        }
    } else {
        assert(f.kind == FAIL_CALLER);
    }
    arena_free(a);
    return 0;
}
