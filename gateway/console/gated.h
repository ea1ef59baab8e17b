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

/* Asks for the report behind the first service among these rows; NEXT: there is none.  Fails BUSY. */
enum step gated_ask(struct ctx *c, const struct change_rows_shown *rows, struct gate_asked *x, struct fail *f);
/* Whether it is good to be approved without a word. */
bool gated_whole(struct ctx *c, const struct gate_asked *x);
void gated_show(struct ctx *c, const struct gate_asked *x, struct draft_gate *out);

#endif
