/* SPDX-License-Identifier: EUPL-1.2
 * gateway/upstream_metadata.h: what our metadata as a service provider say, for those who write them elsewhere as well.
 *
 * Floor 6c.
 */
#ifndef GATEWAY_UPSTREAM_METADATA_H
#define GATEWAY_UPSTREAM_METADATA_H

#include "certs/keyset.h"
#include "model/ctx.h"

/* Of a use and an algorithm: the current ones, then those that come next, behind the n that out has already;
 * SAML_CERTIFICATES_MAX at most; base64 of DER.  Gives how many it has now. */
size_t upstream_certificates(const struct ctx *c, enum key_use use, enum jose_alg alg, struct str *out, size_t n);
/* Whether every city gets signed requests. */
bool upstream_signs_to_all(struct ctx *c);

#endif
