/* SPDX-License-Identifier: EUPL-1.2
 *
 * Searches of the log, compared with what is found by looking at every line. */
#include "audit/find.h"
#include "audit/index.h"
#include "audit/line.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEGMENTS = 4, LINES_A_SEGMENT = 1500, LINES = SEGMENTS * LINES_A_SEGMENT, STEP_S = 7 };

static struct audit_event event_of(struct test *t, int i)
{
    static const char *const events[] = { "login", "open", "release", "refused" };

    return (struct audit_event){ .event = events[i % 4],
                                 .person = arena_printf(t->arena, "%08x%056d", i % 50, 0),
                                 .idp = i % 3 == 0 ? S("oulu") : S("espoo"),
                                 .service = i % 5 == 0 ? S("a \"quoted\" one") : S("kanerva"),
                                 .reason = i % 4 == 3 ? S("csrf") : (struct str){ NULL, 0 },
                                 .why = i % 900 == 0 ? S("\"event\":\"logout\"") : (struct str){ NULL, 0 },
                                 .support_code = arena_printf(t->arena, "K%07d", i) };
}

/* The clock is set back a little now and then. */
static int64_t at_s(int i)
{
    return TEST_NOW_S + (int64_t)i * STEP_S - (i % 100 == 99 ? 60 : 0);
}

static void write_log(struct test *t, const char *dir)
{
    struct str prev = str_of(audit_no_line);

    for (int s = 0; s < SEGMENTS; s++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s/" AUDIT_SEGMENT_FORM, dir, (unsigned)s + 1);
        int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        CHECK(fd >= 0);
        for (int i = s * LINES_A_SEGMENT; i < (s + 1) * LINES_A_SEGMENT; i++) {
            const struct audit_event e = event_of(t, i);
            struct str line =
                audit_line_write(t->arena, (uint64_t)i + 1, at_s(i) * 1000, audit_members(t->arena, &e), prev);
            CHECK(write(fd, line.p, line.n) == (ssize_t)line.n && write(fd, "\n", 1) == 1);
        }
        if (s == SEGMENTS - 1) /* which was not finished */
            CHECK(write(fd, "{\"n\":9", 6) == 6);
        (void)close(fd);
    }
}

static bool is(struct str has, struct str wanted)
{
    return !str_is_set(wanted) || str_eq(has, wanted);
}

static bool should_be_found(struct test *t, const struct audit_search *s, int i)
{
    const struct audit_event e = event_of(t, i);

    return (s->from_s == 0 || at_s(i) >= s->from_s) && (s->to_s == 0 || at_s(i) < s->to_s) &&
           (s->before == 0 || i + 1 < s->before) && is(str_of(e.event), s->event) && is(e.idp, s->idp) &&
           is(e.service, s->service) && is(e.reason, s->reason) && is(e.support_code, s->support_code) &&
           (!str_is_set(s->pseudonym) || str_has_prefix(e.person, s->pseudonym));
}

static void index_all(struct test *t, const char *dir)
{
    struct audit_index *x = audit_index_new(dir, &t->world, NULL);
    struct audit_state s;
    int steps = 0;

    while (audit_index_step(x) && steps++ < 1000)
        ;
    audit_index_state(x, t->arena, &s);
    CHECK(!s.failing);
    CHECK(s.indexed > LINES - 256 && s.indexed <= LINES);
    audit_index_free(x);
}

/* Page by page, to the end. */
static void compare(struct test *t, const char *dir, struct audit_search s)
{
    struct audit_finds got = { 0 };
    struct fail f = { 0 };
    size_t at = 0;
    int expected = LINES - 1, pages = 0;
    const struct audit_search whole = s;

    do {
        CHECK(audit_find(dir, t->arena, &s, &got, &f));
        CHECK(got.n <= s.most);
        for (at = 0; at < got.n; at++) {
            while (expected >= 0 && !should_be_found(t, &whole, expected))
                expected--;
            CHECK_INT(got.at[at].n, expected + 1);
            CHECK_INT(got.at[at].at_s, at_s(expected));
            expected--;
        }
        CHECK(got.next == 0 || s.before == 0 || got.next < s.before);
        CHECK(got.stopped == (got.next != 0 && got.n < s.most));
        s.before = got.next;
        pages++;
    } while (got.next != 0 && pages < LINES);
    while (expected >= 0 && !should_be_found(t, &whole, expected))
        expected--;
    CHECK_INT(expected, -1); /* none was missed */
}

TEST(pages_of_a_search_are_together_what_looking_at_every_line_finds)
{
    const int64_t middle_s = TEST_NOW_S + (int64_t)LINES / 2 * STEP_S;
    static const struct str oulus[] = { S("i:oulu") };
    const struct audit_search searches[] = {
        { .most = 700 },
        { .most = 40, .event = S("refused") },
        { .most = 40, .pseudonym = S("00000007") },
        { .most = 40, .support_code = S("K0000042") },
        { .most = 40, .support_code = S("K9999999") },
        { .most = 400, .service = S("a \"quoted\" one"), .idp = S("oulu") },
        { .most = 40, .event = S("logout") }, /* stands in a reason alone */
        { .most = 700, .from_s = middle_s, .to_s = middle_s + 3600 },
        { .most = 700, .to_s = TEST_NOW_S + 600 },
        { .most = 700, .from_s = TEST_NOW_S + LINES * STEP_S - 600, .reason = S("csrf") },
        { .most = 700, .from_s = TEST_NOW_S + LINES * STEP_S + 600 },
        { .most = 700, .to_s = TEST_NOW_S },
        { .most = 7000, .from_s = TEST_NOW_S + 3000 }, /* over many chunks and segments */
        { .most = 33, .before = LINES / 2 + 7, .idp = S("espoo"), .event = S("open") },
        { .most = 33, .before = 1 },
        { .most = 40, .homes = oulus, .home_n = 1, .idp = S("oulu") },
        { .most = 40,
          .homes = oulus,
          .home_n = 1,
          .idp = S("oulu"),
          .event = S("refused"),
          .reason = S("csrf"),
          .service = S("kanerva"),
          .pseudonym = S("00000003") },
    };
    char dir[] = "/tmp/digione-find-XXXXXX";

    CHECK(mkdtemp(dir) != NULL);
    write_log(t, dir);
    for (int indexed = 0; indexed < 2; indexed++) {
        for (size_t i = 0; i < sizeof searches / sizeof *searches; i++)
            for (int small = 0; small < 2; small++) {
                struct audit_search s = searches[i];
                s.most_B = small ? 1 : 0; /* a chunk at a time */
                compare(t, dir, s);
            }
        index_all(t, dir);
    }
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", dir))) == 0);
}

/* A look far back costs the bytes of a page, and not those in between. */
TEST(a_page_far_back_is_found_by_halving)
{
    char dir[] = "/tmp/digione-find-XXXXXX";
    struct audit_finds got = { 0 };
    struct fail f = { 0 };

    CHECK(mkdtemp(dir) != NULL);
    write_log(t, dir);
    const struct audit_search old = { .most = 10, .most_B = 1, .before = 100 },
                              day = { .most = 10, .most_B = 1, .to_s = TEST_NOW_S + 700 };
    CHECK(audit_find(dir, t->arena, &old, &got, &f));
    CHECK_INT(got.n, 10);
    CHECK_INT(got.at[0].n, 99);
    CHECK(audit_find(dir, t->arena, &day, &got, &f));
    CHECK_INT(got.n, 10);
    CHECK(got.at[0].at_s < TEST_NOW_S + 700);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", dir))) == 0);
}
