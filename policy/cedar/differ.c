/* SPDX-License-Identifier: EUPL-1.2
 * What a policy needs to apply, or not to: its conditions are gone through with what they are now, and the cheapest set
 * of things is told that would have to be different.  A guess about one policy: why.c tries it. */
#include "policy/cedar/why.h"

#include <string.h>

/* How far away a thing is.  A device or a group changes sooner than who asks, or what for. */
enum {
    COST_NEAR = 2,
    COST_RESOURCE = 3,
    COST_TEXT = 6, /* a condition of which no one thing is the subject */
    COST_TYPE = 12,
    COST_OTHER_RESOURCE = 14,
    COST_OTHER_PRINCIPAL = 16,
    COST_OTHER_ACTION = 20
};

static const struct wants nothing = { 0, NULL, NULL, NULL };

static const struct wants *both(struct differ *x, const struct wants *a, const struct wants *b)
{
    if (a == NULL || b == NULL)
        return NULL;
    if (a->cost == 0 || b->cost == 0)
        return a->cost == 0 ? b : a;
    struct wants *w = arena_make(x->arena, struct wants);
    *w = (struct wants){ a->cost + b->cost, a, b, NULL };
    return w;
}

static const struct wants *cheaper(const struct wants *a, const struct wants *b)
{
    return a == NULL || (b != NULL && b->cost < a->cost) ? b : a;
}

bool difference_same_subject(const struct difference *a, const struct difference *b)
{
    const struct subject *x = &a->subject, *y = &b->subject;

    if (is_whole_text(a) || is_whole_text(b))
        return is_whole_text(a) && is_whole_text(b) && cedar_expr_eq(a->text, b->text);
    if (x->of != y->of || x->n != y->n || x->tag != y->tag || is_of_groups(a) != is_of_groups(b))
        return false;
    if (x->of == SUBJECT_VARIABLE)
        return x->var == y->var;
    if (x->of == SUBJECT_ENTITY && !cedar_uid_eq(x->uid, y->uid))
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (!str_eq(x->names[i], y->names[i]))
            return false;
    return true;
}

/* Something that was settled before stays as it is. */
static bool unsettles(const struct differ *x, const struct difference *d)
{
    for (size_t i = 0; i < x->n_settled; i++) {
        const struct difference *s = x->settled[i];
        if (difference_same_subject(s, d) &&
            (s->kind != d->kind || (!is_whole_text(d) && !cedar_value_eq(&s->example, &d->example))))
            return true;
    }
    return false;
}

static const struct wants *one(struct differ *x, uint32_t cost, const struct difference *d)
{
    struct difference *kept;
    struct wants *w;

    if (unsettles(x, d))
        return NULL;
    kept = arena_make(x->arena, struct difference);
    w = arena_make(x->arena, struct wants);
    *kept = *d;
    kept->policy = x->policy;
    kept->part = x->part;
    kept->condition = x->condition;
    kept->cost = cost;
    *w = (struct wants){ cost, NULL, NULL, kept };
    return w;
}

/* Subjects ------------------------------------------------------------------------- */

static bool evaluates(struct differ *x, const struct cedar_expr *e, struct cedar_value *out)
{
    return eval(&x->eval, e, out);
}

static bool append(struct differ *x, struct subject *s, struct str name)
{
    struct str *names = arena_make_n(x->arena, s->n + 1, struct str);

    for (size_t i = 0; i < s->n; i++)
        names[i] = s->names[i];
    names[s->n++] = name;
    s->names = names;
    return true;
}

static bool subject_of(struct differ *x, const struct cedar_expr *e, struct subject *s);

/* A name behind something: of the entity that this is, or one further in the same record. */
static bool subject_behind(struct differ *x, const struct cedar_expr *e, struct str name, bool tag, struct subject *s)
{
    struct cedar_value v = { 0 };
    bool is = evaluates(x, e, &v);

    if (!subject_of(x, e, s))
        return false;
    if (is && v.kind == CEDAR_ENTITY)
        *s = (struct subject){ .of = SUBJECT_ENTITY, .var = s->var, .uid = v.uid, .tag = tag };
    else if (tag || (is && v.kind != CEDAR_RECORD))
        return false;
    return append(x, s, name);
}

