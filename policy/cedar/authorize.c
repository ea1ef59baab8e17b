/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/engine.h"
#include "policy/cedar/json.h"
#include "policy/cedar/policies.h"

#include <string.h>

/* What a policy says to a request. */
enum outcome { APPLIES_NOT = 0, APPLIES, FAILED };

struct tally {
    struct arena *arena;
    const struct cedar_policy **permits, **forbids;
    struct cedar_policy_error *errors;
    size_t n_permits, n_forbids, n_errors;
    size_t room;    /* of each list */
    uint64_t steps; /* taken */
};

static const struct cedar_entity *lookup(const struct cedar_entities *e, const struct cedar_uid *uid)
{
    return cedar_entity_find(e, uid);
}

void authorize_start(struct eval *x, struct index_side sides[3], struct arena *a, const struct cedar_entities *e,
                     const struct cedar_request *r)
{
    static const struct cedar_record empty = { 0, NULL };
    const struct cedar_uid *uids[3] = { &r->principal, &r->action, &r->resource };

    *x = (struct eval){ .entities = e, .arena = a, .context = r->context };
    if (x->context.kind == CEDAR_NONE)
        x->context = (struct cedar_value){ .kind = CEDAR_RECORD, .record = &empty };
    for (int i = 0; i < 3; i++) {
        x->uids[i] = uids[i];
        x->entity[i] = uids[i]->type.p != NULL ? lookup(e, uids[i]) : NULL;
        sides[i] = (struct index_side){ uids[i], x->entity[i] };
    }
}

/* The conditions, in order; the first that does not hold ends it. */
static enum outcome conditions(struct eval *x, const struct cedar_policy *p)
{
    bool holds;

    x->work = CEDAR_WORK_MAX;
    for (size_t i = 0; i < p->n_conditions; i++) {
        if (!eval_bool(x, p->conditions[i].body, &holds))
            return FAILED;
        if (holds == p->conditions[i].unless)
            return APPLIES_NOT;
    }
    return APPLIES;
}

static bool admits(const struct cedar_policy *p, const struct index_side sides[3])
{
    return scope_admits(&p->principal, &sides[0]) && scope_admits(&p->action, &sides[1]) &&
           scope_admits(&p->resource, &sides[2]);
}

/* The lists are as long as there are candidates; made when first needed. */
static void note(struct tally *t, const struct cedar_policy *p, enum outcome outcome, const struct eval *x)
{
    if (outcome == FAILED) {
        if (t->errors == NULL)
            t->errors = arena_make_n(t->arena, t->room, struct cedar_policy_error);
        t->errors[t->n_errors++] = (struct cedar_policy_error){ p, x->error };
        return;
    }
    const struct cedar_policy ***list = p->effect == CEDAR_PERMIT ? &t->permits : &t->forbids;
    size_t *n = p->effect == CEDAR_PERMIT ? &t->n_permits : &t->n_forbids;
    if (*list == NULL)
        *list = arena_make_n(t->arena, t->room, const struct cedar_policy *);
    (*list)[(*n)++] = p;
}

static size_t count_marks(const uint64_t *marks, size_t words)
{
    size_t n = 0;

    for (size_t i = 0; i < words; i++)
        n += (size_t)__builtin_popcountll(marks[i]);
    return n;
}

static void mark_all(uint64_t *marks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        marks[i / 64] |= (uint64_t)1 << i % 64;
}

static void evaluate(struct tally *t, struct eval *x, const struct cedar_policies *p, const struct index_side sides[3])
{
    size_t words = (p->n + 63) / 64;
    uint64_t few[64] = { 0 };
    uint64_t *marks = words <= 64 ? few : arena_make_n(t->arena, words, uint64_t);

    if (x->assumed == NULL)
        index_find(x, &p->index, p->n, sides, marks);
    else /* the index knows nothing of what is assumed */
        mark_all(marks, p->n);
    t->room = count_marks(marks, words);
    for (size_t w = 0; w < words; w++) {
        uint64_t steps = 1;
        for (uint64_t bits = marks[w]; bits != 0; bits &= bits - 1) {
            const struct cedar_policy *policy = p->items[w * 64 + (size_t)__builtin_ctzll(bits)];
            steps++;
            if (!admits(policy, sides))
                continue;
            enum outcome outcome = conditions(x, policy);
            steps += CEDAR_WORK_MAX - x->work;
            if (outcome != APPLIES_NOT)
                note(t, policy, outcome, x);
        }
        steps += x->compared;
        x->compared = 0;
        t->steps += steps;
        arena_spend(t->arena, steps);
    }
}

