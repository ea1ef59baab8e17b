/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/eval.h"

#include <string.h>

#define KIND(kind) (1u << CEDAR_##kind)

static bool wrong_kind(struct eval *x, const struct cedar_expr *at, enum cedar_kind got, uint32_t wanted)
{
    x->error = (struct cedar_eval_error){ .code = CEDAR_EVAL_TYPE, .at = at, .got = got, .wanted = wanted };
    return false;
}

static bool failed(struct eval *x, const struct cedar_expr *at, enum cedar_eval_code code)
{
    x->error = (struct cedar_eval_error){ .code = code, .at = at };
    return false;
}

static bool eval_kind(struct eval *x, const struct cedar_expr *e, enum cedar_kind kind, struct cedar_value *out)
{
    if (!eval(x, e, out))
        return false;
    return out->kind == kind || wrong_kind(x, e, out->kind, 1u << kind);
}

bool eval_bool(struct eval *x, const struct cedar_expr *e, bool *out)
{
    struct cedar_value v;

    if (!eval_kind(x, e, CEDAR_BOOL, &v))
        return false;
    *out = v.boolean;
    return true;
}

const struct cedar_entity *eval_entity(const struct eval *x, const struct cedar_uid *uid)
{
    for (int i = 0; i < 3; i++)
        if (uid == x->uids[i])
            return x->entity[i];
    if (x->touched != NULL)
        return cedar_entity_touch(x->entities, uid, x->touched);
    return cedar_entity_find(x->entities, uid);
}

static bool eval_var(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    *out = e->var == CEDAR_CONTEXT ? x->context : CEDAR_ENTITY_OF(x->uids[e->var]);
    return true;
}

/* AND stops at the first false, OR at the first true; what stands behind is not evaluated. */
static bool eval_chain(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    bool stop = e->op == CEDAR_OP_OR, v = !stop;

    for (uint32_t i = 0; i < e->n && v != stop; i++)
        if (!eval_bool(x, e->kids[i], &v))
            return false;
    *out = CEDAR_BOOL_OF(v);
    return true;
}

static bool eval_neg(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    struct cedar_value v;

    if (!eval_kind(x, e->kids[0], CEDAR_LONG, &v))
        return false;
    *out = CEDAR_LONG_OF(0);
    return !__builtin_sub_overflow((int64_t)0, v.number, &out->number) || failed(x, e, CEDAR_EVAL_OVERFLOW);
}

static bool eval_pair(struct eval *x, const struct cedar_expr *e, struct cedar_value pair[2])
{
    return eval(x, e->kids[0], &pair[0]) && eval(x, e->kids[1], &pair[1]);
}

static bool eval_equal(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    struct cedar_value v[2];

    if (!eval_pair(x, e, v))
        return false;
    *out = CEDAR_BOOL_OF(cedar_value_eq(&v[0], &v[1]) == (e->op == CEDAR_OP_EQ));
    return true;
}

/* Longs, datetimes and durations have an order, each among themselves. */
static bool eval_order(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    const uint32_t ordered = KIND(LONG) | KIND(DATETIME) | KIND(DURATION);
    struct cedar_value v[2];

    if (!eval_pair(x, e, v))
        return false;
    if ((1u << v[0].kind & ordered) == 0)
        return wrong_kind(x, e->kids[0], v[0].kind, ordered);
    if (v[0].kind != v[1].kind)
        return wrong_kind(x, e->kids[1], v[1].kind, 1u << v[0].kind);
    bool less = v[0].number < v[1].number, equal = v[0].number == v[1].number;
    *out = CEDAR_BOOL_OF(e->op == CEDAR_OP_LT   ? less
                         : e->op == CEDAR_OP_LE ? less || equal
                         : e->op == CEDAR_OP_GT ? !less && !equal
                                                : !less);
    return true;
}