/* Does the expression say where something stands that could be otherwise? */
static bool subject_of(struct differ *x, const struct cedar_expr *e, struct subject *s)
{
    *s = (struct subject){ 0 };
    switch (e->op) {
    case CEDAR_OP_VAR:
        s->var = e->var;
        s->of = e->var == CEDAR_CONTEXT ? SUBJECT_CONTEXT : SUBJECT_VARIABLE;
        s->uid = e->var == CEDAR_CONTEXT ? NULL : x->eval.uids[e->var];
        return true;
    case CEDAR_OP_LIT:
        s->of = SUBJECT_ENTITY; /* it is its attributes that may differ */
        s->var = CEDAR_CONTEXT;
        return e->value.kind == CEDAR_ENTITY;
    case CEDAR_OP_ATTR:
        return subject_behind(x, e->kids[0], e->name, false, s);
    case CEDAR_OP_GET_TAG:
        return e->kids[1]->constant != NULL && e->kids[1]->constant->kind == CEDAR_STRING &&
               subject_behind(x, e->kids[0], e->kids[1]->constant->text, true, s);
    default:
        return false;
    }
}

/* Can it be set?  The context as a whole and an entity that is named cannot. */
static bool can_be(struct differ *x, const struct cedar_expr *e, struct subject *s)
{
    return subject_of(x, e, s) && (s->n > 0 || s->of == SUBJECT_VARIABLE);
}

static uint32_t cost_of(const struct subject *s)
{
    static const uint32_t others[] = { COST_OTHER_PRINCIPAL, COST_OTHER_ACTION, COST_OTHER_RESOURCE };

    if (s->of == SUBJECT_VARIABLE)
        return others[s->var];
    return s->of == SUBJECT_ENTITY && s->var != CEDAR_PRINCIPAL ? COST_RESOURCE : COST_NEAR;
}

/* Which of two operands is to be otherwise?  The one that is nearer.  *other: what the other one is. */
static const struct cedar_expr *nearer(struct differ *x, const struct cedar_expr *const kids[2], struct subject *s,
                                       struct cedar_value *other)
{
    struct subject subjects[2];
    struct cedar_value values[2];
    bool can[2], known[2];

    for (int i = 0; i < 2; i++) {
        can[i] = can_be(x, kids[i], &subjects[i]);
        known[i] = evaluates(x, kids[i], &values[i]);
    }
    for (int i = 0; i < 2; i++)
        if (can[i] && known[1 - i] &&
            (!can[1 - i] || !known[i] || cost_of(&subjects[i]) < cost_of(&subjects[1 - i]) + (i == 0))) {
            *s = subjects[i];
            *other = values[1 - i];
            return kids[i];
        }
    return NULL;
}

/* Differences ---------------------------------------------------------------------- */

/* No one thing: the text as it stands. */
static const struct wants *text_itself(struct differ *x, const struct cedar_expr *e, bool value)
{
    struct difference d = { .kind = value ? CEDAR_DIFFERENCE_HOLDS : CEDAR_DIFFERENCE_FAILS, .text = e };

    return e->uses == 0 ? NULL : one(x, COST_TEXT, &d); /* what depends on nothing cannot be otherwise */
}

static struct difference about(const struct cedar_expr *e, const struct cedar_expr *path, const struct subject *s,
                               enum cedar_difference_kind kind)
{
    return (struct difference){ .kind = kind, .text = e, .path = path, .subject = *s };
}

static struct cedar_value entity_value(struct differ *x, struct str type, struct str id)
{
    struct cedar_uid *uid = arena_make(x->arena, struct cedar_uid);

    *uid = cedar_uid_make(type, id);
    return CEDAR_ENTITY_OF(uid);
}

/* Any value of the kind but this one. */
static struct cedar_value another(struct differ *x, struct cedar_value v)
{
    switch (v.kind) {
    case CEDAR_BOOL:
        v.boolean = !v.boolean;
        return v;
    case CEDAR_LONG:
    case CEDAR_DECIMAL:
    case CEDAR_DATETIME:
    case CEDAR_DURATION:
        v.number += v.number < 0 ? 1 : -1;
        return v;
    case CEDAR_STRING:
        v.text = arena_join(x->arena, v.text, S("-"));
        return v;
    case CEDAR_ENTITY:
        return entity_value(x, v.uid->type, arena_join(x->arena, v.uid->id, S("-")));
    default:
        return (struct cedar_value){ .kind = CEDAR_NONE };
    }
}

