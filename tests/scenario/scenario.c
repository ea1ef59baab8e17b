/* SPDX-License-Identifier: EUPL-1.2
 *
 * scenario FILE.scn …: plays scripts; README.md says how they are written, and what --hostile does. */
#include "tests/scenario/play.h"

#include "base/log.h"
#include "tests/saml/forge.h"
#include "tests/test.h"
#include "tests/tokens.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER "tests/scenario/"

enum {
    SANITIZER_STATUS = 99,
    LOG_SHOWN_B = 8192,
    AFTERWARDS_MS = 61000, /* Redis is tried again within one second, a city within sixty */
    ENDS_MS = 2000,
    ENDS_STEPS = 3 /* a silent Redis is left, another one greeted, and seen to be an older copy, whose sessions end */
};

/* A sanitizer's end must not look like a script's. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "exitcode=99";
}

struct shared { /* by the process that plays and the one that waits for it */
    struct memory_page memory;
    atomic_uint commands, requests, fetches, allocations; /* of a whole script without a fault */
};

struct performance {
    struct str name, script;
    size_t loops;
    bool hostile;
    struct fault fault;
    struct shared *shared;
};

/* ── one performance ────────────────────────────────────────────────────── */

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
}

static void plan_fault(struct play *p, const struct fault *f)
{
    p->fault = *f;
    if (f->kind == FAULT_REDIS)
        redis_double_fail_at(p->stage->redis, f->n, (enum redis_fault)f->way);
    if (f->kind == FAULT_SIGNER)
        stage_signer_fail_at(p->stage, f->n, (enum signer_fault)f->way);
    if (f->kind == FAULT_CITY)
        p->stage->fetch_fail_at = p->stage->fetched + f->n;
    if (f->kind == FAULT_MEMORY)
        memory_fail_at(f->n);
}

static void count(const struct play *p, struct shared *x)
{
    atomic_store(&x->commands, redis_double_commands(p->stage->redis));
    atomic_store(&x->requests, p->stage->signer_asked);
    atomic_store(&x->fetches, p->stage->fetched);
    atomic_store(&x->allocations, atomic_load(&x->memory.count));
}

/* Once the fault has passed somebody new comes, and finds everything in order. */
static void play_afterwards(struct play *p)
{
    static const char *const cities[] = { "oulu", "espoo", "vantaa" };
    const struct str script = S("zoe     OPENS matikka at=espoo      EXPECT 303 to city espoo\n"
                                "espoo   ANSWERS zoe                 EXPECT 303 to service matikka, code, session\n"
                                "matikka REDEEMS the code of zoe     EXPECT 200\n"
                                "matikka ASKS about zoe              EXPECT 200\n"
                                "zoe     SIGNS OUT                   EXPECT 200, page signed-out, session ended\n");
    struct fail f = { 0 };

    p->fault = (struct fault){ .kind = FAULT_NONE };
    p->quiet = false;
    p->script = arena_printf(p->arena, "%.*s, afterwards", STR_ARG(p->script));
    redis_double_come_back(p->stage->redis);
    p->stage->signer_fail_at = 0; /* what the script has it refuse may not have been asked for */
    for (size_t i = 0; i < sizeof cities / sizeof *cities; i++) {
        city_leaves(city_named(p->cities, str_of(cities[i])), false);
        city_clock(city_named(p->cities, str_of(cities[i])), 0);
    }
    if (!stage_import(p->stage, p->registry_at_first, &f))
        play_violation(p, "not imported: %s", f.detail);
    stage_move(p->stage, AFTERWARDS_MS, AFTERWARDS_MS);
    for (int i = 0; i < ENDS_STEPS; i++)
        stage_move(p->stage, ENDS_MS, ENDS_MS);
    play_lines(p, script);
}

