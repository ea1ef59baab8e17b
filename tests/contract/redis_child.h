/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/redis_child.h: a redis-server of the test's own, on a Unix
 * socket in a folder that goes with it. */
#ifndef TESTS_CONTRACT_REDIS_CHILD_H
#define TESTS_CONTRACT_REDIS_CHILD_H

#include "tests/test.h"

#include <sys/types.h>

struct redis_child {
    pid_t pid;
    char dir[64];
    struct str address; /* "unix:/…" */
    const char *option, *value;
};

/* Starts one and waits until its socket is there.  False, and the test is
 * skipped, where there is no redis-server.  option: one more, and its value. */
bool redis_child_start(struct test *t, struct redis_child *r, const char *option, const char *value);
void redis_child_signal(struct redis_child *r, int signal);
/* Starts it again in the same folder, after it was killed. */
bool redis_child_again(struct test *t, struct redis_child *r);
/* An inline command on a connection of its own; waits for the reply. */
void redis_child_command(struct test *t, struct redis_child *r, const char *line);
void redis_child_stop(struct redis_child *r);

#endif
