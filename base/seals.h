/* SPDX-License-Identifier: EUPL-1.2
 * base/seals.h: the keys that one root secret makes, and what they seal.
 *
 * Floor 0.  The root secret is a file of 32 or more random bytes, backed up.
 * HKDF makes from it a seal for cookies, one for session records in Redis, one
 * for secrets in SQL (each with a generation, so that it can be rotated), and
 * the pairwise key, which never changes: losing it loses every account.
 * Threads: struct seals never changes after loading; share it.
 */
#ifndef BASE_SEALS_H
#define BASE_SEALS_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/world.h"

enum seal { SEAL_NONE = 0, SEAL_COOKIE, SEAL_SESSION, SEAL_SECRET, SEAL_COUNT };

struct seals; /* lives in the arena it was made in: use arena_new_secret() */

/* Fails OURS root_secret (missing, short, or readable by others). */
const struct seals *seals_load(struct arena *a, const char *path, struct fail *f);
/* From bytes at hand; for tests and tools.  secret: at least 32 bytes. */
const struct seals *seals_of(struct arena *a, struct str secret);
/* A number by which a root secret is known again, and from which nothing of it is learnt; always positive. */
int64_t seals_mark(const struct seals *s);
/* Makes the file, mode 0600, unless it is there.  Whether one may be made is the caller's to know
 * (gateway/process/state.h).  Fails OURS root_secret. */
bool seals_prepare(const char *path, const struct world *w, struct fail *f);

/* Sealed: one byte of generation, then what crypt_seal() makes.  `bound` names
 * the place (a cookie's name, a record's key, "idp:oulu-edu"): a sealed text
 * opens nowhere else. */
struct str seal_close(struct arena *a, const struct world *w, const struct seals *s, enum seal seal, struct str bound,
                      struct str plain);
bool seal_open(struct arena *a, const struct seals *s, enum seal seal, struct str bound, struct str sealed,
               struct str *plain);

/* A secret as the registry and its export carry it: base64url of SEAL_SECRET.
 * owner: "idp:ID" for an identity provider's client secret. */
struct str seal_secret(struct arena *a, const struct world *w, const struct seals *s, struct str owner,
                       struct str plain);
bool seal_secret_open(struct arena *a, const struct seals *s, struct str owner, struct str text, struct str *plain);

/* HMAC-SHA-256 under the pairwise key, 32 bytes: persons and their names for
 * vendors.  Parts are length-prefixed, so ("ab","c") is not ("a","bc"). */
struct str seals_pairwise(struct arena *a, const struct seals *s, struct str part, struct str other_part);
/* The same under a key of its own, for identity codes: what is kept of one names nobody to a vendor. */
struct str seals_identity(struct arena *a, const struct seals *s, struct str code);

#endif
