/* SPDX-License-Identifier: EUPL-1.2
 * gateway/service_keys.h: the public keys of a service, from its row or from its jwks_uri.
 *
 * Floor 6c.  For what it signs and for what is encrypted for it, whatever it speaks.  What jwks_uri answers is kept by
 * the store that keeps what identity providers publish (idp-adapters/upstream.h): one fetch at a time per service,
 * renewed in the background, growing pauses where the copy did not do.  A set is read once, not per request.  Foreign
 * addresses: https alone, public networks alone; a row marked test may be on loopback
 * (service_is_near()).
 */
#ifndef GATEWAY_SERVICE_KEYS_H
#define GATEWAY_SERVICE_KEYS_H

#include "idp-adapters/upstream.h"
#include "model/ctx.h"
#include "wire/jose.h"

struct service_keys {
    struct str text; /* the set as it was published */
    const struct jwks *keys;
    struct strs thumbprints, x5ts; /* by which a certificate of one's own is known again */
};

/* Whether an address of it that we fetch or tell may be on this very machine: a row marked test by whoever runs it.
 * What an organisation of the vendor portal has in test is a stranger's. */
bool service_is_near(const struct registry *r, const struct service *s);

/* Asks the request's batch for those of s: NEXT where the row names none, else WAIT.  anew: what is kept did not do,
 * and jwks_uri is fetched again where the pauses allow it; NEXT, and got stays, where there is nothing to fetch. */
enum step service_keys_ask(struct ctx *c, const struct service *s, bool anew, struct upstream_got *got);

/* After that.  Lives as long as the request.  NULL: none. */
const struct service_keys *service_keys_of(const struct upstream_got *got);
const char *service_keys_trouble(const struct upstream_got *got); /* why there are none, for the log */

#endif