static const struct wants *of_equal(struct differ *x, const struct cedar_expr *e, bool equal)
{
    struct cedar_value other;
    struct subject s;
    const struct cedar_expr *path = nearer(x, e->kids, &s, &other);

    if (path == NULL)
        return text_itself(x, e, e->op == CEDAR_OP_EQ ? equal : !equal);
    struct difference d = about(e, path, &s, equal ? CEDAR_DIFFERENCE_EQUAL : CEDAR_DIFFERENCE_OTHER);
    d.needed = other;
    d.example = equal ? other : another(x, other);
    if (d.example.kind == CEDAR_NONE || (s.of == SUBJECT_VARIABLE && d.example.kind != CEDAR_ENTITY))
        return text_itself(x, e, e->op == CEDAR_OP_EQ ? equal : !equal);
    return one(x, cost_of(&s), &d);
}

static bool is_ordered(enum cedar_kind kind)
{
    return kind == CEDAR_LONG || kind == CEDAR_DATETIME || kind == CEDAR_DURATION || kind == CEDAR_DECIMAL;
}

/* e compares its operands as op does. */
static const struct wants *of_order(struct differ *x, const struct cedar_expr *e, enum cedar_op op, bool value)
{
    static const enum cedar_difference_kind kinds[] = { CEDAR_DIFFERENCE_LESS, CEDAR_DIFFERENCE_AT_MOST,
                                                        CEDAR_DIFFERENCE_MORE, CEDAR_DIFFERENCE_AT_LEAST };
    enum { LESS, AT_MOST, MORE, AT_LEAST } must = (unsigned)(op - CEDAR_OP_LT);
    static const int denied[] = { AT_LEAST, MORE, AT_MOST, LESS }, turned[] = { MORE, AT_LEAST, LESS, AT_MOST };
    struct cedar_value other;
    struct subject s;
    const struct cedar_expr *path = nearer(x, e->kids, &s, &other);
    int by = 0;

    if (path == NULL || !is_ordered(other.kind))
        return text_itself(x, e, value);
    must = (unsigned)(value ? (int)must : denied[must]);
    must = (unsigned)(path == e->kids[0] ? (int)must : turned[must]);
    struct difference d = about(e, path, &s, kinds[must]);
    by = must == LESS ? -1 : must == MORE ? 1 : 0;
    d.needed = d.example = other;
    if (__builtin_add_overflow(other.number, by, &d.example.number))
        return text_itself(x, e, value);
    return one(x, cost_of(&s), &d);
}

/* Actions are in actions only. */
static bool can_join(const struct cedar_uid *uid, const struct cedar_value *group)
{
    return group->kind == CEDAR_ENTITY && (!cedar_name_is_action(uid->type) || cedar_name_is_action(group->uid->type));
}

/* The groups that uid is in, or is; of one or of a set of entities. */
static struct cedar_value groups_of(struct differ *x, const struct cedar_uid *uid, const struct cedar_value *groups)
{
    const struct cedar_set single = { 1, groups };
    const struct cedar_set *set = groups->kind == CEDAR_SET ? groups->set : &single;
    struct cedar_value *list = arena_make_n(x->arena, set->n, struct cedar_value);
    const struct cedar_entity *e = eval_entity(&x->eval, uid);
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++)
        if (set->items[i].kind == CEDAR_ENTITY &&
            (cedar_uid_eq(uid, set->items[i].uid) || cedar_entity_in(e, set->items[i].uid)))
            list[n++] = set->items[i];
    return cedar_set_of(x->arena, list, n);
}

/* uid is to be in the group or one of the groups; or in none. */
static const struct wants *of_groups(struct differ *x, struct difference d, const struct cedar_uid *uid,
                                     const struct cedar_value *groups, bool in, uint32_t cost)
{
    d.kind = in ? CEDAR_DIFFERENCE_IN : CEDAR_DIFFERENCE_NOT_IN;
    d.subject = (struct subject){ .of = SUBJECT_ENTITY, .var = d.subject.var, .uid = uid };
    d.needed = *groups;
    if (!in) {
        d.example = groups_of(x, uid, groups);
        for (size_t i = 0; i < d.example.set->n; i++)
            if (cedar_uid_eq(d.example.set->items[i].uid, uid))
                return NULL; /* it is the group itself */
        return one(x, cost, &d);
    }
    const struct cedar_set single = { 1, groups }, *set = groups->kind == CEDAR_SET ? groups->set : &single;
    for (size_t i = 0; i < set->n; i++)
        if (can_join(uid, &set->items[i])) {
            d.example = set->items[i];
            return one(x, cost, &d);
        }
    return NULL;
}

