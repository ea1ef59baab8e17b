/* SPDX-License-Identifier: EUPL-1.2
 *
 * Requests that are answered and written here, without the library.  Most came whole and alone: the guard has read all
 * of it, nothing is left for the library to do, and their connection stays open.  The others are legal and the library
 * would misread them (guard.h: by_hand), above all bodies that come in chunks; their connection closes after them. */
#include "gateway/http/int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

enum { HEAD_B = 1024 /* of most */, HEAD_MAX_B = 65536 };

/* ── the answer ─────────────────────────────────────────────────────────── */

/* "Sun, 06 Nov 1994 08:49:37 GMT" [RFC 9110 5.6.7]; strftime() would ask the locale.  Made once a second. */
static struct str date_of(struct server *s)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = (time_t)world_now_s(s->world);
    struct tm at = { 0 };

    if (s->date[0] != '\0' && s->date_s == now)
        return str_of(s->date);
    s->date_s = now;
    if (gmtime_r(&now, &at) != NULL)
        (void)snprintf(s->date, sizeof s->date, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + at.tm_wday * 3ULL,
                       (unsigned)at.tm_mday % 100, months + at.tm_mon * 3ULL, (unsigned)(at.tm_year + 1900) % 10000,
                       (unsigned)at.tm_hour % 100, (unsigned)at.tm_min % 100, (unsigned)at.tm_sec % 100);
    return str_of(s->date);
}

static bool is_bodiless(const struct http_response *res) /* [RFC 9110 6.4.1] */
{
    return res->status == 204 || res->status == 304;
}

/* Absent: it does not fit. */
static struct str make_head(const struct request *r)
{
    const struct http_response *res = &r->res;
    struct buf b = buf_new(r->arena, HEAD_MAX_B);

