/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/http/gate.h"

#include "base/log.h"
#include "base/seals.h"
#include "gateway/process/gateway.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SILENCE_MS = 10000, DRIP_MS = 20 };

struct gate {
    pid_t pid;
    int port;
    char dir[64];
};

int gate_free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        abort();
    (void)close(fd);
    return ntohs(at.sin_port);
}

static _Noreturn void serve(const struct gate *g, const struct gate_how *how)
{
    struct arena *a = arena_new();
    struct settings set;
    struct fail f = { 0 };
    int signer[2], fetcher[2];
    int quiet = open("/dev/null", O_WRONLY);

    settings_defaults(&set);
    set.loops = 1;
    set.public_url = S("http://localhost"); /* whatever the port: requests of the tests name none */
    set.listen = arena_printf(a, "127.0.0.1:%d", g->port);
    set.state_dir = str_of(g->dir);
    set.redis = arena_printf(a, "unix:%s/none", g->dir);
    set.request_header_s = how->header_s > 0 ? how->header_s : set.request_header_s;
    set.request_body_s = how->body_s > 0 ? how->body_s : set.request_body_s;
    set.trusted_proxy = how->trusted_proxy != NULL ? str_of(how->trusted_proxy) : set.trusted_proxy;
    set.connections_max = how->connections_max > 0 ? how->connections_max : set.connections_max;
    if (!settings_check(&set, a, &f) || !seals_prepare(arena_cstr(a, set.root_secret_file), &world_real, &f) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET, 0, signer) != 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fetcher) != 0) {
        (void)fprintf(stderr, "gate: %s\n", f.detail);
        _exit(99);
    }
    log_set_level(LOG_ERROR);
    if (getenv("GATE_LOG") == NULL)
        (void)dup2(quiet, STDERR_FILENO);
    (void)close(quiet);
    int status = gateway_main(&set, &signer[0], &fetcher[0], 1);
    arena_free(a);
    exit(status);
}

struct gate *gate_open(struct test *t, struct gate_how how)
{
    struct gate *g = arena_make(t->arena, struct gate);

    (void)snprintf(g->dir, sizeof g->dir, "/tmp/digione-gate-XXXXXX");
    if (mkdtemp(g->dir) == NULL)
        abort();
    g->port = gate_free_port();
    (void)fflush(stdout);
    g->pid = fork();
    if (g->pid == 0)
        serve(g, &how);
    CHECK(gate_answers(t, g));
    return g;
}

int gate_close(struct gate *g)
{
    char command[128];
    int status = -1;

    (void)kill(g->pid, SIGTERM);
    if (waitpid(g->pid, &status, 0) != g->pid)
        return -1;
    (void)snprintf(command, sizeof command, "rm -r -- %s", g->dir);
    return system(command) == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int try_connect_from(int port, const char *address)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in from = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && inet_pton(AF_INET, address, &from.sin_addr) == 1 &&
        bind(fd, (struct sockaddr *)&from, sizeof from) == 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static int try_connect(int port)
{
    return try_connect_from(port, "127.0.0.1");
}

int gate_connect_from(struct test *t, struct gate *g, const char *address)
{
    int fd = try_connect_from(g->port, address);

    CHECK(fd >= 0);
    return fd;
}

bool gate_is_open(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

int gate_connect(struct test *t, struct gate *g)
{
    int fd = try_connect(g->port);

    CHECK(fd >= 0);
    return fd;
}

void gate_send(struct test *t, int fd, struct str bytes)
{
    (void)t;
    while (bytes.n > 0) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* it was refused before it was whole: what was heard says so */
        bytes = str_from(bytes, (size_t)n);
    }
}

static int count_answers(struct str text)
{
    int n = 0;

    for (size_t at; (at = str_find(text, S("HTTP/1.1 "))) < text.n; n++)
        text = str_from(text, at + 9);
    return n;
}

/* Whether the text holds one answer with all of its body. */
static bool is_whole(struct str text)
{
    size_t head = str_find(text, S("\r\n\r\n")), at = str_find(text, S("Content-Length: "));
    int64_t length = 0;

    if (head == text.n || at > head)
        return false;
    struct str digits = str_from(text, at + 16);
    return str_int(str_sub(digits, 0, str_find_byte(digits, '\r', 0)), &length) && text.n >= head + 4 + (size_t)length;
}

static void describe(struct gate_answer *got)
{
    int64_t status = 0;

    got->answers = count_answers(got->text);
    if (got->answers > 0 && str_has_prefix(got->text, S("HTTP/1.1 ")))
        (void)str_int(str_sub(got->text, 9, 3), &status);
    got->status = (int)status;
}

struct gate_answer gate_hear(struct test *t, int fd, bool to_end)
{
    struct buf b = buf_new(t->arena, 1 << 20);
    struct gate_answer got = { 0 };
    struct pollfd p = { fd, POLLIN, 0 };
    char piece[4096];

    while (!got.closed && poll(&p, 1, SILENCE_MS) == 1) {
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        got.closed = n <= 0;
        if (n > 0)
            buf_add(&b, str_n(piece, (size_t)n));
        if (!to_end && is_whole(buf_str(&b)))
            break;
    }
    got.text = buf_str(&b);
    describe(&got);
    return got;
}

struct gate_answer gate_say(struct test *t, struct gate *g, struct str bytes)
{
    int fd = gate_connect(t, g);

    gate_send(t, fd, bytes);
    struct gate_answer got = gate_hear(t, fd, true);
    (void)close(fd);
    return got;
}

struct gate_answer gate_ask(struct test *t, int port, struct str bytes)
{
    struct gate_answer got = { 0 };
    int fd = try_connect(port);

    if (fd < 0)
        return got;
    gate_send(t, fd, bytes);
    got = gate_hear(t, fd, true);
    (void)close(fd);
    return got;
}

struct gate_answer gate_drip(struct test *t, int fd, struct str first, char byte)
{
    struct pollfd p = { fd, POLLIN, 0 };

    gate_send(t, fd, first);
    for (int i = 0; i < SILENCE_MS / DRIP_MS && poll(&p, 1, DRIP_MS) == 0; i++)
        gate_send(t, fd, str_n(&byte, 1));
    return gate_hear(t, fd, true);
}

void gate_reset(int fd)
{
    const struct linger now = { 1, 0 };

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool gate_answers(struct test *t, struct gate *g)
{
    for (int tries = 0; tries < SILENCE_MS / DRIP_MS; tries++) {
        int fd = try_connect(g->port);
        if (fd >= 0) {
            gate_send(t, fd, S("GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
            int status = gate_hear(t, fd, true).status;
            (void)close(fd);
            if (status == 200)
                return true;
        }
        (void)poll(NULL, 0, DRIP_MS);
    }
    return false;
}

bool gate_descriptors(int n)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    if (limit.rlim_cur < (rlim_t)n)
        limit.rlim_cur = limit.rlim_max < (rlim_t)n ? limit.rlim_max : (rlim_t)n;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= (rlim_t)n;
}
