/* SPDX-License-Identifier: EUPL-1.2
 * gateway/node/watch.h: what changes around a running node: the wall clock and the registry in SQL.
 *
 * Floor 6e.  Belongs to one thread, the process's main one; looked at several
 * times a second, or, where a test moves the clock, after each of its moves.
 * May block for SQL.
 */
#ifndef GATEWAY_NODE_WATCH_H
#define GATEWAY_NODE_WATCH_H

#include "gateway/node/node.h"

struct node_watch;

/* Loads the registry and its session epoch and puts them in force.  NULL: failed, as registry_load() does. */
struct node_watch *node_watch_new(struct node *n, struct fail *f);
void node_watch_free(struct node_watch *w); /* NULL does nothing */

/* A jump of the wall clock by more than saml_skew_s, all jumps together, makes the node not ready until it jumps
 * back; a changed registry is served from here on, and its session epoch with it;
 * what `digione refresh` asks for goes to the loops.  An older copy of Redis or of SQL ends sessions (beats.h). */
void node_watch_look(struct node_watch *w);

#endif
