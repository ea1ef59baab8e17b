/* SPDX-License-Identifier: EUPL-1.2
 * policy/receipts.h: what a municipality has decided about a service (struct permission) is a ceiling over what
 * policies say of it.
 *
 * Floor 3; pure.  Once there is a receipt, of any time, the service opens to the municipality's people by those alone
 * that are in force: an affiliation that none of them covers counts as if it were none.  Of those whom one covers only
 * what it gives is told, and never what another that covers them keeps, whoever permits it, the nation included: who
 * answers for the data has said no.  What one that was withdrawn kept, those that were decided before it was withdrawn
 * do not give: to withdraw never tells more.  What the nation forbids stays forbidden.
 */
#ifndef POLICY_RECEIPTS_H
#define POLICY_RECEIPTS_H

#include "base/bits.h"
#include "model/registry.h"

/* Of a decision: no receipt in force covers the person (policy_decide()); no policy may be called so. */
#define POLICY_NOT_TAKEN "not_taken_into_use"

struct covering {
    bool outside;          /* nothing opens */
    struct claim_set told; /* at most; where nobody has decided anything: every claim */
};
struct covering receipts_over(const struct registry *r, const struct provider *p, const struct service *s,
                              const struct affiliation *at, int64_t now_s);

/* Leaves out of both sets, by their places in the registry, what this affiliation stands outside of. */
void receipts_leave_out(const struct registry *r, const struct provider *p, const struct affiliation *at, int64_t now_s,
                        struct bits *permitted, struct bits *forbidden);
/* Whether this municipality has decided about anything. */
bool receipts_any(const struct registry *r, const struct provider *p);

/* All that it has decided about a service: the newest first, those that were withdrawn and that are over included. */
struct receipts {
    const struct permission *const *at;
    size_t n;
};
struct receipts receipts_of(const struct registry *r, const struct provider *p, const struct service *s);
/* All that anybody has decided about it, by the ids of the municipalities. */
struct receipts receipts_about(const struct registry *r, const struct service *s);
/* By its id; NULL: there is none. */
const struct permission *receipt_named(const struct registry *r, struct str id);

/* Makes the index of a snapshot, so that no request waits for it. */
void receipts_prepare(const struct registry *r);

#endif
