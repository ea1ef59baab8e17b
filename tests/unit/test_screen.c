/* SPDX-License-Identifier: EUPL-1.2
 * Codes of screens as people type them.  What Redis keeps of them, and who may answer, is tested by
 * tests/scenario/a_screen_*.scn and wrong_codes_*.scn.  [RFC 8628 6.1] */
#include "gateway/session/screen.h"
#include "tests/test.h"

#include <string.h>

TEST(a_code_is_read_however_it_is_typed)
{
    static const char *const ways[] = { "WDJB-MJHT", "wdjb-mjht", "WDJBMJHT", " wd jb mj ht ", "W-D-J-B-M-J-H-T" };

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        CHECK_STR(screen_typed(t->arena, str_of(ways[i])), "WDJBMJHT");
}

TEST(what_no_code_can_be_is_none)
{
    static const char *const none[] = { "",          "-",          "WDJB-MJH",  "WDJB-MJHTT", "WDJB-MJHA", "WDJB-MJH0",
                                        "WDJB_MJHT", "WDJB\tMJHT", "WDJB+MJHT", "ÄDJB-MJHT",  "Y" };

    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (screen_typed(t->arena, str_of(none[i])).p != NULL)
            test_fail(t, __FILE__, __LINE__, "\"%s\" is taken for a code", none[i]);
    CHECK(screen_typed(t->arena, S("WDJB\0MJHT")).p == NULL);
    CHECK(screen_typed(t->arena, (struct str){ NULL, 0 }).p == NULL);
}

TEST(a_code_is_shown_in_two_halves_and_read_back)
{
    struct str shown = screen_shown(t->arena, S("BCDFGHJK"));

    CHECK_STR(shown, "BCDF-GHJK");
    CHECK_STR(screen_typed(t->arena, shown), "BCDFGHJK");
}

TEST(no_letters_of_codes_look_alike_or_make_words)
{
    for (const char *p = SCREEN_LETTERS; *p != '\0'; p++) {
        CHECK(*p >= 'A' && *p <= 'Z' && strchr("AEIOUY", *p) == NULL);
        CHECK(strchr(p + 1, *p) == NULL);
    }
    CHECK(strlen(SCREEN_LETTERS) == 20);
}
