/* SPDX-License-Identifier: EUPL-1.2
 * certs/local_key.h: a private key of the command line's own, from a PEM file.
 *
 * Floor 2.  For `digione saml verify --decrypt-key` alone: a verifier that runs
 * without a signer.  The gateway never calls this.
 */
#ifndef CERTS_LOCAL_KEY_H
#define CERTS_LOCAL_KEY_H

#include "base/arena.h"
#include "base/fail.h"
#include "certs/signer_client.h"

enum { LOCAL_KEYS_MAX = 8 };

struct local_keys;

/* Every private key of a PEM text, without passphrase; the keys are wiped with a.
 * Adds to `keys`, which may be NULL at first.  Fails CALLER key_unreadable. */
struct local_keys *local_keys_read(struct arena *a, struct local_keys *keys, struct str pem, struct fail *f);

/* RSA-OAEP: tries each key.  False when none opens it. */
bool local_keys_unwrap(struct arena *a, const struct local_keys *keys, enum oaep_hash digest, enum oaep_hash mgf,
                       struct str encrypted_key, struct str *out);

#endif
