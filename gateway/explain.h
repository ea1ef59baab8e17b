/* SPDX-License-Identifier: EUPL-1.2
 * gateway/explain.h: why somebody may not open a service, as far as it is theirs to know, and what they may do about
 * it.
 *
 * Floor 6c.  Trying what would have to be different can take longer than a loop may: a worker does it.
 */
#ifndef GATEWAY_EXPLAIN_H
#define GATEWAY_EXPLAIN_H

#include "gateway/plea.h"
#include "launcher/pages.h"
#include "model/ctx.h"
#include "policy/conditions.h"

struct explained {
    struct telling told;                /* TOLD_PLAIN where nothing was found out: too many jobs wait */
    struct plea_places closed;          /* where it is closed to them, and somebody there could open it */
    struct plea_places places;          /* where of that they may ask for it */
    struct plea asked[PLEA_PLACES_MAX]; /* of each place, by everybody there; number 0: by nobody */
    struct pleas_found own;             /* what they have asked themselves */
    struct fail why;                    /* what of these two was not found out */
    enum plea_said said;                /* of a request that was refused: set before it is asked, with … */
    struct str words, place;            /* … what was typed and chosen */
    bool named;
};

/* Asks the batch about c->person and c->service at c->now_s; the answer is c->explained, which may be there already
 * with what a request came to. */
void explain_ask(struct ctx *c, const struct circumstances *now);
/* As the page says it; c->explained NULL: nothing. */
void explain_fill(struct ctx *c, struct denied_view *v);

/* "oulu/1.2.246…/teacher": how a form names a place, and which of them is named so; NULL: none. */
struct str explain_place(struct arena *a, const struct plea_place *at);
const struct plea_place *explain_place_of(struct arena *a, const struct plea_places *all, struct str name);
/* What somebody asked once, on a page of theirs: as what and where, when, and what became of it.  met: it is open. */
struct plea_line explain_line(struct ctx *c, const struct plea *p, bool met);

#endif
