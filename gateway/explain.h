/* SPDX-License-Identifier: EUPL-1.2
 * gateway/explain.h: why somebody may not open a service, as far as it is theirs to know.
 *
 * Floor 6c.  Trying what would have to be different can take longer than a loop may: a worker does it.
 */
#ifndef GATEWAY_EXPLAIN_H
#define GATEWAY_EXPLAIN_H

#include "launcher/pages.h"
#include "model/ctx.h"
#include "policy/conditions.h"

struct explained {
    struct telling told; /* TOLD_PLAIN where nothing was found out: too many jobs wait */
};

/* Asks the batch about c->person and c->service at c->now_s; the answer is c->explained. */
void explain_ask(struct ctx *c, const struct circumstances *now);
/* As the page says it; c->explained NULL: nothing. */
void explain_fill(struct ctx *c, struct denied_view *v);

#endif
