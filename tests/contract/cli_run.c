/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/cli_run.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX_B = 65536, ARGUMENTS_MAX = 32 };

struct said cli_run(struct test *t, int (*word)(int argc, char **argv), const char *name, const char *const *arguments)
{
    char *argv[ARGUMENTS_MAX + 1] = { arena_cstr(t->arena, str_of(name)) };
    char *text = arena_alloc(t->arena, SAID_MAX_B), *complaint = arena_alloc(t->arena, SAID_MAX_B);
    int argc = 1, out[2], status = 0;
    size_t n = 0;
    FILE *err = tmpfile();

    for (; arguments[argc - 1] != NULL && argc < ARGUMENTS_MAX; argc++)
        argv[argc] = arena_cstr(t->arena, str_of(arguments[argc - 1]));
    CHECK(pipe(out) == 0 && err != NULL);
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(out[1], STDOUT_FILENO);
        (void)dup2(fileno(err), STDERR_FILENO);
        int code = word(argc, argv);
        (void)fflush(stdout);
        (void)fflush(stderr);
        _exit(code);
    }
    (void)close(out[1]);
    for (ssize_t got; (got = read(out[0], text + n, SAID_MAX_B - n)) > 0;)
        n += (size_t)got;
    (void)close(out[0]);
    (void)waitpid(pid, &status, 0);
    ssize_t complained = pread(fileno(err), complaint, SAID_MAX_B, 0);
    (void)fclose(err);
    return (struct said){ WEXITSTATUS(status), str_n(text, n),
                          str_n(complaint, complained > 0 ? (size_t)complained : 0) };
}

const char *cli_folder(struct test *t)
{
    char *folder = arena_cstr(t->arena, S("/tmp/digione-cli-XXXXXX"));

    CHECK(mkdtemp(folder) != NULL);
    return folder;
}

const char *cli_file(struct test *t, const char *folder, const char *name, struct str text)
{
    const char *path = arena_cstr(t->arena, arena_printf(t->arena, "%s/%s", folder, name));
    FILE *f = fopen(path, "wb");

    CHECK(f != NULL && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0);
    return path;
}

int cli_port(struct test *t)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(bind(fd, (struct sockaddr *)&in, sizeof in) == 0 && getsockname(fd, (struct sockaddr *)&in, &n) == 0);
    (void)close(fd);
    return ntohs(in.sin_port);
}

void cli_remove(struct test *t, const char *folder)
{
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf '%s'", folder))) == 0);
}
