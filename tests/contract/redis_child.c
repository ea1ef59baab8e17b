/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/redis_child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program(void)
{
    static const char *const places[] = { "/usr/bin/redis-server", "/usr/local/bin/redis-server",
                                          "/usr/bin/valkey-server" };

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

static int connect_to(const char *path)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static bool answers(const char *path)
{
    int fd = connect_to(path);

    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool run(struct redis_child *r)
{
    char socket_path[96];

    (void)snprintf(socket_path, sizeof socket_path, "%s/redis.sock", r->dir);
    (void)unlink(socket_path);
    r->pid = fork();
    if (r->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves no server behind */
        int nowhere = open("/dev/null", O_RDWR);
        (void)dup2(nowhere, 1);
        (void)execl(program(), "redis-server", "--port", "0", "--unixsocket", socket_path, "--save", "", "--appendonly",
                    "no", "--maxmemory", "64mb", "--dir", r->dir, r->option != NULL ? r->option : "--databases",
                    r->value != NULL ? r->value : "1", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 1000; i++) {
        if (answers(socket_path))
            return true;
        (void)usleep(10000);
    }
    return false;
}

bool redis_child_start(struct test *t, struct redis_child *r, const char *option, const char *value)
{
    *r = (struct redis_child){ .option = option, .value = value };
    if (program() == NULL) {
        test_skip(t, "redis-server is not installed");
        return false;
    }
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/digione-redis-XXXXXX");
    if (mkdtemp(r->dir) == NULL)
        return false;
    r->address = arena_printf(t->arena, "unix:%s/redis.sock", r->dir);
    bool up = run(r);
    CHECK(up);
    return up;
}

bool redis_child_again(struct test *t, struct redis_child *r)
{
    bool up = run(r);

    CHECK(up);
    return up;
}

void redis_child_signal(struct redis_child *r, int signal)
{
    (void)kill(r->pid, signal);
    if (signal == SIGKILL) {
        (void)waitpid(r->pid, NULL, 0);
        r->pid = 0;
    }
}

void redis_child_command(struct test *t, struct redis_child *r, const char *line)
{
    char reply[256];
    int fd = connect_to(arena_cstr(t->arena, str_from(r->address, 5)));

    CHECK(fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line) && read(fd, reply, sizeof reply) > 0);
    (void)close(fd);
}

void redis_child_stop(struct redis_child *r)
{
    char path[128];

    if (r->pid > 0)
        redis_child_signal(r, SIGKILL);
    (void)snprintf(path, sizeof path, "%s/redis.sock", r->dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "rm -rf -- %s", r->dir); /* its append-only file, too */
    (void)!system(path);
}
