/* SPDX-License-Identifier: EUPL-1.2
 * policy/rules.h: the registry's rules, so that an answer costs what applies and not what exists.
 *
 * Floor 3; private to the folder.  An index over the rules, kept with the
 * snapshot.  A rule speaks of one provider, and of one role or any, one school
 * or any, one service or any; so what concerns an affiliation stands in at most
 * four scopes, and in each the rules of a service stand together.
 */
#ifndef POLICY_RULES_H
#define POLICY_RULES_H

#include "base/bits.h"
#include "model/registry.h"

/* What some rules say together.  Rules are named by their place in registry_rules() plus one; 0: none. */
struct says {
    uint32_t permit, forbid;  /* the first of each kind, in the order of ids */
    struct claim_set release; /* of all that permit */
};

struct rules; /* opaque */
const struct rules *rules_of(const struct registry *r);

/* What all rules say that cover the affiliation, at that provider, and the service. */
struct says rules_say(const struct rules *x, const struct provider *p, const struct affiliation *a,
                      const struct service *s);

/* Adds the services, by their place in the registry, which some rule that covers the affiliation permits, and forbids.
 */
void rules_mark(const struct rules *x, const struct provider *p, const struct affiliation *a, struct bits *permitted,
                struct bits *forbidden);

const struct bits *rules_enabled(const struct rules *x); /* the services that are enabled */

#endif
