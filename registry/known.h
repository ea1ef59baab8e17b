/* SPDX-License-Identifier: EUPL-1.2
 * registry/known.h: what sort of people signed in of late, so that a change of policy can say whom it will concern.
 *
 * Floor 4.  Of each person at each provider the affiliations there as a city last
 * stated them, the age band and the assurance, under the pseudonymous id: no name,
 * no number, no address, and nothing of people whose data is protected.  It is
 * read in sums, and of one person by those who may find people.  In a file of its own, state_dir/registry/known.sqlite;
 * losing it loses a preview.  Rows are forgotten KNOWN_KEPT_S after the last
 * sign-in.
 */
#ifndef REGISTRY_KNOWN_H
#define REGISTRY_KNOWN_H

#include "base/fail.h"
#include "base/settings.h"
#include "model/area.h"
#include "model/person.h"
#include "model/registry.h"

enum {
    KNOWN_KEPT_S = 400 * 86400, /* more than a school year */
    KNOWN_WAITING_MAX = 65536,  /* sign-ins that may wait to be written; later ones are not counted */
    KNOWN_SHAPES_MAX = 200000
};

struct known;
struct known *known_new(const struct settings *set);
void known_free(struct known *k); /* writes what waits; NULL does nothing */

/* Somebody signed in.  Any thread; never blocks for SQL. */
void known_saw(struct known *k, const struct person *p, int64_t now_s);
/* Writes what waits.  One thread, every few seconds; may block.  Fails OURS db_…, and what waited is lost. */
bool known_write(struct known *k, int64_t now_s, struct fail *f);

struct shape { /* people who are alike in all that policies look at, at one provider */
    struct person who;
    size_t count;
};
struct shapes {
    struct shape *at;
    size_t n;
    size_t people;
};
/* Those of an area, those seen since since_s; may block.  Fails OURS db_…; too_many_shapes. */
bool known_shapes(const struct settings *set, struct arena *a, const struct registry *r, const struct area *where,
                  int64_t since_s, struct shapes *out, struct fail *f);

struct known_one { /* id in; the rest as known_person() */
    struct str id;
    struct person who;
    int64_t seen_s;
};
/* The same of several; may block. */
bool known_people(const struct settings *set, struct arena *a, struct known_one *people, size_t n, struct fail *f);

/* Which of those ids signed in of late; may block.  Fails OURS db_…. */
bool known_seen(const struct settings *set, struct arena *a, const struct str *ids, size_t n, bool *seen,
                struct fail *f);

/* What of one person is known, at all providers: affiliations, age, assurance; may block.  *seen_s: when they last
 * signed in; 0: nobody of that id is known, or their data is protected.  Fails OURS db_…. */
bool known_person(const struct settings *set, struct arena *a, struct str id, struct person *out, int64_t *seen_s,
                  struct fail *f);

#endif
