/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/gateway.h"

#include "base/log.h"
#include "certs/signer_client.h"
#include "gateway/answer.h"
#include "gateway/audit/heads.h"
#include "gateway/flow.h"
#include "gateway/listen.h"
#include "gateway/node.h"
#include "gateway/process/sandbox.h"
#include "gateway/registry/registry.h"
#include "gateway/server.h"
#include "idp-adapters/upstream.h"
#include "wire/fetch.h"
#include "wire/kv.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { WATCH_MS = 250, SHED_LOG_MS = 1000, STEP_IS_MS = 1000 };

size_t gateway_loops(const struct settings *set)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t n = set->loops > 0 ? set->loops : online > 0 ? online : 1;

    return n < LANES_MAX ? (size_t)n : LANES_MAX;
}

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

static void begin(void *self, struct ctx *c)
{
    struct lane *lane = self;

    c->node = lane->node;
    c->registry = lane_registry(lane);
    c->kv = lane->kv;
    c->fetch = lane->fetch;
    c->signer = lane->signer;
    c->keys = signer_keys(lane->signer);
    c->work = lane->work;
    c->audit = lane->audit;
    c->upstreams = lane->upstreams;
    c->seals = lane->node->seals;
    c->lang = answer_lang(c);
    if (c->route != NULL && c->route->door == DOOR_OPS && !is_operator(c->req)) {
        c->route = NULL;
        (void)fail(&c->fail, FAIL_NOT_FOUND, "not_found", "the path is not for the world");
    }
    if (c->registry == NULL && c->route != NULL && c->route->door == DOOR_PUBLIC)
        (void)fail(&c->fail, FAIL_OURS, "temporarily_unavailable", "no registry is loaded");
}

static void failed(void *self, struct ctx *c)
{
    (void)self;
    answer_failure(c, flow_answer_failure);
}

static void finish(void *self, struct ctx *c)
{
    (void)self;
    answer_finish(c);
}

static void end(void *self, struct ctx *c, int64_t took_ms)
{
    struct lane *lane = self;

    metrics_request(&lane->metrics, route_index(c->route), c->res->status, took_ms);
    registry_drop(c->registry);
    log_event(LOG_DEBUG, "request.answered", LOG_C("support_code", c->support_code),
              LOG_S("path", c->route != NULL ? str_of(c->route->path) : S("-")), LOG_N("status", c->res->status),
              LOG_N("took_ms", took_ms));
}

/* One line each, but a flood of connections gets one line a second. */
static void refused(void *self, int status, const char *rule, const char *code, struct str peer)
{
    struct lane *lane = self;
    bool shed = strcmp(rule, "shed") == 0;

    metrics_add(&lane->metrics, shed                           ? METRIC_refused_shed
                                : strcmp(rule, "timeout") == 0 ? METRIC_refused_time
                                                               : METRIC_refused_framing);
    if (shed && loop_now_ms(lane->loop) - lane->shed_logged_ms < SHED_LOG_MS)
        return;
    if (shed)
        lane->shed_logged_ms = loop_now_ms(lane->loop);
    log_event(shed ? LOG_WARN : LOG_INFO, "request.refused", LOG_C("support_code", code), LOG_C("rule", rule),
              LOG_N("status", status), LOG_S("peer", peer));
}

/* ── lanes ──────────────────────────────────────────────────────────────── */

struct lane_fds {
    int listening, signer, fetcher;
};

static void make_lane(struct node *n, const struct lane_fds *fds, const struct kv_config *kv)
{
    struct loop *l = loop_new(n->world);
    struct lane *lane = node_lane(n, l);
    bool https = str_has_prefix(n->set->public_url, S("https://"));
    const struct server_hooks hooks = {
        lane, begin, failed, finish, end, refused, answer_fixed_headers(n->arena, https),
    };

    lane->work = work_new(n->pool, l);
    lane->kv = kv_new(l, n->world, kv);
    lane->signer = signer_new(l, n->set, fds->signer);
    lane->fetch = fetch_new(l, n->world, fds->fetcher);
    lane->upstreams = upstreams_new(n->upstreams, l, lane->fetch, n->world, n->set);
    lane->audit = audit_new(n->audit, l);
    lane->server = server_new(l, n->world, n->set, fds->listening, &hooks);
}

