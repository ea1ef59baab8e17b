/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/kv_sentinel.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a sentinel publishes, and, after a line break, an address that it gives.  A switch is of our master alone; an
 * address is one in digits, at a port that the settings name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct kv_config config = { .ports = { 6379, 6380 }, .port_count = 2 };
    struct arena *a = arena_new();
    struct str all = str_n(data, size), said = str_sub(all, 0, str_find_byte(all, '\n', 0));
    struct str rest = str_from(all, said.n + 1), from[2], to[2], host;

    if (kv_sentinel_switch(said, S("mymaster"), from, to)) {
        assert(str_has_prefix(said, S("mymaster ")));
        (void)kv_sentinel_address(a, &config, to[0], to[1]);
    }
    if (str_split(&rest, ' ', &host)) {
        struct str address = kv_sentinel_address(a, &config, host, rest);
        assert(address.p == NULL || str_has_suffix(address, S(":6379")) || str_has_suffix(address, S(":6380")));
    }
    arena_free(a);
    return 0;
}
