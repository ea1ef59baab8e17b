/* SPDX-License-Identifier: EUPL-1.2
 * registry/tell.h: changes go into the audit log, whoever made them, and while nothing ran.
 *
 * Floor 4.  A change waits in SQL until its lines are durable.  Whoever looks first tells it: the node several times a
 * second, and the desk before it answers whoever has made one.  One that ends in the middle is told once more: twice
 * is better than never.
 * Threads: any; each with a connection of its own.  May block.
 */
#ifndef REGISTRY_TELL_H
#define REGISTRY_TELL_H

#include "audit/audit.h"
#include "wire/db.h"

struct teller; /* one per process, so that no two tell the same change */

struct teller *teller_new(void);
void teller_free(struct teller *x); /* NULL does nothing */

enum told { TOLD_NONE = 0, TOLD_ALL, TOLD_BUSY }; /* NONE: failed; BUSY: another is at it, or there are more to tell */

/* wait: for whoever is at it.  Afterwards every change that was made before the call stands in the log: TOLD_ALL. */
enum told teller_tell(struct teller *x, struct db *d, struct audit_writer *w, bool wait, struct fail *f);

#endif