static void free_lane(struct lane *lane)
{
    server_free(lane->server);
    upstreams_free(lane->upstreams);
    fetch_free(lane->fetch);
    signer_free(lane->signer);
    audit_free(lane->audit);
    kv_free(lane->kv);
    work_free(lane->work);
    loop_free(lane->loop);
}

static void note_health(struct lane *lane)
{
    atomic_store_explicit(&lane->kv_ok, kv_ready(lane->kv), memory_order_relaxed);
    atomic_store_explicit(&lane->signer_ok, signer_keys(lane->signer) != NULL, memory_order_relaxed);
    atomic_store_explicit(&lane->fetch_ok, fetch_ready(lane->fetch), memory_order_relaxed);
    atomic_store_explicit(&lane->metrics.connections, server_connections(lane->server), memory_order_relaxed);
}

static void *run_lane(void *arg)
{
    struct lane *lane = arg;
    int64_t until_ms = INT64_MAX;

    while (loop_now_ms(lane->loop) < until_ms) {
        server_turn(lane->server, WATCH_MS);
        note_health(lane);
        if (until_ms == INT64_MAX && atomic_load(&lane->node->stopping)) {
            server_stop(lane->server);
            until_ms = loop_now_ms(lane->loop) + GATEWAY_STOP_S * 1000;
        }
        if (until_ms != INT64_MAX && server_connections(lane->server) == 0)
            break;
    }
    return NULL;
}

/* ── the main thread: watches the clock, the registry and the signals ───── */

struct clock_watch {
    int64_t offset_ms;  /* wall clock minus monotonic, at the last look */
    int64_t stepped_ms; /* the sum of its jumps; slewing is no jump */
};

static int64_t clock_offset(const struct world *w)
{
    return world_now_ms(w) - world_mono_ms(w);
}

static void watch_clock(struct node *n, struct clock_watch *c)
{
    int64_t offset = clock_offset(n->world), moved = offset - c->offset_ms;

    c->offset_ms = offset;
    if (moved > -STEP_IS_MS && moved < STEP_IS_MS)
        return;
    c->stepped_ms += moved;
    int64_t skew_ms = n->set->saml_skew_s * 1000;
    bool bad = c->stepped_ms > skew_ms || c->stepped_ms < -skew_ms;
    log_event(bad ? LOG_ERROR : LOG_WARN, "clock.stepped", LOG_N("by_ms", moved), LOG_N("in_all_ms", c->stepped_ms));
    atomic_store(&n->clock_stepped, bad);
}

/* What changed in SQL is served within a moment; the session epoch with it. */
static void watch_registry(struct node *n, struct registry_watch *w, struct db *db)
{
    struct registry *changed;
    struct fail f = { 0 };
    int64_t epoch;

    if (!registry_poll(w, &changed))
        return;
    log_event(LOG_INFO, "registry.changed", LOG_N("version", registry_parts(changed)->version));
    node_swap_registry(n, changed);
    if (registry_session_epoch(db, &epoch, &f))
        atomic_store(&n->session_epoch, epoch);
    else
        log_event(LOG_ERROR, "registry.epoch", LOG_C("code", f.code), LOG_C("why", f.detail));
}

struct watched {
    struct registry_watch *registry;
    struct db *db;
    int signals;
};

static void watch(struct node *n, const struct watched *w)
{
    struct clock_watch clock = { clock_offset(n->world), 0 };
    struct pollfd p = { w->signals, POLLIN, 0 };

    while (poll(&p, 1, WATCH_MS) <= 0) {
        watch_clock(n, &clock);
        watch_registry(n, w->registry, w->db);
    }
    log_event(LOG_INFO, "gateway.stopping");
    atomic_store(&n->stopping, true);
    for (size_t i = 0; i < n->lane_count; i++)
        loop_wake(n->lanes[i]->loop);
}

