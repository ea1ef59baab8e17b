/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/server.h"

#include "base/log.h"
#include "gateway/guard.h"
#include "wire/form.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <microhttpd.h>

enum {
    PEEK_B = GUARD_HEADER_MAX_B + 1024,
    /* The library's memory per connection; half of it must hold a header.  Up to 32 KiB it comes from malloc(), above
     * from the kernel page by page, which costs as much as all the rest of a short connection: so those with large
     * headers (many cookies) go to a library of their own. */
    SMALL_POOL_B = 32768,
    LARGE_POOL_B = 98304,
    SMALL_HEADER_B = 12288,
    ACCEPTS_A_TURN = 64,
    SPARE_ARENAS = 64,
    REFUSAL_B = 2048,
    LOST_BODY_MAX_B = 65536, /* of a request that no route takes: heard out, so that its sender hears us */
    BODIES_MAX_B = 64 << 20, /* of all requests of a loop together */
    SWEEP_MS = 500,
    TURNS_OF_LIBRARY = 8
};

/* ENDED: its request is over, and the library's turn is not; then it becomes IDLE. */
enum phase {
    PHASE_FREE = 0,
    PHASE_HEADER,
    PHASE_BODY,
    PHASE_STEPS,
    PHASE_WRITE,
    PHASE_ENDED,
    PHASE_IDLE,
    PHASE_LINGER,
    PHASES
};

struct request;

struct library {
    struct watch watch;
    struct server *s;
    struct MHD_Daemon *daemon;
    bool run; /* has something to do */
};

struct conn {
    struct watch watch;
    struct server *s;
    enum phase phase;
    struct conn *next, *prev; /* in the queue of its phase, or of the free */
    int64_t until_ms;
    struct library *library; /* NULL: none knows it yet */
    struct MHD_Connection *mhd;
    struct request *approved; /* has passed the guard; the library is about to bring it */
    bool suspended;
    bool begun;     /* a byte of the next request has come */
    bool arrived;   /* bytes came while a request was in work */
    bool last;      /* the connection closes after this request */
    bool condemned; /* refused in mid-body: what the library still brings is not heard */
    size_t thrown_B;
    char peer[INET6_ADDRSTRLEN];
    bool is_unix;
};

struct request {    /* lives in its own arena */
    struct ctx ctx; /* first: done() finds its request */
    struct conn *conn;
    struct http_request http;
    struct http_response res;
    struct arena *arena;
    struct buf body;
    size_t body_B; /* what the header announced */
    int64_t began_ms;
    bool started, finished, waiting;
};

/* Each phase has one duration, so its connections end in the order they came. */
struct queue {
    struct conn *first, *last;
    int64_t lasts_ms;
};

struct server {
    struct arena *arena;
    struct loop *loop;
    const struct world *world;
    const struct settings *set;
    struct server_hooks hooks;
    struct library small, large;
    struct watch listening;
    struct timer sweep;
    struct queue queues[PHASES]; /* FREE: connections to be used again */
    size_t connections, waiting;
    size_t bodies_B; /* announced and not yet given back */
    struct arena *spare[SPARE_ARENAS];
    size_t spare_n;
    struct conn *adding; /* handed to the library right now */
    bool stopping;
    int reserve_fd; /* given up to answer 503 when descriptors are used up */
    uint64_t codes; /* state of the support codes */
    struct MHD_Response *pipelined;
    char peeked[PEEK_B];
};

/* ── phases and their deadlines ─────────────────────────────────────────── */

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

static void enter(struct conn *c, enum phase phase)
{
    leave_queue(c);
    join_queue(c, phase);
}

/* Gives the slot back; the descriptor is closed already. */
static void forget(struct conn *c)
{
    c->s->connections--;
    enter(c, PHASE_FREE);
}

static void resume(struct conn *c)
{
    if (c->suspended)
        MHD_resume_connection(c->mhd);
    c->suspended = false;
    c->library->run = true;
}

