/* SPDX-License-Identifier: EUPL-1.2
 *
 * Requests that are legal and that the library would misread (guard.h: by_hand), above all bodies that come in chunks:
 * read, answered and written here.  The library never sees their connection, which closes after them.  They pass the
 * same gate, have the same deadlines and run the same steps as all others. */
#include "gateway/http/int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { HEAD_MAX_B = 65536, DATE_B = 32 };

/* ── the answer ─────────────────────────────────────────────────────────── */

/* "Sun, 06 Nov 1994 08:49:37 GMT" [RFC 9110 5.6.7]; strftime() would ask the locale. */
static void write_date(const struct world *w, char text[DATE_B])
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = (time_t)world_now_s(w);
    struct tm at = { 0 };

    text[0] = '\0';
    if (gmtime_r(&now, &at) != NULL)
        (void)snprintf(text, DATE_B, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + at.tm_wday * 3ULL,
                       (unsigned)at.tm_mday % 100, months + at.tm_mon * 3ULL, (unsigned)(at.tm_year + 1900) % 10000,
                       (unsigned)at.tm_hour % 100, (unsigned)at.tm_min % 100, (unsigned)at.tm_sec % 100);
}

static struct str make_answer(const struct request *r)
{
    const struct http_response *res = &r->res;
    bool bodiless = res->status == 204 || res->status == 304; /* [RFC 9110 6.4.1] */
    struct buf b = buf_new(r->arena, HEAD_MAX_B + res->body.n);
    char date[DATE_B];

    write_date(r->s->world, date);
    buf_printf(&b, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n", res->status, refuse_phrase(res->status),
               date);
    for (size_t i = 0; i < res->field_count; i++)
        buf_printf(&b, "%.*s: %.*s\r\n", STR_ARG(res->fields[i].name), STR_ARG(res->fields[i].value));
    if (!bodiless)
        buf_printf(&b, "Content-Length: %zu\r\n", res->body.n);
    buf_add(&b, S("\r\n"));
    if (!bodiless && r->http.method != HTTP_HEAD)
        buf_add(&b, res->body);
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

/* The answer has left.  What the client still sends is thrown away for a moment: closing over it would take the answer
 * with it. */
static void over(struct conn *c)
{
    own_drop(c);
    (void)shutdown(c->watch.fd, SHUT_WR);
    refuse_linger(c);
}

void own_write(struct conn *c)
{
    struct request *r = c->own;

    while (r->out.n > 0) {
        ssize_t n = send(c->watch.fd, r->out.p, r->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && loop_watch(c->s->loop, &c->watch, WATCHED | EPOLLOUT))
            return;
        if (n < 0) {
            conn_end(c);
            return;
        }
        r->out = str_from(r->out, (size_t)n);
    }
    over(c);
}

void own_answer(struct conn *c)
{
    c->own->out = make_answer(c->own);
    conn_enter(c, PHASE_WRITE);
    if (str_is_set(c->own->out))
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

/* The header has been read: off the socket with it. */
static bool drop_header(struct conn *c, size_t n)
{
    while (n > 0) {
        ssize_t came = recv(c->watch.fd, c->s->peeked, n, MSG_DONTWAIT);
        if (came <= 0 && !(came < 0 && errno == EINTR))
            return false;
        n -= came > 0 ? (size_t)came : 0;
    }
    return true;
}

bool own_take(struct conn *c, const struct guarded *g)
{
    struct request *r = c->approved;

    if (c->library != NULL && !library_let_go(c))
        return false;
    if (!drop_header(c, g->header_B))
        return false;
    c->own = r;
    c->approved = NULL;
    c->last = true;
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
