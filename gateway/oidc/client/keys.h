/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/client/keys.h: the public keys of the service that asks (gateway/service_keys.h).
 *
 * Floor 6d, room oidc/client.  For its assertions, its request objects, and what is encrypted for it.
 */
#ifndef GATEWAY_OIDC_CLIENT_KEYS_H
#define GATEWAY_OIDC_CLIENT_KEYS_H

#include "model/ctx.h"
#include "wire/jose.h"

/* Rows: the keys of c->service, which must be set.  They never fail: client_keys_of() is NULL where there are none, and
 * client_keys_trouble() says why, for the log. */
extern const struct step_row client_keys[];
/* Rows: the same, fetched again where the pauses allow it.  For whom jose_verify() has refused for a reason about keys
 * (jose_is_about_keys()): run these, compare client_keys_of() with what it was, and try once more if it differs. */
extern const struct step_row client_keys_anew[];

/* Lives as long as the request.  NULL: none. */
const struct jwks *client_keys_of(const struct ctx *c);
/* The set as it was published, for what is encrypted to the service; absent: none. */
struct str client_keys_text(const struct ctx *c);
const char *client_keys_trouble(const struct ctx *c);

#endif
