/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/pause.h"

#include <stdatomic.h>
#include <stddef.h>

struct one { /* in the arena of whoever waits */
    struct timer timer;
    struct batch *batch;
    struct pauses *of;
    struct one *next, *prev;
};

struct pauses {
    struct arena *arena;
    struct loop *loop;
    struct one *first;
    atomic_uint waiting;
};

struct pauses *pauses_new(struct loop *l)
{
    struct arena *a = arena_new();
    struct pauses *p = arena_make(a, struct pauses);

    p->arena = a;
    p->loop = l;
    return p;
}

/* The batch may go on, and its arena away, before this returns. */
static void go_on(struct one *o)
{
    struct batch *b = o->batch;

    if (o->prev != NULL)
        o->prev->next = o->next;
    else
        o->of->first = o->next;
    if (o->next != NULL)
        o->next->prev = o->prev;
    atomic_fetch_sub(&o->of->waiting, 1);
    batch_answered(b);
}

static void due(struct timer *t)
{
    go_on((struct one *)(void *)((char *)t - offsetof(struct one, timer)));
}

void pauses_free(struct pauses *p)
{
    if (p == NULL)
        return;
    while (p->first != NULL) {
        timer_clear(p->loop, &p->first->timer);
        go_on(p->first);
    }
    arena_free(p->arena);
}

void pause_ask(struct pauses *p, struct batch *b, struct arena *a, int64_t ms)
{
    if (p == NULL || atomic_load(&p->waiting) >= PAUSES_MAX)
        return;
    struct one *o = arena_make(a, struct one);
    o->timer.due = due;
    o->batch = b;
    o->of = p;
    o->next = p->first;
    if (p->first != NULL)
        p->first->prev = o;
    p->first = o;
    atomic_fetch_add(&p->waiting, 1);
    batch_ask(b);
    timer_set(p->loop, &o->timer, ms);
}

unsigned pauses_waiting(const struct pauses *p)
{
    return atomic_load(&p->waiting);
}
