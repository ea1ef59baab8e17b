/* SPDX-License-Identifier: EUPL-1.2 */
#include "frame/words.h"

#include "base/text.h"
#include "frame/texts.h"
#include "model/when.h"

#include <string.h>

/* The character at `at` and its length; a broken byte is a character of its own, in private use. */
static uint32_t decode(struct str s, size_t at, size_t *step)
{
    const unsigned char *c = (const unsigned char *)s.p + at;

    *step = str_utf8_step(s, at);
    switch (*step) {
    case 1:
        return c[0];
    case 2:
        return (uint32_t)(c[0] & 0x1F) << 6 | (c[1] & 0x3F);
    case 3:
        return (uint32_t)(c[0] & 0x0F) << 12 | (uint32_t)(c[1] & 0x3F) << 6 | (c[2] & 0x3F);
    case 4:
        return (uint32_t)(c[0] & 0x07) << 18 | (uint32_t)(c[1] & 0x3F) << 12 | (uint32_t)(c[2] & 0x3F) << 6 |
               (c[3] & 0x3F);
    default:
        *step = 1;
        return 0xE000u + c[0];
    }
}

static void encode(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_byte(b, (char)c);
    } else if (c < 0x800) {
        buf_byte(b, (char)(0xC0 | c >> 6));
        buf_byte(b, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buf_byte(b, (char)(0xE0 | c >> 12));
        buf_byte(b, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_byte(b, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_byte(b, (char)(0xF0 | c >> 18));
        buf_byte(b, (char)(0x80 | (c >> 12 & 0x3F)));
        buf_byte(b, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_byte(b, (char)(0x80 | (c & 0x3F)));
    }
}

/* Letters of Latin-1 and Latin Extended-A (U+00C0 to U+017F) without their marks, lower case. */
static const char latin[] = "aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo/ouuuuyty"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllll"
                            "llnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static uint32_t lower(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) ||
        (c >= 0x410 && c <= 0x42F))
        return c + 0x20;
    if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177))
        return c | 1;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
        return c + (c & 1);
    return c;
}

static uint32_t upper(uint32_t c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7) || (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) ||
        (c >= 0x430 && c <= 0x44F))
        return c - 0x20;
    if ((c >= 0x100 && c <= 0x137 && c != 0x131) || (c >= 0x14A && c <= 0x177))
        return c & ~1u;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
        return c - !(c & 1);
    return c;
}

/* One character in, one out: positions in a folded word can be traced back. */
static uint32_t fold(uint32_t c)
{
    if (c < ' ' || text_is_white(c)) /* a space that does not break, a line break: words end there */
        return ' ';
    if (c >= 0xC0 && c <= 0x17F)
        return (unsigned char)latin[c - 0xC0];
    return lower(c);
}

void words_fold(struct buf *b, struct str text)
{
    text = text_composed(b->arena, text);
    for (size_t i = 0, step; i < text.n; i += step)
        encode(b, fold(decode(text, i, &step)));
}

/* The place of a letter in the alphabet of a language; letters with other marks stand with their base letter. */
static uint32_t place(uint32_t c, enum lang lang)
{
    enum { AFTER_Z = 'z' + 1 };

    c = lower(c);
    if (lang != LANG_EN)
        switch (c) {
        case 0xE5: /* å */
            return AFTER_Z;
        case 0xE4: /* ä */
        case 0xE6: /* æ */
            return AFTER_Z + 1;
        case 0xF6: /* ö */
        case 0xF8: /* ø */
            return AFTER_Z + 2;
        case 0xFC: /* ü */
            return 'y';
        default:
            break;
        }
    return fold(c);
}

struct str words_sort_key(struct arena *a, struct str text, enum lang lang)
{
    text = text_composed(a, text);
    struct buf b = buf_new(a, 2 * text.n + 8);

    for (size_t i = 0, step; i < text.n; i += step)
        encode(&b, place(decode(text, i, &step), lang));
    /* Equal but for marks and case: the text itself decides, so that the order is always the same. */
    buf_byte(&b, '\0');
    buf_add(&b, text);
    return buf_str(&b);
}

/* Whether the folded word stands at text[at]; *n: how many bytes of text it takes. */
static bool stands_at(struct str text, size_t at, struct str word, size_t *n)
{
    size_t i = at;

    for (size_t w = 0, w_step, t_step; w < word.n; w += w_step, i += t_step)
        if (i >= text.n || fold(decode(text, i, &t_step)) != decode(word, w, &w_step))
            return false;
    *n = i - at;
    return true;
}

static bool begins_word(struct str text, size_t at)
{
    return at == 0 || (unsigned char)text.p[at - 1] <= ' ' || text.p[at - 1] == '-';
}

