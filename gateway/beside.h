/* SPDX-License-Identifier: EUPL-1.2
 * gateway/beside.h: two accounts of one person, of two municipalities, at one browser.
 *
 * Floor 6c.  Whoever is signed in proves another account of theirs: it gets a session of its own, beside the first
 * (session/session.h).  Nothing is merged: each has its own person, names at services, affiliations and end; a service
 * is opened with one of them, and told of nobody else.  An account may stand beside another where the person has said
 * so once (registry/links.h, pairs), which they may where both learner numbers are one, as the national register has
 * masters for duplicates, and where the second municipality has just seen them log in.
 */
#ifndef GATEWAY_BESIDE_H
#define GATEWAY_BESIDE_H

#include "model/ctx.h"
#include "registry/links.h"

enum beside_verdict {
    BESIDE_NOT = 0,  /* the numbers are not one, or one is missing; or one municipality, one account */
    BESIDE_PROPOSED, /* the numbers are one: the person is asked */
    BESIDE_PAIRED    /* the person has said so before */
};

struct beside_look {                     /* its asker's, until it is read */
    struct str own, other;               /* persons */
    struct str own_number, other_number; /* link_number() */
    bool comparable;                     /* two municipalities, both for tests or neither */
    struct pair put;                     /* to be kept; put.other absent: nothing is */
    struct str own_provider;
    enum beside_verdict verdict;
    struct links_got got;
};

/* Asks the batch what `other` is to whoever has c->session.  False, with f: too many wait. */
bool beside_ask(struct ctx *c, const struct person *other, struct beside_look *x, struct fail *f);
/* The same, and where the answer is BESIDE_PROPOSED they belong together from then on: the verdict is BESIDE_PAIRED. */
bool beside_join_ask(struct ctx *c, const struct person *other, struct beside_look *x, struct fail *f);

/* A row, after those of session_load and where c->login or c->service names a service: c->session is from here on the
 * one that opens it: that of the municipality whose tile was pressed (beside_open), or of the person that an
 * id_token_hint names, else the first that policy lets in. */
enum step beside_choose(struct ctx *c, struct fail *f);
/* The same for a tile: `as` is the provider whose tile it was, kept by the browser until another is pressed; absent:
 * none was said. */
void beside_open(struct ctx *c, struct str as);

/* Ends c->beside with c->session: its services are told, and nobody waits. */
void beside_end(struct ctx *c);
/* The same, and telling them is the caller's.  NULL: there is none. */
const struct session *beside_end_untold(struct ctx *c);

#endif
