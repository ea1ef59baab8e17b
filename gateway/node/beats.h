/* SPDX-License-Identifier: EUPL-1.2
 * gateway/node/beats.h: whether Redis, or what SQL keeps of sessions, is an older copy of itself.
 *
 * Floor 6e.  Redis counts heartbeats; SQL follows (registry/ends.h).  Where one has fallen behind the other, sessions
 * that ended may live in it: the session epoch is raised, and everybody signs in anew.  The main thread's; may block
 * for SQL.
 */
#ifndef GATEWAY_BEATS_H
#define GATEWAY_BEATS_H

#include "gateway/node/node.h"

struct db;

/* Before the lanes are made: loads the ends, names the heartbeats after the registry, and raises the epoch where the
 * registry is an older copy.  d: the registry's.  Fails OURS db_…. */
bool beats_begin(struct node *n, struct db *d, int64_t *epoch, struct fail *f);
/* Several times a second. */
void beats_look(struct node *n, struct db *d);

#endif