bool words_find(struct str text, struct str folded_word, size_t *from, size_t *n)
{
    for (int anywhere = 0; anywhere <= 1; anywhere++)
        for (size_t i = 0, step; i < text.n; i += step) {
            (void)decode(text, i, &step);
            if ((anywhere != 0 || begins_word(text, i)) && stands_at(text, i, folded_word, n) && *n > 0) {
                *from = i;
                return true;
            }
        }
    return false;
}

bool words_all_in(struct str folded_text, struct str folded_query)
{
    struct str word;

    while (str_split(&folded_query, ' ', &word))
        if (word.n > 0 && memmem(folded_text.p, folded_text.n, word.p, word.n) == NULL)
            return false;
    return true;
}

static bool is_letter(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= 0xC0 && c != 0xD7 && c != 0xF7 && !(c >= 0x2000 && c <= 0x2FFF) && !(c >= 0xD800 && c <= 0xF8FF));
}

struct str words_initials(struct arena *a, struct str name)
{
    struct buf b = buf_new(a, 16);
    bool in_word = false;
    int letters = 0;

    for (size_t i = 0, step; i < name.n && letters < 2; i += step) {
        uint32_t c = decode(name, i, &step);
        if (c == ' ' || c == '-') {
            in_word = false;
        } else if (!in_word && is_letter(c)) {
            encode(&b, upper(c));
            in_word = true;
            letters++;
        }
    }
    return b.n > 0 ? buf_str(&b) : S("?");
}

struct str words_letters(struct arena *a, struct str name)
{
    struct str initials = words_initials(a, name);
    struct buf b = buf_new(a, 16);
    int letters = 0;
    size_t step;

    (void)decode(initials, 0, &step);
    if (step < initials.n || str_eq(initials, S("?")))
        return initials;
    for (size_t i = 0; i < name.n && letters < 2; i += step) {
        uint32_t c = decode(name, i, &step);
        if (is_letter(c))
            encode(&b, letters++ == 0 ? upper(c) : c);
    }
    return buf_str(&b);
}

struct str words_first_letter(struct arena *a, struct str name)
{
    struct buf b = buf_new(a, 16);
    size_t step;

    name = text_composed(a, str_trim(name));
    if (name.n > 0)
        encode(&b, upper(decode(name, 0, &step)));
    return buf_str(&b);
}

struct str words_once(struct arena *a, struct str text)
{
    struct buf b = buf_new(a, text.n + 2);
    struct str word, rest;

    while (str_split(&text, ' ', &word)) {
        bool seen = word.n == 0;
        for (rest = buf_str(&b); !seen && rest.n > 0;) {
            struct str before;
            seen = str_split(&rest, ' ', &before) && str_eq(before, word);
        }
        if (seen)
            continue;
        if (b.n > 0)
            buf_byte(&b, ' ');
        buf_add(&b, word);
    }
    return buf_str(&b);
}

/* --- parting ----------------------------------------------------------------------------------------------- */

enum { PARTED_LEAST = 11, PART_LEAST = 3, PARTED_MAX = 64 };

