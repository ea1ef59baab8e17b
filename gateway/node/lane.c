/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/node/lane.h"

#include "audit/audit.h"
#include "base/log.h"
#include "certs/signer_client.h"
#include "gateway/answer.h"
#include "gateway/farewell.h"
#include "gateway/flow.h"
#include "gateway/http/host.h"
#include "gateway/http/server.h"
#include "gateway/node/probes.h"
#include "gateway/tally.h"
#include "gateway/upstream_probe.h"
#include "gateway/vigil.h"
#include "idp-adapters/upstream_refresh.h"
#include "registry/ends.h"
#include "registry/shadow.h"
#include "wire/fetch.h"
#include "wire/kv.h"

#include <string.h>

enum { SHED_LOG_MS = 1000, HOST_LOG_MS = 60000 };

/* ── requests of one lane ───────────────────────────────────────────────── */

/* From this machine, and not on somebody's behalf: a proxy says for whom it asks. */
static bool is_operator(const struct http_request *r)
{
    bool here = str_eq(r->peer, S("unix")) || str_has_prefix(r->peer, S("127.")) || str_eq(r->peer, S("::1"));

    for (size_t i = 0; i < r->field_count; i++)
        if (str_eq_case(r->fields[i].name, S("X-Forwarded-For")) || str_eq_case(r->fields[i].name, S("Forwarded")))
            return false;
    return here && !r->forwarded;
}

/* A count that has just come is judged once: later, what it may be at the least has grown past it. */
static void judge_beat(struct lane *lane)
{
    int64_t beat = kv_beat(lane->kv);

    if (beat == atomic_load_explicit(&lane->beat, memory_order_relaxed))
        return;
    atomic_store(&lane->redis_older, beat < ends_beat_least(lane->node->ends));
    atomic_store(&lane->beat, beat);
}

/* Until the main thread has raised the epoch, and goes on from this count. */
static bool is_older(const struct lane *lane)
{
    return atomic_load_explicit(&lane->redis_older, memory_order_relaxed) &&
           kv_beat(lane->kv) < ends_beat_least(lane->node->ends);
}

/* The other line is one a minute: a proxy that hides the name is met at each request. */
static void lead_to_own_name(struct lane *lane, struct ctx *c)
{
    bool rewritten = false;
    const struct route *leads_on = c->fail.kind == FAIL_NONE ? host_leads_on(c, &rewritten) : NULL;

    if (leads_on != NULL)
        c->route = leads_on;
    if (!rewritten || loop_now_ms(lane->loop) - lane->host_logged_ms < HOST_LOG_MS)
        return;
    lane->host_logged_ms = loop_now_ms(lane->loop);
    log_event(LOG_WARN, "request.host_rewritten", LOG_S("host", c->req->host), LOG_S("public_url", c->set->public_url),
              LOG_C("mend", "let the proxy pass on the Host that the browser sends"));
}

/* What a request and a job of this lane have in common. */
static void give_parts(struct lane *lane, struct ctx *c)
{
    c->node = lane->node;
    c->registry = lane_registry(lane);
    c->kv = lane->kv;
    c->fetch = lane->fetch;
    c->signer = lane->signer;
    c->keys = signer_keys(lane->signer);
    c->pauses = lane->pauses;
    c->work = lane->work;
    c->audit = lane->audit;
    c->upstreams = lane->upstreams;
    c->people = lane->node->people;
    c->pleas = lane->node->pleas;
    c->consents = lane->node->consents;
    c->vendors = lane->node->vendors;
    c->mails = lane->node->mails;
    c->members = lane->node->members;
    c->wards = lane->node->wards;
    c->class_links = lane->node->class_links;
    c->known = lane->node->known;
    c->links = lane->node->links;
    c->uses = lane->node->uses;
    c->shadow = shadow_now(lane->node->shadow, c->registry);
    c->protocols = lane->node->protocols;
    c->metrics = &lane->metrics;
    c->session_epoch = atomic_load(&lane->node->session_epoch);
    c->ends = lane->node->ends;
    c->desk = lane->node->desk;
    c->tally = lane->node->tally;
    c->service_tally = lane->node->service_tally;
    c->floods = lane->node->floods;
    c->client_trust = lane->node->client_trust;
    c->alarms = lane->node->alarms;
    c->nodes = lane->node->nodes;
    c->audit_index = lane->node->audit_index;
    c->seals = lane->node->seals;
    c->farewells = lane->farewells;
    c->vigil = lane->vigil;
    c->tracing = &lane->traced;
    c->no_trial_key_s = &lane->no_trial_key_s;
}

