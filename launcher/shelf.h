/* SPDX-License-Identifier: EUPL-1.2
 * launcher/shelf.h: all services as tiles, in the order in which a launcher shows them.
 *
 * Floor 5; private to the launcher.  Made once for a snapshot and kept with it,
 * so that a page costs the tiles that it shows: no name is folded, sorted or
 * shortened for a request.  A service's number is its place in the registry, a
 * tile's its place on the shelf.  Any thread.
 */
#ifndef LAUNCHER_SHELF_H
#define LAUNCHER_SHELF_H

#include "launcher/finder.h"
#include "launcher/texts.h"
#include "launcher/tiles.h"

enum { SHELF_GROUPS = 5, SHELF_NOWHERE = UINT32_MAX };

struct shelf { /* in one language: by group, then by name */
    const struct tile *tiles;
    size_t count;
    const uint32_t *places;      /* of each service; SHELF_NOWHERE: it has no way in */
    struct bits with_links;      /* the services whose links a teacher may give to a class */
    size_t ends[SHELF_GROUPS];   /* the first place behind each group */
    const struct finder *finder; /* over what each tile is found by */
};

const struct shelf *shelf_of(const struct registry *r, enum lang lang);

struct shelf_group {
    const char *id;
    enum text title;
};

extern const struct shelf_group shelf_groups[SHELF_GROUPS];

#endif
