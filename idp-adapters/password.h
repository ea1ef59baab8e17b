/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/password.h: passwords of local accounts, as Argon2id.
 *
 * Floor 3.  Both take tens of milliseconds and 19 MiB: for worker threads and
 * the command line, never for a loop.  argon2 comes in here and nowhere else.
 * Keyboards send ä as one character or as two: a password is its composed form
 * [NIST SP 800-63B 5.1.1.2, UAX 15 NFC].
 */
#ifndef IDP_ADAPTERS_PASSWORD_H
#define IDP_ADAPTERS_PASSWORD_H

#include "base/arena.h"
#include "base/world.h"

enum { PASSWORD_MAX_B = 1024 };

/* A PHC string with a fresh salt; absent for an empty or too long password. */
struct str password_hash(struct arena *a, const struct world *w, struct str password);
/* False also for a hash that is none; takes as long for one that is absent, so
 * that an unknown account is not told from a wrong password by time. */
bool password_ok(struct str hash, struct str password);

#endif
