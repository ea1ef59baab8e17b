/* SPDX-License-Identifier: EUPL-1.2
 * gateway/pages/favourites.h: the favourites of the person who is signed in.
 *
 * Floor 6d.  registry/people.h keeps them; the session remembers them from its
 * first launcher page on: no page after it asks SQL.
 */
#ifndef GATEWAY_PAGES_FAVOURITES_H
#define GATEWAY_PAGES_FAVOURITES_H

#include "model/ctx.h"
#include "registry/people.h"

/* Asks for c->session's person, changing the list first (FAVOURITE_NONE: not).  False: too many jobs wait. */
bool favourites_ask(struct ctx *c, enum favourite_change change, struct str service, struct favourites_got *out);

/* Rows, after those of session_load, with a session: c->session->favourites is filled in where it is not yet.  Fails
 * for nothing: without SQL there are none. */
extern const struct step_row favourites_load[];

#endif
