/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/impact.h"

#include "policy/set.h"

#include <stdlib.h>

struct table { /* rows by what they are about; open addressing, at most half full */
    struct impact_row **slots;
    size_t mask, n;
};

struct comparing {
    struct arena *arena;
    const struct registry *before, *after;
    const struct circumstances *now;
    uint32_t *twin;      /* of each service after: its place before, or UINT32_MAX */
    struct bits telling; /* services after, of which more or less may be told than before */
    struct table table;
    struct impact *out;
};

static uint64_t hash_of(const struct impact_row *r)
{
    return str_hash(r->provider_oid, str_hash(r->school_oid, (uint64_t)(uintptr_t)r->service * 31 + (uint64_t)r->role));
}

static bool same(const struct impact_row *x, const struct impact_row *y)
{
    return x->service == y->service && x->role == y->role && str_eq(x->provider_oid, y->provider_oid) &&
           ((x->school_oid.p == NULL && y->school_oid.p == NULL) || str_eq(x->school_oid, y->school_oid));
}

static void grow(struct arena *a, struct table *t)
{
    struct table more = { NULL, t->mask * 2 + 1, t->n };

    more.slots = arena_make_n(a, more.mask + 1, struct impact_row *);
    for (size_t i = 0; t->slots != NULL && i <= t->mask; i++) {
        if (t->slots[i] == NULL)
            continue;
        size_t k = hash_of(t->slots[i]) & more.mask;
        while (more.slots[k] != NULL)
            k = (k + 1) & more.mask;
        more.slots[k] = t->slots[i];
    }
    *t = more;
}

static struct impact_row *row_of(struct comparing *x, const struct service *s, const struct affiliation *at)
{
    const struct impact_row key = {
        .service = s, .provider_oid = at->provider_oid, .school_oid = at->school_oid, .role = at->role
    };
    struct table *t = &x->table;

    if (2 * t->n >= t->mask)
        grow(x->arena, t);
    size_t i = hash_of(&key) & t->mask;
    while (t->slots[i] != NULL && !same(t->slots[i], &key))
        i = (i + 1) & t->mask;
    if (t->slots[i] == NULL) {
        t->slots[i] = arena_make(x->arena, struct impact_row);
        *t->slots[i] = key;
        t->n++;
    }
    return t->slots[i];
}

/* Under which affiliation somebody counts. */
static const struct affiliation *place_of(const struct person *p, int64_t now_s)
{
    for (size_t i = 0; i < p->affiliation_count; i++)
        if (p->affiliations[i].role != ROLE_NONE && affiliation_valid(&p->affiliations[i], now_s))
            return &p->affiliations[i];
    return NULL;
}

static void tell(struct impact_row *r, size_t count, struct claim_set was, struct claim_set is)
{
    struct claim_set more = { is.bits & ~was.bits }, less = { was.bits & ~is.bits };

    r->told_more += more.bits != 0 ? count : 0;
    r->told_less += less.bits != 0 ? count : 0;
    r->more.bits |= more.bits;
    r->less.bits |= less.bits;
}

static void compare_told(struct comparing *x, const struct people *p, const struct affiliation *at, size_t place)
{
    const struct service *is = &registry_parts(x->after)->services[place],
                         *was = &registry_parts(x->before)->services[x->twin[place]];
    struct claim_set before = policy_decide(x->before, p->who, was, x->now).release,
                     after = policy_decide(x->after, p->who, is, x->now).release;

    if (before.bits != after.bits)
        tell(row_of(x, is, at), p->count, before, after);
}

static void compare(struct comparing *x, const struct people *p)
{
    const struct affiliation *at = place_of(p->who, x->now->now_s);
    const struct registry_parts *was = registry_parts(x->before), *is = registry_parts(x->after);
    struct arena *scratch = arena_new();
    bool gains = false, loses = false;

    if (at != NULL) {
        struct bits before = policy_services(scratch, x->before, p->who, x->now),
                    after = policy_services(scratch, x->after, p->who, x->now);
        struct bits kept = bits_new(scratch, was->service_count);
        for (size_t i = 0; i < is->service_count; i++) {
            bool had = x->twin[i] != UINT32_MAX && bits_has(&before, x->twin[i]), has = bits_has(&after, i);
            if (x->twin[i] != UINT32_MAX)
                bits_set(&kept, x->twin[i]);
            if (had && has && bits_has(&x->telling, i))
                compare_told(x, p, at, i);
            else if (had && has)
                continue;
            else if (has)
                row_of(x, &is->services[i], at)->gain += p->count;
            else if (had)
                row_of(x, &is->services[i], at)->lose += p->count;
            gains = gains || (has && !had);
            loses = loses || (had && !has);
        }
        bits_and_not(&before, &kept); /* services that are gone */
        for (size_t i = bits_next(&before, 0); i != SIZE_MAX; i = bits_next(&before, i + 1)) {
            row_of(x, &was->services[i], at)->lose += p->count;
            loses = true;
        }
    }
    x->out->people += p->count;
    x->out->gain += gains ? p->count : 0;
    x->out->lose += loses ? p->count : 0;
    arena_free(scratch);
}

