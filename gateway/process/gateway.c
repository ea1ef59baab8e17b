/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/process/gateway.h"

#include "audit/audit.h"
#include "audit/heads.h"
#include "audit/index.h"
#include "base/log.h"
#include "gateway/farewell.h"
#include "gateway/http/listen.h"
#include "gateway/http/server.h"
#include "gateway/node/lane.h"
#include "gateway/node/presence.h"
#include "gateway/node/probes.h"
#include "gateway/node/watch.h"
#include "gateway/post.h"
#include "gateway/process/sandbox.h"
#include "gateway/upstream_probe.h"
#include "gateway/vigil.h"
#include "idp-adapters/sources.h"
#include "idp-adapters/upstream.h"
#include "wire/xml.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { WATCH_MS = 250, PROBES_END_MS = 1500, FAREWELLS_END_MS = 2000, POST_END_MS = 1500, TURN_MS = 50 };

size_t gateway_loops(const struct settings *set)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t n = set->loops > 0 ? set->loops : online > 0 ? online : 1;

    return n < LANES_MAX ? (size_t)n : LANES_MAX;
}

/* ── the lanes, each on a thread of its own ─────────────────────────────── */

static void wake_lanes(struct node *n)
{
    for (size_t i = 0; i < n->lane_count; i++)
        loop_wake(n->lanes[i]->loop);
}

/* Lanes leave together: what one of them fetches from a city, requests of the others wait for. */
static void *run_lane(void *arg)
{
    struct lane *lane = arg;
    struct node *n = lane->node;
    int64_t until_ms = INT64_MAX;
    bool busy = true;

    (void)prctl(PR_SET_NAME, "loop"); /* what top -H and bench/ tell apart */
    xml_thread_ready();
    while (atomic_load(&n->lanes_busy) > 0 && loop_now_ms(lane->loop) < until_ms) {
        lane_turn(lane, WATCH_MS);
        if (until_ms == INT64_MAX && atomic_load(&n->stopping)) {
            server_stop(lane->server);
            until_ms = loop_now_ms(lane->loop) + GATEWAY_STOP_S * 1000;
        }
        if (busy && until_ms != INT64_MAX && server_connections(lane->server) == 0) {
            busy = false;
            if (atomic_fetch_sub(&n->lanes_busy, 1) == 1)
                wake_lanes(n);
        }
    }
    return NULL;
}

/* ── the main thread: looks around, and hears the signals ───────────────── */

struct watched {
    struct node_watch *around;
    int signals;
    struct presence *presence;
};

static void watch(struct node *n, const struct watched *w)
{
    struct pollfd p = { w->signals, POLLIN, 0 };

    while (poll(&p, 1, WATCH_MS) <= 0)
        node_watch_look(w->around);
    log_event(LOG_INFO, "gateway.stopping");
    atomic_store(&n->stopping, true);
    wake_lanes(n);
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

    atomic_store(&n->lanes_busy, n->lane_count);
    for (size_t i = 0; i < n->lane_count; i++)
        if (pthread_create(&threads[i], NULL, run_lane, n->lanes[i]) != 0)
            _exit(GATEWAY_CANNOT_START);
    log_event(LOG_INFO, "gateway.serving", LOG_S("listen", n->set->listen), LOG_S("public_url", n->set->public_url),
              LOG_N("loops", n->lane_count));
    watch(n, w);
    for (size_t i = 0; i < n->lane_count; i++)
        (void)pthread_join(threads[i], NULL);
}

static const char *audit_path(const struct node *n)
{
    return arena_cstr(n->arena, arena_join(n->arena, n->set->state_dir, S("/audit")));
}

static bool prepare(struct node *n, int *listen_fds, size_t loops, struct kv_config *kv, struct watched *w,
                    struct fail *f)
{
    return (n->seals = seals_load(n->arena, arena_cstr(n->arena, n->set->root_secret_file), f)) != NULL &&
           node_trust(n, f) && audit_dir_prepare(audit_path(n), f) && kv_config_read(n->set, n->arena, kv, f) &&
           (w->around = node_watch_new(n, f)) != NULL && listen_open(n->set->listen, listen_fds, loops, f);
}

static bool probes_ended(const struct node *n)
{
    int64_t until_ms = world_mono_ms(n->world) + PROBES_END_MS;
    bool busy = false;

    for (size_t i = 0; i < n->lane_count; i++) {
        probes_stop(n->lanes[i]->probes);
        while (probes_busy(n->lanes[i]->probes) && world_mono_ms(n->world) < until_ms)
            loop_turn(n->lanes[i]->loop, TURN_MS);
        busy = busy || probes_busy(n->lanes[i]->probes);
    }
    return !busy;
}

