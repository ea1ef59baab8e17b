/* SPDX-License-Identifier: EUPL-1.2
 * Types of operators and calls.  Where a kind of request settles the answer (`resource is Document`, `action in
 * Action::"edit"`), the type is True or False, so that what cannot be evaluated need not have a type.
 */
#include "policy/cedar/validate_int.h"

static const struct cedar_type any_entities = { CEDAR_TYPE_SET, .nodes = 2, .depth = 2,
                                                .element = &(const struct cedar_type){ CEDAR_TYPE_ANY_ENTITY,
                                                                                       .nodes = 1, .depth = 1 } };

static const struct cedar_type *any(enum cedar_type_kind kind)
{
    return cedar_type_of(kind);
}

static struct answer if_ok(struct answer a)
{
    a.caps = NULL;
    a.ok = a.ok && a.type != NULL;
    return a;
}

/* Equality ------------------------------------------------------------------- */

/* A literal, or the action of this kind of request.  NULL for anything else. */
static const struct cedar_value *known_value(const struct checker *c, const struct cedar_expr *e,
                                             struct cedar_value *room, struct cedar_uid *uid)
{
    if (e->op == CEDAR_OP_LIT)
        return &e->value;
    if (e->op != CEDAR_OP_VAR || e->var != CEDAR_ACTION)
        return NULL;
    *uid = cedar_uid_make(c->action->type->name, c->action->id);
    *room = CEDAR_ENTITY_OF(uid);
    return room;
}

static bool disjoint_entities(const struct cedar_type *x, const struct cedar_type *y)
{
    if (x == NULL || y == NULL || x->kind != CEDAR_TYPE_ENTITY || y->kind != CEDAR_TYPE_ENTITY)
        return false;
    for (size_t i = 0; i < x->entity_n; i++)
        if (cedar_entity_types_have(y->entities, y->entity_n, x->entities[i]))
            return false;
    return true;
}

static enum cedar_type_kind equality_kind(const struct checker *c, const struct cedar_expr *e, struct answer left,
                                          struct answer right)
{
    struct cedar_value rooms[2];
    struct cedar_uid uids[2];
    const struct cedar_value *x = known_value(c, e->kids[0], &rooms[0], &uids[0]);
    const struct cedar_value *y = known_value(c, e->kids[1], &rooms[1], &uids[1]);

    if (disjoint_entities(left.type, right.type))
        return CEDAR_TYPE_FALSE;
    if (x == NULL || y == NULL)
        return CEDAR_TYPE_BOOL;
    return cedar_value_eq(x, y) ? CEDAR_TYPE_TRUE : CEDAR_TYPE_FALSE;
}

/* Strict validation refuses to compare what can never be equal by its type. */
static bool may_be_equal(struct checker *c, struct cedar_span where, const struct cedar_type *x,
                         const struct cedar_type *y)
{
    return c->mode != CEDAR_STRICT || x == NULL || y == NULL || check_common_type(c, where, x, y) != NULL;
}

static struct answer check_eq(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    struct answer left = check_expr(c, prior, e->kids[0]), right = check_expr(c, prior, e->kids[1]);
    enum cedar_type_kind kind = equality_kind(c, e, left, right);
    bool ok = left.ok && right.ok;

    if (kind == CEDAR_TYPE_BOOL && !may_be_equal(c, e->span, left.type, right.type))
        ok = false;
    return check_of(kind, ok);
}

/* Order ------------------------------------------------------------------------ */

static bool is_ordered(const struct cedar_type *t)
{
    return t->kind == CEDAR_TYPE_LONG || t->kind == CEDAR_TYPE_DATETIME || t->kind == CEDAR_TYPE_DURATION;
}

