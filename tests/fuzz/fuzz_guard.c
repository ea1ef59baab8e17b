/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/http/guard.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A verdict never depends on how the bytes were cut: what is whole was not refused
 * in any beginning, and what is refused stays so with more. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct guarded g, part;
    enum guard_says said = guard_read(str_n(data, size), &g);

    if (said == GUARD_WHOLE) {
        assert(g.header_B <= size && memcmp(data + g.header_B - 4, "\r\n\r\n", 4) == 0);
        assert((g.req.host.n > 0 || g.old) && g.req.path.n > 0 && g.req.field_count <= GUARD_FIELDS_MAX);
        assert(!(g.chunked && g.body_B > 0) && (!g.chunked || (g.by_hand && !g.old)));
        assert(guard_read(str_n(data, g.header_B), &part) == GUARD_WHOLE && part.body_B == g.body_B);
        assert(guard_read(str_n(data, g.header_B - 1), &part) == GUARD_MORE);
        assert(guard_read(str_n(data, g.header_B / 2), &part) == GUARD_MORE);
    } else if (said == GUARD_REFUSED) {
        assert(g.status >= 400 && g.rule != NULL);
    }
    return 0;
}
