/* SPDX-License-Identifier: EUPL-1.2
 *
 * Answers to what never becomes a request, written by hand: the library has no part in them. */
#include "gateway/http/int.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REFUSAL_MAX_B = 65536 };

/* They name a line of the log and open nothing, so they need not be unguessable. */
void refuse_code(struct server *s, char code[9])
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    uint64_t x = s->codes += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    for (int i = 0; i < 8; i++, x >>= 5)
        code[i] = letters[x & 31];
    code[8] = '\0';
}

const char *refuse_phrase(int status) /* [RFC 9110 15] */
{
    static const struct {
        int status;
        const char *phrase;
    } rows[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 204, "No Content" },
        { 206, "Partial Content" },
        { 301, "Moved Permanently" },
        { 302, "Found" },
        { 303, "See Other" },
        { 304, "Not Modified" },
        { 307, "Temporary Redirect" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 406, "Not Acceptable" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 410, "Gone" },
        { 411, "Length Required" },
        { 412, "Precondition Failed" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 422, "Unprocessable Content" },
        { 428, "Precondition Required" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].status == status)
            return rows[i].phrase;
    return ""; /* it may be empty [RFC 9112 4] */
}

/* What else a client must know.  A browser whose cookies have grown past what is taken would be refused until they
 * expire: it is asked to drop them, and its next request begins afresh. */
static const char *advice(int status)
{
    switch (status) {
    case 431:
        return "Clear-Site-Data: \"cookies\"\r\n";
    case 503:
        return "Retry-After: 2\r\n";
    default:
        return "";
    }
}

/* What is known of who asks: what is being looked at, or the fields of a request whose body is on its way. */
static struct str header_of(const struct server *s, const struct request *r)
{
    if (r == NULL)
        return s->looked;
    struct buf b = buf_new(r->arena, PEEK_B);
    for (size_t i = 0; i < r->http.field_count; i++)
        buf_printf(&b, "%.*s: %.*s\r\n", STR_ARG(r->http.fields[i].name), STR_ARG(r->http.fields[i].value));
    return buf_str(&b);
}

static void write_refusal(struct server *s, int fd, int status, const char *rule, struct str peer, struct str header)
{
    struct arena *a = arena_new();
    struct buf text = buf_new(a, REFUSAL_MAX_B);
    char code[9];

    refuse_code(s, code);
    if (!s->hooks.refused(s->hooks.self, status, rule, code,
                          peer)) /* a code that nobody could find is told to nobody */
        code[0] = '\0';
    struct str page = header.n > 0 && s->hooks.refusal_page != NULL
                          ? s->hooks.refusal_page(s->hooks.self, a, header, status, code)
                          : (struct str){ NULL, 0 };
    struct str body = page.n > 0 ? page
                                 : arena_printf(a, "%d %s\n%s%s%s", status, refuse_phrase(status),
                                                code[0] ? "Support code: " : "", code, code[0] ? "\n" : "");
    buf_printf(&text,
               "HTTP/1.1 %d %s\r\nConnection: close\r\n%sContent-Type: %s; charset=utf-8\r\nContent-Length: %zu\r\n",
               status, refuse_phrase(status), advice(status), page.n > 0 ? "text/html" : "text/plain", body.n);
    buf_add(&text, s->hooks.headers);
    buf_add(&text, S("\r\n"));
    buf_add(&text, body);
    if (buf_ok(&text))
        (void)!send(fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    arena_free(a);
}

/* Closing over unread bytes would reset the connection and take the refusal with it. */
bool refuse_throw_away(struct conn *c)
{
    for (;;) {
        ssize_t n = recv(c->watch.fd, c->s->peeked, sizeof c->s->peeked, MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        c->thrown_B += (size_t)n;
        if (n == 0 || c->thrown_B > SERVER_LINGER_MAX_B)
            return false;
    }
}

void refuse_linger(struct conn *c)
{
    c->thrown_B = 0;
    conn_enter(c, PHASE_LINGER);
    if (!refuse_throw_away(c))
        conn_end(c);
}

void refuse_conn(struct conn *c, int status, const char *rule)
{
    write_refusal(c->s, c->watch.fd, status, rule, str_of(c->peer), header_of(c->s, c->own));
    own_drop(c);
    (void)shutdown(c->watch.fd, SHUT_WR);
    refuse_linger(c);
}

void refuse_body(struct conn *c, int status, const char *rule)
{
    if (c->own != NULL) {
        refuse_conn(c, status, rule);
        return;
    }
    write_refusal(c->s, c->watch.fd, status, rule, str_of(c->peer), c->s->looked);
    c->condemned = true;
    conn_end(c);
}

/* Half a header has come, looked at or not. */
static bool has_begun(const struct conn *c)
{
    char first;

    return c->phase == PHASE_HEADER &&
           (c->begun || recv(c->watch.fd, &first, sizeof first, MSG_PEEK | MSG_DONTWAIT) > 0);
}

void refuse_crowded(struct conn *c)
{
    if (c->phase == PHASE_BODY || has_begun(c)) {
        write_refusal(c->s, c->watch.fd, 503, "crowded", str_of(c->peer), c->s->looked);
        c->condemned = true;
        if (c->library == NULL)
            (void)refuse_throw_away(c);
    }
    conn_end(c);
}

void refuse_fd(struct server *s, int fd, struct str peer)
{
    write_refusal(s, fd, 503, "shed", peer, s->looked);
    (void)shutdown(fd, SHUT_WR);
    (void)recv(fd, s->peeked, sizeof s->peeked, MSG_DONTWAIT);
    (void)close(fd);
}