static int by_people(const void *x, const void *y)
{
    const struct impact_row *a = x, *b = y;
    size_t m = a->gain + a->lose + a->told_more + a->told_less, n = b->gain + b->lose + b->told_more + b->told_less;
    int order = (m < n) - (m > n);

    if (order == 0)
        order = str_cmp(a->service->id, b->service->id);
    if (order == 0)
        order = str_cmp(a->provider_oid, b->provider_oid);
    if (order == 0)
        order = str_cmp(a->school_oid, b->school_oid);
    return order != 0 ? order : (int)a->role - (int)b->role;
}

static void list_rows(struct comparing *x)
{
    struct impact *out = x->out;

    out->rows = arena_make_n(x->arena, x->table.n + 1, struct impact_row);
    for (size_t i = 0; x->table.slots != NULL && i <= x->table.mask; i++)
        if (x->table.slots[i] != NULL)
            out->rows[out->n++] = *x->table.slots[i];
    qsort(out->rows, out->n, sizeof *out->rows, by_people);
}

static uint32_t *twins(struct arena *a, const struct registry *before, const struct registry *after)
{
    const struct registry_parts *was = registry_parts(before), *is = registry_parts(after);
    uint32_t *twin = arena_make_n(a, is->service_count + 1, uint32_t);

    for (size_t i = 0; i < is->service_count; i++) {
        const struct service *s = registry_service(before, is->services[i].id);
        twin[i] = s != NULL ? (uint32_t)(s - was->services) : UINT32_MAX;
    }
    return twin;
}

/* ── where what is told may differ ──────────────────────────────────────── */

static bool same_row(const struct policy *x, const struct policy *y)
{
    return x->enabled == y->enabled && x->from_s == y->from_s && x->to_s == y->to_s && x->layer == y->layer &&
           str_eq(x->text, y->text);
}

static bool is_in(const struct policy *row, const struct policy *const *others, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(others[i]->id, row->id))
            return same_row(row, others[i]);
    return false;
}

/* Adds the services of statements in rows that the other snapshot does not have so. */
static void mark_telling(struct comparing *x, const struct registry *of, const struct registry *other)
{
    const struct set *set = set_of(of);
    const struct service *services = registry_parts(x->after)->services;
    size_t n;
    const struct policy *const *others = registry_policies(other, &n);
    const struct policy *row = NULL;
    bool known = false;

    for (size_t i = 0; i < set->n; i++) {
        const struct listed *l = &set->at[i];
        if (l->row != row)
            known = is_in(l->row, others, n);
        row = l->row;
        if (known || (l->says.does != DOES_RELEASE && l->says.does != DOES_OTHER))
            continue;
        for (size_t k = 0; l->services == NULL && k < registry_parts(x->after)->service_count; k++)
            bits_set(&x->telling, k);
        for (size_t k = 0; k < l->n_services; k++) {
            const struct service *s = registry_service(x->after, l->services[k]->id);
            if (s != NULL)
                bits_set(&x->telling, (size_t)(s - services));
        }
    }
}

/* And those that ask for something else by now. */
static void mark_asking(struct comparing *x)
{
    const struct registry_parts *was = registry_parts(x->before), *is = registry_parts(x->after);

    for (size_t i = 0; i < is->service_count; i++)
        if (x->twin[i] != UINT32_MAX && was->services[x->twin[i]].asks.bits != is->services[i].asks.bits)
            bits_set(&x->telling, i);
}

bool policy_impact(struct arena *a, const struct registry *before, const struct registry *after,
                   const struct people *people, size_t n, const struct circumstances *now,
                   const struct impact_watch *watch, struct impact *out)
{
    struct comparing x = { .arena = a, .before = before, .after = after, .now = now, .out = out };
    int told = 0;

    *out = (struct impact){ .n = 0 };
    x.table.mask = 31;
    grow(a, &x.table);
    x.twin = twins(a, before, after);
    x.telling = bits_new(a, registry_parts(after)->service_count);
    mark_telling(&x, before, after);
    mark_telling(&x, after, before);
    mark_asking(&x);
    for (size_t i = 0; i < n; i++) {
        int percent = (int)((i + 1) * 100 / n);
        if (watch != NULL && watch->goes_on != NULL && !watch->goes_on(watch->with))
            return false;
        compare(&x, &people[i]);
        if (percent > told && watch != NULL && watch->progress != NULL && !watch->progress(watch->with, percent))
            return false;
        told = percent;
    }
    list_rows(&x);
    return true;
}
