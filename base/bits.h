/* SPDX-License-Identifier: EUPL-1.2
 * base/bits.h: sets of small numbers, one bit each.
 *
 * Floor 0.  For sets over what a snapshot numbers (services, cities): union,
 * intersection and size cost a sixty-fourth of what is numbered.  Sets that meet
 * are of one size.  Numbers past the end are in no set.
 */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include "base/arena.h"

struct bits {
    uint64_t *at;
    size_t words;
};

struct bits bits_new(struct arena *a, size_t n); /* for 0 .. n-1; empty */
size_t bits_words(size_t n);                     /* of 64 bits, for n numbers */
size_t bits_count(const struct bits *b);
size_t bits_count_in(const struct bits *b, size_t from, size_t to); /* of from .. to-1 */
bool bits_none(const struct bits *b);
bool bits_meet(const struct bits *a, const struct bits *b);  /* a number stands in both */
void bits_or(struct bits *b, const struct bits *other);      /* b: what is in either */
void bits_and(struct bits *b, const struct bits *other);     /* b: what is in both */
void bits_and_not(struct bits *b, const struct bits *other); /* b: without what is in the other */
/* The first number in the set that is not below `from`; SIZE_MAX: there is none. */
size_t bits_next(const struct bits *b, size_t from);
/* The number in the set that has so many before it; SIZE_MAX: there are not so many. */
size_t bits_nth(const struct bits *b, size_t before);

/* Here, so that a walk over many costs no calls. */
static inline void bits_set(struct bits *b, size_t i)
{
    if (i / 64 < b->words)
        b->at[i / 64] |= (uint64_t)1 << (i & 63);
}

static inline void bits_clear(struct bits *b, size_t i)
{
    if (i / 64 < b->words)
        b->at[i / 64] &= ~((uint64_t)1 << (i & 63));
}

static inline bool bits_has(const struct bits *b, size_t i)
{
    return i / 64 < b->words && (b->at[i / 64] >> (i & 63) & 1) != 0;
}

#endif