/* Ends the connection.  What the library holds, it closes itself when it sees the end. */
static void end(struct conn *c)
{
    if (c->mhd == NULL) {
        loop_forget(c->s->loop, &c->watch);
        (void)close(c->watch.fd);
        forget(c);
        return;
    }
    (void)shutdown(c->watch.fd, SHUT_RDWR);
    resume(c);
    enter(c, PHASE_WRITE); /* not to be ended twice in this sweep */
}

/* ── support codes ──────────────────────────────────────────────────────── */

/* Eight characters that nobody confuses on the telephone: no 0 and O, no 1 and I.
 * They name a line of the log and open nothing, so they need not be unguessable. */
static void support_code(struct server *s, char code[9])
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

/* ── refusals that never become a request ───────────────────────────────── */

static const char *reason_phrase(int status)
{
    switch (status) {
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Bad Request";
    }
}

static void write_refusal(struct server *s, int fd, int status, const char *rule, struct str peer)
{
    char code[9], text[REFUSAL_B], body[160];

    support_code(s, code);
    s->hooks.refused(s->hooks.self, status, rule, code, peer);
    int body_n = snprintf(body, sizeof body, "%d %s\nSupport code: %s\n", status, reason_phrase(status), code);
    int n = snprintf(text, sizeof text,
                     "HTTP/1.1 %d %s\r\nConnection: close\r\n%sContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Length: %d\r\n%.*s\r\n%s",
                     status, reason_phrase(status), status == 503 ? "Retry-After: 2\r\n" : "", body_n,
                     STR_ARG(s->hooks.headers), body);
    if (n > 0 && (size_t)n < sizeof text)
        (void)!send(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Throws away what has come.  Closing over unread bytes would reset the connection
 * and take the refusal with it. */
static bool throw_away(struct conn *c)
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

static void refuse(struct conn *c, int status, const char *rule)
{
    write_refusal(c->s, c->watch.fd, status, rule, str_of(c->peer));
    (void)shutdown(c->watch.fd, SHUT_WR);
    c->thrown_B = 0;
    enter(c, PHASE_LINGER);
    if (!throw_away(c))
        end(c);
}

/* ── requests ───────────────────────────────────────────────────────────── */

static struct arena *take_arena(struct server *s)
{
    return s->spare_n > 0 ? s->spare[--s->spare_n] : arena_new();
}

static void give_request(struct server *s, struct request *r)
{
    struct arena *a = r->arena;

    s->bodies_B -= r->body_B;
    if (s->spare_n == SPARE_ARENAS) {
        arena_free(a);
        return;
    }
    arena_reset(a);
    s->spare[s->spare_n++] = a;
}

/* The last address of the last X-Forwarded-For: the one that our own proxy saw. */
static struct str forwarded_for(const struct http_request *r)
{
    struct str last = { NULL, 0 }, part;

    for (size_t i = 0; i < r->field_count; i++)
        if (str_eq_case(r->fields[i].name, S("X-Forwarded-For")))
            last = r->fields[i].value;
    for (struct str rest = last; str_split(&rest, ',', &part);)
        last = str_trim(part);
    return last;
}

static bool is_address(struct str s)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr any;

    if (s.n == 0 || s.n >= sizeof text)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

static void find_peer(const struct conn *c, struct request *r)
{
    struct str trusted = c->s->set->trusted_proxy, said;
    bool from_proxy = c->is_unix ? str_eq(trusted, S("unix")) : str_eq(trusted, str_of(c->peer));

    r->http.peer = arena_str(r->arena, str_of(c->peer));
    if (from_proxy && is_address(said = forwarded_for(&r->http))) {
        r->http.peer = said;
        r->http.forwarded = true;
    }
}

/* The header is copied out of what was peeked: its views live as long as the request. */
static struct request *make_request(struct conn *c, const char *header, const struct guarded *g)
{
    struct server *s = c->s;
    struct arena *a = take_arena(s);
    struct request *r = arena_make(a, struct request);
    struct str copy = arena_str(a, str_n(header, g->header_B));
    struct guarded again;

    (void)guard_read(copy, &again);
    r->arena = a;
    r->conn = c;
    r->http = again.req;
    r->http.fields = arena_make_n(a, again.req.field_count + 1, struct http_field);
    memcpy(r->http.fields, again.fields, again.req.field_count * sizeof *again.fields);
    r->http.https = str_has_prefix(s->set->public_url, S("https://"));
    r->http.body = S("");
    r->body_B = g->body_B;
    r->body = buf_new(a, g->body_B);
    s->bodies_B += g->body_B;
    r->began_ms = loop_now_ms(s->loop);
    find_peer(c, r);
    r->res = (struct http_response){ .arena = a, .https = r->http.https };
    r->ctx.arena = a;
    r->ctx.world = s->world;
    r->ctx.set = s->set;
    r->ctx.req = &r->http;
    r->ctx.res = &r->res;
    support_code(s, r->ctx.support_code);
    return r;
}

static void done(struct ctx *ctx)
{
    struct request *r = (struct request *)ctx;
    struct server *s = r->conn->s;

    if (ctx->fail.kind != FAIL_NONE)
        s->hooks.failed(s->hooks.self, ctx);
    s->hooks.finish(s->hooks.self, ctx);
    r->finished = true;
    if (!r->waiting)
        return;
    r->waiting = false;
    s->waiting--;
    resume(r->conn);
}

static bool read_forms(struct request *r)
{
    struct ctx *c = &r->ctx;
    struct str type = http_field(&r->http, S("Content-Type"));
    struct str base = str_trim(str_sub(type, 0, str_find_byte(type, ';', 0)));
    bool is_form = str_eq_case(base, S("application/x-www-form-urlencoded"));

    r->http.body = buf_str(&r->body);
    return form_read(c->arena, r->http.query, &c->query, &c->fail) &&
           form_read(c->arena, is_form ? r->http.body : S(""), &c->body, &c->fail);
}

static void start(struct request *r)
{
    struct server *s = r->conn->s;
    struct ctx *c = &r->ctx;
    const char *allow;

    r->started = true;
    enter(r->conn, PHASE_STEPS);
    c->now_s = world_now_s(s->world);
    c->route = route_find(r->http.method, r->http.path, &r->http.param, &allow, &c->fail);
    if (c->fail.kind == FAIL_METHOD)
        http_header(&r->res, S("Allow"), str_of(allow));
    bool good = c->fail.kind == FAIL_NONE && read_forms(r);
    s->hooks.begin(s->hooks.self, c);
    c->done = done;
    if (!good || c->fail.kind != FAIL_NONE)
        done(c);
    else
        steps_run(c, c->route->steps, done);
}

static enum MHD_Result queue_response(struct MHD_Connection *mhd, struct request *r)
{
    struct str body = r->res.body;
    struct MHD_Response *out =
        MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_PERSISTENT);

    if (out == NULL)
        return MHD_NO;
    for (size_t i = 0; i < r->res.field_count; i++)
        (void)MHD_add_response_header(out, arena_cstr(r->arena, r->res.fields[i].name),
                                      arena_cstr(r->arena, r->res.fields[i].value));
    if (r->conn->last)
        (void)MHD_add_response_header(out, "Connection", "close");
    enter(r->conn, PHASE_WRITE);
    enum MHD_Result said = MHD_queue_response(mhd, (unsigned)r->res.status, out);
    MHD_destroy_response(out);
    return said;
}

static enum MHD_Result go_on(struct MHD_Connection *mhd, struct request *r)
{
    if (!r->started)
        start(r);
    if (r->finished)
        return queue_response(mhd, r);
    r->waiting = true;
    r->conn->s->waiting++;
    r->conn->suspended = true;
    MHD_suspend_connection(mhd);
    return MHD_YES;
}

/* ── what the library calls ─────────────────────────────────────────────── */

static struct conn *conn_of(struct MHD_Connection *mhd)
{
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static enum MHD_Result take_body(struct request *r, const char *data, size_t *n)
{
    buf_add(&r->body, str_n(data, *n));
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
    struct server *s = self;
    struct conn *c = conn_of(mhd);

    (void)method;
    (void)version;
    if (c->condemned || c->mhd != mhd)
        return MHD_NO;
    if (*request == NULL) {
        struct request *r = c->approved;
        if (r == NULL) /* sent behind another request: the guard has not seen it */
            return MHD_queue_response(mhd, 400, s->pipelined);
        if (!same_header(mhd, &r->http, url))
            return MHD_NO;
        *request = r;
        c->approved = NULL;
        return MHD_YES; /* who answers before the body has come is not kept alive */
    }
    return *n > 0 ? take_body(*request, data, n) : go_on(mhd, *request);
}

static void completed(void *self, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode code)
{
    struct server *s = self;
    struct conn *c = conn_of(mhd);
    struct request *r = *request;

    if (r != NULL) {
        assert(!r->waiting);
        if (r->started)
            s->hooks.end(s->hooks.self, &r->ctx, world_mono_ms(s->world) - r->began_ms);
        give_request(s, r);
        *request = NULL;
    }
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK && r != NULL && !c->last)
        enter(c, PHASE_ENDED);
}

static void connection_changed(void *self, struct MHD_Connection *mhd, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct server *s = self;
    struct conn *c = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = s->adding;
        s->adding->mhd = mhd;
        return;
    }
    if (c == NULL || c->mhd != mhd) /* taken back: it lives on elsewhere */
        return;
    if (c->approved != NULL) { /* ended before the library brought it */
        give_request(s, c->approved);
        c->approved = NULL;
    }
    loop_forget(s->loop, &c->watch);
    c->mhd = NULL;
    forget(c);
}

