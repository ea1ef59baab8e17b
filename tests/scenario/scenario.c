/* SPDX-License-Identifier: EUPL-1.2
 *
 * scenario FILE.scn: plays a script; README.md says how it is written. */
#include "tests/scenario/play.h"

#include "base/log.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER "tests/scenario/"

/* The lines that make the world, before anybody acts: CLOCK and SET. */
static bool set_one(struct stage *s, const struct line *l)
{
    size_t at = str_find_byte(l->verb, '=', 0);
    struct fail f = { 0 };

    if (settings_set(&s->set, s->arena, str_sub(l->verb, 0, at), str_from(l->verb, at + 1), &f))
        return true;
    (void)printf("%d: %s\n", l->number, f.detail);
    return false;
}

static int64_t clock_of(struct str script)
{
    struct line l;
    int number = 0;
    int64_t now_s = TEST_NOW_S;

    while (script_next(&script, &number, &l))
        if (str_eq(l.who, S("CLOCK")) && !script_time(l.verb, &now_s))
            (void)printf("%d: this is no time\n", number);
    return now_s;
}

static bool set_all(struct stage *s, struct str script)
{
    struct line l;
    int number = 0;

    while (script_next(&script, &number, &l))
        if (str_eq(l.who, S("SET")) && !set_one(s, &l))
            return false;
    return true;
}

static void write_file(const struct stage *s, const char *name, struct str text)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", s->dir, name);
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(text.p, 1, text.n, f) != text.n || fclose(f) != 0)
        abort();
}

static void play_lines(struct play *p, struct str script)
{
    struct line l;
    int number = 0;

    while (script_next(&script, &number, &l))
        if (l.who.n > 0)
            act(p, &l);
    p->line = NULL;
    act_audit_end(p);
}

static int play_script(struct str name, struct str script, size_t loops, int log_fd)
{
    struct stage *s = stage_new(clock_of(script), loops);
    struct arena *a = arena_new();
    struct play *p = arena_make(a, struct play);
    struct fail f = { 0 };

    *p = (struct play){ .arena = a, .stage = s, .script = name, .log_fd = log_fd };
    p->cities = cities_new(a, &s->world);
    s->fetch = cities_fetch;
    s->fetch_self = p->cities;
    p->registry = p->registry_at_first = test_file(a, FOLDER "registry.yaml");
    write_file(s, "oulu.xml", city_metadata(a));
    if (!set_all(s, script) || !stage_import(s, p->registry, &f) || !stage_open(s, &f)) {
        (void)printf("%.*s: the stage cannot be set: %s %s\n", STR_ARG(name), f.code != NULL ? f.code : "", f.detail);
        return 1;
    }
    play_lines(p, script);
    int complaints = p->complaints;
    stage_close(s);
    arena_free(a);
    return complaints > 0;
}

/* A process of its own: what it logs is read by the play, and shown when it ends badly. */
static int play_apart(struct str name, struct str script, size_t loops)
{
    int log_fd = memfd_create("log", 0), status = -1;
    char piece[4096];

    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(log_fd, STDERR_FILENO);
        log_set_level(LOG_DEBUG);
        exit(play_script(name, script, loops, log_fd));
    }
    if (waitpid(pid, &status, 0) != pid)
        abort();
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    off_t at = 0;
    for (ssize_t n; !good && (n = pread(log_fd, piece, sizeof piece, at)) > 0; at += n)
        (void)!write(STDERR_FILENO, piece, (size_t)n);
    (void)close(log_fd);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct arena *a = arena_new();
    int failed = 0;
    size_t loops = 1;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--two-loops") == 0) {
            loops = 2;
            continue;
        }
        struct str script = test_file(a, argv[i]), name = str_of(argv[i]);
        if (script.p == NULL)
            (void)printf("%s cannot be read\n", argv[i]);
        int bad = script.p == NULL || play_apart(name, script, loops);
        (void)printf("%s: %s\n", argv[i], bad ? "FAILED" : "as written");
        failed += bad;
    }
    arena_free(a);
    return failed > 0 || argc < 2;
}