static int signals_open(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void run(struct node *n, const struct watched *w)
{
    pthread_t threads[LANES_MAX];

    for (size_t i = 0; i < n->lane_count; i++)
        if (pthread_create(&threads[i], NULL, run_lane, n->lanes[i]) != 0)
            _exit(GATEWAY_CANNOT_START);
    log_event(LOG_INFO, "gateway.serving", LOG_S("listen", n->set->listen), LOG_S("public_url", n->set->public_url),
              LOG_N("loops", n->lane_count));
    watch(n, w);
    for (size_t i = 0; i < n->lane_count; i++)
        (void)pthread_join(threads[i], NULL);
}

static bool open_registry(struct node *n, struct watched *w, struct fail *f)
{
    int64_t epoch;

    w->registry = registry_watch_new(n->set, f);
    w->db = w->registry != NULL ? registry_db_open(n->set, DB_WRITE, f) : NULL;
    if (w->db == NULL || !registry_session_epoch(w->db, &epoch, f))
        return false;
    atomic_store(&n->session_epoch, epoch);
    atomic_store(&n->registry_ok, true);
    node_swap_registry(n, registry_hold(registry_watch_now(w->registry)));
    return true;
}

static const char *audit_path(const struct node *n)
{
    return arena_cstr(n->arena, arena_join(n->arena, n->set->state_dir, S("/audit")));
}

static bool prepare(struct node *n, int *listen_fds, size_t loops, struct kv_config *kv, struct watched *w,
                    struct fail *f)
{
    return (n->seals = seals_load(n->arena, arena_cstr(n->arena, n->set->root_secret_file), f)) != NULL &&
           audit_dir_prepare(audit_path(n), f) && kv_config_read(n->set, n->arena, kv, f) && open_registry(n, w, f) &&
           listen_open(n->set->listen, listen_fds, loops, f);
}

/* A request that still waits after GATEWAY_STOP_S waits for an answer that would come
 * into freed memory: the process ends as it is. */
static void end_now_if_waiting(const struct node *n)
{
    for (size_t i = 0; i < n->lane_count; i++)
        if (server_waiting(n->lanes[i]->server) > 0) {
            log_event(LOG_WARN, "gateway.stopped_waiting");
            _exit(GATEWAY_STOPPED);
        }
    if (audit_heads_busy(n->heads))
        _exit(GATEWAY_STOPPED);
}

static void release(struct node *n, struct watched *w)
{
    audit_heads_free(n->heads);
    for (size_t i = 0; i < n->lane_count; i++)
        free_lane(n->lanes[i]);
    audit_writer_free(n->audit);
    work_pool_free(n->pool);
    upstream_store_free(n->upstreams);
    db_close(w->db);
    registry_watch_free(w->registry);
    node_free(n);
    (void)close(w->signals);
}

static int cannot_start(struct node *n, struct watched *w, const struct fail *f)
{
    log_event(LOG_ERROR, "gateway.cannot_start", LOG_C("code", f->code), LOG_C("why", f->detail));
    release(n, w);
    return GATEWAY_CANNOT_START;
}

int gateway_main(const struct settings *set, const int *signer_fds, const int *fetch_fds, size_t loops)
{
    struct node *n = node_new(set, &world_real);
    struct fail f = { 0 };
    int listen_fds[LANES_MAX];
    struct watched w = { NULL, NULL, signals_open() };
    struct kv_config kv;

    sandbox_no_dump();
    if (!prepare(n, listen_fds, loops, &kv, &w, &f))
        return cannot_start(n, &w, &f);
    n->sandboxed = sandbox_enter(set) == SANDBOX_ON;
    /* Its thread begins inside the sandbox, like those of the lanes. */
    n->audit = audit_writer_new(audit_path(n), n->world, &f);
    if (n->audit == NULL)
        return cannot_start(n, &w, &f);
    n->upstreams = upstream_store_new();
    n->pool = work_pool_new((unsigned)set->workers);
    for (size_t i = 0; i < loops; i++)
        make_lane(n, &(struct lane_fds){ listen_fds[i], signer_fds[i], fetch_fds[i] }, &kv);
    n->heads = audit_heads_new(n->lanes[0]->loop, n->audit, n->lanes[0]->audit, n->lanes[0]->signer);
    run(n, &w);
    end_now_if_waiting(n);
    release(n, &w);
    log_event(LOG_INFO, "gateway.stopped");
    return GATEWAY_STOPPED;
}
