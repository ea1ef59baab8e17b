/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/sentinel_stub.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECTIONS = 16, TURN_MS = 5 };

struct hearer {
    int fd; /* 0: free */
    char in[4096];
    size_t n;
    bool listens;
};

static void say(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Commands come whole, in one piece each, as we send them. */
static void answer(volatile struct sentinel_mind *m, struct hearer *h, const char *command)
{
    const struct sentinel_mind mind = *m;
    char text[512];

    if (strcmp(command, "AUTH") == 0) {
        m->auths++;
        say(h->fd, "+OK\r\n");
    } else if (mind.silent) {
        return;
    } else if (strcmp(command, "UNSUBSCRIBE") == 0) {
        h->listens = false;
        say(h->fd, "*3\r\n$11\r\nunsubscribe\r\n$14\r\n+switch-master\r\n:0\r\n");
    } else if (strcmp(command, "SUBSCRIBE") == 0) {
        h->listens = true;
        say(h->fd, "*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n");
    } else {
        m->questions++;
        if (mind.says[0] != '\0') {
            say(h->fd, mind.says);
        } else if (mind.host[0] == '\0') {
            say(h->fd, "*-1\r\n");
        } else {
            (void)snprintf(text, sizeof text, "*2\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(mind.host), mind.host,
                           strlen(mind.port), mind.port);
            say(h->fd, text);
        }
    }
}

static const char *const commands[] = { "AUTH", "UNSUBSCRIBE", "SENTINEL", "SUBSCRIBE" };

/* The name of each command stands after "*n\r\n$m\r\n", and nothing that we send looks like one elsewhere. */
static void take(volatile struct sentinel_mind *m, struct hearer *h)
{
    struct str rest = str_n(h->in, h->n), line;

    while (str_split(&rest, '\n', &line))
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
            if (str_eq(str_trim(line), str_of(commands[i])))
                answer(m, h, commands[i]);
    h->n = 0;
}

static void publish(volatile struct sentinel_mind *m, struct hearer *all)
{
    char text[400];
    const struct sentinel_mind mind = *m;

    if (mind.message[0] == '\0')
        return;
    (void)snprintf(text, sizeof text, "*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$%zu\r\n%s\r\n",
                   strlen(mind.message), mind.message);
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (all[i].fd > 0 && all[i].listens)
            say(all[i].fd, text);
    m->message[0] = '\0';
}

static void serve(volatile struct sentinel_mind *m, int listening)
{
    static struct hearer all[CONNECTIONS];

    for (;;) {
        struct pollfd fds[CONNECTIONS + 1] = { { .fd = listening, .events = POLLIN } };
        for (size_t i = 0; i < CONNECTIONS; i++)
            fds[i + 1] = (struct pollfd){ .fd = all[i].fd > 0 ? all[i].fd : -1, .events = POLLIN };
        (void)poll(fds, CONNECTIONS + 1, TURN_MS);
        for (size_t i = 0; i < CONNECTIONS; i++) {
            if (fds[i + 1].revents == 0)
                continue;
            ssize_t n = read(all[i].fd, all[i].in, sizeof all[i].in);
            if (n <= 0) {
                (void)close(all[i].fd);
                all[i] = (struct hearer){ 0 };
                continue;
            }
            all[i].n = (size_t)n;
            take(m, &all[i]);
        }
        for (size_t i = 0; fds[0].revents != 0 && i < CONNECTIONS; i++)
            if (all[i].fd == 0) {
                all[i].fd = accept(listening, NULL, NULL);
                break;
            }
        publish(m, all);
    }
}

static void copy(volatile char *to, size_t room, struct str s)
{
    for (size_t i = 0; i < room; i++)
        to[i] = i < s.n && i + 1 < room ? s.p[i] : '\0';
}

void sentinel_stub_names(struct sentinel_stub *s, struct str address)
{
    size_t colon = str_find_byte(address, ':', 0);

    copy(s->mind->port, sizeof s->mind->port, str_from(address, colon + 1));
    copy(s->mind->host, sizeof s->mind->host, str_sub(address, 0, colon));
}

void sentinel_stub_publishes(struct sentinel_stub *s, struct str from, struct str to)
{
    char text[256];
    size_t a = str_find_byte(from, ':', 0), b = str_find_byte(to, ':', 0);

    (void)snprintf(text, sizeof text, "mymaster %.*s %.*s %.*s %.*s", STR_ARG(str_sub(from, 0, a)),
                   STR_ARG(str_from(from, a + 1)), STR_ARG(str_sub(to, 0, b)), STR_ARG(str_from(to, b + 1)));
    copy(s->mind->message, sizeof s->mind->message, str_of(text));
}

bool sentinel_stub_start(struct test *t, struct sentinel_stub *s, struct str names)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 16) == 0 &&
                getsockname(fd, (struct sockaddr *)&at, &n) == 0;

    CHECK(good);
    s->mind = mmap(NULL, sizeof *s->mind, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    s->address = arena_printf(t->arena, "127.0.0.1:%d", ntohs(at.sin_port));
    sentinel_stub_names(s, names);
    s->pid = good ? fork() : -1;
    if (s->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(s->mind, fd);
    }
    (void)close(fd);
    return good;
}

void sentinel_stub_stop(struct sentinel_stub *s)
{
    if (s->pid > 0) {
        (void)kill(s->pid, SIGKILL);
        (void)waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
    (void)munmap((void *)(uintptr_t)s->mind, sizeof *s->mind);
}
