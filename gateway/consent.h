/* SPDX-License-Identifier: EUPL-1.2
 * gateway/consent.h: whether a person is asked, or shown, what a service would be told, before it is.
 *
 * Floor 6c.  Knows no protocol: what a login would tell is said by struct protocol (tells).  A voluntary service
 * (service->client.consent) may be told what its person has let it be told, and is refused where they say no.  A
 * service of the school needs nobody's consent, for its ground is another: where the municipality wants so
 * (provider->informs), its people are shown what is told, the first time and whenever it has grown, and go on.
 */
#ifndef GATEWAY_CONSENT_H
#define GATEWAY_CONSENT_H

#include "model/ctx.h"
#include "policy/policy.h"
#include "registry/consents.h"

/* Tokens of a service whose consent was taken back are dead for so long; none lives longer. */
enum { CONSENT_ENDS_S = 400 * 86400 };

struct consent_look {
    struct str person;
    struct consent now;    /* what would be told, and which kind of row has to say that it may be; CONSENT_NONE: none */
    struct consent before; /* the last row of that kind; CONSENT_NONE: none */
    struct claim_set may;  /* what may be told at all, whatever this login has asked for */
    struct consents_got got;
};

/* What kind of row c->person and c->service need; memory alone. */
enum consent_kind consent_kind_of(const struct ctx *c);

/* Fills in `now` by what was decided, flow_decision(), and asks for `before` where any row is needed: then *asked.
 * Fails BUSY; OURS, where a consent is needed and nobody can be asked. */
bool consent_look_up(struct ctx *c, const struct decision *d, struct consent_look *x, bool *asked, struct fail *f);
/* After the answer: what has to be asked or shown; CONSENT_NONE: nothing.  A consent that cannot be read fails OURS;
 * what cannot be shown is logged and goes on, for nobody is kept from a lesson by it. */
bool consent_due(const struct ctx *c, const struct consent_look *x, enum consent_kind *due, struct fail *f);

/* After the answer: what is told that did not stand there the last time; what stood there, and may be told no longer.
 * Both empty where nothing stood there yet.  A login that asks for less takes nothing away. */
struct claim_set consent_fresh(const struct consent_look *x);
struct claim_set consent_gone(const struct consent_look *x);

/* Asks to keep x->now; then consent_kept().  Fails BUSY, OURS. */
bool consent_keep(struct ctx *c, struct consent_look *x, struct fail *f);
bool consent_kept(const struct consent_look *x, struct fail *f);

/* What it may be told by a code or token, which keeps in words (consents.h) what its person was asked: that, and
 * nothing that policy or the row has come to release since.  NULL: c->service needs nobody's consent. */
const struct claim_set *consent_of(struct ctx *c, struct str words);

/* Whether what c->service was given at given_s (knew: of that request) may still be used for c->person: they have not
 * taken their consent back since, nor ended at /me what it held.  For tokens, at each use; memory alone. */
bool consent_stands(const struct ctx *c, int64_t given_s, struct str knew);

#endif
