/* SPDX-License-Identifier: EUPL-1.2
 * Any text as a message, as metadata, and as a piece of a message. */
#include "wire/xml.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct arena *a, const struct _xmlNode *root)
{
    for (const struct _xmlNode *n = xml_first(root); n != NULL; n = xml_next(n)) {
        struct str bytes;
        int64_t ms;
        struct str text = xml_text(a, n);
        (void)xml_base64(a, text, &bytes);
        (void)xml_time_ms(text, &ms);
        (void)xml_is_ncname(xml_attr(a, n, NULL, "ID"));
        assert(!xml_only_text(n) || xml_first(n) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct fail f = { 0 }, metadata = { 0 }, piece = { 0 };
    struct str raw = str_n(data, size);
    struct _xmlDoc *doc = xml_parse(a, raw, XML_MESSAGE_MAX_B, &f);

    assert((doc != NULL) == (f.kind == FAIL_NONE));
    if (doc != NULL) {
        read_all(a, xml_root(doc));
        const struct _xmlNode *again = xml_parse_at(a, raw, xml_root(doc), XML_MESSAGE_MAX_B, &piece);
        assert(again == NULL || piece.kind == FAIL_NONE);
    }
    (void)xml_parse_metadata(a, raw, XML_MESSAGE_MAX_B, &metadata);
    arena_free(a);
    return 0;
}
