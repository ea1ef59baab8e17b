/* SPDX-License-Identifier: EUPL-1.2
 * registry/kinds.h: what kinds of rows there are, and what each may hold, for whoever describes or reads them by name.
 *
 * Floor 4.  Pure.  The tables are schema.h's; values are texts as edit.h has them.
 */
#ifndef REGISTRY_KINDS_H
#define REGISTRY_KINDS_H

#include "base/arena.h"

enum field_shape {
    SHAPE_TEXT = 0,
    SHAPE_LIST,   /* texts */
    SHAPE_WORDS,  /* a list of words */
    SHAPE_WORD,   /* one of words */
    SHAPE_FLAG,   /* true, false */
    SHAPE_NUMBER, /* whole */
    SHAPE_TIME,   /* RFC 3339 */
    SHAPE_DAY,    /* 2026-08-10 */
    SHAPE_SECRET  /* is given, and never shown */
};

struct field_about {
    const char *name; /* "name.fi" */
    enum field_shape shape;
    const char *const *words; /* NULL ends; an empty one is none; NULL: any text */
    bool must;                /* a row that does not say it does not hold */
    bool is_key;              /* part of what the row is called by */
    struct str preset;        /* as a row has it that does not say it; absent where it must */
};

struct kind_about {
    const char *kind, *section; /* "service", "services" */
    size_t key_count;           /* 1 or 2; of a kind below another the first is the parent's */
    const char *parent;         /* its kind; NULL: stands by itself */
    const struct field_about *fields;
    size_t field_count;
};

/* By its section of the file; false: there is none.  Texts and fields in a. */
bool kind_about_section(struct arena *a, struct str section, struct kind_about *out);
bool kind_about(struct arena *a, struct str kind, struct kind_about *out);

#endif
