/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/tryout.h: what came of a test sign-in as rows of a page, for the page of one and of a dry run.
 *
 * Floor 6d.  Everything lives in the request's arena.
 */
#ifndef GATEWAY_CONSOLE_TRYOUT_H
#define GATEWAY_CONSOLE_TRYOUT_H

#include "console/pages.h"
#include "idp-adapters/tryout.h"
#include "model/ctx.h"
#include "model/registry.h"

enum { TRYOUT_FAULTS_MAX = MAP_NOTES_MAX + 2 + TRYOUT_ATTRIBUTES_MAX };

/* The one that the path names, which this person looks after; NULL: to them it is not there. */
const struct idp *tryout_idp(const struct ctx *c);

struct str tryout_check_word(enum tryout_check check, enum lang lang);    /* "Allekirjoitus" */
struct str tryout_check_refused(enum tryout_check check, enum lang lang); /* what a refusal there means */

/* rows: TRYOUT_FAULTS_MAX of them; how many there are.  asking: a word that means nothing is asked for. */
size_t tryout_faults(struct ctx *c, const struct idp *idp, const struct tryout *t, bool asking,
                     struct tryout_fault_row *rows);
/* rows: as many as there are attributes.  Values only where they were kept. */
void tryout_came_rows(struct ctx *c, const struct tryout *t, struct tryout_came_row *rows);
/* rows: as many as there are affiliations. */
void tryout_role_rows(struct ctx *c, const struct idp *idp, const struct person *p, struct tryout_role_row *rows);
/* What the city sets anew so that these faults end: product_settings() of these. */
unsigned tryout_fields(const struct tryout *t);
/* What this person may say that a word means; none: nothing. */
struct choices tryout_meanings(struct ctx *c, const struct idp *idp);

#endif
