/* SPDX-License-Identifier: EUPL-1.2
 * A policy is checked once for each kind of request: an action with a type of principal and a type of resource.
 * The scope is turned into an expression and checked like the rest, so that kinds that it excludes end there.
 */
#include "policy/cedar/validate_int.h"

#include <stdarg.h>
#include <stdio.h>

static bool seen_before(struct checker *c, struct cedar_span where, const char *rule)
{
    for (size_t i = 0; i < c->seen_n; i++)
        if (c->seen[i].span.at == where.at && c->seen[i].span.end == where.end && c->seen[i].rule == rule)
            return true;
    if (c->seen_n == SEEN_MAX)
        return true;
    c->seen[c->seen_n].span = where;
    c->seen[c->seen_n++].rule = rule;
    return false;
}

/* Says for which kind of request something is wrong. */
static struct str kind_of_request(const struct checker *c)
{
    if (c->action == NULL)
        return S("");
    return arena_printf(c->scratch, ", when principal is %.*s, action is \"%.*s\" and resource is %.*s",
                        STR_ARG(c->principal->name), STR_ARG(c->action->id), STR_ARG(c->resource->name));
}

static bool report(struct checker *c, enum cedar_finding_code code, struct cedar_span where, struct str kind,
                   const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));
static bool report(struct checker *c, enum cedar_finding_code code, struct cedar_span where, struct str kind,
                   const char *fmt, va_list ap)
{
    char text[400];

    c->wrong = true;
    if (seen_before(c, where, fmt))
        return false;
    if (vsnprintf(text, sizeof text, fmt, ap) < 0) /* NOLINT(clang-analyzer-valist.Uninitialized): the callers do */
        text[0] = '\0';
    cedar_fault(c->d, code, where, "%s%.*s", text, STR_ARG(kind));
    return true;
}

bool check_error(struct checker *c, enum cedar_finding_code code, struct cedar_span where, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    bool new = report(c, code, where, kind_of_request(c), fmt, ap);
    va_end(ap);
    return new;
}

bool check_error_always(struct checker *c, enum cedar_finding_code code, struct cedar_span where, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    bool new = report(c, code, where, S(""), fmt, ap);
    va_end(ap);
    return new;
}

void check_level(struct checker *c, struct answer of, struct cedar_span where)
{
    if (c->level < 0 || of.type == NULL || of.type->kind == CEDAR_TYPE_RECORD || of.reach < c->level)
        return;
    if (of.reach >= REACH_LITERAL)
        (void)check_error(c, CEDAR_FINDING_LEVEL, where,
                          "this looks into an entity that the policy names, which no request brings along");
    else
        (void)check_error(c, CEDAR_FINDING_LEVEL, where, "this looks into entities deeper than level %d", c->level);
}

bool check_tired(struct checker *c, size_t steps)
{
    c->steps += steps;
    arena_spend(c->scratch, steps);
    return c->steps > CEDAR_VALIDATE_STEPS_MAX;
}

/* The scope as expressions ------------------------------------------------------ */

static const struct cedar_expr *node(struct arena *a, struct cedar_expr e, const struct cedar_expr *left,
                                     const struct cedar_expr *right)
{
    struct cedar_expr *made = arena_make(a, struct cedar_expr);
    const struct cedar_expr **kids = arena_make_n(a, 2, const struct cedar_expr *);

    kids[0] = left;
    kids[1] = right;
    *made = e;
    made->kids = kids;
    made->n = left == NULL ? 0 : right == NULL ? 1 : 2;
    return made;
}

static const struct cedar_expr *literal(struct arena *a, const struct cedar_uid *uid, struct cedar_span where)
{
    return node(a, (struct cedar_expr){ .op = CEDAR_OP_LIT, .span = where, .value = CEDAR_ENTITY_OF(uid) }, NULL, NULL);
}

static const struct cedar_expr *list(struct arena *a, const struct cedar_scope *scope)
{
    struct cedar_expr *set = arena_make(a, struct cedar_expr);
    const struct cedar_expr **kids = arena_make_n(a, scope->n_uids, const struct cedar_expr *);

    for (size_t i = 0; i < scope->n_uids; i++)
        kids[i] = literal(a, &scope->uids[i], scope->uid_spans != NULL ? scope->uid_spans[i] : scope->span);
    *set = (struct cedar_expr){ .op = CEDAR_OP_SET, .span = scope->span, .n = (uint32_t)scope->n_uids, .kids = kids };
    return set;
}

/* NULL: the scope allows everything. */
static const struct cedar_expr *scope_expr(struct arena *a, const struct cedar_scope *scope, enum cedar_var var)
{
    static const enum cedar_op ops[] = {
        [CEDAR_SCOPE_EQ] = CEDAR_OP_EQ,    [CEDAR_SCOPE_IN] = CEDAR_OP_IN,     [CEDAR_SCOPE_IS] = CEDAR_OP_IS,
        [CEDAR_SCOPE_IS_IN] = CEDAR_OP_IS, [CEDAR_SCOPE_IN_SET] = CEDAR_OP_IN,
    };
    const struct cedar_expr *right = NULL;

    if (scope->kind == CEDAR_SCOPE_ANY)
        return NULL;
    if (scope->kind == CEDAR_SCOPE_IN_SET)
        right = list(a, scope);
    else if (scope->slot)
        right = node(a, (struct cedar_expr){ .op = CEDAR_OP_SLOT, .var = var, .span = scope->span }, NULL, NULL);
    else if (scope->kind != CEDAR_SCOPE_IS)
        right = literal(a, &scope->uid, scope->uid_span);
    return node(a,
                (struct cedar_expr){
                    .op = ops[scope->kind], .span = scope->span, .name = scope->type, .name_span = scope->type_span },
                node(a, (struct cedar_expr){ .op = CEDAR_OP_VAR, .var = var, .span = scope->span }, NULL, NULL), right);
}