static bool set_stage(struct play *p, const struct performance *x, struct fail *f)
{
    struct stage *s = p->stage;

    s->fetch = cities_fetch;
    s->fetch_self = p->cities;
    write_file(s, "oulu.xml", city_metadata(p->arena));
    write_file(s, "suomifi.xml", city_metadata_suomifi(p->arena));
    write_file(s, "avain.jwks", test_jwks(p->arena, TEST_EC_OTHER, "avain"));
    if (x->hostile && memory_open(&x->shared->memory))
        s->lane_begins = memory_may_fail;
    return set_all(s, x->script) && stage_import(s, p->registry, f) && stage_open(s, f);
}

static int play_script(const struct performance *x, int log_fd)
{
    struct arena *a = arena_new();
    struct play *p = arena_make(a, struct play);
    struct fail f = { 0 };

    p->arena = a;
    p->stage = stage_new(clock_of(x->script), x->loops);
    p->cities = cities_new(a, &p->stage->world);
    p->script = x->name;
    p->log_fd = log_fd;
    p->memory = &x->shared->memory;
    p->registry = p->registry_at_first = test_file(a, FOLDER "registry.yaml");
    if (!set_stage(p, x, &f)) {
        (void)printf("%.*s: the stage cannot be set: %s %s\n", STR_ARG(x->name), f.code != NULL ? f.code : "",
                     f.detail);
        return 1;
    }
    atomic_store(&x->shared->memory.count, 0);
    plan_fault(p, &x->fault);
    play_lines(p, x->script);
    act_audit_end(p);
    count(p, x->shared);
    if (x->hostile)
        play_afterwards(p);
    int complaints = p->complaints;
    stage_close(p->stage);
    arena_free(a);
    return complaints > 0;
}

/* ── in a process of its own ────────────────────────────────────────────── */

static void show_log(int log_fd, off_t from)
{
    char piece[4096];

    for (ssize_t n; (n = pread(log_fd, piece, sizeof piece, from)) > 0; from += n)
        (void)!write(STDERR_FILENO, piece, (size_t)n);
}

/* What it logs is read by the play, and shown when it ends badly. */
static bool perform(const struct performance *x)
{
    int log_fd = memfd_create("log", 0), status = -1;

    (void)fflush(stdout);
    memset(&x->shared->memory, 0, sizeof x->shared->memory);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(log_fd, STDERR_FILENO);
        log_set_level(LOG_DEBUG);
        exit(play_script(x, log_fd));
    }
    if (waitpid(pid, &status, 0) != pid)
        abort();
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool crashed = !good && (!WIFEXITED(status) || WEXITSTATUS(status) == SANITIZER_STATUS);
    off_t size = lseek(log_fd, 0, SEEK_END);
    if (crashed)
        (void)printf("%.*s: ended by signal %d, status %d\n", STR_ARG(x->name),
                     WIFSIGNALED(status) ? WTERMSIG(status) : 0, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    if (!good)
        show_log(log_fd, x->hostile && size > LOG_SHOWN_B ? size - LOG_SHOWN_B : 0);
    (void)close(log_fd);
    if (!good)
        stage_clear(pid);
    return good;
}

/* ── hostile: again, with one thing failing ─────────────────────────────── */

static const struct {
    enum fault_kind kind;
    int way;
    const char *name;
} ways[] = {
#define X(fault, word) { FAULT_REDIS, REDIS_##fault, "Redis " word },
    REDIS_FAULTS(X)
#undef X
        { FAULT_SIGNER, SIGNER_SILENT, "signer silent" },
    { FAULT_SIGNER, SIGNER_REFUSES, "signer refuses" },
    { FAULT_SIGNER, SIGNER_DIES, "signer dies" },
    { FAULT_CITY, 0, "city away" },
    { FAULT_MEMORY, 0, "no memory" },
};
enum { WAYS = sizeof ways / sizeof *ways };

static unsigned places(const struct shared *x, enum fault_kind kind)
{
    switch (kind) {
    case FAULT_REDIS:
        return atomic_load(&x->commands);
    case FAULT_SIGNER:
        return atomic_load(&x->requests);
    case FAULT_CITY:
        return atomic_load(&x->fetches);
    case FAULT_MEMORY:
        return atomic_load(&x->allocations);
    case FAULT_NONE:
        break;
    }
    return 0;
}

