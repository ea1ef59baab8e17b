/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/register/metadata.h"
#include "gateway/registrar.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\n' && ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f))
            return false;
    return true;
}

/* Whatever a vendor sends: what is taken has redirect URIs at the hosts that its token names, and no controls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct registrar by = { .id = S("oppi"), .vendor = S("oppi-oy"), .test = true, .most = 1 };
    struct metadata out;
    struct fail f = { 0 };

    strs_add(a, &by.hosts, S("oppi.example"));
    strs_add(a, &by.hosts, S("*.app.example"));
    const struct json_value *asked = size <= 65536 ? json_parse(a, str_n(data, size), &f) : NULL;
    if (asked != NULL && metadata_read(a, asked, NULL, &by, NULL, &out, &f)) {
        assert(out.redirect_uris.n > 0);
        for (size_t i = 0; i < out.redirect_uris.n; i++)
            assert(registrar_host_fits(&by.hosts, out.redirect_uris.at[i]));
        for (size_t i = 0; i < out.field_count; i++)
            assert(is_plain(out.fields[i].value));
    }
    arena_free(a);
    return 0;
}
