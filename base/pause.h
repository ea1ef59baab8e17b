/* SPDX-License-Identifier: EUPL-1.2
 * base/pause.h: a request waits a moment before it goes on, and its loop goes on meanwhile.
 *
 * Floor 0.  For a question that only time answers: whether others come as well.  One per loop; everything belongs to
 * the loop's thread, but pauses_waiting(), which any thread may ask.
 */
#ifndef BASE_PAUSE_H
#define BASE_PAUSE_H

#include "base/arena.h"
#include "base/batch.h"
#include "base/loop.h"

enum { PAUSES_MAX = 1024 }; /* at a time; whoever comes then does not wait */

struct pauses;
struct pauses *pauses_new(struct loop *l);
void pauses_free(struct pauses *p); /* whoever waits goes on at once; NULL does nothing */

/* Asks the batch and answers it once, after so many milliseconds; NULL asks nothing.  The arena must live until then.
 */
void pause_ask(struct pauses *p, struct batch *b, struct arena *a, int64_t ms);
unsigned pauses_waiting(const struct pauses *p);

#endif
