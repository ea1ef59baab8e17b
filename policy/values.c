/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/values.h"

#include "policy/windows.h"

/*  thing       first value        one past the last      may be absent (value 0) */
#define THINGS(X)                                                                                                      \
    X(ROLE, 0, ROLE_COUNT, true)                                                                                       \
    X(LEVEL, 0, LEVEL_MAX + 1, true)                                                                                   \
    X(AGE, 0, AGE_ADULT + 1, true)                                                                                     \
    X(ATTRIBUTE, 0, CLAIM_COUNT, false)                                                                                \
    X(WEEKDAY, 1, 8, false)                                                                                            \
    X(MINUTE, 0, MINUTES_A_DAY, false)                                                                                 \
    X(DEVICE, DEVICE_OWN, DEVICE_SHARED + 1, false)                                                                    \
    X(ASSURANCE, 0, ASSURANCE_MAX + 1, false)                                                                          \
    X(DAY, DAY_UNKNOWN, DAY_COUNT, true)                                                                               \
    X(EXAM, 0, 2, true)

static const struct {
    unsigned from, end;
    bool absent;
} things[THING_COUNT] = {
#define X(thing, from, end, absent) [THING_##thing] = { from, end, absent },
    THINGS(X)
#undef X
};

static void add(struct values *v, unsigned n)
{
    v->w[n / 64] |= (uint64_t)1 << n % 64;
}

bool values_has(const struct values *v, unsigned n)
{
    return (v->w[n / 64] >> n % 64 & 1) != 0;
}

static struct values range(int64_t from, int64_t end)
{
    struct values v = { 0 };

    for (int64_t w = 0; w < VALUES_WORDS && from < end; w++) {
        int64_t low = from - 64 * w, high = end - 64 * w;
        uint64_t upwards = low <= 0 ? UINT64_MAX : low >= 64 ? 0 : UINT64_MAX << low;
        uint64_t beyond = high >= 64 ? 0 : high <= 0 ? UINT64_MAX : UINT64_MAX << high;
        v.w[w] = upwards & ~beyond;
    }
    return v;
}

struct values values_all(enum thing thing)
{
    return range(things[thing].from, things[thing].end);
}

bool values_none(const struct values *v)
{
    uint64_t any = 0;

    for (size_t i = 0; i < VALUES_WORDS; i++)
        any |= v->w[i];
    return any == 0;
}

bool values_eq(const struct values *x, const struct values *y)
{
    return memcmp(x->w, y->w, sizeof x->w) == 0;
}

struct values values_and(const struct values *x, const struct values *y)
{
    struct values v;

    for (size_t i = 0; i < VALUES_WORDS; i++)
        v.w[i] = x->w[i] & y->w[i];
    return v;
}

static struct values values_or(const struct values *x, const struct values *y)
{
    struct values v;

    for (size_t i = 0; i < VALUES_WORDS; i++)
        v.w[i] = x->w[i] | y->w[i];
    return v;
}

struct values values_not(enum thing thing, const struct values *v)
{
    struct values all = values_all(thing);

    for (size_t i = 0; i < VALUES_WORDS; i++)
        all.w[i] &= ~v->w[i];
    return all;
}

const char *age_word(unsigned age)
{
    static const char *const words[] = { "", "under13", "13to17", "adult" };

    return age < sizeof words / sizeof *words ? words[age] : "";
}

bool is_var(const struct cedar_expr *e, enum cedar_var var)
{
    return e->op == CEDAR_OP_VAR && e->var == var;
}

bool is_attr(const struct cedar_expr *e, enum cedar_var var, const char *name)
{
    return e->op == CEDAR_OP_ATTR && is_var(e->kids[0], var) && str_eq(e->name, str_of(name));
}

