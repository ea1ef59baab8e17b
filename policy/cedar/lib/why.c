/* SPDX-License-Identifier: EUPL-1.2
 * What would have to be different. */
#include "policy/cedar/lib/lib.h"

static bool explain(struct call *c)
{
    c->made = cedar_explain_answer(c->m->arena, c->policies, c->entities, c->request, (enum cedar_rule)c->how, c->n);
    return true;
}

enum cedar_status cedar_explain(struct cedar_memory *m, const struct cedar_policies *policies,
                                const struct cedar_entities *entities, const struct cedar_request *request,
                                enum cedar_rule rule, size_t max, const struct cedar_why **result)
{
    struct call c = {
        .m = m, .policies = policies, .entities = entities, .request = request, .how = (int)rule, .n = max
    };

    if (result != NULL)
        *result = NULL;
    if (policies == NULL || entities == NULL || request == NULL || result == NULL)
        return CEDAR_MISUSE;
    enum cedar_status status = run(&c, explain);
    if (status == CEDAR_OK)
        *result = c.made;
    return status;
}

struct question {
    const struct cedar_why *why;
    size_t i, k;
};

static bool tell_difference(struct call *c)
{
    const struct question *q = c->list;

    return why_difference(c->m->arena, q->why, q->i, q->k, c->out);
}

bool cedar_why_difference(struct cedar_memory *m, const struct cedar_why *why, size_t i, size_t k,
                          struct cedar_difference *result)
{
    const struct question q = { why, i, k };
    struct cedar_difference found;
    struct call c = { .m = m, .list = &q, .out = &found };

    if (result == NULL)
        return false;
    *result = (struct cedar_difference){ .policy = NULL };
    if (why == NULL || run(&c, tell_difference) != CEDAR_OK)
        return false;
    *result = found;
    return true;
}

static bool why_as_json(struct call *c)
{
    struct buf b = text_of(c->m);

    cedar_why_to_json(&b, c->list);
    return text_done(c, &b);
}

enum cedar_status cedar_write_why_json(struct cedar_memory *m, const struct cedar_why *why, struct cedar_str *result)
{
    struct call c = { .m = m, .list = why };

    if (result != NULL)
        *result = cedar_text("");
    if (why == NULL || result == NULL)
        return CEDAR_MISUSE;
    enum cedar_status status = run(&c, why_as_json);
    if (status == CEDAR_OK)
        *result = out(c.text);
    return status;
}
