/* SPDX-License-Identifier: EUPL-1.2
 * Strings between quotes and strings in memory; the escapes are those of Rust,
 * which Cedar took over: \n \r \t \\ \0 \' \" \x7F \u{10FFFF}. */
#include "policy/cedar/lexer.h"

#include "policy/cedar/escape.h"
#include "policy/cedar/utf8.h"

#include <string.h>

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* \xHH, a character below 0x80.  s begins behind the x. */
static const char *read_hex(struct str s, uint32_t *c, size_t *used)
{
    if (s.n < 2 || hex_value(s.p[0]) < 0 || hex_value(s.p[1]) < 0)
        return "`\\x` needs two hexadecimal digits";
    *c = (uint32_t)(hex_value(s.p[0]) * 16 + hex_value(s.p[1]));
    *used = 2;
    return *c > 0x7F ? "`\\x` reaches to 7F; use `\\u{…}`" : NULL;
}

/* \u{H…}, 1 to 6 digits, underscores between them.  s begins behind the u. */
static const char *read_unicode(struct str s, uint32_t *c, size_t *used)
{
    size_t close = str_find_byte(s, '}', 0), digits = 0;

    if (s.n == 0 || s.p[0] != '{' || close == s.n)
        return "`\\u` needs a character number in braces, as in `\\u{e4}`";
    *c = 0;
    for (size_t i = 1; i < close; i++) {
        if (s.p[i] == '_' && digits > 0)
            continue;
        if (hex_value(s.p[i]) < 0)
            return "this is no hexadecimal number";
        if (++digits > 6)
            return "a character number has at most six digits";
        *c = *c * 16 + (uint32_t)hex_value(s.p[i]);
    }
    *used = close + 1;
    if (digits == 0)
        return "the braces hold no character number";
    return *c > 0x10FFFF || (*c >= 0xD800 && *c <= 0xDFFF) ? "there is no character of this number" : NULL;
}

const char *cedar_escape_read(struct str s, uint32_t *c, size_t *used)
{
    static const char names[] = "nrt\\0'\"", values[] = "\n\r\t\\\0'\"";
    const char *why = "this escape does not exist";

    *used = s.n > 1 ? 2 : 1;
    if (s.n < 2)
        return "a backslash stands alone";
    if (s.p[1] == 'x' || s.p[1] == 'u') {
        size_t more = 0;
        why = s.p[1] == 'x' ? read_hex(str_from(s, 2), c, &more) : read_unicode(str_from(s, 2), c, &more);
        *used += more;
        return why;
    }
    const char *at = s.p[1] != '\0' ? memchr(names, s.p[1], sizeof names - 1) : NULL;
    if (at == NULL) {
        size_t len;
        (void)cedar_char_at(s, 1, &len);
        *used = 1 + len;
        return why;
    }
    *c = (unsigned char)values[at - names];
    return NULL;
}

bool cedar_unescape(struct cedar_diags *d, const struct cedar_token *t, struct str *out)
{
    struct str s = str_sub(t->text, 1, t->text.n - 2);
    struct buf b = buf_new(d->arena, s.n);
    bool ok = true;

    *out = s; /* nothing to change is the common case */
    if (str_find_byte(s, '\\', 0) == s.n && str_find_byte(s, '\r', 0) == s.n)
        return true;
    for (size_t i = 0, used = 1; i < s.n; i += used, used = 1) {
        uint32_t c = 0;
        struct cedar_span span = { t->span.at + 1 + (uint32_t)i, t->span.at + 1 + (uint32_t)i };
        if (s.p[i] == '\r') {
            span.end++;
            ok = cedar_fault(d, CEDAR_FINDING_ESCAPE, span, "a carriage return inside a string");
            (void)cedar_expected(d, "`\\r`, or a newline alone");
        } else if (s.p[i] != '\\') {
            buf_byte(&b, s.p[i]);
        } else {
            const char *why = cedar_escape_read(str_from(s, i), &c, &used);
            span.end += (uint32_t)used;
            if (why != NULL)
                ok = cedar_fault(d, CEDAR_FINDING_ESCAPE, span, "%s", why);
            else
                cedar_char_add(&b, c);
        }
    }
    *out = buf_str(&b);
    return ok;
}

void cedar_quote_part(struct buf *b, struct str value, bool pattern)
{
    for (size_t i = 0, len; i < value.n; i += len) {
        uint32_t c = cedar_char_at(value, i, &len);
        if (c == '"' || c == '\\' || (pattern && c == '*'))
            buf_printf(b, "\\%c", (char)c);
        else if (c == '\n' || c == '\r' || c == '\t' || c == '\0')
            buf_printf(b, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : '0');
        else if (!cedar_char_is_printable(c))
            buf_printf(b, "\\u{%x}", (unsigned)c);
        else
            buf_add(b, str_sub(value, i, len));
    }
}

void cedar_quote(struct buf *b, struct str value)
{
    buf_byte(b, '"');
    cedar_quote_part(b, value, false);
    buf_byte(b, '"');
}
