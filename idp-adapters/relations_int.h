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

#endif
