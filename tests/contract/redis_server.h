/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/redis_server.h: redis-servers of the test's own on ports of
 * 127.0.0.1, as many as it wants, with what options it wants: replicas, TLS.
 * valkey-server where there is no other. */
#ifndef TESTS_CONTRACT_REDIS_SERVER_H
#define TESTS_CONTRACT_REDIS_SERVER_H

#include "tests/test.h"

#include <sys/types.h>

struct redis_server {
    pid_t pid;
    int port;
    char dir[64];
    struct str address; /* "127.0.0.1:…" */
};

int free_port(void);
/* more: further options, as a shell would read them; with `tls`, the port is one of TLS.  False, and the test is
 * skipped, where there is no redis-server. */
bool redis_server_start(struct test *t, struct redis_server *s, bool tls, const char *more);
void redis_server_signal(struct redis_server *s, int signal);
/* An inline command on a connection of its own; waits for the reply, whose beginning it gives back. */
struct str redis_server_command(struct test *t, struct redis_server *s, const char *line);
void redis_server_stop(struct redis_server *s);

/* ca.pem, good.pem and .key for redis.test and 127.0.0.1, other.pem and .key of an authority that nobody knows. */
bool make_certificates(struct test *t, const char *dir);

#endif