static void report_order(struct checker *c, const struct cedar_expr *operand, const struct cedar_type *got,
                         const struct cedar_type *wanted)
{
    struct str got_text = cedar_type_text(c->scratch, got),
               want_text = wanted != NULL ? cedar_type_text(c->scratch, wanted) : S("Long, datetime or duration");

    if (check_error(c, CEDAR_FINDING_TYPE, operand->span, "this is %.*s", STR_ARG(got_text)))
        cedar_expected(c->d, "%.*s", STR_ARG(want_text));
}

static struct answer check_order(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    struct answer left = check_expr(c, prior, e->kids[0]), right = check_expr(c, prior, e->kids[1]);

    if (left.type == NULL || right.type == NULL)
        return check_of(CEDAR_TYPE_BOOL, false);
    if (left.type->kind == right.type->kind && is_ordered(left.type))
        return check_of(CEDAR_TYPE_BOOL, left.ok && right.ok);
    if (is_ordered(left.type) && right.type->kind != CEDAR_TYPE_LONG)
        report_order(c, e->kids[1], right.type, left.type);
    else if (is_ordered(right.type))
        report_order(c, e->kids[0], left.type, right.type);
    else {
        report_order(c, e->kids[0], left.type, NULL);
        report_order(c, e->kids[1], right.type, NULL);
    }
    return check_of(CEDAR_TYPE_BOOL, false);
}

/* Arithmetic ------------------------------------------------------------------- */

static struct answer check_arithmetic(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    const char *hint = e->op == CEDAR_OP_ADD ? "strings and sets cannot be joined" : NULL;
    bool ok = true;

    for (uint32_t i = 0; i < e->n; i++)
        ok = check_wanted(c, prior, e->kids[i], any(CEDAR_TYPE_LONG), NULL, hint).ok && ok;
    return check_of(CEDAR_TYPE_LONG, ok);
}

/* in, is --------------------------------------------------------------------- */

/* Can an entity of type x be in one of type y? */
static bool may_be_in(struct checker *c, const struct cedar_entity_type *x, const struct cedar_entity_type *y)
{
    if (x == y || (!x->is_action && cedar_entity_type_has_ancestor(x, y)))
        return true;
    for (size_t i = 0; x->is_action && y->is_action && i < cedar_schema_action_n(c->s); i++) {
        const struct cedar_action *action = cedar_schema_action_at(c->s, i);
        if (check_tired(c, action->ancestor_n + 1))
            return true;
        for (size_t j = 0; action->type == x && j < action->ancestor_n; j++)
            if (action->ancestors[j]->type == y)
                return true;
    }
    return false;
}

static bool any_may_be_in(struct checker *c, const struct cedar_type *x, const struct cedar_type *y)
{
    if (y->kind == CEDAR_TYPE_SET)
        y = y->element;
    if (x->kind != CEDAR_TYPE_ENTITY || y->kind != CEDAR_TYPE_ENTITY)
        return true;
    for (size_t i = 0; i < x->entity_n; i++)
        for (size_t j = 0; j < y->entity_n; j++)
            if (may_be_in(c, x->entities[i], y->entities[j]))
                return true;
    return false;
}

/* The actions on the right of `in`, where everything there is a literal or the variable `action`. */
struct action_list {
    bool known;   /* nothing but literals */
    bool unknown; /* one of them is no declared action (reported by check_names) */
    size_t n;     /* actions; entities of other types do not count, for no action is in one */
    bool holds;   /* the left one is among them, or in one of them */
};

static void look_at(const struct checker *c, const struct cedar_action *left, const struct cedar_expr *e,
                    struct action_list *list)
{
    struct cedar_value room;
    struct cedar_uid uid;
    const struct cedar_value *v = known_value(c, e, &room, &uid);
    const struct cedar_action *right;

    if (v == NULL || v->kind != CEDAR_ENTITY) {
        list->known = false;
    } else if (cedar_name_is_action(v->uid->type)) {
        right = cedar_schema_action(c->s, v->uid->type, v->uid->id);
        list->n++;
        list->unknown = list->unknown || right == NULL;
        list->holds = list->holds || right == left || (right != NULL && cedar_action_has_ancestor(left, right));
    }
}

