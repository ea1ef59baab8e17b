/* SPDX-License-Identifier: EUPL-1.2
 * gateway/flow.h: the only place that chooses a login's next step.
 *
 * Floor 6c.  Every endpoint of a login ends with the row flow_next; no handler
 * sends a browser to another.  The states, and who leads out of each:
 *
 *     ASKED     a session fits: KNOWN.  Else the city that is named: AT_CITY.
 *               Else the picker (which names one and comes back).
 *     AT_CITY   the adapter has proven a person (flow_proven): a new session, KNOWN.  Whoever comes without the city's
 *               answer is asked anew
 *     KNOWN     policy: DECIDED, or the page "not for you"; our own pages ask no policy.  Where the person has to be
 *               asked or shown what the service would be told (consent.h): CONSENT
 *     CONSENT   the page /consent: DECIDED, or the service hears access_denied
 *     DECIDED   the protocol's own answer (protocol.h): ANSWERED
 *     ANSWERED  (the back button, a reload) begins again with what was asked
 */
#ifndef GATEWAY_FLOW_H
#define GATEWAY_FLOW_H

#include "gateway/metrics.h"
#include "gateway/notice.h"
#include "model/ctx.h"
#include "policy/policy.h"

/* A demand for a fresh log-in was obeyed.  Fails UPSTREAM auth_time_stale. */
bool flow_fresh_enough(const struct ctx *c, struct fail *f);

/* To where an adapter's start has led: by 303, or by a page that posts what the city is to read. */
enum step flow_go_upstream(struct ctx *c);

/* A row: picks the next step of c->login. */
enum step flow_next(struct ctx *c, struct fail *f);

/* A city's answer, or a password, has proven c->person: AT_CITY goes on.  Nothing else leads out of it to a session. */
enum step flow_proven(struct ctx *c, struct fail *f);

/* The person has just chosen this identity provider, or come by a link that names it: whoever is signed in at this
 * browser is not asked for.  Then as flow_next(). */
enum step flow_to_idp(struct ctx *c, const struct idp *idp, struct fail *f);

/* The person gives the login up: the service that asked hears access_denied; without one they are led to the launcher.
 */
enum step flow_cancel(struct ctx *c, struct fail *f);

/* At the page of CONSENT, with c->session: settles c->person and c->service, and decides anew.  *on: the page may be
 * shown; else the step to return (the login stands elsewhere, or somebody else is signed in by now). */
bool flow_at_consent(struct ctx *c, enum step *on, struct fail *f);
/* The person has let it be told, or has seen what is told. */
enum step flow_consented(struct ctx *c, struct fail *f);

/* Of guardians: who is signed in as one and acts for nobody yet goes to /guardian first, which comes back here.  A row,
 * for pages of ours that need a child; others are passed by. */
#define FLOW_GUARDIAN_PATH "/guardian"
bool flow_is_guardian(const struct ctx *c);
enum step flow_need_child(struct ctx *c, struct fail *f);
/* Rows' end: c->session's guardian acts for this child from here on: a session of its own, and the one before ends with
 * its codes, tokens and services, which hear of it.  Then the login of that id, where this browser has begun it, else
 * the launcher.  ward: one of c->session->wards. */
enum step flow_act_for(struct ctx *c, const struct acting *ward, struct str login);
/* Before the identity code is gone: for whom a guardian may act is begun to be asked (idp-adapters/relations.h). */
enum step flow_relate(struct ctx *c, struct fail *f);
enum step flow_forget_identity(struct ctx *c, struct fail *f);

/* A row, after those of session_load where c->login or c->service names a service: session_for(). */
enum step flow_test_person(struct ctx *c, struct fail *f);

/* A row: goes on with a person; without one, to the sign-in page and back to
 * this path.  After the rows of session_load. */
enum step flow_need_person(struct ctx *c, struct fail *f);
/* The same, and back to that path of ours. */
enum step flow_need_person_at(struct ctx *c, struct str back, struct fail *f);

/* Decides anew about c->person and c->service, and remembers it; flow_decision() is the last one (a denial before the
 * first).  Both belong to the request. */
struct circumstances flow_circumstances(const struct ctx *c); /* of this request, for policy */
const struct decision *flow_decide(struct ctx *c);
const struct decision *flow_decision(struct ctx *c);
/* Whether c->person may use another service than c->service; what was decided of that one stays. */
bool flow_may_use(struct ctx *c, const struct service *s);
/* What was decided was a service that somebody opened; or, allowed, what is told of them: drafts that run in shadow are
 * asked the same.  Not for pages that only say why, nor for what a service asks without anybody there. */
void flow_compare_opening(struct ctx *c);
void flow_compare_told(struct ctx *c);

/* Counts what somebody has done; of people of the test school nothing is counted. */
void flow_count(struct ctx *c, enum metric what);

/* Asks the audit writer, with the request's batch; then flow_audited() says whether all that was asked since it last
 * was is written, and fails OURS when it is not.  What says that something left ("release") is asked when nothing but
 * the log can keep it from leaving any more: an answer that is made, signed and kept.  Of people of the test
 * school each line is a "test_school", and the event is its reason. */
void flow_audit(struct ctx *c, const char *event, struct str rule, struct str claims, struct str reason);
bool flow_audited(struct ctx *c, struct fail *f);

/* The failure goes to the service that asked, when it can do something with
 * it; for answer_failure().  False: a page instead. */
bool flow_answer_failure(struct ctx *c);

/* For a login that is over, or unknown here, and for a request that names none (a bookmark): leads on to what this
 * browser was opening, in one step.  A service begins anew, by its own address; whoever is signed in goes straight
 * through.  Where its row names no address, the request that it made is begun anew.  A page, where this browser does
 * not know. */
enum step flow_expired(struct ctx *c);
/* Rows of a login that a page of somebody else's has posted, which no cookie came with (Lax): it is kept, and goes on
 * by a GET of ours that names it in its query ("login"): found there, and is one still, or flow_expired(). */
enum step flow_keep_login(struct ctx *c, struct fail *f);
enum step flow_find_login(struct ctx *c, struct fail *f);
enum step flow_has_login(struct ctx *c, struct fail *f);
/* As flow_expired(), to the launcher where this browser does not know. */
enum step flow_bookmark(struct ctx *c);

/* By which address the service begins, whatever it speaks, to end at `to` (protocol.h); absent: its row names none. */
struct str flow_launch(struct ctx *c, const struct service *s, struct str to);
/* What flow_decide() denied: found out why, one line in the audit log, and the page "not for you", which says why and
 * whom to ask; or, where no page may be shown, a failure. */
enum step flow_refuse(struct ctx *c);
/* The same page for who asks why a service is missing: nobody is refused, so there is no line and no support code. */
enum step flow_missing(struct ctx *c);
/* NOTICE_DENIED and NOTICE_EXPIRED once more. */
enum step flow_notice(struct ctx *c, const struct notice *n);
/* On a shared device the page that is being made leads to /idle by itself, IDLE_WARNING_S before the session ends
 * unused; and the page that asks then leads there again when it has ended. */
enum { IDLE_WARNING_S = 60 };
void flow_leave_idle(struct ctx *c);
void flow_leave_idle_to(struct ctx *c, struct str back); /* where what was asked is not to be asked again by itself */
void flow_opened(struct ctx *c);                         /* c->service has its answer about c->person: counted */
void flow_leave_failure(struct ctx *c);                  /* the page of a failure, once it is made */
void flow_idle_soon(struct ctx *c, struct str back);

#endif
