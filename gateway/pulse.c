/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/pulse.h"

#include <pthread.h>
#include <string.h>

static const int64_t bounds_ms[METRICS_BOUNDS] = { METRICS_BOUNDS_MS };

struct look {
    struct pulse_sum at; /* counters as they stood */
    int64_t mono_ms;
};

struct pulse {
    pthread_mutex_t lock;
    struct look looks[PULSE_DAY + 1]; /* a ring: the oldest is overwritten */
    size_t n, next;
    struct look last; /* the present one */
};

struct pulse *pulse_new(struct arena *a)
{
    struct pulse *p = arena_make(a, struct pulse);

    (void)pthread_mutex_init(&p->lock, NULL);
    return p;
}

void pulse_free(struct pulse *p)
{
    if (p != NULL)
        (void)pthread_mutex_destroy(&p->lock);
}

static const struct look *nth_back(const struct pulse *p, size_t back)
{
    return &p->looks[(p->next + PULSE_DAY + 1 - 1 - back) % (PULSE_DAY + 1)];
}

void pulse_note(struct pulse *p, const struct pulse_sum *now, int64_t mono_ms)
{
    (void)pthread_mutex_lock(&p->lock);
    p->last = (struct look){ *now, mono_ms };
    if (p->n == 0 || mono_ms - nth_back(p, 0)->mono_ms >= PULSE_EVERY_S * 1000) {
        p->looks[p->next] = p->last;
        p->next = (p->next + 1) % (PULSE_DAY + 1);
        p->n += p->n < PULSE_DAY + 1;
    }
    (void)pthread_mutex_unlock(&p->lock);
}

static void since(const struct pulse *p, size_t back, struct pulse_sum *out)
{
    *out = (struct pulse_sum){ .over_s = 0 };
    if (p->n == 0)
        return;
    const struct look *from = nth_back(p, back < p->n ? back : p->n - 1);
    for (size_t i = 0; i < METRIC_COUNT; i++)
        out->counters[i] = p->last.at.counters[i] - from->at.counters[i];
    for (size_t i = 0; i <= METRICS_BOUNDS; i++)
        out->times[i] = p->last.at.times[i] - from->at.times[i];
    out->over_s = (p->last.mono_ms - from->mono_ms) / 1000;
}

void pulse_read(struct pulse *p, struct pulse_sum *hour, struct pulse_sum *day)
{
    (void)pthread_mutex_lock(&p->lock);
    since(p, PULSE_HOUR - 1, hour);
    since(p, PULSE_DAY, day);
    (void)pthread_mutex_unlock(&p->lock);
}

static uint64_t get(const metric_cell *cell)
{
    return atomic_load_explicit(cell, memory_order_relaxed);
}

static bool is_of_people(const struct route *r)
{
    return r->door != DOOR_OPS && strncmp(r->path, "/static", 7) != 0;
}

void pulse_count(struct metrics *const *loops, size_t n, const struct routes *routes, struct pulse_sum *out)
{
    *out = (struct pulse_sum){ .over_s = 0 };
    for (size_t l = 0; l < n; l++) {
        for (size_t i = 0; i < METRIC_COUNT; i++)
            out->counters[i] += get(&loops[l]->counters[i]);
        for (size_t r = 0; r < routes->n && r < METRICS_ROUTES_MAX; r++)
            for (size_t i = 0; is_of_people(&routes->at[r]) && i <= METRICS_BOUNDS; i++)
                out->times[i] += get(&loops[l]->times[r][i]);
    }
}

int64_t pulse_percentile(const uint64_t times[METRICS_BOUNDS + 1], int percent)
{
    uint64_t all = 0, upto = 0;

    for (size_t i = 0; i <= METRICS_BOUNDS; i++)
        all += times[i];
    if (all == 0)
        return 0;
    for (size_t i = 0; i < METRICS_BOUNDS; i++) {
        upto += times[i];
        if (upto * 100 >= all * (uint64_t)percent)
            return bounds_ms[i];
    }
    return -1;
}