/* ── the gate: from bytes to a request that the library may see ─────────── */

/* Most bytes that a body for this path may have.  Where there is no such path,
 * enough to hear the request out and say so. */
static size_t body_limit(const struct http_request *r)
{
    const char *allow;
    struct str param;
    struct fail f = { 0 };
    const struct route *route = route_find(r->method, r->path, &param, &allow, &f);

    return route != NULL ? route->body_max_B : LOST_BODY_MAX_B;
}

/* Takes an idle connection away from the library that has it: under its descriptor the
 * library finds one that has ended. */
static bool take_back(struct conn *c)
{
    int kept = fcntl(c->watch.fd, F_DUPFD_CLOEXEC, 0), ended[2];

    if (kept < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ended) != 0) {
        if (kept >= 0)
            (void)close(kept);
        return false;
    }
    loop_forget(c->s->loop, &c->watch);
    bool replaced = dup3(ended[0], c->watch.fd, O_CLOEXEC) >= 0;
    (void)close(ended[0]);
    (void)close(ended[1]);
    resume(c);
    c->watch.fd = kept;
    c->library = NULL;
    c->mhd = NULL;
    return replaced && loop_watch(c->s->loop, &c->watch, EPOLLIN | EPOLLRDHUP | EPOLLET);
}

/* Gives the connection to a library, which reads the very bytes that were peeked at. */
static bool hand_over(struct conn *c, size_t header_B)
{
    struct server *s = c->s;
    const struct sockaddr nowhere = { .sa_family = AF_UNIX };

    if (c->library == &s->small && header_B > SMALL_HEADER_B && !take_back(c))
        return false;
    if (c->library != NULL) {
        resume(c);
        return true;
    }
    c->library = header_B > SMALL_HEADER_B ? &s->large : &s->small;
    c->library->run = true;
    s->adding = c;
    if (MHD_add_connection(c->library->daemon, c->watch.fd, &nowhere, sizeof nowhere.sa_family) == MHD_YES)
        return true;
    c->watch.fd = -1; /* it has closed the descriptor */
    c->watch.events = 0;
    return false;
}

