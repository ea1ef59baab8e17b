/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/receipts.h"

#include <stdlib.h>

enum { EVERY_CLAIM = (1u << CLAIM_COUNT) - 1 };

struct receipt {
    const struct provider *provider;
    size_t service;                  /* its place */
    const struct permission *row;    /* one, of those that may be in force */
    uint32_t roles;                  /* 1 << enum role; 0: any */
    const struct permission **whole; /* of the first of its pair: all of them, the newest first */
    size_t whole_n;
};

struct receipts_index {
    struct receipt *at; /* by provider and service; of each pair one at least, and all that give or keep something */
    size_t n;
    const struct permission **about, **named; /* of each service, one after the other; by id */
    uint32_t *from;                           /* of each service, and one more */
    size_t named_n;
};

static int compare(const struct receipt *x, const struct receipt *y)
{
    if (x->provider != y->provider)
        return (x->provider > y->provider) - (x->provider < y->provider);
    return (x->service > y->service) - (x->service < y->service);
}

/* Within a pair those that are not withdrawn first, and the newest of them. */
static int by_pair(const void *a, const void *b)
{
    const struct receipt *x = a, *y = b;
    int by = compare(x, y);

    if (by == 0)
        by = (x->row->withdrawn_s != 0) - (y->row->withdrawn_s != 0);
    if (by == 0)
        by = (y->row->from_s > x->row->from_s) - (y->row->from_s < x->row->from_s);
    return by != 0 ? by : str_cmp(y->row->id, x->row->id);
}

static uint32_t roles_of(const struct permission *p)
{
    uint32_t roles = 0;

    for (size_t i = 0; i < p->roles.n; i++)
        roles |= 1u << role_of_name(p->roles.at[i]);
    return roles;
}

static void fold(struct arena *a, struct receipts_index *x, size_t n)
{
    for (size_t i = 0, end; i < n; i = end) {
        size_t first = x->n;
        const struct permission **whole;
        for (end = i; end < n && compare(&x->at[i], &x->at[end]) == 0;)
            end++;
        whole = arena_make_n(a, end - i, const struct permission *);
        for (size_t k = i; k < end; k++) {
            whole[k - i] = x->at[k].row;
            if (k == i || x->at[k].row->withdrawn_s == 0 || x->at[k].row->keeps.bits != 0)
                x->at[x->n++] = x->at[k];
        }
        x->at[first].whole = whole;
        x->at[first].whole_n = end - i;
    }
}

static int by_id(const void *a, const void *b)
{
    const struct permission *const *x = a, *const *y = b;

    return str_cmp((*x)->id, (*y)->id);
}

static int by_provider(const void *a, const void *b)
{
    const struct permission *const *x = a, *const *y = b;
    int by = str_cmp((*x)->provider->id, (*y)->provider->id);

    if (by == 0)
        by = ((*x)->withdrawn_s != 0) - ((*y)->withdrawn_s != 0);
    return by != 0 ? by : str_cmp((*y)->id, (*x)->id);
}

/* Before the pairs are folded. */
static void list_about(struct arena *a, struct receipts_index *x, const struct registry_parts *parts, size_t n)
{
    x->about = arena_make_n(a, n + 1, const struct permission *);
    x->from = arena_make_n(a, parts->service_count + 2, uint32_t);
    for (size_t i = 0; i < n; i++)
        x->from[x->at[i].service + 2]++;
    for (size_t i = 2; i < parts->service_count + 2; i++)
        x->from[i] += x->from[i - 1];
    for (size_t i = 0; i < n; i++)
        x->about[x->from[x->at[i].service + 1]++] = x->at[i].row;
    for (size_t i = 0; i < parts->service_count; i++)
        qsort(x->about + x->from[i], x->from[i + 1] - x->from[i], sizeof *x->about, by_provider);
}

static void *make(struct arena *a, const struct registry *r)
{
    const struct registry_parts *parts = registry_parts(r);
    struct receipts_index *x = arena_make(a, struct receipts_index);
    size_t n = 0;

    x->at = arena_make_n(a, parts->permission_count + 1, struct receipt);
    for (size_t i = 0; i < parts->permission_count; i++) {
        const struct permission *p = &parts->permissions[i];
        const struct service *s = registry_service(r, p->service);
        if (s != NULL && p->provider != NULL)
            x->at[n++] = (struct receipt){
                .provider = p->provider, .service = (size_t)(s - parts->services), .row = p, .roles = roles_of(p)
            };
    }
    list_about(a, x, parts, n);
    x->named = arena_make_n(a, parts->permission_count + 1, const struct permission *);
    for (size_t i = 0; i < parts->permission_count; i++)
        x->named[x->named_n++] = &parts->permissions[i];
    qsort(x->named, x->named_n, sizeof *x->named, by_id);
    qsort(x->at, n, sizeof *x->at, by_pair);
    fold(a, x, n);
    return x;
}

static const struct receipts_index *index_of(const struct registry *r)
{
    return registry_index(r, INDEX_RECEIPTS, make);
}

void receipts_prepare(const struct registry *r)
{
    (void)index_of(r);
}

