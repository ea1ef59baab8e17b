/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/affiliation.h: reads affiliations in the forms that cities send.
 *
 * Floor 3.  Every reader checks the provider and the school against the
 * registry: an identity provider may speak for its own provider alone.
 */
#ifndef IDP_ADAPTERS_AFFILIATION_H
#define IDP_ADAPTERS_AFFILIATION_H

#include "model/person.h"
#include "model/registry.h"

enum { AFFILIATION_VALUES_MAX = PERSON_AFFILIATIONS_MAX };

struct affiliations {
    struct affiliation *at; /* room for PERSON_AFFILIATIONS_MAX */
    size_t n;
};

/* Parallel lists, as directories keep them: belonging together by position. */
struct affiliation_lists {
    struct strs schools, roles, groups, charges;
    int class_level; /* 0: none */
    struct str unused;
};

struct affiliations affiliations_new(struct arena *a);
/* False when there is no more room.  An equal one is kept once. */
bool affiliations_add(struct affiliations *list, const struct affiliation *one);

/* "provider OID;school code;group;role;role code;school OID;office OID", or the
 * older "municipality;school code;group;role". */
bool affiliation_of_mpass(struct arena *a, const struct provider *p, struct str value, struct affiliation *out);
/* {"role":"teacher","code":2,"school_oid":"…","provider_oid":"…"} */
bool affiliation_of_edu(struct arena *a, const struct provider *p, struct str value, struct affiliation *out);

/* Joins the lists and adds what they say.  Counts must match; one role or
 * charge covers all schools, one group joins the first school; other counts
 * drop the list.  Class level and charge also reach whole affiliations.
 * Returns how many were left out. */
unsigned affiliations_join(struct arena *a, const struct provider *p, const struct affiliation_lists *lists,
                           struct affiliations *into);

/* The role that a spelling means, in any language; ROLE_NONE when unknown. */
enum role role_spelled(struct arena *a, struct str spelling);

#endif
