/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/done.h: what was just done, said once, on the page that it leads to.
 *
 * Floor 6b.  No address says it, since anybody can write an address: it is sealed, in a cookie, of one session and for
 * one address, holds for DONE_S, and ends with the page that says it.
 */
#ifndef GATEWAY_SESSION_DONE_H
#define GATEWAY_SESSION_DONE_H

#include "model/ctx.h"

enum { DONE_S = 60, DONE_MORE_MAX_B = 400 };

/* To a path of ours, which says that `what` (one of the caller's words, without spaces) was done.  more: of it, to the
 * reader; may be absent. */
enum step done_go(struct ctx *c, struct str to, const char *what, struct str more);

/* What was done that led here; absent: nothing.  more: may be NULL. */
struct str done_here(struct ctx *c, struct str *more);
bool done_was(struct ctx *c, const char *what);

#endif
