/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/scenario/stage.h"

#include "tests/scenario/lantern.h"

#include "audit/heads.h"
#include "base/log.h"
#include "certs/signer.h"
#include "certs/signer_msg.h"
#include "gateway/farewell.h"
#include "gateway/http/listen.h"
#include "gateway/node/lane.h"
#include "gateway/node/probes.h"
#include "gateway/upstream_probe.h"
#include "gateway/vigil.h"
#include "idp-adapters/sources.h"
#include "idp-adapters/upstream.h"
#include "registry/registry.h"
#include "tests/test.h"
#include "wire/xml.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    WATCH_MS = 250,
    PATIENCE_MS = 10000,
    STEP_MS = 20,
    PAUSE_MS = 1000,
    LATE_MS = 3000, /* so long the fetcher waits for an answer */
    FDS_MAX = REDIS_DOUBLE_FDS + 3 * STAGE_LOOPS_MAX + 1
};

/* The clock. */

static int64_t wall(void *self)
{
    return atomic_load(&((struct clock_page *)self)->wall_ms);
}

static int64_t mono(void *self)
{
    return atomic_load(&((struct clock_page *)self)->mono_ms);
}

/* The same values in each run: a counter, well mixed. */
static void mixed(void *self, void *out, size_t n)
{
    struct clock_page *page = self;

    for (size_t at = 0; at < n; at += 8) {
        uint64_t x = atomic_fetch_add(&page->random, 1) * 0x9e3779b97f4a7c15u + 0x5851f42d4c957f2du;
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
        x = (x ^ x >> 27) * 0x94d049bb133111ebu;
        x ^= x >> 31;
        memcpy((char *)out + at, &x, n - at < 8 ? n - at : 8);
    }
}

int64_t stage_now_s(const struct stage *s)
{
    return world_now_s(&s->world);
}

/* The lanes. */

static void *run_lane(void *self)
{
    struct stage_lane *l = self;

    xml_thread_ready();
    if (l->stage->lane_begins != NULL)
        l->stage->lane_begins();
    while (!atomic_load(&l->stage->ends)) {
        lane_turn(l->lane, WATCH_MS);
        (void)atomic_fetch_add(&l->turns, 1);
    }
    return NULL;
}

static void pair(int fd[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) != 0)
        abort();
}

static void move_clock(struct stage *s, int64_t wall_ms, int64_t mono_ms)
{
    (void)atomic_fetch_add(&s->clock->wall_ms, wall_ms);
    (void)atomic_fetch_add(&s->clock->mono_ms, mono_ms);
}

/* The fetcher's side: what a city says. */

static bool serve_fetcher(struct stage *s, int fd)
{
    static char message[FETCH_MESSAGE_MAX_B];
    struct fetch_request r;
    struct fetch_got got = { .max_age_s = -1 };
    uint64_t id;
    ssize_t n = recv(fd, message, sizeof message, MSG_DONTWAIT);

    if (n <= 0 || !fetch_request_read(str_n(message, (size_t)n), &id, &r))
        return false;
    if (s->fetcher_silent)
        return true;
    if (r.purpose == FETCH_PROBE) {
        got.answered = true;
        got.status = 204;
    } else if (++s->fetched == s->fetch_fail_at) {
        s->fetch_failed = true;
        got.error = "timeout";
    } else {
        s->fetch(s->fetch_self, s->scratch, &r, &got);
        if (!got.answered && got.error != NULL && strcmp(got.error, "timeout") == 0)
            move_clock(s, LATE_MS, LATE_MS);
    }
    struct str answer = fetch_answer_write(s->scratch, id, &got, false);
    if (answer.p == NULL || send(fd, answer.p, answer.n, MSG_NOSIGNAL) < 0)
        abort();
    arena_reset(s->scratch);
    return true;
}

/* The line to the signer, with us in the middle. */

static bool refuse(struct stage *s, int fd, const struct signer_msg *asked)
{
    struct signer_msg answer = { .op = SIGN_ANSWER, .arg = REASON_BROKEN, .id = asked->id };
    struct str text = signer_msg_write(s->scratch, &answer);

    (void)send(fd, text.p, text.n, MSG_NOSIGNAL);
    return true;
}

