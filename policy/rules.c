/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/rules.h"

#include <stdlib.h>

struct about { /* what the rules of one scope say about one service */
    const struct service *service;
    struct says says;
};

struct key { /* whom a scope is about */
    const struct provider *provider;
    enum role role;    /* ROLE_NONE: any */
    struct str school; /* its oid; absent: any */
};

struct scope {
    struct key key;
    struct says all;            /* rules for any service */
    const struct about *abouts; /* rules for one service, by its address */
    size_t count;
    struct bits permits, forbids; /* the same as sets where there are many; no words: walk the list */
};

struct rules {
    const struct registry_parts *parts;
    struct bits enabled;
    const struct scope **slots; /* open addressing, at most half full */
    size_t mask;
};

static uint64_t hash_of(const struct key *k)
{
    return str_hash(k->school, (uint64_t)(uintptr_t)k->provider * 31 + (uint64_t)k->role);
}

static bool same_key(const struct key *a, const struct key *b)
{
    bool any = a->school.p == NULL && b->school.p == NULL;

    return a->provider == b->provider && a->role == b->role && (any || str_eq(a->school, b->school));
}

static size_t slot_of(const struct rules *x, const struct key *k)
{
    size_t i = hash_of(k) & x->mask;

    while (x->slots[i] != NULL && !same_key(&x->slots[i]->key, k))
        i = (i + 1) & x->mask;
    return i;
}

static void heed(struct says *s, const struct says *other)
{
    if (other->permit != 0 && (s->permit == 0 || other->permit < s->permit))
        s->permit = other->permit;
    if (other->forbid != 0 && (s->forbid == 0 || other->forbid < s->forbid))
        s->forbid = other->forbid;
    s->release.bits |= other->release.bits;
}

/* --- making it -------------------------------------------------------------------------------------------- */

struct placed { /* a rule, and whom and what it is about */
    struct key key;
    const struct service *service;
    const struct rule *rule;
    uint32_t place;
};

static int by_number(uintptr_t x, uintptr_t y)
{
    return (x > y) - (x < y);
}

static int by_scope(const void *x, const void *y)
{
    const struct placed *a = x, *b = y;
    int order = by_number((uintptr_t)a->key.provider, (uintptr_t)b->key.provider);

    if (order == 0)
        order = (int)a->key.role - (int)b->key.role;
    if (order == 0)
        order = (a->key.school.p != NULL) - (b->key.school.p != NULL);
    if (order == 0)
        order = str_cmp(a->key.school, b->key.school);
    if (order == 0)
        order = by_number((uintptr_t)a->service, (uintptr_t)b->service);
    return order != 0 ? order : by_number(a->place, b->place);
}

/* The rules that can cover anybody: a school without an oid is nobody's, and an unknown provider has no affiliations.
 */
static size_t place_rules(const struct registry *r, struct placed *out)
{
    size_t n, kept = 0;
    const struct rule *const *rules = registry_rules(r, &n);

    for (size_t i = 0; i < n; i++) {
        const struct rule *rule = rules[i];
        const struct provider *p = registry_provider(r, rule->provider->id);
        struct str school = rule->school != NULL ? rule->school->oid : (struct str){ NULL, 0 };
        if (p != NULL && (rule->school == NULL || school.p != NULL))
            out[kept++] = (struct placed){ { p, rule->role, school }, rule->service, rule, (uint32_t)i + 1 };
    }
    return kept;
}

static struct says says_of(const struct placed *p)
{
    struct says permits = { .permit = p->place, .release = p->rule->release }, forbids = { .forbid = p->place };

    return p->rule->forbid ? forbids : permits;
}

static size_t number_of(const struct rules *x, const struct service *s)
{
    return s >= x->parts->services && s < x->parts->services + x->parts->service_count
               ? (size_t)(s - x->parts->services)
               : SIZE_MAX;
}

static void mark_abouts(const struct rules *x, const struct scope *s, struct bits *permitted, struct bits *forbidden)
{
    for (size_t i = 0; i < s->count; i++) {
        size_t number = number_of(x, s->abouts[i].service);
        if (s->abouts[i].says.permit != 0)
            bits_set(permitted, number);
        if (s->abouts[i].says.forbid != 0)
            bits_set(forbidden, number);
    }
}

