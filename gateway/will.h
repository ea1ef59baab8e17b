/* SPDX-License-Identifier: EUPL-1.2
 * gateway/will.h: whom to tell when a session ends that nobody ends by hand.
 *
 * Floor 6c.  A session that is not used any more expires in Redis, and nobody is there to tell its services.  So beside
 * a session that has opened services that can be told (protocol.h, hears) Redis keeps a sealed record of them, which
 * outlives it, and in one line (wire/kv.h) when to look at it: when it would end, and each WILL_LOOK_S.  Every loop of
 * every node asks for what is due, in turns of WILL_EVERY_MS; whoever finds the session gone takes the record, and so
 * exactly one tells (farewell.h).  Who ends a session by hand tells by itself, and drops the will.
 *
 * Redis away: it is looked at later.  Redis lost: nobody is told.  Of more than WILLS_MAX sessions those that are due
 * first are told no such end.
 *
 * Threads: struct wills belongs to its loop.
 */
#ifndef GATEWAY_WILL_H
#define GATEWAY_WILL_H

#include "gateway/farewell.h"
#include "wire/kv.h"

enum { WILL_EVERY_MS = 5000, WILL_TAKE_MOST = 64, WILL_LEASE_MS = 60000, WILL_LOOK_S = 300, WILLS_MAX = 1 << 20 };

/* c->session has opened a service: asks twice, for nobody who waits on the outcome.  Asks nothing where none of its
 * services can be told. */
void will_write(struct ctx *c);
/* The session under this key was ended by hand: asks. */
void will_drop(struct ctx *c, struct str id_hash);

/* The session under this key was over before: asks for what was kept beside it; then will_read() says what its services
 * were told (struct session, told) and adds to *services those that are not among them.  False: it is gone, as they
 * have been told, or cannot be read, or is another session's than sid's, whose services are then told here. */
void will_take(struct ctx *c, struct str id_hash, struct kv_got *got);
bool will_read(struct ctx *c, struct str id_hash, struct str sid, const struct kv_got *got, struct strs *told,
               struct strs *services);

struct wills;
struct wills *wills_new(struct loop *l, const struct world *w, const struct settings *set,
                        const struct farewell_hooks *h);
void wills_stop(struct wills *w);       /* looks at nothing more */
bool wills_busy(const struct wills *w); /* an answer may still come */
void wills_free(struct wills *w);       /* not busy; NULL does nothing */
/* Looks at this session at once, as somebody has ended it. */
void wills_look(struct wills *w, struct str id_hash);

#endif
