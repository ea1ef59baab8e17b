/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/marks.h"

#include <pthread.h>
#include <stdatomic.h>

/* A key is a letter and its parts, each behind a unit separator; a part that has one itself names nobody. */
enum { ROOM_FIRST = 256, SEPARATOR = 0x1f };
static const char letters[MARK_COUNT] = { [MARK_PERSON] = 'p',  [MARK_IDP] = 'i',     [MARK_PLACE] = 'a',
                                          [MARK_SERVICE] = 's', [MARK_CONSENT] = 'c', [MARK_SESSION] = 'o' };
/* "Some mark speaks of this service": most services of a session need not be asked about further. */
static const char gate = 'g';

struct place {
    struct str key; /* absent: free */
    struct str spare;
    int64_t at_s, until_s;
};

struct owner {      /* a provider and how many marks it has */
    struct str oid; /* absent: free */
    size_t n;
};

struct marks {
    struct arena *arena;
    pthread_rwlock_t lock;
    struct arena *places_arena;
    struct place *places;
    size_t room, used; /* room: a power of two */
    struct owner *owners;
    size_t owner_room, owner_used, owned; /* owner_room likewise; owned: marks of all owners */
    atomic_uint kinds;                    /* a bit for each kind of which there may be one */
};

struct key {
    char at[MARK_KEY_MAX_B];
    size_t n;
    bool good;
};

struct marks *marks_new(void)
{
    struct arena *a = arena_new();
    struct marks *m = arena_make(a, struct marks);

    m->arena = a;
    m->places_arena = arena_new();
    m->room = ROOM_FIRST;
    m->places = arena_make_n(m->places_arena, m->room, struct place);
    m->owner_room = ROOM_FIRST;
    m->owners = arena_make_n(m->places_arena, m->owner_room, struct owner);
    (void)pthread_rwlock_init(&m->lock, NULL);
    return m;
}

void marks_free(struct marks *m)
{
    if (m == NULL)
        return;
    (void)pthread_rwlock_destroy(&m->lock);
    arena_free(m->places_arena);
    arena_free(m->arena);
}

/* ── keys ───────────────────────────────────────────────────────────────── */

static void key_begin(struct key *k, char letter)
{
    k->at[0] = letter;
    k->n = 1;
    k->good = true;
}

static void key_part(struct key *k, struct str part)
{
    k->good = k->good && part.n < sizeof k->at - k->n && str_find_byte(part, SEPARATOR, 0) == part.n;
    if (!k->good)
        return;
    k->at[k->n++] = SEPARATOR;
    if (part.n > 0)
        memcpy(k->at + k->n, part.p, part.n);
    k->n += part.n;
}

static struct str key_str(const struct key *k)
{
    return k->good ? str_n(k->at, k->n) : (struct str){ NULL, 0 };
}

static void key_of(struct key *k, const struct mark *x)
{
    bool place = x->kind == MARK_PLACE;

    k->good = x->kind > MARK_NONE && x->kind < MARK_COUNT && str_is_set(place ? x->provider_oid : x->what) &&
              (str_is_set(x->school) || !str_is_set(x->group)) &&
              (str_is_set(x->provider_oid) || !str_is_set(x->school));
    if (!k->good)
        return;
    key_begin(k, letters[x->kind]);
    if (!place)
        key_part(k, x->what);
    if (place || x->kind == MARK_SERVICE) {
        key_part(k, x->provider_oid);
        key_part(k, x->school);
    }
    if (place)
        key_part(k, x->group);
}

struct str mark_key(struct arena *a, const struct mark *x)
{
    struct key k;

    key_of(&k, x);
    return k.good ? arena_str(a, key_str(&k)) : (struct str){ NULL, 0 };
}

/* ── in memory ──────────────────────────────────────────────────────────── */

/* Eight bytes at a step: a session asks for some fifteen keys of sixty bytes each.  Ids and OIDs are the registry's, so
 * nobody chooses what meets what. */