    (void)buf_room(&b, HEAD_B);
    buf_printf(&b, "HTTP/1.1 %d %s\r\nDate: ", res->status, refuse_phrase(res->status));
    buf_add(&b, date_of(r->s));
    buf_add(&b, r->conn->last ? S("\r\nConnection: close\r\n") : S("\r\n"));
    for (size_t i = 0; i < res->field_count; i++) {
        buf_add(&b, res->fields[i].name);
        buf_add(&b, S(": "));
        buf_add(&b, res->fields[i].value);
        buf_add(&b, S("\r\n"));
    }
    if (!is_bodiless(res))
        buf_printf(&b, "Content-Length: %zu\r\n", res->body.n);
    buf_add(&b, S("\r\n"));
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

/* The answer has left, and so has its request.  What comes next is another one, and passes the gate. */
static void stay_open(struct conn *c)
{
    if (!loop_watch(c->s->loop, &c->watch, WATCHED)) {
        conn_end(c);
        return;
    }
    conn_enter(c, PHASE_IDLE);
    bool more = c->arrived;
    c->arrived = false;
    if (more)
        gate_look(c);
}

/* What the client may still send is thrown away for a moment: closing over it would take the answer with it. */
static void close_after(struct conn *c)
{
    (void)shutdown(c->watch.fd, SHUT_WR);
    refuse_linger(c);
}

void own_write(struct conn *c)
{
    struct request *r = c->own;

    while (r->head.n + r->out.n > 0) {
        struct iovec parts[] = { { (void *)(uintptr_t)r->head.p, r->head.n },
                                 { (void *)(uintptr_t)r->out.p, r->out.n } };
        const struct msghdr m = { .msg_iov = parts, .msg_iovlen = r->out.n > 0 ? 2 : 1 };
        ssize_t n = sendmsg(c->watch.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && loop_watch(c->s->loop, &c->watch, WATCHED | EPOLLOUT))
            return;
        if (n < 0) {
            conn_end(c);
            return;
        }
        size_t of_head = (size_t)n < r->head.n ? (size_t)n : r->head.n;
        r->head = str_from(r->head, of_head);
        r->out = str_from(r->out, (size_t)n - of_head);
    }
    bool alone = r->alone && !c->arrived;
    own_drop(c);
    if (!c->last)
        stay_open(c);
    else if (alone)
        conn_end(c);
    else
        close_after(c);
}

void own_answer(struct conn *c)
{
    struct request *r = c->own;

    c->last = c->last || c->sent_all || c->s->stopping;
    r->head = make_head(r);
    if (!is_bodiless(&r->res) && r->http.method != HTTP_HEAD)
        r->out = r->res.body;
    conn_enter(c, PHASE_WRITE);
    if (str_is_set(r->head))
        own_write(c);
    else
        conn_end(c);
}

/* ── the body ───────────────────────────────────────────────────────────── */

/* Takes what belongs to the body; whatever stands behind it is nobody's request.  False: it was refused. */
static bool take(struct conn *c, struct str bytes, bool *whole)
{
    struct request *r = c->own;
    size_t taken, before = r->body.n;

    if (!r->chunked) {
        bytes = str_sub(bytes, 0, r->announced_B - r->body.n);
        *whole = bytes.n == r->announced_B - r->body.n;
        buf_add(&r->body, bytes);
    } else {
        enum chunks_say said = chunks_read(&r->chunks, bytes, &r->body, &taken);
        *whole = said == CHUNKS_WHOLE;
        if (said == CHUNKS_REFUSED) {
            refuse_conn(c, r->chunks.status, r->chunks.rule);
            return false;
        }
    }
    if (request_count(r, r->body.n - before))
        return true;
    refuse_conn(c, 503, "shed");
    return false;
}

static void start(struct conn *c)
{
    request_start(c->own);
    if (c->own->finished)
        own_answer(c);
}

void own_read(struct conn *c)
{
    struct server *s = c->s;
    bool whole = false;

    while (!whole) {
        ssize_t n = recv(c->watch.fd, s->peeked, sizeof s->peeked, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            conn_end(c);
            return;
        }
        if (n == 0) { /* no more will come of a body that is not whole [RFC 9112 8] */
            refuse_conn(c, 400, "body_ended");
            return;
        }
        if (!take(c, str_n(s->peeked, (size_t)n), &whole))
            return;
    }
    start(c);
}

/* ── the life of one ────────────────────────────────────────────────────── */

/* It has been read: off the socket with it. */
static bool drop_bytes(struct conn *c, size_t n)
{
    while (n > 0) {
        ssize_t came = recv(c->watch.fd, c->s->peeked, n, MSG_DONTWAIT | MSG_TRUNC);
        if (came <= 0 && !(came < 0 && errno == EINTR))
            return false;
        n -= came > 0 ? (size_t)came : 0;
    }
    return true;
}

static void adopt(struct conn *c)
{
    c->own = c->approved;
    c->approved = NULL;
}

bool own_take_whole(struct conn *c, const struct guarded *g)
{
    buf_add(&c->approved->body, str_sub(c->s->looked, g->header_B, g->body_B));
    if (!drop_bytes(c, g->header_B + g->body_B))
        return false;
    adopt(c);
    c->own->alone = true;
    if (request_count(c->own, g->body_B))
        start(c);
    else
        refuse_conn(c, 503, "shed");
    return true;
}

bool own_take(struct conn *c, const struct guarded *g)
{
    struct request *r = c->approved;

    if (!drop_bytes(c, g->header_B))
        return false;
    adopt(c);
    if (!r->chunked && r->announced_B == 0) {
        start(c);
        return true;
    }
    if (g->expects) /* the rest may be here already; then it is said for nothing [RFC 9110 10.1.1] */
        (void)!send(c->watch.fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL | MSG_DONTWAIT);
    own_read(c);
    return true;
}

void own_drop(struct conn *c)
{
    struct request *r = c->own;

    c->own = NULL;
    if (r != NULL)
        request_over(r);
}
