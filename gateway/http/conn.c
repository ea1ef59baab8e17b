/* SPDX-License-Identifier: EUPL-1.2
 *
 * Connections: how they come in, the phase that each is in, and when a phase is over. */
#include "gateway/http/int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ── phases ─────────────────────────────────────────────────────────────── */

static void leave_queue(struct conn *c)
{
    struct queue *q = &c->s->queues[c->phase];

    *(c->prev != NULL ? &c->prev->next : &q->first) = c->next;
    *(c->next != NULL ? &c->next->prev : &q->last) = c->prev;
    c->next = c->prev = NULL;
}

static void join_queue(struct conn *c, enum phase phase)
{
    struct queue *q = &c->s->queues[phase];

    c->phase = phase;
    c->until_ms = loop_now_ms(c->s->loop) + q->lasts_ms;
    c->prev = q->last;
    *(q->last != NULL ? &q->last->next : &q->first) = c;
    q->last = c;
}

/* Who may have to go when others want its place (shares.h). */
static enum standing standing_in(enum phase phase)
{
    return phase == PHASE_STEPS || phase == PHASE_GOING ? STANDING_WORKING : STANDING_SILENT;
}

void conn_enter(struct conn *c, enum phase phase)
{
    leave_queue(c);
    join_queue(c, phase);
    shares_stand(&c->place, standing_in(phase));
    /* Between two requests a connection of the proxy is nobody's. */
    if (c->behind_proxy && phase != PHASE_BODY && phase != PHASE_STEPS && phase != PHASE_WRITE)
        shares_leave_address(c->s->shares, &c->place);
}

void conn_forget(struct conn *c)
{
    c->s->connections--;
    shares_leave(c->s->shares, &c->place);
    conn_enter(c, PHASE_FREE);
}

static struct conn *conn_at(struct place *p)
{
    return (struct conn *)((char *)p - offsetof(struct conn, place));
}

bool conn_find_room(struct conn *c, const struct in6_addr *whose)
{
    struct place *instead;

    while (!shares_take(c->s->shares, &c->place, whose, &instead)) {
        if (instead == NULL)
            return false;
        refuse_crowded(conn_at(instead));
    }
    return true;
}

/* A descriptor that the library has, or is about to have, is the library's to close. */
void conn_end(struct conn *c)
{
    own_drop(c);
    if (c->library == NULL) {
        loop_forget(c->s->loop, &c->watch);
        (void)close(c->watch.fd);
        conn_forget(c);
        return;
    }
    (void)shutdown(c->watch.fd, SHUT_RDWR);
    library_resume(c);
    shares_leave(c->s->shares, &c->place);
    conn_enter(c, PHASE_GOING);
}

/* ── accepting ──────────────────────────────────────────────────────────── */

static void name_peer(struct conn *c, const struct sockaddr_storage *from)
{
    const void *address = from->ss_family == AF_INET    ? (const void *)&((const struct sockaddr_in *)from)->sin_addr
                          : from->ss_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr
                                                        : NULL;

    c->is_unix = from->ss_family == AF_UNIX;
    if (address == NULL || inet_ntop(from->ss_family, address, c->peer, sizeof c->peer) == NULL)
        memcpy(c->peer, "unix", 5);
}

static struct conn *take_conn(struct server *s)
{
    struct conn *c = s->queues[PHASE_FREE].first;

    if (c == NULL) {
        c = arena_make(s->arena, struct conn);
        c->s = s;
    } else {
        leave_queue(c);
        *c = (struct conn){ .s = s };
    }
    return c;
}

static void let_in(struct conn *c, int fd)
{
    struct server *s = c->s;

    c->watch = (struct watch){ gate_bytes_came, fd, 0 };
    s->connections++;
    join_queue(c, PHASE_HEADER);
    shares_stand(&c->place, STANDING_SILENT);
    if (s->sweep.next == NULL)
        timer_set(s->loop, &s->sweep, SWEEP_MS);
    if (!loop_watch(s->loop, &c->watch, WATCHED))
        conn_end(c);
}

static void welcome(struct server *s, int fd, const struct sockaddr_storage *from)
{
    struct conn *c = take_conn(s);
    struct in6_addr whose;
    struct str trusted = s->set->trusted_proxy;

    name_peer(c, from);
    c->behind_proxy = c->is_unix ? str_eq(trusted, S("unix")) : str_eq(trusted, str_of(c->peer));
    bool has_share = !c->behind_proxy && shares_address(str_of(c->peer), &whose);
    if (conn_find_room(c, has_share ? &whose : NULL)) {
        let_in(c, fd);
        return;
    }
    refuse_fd(s, fd, str_of(c->peer));
    join_queue(c, PHASE_FREE);
}

/* Out of descriptors: the oldest silent connection gives its own.  Where none is, one is kept for this, so that who
 * knocks is told to come again. */
static void answer_without_descriptors(struct server *s)
{
    struct place *oldest = shares_oldest(s->shares);

    if (oldest != NULL) {
        refuse_crowded(conn_at(oldest));
        return; /* who knocks is still there at the next turn */
    }
    if (s->reserve_fd < 0)
        return;
    (void)close(s->reserve_fd);
    int fd = accept4(s->listening.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        refuse_fd(s, fd, S("-"));
    s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void conn_knock(struct watch *w, uint32_t events)
{
    struct server *s = (struct server *)((char *)w - offsetof(struct server, listening));

    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
        socklen_t n = sizeof from;
        int fd = accept4(w->fd, (struct sockaddr *)&from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            welcome(s, fd, &from);
        } else if (errno == EMFILE || errno == ENFILE) {
            answer_without_descriptors(s);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

/* ── deadlines ──────────────────────────────────────────────────────────── */

static void overdue(struct conn *c)
{
    switch (c->phase) {
    case PHASE_HEADER:
        if (c->begun)
            refuse_conn(c, 408, "timeout");
        else
            conn_end(c);
        break;
    case PHASE_BODY:
        refuse_body(c, 408, "timeout");
        break;
    default:
        conn_end(c);
        break;
    }
}

void conn_sweep(struct timer *t)
{
    struct server *s = (struct server *)((char *)t - offsetof(struct server, sweep));
    static const enum phase swept[] = { PHASE_HEADER, PHASE_BODY, PHASE_WRITE, PHASE_IDLE, PHASE_LINGER };

    for (size_t i = 0; i < sizeof swept / sizeof *swept; i++) {
        struct queue *q = &s->queues[swept[i]];
        while (q->first != NULL && q->first->until_ms <= loop_now_ms(s->loop))
            overdue(q->first);
    }
    if (s->connections > 0)
        timer_set(s->loop, t, SWEEP_MS);
}
