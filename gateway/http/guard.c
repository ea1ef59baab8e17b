/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/http/guard.h"

#include <string.h>

enum { COOKIES_MOST = 100 }; /* in one field, that are the library's to read */

static enum guard_says refuse(struct guarded *g, int status, const char *rule)
{
    g->status = status;
    g->rule = rule;
    return GUARD_REFUSED;
}

bool is_tchar(unsigned char c) /* [RFC 9110 5.6.2] */
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_tchar((unsigned char)s.p[i]))
            return false;
    return s.n > 0;
}

bool is_framing_name(struct str name)
{
    static const struct str framing[] = { S("Transfer-Encoding"), S("Content-Length"), S("Host") };
    char dashed[32];

    if (name.n > sizeof dashed)
        return false;
    for (size_t i = 0; i < name.n; i++)
        dashed[i] = name.p[i] == '_' ? '-' : name.p[i];
    for (size_t i = 0; i < sizeof framing / sizeof *framing; i++)
        if (str_eq_case(str_n(dashed, name.n), framing[i]))
            return true;
    return false;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Takes the next line off *rest.  MORE when its end has not come; a line feed
 * alone, a carriage return alone and a NUL are refused wherever they stand. */
static enum guard_says take_line(struct str *rest, struct str *line, struct guarded *g)
{
    size_t lf = str_find_byte(*rest, '\n', 0);
    struct str all = str_sub(*rest, 0, lf);
    size_t cr = str_find_byte(all, '\r', 0);

    if (memchr(all.n > 0 ? all.p : "", '\0', all.n) != NULL)
        return refuse(g, 400, "nul");
    if (lf == rest->n) /* not whole: a CR may be the last byte so far */
        return cr < all.n && cr + 1 != all.n ? refuse(g, 400, "bare_cr") : GUARD_MORE;
    if (cr == all.n)
        return refuse(g, 400, "bare_lf");
    if (cr + 1 != all.n)
        return refuse(g, 400, "bare_cr");
    *line = str_sub(all, 0, cr);
    *rest = str_from(*rest, lf + 1);
    return GUARD_WHOLE;
}

/* Visible ASCII without what no URL holds raw; in the query browsers leave some more. */
static bool is_target(struct str path, struct str query)
{
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}#", c) != NULL)
            return false;
        if (c == '%' && !(i + 2 < path.n && is_hex(path.p[i + 1]) && is_hex(path.p[i + 2])))
            return false;
    }
    for (size_t i = 0; i < query.n; i++) {
        unsigned char c = (unsigned char)query.p[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"<>#", c) != NULL)
            return false;
    }
    return path.n > 0 && path.p[0] == '/';
}

static enum http_method method_of(struct str word)
{
    return str_eq(word, S("GET"))       ? HTTP_GET
           : str_eq(word, S("POST"))    ? HTTP_POST
           : str_eq(word, S("HEAD"))    ? HTTP_HEAD
           : str_eq(word, S("OPTIONS")) ? HTTP_OPTIONS
           : str_eq(word, S("PUT"))     ? HTTP_PUT
           : str_eq(word, S("DELETE"))  ? HTTP_DELETE
                                        : HTTP_OTHER;
}

/* A minor version that we do not know is read as the highest that we do [RFC 9110 2.5]. */
static enum guard_says read_version(struct str version, struct guarded *g)
{
    if (str_eq(version, S("HTTP/1.1")))
        return GUARD_WHOLE;
    if (str_eq(version, S("HTTP/1.0"))) {
        g->old = g->close = true;
        return GUARD_WHOLE;
    }
    bool known_form = version.n == 8 && str_has_prefix(version, S("HTTP/")) && version.p[6] == '.' &&
                      version.p[5] >= '0' && version.p[5] <= '9' && version.p[7] >= '0' && version.p[7] <= '9';
    if (known_form && version.p[5] == '1') {
        g->by_hand = true;
        return GUARD_WHOLE;
    }
    return known_form ? refuse(g, 505, "version") : refuse(g, 400, "version");
}

static size_t scheme_end(struct str target)
{
    return str_eq_case(str_sub(target, 0, 7), S("http://"))    ? 7
           : str_eq_case(str_sub(target, 0, 8), S("https://")) ? 8
                                                               : 0;
}

/* "http://host/path" is what proxies are asked for, and servers must understand it [RFC 9112 3.2.2]. */
static struct str cut_authority(struct str target, struct guarded *g)
{
    size_t from = scheme_end(target), to = from;

