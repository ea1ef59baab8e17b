/* SPDX-License-Identifier: EUPL-1.2
 * gateway/pages/habits.h: what a browser remembers for its person: the school chosen last, the services opened last.
 *
 * Floor 6d.  In cookies of the person's own browser and nowhere else: the gateway
 * keeps no record of what somebody uses.  On a shared device neither outlives
 * the browser's session, and services are not remembered at all.  They are
 * bound to the person (a hash), so that somebody else at the same browser sees
 * nothing of them.
 */
#ifndef GATEWAY_PAGES_HABITS_H
#define GATEWAY_PAGES_HABITS_H

#include "model/ctx.h"

enum { HABITS_RECENT_MAX = 4 };

/* Each needs c->session. */
struct str habits_school(const struct ctx *c); /* absent: none was chosen */
void habits_keep_school(struct ctx *c, struct str school);
struct strs habits_recent(const struct ctx *c); /* ids of services, the last opened first */
void habits_opened(struct ctx *c, struct str service);
/* Which services were there when they last looked (launcher/fresh.h); never on a shared device. */
struct fresh;
void habits_seen(const struct ctx *c, struct fresh *out);
void habits_keep_seen(struct ctx *c, const struct fresh *x);
void habits_forget_recent(struct ctx *c);
void habits_forget_seen(struct ctx *c);

#endif
