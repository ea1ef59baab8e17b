/* SPDX-License-Identifier: EUPL-1.2
 * certs/parcel.h: a stream of bytes that only the holder of one private key can read: what a backup is wrapped in.
 *
 * Floor 2.  For the command line alone: the private key is an operator's, and no key of the gateway's.
 * The file: a line that says what it is; a head (kind, SHA-256 of the recipient's public key, what makes the key known
 * to it: RSA-OAEP with SHA-256 of a random key, or the public half of a key pair for this one agreement: ECDH on a
 * NIST curve, or X25519); then pieces of PARCEL_PIECE_B, each sealed with AES-256-GCM under HKDF of that and of the
 * head, and bound to its number and to whether it is the last.  So no byte can be changed, moved, left out or added.
 * It does not say who made it: whoever has the public key could make another one.  parcel_digest() names this one.
 *
 * May block, on the file.  Memory: a few pieces, however long it is.  The file stays the caller's.
 */
#ifndef CERTS_PARCEL_H
#define CERTS_PARCEL_H

#include "base/arena.h"
#include "base/crypt.h"
#include "base/fail.h"
#include "base/world.h"

enum { PARCEL_PIECE_B = 64 << 10, PARCEL_RSA_MIN_BITS = 2048 };

struct parcel_out;
/* pem: a public key (BEGIN PUBLIC KEY).  NULL: failed; CALLER recipient, OURS file_unwritable. */
struct parcel_out *parcel_out_new(struct arena *a, const struct world *w, struct str pem, int fd, struct fail *f);
bool parcel_put(struct parcel_out *p, struct str bytes, struct fail *f);
/* Nothing can be put after it. */
bool parcel_finish(struct parcel_out *p, struct fail *f);

struct parcel_in;
/* pem: the private key, without a passphrase.  NULL: failed; CALLER identity (of no use, or another recipient's),
 * parcel_damaged (it is none, or ends in the head), OURS file_unreadable. */
struct parcel_in *parcel_in_new(struct arena *a, struct str pem, int fd, struct fail *f);
/* Exactly n bytes, each of them proven.  Fails CALLER parcel_damaged; a part may have been written to out. */
bool parcel_take(struct parcel_in *p, void *out, size_t n, struct fail *f);
bool parcel_all_taken(struct parcel_in *p, struct fail *f); /* fails CALLER parcel_damaged: more follows */

/* The SHA-256 of what was put or taken since the last call for it (of each, by itself), for sums inside. */
void parcel_out_sum(struct parcel_out *p, unsigned char out[SHA256_B]);
void parcel_in_sum(struct parcel_in *p, unsigned char out[SHA256_B]);
/* The SHA-256 of the file itself, as `sha256sum` writes it; after parcel_finish() or parcel_all_taken(). */
struct str parcel_out_digest(struct arena *a, struct parcel_out *p);
struct str parcel_in_digest(struct arena *a, struct parcel_in *p);

#endif
