/* SPDX-License-Identifier: EUPL-1.2
 * tests/scenario/authority.h: e-Authorizations, made by the tests: for whom each guardian may act.
 *
 * Speaks what idp-adapters/relations_web.c must, and refuses what is not so: a checksum that does not fit, a time that
 * is off, a code that was spent, a token of another session.
 */
#ifndef TESTS_SCENARIO_AUTHORITY_H
#define TESTS_SCENARIO_AUTHORITY_H

#include "base/world.h"
#include "wire/fetch.h"

#define AUTHORITY_URL "https://valtuudet.example"

struct authority {
    struct str says;            /* "": well; "away", "late", "401", "500", "nonsense", "words": of all that is asked;
                                 * "another": whoever registers is given the session that somebody has */
    unsigned registered, spent; /* sessions; codes, by a bit each */
    const char *who[32];        /* whose each session is */
};

/* The identity code of a guardian of the families; of anybody else, one that has no children. */
struct str authority_code(struct str person);
/* The file that Oulu, or Espoo, imports. */
struct str authority_children(struct arena *a, const char *city);
/* False: the address is none of the authority's. */
bool authority_fetch(struct arena *a, struct authority *x, const struct world *w, const struct fetch_request *r,
                     struct fetch_got *out);

#endif
