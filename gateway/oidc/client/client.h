/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/client/client.h: a service proves who it is.
 *
 * Floor 6d, room oidc/client.  model/auth_methods.def has a row per method; auth.c reads which one came and settles
 * it, assertion.c verifies signed assertions, tls.c what a TLS proxy saw, gateway/pace.h slows down whoever asks too
 * much.  Whoever fails hears the same whatever the reason; the log says which rule it was.
 * [RFC 6749 2.3, OpenID Connect Core 9, RFC 7523, RFC 8705, FAPI 2.0 Security Profile 5.3.2.1]
 */
#ifndef GATEWAY_OIDC_CLIENT_H
#define GATEWAY_OIDC_CLIENT_H

#include "model/ctx.h"

/* Rows for every endpoint that services themselves ask: token, pushed requests, introspection, revocation, device.
 * The service proves who it is by what is in the request; c->service is set.  A public one names itself, and no more.
 * c->state stays the endpoint's.  A service that asks too much, and an address that is refused too often, are held
 * back here.  Fails CLIENT_AUTH invalid_client, CALLER invalid_request, BUSY too_many_requests (with Retry-After),
 * OURS. */
extern const struct step_row oidc_client_auth[];

/* The word of the method by which it did; "none" for a public one.  After the rows above. */
struct str client_proven_by(const struct ctx *c);

/* Whether its row lets it prove itself in this way; one that names none may send its secret by Basic or in the body,
 * which libraries differ in [RFC 6749 2.3.1]. */
bool service_proves_by(const struct service *s, struct str method);

#endif
