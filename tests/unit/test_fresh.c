/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/fresh.h"
#include "tests/test.h"

#define MONDAY  S("2026-11-23")
#define TUESDAY S("2026-11-24")

static struct strs list(struct test *t, const char *words)
{
    struct strs out = { NULL, 0 };
    struct str rest = str_of(words), one;

    while (str_split(&rest, ' ', &one))
        strs_add(t->arena, &out, one);
    return out;
}

/* As a browser keeps it from one look to the next. */
static bool looks(struct test *t, struct str *kept, const char *theirs, struct str today, const char *shown)
{
    struct fresh x = fresh_read(t->arena, *kept);
    struct strs all = list(t, theirs);
    bool changed = fresh_look(t->arena, &all, today, &x);
    struct buf b = buf_new(t->arena, 1024);

    for (size_t i = 0; i < x.shown.n; i++) {
        buf_add(&b, i > 0 ? S(" ") : S(""));
        buf_add(&b, x.shown.at[i]);
    }
    CHECK_STR(buf_str(&b), shown);
    if (changed)
        *kept = fresh_write(t->arena, &x);
    return changed;
}

TEST(what_is_there_at_the_first_look_is_not_new)
{
    struct str kept = S("");

    CHECK(looks(t, &kept, "kanerva lampi", MONDAY, ""));
    CHECK(!looks(t, &kept, "kanerva lampi", MONDAY, ""));
}

TEST(what_was_opened_since_is_shown_for_that_day_and_then_no_more)
{
    struct str kept = S("");

    (void)looks(t, &kept, "kanerva", MONDAY, "");
    CHECK(looks(t, &kept, "kanerva lampi", TUESDAY, "lampi"));
    CHECK(!looks(t, &kept, "kanerva lampi", TUESDAY, "lampi"));
    CHECK(looks(t, &kept, "kanerva lampi pihka", TUESDAY, "lampi pihka"));
    CHECK(!looks(t, &kept, "kanerva pihka", TUESDAY, "pihka"));
    CHECK(!looks(t, &kept, "kanerva lampi pihka", S("2026-11-25"), ""));
}

TEST(what_goes_and_comes_back_is_not_new)
{
    struct str kept = S("");

    (void)looks(t, &kept, "kanerva lampi", MONDAY, "");
    CHECK(!looks(t, &kept, "kanerva", MONDAY, ""));
    CHECK(!looks(t, &kept, "kanerva lampi", TUESDAY, ""));
}

TEST(no_more_than_four_are_shown)
{
    struct str kept = S("");

    (void)looks(t, &kept, "a", MONDAY, "");
    CHECK(looks(t, &kept, "a b c d e f g", TUESDAY, "b c d e"));
}

TEST(who_has_too_many_services_is_told_of_none_and_keeps_nothing)
{
    struct fresh x = { .known = S("AAA") };
    struct strs many = { NULL, 0 };

    for (int i = 0; i < FRESH_KNOWN_MAX + 20; i++)
        strs_add(t->arena, &many, arena_printf(t->arena, "service-%d", i));
    CHECK(fresh_look(t->arena, &many, MONDAY, &x));
    CHECK(!str_is_set(x.known) && x.shown.n == 0);
}

TEST(nonsense_in_the_cookie_is_as_if_nothing_was_kept)
{
    static const char *const texts[] = { "", "~", "AB~", "AAAA~2026", "~~~~~~~~" };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct str kept = str_of(texts[i]);
        (void)looks(t, &kept, "kanerva lampi", MONDAY, "");
    }
}
