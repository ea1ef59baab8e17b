/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/str.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct str str_n(const void *p, size_t n)
{
    return (struct str){ p, n };
}

bool str_eq(struct str a, struct str b)
{
    return a.p != NULL && b.p != NULL && a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool str_eq_case(struct str a, struct str b)
{
    if (a.p == NULL || b.p == NULL || a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_has_prefix(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

bool str_has_suffix(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

bool str_is_set(struct str s)
{
    return s.p != NULL && s.n > 0;
}

struct str str_from(struct str s, size_t at)
{
    return str_sub(s, at, s.n);
}

struct str str_sub(struct str s, size_t at, size_t n)
{
    if (s.p == NULL)
        return s;
    if (at > s.n)
        at = s.n;
    return (struct str){ s.p + at, n < s.n - at ? n : s.n - at };
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && is_space(s.p[0]))
        s = str_from(s, 1);
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

size_t str_find_byte(struct str s, char c, size_t from)
{
    if (from >= s.n)
        return s.n;
    const char *hit = memchr(s.p + from, c, s.n - from);
    return hit != NULL ? (size_t)(hit - s.p) : s.n;
}

size_t str_find(struct str s, struct str what)
{
    const char *at = s.n > 0 ? memmem(s.p, s.n, what.p, what.n) : NULL;

    return at != NULL ? (size_t)(at - s.p) : s.n;
}

bool str_split(struct str *rest, char sep, struct str *part)
{
    if (rest->p == NULL)
        return false;
    size_t at = str_find_byte(*rest, sep, 0);
    *part = str_sub(*rest, 0, at);
    *rest = at < rest->n ? str_from(*rest, at + 1) : (struct str){ NULL, 0 };
    return true;
}

bool str_int(struct str s, int64_t *out)
{
    bool negative = s.n > 0 && s.p[0] == '-';
    int64_t v = 0;

    if (negative)
        s = str_from(s, 1);
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        int64_t digit = s.p[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        /* Negative numbers reach one further than positive ones: count downwards. */
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, digit, &v))
            return false;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, v, &v))
        return false;
    *out = v;
    return true;
}

/* Length of the well-formed sequence at s[i], or 0 [Unicode 3.9, table 3-7]. */
static size_t utf8_step(const unsigned char *s, size_t left)
{
    unsigned char c = s[0];
    size_t len = c < 0x80 ? 1 : c >= 0xC2 && c <= 0xDF ? 2 : (c & 0xF0) == 0xE0 ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 0;

    if (len == 0 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((c == 0xE0 && s[1] < 0xA0) || (c == 0xED && s[1] > 0x9F) || (c == 0xF0 && s[1] < 0x90) ||
        (c == 0xF4 && s[1] > 0x8F))
        return 0;
    return len;
}

size_t str_utf8_step(struct str s, size_t at)
{
    return at < s.n ? utf8_step((const unsigned char *)s.p + at, s.n - at) : 0;
}

struct str str_chars(struct str s, size_t most, size_t most_B)
{
    size_t at = 0;

    for (size_t i = 0, step; i < most && at < s.n; i++, at += step) {
        step = str_utf8_step(s, at);
        step = step > 0 ? step : 1;
        if (at + step > most_B)
            break;
    }
    return str_sub(s, 0, at);
}

/* Whether eight bytes are all ASCII; most text is, and this is what makes checking it cheap. */
static bool ascii8(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return (word & 0x8080808080808080u) == 0;
}

bool str_is_utf8(struct str s)
{
    size_t i = 0;

    while (i < s.n) {
        if (s.n - i >= 8 && ascii8(s.p + i)) {
            i += 8;
            continue;
        }
        size_t step = utf8_step((const unsigned char *)s.p + i, s.n - i);
        if (step == 0)
            return false;
        i += step;
    }
    return s.p != NULL;
}

uint64_t str_hash(struct str s, uint64_t seed)
{
    uint64_t h = seed ^ 0xcbf29ce484222325u; /* FNV-1a, then one mixing round */

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    h ^= h >> 32;
    return h * 0x9e3779b97f4a7c15u;
}

struct buf buf_new(struct arena *a, size_t ceiling_B)
{
    return (struct buf){ .arena = a, .ceiling = ceiling_B };
}

bool buf_room(struct buf *b, size_t n)
{
    if (b->over || n > b->ceiling - b->n) {
        b->over = true;
        b->cap = b->n; /* from now on everybody asks here */
        return false;
    }
    if (b->cap - b->n >= n)
        return true;
    size_t cap = b->cap > 0 ? b->cap * 2 : 256;
    while (cap < b->n + n)
        cap *= 2;
    cap = cap < b->ceiling ? cap : b->ceiling;
    char *p = arena_alloc(b->arena, cap);
    if (b->n > 0)
        memcpy(p, b->p, b->n);
    b->p = p;
    b->cap = cap;
    return true;
}

/* Into the room that there is; a second time only where that is too short. */
void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);
    bool roomy = b->cap > b->n || buf_room(b, 1);
    size_t room = b->cap - b->n;
    int n = roomy ? vsnprintf(b->p + b->n, room, fmt, ap) : -1;
    va_end(ap);
    /* One more for vsnprintf's NUL. */
    if (n >= 0 && buf_room(b, (size_t)n + 1)) {
        if ((size_t)n >= room)
            (void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

bool buf_ok(const struct buf *b)
{
    return !b->over;
}

struct str buf_str(const struct buf *b)
{
    return (struct str){ b->p != NULL ? b->p : "", b->n };
}

bool str_has_word(struct str words, struct str word)
{
    struct str part;

    while (str_split(&words, ' ', &part))
        if (str_eq(part, word))
            return true;
    return false;
}
