/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/build.h"

#include <string.h>

static const struct {
    struct str name;
    enum cedar_op op;
    size_t n_args;
} methods[] = {
    { S("contains"), CEDAR_OP_CONTAINS, 1 },        { S("containsAll"), CEDAR_OP_CONTAINS_ALL, 1 },
    { S("containsAny"), CEDAR_OP_CONTAINS_ANY, 1 }, { S("isEmpty"), CEDAR_OP_IS_EMPTY, 0 },
    { S("getTag"), CEDAR_OP_GET_TAG, 1 },           { S("hasTag"), CEDAR_OP_HAS_TAG, 1 },
};
enum { METHODS = sizeof methods / sizeof *methods };

enum cedar_op method_named(struct str name, size_t *n_args)
{
    for (size_t i = 0; i < METHODS; i++)
        if (str_eq(methods[i].name, name)) {
            *n_args = methods[i].n_args;
            return methods[i].op;
        }
    return CEDAR_OP_NONE;
}

struct str method_name(enum cedar_op op)
{
    for (size_t i = 0; i < METHODS; i++)
        if (methods[i].op == op)
            return methods[i].name;
    return (struct str){ NULL, 0 };
}

void guess_functions(struct cedar_guess *g, bool want_methods)
{
    for (size_t i = 0; want_methods && i < METHODS; i++)
        cedar_guess_try(g, methods[i].name);
    for (size_t f = 0; f < CEDAR_X_COUNT; f++)
        if (cedar_functions[f].method == want_methods)
            cedar_guess_try(g, cedar_functions[f].name);
}

void kids_add(struct builder *b, struct kids *list, const struct cedar_expr *kid)
{
    if (list->n == list->cap) {
        size_t cap = list->cap > 0 ? list->cap * 2 : 4;
        const struct cedar_expr **more = arena_make_n(b->arena, cap, const struct cedar_expr *);
        for (size_t i = 0; i < list->n; i++)
            more[i] = list->items[i];
        list->items = more;
        list->cap = cap;
    }
    list->items[list->n++] = kid;
}

static bool all_constant(const struct cedar_expr *e)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->kids[i]->constant == NULL)
            return false;
    return true;
}

static struct cedar_value constant_set(struct builder *b, const struct cedar_expr *e)
{
    struct cedar_value *items = arena_make_n(b->arena, e->n, struct cedar_value);

    for (size_t i = 0; i < e->n; i++)
        items[i] = *e->kids[i]->constant;
    return cedar_set_of(b->arena, items, e->n);
}

static bool constant_record(struct builder *b, const struct cedar_expr *e, struct cedar_value *out)
{
    struct cedar_field *fields = arena_make_n(b->arena, e->n, struct cedar_field);

    for (size_t i = 0; i < e->n; i++)
        fields[i] = (struct cedar_field){ e->names[i], *e->kids[i]->constant };
    return cedar_record_of(b->arena, fields, e->n, out, NULL);
}

/* What needs no request is computed once: literals, and sets, records and
 * extension values made of them.  What would fail stays to fail when evaluated. */
static void find_constant(struct builder *b, struct cedar_expr *e)
{
    struct cedar_value v = { 0 };

    if (e->op == CEDAR_OP_LIT)
        e->constant = &e->value;
    if (e->op != CEDAR_OP_SET && e->op != CEDAR_OP_RECORD && e->op != CEDAR_OP_CALL)
        return;
    if (!all_constant(e))
        return;
    if (e->op == CEDAR_OP_SET)
        v = constant_set(b, e);
    else if (e->op == CEDAR_OP_RECORD && !constant_record(b, e, &v))
        return;
    else if (e->op == CEDAR_OP_CALL && (e->n != 1 || cedar_functions[e->ext].method ||
                                        cedar_ext_call(e->ext, b->arena, e->kids[0]->constant, &v) != CEDAR_EXT_OK))
        return;
    struct cedar_value *kept = arena_make(b->arena, struct cedar_value);
    *kept = v;
    e->constant = kept;
}

