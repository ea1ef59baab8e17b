/* SPDX-License-Identifier: EUPL-1.2
 * gateway/flood.h: how much one service, and one address, may ask of us.
 *
 * Floor 6a.  Leaky buckets in the memory of the node, a fixed number of them: whoever floods is
 * slowed down alone, costs no Redis, and takes no room.  A bucket that is looked for and not found is empty; the ones
 * that have run dry are taken first, so that a flood of names displaces nobody who is being held back.  Threads: any.
 */
#ifndef GATEWAY_FLOOD_H
#define GATEWAY_FLOOD_H

#include "base/arena.h"
#include "base/world.h"

enum { FLOOD_BURST_S = 10 /* so many seconds' worth may come at once */, FLOOD_SETS = 1024, FLOOD_WAYS = 8 };

struct floods;

struct floods *floods_new(struct arena *a, const struct world *w);
void floods_free(struct floods *x);

/* One more of `whose`, of whom per_s a second are welcome.  False: too many; it does not count. */
bool flood_take(struct floods *x, struct str whose, int64_t per_s);
/* Whether one more would be taken. */
bool flood_has_room(struct floods *x, struct str whose, int64_t per_s);

#endif
