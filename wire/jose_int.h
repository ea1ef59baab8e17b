/* SPDX-License-Identifier: EUPL-1.2
 * wire/jose_int.h: what jwks.c, jws.c and jose_claims.c share.  Floor 1; nobody else includes it.
 */
#ifndef WIRE_JOSE_INT_H
#define WIRE_JOSE_INT_H

#include "wire/jose.h"
#include "wire/jose_door.h"

struct jwk {
    struct str kid;       /* absent: none */
    unsigned kinds;       /* JOSE_BIT()s that its type serves; 0: no type that we use */
    unsigned algs;        /* those of them that its own alg leaves */
    const char *unfit;    /* code of the rule that it breaks; NULL: verifies signatures */
    size_t signature_B;   /* exact length of a signature by it */
    const void *verifier; /* made by jose_verifier() or ed25519_verifier(), lives in the set's arena; NULL when unfit */
    const struct json_value *source; /* as it came: what is encrypted for it is another matter (jwe.c) */
};

struct jwks {
    struct jwk *keys;
    size_t count;
};

/* Reads one; k->unfit says what is wrong with it. */
void jwk_fill(struct arena *a, const struct json_value *v, struct jwk *k);
bool jwk_is_private(const struct json_value *v);
/* The members of an EC key, on P-256 where crv says so: x and y of 32 bytes each.  False: not there, or off the curve.
 */
bool jwk_p256(struct arena *a, const struct json_value *v, struct str *x, struct str *y);
/* The members of an RSA key, without leading zeros.  The code of the rule that it breaks, or NULL. */
const char *jwk_rsa(struct arena *a, const struct json_value *v, struct str *n, struct str *e);

/* Every rule about claims; the signature is proven before. */
bool jose_check_claims(struct arena *a, const struct jose_rules *rules, struct jose_claims *claims, struct fail *f);

#endif
