/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/lookup.h"

#include <stdlib.h>

enum { KEYS_MAX = 4096 }; /* a statement with more stands in the scope of its provider, to be asked */

struct about { /* what the statements of one scope say about one service */
    const struct service *service;
    struct says says;
};

struct ask_about {
    const struct service *service;
    uint32_t place;
};

struct key {                         /* whom a scope is about */
    const struct provider *provider; /* NULL: of any */
    const struct school *school;     /* NULL: any */
    enum role role;                  /* ROLE_NONE: any */
};

struct scope {
    struct key key;
    struct says all;            /* about any service */
    const struct about *abouts; /* about one, by its address */
    size_t n_abouts;
    struct marks marks;   /* the same as sets where there are many; no words: walk the list */
    const uint32_t *asks; /* places of those to be asked, each once: first those that may be about any service */
    size_t n_asks, n_anys;
    const struct ask_about *about_asks; /* of the others, by the address of the service */
    size_t n_about_asks;
};

struct lookup {
    const struct registry_parts *parts;
    struct bits enabled, under_test;
    bool layers[LAYER_COUNT], leaves; /* somebody says something */
    const struct scope **slots;       /* open addressing, at most half full */
    size_t mask;
};

static uint64_t hash_of(const struct key *k)
{
    uint64_t h = (uint64_t)(uintptr_t)k->provider * 0x9e3779b97f4a7c15u;

    h = (h ^ h >> 29 ^ (uint64_t)(uintptr_t)k->school) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 32 ^ (uint64_t)k->role) * 0x94d049bb133111ebu;
    return h ^ h >> 31;
}

static bool same_key(const struct key *a, const struct key *b)
{
    return a->provider == b->provider && a->role == b->role && a->school == b->school;
}

static size_t slot_of(const struct lookup *x, const struct key *k)
{
    size_t i = hash_of(k) & x->mask;

    while (x->slots[i] != NULL && !same_key(&x->slots[i]->key, k))
        i = (i + 1) & x->mask;
    return i;
}

static void first(uint32_t *to, uint32_t from)
{
    if (from != 0 && (*to == 0 || from < *to))
        *to = from;
}

static void heed(struct says *s, const struct says *other)
{
    for (int i = 0; i < SAYS_COUNT; i++) {
        for (int layer = 0; layer < LAYER_COUNT; layer++)
            first(&s->open[layer][i], other->open[layer][i]);
        for (int layer = 0; layer < LAYER_SCHOOL; layer++)
            s->release[layer][i].bits |= other->release[layer][i].bits;
        s->leave[i] = s->leave[i] || other->leave[i];
    }
}

void says_add(struct says *s, const struct listed *l, uint32_t place, enum deed deed, struct claim_set claims)
{
    int says = l->says.forbid ? SAYS_FORBID : SAYS_PERMIT;

    if (deed == DEED_OPEN)
        first(&s->open[l->row->layer][says], place + 1);
    else if (l->row->layer != LAYER_SCHOOL && deed == DEED_LEAVE)
        s->leave[says] = true;
    else if (l->row->layer != LAYER_SCHOOL)
        s->release[l->row->layer][says].bits |= claims.bits;
}

/* ── making it ──────────────────────────────────────────────────────────── */

enum placed_as { SAID = 0, ASKED_OF_ANY, ASKED, ASKED_ABOUT };

struct placed { /* a statement, and whom and what it is about */
    struct key key;
    const struct service *service;
    uint32_t place;
    enum placed_as as;
};

struct placing {
    struct arena *arena;
    const struct registry *r;
    const struct set *set;
    struct placed *at;
    size_t n, room;
};

static void place_one(struct placing *x, const struct placed *p)
{
    if (x->n == x->room) {
        struct placed *more = arena_make_n(x->arena, 2 * x->room, struct placed);
        for (size_t i = 0; i < x->n; i++)
            more[i] = x->at[i];
        x->at = more;
        x->room *= 2;
    }
    x->at[x->n++] = *p;
}

static void place_services(struct placing *x, const struct placed *at, const struct listed *l)
{
    struct placed p = *at;

    if (p.as == ASKED || l->services == NULL)
        place_one(x, &p);
    if (p.as == ASKED)
        p.as = ASKED_ABOUT;
    for (size_t i = 0; i < l->n_services; i++) {
        p.service = l->services[i];
        place_one(x, &p);
    }
}