static const struct wants *of_in(struct differ *x, const struct cedar_expr *e, const struct cedar_expr *groups, bool in)
{
    struct cedar_value v, g;
    struct subject s;

    if (!evaluates(x, e->kids[0], &v) || v.kind != CEDAR_ENTITY || !evaluates(x, groups, &g) ||
        (g.kind != CEDAR_ENTITY && g.kind != CEDAR_SET))
        return text_itself(x, e, in);
    bool known = subject_of(x, e->kids[0], &s);
    struct difference d = { .text = e, .path = e->kids[0], .subject = s };
    const struct wants *w =
        of_groups(x, d, v.uid, &g, in, known && s.var == CEDAR_PRINCIPAL ? COST_NEAR : COST_RESOURCE);
    return w != NULL || cedar_name_is_action(v.uid->type) ? w : text_itself(x, e, in);
}

static const struct wants *of_is(struct differ *x, const struct cedar_expr *e, bool value)
{
    struct cedar_value v;
    struct subject s;

    if (!evaluates(x, e->kids[0], &v) || v.kind != CEDAR_ENTITY)
        return text_itself(x, e, value);
    if (str_eq(v.uid->type, e->name))
        return e->n == 2 ? of_in(x, e, e->kids[1], value) : text_itself(x, e, value);
    if (!can_be(x, e->kids[0], &s) || e->n == 2 || s.var == CEDAR_ACTION)
        return text_itself(x, e, value);
    struct difference d = about(e, e->kids[0], &s, CEDAR_DIFFERENCE_TYPE);
    d.example = entity_value(x, e->name, v.uid->id);
    return one(x, s.of == SUBJECT_VARIABLE ? COST_TYPE : cost_of(&s), &d);
}

/* Something is to be there, or not; what it is is not said: true, unless another difference says more. */
static const struct wants *of_presence(struct differ *x, const struct cedar_expr *e, bool value)
{
    bool tag = e->op == CEDAR_OP_HAS_TAG;
    const struct cedar_value *key = tag ? e->kids[1]->constant : NULL;
    struct subject s;

    if (tag && (key == NULL || key->kind != CEDAR_STRING))
        return text_itself(x, e, value);
    if (!subject_behind(x, e->kids[0], tag ? key->text : e->name, tag, &s))
        return text_itself(x, e, value);
    struct cedar_expr *path = arena_make(x->arena, struct cedar_expr); /* as it would be asked for */
    *path = (struct cedar_expr){ .op = tag ? CEDAR_OP_GET_TAG : CEDAR_OP_ATTR, .n = e->n, .kids = e->kids };
    if (!tag)
        path->name = e->name;
    struct difference d = about(e, path, &s, value ? CEDAR_DIFFERENCE_PRESENT : CEDAR_DIFFERENCE_ABSENT);
    if (value)
        d.example = CEDAR_BOOL_OF(true);
    return one(x, cost_of(&s) + !value, &d); /* another value comes before none at all */
}

/* A condition that is a value by itself: `context.mfa`. */
static const struct wants *of_value(struct differ *x, const struct cedar_expr *e, bool value)
{
    struct subject s;

    if (!can_be(x, e, &s) || s.of == SUBJECT_VARIABLE)
        return text_itself(x, e, value);
    struct difference d = about(e, e, &s, CEDAR_DIFFERENCE_EQUAL);
    d.needed = d.example = CEDAR_BOOL_OF(value);
    return one(x, cost_of(&s), &d);
}

static struct str joined(struct differ *x, const struct cedar_pattern *p, struct str between)
{
    struct str text = p->pieces[0];

    for (size_t i = 1; i < p->n; i++)
        text = arena_join(x->arena, arena_join(x->arena, text, between), p->pieces[i]);
    return text;
}

