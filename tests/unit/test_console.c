/* SPDX-License-Identifier: EUPL-1.2
 *
 * The console's paths stand behind its door, and its tally of sign-ins. */
#include "audit/audit.h"
#include "audit/find.h"
#include "gateway/console/door.h"
#include "gateway/node/tables.h"
#include "gateway/tally.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static bool is_of_console(const struct route *r)
{
    return strcmp(r->path, "/admin") == 0 || strncmp(r->path, "/admin/", 7) == 0;
}

TEST(every_path_of_the_console_begins_with_its_door_and_names_a_right)
{
    size_t seen = 0;

    for (size_t i = 0; i < all_routes.n; i++) {
        const struct route *r = &all_routes.at[i];
        if (!is_of_console(r) || strcmp(r->path, "/admin/enter") == 0) {
            CHECK(r->who != WHO_ADMIN);
            continue;
        }
        const struct screen *s = screen_of(r->steps);
        seen++;
        CHECK(r->who == WHO_ADMIN && r->door == DOOR_PUBLIC);
        CHECK(r->steps[0].run == console_door);
        CHECK(s != NULL);
        if (s != NULL)
            CHECK((*s->act != '\0') == (r->method == HTTP_POST)); /* what alters something has its line before */
        if (s == NULL || r->steps[0].run != console_door)
            test_fail(t, __FILE__, __LINE__, "%s", r->path);
    }
    CHECK(seen >= 10);
}

TEST(the_tally_counts_pairs_for_an_hour)
{
    struct tally *tally = tally_new(t->arena);
    const struct str none = { NULL, 0 };

    for (int i = 0; i < 3; i++)
        tally_add(tally, S("oulu"), S("city_unreachable"), TEST_NOW_S + i);
    tally_add(tally, S("oulu"), S(TALLY_OK), TEST_NOW_S);
    tally_add(tally, S("espoo"), S(TALLY_OK), TEST_NOW_S);
    struct tally_rows rows = tally_read(tally, t->arena, S("oulu"), TEST_NOW_S + 10);
    CHECK_INT(rows.n, 2);
    CHECK_STR(rows.at[0].code, "city_unreachable");
    CHECK_INT(rows.at[0].n, 3);
    CHECK_INT(rows.at[0].first_s, TEST_NOW_S);
    CHECK_INT(rows.at[0].last_s, TEST_NOW_S + 2);
    CHECK_INT(tally_read(tally, t->arena, none, TEST_NOW_S + 10).n, 3);
    CHECK_INT(tally_read(tally, t->arena, none, TEST_NOW_S + TALLY_S + 10).n, 0);
    tally_add(tally, S("oulu"), S("city_unreachable"), TEST_NOW_S + TALLY_S + 10);
    rows = tally_read(tally, t->arena, S("oulu"), TEST_NOW_S + TALLY_S + 11);
    CHECK_INT(rows.n, 1);
    CHECK_INT(rows.at[0].n, 1);
    CHECK_INT(rows.at[0].first_s, TEST_NOW_S + TALLY_S + 10);
    tally_free(tally);
}

TEST(a_full_tally_takes_nothing_more_until_something_has_passed)
{
    struct tally *tally = tally_new(t->arena);
    const struct str none = { NULL, 0 };

    for (int i = 0; i < TALLY_ROWS_MAX + 10; i++)
        tally_add(tally, arena_printf(t->arena, "idp-%d", i), S("city_unreachable"), TEST_NOW_S);
    CHECK_INT(tally_read(tally, t->arena, none, TEST_NOW_S).n, TALLY_ROWS_MAX);
    tally_add(tally, S("late"), S("tls"), TEST_NOW_S + TALLY_S);
    CHECK_INT(tally_read(tally, t->arena, S("late"), TEST_NOW_S + TALLY_S).n, 1);
    tally_free(tally);
}

/* ── the log, searched ──────────────────────────────────────────────────── */

static bool of_oulu(void *with, const struct audit_found *x)
{
    (void)with;
    return str_eq(x->idp, S("oulu"));
}

static void write_lines(struct test *t, const char *dir)
{
    struct fail f = { 0 };
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);

    CHECK(w != NULL);
    for (int i = 0; w != NULL && i < 6; i++) {
        const struct audit_event e = { .event = i % 2 == 0 ? "login" : "refused",
                                       .idp = i < 4 ? S("oulu") : S("espoo"),
                                       .person = i == 4 ? S("aino") : S("ainola"),
                                       .row = i == 5 ? S("person aino") : (struct str){ NULL, 0 },
                                       .support_code = arena_printf(t->arena, "CODE000%d", i) };
        CHECK(audit_now(w, &e));
    }
    audit_writer_free(w);
}

TEST(lines_of_the_log_are_found_the_newest_first_and_a_page_at_a_time)
{
    char dir[] = "/tmp/digione-find-XXXXXX";
    struct audit_search all = { .most = 4 }, oulu = { .most = 10, .within = of_oulu },
                        one = { .most = 10, .support_code = S("CODE0002"), .event = S("login") };
    struct audit_finds got;
    struct fail f = { 0 };

    CHECK(mkdtemp(dir) != NULL);
    write_lines(t, dir);
    CHECK(audit_find(dir, t->arena, &all, &got, &f));
    CHECK_INT(got.n, 4);
    CHECK_INT(got.at[0].n, 6);
    CHECK_INT(got.at[3].n, 3);
    CHECK_INT(got.next, 3);
    all.before = got.next;
    CHECK(audit_find(dir, t->arena, &all, &got, &f));
    CHECK_INT(got.n, 2);
    CHECK_INT(got.next, 0);
    CHECK(audit_find(dir, t->arena, &oulu, &got, &f));
    CHECK_INT(got.n, 4);
    CHECK(audit_find(dir, t->arena, &one, &got, &f));
    CHECK_INT(got.n, 1);
    CHECK_INT(got.at[0].n, 3);
    CHECK_INT(got.at[0].at_s, TEST_NOW_S);
    one.event = S("refused");
    CHECK(audit_find(dir, t->arena, &one, &got, &f));
    CHECK_INT(got.n, 0);
    const struct audit_search aino = { .most = 10, .person = S("aino") },
                              looks = { .most = 10, .row = S("person aino") };
    CHECK(audit_find(dir, t->arena, &aino, &got, &f));
    CHECK_INT(got.n, 1);
    CHECK_INT(got.at[0].n, 5);
    CHECK(audit_find(dir, t->arena, &looks, &got, &f));
    CHECK_INT(got.n, 1);
    CHECK_INT(got.at[0].n, 6);
    CHECK(!audit_find("/nowhere/at/all", t->arena, &one, &got, &f));
    CHECK_STR(f.code, "audit_unreadable");
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf %s", dir))) == 0);
}
