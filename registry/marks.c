/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/marks.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* A key is a letter and its parts, each behind a unit separator; a part that has one itself names nobody. */
enum { ROOM_FIRST = 256, SEPARATOR = 0x1f, CLOCKS_S = 10 };
static const char letters[MARK_COUNT] = {
    [MARK_PERSON] = 'p',  [MARK_IDP] = 'i',     [MARK_PLACE] = 'a', [MARK_SERVICE] = 's',
    [MARK_CONSENT] = 'c', [MARK_SESSION] = 'o', [MARK_WARD] = 'w'
};
/* "Some mark speaks of this service": most services of a session need not be asked about further. */
static const char gate = 'g';

struct place {
    struct str key; /* absent: free */
    struct str spare;
    int64_t at_s, until_s;
    uint64_t maker;
    int64_t turn;
};

struct maker {   /* of marks that are not past, and the last of them that is known here */
    uint64_t id; /* 0: free */
    int64_t turn, at_s;
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
    uint64_t self;
    int64_t turn; /* of self, the last */
    struct maker makers[MARK_MAKERS_MAX];
    atomic_int_fast64_t newest_s; /* of all of them: a session that begins later has nothing to note */
};

struct key {
    char at[MARK_KEY_MAX_B];
    size_t n;
    bool good;
};

struct marks *marks_new(uint64_t self)
{
    struct arena *a = arena_new();
    struct marks *m = arena_make(a, struct marks);

    m->arena = a;
    m->self = self;
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
        struct place *at = find(m, key);
        *at = before[i];
        at->key = key;
        at->spare = arena_str(m->places_arena, before[i].spare);
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
    bool is_new = at->key.p == NULL;
    if (is_new) {
        m->used++;
        at->key = arena_str(m->places_arena, key);
        count_owner(m, at->key);
    }
    struct mark both = *x;
    const struct mark there = {
        .spare = at->spare, .at_s = at->at_s, .until_s = at->until_s, .maker = at->maker, .turn = at->turn
    };
    if (!is_new)
        mark_join(&both, &there);
    at->spare = str_eq(at->spare, both.spare) ? at->spare : arena_str(m->places_arena, both.spare);
    at->at_s = both.at_s;
    at->until_s = both.until_s;
    at->maker = both.maker;
    at->turn = both.turn;
}

/* Of two makers, whose clocks may differ, a session that knows one may have begun before the other's: nobody knows
 * both, and who was spared by one was not by the other. */
void mark_join(struct mark *x, const struct mark *there)
{
    bool apart = x->at_s - there->at_s >= CLOCKS_S || there->at_s - x->at_s >= CLOCKS_S;
    bool later = x->maker == there->maker && x->maker != 0 ? x->turn >= there->turn : x->at_s >= there->at_s;

    if (x->maker == there->maker || apart) {
        x->spare = later ? x->spare : there->spare;
        x->turn = later ? x->turn : there->turn;
        x->maker = later ? x->maker : there->maker;
    } else {
        x->spare = str_eq(x->spare, there->spare) ? x->spare : (struct str){ NULL, 0 };
        x->maker = 0;
        x->turn = 0;
    }
    x->at_s = there->at_s > x->at_s ? there->at_s : x->at_s;
    x->until_s = there->until_s > x->until_s ? there->until_s : x->until_s;
}

/* Under the lock.  Where all places are of makers whose marks are not past, this one is not noted: what it marks ends
 * whoever begins in its second. */
