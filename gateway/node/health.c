/* SPDX-License-Identifier: EUPL-1.2
 *
 * /health/live, /health/ready and /metrics: for operators and their machines, not for the world. */
#include "alarms/alarms.h"
#include "audit/audit.h"
#include "gateway/node/readiness.h"
#include "gateway/routes.h"
#include "registry/shadow.h"
#include "wire/kv.h"

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
    /* As the loop that answers sees it. */
    const struct kv_seen redis = kv_seen(c->kv);
    buf_printf(&b, ",\"redis_primary\":\"%.*s\",\"redis_replicas\":\"%s\"", STR_ARG(redis.primary),
               kv_guard_name(redis.guard));
    buf_printf(&b, ",\"audit_reserve\":%s,\"sandbox\":%s,\"shadow_runs\":%zu,\"why\":{",
               audit_writer_on_reserve(n->audit) ? "false" : "true", n->sandboxed ? "true" : "false",
               shadow_sums(n->shadow).runs);
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

/* As the loop that answers sees it; the others are where their own requests go. */
static struct str redis_metrics(struct ctx *c)
{
    const struct kv_seen now = kv_seen(c->kv);
    struct buf b = buf_new(c->arena, 4096);

    buf_printf(&b,
               "# HELP digione_redis_primary whether the Redis that is the primary is connected, by address and epoch\n"
               "# TYPE digione_redis_primary gauge\ndigione_redis_primary{address=\"%.*s\",epoch=\"%.*s\"} %d\n"
               "# HELP digione_redis_since_seconds when that epoch was first seen\n"
               "# TYPE digione_redis_since_seconds gauge\ndigione_redis_since_seconds %" PRId64 "\n",
               STR_ARG(now.primary), STR_ARG(kv_epoch(c->kv)), now.ready, kv_since_s(c->kv));
    buf_printf(&b,
               "# HELP digione_redis_replicas replicas that the primary has\n"
               "# TYPE digione_redis_replicas gauge\ndigione_redis_replicas %" PRId64 "\n"
               "# HELP digione_redis_guard whether replicas confirm what is written (redis_wait_replicas)\n"
               "# TYPE digione_redis_guard gauge\n",
               now.replicas);
    for (int g = KV_GUARD_OFF; g <= KV_GUARD_ALONE; g++)
        buf_printf(&b, "digione_redis_guard{state=\"%s\"} %d\n", kv_guard_name((enum kv_guard)g),
                   now.guard == (enum kv_guard)g);
    buf_printf(&b,
               "# HELP digione_redis_switches_total how often another Redis became the primary, or it began anew\n"
               "# TYPE digione_redis_switches_total counter\ndigione_redis_switches_total %" PRIu64 "\n"
               "# HELP digione_redis_sentinels sentinels of the settings, and how many of them answer\n"
               "# TYPE digione_redis_sentinels gauge\ndigione_redis_sentinels{which=\"all\"} %zu\n"
               "digione_redis_sentinels{which=\"answer\"} %zu\n",
               now.switches, now.sentinels, now.sentinels_well);
    return buf_str(&b);
}

/* Every code, with 0 where nothing is: a rule that looks for a line finds one. */
static struct str alarm_metrics(struct ctx *c)
{
    struct buf b = buf_new(c->arena, 16384);
    struct alarms_sum sum;

    alarms_sum(c->node->alarms, c->now_s, &sum);
    buf_add(&b, S("# HELP digione_alarm alarms that stand and that nobody has acknowledged, by code\n"
                  "# TYPE digione_alarm gauge\n"));
    for (int i = ALARM_NONE + 1; i < ALARM_COUNT; i++) {
        const struct alarm_row *row = alarm_row((enum alarm_code)i);
        buf_printf(&b, "digione_alarm{code=\"%s\",severity=\"%s\"} %" PRIu64 "\n", row->code,
                   alarm_severity_name(row->severity), sum.open[i]);
    }
    buf_add(&b, S("# HELP digione_alarms_raised_total alarms raised since the start, by code\n"
                  "# TYPE digione_alarms_raised_total counter\n"));
    for (int i = ALARM_NONE + 1; i < ALARM_COUNT; i++)
        buf_printf(&b, "digione_alarms_raised_total{code=\"%s\"} %" PRIu64 "\n", alarm_row((enum alarm_code)i)->code,
                   sum.raised[i]);
    buf_printf(&b,
               "# HELP digione_alarms_lost_total alarms that found no room, or made some before anybody had seen them\n"
               "# TYPE digione_alarms_lost_total counter\ndigione_alarms_lost_total %" PRIu64 "\n",
               sum.lost);
    return buf_str(&b);
}

static struct str shadow_metrics(struct ctx *c)
{
    const struct shadow_sums sums = shadow_sums(c->node->shadow);

    return arena_printf(c->arena,
                        "# HELP digione_shadow_runs drafts that are asked beside what is in force\n"
                        "# TYPE digione_shadow_runs gauge\ndigione_shadow_runs %zu\n"
                        "# HELP digione_shadow_compared_total decisions in which one was asked\n"
                        "# TYPE digione_shadow_compared_total counter\ndigione_shadow_compared_total %" PRIu64 "\n"
                        "# HELP digione_shadow_differ_total those in which it said otherwise\n"
                        "# TYPE digione_shadow_differ_total counter\ndigione_shadow_differ_total %" PRIu64 "\n",
                        sums.runs, sums.compared, sums.differ);
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
                                    "digione_log_lines_dropped_total %" PRIu64 "\n%.*s%.*s%.*s%.*s",
                                    log_dropped(), STR_ARG(ready_metrics(c)), STR_ARG(redis_metrics(c)),
                                    STR_ARG(alarm_metrics(c)), STR_ARG(shadow_metrics(c)));
    http_body(c->res, 200, S("text/plain; version=0.0.4; charset=utf-8"),
              metrics_text(c->arena, n->routes, loops, n->lane_count, extra));
    return DONE;
}

const struct step_row health_live[] = { { live }, { NULL } };
const struct step_row health_ready[] = { { ready }, { NULL } };
const struct step_row metrics_show[] = { { metrics_answer }, { NULL } };
