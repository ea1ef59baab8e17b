/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione logo FILE, and the process that an import has its pictures made by. */
#include "gateway/cli/logo.h"

#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "gateway/process/sandbox.h"
#include "wire/logo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEMORY_B = 512 << 20, SECONDS = 10, ANSWER_MAX_B = LOGO_MAX_B + 1024 };

static int help(void)
{
    (void)puts("usage: digione logo FILE > shown\n\n"
               "Prints the picture that people are shown for a service whose row says icon_file: FILE.  Of a PNG: at "
               "most 128\n"
               "pixels a side and 4 kB, with nothing of the file in it but its pixels.  Of an SVG of at most 64 kB: "
               "its shapes\n"
               "and their paint.  \"-\" is standard input.\n\n"
               "exit status: 0 done, 1 the picture cannot be used, 2 usage, 3 the machine failed");
    return CLI_OK;
}

static int make(const char *word, const char *path, struct arena *a)
{
    struct fail f = { 0 };
    struct str png, out;

    if (!args_file(a, path, LOGO_IN_MAX_B, &png))
        return cli_complain(CLI_BROKEN, word, "%s: %s", path, strerror(errno));
    if (!sandbox_compute(MEMORY_B, SECONDS))
        (void)fputs("digione logo: warning: this kernel lacks seccomp\n", stderr);
    if (!logo_make(a, png, &out, &f))
        return cli_complain(CLI_REFUSED, word, "%s", f.detail);
    if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0)
        return CLI_BROKEN;
    return CLI_OK;
}

int cli_logo(int argc, char **argv)
{
    const struct cli_option options[] = { { NULL, NULL, NULL } };
    const char *path = NULL;
    size_t words;

    if (cli_wants_help(argc, argv))
        return help();
    if (!cli_options(argc, argv, options, &path, 1, &words))
        return CLI_USAGE;
    const struct cli_need needs[] = { { "FILE", words > 0 }, { 0 } };
    if (!cli_needs(argv[0], needs))
        return CLI_USAGE;
    struct arena *a = arena_new();
    int status = make(argv[0], path, a);
    arena_free(a);
    return status;
}

/* ── for an import ──────────────────────────────────────────────────────── */

/* Its three streams are one socket: the picture, or else the complaint.  Other descriptors close by themselves. */
static void become_maker(int fd)
{
    static char *const none[] = { NULL };
    static char digione[] = "digione", word[] = "logo", file[] = "-";
    static char *const words[] = { digione, word, file, NULL };

    if (dup2(fd, 0) == 0 && dup2(fd, 1) == 1 && dup2(fd, 2) == 2)
        (void)execve("/proc/self/exe", words, none);
    _exit(CLI_BROKEN);
}

static bool talk(int fd, struct str png, struct buf *answer)
{
    char piece[1024];
    ssize_t n;

    for (size_t sent = 0; sent < png.n; sent += (size_t)n)
        if ((n = send(fd, png.p + sent, png.n - sent, MSG_NOSIGNAL)) <= 0)
            return false;
    (void)shutdown(fd, SHUT_WR);
    while ((n = recv(fd, piece, sizeof piece, 0)) > 0)
        buf_add(answer, str_n(piece, (size_t)n));
    return n == 0 && buf_ok(answer);
}

bool logo_elsewhere(struct arena *a, struct str png, struct str *out, struct fail *f)
{
    static const struct str prefix = S("digione logo: ");
    struct buf answer = buf_new(a, ANSWER_MAX_B);
    int fds[2], status = -1;

    if (png.n > LOGO_IN_MAX_B)
        return fail(f, FAIL_CALLER, "logo_invalid", "is larger than 1 MB");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return fail(f, FAIL_OURS, "logo_process", "socketpair: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        become_maker(fds[1]);
    (void)close(fds[1]);
    bool heard = pid > 0 && talk(fds[0], png, &answer);
    (void)close(fds[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    *out = buf_str(&answer);
    if (heard && WIFEXITED(status) && WEXITSTATUS(status) == CLI_OK && out->n > 0)
        return true;
    if (heard && WIFEXITED(status) && WEXITSTATUS(status) == CLI_REFUSED && str_has_prefix(*out, prefix))
        return fail(f, FAIL_CALLER, "logo_invalid", "%.*s", STR_ARG(str_trim(str_from(*out, prefix.n))));
    return fail(f, FAIL_OURS, "logo_process", "the process that makes pictures anew ended with %d", status);
}
