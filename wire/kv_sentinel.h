/* SPDX-License-Identifier: EUPL-1.2
 * wire/kv_sentinel.h: sentinels, who know which Redis is the primary.
 *
 * Floor 1, kv's own.  One connection to each: it asks SENTINEL
 * get-master-addr-by-name, and hears +switch-master.  A sentinel is believed as far
 * as the others say the same: the address that most name is tried first, and the
 * Redis there must say of itself that it is a primary.  A single one whose network
 * is parted from the others' leads nobody astray for long, and cannot move anybody
 * off a primary that most name.  Threads: its loop's.
 */
#ifndef WIRE_KV_SENTINEL_H
#define WIRE_KV_SENTINEL_H

#include "base/loop.h"
#include "base/world.h"
#include "wire/kv.h"

struct kv_sentinels;

/* changed(self): another primary is named, or the first; from the loop.  The config outlives it. */
struct kv_sentinels *kv_sentinels_new(struct loop *l, const struct world *w, const struct kv_config *config,
                                      void (*changed)(void *self), void *self);
void kv_sentinels_free(struct kv_sentinels *s);

/* The address to try; absent: nobody names one.  After each kv_sentinels_failed() the next that is named. */
struct str kv_sentinels_primary(const struct kv_sentinels *s);
void kv_sentinels_failed(struct kv_sentinels *s);
/* Each is asked anew, at once; who is away is tried again. */
void kv_sentinels_ask(struct kv_sentinels *s);
/* More than half of all have named this address, asked at or after since_ms (of the loop's clock). */
bool kv_sentinels_agree(const struct kv_sentinels *s, struct str address, int64_t since_ms);
/* More than half of all name one other than this, and the same. */
bool kv_sentinels_moved(const struct kv_sentinels *s, struct str address);
size_t kv_sentinels_well(const struct kv_sentinels *s);         /* how many answer */
const char *kv_sentinels_trouble(const struct kv_sentinels *s); /* why none is named */

/* "name host port host port": of +switch-master, about this master.  False: of another one, or no such text. */
bool kv_sentinel_switch(struct str said, struct str master, struct str from[2], struct str to[2]);
/* "10.0.0.1:6379" or "[::1]:6379" of what a sentinel said; absent: no address in digits, or no port that may be. */
struct str kv_sentinel_address(struct arena *a, const struct kv_config *config, struct str host, struct str port);

#endif
