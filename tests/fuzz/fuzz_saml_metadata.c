/* SPDX-License-Identifier: EUPL-1.2
 * Any text as an identity provider's metadata, read as a tree and as a stream. */
#include "wire/saml_metadata.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct fail f = { 0 }, streamed = { 0 };
    struct saml_metadata m, s;
    const struct saml_metadata_rules rules = { .entity_id = S("https://idp.oulu.example/saml") };

    bool ok = saml_metadata_read(a, str_n(data, size), &rules, &m, &f);
    assert(ok == (f.kind == FAIL_NONE) && (!ok || keyring_count(m.signing) > 0));
    bool also = saml_metadata_read_stream(a, str_n(data, size), &rules, &s, &streamed);
    assert(also == (streamed.kind == FAIL_NONE));
    arena_free(a);
    return 0;
}