static bool serve_gateway(struct stage *s, const struct stage_lane *l)
{
    static char message[SIGNER_MESSAGE_MAX_B];
    struct signer_msg m;
    ssize_t n = recv(l->gateway[1], message, sizeof message, MSG_DONTWAIT);

    if (n <= 0 || !signer_msg_read(str_n(message, (size_t)n), &m))
        return false;
    bool now = m.op != SIGN_AUDIT_HEAD && m.op != SIGN_PROBE && ++s->signer_asked == s->signer_fail_at;
    if (now)
        s->signer_failed = true;
    if (now && s->signer_fault == SIGNER_REFUSES)
        return refuse(s, l->gateway[1], &m);
    if (now && s->signer_fault == SIGNER_SILENT)
        return s->signer_silent = true;
    if (now && s->signer_fault == SIGNER_DIES) {
        nursery_kill(&s->nursery);
        nursery_start(&s->nursery);
        s->signer_waiting = 0; /* what it was asked it will be asked again */
    }
    s->signer_waiting += !s->signer_gone; /* nobody answers: nobody waits for it */
    return send(l->signer[0], message, (size_t)n, MSG_NOSIGNAL) >= 0;
}

static bool serve_signer(struct stage *s, const struct stage_lane *l)
{
    static char message[SIGNER_MESSAGE_MAX_B];
    struct signer_msg m;
    ssize_t n = recv(l->signer[0], message, sizeof message, MSG_DONTWAIT);

    if (n <= 0 || !signer_msg_read(str_n(message, (size_t)n), &m))
        return false;
    s->hellos += m.op == SIGN_HELLO;
    if (m.op == SIGN_ANSWER)
        s->signer_waiting -= s->signer_waiting > 0;
    return send(l->gateway[1], message, (size_t)n, MSG_NOSIGNAL) >= 0;
}

void stage_signer_fail_at(struct stage *s, unsigned n, enum signer_fault fault)
{
    s->signer_fail_at = s->signer_asked + n;
    s->signer_fault = fault;
    s->signer_failed = false;
}

/* Everybody's turn. */

static bool readable(const struct pollfd *p)
{
    return (p->revents & (POLLIN | POLLHUP | POLLERR)) != 0;
}

/* True: somebody of ours had something to do.  *ready: fd can be read. */
static bool turn(struct stage *s, int fd, int wait_ms, bool *ready)
{
    struct pollfd fds[FDS_MAX];
    size_t redis_n = redis_double_watch(s->redis, fds), n = redis_n;
    bool something = false;

    for (size_t i = 0; i < s->loops; i++) {
        fds[n++] = (struct pollfd){ s->lanes[i].fetcher[1], POLLIN, 0 };
        fds[n++] = (struct pollfd){ s->lanes[i].gateway[1], POLLIN, 0 };
        fds[n++] = (struct pollfd){ s->lanes[i].signer[0], POLLIN, 0 };
    }
    fds[n++] = (struct pollfd){ fd, POLLIN, 0 };
    if (poll(fds, n, wait_ms) <= 0)
        return false;
    *ready = readable(&fds[n - 1]);
    something = redis_double_serve(s->redis, fds, redis_n);
    for (size_t i = 0; i < s->loops; i++) {
        const struct pollfd *p = &fds[redis_n + 3 * i];
        something = (readable(&p[0]) && serve_fetcher(s, p[0].fd)) || something;
        something = (readable(&p[1]) && serve_gateway(s, &s->lanes[i])) || something;
        something = (readable(&p[2]) && serve_signer(s, &s->lanes[i])) || something;
    }
    return something;
}

static void wake(struct stage *s)
{
    for (size_t i = 0; i < s->loops; i++)
        loop_wake(s->lanes[i].lane->loop);
}

/* Each lane ends a turn that began after this call. */
static bool whole_turn(struct stage *s)
{
    bool something = false, ready;

    for (int round = 0; round < 2; round++) {
        unsigned before[STAGE_LOOPS_MAX];
        for (size_t i = 0; i < s->loops; i++)
            before[i] = atomic_load(&s->lanes[i].turns);
        wake(s);
        for (size_t i = 0; i < s->loops; i++)
            while (atomic_load(&s->lanes[i].turns) == before[i])
                something = turn(s, -1, 1, &ready) || something;
    }
    return turn(s, -1, 0, &ready) || something;
}

void stage_settle(struct stage *s)
{
    int64_t until_ms = world_mono_ms(&world_real) + PATIENCE_MS;

    while ((whole_turn(s) || s->signer_waiting > 0) && world_mono_ms(&world_real) < until_ms)
        ;
}

void stage_move(struct stage *s, int64_t wall_ms, int64_t mono_ms)
{
    stage_settle(s);
    move_clock(s, wall_ms, mono_ms);
    node_watch_look(s->around);
    stage_settle(s);
}

