/* SPDX-License-Identifier: EUPL-1.2
 * wire/jwe.h: what we encrypt for others: compact JWE to a public key of theirs.
 *
 * Floor 1.  Writes only; nothing that was encrypted is read here.  Key management RSA-OAEP, RSA-OAEP-256, ECDH-ES,
 * ECDH-ES+A128KW, ECDH-ES+A256KW; content AES-CBC with HMAC, and AES-GCM [RFC 7516, RFC 7518 4, 5].  P-256 alone.
 * Never blocks.  RSA1_5 is not here [RFC 8725 3.2]; nothing is compressed.
 */
#ifndef WIRE_JWE_H
#define WIRE_JWE_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/world.h"
#include "wire/jose.h"

enum jwe_alg {
    JWE_ALG_NONE = 0,
    JWE_RSA_OAEP_256,
    JWE_RSA_OAEP,
    JWE_ECDH_ES,
    JWE_ECDH_ES_A128KW,
    JWE_ECDH_ES_A256KW,
    JWE_ALG_COUNT
};
enum jwe_enc { JWE_ENC_NONE = 0, JWE_A128CBC_HS256, JWE_A256CBC_HS512, JWE_A128GCM, JWE_A256GCM, JWE_ENC_COUNT };

const char *jwe_alg_name(enum jwe_alg alg); /* "" for none */
const char *jwe_enc_name(enum jwe_enc enc);
enum jwe_alg jwe_alg_named(struct str word); /* none when unknown */
enum jwe_enc jwe_enc_named(struct str word); /* none when unknown; "" is none as well, its default is the caller's */

struct jwe_key; /* one public key of the reader; lives in the arena that it was chosen in */

/* The reader's key for this algorithm, of its set: use "enc" or unsaid, alg this one or unsaid, key_ops unsaid or with
 * what encrypts; one of use "enc" goes before one that says no use, then the first.  NULL on failure, CALLER: jwe_alg
 * (none that we know), jwe_key (none fits; detail says why the last did not). */
const struct jwe_key *jwe_choose(struct arena *a, const struct jwks *keys, enum jwe_alg alg, struct fail *f);

/* The compact JWE over plain, at most JWE_PLAIN_MAX_B.  cty: "JWT" where plain is a token; absent: not said.  Fails
 * OURS jwe_broken (OpenSSL), CALLER jwe_enc. */
enum { JWE_PLAIN_MAX_B = 65536 };
bool jwe_write(struct arena *a, const struct world *w, const struct jwe_key *key, enum jwe_enc enc, struct str cty,
               struct str plain, struct str *out, struct fail *f);

#endif
