/* SPDX-License-Identifier: EUPL-1.2
 * gateway/node/lane.h: one loop with everything that a request needs on it, made of given parts.
 *
 * Floor 6e.  The gateway process turns each lane on a thread of its own; a test
 * gives it a clock, a Redis, a signer and cities of its own making.
 */
#ifndef GATEWAY_LANE_H
#define GATEWAY_LANE_H

#include "gateway/node/node.h"
#include "wire/kv.h"

struct lane_parts {
    int listen_fd;             /* a listening socket; becomes the lane's */
    int signer_fd, fetcher_fd; /* our ends of the pairs; the first becomes the lane's, the second stays the caller's */
    const struct kv_config *kv;
};

/* Adds a lane to the node, which has its world, settings, seals, audit writer, upstreams and pool. */
struct lane *lane_new(struct node *n, const struct lane_parts *parts);
void lane_turn(struct lane *lane, int64_t max_wait_ms); /* one turn; notes its health for /health/ready */
void lane_free(struct lane *lane);                      /* no request may be waiting; the struct is the node's */

#endif
