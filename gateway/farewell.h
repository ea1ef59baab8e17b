/* SPDX-License-Identifier: EUPL-1.2
 * gateway/farewell.h: a session is over, and its services hear it.
 *
 * Floor 6c.  One queue per loop for all protocols, outside of the requests: each
 * farewell tells one service of one session, by the rows that its protocol has
 * for that (protocol.h, leave).  A service that does not answer is left alone for
 * a while, longer each time, and never delays another; what it has not heard
 * after FAREWELL_TRIES, or FAREWELL_LASTS_S, is given up: a line in the log
 * ("farewell.lost") and a count.  So is what finds the queue full.
 *
 * What waits outlives its process: Redis keeps it, sealed, in a line of bounded
 * length (farewell_keep.h).  A process that ends in order lets go of it, and
 * another, of any node, takes it up within seconds, each exactly one; of one that
 * died, once its lease is over (90 s).  A service may then hear twice, when the
 * process died between the hearing and the noting.  Where Redis is away the queue
 * is in memory alone, and a process that ends says how many are lost ("stopped").
 * Nothing hangs on it but what the service keeps itself: codes and tokens end
 * with the session.
 *
 * Whoever asks may wait for the first answers, FAREWELL_LOOK_MS at most, so that a
 * page can say truly who has heard; a service that did not answer before is not
 * waited for.
 *
 * Threads: all of it belongs to its loop.
 */
#ifndef GATEWAY_FAREWELL_H
#define GATEWAY_FAREWELL_H

#include "base/loop.h"
#include "gateway/protocol.h"

enum {
    FAREWELLS_MAX = 8192,            /* that wait or are under way, of one loop */
    FAREWELLS_OF_SERVICE_MAX = 2048, /* of one service */
    FAREWELLS_AT_ONCE = 128,
    FAREWELLS_AT_ONCE_OF_SERVICE = 4, /* and one alone while it does not answer */
    FAREWELL_TRIES = 5,
    FAREWELL_LASTS_S = 600,
    FAREWELL_LOOK_MS = 1000
};

struct farewells;

struct farewell_hooks {
    void *self;
    /* Gives a job what requests of this loop have, besides arena, world, set and now_s.  False: it cannot work now. */
    bool (*begin)(void *self, struct ctx *c);
    void (*end)(void *self, struct ctx *c);
};

struct farewells *farewells_new(struct loop *l, const struct world *w, const struct settings *set,
                                const struct farewell_hooks *h);
void farewells_stop(struct farewells *x);       /* tries nothing more */
bool farewells_busy(const struct farewells *x); /* an answer may still come, or Redis has yet to take what waits */
void farewells_free(struct farewells *x);       /* not busy; NULL does nothing */

enum farewell_said {
    FAREWELL_CANNOT = 0, /* nobody can tell it: it hears in no way, or the queue was full */
    FAREWELL_WAITS,      /* it is being told */
    FAREWELL_HEARD
};

/* Tells each of these services (ids; unknown ones cannot be told) that the session of `who` is over.  told: what their
 * protocols have kept of them (struct session, told), for who->told; NULL: nothing.  said: as many as there are
 * services, in c->arena; it counts once the batch is answered.  All else is copied. */
void farewells_say(struct ctx *c, const struct leaver *who, const struct strs *told, const struct strs *services,
                   enum farewell_said *said);

/* The same, and nobody waits for it. */
void farewells_tell(struct ctx *c, const struct leaver *who, const struct strs *told, const struct strs *services);

/* A service has said otherwise than to the queue what became of its session: by the browser of whoever left, or since
 * it ended it itself.  Its line in the log, as those of farewells_say(); outcome: as in farewell_note.h.  Nobody waits.
 */
void farewells_note(struct ctx *c, const struct leaver *who, struct str service, const char *outcome);

#endif
