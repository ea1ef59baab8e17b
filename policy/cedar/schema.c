/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/schema.h"

#include "policy/cedar/schema_build.h"

const struct cedar_entity_type *cedar_schema_entity_type(const struct cedar_schema *s, struct str name)
{
    return schema_map_get(&s->type_map, name, S(""));
}

const struct cedar_action *cedar_schema_action(const struct cedar_schema *s, struct str type, struct str id)
{
    return schema_map_get(&s->action_map, type, id);
}

size_t cedar_schema_entity_type_n(const struct cedar_schema *s)
{
    return s->declared_n;
}

const struct cedar_entity_type *cedar_schema_entity_type_at(const struct cedar_schema *s, size_t i)
{
    return i < s->declared_n ? &s->types[i] : NULL;
}

size_t cedar_schema_action_n(const struct cedar_schema *s)
{
    return s->action_n;
}

const struct cedar_action *cedar_schema_action_at(const struct cedar_schema *s, size_t i)
{
    return i < s->action_n ? &s->actions[i] : NULL;
}

/* Index of the first entry of a sorted list whose number is not below n. */
static size_t lower_types(const struct cedar_entity_type *const *list, size_t n, uint32_t index)
{
    size_t low = 0;

    while (low < n) {
        size_t mid = low + (n - low) / 2;
        if (list[mid]->index < index)
            low = mid + 1;
        else
            n = mid;
    }
    return low;
}

bool cedar_entity_types_have(const struct cedar_entity_type *const *list, size_t n,
                             const struct cedar_entity_type *type)
{
    size_t i = lower_types(list, n, type->index);

    return i < n && list[i] == type;
}

bool cedar_entity_type_has_ancestor(const struct cedar_entity_type *type, const struct cedar_entity_type *ancestor)
{
    return cedar_entity_types_have(type->ancestors, type->ancestor_n, ancestor);
}

bool cedar_action_has_ancestor(const struct cedar_action *action, const struct cedar_action *ancestor)
{
    for (size_t i = 0; i < action->ancestor_n; i++)
        if (action->ancestors[i] == ancestor)
            return true;
    return false;
}

bool cedar_entity_type_allows(const struct cedar_entity_type *type, struct str id)
{
    for (size_t i = 0; i < type->choice_n; i++)
        if (str_eq(type->choices[i], id))
            return true;
    return !type->is_enum;
}

bool cedar_name_is_action(struct str type_name)
{
    return str_eq(type_name, S("Action")) || str_has_suffix(type_name, S("::Action"));
}