static void note_maker(struct marks *m, const struct mark *x, int64_t now_s)
{
    struct maker *room = NULL;

    for (size_t i = 0; i < MARK_MAKERS_MAX; i++) {
        struct maker *one = &m->makers[i];
        if (one->id == x->maker) {
            room = one;
            break;
        }
        if (room == NULL && (one->id == 0 || one->at_s < now_s))
            room = one;
    }
    if (x->maker == 0 || room == NULL || x->at_s < now_s)
        return;
    if (room->id != x->maker)
        *room = (struct maker){ .id = x->maker };
    room->turn = x->turn > room->turn ? x->turn : room->turn;
    room->at_s = x->at_s > room->at_s ? x->at_s : room->at_s;
    if (x->at_s > atomic_load(&m->newest_s))
        atomic_store(&m->newest_s, x->at_s);
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

static bool put_one(struct marks *m, struct mark *x, bool ours, int64_t now_s)
{
    struct key k, g;

    key_of(&k, x);
    if (!k.good)
        return false;
    (void)pthread_rwlock_wrlock(&m->lock);
    bool fits = has_room(m, &k, now_s);
    if (fits && ours) {
        x->maker = m->self;
        x->turn = ++m->turn;
    }
    if (fits)
        put(m, key_str(&k), x, now_s);
    if (fits && x->kind == MARK_SERVICE) {
        key_begin(&g, gate);
        key_part(&g, x->what);
        put(m, key_str(&g), x, now_s);
    }
    if (fits)
        atomic_fetch_or(&m->kinds, 1U << x->kind);
    if (fits)
        note_maker(m, x, now_s);
    (void)pthread_rwlock_unlock(&m->lock);
    return fits;
}

bool marks_put(struct marks *m, const struct mark *x, int64_t now_s)
{
    struct mark copy = *x;

    return put_one(m, &copy, false, now_s);
}

bool marks_make(struct marks *m, struct mark *x, int64_t now_s)
{
    return put_one(m, x, true, now_s);
}

/* A maker and its turn, and a space behind each. */
struct str marks_known(struct marks *m, struct arena *a, int64_t now_s)
{
    if (atomic_load(&m->newest_s) < now_s)
        return (struct str){ NULL, 0 };
    struct buf out = buf_new(a, MARK_KNEW_MAX_B);
    (void)pthread_rwlock_rdlock(&m->lock);
    for (size_t i = 0; i < MARK_MAKERS_MAX; i++)
        if (m->makers[i].id != 0 && m->makers[i].at_s >= now_s)
            buf_add(&out, arena_printf(a, "%016" PRIx64 "-%" PRId64 " ", m->makers[i].id, m->makers[i].turn));
    (void)pthread_rwlock_unlock(&m->lock);
    return out.n > 0 && buf_ok(&out) ? buf_str(&out) : (struct str){ NULL, 0 };
}

/* What was noted in any other form knows nothing. */
static bool knows(struct str knew, uint64_t maker, int64_t turn)
{
    enum { MAKER_HEX = 16 };
    char wanted[MAKER_HEX + 2];
    struct str one;
    int64_t last;

    if (maker == 0)
        return false;
    (void)snprintf(wanted, sizeof wanted, "%016" PRIx64 "-", maker);
    while (str_split(&knew, ' ', &one))
        if (str_eq(str_sub(one, 0, MAKER_HEX + 1), str_of(wanted)) &&
            str_int(str_sub(one, MAKER_HEX + 1, one.n), &last))
            return turn <= last;
    return false;
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
    if (at->key.p == NULL || s->began_s > at->at_s || str_eq(s->sid, at->spare) || knows(s->knew, at->maker, at->turn))
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
    const struct session first = { .sid = s->under, .began_s = s->began_s, .knew = s->knew };

    if (!str_is_set(s->beside_person) ||
        !ended_by(m, &first, &(struct mark){ .kind = MARK_PERSON, .what = s->beside_person }, by))
        return false;
    by->what = s->person->id;
    return true;
}

/* By key alone, since a session is asked about up to sixteen children. */
static bool ended_with(const struct marks *m, const struct session *s, const struct acting *child, struct mark *by)
{
    const struct str parts[] = { child->provider_oid, child->child, s->person->subject };
    enum { PARTS = sizeof parts / sizeof *parts };
    char what[MARK_KEY_MAX_B];
    size_t n = 0;

    for (size_t i = 0; i < PARTS; i++) {
        if (!str_is_set(parts[i]) || parts[i].n + 1 > sizeof what - n)
            return false;
        if (i > 0)
            what[n++] = ' ';
        memcpy(what + n, parts[i].p, parts[i].n);
        n += parts[i].n;
        if (ended_by(m, s, &(struct mark){ .kind = MARK_WARD, .what = str_n(what, n) }, by)) {
            by->what = parts[0]; /* who is told of it learns of no child */
            return true;
        }
    }
    return false;
}

static bool ended_for(const struct marks *m, const struct session *s, struct mark *by)
{
    if (person_acts(s->person) && ended_with(m, s, &s->person->acting, by))
        return true;
    for (size_t i = 0; i < s->ward_count; i++)
        if (ended_with(m, s, &s->wards[i], by))
            return true;
    return false;
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
    if ((kinds & 1U << MARK_WARD) != 0 && ended_for(m, s, by))
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

struct mark mark_ward(struct arena *a, struct str provider_oid, struct str child, struct str guardian, int64_t at_s,
                      int64_t until_s)
{
    struct str what = str_is_set(guardian)
                          ? arena_printf(a, "%.*s %.*s %.*s", STR_ARG(provider_oid), STR_ARG(child), STR_ARG(guardian))
                      : str_is_set(child) ? arena_printf(a, "%.*s %.*s", STR_ARG(provider_oid), STR_ARG(child))
                                          : provider_oid;

    return (struct mark){ .kind = MARK_WARD, .what = what, .at_s = at_s, .until_s = until_s };
}

bool marks_taken_back(struct marks *m, struct str person, struct str service, int64_t given_s, struct str knew)
{
    struct key k;

    if ((atomic_load_explicit(&m->kinds, memory_order_relaxed) & 1U << MARK_CONSENT) == 0)
        return false;
    struct arena *a = arena_new();
    const struct mark x = mark_consent(a, person, service, 0, 0);
    key_of(&k, &x);
    (void)pthread_rwlock_rdlock(&m->lock);
    const struct place *at = k.good ? find(m, key_str(&k)) : NULL;
    bool yes = at != NULL && at->key.p != NULL && given_s <= at->at_s && !knows(knew, at->maker, at->turn);
    (void)pthread_rwlock_unlock(&m->lock);
    arena_free(a);
    return yes;
}
