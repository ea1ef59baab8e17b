/* SPDX-License-Identifier: EUPL-1.2
 * Policy text: whatever it is, it is read or refused; what is read survives
 * layout, text and JSON, and can be asked. */
#include "policy/cedar/engine.h"

#include <stdlib.h>

static const char store[] =
    "[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{\"n\":1,\"s\":\"x\",\"r\":{\"a\":[1,{\"b\":true}]}},"
    "\"parents\":[{\"type\":\"Group\",\"id\":\"g\"}],\"tags\":{\"t\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::1\"}}}}]";

static const struct cedar_policies *parse(struct arena *a, struct str text)
{
    struct cedar_source *source = arena_make(a, struct cedar_source);

    *source = (struct cedar_source){ S("p"), text };
    struct cedar_diags d = cedar_diags_new(a, source);
    const struct cedar_policies *p = cedar_policies_parse(a, &d, CEDAR_IDS_BY_POSITION);
    (void)cedar_diags_text(a, &d);
    if ((p == NULL) != (d.errors > 0))
        abort();
    return p;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_layout(struct arena *a, struct str text, const struct cedar_policies *p)
{
    struct cedar_source source = { S("p"), text };
    struct cedar_diags d = cedar_diags_new(a, &source);
    struct str once = cedar_format(a, &d);
    const struct cedar_policies *q = parse(a, once);

    must(q != NULL && cedar_policies_n(q) == cedar_policies_n(p));
    for (size_t i = 0; i < cedar_policies_n(p); i++)
        must(cedar_policy_eq(cedar_policy_at(p, i), cedar_policy_at(q, i)));
    source.text = once;
    must(str_eq(once, cedar_format(a, &d)));
}

static void check_json(struct arena *a, const struct cedar_policies *p)
{
    struct buf b = buf_new(a, 64u << 20);
    cedar_policies_to_json(&b, p);
    struct cedar_source source = { S("j"), buf_str(&b) };
    struct cedar_diags d = cedar_diags_new(a, &source);
    const struct cedar_policies *q = cedar_policies_from_json(a, &d);

    must(q != NULL);
    for (size_t i = 0; i < cedar_policies_n(p); i++)
        must(cedar_policy_eq(cedar_policy_at(p, i), cedar_policy_named(q, cedar_policy_at(p, i)->id)));
}

static void ask(struct arena *a, const struct cedar_policies *p)
{
    struct cedar_source source = { S("e"), str_of(store) };
    struct cedar_diags d = cedar_diags_new(a, &source);
    const struct cedar_entities *e = cedar_entities_parse(a, &d, NULL);
    struct cedar_request r = { .principal = cedar_uid_make(S("User"), S("a")),
                               .action = cedar_uid_make(S("Action"), S("v")),
                               .resource = cedar_uid_make(S("User"), S("a")) };
    struct cedar_answer answer = cedar_authorize_closed(a, p, e, &r);
    enum cedar_decision each;
    struct buf b = buf_new(a, 64u << 20);

    cedar_answer_to_json(&b, &answer);
    cedar_authorize_each(a, p, e, &r, &r.resource, 1, &each);
    must(each == answer.decision);
    for (unsigned unknown = 0; unknown < 16; unknown += 5) { /* none, two of four, all */
        const struct cedar_policies *remaining;
        (void)cedar_authorize_partial(a, p, e, &r, unknown, &remaining);
        struct cedar_answer same = cedar_authorize_closed(a, remaining, e, &r);
        must(same.decision == answer.decision && same.n_reasons == answer.n_reasons &&
             same.n_errors == answer.n_errors);
    }
    const struct cedar_entities *slice = cedar_entities_slice(a, p, e, &r);
    must(slice != NULL && cedar_authorize_closed(a, p, slice, &r).decision == answer.decision);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct str text = arena_str(a, (struct str){ (const char *)data, size });
    const struct cedar_policies *p = size > 0 ? parse(a, text) : NULL;

    if (p != NULL) {
        check_layout(a, text, p);
        check_json(a, p);
        ask(a, p);
    }
    arena_free(a);
    return 0;
}
