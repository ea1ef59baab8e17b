/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/json.h: a small, strict JSON reader into a tree, and a writer.
 *
 * Stands on base/ alone (the library is meant to be lifted out).  Integers stay
 * exact 64-bit; other numbers keep their text.  Strings are UTF-8 and may hold
 * NUL.  The object keeps the order of its members; a name given twice is an
 * error.  Depth at most CEDAR_JSON_DEPTH_MAX.  [RFC 8259]
 */
#ifndef CEDAR_JSON_H
#define CEDAR_JSON_H

#include "policy/cedar/diag.h"

enum { CEDAR_JSON_DEPTH_MAX = 800 };

enum cedar_json_kind {
    CEDAR_JSON_NULL = 0,
    CEDAR_JSON_BOOL,
    CEDAR_JSON_INT,
    CEDAR_JSON_NUMBER, /* a fraction, an exponent, or out of 64 bits: text holds it as written */
    CEDAR_JSON_STRING,
    CEDAR_JSON_ARRAY,
    CEDAR_JSON_OBJECT
};

struct cedar_json {
    enum cedar_json_kind kind;
    bool boolean;
    struct cedar_span span;
    int64_t number;
    struct str text;
    size_t n;
    const struct cedar_json *items; /* array: values; object: the values of the members */
    const struct str *names;        /* object */
    const struct cedar_span *name_spans;
    const uint32_t *by_name; /* large object: indexes in the order of the names, for look-ups; else NULL */
};

/* Reads d->source whole into d->arena; NULL after reporting into d. */
const struct cedar_json *cedar_json_parse(struct cedar_diags *d);
/* The same into a; for who does not keep it. */
const struct cedar_json *cedar_json_parse_in(struct arena *a, struct cedar_diags *d);

/* Whoever takes the members of a large object one by one, as soon as each is read: the tree of one stays in the cache,
 * that of all does not.  Nothing behind a member is known yet: the text may still turn out to be no JSON. */
struct cedar_json_taker {
    const struct str *of; /* which members of the root are such objects */
    size_t n;
    void (*take)(struct cedar_json_taker *, size_t of, struct str name, const struct cedar_json *value);
};
/* The same, but of what was taken only kind and span stay in the tree. */
const struct cedar_json *cedar_json_parse_taken(struct arena *a, struct cedar_diags *d, struct cedar_json_taker *taker);

/* The member of this name, or NULL (also when o is no object). */
const struct cedar_json *cedar_json_get(const struct cedar_json *o, struct str name);
/* The member as text; absent when there is none or it is no string. */
struct str cedar_json_text(const struct cedar_json *o, struct str name);
const char *cedar_json_kind_name(enum cedar_json_kind kind);

/* Adds a string as JSON, with its quotes. */
void cedar_json_quote(struct buf *b, struct str s);

#endif