static bool begin_job(void *self, struct ctx *c)
{
    give_parts(self, c);
    return c->registry != NULL;
}

static void end_job(void *self, struct ctx *c)
{
    (void)self;
    shadow_drop(c->shadow);
    registry_drop(c->registry);
}

static void begin(void *self, struct ctx *c)
{
    struct lane *lane = self;

    give_parts(lane, c);
    c->knew = ends_known(c->ends, c->arena, c->now_s);
    c->lang = answer_lang(c);
    c->variety = answer_variety(c);
    answer_take_code(c);
    if (c->route != NULL && c->route->door == DOOR_OPS && !is_operator(c->req)) {
        c->route = NULL;
        (void)fail(&c->fail, FAIL_NOT_FOUND, "not_found", "the path is not for the world");
    }
    lead_to_own_name(lane, c);
    judge_beat(lane);
    if (is_older(lane) && c->route != NULL && c->route->door != DOOR_OPS)
        (void)fail(&c->fail, FAIL_OURS, "temporarily_unavailable",
                   "Redis is an older copy; its sessions are being ended");
    if (c->registry == NULL && c->route != NULL && c->route->door != DOOR_OPS)
        (void)fail(&c->fail, FAIL_OURS, "temporarily_unavailable", "no registry is loaded");
}

static void failed(void *self, struct ctx *c)
{
    (void)self;
    if (c->service != NULL && (c->fail.kind == FAIL_CALLER || c->fail.kind == FAIL_CLIENT_AUTH))
        tally_add(c->service_tally, c->service->id, str_of(c->fail.code), c->now_s);
    answer_failure(c, flow_answer_failure);
    flow_leave_failure(c);
}

static void finish(void *self, struct ctx *c)
{
    (void)self;
    answer_finish(c);
}

static void end(void *self, struct ctx *c, int64_t took_ms)
{
    struct lane *lane = self;

    trace_note(c);
    metrics_request(&lane->metrics, route_index(c->routes, c->route), c->res->status, took_ms);
    tally_add(c->service_tally, c->older_key_of, S(TALLY_IDP_OLDER), c->now_s);
    shadow_drop(c->shadow);
    registry_drop(c->registry);
    log_event(LOG_DEBUG, "request.answered", LOG_C("support_code", c->support_code),
              LOG_S("path", c->route != NULL ? str_of(c->route->path) : S("-")), LOG_N("status", c->res->status),
              LOG_N("took_ms", took_ms));
}

/* One line each, but a flood of connections gets one line a second. */
static bool refused(void *self, int status, const char *rule, const char *code, struct str peer)
{
    struct lane *lane = self;
    bool shed = status == 503;

    metrics_add(&lane->metrics, shed                           ? METRIC_refused_shed
                                : strcmp(rule, "timeout") == 0 ? METRIC_refused_time
                                                               : METRIC_refused_framing);
    if (shed && loop_now_ms(lane->loop) - lane->shed_logged_ms < SHED_LOG_MS)
        return false;
    if (shed)
        lane->shed_logged_ms = loop_now_ms(lane->loop);
    return log_event(shed ? LOG_WARN : LOG_INFO, "request.refused", LOG_C("support_code", code), LOG_C("rule", rule),
                     LOG_N("status", status), LOG_S("peer", peer));
}

