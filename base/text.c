/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/text.h"

#include <utf8proc.h>

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

/* utf8proc_map() would allocate; its two halves work in memory that is given to them.  The second half writes UTF-8
 * where the code points were, and one zero byte behind it. */
static struct str mapped(struct arena *a, struct str s, utf8proc_option_t how)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)s.p;

    if (!str_is_utf8(s))
        return s;
    utf8proc_ssize_t n = utf8proc_decompose(bytes, (utf8proc_ssize_t)s.n, NULL, 0, how);
    if (n < 0)
        return s;
    utf8proc_int32_t *points = arena_alloc(a, ((size_t)n + 1) * sizeof *points);
    if (utf8proc_decompose(bytes, (utf8proc_ssize_t)s.n, points, n, how) != n)
        return s;
    utf8proc_ssize_t length = utf8proc_reencode(points, n, how);
    return length < 0 ? s : str_n(points, (size_t)length);
}

struct str text_composed(struct arena *a, struct str s)
{
    return s.p == NULL || is_ascii(s) ? s : mapped(a, s, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

bool text_is_composed(struct arena *a, struct str s)
{
    return s.p == NULL || str_eq(text_composed(a, s), s);
}

struct str text_folded(struct arena *a, struct str s)
{
    return s.p == NULL ? s : mapped(a, s, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
}

bool text_same(struct arena *a, struct str x, struct str y)
{
    return is_ascii(x) && is_ascii(y) ? str_eq_case(x, y) : str_eq(text_folded(a, x), text_folded(a, y));
}

uint32_t text_at(struct str s, size_t at, size_t *step)
{
    utf8proc_int32_t c = 0xFFFD;

    *step = str_utf8_step(s, at);
    if (*step == 0)
        *step = 1;
    else
        (void)utf8proc_iterate((const utf8proc_uint8_t *)s.p + at, (utf8proc_ssize_t)*step, &c);
    return (uint32_t)c;
}

bool text_is_white(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return true;
    default:
        return (c >= 0x09 && c <= 0x0D) || c == 0x85;
    }
}

enum { SOFT_HYPHEN = 0xAD, NON_JOINER = 0x200C, JOINER = 0x200D, BYTE_ORDER_MARK = 0xFEFF };

bool text_is_obeyed(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return true;
    case UTF8PROC_CATEGORY_CF:
        return c != SOFT_HYPHEN && c != NON_JOINER && c != JOINER;
    default:
        return (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF); /* noncharacters */
    }
}

/* Letters that show nothing: fillers of Hangul, and selectors of a shape. */
static bool is_shapeless(uint32_t c)
{
    return c == 0x034F || c == 0x115F || c == 0x1160 || c == 0x17B4 || c == 0x17B5 || (c >= 0x180B && c <= 0x180F) ||
           c == 0x3164 || c == 0xFFA0 || (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF) ||
           utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_CF;
}

bool text_is_plain(struct str s)
{
    size_t step;

    for (size_t i = 0; i < s.n; i += step) {
        step = 1;
        if (s.p[i] >= ' ' && s.p[i] < 0x7F) /* most are, and a table need not be asked */
            continue;
        if (str_utf8_step(s, i) == 0 || text_is_obeyed(text_at(s, i, &step)))
            return false;
    }
    return true;
}

bool text_is_blank(struct str s)
{
    size_t step;

    for (size_t i = 0; i < s.n; i += step) {
        uint32_t c = text_at(s, i, &step);
        if (!text_is_white(c) && !is_shapeless(c) && !text_is_obeyed(c))
            return false;
    }
    return true;
}

static size_t last_start(struct str s)
{
    size_t at = s.n - 1;

    while (at > 0 && ((unsigned char)s.p[at] & 0xC0) == 0x80)
        at--;
    return at;
}

/* Nothing but ASCII and Latin-1's letters, composed, each of which folds to one of its own length: no ß, no mark. */
static bool folds_in_place(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x80)
            continue;
        if (c != 0xC3 || i + 1 == s.n || (unsigned char)s.p[i + 1] == 0x9F)
            return false;
        i++;
    }
    return true;
}

