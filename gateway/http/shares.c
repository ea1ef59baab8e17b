/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/http/shares.h"

#include <arpa/inet.h>
#include <string.h>

enum { KEY_B = sizeof(struct in6_addr), MAPPED_B = 12 };

static const unsigned char mapped[MAPPED_B] = { [10] = 0xff, [11] = 0xff };

struct queue_of_places {
    struct place *first, *last;
};

struct share {
    unsigned char key[KEY_B + 1]; /* the circle, and as much of the address as counts */
    struct share *next;           /* in its bucket, or of the free */
    size_t taken, body_B;
    struct queue_of_places queues[STANDINGS];
};

struct shares {
    struct arena *arena;
    uint64_t seed;
    size_t most[CIRCLES], body_most_B[CIRCLE_ALL];
    struct share all, *free, **buckets;
    size_t bucket_n;
};

static size_t part(size_t of, size_t parts)
{
    return of / parts > 0 ? of / parts : 1;
}

struct shares *shares_new(struct arena *a, uint64_t seed, size_t places_max, size_t bodies_max_B)
{
    struct shares *s = arena_make(a, struct shares);

    *s = (struct shares){
        .arena = a,
        .seed = seed,
        .most = { part(places_max, SHARE_OF_ADDRESS), part(places_max, SHARE_OF_NETWORK), places_max },
        .body_most_B = { bodies_max_B / SHARE_OF_ADDRESS, bodies_max_B / SHARE_OF_NETWORK },
    };
    s->bucket_n = 64;
    while (s->bucket_n < 2 * places_max)
        s->bucket_n *= 2;
    s->buckets = arena_make_n(a, s->bucket_n, struct share *);
    return s;
}

/* ── finding the circle of an address ───────────────────────────────────── */

static void make_key(enum circle circle, const struct in6_addr *whose, unsigned char key[KEY_B + 1])
{
    bool v4 = memcmp(whose->s6_addr, mapped, MAPPED_B) == 0;
    size_t keep = circle == CIRCLE_ADDRESS ? (v4 ? KEY_B : 8) : (v4 ? KEY_B - 1 : 6);

    memset(key, 0, KEY_B + 1);
    key[0] = (unsigned char)circle;
    memcpy(key + 1, whose->s6_addr, keep);
}

static struct share **bucket_of(struct shares *s, const unsigned char key[KEY_B + 1])
{
    return &s->buckets[str_hash(str_n(key, KEY_B + 1), s->seed) >> 16 & (s->bucket_n - 1)];
}

static struct share *find(struct shares *s, enum circle circle, const struct in6_addr *whose)
{
    unsigned char key[KEY_B + 1];

    if (circle == CIRCLE_ALL)
        return &s->all;
    make_key(circle, whose, key);
    struct share **bucket = bucket_of(s, key), *share = *bucket;
    while (share != NULL && memcmp(share->key, key, sizeof key) != 0)
        share = share->next;
    if (share != NULL)
        return share;
    share = s->free != NULL ? s->free : arena_make(s->arena, struct share);
    s->free = share == s->free ? share->next : s->free;
    *share = (struct share){ .next = *bucket };
    memcpy(share->key, key, sizeof key);
    *bucket = share;
    return share;
}

static void forget(struct shares *s, struct share *share)
{
    struct share **at;

    if (share->taken > 0 || share == &s->all)
        return;
    for (at = bucket_of(s, share->key); *at != share; at = &(*at)->next)
        ;
    *at = share->next;
    share->next = s->free;
    s->free = share;
}

/* ── queues ─────────────────────────────────────────────────────────────── */

static void leave_queue(struct place *p, int circle)
{
    struct queue_of_places *q = &p->in[circle]->queues[p->standing];

    *(p->prev[circle] != NULL ? &p->prev[circle]->next[circle] : &q->first) = p->next[circle];
    *(p->next[circle] != NULL ? &p->next[circle]->prev[circle] : &q->last) = p->prev[circle];
    p->next[circle] = p->prev[circle] = NULL;
}

static void join_queue(struct place *p, int circle)
{
    struct queue_of_places *q = &p->in[circle]->queues[p->standing];

    p->prev[circle] = q->last;
    *(q->last != NULL ? &q->last->next[circle] : &q->first) = p;
    q->last = p;
}

void shares_stand(struct place *p, enum standing standing)
{
    for (int c = 0; c < CIRCLES; c++)
        if (p->in[c] != NULL)
            leave_queue(p, c);
    p->standing = standing;
    for (int c = 0; c < CIRCLES; c++)
        if (p->in[c] != NULL)
            join_queue(p, c);
}

static struct place *oldest(const struct share *share)
{
    return share->queues[STANDING_SILENT].first;
}

struct place *shares_oldest(struct shares *s)
{
    return oldest(&s->all);
}

/* ── taking and leaving ─────────────────────────────────────────────────── */

bool shares_take(struct shares *s, struct place *p, const struct in6_addr *whose, struct place **instead)
{
    struct share *wanted[CIRCLES] = { NULL };

    *instead = NULL;
    for (int c = whose != NULL ? CIRCLE_ADDRESS : CIRCLE_ALL; c < CIRCLES; c++) {
        if (p->in[c] != NULL)
            continue;
        wanted[c] = find(s, (enum circle)c, whose);
        if (wanted[c]->taken >= s->most[c]) {
            *instead = oldest(wanted[c]);
            for (int done = 0; done <= c; done++)
                if (wanted[done] != NULL)
                    forget(s, wanted[done]);
            return false;
        }
    }
    for (int c = 0; c < CIRCLES; c++)
        if (wanted[c] != NULL) {
            p->in[c] = wanted[c];
            p->in[c]->taken++;
            join_queue(p, c);
        }
    return true;
}

static void leave(struct shares *s, struct place *p, int circle)
{
    struct share *share = p->in[circle];

    if (share == NULL)
        return;
    leave_queue(p, circle);
    p->in[circle] = NULL;
    share->taken--;
    share->body_B -= p->body_B;
    forget(s, share);
}

void shares_leave_address(struct shares *s, struct place *p)
{
    leave(s, p, CIRCLE_ADDRESS);
    leave(s, p, CIRCLE_NETWORK);
    p->body_B = 0;
}

void shares_leave(struct shares *s, struct place *p)
{
    shares_leave_address(s, p);
    leave(s, p, CIRCLE_ALL);
}

bool shares_count(struct shares *s, struct place *p, size_t more_B)
{
    for (int c = 0; c < CIRCLE_ALL; c++)
        if (p->in[c] != NULL && more_B > s->body_most_B[c] - p->in[c]->body_B)
            return false;
    for (int c = 0; c < CIRCLE_ALL; c++)
        if (p->in[c] != NULL)
            p->in[c]->body_B += more_B;
    p->body_B += p->in[CIRCLE_ADDRESS] != NULL ? more_B : 0;
    return true;
}

bool shares_address(struct str text, struct in6_addr *out)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr v4;

    if (text.n == 0 || text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    if (inet_pton(AF_INET6, copy, out) == 1)
        return true;
    if (inet_pton(AF_INET, copy, &v4) != 1)
        return false;
    memcpy(out->s6_addr, mapped, MAPPED_B);
    memcpy(out->s6_addr + MAPPED_B, &v4, sizeof v4);
    return true;
}
