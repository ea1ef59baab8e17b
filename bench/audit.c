/* SPDX-License-Identifier: EUPL-1.2
 *
 * The audit log's index: how long it takes to make, how large it is, and what searches cost with it and without.
 *
 *   bench_audit [LINES [FOLDER]]      two million lines, in a folder of /tmp; ten million take 6 GB */
#include "audit/find.h"
#include "audit/index.h"
#include "audit/line.h"
#include "base/crypt.h"
#include "base/world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEAVY_EVERY = 1000 /* a line of one person, who is there for ten years */,
    PEOPLE = 300000,
    CITIES = 305,
    SERVICES = 40,
    CHUNK_B = 1 << 20,
    ROUNDS = 5
};

static const int64_t began_s = 1786348800;

static double now_s(void)
{
    return (double)world_mono_ms(&world_real) / 1000;
}

static double cpu_s(void)
{
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static struct str id_of(struct arena *a, uint64_t person)
{
    return sha256_hex(a, arena_printf(a, "person %llu", (unsigned long long)person));
}

/* A sign-in, and what follows from it: opened, told; now and then refused. */
static struct audit_event event_of(struct arena *a, uint64_t i)
{
    static const char *const events[] = { "login", "open", "release", "refused" };
    uint64_t at = i / 3 * 2654435761U, person = i % HEAVY_EVERY == 0 ? PEOPLE + 7 : at % PEOPLE, city = person % CITIES;
    const char *event = i % 3 != 0 && at % 50 == 7 ? events[3] : events[i % 3];
    bool refused = event == events[3];

    return (struct audit_event){ .event = event,
                                 .person = id_of(a, person),
                                 .idp = arena_printf(a, "city%llu-edu", (unsigned long long)city),
                                 .service = i % 3 != 0
                                                ? arena_printf(a, "service-%llu", (unsigned long long)(at % SERVICES))
                                                : (struct str){ NULL, 0 },
                                 .rule = i % 3 != 0 ? S("shared-7-9") : (struct str){ NULL, 0 },
                                 .claims = i % 3 == 2 && !refused ? S("sub given_name roles") : (struct str){ NULL, 0 },
                                 .reason = refused ? S("access_denied") : (struct str){ NULL, 0 },
                                 .sid = arena_printf(a, "s%016llx", (unsigned long long)at),
                                 .support_code = arena_printf(a, "K%07llu", (unsigned long long)(i % 10000000)) };
}

static uint64_t write_log(const char *dir, uint64_t lines)
{
    struct arena *keep = arena_new(), *a = arena_new();
    char name[300], prev[AUDIT_HEAD_HEX];
    uint64_t bytes = 0, in_segment = 0;
    unsigned segment = 0;
    FILE *out = NULL;

    memcpy(prev, audit_no_line, sizeof prev);
    for (uint64_t i = 0; i < lines; i++) {
        if (out == NULL || in_segment >= AUDIT_SEGMENT_MAX_B) {
            if (out != NULL)
                (void)fclose(out);
            (void)snprintf(name, sizeof name, "%s/" AUDIT_SEGMENT_FORM, dir, ++segment);
            out = fopen(name, "wb");
            in_segment = 0;
        }
        if (out == NULL)
            break;
        const struct audit_event e = event_of(a, i);
        struct str line = audit_line_write(a, i + 1, (began_s + (int64_t)(i / 20)) * 1000, audit_members(a, &e),
                                           str_n(prev, sizeof prev));
        memcpy(prev, audit_line_hash(a, line).p, sizeof prev);
        (void)fwrite(line.p, 1, line.n, out);
        (void)fputc('\n', out);
        in_segment += line.n + 1;
        bytes += line.n + 1;
        if (i % 64 == 63)
            arena_reset(a);
    }
    if (out != NULL)
        (void)fclose(out);
    arena_free(a);
    arena_free(keep);
    return bytes;
}

static void search(const char *dir, const char *name, const struct audit_search *s)
{
    double best_s = 1e9, best_cpu_s = 1e9;
    size_t n = 0;
    bool stopped = false;

    for (int i = 0; i < ROUNDS; i++) {
        struct arena *a = arena_new();
        struct audit_finds got;
        struct fail f = { 0 };
        double at = now_s(), cpu = cpu_s();
        if (!audit_find(dir, a, s, &got, &f))
            (void)fprintf(stderr, "%s: %s\n", name, f.detail);
        best_s = now_s() - at < best_s ? now_s() - at : best_s;
        best_cpu_s = cpu_s() - cpu < best_cpu_s ? cpu_s() - cpu : best_cpu_s;
        n = got.n;
        stopped = got.stopped;
        arena_free(a);
    }
    (void)printf("  %-44s %8.1f ms  %8.1f ms CPU  %5zu lines%s\n", name, best_s * 1000, best_cpu_s * 1000, n,
                 stopped ? ", stopped for its bytes" : "");
}

static void searches(const char *dir, uint64_t lines)
{
    struct arena *a = arena_new();
    static const struct str homes[] = { S("a:city7"), S("i:city7-edu") };
    const int64_t middle_s = began_s + (int64_t)lines / 40;
    const struct audit_event e = event_of(a, 300);
    const struct audit_search one_old = { .most = 40, .support_code = S("K0000042") },
                              person = { .most = 300, .person = e.person },
                              pseudonym = { .most = 40, .pseudonym = str_sub(e.person, 0, 8), .event = S("release") },
                              page = { .most = 25, .person = id_of(a, PEOPLE + 7) },
                              later = { .most = 25, .person = id_of(a, PEOPLE + 7), .before = (int64_t)lines / 2 },
                              today = { .most = 400,
                                        .person = id_of(a, PEOPLE + 7),
                                        .from_s = began_s + (int64_t)lines / 20 - 36000 },
                              nobody = { .most = 40, .person = id_of(a, PEOPLE + 1) },
                              city = { .most = 40, .homes = homes, .home_n = 2, .idp = S("city7-edu") },
                              refused = { .most = 40,
                                          .idp = S("city7-edu"),
                                          .event = S("refused"),
                                          .from_s = middle_s,
                                          .to_s = middle_s + 86400 },
                              all = { .most = 10000,
                                      .idp = S("city7-edu"),
                                      .reason = S("access_denied"),
                                      .most_B = FIND_EXPORT_B };

    search(dir, "a support code, the oldest", &one_old);
    search(dir, "all lines of a person", &person);
    search(dir, "a pseudonym's releases", &pseudonym);
    search(dir, "a page of a person of ten years", &page);
    search(dir, "the same, half-way back", &later);
    search(dir, "the same person's last ten hours", &today);
    search(dir, "a person of whom there is nothing", &nobody);
    search(dir, "the newest of a city", &city);
    search(dir, "a city's refusals of one day, half-way back", &refused);
    search(dir, "a city's refusals, for a file", &all);
    arena_free(a);
}

static void make_index(const char *dir)
{
    char path[300];
    struct stat st = { 0 };
    struct audit_index *x = audit_index_new(dir, &world_real, NULL);
    struct arena *a = arena_new();
    struct audit_state s;
    double at = now_s(), cpu = cpu_s();

    while (audit_index_step(x))
        ;
    audit_index_state(x, a, &s);
    (void)snprintf(path, sizeof path, "%s/index.sqlite", dir);
    double took_s = now_s() - at, took_cpu_s = cpu_s() - cpu;
    audit_index_free(x);
    (void)stat(path, &st);
    (void)printf("index of %llu records: %.1f s (%.1f s CPU), %.0f lines/s, %lld MB\n", (unsigned long long)s.indexed,
                 took_s, took_cpu_s, (double)s.indexed / took_s, (long long)st.st_size >> 20);
    x = audit_index_new(dir, &world_real, NULL);
    at = now_s();
    (void)audit_index_verify(x, 0, (struct str){ NULL, 0 });
    (void)audit_index_step(x);
    audit_index_state(x, a, &s);
    (void)printf("chain of %llu records verified: %.1f s, %s\n", (unsigned long long)s.report.records, now_s() - at,
                 s.report.error != NULL ? s.report.error : "holds");
    audit_index_free(x);
    arena_free(a);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/digione-bench-audit-XXXXXX", command[300];
    int64_t lines = 2000000;
    const char *where = argc > 2 ? argv[2] : mkdtemp(dir);

    if ((argc > 1 && !str_int(str_of(argv[1]), &lines)) || where == NULL)
        return 2;
    uint64_t bytes = write_log(where, (uint64_t)lines);
    (void)printf("%lld lines, %llu MB\nwithout the index:\n", (long long)lines, (unsigned long long)bytes >> 20);
    searches(where, (uint64_t)lines);
    make_index(where);
    (void)printf("with it:\n");
    searches(where, (uint64_t)lines);
    if (argc > 2)
        return 0;
    (void)snprintf(command, sizeof command, "rm -rf %s", where);
    return system(command) == 0 ? 0 : 1;
}
