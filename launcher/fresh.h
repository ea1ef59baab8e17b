/* SPDX-License-Identifier: EUPL-1.2
 * launcher/fresh.h: which services have been opened to a person since they last looked.
 *
 * Floor 5.  Pure.  Nobody but the person's own browser keeps what they have seen: three letters a service, which say
 * that it was there and, of two in 262,144, mistake one for the other.  What goes and comes back (an exam, an hour) is
 * not new.  What is new is shown for the rest of that day, FRESH_SHOWN_MAX of it, and then no more.  Who has seen more
 * than FRESH_KNOWN_MAX services is told of none.
 */
#ifndef LAUNCHER_FRESH_H
#define LAUNCHER_FRESH_H

#include "model/registry.h"

enum { FRESH_SHOWN_MAX = 4, FRESH_KNOWN_MAX = 600, FRESH_CODE_B = 3 };

struct fresh {
    struct str known;  /* codes of all that was ever seen; absent: nothing was, and so nothing is new */
    struct str day;    /* "2026-11-23": on which `shown` was new; absent: never */
    struct strs shown; /* ids, FRESH_SHOWN_MAX at most */
};

/* The look of this moment: *x as it was kept, and as it is to be kept where true is returned.  theirs: ids of all that
 * they may open.  Afterwards x->shown is what is to be shown now. */
bool fresh_look(struct arena *a, const struct strs *theirs, struct str today, struct fresh *x);

/* As one text of cookie characters, and back; what cannot be read is as if nothing was kept.  Ids have no '~'. */
struct str fresh_write(struct arena *a, const struct fresh *x);
struct fresh fresh_read(struct arena *a, struct str text);

#endif
