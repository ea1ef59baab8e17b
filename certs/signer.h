/* SPDX-License-Identifier: EUPL-1.2
 * certs/signer.h: the second process: owns the private keys, signs purposes.
 *
 * Floor 2.  Started by the supervisor with one end of a SOCK_SEQPACKET pair per
 * loop.  Reads the keys (and makes the missing ones) from keys_dir, gives up
 * files and network, says HELLO on every pair and serves until all are closed.
 */
#ifndef CERTS_SIGNER_H
#define CERTS_SIGNER_H

#include "base/settings.h"
#include "base/world.h"
#include "certs/keyset.h"

#include <sys/types.h>

struct keys_stamp { /* of keys.json: another one whenever it is written anew */
    uint64_t file;
    int64_t changed_ns;
};
struct signer_ready { /* what a signer says when it serves */
    pid_t pid;
    struct keys_stamp keys; /* that it serves with */
};

/* Ends with the process's exit status: when every pair is closed, or, with what it has taken answered, at SIGTERM; so a
 * second signer can take over behind the same pairs, and no request is lost.  ready_fd: a pipe for its struct
 * signer_ready; -1: nobody wants to know.  w: world_real; tests give it another clock. */
int signer_main(const struct settings *set, const struct world *w, const int *fds, size_t n, int ready_fd);

/* What is there now.  False when there are no keys. */
bool signer_keys_stamp(const struct settings *set, struct keys_stamp *out);

/* Makes the keys that are missing in keys_dir (created 0700).  Idempotent.
 * Fails OURS keys_unreadable, keys_unwritable. */
bool signer_keys_prepare(const struct settings *set, const struct world *w, struct fail *f);
/* Adds a key that becomes current after `after_s`, when the one before it retires. */
bool signer_keys_add(const struct settings *set, const struct world *w, enum key_use use, enum jose_alg alg,
                     int64_t after_s, struct fail *f);
/* Whether the file of every key that the index lists is there.  Fails OURS keys_unreadable, which names it. */
bool signer_keys_whole(const struct settings *set, struct arena *a, struct fail *f);
/* What is there, without private halves.  NULL on failure. */
const struct keyset *signer_keys_list(const struct settings *set, struct arena *a, struct fail *f);

#endif
