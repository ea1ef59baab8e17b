/* SPDX-License-Identifier: EUPL-1.2
 * wire/ending_mark.h: a message that somebody signed ends something, once, and wholly.
 *
 * Floor 1.  A mark that is made before sessions end refuses the honest repetition of a message whose sessions did not:
 * Redis was lost between.  So the mark says "begun" and lasts a moment, and "done", for as long as the message could be
 * used, once all has ended.  One that comes again in that moment is told to come later, so that of a hundred at once
 * one is taken; then it is carried on, which ends nothing twice; and once all has ended it is refused, since it could
 * end what has begun since.  For what ends alone: what grants something (a code, an assertion) is used up by the first
 * who brings it.
 */
#ifndef WIRE_ENDING_MARK_H
#define WIRE_ENDING_MARK_H

#include "wire/kv.h"

struct ending_mark {
    struct str id; /* under KV_REPLAY; absent: none was asked for */
    int64_t ttl_s;
    struct kv_got added, said, done;
    bool forgotten; /* it may have come before, and be forgotten */
};

/* Each of the first two asks the batch; look only where it came before (true), and is the row after ask.  born_s: when
 * the message was made, by its own word: kv_may_forget(). */
void ending_mark_ask(struct kv *k, struct batch *b, struct arena *a, struct ending_mark *m, struct str id,
                     int64_t born_s, int64_t ttl_s);
bool ending_mark_look(struct kv *k, struct batch *b, struct arena *a, struct ending_mark *m);
enum { ENDING_MOMENT_S = 5 }; /* longer than a request that ends sessions takes */
/* After both.  ENDING_AWAY: Redis is, or the same message is under way. */
enum ending_says { ENDING_AWAY = 0, ENDING_USED, ENDING_FORGOTTEN, ENDING_GOOD };
enum ending_says ending_mark_says(const struct ending_mark *m);
/* Asks, once all has ended; without an id nothing.  Then: it is kept; else whoever sent it is to say it again. */
void ending_mark_done(struct kv *k, struct batch *b, struct arena *a, struct ending_mark *m);
bool ending_mark_is_done(const struct ending_mark *m);

#endif
