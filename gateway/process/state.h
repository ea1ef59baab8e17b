/* SPDX-License-Identifier: EUPL-1.2
 * gateway/process/state.h: what of a node's state may be made anew, and what not.
 *
 * Floor 6.  A first start makes what is missing.  Later, what is missing is lost: the root secret makes every person's
 * identifier, keys of `--use audit` have signed heads of the log, the log and people's favourites name rows of the
 * registry.  None of these can be made again, so none is made beside what depends on it: the start is refused, with the
 * file to restore.  `digione restore --anew` is the way on where there is no backup either.
 *
 * Each function reads files and may block.  Called as a user who may read state_dir: after supervisor_enter(), or by
 * root.  Fails OURS; the detail names the file, what depends on it, and what to do.
 */
#ifndef GATEWAY_STATE_H
#define GATEWAY_STATE_H

#include "base/fail.h"
#include "base/settings.h"

/* The root secret is there and is the one that this node's state was made with, or nothing was made with any yet.
 * Fails root_secret (there, and of no use), root_secret_lost, root_secret_other. */
bool state_secret(const struct settings *set, struct arena *a, struct fail *f);
/* keys_dir has its index and every key in it, and those that signed the audit log are among them; or nothing was signed
 * yet.  Fails keys_lost, keys_unreadable. */
bool state_keys(const struct settings *set, struct arena *a, struct fail *f);
/* The registry's file is there, or nothing refers to it yet.  Fails registry_lost. */
bool state_registry(const struct settings *set, struct arena *a, struct fail *f);

/* Notes which root secret this is, in state_dir and, where there is one, in the registry: from now on another one is
 * refused.  After state_secret(); or instead of it, where somebody has said that another one is meant. */
bool state_keep_secret(const struct settings *set, struct arena *a, struct fail *f);

#endif
