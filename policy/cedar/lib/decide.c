/* SPDX-License-Identifier: EUPL-1.2
 * Decisions, and what they say. */
#include "policy/cedar/lib/lib.h"

static bool decide(struct call *c)
{
    struct cedar_answer *answer = arena_make(c->m->arena, struct cedar_answer);

    *answer = c->how == CEDAR_CLOSED ? cedar_authorize_closed(c->m->arena, c->policies, c->entities, c->request)
                                     : cedar_authorize(c->m->arena, c->policies, c->entities, c->request);
    c->made = answer;
    return true;
}

enum cedar_status cedar_decide(struct cedar_memory *m, const struct cedar_policies *policies,
                               const struct cedar_entities *entities, const struct cedar_request *request,
                               enum cedar_rule rule, const struct cedar_answer **result)
{
    struct call c = { .m = m, .policies = policies, .entities = entities, .request = request, .how = (int)rule };

    if (result != NULL)
        *result = NULL;
    if (policies == NULL || entities == NULL || request == NULL || result == NULL)
        return CEDAR_MISUSE;
    enum cedar_status status = run(&c, decide);
    if (status == CEDAR_OK)
        *result = c.made;
    return status;
}

enum cedar_decision cedar_answer_decision(const struct cedar_answer *answer)
{
    return answer != NULL ? answer->decision : CEDAR_DENY;
}

size_t cedar_answer_reason_count(const struct cedar_answer *answer)
{
    return answer != NULL ? answer->n_reasons : 0;
}

const struct cedar_policy *cedar_answer_reason(const struct cedar_answer *answer, size_t i)
{
    return i < cedar_answer_reason_count(answer) ? answer->reasons[i] : NULL;
}

size_t cedar_answer_error_count(const struct cedar_answer *answer)
{
    return answer != NULL ? answer->n_errors : 0;
}

const struct cedar_policy *cedar_answer_error_policy(const struct cedar_answer *answer, size_t i)
{
    return i < cedar_answer_error_count(answer) ? answer->errors[i].policy : NULL;
}

enum cedar_eval_code cedar_answer_error_code(const struct cedar_answer *answer, size_t i)
{
    return i < cedar_answer_error_count(answer) ? answer->errors[i].error.code : CEDAR_EVAL_OK;
}

static bool error_text(struct call *c)
{
    struct buf b = text_of(c->m);

    buf_add(&b, cedar_eval_error_text(c->m->arena, &c->answer->errors[c->n].error));
    return text_done(c, &b);
}

struct cedar_str cedar_answer_error_text(struct cedar_memory *m, const struct cedar_answer *answer, size_t i)
{
    struct call c = { .m = m, .answer = answer, .n = i };

    if (i >= cedar_answer_error_count(answer) || run(&c, error_text) != CEDAR_OK)
        return cedar_text("");
    return out(c.text);
}

static bool answer_as_json(struct call *c)
{
    struct buf b = text_of(c->m);

    cedar_answer_to_json(&b, c->answer);
    return text_done(c, &b);
}

enum cedar_status cedar_write_answer_json(struct cedar_memory *m, const struct cedar_answer *answer,
                                          struct cedar_str *result)
{
    struct call c = { .m = m, .answer = answer };

    if (result != NULL)
        *result = cedar_text("");
    if (answer == NULL || result == NULL)
        return CEDAR_MISUSE;
    enum cedar_status status = run(&c, answer_as_json);
    if (status == CEDAR_OK)
        *result = out(c.text);
    return status;
}

static bool decide_each(struct call *c)
{
    struct cedar_uid *resources = arena_make_n(c->m->arena, c->n, struct cedar_uid);
    const struct cedar_name *names = c->list;

    for (size_t i = 0; i < c->n; i++)
        resources[i] = cedar_uid_make(in(names[i].type), in(names[i].id));
    cedar_authorize_each(c->m->arena, c->policies, c->entities, c->request, resources, c->n, c->out);
    return true;
}

enum cedar_status cedar_decide_each(struct cedar_memory *m, const struct cedar_policies *policies,
                                    const struct cedar_entities *entities, const struct cedar_request *request,
                                    const struct cedar_name *resources, size_t n, enum cedar_decision *result)
{
    struct call c = {
        .m = m, .policies = policies, .entities = entities, .request = request, .list = resources, .n = n, .out = result
    };

    for (size_t i = 0; result != NULL && i < n; i++)
        result[i] = CEDAR_DENY;
    if (policies == NULL || entities == NULL || request == NULL || (n > 0 && (resources == NULL || result == NULL)))
        return CEDAR_MISUSE;
    enum cedar_status status = run(&c, decide_each);
    for (size_t i = 0; status != CEDAR_OK && i < n; i++)
        result[i] = CEDAR_DENY;
    return status;
}

static bool decide_partial(struct call *c)
{
    const struct cedar_policies *remaining;

    c->how =
        (int)cedar_authorize_partial(c->m->arena, c->policies, c->entities, c->request, (unsigned)c->n, &remaining);
    c->made = remaining;
    return true;
}

enum cedar_status cedar_decide_partial(struct cedar_memory *m, const struct cedar_policies *policies,
                                       const struct cedar_entities *entities, const struct cedar_request *request,
                                       unsigned unknown, enum cedar_partial_decision *decision,
                                       const struct cedar_policies **remaining)
{
    struct call c = { .m = m, .policies = policies, .entities = entities, .request = request, .n = unknown };

    if (decision != NULL)
        *decision = CEDAR_PARTIAL_DENY;
    if (remaining != NULL)
        *remaining = NULL;
    if (policies == NULL || entities == NULL || request == NULL || decision == NULL || remaining == NULL ||
        unknown > 15)
        return CEDAR_MISUSE;
    enum cedar_status status = run(&c, decide_partial);
    if (status == CEDAR_OK) {
        *decision = (enum cedar_partial_decision)c.how;
        *remaining = c.made;
    }
    return status;
}

static bool slice(struct call *c)
{
    c->made = cedar_entities_slice(c->m->arena, c->policies, c->entities, c->request);
    return c->made != NULL;
}

enum cedar_status cedar_slice_entities(struct cedar_memory *m, const struct cedar_policies *policies,
                                       const struct cedar_entities *entities, const struct cedar_request *request,
                                       const struct cedar_entities **result)
{
    struct call c = { .m = m, .policies = policies, .entities = entities, .request = request };

    if (result != NULL)
        *result = NULL;
    if (policies == NULL || entities == NULL || request == NULL || result == NULL)
        return CEDAR_MISUSE;
    enum cedar_status status = run(&c, slice);
    if (status == CEDAR_OK)
        *result = c.made;
    return status;
}