void stage_signer_ends(struct stage *s)
{
    nursery_kill(&s->nursery);
    s->signer_waiting = 0;
    s->signer_gone = true;
}

void stage_signer_restart(struct stage *s)
{
    int64_t until_ms = world_mono_ms(&world_real) + 3 * PATIENCE_MS;
    unsigned before = s->hellos;
    bool ready;

    s->signer_gone = false;
    nursery_kill(&s->nursery);
    nursery_start(&s->nursery);
    while (s->hellos < before + s->loops && world_mono_ms(&world_real) < until_ms)
        (void)turn(s, -1, STEP_MS, &ready);
    stage_settle(s);
}

static bool is_paused(const struct stage *s)
{
    for (size_t i = 0; i < s->loops; i++)
        if (pauses_waiting(s->lanes[i].lane->pauses) > 0)
            return true;
    return false;
}

/* Nobody will answer before a deadline has passed: let it pass. */
static void pass_deadlines(struct stage *s)
{
    int64_t ms = 0;

    if (redis_double_keeps_silent(s->redis))
        ms = s->set.kv_timeout_ms + 1;
    if (s->signer_silent && ms < s->set.signer_timeout_ms + 1)
        ms = s->set.signer_timeout_ms + 1;
    s->signer_silent = false;
    if (ms == 0 && (!is_paused(s) || whole_turn(s) || !is_paused(s)))
        return; /* a pause that has just ended takes no more of the clock */
    ms = ms > PAUSE_MS || !is_paused(s) ? ms : PAUSE_MS;
    (void)whole_turn(s);
    move_clock(s, ms, ms);
    wake(s);
}

bool stage_wait(struct stage *s, int fd)
{
    int64_t until_ms = world_mono_ms(&world_real) + PATIENCE_MS;

    while (world_mono_ms(&world_real) < until_ms) {
        bool ready = false;
        if (turn(s, fd, STEP_MS, &ready))
            until_ms = world_mono_ms(&world_real) + PATIENCE_MS;
        if (ready)
            return true;
        pass_deadlines(s);
    }
    return false;
}

int stage_connect(struct stage *s)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/gateway-%u", s->dir, s->connected++ % (unsigned)s->loops);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        abort();
    return fd;
}

/* Life. */

/* Making RSA keys takes longer than the rest of a scenario: they are made once, in the build folder, and copied. */
static void copy_keys(struct stage *s)
{
    struct clock_page page = { .wall_ms = ((int64_t)TEST_NOW_S - 30 * 86400) * 1000 };
    const struct world before = { &page, wall, mono, mixed, true };
    struct settings set = s->set;
    struct fail f = { 0 };
    const char *copy = arena_cstr(s->arena, arena_printf(s->arena, "cp -r -- %s %s/keys", TEST_KEYS_DIR, s->dir));

    set.keys_dir = S(TEST_KEYS_DIR);
    if (!signer_keys_prepare(&set, &before, &f) || system(copy) != 0)
        abort();
}

static struct str in_dir(struct stage *s, const char *name)
{
    return arena_printf(s->arena, "%s/%s", s->dir, name);
}

static void make_settings(struct stage *s)
{
    settings_defaults(&s->set);
    s->set.loops = (int64_t)s->loops;
    s->set.public_url = S(STAGE_URL);
    s->set.listen = arena_printf(s->arena, "unix:%s/gateway-0", s->dir);
    s->set.trusted_proxy = S("unix");
    s->set.state_dir = str_of(s->dir);
    s->set.redis = arena_printf(s->arena, "unix:%s/redis", s->dir);
}

