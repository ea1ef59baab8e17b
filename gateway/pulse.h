/* SPDX-License-Identifier: EUPL-1.2
 * gateway/pulse.h: how much there was to do within the last hour and day, and how long it took.
 *
 * Floor 6a.  Counters only grow (metrics.h); looked at every few minutes they say what was between.  Kept in memory: a
 * node that has just started says since when it counts.
 * Threads: one notes, any read.
 */
#ifndef GATEWAY_PULSE_H
#define GATEWAY_PULSE_H

#include "gateway/metrics.h"

enum { PULSE_EVERY_S = 300, PULSE_HOUR = 12, PULSE_DAY = 288 /* of these */ };

struct pulse_sum {
    uint64_t counters[METRIC_COUNT];
    uint64_t times[METRICS_BOUNDS + 1]; /* answers by how long they took, but of what is static or for machines */
    int64_t over_s;                     /* so long a time it is the sum of */
};

struct pulse;
struct pulse *pulse_new(struct arena *a); /* lives in a; freed with pulse_free() before it */
void pulse_free(struct pulse *p);
/* The counters as they stand; as often as wanted. */
void pulse_note(struct pulse *p, const struct pulse_sum *now, int64_t mono_ms);
void pulse_read(struct pulse *p, struct pulse_sum *hour, struct pulse_sum *day);

/* What all loops of a process have counted. */
void pulse_count(struct metrics *const *loops, size_t n, const struct routes *routes, struct pulse_sum *out);
/* So many milliseconds at most for that share of the answers (50, 95); 0: there were none; -1: longer than the last
 * bound. */
int64_t pulse_percentile(const uint64_t times[METRICS_BOUNDS + 1], int percent);

#endif
