/* SPDX-License-Identifier: EUPL-1.2
 * gateway/pages/favourites.h: the services that a person wants first.
 *
 * Floor 6.  Kept in SQL under the person's id, so that they follow to another
 * device; in a file of their own, state_dir/registry/people.sqlite, since each
 * change of the registry's file makes every node load the federation anew.  The
 * session remembers them from its first launcher page on: no page after it asks
 * SQL.  Losing the file loses an order of tiles and nothing else.
 */
#ifndef GATEWAY_FAVOURITES_H
#define GATEWAY_FAVOURITES_H

#include "model/ctx.h"

enum { FAVOURITES_MAX = 12 };

enum favourite_change { FAVOURITE_NONE = 0, FAVOURITE_ADD, FAVOURITE_REMOVE, FAVOURITE_UP, FAVOURITE_DOWN };

struct favourites; /* the store of one node; shared by the worker threads */

struct favourites *favourites_new(const struct settings *set);
void favourites_free(struct favourites *s); /* after the worker threads; NULL does nothing */

struct favourites_got {
    bool ok;
    struct strs list; /* service ids, in the person's order; in the request's arena */
    struct fail why;
};

/* Asks for c->session's person, changing the list first (FAVOURITE_NONE: not).  False: too many jobs wait. */
bool favourites_ask(struct ctx *c, enum favourite_change change, struct str service, struct favourites_got *out);

/* What a change does to a list.  One that does not apply (already there, no room, first, last) changes nothing. */
void favourites_apply(struct arena *a, struct strs *list, enum favourite_change change, struct str service);

/* Rows, after those of session_load, with a session: c->session->favourites is filled in where it is not yet.  Fails
 * for nothing: without SQL there are none. */
extern const struct step_row favourites_load[];

#endif
