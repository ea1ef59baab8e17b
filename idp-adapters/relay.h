/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/relay.h: what our requests to SAML identity providers are called.
 *
 * Floor 3.  The name is the request's ID and its RelayState [SAML core 3.2.1,
 * bindings 3.4.3: at most 80 bytes].  It is sealed: an answer that bears one was
 * asked for by us, of a city that the name itself says, at a time that it says, for
 * a login or for a test sign-in: each is sealed in a way of its own.
 * So an answer can be verified before it is known whose browser has brought it, and
 * what bears none of our names costs nothing.
 */
#ifndef IDP_ADAPTERS_RELAY_H
#define IDP_ADAPTERS_RELAY_H

#include "model/ctx.h"

enum { RELAY_MAX_B = 80 };

struct relay {
    const struct idp *idp; /* a SAML one of the registry; NULL: it has gone since */
    int64_t made_s;
    bool tryout; /* it is that of a test sign-in, and nobody's login */
};

struct str relay_new(struct ctx *c, const struct idp *idp); /* of a test sign-in where c->tryout is there */
/* False: no name of ours. */
bool relay_read(const struct ctx *c, struct str text, struct relay *out);

#endif
