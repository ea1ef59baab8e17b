/* SPDX-License-Identifier: EUPL-1.2
 * Entities in JSON, with and without a schema: read or refused; what is read
 * is written and read again as the same. */
#include "policy/cedar/engine.h"

#include <stdlib.h>

static const char schema_text[] =
    "type R = {a: Long, b?: Set<ipaddr>}; entity Group; entity User in [Group] = {n?: Long, r?: R, u?: User, "
    "d?: decimal, t?: datetime} tags duration; entity E enum [\"x\"]; action read; action view in [read] "
    "appliesTo {principal: User, resource: User, context: {c?: R}};";

static struct str written(struct arena *a, const struct cedar_entities *e)
{
    struct buf b = buf_new(a, 64u << 20);

    cedar_entities_to_json(&b, e);
    return buf_str(&b);
}

static const struct cedar_entities *parse(struct arena *a, struct str text, const struct cedar_schema *schema)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *source = (struct cedar_source){ S("e"), text };
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_entities *e = cedar_entities_parse(a, &d, schema);
    (void)cedar_diags_text(a, &d);
    if ((e == NULL) != (d.errors > 0))
        abort();
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str text = { size > 0 ? (const char *)data : "", size };
    struct cedar_source source = { S("s"), str_of(schema_text) };
    struct cedar_diags d = cedar_diags_new(a, &source);
    const struct cedar_entities *e = parse(a, text, NULL);

    if (e != NULL && !str_eq(written(a, e), written(a, parse(a, written(a, e), NULL))))
        abort();
    const struct cedar_schema *schema = cedar_schema_parse_text(a, &d);
    if (schema == NULL)
        abort();
    (void)parse(a, text, schema);
    arena_free(a);
    return 0;
}
