/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "policy/cedar/schema_build.h"
#include "policy/cedar/sort.h"

struct walk {
    const struct closure_list *parents;
    uint32_t *stack; /* to be visited; also the result, since every node enters it once */
    uint32_t *seen;  /* seen[i] == stamp: entered for the present start */
    uint32_t stamp;
    size_t steps;
};

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

    return (a > b) - (a < b);
}

static size_t enter_parents(struct walk *w, uint32_t node, size_t n)
{
    const struct closure_list *up = &w->parents[node];

    w->steps += up->n + 1;
    for (size_t i = 0; i < up->n; i++) {
        if (w->seen[up->items[i]] == w->stamp)
            continue;
        w->seen[up->items[i]] = w->stamp;
        w->stack[n++] = up->items[i];
    }
    return n;
}

/* Number of ancestors, which stand in w->stack. */
static size_t ancestors_of(struct walk *w, uint32_t start)
{
    size_t n;

    w->stamp = start + 1;
    n = enter_parents(w, start, 0);
    for (size_t next = 0; next < n && w->steps <= CEDAR_SCHEMA_CLOSURE_MAX; next++)
        n = enter_parents(w, w->stack[next], n);
    return n;
}

bool closure_all(struct arena *scratch, struct closure_list *nodes, size_t n)
{
    struct closure_list *all = arena_make_n(scratch, n, struct closure_list);
    struct walk w = { nodes, arena_make_n(scratch, n, uint32_t), arena_make_n(scratch, n, uint32_t), 0, 0 };

    for (uint32_t i = 0; i < n; i++) {
        size_t before = w.steps;
        all[i].n = ancestors_of(&w, i);
        arena_spend(scratch, w.steps - before);
        if (w.steps > CEDAR_SCHEMA_CLOSURE_MAX)
            return false;
        if (all[i].n == 0)
            continue;
        all[i].items = arena_make_n(scratch, all[i].n, uint32_t);
        memcpy(all[i].items, w.stack, all[i].n * sizeof *w.stack);
        cedar_sort(scratch, all[i].items, all[i].n, sizeof *w.stack, by_number);
    }
    if (n != 0)
        memcpy(nodes, all, n * sizeof *all);
    return true;
}
