/* SPDX-License-Identifier: EUPL-1.2
 *
 * The gate: a connection's bytes are peeked at until a whole header has passed the guard; then the library may read
 * them. */
#include "gateway/http/int.h"

#include <errno.h>
#include <sys/socket.h>

enum {
    LOST_BODY_MAX_B = 65536 /* of a request that no route takes: heard out, so that its sender hears us */
};

/* Most bytes that a body for this path may have.  Where there is no such path,
 * enough to hear the request out and say so. */
static size_t body_limit(const struct server *s, const struct http_request *r)
{
    const char *allow;
    struct str param;
    struct fail f = { 0 };
    const struct route *route = route_find(s->hooks.routes, r->method, r->path, &param, &allow, &f);

    if (r->method != HTTP_POST && r->method != HTTP_PUT)
        return 0;
    return route != NULL ? route->body_max_B : LOST_BODY_MAX_B;
}

/* Behind the proxy a request is in the share of the address that it came from. */
static bool has_room(struct conn *c)
{
    struct in6_addr whose;

    return !c->approved->http.forwarded || !shares_address(c->approved->http.peer, &whose) || conn_find_room(c, &whose);
}

static void drop_approved(struct conn *c)
{
    request_drop(c->approved);
    c->approved = NULL;
}

/* The whole message is here and nothing behind it.  Of a body that is yet to come the library reads in large pieces,
 * and might read with its end what the guard has not seen: such a connection closes after it. */
static bool came_alone(const struct guarded *g, size_t peeked_B)
{
    return !g->chunked && peeked_B == g->header_B + g->body_B;
}

static void admit(struct conn *c, const struct guarded *g, size_t peeked_B)
{
    struct server *s = c->s;
    size_t most_B = body_limit(s, &g->req);

    if (g->body_B > most_B) {
        refuse_conn(c, 413, "body_length");
        return;
    }
    c->approved = request_make(c, s->peeked, g, g->chunked ? most_B : g->body_B);
    bool whole = came_alone(g, peeked_B) && !g->by_hand;
    c->last = g->close || c->sent_all || !whole;
    c->begun = c->arrived = false;
    conn_enter(c, PHASE_BODY);
    if (!has_room(c)) {
        drop_approved(c);
        refuse_conn(c, 503, "share");
        return;
    }
    bool by_library = g->body_B > 0 && !g->by_hand;
    if (whole ? own_take_whole(c, g) : by_library ? library_take(c, g->header_B) : own_take(c, g))
        return;
    drop_approved(c);
    conn_end(c);
}

void gate_look(struct conn *c)
{
    struct server *s = c->s;
    struct guarded g;
    ssize_t n = recv(c->watch.fd, s->peeked, sizeof s->peeked, MSG_PEEK | MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        conn_end(c);
        return;
    }
    s->looked = str_n(s->peeked, (size_t)n);
    switch (guard_read(s->looked, &g)) {
    case GUARD_WHOLE:
        admit(c, &g, (size_t)n);
        break;
    case GUARD_MORE:
        if (c->phase != PHASE_HEADER)
            conn_enter(c, PHASE_HEADER);
        c->begun = true;
        break;
    case GUARD_REFUSED:
        refuse_conn(c, g.status, g.rule);
        break;
    }
    s->looked = (struct str){ NULL, 0 };
}

/* Nobody is there to read the answer: the slot is free, and what the request waits for
 * is heard without it. */
static void client_gone(struct conn *c)
{
    if (c->own != NULL) {
        conn_end(c);
        return;
    }
    c->condemned = true;
    library_resume(c);
}

void gate_bytes_came(struct watch *w, uint32_t events)
{
    struct conn *c = (struct conn *)((char *)w - offsetof(struct conn, watch));

    c->sent_all = c->sent_all || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    switch (c->phase) {
    case PHASE_HEADER:
    case PHASE_IDLE:
        gate_look(c);
        /* No more will come of a header that is not whole. */
        if (c->phase == PHASE_HEADER && c->sent_all)
            conn_end(c);
        break;
    case PHASE_LINGER:
        if (!refuse_throw_away(c))
            conn_end(c);
        break;
    case PHASE_STEPS:
        c->arrived = true;
        if ((events & (EPOLLHUP | EPOLLERR)) != 0)
            client_gone(c);
        break;
    case PHASE_BODY:
        c->arrived = true;
        if (c->own != NULL)
            own_read(c);
        break;
    case PHASE_WRITE:
        c->arrived = true;
        if (c->own != NULL)
            own_write(c);
        break;
    default:
        c->arrived = true;
        break;
    }
}
