/* SPDX-License-Identifier: EUPL-1.2
 * frame/assets.h: the static files, built into the program.
 *
 * Floor 4.  The table is made by wire/htmlc.c from frame/assets.  An address
 * holds a hash of the bytes, so a file under it never changes and may be kept
 * by browsers for ever.
 */
#ifndef FRAME_ASSETS_H
#define FRAME_ASSETS_H

#include "base/str.h"

struct asset {
    struct str name; /* "style.css" */
    struct str path; /* "/static/style.0123456789abcdef.css" */
    struct str etag; /* with its quotes */
    struct str type; /* Content-Type */
    struct str bytes, gzip;
};

extern const struct asset assets[];
extern const size_t asset_count;

const struct asset *asset_named(struct str name); /* "style.css"; NULL when there is none */
const struct asset *asset_at(struct str path);    /* NULL when there is none */

#endif
