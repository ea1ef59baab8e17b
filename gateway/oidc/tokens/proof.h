/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/tokens/proof.h: one DPoP proof, verified.
 *
 * Floor 6d, room oidc/tokens; for dpop.c, and pure: whether the proof was here before is not known here.
 * [RFC 9449 4.3, in its order]
 */
#ifndef GATEWAY_OIDC_PROOF_H
#define GATEWAY_OIDC_PROOF_H

#include "base/arena.h"
#include "base/fail.h"

/* A proof is good from so long after it was made, and so long before, by our clock: people's devices make them. */
enum { PROOF_AGE_S = 60, PROOF_AHEAD_S = 30, PROOF_MAX_B = 8192 };

struct proof_rules {
    struct str method;  /* of the request: "POST" */
    struct str urls[2]; /* its own address, under each name that the gateway has; an absent one is none */
    struct str token;   /* the access token beside it; absent: none */
    bool fapi;          /* algorithms of the FAPI 2.0 Security Profile alone */
    int64_t now_s;
};

struct proof { /* views into the arena */
    struct str jkt, jti;
    struct str nonce; /* absent: none was said; whether it is ours is the caller's to know */
    int64_t ends_s;   /* from then on its time says no */
};

/* Fails CALLER invalid_dpop_proof, with what is wrong. */
bool proof_verify(struct arena *a, struct str text, const struct proof_rules *rules, struct proof *out, struct fail *f);

/* Lower case where case says nothing, no default port, no query, no fragment, nothing escaped that need not be
 * [RFC 3986 6.2.2, 6.2.3]; absent: no http address. */
struct str proof_url(struct arena *a, struct str url);

#endif
