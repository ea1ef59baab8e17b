/* SPDX-License-Identifier: EUPL-1.2
 * base/crypt.h: hashes, seals and comparisons, on OpenSSL.
 *
 * Floor 0.  Symmetric only: private keys live in the signer (certs/).
 */
#ifndef BASE_CRYPT_H
#define BASE_CRYPT_H

#include "base/arena.h"
#include "base/world.h"

enum { SHA1_B = 20, SHA256_B = 32, SHA512_B = 64, SEAL_KEY_B = 32, SEAL_OVERHEAD_B = 12 + 16 };

struct str sha256(struct arena *a, struct str bytes); /* 32 bytes */
/* The same of several views, one behind the other, where no arena is at hand. */
void sha256_parts(const struct str *parts, size_t n, unsigned char out[SHA256_B]);
struct str sha256_hex(struct arena *a, struct str bytes); /* 64 digits */
struct str sha512(struct arena *a, struct str bytes);     /* 64 bytes */
/* A key that was made ready once; lives in the arena, and never changes: threads share it. */
struct hmac_key;
const struct hmac_key *hmac_key(struct arena *a, struct str key);
struct str hmac_sha256(struct arena *a, const struct hmac_key *key, struct str bytes);
/* For codes of authenticator apps alone, which know no other [RFC 6238 1.2].  SHA1_B bytes. */
struct str hmac_sha1(struct arena *a, struct str key, struct str bytes);
/* A key of n bytes for one purpose, from a root secret [RFC 5869]. */
struct str hkdf_sha256(struct arena *a, struct str root, struct str label, size_t n);

/* Constant time in the content; lengths may show.  False when either is absent. */
bool crypt_eq(struct str a, struct str b);

/* AES-256-GCM under a 32-byte key.  `bound` is authenticated, not carried: the
 * same text must be given to open.  Sealed: nonce, ciphertext, tag. */
struct str crypt_seal(struct arena *a, const struct world *w, struct str key, struct str bound, struct str plain);
bool crypt_open(struct arena *a, struct str key, struct str bound, struct str sealed, struct str *plain);

/* n random bytes as base64url; 32 bytes for anything that must not be guessed. */
struct str crypt_token(struct arena *a, const struct world *w, size_t n);

#endif
