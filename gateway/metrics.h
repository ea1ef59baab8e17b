/* SPDX-License-Identifier: EUPL-1.2
 * gateway/metrics.h: counters of each loop, and their sum as Prometheus text.
 *
 * Floor 6a.  A loop adds to its own struct, without locks; whoever answers
 * /metrics reads them all.  Names of routes and outcomes only: no person, no
 * address, no identifier ever becomes a label.
 */
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

#include "base/arena.h"
#include "gateway/routes.h"

#include <stdatomic.h>

/* Upper bounds in milliseconds; one more bucket takes the rest. */
#define METRICS_BOUNDS_MS 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000
enum { METRICS_BOUNDS = 12, METRICS_ROUTES_MAX = 384, METRICS_STATUSES = 6 };

/* What is counted besides requests.
 *    counter               help */
#define METRICS_COUNTERS(X)                                                                                            \
    X(refused_framing, "requests refused by the framing guard")                                                        \
    X(refused_time, "requests that were not complete in time")                                                         \
    X(refused_shed, "connections and requests answered 503 for lack of room")                                          \
    X(sign_ins, "sessions begun")                                                                                      \
    X(sign_outs, "sessions ended by their person")                                                                     \
    X(services_opened, "answers given to services")                                                                    \
    X(farewells_heard, "services that were told of the end of a session")                                              \
    X(farewells_taken, "of them, taken up that another process had left behind")                                       \
    X(farewells_lost, "services that could not be told of the end of a session")                                       \
    X(denied, "openings that policy denied")                                                                           \
    X(probes_good, "sign-ins with test accounts of cities that got through")                                           \
    X(probes_failed, "sign-ins with test accounts of cities that did not")                                             \
    X(policy_failed, "decisions denied since a policy that forbids could not be evaluated")

enum metric {
#define X(counter, help) METRIC_##counter,
    METRICS_COUNTERS(X)
#undef X
        METRIC_COUNT
};

typedef atomic_uint_fast64_t metric_cell;

struct metrics { /* one per loop; zeroed */
    metric_cell counters[METRIC_COUNT];
    metric_cell times[METRICS_ROUTES_MAX + 1][METRICS_BOUNDS + 1]; /* the last route: no such path */
    metric_cell time_ms[METRICS_ROUTES_MAX + 1];
    metric_cell statuses[METRICS_STATUSES]; /* by first digit */
    metric_cell connections;                /* open now */
};

void metrics_add(struct metrics *m, enum metric which);                             /* NULL counts nothing */
void metrics_request(struct metrics *m, size_t route, int status, int64_t took_ms); /* route: its place in the table */

/* The sum over n loops.  extra: further lines, complete; may be absent. */
struct str metrics_text(struct arena *a, const struct routes *routes, struct metrics *const *loops, size_t n,
                        struct str extra);

#endif
