/* SPDX-License-Identifier: EUPL-1.2
 * gateway/node/presence.h: a node says of itself in Redis that it is there and how it is, and hears of the others.
 *
 * Floor 6e.  NODES_MAX places; each node writes one of them, with a short life, and reads all.  Two that begin at once
 * may choose the same one: who then reads another's name in it takes the next that is free.  Belongs to its lane's
 * thread.
 */
#ifndef GATEWAY_NODE_PRESENCE_H
#define GATEWAY_NODE_PRESENCE_H

#include "gateway/node/node.h"
#include "gateway/nodes.h"

struct presence;
struct presence *presence_new(struct lane *lane); /* begins at once */
void presence_stop(struct presence *p);           /* no more */
void presence_free(struct presence *p);           /* after its lane; NULL does nothing */

/* What the node says of itself now.  Any thread. */
struct node_record presence_of(struct node *n, struct arena *a);

#endif
