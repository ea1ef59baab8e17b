/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/redis_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program(void)
{
    static const char *const places[] = { "/usr/bin/redis-server", "/usr/local/bin/redis-server",
                                          "/usr/bin/valkey-server" };
    const char *named = getenv("REDIS_SERVER");

    if (named != NULL)
        return named;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

static struct sockaddr_in at_port(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons((uint16_t)port) };
}

int free_port(void)
{
    struct sockaddr_in at = at_port(0);
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0;

    (void)close(fd);
    return good ? ntohs(at.sin_port) : 0;
}

static int connect_to(int port)
{
    struct sockaddr_in to = at_port(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static bool is_up(int port)
{
    for (int i = 0; i < 1000; i++) {
        int fd = connect_to(port);
        if (fd >= 0) {
            (void)close(fd);
            return true;
        }
        (void)usleep(10000);
    }
    return false;
}

bool redis_server_start(struct test *t, struct redis_server *s, bool tls, const char *more)
{
    char command[1024];

    *s = (struct redis_server){ .port = free_port() };
    if (program() == NULL) {
        test_skip(t, "redis-server is not installed");
        return false;
    }
    (void)snprintf(s->dir, sizeof s->dir, "/tmp/digione-server-XXXXXX");
    if (mkdtemp(s->dir) == NULL)
        return false;
    s->address = arena_printf(t->arena, "127.0.0.1:%d", s->port);
    (void)snprintf(command, sizeof command,
                   "exec %s --bind 127.0.0.1 --port %d %s %d --save '' --appendonly no --dir %s "
                   "--repl-diskless-sync-delay 0 %s >/dev/null 2>&1",
                   program(), tls ? 0 : s->port, tls ? "--tls-port" : "--databases", tls ? s->port : 1, s->dir, more);
    s->pid = fork();
    if (s->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves no server behind */
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    bool up = is_up(s->port);
    CHECK(up);
    return up;
}

void redis_server_signal(struct redis_server *s, int signal)
{
    (void)kill(s->pid, signal);
    if (signal == SIGKILL) {
        (void)waitpid(s->pid, NULL, 0);
        s->pid = 0;
    }
}

struct str redis_server_command(struct test *t, struct redis_server *s, const char *line)
{
    char reply[512];
    int fd = connect_to(s->port);
    ssize_t n = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line) ? read(fd, reply, sizeof reply) : -1;

    (void)close(fd);
    CHECK(n > 0);
    return arena_str(t->arena, str_n(reply, n > 0 ? (size_t)n : 0));
}

void redis_server_stop(struct redis_server *s)
{
    char command[128];

    if (s->pid > 0)
        redis_server_signal(s, SIGKILL);
    (void)snprintf(command, sizeof command, "rm -rf -- %s", s->dir);
    (void)!system(command);
}

bool make_certificates(struct test *t, const char *dir)
{
    char command[2048];

    (void)snprintf(
        command, sizeof command,
        "cd %s && exec >/dev/null 2>&1 && key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30' && "
        "openssl req -x509 $key -subj /CN=authority -keyout ca.key -out ca.pem && "
        "openssl req -x509 $key -subj /CN=nobody -keyout no.key -out no.pem && "
        "alt=subjectAltName=DNS:redis.test,IP:127.0.0.1 && plain=basicConstraints=critical,CA:FALSE && "
        "openssl req -x509 $key -CA ca.pem -CAkey ca.key -subj /CN=redis -addext $alt -addext $plain -keyout "
        "good.key -out good.pem && "
        "openssl req -x509 $key -CA no.pem -CAkey no.key -subj /CN=redis -addext $alt -addext $plain -keyout "
        "other.key -out other.pem && cat good.pem > both.pem && cat good.key >> both.pem",
        dir);
    bool good = system(command) == 0;
    CHECK(good);
    return good;
}