    if (from == 0)
        return target;
    while (to < target.n && target.p[to] != '/' && target.p[to] != '?')
        to++;
    g->by_hand = true;
    g->authority = str_sub(target, from, to - from);
    return str_from(target, to);
}

static enum guard_says read_target(struct str target, struct guarded *g)
{
    struct str local = cut_authority(target, g);
    size_t mark = str_find_byte(local, '?', 0);
    bool asterisk = str_eq(target, S("*")) && g->req.method == HTTP_OPTIONS; /* [RFC 9112 3.2.4] */

    g->req.path = str_sub(local, 0, mark);
    g->req.query = mark < local.n ? str_from(local, mark + 1) : (struct str){ NULL, 0 };
    if (g->authority.n > 0 && g->req.path.n == 0)
        g->req.path = S("/");
    if (!asterisk && !is_target(g->req.path, g->req.query))
        return refuse(g, 400, "target");
    g->by_hand = g->by_hand || asterisk;
    return str_find(target, S("%00")) < target.n ? refuse(g, 400, "nul") : GUARD_WHOLE;
}

static enum guard_says read_request_line(struct str line, struct guarded *g)
{
    size_t first = str_find_byte(line, ' ', 0);
    size_t second = str_find_byte(line, ' ', first + 1);
    struct str method = str_sub(line, 0, first);
    struct str target = str_sub(line, first + 1, second > first ? second - first - 1 : 0);

    if (!is_token(method))
        return refuse(g, 400, "method");
    if (first >= line.n || second >= line.n)
        return refuse(g, 400, "request_line");
    g->req.method = method_of(method);
    return read_target(target, g) == GUARD_WHOLE ? read_version(str_from(line, second + 1), g) : GUARD_REFUSED;
}

static enum guard_says read_field(struct str line, struct guarded *g)
{
    size_t colon = str_find_byte(line, ':', 0);
    struct http_field field = { str_sub(line, 0, colon), str_trim(str_from(line, colon + 1)) };

    if (line.p[0] == ' ' || line.p[0] == '\t')
        return refuse(g, 400, "folded");
    if (colon == line.n || !is_token(field.name))
        return refuse(g, 400, "field_name");
    /* Names may have "_" [RFC 9110 5.6.2], and here nothing takes it for "-".  Others do: who writes a framing field so
     * hopes that one of two readers does. */
    if (memchr(field.name.p, '_', field.name.n) != NULL && is_framing_name(field.name))
        return refuse(g, 400, "underscore");
    for (size_t i = 0; i < field.value.n; i++)
        if (((unsigned char)field.value.p[i] < 0x20 && field.value.p[i] != '\t') || field.value.p[i] == 0x7f)
            return refuse(g, 400, "control");
    if (g->req.field_count == GUARD_FIELDS_MAX)
        return refuse(g, 431, "fields");
    g->fields[g->req.field_count++] = field;
    return GUARD_WHOLE;
}

static bool is_host(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
              (s.p[i] >= '0' && s.p[i] <= '9') || strchr("-._:[]", s.p[i]) != NULL))
            return false;
    return s.n > 0 && s.n <= 255;
}

static bool read_length(struct str value, size_t *out)
{
    int64_t n;

    if (value.n == 0 || value.n > 10 || value.p[0] == '-' || !str_int(value, &n) || n > GUARD_BODY_MAX_B)
        return false;
    *out = (size_t)n;
    return true;
}

static bool lists_close(struct str value)
{
    struct str part;

    while (str_split(&value, ',', &part))
        if (str_eq_case(str_trim(part), S("close")))
            return true;
    return false;
}

static bool has_odd_quotes(struct str s)
{
    bool odd = false;

    for (size_t i = 0; i < s.n; i++)
        odd ^= s.p[i] == '"';
    return odd;
}

/* How a body says its end: by its length, or by chunks and nothing else [RFC 9112 6.1, 6.3]. */
static enum guard_says read_body_field(struct guarded *g, const struct http_field *field, bool *seen)
{
    bool again = *seen;

    *seen = true;
    if (str_eq_case(field->name, S("Content-Length")))
        return again || !read_length(field->value, &g->body_B) ? refuse(g, 400, "content_length") : GUARD_WHOLE;
    g->chunked = g->by_hand = true;
    return again || g->old || !str_eq_case(field->value, S("chunked")) ? refuse(g, 400, "transfer_encoding")
                                                                       : GUARD_WHOLE;
}

