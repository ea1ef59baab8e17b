/* SPDX-License-Identifier: EUPL-1.2
 * wire/jose_door.h: what we ask of liboauth2, cjose and OpenSSL: did this key sign this?
 *
 * Floor 1; for wire/jose_int.h alone.  Behind it, in jose.c, is the one file
 * that sees their headers (and jansson's, whose names are like ours).
 */
#ifndef WIRE_JOSE_DOOR_H
#define WIRE_JOSE_DOOR_H

#include "base/arena.h"

/* liboauth2's form of one public key, from a JWK of our own making.  NULL when
 * the library refuses it. */
const void *jose_verifier(struct arena *a, struct str jwk);
/* Whether this verifier's key signed this compact JWS. */
bool jose_signature_by(struct arena *a, const void *verifier, struct str token);

/* Ed25519 is not among what cjose signs or verifies: OpenSSL does it (jose_ed25519.c).  x: 32 bytes.  NULL when OpenSSL
 * refuses it. */
const void *ed25519_verifier(struct arena *a, struct str x);
bool ed25519_signature_by(const void *verifier, struct str text, struct str signature);

#endif
