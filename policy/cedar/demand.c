/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/demand.h"

enum {
    CONJUNCTS_MAX = 32, /* that are looked at */
    NODES_MAX = 256,    /* of what cannot fail */
    KEYS_MAX = 64,
    ANY_KIND = 0xFFFF
};
#define KIND(kind) (1u << CEDAR_##kind)

struct reader {
    struct arena *arena;
    struct demand *out;
    size_t n;
    unsigned vars;
    const struct cedar_expr *asked[CONJUNCTS_MAX]; /* `has` and `hasTag` that must hold for what follows */
    size_t n_asked, nodes;
};

uint64_t demand_type_key(struct str type)
{
    return str_hash(type, 0x7e);
}

bool demand_key(const struct cedar_value *v, uint64_t *key)
{
    switch (v->kind) {
    case CEDAR_STRING:
        *key = str_hash(v->text, CEDAR_STRING);
        return true;
    case CEDAR_ENTITY:
        *key = v->uid->hash;
        return true;
    case CEDAR_BOOL:
        *key = v->boolean ? 0x2545f4914f6cdd1du : 0x27bb2ee687b0b0fdu;
        return true;
    case CEDAR_LONG:
    case CEDAR_DECIMAL:
    case CEDAR_DATETIME:
    case CEDAR_DURATION:
        *key = ((uint64_t)v->number ^ (uint64_t)v->kind << 59) * 0x9e3779b97f4a7c15u;
        return true;
    default:
        return false;
    }
}

bool demand_reads_same(const struct demand *x, const struct demand *y)
{
    return x->how == y->how && x->kinds == y->kinds && x->asked == y->asked && cedar_expr_eq(x->subject, y->subject);
}

/* A variable, or an attribute or tag of such: no more can fail in it than that it is not there. */
static bool is_subject(const struct cedar_expr *e)
{
    for (; e->op != CEDAR_OP_VAR; e = e->kids[0])
        if (e->op != CEDAR_OP_ATTR && (e->op != CEDAR_OP_GET_TAG || e->kids[1]->constant == NULL))
            return false;
    return true;
}

static bool asked_for(const struct reader *r, const struct cedar_expr *subject)
{
    for (size_t i = 0; i < r->n_asked; i++) {
        const struct cedar_expr *has = r->asked[i];
        bool attribute = has->op == CEDAR_OP_HAS && subject->op == CEDAR_OP_ATTR && str_eq(has->name, subject->name);
        bool tag = has->op == CEDAR_OP_HAS_TAG && subject->op == CEDAR_OP_GET_TAG &&
                   cedar_expr_eq(has->kids[1], subject->kids[1]);
        if ((attribute || tag) && cedar_expr_eq(has->kids[0], subject->kids[0]))
            return true;
    }
    return false;
}

static int asked(const struct reader *r, const struct cedar_expr *subject)
{
    const struct cedar_expr *part = subject;

    while (part->op != CEDAR_OP_VAR && asked_for(r, part))
        part = part->kids[0];
    return part->op == CEDAR_OP_VAR ? DEMAND_ASKED_ALL : part != subject ? DEMAND_ASKED : DEMAND_MUST;
}

/* False when there is no room, or when it reads what must not be read. */
static bool demand(struct reader *r, const struct cedar_expr *subject, enum demand_how how, uint32_t kinds,
                   const uint64_t *keys, size_t n)
{
    if ((subject->uses & ~r->vars) != 0 || r->n == DEMANDS_MAX)
        return false;
    r->out[r->n++] = (struct demand){
        .how = how, .kinds = kinds, .asked = asked(r, subject), .subject = subject, .keys = keys, .n_keys = n
    };
    return true;
}

/* What cannot fail ------------------------------------------------------------ */

/* Has it always a value of one of these kinds, if what it reads can be read? */
static bool safe(struct reader *r, const struct cedar_expr *e, uint32_t kinds);

static bool safe_all(struct reader *r, const struct cedar_expr *e, uint32_t kinds)
{
    for (uint32_t i = 0; i < e->n; i++)
        if (!safe(r, e->kids[i], kinds))
            return false;
    return true;
}

static bool is_group(const struct cedar_expr *e)
{
    const struct cedar_value *v = e->constant;

    if (v == NULL || v->kind != CEDAR_SET)
        return v != NULL && v->kind == CEDAR_ENTITY;
    for (size_t i = 0; i < v->set->n; i++)
        if (v->set->items[i].kind != CEDAR_ENTITY)
            return false;
    return true;
}

