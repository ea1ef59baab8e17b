/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/work.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { WAITING_MAX = 256 };

struct job {
    struct job *next;
    struct work *from;
    struct batch *batch;
    void (*run)(void *arg);
    void *arg;
};

struct queue {
    struct job *first, **last;
};

struct work_pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct queue asked;
    unsigned waiting, threads;
    bool ending;
    pthread_t at[32];
};

struct work {
    struct work_pool *pool;
    struct loop *loop;
    struct watch watch; /* an eventfd that says: finished has something */
    struct queue finished;
};

static void push(struct queue *q, struct job *j)
{
    if (q->first == NULL)
        q->last = &q->first;
    j->next = NULL;
    *q->last = j;
    q->last = &j->next;
}

static struct job *pop(struct queue *q)
{
    struct job *j = q->first;

    if (j != NULL)
        q->first = j->next;
    return j;
}

static void *serve(void *arg)
{
    struct work_pool *p = arg;

    (void)pthread_mutex_lock(&p->lock);
    for (;;) {
        struct job *j = pop(&p->asked);
        if (j == NULL) {
            if (p->ending)
                break;
            (void)pthread_cond_wait(&p->more, &p->lock);
            continue;
        }
        p->waiting--;
        (void)pthread_mutex_unlock(&p->lock);
        j->run(j->arg);
        (void)pthread_mutex_lock(&p->lock);
        push(&j->from->finished, j);
        (void)eventfd_write(j->from->watch.fd, 1);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct work_pool *work_pool_new(unsigned threads)
{
    struct work_pool *p = calloc(1, sizeof *p);

    if (p == NULL)
        abort();
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->more, NULL);
    for (; p->threads < threads && p->threads < sizeof p->at / sizeof *p->at; p->threads++)
        if (pthread_create(&p->at[p->threads], NULL, serve, p) != 0)
            abort();
    return p;
}

void work_pool_free(struct work_pool *p)
{
    if (p == NULL)
        return;
    (void)pthread_mutex_lock(&p->lock);
    p->ending = true;
    (void)pthread_cond_broadcast(&p->more);
    (void)pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->threads; i++)
        (void)pthread_join(p->at[i], NULL);
    (void)pthread_cond_destroy(&p->more);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

unsigned work_pool_waiting(struct work_pool *p)
{
    (void)pthread_mutex_lock(&p->lock);
    unsigned waiting = p->waiting;
    (void)pthread_mutex_unlock(&p->lock);
    return waiting;
}

static void answer(struct watch *watch, uint32_t events)
{
    struct work *w = (struct work *)((char *)watch - offsetof(struct work, watch));
    eventfd_t count;

    (void)events;
    (void)eventfd_read(watch->fd, &count);
    (void)pthread_mutex_lock(&w->pool->lock);
    struct queue done = w->finished;
    w->finished = (struct queue){ NULL, NULL };
    (void)pthread_mutex_unlock(&w->pool->lock);
    for (struct job *j; (j = pop(&done)) != NULL;) {
        struct batch *b = j->batch;
        free(j);
        batch_answered(b);
    }
}

struct work *work_new(struct work_pool *p, struct loop *l)
{
    struct work *w = calloc(1, sizeof *w);

    if (w == NULL)
        abort();
    w->pool = p;
    w->loop = l;
    w->watch = (struct watch){ answer, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), 0 };
    if (w->watch.fd < 0 || !loop_watch(l, &w->watch, EPOLLIN))
        abort();
    return w;
}

void work_free(struct work *w)
{
    if (w == NULL)
        return;
    loop_forget(w->loop, &w->watch);
    (void)close(w->watch.fd);
    free(w);
}

bool work_ask(struct work *w, struct batch *b, void (*job)(void *arg), void *arg)
{
    struct work_pool *p = w->pool;
    struct job *j = malloc(sizeof *j);

    if (j == NULL)
        abort();
    *j = (struct job){ NULL, w, b, job, arg };
    (void)pthread_mutex_lock(&p->lock);
    bool room = p->waiting < WAITING_MAX;
    if (room) {
        p->waiting++;
        push(&p->asked, j);
        (void)pthread_cond_signal(&p->more);
    }
    (void)pthread_mutex_unlock(&p->lock);
    if (room)
        batch_ask(b);
    else
        free(j);
    return room;
}
