/* SPDX-License-Identifier: EUPL-1.2
 * Any text as a service's metadata. */
#include "wire/saml_service.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct saml_service_metadata m;
    const struct str none = { NULL, 0 };
    struct arena *a = arena_new();
    struct fail f = { 0 };
    const struct saml_metadata_rules rules = { 0 };

    bool ok = saml_service_read(a, str_n(data, size), &rules, &m, &f);
    assert(ok == (f.kind == FAIL_NONE));
    assert(!ok || saml_service_acs(&m, none, none, -1) != NULL);
    arena_free(a);
    return 0;
}
