/* SPDX-License-Identifier: EUPL-1.2
 * wire/algorithms.h: which algorithms of XML signatures and encryption are taken, told to others, and switched off by
 * whoever runs this [IIP-MD09, IIP-ALG08].
 *
 * Floor 1.  The list is algorithms.def; MD5, RSA 1.5 and the like are not in it, and SHA-1 is there as the hash inside
 * of RSA-OAEP alone.  What is switched off holds for the process: it is said once, before anything is read.
 */
#ifndef WIRE_ALGORITHMS_H
#define WIRE_ALGORITHMS_H

#include "base/arena.h"
#include "base/fail.h"

/* words: last words of URIs, with spaces or commas between ("sha1 aes128-cbc"); they take the place of those before.
 * Fails CALLER bad_setting: an unknown word, or one that we sign with ourselves. */
bool algorithms_off(struct str words, struct fail *f);
/* Whether it is one of the list that is not switched off. */
bool algorithm_taken(struct str uri);

/* Canonical XML, as parts of metadata: alg:DigestMethod and alg:SigningMethod of what we verify; md:EncryptionMethod of
 * what we decrypt. */
void algorithms_write_signing(struct buf *b);
void algorithms_write_encryption(struct buf *b);

#endif
