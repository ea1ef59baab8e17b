/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/scenario/nursery.h"

#include "certs/signer.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START = 's', KILL = 'k' };

static pid_t start(const struct settings *set, const struct world *w, const int *fds, size_t count)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    exit(signer_main(set, w, fds, count, -1));
}

static void end(pid_t *pid)
{
    if (*pid <= 0)
        return;
    (void)kill(*pid, SIGKILL);
    (void)waitpid(*pid, NULL, 0);
    *pid = 0;
}

static _Noreturn void serve(int pipe, const struct settings *set, const struct world *w, const int *fds, size_t count)
{
    pid_t signer = 0;

    for (char asked; read(pipe, &asked, 1) == 1;) {
        if (asked == START && signer == 0)
            signer = start(set, w, fds, count);
        if (asked == KILL)
            end(&signer);
        if (write(pipe, &asked, 1) != 1)
            break;
    }
    end(&signer);
    _exit(0);
}

void nursery_open(struct nursery *n, const struct settings *set, const struct world *w, const int *fds, size_t count)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        abort();
    pid_t pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0) {
        (void)close(ends[0]);
        serve(ends[1], set, w, fds, count);
    }
    (void)close(ends[1]);
    n->pipe = ends[0];
}

static void ask(const struct nursery *n, char what)
{
    if (n->pipe >= 0 && (write(n->pipe, &what, 1) != 1 || read(n->pipe, &what, 1) != 1))
        abort();
}

void nursery_start(struct nursery *n)
{
    ask(n, START);
}

void nursery_kill(struct nursery *n)
{
    ask(n, KILL);
}

void nursery_close(struct nursery *n)
{
    if (n->pipe < 0)
        return;
    nursery_kill(n);
    (void)close(n->pipe);
    n->pipe = -1;
    (void)waitpid(-1, NULL, 0);
}
