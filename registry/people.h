/* SPDX-License-Identifier: EUPL-1.2
 * registry/people.h: what we keep for persons: the services that each wants first, and which notices they
 * have read.
 *
 * Floor 4.  A person's, not the federation's: kept in SQL under the person's id, so
 * that they follow to another device, in a file of their own,
 * state_dir/registry/people.sqlite, since each change of the registry's file makes
 * every node load the federation anew.  Losing the file loses an order of tiles
 * and nothing else.
 */
#ifndef REGISTRY_PEOPLE_H
#define REGISTRY_PEOPLE_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/settings.h"
#include "base/work.h"
#include "model/registry.h"

enum { FAVOURITES_MAX = 12, NOTICES_READ_MAX = 40 /* the oldest is forgotten */ };

enum favourite_change { FAVOURITE_NONE = 0, FAVOURITE_ADD, FAVOURITE_REMOVE, FAVOURITE_UP, FAVOURITE_DOWN };

struct people; /* the store of one node; shared by the worker threads */

struct people *people_new(const struct settings *set);
void people_free(struct people *p); /* after the worker threads; NULL does nothing */

struct favourites_got {
    bool ok;
    struct strs list; /* service ids, in the person's order; in the asker's arena */
    struct strs read; /* ids of notices, the last read last */
    struct fail why;
};

struct favourites_ask {
    struct str person;            /* its id; the caller's, until the answer */
    enum favourite_change change; /* made first; FAVOURITE_NONE: the list is read alone */
    struct str service;
    struct str notice; /* that they have read; absent: none is added */
};

/* Asks the batch, on a worker thread; *out is filled when it is answered, and lives as long as a.  False: too many jobs
 * wait, and nothing was asked. */
bool people_favourites(struct people *p, struct work *w, struct batch *b, struct arena *a,
                       const struct favourites_ask *ask, struct favourites_got *out);

/* What a change does to a list.  One that does not apply (already there, no room, first, last) changes nothing. */
void favourites_apply(struct arena *a, struct strs *list, enum favourite_change change, struct str service);

#endif
