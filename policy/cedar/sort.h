/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/sort.h: sorting in memory of an arena.
 *
 * Stands on base/ alone.  qsort() may ask malloc() for memory behind the back of
 * a host that has its own, and may take quadratic time where it gets none. */
#ifndef CEDAR_SORT_H
#define CEDAR_SORT_H

#include "base/arena.h"

/* Sorts n items of `size` bytes (at most CEDAR_SORT_ITEM_MAX) as qsort() does; equal ones stay in order. */
enum { CEDAR_SORT_ITEM_MAX = 64 };
void cedar_sort(const struct arena *a, void *items, size_t n, size_t size, int (*cmp)(const void *, const void *));

#endif
