/* SPDX-License-Identifier: EUPL-1.2
 * policy/lookup.h: the statements, so that an answer costs what applies and not what exists.
 *
 * Floor 3; private to the folder.  Kept with the snapshot.  What concerns an
 * affiliation stands in at most eight scopes (one provider or any, one role or
 * any, one school or any), and in each the plain statements about a service stand
 * together.  A statement that is not plain stands in the scopes of what it
 * demands at least, to be asked of the evaluator.
 */
#ifndef POLICY_LOOKUP_H
#define POLICY_LOOKUP_H

#include "base/bits.h"
#include "policy/set.h"

enum { SAYS_PERMIT = 0, SAYS_FORBID, SAYS_COUNT };

/* What statements say together about one affiliation and one service.  They are named by their place plus one, so that
 * 0 is none; of several the first. */
struct says {
    uint32_t open[LAYER_COUNT][SAYS_COUNT];
    bool leave[SAYS_COUNT];
    struct claim_set release[LAYER_SCHOOL][SAYS_COUNT]; /* a school's own tell nothing */
};

/* The same of opening, about all services at once.  A set without words: nobody says it. */
struct marks {
    struct bits open[LAYER_COUNT][SAYS_COUNT], leave[SAYS_COUNT];
};

struct lookup; /* opaque */
const struct lookup *lookup_of(const struct registry *r);

enum { SCOPES_MAX = 8 };
struct found {
    const struct scope *at[SCOPES_MAX]; /* opaque */
    size_t n;
};
struct found lookup_find(const struct lookup *x, const struct provider *p, const struct affiliation *a);

void lookup_say(const struct found *f, const struct service *s, struct says *out);  /* the plain ones; adds to out */
void lookup_mark(const struct lookup *x, const struct found *f, struct marks *out); /* likewise */
struct marks lookup_marks(struct arena *a, const struct lookup *x); /* empty; with words for what anybody says */

/* The others in the scopes found that may be about the service (NULL: any of them), one after the other: their places.
 * False: no more.  *at begins as { 0 }. */
struct found_at {
    size_t scope, i, about;
};
bool lookup_next(const struct found *f, const struct service *service, struct found_at *at, uint32_t *place);

const struct bits *lookup_enabled(const struct lookup *x);    /* the services that are enabled */
const struct bits *lookup_under_test(const struct lookup *x); /* those of policy_under_test() */

/* Adds what one statement says, once it is known to apply. */
void says_add(struct says *s, const struct listed *l, uint32_t place, enum deed deed, struct claim_set claims);

#endif
