/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/users.h"

#include "policy/receipts.h"
#include "policy/set.h"

#include <stdlib.h>

struct span {
    uint32_t from, n;
};

struct users_index {
    const struct policy **at; /* by the services that they name; then those that name none, and mean all */
    const struct span *spans; /* by place of the service; one more: of all */
};

static bool opens(const struct listed *l)
{
    return l->row->layer == LAYER_MUNICIPALITY && l->row->provider != NULL && !l->says.forbid &&
           (l->says.does == DOES_OPEN || l->says.does == DOES_LEAVE);
}

static size_t place_of(const struct set *set, const struct service *s)
{
    return (size_t)(s - set->parts->services);
}

static void count(const struct set *set, struct span *spans)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct listed *l = &set->at[i];
        if (!opens(l))
            continue;
        spans[set->parts->service_count].n += l->services == NULL;
        for (size_t k = 0; l->services != NULL && k < l->n_services; k++)
            spans[place_of(set, l->services[k])].n++;
    }
}

static void *make(struct arena *a, const struct registry *r)
{
    const struct set *set = set_of(r);
    size_t n = set->parts->service_count;
    struct users_index *x = arena_make(a, struct users_index);
    struct span *spans = arena_make_n(a, n + 1, struct span);
    uint32_t from = 0;

    count(set, spans);
    for (size_t i = 0; i <= n; i++) {
        spans[i].from = from;
        from += spans[i].n;
        spans[i].n = 0;
    }
    x->at = arena_make_n(a, from + 1, const struct policy *);
    x->spans = spans;
    for (size_t i = 0; i < set->n; i++) {
        const struct listed *l = &set->at[i];
        if (!opens(l))
            continue;
        if (l->services == NULL)
            x->at[spans[n].from + spans[n].n++] = l->row;
        for (size_t k = 0; l->services != NULL && k < l->n_services; k++) {
            struct span *s = &spans[place_of(set, l->services[k])];
            x->at[s->from + s->n++] = l->row;
        }
    }
    return x;
}

static const struct users_index *index_of(const struct registry *r)
{
    return registry_index(r, INDEX_USERS, make);
}

void users_prepare(const struct registry *r)
{
    (void)index_of(r);
}

static int by_place(const void *x, const void *y)
{
    const struct provider *const *a = x, *const *b = y;

    return (*a > *b) - (*a < *b);
}

/* Once it has decided about the service, by a decision in force alone: its policies may outlive the last of them. */
static bool lets_in(const struct registry *r, const struct provider *p, const struct service *s, int64_t now_s)
{
    const struct receipts all = receipts_of(r, p, s);

    for (size_t i = 0; i < all.n; i++)
        if (permission_in_force(all.at[i], now_s))
            return true;
    return all.n == 0;
}

struct users policy_users(struct arena *a, const struct registry *r, const struct service *s, int64_t now_s)
{
    const struct users_index *x = index_of(r);
    const struct set *set = set_of(r);
    const struct span own = x->spans[place_of(set, s)], all = x->spans[set->parts->service_count];
    const struct provider **at = arena_make_n(a, (size_t)own.n + all.n + 1, const struct provider *);
    size_t n = 0, kept = 0;

    for (uint32_t i = 0; i < own.n + all.n; i++) {
        const struct policy *p = x->at[i < own.n ? own.from + i : all.from + i - own.n];
        if (policy_in_force(p, now_s) && lets_in(r, p->provider, s, now_s))
            at[n++] = p->provider;
    }
    qsort(at, n, sizeof *at, by_place);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || at[kept - 1] != at[i])
            at[kept++] = at[i];
    return (struct users){ at, kept };
}
