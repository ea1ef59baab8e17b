/* SPDX-License-Identifier: EUPL-1.2
 * base/loop.h: one thread's event loop: file descriptors and deadlines, on epoll.
 *
 * Floor 0.  Watches and timers are members of their owners' structs; the loop
 * allocates nothing per event.  A callback may forget or free any watch or
 * timer, its own too.  Everything here belongs to the loop's thread, but
 * loop_wake(), which any thread may call.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop;
struct world;

struct watch {
    void (*ready)(struct watch *w, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP */
    int fd;
    uint32_t events; /* 0: not watched */
};

struct timer {
    void (*due)(struct timer *t);
    int64_t at_ms;             /* monotonic; meaningful while set */
    struct timer *next, *prev; /* NULL, NULL: not set */
};

struct loop *loop_new(const struct world *w);
void loop_free(struct loop *l);            /* watches and timers are their owners' */
int64_t loop_now_ms(const struct loop *l); /* monotonic, of this turn */

/* Watches, or changes what is watched; events 0 forgets.  False when the
 * kernel refuses (out of descriptors). */
bool loop_watch(struct loop *l, struct watch *w, uint32_t events);
void loop_forget(struct loop *l, struct watch *w);

void timer_set(struct loop *l, struct timer *t, int64_t after_ms); /* sets or moves */
void timer_clear(struct loop *l, struct timer *t);                 /* not set: nothing */

/* For a deadline of somebody else's answer, asked when it is due.  True: the
 * loop, or the whole machine, stood still meanwhile, so that the answer could
 * not be heard; the timer is set again, for as long as the loop was late. */
bool timer_overslept(struct loop *l, struct timer *t);

/* Waits for events, at most max_wait_ms, and runs what is ready and due. */
void loop_turn(struct loop *l, int64_t max_wait_ms);
void loop_wake(struct loop *l); /* makes a turn in another thread end */

#endif