static bool farewells_ended(const struct node *n)
{
    int64_t until_ms = world_mono_ms(n->world) + FAREWELLS_END_MS;
    bool busy = false;

    for (size_t i = 0; i < n->lane_count; i++) {
        const struct lane *lane = n->lanes[i];
        vigil_stop(lane->vigil);
        while (vigil_busy(lane->vigil) && world_mono_ms(n->world) < until_ms)
            loop_turn(lane->loop, TURN_MS);
        upstream_probes_stop(lane->upstream_probes);
        while (upstream_probes_busy(lane->upstream_probes) && world_mono_ms(n->world) < until_ms)
            loop_turn(lane->loop, TURN_MS);
        farewells_stop(lane->farewells);
        while (farewells_busy(lane->farewells) && world_mono_ms(n->world) < until_ms)
            loop_turn(lane->loop, TURN_MS);
        busy = busy || vigil_busy(lane->vigil) || farewells_busy(lane->farewells) ||
               upstream_probes_busy(lane->upstream_probes);
    }
    return !busy;
}

/* A mail that a server takes its time for is carried once more, by whoever comes next. */
static bool post_ended(const struct node *n)
{
    int64_t until_ms = world_mono_ms(n->world) + POST_END_MS;

    post_stop(n->post);
    while (post_busy(n->post) && world_mono_ms(n->world) < until_ms)
        loop_turn(n->lanes[0]->loop, TURN_MS);
    return !post_busy(n->post);
}

/* A request that still waits (after GATEWAY_STOP_S, or because its client has gone) waits
 * for an answer that would come into freed memory: the process ends as it is. */
static void end_now_if_waiting(const struct node *n)
{
    for (size_t i = 0; i < n->lane_count; i++)
        if (server_waiting(n->lanes[i]->server) > 0) {
            log_event(LOG_WARN, "gateway.stopped_waiting");
            _exit(GATEWAY_STOPPED);
        }
    audit_heads_last(n->heads);
    if (audit_heads_busy(n->heads) || !farewells_ended(n) || !post_ended(n) || !probes_ended(n))
        _exit(GATEWAY_STOPPED);
}

static void release(struct node *n, struct watched *w)
{
    audit_heads_free(n->heads);
    post_free(n->post);
    for (size_t i = 0; i < n->lane_count; i++)
        lane_free(n->lanes[i]);
    presence_free(w->presence);
    audit_index_free(n->audit_index);
    audit_writer_free(n->audit);
    work_pool_free(n->pool);
    sources_free(n->sources);
    upstream_store_free(n->upstreams);
    node_watch_free(w->around);
    node_free(n);
    (void)close(w->signals);
}

static int cannot_start(struct node *n, struct watched *w, const struct fail *f)
{
    log_event(LOG_ERROR, "gateway.cannot_start", LOG_C("code", f->code), LOG_C("why", f->detail));
    release(n, w);
    return GATEWAY_CANNOT_START;
}

static struct post *post_of(struct node *n)
{
    struct lane *first = n->lanes[0];
    const struct post_parts parts = { .door = { n->set, n->world, n->seals, n->mails },
                                      .loop = first->loop,
                                      .fetch = first->fetch,
                                      .work = first->work,
                                      .kv = first->kv,
                                      .alarms = n->alarms };

    return post_new(&parts);
}

int gateway_main(const struct settings *set, const int *signer_fds, const int *fetch_fds, size_t loops)
{
    struct node *n = node_new(set, &world_real);
    struct fail f = { 0 };
    int listen_fds[LANES_MAX];
    struct watched w = { .signals = signals_open() };
    struct kv_config kv;

    sandbox_no_dump();
    if (!prepare(n, listen_fds, loops, &kv, &w, &f))
        return cannot_start(n, &w, &f);
    n->sandboxed = sandbox_enter(set) == SANDBOX_ON;
    /* Its thread begins inside the sandbox, like those of the lanes. */
    n->audit = audit_writer_new(audit_path(n), n->world, &f);
    if (n->audit == NULL)
        return cannot_start(n, &w, &f);
    audit_writer_keep(n->audit, set->audit_keep_days);
    n->audit_index = audit_index_new(audit_path(n), n->world, n->audit);
    if (!audit_index_start(n->audit_index))
        log_event(LOG_WARN, "audit.not_indexed", LOG_C("code", "no thread"));
    n->upstreams = upstream_store_new();
    n->sources = sources_new(set, n->world);
    upstream_store_use(n->upstreams, n->sources);
    n->pool = work_pool_new((unsigned)set->workers);
    for (size_t i = 0; i < loops; i++)
        (void)lane_new(n, &(struct lane_parts){ listen_fds[i], signer_fds[i], fetch_fds[i], &kv });
    n->heads = audit_heads_new(n->lanes[0]->loop, n->audit, n->lanes[0]->audit, n->lanes[0]->signer);
    n->post = post_of(n);
    w.presence = presence_new(n->lanes[0]);
    run(n, &w);
    presence_stop(w.presence);
    end_now_if_waiting(n);
    release(n, &w);
    log_event(LOG_INFO, "gateway.stopped");
    return GATEWAY_STOPPED;
}
