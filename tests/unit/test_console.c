/* SPDX-License-Identifier: EUPL-1.2
 *
 * The console's paths stand behind its door, and its tally of sign-ins. */
#include "gateway/console/door.h"
#include "gateway/node/tables.h"
#include "gateway/tally.h"
#include "tests/test.h"

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
