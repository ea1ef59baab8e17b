/* SPDX-License-Identifier: EUPL-1.2
 * Policies in JSON, and requests: read or refused; a policy that is read
 * survives text and JSON. */
#include "policy/cedar/engine.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

static const struct cedar_policies *read_json(struct arena *a, struct str text)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *source = (struct cedar_source){ S("j"), text };
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_policies *p = cedar_policies_from_json(a, &d);
    (void)cedar_diags_text(a, &d);
    must((p == NULL) == (d.errors > 0));
    return p;
}

static void check(struct arena *a, const struct cedar_policies *p)
{
    struct buf b = buf_new(a, 64u << 20);

    cedar_policies_to_json(&b, p);
    const struct cedar_policies *q = read_json(a, buf_str(&b));
    must(q != NULL);
    for (size_t i = 0; i < cedar_policies_n(p); i++) {
        const struct cedar_policy *policy = cedar_policy_at(p, i);
        struct buf text = buf_new(a, 64u << 20);
        must(cedar_policy_eq(policy, cedar_policy_named(q, policy->id)));
        cedar_policy_text(&text, policy);
        struct cedar_source source = { S("p"), buf_str(&text) };
        struct cedar_diags d = cedar_diags_new(a, &source);
        const struct cedar_policies *again = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
        /* JSON may be nested more deeply than text may. */
        must(again == NULL ? d.n > 0 && str_find(d.items[0].message, S("deeper")) < d.items[0].message.n
                           : cedar_policy_eq(policy, cedar_policy_at(again, 0)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str text = { size > 0 ? (const char *)data : "", size };
    const struct cedar_policies *p = read_json(a, text);
    struct cedar_source source = { S("r"), text };
    struct cedar_diags d = cedar_diags_new(a, &source);
    struct cedar_request r;

    if (p != NULL)
        check(a, p);
    must(cedar_request_parse(a, &d, NULL, &r) == (d.errors == 0));
    arena_free(a);
    return 0;
}
