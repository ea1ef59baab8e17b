/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/redis_stub.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMAND_B = 1 << 20, PARTS_MAX = 8 };

static bool say(int fd, struct str s)
{
    while (s.n > 0) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        s = str_from(s, (size_t)n);
    }
    return true;
}

/* One command, as redis-cli and we send it: an array of texts.  False: not whole yet. */
static bool take_command(struct str *rest, struct str *parts, size_t *n)
{
    struct str all = *rest, line;
    int64_t count, length;

    if (!str_split(&all, '\n', &line) || all.p == NULL || !str_int(str_trim(str_from(line, 1)), &count))
        return false;
    *n = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!str_split(&all, '\n', &line) || all.p == NULL || !str_int(str_trim(str_from(line, 1)), &length) ||
            all.n < (size_t)length + 2)
            return false;
        if (*n < PARTS_MAX)
            parts[(*n)++] = str_sub(all, 0, (size_t)length);
        all = str_from(all, (size_t)length + 2);
    }
    *rest = all;
    return true;
}

static struct str bulk(struct arena *a, struct str s)
{
    return arena_printf(a, "$%zu\r\n%.*s\r\n", s.n, STR_ARG(s));
}

/* Of a heartbeat. */
static bool is_probe(const struct str *parts, size_t n)
{
    return (n > 1 && (str_has_prefix(parts[1], S("p1:")) || str_has_prefix(parts[1], S("S1:")))) ||
           (n > 3 && str_has_prefix(parts[3], S("p1:")));
}

static struct str reply_to(struct arena *a, const struct redis_stub_says *says, const struct str *parts, size_t n)
{
    if (str_eq(parts[0], S("AUTH")))
        return says->auth.p != NULL ? says->auth : S("+OK\r\n");
    if (str_eq(parts[0], S("ROLE")))
        return says->role.p != NULL ? says->role : S("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n");
    if (str_eq(parts[0], S("INFO")))
        return says->info.p != NULL ? says->info
                                    : bulk(a, arena_printf(a,
                                                           "# Server\r\nrun_id:0123%d\r\nmaster_replid:4567\r\n"
                                                           "loading:0\r\nmaxmemory:0\r\n"
                                                           "maxmemory_policy:noeviction\r\n",
                                                           says->run_id));
    if (str_eq(parts[0], S("WAIT")))
        return S(":0\r\n");
    if (str_eq(parts[0], S("INCR")))
        return says->beat.p != NULL ? says->beat : S(":1\r\n");
    if (is_probe(parts, n))
        return str_eq(parts[0], S("GETDEL"))           ? S("$5\r\nprobe\r\n")
               : str_eq(parts[0], S("GET"))            ? S("$4\r\n1000\r\n")
               : n == 5 && str_eq(parts[0], S("EVAL")) ? S(":1\r\n")
                                                       : S("+OK\r\n");
    if (says->reply.p != NULL)
        return says->reply;
    return bulk(a, n > 1 ? str_from(parts[1], str_find_byte(parts[1], ':', 0) + 1) : S(""));
}

static void serve_one(const struct redis_stub_says *says, int fd)
{
    static char in[COMMAND_B];
    size_t n = 0;
    int replies = 0;

    for (;;) {
        ssize_t got = n < sizeof in ? read(fd, in + n, sizeof in - n) : 0;
        if (got <= 0)
            return;
        n += (size_t)got;
        struct str rest = str_n(in, n), parts[PARTS_MAX];
        size_t count;
        while (rest.n > 0 && take_command(&rest, parts, &count)) {
            struct arena *a = arena_new();
            bool own = str_eq(parts[0], S("AUTH")) || str_eq(parts[0], S("ROLE")) || str_eq(parts[0], S("INFO")) ||
                       str_eq(parts[0], S("INCR")) || str_eq(parts[0], S("WAIT")) || is_probe(parts, count);
            if (!own && says->late_every > 0 && ++replies % says->late_every == 0)
                (void)poll(NULL, 0, says->late_ms);
            (void)say(fd, reply_to(a, says, parts, count));
            arena_free(a);
            if (!own && says->close)
                return;
        }
        memmove(in, rest.p != NULL ? rest.p : in, rest.n);
        n = rest.n;
    }
}

static int listen_at_socket(struct test *t, struct redis_stub *s)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/s", s->dir);
    s->address = arena_printf(t->arena, "unix:%s", at.sun_path);
    CHECK(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 64) == 0);
    return fd;
}

static int listen_at_port(struct test *t, struct redis_stub *s)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 64) == 0 &&
          getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    s->address = arena_printf(t->arena, "127.0.0.1:%d", ntohs(at.sin_port));
    return fd;
}

bool redis_stub_start(struct test *t, struct redis_stub *s, const struct redis_stub_says *says)
{
    (void)snprintf(s->dir, sizeof s->dir, "/tmp/digione-stub-XXXXXX");
    CHECK(mkdtemp(s->dir) != NULL);
    int fd = says->tcp ? listen_at_port(t, s) : listen_at_socket(t, s);
    bool good = fd >= 0;
    s->pid = good ? fork() : -1;
    if (s->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGCHLD, SIG_IGN);
        for (;;) {
            int c = accept(fd, NULL, NULL);
            if (fork() == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                serve_one(says, c);
                _exit(0);
            }
            (void)close(c);
        }
    }
    (void)close(fd);
    return good;
}

void redis_stub_stop(struct redis_stub *s)
{
    char path[80];

    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
    (void)snprintf(path, sizeof path, "%s/s", s->dir);
    (void)unlink(path);
    (void)rmdir(s->dir);
}