struct parts {
    const struct cedar_expr **kids;
    size_t n;
};

/* The whole policy as operands of one &&. */
static struct parts parts_of(struct arena *a, const struct cedar_policy *p)
{
    struct parts parts = { arena_make_n(a, 3 + p->n_conditions, const struct cedar_expr *), 0 };
    const struct cedar_expr *scopes[] = { scope_expr(a, &p->principal, CEDAR_PRINCIPAL),
                                          scope_expr(a, &p->action, CEDAR_ACTION),
                                          scope_expr(a, &p->resource, CEDAR_RESOURCE) };

    for (size_t i = 0; i < 3; i++)
        if (scopes[i] != NULL)
            parts.kids[parts.n++] = scopes[i];
    for (size_t i = 0; i < p->n_conditions; i++) {
        const struct cedar_expr *body = p->conditions[i].body;
        if (p->conditions[i].unless)
            body = node(a, (struct cedar_expr){ .op = CEDAR_OP_NOT, .span = body->span }, body, NULL);
        parts.kids[parts.n++] = body;
    }
    return parts;
}

/* Kinds of requests --------------------------------------------------------------- */

/* True when the policy might apply to this kind. */
static bool check_kind(struct checker *c, struct parts parts)
{
    struct answer all = check_of(CEDAR_TYPE_TRUE, true);

    if (parts.n != 0)
        all = check_and(c, NULL, parts.kids, parts.n);
    arena_reset(c->scratch);
    return all.type == NULL || all.type->kind != CEDAR_TYPE_FALSE;
}

static bool check_resources(struct checker *c, struct parts parts, bool all)
{
    bool possible = false;

    for (size_t i = 0; i < c->action->resource_n && !check_tired(c, 1); i++) {
        c->resource = c->action->resources[i];
        if (all || scope_allows_type(c, &c->policy->resource, c->resource))
            possible = check_kind(c, parts) || possible;
    }
    return possible;
}

/* Kinds that the scope excludes have nothing wrong in them, so they are left out; but a list of actions may itself be
 * wrong, which shows in any kind. */
static bool check_kinds(struct checker *c, struct parts parts)
{
    bool possible = false, all = c->policy->action.kind == CEDAR_SCOPE_IN_SET;

    for (size_t i = 0; i < cedar_schema_action_n(c->s) && !check_tired(c, 1); i++) {
        c->action = cedar_schema_action_at(c->s, i);
        if (!all && !scope_allows_action(c, &c->policy->action, c->action))
            continue;
        for (size_t p = 0; p < c->action->principal_n; p++) {
            c->principal = c->action->principals[p];
            if (scope_allows_type(c, &c->policy->principal, c->principal))
                possible = check_resources(c, parts, all) || possible;
        }
    }
    c->action = NULL;
    return possible;
}

static void check_policy(struct checker *c)
{
    struct arena *nodes = arena_scratch(c->scratch); /* outlives the kinds, unlike scratch */

    check_scope(c);
    check_names(c);
    if (!check_kinds(c, parts_of(nodes, c->policy)) && !c->wrong)
        cedar_warn(c->d, CEDAR_FINDING_NEVER_APPLIES, c->policy->span, "this policy can never apply");
    if (check_tired(c, 0))
        check_error(c, CEDAR_FINDING_TOO_LARGE, c->policy->span,
                    "this policy is too large for this schema to be validated");
    arena_free(nodes);
}

bool cedar_validate_policy(const struct cedar_schema *s, const struct cedar_policy *policy, enum cedar_mode mode,
                           struct cedar_diags *d)
{
    return cedar_validate_policy_at(s, policy, mode, -1, d);
}

bool cedar_validate_policy_at(const struct cedar_schema *s, const struct cedar_policy *policy, enum cedar_mode mode,
                              int level, struct cedar_diags *d)
{
    struct checker c = {
        .scratch = arena_scratch(d->arena), .s = s, .policy = policy, .mode = mode, .level = level, .d = d
    };
    const struct cedar_source *source = d->source;
    struct str name = d->policy;

    d->source = policy->source;
    d->policy = policy->id;
    if (str_is_set(policy->template_id)) /* the body has been checked with the template */
        check_scope(&c);
    else
        check_policy(&c);
    d->source = source;
    d->policy = name;
    arena_free(c.scratch);
    return !c.wrong;
}

bool cedar_validate_policies(const struct cedar_schema *s, const struct cedar_policy *policies, size_t n,
                             enum cedar_mode mode, struct cedar_diags *d)
{
    bool ok = true;

    for (size_t i = 0; i < n; i++)
        ok = cedar_validate_policy(s, &policies[i], mode, d) && ok;
    return ok;
}