static const struct wants *of_like(struct differ *x, const struct cedar_expr *e, bool value)
{
    struct str tries[] = { joined(x, e->pattern, S("")), S(""), S("-"), S("~") };
    struct subject s;

    if (!can_be(x, e->kids[0], &s) || s.of == SUBJECT_VARIABLE)
        return text_itself(x, e, value);
    struct difference d = about(e, e->kids[0], &s, value ? CEDAR_DIFFERENCE_LIKE : CEDAR_DIFFERENCE_NOT_LIKE);
    d.needed = CEDAR_STRING_OF(joined(x, e->pattern, S("*")));
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        if (like_matches(e->pattern, tries[i]) == value) {
            d.example = CEDAR_STRING_OF(tries[i]);
            return one(x, cost_of(&s), &d);
        }
    return NULL; /* "*" is like everything */
}

/* The set gets elements, or loses them. */
static const struct wants *of_elements(struct differ *x, const struct cedar_expr *e, const struct cedar_expr *path,
                                       const struct subject *s, const struct cedar_value *which, bool value)
{
    struct difference d = about(e, path, s, value ? CEDAR_DIFFERENCE_CONTAINS : CEDAR_DIFFERENCE_LACKS);
    bool all = e->op == CEDAR_OP_CONTAINS_ALL;

    if (e->op != CEDAR_OP_CONTAINS && which->kind != CEDAR_SET)
        return text_itself(x, e, value);
    struct cedar_value single = *which;
    if (e->op == CEDAR_OP_CONTAINS) { /* a set may be an element, too */
        struct cedar_value *items = arena_make(x->arena, struct cedar_value);
        *items = *which;
        single = cedar_set_of(x->arena, items, 1);
    }
    d.needed = *which;
    d.add = value;
    d.drop = !value;
    d.example = single;
    if (single.set->n == 0)
        return value == all ? text_itself(x, e, value) : NULL;
    if (e->op != CEDAR_OP_CONTAINS && all != value) { /* one of them is enough */
        struct cedar_value *items = arena_make(x->arena, struct cedar_value);
        *items = single.set->items[0];
        d.example = cedar_set_of(x->arena, items, 1);
    }
    return one(x, cost_of(s), &d);
}

/* A value that is to be one of a set, or none. */
static const struct wants *of_choice(struct differ *x, const struct cedar_expr *e, const struct cedar_expr *path,
                                     const struct subject *s, const struct cedar_value *set, bool value)
{
    struct difference d = about(e, path, s, value ? CEDAR_DIFFERENCE_ONE_OF : CEDAR_DIFFERENCE_NONE_OF);

    d.needed = *set;
    if (set->set->n == 0)
        return NULL;
    d.example = set->set->items[0];
    for (size_t i = 0; !value && i < set->set->n && cedar_set_has(set->set, &d.example); i++)
        d.example = another(x, set->set->items[i]);
    if (d.example.kind == CEDAR_NONE || cedar_set_has(set->set, &d.example) != value)
        return text_itself(x, e, value);
    return one(x, cost_of(s), &d);
}

static const struct wants *of_contains(struct differ *x, const struct cedar_expr *e, bool value)
{
    struct cedar_value other;
    struct subject s;
    const struct cedar_expr *path = nearer(x, e->kids, &s, &other);

    if (path == NULL || (s.of == SUBJECT_VARIABLE && path == e->kids[0]))
        return text_itself(x, e, value);
    if (path == e->kids[0] || e->op == CEDAR_OP_CONTAINS_ANY)
        return s.of == SUBJECT_VARIABLE ? text_itself(x, e, value) : of_elements(x, e, path, &s, &other, value);
    if (e->op == CEDAR_OP_CONTAINS && other.kind == CEDAR_SET)
        return of_choice(x, e, path, &s, &other, value);
    return text_itself(x, e, value);
}

static const struct wants *of_empty(struct differ *x, const struct cedar_expr *e, bool value)
{
    struct subject s;

    if (!value || !can_be(x, e->kids[0], &s) || s.of == SUBJECT_VARIABLE)
        return text_itself(x, e, value);
    struct difference d = about(e, e->kids[0], &s, CEDAR_DIFFERENCE_EMPTY);
    d.example = cedar_set_of(x->arena, NULL, 0);
    return one(x, cost_of(&s), &d);
}

