/* SPDX-License-Identifier: EUPL-1.2 */

#include "policy/cedar/schema_build.h"
#include "policy/cedar/sort.h"

/* Common types may refer to common types; every step counts here, so that a long chain cannot exhaust the stack. */
enum { CHAIN_MAX = 400 };

static const struct cedar_type *convert(struct schema_builder *b, const struct decl_namespace *ns,
                                        const struct decl_type *t, unsigned chain);

static const struct cedar_type *convert_common(struct schema_builder *b, struct schema_common *c, struct cedar_span at,
                                               unsigned chain)
{
    if (c->state == COMMON_OPEN) {
        cedar_fault(b->d, CEDAR_FINDING_CYCLE, at, "\"%.*s\" refers to itself; a common type must not contain itself",
                    STR_ARG(c->name));
        return NULL;
    }
    if (c->state == COMMON_NEW) {
        c->state = COMMON_OPEN;
        c->is = convert(b, c->decl->ns, c->decl->type, chain + 1);
        c->state = COMMON_DONE;
    }
    return c->is;
}

static const struct cedar_type *convert_name(struct schema_builder *b, const struct decl_namespace *ns,
                                             const struct decl_type *t, unsigned chain)
{
    struct schema_meaning means = schema_resolve(b, ns, t->kind, t->name, t->at);

    if (means.common != NULL)
        return convert_common(b, means.common, t->at, chain);
    return means.entity != NULL ? means.entity->self : NULL;
}

static int by_name(const void *x, const void *y)
{
    const struct decl_attr *a = *(const struct decl_attr *const *)x, *b = *(const struct decl_attr *const *)y;
    int order = str_cmp(a->name, b->name);

    return order != 0 ? order : (a->at.at > b->at.at) - (a->at.at < b->at.at);
}

/* An attribute that is declared twice is what its last declaration says, as Cedar has it. */
static const struct decl_attr **sorted_attrs(struct schema_builder *b, const struct decl_type *t, size_t *kept)
{
    const struct decl_attr **list = arena_make_n(b->scratch, t->attr_n, const struct decl_attr *);
    size_t n = 0;

    for (const struct decl_attr *attr = t->attrs; attr != NULL; attr = attr->next)
        list[n++] = attr;
    if (n != 0)
        cedar_sort(b->scratch, list, n, sizeof list[0],
                   by_name); /* NOLINT(bugprone-sizeof-expression): pointers are sorted */
    *kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool again = *kept > 0 && str_eq(list[i]->name, list[*kept - 1]->name);
        if (again)
            cedar_warn(b->d, CEDAR_FINDING_TWICE, list[i]->at,
                       "attribute \"%.*s\" is declared twice; the last declaration holds", STR_ARG(list[i]->name));
        *kept += !again;
        list[*kept - 1] = list[i];
    }
    return list;
}

static const struct cedar_type *convert_record(struct schema_builder *b, const struct decl_namespace *ns,
                                               const struct decl_type *t, unsigned chain)
{
    size_t n;
    const struct decl_attr **list = sorted_attrs(b, t, &n);
    struct cedar_attr *attrs = arena_make_n(b->scratch, n, struct cedar_attr);
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        const struct cedar_type *part = convert(b, ns, list[i]->type, chain + 1);
        ok = ok && part != NULL;
        attrs[i] = (struct cedar_attr){ arena_str(b->a, list[i]->name), part, list[i]->required };
    }
    if (!ok)
        return NULL;
    return n == 0 ? b->empty : cedar_type_record(b->a, attrs, n, false);
}

static const struct cedar_type *convert_set(struct schema_builder *b, const struct decl_namespace *ns,
                                            const struct decl_type *t, unsigned chain)
{
    const struct cedar_type *element = convert(b, ns, t->element, chain + 1);

    return element == NULL ? NULL : cedar_type_set(b->a, element);
}

static const struct cedar_type *within_limits(struct schema_builder *b, const struct decl_type *t,
                                              const struct cedar_type *is)
{
    if (is == NULL || (is->depth <= CEDAR_TYPE_DEPTH_MAX && is->nodes <= CEDAR_TYPE_NODES_MAX))
        return is;
    if (is->depth > CEDAR_TYPE_DEPTH_MAX)
        cedar_fault(b->d, CEDAR_FINDING_TOO_DEEP, t->at, "this type is nested more than %d levels deep",
                    CEDAR_TYPE_DEPTH_MAX);
    else
        cedar_fault(b->d, CEDAR_FINDING_TOO_LARGE, t->at, "this type has more than %d parts when written out",
                    CEDAR_TYPE_NODES_MAX);
    return NULL;
}

static const struct cedar_type *convert(struct schema_builder *b, const struct decl_namespace *ns,
                                        const struct decl_type *t, unsigned chain)
{
    if (chain > CHAIN_MAX) {
        cedar_fault(b->d, CEDAR_FINDING_TOO_DEEP, t->at, "common types refer to one another more than %d deep",
                    CHAIN_MAX);
        return NULL;
    }
    switch (t->kind) {
    case DECL_BUILTIN:
        return cedar_type_of(t->builtin);
    case DECL_SET:
        return within_limits(b, t, convert_set(b, ns, t, chain));
    case DECL_RECORD:
        return within_limits(b, t, convert_record(b, ns, t, chain));
    default:
        return convert_name(b, ns, t, chain);
    }
}

const struct cedar_type *schema_type_of(struct schema_builder *b, const struct decl_namespace *ns,
                                        const struct decl_type *t)
{
    return convert(b, ns, t, 0);
}

const struct cedar_type *schema_common_type(struct schema_builder *b, struct schema_common *c)
{
    return c->decl == NULL ? c->is : convert_common(b, c, c->decl->name->at, 0);
}