static struct str refusal_page(void *self, struct arena *a, struct str header, int status, const char *code)
{
    const struct lane *lane = self;

    return answer_refusal(a, lane->node->set, header, status, code, world_now_s(lane->node->world));
}

/* `digione refresh`: with the registry of this moment. */
static void refresh_idp(void *self, struct str idp)
{
    struct lane *lane = self;
    struct registry *r = lane_registry(lane);

    if (r != NULL)
        upstream_refresh(lane->upstreams, r, idp);
    registry_drop(r);
}

/* ── the lane ───────────────────────────────────────────────────────────── */

struct lane *lane_new(struct node *n, const struct lane_parts *parts)
{
    struct loop *l = loop_new(n->world);
    struct lane *lane = node_lane(n, l);
    bool https = str_has_prefix(n->set->public_url, S("https://"));
    const struct server_hooks hooks = {
        lane, begin, failed, finish, end, refused, refusal_page, answer_fixed_headers(n->arena, https), n->routes,
    };

    lane->pauses = pauses_new(l);
    lane->work = work_new(n->pool, l);
    struct kv_config kv = *parts->kv;
    kv.beat = n->beat_of;
    lane->kv = kv_new(l, n->world, &kv);
    lane->signer = signer_new(l, n->set, parts->signer_fd);
    lane->fetch = fetch_new(l, n->world, parts->fetcher_fd);
    lane->upstreams = upstreams_new(n->upstreams, l, lane->fetch, n->world, n->set);
    upstreams_on_order(lane->upstreams, refresh_idp, lane);
    lane->audit = audit_new(n->audit, l);
    atomic_store(&lane->kv_why, "starting");
    lane->probes = probes_new(lane);
    lane->farewells = farewells_new(l, n->world, n->set, &(struct farewell_hooks){ lane, begin_job, end_job });
    lane->vigil = vigil_new(l, n->world, n->set, &(struct farewell_hooks){ lane, begin_job, end_job });
    if (n->lanes[0] == lane)
        lane->upstream_probes =
            upstream_probes_new(l, n->world, n->set, &(struct farewell_hooks){ lane, begin_job, end_job });
    lane->server = server_new(l, n->world, n->set, parts->listen_fd, &hooks);
    return lane;
}

void lane_free(struct lane *lane)
{
    pauses_free(lane->pauses);
    lane->pauses = NULL;
    server_free(lane->server);
    vigil_free(lane->vigil);
    upstream_probes_free(lane->upstream_probes);
    farewells_free(lane->farewells);
    upstreams_free(lane->upstreams);
    fetch_free(lane->fetch);
    signer_free(lane->signer);
    audit_free(lane->audit);
    probes_free(lane->probes);
    kv_free(lane->kv);
    work_free(lane->work);
    loop_free(lane->loop);
}

static void note_health(struct lane *lane)
{
    judge_beat(lane);
    bool greeted = signer_keys(lane->signer) != NULL && fetch_ready(lane->fetch);
    const char *kv_why = is_older(lane) ? "older" : kv_accepts(lane->kv) ? NULL : kv_trouble(lane->kv);

    if (greeted && !lane->greeted)
        probes_now(lane->probes);
    lane->greeted = greeted;
    atomic_store_explicit(&lane->turned_ms, loop_now_ms(lane->loop), memory_order_relaxed);
    atomic_store_explicit(&lane->kv_why, kv_why, memory_order_relaxed);
    atomic_store_explicit(&lane->signer_ok, signer_keys(lane->signer) != NULL, memory_order_relaxed);
    atomic_store_explicit(&lane->fetch_ok, fetch_ready(lane->fetch), memory_order_relaxed);
    atomic_store_explicit(&lane->metrics.connections, server_connections(lane->server), memory_order_relaxed);
}

void lane_turn(struct lane *lane, int64_t max_wait_ms)
{
    server_turn(lane->server, max_wait_ms);
    note_health(lane);
}
