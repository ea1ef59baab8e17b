/* SPDX-License-Identifier: EUPL-1.2
 * wire/jwe_int.h: the steps of a JWE that have vectors of their own.  Floor 1; jwe.c and its test alone include it.
 */
#ifndef WIRE_JWE_INT_H
#define WIRE_JWE_INT_H

#include "wire/jwe.h"

/* The key of n bytes that both sides derive from what they agreed on; party: "" for whoever is not named [RFC
 * 7518 4.6.2]. */
struct str jwe_derive(struct arena *a, struct str agreed, struct str algorithm, struct str party_u, struct str party_v,
                      size_t n);
struct jwe_content {
    struct str ciphertext, tag;
};
/* Bytes of the content key and of the initialization vector. */
size_t jwe_key_B(enum jwe_enc enc);
size_t jwe_iv_B(enum jwe_enc enc);
bool jwe_encrypt(struct arena *a, enum jwe_enc enc, struct str key, struct str iv, struct str aad, struct str plain,
                 struct jwe_content *out);
/* AES Key Wrap [RFC 3394]; kek of 16 or 32 bytes. */
bool jwe_wrap(struct arena *a, struct str kek, struct str key, struct str *out);

#endif
