/* SPDX-License-Identifier: EUPL-1.2
 * Types of expressions: the frame, and the logic that lets `has` make an access safe.  Even after an error the rest of
 * the expression is checked, so that one run finds as much as it can.
 */
#include "policy/cedar/validate_int.h"

struct answer check_of(enum cedar_type_kind kind, bool ok)
{
    return (struct answer){ cedar_type_of(kind), NULL, ok, 0, NULL };
}

static bool is(struct answer a, enum cedar_type_kind kind)
{
    return a.type != NULL && a.type->kind == kind;
}

static struct answer expect_bool(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    return check_wanted(c, prior, e, cedar_type_of(CEDAR_TYPE_BOOL), NULL, NULL);
}

struct answer check_wanted(struct checker *c, const struct cap *prior, const struct cedar_expr *e,
                           const struct cedar_type *first, const struct cedar_type *second, const char *hint)
{
    struct answer got = check_expr(c, prior, e);

    if (got.type == NULL)
        return (struct answer){ 0 };
    /* Permissive in either mode: the expectation "any record" is wider than every record. */
    if (cedar_type_within(got.type, first, CEDAR_PERMISSIVE) ||
        (second != NULL && cedar_type_within(got.type, second, CEDAR_PERMISSIVE)))
        return got;
    struct str is_text = cedar_type_text(c->scratch, got.type), want = cedar_type_text(c->scratch, first),
               also = second != NULL ? cedar_type_text(c->scratch, second) : S("");
    if (check_error(c, CEDAR_FINDING_TYPE, e->span, "this is %.*s", STR_ARG(is_text)))
        cedar_expected(c->d, "%.*s%s%.*s%s%s", STR_ARG(want), second != NULL ? " or " : "", STR_ARG(also),
                       hint != NULL ? "; " : "", hint != NULL ? hint : "");
    return (struct answer){ 0 };
}

struct answer check_both(struct answer left, struct answer right)
{
    bool ok = left.ok && right.ok;

    if (left.type == NULL || right.type == NULL)
        return check_of(CEDAR_TYPE_BOOL, false);
    if (is(left, CEDAR_TYPE_FALSE) || is(right, CEDAR_TYPE_FALSE))
        return check_of(CEDAR_TYPE_FALSE, ok);
    if (is(right, CEDAR_TYPE_TRUE))
        return (struct answer){ left.type, NULL, ok, 0, NULL };
    if (is(left, CEDAR_TYPE_TRUE))
        return (struct answer){ right.type, NULL, ok, 0, NULL };
    return check_of(CEDAR_TYPE_BOOL, ok);
}

/* What is right of a false operand is never evaluated, so it need not have a type.  What an operand shows to be there
 * is there for those right of it, and for whoever follows the whole. */
struct answer check_and(struct checker *c, const struct cap *prior, const struct cedar_expr *const *kids, size_t n)
{
    struct answer all = expect_bool(c, prior, kids[0]);
    const struct cap *known = caps_union(c, prior, all.caps), *caps = all.caps;

    for (size_t i = 1; i < n && !is(all, CEDAR_TYPE_FALSE); i++) {
        struct answer next = expect_bool(c, known, kids[i]);
        known = caps_union(c, known, next.caps);
        caps = caps_union(c, caps, next.caps);
        all = check_both(all, next);
    }
    all.caps = all.ok && !is(all, CEDAR_TYPE_FALSE) ? caps : NULL;
    return all;
}

static struct answer either(struct checker *c, struct answer left, struct answer right)
{
    bool ok = left.ok && right.ok;

    if (left.type == NULL || right.type == NULL)
        return check_of(CEDAR_TYPE_BOOL, false);
    if (is(right, CEDAR_TYPE_TRUE) || is(left, CEDAR_TYPE_FALSE))
        return (struct answer){ right.type, right.caps, ok, 0, NULL };
    if (is(right, CEDAR_TYPE_FALSE))
        return (struct answer){ left.type, left.caps, ok, 0, NULL };
    return (struct answer){ cedar_type_of(CEDAR_TYPE_BOOL), caps_meet(c, right.caps, left.caps), ok, 0, NULL };
}

static struct answer check_or(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    struct answer all = expect_bool(c, prior, e->kids[0]);

    for (uint32_t i = 1; i < e->n && !is(all, CEDAR_TYPE_TRUE); i++)
        all = either(c, all, expect_bool(c, prior, e->kids[i]));
    if (!all.ok)
        all.caps = NULL;
    return all;
}

static const char *const lub_advice[] = {
    [CEDAR_LUB_NONE] = "",
    [CEDAR_LUB_WIDTH] = ": records must have the same attributes",
    [CEDAR_LUB_OPTIONAL] = ": an attribute must be required in both, or optional in both",
    [CEDAR_LUB_ENTITY] = ": entities must be of one type",
    [CEDAR_LUB_ENTITY_RECORD] = ": one is an entity and one a record",
};

