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
#include "wire/kv.h"

struct trail;

struct logout {               /* c->state of whoever runs the rows */
    struct str back;          /* the service's registered address, with state; absent: the page alone */
    const struct service *by; /* who asked; NULL: the person */
    struct str fault;         /* what the service asked wrongly, as it may be told; absent: nothing */
    bool go_back;             /* 303 to back at once; else the page offers it */
    /* Without c->session: what the browser has kept of the one that is over, once whoever asks has shown that they mean
     * it; NULL: nothing is known.  The rows fill it in from c->session. */
    const struct trail *trail;
    /* The rows' own. */
    struct kv_got dropped;
    struct strs told;               /* ids of services */
    const enum farewell_said *said; /* of each */
};

enum { LEAVING_COOKIE_MAX_B = 3680 }; /* what the browser keeps of it on its way by the city and for the page */

/* Rows: ends c->session (if any), writes the audit log, leaves the city, answers.  Fails OURS; a city that is away ends
 * nothing there, and the page says so. */
extern const struct step_row logout_now[];

/* Asks the person first; nothing ends yet.  Without a session: says that it is over, and offers to leave the city that
 * the browser remembers, or that nothing is known. */
enum step logout_confirm(struct ctx *c, const struct logout *l);
enum step logout_notice(struct ctx *c, const struct notice *n); /* the same once more */

#endif
