/* SPDX-License-Identifier: EUPL-1.2
 * gateway/pages/own_log.h: what the audit log says of one person, for that person alone.
 *
 * Floor 6d.  The one place where a person's own page reads the log: what was done with their data, and who looked at
 * it.  Bounded as audit/find.h is; what was not looked at any more, is said.  May block: worker threads.
 */
#ifndef GATEWAY_PAGES_OWN_LOG_H
#define GATEWAY_PAGES_OWN_LOG_H

#include "audit/find.h"

struct own_log {
    struct audit_finds events; /* about the person: signed in, told, opened, refused */
    struct audit_finds looks;  /* by others, from the console: at the person, at a page of theirs, at their lines */
};

/* person: its whole id.  most: of each.  Fails OURS audit_unreadable. */
bool own_log_read(const char *dir, struct arena *a, struct str person, size_t most, size_t most_B, struct own_log *out,
                  struct fail *f);

/* Whether a line of the console speaks of this person: `codes` are the support codes of pages that were theirs. */
bool own_log_is_look(const struct audit_found *x, struct str person, const struct audit_finds *own);

#endif
