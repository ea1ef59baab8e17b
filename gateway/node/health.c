/* SPDX-License-Identifier: EUPL-1.2
 *
 * /health/live, /health/ready and /metrics: for operators and their machines, not for the world. */
#include "audit/audit.h"
#include "gateway/node/readiness.h"
#include "gateway/routes.h"

#include "base/log.h"

#include <inttypes.h>

static enum step live(struct ctx *c, struct fail *f)
{
    (void)f;
    http_body(c->res, 200, S("application/json"), S("{\"live\":true}"));
    return DONE;
}

/* {"ready":false,"redis":false,…,"why":{"redis":"memory"}}; a look and no try: whoever asks often costs nothing. */
static enum step ready(struct ctx *c, struct fail *f)
{
    const struct node *n = c->node;
    struct buf b = buf_new(c->arena, 2048);
    struct readiness now;
    const char *between = "";

    (void)f;
    readiness_look(n, &now);
    buf_printf(&b, "{\"ready\":%s", now.ready ? "true" : "false");
    for (size_t i = 0; i < READY_PARTS_COUNT; i++)
        buf_printf(&b, ",\"%s\":%s", ready_part_name((enum ready_part)i), now.why[i] == NULL ? "true" : "false");
    buf_printf(&b, ",\"audit_reserve\":%s,\"sandbox\":%s,\"why\":{",
               audit_writer_on_reserve(n->audit) ? "false" : "true", n->sandboxed ? "true" : "false");
    for (size_t i = 0; i < READY_PARTS_COUNT; i++)
        if (now.why[i] != NULL) {
            buf_printf(&b, "%s\"%s\":\"%s\"", between, ready_part_name((enum ready_part)i), now.why[i]);
            between = ",";
        }
    buf_add(&b, S("}}"));
    http_body(c->res, now.ready ? 200 : 503, S("application/json"), buf_str(&b));
    return DONE;
}

static struct str ready_metrics(struct ctx *c)
{
    struct buf b = buf_new(c->arena, 4096);
    struct readiness now;

    readiness_look(c->node, &now);
    buf_printf(&b,
               "# HELP digione_ready whether somebody could sign in here, as /health/ready says\n"
               "# TYPE digione_ready gauge\ndigione_ready %d\n"
               "# HELP digione_ready_part the same for each part that a sign-in needs\n"
               "# TYPE digione_ready_part gauge\n",
               now.ready);
    for (size_t i = 0; i < READY_PARTS_COUNT; i++)
        buf_printf(&b, "digione_ready_part{part=\"%s\"} %d\n", ready_part_name((enum ready_part)i), now.why[i] == NULL);
    return buf_str(&b);
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
                                    "digione_log_lines_dropped_total %" PRIu64 "\n%.*s",
                                    log_dropped(), STR_ARG(ready_metrics(c)));
    http_body(c->res, 200, S("text/plain; version=0.0.4; charset=utf-8"),
              metrics_text(c->arena, n->routes, loops, n->lane_count, extra));
    return DONE;
}

const struct step_row health_live[] = { { live }, { NULL } };
const struct step_row health_ready[] = { { ready }, { NULL } };
const struct step_row metrics_show[] = { { metrics_answer }, { NULL } };