static void admit(struct conn *c, const struct guarded *g, size_t peeked_B)
{
    struct server *s = c->s;

    if (g->body_B > 0 && g->body_B > body_limit(&g->req)) {
        refuse(c, 413, "body_length");
        return;
    }
    if (g->body_B > BODIES_MAX_B - s->bodies_B) {
        refuse(c, 503, "shed");
        return;
    }
    c->approved = make_request(c, s->peeked, g);
    c->last = g->close || s->stopping || g->req.method == HTTP_POST || peeked_B > g->header_B;
    c->begun = c->arrived = false;
    enter(c, PHASE_BODY);
    if (hand_over(c, g->header_B))
        return;
    give_request(s, c->approved);
    c->approved = NULL;
    end(c);
}

static void look(struct conn *c)
{
    struct server *s = c->s;
    struct guarded g;
    ssize_t n = recv(c->watch.fd, s->peeked, sizeof s->peeked, MSG_PEEK | MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        end(c);
        return;
    }
    switch (guard_read(str_n(s->peeked, (size_t)n), &g)) {
    case GUARD_WHOLE:
        admit(c, &g, (size_t)n);
        break;
    case GUARD_MORE:
        if (c->phase == PHASE_IDLE)
            enter(c, PHASE_HEADER);
        c->begun = true;
        break;
    case GUARD_REFUSED:
        refuse(c, g.status, g.rule);
        break;
    }
}

