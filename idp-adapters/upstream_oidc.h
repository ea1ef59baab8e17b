/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/upstream_oidc.h: what an OpenID Provider publishes about itself.
 *
 * Floor 3.  Two documents per identity provider: its discovery document, whose
 * issuer must be the registered one to the letter, and its key set.  Kept and
 * renewed by upstream.h.
 */
#ifndef IDP_ADAPTERS_UPSTREAM_OIDC_H
#define IDP_ADAPTERS_UPSTREAM_OIDC_H

#include "idp-adapters/upstream.h"
#include "model/registry.h"
#include "wire/jose.h"

struct oidc_metadata { /* [OIDC Discovery 3, RFC 8414 2, RFC 9207 3] */
    struct str issuer, authorization_endpoint, token_endpoint, jwks_uri;
    struct str userinfo_endpoint, end_session_endpoint; /* absent: none */
    unsigned id_token_algs;                             /* JOSE_BIT()s of those announced that we speak; never 0 */
    unsigned client_jwt_algs;                           /* likewise for private_key_jwt; 0: it does not say */
    bool no_claims_parameter;                           /* it says that it does not know `claims` [OIDC Core 5.5] */
    bool tells_sign_outs; /* it has sign-outs of its own told, by one channel or the other [OIDC Back-Channel
                             Logout 2.1] */
    bool iss_in_answer;   /* every answer names its issuer: one without is refused */
};

/* Under which the two are kept. */
struct str upstream_oidc_name(struct arena *a, const struct idp *idp);
struct str upstream_oidc_keys_name(struct arena *a, const struct idp *idp);

/* got.value: const struct oidc_metadata *.  The parser's codes: discovery_malformed,
 * discovery_issuer, discovery_endpoint, discovery_unsupported.  An optional member that is null, empty,
 * of another type or an address that cannot be used is as if it were absent. */
void upstream_oidc_metadata(struct upstreams *u, struct batch *b, struct arena *a, const struct idp *idp,
                            enum upstream_how how, struct upstream_got *got);
/* got.value: const struct jwks *. */
void upstream_oidc_keys(struct upstreams *u, struct batch *b, struct arena *a, const struct idp *idp,
                        const struct oidc_metadata *metadata, enum upstream_how how, struct upstream_got *got);

/* Reads a discovery document; for tests and fuzzing.  want->expect: the issuer. */
const void *oidc_metadata_read(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f);

#endif
