/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/flood.h"

#include <pthread.h>

enum { US_PER_S = 1000000, US_PER_MS = 1000 };

struct bucket {
    uint64_t whose;   /* a hash that nobody outside can foresee */
    int64_t empty_us; /* when it will have run dry */
};

struct floods {
    pthread_mutex_t lock;
    const struct world *world;
    uint64_t seed;
    struct bucket sets[FLOOD_SETS][FLOOD_WAYS];
};

struct floods *floods_new(struct arena *a, const struct world *w)
{
    struct floods *x = arena_make(a, struct floods);

    x->world = w;
    world_random(w, &x->seed, sizeof x->seed);
    (void)pthread_mutex_init(&x->lock, NULL);
    return x;
}

void floods_free(struct floods *x)
{
    if (x != NULL)
        (void)pthread_mutex_destroy(&x->lock);
}

/* Its own; else, where one is to be filled, the one of its set that runs dry first.  The lock is held. */
static struct bucket *bucket_of(struct floods *x, struct str whose, bool fills)
{
    uint64_t hash = str_hash(whose, x->seed);
    struct bucket *set = x->sets[hash % FLOOD_SETS], *dry = &set[0];

    for (int i = 0; i < FLOOD_WAYS; i++) {
        if (set[i].whose == hash)
            return &set[i];
        if (set[i].empty_us < dry->empty_us)
            dry = &set[i];
    }
    if (!fills)
        return NULL;
    *dry = (struct bucket){ .whose = hash };
    return dry;
}

static bool look(struct floods *x, struct str whose, int64_t per_s, bool fills)
{
    int64_t now_us = world_mono_ms(x->world) * US_PER_MS, each_us = US_PER_S / per_s;

    (void)pthread_mutex_lock(&x->lock);
    struct bucket *b = bucket_of(x, whose, fills);
    int64_t from_us = b != NULL && b->empty_us > now_us ? b->empty_us : now_us;
    bool room = from_us + each_us - now_us <= (int64_t)FLOOD_BURST_S * US_PER_S;
    if (room && fills)
        b->empty_us = from_us + each_us;
    (void)pthread_mutex_unlock(&x->lock);
    return room;
}

bool flood_take(struct floods *x, struct str whose, int64_t per_s)
{
    return look(x, whose, per_s, true);
}

bool flood_has_room(struct floods *x, struct str whose, int64_t per_s)
{
    return look(x, whose, per_s, false);
}
