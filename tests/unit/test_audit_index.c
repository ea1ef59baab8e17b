/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/find.h"
#include "audit/index.h"
#include "audit/line.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEGMENT_LINES = 1000, STEP_S = 60 };

struct rig {
    char dir[40];
    struct str prev;
    int lines, segments;
    struct audit_index *x;
};

static void rig_end(void *arg)
{
    struct rig *g = arg;
    char command[64];

    audit_index_free(g->x);
    (void)snprintf(command, sizeof command, "rm -rf %s", g->dir);
    if (system(command) != 0)
        (void)fprintf(stderr, "%s is left\n", g->dir);
}

static struct str path_of(struct test *t, const struct rig *g, const char *name)
{
    return arena_printf(t->arena, "%s/%s", g->dir, name);
}

static struct str segment_path(struct test *t, const struct rig *g, int segment)
{
    char name[32];

    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, (unsigned)segment);
    return path_of(t, g, name);
}

static void put_line(struct test *t, struct rig *g, int fd, int i)
{
    const struct audit_event e = { .event = i % 2 == 0 ? "login" : "refused",
                                   .person = arena_printf(t->arena, "%08x%056d", i % 97, 0),
                                   .idp = i % 10 == 0 ? S("kemi-edu") : S("oulu-edu"),
                                   .area = i % 500 == 3 ? S("kemi/9.1") : (struct str){ NULL, 0 },
                                   .support_code = arena_printf(t->arena, "K%07d", i) };
    struct str line = audit_line_write(t->arena, (uint64_t)i + 1, (TEST_NOW_S + (int64_t)i * STEP_S) * 1000,
                                       audit_members(t->arena, &e), g->prev);

    g->prev = audit_line_hash(t->arena, line);
    CHECK(write(fd, line.p, line.n) == (ssize_t)line.n && write(fd, "\n", 1) == 1);
}

