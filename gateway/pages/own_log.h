/* SPDX-License-Identifier: EUPL-1.2
 * gateway/pages/own_log.h: what the audit log says of one person, for that person alone.
 *
 * Floor 6d.  The one place where a person's own page reads the log: what was done with their data, and who looked at
 * it.  Bounded as audit/find.h is; what was not looked at any more, is said.  May block: worker threads.
 */
#ifndef GATEWAY_PAGES_OWN_LOG_H
#define GATEWAY_PAGES_OWN_LOG_H

#include "audit/find.h"

enum { OWN_LOG_NEWEST = 60, OWN_LOG_LOOKS = 40, OWN_LOG_DAY = 120, OWN_LOG_PAGE = 25 };

struct own_log {
    struct audit_finds events; /* about the person: signed in, told, opened, refused */
    struct audit_finds looks;  /* by others, from the console: at the person, at a page of theirs, at their lines */
    struct audit_finds day;    /* of own_log_newest(): the events of sessions that may live yet */
};

/* All of both, for a file.  person: its whole id.  most: of each.  Fails OURS audit_unreadable. */
bool own_log_read(const char *dir, struct arena *a, struct str person, size_t most, size_t most_B, struct own_log *out,
                  struct fail *f);

/* What one page shows, at a cost that does not grow with the log (audit/index.h): the newest OWN_LOG_NEWEST events,
 * those since from_s, and looks at the person, or by the codes of these events.  Fails likewise. */
bool own_log_newest(const char *dir, struct arena *a, struct str person, int64_t from_s, struct own_log *out,
                    struct fail *f);
/* A page of events: those below the record `before` (0: the newest), OWN_LOG_PAGE of them.  Fails likewise. */
bool own_log_page(const char *dir, struct arena *a, struct str person, int64_t before, struct audit_finds *out,
                  struct fail *f);
/* A sign-in of theirs, since from_s, by the name of its session.  False: there is none (out->n 0), or it fails. */
bool own_log_session(const char *dir, struct arena *a, struct str person, struct str sid, int64_t from_s,
                     struct audit_finds *out, struct fail *f);

/* Whether a line of the console speaks of this person: `codes` are the support codes of pages that were theirs. */
bool own_log_is_look(const struct audit_found *x, struct str person, const struct audit_finds *own);
/* Of their own doing or done with their data, and not what they did as an admin, which is of others. */
bool own_log_is_theirs(const struct audit_found *x);

#endif
