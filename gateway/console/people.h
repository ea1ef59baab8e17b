/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/people.h: what the screens of people, sessions and passes share.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_CONSOLE_PEOPLE_H
#define GATEWAY_CONSOLE_PEOPLE_H

#include "audit/audit.h"
#include "console/pages.h"
#include "model/area.h"
#include "model/ctx.h"
#include "registry/ends.h"

enum { PEOPLE_WHY_MAX_B = 200 };

/* A line of the audit log that says of whom and why, besides the door's: what an act was, on which row. */
void people_audit(struct ctx *c, const char *act, struct str row, struct str why, struct audit_got *got);
/* "person 8c1f…": the row of such a line. */
struct str people_row(struct ctx *c, struct str person);

/* Ends what the mark names, from now back, but for the session of whoever asks; asks.  *kept: it is durable.  False:
 * not asked. */
bool people_end(struct ctx *c, struct mark *x, bool *kept);

/* Whether the person has a role at the school of the area; in an area without one: true. */
bool people_at_school(const struct person *p, const struct area *area);
/* The area as marks name it: OIDs. */
void people_place(const struct ctx *c, struct mark *x);

#endif