static bool eval_arithmetic(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    struct cedar_value v[2];
    bool over;

    if (!eval_pair(x, e, v))
        return false;
    for (int i = 0; i < 2; i++)
        if (v[i].kind != CEDAR_LONG)
            return wrong_kind(x, e->kids[i], v[i].kind, KIND(LONG));
    *out = CEDAR_LONG_OF(0);
    if (e->op == CEDAR_OP_ADD)
        over = __builtin_add_overflow(v[0].number, v[1].number, &out->number);
    else if (e->op == CEDAR_OP_SUB)
        over = __builtin_sub_overflow(v[0].number, v[1].number, &out->number);
    else
        over = __builtin_mul_overflow(v[0].number, v[1].number, &out->number);
    return !over || failed(x, e, CEDAR_EVAL_OVERFLOW);
}

/* One group or a set of groups; every element must be an entity, also behind a hit. */
static bool is_in(struct eval *x, const struct cedar_expr *at, const struct cedar_uid *uid,
                  const struct cedar_value *groups, bool *out)
{
    const struct cedar_entity *e = eval_entity(x, uid);

    if (groups->kind == CEDAR_ENTITY) {
        *out = cedar_uid_eq(uid, groups->uid) || cedar_entity_in(e, groups->uid);
        return true;
    }
    if (groups->kind != CEDAR_SET)
        return wrong_kind(x, at, groups->kind, KIND(ENTITY) | KIND(SET));
    *out = false;
    for (size_t i = 0; i < groups->set->n; i++)
        if (groups->set->items[i].kind != CEDAR_ENTITY)
            return wrong_kind(x, at, groups->set->items[i].kind, KIND(ENTITY));
    for (size_t i = 0; i < groups->set->n && !*out; i++)
        *out = cedar_uid_eq(uid, groups->set->items[i].uid) || cedar_entity_in(e, groups->set->items[i].uid);
    return true;
}

static bool eval_in(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    struct cedar_value v[2];
    bool in;

    if (!eval_pair(x, e, v))
        return false;
    if (v[0].kind != CEDAR_ENTITY)
        return wrong_kind(x, e->kids[0], v[0].kind, KIND(ENTITY));
    if (!is_in(x, e->kids[1], v[0].uid, &v[1], &in))
        return false;
    *out = CEDAR_BOOL_OF(in);
    return true;
}

static bool eval_is(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    struct cedar_value v, groups;
    bool yes;

    if (!eval_kind(x, e->kids[0], CEDAR_ENTITY, &v))
        return false;
    yes = str_eq(v.uid->type, e->name);
    if (yes && e->n == 2 && (!eval(x, e->kids[1], &groups) || !is_in(x, e->kids[1], v.uid, &groups, &yes)))
        return false;
    *out = CEDAR_BOOL_OF(yes);
    return true;
}

/* The record behind a record or an entity; NULL for an entity that is not in the store. */
static bool fields_of(struct eval *x, const struct cedar_expr *at, const struct cedar_value *v,
                      const struct cedar_record **out)
{
    if (v->kind == CEDAR_RECORD) {
        *out = v->record;
        return true;
    }
    if (v->kind != CEDAR_ENTITY)
        return wrong_kind(x, at, v->kind, KIND(RECORD) | KIND(ENTITY));
    const struct cedar_entity *entity = eval_entity(x, v->uid);
    *out = entity != NULL ? entity->attrs : NULL;
    return true;
}

static bool eval_has(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    const struct cedar_record *record;
    struct cedar_value v = { 0 };

    if (!eval(x, e->kids[0], &v) || !fields_of(x, e->kids[0], &v, &record))
        return false;
    *out = CEDAR_BOOL_OF(record != NULL && cedar_record_get(record, e->name) != NULL);
    return true;
}

static bool no_member(struct eval *x, const struct cedar_expr *e, enum cedar_eval_code code, struct str name,
                      const struct cedar_value *of)
{
    x->error = (struct cedar_eval_error){
        .code = code, .at = e, .name = name, .uid = of->kind == CEDAR_ENTITY ? of->uid : NULL
    };
    return false;
}

static bool eval_attr(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    const struct cedar_record *record;
    const struct cedar_value *field;
    struct cedar_value v = { 0 };

    if (!eval(x, e->kids[0], &v) || !fields_of(x, e->kids[0], &v, &record))
        return false;
    if (record == NULL)
        return no_member(x, e, CEDAR_EVAL_ENTITY, e->name, &v);
    field = cedar_record_get(record, e->name);
    if (field == NULL)
        return no_member(x, e, CEDAR_EVAL_ATTR, e->name, &v);
    *out = *field;
    return true;
}

