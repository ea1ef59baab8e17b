/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/fetch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is read is written back to the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str m = str_n(data, size);
    struct fetch_request r;
    struct fetch_got got;
    uint64_t id;
    bool beside;

    (void)fetch_type_of(m);
    if (fetch_request_read(m, &id, &r)) {
        struct str again = fetch_request_write(a, id, &r);
        if (again.p != NULL && !str_eq(m, again))
            abort();
    }
    if (fetch_answer_read(m, &id, &got, &beside)) {
        struct str again = fetch_answer_write(a, id, &got, beside);
        if (again.p != NULL && again.n > m.n)
            abort();
    }
    arena_free(a);
    return 0;
}
