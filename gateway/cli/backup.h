/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/backup.h: what a backup of a node holds, and how it is put back.
 *
 * Floor 6g.  Inside its parcel (certs/parcel.h) a backup is lines of text, each behind its length (two bytes, the
 * higher first): "digione VERSION SECONDS" first; for each file "BYTES NAME", its bytes and their SHA-256; "end FILES"
 * last.  NAME begins with the part of the state that it belongs to, wherever the settings have that: "state/" (of
 * state_dir), "keys/" (of keys_dir), or is "root-secret".
 */
#ifndef GATEWAY_BACKUP_H
#define GATEWAY_BACKUP_H

#include "base/fail.h"
#include "base/settings.h"

#define BACKUP_STAGE "restoring" /* what is being put back stands under this name, in state_dir */

enum { BACKUP_LINE_MAX_B = 1024, BACKUP_DEPTH_MAX = 8, BACKUP_KEY_MAX_B = 64 << 10 };

struct backup_done {
    uint64_t files, bytes; /* bytes of what is inside */
    struct str digest;     /* SHA-256 of the backup itself, as sha256sum writes it */
    int64_t made_at_s;     /* restore: when */
};

/* Whether a file of that name has a place in a node: what is written and what is read go by it alike. */
bool backup_takes(struct str name);

/* Writes one to fd, while a node runs there or not.  recipient: a public key in PEM.  As whoever owns the state.
 * Registry and audit log are of one moment.  May block for as long as the files take. */
bool backup_write(const struct settings *set, struct arena *a, struct str recipient, int fd, struct backup_done *out,
                  struct fail *f);

/* Puts one back where nothing is yet; the lock of state_dir is held (supervisor_take).  Everything is written beside
 * its place, proven (every byte; that each database opens, the audit log holds, and the keys and the secret are those
 * that it was made with), and every session ended, before the first of it has its name; the root secret comes last, so
 * that a start in between is refused (state.h).  expected: the digest, or absent.  After a failure nothing of it is
 * there; where the disk fails while the names are given, whatever has one already stays, and a start is refused.  Fails
 * CALLER not_empty, identity, parcel_damaged, digest; OURS. */
bool backup_read(const struct settings *set, struct arena *a, struct str identity, struct str expected, int fd,
                 struct backup_done *out, struct fail *f);

#endif
