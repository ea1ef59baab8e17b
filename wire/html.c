/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/html.h"

#include <string.h>

/* Most pages are smaller: one allocation instead of eight doublings. */
enum { PAGE_USUAL_B = 24576 };

struct buf html_begin(struct arena *a)
{
    struct buf b = buf_new(a, HTML_PAGE_MAX_B);

    b.p = arena_alloc(a, PAGE_USUAL_B);
    b.cap = PAGE_USUAL_B;
    return b;
}

struct html html_end(const struct buf *b)
{
    return (struct html){ buf_ok(b) ? buf_str(b) : (struct str){ NULL, 0 } };
}

/* What a byte of text becomes: 0 as it is, 1 an entity or nothing, 2 begins a longer character. */
enum byte_class { PLAIN = 0, SPECIAL, LONG };

static const unsigned char byte_classes[256] = {
    [0 ... 0x1F] = SPECIAL, ['"'] = SPECIAL, ['&'] = SPECIAL,  ['\''] = SPECIAL,
    ['<'] = SPECIAL,        ['>'] = SPECIAL, [0x7F] = SPECIAL, [0x80 ... 0xFF] = LONG
};

static void special(struct buf *b, char c)
{
    switch (c) {
    case '&':
        buf_add(b, S("&amp;"));
        break;
    case '<':
        buf_add(b, S("&lt;"));
        break;
    case '>':
        buf_add(b, S("&gt;"));
        break;
    case '"':
        buf_add(b, S("&quot;"));
        break;
    case '\'':
        buf_add(b, S("&#39;"));
        break;
    case '\n':
    case '\t':
        buf_byte(b, ' ');
        break;
    default: /* other control characters mean nothing in a page */
        break;
    }
}

/* U+0080-009F, U+202A-202E and U+2066-2069: controls, and overrides that turn the words around a name. */
static bool is_unwanted(const unsigned char *c, size_t n)
{
    if (n == 2)
        return c[0] == 0xC2 && c[1] < 0xA0;
    return n == 3 && c[0] == 0xE2 &&
           ((c[1] == 0x80 && c[2] >= 0xAA && c[2] <= 0xAE) || (c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9));
}

/* Length of the run from `at` that is copied as it is. */
static size_t plain_run(struct str s, size_t at)
{
    size_t i = at;

    while (i < s.n) {
        unsigned char class = byte_classes[(unsigned char)s.p[i]];
        if (class == PLAIN) {
            i++;
            continue;
        }
        size_t step = class == LONG ? str_utf8_step(s, i) : 0;
        if (step == 0 || (step > 1 && is_unwanted((const unsigned char *)s.p + i, step)))
            break;
        i += step;
    }
    return i - at;
}

void html_text(struct buf *b, struct str text)
{
    for (size_t i = 0; i < text.n;) {
        size_t run = plain_run(text, i);
        buf_add(b, str_sub(text, i, run));
        i += run;
        if (i == text.n)
            return;
        size_t step = str_utf8_step(text, i);
        if (step == 0)
            buf_add(b, S("\xEF\xBF\xBD"));
        else if (step == 1)
            special(b, text.p[i]);
        i += step > 0 ? step : 1;
    }
}

void html_lines(struct buf *b, struct html_lines text)
{
    struct str rest = text.text;

    while (rest.n > 0) {
        size_t end = 0;
        while (end < rest.n && rest.p[end] != '\n' && rest.p[end] != '\t')
            end++;
        html_text(b, str_sub(rest, 0, end));
        if (end < rest.n)
            buf_byte(b, rest.p[end]);
        rest = str_from(rest, end < rest.n ? end + 1 : end);
    }
}

void html_number(struct buf *b, int64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    bool negative = number < 0;
    uint64_t rest = negative ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;

    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (negative)
        digits[--at] = '-';
    buf_add(b, str_n(digits + at, sizeof digits - at));
}

void html_markup(struct buf *b, struct str literal)
{
    buf_add(b, literal);
}

void html_raw(struct buf *b, struct html made)
{
    buf_add(b, made.s);
}

/* "//host" and "/\host" lead away from us in a browser, though they begin like a path. */
static bool is_own(struct str url)
{
    if (url.n == 0)
        return false;
    if (url.p[0] == '?' || url.p[0] == '#')
        return true;
    return url.p[0] == '/' && (url.n == 1 || (url.p[1] != '/' && url.p[1] != '\\'));
}

static bool is_web(struct str url)
{
    return str_eq_case(str_sub(url, 0, 8), S("https://")) || str_eq_case(str_sub(url, 0, 7), S("http://"));
}

/* Browsers drop tabs and line breaks inside an address and read a backslash as a slash: no address holds them. */
static bool is_clean(struct str url)
{
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= ' ' || url.p[i] == '\\' || url.p[i] == 0x7f)
            return false;
    return true;
}

bool html_url_is_safe(struct str url)
{
    return (is_own(url) || is_web(url)) && is_clean(url);
}

void html_url(struct buf *b, struct str url)
{
    html_text(b, html_url_is_safe(url) ? url : S("#"));
}

/* Unreserved [RFC 3986 2.3], and '@', which any part may hold and a mail address needs. */
static bool is_kept(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~' || c == '@';
}

void html_url_part(struct buf *b, struct str part)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t from = 0;

    for (size_t i = 0; i < part.n; i++) {
        unsigned char c = (unsigned char)part.p[i];
        if (is_kept(c))
            continue;
        const char coded[3] = { '%', hex[c >> 4], hex[c & 15] };
        buf_add(b, str_sub(part, from, i - from));
        buf_add(b, str_n(coded, sizeof coded));
        from = i + 1;
    }
    buf_add(b, str_from(part, from));
}
