/* SPDX-License-Identifier: EUPL-1.2
 * wire/form.h: query strings and form bodies, read strictly and written safely.
 *
 * Floor 1.  application/x-www-form-urlencoded [WHATWG URL 5.1], with what that
 * leaves open closed: a bad %-escape, a NUL or another control byte but tab, CR
 * and LF, text that is not UTF-8, more than FORM_FIELDS_MAX fields, or a
 * parameter that comes twice (but `resource` and `audience` [RFC 8707, RFC 8693])
 * is refused.
 */
#ifndef WIRE_FORM_H
#define WIRE_FORM_H

#include "base/arena.h"
#include "base/fail.h"

enum { FORM_FIELDS_MAX = 256 };

struct form_field {
    struct str name, value; /* decoded; never absent */
};

struct form {
    struct form_field *fields;
    size_t count;
    struct form_field *files; /* of multipart/form-data (wire/multipart.h); bytes of any kind */
    size_t file_count;
};

/* text: a raw query (without '?') or body; absent or empty gives an empty form.
 * Fails CALLER invalid_request.  Views live in a. */
bool form_read(struct arena *a, struct str text, struct form **out, struct fail *f);

/* The value; absent when the parameter is missing.  A NULL form has none. */
struct str form_get(const struct form *form, struct str name);
/* The bytes of a file; absent: none was chosen.  Never found by form_get(). */
struct str form_file(const struct form *form, struct str name);
/* The n-th value (from 0) of a parameter that may repeat; absent past the last. */
struct str form_get_nth(const struct form *form, struct str name, size_t n);

/* What a field says, without white space around it, of at most so many characters: a longer one was not typed into a
 * form of ours, and is cut between two of them. */
struct str form_typed(const struct form *form, struct str name, size_t most);
/* The same of a list, one a line, however it was typed: with commas, semicolons, white space. */
struct str form_lines(struct arena *a, const struct form *form, struct str name, size_t most);

/* Writes: percent-encodes all but unreserved characters [RFC 3986 2.3]. */
void url_escape(struct buf *b, struct str text);
/* Appends name=value behind '?' or '&', whichever the text so far needs; an
 * absent value appends nothing.  b holds a URL without fragment. */
void url_query(struct buf *b, struct str name, struct str value);
/* The one way to make an address with a parameter: `to`, which is ours or was registered, with name=value behind it as
 * url_query() appends it.  No byte of the value stays a byte of the address that could end or lead on its parameter. */
struct str url_to(struct arena *a, struct str to, struct str name, struct str value);
/* Appends name=value, with '&' unless b is empty; for form bodies. */
void form_add(struct buf *b, struct str name, struct str value);

#endif
