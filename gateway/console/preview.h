/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/preview.h: what a draft would change, for people.
 *
 * Floor 6d.  In two parts, since reckoning takes longer than anybody else may wait for the registry's connection: a job
 * of it leaves the registry as it would be, and another one, without it, compares that with the one in force.
 */
#ifndef GATEWAY_CONSOLE_PREVIEW_H
#define GATEWAY_CONSOLE_PREVIEW_H

#include "model/ctx.h"
#include "policy/impact.h"
#include "registry/edit.h"

enum { PREVIEW_MAX_MS = 8000 }; /* a worker is not taken for longer by one page */

struct preview {
    const struct registry
        *after;               /* as it would be, as long as the request; NULL: it does not hold, or none was asked */
    struct edit_result found; /* by the look: conflicts, troubles */
    bool reckoned;
    bool too_long;        /* not reckoned: it took PREVIEW_MAX_MS */
    bool known;           /* over people who signed in of late; else over the registry's own accounts */
    struct impact impact; /* when reckoned */
    struct preview_work *work;
};

void preview_begin(struct ctx *c, struct preview *p);

/* Within a desk job: checks the draft as it would be published, and leaves p->after.  Fails as edit_run(EDIT_CHECK). */
bool preview_look(struct preview *p, struct db *d, struct arena *a, const struct draft *draft, struct fail *f);

/* A row's work: reckons p->impact on a worker, without the connection; NEXT where there is nothing to reckon. */
enum step preview_reckon(struct ctx *c, struct preview *p, struct fail *f);

#endif
