/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/sort.h: sorting in memory of an arena, and searching what is sorted.
 *
 * Stands on base/ alone.  qsort() may ask malloc() for memory behind the back of
 * a host that has its own, and may take quadratic time where it gets none. */
#ifndef CEDAR_SORT_H
#define CEDAR_SORT_H

#include "base/arena.h"

/* Sorts n items of `size` bytes (at most CEDAR_SORT_ITEM_MAX) as qsort() does; equal ones stay in order. */
enum { CEDAR_SORT_ITEM_MAX = 64 };
void cedar_sort(const struct arena *a, void *items, size_t n, size_t size, int (*cmp)(const void *, const void *));

/* The place of a key in a sorted list, from low up to high: where it is, or where it would stand.  order(key, item) is
 * negative when the key comes before.  Inline: with a constant order() the loop is compiled for it. */
static inline __attribute__((always_inline)) size_t cedar_search(const void *key, const void *list, size_t size,
                                                                 size_t low, size_t high,
                                                                 int (*order)(const void *key, const void *item),
                                                                 bool *there)
{
    *there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int is = order(key, (const char *)list + middle * size);
        if (is == 0) {
            *there = true;
            return middle;
        }
        if (is < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

#endif
