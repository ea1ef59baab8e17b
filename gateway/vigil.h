/* SPDX-License-Identifier: EUPL-1.2
 * gateway/vigil.h: services hear of a session that somebody else has ended, and of what was taken away.
 *
 * Floor 6c.  Nobody comes by when an administrator ends sessions (registry/marks.h), when an identity provider is
 * switched off, the session epoch is raised, or policy no longer lets somebody open a service.  So each loop remembers
 * which sessions have opened a service that can be told (protocol.h, hears), looks at them in turn, and has the
 * farewells told (farewell.h).  Policy is asked anew after a change of the registry, and once a minute.
 *
 * A person's own sign-out is told where it happens (logout.h).  Everything else that ends a session is noticed here
 * within a second by the loop that opened a service for it, and by any other within minutes (will.h): the end of a day,
 * a session that nobody used any more, and what was opened before this process began.  What policy takes away of a
 * session that goes on is noticed here alone, by VIGIL_MAX openings for each loop.
 *
 * Threads: all of it belongs to its loop.
 */
#ifndef GATEWAY_VIGIL_H
#define GATEWAY_VIGIL_H

#include "gateway/farewell.h"

enum { VIGIL_MAX = 16384, VIGIL_EVERY_MS = 250, VIGIL_AT_ONCE = 1024, VIGIL_POLICY_S = 60 };

struct vigil;
struct vigil *vigil_new(struct loop *l, const struct world *w, const struct settings *set,
                        const struct farewell_hooks *h);
void vigil_free(struct vigil *v); /* NULL does nothing */

void vigil_stop(struct vigil *v);       /* notices nothing more */
bool vigil_busy(const struct vigil *v); /* an answer may still come; before vigil_free() it must not */

/* c->session has just opened c->service for the first time: asks (will.h), for nobody who waits on the outcome. */
void vigil_watch(struct ctx *c);
/* c->service was told another name than when it was opened: likewise, by that name from now on. */
void vigil_retold(struct ctx *c);
/* c->session has just begun, with services that its person had open before: likewise, of each of them. */
void vigil_follow(struct ctx *c);
size_t vigil_count(const struct vigil *v);

#endif