/* Where the thing stands in a request. */
static bool is_term(const struct cedar_expr *e, enum thing thing)
{
    switch (thing) {
    case THING_ROLE:
        return is_attr(e, CEDAR_PRINCIPAL, "role");
    case THING_LEVEL:
        return is_attr(e, CEDAR_PRINCIPAL, "classLevel");
    case THING_AGE:
        return is_attr(e, CEDAR_PRINCIPAL, "age");
    case THING_ATTRIBUTE:
        return is_attr(e, CEDAR_RESOURCE, "attribute");
    case THING_WEEKDAY:
        return is_attr(e, CEDAR_CONTEXT, "weekday");
    case THING_MINUTE:
        return is_attr(e, CEDAR_CONTEXT, "minute");
    case THING_DEVICE:
        return is_attr(e, CEDAR_CONTEXT, "device");
    case THING_ASSURANCE:
        return is_attr(e, CEDAR_CONTEXT, "assurance");
    case THING_DAY:
        return is_attr(e, CEDAR_CONTEXT, "term");
    default:
        return false;
    }
}

/* What can be `in` the thing's entities: the person in a role, a disclosure in an attribute. */
static bool is_member(const struct cedar_expr *e, enum thing thing)
{
    return (thing == THING_ROLE && is_var(e, CEDAR_PRINCIPAL)) ||
           (thing == THING_ATTRIBUTE && is_var(e, CEDAR_RESOURCE));
}

static bool is_number(enum thing thing)
{
    return thing == THING_LEVEL || thing == THING_WEEKDAY || thing == THING_MINUTE || thing == THING_ASSURANCE;
}

static const char *entity_type(enum thing thing)
{
    return thing == THING_ROLE        ? "Role"
           : thing == THING_ATTRIBUTE ? "Attribute"
           : thing == THING_DEVICE    ? "Device"
           : thing == THING_DAY       ? "Term"
                                      : NULL;
}

/* The value that a literal stands for; false: none that the thing can have. */
static bool value_of_literal(const struct cedar_value *v, enum thing thing, unsigned *out)
{
    enum claim claim;

    if (is_number(thing)) {
        bool in = v->kind == CEDAR_LONG && v->number >= (int64_t)(things[thing].absent ? 1 : things[thing].from) &&
                  v->number < (int64_t)things[thing].end;
        *out = in ? (unsigned)v->number : 0;
        return in;
    }
    if (thing == THING_AGE) {
        for (*out = AGE_UNDER13; v->kind == CEDAR_STRING && *out <= AGE_ADULT; (*out)++)
            if (str_eq(v->text, str_of(age_word(*out))))
                return true;
        return false;
    }
    if (v->kind != CEDAR_ENTITY || entity_type(thing) == NULL || !str_eq(v->uid->type, str_of(entity_type(thing))))
        return false;
    if (thing == THING_ROLE)
        *out = (unsigned)role_of_name(v->uid->id);
    else if (thing == THING_ATTRIBUTE)
        *out = claim_of_word(v->uid->id, &claim) ? (unsigned)claim : UINT32_MAX;
    else if (thing == THING_DAY)
        *out = (unsigned)day_kind_of_word(v->uid->id);
    else
        *out = str_eq(v->uid->id, S("own")) ? DEVICE_OWN : str_eq(v->uid->id, S("shared")) ? DEVICE_SHARED : 0;
    return *out != UINT32_MAX && (thing == THING_ATTRIBUTE || *out != 0);
}

static struct values absent_of(enum thing thing)
{
    struct values v = { 0 };

    if (things[thing].absent)
        add(&v, 0);
    return v;
}

/* Adds what a literal stands for; within: and what is in it, as each role is in Role::"any". */
static void mark(struct values *v, const struct cedar_value *literal, enum thing thing, bool within)
{
    unsigned n;

    if (value_of_literal(literal, thing, &n))
        add(v, n);
    else if (within && thing == THING_ROLE && literal->kind == CEDAR_ENTITY && str_eq(literal->uid->type, S("Role")) &&
             str_eq(literal->uid->id, S("any")))
        for (n = ROLE_NONE + 1; n < ROLE_COUNT; n++)
            add(v, n);
}

