/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/value.h: the values that policies compute with.
 *
 * Stands on base/ alone.  Values are immutable and may be shared between
 * threads.  Sets are kept sorted and without duplicates, records sorted by
 * name, so equality is a walk and membership a search.
 */
#ifndef CEDAR_VALUE_H
#define CEDAR_VALUE_H

#include "base/arena.h"

/* The order is the order of values of different kinds in a set. */
enum cedar_kind {
    CEDAR_NONE = 0, /* no value; equals nothing */
    CEDAR_BOOL,
    CEDAR_LONG,
    CEDAR_STRING,
    CEDAR_ENTITY,
    CEDAR_SET,
    CEDAR_RECORD,
    CEDAR_DECIMAL,
    CEDAR_DATETIME,
    CEDAR_DURATION,
    CEDAR_IP,
    CEDAR_KIND_COUNT
};

/* User::"anna".  type: the full path as text, "School::Person". */
struct cedar_uid {
    struct str type, id;
    uint64_t hash; /* cedar_uid_make() sets it; part of equality */
};

struct cedar_ip {
    uint8_t address[16]; /* network order; v4 in the first four */
    uint8_t prefix;      /* bits */
    bool v6;
};

struct cedar_value {
    enum cedar_kind kind;
    union {
        bool boolean;
        int64_t number; /* long; decimal in ten-thousandths; datetime in ms since 1970; duration in ms */
        struct str text;
        const struct cedar_uid *uid;
        const struct cedar_set *set;
        const struct cedar_record *record;
        const struct cedar_ip *ip;
    };
};

struct cedar_set {
    size_t n;
    const struct cedar_value *items; /* sorted by cedar_value_cmp(), no two equal */
};

struct cedar_field {
    struct str name;
    struct cedar_value value;
};

struct cedar_record {
    size_t n;
    const struct cedar_field *fields; /* sorted by name, no two equal */
};

const char *cedar_kind_name(enum cedar_kind kind); /* "bool", "long", … as in Cedar's messages */

struct cedar_uid cedar_uid_make(struct str type, struct str id); /* views, not copies */
bool cedar_uid_eq(const struct cedar_uid *a, const struct cedar_uid *b);
int cedar_uid_cmp(const struct cedar_uid *a, const struct cedar_uid *b);

/* A total order over all values; 0 is Cedar's ==.  Recursion is as deep as the
 * values, which every reader bounds. */
int cedar_value_cmp(const struct cedar_value *a, const struct cedar_value *b);
bool cedar_value_eq(const struct cedar_value *a, const struct cedar_value *b);

/* Takes the array over: sorts it and drops duplicates. */
struct cedar_value cedar_set_of(struct arena *a, struct cedar_value *items, size_t n);
/* Takes the array over and sorts it.  False when two fields have one name
 * (*twice says which, may be NULL). */
bool cedar_record_of(struct arena *a, struct cedar_field *fields, size_t n, struct cedar_value *out, struct str *twice);
const struct cedar_value *cedar_record_get(const struct cedar_record *r, struct str name); /* or NULL */
bool cedar_set_has(const struct cedar_set *s, const struct cedar_value *v);

#define CEDAR_BOOL_OF(b)   ((struct cedar_value){ .kind = CEDAR_BOOL, .boolean = (b) })
#define CEDAR_LONG_OF(i)   ((struct cedar_value){ .kind = CEDAR_LONG, .number = (i) })
#define CEDAR_STRING_OF(s) ((struct cedar_value){ .kind = CEDAR_STRING, .text = (s) })
#define CEDAR_ENTITY_OF(u) ((struct cedar_value){ .kind = CEDAR_ENTITY, .uid = (u) })

/* A value as Cedar text: `{"a": [1, User::"x"]}`, `ip("10.0.0.0/8")`. */
void cedar_value_text(struct buf *b, const struct cedar_value *v);
void cedar_uid_text(struct buf *b, const struct cedar_uid *u);

#endif
