/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdlib.h>

#include "policy/cedar/schema_build.h"

/* Common types may refer to common types; every step counts here, so that a long chain cannot exhaust the stack. */
enum { CHAIN_MAX = 400 };

static struct sized_type convert(struct builder *b, const struct decl_namespace *ns, const struct decl_type *t,
                                 unsigned chain);

static const struct sized_type wrong = { NULL, 0, 0 };

static struct sized_type leaf(const struct cedar_type *type)
{
    return (struct sized_type){ type, 1, 1 };
}

static struct sized_type convert_common(struct builder *b, struct build_common *c, struct cedar_span at, unsigned chain)
{
    if (c->state == COMMON_OPEN) {
        cedar_error(b->d, at, "\"%.*s\" refers to itself; a common type must not contain itself", STR_ARG(c->name));
        return wrong;
    }
    if (c->state == COMMON_NEW) {
        c->state = COMMON_OPEN;
        c->is = convert(b, c->decl->ns, c->decl->type, chain + 1);
        c->state = COMMON_DONE;
    }
    return c->is;
}

static struct sized_type convert_name(struct builder *b, const struct decl_namespace *ns, const struct decl_type *t,
                                      unsigned chain)
{
    struct build_meaning means = build_resolve(b, ns, t->kind, t->name, t->at);

    if (means.common != NULL)
        return convert_common(b, means.common, t->at, chain);
    return means.entity != NULL ? leaf(means.entity->self) : wrong;
}

static int by_name(const void *x, const void *y)
{
    const struct decl_attr *a = *(const struct decl_attr *const *)x, *b = *(const struct decl_attr *const *)y;
    int order = str_cmp(a->name, b->name);

    return order != 0 ? order : (a->at.at > b->at.at) - (a->at.at < b->at.at);
}

static const struct decl_attr **sorted_attrs(struct builder *b, const struct decl_type *t)
{
    const struct decl_attr **list = arena_make_n(b->scratch, t->attr_n, const struct decl_attr *);
    size_t n = 0;

    for (const struct decl_attr *attr = t->attrs; attr != NULL; attr = attr->next)
        list[n++] = attr;
    if (n != 0)
        qsort(list, n, sizeof *list, by_name);
    for (size_t i = 1; i < n; i++)
        if (str_eq(list[i]->name, list[i - 1]->name))
            cedar_error(b->d, list[i]->at, "attribute \"%.*s\" is declared twice", STR_ARG(list[i]->name));
    return list;
}

static struct sized_type convert_record(struct builder *b, const struct decl_namespace *ns, const struct decl_type *t,
                                        unsigned chain)
{
    const struct decl_attr **list = sorted_attrs(b, t);
    struct cedar_attr *attrs = arena_make_n(b->scratch, t->attr_n, struct cedar_attr);
    struct sized_type is = { NULL, 1, 1 };
    bool ok = true;

    for (size_t i = 0; i < t->attr_n; i++) {
        struct sized_type part = convert(b, ns, list[i]->type, chain + 1);
        ok = ok && part.type != NULL;
        is.nodes += part.nodes;
        is.depth = part.depth >= is.depth ? part.depth + 1 : is.depth;
        attrs[i] = (struct cedar_attr){ arena_str(b->a, list[i]->name), part.type, list[i]->required };
    }
    if (ok)
        is.type = t->attr_n == 0 ? b->empty : cedar_type_record(b->a, attrs, t->attr_n);
    return is;
}

static struct sized_type convert_set(struct builder *b, const struct decl_namespace *ns, const struct decl_type *t,
                                     unsigned chain)
{
    struct sized_type is = convert(b, ns, t->element, chain + 1);

    if (is.type == NULL)
        return wrong;
    return (struct sized_type){ cedar_type_set(b->a, is.type), is.nodes + 1, is.depth + 1 };
}

static struct sized_type within_limits(struct builder *b, const struct decl_type *t, struct sized_type is)
{
    if (is.type == NULL || (is.depth <= CEDAR_TYPE_DEPTH_MAX && is.nodes <= CEDAR_TYPE_NODES_MAX))
        return is;
    if (is.depth > CEDAR_TYPE_DEPTH_MAX)
        cedar_error(b->d, t->at, "this type is nested more than %d levels deep", CEDAR_TYPE_DEPTH_MAX);
    else
        cedar_error(b->d, t->at, "this type has more than %d parts when written out", CEDAR_TYPE_NODES_MAX);
    return wrong;
}

static struct sized_type convert(struct builder *b, const struct decl_namespace *ns, const struct decl_type *t,
                                 unsigned chain)
{
    if (chain > CHAIN_MAX) {
        cedar_error(b->d, t->at, "common types refer to one another more than %d deep", CHAIN_MAX);
        return wrong;
    }
    switch (t->kind) {
    case DECL_BUILTIN:
        return leaf(cedar_type_of(t->builtin));
    case DECL_SET:
        return within_limits(b, t, convert_set(b, ns, t, chain));
    case DECL_RECORD:
        return within_limits(b, t, convert_record(b, ns, t, chain));
    default:
        return convert_name(b, ns, t, chain);
    }
}

struct sized_type build_type(struct builder *b, const struct decl_namespace *ns, const struct decl_type *t)
{
    return convert(b, ns, t, 0);
}

struct sized_type build_common_type(struct builder *b, struct build_common *c)
{
    return c->decl == NULL ? c->is : convert_common(b, c, c->decl->name->at, 0);
}
