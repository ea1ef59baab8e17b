/* SPDX-License-Identifier: EUPL-1.2
 * policy/impact.h: who gains and who loses between two sets of policies.
 *
 * Floor 3.  Pure: two snapshots, a population in sums, a moment.  The answer is
 * what policy_decide() says of each before and after, added up by service, place
 * and role, and never says anything of one person.
 */
#ifndef POLICY_IMPACT_H
#define POLICY_IMPACT_H

#include "policy/policy.h"

struct people { /* who are alike in all that policies look at */
    const struct person *who;
    size_t count;
};

struct impact_row {                /* of one service, at one school (or provider), in one role */
    const struct service *service; /* of the snapshot after, or before where it is gone */
    struct str provider_oid, school_oid;
    enum role role;
    size_t gain, lose;           /* people who may open it after, and not before; and the other way */
    size_t told_more, told_less; /* who may open it both times, and more, or less, may be told of them */
    struct claim_set more, less; /* what */
};

struct impact {
    struct impact_row *rows; /* the most people first */
    size_t n;
    size_t people;     /* looked at */
    size_t gain, lose; /* people with some row of that kind */
};

struct impact_watch {                          /* either may be NULL; false ends the work */
    bool (*progress)(void *with, int percent); /* told after each hundredth of it, with 0…100 */
    bool (*goes_on)(void *with);               /* asked before each person: one may take ten milliseconds */
    void *with;
};

/* watch: may be NULL.  False: it was ended.  A person with several affiliations counts under the first that is valid
 * now. */
bool policy_impact(struct arena *a, const struct registry *before, const struct registry *after,
                   const struct people *people, size_t n, const struct circumstances *now,
                   const struct impact_watch *watch, struct impact *out);

#endif
