/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/http_stub.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zlib.h>

enum { REQUEST_B = 65536, LARGE_B = 300000, BOMB_B = 100 << 20 };

static bool say(int fd, const void *p, size_t n)
{
    return send(fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static void answer(int fd, const char *status, const char *fields, const char *body, size_t n)
{
    char head[4096];
    int h = snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, fields, n);

    (void)say(fd, head, (size_t)h);
    (void)say(fd, body, n);
}

static void bomb(int fd)
{
    static unsigned char zeroes[65536], out[65536];
    z_stream z = { 0 };

    if (deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    (void)dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n");
    for (int sent = 0; sent < BOMB_B; sent += (int)sizeof zeroes) {
        z.next_in = zeroes;
        z.avail_in = sizeof zeroes;
        while (z.avail_in > 0) {
            z.next_out = out;
            z.avail_out = sizeof out;
            (void)deflate(&z, Z_NO_FLUSH);
            if (!say(fd, out, sizeof out - z.avail_out)) {
                (void)deflateEnd(&z);
                return;
            }
        }
    }
    (void)deflateEnd(&z);
}

static void without_end(int fd, const char *head, const char *again)
{
    (void)say(fd, head, strlen(head));
    while (say(fd, again, strlen(again)))
        ;
}

static void hop(int fd, int n)
{
    char field[128];

    (void)snprintf(field, sizeof field, n > 1 ? "Location: /hop/%d\r\n" : "Location: /ok\r\n", n - 1);
    answer(fd, "302 Found", field, "", 0);
}

static void wait_for_peer(int fd)
{
    struct pollfd p = { fd, POLLIN, 0 };

    (void)poll(&p, 1, 60000);
}

static void wait_for_go(const struct http_stub *s)
{
    while (atomic_load(&s->shared->go) == 0)
        (void)poll(NULL, 0, 5);
}

/* False: the connection ends. */
static bool handle(const struct http_stub *s, int fd, const char *request, size_t n)
{
    static char large[LARGE_B];
    char path[4096] = "";
    int number;

    (void)sscanf(request, "%*s %4000s", path);
    if (strcmp(path, "/ok") == 0)
        answer(fd, "200 OK", "Content-Type: text/plain\r\nCache-Control: public, max-age=60\r\n", "hello", 5);
    else if (strcmp(path, "/echo") == 0)
        answer(fd, "200 OK", "", request, n);
    else if (sscanf(path, "/status/%d", &number) == 1)
        answer(fd, path + 8, "", "", 0);
    else if (sscanf(path, "/hop/%d", &number) == 1)
        hop(fd, number);
    else if (strncmp(path, "/to?", 4) == 0)
        (void)dprintf(fd, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", path + 4);
    else if (strcmp(path, "/cookie") == 0)
        answer(fd, "200 OK", "Set-Cookie: a=b\r\n", "", 0);
    else if (strcmp(path, "/slow") == 0) {
        wait_for_go(s);
        answer(fd, "200 OK", "", "slow", 4);
    } else if (strcmp(path, "/large") == 0) {
        for (size_t i = 0; i < sizeof large; i++)
            large[i] = (char)('a' + i % 23);
        answer(fd, "200 OK", "", large, sizeof large);
    } else if (strcmp(path, "/bomb") == 0)
        bomb(fd);
    else if (strcmp(path, "/endless") == 0)
        without_end(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "0123456789abcdef0123456789abcdef");
    else if (strcmp(path, "/headers") == 0)
        without_end(fd, "HTTP/1.1 200 OK\r\n", "X-More: 0123456789abcdef0123456789abcdef\r\n");
    else if (strcmp(path, "/garbage") == 0)
        (void)say(fd, "\x16\x03\x01 nonsense\r\n\r\n", 15);
    else {
        (void)say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx", 40);
        if (strcmp(path, "/drip") == 0)
            wait_for_peer(fd);
    }
    return strcmp(path, "/ok") == 0 || strcmp(path, "/slow") == 0 || strcmp(path, "/echo") == 0;
}

static bool whole(const char *request, size_t n)
{
    const char *end = memmem(request, n, "\r\n\r\n", 4), *length = strstr(request, "Content-Length: ");

    if (end == NULL)
        return false;
    return length == NULL || (size_t)(request + n - end - 4) >= strtoul(length + 16, NULL, 10);
}

static void serve_one(const struct http_stub *s, int fd)
{
    static char request[REQUEST_B];
    bool more = true;

    while (more) {
        size_t n = 0;
        memset(request, 0, sizeof request);
        while (!whole(request, n)) {
            ssize_t got = n + 1 < sizeof request ? read(fd, request + n, sizeof request - 1 - n) : 0;
            if (got <= 0)
                return;
            n += (size_t)got;
            if (request[0] == 0x16) { /* TLS is spoken to */
                (void)say(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
                return;
            }
        }
        int now = atomic_fetch_add(&s->shared->now, 1) + 1, most = atomic_load(&s->shared->most_at_once);
        while (now > most && !atomic_compare_exchange_weak(&s->shared->most_at_once, &most, now))
            ;
        more = handle(s, fd, request, n);
        atomic_fetch_sub(&s->shared->now, 1);
    }
}

static void serve(const struct http_stub *s, int listening)
{
    (void)signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listening, NULL, NULL);
        if (fd < 0)
            continue;
        atomic_fetch_add(&s->shared->connections, 1);
        if (fork() == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            (void)close(listening);
            serve_one(s, fd);
            _exit(0);
        }
        (void)close(fd);
    }
}

bool http_stub_start(struct test *t, struct http_stub *s)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    s->shared = mmap(NULL, sizeof *s->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool good = s->shared != MAP_FAILED && fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
                listen(fd, 64) == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0;
    CHECK(good);
    if (!good)
        return false;
    s->port = ntohs(at.sin_port);
    s->pid = fork();
    if (s->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(s, fd);
    }
    (void)close(fd);
    return true;
}

void http_stub_stop(struct http_stub *s)
{
    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
    (void)munmap(s->shared, sizeof *s->shared);
}

struct str http_stub_url(struct arena *a, const struct http_stub *s, const char *path)
{
    return arena_printf(a, "http://127.0.0.1:%d%s", s->port, path);
}
