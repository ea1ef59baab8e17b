/* SPDX-License-Identifier: EUPL-1.2
 * Any bytes as a vendor's picture: what comes out is small, comes out of it unchanged, and of an SVG is nothing but
 * plain text that neither runs nor leads anywhere. */
#include "wire/logo.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inert(struct str svg)
{
    struct str rest = str_from(svg, sizeof "<svg xmlns=\"http://www.w3.org/2000/svg\"" - 1);

    for (size_t i = 0; i < rest.n; i++)
        assert(rest.p[i] >= 0x20 && rest.p[i] < 0x7f && rest.p[i] != '\'' && rest.p[i] != '\\' && rest.p[i] != ':' &&
               rest.p[i] != '&' && rest.p[i] != '!' && rest.p[i] != '?' && rest.p[i] != ';' && rest.p[i] != '@');
    for (size_t at = 0; at + 5 < rest.n; at++)
        assert(!str_has_prefix(str_from(rest, at), S("href=")) || str_has_prefix(str_from(rest, at + 5), S("\"#")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct fail f = { 0 };
    struct str out, again;

    if (logo_make(a, str_n(data, size), &out, &f)) {
        assert(out.n > 0 && out.n <= LOGO_MAX_B);
        assert(logo_make(a, out, &again, &f) && str_eq(out, again));
        if (str_eq(logo_type(out), S("image/svg+xml")))
            check_inert(out);
    } else {
        assert(f.kind == FAIL_CALLER && f.detail[0] != '\0');
    }
    arena_free(a);
    return 0;
}