static uint64_t hash(struct str key)
{
    uint64_t h = key.n, piece;
    size_t i = 0;

    for (; i + sizeof piece <= key.n; i += sizeof piece) {
        memcpy(&piece, key.p + i, sizeof piece);
        h = (h ^ piece) * 0x9e3779b97f4a7c15U;
        h ^= h >> 29;
    }
    piece = 0;
    if (i < key.n)
        memcpy(&piece, key.p + i, key.n - i);
    h = (h ^ piece) * 0x9e3779b97f4a7c15U;
    return h ^ h >> 32;
}

static struct place *find(const struct marks *m, struct str key)
{
    size_t at = hash(key) & (m->room - 1);

    while (m->places[at].key.p != NULL && !str_eq(m->places[at].key, key))
        at = (at + 1) & (m->room - 1);
    return &m->places[at];
}

static struct owner *find_owner(const struct marks *m, struct str oid)
{
    size_t at = hash(oid) & (m->owner_room - 1);

    while (m->owners[at].oid.p != NULL && !str_eq(m->owners[at].oid, oid))
        at = (at + 1) & (m->owner_room - 1);
    return &m->owners[at];
}

/* Of a place "a", provider, …; of a service "s", service, provider, …; absent: nobody's in particular. */
static struct str owner_in(struct str key)
{
    struct str rest = key, part;
    int at = key.p[0] == letters[MARK_PLACE] ? 1 : key.p[0] == letters[MARK_SERVICE] ? 2 : 0;

    for (int i = 0; i <= at; i++)
        if (!str_split(&rest, SEPARATOR, &part))
            return (struct str){ NULL, 0 };
    return at > 0 ? part : (struct str){ NULL, 0 };
}

static void count_owner(struct marks *m, struct str key)
{
    struct str oid = owner_in(key);

    if (!str_is_set(oid))
        return;
    struct owner *o = find_owner(m, oid);
    if (o->oid.p == NULL) {
        o->oid = arena_str(m->places_arena, oid);
        m->owner_used++;
    }
    o->n++;
    m->owned++;
}

/* At most half full; what is past stays behind, and its kind with it. */
static void make_room(struct marks *m, int64_t now_s)
{
    const struct place *before = m->places;
    struct arena *old = m->places_arena;
    size_t n = m->room, alive = 0;
    unsigned kinds = 0;

    for (size_t i = 0; i < n; i++)
        alive += before[i].until_s > now_s;
    while (m->room < 4 * (alive + 1))
        m->room *= 2;
    m->places_arena = arena_new();
    m->places = arena_make_n(m->places_arena, m->room, struct place);
    m->used = alive;
    while (m->owner_room < 4 * (m->owner_used + 1))
        m->owner_room *= 2;
    m->owners = arena_make_n(m->places_arena, m->owner_room, struct owner);
    m->owner_used = m->owned = 0;
    for (size_t i = 0; i < n; i++) {
        if (before[i].until_s <= now_s)
            continue;
        struct str key = arena_str(m->places_arena, before[i].key);
        *find(m, key) =
            (struct place){ key, arena_str(m->places_arena, before[i].spare), before[i].at_s, before[i].until_s };
        count_owner(m, key);
        for (unsigned kind = 1; kind < MARK_COUNT; kind++)
            kinds |= key.p[0] == letters[kind] ? 1U << kind : 0;
    }
    atomic_store(&m->kinds, kinds);
    arena_free(old);
}

/* Under the lock. */
static void put(struct marks *m, struct str key, const struct mark *x, int64_t now_s)
{
    if (2 * (m->used + 1) > m->room || 2 * (m->owner_used + 1) > m->owner_room)
        make_room(m, now_s);
    struct place *at = find(m, key);
    if (at->key.p == NULL) {
        m->used++;
        at->key = arena_str(m->places_arena, key);
        count_owner(m, at->key);
    }
    if (x->at_s < at->at_s) /* a later one is known already */
        return;
    at->spare = str_eq(at->spare, x->spare) ? at->spare : arena_str(m->places_arena, x->spare);
    at->at_s = x->at_s;
    at->until_s = x->until_s > at->until_s ? x->until_s : at->until_s;
}