/* A person is in schools too: `principal in [Role::"teacher", School::"oulu/99101"]` is not about roles alone. */
static bool is_entity_of(const struct cedar_expr *e, enum thing thing)
{
    return e->constant != NULL && e->constant->kind == CEDAR_ENTITY && entity_type(thing) != NULL &&
           str_eq(e->constant->uid->type, str_of(entity_type(thing)));
}

/* [a, b].contains(thing), thing in [a, b]. */
static bool mark_set(struct values *v, const struct cedar_expr *set, enum thing thing, bool within)
{
    if (set->op != CEDAR_OP_SET || set->constant == NULL)
        return false;
    for (uint32_t i = 0; i < set->n; i++) {
        if (within && !is_entity_of(set->kids[i], thing))
            return false;
        mark(v, set->kids[i]->constant, thing, within);
    }
    return true;
}

static bool read_in(const struct cedar_expr *e, enum thing thing, struct truth *t)
{
    const struct cedar_expr *of = e->kids[1];

    if (!is_member(e->kids[0], thing) && !is_term(e->kids[0], thing))
        return false;
    if (is_term(e->kids[0], thing))
        t->fails = absent_of(thing);
    if (!is_entity_of(of, thing))
        return mark_set(&t->holds, of, thing, true);
    mark(&t->holds, of->constant, thing, true);
    return true;
}

static bool read_contains(const struct cedar_expr *e, enum thing thing, struct truth *t)
{
    if (!is_term(e->kids[1], thing))
        return false;
    t->fails = absent_of(thing);
    return mark_set(&t->holds, e->kids[0], thing, false);
}

static bool read_eq(const struct cedar_expr *e, enum thing thing, struct truth *t)
{
    bool turned = is_term(e->kids[1], thing);
    const struct cedar_value *literal = e->kids[turned ? 0 : 1]->constant;

    if ((!turned && !is_term(e->kids[0], thing)) || literal == NULL)
        return false;
    t->fails = absent_of(thing);
    mark(&t->holds, literal, thing, false);
    if (e->op == CEDAR_OP_NE)
        t->holds = values_not(thing, &t->holds);
    return true;
}

/* n OP number, or, turned, number OP n, for the values n that are not absence. */
static struct values values_between(enum thing thing, enum cedar_op op, int64_t number, bool turned)
{
    bool below = turned ? op == CEDAR_OP_GT || op == CEDAR_OP_GE : op == CEDAR_OP_LT || op == CEDAR_OP_LE;
    bool with_it = op == CEDAR_OP_LE || op == CEDAR_OP_GE;
    int64_t from = things[thing].absent ? 1 : things[thing].from, end = things[thing].end;
    int64_t at = number < -1 ? -1 : number > end ? end : number; /* beyond the values all numbers are one */

    if (below)
        end = with_it ? at + 1 < end ? at + 1 : end : at < end ? at : end;
    else if (at + !with_it > from)
        from = at + !with_it;
    return range(from, end);
}

static bool read_order(const struct cedar_expr *e, enum thing thing, struct truth *t)
{
    bool turned = is_term(e->kids[1], thing);
    const struct cedar_value *literal = e->kids[turned ? 0 : 1]->constant;

    if ((!turned && !is_term(e->kids[0], thing)) || !is_number(thing) || literal == NULL || literal->kind != CEDAR_LONG)
        return false;
    t->fails = absent_of(thing);
    t->holds = values_between(thing, e->op, literal->number, turned);
    return true;
}

static bool read_has(const struct cedar_expr *e, enum thing thing, struct truth *t)
{
    static const char *const names[THING_COUNT] = { [THING_ROLE] = "role",
                                                    [THING_LEVEL] = "classLevel",
                                                    [THING_AGE] = "age",
                                                    [THING_DAY] = "term",
                                                    [THING_EXAM] = "exam" };
    struct values absent = absent_of(thing);
    enum cedar_var of = thing == THING_DAY || thing == THING_EXAM ? CEDAR_CONTEXT : CEDAR_PRINCIPAL;

    if (names[thing] == NULL || !is_var(e->kids[0], of) || !str_eq(e->name, str_of(names[thing])))
        return false;
    t->holds = values_not(thing, &absent);
    return true;
}

