/* SPDX-License-Identifier: EUPL-1.2
 *
 * The only door to libmicrohttpd.  What is relied on was read and tried in 0.9.75 and 1.0.1. */
#include "gateway/http/int.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

enum {
    /* The library's memory per connection; half of it must hold a header.  Up to 32 KiB it comes from malloc(), above
     * from the kernel page by page, which costs as much as all the rest of a short connection: so those with large
     * headers (many cookies) go to a library of their own. */
    SMALL_POOL_B = 32768,
    LARGE_POOL_B = 98304,
    SMALL_HEADER_B = 12288,
    TURNS_OF_LIBRARY = 8
};

/* ── a request's way through the library ────────────────────────────────── */

/* A redirect without its Location, a page without its policy, would be another answer: then rather none. */
static bool add_fields(struct MHD_Response *out, const struct request *r)
{
    for (size_t i = 0; i < r->res.field_count; i++)
        if (MHD_add_response_header(out, arena_cstr(r->arena, r->res.fields[i].name),
                                    arena_cstr(r->arena, r->res.fields[i].value)) != MHD_YES)
            return false;
    return !r->conn->last || MHD_add_response_header(out, "Connection", "close") == MHD_YES;
}

static enum MHD_Result queue_response(struct MHD_Connection *mhd, struct request *r)
{
    struct str body = r->res.body;
    struct MHD_Response *out =
        MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_PERSISTENT);

    if (out == NULL)
        return MHD_NO;
    r->conn->last = r->conn->last || r->conn->sent_all || r->s->stopping;
    conn_enter(r->conn, PHASE_WRITE);
    enum MHD_Result said = add_fields(out, r) ? MHD_queue_response(mhd, (unsigned)r->res.status, out) : MHD_NO;
    MHD_destroy_response(out);
    return said;
}

/* Called again as long as there is no answer.  A connection that was suspended in the
 * very call that read its request would be read from when it is resumed: what is
 * pipelined would come in past the guard, and who has shut its side down would be
 * dropped without its answer.  So the library gets another turn first; then it waits
 * for the answer alone, and when resumed writes without reading. */
static enum MHD_Result go_on(struct MHD_Connection *mhd, struct request *r)
{
    bool first = !r->started;

    if (first)
        request_start(r);
    if (r->finished)
        return queue_response(mhd, r);
    if (!first) {
        r->conn->suspended = true;
        MHD_suspend_connection(mhd);
    }
    return MHD_YES;
}

static struct conn *conn_of(struct MHD_Connection *mhd)
{
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static enum MHD_Result take_body(struct request *r, const char *data, size_t *n)
{
    buf_add(&r->body, str_n(data, *n));
    if (!request_count(r, *n)) {
        refuse_body(r->conn, 503, "shed");
        return MHD_NO;
    }
    *n = 0;
    return buf_ok(&r->body) ? MHD_YES : MHD_NO;
}

static enum MHD_Result count_field(void *self, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    (void)name;
    (void)value;
    ++*(size_t *)self;
    return MHD_YES;
}

/* The library must have read the very header that the guard has read.  It might
 * not have when a client pipelines and wins a race: that is no request then. */
static bool same_header(struct MHD_Connection *mhd, const struct http_request *r, const char *url)
{
    size_t fields = 0;

    (void)MHD_get_connection_values(mhd, MHD_HEADER_KIND, count_field, &fields);
    return str_eq(str_of(url), r->path) && fields == r->field_count;
}

static enum MHD_Result handle(void *self, struct MHD_Connection *mhd, const char *url, const char *method,
                              const char *version, const char *data, size_t *n, void **request)
{
    struct conn *c = conn_of(mhd);

    (void)self;
    (void)method;
    (void)version;
    if (c->condemned)
        return MHD_NO;
    if (*request == NULL) {
        struct request *r = c->approved;
        if (r == NULL || !same_header(mhd, &r->http, url))
            return MHD_NO;
        *request = r;
        c->approved = NULL;
        return MHD_YES; /* who answers before the body has come is not kept alive */
    }
    return *n > 0 ? take_body(*request, data, n) : go_on(mhd, *request);
}

static void completed(void *self, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode code)
{
    struct request *r = *request;

    (void)self;
    (void)mhd;
    (void)code;
    if (r == NULL)
        return;
    request_over(r);
    *request = NULL;
}

/* ── a connection's way into the library and out of it ──────────────────── */

/* The library keeps the address that it is told of a connection: it is told ours. */
struct our_address {
    sa_family_t family;
    struct conn *conn;
};

static struct conn *conn_handed(struct MHD_Connection *mhd)
{
    struct our_address at;

