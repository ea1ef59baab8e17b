/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/schema_map.h"

struct schema_map schema_map_new(struct arena *a, size_t entries)
{
    size_t cap = 8;

    while (cap < 2 * entries)
        cap *= 2;
    return (struct schema_map){ arena_make_n(a, cap, struct schema_map_slot), cap - 1 };
}

static struct schema_map_slot *find(const struct schema_map *m, struct str x, struct str y)
{
    size_t i = (size_t)str_hash(y, str_hash(x, 0)) & m->mask;

    /* At most half of the slots are taken, so a free one ends the search. */
    while (m->slots[i].value != NULL && !(str_eq(m->slots[i].a, x) && str_eq(m->slots[i].b, y)))
        i = (i + 1) & m->mask;
    return &m->slots[i];
}

const void *schema_map_put(struct schema_map *m, struct str x, struct str y, const void *value)
{
    struct schema_map_slot *slot = find(m, x, y);

    if (slot->value != NULL)
        return slot->value;
    *slot = (struct schema_map_slot){ x, y, value };
    return NULL;
}

const void *schema_map_get(const struct schema_map *m, struct str x, struct str y)
{
    return find(m, x, y)->value;
}
