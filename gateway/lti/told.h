/* SPDX-License-Identifier: EUPL-1.2
 * gateway/lti/told.h: what one launch tells of a person.
 *
 * Floor 6d, room lti.  Everything comes through gateway/release.h, which lets a claim out only where policy does; a
 * launch is in one context, so it tells of one affiliation.
 */
#ifndef GATEWAY_LTI_TOLD_H
#define GATEWAY_LTI_TOLD_H

#include "gateway/lti/message.h"
#include "model/ctx.h"
#include "policy/policy.h"

/* Of c->person, to c->service: in the first of their groups that is told, else the first school, else no context. */
void told_find(struct ctx *c, const struct decision *d, struct lti_told *out);
/* Claims that would be told of any of their affiliations. */
struct claim_set told_claims(struct ctx *c, const struct decision *d);

#endif