/* NONE when the right side is not known; otherwise what `action in ...` comes to. */
static enum cedar_type_kind action_in(const struct checker *c, const struct cedar_expr *left_e,
                                      const struct cedar_expr *right_e, bool *ok)
{
    struct action_list list = { .known = true };
    struct cedar_value room;
    struct cedar_uid uid;
    const struct cedar_value *v = known_value(c, left_e, &room, &uid);
    const struct cedar_action *left;

    if (v == NULL || v->kind != CEDAR_ENTITY || !cedar_name_is_action(v->uid->type))
        return CEDAR_TYPE_NONE;
    left = cedar_schema_action(c->s, v->uid->type, v->uid->id);
    if (right_e->op == CEDAR_OP_SET)
        for (uint32_t i = 0; i < right_e->n; i++)
            look_at(c, left, right_e->kids[i], &list);
    else
        look_at(c, left, right_e, &list);
    if (!list.known)
        return CEDAR_TYPE_NONE;
    if (list.unknown)
        *ok = false;
    return list.n == 0    ? CEDAR_TYPE_FALSE
           : list.unknown ? CEDAR_TYPE_BOOL
           : list.holds   ? CEDAR_TYPE_TRUE
                          : CEDAR_TYPE_FALSE;
}

static struct answer check_in(struct checker *c, const struct cap *prior, struct answer left,
                              const struct cedar_expr *left_e, const struct cedar_expr *right_e)
{
    struct answer right = check_wanted(c, prior, right_e, &any_entities, any(CEDAR_TYPE_ANY_ENTITY), NULL);
    bool ok = left.ok && right.ok;
    enum cedar_type_kind kind;

    if (!ok || left.type == NULL || right.type == NULL)
        return check_of(CEDAR_TYPE_BOOL, false);
    check_level(c, left, left_e->span);
    kind = action_in(c, left_e, right_e, &ok);
    if (kind == CEDAR_TYPE_NONE)
        kind = any_may_be_in(c, left.type, right.type) ? CEDAR_TYPE_BOOL : CEDAR_TYPE_FALSE;
    return check_of(kind, ok);
}

static struct answer check_in_op(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    struct answer left =
        check_wanted(c, prior, e->kids[0], any(CEDAR_TYPE_ANY_ENTITY), NULL, "for sets there is `.contains()`");

    return check_in(c, prior, left, e->kids[0], e->kids[1]);
}

static enum cedar_type_kind is_kind(const struct cedar_type *t, struct str name)
{
    bool has = false;

    if (t->kind != CEDAR_TYPE_ENTITY)
        return CEDAR_TYPE_BOOL;
    for (size_t i = 0; i < t->entity_n; i++)
        has = has || str_eq(t->entities[i]->name, name);
    return !has ? CEDAR_TYPE_FALSE : t->entity_n == 1 ? CEDAR_TYPE_TRUE : CEDAR_TYPE_BOOL;
}

/* `e is T in x` is `e is T && e in x`, with e evaluated once. */
static struct answer check_is(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    struct answer left = check_wanted(c, prior, e->kids[0], any(CEDAR_TYPE_ANY_ENTITY), NULL,
                                      "`is` tells types of entities apart, no others");
    struct answer type = check_of(left.type == NULL ? CEDAR_TYPE_BOOL : is_kind(left.type, e->name), left.ok);

    if (e->n == 1 || type.type->kind == CEDAR_TYPE_FALSE)
        return type;
    return check_both(type, check_in(c, prior, left, e->kids[0], e->kids[1]));
}

/* Sets, records, strings ------------------------------------------------------- */

static const char set_hint[] = "for entities there is `in`, for records `has`, for strings `like`";