    memcpy(&at, MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr, sizeof at);
    return at.conn;
}

static void connection_changed(void *self, struct MHD_Connection *mhd, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct server *s = self;
    struct conn *c = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = c = conn_handed(mhd);
        c->mhd = mhd;
        return;
    }
    if (c == NULL)
        return;
    if (c->approved != NULL) { /* ended before the library brought it */
        request_drop(c->approved);
        c->approved = NULL;
    }
    loop_forget(s->loop, &c->watch);
    c->mhd = NULL;
    conn_forget(c);
}

void library_resume(struct conn *c)
{
    if (c->suspended)
        MHD_resume_connection(c->mhd);
    c->suspended = false;
    c->library->run = true;
}

/* It has closed the descriptor. */
static void forget_descriptor(struct conn *c)
{
    c->watch.fd = -1;
    c->watch.events = 0;
    c->library = NULL;
}

bool library_take(struct conn *c, size_t header_B)
{
    struct server *s = c->s;
    const struct our_address at = { AF_UNIX, c };
    struct library *l = header_B > SMALL_HEADER_B ? &s->large : &s->small;

    c->library = l;
    l->run = true;
    if (MHD_add_connection(l->daemon, c->watch.fd, (const struct sockaddr *)(const void *)&at, sizeof at) != MHD_YES) {
        forget_descriptor(c);
        return false;
    }
    c->handed = l->handed;
    l->handed = c;
    return true;
}

/* The library may say yes, and find at its turn that it cannot. */
static void drop_lost(struct library *l)
{
    for (struct conn *c; (c = l->handed) != NULL;) {
        l->handed = c->handed;
        if ((c->phase != PHASE_BODY && c->phase != PHASE_GOING) || c->mhd != NULL)
            continue;
        request_drop(c->approved);
        c->approved = NULL;
        forget_descriptor(c);
        conn_end(c);
    }
}

/* ── its turn ───────────────────────────────────────────────────────────── */

static void library_ready(struct watch *w, uint32_t events)
{
    struct library *l = (struct library *)((char *)w - offsetof(struct library, watch));

    (void)events;
    l->run = true;
}

void library_turn(struct server *s, struct library *l)
{
    for (int i = 0; i < TURNS_OF_LIBRARY && l->run; i++) {
        MHD_UNSIGNED_LONG_LONG wait_ms;
        l->run = false;
        (void)MHD_run(l->daemon);
        drop_lost(l);
        if (MHD_get_timeout(l->daemon, &wait_ms) == MHD_YES && wait_ms == 0)
            l->run = true;
    }
}

/* ── life ───────────────────────────────────────────────────────────────── */

/* Paths are matched raw: nothing is unescaped, ever. */
static size_t leave_escaped(void *self, struct MHD_Connection *mhd, char *text)
{
    (void)self;
    (void)mhd;
    return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void library_says(void *self, const char *fmt, va_list ap)
{
    char text[200];

    (void)self;
    (void)vsnprintf(text, sizeof text, fmt, ap);
    log_event(LOG_DEBUG, "http.library", LOG_S("says", str_trim(str_of(text))));
}

static bool start(struct server *s, struct library *l, size_t pool_B)
{
    l->s = s;
    l->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0,
                                 NULL, NULL, handle, s, MHD_OPTION_EXTERNAL_LOGGER, library_says, NULL,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool_B, MHD_OPTION_CONNECTION_LIMIT,
                                 (unsigned)s->set->connections_max + 2 * ACCEPTS_A_TURN, MHD_OPTION_CONNECTION_TIMEOUT,
                                 0u, MHD_OPTION_NOTIFY_COMPLETED, completed, s, MHD_OPTION_NOTIFY_CONNECTION,
                                 connection_changed, s, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
                                 MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (l->daemon == NULL)
        return false;
    l->watch = (struct watch){ library_ready, MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, 0 };
    return loop_watch(s->loop, &l->watch, EPOLLIN);
}

bool library_open(struct server *s)
{
    return start(s, &s->small, SMALL_POOL_B) && start(s, &s->large, LARGE_POOL_B);
}

static void stop(struct library *l)
{
    loop_forget(l->s->loop, &l->watch);
    MHD_stop_daemon(l->daemon);
}

void library_close(struct server *s)
{
    stop(&s->small);
    stop(&s->large);
}
