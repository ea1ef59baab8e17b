/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/trail.h: what a session leaves behind in its browser.
 *
 * Floor 6b.  A session may be over (unused, ended elsewhere, Redis emptied) while
 * the services that it opened and the city's own log-in go on in the browser.  So
 * the browser keeps which they are, in one sealed cookie of TRAIL_COOKIE_MAX_B at
 * most: ids of the registry, the pseudonym of the person, and the city's own word
 * for its session where that fits.  Nobody can read it or make one.  It opens
 * nothing and signs nobody in; whoever replays it gets a list of services and is
 * sent to a city to sign out there.  Whoever signs in next overwrites it.  A
 * service that was opened longer than TRAIL_KEPT_S ago is forgotten, however often
 * its person has signed in since: what carries a list over renews nothing in it.
 */
#ifndef GATEWAY_SESSION_TRAIL_H
#define GATEWAY_SESSION_TRAIL_H

#include "model/ctx.h"

enum { TRAIL_COOKIE_MAX_B = 3072, TRAIL_SERVICES_MAX_B = 768, TRAIL_KEPT_S = 86400 };

struct trail {
    struct str person, sid; /* of the session */
    struct str csrf;        /* what its pages' forms carry: a page that was left open may still sign out */
    struct str idp, hint; /* where it came from; the city's word for its own session (absent: does not fit, or none) */
    struct str services;  /* ids, with spaces between: as many as fit */
    struct str hours;     /* in which each was opened, a letter an hour */
    bool more;            /* not all of them did */
    bool shared;
    int64_t made_s;
};

/* As the session is now. */
struct trail trail_of(const struct ctx *c, const struct session *s);
void trail_keep(struct ctx *c, const struct session *s);                       /* the answer sets the cookie */
void trail_opened(struct ctx *c, const struct session *s, struct str service); /* the same, and it was opened now */
void trail_clear(struct ctx *c);
/* False: none, none of ours, or older than TRAIL_KEPT_S. */
bool trail_read(const struct ctx *c, struct trail *out);
/* The same person signs in again: what the session before had opened is open still. */
void trail_follow(struct ctx *c, struct session *s);

#endif