/* Makes a scope of rules that have one key; returns what they say about services one by one behind `about`. */
static struct about *fill_scope(struct arena *a, const struct rules *x, struct scope *s, const struct placed *from,
                                const struct placed *to, struct about *about)
{
    s->key = from->key;
    s->abouts = about;
    for (; from < to; from++) {
        struct says says = says_of(from);
        if (from->service == NULL) {
            heed(&s->all, &says);
            continue;
        }
        if (s->count == 0 || about[s->count - 1].service != from->service)
            about[s->count++].service = from->service;
        heed(&about[s->count - 1].says, &says);
    }
    if (s->count > bits_words(x->parts->service_count)) {
        s->permits = bits_new(a, x->parts->service_count);
        s->forbids = bits_new(a, x->parts->service_count);
        mark_abouts(x, s, &s->permits, &s->forbids);
    }
    return about + s->count;
}

static void *build(struct arena *a, const struct registry *r)
{
    const struct registry_parts *parts = registry_parts(r);
    struct rules *x = arena_make(a, struct rules);
    struct arena *scratch = arena_new();
    struct placed *placed = arena_make_n(scratch, parts->rule_count + 1, struct placed);
    size_t n = place_rules(r, placed), size = 8;

    while (size < 2 * n + 2)
        size *= 2;
    x->parts = parts;
    x->mask = size - 1;
    x->slots = arena_make_n(a, size, const struct scope *);
    x->enabled = bits_new(a, parts->service_count);
    for (size_t i = 0; i < parts->service_count; i++)
        if (parts->services[i].enabled)
            bits_set(&x->enabled, i);
    qsort(placed, n, sizeof *placed, by_scope);
    struct about *about = arena_make_n(a, n + 1, struct about);
    for (size_t from = 0, to; from < n; from = to) {
        struct scope *s = arena_make(a, struct scope);
        for (to = from + 1; to < n && same_key(&placed[to].key, &placed[from].key); to++)
            ;
        about = fill_scope(a, x, s, placed + from, placed + to, about);
        x->slots[slot_of(x, &s->key)] = s;
    }
    arena_free(scratch);
    return x;
}

const struct rules *rules_of(const struct registry *r)
{
    return registry_index(r, INDEX_RULES, build);
}

/* --- asking it -------------------------------------------------------------------------------------------- */

enum { SCOPES_MAX = 4 };

/* The scopes that an affiliation stands in. */
static size_t scopes_of(const struct rules *x, const struct provider *p, const struct affiliation *a,
                        const struct scope **out)
{
    const struct str any = { NULL, 0 };
    const struct key keys[SCOPES_MAX] = {
        { p, ROLE_NONE, any }, { p, ROLE_NONE, a->school_oid }, { p, a->role, any }, { p, a->role, a->school_oid }
    };
    size_t n = 0;

    for (size_t i = 0; i < SCOPES_MAX; i++) {
        bool twice = (i % 2 == 1 && a->school_oid.p == NULL) || (i >= 2 && a->role == ROLE_NONE);
        const struct scope *s = twice ? NULL : x->slots[slot_of(x, &keys[i])];
        if (s != NULL)
            out[n++] = s;
    }
    return n;
}

static int by_service(const void *key, const void *about)
{
    return by_number((uintptr_t)key, (uintptr_t)((const struct about *)about)->service);
}

struct says rules_say(const struct rules *x, const struct provider *p, const struct affiliation *a,
                      const struct service *s)
{
    const struct scope *scopes[SCOPES_MAX];
    struct says says = { 0 };

    for (size_t i = scopes_of(x, p, a, scopes); i-- > 0;) {
        const struct about *about = s != NULL && scopes[i]->count > 0 ? bsearch(s, scopes[i]->abouts, scopes[i]->count,
                                                                                sizeof *scopes[i]->abouts, by_service)
                                                                      : NULL;
        heed(&says, &scopes[i]->all);
        if (about != NULL)
            heed(&says, &about->says);
    }
    return says;
}

void rules_mark(const struct rules *x, const struct provider *p, const struct affiliation *a, struct bits *permitted,
                struct bits *forbidden)
{
    const struct scope *scopes[SCOPES_MAX];

    for (size_t i = scopes_of(x, p, a, scopes); i-- > 0;) {
        const struct scope *s = scopes[i];
        if (s->all.permit != 0)
            bits_or(permitted, &x->enabled);
        if (s->all.forbid != 0)
            bits_or(forbidden, &x->enabled);
        if (s->permits.words > 0) {
            bits_or(permitted, &s->permits);
            bits_or(forbidden, &s->forbids);
        } else {
            mark_abouts(x, s, permitted, forbidden);
        }
    }
}

const struct bits *rules_enabled(const struct rules *x)
{
    return &x->enabled;
}
