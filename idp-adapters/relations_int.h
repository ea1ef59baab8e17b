/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/relations_int.h: what the makers of relations share.
 *
 * Floor 3.  Of relations.c and its makers alone. */
#ifndef IDP_ADAPTERS_RELATIONS_INT_H
#define IDP_ADAPTERS_RELATIONS_INT_H

#include "idp-adapters/adapter.h"
#include "idp-adapters/relations.h"

#include <stdio.h>

extern const struct relations_maker relations_web, relations_kept;

/* Of the answer that is being read. */
struct person *relations_person(struct ctx *c);
/* Whether they have an identity code of this country, and the population register has said what it knows: a look-up
 * that failed may hide a restriction. */
bool relations_may_ask(const struct person *p);

/* What the Web API answers, read; what was said otherwise than well is "" here.  Session and user: words that fit into
 * an address.  Picked: those with an identity code, at most WARDS_MAX, ids as the authority calls them.  Allows: for a
 * minor the role is ALL, which stands for all that a guardian may do; whatever else is said is no. */
bool relations_web_registered(struct arena *a, struct str said, struct str *session, struct str *user);
size_t relations_web_picked(struct arena *a, const struct seals *s, struct str said, struct kin at[WARDS_MAX],
                            struct str ids[WARDS_MAX]);
bool relations_web_allows(struct arena *a, struct str said);

#endif