static bool eval_tag(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    const struct cedar_value *tag = NULL;
    struct cedar_value v[2];

    if (!eval_pair(x, e, v))
        return false;
    if (v[0].kind != CEDAR_ENTITY)
        return wrong_kind(x, e->kids[0], v[0].kind, KIND(ENTITY));
    if (v[1].kind != CEDAR_STRING)
        return wrong_kind(x, e->kids[1], v[1].kind, KIND(STRING));
    const struct cedar_entity *entity = eval_entity(x, v[0].uid);
    if (entity != NULL)
        tag = cedar_record_get(entity->tags, v[1].text);
    if (e->op == CEDAR_OP_HAS_TAG) {
        *out = CEDAR_BOOL_OF(tag != NULL);
        return true;
    }
    if (tag == NULL)
        return no_member(x, e, entity != NULL ? CEDAR_EVAL_TAG : CEDAR_EVAL_ENTITY, v[1].text, &v[0]);
    *out = *tag;
    return true;
}

/* Pieces are found from left to right, each as early as possible; the first is
 * bound to the start and the last to the end.  memmem is linear. */
bool like_matches(const struct cedar_pattern *pattern, struct str text)
{
    struct str first = pattern->pieces[0], last = pattern->pieces[pattern->n - 1];

    if (pattern->n == 1)
        return text.n == first.n && memcmp(text.p, first.p, first.n) == 0;
    if (text.n < first.n + last.n || memcmp(text.p, first.p, first.n) != 0 ||
        memcmp(text.p + text.n - last.n, last.p, last.n) != 0)
        return false;
    text = str_sub(text, first.n, text.n - first.n - last.n);
    for (size_t i = 1; i + 1 < pattern->n; i++) {
        struct str piece = pattern->pieces[i];
        const char *hit = memmem(text.p, text.n, piece.p, piece.n);
        if (hit == NULL)
            return false;
        text = str_from(text, (size_t)(hit - text.p) + piece.n);
    }
    return true;
}

static bool eval_like(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    struct cedar_value v;

    if (!eval_kind(x, e->kids[0], CEDAR_STRING, &v))
        return false;
    *out = CEDAR_BOOL_OF(like_matches(e->pattern, v.text));
    return true;
}

static bool contains_some(const struct cedar_set *of, const struct cedar_set *which, bool all)
{
    size_t hits = 0;

    for (size_t i = 0; i < which->n; i++) {
        bool has = cedar_set_has(of, &which->items[i]);
        if (has != all)
            return has;
        hits += has;
    }
    return all ? hits == which->n : false;
}

static bool eval_contains(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    struct cedar_value v[2];

    if (!eval_pair(x, e, v))
        return false;
    if (v[0].kind != CEDAR_SET)
        return wrong_kind(x, e->kids[0], v[0].kind, KIND(SET));
    if (e->op == CEDAR_OP_CONTAINS) {
        *out = CEDAR_BOOL_OF(cedar_set_has(v[0].set, &v[1]));
        return true;
    }
    if (v[1].kind != CEDAR_SET)
        return wrong_kind(x, e->kids[1], v[1].kind, KIND(SET));
    *out = CEDAR_BOOL_OF(contains_some(v[0].set, v[1].set, e->op == CEDAR_OP_CONTAINS_ALL));
    return true;
}

static bool eval_is_empty(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    struct cedar_value v;

    if (!eval_kind(x, e->kids[0], CEDAR_SET, &v))
        return false;
    *out = CEDAR_BOOL_OF(v.set->n == 0);
    return true;
}

static bool eval_set(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    struct cedar_value *items = arena_make_n(x->arena, e->n, struct cedar_value);

    for (uint32_t i = 0; i < e->n; i++)
        if (!eval(x, e->kids[i], &items[i]))
            return false;
    *out = cedar_set_of(x->arena, items, e->n);
    return true;
}

/* Values are computed in the order of the names, as Cedar does: of two that
 * fail, the same one is reported. */
static bool eval_record(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    struct cedar_field *fields = arena_make_n(x->arena, e->n, struct cedar_field);

    for (uint32_t i = 0; i < e->n; i++) {
        fields[i].name = e->names[i];
        if (!eval(x, e->kids[i], &fields[i].value))
            return false;
    }
    return cedar_record_of(x->arena, fields, e->n, out, NULL);
}