static void place_roles(struct placing *x, const struct placed *at, const struct listed *l)
{
    struct placed p = *at;

    if (l->says.whom.roles == 0)
        place_services(x, &p, l);
    for (int role = ROLE_NONE + 1; role < ROLE_COUNT; role++)
        if ((l->says.whom.roles >> role & 1u) != 0) {
            p.key.role = (enum role)role;
            place_services(x, &p, l);
        }
}

/* at: whom the owner and the text's provider leave.  A school that there is not has nobody; one of another provider has
 * nobody of this one. */
static void place_schools(struct placing *x, const struct placed *at, const struct listed *l)
{
    const struct whom *whom = &l->says.whom;
    struct placed p = *at;

    if (whom->schools.n == 0)
        place_roles(x, &p, l);
    for (size_t i = 0; i < whom->schools.n; i++) {
        p.key.school = facts_school(x->r, whom->schools.at[i], &p.key.provider);
        if (p.key.school != NULL && (at->key.provider == NULL || at->key.provider == p.key.provider) &&
            (at->key.school == NULL || at->key.school == p.key.school))
            place_roles(x, &p, l);
    }
}

static size_t keys_of(const struct listed *l)
{
    size_t roles = l->says.whom.roles == 0 ? 1 : (size_t)__builtin_popcount(l->says.whom.roles);
    size_t schools = l->says.whom.schools.n == 0 ? 1 : l->says.whom.schools.n;
    size_t services = l->services == NULL ? 1 : l->n_services;

    return roles * schools * (services > 0 ? services : 1);
}

/* A policy is about its owner's people, whatever its text says.  False: about nobody. */
static bool key_of_owner(const struct registry *r, const struct listed *l, struct key *out)
{
    struct str provider = l->says.whom.provider;

    if (str_is_set(provider) && (out->provider = registry_provider(r, provider)) == NULL)
        return false;
    if (l->row->provider == NULL)
        return true;
    if (str_is_set(provider) && !str_eq(provider, l->row->provider->id))
        return false;
    out->provider = registry_provider(r, l->row->provider->id);
    if (out->provider != NULL && l->row->school != NULL)
        out->school = provider_school(out->provider, l->row->school->oid);
    return out->provider != NULL && (l->row->school == NULL || out->school != NULL);
}

static void place(struct placing *x, uint32_t i)
{
    const struct listed *l = &x->set->at[i];
    struct placed p = { .place = i, .as = l->plain ? SAID : l->services == NULL ? ASKED_OF_ANY : ASKED };

    if (!key_of_owner(x->r, l, &p.key))
        return;
    if (keys_of(l) > KEYS_MAX) {
        p.as = ASKED_OF_ANY;
        place_one(x, &p);
        return;
    }
    place_schools(x, &p, l);
}

static int by_number(uintptr_t x, uintptr_t y)
{
    return (x > y) - (x < y);
}

static int by_scope(const void *x, const void *y)
{
    const struct placed *a = x, *b = y;
    int order = by_number((uintptr_t)a->key.provider, (uintptr_t)b->key.provider);

    if (order == 0)
        order = by_number((uintptr_t)a->key.school, (uintptr_t)b->key.school);
    if (order == 0)
        order = (int)a->key.role - (int)b->key.role;
    if (order == 0)
        order = (int)a->as - (int)b->as;
    if (order == 0)
        order = by_number((uintptr_t)a->service, (uintptr_t)b->service);
    return order != 0 ? order : by_number(a->place, b->place);
}

static struct says says_of(const struct set *set, const struct placed *p)
{
    static const enum deed deeds[] = {
        [DOES_OPEN] = DEED_OPEN, [DOES_LEAVE] = DEED_LEAVE, [DOES_RELEASE] = DEED_RELEASE
    };
    const struct listed *l = &set->at[p->place];
    struct claim_set claims = l->says.attributes;
    struct says says = { 0 };

    if (claims.bits == 0)
        claims.bits = (1u << CLAIM_COUNT) - 1;
    says_add(&says, l, p->place, deeds[l->says.does], claims);
    return says;
}

