/* SPDX-License-Identifier: EUPL-1.2
 * Decisions about requests of which something is not known yet.
 *
 * What remains of a policy says the same about every request that the known parts allow, errors included: nothing that
 * could fail is dropped unless something before it settles the matter, and what is computed is written as a constant
 * only where a constant can stand. */
#include "policy/cedar/build.h"
#include "policy/cedar/engine.h"
#include "policy/cedar/policies.h"

struct partial {
    struct builder b;
    struct eval eval;
    struct index_side sides[3];
    unsigned unknown; /* bits of variables */
};

static bool is_known_bool(const struct cedar_expr *e, bool value)
{
    return e->constant != NULL && e->constant->kind == CEDAR_BOOL && e->constant->boolean == value;
}

/* The value as a literal, where a policy's text has one; else NULL. */
static const struct cedar_expr *computed(struct partial *p, const struct cedar_expr *e)
{
    struct cedar_value v;

    if (e->constant != NULL || (e->uses & p->unknown) != 0)
        return NULL;
    if (!eval(&p->eval, e, &v))
        return NULL; /* it will fail in its place */
    switch (v.kind) {
    case CEDAR_ENTITY: {
        struct cedar_uid *uid = arena_make(p->b.arena, struct cedar_uid);
        *uid = *v.uid;
        v.uid = uid;
        break;
    }
    case CEDAR_BOOL:
    case CEDAR_LONG:
    case CEDAR_STRING:
        break;
    default:
        return NULL;
    }
    return build_value(&p->b, v, e->span);
}

static const struct cedar_expr *remains(struct partial *p, const struct cedar_expr *e);

/* && up to an operand that is false, || up to one that is true; those that change nothing are left out. */
static const struct cedar_expr *remains_of_chain(struct partial *p, const struct cedar_expr *e)
{
    bool ends = e->op == CEDAR_OP_OR;
    struct kids list = { 0 };

    for (uint32_t i = 0; i < e->n; i++) {
        const struct cedar_expr *kid = remains(p, e->kids[i]);
        if (is_known_bool(kid, !ends))
            continue;
        kids_add(&p->b, &list, kid);
        if (is_known_bool(kid, ends))
            break;
    }
    if (list.n == 0)
        return build_value(&p->b, CEDAR_BOOL_OF(!ends), e->span);
    if (list.n == 1 && (list.items[0]->constant == NULL || list.items[0]->constant->kind == CEDAR_BOOL)) {
        /* Alone it need not be a bool, in a chain it must be. */
        if (list.items[0]->constant != NULL)
            return list.items[0];
        kids_add(&p->b, &list, build_value(&p->b, CEDAR_BOOL_OF(!ends), e->span));
    }
    if (list.n == 1)
        kids_add(&p->b, &list, build_value(&p->b, CEDAR_BOOL_OF(!ends), e->span));
    return build_chain(&p->b, e->op, e->span, &list);
}

static const struct cedar_expr *remains_of_if(struct partial *p, const struct cedar_expr *e)
{
    const struct cedar_expr *kids[3] = { remains(p, e->kids[0]), NULL, NULL };

    if (is_known_bool(kids[0], true))
        return remains(p, e->kids[1]);
    if (is_known_bool(kids[0], false))
        return remains(p, e->kids[2]);
    kids[1] = remains(p, e->kids[1]);
    kids[2] = remains(p, e->kids[2]);
    return build_node(&p->b, e, kids, 3);
}

/* As deep as the tree. */
static const struct cedar_expr *remains(struct partial *p, const struct cedar_expr *e)
{
    const struct cedar_expr *value = computed(p, e);

    if (value != NULL)
        return value;
    if (e->n == 0 || e->constant != NULL || (e->uses & p->unknown) == 0)
        return e;
    if (e->op == CEDAR_OP_AND || e->op == CEDAR_OP_OR)
        return remains_of_chain(p, e);
    if (e->op == CEDAR_OP_IF)
        return remains_of_if(p, e);
    const struct cedar_expr **kids = arena_make_n(p->b.arena, e->n, const struct cedar_expr *);
    for (uint32_t i = 0; i < e->n; i++)
        kids[i] = remains(p, e->kids[i]);
    if (e->op == CEDAR_OP_NOT && kids[0]->constant != NULL && kids[0]->constant->kind == CEDAR_BOOL)
        return build_value(&p->b, CEDAR_BOOL_OF(!kids[0]->constant->boolean), e->span);
    struct cedar_expr draft = *e;
    draft.sugar = false;
    return build_node(&p->b, &draft, kids, e->n);
}

/* False when a known part of the scope excludes the policy. */
static bool scope_remains(struct partial *p, struct cedar_policy *policy)
{
    struct cedar_scope *scopes[] = { &policy->principal, &policy->action, &policy->resource };

    for (enum cedar_var var = CEDAR_PRINCIPAL; var <= CEDAR_RESOURCE; var++) {
        if ((p->unknown >> var & 1) != 0)
            continue;
        if (!scope_admits(scopes[var], &p->sides[var]))
            return false;
        *scopes[var] = (struct cedar_scope){ .kind = CEDAR_SCOPE_ANY };
    }
    return true;
}

