/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static int64_t clock_ms(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t real_now(void *self)
{
    (void)self;
    return clock_ms(CLOCK_REALTIME);
}

static int64_t real_mono(void *self)
{
    (void)self;
    return clock_ms(CLOCK_MONOTONIC);
}

/* The kernel's generator: no state of ours that a fork would double, and for a few bytes cheaper than OpenSSL's. */
static void real_random(void *self, void *out, size_t n)
{
    char *at = out;

    (void)self;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            (void)fputs("{\"level\":\"error\",\"event\":\"random.failed\"}\n", stderr);
            abort();
        }
        at += got;
        n -= (size_t)got;
    }
}

const struct world world_real = { NULL, real_now, real_mono, real_random, false };

int64_t world_now_s(const struct world *w)
{
    return w->now_ms(w->self) / 1000;
}

int64_t world_now_ms(const struct world *w)
{
    return w->now_ms(w->self);
}

int64_t world_mono_ms(const struct world *w)
{
    return w->mono_ms(w->self);
}

void world_random(const struct world *w, void *out, size_t n)
{
    w->random(w->self, out, n);
}