/* So many segments more. */
static void grow(struct test *t, struct rig *g, int segments)
{
    for (; segments > 0; segments--) {
        int fd = open(arena_cstr(t->arena, segment_path(t, g, ++g->segments)), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        CHECK(fd >= 0);
        for (int i = 0; i < SEGMENT_LINES; i++)
            put_line(t, g, fd, g->lines++);
        (void)close(fd);
    }
}

static struct rig *rig_new(struct test *t, int segments)
{
    struct rig *g = arena_make(t->arena, struct rig);

    *g = (struct rig){ .dir = "/tmp/digione-index-XXXXXX", .prev = str_of(audit_no_line) };
    CHECK(mkdtemp(g->dir) != NULL);
    arena_adopt(t->arena, g, rig_end);
    grow(t, g, segments);
    g->x = audit_index_new(g->dir, &t->world, NULL);
    return g;
}

static struct audit_state follow(struct test *t, struct rig *g)
{
    struct audit_state s;

    for (int i = 0; i < 1000 && audit_index_step(g->x); i++)
        ;
    audit_index_state(g->x, t->arena, &s);
    return s;
}

static void start_again(struct test *t, struct rig *g)
{
    audit_index_free(g->x);
    g->x = audit_index_new(g->dir, &t->world, NULL);
}

static size_t count(struct test *t, const struct rig *g, const struct audit_search *s)
{
    struct audit_finds got;
    struct fail f = { 0 };

    CHECK(audit_find(g->dir, t->arena, s, &got, &f));
    return got.n;
}

/* A byte of a line is another. */
static void change_record(struct test *t, const struct rig *g, int record)
{
    int segment = (record - 1) / SEGMENT_LINES + 1;
    const char *path = arena_cstr(t->arena, segment_path(t, g, segment));
    struct str code = arena_printf(t->arena, "K%07d", record - 1);
    int fd = open(path, O_RDWR);
    static char all[4 << 20];
    ssize_t n = pread(fd, all, sizeof all, 0);
    size_t at = n > 0 ? str_find(str_n(all, (size_t)n), code) : 0;

    CHECK(n > 0 && at < (size_t)n && pwrite(fd, "X", 1, (off_t)at) == 1);
    (void)close(fd);
}

TEST(the_index_follows_what_is_written_and_finds_the_same)
{
    struct rig *g = rig_new(t, 2);
    const struct audit_search one = { .most = 9, .support_code = S("K0000042") },
                              young = { .most = 9, .support_code = S("K0002500") };

    CHECK(follow(t, g).indexed >= SEGMENT_LINES);
    CHECK_INT(count(t, g, &one), 1);
    CHECK_INT(count(t, g, &young), 0);
    grow(t, g, 1);
    CHECK_INT(count(t, g, &young), 1); /* before it is followed, and after */
    struct audit_state s = follow(t, g);
    CHECK(s.indexed >= 2 * SEGMENT_LINES && s.fault == 0);
    CHECK_INT(count(t, g, &young), 1);
}

TEST(a_search_with_the_index_reads_few_bytes)
{
    struct rig *g = rig_new(t, 6);
    struct audit_finds got;
    struct fail f = { 0 };
    const struct audit_search old = { .most = 5, .support_code = S("K0000042"), .most_B = 100000 };

    CHECK(audit_find(g->dir, t->arena, &old, &got, &f));
    CHECK(got.stopped && got.n == 0); /* without: it is far back */
    (void)follow(t, g);
    CHECK(audit_find(g->dir, t->arena, &old, &got, &f));
    CHECK_INT(got.n, 1);
}

TEST(lines_of_an_area_are_found_by_where_they_belong)
{
    struct rig *g = rig_new(t, 3);
    static const struct str homes[] = { S("a:kemi"), S("i:kemi-edu") };
    const struct audit_search kemi = { .most = 3000, .homes = homes, .home_n = 2, .event = S("refused") };
    struct audit_finds got;
    struct fail f = { 0 };
    size_t of_area = 0;

    (void)follow(t, g);
    CHECK(audit_find(g->dir, t->arena, &kemi, &got, &f));
    for (size_t i = 0; i < got.n; i++)
        of_area += str_eq(got.at[i].area, S("kemi/9.1"));
    CHECK_INT(of_area, 3 * SEGMENT_LINES / 500); /* who may see them is not the index's to say */
}

TEST(an_index_that_is_gone_or_damaged_is_made_anew)
{
    struct rig *g = rig_new(t, 2);
    const struct audit_search one = { .most = 9, .support_code = S("K0000042") };

    uint64_t reach = follow(t, g).indexed;
    audit_index_free(g->x);
    g->x = NULL;
    CHECK(unlink(arena_cstr(t->arena, path_of(t, g, "index.sqlite"))) == 0);
    CHECK_INT(count(t, g, &one), 1);
    start_again(t, g);
    CHECK_INT(follow(t, g).indexed, reach);
    audit_index_free(g->x);
    g->x = NULL;
    int fd = open(arena_cstr(t->arena, path_of(t, g, "index.sqlite")), O_WRONLY | O_TRUNC);
    CHECK(write(fd, "this is no database, and it is longer than one page of nothing", 62) == 62);
    (void)close(fd);
    CHECK_INT(count(t, g, &one), 1);
    start_again(t, g);
    (void)follow(t, g);
    test_passes(t, 120);
    CHECK_INT(follow(t, g).indexed, reach);
    CHECK_INT(count(t, g, &one), 1);
}

TEST(an_index_of_another_log_is_not_believed)
{
    struct rig *g = rig_new(t, 2), *other = rig_new(t, 1);
    const struct audit_search one = { .most = 9, .support_code = S("K0000042") };

    (void)follow(t, g);
    for (int s = 1; s <= 2; s++)
        CHECK(unlink(arena_cstr(t->arena, segment_path(t, g, s))) == 0);
    CHECK(rename(arena_cstr(t->arena, segment_path(t, other, 1)), arena_cstr(t->arena, segment_path(t, g, 1))) == 0);
    CHECK_INT(count(t, g, &one), 1);
    start_again(t, g);
    CHECK(follow(t, g).indexed <= SEGMENT_LINES);
    CHECK_INT(count(t, g, &one), 1);
}

TEST(segments_that_were_pruned_leave_the_index)
{
    struct rig *g = rig_new(t, 3);
    const struct audit_search old = { .most = 9, .support_code = S("K0000042") },
                              young = { .most = 9, .support_code = S("K0002042") };

    (void)follow(t, g);
    CHECK(unlink(arena_cstr(t->arena, segment_path(t, g, 1))) == 0);
    CHECK_INT(count(t, g, &old), 0);
    CHECK_INT(count(t, g, &young), 1);
    start_again(t, g);
    struct audit_state s = follow(t, g);
    CHECK(!s.failing && s.fault == 0);
    CHECK_INT(count(t, g, &old), 0);
    CHECK_INT(count(t, g, &young), 1);
}

TEST(a_line_that_was_changed_is_found_while_it_is_followed)
{
    struct rig *g = rig_new(t, 3);

    change_record(t, g, 1500);
    CHECK_INT(follow(t, g).fault, 1500);
}

TEST(the_chain_of_the_last_days_is_verified_and_says_which_record_was_changed)
{
    struct rig *g = rig_new(t, 4);
    const int64_t late_s = TEST_NOW_S + (int64_t)3 * SEGMENT_LINES * STEP_S + 600;
    struct str none = { NULL, 0 };

    CHECK(audit_index_verify(g->x, 0, none));
    CHECK(!audit_index_verify(g->x, 0, none)); /* one at a time */
    struct audit_state s = follow(t, g);
    CHECK(s.verified && !s.verifying && s.report.error == NULL);
    CHECK_INT(s.report.records, 4 * SEGMENT_LINES);
    change_record(t, g, 1500);
    CHECK(audit_index_verify(g->x, 0, none));
    s = follow(t, g);
    CHECK_STR(s.report.error, "changed");
    CHECK(str_find(s.report.where, S("record 1500 was changed")) < s.report.where.n);
    CHECK(audit_index_verify(g->x, late_s, none)); /* what was changed long before is not looked at */
    s = follow(t, g);
    CHECK(s.verified && s.report.error == NULL);
    CHECK_INT(s.report.segments, 1);
    change_record(t, g, 3900);
    CHECK(audit_index_verify(g->x, late_s, none));
    s = follow(t, g);
    CHECK(str_find(s.report.where, S("record 3900 was changed")) < s.report.where.n);
}

TEST(the_thread_follows_by_itself)
{
    struct rig *g = rig_new(t, 1);
    struct audit_state s = { 0 };

    CHECK(audit_index_start(g->x));
    for (int i = 0; i < 200 && s.indexed == 0; i++) {
        (void)usleep(20000);
        audit_index_state(g->x, t->arena, &s);
    }
    CHECK(s.indexed > 0);
}

TEST(the_index_holds_no_text_of_the_log)
{
    struct rig *g = rig_new(t, 2);
    static char all[8 << 20];

    (void)follow(t, g);
    audit_index_free(g->x);
    g->x = NULL;
    int fd = open(arena_cstr(t->arena, path_of(t, g, "index.sqlite")), O_RDONLY);
    ssize_t n = read(fd, all, sizeof all);
    (void)close(fd);
    CHECK(n > 8192);
    struct str file = str_n(all, n > 0 ? (size_t)n : 0);
    CHECK(str_find(file, S("kemi-edu")) == file.n && str_find(file, S("0000002a0000")) == file.n &&
          str_find(file, S("K000004")) == file.n);
}

TEST(what_is_looked_for_since_a_moment_or_a_record_is_the_same_as_without_the_index)
{
    struct rig *g = rig_new(t, 6);
    const struct str looked = arena_printf(t->arena, "%08x%056d", 5, 0);
    size_t before[5];
    const struct audit_search asks[] = {
        { .most = 90, .person = looked, .from_s = TEST_NOW_S + (int64_t)3500 * STEP_S },
        { .most = 90, .person = looked, .from_s = TEST_NOW_S },
        { .most = 90, .person = looked, .from_s = TEST_NOW_S + (int64_t)100000 * STEP_S },
        { .most = 90, .person = looked, .after = 4096 },
        { .most = 90, .person = looked, .after = 4096, .before = 4300, .from_s = TEST_NOW_S + (int64_t)4000 * STEP_S },
    };

    for (size_t i = 0; i < 5; i++)
        before[i] = count(t, g, &asks[i]);
    CHECK(before[0] > 20 && before[1] > 50 && before[2] == 0 && before[3] > 10 && before[4] > 0);
    (void)follow(t, g);
    for (size_t i = 0; i < 5; i++)
        CHECK_INT(count(t, g, &asks[i]), before[i]);
}