/* In memory where there is such a place: nobody needs these files to survive a power cut. */
static const char *stage_around(void)
{
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

static void remove_dir(const char *pattern)
{
    char command[160];

    (void)snprintf(command, sizeof command, "rm -rf -- %s", pattern);
    if (system(command) != 0)
        (void)fprintf(stderr, "%s stays\n", pattern);
}

void stage_clear(pid_t pid)
{
    char pattern[96];

    (void)snprintf(pattern, sizeof pattern, "%s/digione-stage-%d-??????", stage_around(), (int)pid);
    remove_dir(pattern);
}

struct stage *stage_new(int64_t now_s, size_t loops)
{
    struct arena *a = arena_new();
    struct stage *s = arena_make(a, struct stage);
    struct fail f = { 0 };

    s->arena = a;
    s->scratch = arena_new();
    s->loops = loops < STAGE_LOOPS_MAX ? loops : STAGE_LOOPS_MAX;
    s->nursery.pipe = -1;
    s->clock = mmap(NULL, sizeof *s->clock, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)snprintf(s->dir, sizeof s->dir, "%s/digione-stage-%d-XXXXXX", stage_around(), (int)getpid());
    if (s->clock == MAP_FAILED || mkdtemp(s->dir) == NULL)
        abort();
    (void)signal(SIGPIPE, SIG_IGN);
    atomic_init(&s->clock->wall_ms, now_s * 1000);
    atomic_init(&s->clock->mono_ms, 1000000);
    s->world = (struct world){ s->clock, wall, mono, mixed, true };
    make_settings(s);
    if (!settings_check(&s->set, a, &f) || !seals_prepare(arena_cstr(a, s->set.root_secret_file), &s->world, &f))
        abort();
    copy_keys(s);
    return s;
}

bool stage_import(struct stage *s, struct str text, struct fail *f)
{
    struct arena *a = arena_new_secret();
    const struct import_how how = { .world = &s->world,
                                    .seals = seals_load(a, arena_cstr(a, s->set.root_secret_file), f),
                                    .base_dir = s->dir,
                                    .ungated = S("the script says so") };
    struct import_report report;
    struct db *d = how.seals != NULL ? registry_db_open(&s->set, DB_CREATE, f) : NULL;
    bool good = d != NULL && registry_import(d, a, text, "registry.yaml", &how, &report, f);

    db_close(d);
    arena_free(a);
    return good;
}

/* A socket for each loop, so that a script says by its order which one serves. */
static bool listen_all(struct stage *s, int *fds, struct fail *f)
{
    for (size_t i = 0; i < s->loops; i++)
        if (!listen_open(arena_printf(s->arena, "unix:%s/gateway-%zu", s->dir, i), &fds[i], 1, f))
            return false;
    return true;
}

/* The product's two tables, and a row more in each. */
static void add_lantern(struct node *n)
{
    struct route *rows = arena_make_n(n->arena, n->routes->n + 1, struct route);
    struct routes *routes = arena_make(n->arena, struct routes);
    const struct protocol **protocols = arena_make_n(n->arena, PROTO_COUNT, const struct protocol *);

    rows[0] = lantern_route; /* the last one is for what no row has */
    memcpy(rows + 1, n->routes->at, n->routes->n * sizeof *rows);
    *routes = (struct routes){ rows, n->routes->n + 1 };
    for (size_t i = 0; i < PROTO_COUNT; i++)
        protocols[i] = n->protocols[i];
    protocols[LANTERN] = &protocol_lantern;
    n->routes = routes;
    n->protocols = protocols;
}

static bool make_node(struct stage *s, int *listen_fds, struct fail *f)
{
    struct node *n = s->node = node_new(&s->set, &s->world);
    const char *audit = arena_cstr(n->arena, in_dir(s, "audit"));

    add_lantern(n);
    n->seals = seals_load(n->arena, arena_cstr(n->arena, s->set.root_secret_file), f);
    if (n->seals == NULL || !audit_dir_prepare(audit, f) || !kv_config_read(&s->set, s->arena, &s->kv, f) ||
        (s->around = node_watch_new(n, f)) == NULL || !listen_all(s, listen_fds, f) ||
        (n->audit = audit_writer_new(audit, n->world, f)) == NULL)
        return false;
    n->upstreams = upstream_store_new();
    n->sources = sources_new(&s->set, n->world);
    upstream_store_use(n->upstreams, n->sources);
    n->pool = work_pool_new((unsigned)s->set.workers);
    return true;
}

static void greet_as_fetcher(struct stage *s)
{
    struct str hello = fetch_hello_write(s->arena, 1);

    for (size_t i = 0; i < s->loops; i++)
        if (send(s->lanes[i].fetcher[1], hello.p, hello.n, MSG_NOSIGNAL) < 0)
            abort();
}

static bool is_ready(const struct stage *s)
{
    for (size_t i = 0; i < s->loops; i++)
        if (atomic_load(&s->lanes[i].lane->kv_why) != NULL || !atomic_load(&s->lanes[i].lane->signer_ok) ||
            !atomic_load(&s->lanes[i].lane->fetch_ok))
            return false;
    return true;
}

static bool wait_until_ready(struct stage *s, struct fail *f)
{
    int64_t until_ms = world_mono_ms(&world_real) + 3 * PATIENCE_MS;
    bool ready;

    while (!is_ready(s) && world_mono_ms(&world_real) < until_ms)
        (void)turn(s, -1, STEP_MS, &ready);
    stage_settle(s);
    return is_ready(s) || fail(f, FAIL_OURS, "not_ready", "the gateway did not become ready");
}

bool stage_open(struct stage *s, struct fail *f)
{
    int listen_fds[STAGE_LOOPS_MAX], signer_fds[STAGE_LOOPS_MAX];

    for (size_t i = 0; i < s->loops; i++) {
        struct stage_lane *l = &s->lanes[i];
        pair(l->fetcher);
        pair(l->gateway);
        pair(l->signer);
        signer_fds[i] = l->signer[1];
    }
    s->redis = redis_double_new(arena_cstr(s->arena, in_dir(s, "redis")), &s->world);
    nursery_open(&s->nursery, &s->set, &s->world, signer_fds, s->loops);
    nursery_start(&s->nursery);
    if (!make_node(s, listen_fds, f))
        return false;
    for (size_t i = 0; i < s->loops; i++)
        s->lanes[i].lane = lane_new(
            s->node, &(struct lane_parts){ listen_fds[i], s->lanes[i].gateway[0], s->lanes[i].fetcher[0], &s->kv });
    s->node->heads =
        audit_heads_new(s->node->lanes[0]->loop, s->node->audit, s->node->lanes[0]->audit, s->node->lanes[0]->signer);
    for (size_t i = 0; i < s->loops; i++) {
        s->lanes[i].stage = s;
        if (pthread_create(&s->lanes[i].thread, NULL, run_lane, &s->lanes[i]) != 0)
            abort();
    }
    greet_as_fetcher(s);
    return wait_until_ready(s, f);
}

static void close_fds(const struct stage *s)
{
    for (size_t i = 0; i < s->loops; i++) {
        (void)close(s->lanes[i].fetcher[0]); /* the other of the gateway's ends went with its lane */
        (void)close(s->lanes[i].fetcher[1]);
        (void)close(s->lanes[i].gateway[1]);
        (void)close(s->lanes[i].signer[0]);
        (void)close(s->lanes[i].signer[1]);
    }
}

/* What is being signed or written points into memory that goes with its asker. */
static void finish_own(struct stage *s)
{
    bool ready;

    for (size_t i = 0; i < s->loops; i++) {
        probes_stop(s->lanes[i].lane->probes); /* first: the clock moves below, and would have them ask anew */
        while (probes_busy(s->lanes[i].lane->probes)) {
            lane_turn(s->lanes[i].lane, 1);
            (void)turn(s, -1, 1, &ready);
        }
        vigil_stop(s->lanes[i].lane->vigil);
        while (vigil_busy(s->lanes[i].lane->vigil)) {
            lane_turn(s->lanes[i].lane, 1);
            (void)turn(s, -1, 1, &ready);
        }
        upstream_probes_stop(s->lanes[i].lane->upstream_probes);
        while (upstream_probes_busy(s->lanes[i].lane->upstream_probes)) {
            move_clock(s, s->set.fetch_timeout_ms + 1, s->set.fetch_timeout_ms + 1);
            lane_turn(s->lanes[i].lane, 1);
            (void)turn(s, -1, 1, &ready);
        }
        farewells_stop(s->lanes[i].lane->farewells);
        while (farewells_busy(s->lanes[i].lane->farewells)) {
            move_clock(s, s->set.fetch_timeout_ms + 1, s->set.fetch_timeout_ms + 1);
            lane_turn(s->lanes[i].lane, 1);
            (void)turn(s, -1, 1, &ready);
        }
    }
    while (audit_heads_busy(s->node->heads)) {
        lane_turn(s->lanes[0].lane, 1);
        (void)turn(s, -1, 1, &ready);
    }
}

void stage_close(struct stage *s)
{
    audit_writer_hold(s->node->audit, false);
    stage_settle(s);
    atomic_store(&s->ends, true);
    wake(s);
    for (size_t i = 0; i < s->loops; i++)
        (void)pthread_join(s->lanes[i].thread, NULL);
    finish_own(s);
    audit_heads_free(s->node->heads);
    for (size_t i = 0; i < s->loops; i++)
        lane_free(s->lanes[i].lane);
    audit_writer_free(s->node->audit);
    work_pool_free(s->node->pool);
    sources_free(s->node->sources);
    upstream_store_free(s->node->upstreams);
    node_watch_free(s->around);
    node_free(s->node);
    nursery_close(&s->nursery);
    redis_double_free(s->redis);
    close_fds(s);
    (void)munmap(s->clock, sizeof *s->clock);
    remove_dir(s->dir);
    arena_free(s->scratch);
    arena_free(s->arena);
}
