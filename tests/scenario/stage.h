/* SPDX-License-Identifier: EUPL-1.2
 * tests/scenario/stage.h: the gateway on stage: the real one, in a world whose clock the script moves.
 *
 * Real: lanes (server, routes, steps, flow, kv client, signer client), audit
 * writer, registry in SQL, the signer as a process of its own.  Doubles: Redis,
 * and the cities behind the fetcher's messages; both are served by the thread
 * that plays the script, whenever it waits.  One page of shared memory holds the
 * wall clock and the monotonic clock of all of them.
 */
#ifndef TESTS_SCENARIO_STAGE_H
#define TESTS_SCENARIO_STAGE_H

#include "gateway/node/watch.h"
#include "tests/contract/redis_double.h"
#include "tests/scenario/nursery.h"
#include "wire/fetch.h"
#include "wire/kv.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#define STAGE_URL "https://gateway.example"

enum { STAGE_LOOPS_MAX = 4 };

struct clock_page {
    atomic_int_fast64_t wall_ms, mono_ms;
    atomic_uint_fast64_t random;
};

/* What the signer's line does wrong, once. */
enum signer_fault { SIGNER_WORKS = 0, SIGNER_SILENT, SIGNER_REFUSES, SIGNER_DIES, SIGNER_FAULT_COUNT };

struct stage_lane {
    struct lane *lane;
    struct stage *stage;
    pthread_t thread;
    atomic_uint turns;
    int fetcher[2], gateway[2], signer[2]; /* [0] the gateway's side; gateway/signer: the line with us in the middle */
};

struct stage {
    struct arena *arena, *scratch; /* scratch: of one message */
    char dir[64];
    struct settings set;
    struct clock_page *clock;
    struct world world;
    struct kv_config kv;
    struct node *node;
    struct node_watch *around;
    struct nursery nursery;
    struct redis_double *redis;
    struct stage_lane lanes[STAGE_LOOPS_MAX];
    size_t loops;
    unsigned connected; /* so many times; the loops take turns */
    atomic_bool ends;
    /* the line to the signer */
    unsigned signer_asked, signer_waiting, signer_fail_at, hellos;
    enum signer_fault signer_fault;
    bool signer_failed, signer_silent, signer_gone;
    /* The cities' side of the fetcher; the n-th fetch from the start may find nobody. */
    unsigned fetched, fetch_fail_at;
    bool fetch_failed, fetcher_silent; /* silent: from now on */
    void (*fetch)(void *self, struct arena *a, const struct fetch_request *r, struct fetch_got *out);
    void *fetch_self;
    void (*lane_begins)(void); /* on each lane's thread, first; NULL: nothing */
};

/* Makes folder, clock, keys and root secret; afterwards settings may be changed, and files put into s->dir. */
struct stage *stage_new(int64_t now_s, size_t loops);
/* Imports text as the registry, before stage_open, and while it runs: then it is served from the next move of the
 * clock on.  base_dir of its files: s->dir. */
bool stage_import(struct stage *s, struct str text, struct fail *f);
bool stage_open(struct stage *s, struct fail *f); /* and waits until it is ready */
void stage_close(struct stage *s);
void stage_clear(pid_t pid); /* what a process left that ended on its stage */

int64_t stage_now_s(const struct stage *s);
/* Moves the clocks and waits until nothing moves any more: what became due has run and been answered. */
void stage_move(struct stage *s, int64_t wall_ms, int64_t mono_ms);
void stage_settle(struct stage *s);

int stage_connect(struct stage *s);
/* Serves everybody until fd can be read.  False: ten seconds (of the real clock) passed in silence. */
bool stage_wait(struct stage *s, int fd);

void stage_signer_ends(struct stage *s);    /* until it is restarted */
void stage_signer_restart(struct stage *s); /* and waits until the new one has said hello */
void stage_signer_fail_at(struct stage *s, unsigned n, enum signer_fault fault); /* counted from now */

#endif
