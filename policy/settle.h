/* SPDX-License-Identifier: EUPL-1.2
 * policy/settle.h: how what is said becomes a decision: layers, affiliations, and what may leave.
 *
 * Floor 3; private to the folder.  The first layer that says anything of a
 * service settles it, and within a layer forbid beats permit; a school's own
 * count where an outer layer leaves the service to the schools.  Of several
 * affiliations, one that is forbidden forbids; what may leave is what those that
 * are permitted may tell, without what any of them must not.
 */
#ifndef POLICY_SETTLE_H
#define POLICY_SETTLE_H

#include "policy/lookup.h"

struct settling { /* over the affiliations of one person, for one service */
    struct decision d;
    bool forbidden;
    uint32_t withheld; /* claims that must not be told */
};

struct settling settling_new(void);
/* What is said about one affiliation, at that provider; failed: a forbid that could not be evaluated, or NULL. */
void settling_add(struct settling *t, const struct set *set, const struct says *says, const struct provider *p,
                  const struct policy *failed);
/* An affiliation that no receipt in force covers (receipts.h); and what may be told, at most, of one that is. */
void settling_outside(struct settling *t, const struct provider *p);
void settling_tell(struct settling *t, struct claim_set at_most);
struct decision settling_end(const struct settling *t, const struct registry *r, const struct person *p,
                             const struct service *s, int64_t now_s);

/* Which layer settles it: the place of the statement plus one, 0: none. */
struct settled {
    uint32_t place;
    bool forbid;
};
struct settled settle(const struct says *says);

/* The same of all services at once: adds to both. */
void settle_marks(struct arena *a, const struct marks *m, struct bits *permitted, struct bits *forbidden);

#endif
