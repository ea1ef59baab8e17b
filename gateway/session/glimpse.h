/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/glimpse.h: what scripts of services may see of a session: whether it is still the same.
 *
 * Floor 6b.  The "OP browser state" of [OIDC Session Management 1.0, 4.2]: a text that changes with the session and
 * says nothing of it, in the one cookie of ours that a script can read, and that a frame in a service's page gets. Only
 * browsers that have opened a service have it.  When the session is over it says so and stays: a browser that
 * has no such cookie keeps it from frames, and that is not the end of a session.
 */
#ifndef GATEWAY_SESSION_GLIMPSE_H
#define GATEWAY_SESSION_GLIMPSE_H

#include "model/ctx.h"

#define GLIMPSE_COOKIE "seen" /* frame/assets/session.js reads it */

/* The text of c->session, and that the browser has it.  In c->arena. */
struct str glimpse_of(struct ctx *c);
/* A browser that has one of another session. */
void glimpse_follow(struct ctx *c, const struct session *s);
void glimpse_over(struct ctx *c);

#endif
