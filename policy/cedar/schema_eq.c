/* SPDX-License-Identifier: EUPL-1.2
 * Whether two schemas say the same.  Their entity types are different objects with different numbers, so everything
 * is compared by name, and lists as the sets that they are.
 */
#include "policy/cedar/schema_build.h"

static bool same_type(const struct cedar_type *x, const struct cedar_type *y);

static bool same_attrs(const struct cedar_type *x, const struct cedar_type *y)
{
    if (x->attr_n != y->attr_n || x->open != y->open)
        return false;
    for (size_t i = 0; i < x->attr_n; i++)
        if (x->attrs[i].required != y->attrs[i].required || !str_eq(x->attrs[i].name, y->attrs[i].name) ||
            !same_type(x->attrs[i].type, y->attrs[i].type))
            return false;
    return true;
}

static bool same_type(const struct cedar_type *x, const struct cedar_type *y)
{
    if (x == NULL || y == NULL)
        return x == y;
    if (x->kind != y->kind)
        return false;
    if (x->kind == CEDAR_TYPE_SET)
        return same_type(x->element, y->element);
    if (x->kind == CEDAR_TYPE_ENTITY) /* a schema's types name one entity type each */
        return str_eq(x->entities[0]->name, y->entities[0]->name);
    return x->kind != CEDAR_TYPE_RECORD || same_attrs(x, y);
}

static bool has_type_named(const struct cedar_entity_type *const *list, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i]->name, name))
            return true;
    return false;
}

static bool same_types(const struct cedar_entity_type *const *x, size_t x_n, const struct cedar_entity_type *const *y,
                       size_t y_n)
{
    for (size_t i = 0; i < x_n; i++)
        if (!has_type_named(y, y_n, x[i]->name))
            return false;
    return x_n == y_n;
}

static bool same_choices(const struct cedar_entity_type *x, const struct cedar_entity_type *y)
{
    for (size_t i = 0; i < x->choice_n; i++)
        if (!cedar_entity_type_allows(y, x->choices[i]))
            return false;
    for (size_t i = 0; i < y->choice_n; i++)
        if (!cedar_entity_type_allows(x, y->choices[i]))
            return false;
    return x->is_enum == y->is_enum;
}

static bool same_entity_type(const struct cedar_entity_type *x, const struct cedar_entity_type *y)
{
    return y != NULL && same_choices(x, y) && same_type(x->shape, y->shape) && same_type(x->tags, y->tags) &&
           same_types(x->ancestors, x->ancestor_n, y->ancestors, y->ancestor_n);
}

static bool same_groups(const struct cedar_action *x, const struct cedar_action *y, const struct cedar_schema *of_y)
{
    for (size_t i = 0; i < x->ancestor_n; i++) {
        const struct cedar_action *twin = cedar_schema_action(of_y, x->ancestors[i]->type->name, x->ancestors[i]->id);
        if (twin == NULL || !cedar_action_has_ancestor(y, twin))
            return false;
    }
    return x->ancestor_n == y->ancestor_n;
}

static bool same_action(const struct cedar_action *x, const struct cedar_action *y, const struct cedar_schema *of_y)
{
    return y != NULL && same_types(x->principals, x->principal_n, y->principals, y->principal_n) &&
           same_types(x->resources, x->resource_n, y->resources, y->resource_n) && same_type(x->context, y->context) &&
           same_groups(x, y, of_y);
}

bool cedar_schema_eq(const struct cedar_schema *x, const struct cedar_schema *y)
{
    if (x->declared_n != y->declared_n || x->action_n != y->action_n)
        return false;
    for (size_t i = 0; i < x->declared_n; i++)
        if (!same_entity_type(&x->types[i], cedar_schema_entity_type(y, x->types[i].name)))
            return false;
    for (size_t i = 0; i < x->action_n; i++) {
        const struct cedar_action *action = &x->actions[i];
        if (!same_action(action, cedar_schema_action(y, action->type->name, action->id), y))
            return false;
    }
    return true;
}
