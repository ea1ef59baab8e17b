/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/text_check.h"

#include "base/embed.h"
#include "policy/cedar/engine.h"

#include <assert.h>

struct text_checker {
    struct arena *arena;
    const struct registry *registry;
    const struct cedar_schema *schema;
};

const struct cedar_schema *policy_schema(struct arena *a)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *source = (struct cedar_source){ S("model.cedarschema"), str_n(policy_files[0].bytes, policy_files[0].size) };
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_schema *schema = cedar_schema_parse_text(a, &d);
    assert(schema != NULL);
    return schema;
}

struct text_checker *text_checker_new(struct arena *a, const struct registry *r)
{
    struct text_checker *c = arena_make(a, struct text_checker);

    *c = (struct text_checker){ a, r, policy_schema(a) };
    return c;
}

/* Gives a code to all findings from this one on that have none. */
static void code_from(struct cedar_diags *d, size_t first, const char *code)
{
    for (size_t i = first; i < d->n; i++)
        if (d->items[i].code == NULL)
            d->items[i].code = code;
}

static bool wrong(struct cedar_diags *d, const char *code, size_t at, size_t end, const char *why)
{
    (void)cedar_error(d, (struct cedar_span){ (uint32_t)at, (uint32_t)end }, "%s", why);
    return cedar_code(d, code);
}

bool policy_text_check(const struct text_checker *c, const struct policy *row, struct cedar_diags *d)
{
    size_t first = d->n, errors = d->errors;

    if (row->text.n > POLICY_TEXT_MAX_B)
        return wrong(d, "policy_too_long", POLICY_TEXT_MAX_B, POLICY_TEXT_MAX_B, "a policy has at most 64 kB of text");
    const struct cedar_policies *p = cedar_policies_parse(d->arena, d, CEDAR_IDS_BY_POSITION);
    code_from(d, first, "policy_syntax");
    if (p == NULL)
        return false;
    (void)cedar_policies_validate(p, c->schema, d);
    code_from(d, first, "policy_schema");
    return d->errors == errors;
}
