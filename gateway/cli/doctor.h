/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/doctor.h: what `digione doctor` looks at besides what `digione check` does.
 *
 * Floor 6g.  Each says what it found, line by line, and changes nothing.  Run as whoever owns the state; may block.
 */
#ifndef GATEWAY_DOCTOR_H
#define GATEWAY_DOCTOR_H

#include "base/settings.h"

enum finding { FINDING_NONE = 0, FINDING_WELL, FINDING_WARN, FINDING_BAD };

struct look {
    const struct settings *set;
    struct arena *arena;
    struct buf *out; /* a line a finding: level, of what, what is so, what to do; tabs between them */
    const char *of;
    int64_t now_s;
};

/* cure: NULL where all is well. */
void look_say(struct look *x, enum finding level, const char *cure, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

typedef void look_fn(struct look *x);
look_fn look_databases, look_room, look_owners, look_endings, look_redis, look_clock, look_libraries;
/* Every setting of the file that this program does not take, not the first alone.  True: there is none. */
bool look_settings(struct look *x, const char *path);

#endif
