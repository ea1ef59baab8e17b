/* SPDX-License-Identifier: EUPL-1.2
 * Any schema with any policies, divided by a line "---": validation ends, says why it refuses, and what is valid
 * strictly is valid permissively. */
#include <stdlib.h>

#include "policy/cedar/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool validate(const struct cedar_schema *s, const struct cedar_policy *p, enum cedar_mode mode, struct arena *a)
{
    struct cedar_diags d = cedar_diags_new(a, NULL);
    bool ok = cedar_validate_policy(s, p, mode, &d);

    if (ok != (d.errors == 0))
        abort();
    (void)cedar_diags_text(a, &d);
    return ok;
}

static void both_modes(const struct cedar_schema *s, const struct cedar_policy *p, struct arena *a)
{
    if (validate(s, p, CEDAR_STRICT, a) && !validate(s, p, CEDAR_PERMISSIVE, a))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str all = str_n(data, size);
    size_t cut = str_find(all, S("\n---\n"));
    struct cedar_source texts[] = { { S("s.cedarschema"), str_sub(all, 0, cut) },
                                    { S("p.cedar"), str_from(all, cut + 5) } };
    struct cedar_diags of_schema = cedar_diags_new(a, &texts[0]), of_policies = cedar_diags_new(a, &texts[1]);
    const struct cedar_schema *s = cedar_schema_parse_text(a, &of_schema);
    const struct cedar_policies *p = s == NULL ? NULL : cedar_policies_parse(a, &of_policies, CEDAR_IDS_BY_POSITION);

    for (size_t i = 0; p != NULL && i < cedar_policies_n(p); i++)
        both_modes(s, cedar_policy_at(p, i), a);
    for (size_t i = 0; p != NULL && i < cedar_templates_n(p); i++)
        both_modes(s, cedar_template_at(p, i), a);
    arena_free(a);
    return 0;
}
