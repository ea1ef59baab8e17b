/* SPDX-License-Identifier: EUPL-1.2
 * base/world.h: the only doors to time and randomness; tests replace both.
 *
 * Floor 0.  A struct world is passed in (ctx->world); nothing calls time() or
 * reads random bytes elsewhere.  The process ends when randomness fails.
 */
#ifndef BASE_WORLD_H
#define BASE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world {
    void *self;
    int64_t (*now_ms)(void *self);  /* wall clock, Unix time in milliseconds */
    int64_t (*mono_ms)(void *self); /* never steps back; for deadlines */
    void (*random)(void *self, void *out, size_t n);
    bool leaps; /* its clock is moved by hand: a leap is no sign that a loop stood still */
};

extern const struct world world_real;

int64_t world_now_s(const struct world *w);
int64_t world_now_ms(const struct world *w);
int64_t world_mono_ms(const struct world *w);
void world_random(const struct world *w, void *out, size_t n);

#endif