static struct cedar_answer settle(const struct tally *t)
{
    struct cedar_answer answer = { .n_errors = t->n_errors, .errors = t->errors };

    if (t->n_forbids > 0) {
        answer.n_reasons = t->n_forbids;
        answer.reasons = t->forbids;
    } else if (t->n_permits > 0) {
        answer.decision = CEDAR_ALLOW;
        answer.n_reasons = t->n_permits;
        answer.reasons = t->permits;
    }
    return answer;
}

void authorize_touching(struct arena *a, const struct cedar_policies *p, const struct cedar_entities *e,
                        const struct cedar_request *r, uint64_t *touched)
{
    struct tally t = { .arena = a };
    struct index_side sides[3];
    struct eval x;

    authorize_start(&x, sides, a, e, r);
    for (int i = 0; i < 3; i++)
        (void)cedar_entity_touch(e, x.uids[i], touched);
    x.touched = touched;
    evaluate(&t, &x, p, sides);
}

/* A forbid that cannot be evaluated denies. */
static struct cedar_answer closed(struct arena *a, struct cedar_answer answer)
{
    size_t n = answer.decision == CEDAR_DENY ? answer.n_reasons : 0, failed = 0;

    for (size_t i = 0; i < answer.n_errors; i++)
        failed += answer.errors[i].policy->effect == CEDAR_FORBID;
    if (failed == 0)
        return answer;
    const struct cedar_policy **reasons = arena_make_n(a, n + failed, const struct cedar_policy *);
    for (size_t i = 0; i < n; i++)
        reasons[i] = answer.reasons[i];
    for (size_t i = 0; i < answer.n_errors; i++)
        if (answer.errors[i].policy->effect == CEDAR_FORBID)
            reasons[n++] = answer.errors[i].policy;
    answer.decision = CEDAR_DENY;
    answer.reasons = reasons;
    answer.n_reasons = n;
    return answer;
}

struct cedar_answer authorize_assuming(struct arena *a, const struct cedar_policies *p, const struct cedar_entities *e,
                                       const struct cedar_request *r, enum cedar_rule rule,
                                       const struct cedar_assumed *assumed, size_t n, uint64_t *steps)
{
    struct tally t = { .arena = a };
    struct index_side sides[3];
    struct eval x;

    authorize_start(&x, sides, a, e, r);
    if (n > 0) {
        x.assumed = assumed;
        x.n_assumed = n;
    }
    evaluate(&t, &x, p, sides);
    if (steps != NULL)
        *steps = t.steps;
    return rule == CEDAR_CLOSED ? closed(a, settle(&t)) : settle(&t);
}

struct cedar_answer cedar_authorize(struct arena *a, const struct cedar_policies *p, const struct cedar_entities *e,
                                    const struct cedar_request *r)
{
    return authorize_assuming(a, p, e, r, CEDAR_AS_DEFINED, NULL, 0, NULL);
}

struct cedar_answer cedar_authorize_closed(struct arena *a, const struct cedar_policies *p,
                                           const struct cedar_entities *e, const struct cedar_request *r)
{
    return authorize_assuming(a, p, e, r, CEDAR_CLOSED, NULL, 0, NULL);
}

/* ---- Many resources at once. */

/* A policy whose principal and action fit, and what is known before a resource is. */
struct candidate {
    const struct cedar_policy *policy;
    bool settled; /* its conditions do not read the resource: they hold */
    bool failed;  /* … or cannot be evaluated (kept for forbids only) */
};

static bool reads_resource(const struct cedar_policy *p)
{
    for (size_t i = 0; i < p->n_conditions; i++)
        if ((p->conditions[i].body->uses >> CEDAR_RESOURCE & 1) != 0)
            return true;
    return false;
}

/* Is this policy worth asking for a resource?  Fills *out. */
static bool prepare(struct eval *x, const struct cedar_policy *p, struct candidate *out)
{
    *out = (struct candidate){ .policy = p };
    if (reads_resource(p))
        return true;
    switch (conditions(x, p)) {
    case APPLIES_NOT:
        return false;
    case APPLIES:
        out->settled = true;
        return true;
    default:
        out->failed = p->effect == CEDAR_FORBID;
        return out->failed;
    }
}

