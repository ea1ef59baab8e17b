/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/found.h: which sessions somebody else's name for them means.
 *
 * Floor 6b.  A message from a city or from a service names a session by a name of
 * its own: SessionIndex and NameID, sid and sub.  Redis keeps, under a keyed hash
 * of that name, the keys of the sessions that it means: FOUND_MAX of the latest,
 * and no longer than the last of them can live.  Nobody reads a name out of it, and
 * a key found there is only a hint: the session itself says whether it is meant.
 */
#ifndef GATEWAY_SESSION_FOUND_H
#define GATEWAY_SESSION_FOUND_H

#include "model/ctx.h"
#include "wire/kv.h"

enum { FOUND_MAX = 256 };

enum found_by {
    FOUND_BY_CITY_SUBJECT = 1, /* owner: the identity provider's id; name: NameID or sub */
    FOUND_BY_CITY_SESSION,     /* likewise; SessionIndex or sid */
    FOUND_BY_SERVICE_NAME      /* owner: the service's id; the NameID that it was told */
};

/* Asks: from now on the name means this session too.  got: HIT when it is kept. */
void found_keep(struct ctx *c, const struct session *s, enum found_by by, struct str owner, struct str name,
                struct kv_got *got);
/* Asks; then found_read() says their keys (SHA-256 of their cookies); none: nobody's, or Redis is away (got). */
void found_ask(struct ctx *c, enum found_by by, struct str owner, struct str name, struct kv_got *got);
struct strs found_read(struct ctx *c, const struct kv_got *got);
/* Adds those of one answer to *all, each once and FOUND_MAX at most.  *cut: some of those that are meant may not be
 * among them, for there are as many as are kept. */
void found_gather(struct ctx *c, const struct kv_got *got, struct strs *all, bool *cut);

#endif
