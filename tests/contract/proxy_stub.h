/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/proxy_stub.h: an HTTP proxy on 127.0.0.1 that knows one way: every CONNECT leads to one port of this
 * machine, whatever host it names.  It keeps what it was asked. */
#ifndef TESTS_CONTRACT_PROXY_STUB_H
#define TESTS_CONTRACT_PROXY_STUB_H

#include "tests/test.h"

#include <stdatomic.h>
#include <sys/types.h>

struct proxy_stub_shared {
    atomic_int asked;
    char last[4096]; /* the last request's head */
};

struct proxy_stub {
    pid_t pid;
    int port;
    struct proxy_stub_shared *shared;
};

/* status: of its answer, 200 or a refusal; 0: it speaks no HTTP.  login: "Basic …" that it demands, else 407; NULL:
 * none. */
bool proxy_stub_start(struct test *t, struct proxy_stub *s, int to_port, int status, const char *login);
void proxy_stub_stop(struct proxy_stub *s);

#endif
