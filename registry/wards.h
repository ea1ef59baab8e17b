/* SPDX-License-Identifier: EUPL-1.2
 * registry/wards.h: children for whom guardians may act, as their municipalities have imported them.
 *
 * Floor 4.  A municipality says which child is at which school, by a keyed hash of the child's identity code
 * (idp-adapters/relations.h), and, where it keeps relations itself, which guardians a child has, by hashes likewise.
 * Of e-Authorizations come the relations alone; without a row here a child is shown to nobody.  A child whose data is
 * protected has no row: the import leaves it out.
 *
 * An import takes the place of all that the municipality had said before, or of nothing: a file with one wrong line
 * changes nothing.  What is gone by it ends sessions of guardians (ends.h).  In a file of its own,
 * state_dir/registry/wards.sqlite; losing it, nobody acts for a child until it is imported anew.
 *
 * Everything here may block but wards_new() and wards_ask().
 */
#ifndef REGISTRY_WARDS_H
#define REGISTRY_WARDS_H

#include "base/batch.h"
#include "base/fail.h"
#include "base/settings.h"
#include "base/work.h"
#include "model/person.h"
#include "model/registry.h"
#include "registry/ends.h"

enum { WARDS_ASKED_MAX = 16 /* as many are always asked for */, WARDS_LINES_MAX = 1 << 20, WARDS_LINE_MAX_B = 4096 };

struct wards;
struct wards *wards_new(const struct settings *set); /* opens nothing yet */
void wards_free(struct wards *w);                    /* after the worker threads; NULL does nothing */

struct wards_asking {                       /* the caller's, until the answer */
    struct str identities[WARDS_ASKED_MAX]; /* hashes of children; absent ones find nobody */
    struct str guardian;                    /* a hash: its children, too; absent: nobody's */
    int64_t now_s;                          /* who is of age by then is not found */
    struct acting found[WARDS_ASKED_MAX];   /* in the order of their names, each once */
    size_t n;
    bool ok;
    struct fail why;
};
/* Asks the batch and answers it once, with the same work whoever is found.  False, and no answer: too many jobs wait.
 */
bool wards_ask(struct wards *w, struct work *work, struct batch *b, struct arena *a, struct wards_asking *x);

/* A municipality's file.  CSV with a head line (RFC 4180), columns by their names, in any order:
 *   identity        the child's personal identity code; hashed while it is read
 *   own_key         what the child's identity provider calls them (subject); or learner_id; one of them
 *   learner_id      learner number
 *   school          code or OID of a school of the provider
 *   group, level    "4A", 4; may be empty
 *   name            as shown to the guardian
 *   protected       "1": left out; may be empty
 *   guardians       identity codes, spaces between; empty: as e-Authorizations says alone
 * Or users of OneRoster 1.1 or 1.2, as users.csv (its head has sourcedId) or as JSON ({"users": [...]}, an array of
 * users): learners, and their agents where those stand in the same file and have an identity code
 * (docs/municipalities.md says which member says what).  Read one by one; what is kept meanwhile is 80 bytes a user.
 *
 * idp: whose own_key it is, in OneRoster the username.  children, relations: how many are kept; left_out: protected, of
 * age, or gone; unknown: agents without an identity code.  Fails CALLER relations_… with the line, and what to do. */
struct wards_import {
    const struct provider *provider;
    const struct idp *idp; /* NULL: own_key may not stand in the file */
    const struct seals *seals;
    struct str csv; /* the file, whatever it is */
    int64_t now_s;
    bool try_only; /* all is checked, and nothing kept */
    /* Whoever acts for a child that is there no more, or is its guardian no more, is ended: before what the file says
     * is in force and once more after it.  NULL: nobody is. */
    struct ends *ends;
    int64_t ends_for_s; /* as long as a guardian's session lives at most */
    size_t children, relations, left_out, unknown;
    size_t gone; /* children, and relations: of these too */
};
bool wards_take(struct wards *w, struct arena *a, struct wards_import *x, struct fail *f);
/* The same without a store: nothing is kept, and a child that stands there twice is not found. */
bool wards_check(struct arena *a, struct wards_import *x, struct fail *f);

#endif
