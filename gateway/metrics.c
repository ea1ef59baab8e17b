/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/metrics.h"

#include "gateway/routes.h"

#include <inttypes.h>

static const int64_t bounds_ms[METRICS_BOUNDS] = { METRICS_BOUNDS_MS };

enum { TEXT_MAX_B = 1 << 20 };

/* One writer per cell: a plain load and store, without a locked instruction. */
static void add(metric_cell *cell, uint64_t n)
{
    atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + n, memory_order_relaxed);
}

static uint64_t get(const metric_cell *cell)
{
    return atomic_load_explicit(cell, memory_order_relaxed);
}

void metrics_add(struct metrics *m, enum metric which)
{
    if (m != NULL)
        add(&m->counters[which], 1);
}

void metrics_request(struct metrics *m, size_t route, int status, int64_t took_ms)
{
    size_t bucket = 0, row = route < METRICS_ROUTES_MAX ? route : METRICS_ROUTES_MAX;
    size_t hundreds = status >= 100 && status < 600 ? (size_t)status / 100 : 0;

    while (bucket < METRICS_BOUNDS && took_ms > bounds_ms[bucket])
        bucket++;
    add(&m->times[row][bucket], 1);
    add(&m->time_ms[row], took_ms > 0 ? (uint64_t)took_ms : 0);
    add(&m->statuses[hundreds], 1);
}

static void put_counters(struct buf *b, struct metrics *const *loops, size_t n)
{
    static const struct {
        const char *name, *help;
    } rows[] = {
#define X(counter, help) { #counter, help },
        METRICS_COUNTERS(X)
#undef X
    };

    for (size_t i = 0; i < METRIC_COUNT; i++) {
        uint64_t sum = 0;
        for (size_t l = 0; l < n; l++)
            sum += get(&loops[l]->counters[i]);
        buf_printf(b, "# HELP digione_%s_total %s\n# TYPE digione_%s_total counter\ndigione_%s_total %" PRIu64 "\n",
                   rows[i].name, rows[i].help, rows[i].name, rows[i].name, sum);
    }
}

static void put_route(struct buf *b, size_t row, const char *method, const char *path, struct metrics *const *loops,
                      size_t n)
{
    uint64_t upto = 0, ms = 0;

    for (size_t i = 0; i <= METRICS_BOUNDS; i++) {
        for (size_t l = 0; l < n; l++)
            upto += get(&loops[l]->times[row][i]);
        buf_printf(b, "digione_request_seconds_bucket{method=\"%s\",path=\"%s\",le=\"", method, path);
        if (i < METRICS_BOUNDS)
            buf_printf(b, "%" PRId64 ".%03d\"} %" PRIu64 "\n", bounds_ms[i] / 1000, (int)(bounds_ms[i] % 1000), upto);
        else
            buf_printf(b, "+Inf\"} %" PRIu64 "\n", upto);
    }
    for (size_t l = 0; l < n; l++)
        ms += get(&loops[l]->time_ms[row]);
    buf_printf(b, "digione_request_seconds_sum{method=\"%s\",path=\"%s\"} %" PRIu64 ".%03u\n", method, path, ms / 1000,
               (unsigned)(ms % 1000));
    buf_printf(b, "digione_request_seconds_count{method=\"%s\",path=\"%s\"} %" PRIu64 "\n", method, path, upto);
}

static void put_statuses(struct buf *b, struct metrics *const *loops, size_t n)
{
    uint64_t open = 0;

    buf_add(b, S("# HELP digione_answers_total answers by class of status\n# TYPE digione_answers_total counter\n"));
    for (size_t i = 1; i < METRICS_STATUSES; i++) {
        uint64_t sum = 0;
        for (size_t l = 0; l < n; l++)
            sum += get(&loops[l]->statuses[i]);
        buf_printf(b, "digione_answers_total{status=\"%zuxx\"} %" PRIu64 "\n", i, sum);
    }
    for (size_t l = 0; l < n; l++)
        open += get(&loops[l]->connections);
    buf_printf(b,
               "# HELP digione_connections open connections\n# TYPE digione_connections gauge\n"
               "digione_connections %" PRIu64 "\n",
               open);
}

struct str metrics_text(struct arena *a, const struct routes *routes, struct metrics *const *loops, size_t n,
                        struct str extra)
{
    struct buf b = buf_new(a, TEXT_MAX_B);

    put_counters(&b, loops, n);
    put_statuses(&b, loops, n);
    buf_add(&b, S("# HELP digione_request_seconds time from a whole header to the end of the answer\n"
                  "# TYPE digione_request_seconds histogram\n"));
    for (size_t i = 0; i < routes->n && i < METRICS_ROUTES_MAX; i++)
        put_route(&b, i, route_method(&routes->at[i]), routes->at[i].path, loops, n);
    put_route(&b, METRICS_ROUTES_MAX, "-", "-", loops, n);
    buf_add(&b, extra);
    return buf_str(&b);
}
