/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/sort.h"

#include <string.h>

enum { FEW = 8 };

/* The sizes that occur most are copied in one go. */
static inline void move(char *to, const char *from, size_t size)
{
    switch (size) {
    case 4:
        memcpy(to, from, 4);
        return;
    case 8:
        memcpy(to, from, 8);
        return;
    case 16:
        memcpy(to, from, 16);
        return;
    default:
        memcpy(to, from, size);
    }
}

static void insert_few(char *items, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
    char one[CEDAR_SORT_ITEM_MAX];

    for (size_t i = 1; i < n; i++) {
        size_t k = i;
        if (cmp(items + (i - 1) * size, items + i * size) <= 0)
            continue;
        move(one, items + i * size, size);
        for (; k > 0 && cmp(items + (k - 1) * size, one) > 0; k--)
            move(items + k * size, items + (k - 1) * size, size);
        move(items + k * size, one, size);
    }
}

static void merge(char *to, const char *x, size_t n, const char *y, size_t m, size_t size,
                  int (*cmp)(const void *, const void *))
{
    const char *x_end = x + n * size, *y_end = y + m * size;

    for (; x < x_end && y < y_end; to += size) {
        const char **least = cmp(x, y) <= 0 ? &x : &y;
        move(to, *least, size);
        *least += size;
    }
    if (x < x_end)
        memcpy(to, x, (size_t)(x_end - x));
    else if (y < y_end)
        memcpy(to, y, (size_t)(y_end - y));
}

void cedar_sort(const struct arena *a, void *items, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
    char *from = items;

    for (size_t i = 0; i < n; i += FEW)
        insert_few(from + i * size, n - i < FEW ? n - i : FEW, size, cmp);
    if (n <= FEW)
        return;
    struct arena *scratch = arena_scratch(a);
    char *to = arena_array(scratch, n, size);
    for (size_t run = FEW; run < n; run *= 2) {
        for (size_t i = 0; i < n; i += 2 * run) {
            size_t left = n - i < run ? n - i : run, right = n - i - left < run ? n - i - left : run;
            merge(to + i * size, from + i * size, left, from + (i + left) * size, right, size, cmp);
        }
        char *next = from;
        from = to;
        to = next;
    }
    if (from != (char *)items)
        memcpy(items, from, n * size);
    arena_free(scratch);
}
