/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/types.h"

#include <stdlib.h>
#include <string.h>

#include "policy/cedar/schema.h"
#include "policy/cedar/sort.h"

enum { TEXT_MAX_B = 240 }; /* a type in a diagnostic; longer ones are cut */

static const char *const kind_names[CEDAR_TYPE_COUNT] = {
#define X(kind, name) [CEDAR_TYPE_##kind] = name,
    CEDAR_TYPE_KINDS(X)
#undef X
};

static const struct cedar_type plain[CEDAR_TYPE_COUNT] = {
#define X(k, name)                                                                                                     \
    [CEDAR_TYPE_##k] = { CEDAR_TYPE_##k, .nodes = 1, .depth = 1, .open = CEDAR_TYPE_##k == CEDAR_TYPE_RECORD },
    CEDAR_TYPE_KINDS(X)
#undef X
};

const struct cedar_type *cedar_type_of(enum cedar_type_kind kind)
{
    return &plain[kind];
}

/* Takes one part into the measures of the whole. */
static void measure(struct cedar_type *whole, const struct cedar_type *part)
{
    whole->nodes += part->nodes;
    if (whole->nodes > CEDAR_TYPE_NODES_MAX)
        whole->nodes = CEDAR_TYPE_NODES_MAX + 1;
    if (part->depth >= whole->depth)
        whole->depth = (uint16_t)(part->depth + 1);
}

static struct cedar_type *new_type(struct arena *a, enum cedar_type_kind kind)
{
    struct cedar_type *t = arena_make(a, struct cedar_type);

    t->kind = kind;
    t->nodes = 1;
    t->depth = 1;
    return t;
}

const struct cedar_type *cedar_type_set(struct arena *a, const struct cedar_type *element)
{
    struct cedar_type *t = new_type(a, CEDAR_TYPE_SET);

    t->element = element;
    measure(t, element);
    return t;
}

const struct cedar_type *cedar_type_entity(struct arena *a, const struct cedar_entity_type *entity)
{
    struct cedar_type *t = new_type(a, CEDAR_TYPE_ENTITY);
    const struct cedar_entity_type **list = arena_make_n(a, 1, const struct cedar_entity_type *);

    list[0] = entity;
    t->entities = list;
    t->entity_n = 1;
    return t;
}

static int by_name(const void *x, const void *y)
{
    return str_cmp(((const struct cedar_attr *)x)->name, ((const struct cedar_attr *)y)->name);
}

const struct cedar_type *cedar_type_record(struct arena *a, const struct cedar_attr *attrs, size_t n, bool open)
{
    struct cedar_type *t = new_type(a, CEDAR_TYPE_RECORD);
    struct cedar_attr *copy = arena_make_n(a, n, struct cedar_attr);

    if (n != 0) {
        memcpy(copy, attrs, n * sizeof *attrs);
        cedar_sort(a, copy, n, sizeof *copy, by_name);
    }
    for (size_t i = 0; i < n; i++)
        measure(t, copy[i].type);
    t->attrs = copy;
    t->attr_n = n;
    t->open = open;
    return t;
}

const struct cedar_attr *cedar_type_attr(const struct cedar_type *record, struct str name)
{
    struct cedar_attr key = { .name = name };

    return record->attr_n == 0 ? NULL : bsearch(&key, record->attrs, record->attr_n, sizeof key, by_name);
}

enum cedar_type_kind cedar_type_extension(struct str name)
{
    for (int kind = CEDAR_TYPE_IPADDR; kind <= CEDAR_TYPE_DURATION; kind++)
        if (str_eq(name, str_of(kind_names[kind])))
            return (enum cedar_type_kind)kind;
    return CEDAR_TYPE_NONE;
}

static bool same_entities(const struct cedar_type *x, const struct cedar_type *y)
{
    return x->entity_n == y->entity_n && memcmp(x->entities, y->entities, x->entity_n * sizeof(void *)) == 0;
}

static bool same_attrs(const struct cedar_type *x, const struct cedar_type *y)
{
    if (x->attr_n != y->attr_n || x->open != y->open)
        return false;
    for (size_t i = 0; i < x->attr_n; i++)
        if (x->attrs[i].required != y->attrs[i].required || !str_eq(x->attrs[i].name, y->attrs[i].name) ||
            !cedar_type_eq(x->attrs[i].type, y->attrs[i].type))
            return false;
    return true;
}

bool cedar_type_eq(const struct cedar_type *x, const struct cedar_type *y)
{
    if (x == NULL || y == NULL || x->kind != y->kind)
        return false;
    if (x == y)
        return true;
    switch (x->kind) {
    case CEDAR_TYPE_ENTITY:
        return same_entities(x, y);
    case CEDAR_TYPE_SET:
        return x->element == y->element || cedar_type_eq(x->element, y->element);
    case CEDAR_TYPE_RECORD:
        return same_attrs(x, y);
    default:
        return true;
    }
}

/* Are all entity types of x among those of y?  Both lists are sorted. */
static bool entities_within(const struct cedar_type *x, const struct cedar_type *y)
{
    size_t j = 0;

    for (size_t i = 0; i < x->entity_n; i++) {
        while (j < y->entity_n && y->entities[j]->index < x->entities[i]->index)
            j++;
        if (j == y->entity_n || y->entities[j] != x->entities[i])
            return false;
    }
    return true;
}

static bool attr_within(const struct cedar_attr *x, const struct cedar_attr *y, enum cedar_mode mode)
{
    bool presence = mode == CEDAR_STRICT ? x->required == y->required : x->required || !y->required;

    return presence && cedar_type_within(x->type, y->type, mode);
}

/* Width counts only in permissive mode and only when y is open; otherwise both name the same attributes. */
static bool record_within(const struct cedar_type *x, const struct cedar_type *y, enum cedar_mode mode)
{
    bool width = y->open && mode == CEDAR_PERMISSIVE;

    if ((x->open && !y->open) || (!width && x->attr_n != y->attr_n))
        return false;
    for (size_t i = 0; i < y->attr_n; i++) {
        const struct cedar_attr *of_x = cedar_type_attr(x, y->attrs[i].name);
        if (of_x == NULL || !attr_within(of_x, &y->attrs[i], mode))
            return false;
    }
    return true;
}

static bool set_within(const struct cedar_type *x, const struct cedar_type *y, enum cedar_mode mode)
{
    if (y->element == NULL)
        return true;
    return x->element != NULL && cedar_type_within(x->element, y->element, mode);
}

static bool is_bool(const struct cedar_type *t)
{
    return t->kind == CEDAR_TYPE_BOOL || t->kind == CEDAR_TYPE_TRUE || t->kind == CEDAR_TYPE_FALSE;
}

static bool is_entity(const struct cedar_type *t)
{
    return t->kind == CEDAR_TYPE_ENTITY || t->kind == CEDAR_TYPE_ANY_ENTITY;
}

bool cedar_type_within(const struct cedar_type *x, const struct cedar_type *y, enum cedar_mode mode)
{
    if (x->kind == CEDAR_TYPE_NEVER || x == y)
        return true;
    if (y->kind == CEDAR_TYPE_BOOL)
        return is_bool(x);
    if (x->kind == CEDAR_TYPE_ENTITY && y->kind == CEDAR_TYPE_ANY_ENTITY)
        return mode == CEDAR_PERMISSIVE;
    if (x->kind != y->kind)
        return false;
    switch (x->kind) {
    case CEDAR_TYPE_SET:
        return set_within(x, y, mode);
    case CEDAR_TYPE_RECORD:
        return record_within(x, y, mode);
    case CEDAR_TYPE_ENTITY:
        return mode == CEDAR_STRICT ? same_entities(x, y) : entities_within(x, y);
    default:
        return true;
    }
}

static const struct cedar_type *no_lub(enum cedar_lub_help why, enum cedar_lub_help *help)
{
    *help = why;
    return NULL;
}

/* Strict validation wants the same attributes on both sides; permissive keeps those that have a common type. */
static const struct cedar_type *record_lub(struct arena *a, const struct cedar_type *x, const struct cedar_type *y,
                                           enum cedar_mode mode, enum cedar_lub_help *help)
{
    struct cedar_attr *attrs = arena_make_n(a, x->attr_n, struct cedar_attr);
    size_t n = 0;

    if (mode == CEDAR_STRICT && x->attr_n != y->attr_n)
        return no_lub(CEDAR_LUB_WIDTH, help);
    for (size_t i = 0; i < x->attr_n; i++) {
        const struct cedar_attr *mine = &x->attrs[i], *other = cedar_type_attr(y, mine->name);
        const struct cedar_type *type = NULL;
        if (other == NULL)
            *help = CEDAR_LUB_WIDTH;
        else if (mode == CEDAR_STRICT && mine->required != other->required)
            *help = CEDAR_LUB_OPTIONAL;
        else
            type = cedar_type_lub(a, mine->type, other->type, mode, help);
        if (type != NULL)
            attrs[n++] = (struct cedar_attr){ mine->name, type, mine->required && other->required };
        else if (mode == CEDAR_STRICT)
            return NULL;
    }
    return cedar_type_record(a, attrs, n, x->open || y->open || n != x->attr_n || n != y->attr_n);
}

static const struct cedar_type *entity_lub(struct arena *a, const struct cedar_type *x, const struct cedar_type *y,
                                           enum cedar_mode mode, enum cedar_lub_help *help)
{
    struct cedar_type *lub = new_type(a, CEDAR_TYPE_ENTITY);
    const struct cedar_entity_type **list =
        arena_make_n(a, x->entity_n + y->entity_n, const struct cedar_entity_type *);
    size_t i = 0, j = 0, n = 0;

    if (mode == CEDAR_STRICT)
        return no_lub(CEDAR_LUB_ENTITY, help);
    if (x->kind == CEDAR_TYPE_ANY_ENTITY || y->kind == CEDAR_TYPE_ANY_ENTITY)
        return cedar_type_of(CEDAR_TYPE_ANY_ENTITY);
    while (i < x->entity_n || j < y->entity_n) {
        bool take_x = j == y->entity_n || (i < x->entity_n && x->entities[i]->index <= y->entities[j]->index);
        const struct cedar_entity_type *next = take_x ? x->entities[i++] : y->entities[j++];
        if (n == 0 || list[n - 1] != next)
            list[n++] = next;
    }
    lub->entities = list;
    lub->entity_n = n;
    return lub;
}

const struct cedar_type *cedar_type_lub(struct arena *a, const struct cedar_type *x, const struct cedar_type *y,
                                        enum cedar_mode mode, enum cedar_lub_help *help)
{
    if (cedar_type_within(x, y, mode))
        return y;
    if (cedar_type_within(y, x, mode))
        return x;
    if (is_bool(x) && is_bool(y))
        return cedar_type_of(CEDAR_TYPE_BOOL);
    if (is_entity(x) && is_entity(y))
        return entity_lub(a, x, y, mode, help);
    if (x->kind == CEDAR_TYPE_RECORD && y->kind == CEDAR_TYPE_RECORD)
        return record_lub(a, x, y, mode, help);
    if (x->kind == CEDAR_TYPE_SET && y->kind == CEDAR_TYPE_SET) {
        const struct cedar_type *element = cedar_type_lub(a, x->element, y->element, mode, help);
        return element == NULL ? NULL : cedar_type_set(a, element);
    }
    return no_lub((is_entity(x) && y->kind == CEDAR_TYPE_RECORD) || (is_entity(y) && x->kind == CEDAR_TYPE_RECORD)
                      ? CEDAR_LUB_ENTITY_RECORD
                      : CEDAR_LUB_NONE,
                  help);
}

static void put_type(struct buf *b, const struct cedar_type *t);

static void put_record(struct buf *b, const struct cedar_type *t)
{
    buf_byte(b, '{');
    for (size_t i = 0; i < t->attr_n; i++) {
        buf_add(b, i == 0 ? S("") : S(", "));
        buf_add(b, t->attrs[i].name); /* any text, NUL included: the diagnostic's printer makes it printable */
        buf_add(b, t->attrs[i].required ? S(": ") : S("?: "));
        put_type(b, t->attrs[i].type);
    }
    buf_add(b, t->open ? (t->attr_n == 0 ? S("...}") : S(", ...}")) : S("}"));
}

static void put_type(struct buf *b, const struct cedar_type *t)
{
    if (!buf_ok(b))
        return; /* the text is cut: the rest need not be walked */
    if (t == NULL) {
        buf_add(b, S("any type"));
    } else if (t->kind == CEDAR_TYPE_SET) {
        buf_add(b, S("Set<"));
        put_type(b, t->element);
        buf_byte(b, '>');
    } else if (t->kind == CEDAR_TYPE_RECORD) {
        put_record(b, t);
    } else if (t->kind == CEDAR_TYPE_ENTITY) {
        for (size_t i = 0; i < t->entity_n; i++)
            buf_printf(b, "%s%.*s", i == 0 ? "" : " or ", STR_ARG(t->entities[i]->name));
    } else {
        buf_add(b, str_of(kind_names[t->kind]));
    }
}

struct str cedar_type_text(struct arena *a, const struct cedar_type *type)
{
    struct buf b = buf_new(a, TEXT_MAX_B);

    put_type(&b, type);
    return buf_ok(&b) ? buf_str(&b) : arena_join(a, buf_str(&b), S("..."));
}
