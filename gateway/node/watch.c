/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/node/watch.h"

#include "alarms/alarms.h"
#include "audit/audit.h"
#include "base/log.h"
#include "gateway/node/beats.h"
#include "gateway/node/findings.h"
#include "gateway/node/readiness.h"
#include "gateway/nodes.h"
#include "gateway/reminders.h"
#include "idp-adapters/sources.h"
#include "idp-adapters/upstream_refresh.h"
#include "idp-adapters/upstream_service.h"
#include "registry/ends.h"
#include "registry/known.h"
#include "registry/links.h"
#include "registry/registry.h"
#include "registry/shadow.h"
#include "registry/tell.h"
#include "registry/uses.h"

enum { STEP_IS_MS = 1000, KNOWN_EVERY_MS = 5000, SHADOW_EVERY_MS = 5000, PULSE_MS = 5000 };
enum { SOURCES_EVERY_MS = 2000, AHEAD_AT_ONCE = 16, AHEAD_LOOKED = 256 };

struct node_watch {
    struct arena *arena;
    struct node *node;
    struct registry_watch *registry;
    struct db *db;
    struct findings *findings;
    struct reminders *reminders;
    int64_t offset_ms;  /* wall clock minus monotonic, at the last look */
    int64_t stepped_ms; /* the sum of its jumps; slewing is no jump */
    int64_t refreshed;  /* the newest order to fetch something that was passed on */
    bool orders;        /* passed on from now */
    int64_t sources_ms; /* when it was last looked whether metadata are due */
    size_t ahead;       /* the service whose metadata come next */
    int64_t known_ms;   /* when people who signed in were last written down, by the monotonic clock */
    bool known_bad;     /* and could not be: logged once */
    int64_t shadow_ms;  /* the same of what drafts in shadow would say otherwise */
    bool shadow_bad;
    int64_t pulse_ms; /* when it was last counted what there was to do */
    bool alarms_bad;  /* the alarms could not be written: logged once */
    bool untold;      /* there may be changes that the audit log does not have */
};

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
    atomic_store(&n->stepped_ms, w->stepped_ms);
    log_event(bad ? LOG_ERROR : LOG_WARN, "clock.stepped", LOG_N("by_ms", moved), LOG_N("in_all_ms", w->stepped_ms));
    atomic_store(&n->clock_stepped, bad);
}

static void pass_order(struct node_watch *w, const char *what, struct str id, int64_t turn, int64_t *newest)
{
    struct arena *a;

    if (turn <= w->refreshed)
        return;
    *newest = turn > *newest ? turn : *newest;
    if (!w->orders || w->node->upstreams == NULL)
        return;
    a = arena_new();
    upstream_order(w->node->upstreams, arena_join(a, str_of(what), id));
    arena_free(a);
}

/* What `digione refresh` wants fetched goes to whichever loop is free. */
static void pass_orders(struct node_watch *w, const struct registry_parts *p)
{
    int64_t newest = w->refreshed;

    for (size_t i = 0; i < p->idp_count; i++)
        pass_order(w, "", p->idps[i].id, p->idps[i].refresh_turn, &newest);
    for (size_t i = 0; i < p->service_count; i++)
        pass_order(w, REFRESH_OF_SERVICE, p->services[i].id, p->services[i].refresh_turn, &newest);
    for (size_t i = 0; i < p->source_count; i++)
        pass_order(w, REFRESH_OF_SOURCE, p->sources[i].id, p->sources[i].refresh_turn, &newest);
    w->refreshed = newest;
    w->orders = true; /* those that stood there at the start were carried out by others */
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
    pass_orders(w, registry_parts(changed));
    registry_drop(changed);
    if (registry_session_epoch(w->db, &epoch, &f))
        atomic_store(&w->node->session_epoch, epoch);
    else
        log_event(LOG_ERROR, "registry.epoch", LOG_C("code", f.code), LOG_C("why", f.detail));
}

static void tell_changes(struct node_watch *w)
{
    struct fail f = { 0 };
    enum told told = teller_tell(w->node->teller, registry_watch_db(w->registry), w->node->audit, false, &f);

    if (told == TOLD_NONE)
        log_event(LOG_ERROR, "registry.untold", LOG_C("code", f.code), LOG_C("why", f.detail));
    else
        w->untold = told == TOLD_BUSY;
}