static struct values with(const struct values *x, const struct values *y, const struct values *more)
{
    struct values v = values_and(x, y);

    return values_or(&v, more);
}

/* x && y: y is asked where x holds; x || y: where x neither holds nor fails. */
static struct truth both(const struct truth *x, const struct truth *y)
{
    return (struct truth){ values_and(&x->holds, &y->holds), with(&x->holds, &y->fails, &x->fails) };
}

static struct truth negated(enum thing thing, const struct truth *x)
{
    struct values known = values_or(&x->holds, &x->fails);

    return (struct truth){ values_not(thing, &known), x->fails };
}

static bool read_chain(const struct cedar_expr *e, enum thing thing, struct truth *t)
{
    bool any = e->op == CEDAR_OP_OR; /* x || y is !(!x && !y), the order of asking included */
    struct truth next;

    for (uint32_t i = 0; i < e->n; i++) {
        if (!truth_of(e->kids[i], thing, &next))
            return false;
        next = any ? negated(thing, &next) : next;
        *t = i == 0 ? next : both(t, &next);
    }
    if (any)
        *t = negated(thing, t);
    return true;
}

static bool read_if(const struct cedar_expr *e, enum thing thing, struct truth *t)
{
    struct truth condition, then, otherwise;

    if (!truth_of(e->kids[0], thing, &condition) || !truth_of(e->kids[1], thing, &then) ||
        !truth_of(e->kids[2], thing, &otherwise))
        return false;
    struct truth not = negated(thing, &condition), x = both(&condition, &then), y = both(&not, &otherwise);
    t->holds = values_or(&x.holds, &y.holds);
    t->fails = values_or(&x.fails, &y.fails);
    return true;
}

bool truth_of(const struct cedar_expr *e, enum thing thing, struct truth *out)
{
    *out = (struct truth){ 0 };
    if (e->constant != NULL && e->constant->kind == CEDAR_BOOL) {
        if (e->constant->boolean)
            out->holds = values_all(thing);
        return true;
    }
    switch (e->op) {
    case CEDAR_OP_AND:
    case CEDAR_OP_OR:
        return read_chain(e, thing, out);
    case CEDAR_OP_NOT:
        if (!truth_of(e->kids[0], thing, out))
            return false;
        *out = negated(thing, out);
        return true;
    case CEDAR_OP_IF:
        return read_if(e, thing, out);
    case CEDAR_OP_IN:
        return read_in(e, thing, out);
    case CEDAR_OP_CONTAINS:
        return read_contains(e, thing, out);
    case CEDAR_OP_EQ:
    case CEDAR_OP_NE:
        return read_eq(e, thing, out);
    case CEDAR_OP_LT:
    case CEDAR_OP_LE:
    case CEDAR_OP_GT:
    case CEDAR_OP_GE:
        return read_order(e, thing, out);
    case CEDAR_OP_HAS:
        return read_has(e, thing, out);
    default:
        return false;
    }
}

enum thing thing_of(const struct cedar_expr *e)
{
    struct truth t;

    for (enum thing thing = 0; thing < THING_COUNT; thing++)
        if (is_term(e, thing) || (e->op == CEDAR_OP_HAS && read_has(e, thing, &t)) ||
            (e->op == CEDAR_OP_IN && is_member(e->kids[0], thing) &&
             is_entity_of(e->kids[1]->op == CEDAR_OP_SET && e->kids[1]->n > 0 ? e->kids[1]->kids[0] : e->kids[1],
                          thing)))
            return thing;
    for (uint32_t i = 0; i < e->n; i++) {
        enum thing thing = thing_of(e->kids[i]);
        if (thing != THING_COUNT)
            return thing;
    }
    return THING_COUNT;
}
