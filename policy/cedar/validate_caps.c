/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/validate_int.h"

/* Two expressions are the same when they look the same, wherever they stand. */
static bool same_expr(struct checker *c, const struct cedar_expr *x, const struct cedar_expr *y);

static bool same_pattern(const struct cedar_pattern *x, const struct cedar_pattern *y)
{
    if (x->n != y->n)
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (!str_eq(x->pieces[i], y->pieces[i]))
            return false;
    return true;
}

static bool same_names(const struct cedar_expr *x, const struct cedar_expr *y)
{
    for (uint32_t i = 0; i < x->n; i++)
        if (!str_eq(x->names[i], y->names[i]))
            return false;
    return true;
}

static bool same_leaf(const struct cedar_expr *x, const struct cedar_expr *y)
{
    switch (x->op) {
    case CEDAR_OP_LIT:
        return cedar_value_eq(&x->value, &y->value);
    case CEDAR_OP_VAR:
    case CEDAR_OP_SLOT:
        return x->var == y->var;
    case CEDAR_OP_IS:
    case CEDAR_OP_HAS:
    case CEDAR_OP_ATTR:
        return str_eq(x->name, y->name);
    case CEDAR_OP_LIKE:
        return same_pattern(x->pattern, y->pattern);
    case CEDAR_OP_RECORD:
        return same_names(x, y);
    case CEDAR_OP_CALL:
        return x->ext == y->ext;
    default:
        return true;
    }
}

static bool same_expr(struct checker *c, const struct cedar_expr *x, const struct cedar_expr *y)
{
    if (x == y)
        return true;
    if (check_tired(c, 1) || x->op != y->op || x->n != y->n || !same_leaf(x, y))
        return false;
    for (uint32_t i = 0; i < x->n; i++)
        if (!same_expr(c, x->kids[i], y->kids[i]))
            return false;
    return true;
}

static uint64_t hash_value(const struct cedar_value *v, uint64_t h)
{
    switch (v->kind) {
    case CEDAR_STRING:
        return str_hash(v->text, h);
    case CEDAR_ENTITY:
        return str_hash(v->uid->id, str_hash(v->uid->type, h));
    case CEDAR_LONG:
        return str_hash(str_n(&v->number, sizeof v->number), h);
    default:
        return h + v->kind;
    }
}

static uint64_t hash_expr(struct checker *c, const struct cedar_expr *e, uint64_t h)
{
    h = (h ^ (uint64_t)e->op) * 0x9e3779b97f4a7c15u;
    if (check_tired(c, 1))
        return h;
    if (e->op == CEDAR_OP_ATTR || e->op == CEDAR_OP_HAS || e->op == CEDAR_OP_IS)
        h = str_hash(e->name, h);
    else if (e->op == CEDAR_OP_VAR)
        h += (uint64_t)e->var;
    else if (e->op == CEDAR_OP_LIT)
        h = hash_value(&e->value, h);
    for (uint32_t i = 0; i < e->n; i++)
        h = hash_expr(c, e->kids[i], h);
    return h;
}

const struct cap *caps_attr(struct checker *c, const struct cedar_expr *on, struct str attr)
{
    struct cap *cap = arena_make(c->scratch, struct cap);

    *cap = (struct cap){ .on = on, .attr = attr, .hash = str_hash(attr, hash_expr(c, on, 1)) };
    return cap;
}

const struct cap *caps_tag(struct checker *c, const struct cedar_expr *on, const struct cedar_expr *tag)
{
    struct cap *cap = arena_make(c->scratch, struct cap);

    *cap = (struct cap){ .on = on, .tag = tag, .hash = hash_expr(c, tag, hash_expr(c, on, 2)) };
    return cap;
}

static bool same_cap(struct checker *c, const struct cap *x, const struct cap *y)
{
    if (x->hash != y->hash || (x->tag == NULL) != (y->tag == NULL) || !same_expr(c, x->on, y->on))
        return false;
    return x->tag == NULL ? str_eq(x->attr, y->attr) : same_expr(c, x->tag, y->tag);
}

bool caps_have(struct checker *c, const struct cap *caps, const struct cap *wanted)
{
    for (; caps != NULL && !check_tired(c, 1); caps = caps->next)
        if (same_cap(c, caps, wanted))
            return true;
    return false;
}

static const struct cap *add(struct checker *c, const struct cap *to, const struct cap *what)
{
    struct cap *copy = arena_make(c->scratch, struct cap);

    *copy = *what;
    copy->next = to;
    return copy;
}

const struct cap *caps_union(struct checker *c, const struct cap *x, const struct cap *y)
{
    const struct cap *all = x;

    for (; y != NULL && all != y; y = y->next)
        if (!caps_have(c, x, y))
            all = add(c, all, y);
    return all;
}

const struct cap *caps_meet(struct checker *c, const struct cap *x, const struct cap *y)
{
    const struct cap *both = NULL;

    for (; x != NULL; x = x->next)
        if (caps_have(c, y, x))
            both = add(c, both, x);
    return both;
}
