/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/http_stub.h: a web server that behaves well or badly, by path,
 * in a process of the test's own on 127.0.0.1.
 *
 *   /ok               "hello", max-age=60          /echo     the request itself, as text
 *   /status/NNN       that status                  /hop/N    redirects to /hop/N-1, then to /ok
 *   /to?URL           redirects to URL             /large    300 000 bytes
 *   /endless          never stops                  /bomb     100 MB of zeroes, compressed
 *   /drip             a byte, and then nothing     /slow     answers when /go is asked for
 *   /headers          headers without end          /cut      ends in mid-body
 *   /garbage          no HTTP at all               /cookie   sets a cookie
 */
#ifndef TESTS_CONTRACT_HTTP_STUB_H
#define TESTS_CONTRACT_HTTP_STUB_H

#include "tests/test.h"

#include <stdatomic.h>
#include <sys/types.h>

struct http_stub_shared {
    atomic_int connections, now, most_at_once, go;
};

struct http_stub {
    pid_t pid;
    int port;
    struct http_stub_shared *shared;
};

bool http_stub_start(struct test *t, struct http_stub *s);
void http_stub_stop(struct http_stub *s);
struct str http_stub_url(struct arena *a, const struct http_stub *s, const char *path); /* http://127.0.0.1:port/path */

#endif
