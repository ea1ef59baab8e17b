/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/bits.h"
#include "tests/test.h"

enum { N = 200 };

TEST(a_set_holds_what_was_put_in_and_nothing_past_its_end)
{
    struct bits b = bits_new(t->arena, N);

    CHECK(bits_none(&b));
    CHECK_INT(b.words, 4);
    bits_set(&b, 0);
    bits_set(&b, 64);
    bits_set(&b, 199);
    bits_set(&b, SIZE_MAX);
    bits_set(&b, 256);
    CHECK_INT(bits_count(&b), 3);
    CHECK(bits_has(&b, 64) && !bits_has(&b, 63) && !bits_has(&b, SIZE_MAX) && !bits_has(&b, 256));
    bits_clear(&b, 64);
    bits_clear(&b, 1 << 20);
    CHECK(!bits_has(&b, 64) && !bits_none(&b));
}

TEST(sets_are_united_cut_and_taken_away)
{
    struct bits even = bits_new(t->arena, N), third = bits_new(t->arena, N), b = bits_new(t->arena, N);

    for (size_t i = 0; i < N; i++) {
        if (i % 2 == 0)
            bits_set(&even, i);
        if (i % 3 == 0)
            bits_set(&third, i);
    }
    bits_or(&b, &even);
    bits_or(&b, &third);
    for (size_t i = 0; i < N; i++)
        CHECK(bits_has(&b, i) == (i % 2 == 0 || i % 3 == 0));
    bits_and(&b, &third);
    CHECK_INT(bits_count(&b), bits_count(&third));
    bits_and_not(&b, &even);
    for (size_t i = 0; i < N; i++)
        CHECK(bits_has(&b, i) == (i % 3 == 0 && i % 2 != 0));
}

TEST(a_set_is_walked_counted_and_entered_anywhere)
{
    struct bits b = bits_new(t->arena, N);
    size_t count = 0;

    for (size_t i = 0; i < N; i += 7)
        bits_set(&b, i);
    for (size_t i = bits_next(&b, 0); i != SIZE_MAX; i = bits_next(&b, i + 1)) {
        CHECK_INT(i, count * 7);
        CHECK_INT(bits_nth(&b, count), i);
        count++;
    }
    CHECK_INT(count, bits_count(&b));
    CHECK(bits_nth(&b, count) == SIZE_MAX && bits_next(&b, N) == SIZE_MAX && bits_next(&b, SIZE_MAX) == SIZE_MAX);
    for (size_t from = 0; from <= N + 70; from += 13)
        for (size_t to = 0; to <= N + 70; to += 11) {
            size_t there = 0;
            for (size_t i = from; i < to && i < N; i++)
                there += bits_has(&b, i);
            CHECK_INT(bits_count_in(&b, from, to), there);
        }
}

TEST(two_sets_meet_where_a_number_stands_in_both)
{
    struct bits one = bits_new(t->arena, N), other = bits_new(t->arena, N), shorter = bits_new(t->arena, 64);

    CHECK(!bits_meet(&one, &other));
    bits_set(&one, 199);
    bits_set(&other, 198);
    bits_set(&shorter, 63);
    CHECK(!bits_meet(&one, &other) && !bits_meet(&one, &shorter) && !bits_meet(&shorter, &one));
    bits_set(&other, 199);
    CHECK(bits_meet(&one, &other) && bits_meet(&other, &one));
}

TEST(a_set_of_nothing_is_empty)
{
    struct bits b = bits_new(t->arena, 0);

    bits_set(&b, 0);
    CHECK(bits_none(&b) && bits_count(&b) == 0 && bits_nth(&b, 0) == SIZE_MAX && bits_next(&b, 0) == SIZE_MAX);
    CHECK_INT(bits_words(64), 1);
    CHECK_INT(bits_words(65), 2);
}
