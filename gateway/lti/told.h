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

enum { TOLD_MAX = PERSON_AFFILIATIONS_MAX };

struct told_list {
    struct lti_told at[TOLD_MAX];
    size_t n;
};
/* Of c->person, to c->service: one for each context that is told of them, in the order of their affiliations.  A school
 * is one of them only where none of its groups is.  Without any context there is one that has none. */
struct told_list *told_all(struct ctx *c, const struct decision *d);
/* The one in that context (lti_told.context_id); NULL: they have none of that name. */
const struct lti_told *told_in(const struct told_list *all, struct str context);
/* Whether they teach there: who does picks links for it.  Whatever is told of their role. */
bool told_teaches(const struct lti_told *x);
/* What people call it: "7B, Kielonmäen koulu"; what is withheld is not in it. */
struct str told_title(const struct lti_told *x);
/* Which context a launch has when nobody chooses: that of `wanted` where it is one of theirs, else the first group,
 * else the first school, else none. */
const struct lti_told *told_usual(const struct told_list *all, struct str wanted);
/* The claim that whoever stands in the list of a context is told by: of a school's CLAIM_SCHOOL, else CLAIM_GROUP. */
enum claim told_by_context(struct ctx *c, const struct member *m, struct str context);
/* Claims that would be told of any of their affiliations. */
struct claim_set told_claims(struct ctx *c, const struct decision *d);

#endif
