/* SPDX-License-Identifier: EUPL-1.2
 * policy/conditions.h: a statement's conditions one by one, each beside what is so of somebody; and what of that the
 * person may be told.
 *
 * Floor 3.  Pure.  The words are made from the statement's fields (statement.h); what these do not say is one
 * condition of its own, CONDITION_REST.
 */
#ifndef POLICY_CONDITIONS_H
#define POLICY_CONDITIONS_H

#include "model/lang.h"
#include "policy/reasons.h"
#include "policy/statement.h"

/*    condition   its word in the audit log */
#define CONDITIONS(X)                                                                                                  \
    X(PLACE, "place")                                                                                                  \
    X(ROLE, "role")                                                                                                    \
    X(LEVEL, "level")                                                                                                  \
    X(GROUP, "group")                                                                                                  \
    X(AGE, "age")                                                                                                      \
    X(DAY, "day")                                                                                                      \
    X(HOURS, "hours")                                                                                                  \
    X(DEVICE, "device")                                                                                                \
    X(ASSURANCE, "assurance")                                                                                          \
    X(TERM, "term")                                                                                                    \
    X(NETWORK, "network")                                                                                              \
    X(EXAM, "exam")                                                                                                    \
    X(REST, "text")

enum condition_of {
    CONDITION_NONE = 0,
#define X(condition, word) CONDITION_##condition,
    CONDITIONS(X)
#undef X
        CONDITION_COUNT
};

const char *condition_name(enum condition_of of); /* "level" */
enum condition_of condition_of_name(struct str name);

enum met { MET_UNKNOWN = 0, MET_NO, MET_YES };

struct standing { /* somebody, in one affiliation, now */
    const struct person *person;
    const struct affiliation *at;
    const struct provider *provider;
    const struct circumstances *now;
};

struct condition {
    enum condition_of of;
    enum met met;
    struct str words; /* "luokat 7–9" */
    struct str is;    /* "luokka 5"; "": nothing can be said, or it is the role, whose word is the pages' */
};
struct conditions {
    const struct condition *at;
    size_t n;
};

/* Of one statement, as it stands in a row; none: it cannot be read, or asks for nothing.  verdict: what it came to for
 * them, which says whether the rest holds. */
struct conditions policy_conditions(struct arena *a, const struct registry *r, struct str statement,
                                    enum verdict verdict, const struct standing *who, enum lang lang);

/* ── what the person is told ── */

enum told_kind {
    TOLD_PLAIN = 0, /* that it is not open to them, and no more: it is forbidden, nobody has opened it, or what would
                     * open it is not theirs to know; one page, so that nobody learns which */
    TOLD_NO_PLACE,  /* nothing was said of them that any policy speaks of */
    TOLD_WAYS,      /* to whom, or when, it is open */
    TOLD_EXAM       /* they sit an exam, and it is not open in it */
};
enum { TOLD_WAYS_MAX = 3 };

struct told_way { /* what is otherwise than it would have to be, all of it */
    const struct policy *row;
    const struct affiliation *at;
    struct conditions lacks;
};
struct telling {
    enum told_kind kind;
    struct told_way ways[TOLD_WAYS_MAX]; /* the nearest first */
    size_t n;
    int64_t exam_to_s; /* TOLD_EXAM: when it ends */
};

/* A policy that forbids is never told of (but an exam is, which they know), nor one for a role in the console, nor one
 * that only its text says; which groups it is open to is told as that: to some. */
struct telling policy_told(struct arena *a, const struct registry *r, const struct person *p, const struct reasons *why,
                           const struct circumstances *now, enum lang lang);
/* What was told, by stable words alone: "plain", "no_place", "exam", "oulu-7-9:level". */
struct str told_code(struct arena *a, const struct telling *t);

/* words.c: a condition of a statement in words, and what is so of somebody. */
struct str condition_words(struct arena *a, const struct registry *r, const struct statement *s, enum condition_of of,
                           enum lang lang);
struct str condition_is(struct arena *a, const struct registry *r, const struct standing *who, enum condition_of of,
                        enum lang lang);

#endif
