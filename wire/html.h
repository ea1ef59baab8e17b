/* SPDX-License-Identifier: EUPL-1.2
 * wire/html.h: HTML out; text is escaped unless its type says html.
 *
 * Floor 1.  Templates (launcher/views, console/views) are compiled to C by wire/htmlc.c at
 * build time; what it writes calls only the functions below.  The type of a
 * value chooses its treatment: a struct str is foreign text and is escaped, a
 * struct html is markup that a template has made.  A brace initialiser of
 * struct html outside this module is a bug; check_floors.sh looks for it.
 *
 * What a template may write, and where (anything else is a build error with
 * file and line):
 *
 *     {{a.b}}                      a value: in text, or inside a quoted attribute
 *     href="{{url}}"               a whole address: http, https or a path of ours
 *     href="/open/{{id}}"          a part of an address: percent-encoded
 *     {{t.key}} {{t.key name=a.b}} a text of texts.def in the page's language
 *     {{if a}} {{if not a}} {{if a is ENUMERATOR}} {{else}} {{end}}   also around attributes: <b{{if x}}
 * lang="{{x}}"{{end}}>
 *     {{each x in list}} {{end}}   list: a struct with members `at` and `n`
 *     {{include name}}             views/name.html, at this place
 *     {{asset style.css}}          the address of a static file, with its hash
 *     {{# a note #}}               nothing
 *
 * Nothing here fails: a value that must not stand in its place is written as
 * something harmless.  Output has a ceiling (struct buf).  Threads: values only.
 */
#ifndef WIRE_HTML_H
#define WIRE_HTML_H

#include "base/arena.h"

/* Markup, complete and safe to send.  Absent (s.p == NULL): the page did not fit under its ceiling. */
struct html {
    struct str s;
};

/* Text whose lines stay lines: what a <textarea> holds. */
struct html_lines {
    struct str text;
};

enum { HTML_PAGE_MAX_B = 1 << 20 };

/* A buffer for one page, with room for most pages at once. */
struct buf html_begin(struct arena *a);
struct html html_end(const struct buf *b);

/* Writes text for element content or a quoted attribute: & < > " ' are escaped, control characters and
 * direction overrides (U+202A-202E, U+2066-2069) left out, broken UTF-8 replaced by U+FFFD. */
void html_text(struct buf *b, struct str text);
/* The same; line breaks and tabs stay. */
void html_lines(struct buf *b, struct html_lines text);
void html_number(struct buf *b, int64_t number);
void html_raw(struct buf *b, struct html made);
/* What a template has literally.  A function, for compiled templates have tens of thousands. */
void html_markup(struct buf *b, struct str literal);
/* Writes a whole address, escaped: http:, https:, or a path, query or fragment of ours ("/x", "?x", "#x", but not
 * "//x" or "/\x").  Anything else becomes "#". */
void html_url(struct buf *b, struct str url);
/* Writes a part of an address: all but unreserved characters percent-encoded [RFC 3986 2.3]. */
void html_url_part(struct buf *b, struct str part);
/* Whether html_url() would write it as it is. */
bool html_url_is_safe(struct str url);

static inline void html_number_uint(struct buf *b, uint64_t number)
{
    html_number(b, (int64_t)(number & INT64_MAX));
}

static inline bool html_is_html(struct html h)
{
    return h.s.n > 0;
}

static inline bool html_is_number(int64_t number)
{
    return number != 0;
}

/* Used by compiled templates: the type chooses. */
#define HTML_PUT(b, x)                                                                                                 \
    _Generic((x), struct str                                                                                           \
             : html_text, struct html                                                                                  \
             : html_raw, struct html_lines                                                                             \
             : html_lines, int                                                                                         \
             : html_number, long                                                                                       \
             : html_number, unsigned                                                                                   \
             : html_number_uint, unsigned long                                                                         \
             : html_number_uint)((b), (x))
#define HTML_PUT_ATTR(b, x)                                                                                            \
    _Generic((x), struct str                                                                                           \
             : html_text, int                                                                                          \
             : html_number, long                                                                                       \
             : html_number, unsigned                                                                                   \
             : html_number_uint, unsigned long                                                                         \
             : html_number_uint)((b), (x))
#define HTML_PUT_PART(b, x)                                                                                            \
    _Generic((x), struct str                                                                                           \
             : html_url_part, int                                                                                      \
             : html_number, long                                                                                       \
             : html_number, unsigned                                                                                   \
             : html_number_uint, unsigned long                                                                         \
             : html_number_uint)((b), (x))
#define HTML_IS(x) _Generic((x), struct str : str_is_set, struct html : html_is_html, default : html_is_number)(x)

#endif