static const struct wants *of_call(struct differ *x, const struct cedar_expr *e, bool value)
{
    struct cedar_value range;
    struct subject s;

    if (e->ext >= CEDAR_X_LESS_THAN && e->ext <= CEDAR_X_GREATER_OR_EQ && e->n == 2)
        return of_order(x, e, (enum cedar_op)(CEDAR_OP_LT + (e->ext - CEDAR_X_LESS_THAN)), value);
    if (e->ext != CEDAR_X_IS_IN_RANGE || e->n != 2 || !value || !can_be(x, e->kids[0], &s) ||
        s.of == SUBJECT_VARIABLE || !evaluates(x, e->kids[1], &range) || range.kind != CEDAR_IP)
        return text_itself(x, e, value);
    struct difference d = about(e, e->kids[0], &s, CEDAR_DIFFERENCE_IN_RANGE);
    d.needed = d.example = range; /* a range is in itself */
    return one(x, cost_of(&s), &d);
}

/* Conditions ------------------------------------------------------------------------ */

static const struct wants *wanted(struct differ *x, const struct cedar_expr *e, bool value);

/* && is true when all are; false when one is, and those before it did not fail.  || the other way round. */
static const struct wants *of_chain(struct differ *x, const struct cedar_expr *e, bool value)
{
    bool stop = e->op == CEDAR_OP_OR;
    const struct wants *before = &nothing, *best = NULL;

    for (uint32_t i = 0; i < e->n && before != NULL; i++) {
        if (value == stop)
            best = cheaper(best, both(x, before, wanted(x, e->kids[i], stop)));
        before = both(x, before, wanted(x, e->kids[i], !stop));
    }
    return value == stop ? best : before;
}

static const struct wants *of_if(struct differ *x, const struct cedar_expr *e, bool value)
{
    const struct wants *then = both(x, wanted(x, e->kids[0], true), wanted(x, e->kids[1], value));

    return cheaper(then, both(x, wanted(x, e->kids[0], false), wanted(x, e->kids[2], value)));
}

/* The cheapest that gives the condition this value.  As deep as the tree; each step costs work. */
static const struct wants *wanted(struct differ *x, const struct cedar_expr *e, bool value)
{
    bool now;

    if (x->eval.work == 0)
        return NULL;
    x->eval.work--;
    if (eval_bool(&x->eval, e, &now) && now == value)
        return &nothing;
    switch (e->op) {
    case CEDAR_OP_AND:
    case CEDAR_OP_OR:
        return of_chain(x, e, value);
    case CEDAR_OP_NOT:
        return wanted(x, e->kids[0], !value);
    case CEDAR_OP_IF:
        return of_if(x, e, value);
    case CEDAR_OP_EQ:
        return of_equal(x, e, value);
    case CEDAR_OP_NE:
        return of_equal(x, e, !value);
    case CEDAR_OP_LT:
    case CEDAR_OP_LE:
    case CEDAR_OP_GT:
    case CEDAR_OP_GE:
        return of_order(x, e, e->op, value);
    case CEDAR_OP_IN:
        return of_in(x, e, e->kids[1], value);
    case CEDAR_OP_IS:
        return of_is(x, e, value);
    case CEDAR_OP_HAS:
    case CEDAR_OP_HAS_TAG:
        return of_presence(x, e, value);
    case CEDAR_OP_ATTR:
    case CEDAR_OP_GET_TAG:
        return of_value(x, e, value);
    case CEDAR_OP_LIKE:
        return of_like(x, e, value);
    case CEDAR_OP_CONTAINS:
    case CEDAR_OP_CONTAINS_ALL:
    case CEDAR_OP_CONTAINS_ANY:
        return of_contains(x, e, value);
    case CEDAR_OP_IS_EMPTY:
        return of_empty(x, e, value);
    case CEDAR_OP_CALL:
        return of_call(x, e, value);
    default:
        return text_itself(x, e, value);
    }
}

/* Policies ------------------------------------------------------------------------ */

static const struct wants *scope_other(struct differ *x, enum cedar_var var, enum cedar_difference_kind kind,
                                       struct cedar_value needed, struct cedar_value example)
{
    struct subject s = { .of = SUBJECT_VARIABLE, .var = var, .uid = x->sides[var].uid };
    struct difference d = { .kind = kind, .subject = s, .needed = needed, .example = example };

    return one(x, kind == CEDAR_DIFFERENCE_TYPE ? COST_TYPE : cost_of(&s), &d);
}

static const struct wants *scope_groups(struct differ *x, enum cedar_var var, const struct cedar_value *groups, bool in)
{
    struct difference d = { .subject = { .var = var } };
    uint32_t cost = var == CEDAR_PRINCIPAL ? COST_NEAR : var == CEDAR_ACTION ? COST_OTHER_ACTION : COST_RESOURCE;

    return of_groups(x, d, x->sides[var].uid, groups, in, cost);
}