static bool is_vowel(uint32_t c)
{
    c = fold(c);
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

/* Whether a word may be parted before its letter i. */
static bool parts_at(const uint32_t *letters, size_t n, size_t i, enum lang lang)
{
    size_t consonants = 1;

    if (i < PART_LEAST || i + PART_LEAST > n || is_vowel(letters[i]) || !is_vowel(letters[i + 1]))
        return false;
    while (consonants < i && !is_vowel(letters[i - consonants]))
        consonants++;
    return lang == LANG_FI || consonants <= 2;
}

static void put_parted(struct buf *b, const uint32_t *letters, size_t n, enum lang lang)
{
    for (size_t i = 0; i < n; i++) {
        if (n >= PARTED_LEAST && parts_at(letters, n, i, lang))
            encode(b, 0xAD);
        encode(b, letters[i]);
    }
}

struct str words_parted(struct arena *a, struct str text, enum lang lang)
{
    struct buf b = buf_new(a, 3 * text.n + 8);
    uint32_t letters[PARTED_MAX];
    size_t n = 0, step;

    if (lang == LANG_EN || text.n < PARTED_LEAST || !str_is_utf8(text))
        return text;
    for (size_t i = 0; i < text.n; i += step) {
        uint32_t c = decode(text, i, &step);
        if (is_letter(c) && n < PARTED_MAX) {
            letters[n++] = c;
            continue;
        }
        put_parted(&b, letters, n, lang);
        n = 0;
        encode(&b, c);
    }
    put_parted(&b, letters, n, lang);
    return buf_str(&b);
}

struct str words_last(struct str name)
{
    struct str s = str_trim(name);
    size_t at = s.n;

    while (at > 0 && s.p[at - 1] != ' ')
        at--;
    return str_from(s, at);
}

struct str words_first(struct str name)
{
    struct str s = str_trim(name);

    return str_sub(s, 0, str_find_byte(s, ' ', 0));
}

struct str words_count(struct arena *a, size_t n, enum lang lang)
{
    struct str digits = arena_printf(a, "%zu", n), gap = lang == LANG_EN ? S(",") : S("\xC2\xA0");
    struct buf b = buf_new(a, 64);

    for (size_t i = 0; i < digits.n; i++) {
        if (i > 0 && (digits.n - i) % 3 == 0)
            buf_add(&b, gap);
        buf_byte(&b, digits.p[i]);
    }
    return buf_str(&b);
}

struct str words_query(struct arena *a, struct str typed)
{
    struct buf folded = buf_new(a, 4 * typed.n + 4), out = buf_new(a, 4 * typed.n + 4);
    struct str rest, word;

    words_fold(&folded, typed);
    rest = buf_str(&folded);
    for (int words = 0; words < WORDS_IN_SEARCH_MAX && str_split(&rest, ' ', &word);) {
        if (word.n == 0)
            continue;
        if (words++ > 0)
            buf_byte(&out, ' ');
        buf_add(&out, word);
    }
    return buf_str(&out);
}

struct str words_today(struct arena *a, int64_t at_s, enum lang lang)
{
    struct when w = when_local(at_s);
    struct str day = frame_text((enum frame_text)(F_day_1 + w.weekday - 1), lang);
    struct str month = frame_text((enum frame_text)(F_month_1 + w.month - 1), lang);

    return arena_printf(a, "%.*s %d%s %.*s", STR_ARG(day), w.day, lang == LANG_FI ? "." : "", STR_ARG(month));
}

/* ── names that could be taken for another ──────────────────────────────── */

enum { ALIKE_MAX = 128, ALIKE_LONG = 6 };

/* Of what words_fold() leaves: what letters of other scripts, and digits, look like. */
static const struct {
    const char *is, *looks;
} looks[] = {
    { "\xd0\xb0", "a" }, { "\xd0\xb5", "e" }, { "\xd0\xbe", "o" }, { "\xd1\x80", "p" }, { "\xd1\x81", "c" },
    { "\xd1\x85", "x" }, { "\xd1\x83", "y" }, { "\xd1\x96", "l" }, { "\xd1\x98", "j" }, { "\xd1\x95", "s" },
    { "\xd0\xba", "k" }, { "\xd0\xbc", "m" }, { "\xd1\x82", "t" }, { "\xd0\xb2", "b" }, { "\xd0\xbd", "h" },
    { "\xce\xb1", "a" }, { "\xce\xb5", "e" }, { "\xce\xbf", "o" }, { "\xcf\x81", "p" }, { "\xce\xbd", "v" },
    { "\xce\xb9", "l" }, { "\xce\xba", "k" }, { "\xcf\x84", "t" }, { "\xcf\x85", "u" }, { "\xcf\x87", "x" },
    { "\xc4\xb1", "l" }, { "rn", "m" },       { "vv", "w" },       { "0", "o" },        { "1", "l" },
    { "i", "l" },        { "|", "l" },        { "5", "s" },
};

static struct str look_of(struct arena *a, struct str name)
{
    struct buf folded = buf_new(a, 4 * name.n + 16), out = buf_new(a, ALIKE_MAX);

    words_fold(&folded, name);
    for (struct str rest = buf_str(&folded); rest.n > 0 && out.n + 4 < ALIKE_MAX;) {
        size_t i = 0;
        while (i < sizeof looks / sizeof *looks && !str_has_prefix(rest, str_of(looks[i].is)))
            i++;
        if (i < sizeof looks / sizeof *looks) {
            buf_add(&out, str_of(looks[i].looks));
            rest = str_from(rest, str_of(looks[i].is).n);
            continue;
        }
        unsigned char byte = (unsigned char)rest.p[0];
        if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80)
            buf_byte(&out, (char)byte);
        rest = str_from(rest, 1);
    }
    return buf_str(&out);
}

/* At most one byte more, less or other. */
static bool nearly(struct str x, struct str y)
{
    size_t from = 0, end = 0, n = x.n < y.n ? x.n : y.n;

    while (from < n && x.p[from] == y.p[from])
        from++;
    while (end < n - from && x.p[x.n - 1 - end] == y.p[y.n - 1 - end])
        end++;
    return x.n - from - end <= 1 && y.n - from - end <= 1;
}

bool words_alike(struct arena *a, struct str x, struct str y)
{
    struct str one = look_of(a, x), other = look_of(a, y);

    if (one.n == 0 || other.n == 0)
        return false;
    return str_eq(one, other) || (one.n >= ALIKE_LONG && other.n >= ALIKE_LONG && nearly(one, other));
}
