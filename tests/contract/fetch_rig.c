/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/fetch_rig.h"

#include "gateway/process/fetcher.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void rig_answered(struct batch *b)
{
    (void)b;
}

void start_fetcher(struct rig *g)
{
    g->fetcher = fork();
    if (g->fetcher != 0)
        return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(fetcher_main(&g->set, &g->fds[1], 1));
}

void kill_fetcher(struct rig *g)
{
    (void)kill(g->fetcher, SIGKILL);
    (void)waitpid(g->fetcher, NULL, 0);
}

static void until_ready(struct rig *g)
{
    int64_t end_ms = world_mono_ms(&world_real) + 20000;

    while (!fetch_ready(g->fetch) && world_mono_ms(&world_real) < end_ms)
        loop_turn(g->loop, 50);
}

void wait_for(struct test *t, struct rig *g)
{
    int64_t end_ms = world_mono_ms(&world_real) + 60000;

    while (g->batch.pending > 0 && world_mono_ms(&world_real) < end_ms)
        loop_turn(g->loop, 50);
    CHECK_INT(g->batch.pending, 0);
}

void rig_new(struct test *t, struct rig *g)
{
    struct settings set;

    settings_defaults(&set);
    rig_with(t, g, &set);
}

void rig_with(struct test *t, struct rig *g, const struct settings *set)
{
    *g = (struct rig){ .batch = { 0, rig_answered }, .set = *set };
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, g->fds) == 0);
    CHECK(http_stub_start(t, &g->stub));
    g->loop = loop_new(&world_real);
    g->fetch = fetch_new(g->loop, &world_real, g->fds[0]);
    start_fetcher(g);
    until_ready(g);
    CHECK(fetch_ready(g->fetch));
}

void rig_free(struct rig *g)
{
    fetch_free(g->fetch);
    loop_free(g->loop);
    kill_fetcher(g);
    (void)close(g->fds[0]);
    (void)close(g->fds[1]);
    http_stub_stop(&g->stub);
}

struct fetch_got fetch_url(struct test *t, struct rig *g, enum fetch_purpose purpose, bool test, struct str url)
{
    struct fetch_request r = { .purpose = purpose, .test = test, .url = url, .place = S("oulu") };
    struct fetch_got got = { 0 };

    fetch_ask(g->fetch, &g->batch, t->arena, &r, &got);
    wait_for(t, g);
    return got;
}

struct fetch_got fetch_path(struct test *t, struct rig *g, enum fetch_purpose purpose, const char *path)
{
    return fetch_url(t, g, purpose, true, http_stub_url(t->arena, &g->stub, path));
}

void rig_again(struct test *t, struct rig *g)
{
    int64_t end_ms = world_mono_ms(&world_real) + 20000;
    bool answered = false;

    start_fetcher(g);
    while (!answered && world_mono_ms(&world_real) < end_ms) {
        loop_turn(g->loop, 20);
        answered = fetch_path(t, g, FETCH_KEYS, "/ok").answered;
    }
    CHECK(answered);
}
