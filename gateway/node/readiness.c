/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/node/readiness.h"

#include "audit/audit.h"
#include "base/log.h"
#include "gateway/node/probes.h"

#include <string.h>

enum { STUCK_MS = 5000 };

static const char *const names[] = {
#define X(part) #part,
    READY_PARTS(X)
#undef X
};

const char *ready_part_name(enum ready_part part)
{
    return names[part];
}

static const char *probed_why(const struct probed *p, int64_t now_ms)
{
    const char *why = atomic_load(&p->why);

    return why != NULL ? why : now_ms - atomic_load(&p->good_ms) > PROBE_OLD_MS ? "silent" : NULL;
}

static void add(struct readiness *r, enum ready_part part, const char *why)
{
    if (r->why[part] == NULL)
        r->why[part] = why;
    r->ready = r->ready && why == NULL;
}

/* Every lane must be well: one loop without Redis fails one request in n. */
static void look_at_lane(const struct lane *l, int64_t now_ms, struct readiness *r)
{
    const char *signer = atomic_load(&l->signer_ok) ? probed_why(&l->signer_probed, now_ms) : "away";
    const char *fetcher = atomic_load(&l->fetch_ok) ? probed_why(&l->fetcher_probed, now_ms) : "away";

    add(r, READY_redis, atomic_load(&l->kv_why));
    add(r, READY_signer, signer);
    add(r, READY_fetcher, fetcher);
    add(r, READY_audit, probed_why(&l->audit_probed, now_ms));
    add(r, READY_loops, now_ms - atomic_load(&l->turned_ms) > STUCK_MS ? "stuck" : NULL);
}

void readiness_look(const struct node *n, struct readiness *out)
{
    int64_t now_ms = world_mono_ms(n->world);

    *out = (struct readiness){ .ready = true };
    add(out, READY_registry,
        !atomic_load(&n->registry_ok)      ? "not_loaded"
        : !atomic_load(&n->registry_leads) ? "no_idp"
                                           : NULL);
    for (size_t i = 0; i < n->lane_count; i++)
        look_at_lane(n->lanes[i], now_ms, out);
    if (n->audit != NULL && !audit_writer_ok(n->audit))
        add(out, READY_audit, "disk");
    add(out, READY_clock, atomic_load(&n->clock_stepped) ? "stepped" : NULL);
    add(out, READY_running, atomic_load(&n->stopping) ? "stopping" : NULL);
}

struct str readiness_text(struct arena *a, const struct readiness *r)
{
    struct buf b = buf_new(a, NODE_SAID_B - 1);

    for (size_t i = 0; i < READY_PARTS_COUNT; i++)
        if (r->why[i] != NULL)
            buf_printf(&b, "%s%s %s", b.n > 0 ? ", " : "", names[i], r->why[i]);
    return buf_str(&b);
}

/* A node that starts lacks everything for a moment: no alarm. */
void readiness_note(struct node *n)
{
    struct arena *a = arena_new();
    struct readiness now;

    readiness_look(n, &now);
    struct str text = readiness_text(a, &now);
    bool same = str_eq(text, str_of(n->said)) && (n->has_been_ready || !now.ready);
    if (!same && now.ready)
        log_event(LOG_INFO, "node.ready");
    else if (!same)
        log_event(n->has_been_ready ? LOG_ERROR : LOG_INFO, "node.unready", LOG_S("why", text));
    n->has_been_ready = n->has_been_ready || now.ready;
    memcpy(n->said, text.p, text.n);
    n->said[text.n] = '\0';
    arena_free(a);
}
