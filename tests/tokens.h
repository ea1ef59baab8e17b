/* SPDX-License-Identifier: EUPL-1.2
 * tests/tokens.h: keys and tokens for tests, honest and hostile.
 *
 * Keys are made when a program first asks for them and never leave it.  A token
 * is made of exactly the header and payload that the test writes.
 */
#ifndef TESTS_TOKENS_H
#define TESTS_TOKENS_H

#include "base/arena.h"

enum test_key {
    TEST_RSA,
    TEST_RSA_OTHER,
    TEST_RSA_1024,
    TEST_EC,
    TEST_EC_OTHER,
    TEST_EC_384,
    TEST_ED,
    TEST_ED_OTHER,
    TEST_KEY_COUNT
};

/* A JWK's members without braces: kty, n and e, or crv, x and y, or crv and x. */
struct str test_jwk_members(struct arena *a, enum test_key key);
/* {"keys":[{…,"kid":KID}]} of one key. */
struct str test_jwks(struct arena *a, enum test_key key, const char *kid);
/* base64url(header).base64url(payload).base64url(signature), RS256, ES256 or EdDSA by the key's type. */
struct str test_token(struct arena *a, enum test_key key, struct str header, struct str payload);
/* The same with the signature given. */
struct str test_token_with(struct arena *a, struct str header, struct str payload, struct str signature);
/* What the key signs, raw: PKCS #1 v1.5 or r and s of the curve's length each. */
struct str test_sign(struct arena *a, enum test_key key, struct str text);
/* Likewise with RSASSA-PSS, whatever the header says; salt_B: -1 for as long as the hash. */
struct str test_pss_token(struct arena *a, enum test_key key, struct str header, struct str payload, int salt_B);
struct str test_hmac_token(struct arena *a, struct str header, struct str payload, struct str secret);
/* The public key as PEM: the secret of a confused verifier. */
struct str test_public_pem(struct arena *a, enum test_key key);

#endif
