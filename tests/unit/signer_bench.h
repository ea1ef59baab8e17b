/* SPDX-License-Identifier: EUPL-1.2
 * tests/unit/signer_bench.h: a signer process of a test's own, with keys that it makes. */
#ifndef TESTS_UNIT_SIGNER_BENCH_H
#define TESTS_UNIT_SIGNER_BENCH_H

#include "base/log.h"
#include "base/loop.h"
#include "certs/signer.h"
#include "certs/signer_client.h"
#include "tests/test.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* One signer process and one client, over one pair, as the supervisor makes them. */
struct bench {
    struct settings set;
    char folder[64];
    int ends[2];
    pid_t pid;
    struct loop *loop;
    struct signer *signer;
    struct batch batch;
    bool answered;
};

static void on_batch(struct batch *b)
{
    struct bench *x = (struct bench *)((char *)b - offsetof(struct bench, batch));

    x->answered = true;
}

static void start_signer(struct bench *x)
{
    x->pid = fork();
    if (x->pid == 0) {
        log_set_level(LOG_ERROR);
        (void)close(x->ends[0]);
        _exit(signer_main(&x->set, &world_real, &x->ends[1], 1, -1));
    }
}

static void stop_signer(struct bench *x)
{
    int status;

    (void)kill(x->pid, SIGKILL);
    (void)waitpid(x->pid, &status, 0);
}

static void begin(struct test *t, struct bench *x)
{
    *x = (struct bench){ .folder = "/tmp/digione-signer-XXXXXX", .batch = { 0, on_batch } };
    log_set_level(LOG_ERROR);
    settings_defaults(&x->set);
    CHECK(mkdtemp(x->folder) != NULL);
    x->set.public_url = S("https://gateway.example");
    x->set.keys_dir = arena_printf(t->arena, "%s/keys", x->folder);
    x->set.signer_timeout_ms = 20000; /* the first start makes RSA keys, perhaps under a sanitizer on a busy machine */
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, x->ends) == 0);
    start_signer(x);
    x->loop = loop_new(&world_real);
    x->signer = signer_new(x->loop, &x->set, dup(x->ends[0]));
    for (int i = 0; i < 1000 && signer_keys(x->signer) == NULL; i++)
        loop_turn(x->loop, 100);
    CHECK(signer_keys(x->signer) != NULL);
}

static void end(struct test *t, struct bench *x)
{
    stop_signer(x);
    signer_free(x->signer);
    loop_free(x->loop);
    (void)close(x->ends[0]);
    (void)close(x->ends[1]);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf '%s'", x->folder))) == 0);
}

static void wait_for(struct bench *x)
{
    for (int i = 0; i < 1000 && !x->answered; i++)
        loop_turn(x->loop, 100);
    x->answered = false;
}

#endif