/* The first that is not before it. */
static size_t find(const struct receipts_index *x, const struct provider *p, size_t service)
{
    const struct receipt key = { .provider = p, .service = service };
    size_t from = 0, end = x->n;

    while (from < end) {
        size_t mid = from + (end - from) / 2;
        if (compare(&x->at[mid], &key) < 0)
            from = mid + 1;
        else
            end = mid;
    }
    return from;
}

static bool concerns(const struct receipt *x, const struct affiliation *at)
{
    return (x->roles == 0 || (x->roles & 1u << at->role) != 0) &&
           (x->row->schools.n == 0 || (str_is_set(at->school_oid) && strs_has(&x->row->schools, at->school_oid)));
}

static bool covers(const struct receipt *x, const struct affiliation *at, int64_t now_s)
{
    return permission_in_force(x->row, now_s) && concerns(x, at);
}

/* One person withdraws, and so tells nothing more: what was kept when another was decided, that other goes on without.
 */
static uint32_t kept_since(const struct receipts_index *x, size_t first, const struct permission *from,
                           const struct affiliation *at, int64_t now_s)
{
    uint32_t keeps = 0;

    for (size_t i = first; i < x->n && compare(&x->at[first], &x->at[i]) == 0; i++) {
        const struct permission *p = x->at[i].row;
        if (p->withdrawn_s > from->from_s && p->from_s <= now_s && (p->until_s == 0 || p->until_s > now_s) &&
            concerns(&x->at[i], at))
            keeps |= p->keeps.bits;
    }
    return keeps;
}

/* Of one pair, from its first on; *end: where the next one begins. */
static struct covering sum(const struct receipts_index *x, size_t i, const struct affiliation *at, int64_t now_s,
                           size_t *end)
{
    const size_t first = i;
    uint32_t gives = 0, keeps = 0;
    bool covered = false;

    for (; i < x->n && compare(&x->at[first], &x->at[i]) == 0; i++)
        if (covers(&x->at[i], at, now_s)) {
            covered = true;
            gives |= x->at[i].row->gives.bits & ~kept_since(x, first, x->at[i].row, at, now_s);
            keeps |= x->at[i].row->keeps.bits;
        }
    *end = i;
    return (struct covering){ !covered, { (gives & ~keeps) | 1u << CLAIM_SUB } };
}

static bool is_at(const struct receipts_index *x, size_t i, const struct provider *p, size_t service)
{
    return i < x->n && x->at[i].provider == p && x->at[i].service == service;
}

struct covering receipts_over(const struct registry *r, const struct provider *p, const struct service *s,
                              const struct affiliation *at, int64_t now_s)
{
    const struct receipts_index *x = index_of(r);
    const struct registry_parts *parts = registry_parts(r);
    size_t place = (size_t)(s - parts->services), end;

    if (x->n == 0)
        return (struct covering){ false, { EVERY_CLAIM } };
    if (s < parts->services || place >= parts->service_count) { /* as a draft would have it */
        s = registry_service(r, s->id);
        if (s == NULL)
            return (struct covering){ false, { EVERY_CLAIM } };
        place = (size_t)(s - parts->services);
    }
    size_t i = find(x, p, place);
    return is_at(x, i, p, place) ? sum(x, i, at, now_s, &end) : (struct covering){ false, { EVERY_CLAIM } };
}

bool receipts_any(const struct registry *r, const struct provider *p)
{
    const struct receipts_index *x = index_of(r);
    size_t i = find(x, p, 0);

    return i < x->n && x->at[i].provider == p;
}

void receipts_leave_out(const struct registry *r, const struct provider *p, const struct affiliation *at, int64_t now_s,
                        struct bits *permitted, struct bits *forbidden)
{
    const struct receipts_index *x = index_of(r);

    for (size_t i = find(x, p, 0), end; i < x->n && x->at[i].provider == p; i = end)
        if (sum(x, i, at, now_s, &end).outside) {
            bits_clear(permitted, x->at[i].service);
            bits_clear(forbidden, x->at[i].service);
        }
}

struct receipts receipts_of(const struct registry *r, const struct provider *p, const struct service *s)
{
    const struct receipts_index *x = index_of(r);
    size_t place = (size_t)(s - registry_parts(r)->services), i = find(x, p, place);

    return is_at(x, i, p, place) ? (struct receipts){ x->at[i].whole, x->at[i].whole_n } : (struct receipts){ NULL, 0 };
}

struct receipts receipts_about(const struct registry *r, const struct service *s)
{
    const struct receipts_index *x = index_of(r);
    size_t place = (size_t)(s - registry_parts(r)->services);

    return (struct receipts){ x->about + x->from[place], x->from[place + 1] - x->from[place] };
}

const struct permission *receipt_named(const struct registry *r, struct str id)
{
    const struct receipts_index *x = index_of(r);
    const struct permission key = { .id = id }, *wanted = &key;
    const struct permission **found =
        x->named_n > 0 ? bsearch(&wanted, x->named, x->named_n, sizeof *x->named, by_id) : NULL;

    return found != NULL ? *found : NULL;
}