/* The byte at i of a text that folds in place, folded: U+00C0 to U+00DE, but for the sign ×, are 32 below theirs. */
static unsigned char folded_byte(struct str s, size_t i)
{
    unsigned char c = (unsigned char)s.p[i];

    if (c >= 'A' && c <= 'Z')
        return c + 32;
    return i > 0 && (unsigned char)s.p[i - 1] == 0xC3 && c >= 0x80 && c <= 0x9E && c != 0x97 ? c + 32 : c;
}

static bool stands_at(struct str text, size_t at, struct str folded)
{
    size_t i = 0;

    while (i < folded.n && folded_byte(text, at + i) == (unsigned char)folded.p[i])
        i++;
    return i == folded.n;
}

static bool in_folded(struct str text, struct str folded)
{
    return folded.n == 0 || str_find(text, folded) < text.n;
}

bool text_has(struct arena *a, struct str text, struct str folded)
{
    if (!folds_in_place(text))
        return in_folded(text_folded(a, text), folded);
    for (size_t at = 0; at + folded.n <= text.n; at++)
        if (stands_at(text, at, folded))
            return true;
    return false;
}

struct str text_trim(struct str s)
{
    size_t step, at;
    uint32_t c;

    while (s.n > 0 && (c = text_at(s, 0, &step), text_is_white(c) || c == BYTE_ORDER_MARK))
        s = str_from(s, step);
    while (s.n > 0 && (c = text_at(s, at = last_start(s), &step), text_is_white(c) || c == BYTE_ORDER_MARK) &&
           at + step == s.n) /* or broken bytes would go with the space before them */
        s.n = at;
    return s;
}

/* ── what others say of their failures ──────────────────────────────────── */

enum { NUMBER_MIN = 5 };

/* Where one name, value or part of an address ends and another begins. */
static bool parts(char c)
{
    return str_find_byte(S("'\"()[]<>{}=:,;&?/|"), c, 0) < sizeof "'\"()[]<>{}=:,;&?/|" - 1;
}

/* A number that could be somebody's; "AADSTS700016" is none. */
static bool is_number(struct str part)
{
    bool letters_first =
        part.n > 0 && ((part.p[0] >= 'A' && part.p[0] <= 'Z') || (part.p[0] >= 'a' && part.p[0] <= 'z'));
    size_t digits = 0;

    for (size_t i = 0; i < part.n; i++)
        digits += part.p[i] >= '0' && part.p[i] <= '9';
    return digits >= NUMBER_MIN && !letters_first;
}

/* An address of mail, however it is written, or a number of a person's anywhere in it. */
static bool may_be_personal(struct str word)
{
    size_t begin = 0;

    if (str_find_byte(word, '@', 0) < word.n || str_find(word, S("%40")) < word.n)
        return true;
    for (size_t i = 0; i <= word.n; i++)
        if (i == word.n || parts(word.p[i])) {
            if (is_number(str_sub(word, begin, i - begin)))
                return true;
            begin = i + 1;
        }
    return false;
}

/* How far a text in quotes reaches, with them; 0: it begins with none, has no end, or is one word. */
static size_t quoted(struct str s)
{
    size_t end = s.p[0] == '\'' || s.p[0] == '"' ? str_find_byte(s, s.p[0], 1) : s.n;

    return end < s.n && str_find_byte(s, ' ', 1) < end ? end + 1 : 0;
}

static size_t word_end(struct str s)
{
    size_t end = 0;

    while (end < s.n && (unsigned char)s.p[end] > ' ')
        end++;
    return end;
}

struct str text_words(struct arena *a, struct str said)
{
    struct buf b = buf_new(a, 2 * TEXT_WORDS_MAX_B);

    for (struct str rest = said; rest.n > 0 && b.n < TEXT_WORDS_MAX_B;) {
        if ((unsigned char)rest.p[0] <= ' ') {
            rest = str_from(rest, 1);
            continue;
        }
        size_t hidden = quoted(rest), n = hidden > 0 ? hidden : word_end(rest);
        struct str word = str_sub(rest, 0, n);
        rest = str_from(rest, n);
        if (b.n > 0)
            buf_byte(&b, ' ');
        if (hidden > 0 || may_be_personal(word))
            buf_add(&b, S("..."));
        else
            buf_add(&b, str_sub(word, 0, word.n < TEXT_WORDS_MAX_B - b.n ? word.n : TEXT_WORDS_MAX_B - b.n));
    }
    return buf_str(&b);
}
