/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/http.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void each(void *with, struct str name, struct str value)
{
    ++*(size_t *)with;
    for (size_t i = 0; i < value.n; i++)
        assert((unsigned char)value.p[i] > 0x20 && (unsigned char)value.p[i] < 0x7f);
    assert(name.p != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_field fields[] = { { S("Cookie"), str_n(data, size) } };
    struct http_request r = { .fields = fields, .field_count = 1, .https = size % 2 != 0 };
    size_t seen = 0;

    http_cookies(&r, S(""), each, &seen);
    assert(seen <= HTTP_COOKIES_MAX);
    (void)http_cookie(&r, S("session"));
    return 0;
}
