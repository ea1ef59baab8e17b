/* SPDX-License-Identifier: EUPL-1.2
 * gateway/node/findings.h: what a node finds by looking around, raised as alarms for as long as it stands.
 *
 * Floor 6e.  Its own parts (readiness.h), its disk and its log; identity providers that fail, are away, or whose
 * documents grow old; rights that end.  Belongs to the thread of node_watch; never waits.
 */
#ifndef GATEWAY_NODE_FINDINGS_H
#define GATEWAY_NODE_FINDINGS_H

#include "gateway/node/node.h"

enum {
    FINDINGS_EVERY_MS = 10000,
    FINDINGS_STARTING_MS = 30000, /* so long after its start a node may be unwell without anybody being told */
    DISK_LOW_B = 1 << 30,         /* less is nearly full … */
    DISK_LOW_PERCENT = 5          /* … and so is less than this of it */
};

struct findings;
struct findings *findings_new(struct arena *a, struct node *n);
void findings_look(struct findings *x); /* whenever; looks every FINDINGS_EVERY_MS */

/* Whether so much free space of so much is nearly none. */
bool findings_disk_is_low(uint64_t free_B, uint64_t all_B);

#endif
