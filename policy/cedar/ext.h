/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/ext.h: extension types and every function and method of the
 * language, in one table: the parser looks names up, the evaluator calls, the
 * validator reads the signatures.
 *
 * Stands on base/ alone.  [Cedar: ip, decimal, datetime, duration]
 */
#ifndef CEDAR_EXT_H
#define CEDAR_EXT_H

#include "policy/cedar/value.h"

/*  id                 name                  method  result    arguments, the receiver first */
#define CEDAR_FUNCTIONS(X)                                                                                             \
    X(IP, "ip", false, IP, STRING, NONE)                                                                               \
    X(IS_IPV4, "isIpv4", true, BOOL, IP, NONE)                                                                         \
    X(IS_IPV6, "isIpv6", true, BOOL, IP, NONE)                                                                         \
    X(IS_LOOPBACK, "isLoopback", true, BOOL, IP, NONE)                                                                 \
    X(IS_MULTICAST, "isMulticast", true, BOOL, IP, NONE)                                                               \
    X(IS_IN_RANGE, "isInRange", true, BOOL, IP, IP)                                                                    \
    X(DECIMAL, "decimal", false, DECIMAL, STRING, NONE)                                                                \
    X(LESS_THAN, "lessThan", true, BOOL, DECIMAL, DECIMAL)                                                             \
    X(LESS_OR_EQ, "lessThanOrEqual", true, BOOL, DECIMAL, DECIMAL)                                                     \
    X(GREATER_THAN, "greaterThan", true, BOOL, DECIMAL, DECIMAL)                                                       \
    X(GREATER_OR_EQ, "greaterThanOrEqual", true, BOOL, DECIMAL, DECIMAL)                                               \
    X(DATETIME, "datetime", false, DATETIME, STRING, NONE)                                                             \
    X(OFFSET, "offset", true, DATETIME, DATETIME, DURATION)                                                            \
    X(DURATION_SINCE, "durationSince", true, DURATION, DATETIME, DATETIME)                                             \
    X(TO_DATE, "toDate", true, DATETIME, DATETIME, NONE)                                                               \
    X(TO_TIME, "toTime", true, DURATION, DATETIME, NONE)                                                               \
    X(DURATION, "duration", false, DURATION, STRING, NONE)                                                             \
    X(TO_MILLISECONDS, "toMilliseconds", true, LONG, DURATION, NONE)                                                   \
    X(TO_SECONDS, "toSeconds", true, LONG, DURATION, NONE)                                                             \
    X(TO_MINUTES, "toMinutes", true, LONG, DURATION, NONE)                                                             \
    X(TO_HOURS, "toHours", true, LONG, DURATION, NONE)                                                                 \
    X(TO_DAYS, "toDays", true, LONG, DURATION, NONE)

enum cedar_ext {
#define X(id, name, method, result, first, second) CEDAR_X_##id,
    CEDAR_FUNCTIONS(X)
#undef X
        CEDAR_X_COUNT
};

struct cedar_function {
    struct str name;
    bool method; /* called as a.f(b), never as f(a, b) */
    enum cedar_kind result;
    enum cedar_kind args[2]; /* CEDAR_NONE: absent */
    size_t n_args;           /* the receiver included */
};

extern const struct cedar_function cedar_functions[CEDAR_X_COUNT];

/* The function of this name (CEDAR_X_COUNT when there is none). */
enum cedar_ext cedar_function_named(struct str name);

/* The four constructors: text -> value.  False when the text is no such value,
 * with *why set to a literal that says what is wrong. */
bool cedar_ext_parse(enum cedar_ext constructor, struct arena *a, struct str text, struct cedar_value *out,
                     const char **why);

/* Calls a function with arguments of the right number; their kinds are checked
 * here.  Failures are values, not text, so that the hot path formats nothing. */
enum cedar_ext_outcome { CEDAR_EXT_FAILED = 0, CEDAR_EXT_OK, CEDAR_EXT_TYPE, CEDAR_EXT_OVERFLOW };
enum cedar_ext_outcome cedar_ext_call(enum cedar_ext f, struct arena *a, const struct cedar_value *args,
                                      struct cedar_value *out);

/* The constructor that makes this kind, and the text it would take. */
enum cedar_ext cedar_ext_constructor(enum cedar_kind kind);
void cedar_ext_text(struct buf *b, const struct cedar_value *v);
/* Has the value a text of its own?  A datetime beyond the year 9999 has none: it
 * is written as an offset from 1970-01-01, whose milliseconds are v->number. */
bool cedar_ext_has_text(const struct cedar_value *v);

#endif
