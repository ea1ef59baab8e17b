/* SPDX-License-Identifier: EUPL-1.2
 *
 * Asking beside, and counting. */
#include "registry/shadow_int.h"

#include "model/when.h"

#include <string.h>

enum { CELLS_FIRST = 64, PEOPLE_BITS_OF_CELL = 6 };

/* ── a tally ────────────────────────────────────────────────────────────── */

struct shadow_tally *shadow_tally_new(int64_t turn, int64_t since_s, const struct area *area, const struct world *w)
{
    struct arena *a = arena_new();
    struct shadow_tally *t = arena_make(a, struct shadow_tally);

    t->arena = a;
    t->turn = turn;
    t->since_s = since_s;
    t->area = (struct area){ arena_str(a, area->provider), arena_str(a, area->school) };
    world_random(w, &t->salt, sizeof t->salt);
    (void)pthread_mutex_init(&t->lock, NULL);
    t->all = bits_new(a, SHADOW_DAY_BITS);
    t->some = bits_new(a, SHADOW_DAY_BITS);
    t->room = CELLS_FIRST;
    t->cells = arena_make_n(a, t->room, struct shadow_cell);
    t->slot_count = 2 * t->room;
    t->slots = arena_make_n(a, t->slot_count, uint32_t);
    atomic_init(&t->holders, 1);
    return t;
}

struct shadow_tally *shadow_tally_hold(struct shadow_tally *t)
{
    atomic_fetch_add_explicit(&t->holders, 1, memory_order_relaxed);
    return t;
}

void shadow_tally_drop(struct shadow_tally *t)
{
    if (t == NULL || atomic_fetch_sub_explicit(&t->holders, 1, memory_order_acq_rel) != 1)
        return;
    (void)pthread_mutex_destroy(&t->lock);
    arena_free(t->arena);
}

static size_t slot_of(const struct shadow_tally *t, const struct shadow_cell *key)
{
    uint64_t h = str_hash(key->service, str_hash(key->school_oid, str_hash(key->provider_oid, (uint64_t)key->role)));
    size_t i = (size_t)(h >> 32) & (t->slot_count - 1);

    for (; t->slots[i] != 0; i = (i + 1) & (t->slot_count - 1)) {
        const struct shadow_cell *c = &t->cells[t->slots[i] - 1];
        if (c->role == key->role && str_eq(c->service, key->service) && str_eq(c->school_oid, key->school_oid) &&
            str_eq(c->provider_oid, key->provider_oid))
            break;
    }
    return i;
}

static void grow(struct shadow_tally *t)
{
    struct shadow_cell *cells = arena_make_n(t->arena, 2 * t->room, struct shadow_cell);

    memcpy(cells, t->cells, t->n * sizeof *cells);
    t->cells = cells;
    t->room *= 2;
    t->slot_count = 2 * t->room;
    t->slots = arena_make_n(t->arena, t->slot_count, uint32_t);
    for (size_t i = 0; i < t->n; i++)
        t->slots[slot_of(t, &t->cells[i])] = (uint32_t)i + 1;
}

struct shadow_cell *shadow_cell_of(struct shadow_tally *t, struct str service, struct str provider_oid,
                                   struct str school_oid, enum role role)
{
    const struct shadow_cell key = { .service = service,
                                     .provider_oid = provider_oid,
                                     .school_oid = str_is_set(school_oid) ? school_oid : S(""),
                                     .role = role };
    size_t i = slot_of(t, &key);

    if (t->slots[i] != 0)
        return &t->cells[t->slots[i] - 1];
    if (t->n == SHADOW_CELLS_MAX)
        return NULL;
    if (t->n == t->room) {
        grow(t);
        i = slot_of(t, &key);
    }
    struct shadow_cell *c = &t->cells[t->n++];
    *c = (struct shadow_cell){ .service = arena_str(t->arena, key.service),
                               .provider_oid = arena_str(t->arena, key.provider_oid),
                               .school_oid = arena_str(t->arena, key.school_oid),
                               .role = role };
    t->slots[i] = (uint32_t)t->n;
    return c;
}