/* The candidates, forbids first, and an index of them by resource. */
struct plan {
    struct candidate *all;
    size_t n;
    struct index index;
};

static void index_plan(struct plan *plan, struct arena *a)
{
    const struct cedar_policy **policies = arena_make_n(a, plan->n, const struct cedar_policy *);

    for (size_t i = 0; i < plan->n; i++)
        policies[i] = plan->all[i].policy;
    index_build(a, policies, plan->n, &(struct index_wanted){ &plan->index, INDEX_RESOURCE }, 1);
}

static void make_plan(struct plan *plan, struct arena *a, struct eval *x, const struct cedar_policies *p,
                      const struct index_side sides[3], const uint64_t *marks)
{
    size_t words = (p->n + 63) / 64;

    plan->all = arena_make_n(a, count_marks(marks, words), struct candidate);
    /* The first forbid that applies ends the search, so they come first. */
    for (int effect = CEDAR_FORBID; effect <= CEDAR_PERMIT; effect++)
        for (size_t w = 0; w < words; w++)
            for (uint64_t bits = marks[w]; bits != 0; bits &= bits - 1) {
                const struct cedar_policy *policy = p->items[w * 64 + (size_t)__builtin_ctzll(bits)];
                if ((int)policy->effect == effect && scope_admits(&policy->principal, &sides[0]) &&
                    scope_admits(&policy->action, &sides[1]) && prepare(x, policy, &plan->all[plan->n]))
                    plan->n++;
            }
    arena_spend(a, plan->n + words);
    if (plan->n >= INDEX_FROM)
        index_plan(plan, a);
}

static enum outcome ask(struct eval *x, const struct candidate *c, const struct index_side *resource)
{
    if (!scope_admits(&c->policy->resource, resource))
        return APPLIES_NOT;
    if (c->settled)
        return APPLIES;
    if (c->failed)
        return FAILED;
    enum outcome outcome = conditions(x, c->policy);
    arena_spend(x->arena, 1 + CEDAR_WORK_MAX - x->work);
    return outcome;
}

static enum cedar_decision decide(struct eval *x, const struct plan *plan, const struct index_side *resource,
                                  uint64_t *marks)
{
    const struct index_side sides[3] = { { NULL, NULL }, { NULL, NULL }, *resource };
    size_t words = (plan->n + 63) / 64;

    for (size_t i = 0; i < words; i++)
        marks[i] = 0;
    index_find(x, &plan->index, plan->n, sides, marks);
    for (size_t w = 0; w < words; w++)
        for (uint64_t bits = marks[w]; bits != 0; bits &= bits - 1) {
            const struct candidate *c = &plan->all[w * 64 + (size_t)__builtin_ctzll(bits)];
            enum outcome outcome = ask(x, c, resource);
            if (outcome == APPLIES)
                return c->policy->effect == CEDAR_PERMIT ? CEDAR_ALLOW : CEDAR_DENY;
            if (outcome == FAILED && c->policy->effect == CEDAR_FORBID)
                return CEDAR_DENY;
        }
    return CEDAR_DENY;
}

/* One resource by itself; *looked: how many policies that took, and what asking for them did. */
static enum cedar_decision decide_alone(struct arena *a, const struct cedar_policies *p, const struct cedar_entities *e,
                                        const struct cedar_request *r, size_t *looked)
{
    struct tally t = { .arena = a };
    struct index_side sides[3];
    struct eval x;

    authorize_start(&x, sides, a, e, r);
    evaluate(&t, &x, p, sides);
    *looked += t.room + 16;
    for (size_t i = 0; i < t.n_errors; i++)
        if (t.errors[i].policy->effect == CEDAR_FORBID)
            return CEDAR_DENY;
    return settle(&t).decision;
}

/* Is a plan for the rest worth more than it costs?  It looks at every policy that principal and action leave; asking
 * one by one looks at those that the resource leaves, too.  (bench/cedar.c: a look-up in the whole index costs
 * about what looking at 16 policies does, and planning for a policy five times that.) */
static bool worth_a_plan(size_t left, size_t looked, size_t done, size_t candidates)
{
    return candidates < INDEX_FROM || left * (looked / (done > 0 ? done : 1)) > 5 * candidates;
}