static bool is_crowded(const struct marks *m, struct str oid)
{
    return m->used >= MARKS_MAX ||
           (str_is_set(oid) && (m->owned >= MARKS_OF_AREAS_MAX || find_owner(m, oid)->n >= MARKS_OF_AREA_MAX));
}

/* Under the lock.  What is past leaves before anything is refused. */
static bool has_room(struct marks *m, const struct key *k, int64_t now_s)
{
    struct str key = key_str(k), oid = owner_in(key);

    if (!is_crowded(m, oid) || find(m, key)->key.p != NULL)
        return true;
    make_room(m, now_s);
    return !is_crowded(m, oid);
}

bool marks_full(struct marks *m, const struct mark *x, int64_t now_s)
{
    struct key k;

    key_of(&k, x);
    if (!k.good)
        return false;
    (void)pthread_rwlock_wrlock(&m->lock);
    bool full = !has_room(m, &k, now_s);
    (void)pthread_rwlock_unlock(&m->lock);
    return full;
}

bool marks_put(struct marks *m, const struct mark *x, int64_t now_s)
{
    struct key k, g;

    key_of(&k, x);
    if (!k.good)
        return false;
    (void)pthread_rwlock_wrlock(&m->lock);
    bool fits = has_room(m, &k, now_s);
    if (fits)
        put(m, key_str(&k), x, now_s);
    if (fits && x->kind == MARK_SERVICE) {
        key_begin(&g, gate);
        key_part(&g, x->what);
        put(m, key_str(&g), x, now_s);
    }
    if (fits)
        atomic_fetch_or(&m->kinds, 1U << x->kind);
    (void)pthread_rwlock_unlock(&m->lock);
    return fits;
}

size_t marks_count(struct marks *m)
{
    (void)pthread_rwlock_rdlock(&m->lock);
    size_t n = m->used;
    (void)pthread_rwlock_unlock(&m->lock);
    return n;
}

/* ── does one of them end this session? ─────────────────────────────────── */

/* By it: x as it was asked for. */
static bool ended_by(const struct marks *m, const struct session *s, const struct mark *x, struct mark *by)
{
    struct key k;

    key_of(&k, x);
    if (!k.good)
        return false;
    const struct place *at = find(m, key_str(&k));
    if (at->key.p == NULL || s->began_s > at->at_s || str_eq(s->sid, at->spare))
        return false;
    *by = *x;
    return true;
}

static bool ended_at(const struct marks *m, const struct session *s, const struct affiliation *a, struct mark *by)
{
    struct mark x = { .kind = MARK_PLACE, .provider_oid = a->provider_oid };

    if (ended_by(m, s, &x, by))
        return true;
    x.school = a->school_oid;
    if (!str_is_set(x.school))
        return false;
    if (ended_by(m, s, &x, by))
        return true;
    x.group = a->group;
    return str_is_set(x.group) && a->role == ROLE_LEARNER && ended_by(m, s, &x, by);
}

static bool ended_in(const struct marks *m, const struct session *s, struct str service, struct mark *by)
{
    struct mark x = { .kind = MARK_SERVICE, .what = service };
    struct key g;

    key_begin(&g, gate);
    key_part(&g, service);
    if (!g.good || find(m, key_str(&g))->key.p == NULL)
        return false;
    if (ended_by(m, s, &x, by))
        return true;
    for (size_t i = 0; i < s->person->affiliation_count; i++) {
        const struct affiliation *a = &s->person->affiliations[i];
        x.provider_oid = a->provider_oid;
        x.school = (struct str){ NULL, 0 };
        if (ended_by(m, s, &x, by))
            return true;
        x.school = a->school_oid;
        if (str_is_set(x.school) && ended_by(m, s, &x, by))
            return true;
    }
    return false;
}

