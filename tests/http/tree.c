/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/http/tree.h"

#include "base/log.h"
#include "gateway/process/supervisor.h"
#include "tests/http/gate.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void tree_settings(struct test *t, struct tree *x)
{
    struct fail f = { 0 };

    settings_defaults(&x->set);
    x->set.loops = 2;
    x->set.public_url = S("http://localhost:8080");
    x->set.listen = arena_printf(t->arena, "127.0.0.1:%d", x->port);
    x->set.state_dir = arena_printf(t->arena, "%s/state", x->dir);
    x->set.run_as = S("nobody");
    CHECK(settings_check(&x->set, t->arena, &f));
}

static _Noreturn void supervise(struct test *t, struct tree *x)
{
    struct fail f = { 0 };
    int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (getenv("GATE_LOG") == NULL)
        (void)dup2(quiet, STDERR_FILENO);
    (void)close(quiet);
    int status = supervisor_prepare(&x->set, t->arena, &f) ? supervisor_main(&x->set, t->arena) : 90;
    arena_free(t->arena);
    exit(status);
}

pid_t tree_start(struct test *t, struct tree *x)
{
    (void)fflush(stdout);
    pid_t pid = fork();

    if (pid == 0)
        supervise(t, x);
    return pid;
}

void tree_new(struct test *t, struct tree *x)
{
    (void)snprintf(x->dir, sizeof x->dir, "/tmp/digione-tree-XXXXXX");
    CHECK(mkdtemp(x->dir) != NULL && chmod(x->dir, 0711) == 0);
    x->port = gate_free_port();
    tree_settings(t, x);
    x->pid = tree_start(t, x);
}

int tree_wait(pid_t pid)
{
    int status = -1;

    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool tree_remove(const struct tree *x)
{
    char command[128];

    (void)snprintf(command, sizeof command, "rm -r -- %s", x->dir);
    return system(command) == 0;
}

int tree_end(struct tree *x, int signal_number)
{
    (void)kill(x->pid, signal_number);
    int status = tree_wait(x->pid);
    return tree_remove(x) ? status : -1;
}

static bool health_has(struct test *t, const struct tree *x, struct str words)
{
    struct gate_answer got =
        gate_ask(t, x->port, S("GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));

    return got.answers == 1 && str_find(got.text, words) < got.text.n;
}

bool tree_says(struct test *t, const struct tree *x, struct str words)
{
    for (int i = 0; i < PATIENCE; i++) {
        if (health_has(t, x, words))
            return true;
        (void)poll(NULL, 0, MOMENT_MS);
    }
    return false;
}

bool tree_well(struct test *t, const struct tree *x)
{
    return tree_says(t, x, S("\"redis\":true,\"signer\":true,\"fetcher\":true,\"audit\":true"));
}

void tree_children(pid_t parent, void (*each)(void *with, pid_t pid, const char *name), void *with)
{
    DIR *proc = opendir("/proc");

    for (struct dirent *e; proc != NULL && (e = readdir(proc)) != NULL;) {
        char path[300], name[64] = "";
        int pid = atoi(e->d_name), of = 0;
        (void)snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        FILE *f = pid > 0 ? fopen(path, "r") : NULL;
        if (f == NULL)
            continue;
        if (fscanf(f, "%*d (%63[^)]) %*c %d", name, &of) == 2 && of == parent)
            each(with, pid, name);
        (void)fclose(f);
    }
    if (proc != NULL)
        (void)closedir(proc);
}

struct sought {
    const char *name;
    pid_t pid;
};

static void seek(void *with, pid_t pid, const char *name)
{
    struct sought *s = with;

    if (strncmp(name, s->name, strlen(s->name)) == 0)
        s->pid = pid;
}

pid_t tree_child(const struct tree *x, const char *name)
{
    struct sought s = { name, 0 };

    tree_children(x->pid, seek, &s);
    return s.pid;
}

static void count(void *with, pid_t pid, const char *name)
{
    (void)pid;
    (void)name;
    ++*(int *)with;
}

int tree_size(const struct tree *x)
{
    int n = 0;

    tree_children(x->pid, count, &n);
    return n;
}
