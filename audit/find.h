/* SPDX-License-Identifier: EUPL-1.2
 * audit/find.h: lines of the log, the newest first, by what stands in them.
 *
 * Floor 3.  Reads the files beside the writer, and says nothing of whether the chain holds (audit_verify()).  Bounded:
 * a search looks at FIND_LINES_MAX lines and then says where it stopped.  May block: worker threads, the command line.
 */
#ifndef AUDIT_FIND_H
#define AUDIT_FIND_H

#include "base/arena.h"
#include "base/fail.h"

enum { FIND_LINES_MAX = 200000, FIND_MOST_MAX = 10000 };

struct audit_found {
    int64_t n; /* number of the record */
    int64_t at_s;
    struct str line; /* as it stands in the log */
    struct str event, person, service, idp, rule, claims, reason, sid, support_code, acting_as, area, why, row, device,
        told;
    int64_t version; /* of a refusal by policy; 0: not said */
};

struct audit_search {
    struct str event, service, idp, support_code, reason, person, row; /* exactly; absent: any */
    int64_t from_s, to_s;                                              /* written from–to; 0: open */
    int64_t before; /* records below this number; 0: from the newest */
    size_t most;
    bool (*within)(void *with, const struct audit_found *x); /* whose lines may be seen; NULL: all */
    void *with;
};

struct audit_finds {
    struct audit_found *at;
    size_t n;
    int64_t next; /* `before` of what is older; 0: nothing is */
};

/* Fails OURS audit_unreadable. */
bool audit_find(const char *dir, struct arena *a, const struct audit_search *s, struct audit_finds *out,
                struct fail *f);

#endif