static size_t number_of(const struct lookup *x, const struct service *s)
{
    return s >= x->parts->services && s < x->parts->services + x->parts->service_count
               ? (size_t)(s - x->parts->services)
               : SIZE_MAX;
}

static void mark(struct bits *b, bool says, size_t number)
{
    if (says && b->words > 0)
        bits_set(b, number);
}

static void mark_abouts(const struct lookup *x, const struct scope *s, struct marks *out)
{
    for (size_t i = 0; i < s->n_abouts; i++) {
        const struct says *says = &s->abouts[i].says;
        size_t number = number_of(x, s->abouts[i].service);
        for (int k = 0; k < SAYS_COUNT; k++) {
            for (int layer = 0; layer < LAYER_COUNT; layer++)
                mark(&out->open[layer][k], says->open[layer][k] != 0, number);
            mark(&out->leave[k], says->leave[k], number);
        }
    }
}

/* Makes a scope of what has one key; returns what is said about services one by one behind `about`. */
static struct about *fill_scope(struct arena *a, const struct lookup *x, const struct set *set, struct scope *s,
                                const struct placed *from, const struct placed *to, struct about *about)
{
    size_t said = 0;

    for (const struct placed *p = from; p < to; p++)
        said += p->as == SAID;
    uint32_t *asks = arena_make_n(a, (size_t)(to - from) - said + 1, uint32_t);
    struct ask_about *about_asks = arena_make_n(a, (size_t)(to - from) - said + 1, struct ask_about);
    s->key = from->key;
    s->abouts = about;
    s->asks = asks;
    s->about_asks = about_asks;
    for (; from < to; from++) {
        if (from->as == ASKED_OF_ANY)
            s->n_anys++;
        if (from->as == ASKED_OF_ANY || from->as == ASKED)
            asks[s->n_asks++] = from->place;
        if (from->as == ASKED_ABOUT)
            about_asks[s->n_about_asks++] = (struct ask_about){ from->service, from->place };
        if (from->as != SAID)
            continue;
        struct says says = says_of(set, from);
        if (from->service == NULL) {
            heed(&s->all, &says);
            continue;
        }
        if (s->n_abouts == 0 || about[s->n_abouts - 1].service != from->service)
            about[s->n_abouts++].service = from->service;
        heed(&about[s->n_abouts - 1].says, &says);
    }
    if (s->n_abouts > bits_words(x->parts->service_count)) {
        s->marks = lookup_marks(a, x);
        mark_abouts(x, s, &s->marks);
    }
    return about + s->n_abouts;
}

static void *make(struct arena *a, const struct registry *r)
{
    struct lookup *x = arena_make(a, struct lookup);
    struct arena *scratch = arena_new();
    const struct set *set = set_of(r);
    struct placing p = { scratch, r, set, arena_make_n(scratch, set->n + 1, struct placed), 0, set->n + 1 };
    size_t size = 8;

    x->parts = registry_parts(r);
    for (size_t i = 0; i < set->n; i++) {
        place(&p, (uint32_t)i);
        x->layers[set->at[i].row->layer] = true;
        x->leaves = x->leaves || set->at[i].says.does == DOES_LEAVE || set->at[i].says.does == DOES_OTHER;
    }
    while (size < 2 * p.n + 2)
        size *= 2;
    x->mask = size - 1;
    x->slots = arena_make_n(a, size, const struct scope *);
    x->enabled = bits_new(a, x->parts->service_count);
    x->under_test = bits_new(a, x->parts->service_count);
    for (size_t i = 0; i < x->parts->service_count; i++)
        if (policy_under_test(r, &x->parts->services[i]))
            bits_set(&x->under_test, i);
    for (size_t i = 0; i < x->parts->service_count; i++)
        if (x->parts->services[i].enabled)
            bits_set(&x->enabled, i);
    qsort(p.at, p.n, sizeof *p.at, by_scope);
    struct about *about = arena_make_n(a, p.n + 1, struct about);
    for (size_t from = 0, to; from < p.n; from = to) {
        struct scope *s = arena_make(a, struct scope);
        for (to = from + 1; to < p.n && same_key(&p.at[to].key, &p.at[from].key); to++)
            ;
        about = fill_scope(a, x, set, s, p.at + from, p.at + to, about);
        x->slots[slot_of(x, &s->key)] = s;
    }
    arena_free(scratch);
    return x;
}