/* As many as leave, on average, so many bits clear. */
size_t shadow_people_in(const struct bits *b)
{
    size_t bits = b->words * 64, clear = bits - bits_count(b);
    double people = 0;

    for (size_t k = clear > 0 ? clear + 1 : 1; k <= bits; k++)
        people += (double)bits / (double)k;
    return (size_t)(people + 0.5);
}

/* ── the sets beside a snapshot ─────────────────────────────────────────── */

struct shadow_sets *shadow_sets_new(struct registry *live, size_t room)
{
    struct arena *a = arena_new();
    struct shadow_sets *s = arena_make(a, struct shadow_sets);

    s->arena = a;
    s->live = registry_hold(live);
    s->at = arena_make_n(a, room, struct shadow_beside);
    atomic_init(&s->holders, 1);
    return s;
}

void shadow_sets_add(struct shadow_sets *s, struct shadow_tally *t, struct registry *draft)
{
    const struct registry_parts *was = registry_parts(s->live), *is = registry_parts(draft);
    struct shadow_beside *b = &s->at[s->n++];
    struct bits known = bits_new(s->arena, is->service_count);

    *b = (struct shadow_beside){ .tally = shadow_tally_hold(t),
                                 .draft = registry_hold(draft),
                                 .place = registry_provider(draft, t->area.provider),
                                 .twin = arena_make_n(s->arena, was->service_count + 1, uint32_t),
                                 .more = bits_new(s->arena, is->service_count) };
    for (size_t i = 0; i < was->service_count; i++) {
        const struct service *x = registry_service(draft, was->services[i].id);
        b->twin[i] = x != NULL ? (uint32_t)(x - is->services) : UINT32_MAX;
        if (x != NULL)
            bits_set(&known, b->twin[i]);
    }
    for (size_t i = 0; i < is->service_count; i++)
        if (!bits_has(&known, i))
            bits_set(&b->more, i);
}

void shadow_drop(struct shadow_sets *s)
{
    if (s == NULL || atomic_fetch_sub_explicit(&s->holders, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < s->n; i++) {
        shadow_tally_drop(s->at[i].tally);
        registry_drop(s->at[i].draft);
    }
    registry_drop(s->live);
    arena_free(s->arena);
}

/* ── counting ───────────────────────────────────────────────────────────── */

/* Under which affiliation somebody counts: the first that is valid, of those within the area; NULL: under none. */
static const struct affiliation *place_of(const struct shadow_beside *b, const struct person *p, int64_t now_s)
{
    const struct area *area = &b->tally->area;

    if (p->non_disclosure || (str_is_set(area->provider) && b->place == NULL))
        return NULL;
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        if (at->role != ROLE_NONE && affiliation_valid(at, now_s) &&
            (b->place == NULL || str_eq(at->provider_oid, b->place->oid)) &&
            (!str_is_set(area->school) || str_eq(at->school_oid, area->school)))
            return at;
    }
    return NULL;
}

struct noting { /* one decision of one person, while its tally is locked */
    struct shadow_tally *tally;
    const struct affiliation *at;
    uint64_t who;
    enum shadow_at what;
    bool differs;
};

static void turn_day(struct shadow_tally *t, int64_t day)
{
    if (t->day == day)
        return;
    t->day = day;
    memset(t->all.at, 0, t->all.words * sizeof *t->all.at);
    memset(t->some.at, 0, t->some.words * sizeof *t->some.at);
}

static struct noting note_begin(const struct shadow_beside *b, const struct person *p, const struct affiliation *at,
                                enum shadow_at what, int64_t now_s)
{
    struct when day = when_local(now_s);
    struct noting n = { .tally = b->tally, .at = at, .who = str_hash(p->id, b->tally->salt), .what = what };

    (void)pthread_mutex_lock(&b->tally->lock);
    turn_day(b->tally, day.year * 10000 + day.month * 100 + day.day);
    bits_set(&b->tally->all, (size_t)(n.who >> 48));
    b->tally->compared[what]++;
    return n;
}

