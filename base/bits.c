/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/bits.h"

#include <assert.h>

size_t bits_words(size_t n)
{
    return n / 64 + (n % 64 != 0);
}

struct bits bits_new(struct arena *a, size_t n)
{
    return (struct bits){ arena_make_n(a, bits_words(n), uint64_t), bits_words(n) };
}

/* Ones side by side, added up in pairs, fours and eights: what the compiler would call instead is three times slower on
 * processors that we may not assume more of. */
static inline size_t ones(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (size_t)(word * 0x0101010101010101u >> 56);
}

size_t bits_count(const struct bits *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->words; i++)
        n += ones(b->at[i]);
    return n;
}

size_t bits_count_in(const struct bits *b, size_t from, size_t to)
{
    size_t n = 0;

    for (size_t i = from / 64; from < to && i < b->words && i * 64 < to; i++) {
        uint64_t word = b->at[i];
        if (i == from / 64)
            word &= ~(uint64_t)0 << (from & 63);
        if (to - i * 64 < 64)
            word &= ((uint64_t)1 << (to - i * 64)) - 1;
        n += ones(word);
    }
    return n;
}

bool bits_meet(const struct bits *a, const struct bits *b)
{
    for (size_t i = 0; i < a->words && i < b->words; i++)
        if ((a->at[i] & b->at[i]) != 0)
            return true;
    return false;
}

bool bits_none(const struct bits *b)
{
    for (size_t i = 0; i < b->words; i++)
        if (b->at[i] != 0)
            return false;
    return true;
}

void bits_or(struct bits *b, const struct bits *other)
{
    assert(b->words == other->words);
    for (size_t i = 0; i < b->words; i++)
        b->at[i] |= other->at[i];
}

void bits_and(struct bits *b, const struct bits *other)
{
    assert(b->words == other->words);
    for (size_t i = 0; i < b->words; i++)
        b->at[i] &= other->at[i];
}

void bits_and_not(struct bits *b, const struct bits *other)
{
    assert(b->words == other->words);
    for (size_t i = 0; i < b->words; i++)
        b->at[i] &= ~other->at[i];
}

size_t bits_next(const struct bits *b, size_t from)
{
    for (size_t i = from / 64; i < b->words; i++) {
        uint64_t word = b->at[i];
        if (i == from / 64)
            word &= ~(uint64_t)0 << (from & 63);
        if (word != 0)
            return i * 64 + (size_t)__builtin_ctzll(word);
    }
    return SIZE_MAX;
}

size_t bits_nth(const struct bits *b, size_t before)
{
    for (size_t i = 0; i < b->words; i++) {
        uint64_t word = b->at[i];
        size_t here = ones(word);
        if (before >= here) {
            before -= here;
            continue;
        }
        for (; before > 0; before--)
            word &= word - 1;
        return i * 64 + (size_t)__builtin_ctzll(word);
    }
    return SIZE_MAX;
}
