/* SPDX-License-Identifier: EUPL-1.2
 * launcher/notices.h: what people read before their services, and what is said on the tile of one that is away.
 *
 * Floor 5.  Pure.  A notice concerns whoever has a valid affiliation where it stands, in one of its roles; a tile says
 * so by a notice (an office's word) or by an incident that goes on (its vendor's, or the operator's).  An index over
 * the snapshot: what it costs follows the person's own municipalities, and of theirs what is not over.
 */
#ifndef LAUNCHER_NOTICES_H
#define LAUNCHER_NOTICES_H

#include "launcher/tiles.h"

enum { NOTICES_SHOWN = 8, NOTICES_LISTED = 50 };

struct notice_line {
    struct str id, title, says, by, when; /* by: whose, "Koko maa"; when: of a maintenance, its times; else absent */
    struct str service;                   /* its name; absent: of none */
    struct str lang;                      /* of title and says, where it is another than the page's; else absent */
    enum notice_kind kind;
    bool important, read;
};

struct notices {
    struct {
        const struct notice_line *at;
        size_t n;
    } lines;      /* what comes first is what matters most */
    size_t count; /* of all that were asked for, shown or not */
    struct tile_states states;
};

struct notices_ask {
    const struct registry *registry;
    const struct person *person;
    const struct strs *read; /* ids; NULL: none */
    bool all;                /* those that were read as well, and NOTICES_LISTED of them */
    enum lang lang;
    int64_t now_s;
};

struct notices notices_for(struct arena *a, const struct notices_ask *ask);

/* Makes the index of a snapshot, so that the first request does not wait for it. */
void notices_prepare(const struct registry *r);

#endif
