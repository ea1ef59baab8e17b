/* SPDX-License-Identifier: EUPL-1.2
 * model/area.h: the part of the federation that somebody may act in.
 *
 * Floor 1.  The nation, one provider, or one school of a provider; each lies within the one before.  Beside the
 * providers stand vendor organisations: whoever acts for one reaches its row, its people and its services, and nothing
 * else.  Wherever an area is kept as text, also in SQL, a vendor's is "vendor:ID", which no provider's id can be.
 */
#ifndef MODEL_AREA_H
#define MODEL_AREA_H

#include "base/arena.h"

struct area {
    struct str provider; /* its id, or "vendor:ID" of an organisation; absent: the nation */
    struct str school;   /* its OID; absent: all of the provider */
};

bool area_within(const struct area *inner, const struct area *outer); /* an area lies within itself */
#define AREA_VENDOR "vendor:"
struct area area_vendor(struct arena *a, struct str organisation);
bool area_is_vendor(const struct area *x);

bool area_same(const struct area *x, const struct area *y);

extern const struct area area_nation;
struct str area_text(struct arena *a, const struct area *x); /* "nation", "oulu", "oulu/1.2.246…" */

#endif
