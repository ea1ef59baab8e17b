/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/gated.h: of a draft that brings a service into production: the report of its gate, for who approves.
 *
 * Floor 6d.  A draft that was asked for without a passed gate is published by nobody who does not say why.
 */
#ifndef GATEWAY_CONSOLE_GATED_H
#define GATEWAY_CONSOLE_GATED_H

#include "console/pages.h"
#include "gateway/gate/report.h"
#include "registry/change.h"

struct draft_gating {
    struct gate_asked asked;
    size_t entering; /* services that the draft brings into production (registry/entering.h) */
};

/* Asks for the report behind the first service that comes into production by these rows, else the first that was made
 * from one in test; NEXT: there is none.  after: the registry as it would be; NULL: it does not hold.  Fails BUSY. */
enum step gated_ask(struct ctx *c, const struct change_rows_shown *rows, const struct registry *after,
                    struct draft_gating *x, struct fail *f);
/* Whether it is good to be approved without a word. */
bool gated_whole(struct ctx *c, const struct draft_gating *x);
/* What a change by it says of itself. */
struct change_passed gated_passed(struct ctx *c, const struct draft_gating *x);
void gated_show(struct ctx *c, const struct draft_gating *x, struct draft_gate *out);

#endif
