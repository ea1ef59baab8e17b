/* SPDX-License-Identifier: EUPL-1.2
 * Policy text: what would have to be different for the other answer is found in bounded work, whatever the policies
 * say, and can be told. */
#include "policy/cedar/engine.h"
#include "policy/cedar/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char store[] =
    "[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{\"n\":1,\"s\":\"x\",\"r\":{\"a\":[1,{\"b\":true}]}},"
    "\"parents\":[{\"type\":\"Group\",\"id\":\"g\"}],\"tags\":{\"t\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::1\"}}}},"
    "{\"uid\":{\"type\":\"Group\",\"id\":\"g\"},\"attrs\":{},\"parents\":[{\"type\":\"Group\",\"id\":\"h\"}]}]";

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void explain(struct arena *a, const struct cedar_policies *p, const struct cedar_request *r,
                    enum cedar_rule rule)
{
    struct cedar_source source = { S("e"), str_of(store) };
    struct cedar_diags d = cedar_diags_new(a, &source);
    const struct cedar_entities *e = cedar_entities_parse(a, &d, NULL);
    struct cedar_answer answer =
        rule == CEDAR_CLOSED ? cedar_authorize_closed(a, p, e, r) : cedar_authorize(a, p, e, r);
    const struct cedar_why *why = cedar_explain_answer(a, p, e, r, rule, 3);
    struct buf b = buf_new(a, 64u << 20);
    struct cedar_difference told;

    must(cedar_why_decision(why) == answer.decision && cedar_why_count(why) <= 3);
    for (size_t i = 0; i < cedar_why_count(why); i++) {
        must(cedar_why_difference_count(why, i) > 0);
        for (size_t k = 0; k < cedar_why_difference_count(why, i); k++)
            must(why_difference(a, why, i, k, &told) && told.text.n > 0 && told.kind != CEDAR_DIFFERENCE_NONE);
    }
    cedar_why_to_json(&b, why);
    source.text = buf_str(&b);
    must(!buf_ok(&b) || cedar_json_parse(&d) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct cedar_source source = { S("p"), str_n(data, size) };
    struct cedar_diags d = cedar_diags_new(a, &source);
    const struct cedar_policies *p = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
    struct cedar_request r = { .principal = cedar_uid_make(S("User"), S("a")),
                               .action = cedar_uid_make(S("Action"), S("v")),
                               .resource = cedar_uid_make(S("Group"), S("g")) };

    for (size_t i = 0; i < d.n; i++)
        must(d.items[i].finding != CEDAR_FINDING_NONE);
    if (p != NULL) {
        explain(a, p, &r, CEDAR_AS_DEFINED);
        explain(a, p, &r, CEDAR_CLOSED);
    }
    arena_free(a);
    return 0;
}
