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

/* ── moments to come ────────────────────────────────────────────────────── */

struct span_s { /* [from, to) */
    int64_t from, to;
};

static struct span_s span_of(int64_t from_s, int64_t to_s)
{
    return (struct span_s){ from_s, to_s != 0 ? to_s : INT64_MAX };
}

static struct span_s both(struct span_s x, struct span_s y)
{
    return (struct span_s){ x.from > y.from ? x.from : y.from, x.to < y.to ? x.to : y.to };
}

/* The first moment of the policy at which the municipality's own decisions, where there are any, let it open. */
static bool first_of(const struct registry *r, const struct policy *p, const struct service *s, int64_t now_s,
                     int64_t *first_s)
{
    const struct receipts all = receipts_of(r, p->provider, s);
    const struct span_s own = both(span_of(p->from_s, p->to_s), span_of(now_s, 0));
    bool found = all.n == 0 && own.from < own.to;

    *first_s = own.from;
    for (size_t i = 0; i < all.n; i++) {
        const struct span_s x = both(own, span_of(all.at[i]->from_s, all.at[i]->until_s));
        if (all.at[i]->withdrawn_s != 0 || x.from >= x.to || (found && x.from >= *first_s))
            continue;
        *first_s = x.from;
        found = true;
    }
    return p->enabled && found;
}

static int by_place_and_time(const void *x, const void *y)
{
    const struct user_since *a = x, *b = y;

    return a->provider != b->provider ? (a->provider > b->provider) - (a->provider < b->provider)
                                      : (a->from_s > b->from_s) - (a->from_s < b->from_s);
}

struct users_since policy_users_since(struct arena *a, const struct registry *r, const struct service *s, int64_t now_s,
                                      const bool *only)
{
    const struct users_index *x = index_of(r);
    const struct set *set = set_of(r);
    const struct span own = x->spans[place_of(set, s)], all = x->spans[set->parts->service_count];
    struct user_since *at = arena_make_n(a, (size_t)own.n + all.n + 1, struct user_since);
    size_t n = 0, kept = 0;

    for (uint32_t i = 0; s->enabled && !s->test && i < own.n + all.n; i++) {
        const struct policy *p = x->at[i < own.n ? own.from + i : all.from + i - own.n];
        if (only != NULL && !only[p->provider - set->parts->providers])
            continue;
        at[n].provider = p->provider;
        n += first_of(r, p, s, now_s, &at[n].from_s);
    }
    qsort(at, n, sizeof *at, by_place_and_time);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || at[kept - 1].provider != at[i].provider)
            at[kept++] = at[i];
    return (struct users_since){ at, kept };
}