static struct cedar_value uid_set(struct differ *x, const struct cedar_scope *scope)
{
    struct cedar_value *items = arena_make_n(x->arena, scope->n_uids, struct cedar_value);

    for (size_t i = 0; i < scope->n_uids; i++)
        items[i] = CEDAR_ENTITY_OF(&scope->uids[i]);
    return cedar_set_of(x->arena, items, scope->n_uids);
}

static const struct wants *scope_apply(struct differ *x, const struct cedar_scope *scope, enum cedar_var var)
{
    const struct cedar_value group = CEDAR_ENTITY_OF(&scope->uid);

    x->part = (enum cedar_part)var;
    if (scope_admits(scope, &x->sides[var]))
        return &nothing;
    switch (scope->kind) {
    case CEDAR_SCOPE_EQ:
        return scope_other(x, var, CEDAR_DIFFERENCE_EQUAL, group, group);
    case CEDAR_SCOPE_IN:
        return scope_groups(x, var, &group, true);
    case CEDAR_SCOPE_IS_IN:
        if (str_eq(x->sides[var].uid->type, scope->type))
            return scope_groups(x, var, &group, true);
        __attribute__((fallthrough)); /* once it has the type, the group is asked for */
    case CEDAR_SCOPE_IS:
        return scope_other(x, var, CEDAR_DIFFERENCE_TYPE, (struct cedar_value){ .kind = CEDAR_NONE },
                           entity_value(x, scope->type, x->sides[var].uid->id));
    case CEDAR_SCOPE_IN_SET:
        if (scope->n_uids == 0)
            return NULL;
        return scope_other(x, var, CEDAR_DIFFERENCE_ONE_OF, uid_set(x, scope), CEDAR_ENTITY_OF(&scope->uids[0]));
    default:
        return NULL;
    }
}

/* A type does not change to get out of a policy. */
static const struct wants *scope_avoid(struct differ *x, const struct cedar_scope *scope, enum cedar_var var)
{
    const struct cedar_value group = CEDAR_ENTITY_OF(&scope->uid);

    x->part = (enum cedar_part)var;
    if (scope->kind == CEDAR_SCOPE_EQ)
        return scope_other(x, var, CEDAR_DIFFERENCE_OTHER, group, another(x, group));
    if ((scope->kind == CEDAR_SCOPE_IN || scope->kind == CEDAR_SCOPE_IS_IN) && var != CEDAR_ACTION)
        return scope_groups(x, var, &group, false);
    return NULL;
}

static const struct cedar_scope *scope_of(const struct cedar_policy *p, enum cedar_var var)
{
    return var == CEDAR_PRINCIPAL ? &p->principal : var == CEDAR_ACTION ? &p->action : &p->resource;
}

const struct wants *differ_apply(struct differ *x, const struct cedar_policy *p)
{
    const struct wants *all = &nothing;

    x->policy = p;
    x->eval.work = WHY_POLICY_WORK;
    for (enum cedar_var var = CEDAR_PRINCIPAL; var <= CEDAR_RESOURCE; var++)
        all = both(x, all, scope_apply(x, scope_of(p, var), var));
    x->part = CEDAR_PART_CONDITION;
    for (x->condition = 0; x->condition < p->n_conditions && all != NULL; x->condition++) {
        const struct cedar_condition *c = &p->conditions[x->condition];
        all = both(x, all, wanted(x, c->body, !c->unless));
    }
    return all;
}

const struct wants *differ_avoid(struct differ *x, const struct cedar_policy *p)
{
    const struct wants *best = NULL, *before = &nothing;

    x->policy = p;
    x->eval.work = WHY_POLICY_WORK;
    for (enum cedar_var var = CEDAR_PRINCIPAL; var <= CEDAR_RESOURCE; var++)
        best = cheaper(best, scope_avoid(x, scope_of(p, var), var));
    x->part = CEDAR_PART_CONDITION;
    for (x->condition = 0; x->condition < p->n_conditions && before != NULL; x->condition++) {
        const struct cedar_condition *c = &p->conditions[x->condition];
        best = cheaper(best, both(x, before, wanted(x, c->body, c->unless)));
        before = both(x, before, wanted(x, c->body, !c->unless));
    }
    return best;
}
