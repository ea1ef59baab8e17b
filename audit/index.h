/* SPDX-License-Identifier: EUPL-1.2
 * audit/index.h: what stands where in the log, so that a search reads what it needs and no more; and the chain, looked
 * at off everybody's way.
 *
 * Floor 3.  A thread follows the log's whole, durable lines.  128 of them are a block; state_dir/audit/index.sqlite has
 * for each block where it lies, when it was written, and hashes of the values that searches ask for: nothing that the
 * log does not say, and no text of it.  audit_find() (find.h) uses it by itself and still looks at the lines, so an
 * index can hide nothing that it knows of and invent nothing.  Missing, damaged, or of another log, it is made anew;
 * segments that were pruned leave it.  While it follows, each line is compared with the hash in the next one.
 */
#ifndef AUDIT_INDEX_H
#define AUDIT_INDEX_H

#include "audit/audit.h"

enum { INDEX_ROOM_B = 256 << 20 /* where less is left on the disk nothing is added */ };

struct audit_index;

/* w: follows only what it says is durable; NULL: all that stands there.  Neither reads nor writes yet. */
struct audit_index *audit_index_new(const char *dir, const struct world *world, const struct audit_writer *w);
void audit_index_free(struct audit_index *x); /* ends its thread; NULL does nothing */
/* The thread; without it, a step at a time: false: nothing is to be done at present. */
bool audit_index_start(struct audit_index *x);
bool audit_index_step(struct audit_index *x);

/* Asks the thread to verify the chain from that moment on (0: from its beginning), as audit_verify() does; one at a
 * time: false: one is under way.  keys: certs' public audit keys, as a JWKS text; absent: heads are compared alone. */
bool audit_index_verify(struct audit_index *x, int64_t from_s, struct str jwks);

struct audit_state {
    uint64_t indexed, records;  /* to which record; of how many */
    uint64_t fault;             /* a line that the thread found changed as it followed; 0: none */
    bool failing;               /* the index could not be written of late; searches read the log itself */
    bool verifying, verified;   /* under way; once done */
    int64_t from_s, done_s;     /* of the last one that was done */
    uint64_t at_record;         /* of the one under way */
    struct audit_report report; /* in a */
};
void audit_index_state(struct audit_index *x, struct arena *a, struct audit_state *out);

#endif
