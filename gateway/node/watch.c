/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/node/watch.h"

#include "audit/audit.h"
#include "base/crypt.h"
#include "base/log.h"
#include "gateway/node/beats.h"
#include "gateway/node/readiness.h"
#include "idp-adapters/upstream.h"
#include "registry/change.h"
#include "registry/registry.h"

enum { STEP_IS_MS = 1000 };

struct node_watch {
    struct arena *arena;
    struct node *node;
    struct registry_watch *registry;
    struct db *db;
    int64_t offset_ms;  /* wall clock minus monotonic, at the last look */
    int64_t stepped_ms; /* the sum of its jumps; slewing is no jump */
    int64_t refreshed;  /* the newest order to fetch something that was passed on */
    bool untold;        /* there may be changes that the audit log does not have */
};

/* A change with more rows than this is told by its counts; `digione registry log` has the rows. */
enum { TOLD_ROWS_MAX = 200, TOLD_CHANGES_MAX = 20 };

static int64_t clock_offset(const struct world *w)
{
    return world_now_ms(w) - world_mono_ms(w);
}

static void look_at_clock(struct node_watch *w)
{
    struct node *n = w->node;
    int64_t offset = clock_offset(n->world), moved = offset - w->offset_ms;

    w->offset_ms = offset;
    if (moved > -STEP_IS_MS && moved < STEP_IS_MS)
        return;
    w->stepped_ms += moved;
    int64_t skew_ms = n->set->saml_skew_s * 1000;
    bool bad = w->stepped_ms > skew_ms || w->stepped_ms < -skew_ms;
    log_event(bad ? LOG_ERROR : LOG_WARN, "clock.stepped", LOG_N("by_ms", moved), LOG_N("in_all_ms", w->stepped_ms));
    atomic_store(&n->clock_stepped, bad);
}

/* What `digione refresh` wants fetched goes to whichever loop is free. */
static void pass_orders(struct node_watch *w, const struct registry_parts *p, bool run)
{
    int64_t newest = w->refreshed;

    for (size_t i = 0; i < p->idp_count; i++) {
        if (p->idps[i].refresh_turn <= w->refreshed)
            continue;
        newest = p->idps[i].refresh_turn > newest ? p->idps[i].refresh_turn : newest;
        if (run && w->node->upstreams != NULL)
            upstream_order(w->node->upstreams, p->idps[i].id);
    }
    w->refreshed = newest;
}

/* What changed in SQL is served within a moment; the session epoch with it. */
static void look_at_registry(struct node_watch *w)
{
    struct registry *changed;
    struct fail f = { 0 };
    int64_t epoch;

    if (!registry_poll(w->registry, &changed))
        return;
    w->untold = true;
    log_event(LOG_INFO, "registry.changed", LOG_N("version", registry_parts(changed)->version));
    registry_hold(changed);
    node_swap_registry(w->node, changed);
    pass_orders(w, registry_parts(changed), true);
    registry_drop(changed);
    if (registry_session_epoch(w->db, &epoch, &f))
        atomic_store(&w->node->session_epoch, epoch);
    else
        log_event(LOG_ERROR, "registry.epoch", LOG_C("code", f.code), LOG_C("why", f.detail));
}

/* ── changes go into the audit log, whoever made them, and while nothing ran ── */

static struct audit_event event_of(const char *event, const struct change_entry *e)
{
    return (struct audit_event){ .event = event,
                                 .change = e->number,
                                 .maker = e->maker,
                                 .who = e->who,
                                 .acting_as = e->acting_as,
                                 .area = e->area };
}

/* What does not fit into a line is named by its hash, never cut short. */
static struct str whole_or_hash(struct arena *a, struct str shown)
{
    return shown.n <= AUDIT_LONG_MAX_B
               ? shown
               : arena_printf(a, "(%zu bytes, sha256 %.*s)", shown.n, STR_ARG(sha256_hex(a, shown)));
}

static bool tell_row(struct node_watch *w, struct arena *a, const struct change_entry *e,
                     const struct change_row_shown *r)
{
    struct audit_event event = event_of("change.row", e);

    event.reason = r->sign == '+' ? S("added") : r->sign == '-' ? S("removed") : S("changed");
    event.row = r->row;
    event.before = whole_or_hash(a, r->before);
    event.after = whole_or_hash(a, r->after);
    return audit_now(w->node->audit, &event);
}

static bool tell_change(struct node_watch *w, struct db *d, struct arena *a, const struct change_entry *e,
                        struct fail *f)
{
    int64_t all = e->added + e->changed + e->removed;
    struct audit_event event = event_of("change", e);
    struct change_rows_shown rows;

    if (!change_rows(d, a, &area_nation, e->number, TOLD_ROWS_MAX, &rows, f))
        return false;
    event.why = e->why;
    event.reason = arena_printf(
        a, "added %lld, changed %lld, removed %lld%s", (long long)e->added, (long long)e->changed,
        (long long)e->removed, all > TOLD_ROWS_MAX ? "; rows after the first 200 stand in the registry's history" : "");
    if (e->undoes != 0)
        event.rule = arena_printf(a, "undoes %lld", (long long)e->undoes);
    bool good = audit_now(w->node->audit, &event);
    for (size_t i = 0; good && i < rows.n; i++)
        good = tell_row(w, a, e, &rows.at[i]);
    return good ? change_told(d, e->number, f) : fail(f, FAIL_OURS, "audit", "the audit log takes nothing");
}

/* A node that ends in the middle tells the change once more: twice is better than never. */
static void tell_changes(struct node_watch *w)
{
    struct db *d = registry_watch_db(w->registry);
    struct arena *a = arena_new();
    struct change_entries list;
    struct fail f = { 0 };
    bool good = change_list_untold(d, a, TOLD_CHANGES_MAX, &list, &f);

    for (size_t i = 0; good && i < list.n; i++)
        good = tell_change(w, d, a, &list.at[i], &f);
    if (!good)
        log_event(LOG_ERROR, "registry.untold", LOG_C("code", f.code), LOG_C("why", f.detail));
    else
        w->untold = list.n == TOLD_CHANGES_MAX;
    arena_free(a);
}

void node_watch_look(struct node_watch *w)
{
    look_at_clock(w);
    look_at_registry(w);
    beats_look(w->node, w->db);
    readiness_note(w->node);
    if (w->untold && w->node->audit != NULL && audit_writer_ok(w->node->audit))
        tell_changes(w);
}

static bool begin(struct node_watch *w, struct fail *f)
{
    struct node *n = w->node;
    int64_t epoch;

    w->registry = registry_watch_new(n->set, f);
    w->db = w->registry != NULL ? registry_db_open(n->set, DB_WRITE, f) : NULL;
    if (w->db == NULL || !beats_begin(n, w->db, &epoch, f))
        return false;
    atomic_store(&n->session_epoch, epoch);
    atomic_store(&n->registry_ok, true);
    node_swap_registry(n, registry_hold(registry_watch_now(w->registry)));
    pass_orders(w, registry_parts(registry_watch_now(w->registry)), false);
    w->offset_ms = clock_offset(n->world);
    return true;
}

struct node_watch *node_watch_new(struct node *n, struct fail *f)
{
    struct arena *a = arena_new();
    struct node_watch *w = arena_make(a, struct node_watch);

    w->arena = a;
    w->node = n;
    w->untold = true;
    if (begin(w, f))
        return w;
    node_watch_free(w);
    return NULL;
}

void node_watch_free(struct node_watch *w)
{
    if (w == NULL)
        return;
    db_close(w->db);
    registry_watch_free(w->registry);
    arena_free(w->arena);
}