static struct answer check_contains(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    struct answer set = check_wanted(c, prior, e->kids[0], any(CEDAR_TYPE_SET), NULL, set_hint);
    struct answer item = check_expr(c, prior, e->kids[1]);
    bool ok = set.ok && item.ok;

    if (set.type != NULL && !may_be_equal(c, e->span, set.type->element, item.type))
        ok = false;
    return check_of(CEDAR_TYPE_BOOL, ok);
}

static struct answer check_two_sets(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    struct answer left = check_wanted(c, prior, e->kids[0], any(CEDAR_TYPE_SET), NULL, set_hint);
    struct answer right =
        check_wanted(c, prior, e->kids[1], any(CEDAR_TYPE_SET), NULL, "for one element there is `.contains()`");
    bool ok = left.ok && right.ok;

    if (!may_be_equal(c, e->span, left.type, right.type))
        ok = false;
    return check_of(CEDAR_TYPE_BOOL, ok);
}

static struct answer check_is_empty(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    return check_of(CEDAR_TYPE_BOOL,
                    check_wanted(c, prior, e->kids[0], any(CEDAR_TYPE_SET), NULL, "for strings there is `== \"\"`").ok);
}

static struct answer check_like(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    return check_of(CEDAR_TYPE_BOOL,
                    check_wanted(c, prior, e->kids[0], any(CEDAR_TYPE_STRING), NULL, "for entities there is `is`").ok);
}

static struct answer check_set(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    const struct cedar_type *element = any(CEDAR_TYPE_NEVER);
    struct answer set = { NULL, NULL, true, 0, NULL };
    bool typed = true;

    for (uint32_t i = 0; i < e->n; i++) {
        struct answer item = check_expr(c, prior, e->kids[i]);
        set.ok = set.ok && item.ok;
        typed = typed && item.type != NULL;
        if (typed && element != NULL)
            element = check_common_type(c, e->span, element, item.type);
    }
    if (e->n == 0 && c->mode == CEDAR_STRICT) {
        check_error_always(c, CEDAR_FINDING_EMPTY_SET, e->span, "an empty set has no type");
        return (struct answer){ 0 };
    }
    if (typed && element != NULL)
        set.type = cedar_type_set(c->scratch, element);
    return if_ok(set);
}

static struct answer check_record(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    struct cedar_attr *attrs = arena_make_n(c->scratch, e->n, struct cedar_attr);
    struct part *parts = arena_make_n(c->scratch, e->n, struct part);
    struct answer record = { .ok = true };
    bool typed = true;

    for (uint32_t i = 0; i < e->n; i++) {
        struct answer field = check_expr(c, prior, e->kids[i]);
        attrs[i] = (struct cedar_attr){ e->names[i], field.type, true };
        parts[i] = (struct part){ e->names[i], field, i > 0 ? &parts[i - 1] : NULL };
        record.ok = record.ok && field.ok;
        record.reach = field.reach > record.reach ? field.reach : record.reach;
        typed = typed && field.type != NULL;
    }
    if (typed)
        record.type = cedar_type_record(c->scratch, attrs, e->n, false);
    record.parts = e->n > 0 ? &parts[e->n - 1] : NULL;
    return if_ok(record);
}

/* Calls -------------------------------------------------------------------------- */

static const struct cedar_type *type_of_kind(enum cedar_kind kind)
{
    static const enum cedar_type_kind kinds[CEDAR_KIND_COUNT] = {
        [CEDAR_BOOL] = CEDAR_TYPE_BOOL,         [CEDAR_LONG] = CEDAR_TYPE_LONG,
        [CEDAR_STRING] = CEDAR_TYPE_STRING,     [CEDAR_DECIMAL] = CEDAR_TYPE_DECIMAL,
        [CEDAR_DATETIME] = CEDAR_TYPE_DATETIME, [CEDAR_DURATION] = CEDAR_TYPE_DURATION,
        [CEDAR_IP] = CEDAR_TYPE_IPADDR,
    };

    return cedar_type_of(kinds[kind]);
}

