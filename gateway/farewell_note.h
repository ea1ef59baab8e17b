/* SPDX-License-Identifier: EUPL-1.2
 * gateway/farewell_note.h: what a service said to the end of a session, as the audit log has it.
 *
 * Floor 6c.  A line "farewell" for each service that we tell, and each session: once it has heard or is given up, and
 * one before that where it did not hear at once.  Whoever confirms it: the service to us, or by the browser that went
 * there and came back (logout_trips.h), or the service that signed its person out itself.  So whoever ended sessions,
 * and whoever looks after their person, reads afterwards what is true.  Of services that nobody can tell there is none:
 * their rows say so; nor of those that never answer: frames of OpenID Connect, browsers that did not come back.
 * Nothing hangs on a line: where the log takes none, the service is told as ever.  Of test persons there are none.
 *
 *   reason  FAREWELL_NOTE_…, or the code by which it was given up (farewell.c: unreachable, away, refused, full, …)
 *   why     how the session ended: LEFT_BY_…
 *   row     the act of many that ended it, as its own line "console" names it
 */
#ifndef GATEWAY_FAREWELL_NOTE_H
#define GATEWAY_FAREWELL_NOTE_H

#include "audit/audit.h"
#include "gateway/protocol.h"
#include "registry/ends.h"

#define FAREWELL_NOTE_HEARD   "heard"
#define FAREWELL_NOTE_WAITS   "waits" /* it did not answer yet, and is told once more */
#define FAREWELL_NOTE_REFUSED "refused"

#define LEFT_BY_PERSON  "person"
#define LEFT_BY_SERVICE "service"
#define LEFT_BY_CITY    "city"
#define LEFT_BY_ACT     "act" /* of many (registry/marks.h): an administrator's, or the person's own from elsewhere */
#define LEFT_BY_CLOCK   "clock"
#define LEFT_BY_POLICY  "policy" /* of one service: it is not open to them any more */
#define LEFT_BY_OTHER   "other"  /* somebody else signed in at their browser, or they act for another child */
#define LEFT_BY_SWITCH  "switch" /* everybody's sessions ended, or their identity provider was switched off */

struct leaver leaver_of(const struct session *s, const char *why); /* told is absent */

enum { LEFT_ROW_MAX_B = 300 };
/* The act that set the mark, as its line names it: "group oulu/1.2.3/7A", in a. */
struct str left_row(struct arena *a, const struct registry *r, const struct mark *x);

/* Whether a line is due: their idp is known, and is no test school's. */
bool farewell_is_noted(const struct leaver *who);
struct audit_event farewell_line(const struct leaver *who, struct str service, const char *outcome);

#endif
