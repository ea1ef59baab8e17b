/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/proxy_stub.h"

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

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons((uint16_t)port) };
}

static bool read_head(int fd, char *head, size_t max)
{
    size_t n = 0;

    while (n + 1 < max) {
        ssize_t got = recv(fd, head + n, 1, 0);
        if (got <= 0)
            return false;
        head[++n] = '\0';
        if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

static bool pass(int from, int to)
{
    char bytes[16384];
    ssize_t n = recv(from, bytes, sizeof bytes, 0);

    return n > 0 && send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void tunnel(int client, int port)
{
    struct sockaddr_in at = loopback(port);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool open = connect(server, (struct sockaddr *)&at, sizeof at) == 0;

    while (open) {
        struct pollfd both[] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
        open = poll(both, 2, 10000) > 0 && (both[0].revents == 0 || pass(client, server)) &&
               (both[1].revents == 0 || pass(server, client));
    }
    (void)close(server);
}

static void serve(struct proxy_stub *s, int listening, int to_port, int status, const char *login)
{
    char head[sizeof s->shared->last], wanted[512], said[128];

    (void)snprintf(wanted, sizeof wanted, "\r\nProxy-Authorization: %s\r\n", login != NULL ? login : "");
    for (;;) {
        int fd = accept(listening, NULL, NULL);
        if (read_head(fd, head, sizeof head)) {
            bool known = login == NULL || strstr(head, wanted) != NULL;
            int code = known ? status : 407;
            memcpy(s->shared->last, head, sizeof head);
            atomic_fetch_add(&s->shared->asked, 1);
            int n = status == 0
                        ? snprintf(said, sizeof said, "220 mail.example ESMTP\r\n")
                        : snprintf(said, sizeof said, "HTTP/1.1 %d Said\r\n%s\r\n", code,
                                   code == 200   ? ""
                                   : code == 407 ? "Proxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\n"
                                                 : "Content-Length: 0\r\n");
            (void)send(fd, said, (size_t)n, MSG_NOSIGNAL);
            if (code == 200)
                tunnel(fd, to_port);
        }
        (void)close(fd);
    }
}

bool proxy_stub_start(struct test *t, struct proxy_stub *s, int to_port, int status, const char *login)
{
    struct sockaddr_in at = loopback(0);
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    void *shared = mmap(NULL, sizeof *s->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool good = fd >= 0 && shared != MAP_FAILED && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
                listen(fd, 16) == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0;

    CHECK(good);
    *s = (struct proxy_stub){ -1, ntohs(at.sin_port), shared };
    s->pid = good ? fork() : -1;
    if (s->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(s, fd, to_port, status, login);
    }
    (void)close(fd);
    return good;
}

void proxy_stub_stop(struct proxy_stub *s)
{
    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
    (void)munmap(s->shared, sizeof *s->shared);
}