/* As many, from the first, as it takes until asking whether a plan is worth it costs nothing beside them; then the
 * rest, if that is no fewer.  Gives the number that is decided. */
static size_t decide_first(struct arena *a, const struct cedar_policies *p, const struct cedar_entities *e,
                           struct cedar_request *request, const struct cedar_uid *resources, size_t n, size_t *looked,
                           enum cedar_decision *out)
{
    size_t i = 0;

    while (i < n && (*looked < 8 * (64 + p->n / 16) || n - i < i)) {
        request->resource = resources[i];
        out[i++] = decide_alone(a, p, e, request, looked);
    }
    return i;
}

void cedar_authorize_each(struct arena *a, const struct cedar_policies *p, const struct cedar_entities *e,
                          const struct cedar_request *r, const struct cedar_uid *resources, size_t n,
                          enum cedar_decision *out)
{
    struct cedar_request request = *r;
    struct index_side sides[3], person[3];
    struct plan plan = { 0 };
    size_t looked = 0;
    struct eval x;

    size_t done = decide_first(a, p, e, &request, resources, n, &looked, out);
    if (done == n)
        return;
    uint64_t *marks = arena_make_n(a, (p->n + 63) / 64, uint64_t);
    authorize_start(&x, sides, a, e, &request);
    memcpy(person, sides, sizeof person);
    person[2] = (struct index_side){ NULL, NULL };
    index_find(&x, &p->people, p->n, person, marks);
    if (!worth_a_plan(n - done, looked, done, count_marks(marks, (p->n + 63) / 64))) {
        for (size_t i = done; i < n; i++) {
            request.resource = resources[i];
            out[i] = decide_alone(a, p, e, &request, &looked);
        }
        return;
    }
    make_plan(&plan, a, &x, p, sides, marks);
    marks = arena_make_n(a, (plan.n + 63) / 64, uint64_t);
    for (size_t i = done; i < n; i++) {
        arena_spend(a, 1);
        x.uids[CEDAR_RESOURCE] = &resources[i];
        x.entity[CEDAR_RESOURCE] = lookup(e, &resources[i]);
        sides[2] = (struct index_side){ &resources[i], x.entity[CEDAR_RESOURCE] };
        out[i] = decide(&x, &plan, &sides[2], marks);
    }
}

enum cedar_outcome cedar_policy_applies(struct arena *a, const struct cedar_policy *p, const struct cedar_asked *q,
                                        struct cedar_eval_error *error)
{
    const struct cedar_entity *const entities[3] = { q->principal, q->action, q->resource };
    struct eval x = { .entities = q->others, .arena = a, .context = q->context };
    struct index_side sides[3];

    for (int i = 0; i < 3; i++) {
        x.uids[i] = &entities[i]->uid;
        x.entity[i] = entities[i];
        sides[i] = (struct index_side){ x.uids[i], entities[i] };
    }
    if (!admits(p, sides))
        return CEDAR_APPLIES_NOT;
    enum outcome outcome = conditions(&x, p);
    if (outcome == FAILED && error != NULL)
        *error = x.error;
    return outcome == APPLIES ? CEDAR_APPLIES : outcome == FAILED ? CEDAR_FAILED : CEDAR_APPLIES_NOT;
}

void cedar_answer_to_json(struct buf *b, const struct cedar_answer *answer)
{
    buf_printf(b, "{\"decision\":\"%s\",\"reason\":[", answer->decision == CEDAR_ALLOW ? "allow" : "deny");
    for (size_t i = 0; i < answer->n_reasons; i++) {
        if (i > 0)
            buf_byte(b, ',');
        cedar_json_quote(b, answer->reasons[i]->id);
    }
    buf_add(b, S("],\"errors\":["));
    for (size_t i = 0; i < answer->n_errors; i++) {
        buf_add(b, i > 0 ? S(",{\"policy\":") : S("{\"policy\":"));
        cedar_json_quote(b, answer->errors[i].policy->id);
        buf_printf(b, ",\"code\":\"%s\",\"message\":", cedar_eval_code_name(answer->errors[i].error.code));
        cedar_json_quote(b, cedar_eval_error_text(b->arena, &answer->errors[i].error));
        buf_byte(b, '}');
    }
    buf_add(b, S("]}"));
}
