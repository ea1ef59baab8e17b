/* SPDX-License-Identifier: EUPL-1.2
 * gateway/secrets.h: the keys that one root secret becomes.
 *
 * Floor 5.  root_secret_file holds 32 or more random bytes; HKDF makes from them
 * one key per use.  Whoever has lost the file has lost every account's
 * identifier: it belongs into the backup, and never into the repository.
 */
#ifndef GATEWAY_SECRETS_H
#define GATEWAY_SECRETS_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/settings.h"
#include "base/world.h"

struct secrets {
    struct str cookie_seal;  /* logins in flight */
    struct str session_seal; /* sessions, codes and tokens in Redis */
    struct str secret_seal;  /* secrets in SQL that must be presented or computed with */
    struct str pairwise;     /* person ids and services' subs; never rotated */
};

/* create: makes the file (mode 0600) where there is none, never over one.  The
 * keys lie in a, which should be a secret arena.
 * Fails OURS root_secret_missing, root_secret_unreadable (also: readable by others), root_secret_short. */
bool secrets_read(struct arena *a, const struct world *w, const struct settings *s, bool create, struct secrets *out,
                  struct fail *f);

#endif