static bool safe_bool(struct reader *r, const struct cedar_expr *e)
{
    switch (e->op) {
    case CEDAR_OP_AND:
    case CEDAR_OP_OR:
    case CEDAR_OP_NOT:
        return safe_all(r, e, KIND(BOOL));
    case CEDAR_OP_EQ:
    case CEDAR_OP_NE:
        return safe_all(r, e, ANY_KIND);
    case CEDAR_OP_LT:
    case CEDAR_OP_LE:
    case CEDAR_OP_GT:
    case CEDAR_OP_GE:
        return safe_all(r, e, KIND(LONG));
    case CEDAR_OP_IN:
        return safe(r, e->kids[0], KIND(ENTITY)) && is_group(e->kids[1]);
    case CEDAR_OP_IS:
        return safe(r, e->kids[0], KIND(ENTITY)) && (e->n == 1 || is_group(e->kids[1]));
    case CEDAR_OP_HAS:
        return safe(r, e->kids[0], KIND(ENTITY) | KIND(RECORD));
    case CEDAR_OP_HAS_TAG:
        return safe(r, e->kids[0], KIND(ENTITY)) && safe(r, e->kids[1], KIND(STRING));
    case CEDAR_OP_LIKE:
        return safe(r, e->kids[0], KIND(STRING));
    case CEDAR_OP_CONTAINS:
        return safe(r, e->kids[0], KIND(SET)) && safe(r, e->kids[1], ANY_KIND);
    case CEDAR_OP_CONTAINS_ALL:
    case CEDAR_OP_CONTAINS_ANY:
    case CEDAR_OP_IS_EMPTY:
        return safe_all(r, e, KIND(SET));
    default:
        return false;
    }
}

static bool safe(struct reader *r, const struct cedar_expr *e, uint32_t kinds)
{
    if (++r->nodes > NODES_MAX)
        return false;
    if (e->constant != NULL)
        return (kinds >> e->constant->kind & 1) != 0;
    if (e->op == CEDAR_OP_VAR)
        return (kinds & (e->var == CEDAR_CONTEXT ? KIND(RECORD) : KIND(ENTITY))) != 0;
    if (is_subject(e))
        return demand(r, e, DEMAND_VALUE, kinds, NULL, 0);
    return (kinds & KIND(BOOL)) != 0 && safe_bool(r, e);
}

/* Demands --------------------------------------------------------------------- */

/* Adds the keys of a constant: itself, or each of its elements. */
static bool add_keys(struct reader *r, const struct cedar_value *v, bool elements, uint64_t *keys, size_t *n)
{
    size_t count = elements ? v->set->n : 1;
    const struct cedar_value *items = elements ? v->set->items : v;

    if (*n + count > KEYS_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!demand_key(&items[i], &keys[(*n)++]))
            return false;
    return true;
}

static bool is_constant(const struct cedar_expr *e, enum cedar_kind kind)
{
    return e->constant != NULL && e->constant->kind == kind;
}

/* Is this a test of a subject against constants?  Sets *subject and *how, and adds keys. */
static bool test_of(struct reader *r, const struct cedar_expr *e, const struct cedar_expr **subject,
                    enum demand_how *how, uint64_t *keys, size_t *n)
{
    const struct cedar_expr *x = e->n > 0 ? e->kids[0] : NULL, *y = e->n > 1 ? e->kids[1] : NULL;

    *subject = x;
    switch (e->op) {
    case CEDAR_OP_EQ:
    case CEDAR_OP_NE: /* negated */
        *how = DEMAND_VALUE;
        if (x->constant != NULL)
            *subject = y;
        y = x->constant != NULL ? x : y;
        return y->constant != NULL && add_keys(r, y->constant, false, keys, n);
    case CEDAR_OP_IN:
        *how = DEMAND_IN;
        return is_group(y) && add_keys(r, y->constant, y->constant->kind == CEDAR_SET, keys, n);
    case CEDAR_OP_IS:
        if (y != NULL) {
            *how = DEMAND_IN;
            return is_group(y) && add_keys(r, y->constant, y->constant->kind == CEDAR_SET, keys, n);
        }
        *how = DEMAND_IS;
        if (*n == KEYS_MAX)
            return false;
        keys[(*n)++] = demand_type_key(e->name);
        return true;
    case CEDAR_OP_CONTAINS:
        *how = x->constant != NULL ? DEMAND_VALUE : DEMAND_MEMBER;
        if (is_constant(x, CEDAR_SET)) {
            *subject = y;
            return add_keys(r, x->constant, true, keys, n);
        }
        return y->constant != NULL && add_keys(r, y->constant, false, keys, n);
    case CEDAR_OP_CONTAINS_ANY:
        *how = DEMAND_MEMBER;
        return is_constant(y, CEDAR_SET) && add_keys(r, y->constant, true, keys, n);
    case CEDAR_OP_CONTAINS_ALL: /* one of them stands for all */
        *how = DEMAND_MEMBER;
        return is_constant(y, CEDAR_SET) && y->constant->set->n > 0 &&
               add_keys(r, &y->constant->set->items[0], false, keys, n);
    default:
        return false;
    }
}

