/* SPDX-License-Identifier: EUPL-1.2
 * base/batch.h: one wait for several answers.
 *
 * Floor 0.  A step that must wait asks Redis, the signer, the fetcher, SQL or
 * the audit writer, each with the request's batch and a place for the typed
 * answer, and returns WAIT.  Each asked one answers exactly once (an answer, a
 * time-out or "away" alike); the last answer calls ready, on the same loop.
 */
#ifndef BASE_BATCH_H
#define BASE_BATCH_H

#include <assert.h>

struct batch {
    unsigned pending;
    void (*ready)(struct batch *);
};

static inline void batch_ask(struct batch *b)
{
    b->pending++;
}

static inline void batch_answered(struct batch *b)
{
    assert(b->pending > 0);
    if (--b->pending == 0)
        b->ready(b);
}

#endif
