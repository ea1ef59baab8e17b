/* SPDX-License-Identifier: EUPL-1.2
 * policy/values.h: for which values of one thing a condition holds.
 *
 * Floor 3; private to the folder.  What policies ask about roles, class levels,
 * ages, attributes, weekdays, minutes, devices and assurance has few values, so
 * a condition about one of them is a set: whatever way it is spelled (>= 7, > 6,
 * a list, alternatives, a negation), equal sets are equal conditions.
 */
#ifndef POLICY_VALUES_H
#define POLICY_VALUES_H

#include "policy/statement.h"

enum thing {                  /* and what its value n stands for */
             THING_ROLE = 0,  /* enum role; 0: the person has none */
             THING_LEVEL,     /* the class level; 0: none */
             THING_AGE,       /* AGE_…; 0: not known */
             THING_ATTRIBUTE, /* enum claim */
             THING_WEEKDAY,   /* 1 is Monday */
             THING_MINUTE,    /* of the day */
             THING_DEVICE,    /* enum device_class */
             THING_ASSURANCE, /* 0 … 3 */
             THING_DAY,       /* enum day_kind; 0: no calendar says */
             THING_EXAM,      /* 1: one is on; 0: none */
             THING_COUNT
};

enum { VALUES_WORDS = (MINUTES_A_DAY + 63) / 64, ASSURANCE_MAX = 3 };

struct values {
    uint64_t w[VALUES_WORDS];
};

struct values values_all(enum thing thing); /* that the thing can have */
bool values_has(const struct values *v, unsigned n);
bool values_none(const struct values *v);
bool values_eq(const struct values *x, const struct values *y);
struct values values_and(const struct values *x, const struct values *y);
struct values values_not(enum thing thing, const struct values *v);

/* What a condition does for each value: it holds, it cannot be evaluated, or neither. */
struct truth {
    struct values holds, fails;
};
/* False: it is not about this thing alone, or says it in a way that is not read. */
bool truth_of(const struct cedar_expr *e, enum thing thing, struct truth *out);
/* The thing that is asked about first; THING_COUNT: none of these. */
enum thing thing_of(const struct cedar_expr *e);

const char *age_word(unsigned age); /* "under13"; "" for AGE_UNKNOWN */

/* `principal`, `resource.category` …: is e the variable, or that attribute of it? */
bool is_var(const struct cedar_expr *e, enum cedar_var var);
bool is_attr(const struct cedar_expr *e, enum cedar_var var, const char *name);

#endif
