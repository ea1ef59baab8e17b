/* SPDX-License-Identifier: EUPL-1.2
 * gateway/flow.h: the only place that chooses a login's next step.
 *
 * Floor 6.  Every endpoint of a login ends with the row flow_next; no handler
 * sends a browser to another.  The states, and who leads out of each:
 *
 *     ASKED     a session fits: KNOWN.  Else the city that is named: AT_CITY.
 *               Else the picker (which names one and comes back).
 *     AT_CITY   the adapter has proven a person: a new session, KNOWN
 *     KNOWN     policy: DECIDED, or the page "not for you"
 *     DECIDED   the protocol's own answer: ANSWERED
 *     ANSWERED  (the back button, a reload) begins again with what was asked
 */
#ifndef GATEWAY_FLOW_H
#define GATEWAY_FLOW_H

#include "audit/audit.h"
#include "gateway/metrics.h"
#include "model/ctx.h"
#include "policy/policy.h"
#include "wire/html.h"
#include "wire/kv.h"

/* What the steps of one request share: places for answers, and what was found. */
struct flow {
    struct kv_got session, code, token, mark, count, request, old, touched;
    struct audit_got audit;
    struct decision decision;
    struct str find_login, find_upstream; /* what login_find looks for */
    struct str session_key;               /* of the session that the browser brought, once session_load has looked */
    struct str session_cookie;            /* of a session made in this request */
    bool picked;                          /* the person has just chosen the identity provider */
    bool large;                           /* the login does not fit its cookie: Redis keeps it */
    bool kept;                            /* the login came out of a cookie: a reload must find how far it got */
    struct str client_id, client_secret, client_assertion; /* how a service says who it is */
    struct str client_secret_raw;                          /* as it stood in Basic, undecoded */
    struct str client_proof;                               /* which auth_method that is */
};

/* Makes it on first use, and settles the language of the request. */
struct flow *flow_of(struct ctx *c);

/* A row: picks the next step of c->login. */
enum step flow_next(struct ctx *c, struct fail *f);

/* On a shared device the page that is being made leads to /idle by itself when nobody has used it for shared_idle_s. */
void flow_leave_idle(struct ctx *c);

/* A login of our own: the launcher, or another path of ours that needs a person. */
struct login *flow_own_login(struct ctx *c, struct str back_to);

/* A row: goes on with a person; without one, to the sign-in page and back to
 * this path.  After the rows of session_load. */
enum step flow_need_person(struct ctx *c, struct fail *f);

/* The failure goes to the service that asked, when it can do something with
 * it; for answer_failure().  False: a page instead. */
bool flow_answer_failure(struct ctx *c);

/* Asks the audit writer, with the request's batch; then flow_audited() says
 * whether it was written, and fails OURS when it was not. */
void flow_audit(struct ctx *c, const char *event, struct str rule, struct str claims, struct str reason);
bool flow_audited(struct ctx *c, struct fail *f);

/* Sends a page with its security policy and language; gives DONE. */
enum step flow_page(struct ctx *c, int status, struct html page);
/* The page for a login that is over, unknown here, or another browser's. */
enum step flow_expired(struct ctx *c);

/* The page "not for you": why, and whom to ask; c->service and the decision say it. */
enum step flow_denied(struct ctx *c);

/* 303 to a path of ours or to a checked address; gives DONE. */
enum step flow_go(struct ctx *c, struct str url);

void flow_count(const struct ctx *c, enum metric which);

/* Redis did not answer: OURS temporarily_unavailable, never "signed out". */
int flow_kv_down(struct fail *f, const char *what);

#endif