/* The library keeps a record of each piece, and gives up without a word where they fill what it has. */
static bool has_many_pieces(struct str cookies)
{
    size_t pieces = 0;

    for (size_t at = str_find_byte(cookies, ';', 0); at < cookies.n && pieces <= COOKIES_MOST; pieces++)
        at = str_find_byte(cookies, ';', at + 1);
    return pieces > COOKIES_MOST;
}

static enum guard_says read_other_field(struct guarded *g, const struct http_field *field)
{
    if (str_eq_case(field->name, S("Expect"))) {
        g->expects = str_eq_case(field->value, S("100-continue")) && !g->old;
        return str_eq_case(field->value, S("100-continue")) ? GUARD_WHOLE : refuse(g, 400, "expect");
    }
    if (str_eq_case(field->name, S("Connection")) && lists_close(field->value))
        g->close = true;
    if (str_eq_case(field->name, S("Cookie")) && (has_odd_quotes(field->value) || has_many_pieces(field->value)))
        g->by_hand = true;
    return GUARD_WHOLE;
}

/* What the fields together say about where the message ends. */
static enum guard_says read_framing(struct guarded *g)
{
    size_t hosts = 0;
    bool length = false, coding = false;

    for (size_t i = 0; i < g->req.field_count; i++) {
        const struct http_field *field = &g->fields[i];
        enum guard_says said = GUARD_WHOLE;
        if (str_eq_case(field->name, S("Host"))) {
            g->req.host = field->value;
            said = hosts++ > 0 || !is_host(field->value) ? refuse(g, 400, "host") : GUARD_WHOLE;
        } else if (str_eq_case(field->name, S("Transfer-Encoding"))) {
            said = length ? refuse(g, 400, "transfer_encoding") : read_body_field(g, field, &coding);
        } else if (str_eq_case(field->name, S("Content-Length"))) {
            said = coding ? refuse(g, 400, "transfer_encoding") : read_body_field(g, field, &length);
        } else {
            said = read_other_field(g, field);
        }
        if (said != GUARD_WHOLE)
            return said;
    }
    /* HTTP/1.0 knew no Host; where a target names one, both say the same [RFC 9112 3.2]. */
    if ((hosts == 0 && !g->old) || (g->authority.p != NULL && !str_eq_case(g->authority, g->req.host)))
        return refuse(g, 400, "host");
    if (g->body_B > 0 && g->req.method != HTTP_POST && g->req.method != HTTP_PUT)
        return refuse(g, 400, "body");
    return GUARD_WHOLE;
}

static enum guard_says need_more(struct str bytes, bool in_first_line, struct guarded *g)
{
    if (in_first_line && bytes.n > GUARD_LINE_MAX_B)
        return refuse(g, 414, "line_length");
    return bytes.n > GUARD_HEADER_MAX_B ? refuse(g, 431, "header_length") : GUARD_MORE;
}

enum guard_says guard_read(struct str bytes, struct guarded *g)
{
    struct str rest = bytes, line = { NULL, 0 };

    g->req = (struct http_request){ .fields = g->fields };
    g->authority = (struct str){ NULL, 0 };
    g->header_B = g->body_B = 0;
    g->close = g->chunked = g->old = g->expects = g->by_hand = false;
    enum guard_says said = take_line(&rest, &line, g);
    if (said == GUARD_WHOLE && line.n == 0) { /* one empty line in front is passed over [RFC 9112 2.2] */
        g->by_hand = true;
        said = take_line(&rest, &line, g);
    }
    if (said != GUARD_WHOLE)
        return said == GUARD_MORE ? need_more(bytes, true, g) : said;
    if (line.n > GUARD_LINE_MAX_B)
        return refuse(g, 414, "line_length");
    if ((said = read_request_line(line, g)) != GUARD_WHOLE)
        return said;
    for (;;) {
        said = take_line(&rest, &line, g);
        if (said != GUARD_WHOLE)
            return said == GUARD_MORE ? need_more(bytes, false, g) : said;
        if (line.n == 0)
            break;
        if ((said = read_field(line, g)) != GUARD_WHOLE)
            return said;
    }
    g->header_B = bytes.n - rest.n;
    if (g->header_B > GUARD_HEADER_MAX_B)
        return refuse(g, 431, "header_length");
    return read_framing(g);
}