static void write_known(struct node_watch *w)
{
    struct fail f = { 0 };
    int64_t now_ms = world_mono_ms(w->node->world);

    if (now_ms < w->known_ms + KNOWN_EVERY_MS)
        return;
    w->known_ms = now_ms;
    bool good = known_write(w->node->known, world_now_s(w->node->world), &f);
    good = links_write(w->node->links, world_now_s(w->node->world), &f) && good;
    good = uses_write(w->node->uses, world_now_s(w->node->world), &f) && good;
    if (!good && !w->known_bad)
        log_event(LOG_WARN, "known.lost", LOG_C("code", f.code), LOG_C("why", f.detail));
    w->known_bad = !good;
}

static void look_at_shadow(struct node_watch *w)
{
    struct fail f = { 0 };
    int64_t now_ms = world_mono_ms(w->node->world);

    shadow_follow(w->node->shadow, w->db, registry_watch_now(w->registry), w->node->seals);
    if (now_ms < w->shadow_ms + SHADOW_EVERY_MS)
        return;
    w->shadow_ms = now_ms;
    bool good = shadow_write(w->node->shadow, world_now_s(w->node->world), &f);
    if (!good && !w->shadow_bad)
        log_event(LOG_WARN, "shadow.not_written", LOG_C("code", f.code), LOG_C("why", f.detail));
    w->shadow_bad = !good;
}

/* Metadata that were used once do not wait until somebody signs in again; a few at a time, however many there are. */
static void renew_ahead(struct node_watch *w, const struct registry_parts *p)
{
    struct arena *a = arena_new();
    struct upstream_got got;
    size_t left = AHEAD_AT_ONCE;

    for (size_t i = 0; i < p->service_count && i < AHEAD_LOOKED && left > 0; i++) {
        const struct service *s = &p->services[w->ahead++ % p->service_count];
        if (s->protocol != PROTO_SAML || !s->enabled || !upstream_service_fetched(s))
            continue;
        upstream_service_look(w->node->upstreams, a, s, &got);
        if (got.value == NULL)
            continue;
        upstream_order(w->node->upstreams, arena_join(a, S(REFRESH_AHEAD), s->id));
        left--;
    }
    arena_free(a);
}

static void look_at_sources(struct node_watch *w)
{
    int64_t now_ms = world_mono_ms(w->node->world);
    struct registry *r = registry_watch_now(w->registry);

    if (w->node->upstreams == NULL || now_ms < w->sources_ms + SOURCES_EVERY_MS)
        return;
    w->sources_ms = now_ms;
    if (w->node->sources != NULL)
        sources_look(w->node->sources, w->node->upstreams, r);
    renew_ahead(w, registry_parts(r));
}

static void note_pulse(struct node_watch *w)
{
    struct node *n = w->node;
    struct metrics *loops[LANES_MAX];
    struct pulse_sum now;
    int64_t now_ms = world_mono_ms(n->world);

    if (now_ms < w->pulse_ms + PULSE_MS)
        return;
    w->pulse_ms = now_ms;
    for (size_t i = 0; i < n->lane_count; i++)
        loops[i] = &n->lanes[i]->metrics;
    pulse_count(loops, n->lane_count, n->routes, &now);
    pulse_note(n->pulse, &now, now_ms);
}

static void write_alarms(struct node_watch *w)
{
    struct fail f = { 0 };
    bool good = alarms_write(w->node->alarms, world_now_s(w->node->world), &f);

    if (!good && !w->alarms_bad)
        log_event(LOG_WARN, "alarms.not_written", LOG_C("code", f.code), LOG_C("why", f.detail));
    w->alarms_bad = !good;
}

void node_watch_look(struct node_watch *w)
{
    look_at_clock(w);
    look_at_registry(w);
    beats_look(w->node, w->db);
    ends_look(w->node->ends);
    readiness_note(w->node);
    write_known(w);
    look_at_shadow(w);
    look_at_sources(w);
    note_pulse(w);
    findings_look(w->findings);
    reminders_look(w->reminders, registry_watch_now(w->registry), w->node->upstreams);
    write_alarms(w);
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
    pass_orders(w, registry_parts(registry_watch_now(w->registry)));
    w->offset_ms = clock_offset(n->world);
    w->findings = findings_new(w->arena, n);
    w->reminders = reminders_new(&(struct mail_door){ n->set, n->world, n->seals, n->mails }, n->alarms, n->vendors);
    write_alarms(w); /* first what is known already */
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
    reminders_free(w->reminders);
    registry_watch_free(w->registry);
    arena_free(w->arena);
}
