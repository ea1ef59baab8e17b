/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/redis_stub.h: says to every connection what a Redis says at
 * first, and then, to every further command, what a test wants said. */
#ifndef TESTS_CONTRACT_REDIS_STUB_H
#define TESTS_CONTRACT_REDIS_STUB_H

#include "tests/test.h"

#include <sys/types.h>

struct redis_stub_says {
    struct str auth, role, info; /* absent: what a primary says */
    struct str beat;             /* to a heartbeat that writes; absent: a number */
    struct str reply;            /* to every other command; absent: the id that was asked for, as a text */
    bool close;                  /* after the first reply */
    int late_every, late_ms;     /* every so many-th reply comes late */
    bool tcp;                    /* on a port of 127.0.0.1 */
    int run_id;                  /* which one it is */
};

struct redis_stub {
    pid_t pid;
    char dir[64];
    struct str address;
};

bool redis_stub_start(struct test *t, struct redis_stub *s, const struct redis_stub_says *says);
void redis_stub_stop(struct redis_stub *s);

#endif
