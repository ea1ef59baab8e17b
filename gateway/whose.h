/* SPDX-License-Identifier: EUPL-1.2
 * gateway/whose.h: whose an account is that an identity provider has just proven.
 *
 * Floor 6b.  The person's id, and whether the learner number that was stated may be: registry/links.h.  Where nothing
 * could say otherwise than the account's own name, nobody is asked.
 */
#ifndef GATEWAY_WHOSE_H
#define GATEWAY_WHOSE_H

#include "model/ctx.h"
#include "registry/links.h"

struct whose { /* its asker's, until it is read */
    struct link_ask ask;
    struct link_found found;
    struct links_got got;
    bool asked;
};

/* Of p, which its adapter has proven at that identity provider; p->id is then the account's own.  Asks the batch where
 * x->asked.  False, with f: too many wait. */
bool whose_ask(struct ctx *c, struct person *p, const struct idp *idp, struct whose *x, struct fail *f);
/* Then: p->id is the person's.  A learner number that this identity provider may not state is dropped.  False, with f:
 * nobody knows whose it is. */
bool whose_read(struct ctx *c, struct person *p, const struct whose *x, struct fail *f);

#endif