/* A test, or tests of one subject with || between them. */
static bool demand_of(struct reader *r, const struct cedar_expr *e, bool negated)
{
    static const uint32_t kinds[] = {
        [DEMAND_VALUE] = ANY_KIND, [DEMAND_IN] = KIND(ENTITY), [DEMAND_IS] = KIND(ENTITY), [DEMAND_MEMBER] = KIND(SET)
    };
    const struct cedar_expr *const *tests = e->op == CEDAR_OP_OR ? e->kids : &e, *subject = NULL, *next;
    size_t n_tests = e->op == CEDAR_OP_OR ? e->n : 1, n = 0;
    enum demand_how how = DEMAND_VALUE, next_how;
    uint64_t keys[KEYS_MAX];

    if (negated && e->op != CEDAR_OP_NE)
        return false;
    for (size_t i = 0; i < n_tests; i++) {
        if (!negated && tests[i]->op == CEDAR_OP_NE)
            return false;
        if (tests[i]->constant != NULL || !test_of(r, tests[i], &next, &next_how, keys, &n))
            return false;
        if (next->constant != NULL || !is_subject(next))
            return false;
        if (i > 0 && (next_how != how || !cedar_expr_eq(next, subject)))
            return false;
        subject = next;
        how = next_how;
    }
    uint64_t *kept = arena_make_n(r->arena, n, uint64_t);
    for (size_t i = 0; i < n; i++)
        kept[i] = keys[i];
    return demand(r, subject, how, kinds[how], kept, n);
}

/* One operand of what must hold; false: nothing behind it counts.  Recursion is as deep as the tree. */
static bool conjunct(struct reader *r, const struct cedar_expr *e, bool negated)
{
    size_t before = r->n;

    while (e->op == CEDAR_OP_NOT && e->constant == NULL) {
        e = e->kids[0];
        negated = !negated;
    }
    if (demand_of(r, e, negated))
        return true;
    r->n = before;
    if (!negated && e->op == CEDAR_OP_AND && e->constant == NULL) {
        for (uint32_t i = 0; i < e->n; i++)
            if (!conjunct(r, e->kids[i], false))
                return false;
        return true;
    }
    if (!safe(r, e, KIND(BOOL)))
        return false;
    if (!negated && (e->op == CEDAR_OP_HAS || e->op == CEDAR_OP_HAS_TAG) && r->n_asked < CONJUNCTS_MAX)
        r->asked[r->n_asked++] = e;
    return true;
}

size_t demands_read(struct arena *a, const struct cedar_policy *p, unsigned vars, struct demand out[DEMANDS_MAX])
{
    struct reader r = { .arena = a, .out = out, .vars = vars };
    size_t left = CONJUNCTS_MAX;

    for (size_t i = 0; i < p->n_conditions; i++) {
        bool unless = p->conditions[i].unless;
        const struct cedar_expr *body = p->conditions[i].body;
        bool chain = body->constant == NULL && body->op == (unless ? CEDAR_OP_OR : CEDAR_OP_AND);
        const struct cedar_expr *const *all = chain ? body->kids : &body;
        for (size_t k = 0; k < (chain ? body->n : 1); k++) {
            size_t before = r.n;
            if (left-- == 0 || !conjunct(&r, all[k], unless)) {
                while (r.n > 0 && (r.n > before || r.out[r.n - 1].n_keys == 0))
                    r.n--;
                return r.n;
            }
        }
    }
    while (r.n > 0 && r.out[r.n - 1].n_keys == 0)
        r.n--;
    return r.n;
}
