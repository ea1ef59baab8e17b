/* SPDX-License-Identifier: EUPL-1.2
 * gateway/node/readiness.h: whether somebody could sign in at this node now, as far as that hangs on the node.
 *
 * Floor 6e.  Every part that a sign-in touches on our side has tried lately, and what it said is well.  What is a
 * city's or a person's own makes no node unready; neither does having much to do.  Reads atomics alone: any thread.
 */
#ifndef GATEWAY_READINESS_H
#define GATEWAY_READINESS_H

#include "gateway/node/node.h"

/*   part       what its word may be where it is not well */
#define READY_PARTS(X)                                                                                                 \
    X(registry) /* not_loaded; no_idp: nobody could be sent anywhere */                                                \
    X(redis)    /* a word of wire/kv.c: memory, disk, replica, loading, timeout, …; older; starting */               \
    X(signer)   /* away; no_key: none is current by the present clock; broken; silent; starting */                     \
    X(fetcher)  /* away; silent; starting */                                                                           \
    X(audit)    /* disk; silent; starting */                                                                           \
    X(clock)    /* stepped */                                                                                          \
    X(loops)    /* stuck */                                                                                            \
    X(running)  /* stopping */

enum ready_part {
#define X(part) READY_##part,
    READY_PARTS(X)
#undef X
        READY_PARTS_COUNT
};

struct readiness {
    bool ready;
    const char *why[READY_PARTS_COUNT]; /* NULL: well; else a stable word */
};

const char *ready_part_name(enum ready_part part);
void readiness_look(const struct node *n, struct readiness *out);
/* "redis memory, signer no_key"; empty: ready. */
struct str readiness_text(struct arena *a, const struct readiness *r);
/* Logs each change once.  The main thread's, several times a second. */
void readiness_note(struct node *n);

#endif