const struct lookup *lookup_of(const struct registry *r)
{
    return registry_index(r, INDEX_RULES, make);
}

/* ── asking it ──────────────────────────────────────────────────────────── */

struct found lookup_find(const struct lookup *x, const struct provider *p, const struct affiliation *a)
{
    const struct school *school = str_is_set(a->school_oid) ? provider_school(p, a->school_oid) : NULL;
    struct found f = { .n = 0 };

    for (int i = 0; i < SCOPES_MAX; i++) {
        const struct key key = { (i & 4) != 0 ? NULL : p, (i & 2) != 0 ? school : NULL,
                                 (i & 1) != 0 ? a->role : ROLE_NONE };
        bool nobodys = (i & 4) != 0 && ((i & 2) != 0 || !x->layers[LAYER_NATION]);
        bool twice = ((i & 2) != 0 && school == NULL) || ((i & 1) != 0 && a->role == ROLE_NONE);
        const struct scope *s = nobodys || twice ? NULL : x->slots[slot_of(x, &key)];
        if (s != NULL)
            f.at[f.n++] = s;
    }
    return f;
}

static int by_service(const void *key, const void *about)
{
    return by_number((uintptr_t)key, (uintptr_t)((const struct about *)about)->service);
}

void lookup_say(const struct found *f, const struct service *s, struct says *out)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct scope *scope = f->at[i];
        const struct about *about =
            scope->n_abouts > 0 ? bsearch(s, scope->abouts, scope->n_abouts, sizeof *scope->abouts, by_service) : NULL;
        heed(out, &scope->all);
        if (about != NULL)
            heed(out, &about->says);
    }
}

struct marks lookup_marks(struct arena *a, const struct lookup *x)
{
    struct marks m = { 0 };

    for (int i = 0; i < SAYS_COUNT; i++) {
        for (int layer = 0; layer < LAYER_COUNT; layer++)
            if (x->layers[layer])
                m.open[layer][i] = bits_new(a, x->parts->service_count);
        if (x->leaves)
            m.leave[i] = bits_new(a, x->parts->service_count);
    }
    return m;
}

static void mark_set(struct bits *to, bool all, const struct bits *every, const struct bits *some)
{
    if (all && to->words > 0)
        bits_or(to, every);
    if (some->words > 0)
        bits_or(to, some);
}

void lookup_mark(const struct lookup *x, const struct found *f, struct marks *out)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct scope *s = f->at[i];
        for (int k = 0; k < SAYS_COUNT; k++) {
            for (int layer = 0; layer < LAYER_COUNT; layer++)
                mark_set(&out->open[layer][k], s->all.open[layer][k] != 0, &x->enabled, &s->marks.open[layer][k]);
            mark_set(&out->leave[k], s->all.leave[k], &x->enabled, &s->marks.leave[k]);
        }
        if (s->marks.open[LAYER_MUNICIPALITY][0].words == 0 && s->marks.open[LAYER_NATION][0].words == 0 &&
            s->marks.open[LAYER_SCHOOL][0].words == 0)
            mark_abouts(x, s, out);
    }
}

/* Where those about a service begin. */
static size_t first_about(const struct scope *s, const struct service *service)
{
    size_t from = 0, to = s->n_about_asks;

    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if ((uintptr_t)s->about_asks[mid].service < (uintptr_t)service)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

bool lookup_next(const struct found *f, const struct service *service, struct found_at *at, uint32_t *place)
{
    for (; at->scope < f->n; at->scope++, at->i = at->about = 0) {
        const struct scope *s = f->at[at->scope];
        if (at->i < (service != NULL ? s->n_anys : s->n_asks)) {
            *place = s->asks[at->i++];
            return true;
        }
        if (service == NULL)
            continue;
        if (at->about == 0)
            at->about = first_about(s, service) + 1;
        if (at->about <= s->n_about_asks && s->about_asks[at->about - 1].service == service) {
            *place = s->about_asks[at->about++ - 1].place;
            return true;
        }
    }
    return false;
}

const struct bits *lookup_enabled(const struct lookup *x)
{
    return &x->enabled;
}

const struct bits *lookup_under_test(const struct lookup *x)
{
    return &x->under_test;
}
