/* SPDX-License-Identifier: EUPL-1.2
 * tests/http/gate.h: a gateway process of a test's own, and raw bytes to and from it. */
#ifndef TESTS_HTTP_GATE_H
#define TESTS_HTTP_GATE_H

#include "tests/test.h"

struct gate;

struct gate_how { /* 0: the setting's default */
    int64_t header_s, body_s, connections_max;
    const char *trusted_proxy;
};

struct gate_answer {
    struct str text;
    int status;  /* of the first answer; 0: none */
    int answers; /* status lines */
    bool closed; /* the gateway ended the connection */
};

/* One loop, a free port, a state directory of its own; waits until it answers. */
struct gate *gate_open(struct test *t, struct gate_how how);
int gate_close(struct gate *g); /* SIGTERM; the exit status, -1 when a signal ended it */

int gate_connect(struct test *t, struct gate *g);
int gate_connect_from(struct test *t, struct gate *g, const char *address); /* of this machine: 127.0.0.0/8 */
bool gate_is_open(int fd); /* nothing has come, and the gateway has not closed it */
void gate_send(struct test *t, int fd, struct str bytes);
/* Reads one answer; to_end: until the gateway closes.  Gives up after ten seconds of silence. */
struct gate_answer gate_hear(struct test *t, int fd, bool to_end);
struct gate_answer gate_say(struct test *t, struct gate *g, struct str bytes); /* connect, send, hear to the end */
/* Sends `first`, then one byte every moment until an answer comes. */
struct gate_answer gate_drip(struct test *t, int fd, struct str first, char byte);
/* The same with whatever listens on a port of loopback; no answer when nobody does. */
struct gate_answer gate_ask(struct test *t, int port, struct str bytes);
int gate_free_port(void);
void gate_reset(int fd);                           /* closing it will send a reset */
bool gate_answers(struct test *t, struct gate *g); /* asks until a request is answered 200; false after ten seconds */
bool gate_descriptors(int n);

#endif
