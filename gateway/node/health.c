/* SPDX-License-Identifier: EUPL-1.2
 *
 * /health/live, /health/ready and /metrics: for operators and their machines, not for the world. */
#include "audit/audit.h"
#include "gateway/node/node.h"
#include "gateway/routes.h"

#include "base/log.h"

#include <inttypes.h>

static enum step live(struct ctx *c, struct fail *f)
{
    (void)f;
    http_body(c->res, 200, S("application/json"), S("{\"live\":true}"));
    return DONE;
}

/* Every lane must see it: one loop without Redis fails one request in n. */
static bool all_lanes(const struct node *n, size_t at)
{
    for (size_t i = 0; i < n->lane_count; i++)
        if (!atomic_load((const atomic_bool *)(const void *)((const char *)n->lanes[i] + at)))
            return false;
    return true;
}

struct check {
    const char *name;
    bool ok;
};

static enum step ready(struct ctx *c, struct fail *f)
{
    const struct node *n = c->node;
    const struct check checks[] = {
        { "registry", atomic_load(&n->registry_ok) },
        { "redis", all_lanes(n, offsetof(struct lane, kv_ok)) },
        { "signer", all_lanes(n, offsetof(struct lane, signer_ok)) },
        { "fetcher", all_lanes(n, offsetof(struct lane, fetch_ok)) },
        { "audit", audit_writer_ok(n->audit) },
        { "clock", !atomic_load(&n->clock_stepped) },
        { "running", !atomic_load(&n->stopping) },
    };
    struct buf b = buf_new(c->arena, 1024);
    bool all = true;

    (void)f;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        all = all && checks[i].ok;
    buf_printf(&b, "{\"ready\":%s", all ? "true" : "false");
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        buf_printf(&b, ",\"%s\":%s", checks[i].name, checks[i].ok ? "true" : "false");
    buf_printf(&b, ",\"audit_reserve\":%s,\"sandbox\":%s}", audit_writer_on_reserve(n->audit) ? "false" : "true",
               n->sandboxed ? "true" : "false");
    http_body(c->res, all ? 200 : 503, S("application/json"), buf_str(&b));
    return DONE;
}

static enum step metrics_answer(struct ctx *c, struct fail *f)
{
    struct metrics *loops[LANES_MAX];
    struct node *n = c->node;

    (void)f;
    for (size_t i = 0; i < n->lane_count; i++)
        loops[i] = &n->lanes[i]->metrics;
    struct str extra = arena_printf(c->arena,
                                    "# TYPE digione_log_lines_dropped_total counter\n"
                                    "digione_log_lines_dropped_total %" PRIu64 "\n",
                                    log_dropped());
    http_body(c->res, 200, S("text/plain; version=0.0.4; charset=utf-8"),
              metrics_text(c->arena, n->routes, loops, n->lane_count, extra));
    return DONE;
}

const struct step_row health_live[] = { { live }, { NULL } };
const struct step_row health_ready[] = { { ready }, { NULL } };
const struct step_row metrics_show[] = { { metrics_answer }, { NULL } };