static void bytes_came(struct watch *w, uint32_t events)
{
    struct conn *c = (struct conn *)((char *)w - offsetof(struct conn, watch));

    switch (c->phase) {
    case PHASE_HEADER:
    case PHASE_IDLE:
        look(c);
        /* No more will come of a header that is not whole. */
        if (c->phase == PHASE_HEADER && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
            end(c);
        break;
    case PHASE_LINGER:
        if (!throw_away(c))
            end(c);
        break;
    default:
        c->arrived = true;
        break;
    }
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

static void shed(struct server *s, int fd)
{
    write_refusal(s, fd, 503, "shed", S("-"));
    (void)shutdown(fd, SHUT_WR);
    (void)recv(fd, s->peeked, sizeof s->peeked, MSG_DONTWAIT);
    (void)close(fd);
}

static void welcome(struct server *s, int fd, const struct sockaddr_storage *from)
{
    if (s->connections >= (size_t)s->set->connections_max) {
        shed(s, fd);
        return;
    }
    struct conn *c = take_conn(s);
    c->watch = (struct watch){ bytes_came, fd, 0 };
    s->connections++;
    join_queue(c, PHASE_HEADER);
    name_peer(c, from);
    if (s->sweep.next == NULL)
        timer_set(s->loop, &s->sweep, SWEEP_MS);
    if (!loop_watch(s->loop, &c->watch, EPOLLIN | EPOLLRDHUP | EPOLLET))
        end(c);
}

/* Out of descriptors: one is kept for this, so that who knocks is told to come again. */
static void answer_without_descriptors(struct server *s)
{
    if (s->reserve_fd < 0)
        return;
    (void)close(s->reserve_fd);
    int fd = accept4(s->listening.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        shed(s, fd);
    s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void knock(struct watch *w, uint32_t events)
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

/* The library is in the middle of this body: say why, and let it find the end. */
static void cut_body(struct conn *c)
{
    write_refusal(c->s, c->watch.fd, 408, "timeout", str_of(c->peer));
    c->condemned = true;
    end(c);
}

static void overdue(struct conn *c)
{
    switch (c->phase) {
    case PHASE_HEADER:
        if (c->begun)
            refuse(c, 408, "timeout");
        else
            end(c);
        break;
    case PHASE_BODY:
        cut_body(c);
        break;
    default:
        end(c);
        break;
    }
}

static void sweep(struct timer *t)
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

/* ── the library's turn ─────────────────────────────────────────────────── */

static void library_ready(struct watch *w, uint32_t events)
{
    struct library *l = (struct library *)((char *)w - offsetof(struct library, watch));

    (void)events;
    l->run = true;
}

/* Takes what ended its request away from the library until the guard has seen the next header. */
static void rest_ended(struct server *s)
{
    for (struct conn *c; (c = s->queues[PHASE_ENDED].first) != NULL;) {
        MHD_suspend_connection(c->mhd);
        c->suspended = true;
        enter(c, PHASE_IDLE);
        if (s->stopping)
            end(c);
        else if (c->arrived)
            look(c);
        c->arrived = false;
    }
}

static void run_library(struct library *l)
{
    for (int i = 0; i < TURNS_OF_LIBRARY && l->run; i++) {
        MHD_UNSIGNED_LONG_LONG wait_ms;
        l->run = false;
        (void)MHD_run(l->daemon);
        rest_ended(l->s);
        if (MHD_get_timeout(l->daemon, &wait_ms) == MHD_YES && wait_ms == 0)
            l->run = true;
    }
}

void server_turn(struct server *s, int64_t max_wait_ms)
{
    loop_turn(s->loop, s->small.run || s->large.run ? 0 : max_wait_ms);
    run_library(&s->small);
    run_library(&s->large);
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

static bool start_library(struct server *s, struct library *l, size_t pool_B)
{
    l->s = s;
    l->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL, NULL, handle, s,
        MHD_OPTION_EXTERNAL_LOGGER, library_says, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool_B,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)s->set->connections_max + 16, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
        MHD_OPTION_NOTIFY_COMPLETED, completed, s, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, s,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (l->daemon == NULL)
        return false;
    l->watch = (struct watch){ library_ready, MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, 0 };
    return loop_watch(s->loop, &l->watch, EPOLLIN);
}

static void stop_library(struct library *l)
{
    loop_forget(l->s->loop, &l->watch);
    MHD_stop_daemon(l->daemon);
}

/* What answers a request that came behind another one. */
static bool make_pipelined(struct server *s)
{
    s->pipelined = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    return s->pipelined != NULL && MHD_add_response_header(s->pipelined, "Connection", "close") == MHD_YES;
}

struct server *server_new(struct loop *l, const struct world *w, const struct settings *set, int listen_fd,
                          const struct server_hooks *hooks)
{
    struct arena *a = arena_new();
    struct server *s = arena_make(a, struct server);

    s->arena = a;
    s->loop = l;
    s->world = w;
    s->set = set;
    s->hooks = *hooks;
    s->sweep.due = sweep;
    s->queues[PHASE_HEADER].lasts_ms = set->request_header_s * 1000;
    s->queues[PHASE_BODY].lasts_ms = set->request_body_s * 1000;
    s->queues[PHASE_WRITE].lasts_ms = SERVER_WRITE_S * 1000;
    s->queues[PHASE_IDLE].lasts_ms = SERVER_IDLE_S * 1000;
    s->queues[PHASE_LINGER].lasts_ms = SERVER_LINGER_S * 1000;
    s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    world_random(w, &s->codes, sizeof s->codes);
    s->listening = (struct watch){ knock, listen_fd, 0 };
    /* One knock wakes one loop, where loops share a Unix socket. */
    if (!start_library(s, &s->small, SMALL_POOL_B) || !start_library(s, &s->large, LARGE_POOL_B) ||
        !make_pipelined(s) || !loop_watch(l, &s->listening, EPOLLIN | EPOLLEXCLUSIVE)) {
        log_event(LOG_ERROR, "http.start_failed");
        abort();
    }
    return s;
}

void server_stop(struct server *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    loop_forget(s->loop, &s->listening);
    (void)close(s->listening.fd);
    while (s->queues[PHASE_IDLE].first != NULL)
        end(s->queues[PHASE_IDLE].first);
    for (struct conn *c = s->queues[PHASE_HEADER].first, *next; c != NULL; c = next) {
        next = c->next;
        if (!c->begun)
            end(c);
    }
}

size_t server_connections(const struct server *s)
{
    return s->connections;
}

size_t server_waiting(const struct server *s)
{
    return s->waiting;
}

static void end_all(struct server *s)
{
    for (enum phase p = PHASE_HEADER; p < PHASES; p++)
        for (struct conn *c = s->queues[p].first, *next; c != NULL; c = next) {
            next = c->next;
            end(c);
        }
}

void server_free(struct server *s)
{
    if (s == NULL)
        return;
    assert(s->waiting == 0);
    server_stop(s);
    end_all(s);
    run_library(&s->small);
    run_library(&s->large);
    timer_clear(s->loop, &s->sweep);
    stop_library(&s->small);
    stop_library(&s->large);
    MHD_destroy_response(s->pipelined);
    if (s->reserve_fd >= 0)
        (void)close(s->reserve_fd);
    while (s->spare_n > 0)
        arena_free(s->spare[--s->spare_n]);
    arena_free(s->arena);
}