/* The i-th of all pairs of a way and a place. */
static struct fault fault_at(const unsigned *counts, unsigned i, const char **name)
{
    size_t w = 0;

    while (w + 1 < WAYS && i >= counts[w])
        i -= counts[w++];
    *name = ways[w].name;
    return (struct fault){ ways[w].kind, ways[w].way, i + 1 };
}

/* `most` of them, evenly: half of it for memory, where most of the places are.  The seed moves the comb. */
static int perform_hostile(struct performance *x, unsigned most, unsigned seed)
{
    const struct str name = x->name;
    struct arena *a = arena_new();
    unsigned counts[WAYS], total = 0, runs = 0;
    int failed = 0;

    for (size_t i = 0; i < WAYS; i++)
        total += counts[i] = places(x->shared, ways[i].kind);
    unsigned memory = counts[WAYS - 1], others = total - memory;
    for (unsigned i = 0; i < total; i++) {
        bool of_memory = i >= others;
        unsigned at = of_memory ? i - others : i, all = of_memory ? memory : others, want = (most + of_memory) / 2;
        if (want < all && (at + seed) * (uint64_t)want / all == (at + seed + 1) * (uint64_t)want / all)
            continue;
        const char *way;
        x->fault = fault_at(counts, i, &way);
        x->name = arena_printf(a, "%.*s [%s at %u]", STR_ARG(name), way, x->fault.n);
        failed += !perform(x);
        runs++;
    }
    (void)printf("%.*s: %u of %u faults (%u allocations), %d badly met\n", STR_ARG(name), runs, total, memory, failed);
    x->name = name;
    arena_free(a);
    return failed;
}

/* ── the command line ───────────────────────────────────────────────────── */

struct words {
    size_t loops;
    unsigned hostile, seed; /* how many faults a script; 0: none */
};

static int play_file(struct arena *a, const char *path, const struct words *w, struct shared *shared)
{
    struct performance x = { .name = str_of(strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path),
                             .script = test_file(a, path),
                             .loops = w->loops,
                             .hostile = w->hostile > 0,
                             .shared = shared };

    if (x.script.p == NULL) {
        (void)printf("%s cannot be read\n", path);
        return 1;
    }
    int failed = !perform(&x);
    (void)printf("%.*s: %s\n", STR_ARG(x.name), failed ? "FAILED" : "as written");
    /* A script with a fault of its own cannot have another. */
    bool own = str_find(x.script, S("\nREDIS     fails")) < x.script.n ||
               str_find(x.script, S("\nDISK      fails")) < x.script.n;
    bool again = failed == 0 && w->hostile > 0 && !own;
    return again ? perform_hostile(&x, w->hostile, w->seed) : failed;
}

/* Made once, and there in every process that is forked. */
static void make_cities_keys(struct arena *a)
{
    (void)forge_certificate(FORGE_IDP);
    (void)test_jwk_members(a, TEST_EC);
    (void)test_jwk_members(a, TEST_EC_OTHER);
}

static bool number_after(const char *word, const char *name, unsigned *out)
{
    struct str rest = str_of(word);
    int64_t n = 0;

    if (!str_has_prefix(rest, str_of(name)) || !str_int(str_from(rest, strlen(name)), &n) || n < 0)
        return false;
    *out = (unsigned)n;
    return true;
}

int main(int argc, char **argv)
{
    struct arena *a = arena_new();
    struct words w = { .loops = 1, .seed = 1 };
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int failed = 0, played = 0;

    if (shared == MAP_FAILED)
        abort();
    make_cities_keys(a);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--two-loops") == 0)
            w.loops = 2;
        else if (strcmp(argv[i], "--hostile") == 0)
            w.hostile = 1u << 30;
        else if (!number_after(argv[i], "--hostile=", &w.hostile) && !number_after(argv[i], "--seed=", &w.seed))
            failed += play_file(a, argv[i], &w, shared), played++;
    }
    arena_free(a);
    return failed > 0 || played == 0;
}