/* What remains of one policy; NULL: it does not apply. */
static struct cedar_policy *policy_remains(struct partial *p, const struct cedar_policy *from)
{
    struct cedar_policy *policy = arena_make(p->b.arena, struct cedar_policy);
    struct cedar_condition *list = arena_make_n(p->b.arena, from->n_conditions, struct cedar_condition);
    size_t n = 0;

    *policy = *from;
    if (!scope_remains(p, policy))
        return NULL;
    for (size_t i = 0; i < from->n_conditions; i++) {
        struct cedar_condition c = from->conditions[i];
        c.body = remains(p, c.body);
        if (is_known_bool(c.body, !c.unless))
            continue;
        list[n++] = c;
        if (!is_known_bool(c.body, c.unless))
            continue;
        if (n == 1)
            return NULL;
        break; /* what stands behind it is never looked at */
    }
    policy->conditions = list;
    policy->n_conditions = n;
    return policy;
}

static bool is_open(const struct cedar_policy *policy)
{
    return policy->n_conditions > 0 || policy->principal.kind != CEDAR_SCOPE_ANY ||
           policy->action.kind != CEDAR_SCOPE_ANY || policy->resource.kind != CEDAR_SCOPE_ANY;
}

/* Three answers: a forbid that applies denies; a permit that applies allows if no forbid is open; without any permit it
 * is deny. */
static enum cedar_partial_decision settle(const struct policy_list *list)
{
    bool permits = false, open_permits = false, open_forbids = false;

    for (size_t i = 0; i < list->n; i++) {
        bool open = is_open(list->items[i]), permit = list->items[i]->effect == CEDAR_PERMIT;
        if (!open && !permit)
            return CEDAR_PARTIAL_DENY;
        permits = permits || (permit && !open);
        open_permits = open_permits || (permit && open);
        open_forbids = open_forbids || (!permit && open);
    }
    if (!permits && !open_permits)
        return CEDAR_PARTIAL_DENY;
    return permits && !open_forbids ? CEDAR_PARTIAL_ALLOW : CEDAR_PARTIAL_OPEN;
}

enum cedar_partial_decision cedar_authorize_partial(struct arena *a, const struct cedar_policies *policies,
                                                    const struct cedar_entities *e, const struct cedar_request *r,
                                                    unsigned unknown, const struct cedar_policies **remaining)
{
    static const struct cedar_record empty = { 0, NULL };
    const struct cedar_uid *uids[3] = { &r->principal, &r->action, &r->resource };
    struct cedar_diags d = cedar_diags_new(a, NULL);
    struct partial p = { .b = { .arena = a, .d = &d },
                         .eval = { .entities = e, .arena = a, .context = r->context },
                         .unknown = unknown };
    struct policy_list list = { 0 };

    if (p.eval.context.kind == CEDAR_NONE)
        p.eval.context = (struct cedar_value){ .kind = CEDAR_RECORD, .record = &empty };
    for (enum cedar_var var = CEDAR_PRINCIPAL; var <= CEDAR_RESOURCE; var++) {
        p.eval.uids[var] = uids[var];
        p.eval.entity[var] = (unknown >> var & 1) == 0 ? cedar_entity_find(e, uids[var]) : NULL;
        p.sides[var] = (struct index_side){ uids[var], p.eval.entity[var] };
    }
    for (size_t i = 0; i < policies->n; i++) {
        p.eval.work = CEDAR_WORK_MAX;
        struct cedar_policy *policy = policy_remains(&p, policies->items[i]);
        if (policy != NULL)
            policy_list_add(a, &list, policy);
        arena_spend(a, 1 + CEDAR_WORK_MAX - p.eval.work);
    }
    *remaining = policies_make(a, &list, &d); /* ids are as different as they were */
    return settle(&list);
}

/* Slices ----------------------------------------------------------------------- */

const struct cedar_entities *cedar_entities_slice(struct arena *a, const struct cedar_policies *p,
                                                  const struct cedar_entities *e, const struct cedar_request *r)
{
    struct cedar_diags d = cedar_diags_new(a, NULL);
    uint64_t *touched = arena_make_n(a, (e->n + 63) / 64, uint64_t);
    struct cedar_entity **list;
    size_t n = 0, found = 0;

    authorize_touching(a, p, e, r, touched);
    for (size_t w = 0; w < (e->n + 63) / 64; w++)
        n += (size_t)__builtin_popcountll(touched[w]);
    list = arena_make_n(a, n, struct cedar_entity *);
    for (size_t i = 0; i < e->n; i++) {
        if ((touched[i / 64] >> i % 64 & 1) == 0)
            continue;
        const struct cedar_entity *from = e->items[i];
        struct cedar_uid *parents = arena_make_n(a, from->n_ancestors, struct cedar_uid);
        for (size_t k = 0; k < from->n_ancestors; k++) /* those between may be left out */
            parents[k] = *from->ancestors[k].uid;
        list[found] = arena_make(a, struct cedar_entity);
        *list[found] = *from;
        list[found]->parents = parents;
        list[found]->n_parents = from->n_ancestors;
        list[found]->ancestors = NULL;
        list[found++]->n_ancestors = 0;
    }
    return cedar_entities_of(a, list, n, &d);
}