static bool eval_call(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    const struct cedar_function *f = &cedar_functions[e->ext];
    struct cedar_value args[2] = { { 0 }, { 0 } }, ignored;

    for (uint32_t i = 0; i < e->n; i++)
        if (!eval(x, e->kids[i], i < 2 ? &args[i] : &ignored))
            return false;
    if (e->n != f->n_args)
        return failed(x, e, CEDAR_EVAL_ARITY);
    switch (cedar_ext_call(e->ext, x->arena, args, out)) {
    case CEDAR_EXT_OK:
        return true;
    case CEDAR_EXT_OVERFLOW:
        return failed(x, e, CEDAR_EVAL_OVERFLOW);
    case CEDAR_EXT_TYPE: {
        size_t i = args[0].kind != f->args[0] ? 0 : 1;
        return wrong_kind(x, e->kids[i], args[i].kind, 1u << f->args[i]);
    }
    default:
        return failed(x, e, CEDAR_EVAL_EXT);
    }
}

static bool is_assumed(struct eval *x, const struct cedar_expr *e, bool *out)
{
    x->compared += x->n_assumed;
    for (size_t i = 0; i < x->n_assumed; i++)
        if (cedar_expr_eq(x->assumed[i].text, e)) {
            *out = x->assumed[i].value;
            return true;
        }
    return false;
}

bool eval(struct eval *x, const struct cedar_expr *e, struct cedar_value *out)
{
    bool v;

    if (e->constant != NULL) {
        *out = *e->constant;
        return true;
    }
    if (x->work == 0)
        return failed(x, e, CEDAR_EVAL_WORK);
    x->work--;
    if (x->assumed != NULL && is_assumed(x, e, &v)) {
        *out = CEDAR_BOOL_OF(v);
        return true;
    }
    switch (e->op) {
    case CEDAR_OP_VAR:
        return eval_var(x, e, out);
    case CEDAR_OP_IF:
        return eval_bool(x, e->kids[0], &v) && eval(x, e->kids[v ? 1 : 2], out);
    case CEDAR_OP_AND:
    case CEDAR_OP_OR:
        return eval_chain(x, e, out);
    case CEDAR_OP_NOT:
        if (!eval_bool(x, e->kids[0], &v))
            return false;
        *out = CEDAR_BOOL_OF(!v);
        return true;
    case CEDAR_OP_NEG:
        return eval_neg(x, e, out);
    case CEDAR_OP_EQ:
    case CEDAR_OP_NE:
        return eval_equal(x, e, out);
    case CEDAR_OP_LT:
    case CEDAR_OP_LE:
    case CEDAR_OP_GT:
    case CEDAR_OP_GE:
        return eval_order(x, e, out);
    case CEDAR_OP_ADD:
    case CEDAR_OP_SUB:
    case CEDAR_OP_MUL:
        return eval_arithmetic(x, e, out);
    case CEDAR_OP_IN:
        return eval_in(x, e, out);
    case CEDAR_OP_IS:
        return eval_is(x, e, out);
    case CEDAR_OP_HAS:
        return eval_has(x, e, out);
    case CEDAR_OP_ATTR:
        return eval_attr(x, e, out);
    case CEDAR_OP_LIKE:
        return eval_like(x, e, out);
    case CEDAR_OP_CONTAINS:
    case CEDAR_OP_CONTAINS_ALL:
    case CEDAR_OP_CONTAINS_ANY:
        return eval_contains(x, e, out);
    case CEDAR_OP_IS_EMPTY:
        return eval_is_empty(x, e, out);
    case CEDAR_OP_GET_TAG:
    case CEDAR_OP_HAS_TAG:
        return eval_tag(x, e, out);
    case CEDAR_OP_SET:
        return eval_set(x, e, out);
    case CEDAR_OP_RECORD:
        return eval_record(x, e, out);
    case CEDAR_OP_CALL:
        return eval_call(x, e, out);
    default: /* LIT is constant; SLOT stands in no condition */
        return failed(x, e, CEDAR_EVAL_TYPE);
    }
}
