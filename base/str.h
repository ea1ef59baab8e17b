/* SPDX-License-Identifier: EUPL-1.2
 * base/str.h: text as views, and buffers that know their ceiling.
 *
 * Floor 0.  A view is a pointer and a length; a NUL byte ends nothing, and the
 * bytes belong to somebody else (an arena, a literal, a message).  An absent
 * view (p == NULL) equals nothing, not even another absent one.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

/* A view of a string literal. */
#define S(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
/* For printf("%.*s"). */
#define STR_ARG(s) (int)(s).n, (s).p != NULL ? (s).p : ""

/* Absent for NULL.  Here, so that a literal's length is known when it is compiled. */
static inline struct str str_of(const char *cstr)
{
    return (struct str){ cstr, cstr != NULL ? strlen(cstr) : 0 };
}
struct str str_n(const void *p, size_t n);
bool str_eq(struct str a, struct str b);      /* false when either is absent */
bool str_eq_case(struct str a, struct str b); /* ASCII letters compare without case */
int str_cmp(struct str a, struct str b);      /* bytewise order; absent sorts as empty */
bool str_has_prefix(struct str s, struct str prefix);
bool str_has_suffix(struct str s, struct str suffix);
bool str_is_set(struct str s);                /* present and not empty */
struct str str_from(struct str s, size_t at); /* the rest, from byte `at`; empty past the end */
struct str str_sub(struct str s, size_t at, size_t n);
struct str str_trim(struct str s); /* without ASCII white space at both ends */
/* Index of the first c at or after `from`, or s.n. */
size_t str_find_byte(struct str s, char c, size_t from);
/* Index of the first `what`, or s.n. */
size_t str_find(struct str s, struct str what);
/* Takes the part before the next `sep` off *rest; false when *rest is used up.
 * "a;;b" gives "a", "", "b"; an absent or exhausted view gives false. */
bool str_has_word(struct str words, struct str word); /* words: with single spaces between */
bool str_split(struct str *rest, char sep, struct str *part);
/* Whole text as a decimal integer; false on anything else, also on overflow. */
bool str_int(struct str s, int64_t *out);
bool str_is_utf8(struct str s);                /* well-formed; no surrogates, no overlong forms */
size_t str_utf8_step(struct str s, size_t at); /* bytes of the well-formed character at `at`; 0: there is none */
/* At most so many characters and bytes from the beginning, none of them cut; a byte of no character counts as one. */
struct str str_chars(struct str s, size_t most, size_t most_B);
uint64_t str_hash(struct str s, uint64_t seed); /* for tables; not cryptographic */

/* A growing buffer with a ceiling, in memory of an arena.  Past the ceiling it
 * takes nothing more and buf_ok() is false for good, so a chain of appends
 * needs one check at its end. */
struct arena;
struct buf {
    struct arena *arena;
    char *p;
    size_t n, cap, ceiling;
    bool over;
};

struct buf buf_new(struct arena *a, size_t ceiling_B);
/* Room for n more bytes, or the ceiling is marked as passed.  cap never is above the ceiling. */
bool buf_room(struct buf *b, size_t n);
static inline void buf_add(struct buf *b, struct str s)
{
    if (s.n == 0 || (b->cap - b->n < s.n && !buf_room(b, s.n)))
        return;
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
}
static inline void buf_byte(struct buf *b, char c)
{
    if (b->cap > b->n || buf_room(b, 1))
        b->p[b->n++] = c;
}
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_ok(const struct buf *b);
struct str buf_str(const struct buf *b); /* a view; present even when empty */

#endif
