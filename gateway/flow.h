/* SPDX-License-Identifier: EUPL-1.2
 * gateway/flow.h: the only place that chooses a login's next step.
 *
 * Floor 5.  An endpoint fills c->login (state ASKED) and c->service (NULL for
 * the launcher) and ends its table with flow_next; whatever follows, the city,
 * the decision, the audit line, the answer in the service's protocol, is chosen
 * here.  Handlers never send a browser to one another.
 *
 *     ASKED -> AT_CITY -> KNOWN -> DECIDED -> ANSWERED      and from anywhere REFUSED
 */
#ifndef GATEWAY_FLOW_H
#define GATEWAY_FLOW_H

#include "model/ctx.h"
#include "policy/policy.h"

/* A new login in c->login: fresh id, state ASKED, now.  service: NULL for the launcher. */
struct login *flow_begin(struct ctx *c, enum protocol protocol, const struct service *service, struct str answer_to);

/* Needs c->login, and c->session as session_ask and session_read left it.  Hands over to the table that comes next:
 * the decision and the answer when the session will do, the sign-in page or the city when not; fails NO_SESSION
 * login_required when the service wants no page. */
step_fn flow_next;

/* c->person was proven by an adapter for c->login: makes the session, then goes on as flow_next. */
extern const struct step_row flow_known[];

/* For server.c: tells the service of c->fail where its answer address was checked.  False: it cannot. */
bool flow_tell_service(struct ctx *c);

/* What the decision step decided, for the answer's table and for release. */
const struct decision *flow_decision(const struct ctx *c);

#endif
