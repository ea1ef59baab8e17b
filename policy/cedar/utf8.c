/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cedar/utf8.h"

#include <string.h>

uint32_t cedar_char_at(struct str s, size_t at, size_t *len)
{
    const unsigned char *p = (const unsigned char *)s.p + at;
    size_t left = s.n - at;
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC0 ? 2 : 1;
    uint32_t c = p[0];

    *len = 1;
    if (n == 1 || n > left)
        return c;
    c &= 0x7Fu >> n;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return p[0];
        c = c << 6 | (p[i] & 0x3Fu);
    }
    *len = n;
    return c;
}

/* Eight bytes at a time while none has its highest bit set. */
static size_t ascii_end(struct str s, size_t at)
{
    uint64_t word;

    for (; s.n - at >= sizeof word; at += sizeof word) {
        memcpy(&word, s.p + at, sizeof word);
        if ((word & 0x8080808080808080u) != 0)
            break;
    }
    while (at < s.n && (unsigned char)s.p[at] < 0x80)
        at++;
    return at;
}

bool cedar_text_is_utf8(struct str s)
{
    for (size_t at = ascii_end(s, 0), end; at < s.n; at = ascii_end(s, end)) {
        for (end = at; end < s.n && (unsigned char)s.p[end] >= 0x80;)
            end++;
        if (!str_is_utf8(str_sub(s, at, end - at)))
            return false;
    }
    return true;
}

void cedar_char_add(struct buf *b, uint32_t c)
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

bool cedar_char_is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Characters that a reader would not see, or that turn the line around. */
bool cedar_char_is_printable(uint32_t c)
{
    static const struct {
        uint32_t from, to;
    } hidden[] = {
        { 0x00, 0x1F },        { 0x7F, 0xA0 },     { 0xAD, 0xAD },     { 0x0300, 0x036F }, { 0x061C, 0x061C },
        { 0x115F, 0x1160 },    { 0x1680, 0x1680 }, { 0x17B4, 0x17B5 }, { 0x180B, 0x180F }, { 0x2000, 0x200F },
        { 0x2028, 0x202F },    { 0x205F, 0x206F }, { 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xD800, 0xF8FF },
        { 0xFE00, 0xFE0F },    { 0xFEFF, 0xFEFF }, { 0xFFA0, 0xFFA0 }, { 0xFFF0, 0xFFFB }, { 0xFFFE, 0xFFFF },
        { 0xE0000, 0x10FFFF },
    };

    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (c >= hidden[i].from && c <= hidden[i].to)
            return false;
    return true;
}

bool cedar_char_is_hidden(uint32_t c)
{
    return c >= 0x80 && !cedar_char_is_printable(c) && !(c >= 0x300 && c <= 0x36F) &&
           (!cedar_char_is_space(c) || c == 0x2028 || c == 0x2029);
}
