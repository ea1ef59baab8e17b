/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/schema_map.h: from a name, or a pair of names, to what it was declared as.
 *
 * Floor 3.  Made once for a known number of entries; never grows, never forgets.
 */
#ifndef POLICY_CEDAR_SCHEMA_MAP_H
#define POLICY_CEDAR_SCHEMA_MAP_H

#include "base/arena.h"

struct schema_map_slot {
    struct str a, b;
    const void *value; /* NULL: free */
};

struct schema_map {
    struct schema_map_slot *slots;
    size_t mask;
};

struct schema_map schema_map_new(struct arena *a, size_t entries);
/* Binds (x, y) to value (not NULL) and returns NULL; returns the older value, unchanged, when there is one.
 * At most as many different keys as schema_map_new was told. */
const void *schema_map_put(struct schema_map *m, struct str x, struct str y, const void *value);
const void *schema_map_get(const struct schema_map *m, struct str x, struct str y); /* NULL: none */

#endif