/* A constructor's text is checked now: it cannot be right later.  Strict validation wants it literally there. */
static bool check_constructor(struct checker *c, const struct cedar_expr *e, const struct cedar_function *f)
{
    struct cedar_value made;
    const char *why = "";
    bool literal = true;

    if (f->method)
        return true;
    for (uint32_t i = 0; i < e->n; i++)
        literal = literal && e->kids[i]->op == CEDAR_OP_LIT;
    if (!literal && c->mode == CEDAR_STRICT) {
        check_error_always(c, CEDAR_FINDING_NOT_LITERAL, e->span, "`%.*s` must be given its text literally",
                           STR_ARG(f->name));
        return false;
    }
    if (e->n != 1 || e->kids[0]->op != CEDAR_OP_LIT || e->kids[0]->value.kind != CEDAR_STRING ||
        cedar_ext_parse(e->ext, c->scratch, e->kids[0]->value.text, &made, &why))
        return true;
    check_error_always(c, CEDAR_FINDING_EXTENSION, e->kids[0]->span, "this is no %.*s: %s", STR_ARG(f->name), why);
    return false;
}

static struct answer check_call(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    const struct cedar_function *f = &cedar_functions[e->ext];
    bool ok = e->n == f->n_args, fits;

    if (!ok)
        check_error_always(c, CEDAR_FINDING_ARGUMENTS, e->span, "`%.*s` takes %zu argument%s, and this gives it %zu",
                           STR_ARG(f->name), f->n_args - f->method, f->n_args - f->method == 1 ? "" : "s",
                           (size_t)e->n - f->method);
    ok = check_constructor(c, e, f) && ok;
    fits = ok;
    for (uint32_t i = 0; i < e->n; i++) {
        struct answer arg = fits ? check_wanted(c, prior, e->kids[i], type_of_kind(f->args[i]), NULL, NULL)
                                 : check_expr(c, prior, e->kids[i]);
        ok = ok && arg.ok;
    }
    return (struct answer){ type_of_kind(f->result), NULL, ok, 0, NULL };
}

struct answer check_op(struct checker *c, const struct cap *prior, const struct cedar_expr *e)
{
    static struct answer (*const checks[CEDAR_OP_COUNT])(struct checker *, const struct cap *,
                                                         const struct cedar_expr *) = {
        [CEDAR_OP_NEG] = check_arithmetic,
        [CEDAR_OP_EQ] = check_eq,
        [CEDAR_OP_NE] = check_eq,
        [CEDAR_OP_LT] = check_order,
        [CEDAR_OP_LE] = check_order,
        [CEDAR_OP_GT] = check_order,
        [CEDAR_OP_GE] = check_order,
        [CEDAR_OP_ADD] = check_arithmetic,
        [CEDAR_OP_SUB] = check_arithmetic,
        [CEDAR_OP_MUL] = check_arithmetic,
        [CEDAR_OP_IN] = check_in_op,
        [CEDAR_OP_IS] = check_is,
        [CEDAR_OP_HAS] = check_has,
        [CEDAR_OP_ATTR] = check_attr,
        [CEDAR_OP_LIKE] = check_like,
        [CEDAR_OP_CONTAINS] = check_contains,
        [CEDAR_OP_CONTAINS_ALL] = check_two_sets,
        [CEDAR_OP_CONTAINS_ANY] = check_two_sets,
        [CEDAR_OP_IS_EMPTY] = check_is_empty,
        [CEDAR_OP_GET_TAG] = check_get_tag,
        [CEDAR_OP_HAS_TAG] = check_has_tag,
        [CEDAR_OP_SET] = check_set,
        [CEDAR_OP_RECORD] = check_record,
        [CEDAR_OP_CALL] = check_call,
    };

    if (checks[e->op] == NULL)
        return (struct answer){ 0 };
    return e->op == CEDAR_OP_NE ? check_opposite(check_eq(c, prior, e)) : checks[e->op](c, prior, e);
}
