/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/address.h"

#include <arpa/inet.h>
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where a proxy says that a browser is: what is known is an address that is written back, and read as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct address one = address_read(str_n(data, size));
    char text[INET6_ADDRSTRLEN];

    if (one.family == 0)
        return 0;
    assert(inet_ntop(one.family, one.bytes, text, sizeof text) != NULL);
    const struct address again = address_read(str_of(text));
    assert(again.family == one.family && memcmp(again.bytes, one.bytes, sizeof one.bytes) == 0);
    return 0;
}
