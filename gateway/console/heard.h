/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/heard.h: what services said to the end of sessions, read back from the log for whoever ended them.
 *
 * Floor 6d.  Lines of farewell_note.h.  Of a service and a session the newest line is true; a service of which no line
 * speaks could not be confirmed, or cannot be told at all.
 */
#ifndef GATEWAY_CONSOLE_HEARD_H
#define GATEWAY_CONSOLE_HEARD_H

#include "audit/find.h"
#include "console/pages.h"
#include "model/area.h"
#include "model/ctx.h"

enum { HEARD_ACTS_MAX = 6, HEARD_LINES_MAX = 4096, HEARD_S = 86400 };

/* Ends of many, of the last HEARD_S, that were made in this area. */
struct heard {
    struct arena *arena; /* what a worker thread touches is in here alone */
    const char *audit_dir;
    struct registry *registry;
    struct area area;
    struct str area_text; /* as lines have it */
    int64_t now_s;
    struct audit_finds acts, lines[HEARD_ACTS_MAX];
    bool ok;
    struct fail why_not;
};

void heard_begin(struct ctx *c, struct heard *h);
void heard_run(void *heard); /* on a worker thread */
void heard_show(struct ctx *c, const struct heard *h, struct sessions_view *v);

/* One session's: `services` as it opened them, lines as the log has them, the newest first. */
struct heard_rows heard_session(struct ctx *c, const struct audit_finds *lines, struct str sid,
                                const struct strs *services);
/* "A service was told: it has ended the session", for a list of what happened. */
struct str heard_words(struct ctx *c, const struct audit_found *line);

#endif
