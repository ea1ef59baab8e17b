/* SPDX-License-Identifier: EUPL-1.2
 * wire/passkey.h: what a browser says of a passkey, verified.
 *
 * Floor 1.  Pure; libfido2 comes in here and nowhere else.  ES256 alone, which every authenticator has; attestation is
 * not asked for, since we trust no maker more than another.  In both ceremonies the person was there and was verified
 * by the authenticator (its PIN, a finger), so that a passkey is two factors.  [Web Authentication Level 2, 7.1, 7.2]
 */
#ifndef WIRE_PASSKEY_H
#define WIRE_PASSKEY_H

#include "base/arena.h"
#include "base/fail.h"

enum { PASSKEY_CHALLENGE_B = 32, PASSKEY_ID_MAX_B = 1023, PASSKEY_PART_MAX_B = 4096 };

struct passkey_asked {
    struct str origin;    /* "https://gateway.example" */
    struct str rp;        /* its host */
    struct str challenge; /* as it was sent, PASSKEY_CHALLENGE_B bytes */
};

struct passkey {    /* what is kept of one */
    struct str id;  /* bytes */
    struct str key; /* public, 64 bytes: x and y on P-256 */
    int64_t count;  /* of its signatures; 0: it does not count */
};

/* The host of an origin: what a browser takes for an RP ID. */
struct str passkey_rp(struct str origin);

/* A new one.  client_data: the bytes of response.clientDataJSON; data: of response.getAuthenticatorData().  Views of
 * out live in a.  Fails CALLER passkey_client_data, passkey_type, passkey_challenge, passkey_origin, passkey_rp,
 * passkey_unverified, passkey_data. */
bool passkey_made(struct arena *a, const struct passkey_asked *asked, struct str client_data, struct str data,
                  struct passkey *out, struct fail *f);

/* It signed: *count is what is kept from now on.  Fails likewise, and passkey_signature; passkey_copied, where it has
 * counted less than before: there are two of it [6.1.1]. */
bool passkey_signed(struct arena *a, const struct passkey_asked *asked, const struct passkey *kept,
                    struct str client_data, struct str data, struct str signature, int64_t *count, struct fail *f);

#endif