static void note(struct noting *n, const struct service *s, enum shadow_kind kind)
{
    struct shadow_cell *c = shadow_cell_of(n->tally, s->id, n->at->provider_oid, n->at->school_oid, n->at->role);

    n->differs = true;
    if (c == NULL) {
        n->tally->beyond++;
        return;
    }
    c->waits[kind]++;
    c->seen |= (uint64_t)1 << (n->who >> (48 - PEOPLE_BITS_OF_CELL) & 63);
    c->noted = true;
}

static void note_end(struct noting *n)
{
    struct shadow_tally *t = n->tally;

    if (n->differs) {
        bits_set(&t->some, (size_t)(n->who >> 48));
        t->differ[n->what]++;
    }
    (void)pthread_mutex_unlock(&t->lock);
    if (t->compared_in_all != NULL)
        atomic_fetch_add_explicit(t->compared_in_all, 1, memory_order_relaxed);
    if (n->differs && t->differ_in_all != NULL)
        atomic_fetch_add_explicit(t->differ_in_all, 1, memory_order_relaxed);
}

/* ── asking beside ──────────────────────────────────────────────────────── */

static struct decision ask(const struct shadow_beside *b, const struct person *p, const struct service *of,
                           const struct circumstances *now)
{
    const struct service *twin = registry_service(b->draft, of->id);

    return twin != NULL ? policy_decide(b->draft, p, twin, now) : (struct decision){ .effect = EFFECT_DENY };
}

void shadow_opening(const struct shadow_sets *s, const struct person *p, const struct service *of,
                    const struct decision *live, const struct circumstances *now)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct affiliation *at = place_of(&s->at[i], p, now->now_s);
        if (at == NULL)
            continue;
        enum effect other = ask(&s->at[i], p, of, now).effect;
        struct noting n = note_begin(&s->at[i], p, at, SHADOW_OPENING, now->now_s);
        if (other != live->effect)
            note(&n, of, other == EFFECT_ALLOW ? SHADOW_OPENS : SHADOW_CLOSES);
        note_end(&n);
    }
}

void shadow_release(const struct shadow_sets *s, const struct person *p, const struct service *of,
                    const struct decision *live, const struct circumstances *now)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct affiliation *at = place_of(&s->at[i], p, now->now_s);
        if (at == NULL)
            continue;
        struct decision other = ask(&s->at[i], p, of, now);
        struct noting n = note_begin(&s->at[i], p, at, SHADOW_RELEASE, now->now_s);
        if ((other.release.bits & ~live->release.bits) != 0)
            note(&n, of, SHADOW_TELLS_MORE);
        if ((live->release.bits & ~other.release.bits) != 0 || other.effect != live->effect)
            note(&n, of, SHADOW_TELLS_LESS);
        note_end(&n);
    }
}

static void compare_page(const struct shadow_sets *s, const struct shadow_beside *b, const struct bits *had,
                         const struct bits *has, struct noting *n)
{
    const struct registry_parts *was = registry_parts(s->live), *is = registry_parts(b->draft);

    for (size_t k = 0; k < was->service_count; k++) {
        bool then = bits_has(had, k), now = b->twin[k] != UINT32_MAX && bits_has(has, b->twin[k]);
        if (then != now)
            note(n, &was->services[k], now ? SHADOW_SHOWS : SHADOW_HIDES);
    }
    for (size_t k = bits_next(&b->more, 0); k != SIZE_MAX; k = bits_next(&b->more, k + 1))
        if (bits_has(has, k))
            note(n, &is->services[k], SHADOW_SHOWS);
}

void shadow_page(struct arena *a, const struct shadow_sets *s, const struct person *p, const struct circumstances *now)
{
    struct bits had = { NULL, 0 };

    for (size_t i = 0; i < s->n; i++) {
        const struct affiliation *at = place_of(&s->at[i], p, now->now_s);
        if (at == NULL)
            continue;
        if (had.at == NULL)
            had = policy_services(a, s->live, p, now);
        struct bits has = policy_services(a, s->at[i].draft, p, now);
        struct noting n = note_begin(&s->at[i], p, at, SHADOW_PAGE, now->now_s);
        compare_page(s, &s->at[i], &had, &has, &n);
        note_end(&n);
    }
}