const struct cedar_expr *build_node(struct builder *b, const struct cedar_expr *draft,
                                    const struct cedar_expr *const *kids, size_t n)
{
    struct cedar_expr *e = arena_make(b->arena, struct cedar_expr);
    const struct cedar_expr **copy = n > 0 ? arena_make_n(b->arena, n, const struct cedar_expr *) : NULL;
    unsigned deepest = 0;

    *e = *draft;
    if (e->op == CEDAR_OP_VAR)
        e->uses = (uint8_t)(1u << e->var);
    for (size_t i = 0; i < n; i++) {
        copy[i] = kids[i];
        e->uses |= kids[i]->uses;
        deepest = kids[i]->depth > deepest ? kids[i]->depth : deepest;
    }
    e->kids = copy;
    e->n = (uint32_t)n;
    e->depth = (uint16_t)(deepest + 1);
    if (e->depth > CEDAR_DEPTH_MAX) {
        if (!b->failed)
            (void)cedar_fault(b->d, CEDAR_FINDING_TOO_DEEP, e->span, "the expression is nested deeper than %d levels",
                              CEDAR_DEPTH_MAX);
        return build_nothing(b, e->span);
    }
    find_constant(b, e);
    return e;
}

const struct cedar_expr *build_op(struct builder *b, enum cedar_op op, struct cedar_span span,
                                  const struct cedar_expr *x, const struct cedar_expr *y)
{
    const struct cedar_expr *kids[2] = { x, y };

    return build_node(b, &(struct cedar_expr){ .op = op, .span = span }, kids, y != NULL ? 2 : 1);
}

const struct cedar_expr *build_value(struct builder *b, struct cedar_value v, struct cedar_span span)
{
    return build_node(b, &(struct cedar_expr){ .op = CEDAR_OP_LIT, .value = v, .span = span }, NULL, 0);
}

const struct cedar_expr *build_uid(struct builder *b, struct str type, struct str id, struct cedar_span span)
{
    struct cedar_uid *uid = arena_make(b->arena, struct cedar_uid);

    *uid = cedar_uid_make(type, id);
    return build_value(b, CEDAR_ENTITY_OF(uid), span);
}

const struct cedar_expr *build_nothing(struct builder *b, struct cedar_span span)
{
    b->failed = true;
    return build_value(b, CEDAR_BOOL_OF(false), span);
}

/* `a && (b && c)` is the same as `(a && b) && c`, errors included. */
const struct cedar_expr *build_chain(struct builder *b, enum cedar_op op, struct cedar_span span,
                                     const struct kids *list)
{
    struct kids all = { 0 };

    for (size_t i = 0; i < list->n; i++) {
        const struct cedar_expr *e = list->items[i];
        if (e->op != op || e->sugar)
            kids_add(b, &all, e);
        for (size_t k = 0; e->op == op && !e->sugar && k < e->n; k++)
            kids_add(b, &all, e->kids[k]);
    }
    return build_node(b, &(struct cedar_expr){ .op = op, .span = span }, all.items, all.n);
}

const struct cedar_expr *build_has(struct builder *b, const struct cedar_expr *e, const struct str *path, size_t n,
                                   struct cedar_span span, struct cedar_span name_span)
{
    struct kids steps = { 0 };

    for (size_t i = 0; i < n; i++) {
        struct cedar_expr draft = { .op = CEDAR_OP_HAS, .span = span, .name = path[i], .name_span = name_span };
        const struct cedar_expr *has = build_node(b, &draft, &e, 1);
        if (n == 1)
            return has;
        kids_add(b, &steps, has);
        draft.op = CEDAR_OP_ATTR;
        e = build_node(b, &draft, &e, 1);
    }
    return build_node(b, &(struct cedar_expr){ .op = CEDAR_OP_AND, .span = span, .sugar = true }, steps.items, steps.n);
}

const struct cedar_expr *build_record(struct builder *b, const struct kids *values, const struct str *names,
                                      struct cedar_span span)
{
    struct cedar_field *fields = arena_make_n(b->arena, values->n, struct cedar_field);
    struct cedar_value ignored;
    struct str twice;

    for (size_t i = 0; i < values->n; i++)
        fields[i].name = names[i];
    if (!cedar_record_of(b->arena, fields, values->n, &ignored, &twice)) {
        (void)cedar_fault(b->d, CEDAR_FINDING_TWICE, span, "the record has two values for `%.*s`", STR_ARG(twice));
        return build_nothing(b, span);
    }
    return build_node(b, &(struct cedar_expr){ .op = CEDAR_OP_RECORD, .span = span, .names = names }, values->items,
                      values->n);
}

const struct cedar_pattern *build_pattern(struct builder *b, const struct str *pieces, size_t n)
{
    struct cedar_pattern *pattern = arena_make(b->arena, struct cedar_pattern);
    struct str *copy = arena_make_n(b->arena, n, struct str);

    for (size_t i = 0; i < n; i++)
        copy[i] = arena_str(b->arena, pieces[i]);
    *pattern = (struct cedar_pattern){ n, copy };
    return pattern;
}
