/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/xml_canon.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* U+FFFE and U+FFFF are characters to UTF-8 and none to XML [XML 2.2]. */
static bool is_no_character(struct str text, size_t at)
{
    struct str rest = str_sub(text, at, 3);

    return str_eq(rest, S("\xEF\xBF\xBE")) || str_eq(rest, S("\xEF\xBF\xBF"));
}

/* What stands for a byte; absent: itself. */
static struct str instead(char c, bool in_attribute)
{
    switch (c) {
    case '&':
        return S("&amp;");
    case '<':
        return S("&lt;");
    case '\r':
        return S("&#xD;");
    case '>':
        return in_attribute ? (struct str){ NULL, 0 } : S("&gt;");
    case '"':
        return in_attribute ? S("&quot;") : (struct str){ NULL, 0 };
    case '\t':
        return in_attribute ? S("&#x9;") : (struct str){ NULL, 0 };
    case '\n':
        return in_attribute ? S("&#xA;") : (struct str){ NULL, 0 };
    default:
        return (unsigned char)c < 0x20 ? S(REPLACEMENT) : (struct str){ NULL, 0 };
    }
}

/* Most of any text: it stands for itself everywhere. */
static bool is_plain(char c)
{
    return c >= ' ' && (unsigned char)c < 0x80 && c != '&' && c != '<' && c != '>' && c != '"';
}

static size_t plain_from(struct str text, size_t at)
{
    size_t n = 0;

    while (at + n < text.n && is_plain(text.p[at + n]))
        n++;
    return n;
}

static void add(struct buf *b, struct str text, bool in_attribute)
{
    for (size_t i = 0; i < text.n;) {
        size_t plain = plain_from(text, i);
        if (plain > 0) {
            buf_add(b, str_sub(text, i, plain));
            i += plain;
            continue;
        }
        struct str other = instead(text.p[i], in_attribute);
        size_t step = (unsigned char)text.p[i] < 0x80 ? 1 : str_utf8_step(text, i);
        if (step == 0 || is_no_character(text, i))
            other = S(REPLACEMENT);
        step = step == 0 ? 1 : step;
        buf_add(b, other.p != NULL ? other : str_sub(text, i, step));
        i += step;
    }
}

void canon_text(struct buf *b, struct str text)
{
    add(b, text, false);
}

void canon_attribute(struct buf *b, const char *name, struct str value)
{
    if (value.p == NULL)
        return;
    buf_printf(b, " %s=\"", name);
    add(b, value, true);
    buf_byte(b, '"');
}

void canon_element(struct buf *b, const char *name, struct str text)
{
    if (text.p == NULL)
        return;
    buf_printf(b, "<%s>", name);
    add(b, text, false);
    buf_printf(b, "</%s>", name);
}
