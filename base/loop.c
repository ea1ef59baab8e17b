/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/loop.h"

#include "base/world.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_A_TURN = 256, OVERSLEPT_MS = 20, OVERSLEPT_MOST_MS = 2000 };

struct loop {
    const struct world *world;
    int epoll_fd;
    struct watch wake;
    struct timer timers; /* a ring, soonest first */
    int64_t now_ms;
    struct epoll_event ready[EVENTS_A_TURN];
    int ready_n, ready_at;
};

static void wake_ready(struct watch *w, uint32_t events)
{
    uint64_t count;

    (void)events;
    (void)!read(w->fd, &count, sizeof count);
}

struct loop *loop_new(const struct world *w)
{
    struct loop *l = calloc(1, sizeof *l);

    if (l == NULL)
        abort();
    l->world = w;
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->wake = (struct watch){ wake_ready, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), 0 };
    l->timers.next = l->timers.prev = &l->timers;
    l->now_ms = world_mono_ms(w);
    if (l->epoll_fd < 0 || l->wake.fd < 0 || !loop_watch(l, &l->wake, EPOLLIN))
        abort();
    return l;
}

void loop_free(struct loop *l)
{
    if (l == NULL)
        return;
    (void)close(l->wake.fd);
    (void)close(l->epoll_fd);
    free(l);
}

int64_t loop_now_ms(const struct loop *l)
{
    return l->now_ms;
}

bool loop_watch(struct loop *l, struct watch *w, uint32_t events)
{
    if (events == w->events)
        return true;
    if (events == 0) {
        loop_forget(l, w);
        return true;
    }
    struct epoll_event e = { .events = events, .data.ptr = w };
    if (epoll_ctl(l->epoll_fd, w->events != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, w->fd, &e) != 0)
        return false;
    w->events = events;
    return true;
}

void loop_forget(struct loop *l, struct watch *w)
{
    if (w->events == 0)
        return;
    (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
    w->events = 0;
    /* Events of this turn that were not run yet must not reach a watch that may be freed. */
    for (int i = l->ready_at; i < l->ready_n; i++)
        if (l->ready[i].data.ptr == w)
            l->ready[i].data.ptr = NULL;
}

void timer_clear(struct loop *l, struct timer *t)
{
    (void)l;
    if (t->next == NULL)
        return;
    t->prev->next = t->next;
    t->next->prev = t->prev;
    t->next = t->prev = NULL;
}

/* Deadlines are mostly alike, so a new one belongs near the end: search from
 * there, but for one that is due at the end of this very turn. */
void timer_set(struct loop *l, struct timer *t, int64_t after_ms)
{
    timer_clear(l, t);
    t->at_ms = l->now_ms + after_ms;
    struct timer *before = after_ms > 0 ? l->timers.prev : &l->timers;
    while (before != &l->timers && before->at_ms > t->at_ms)
        before = before->prev;
    t->prev = before;
    t->next = before->next;
    before->next->prev = t;
    before->next = t;
}

bool timer_overslept(struct loop *l, struct timer *t)
{
    int64_t late_ms = l->now_ms - t->at_ms;

    if (l->world->leaps || late_ms < OVERSLEPT_MS)
        return false;
    timer_set(l, t, late_ms < OVERSLEPT_MOST_MS ? late_ms : OVERSLEPT_MOST_MS);
    return true;
}

static void run_due(struct loop *l)
{
    while (l->timers.next != &l->timers && l->timers.next->at_ms <= l->now_ms) {
        struct timer *t = l->timers.next;
        timer_clear(l, t);
        t->due(t);
    }
}

void loop_turn(struct loop *l, int64_t max_wait_ms)
{
    int64_t wait = max_wait_ms;

    if (l->timers.next != &l->timers) {
        int64_t left = l->timers.next->at_ms - world_mono_ms(l->world);
        wait = left < 0 ? 0 : left < wait ? left : wait;
    }
    int n = epoll_wait(l->epoll_fd, l->ready, EVENTS_A_TURN, (int)wait);
    l->now_ms = world_mono_ms(l->world);
    l->ready_n = n > 0 ? n : 0;
    for (l->ready_at = 0; l->ready_at < l->ready_n;) {
        struct epoll_event e = l->ready[l->ready_at++];
        struct watch *w = e.data.ptr;
        if (w != NULL)
            w->ready(w, e.events);
    }
    run_due(l);
}

void loop_wake(struct loop *l)
{
    uint64_t one = 1;

    (void)!write(l->wake.fd, &one, sizeof one);
}
