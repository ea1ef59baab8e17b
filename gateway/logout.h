/* SPDX-License-Identifier: EUPL-1.2
 * gateway/logout.h: a session ends, and the page says truly what has ended.
 *
 * Floor 6c.  Ending the session ends its codes and access tokens with it, since
 * each looks at its session.  First here, then at the city, where it offers that
 * and the person leaves (or the device is shared): the browser goes there and
 * comes back to /upstream/left.  The services that it had opened hear it (farewell.h,
 * and frames of the last page for those that are told by the browser).  What a
 * service keeps itself stays open until it says otherwise: the page lists it so.
 *
 * A session may be over before it is ended here.  Then the browser's own trail
 * (session/trail.h) says what it had opened, and which city to leave.  Without
 * either nothing is known, and the page says that and nothing else.
 */
#ifndef GATEWAY_LOGOUT_H
#define GATEWAY_LOGOUT_H

#include "gateway/farewell.h"
#include "gateway/notice.h"
#include "model/ctx.h"
#include "wire/ending_mark.h"

struct trail;

/* One session that is left: the browser's own, or that of another account beside it (beside.h).  The rows' own. */
struct leaving_of {
    struct leaver who;              /* sid absent: there is none */
    const struct strs *names;       /* what services were told of it; NULL: nothing is known of that */
    struct strs opened;             /* ids of the services that it opened, as far as that is known */
    struct strs told;               /* of them those that are told */
    const enum farewell_said *said; /* of each of these */
    struct str trips;
    struct kv_got kept_trips;
};

enum { LEAVE_OWN = 0, LEAVE_BESIDE, LEAVE_SESSIONS };

struct logout {               /* c->state of whoever runs the rows */
    struct str back;          /* the service's registered address, with state; absent: the page alone */
    const struct service *by; /* who asked; NULL: the person */
    struct str fault;         /* what the service asked wrongly, as it may be told; absent: nothing */
    bool go_back;             /* 303 to back at once; else the page offers it */
    struct str kept;          /* what the protocol's `left` needs to answer `by`, LEAVE_KEPT_MAX_B; it is then what the
                                 sign-out ends with, in place of back and of a page; absent: no such answer */
    struct ending_mark *mark; /* of the message that asked; it is done once all has ended; NULL: there is none */
    /* Without c->session: what the browser has kept of the one that is over, once whoever asks has shown that they mean
     * it; NULL: nothing is known.  The rows fill it in from c->session. */
    const struct trail *trail;
    /* The rows' own. */
    struct kv_got dropped, will;
    bool plays; /* a test person, perhaps */
    struct kv_got test, test_dropped;
    const struct session *beside; /* that has ended with it; NULL: there was none */
    struct leaving_of of[LEAVE_SESSIONS];
};

enum { LEAVING_COOKIE_MAX_B = 3680 }; /* what the browser keeps of it on its way by the city and for the page */

/* Rows: ends c->session (if any), writes the audit log, leaves the city, answers.  Fails OURS; a city that is away ends
 * nothing there, and the page says so. */
extern const struct step_row logout_now[];

/* What a service's answer says: its session is not known to be over; it is; it knows nobody of the name that the trip
 * said, which counts as over where that is the name that it was told. */
enum came_as { CAME_UNHEARD = 0, CAME_HEARD, CAME_UNKNOWN };
/* A service has answered a trip (protocol.h, leave_go): relay as it came.  The caller has proven that the answer is the
 * service's own, and one to the trip of this id.  Goes on to the page, or shows nothing where the trip was a frame's.
 * Fails CALLER invalid_request: no trip of ours. */
enum step logout_came(struct ctx *c, struct str relay, struct str service, enum came_as as);
/* The id that the trip had by which relay came; absent: relay is none of ours. */
struct str logout_trip_id(const struct ctx *c, struct str relay, struct str service);

/* Sessions end whose browser is not here: by a message from the city or from a service.  c->state of logout_elsewhere:
 * ends each of them that is still there, writes the audit log, and has their services told (nobody waits for that).
 * Fails OURS. */
struct logout_elsewhere {
    struct strs sessions;     /* SHA-256 of their cookies, as in struct session, LOGOUT_ELSEWHERE_MAX at most */
    const struct service *by; /* who asked: it is not told; NULL: the city */
    /* NULL: all; else whether this one is meant.  c->session is NULL. */
    bool (*is_meant)(const struct ctx *c, const struct session *s, const void *what);
    const void *what;
    struct ending_mark *mark; /* as in struct logout; what is not kept of it, fails OURS */
    bool waits;               /* for the first answers of the services, FAREWELL_LOOK_MS at most */
    bool cut;                 /* more may be meant than are named: then nobody is told that all have ended */
    size_t ended;             /* set by the rows */
    bool unheard;             /* likewise: some service has not said that it heard; counts where it waits */
    struct asked_end *each;   /* the rows' own */
};
enum { LOGOUT_ELSEWHERE_MAX = 256 };
extern const struct step_row logout_elsewhere[];

/* Asks the person first; nothing ends yet.  Without a session: says that it is over, and offers to leave the city that
 * the browser remembers, or that nothing is known. */
enum step logout_confirm(struct ctx *c, const struct logout *l);
enum step logout_notice(struct ctx *c, const struct notice *n); /* the same once more */

#endif