const struct cedar_type *check_common_type(struct checker *c, struct cedar_span where, const struct cedar_type *x,
                                           const struct cedar_type *y)
{
    enum cedar_lub_help help = CEDAR_LUB_NONE;
    const struct cedar_type *lub;

    if (check_tired(c, x->nodes < y->nodes ? x->nodes : y->nodes))
        return NULL;
    lub = cedar_type_lub(c->scratch, x, y, c->mode, &help);
    if (lub == NULL) {
        struct str x_text = cedar_type_text(c->scratch, x), y_text = cedar_type_text(c->scratch, y);
        check_error(c, CEDAR_FINDING_TYPES_DIFFER, where, "%.*s and %.*s do not go together%s", STR_ARG(x_text),
                    STR_ARG(y_text), lub_advice[help]);
    }
    return lub;
}

static struct answer check_branches(struct checker *c, const struct cap *prior, const struct cedar_expr *e,
                                    struct answer test)
{
    struct answer yes = check_expr(c, caps_union(c, prior, test.caps), e->kids[1]);
    struct answer no = check_expr(c, prior, e->kids[2]);
    struct answer all = { .ok = test.ok && yes.ok && no.ok };

    if (yes.type != NULL && no.type != NULL)
        all.type = check_common_type(c, e->span, yes.type, no.type);
    all.ok = all.ok && all.type != NULL;
    all.reach = yes.reach > no.reach ? yes.reach : no.reach;
    if (all.ok)
        all.caps = caps_meet(c, no.caps, caps_union(c, yes.caps, test.caps));
    return all;
}

/* A branch that is never taken need not have a type. */
static struct answer check_if(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    struct answer test = expect_bool(c, prior, e->kids[0]), taken;

    if (is(test, CEDAR_TYPE_TRUE)) {
        taken = check_expr(c, caps_union(c, prior, test.caps), e->kids[1]);
        taken.caps = caps_union(c, taken.caps, test.caps);
    } else if (is(test, CEDAR_TYPE_FALSE)) {
        taken = check_expr(c, prior, e->kids[2]);
    } else {
        return check_branches(c, prior, e, test);
    }
    taken.ok = taken.ok && test.ok;
    if (!taken.ok)
        taken.caps = NULL;
    return taken;
}

struct answer check_opposite(struct answer a)
{
    enum cedar_type_kind kind = is(a, CEDAR_TYPE_TRUE)    ? CEDAR_TYPE_FALSE
                                : is(a, CEDAR_TYPE_FALSE) ? CEDAR_TYPE_TRUE
                                                          : CEDAR_TYPE_BOOL;

    return check_of(kind, a.ok);
}

static struct answer check_var(const struct checker *c, enum cedar_var var)
{
    const struct cedar_type *types[] = {
        [CEDAR_PRINCIPAL] = c->principal->self,
        [CEDAR_ACTION] = c->action->type->self,
        [CEDAR_RESOURCE] = c->resource->self,
        [CEDAR_CONTEXT] = c->action->context,
    };

    return (struct answer){ types[var], NULL, true, 0, NULL };
}

/* Names that are not declared were reported by check_names(). */
static const struct cedar_type *type_of_uid(const struct checker *c, const struct cedar_uid *uid)
{
    if (cedar_name_is_action(uid->type)) {
        const struct cedar_action *action = cedar_schema_action(c->s, uid->type, uid->id);
        return action == NULL ? NULL : action->type->self;
    }
    const struct cedar_entity_type *type = cedar_schema_entity_type(c->s, uid->type);
    return type == NULL ? NULL : type->self;
}

static struct answer check_literal(const struct checker *c, const struct cedar_value *v)
{
    const struct cedar_type *type;

    switch (v->kind) {
    case CEDAR_BOOL:
        return check_of(v->boolean ? CEDAR_TYPE_TRUE : CEDAR_TYPE_FALSE, true);
    case CEDAR_LONG:
        return check_of(CEDAR_TYPE_LONG, true);
    case CEDAR_STRING:
        return check_of(CEDAR_TYPE_STRING, true);
    case CEDAR_ENTITY:
        type = type_of_uid(c, v->uid);
        return (struct answer){ type, NULL, type != NULL, REACH_LITERAL, NULL };
    default:
        return (struct answer){ 0 };
    }
}

struct answer check_expr(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    if (check_tired(c, 1))
        return (struct answer){ 0 };
    switch (e->op) {
    case CEDAR_OP_LIT:
        return check_literal(c, &e->value);
    case CEDAR_OP_VAR:
    case CEDAR_OP_SLOT: /* a link fits only with an entity of such a type that the scope can hold */
        return check_var(c, e->var);
    case CEDAR_OP_IF:
        return check_if(c, prior, e);
    case CEDAR_OP_AND:
        return check_and(c, prior, e->kids, e->n);
    case CEDAR_OP_OR:
        return check_or(c, prior, e);
    case CEDAR_OP_NOT:
        return check_opposite(expect_bool(c, prior, e->kids[0]));
    default:
        return check_op(c, prior, e);
    }
}
