/* SPDX-License-Identifier: EUPL-1.2
 * Any text as the JSON form of a schema: it is read or refused with a diagnostic, and what is read equals itself. */
#include <stdlib.h>

#include "policy/cedar/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct cedar_source source = { S("fuzz.json"), str_n(data, size) };
    struct cedar_diags d = cedar_diags_new(a, &source);
    const struct cedar_schema *schema = cedar_schema_parse_json(a, &d);

    if ((schema == NULL) != (d.errors != 0) || (schema != NULL && !cedar_schema_eq(schema, schema)))
        abort();
    (void)cedar_diags_text(a, &d);
    arena_free(a);
    return 0;
}
