/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/tokens/dpop.h: who holds the key that a token is bound to.
 *
 * Floor 6d, room oidc/tokens.  A token is bound by a DPoP proof in the request [RFC 9449], or by the certificate that
 * the service showed to the TLS proxy [RFC 8705 3]; then it is worth nothing without that key.  The same rows serve
 * where tokens are issued and where they are used.
 *
 *     at the token endpoint    after oidc_client_auth: dpop_rows, then binding_to_issue()
 *     at PAR                   after oidc_client_auth: dpop_rows, then dpop_jkt() is the request's dpop_jkt
 *     at a resource            dpop_for_token(), dpop_rows, then binding_proven()
 */
#ifndef GATEWAY_OIDC_DPOP_H
#define GATEWAY_OIDC_DPOP_H

#include "model/ctx.h"
#include "wire/json.h"

/* What a token is bound to: base64url of SHA-256, 43 characters; an absent member binds it to nothing.  Both may be
 * there. */
struct binding {
    struct str jkt; /* thumbprint of the key of DPoP proofs */
    struct str x5t; /* of the certificate [RFC 8705 3.1] */
};

/* The access token that comes beside the proof, whose hash must then be in it.  Before the rows. */
void dpop_for_token(struct ctx *c, struct str token);

/* Rows: the DPoP field of this request, if it has one, is verified, and its jti used up.  Where c->service is set its
 * rules hold: algorithms of FAPI rows, a nonce of ours from public services.  Fails CALLER invalid_dpop_proof,
 * use_dpop_nonce (with a DPoP-Nonce field), OURS. */
extern const struct step_row dpop_rows[];

/* Where access tokens are used, the same failures are CLIENT_AUTH with a challenge, as the specification wants it there
 * [RFC 9449 7.1].  What a proof may be signed by, in the words of a challenge. */
#define DPOP_ALGS "ES256 PS256 EdDSA RS256"
/* A challenge for tokens that came by this scheme, with c->fail's error in it; NULL: none came, and both schemes do. */
void token_challenge(struct ctx *c, const char *scheme, const struct fail *f);

/* The thumbprint of the proof's key; absent: there was no proof.  After the rows. */
struct str dpop_jkt(const struct ctx *c);
/* x5t#S256 of the certificate that the TLS proxy handed over; absent: none. */
struct str certificate_x5t(struct ctx *c);

/* What tokens issued now to c->service are bound to: the proof's key, and the certificate where its row says so.
 * Fails CALLER invalid_dpop_proof where the row demands a proof (dpop_bound_access_tokens), invalid_request where it
 * demands a certificate (tls_client_certificate_bound_access_tokens), invalid_request where a FAPI row has neither. */
bool binding_to_issue(struct ctx *c, struct binding *out, struct fail *f);
/* Of a bound thing that came (code, refresh token, access token): this request holds the same keys.  why: for the log,
 * when it does not. */
bool binding_proven(struct ctx *c, const struct binding *bound, const char **why);

bool binding_is_set(const struct binding *b);
struct str binding_token_type(const struct binding *b); /* "DPoP" or "Bearer" */
/* The member cnf, where there is one [RFC 9449 6.1, RFC 8705 3.1]: for JWT access tokens and introspection. */
void binding_put(struct json_out *o, const struct binding *b);

#endif
