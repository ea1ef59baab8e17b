/* SPDX-License-Identifier: EUPL-1.2
 * wire/jose_int.h: what jwks.c, jws.c and jose_claims.c share.  Floor 1; nobody else includes it.
 */
#ifndef WIRE_JOSE_INT_H
#define WIRE_JOSE_INT_H

#include "wire/jose.h"
#include "wire/jose_door.h"

struct jwk {
    struct str kid;       /* absent: none */
    enum jose_alg alg;    /* that its type serves; JOSE_NONE: no type that we use */
    const char *unfit;    /* code of the rule that it breaks; NULL: usable */
    size_t signature_B;   /* exact length of a signature by it */
    const void *verifier; /* made by jose_verifier(), lives in the set's arena; NULL when unfit */
};

struct jwks {
    struct jwk *keys;
    size_t count;
};

/* Every rule about claims; the signature is proven before. */
bool jose_check_claims(struct arena *a, const struct jose_rules *rules, struct jose_claims *claims, struct fail *f);

#endif