/* Of an account that stands beside another: all sessions of that other's person are over but one, beside which it may
 * stand.  Who is told of it learns of no other account. */
static bool ended_beside(const struct marks *m, const struct session *s, struct mark *by)
{
    const struct session first = { .sid = s->under, .began_s = s->began_s };

    if (!str_is_set(s->beside_person) ||
        !ended_by(m, &first, &(struct mark){ .kind = MARK_PERSON, .what = s->beside_person }, by))
        return false;
    by->what = s->person->id;
    return true;
}

static bool ends_it(const struct marks *m, const struct session *s, unsigned kinds, struct mark *by)
{
    const struct person *p = s->person;

    if ((kinds & 1U << MARK_PERSON) != 0 &&
        (ended_by(m, s, &(struct mark){ .kind = MARK_PERSON, .what = p->id }, by) || ended_beside(m, s, by)))
        return true;
    if ((kinds & 1U << MARK_SESSION) != 0 && ended_by(m, s, &(struct mark){ .kind = MARK_SESSION, .what = s->sid }, by))
        return true;
    if ((kinds & 1U << MARK_IDP) != 0 &&
        (ended_by(m, s, &(struct mark){ .kind = MARK_IDP, .what = p->idp }, by) ||
         ended_by(m, s, &(struct mark){ .kind = MARK_IDP, .what = person_seen_at(p) }, by)))
        return true;
    for (size_t i = 0; (kinds & 1U << MARK_PLACE) != 0 && i < p->affiliation_count; i++)
        if (ended_at(m, s, &p->affiliations[i], by))
            return true;
    for (size_t i = 0; (kinds & 1U << MARK_SERVICE) != 0 && i < s->services.n; i++)
        if (ended_in(m, s, s->services.at[i], by))
            return true;
    return false;
}

static bool end_by(struct marks *m, const struct session *s, struct mark *by)
{
    unsigned kinds = atomic_load_explicit(&m->kinds, memory_order_relaxed);

    if (kinds == 0)
        return false;
    (void)pthread_rwlock_rdlock(&m->lock);
    bool yes = ends_it(m, s, kinds, by);
    (void)pthread_rwlock_unlock(&m->lock);
    return yes;
}

bool marks_end(struct marks *m, const struct session *s)
{
    struct mark by;

    return end_by(m, s, &by);
}

bool marks_end_by(struct marks *m, struct arena *a, const struct session *s, struct mark *by)
{
    if (!end_by(m, s, by))
        return false;
    by->what = arena_str(a, by->what);
    by->provider_oid = arena_str(a, by->provider_oid);
    by->school = arena_str(a, by->school);
    by->group = arena_str(a, by->group);
    return true;
}

/* ── does one of them end what a service was given? ─────────────────────── */

/* Ids hold no space. */
struct mark mark_consent(struct arena *a, struct str person, struct str service, int64_t at_s, int64_t until_s)
{
    return (struct mark){ .kind = MARK_CONSENT,
                          .what = arena_printf(a, "%.*s %.*s", STR_ARG(person), STR_ARG(service)),
                          .at_s = at_s,
                          .until_s = until_s };
}

bool marks_taken_back(struct marks *m, struct str person, struct str service, int64_t given_s)
{
    struct key k;

    if ((atomic_load_explicit(&m->kinds, memory_order_relaxed) & 1U << MARK_CONSENT) == 0)
        return false;
    struct arena *a = arena_new();
    const struct mark x = mark_consent(a, person, service, 0, 0);
    key_of(&k, &x);
    (void)pthread_rwlock_rdlock(&m->lock);
    const struct place *at = k.good ? find(m, key_str(&k)) : NULL;
    bool yes = at != NULL && at->key.p != NULL && given_s <= at->at_s;
    (void)pthread_rwlock_unlock(&m->lock);
    arena_free(a);
    return yes;
}
