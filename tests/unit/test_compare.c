/* SPDX-License-Identifier: EUPL-1.2
 *
 * Two texts beside one another: lines and words that both have, that the one lacks, and that the other adds. */
#include "gateway/console/compare.h"
#include "tests/test.h"

static struct str marked(struct test *t, const struct word_parts *parts)
{
    struct buf b = buf_new(t->arena, 4096);

    for (size_t i = 0; i < parts->n; i++)
        buf_printf(&b, parts->at[i].changed ? "[%.*s]" : "%.*s", STR_ARG(parts->at[i].text));
    return buf_str(&b);
}

static void check_words(struct test *t, const char *before, const char *after, const char *was, const char *now)
{
    struct word_parts x, y;

    compare_words(t->arena, str_of(before), str_of(after), &x, &y);
    CHECK_STR(marked(t, &x), was);
    CHECK_STR(marked(t, &y), now);
}

TEST(words_that_the_other_text_lacks_are_marked_and_no_others)
{
    check_words(t, "pupils, grades 7–9, may open Kanerva", "pupils, grades 5–9, may open Kanerva",
                "pupils, grades[ 7–9,] may open Kanerva", "pupils, grades[ 5–9,] may open Kanerva");
    check_words(t, "a b c", "a b c", "a b c", "a b c");
    check_words(t, "", "a b", "", "[a b]");
    check_words(t, "a b", "", "[a b]", "");
    check_words(t, "a b c d", "a c d e", "a[ b] c d", "a c d[ e]");
}

TEST(a_text_of_more_words_than_are_compared_is_marked_whole)
{
    struct buf b = buf_new(t->arena, 8192);
    struct word_parts x, y;

    for (int i = 0; i < COMPARE_LINES_MAX + 5; i++)
        buf_add(&b, S("word "));
    compare_words(t->arena, buf_str(&b), S("word word"), &x, &y);
    CHECK_INT(x.n, 1);
    CHECK(x.at[0].changed && str_eq(x.at[0].text, buf_str(&b)));
    CHECK_STR(marked(t, &y), "[word word]");
}

TEST(lines_come_in_the_order_of_both)
{
    size_t n;
    const struct text_line *l = compare_lines(t->arena, S("one\ntwo\nthree\n"), S("one\n2\nthree\nfour\n"), &n);
    struct buf b = buf_new(t->arena, 256);

    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s%.*s;", l[i].plus ? "+" : l[i].minus ? "-" : "", STR_ARG(l[i].text));
    CHECK_STR(buf_str(&b), "one;-two;+2;three;+four;");
}
