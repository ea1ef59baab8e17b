/* SPDX-License-Identifier: EUPL-1.2
 *
 * hiredis gives its protocol reader; the connection is ours.  Its own
 * asynchronous context has no deadlines in 0.14 and answers late replies, and a
 * connection that is given up together with its queue cannot mix two people up.
 */
#include "wire/kv_link.h"

#include "wire/kv_int.h"
#include "wire/kv_tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

enum {
    BACKLOG_MAX_B = 8 << 20,              /* commands not yet taken by the kernel */
    REPLY_MAX_B = KV_VALUE_MAX_B + 65536, /* bytes read without a whole reply among them */
    REPLY_ELEMENTS_MAX = 1024,
    TLS_ALERT = 0x15 /* the first byte of what a TLS server says to who does not speak it */
};

/* hiredis's reader builds replies in our arena: nothing of the C heap, and a
 * limit on elements that 0.14 lacks. */

static enum reply_type type_of(int type)
{
    return type == REDIS_REPLY_STRING    ? REPLY_TEXT
           : type == REDIS_REPLY_STATUS  ? REPLY_STATUS
           : type == REDIS_REPLY_ERROR   ? REPLY_ERROR
           : type == REDIS_REPLY_INTEGER ? REPLY_NUMBER
           : type == REDIS_REPLY_ARRAY   ? REPLY_LIST
                                         : REPLY_NONE;
}

static struct reply *reply_new(const redisReadTask *task)
{
    struct kv_link *l = task->privdata;
    struct reply *r = arena_make(l->reply_arena, struct reply);

    r->type = type_of(task->type);
    if (task->parent != NULL) {
        struct reply *parent = task->parent->obj;
        parent->elements[task->idx] = r;
    }
    return r;
}

static void *reply_text(const redisReadTask *task, char *p, size_t n)
{
    struct kv_link *l = task->privdata;
    struct reply *r = reply_new(task);

    r->text = arena_str(l->reply_arena, str_n(p, n));
    return r;
}

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static void *reply_list(const redisReadTask *task, element_count n)
{
    struct kv_link *l = task->privdata;

    if ((size_t)n > REPLY_ELEMENTS_MAX) /* a negative one too */
        return NULL;
    struct reply *r = reply_new(task);
    r->n = (size_t)n;
    r->elements = arena_make_n(l->reply_arena, r->n, struct reply *);
    return r;
}

static void *reply_number(const redisReadTask *task, long long number)
{
    struct reply *r = reply_new(task);

    r->number = number;
    return r;
}

static void *reply_nil(const redisReadTask *task)
{
    struct reply *r = reply_new(task);

    r->type = REPLY_NIL; /* the task is still the text or list that turned out to be none */
    return r;
}

static void reply_free(void *reply)
{
    (void)reply; /* goes with the arena */
}

static redisReplyObjectFunctions reply_functions = {
    .createString = reply_text,
    .createArray = reply_list,
    .createInteger = reply_number,
    .createNil = reply_nil,
    .freeObject = reply_free,
};

/* With TLS 1.3 our certificate is judged after we think that all is well; and what is said of it may be lost with the
 * connection. */
static void broke(struct kv_link *l, const char *why)
{
    bool at_once = l->ssl != NULL && l->state == LINK_UP && !l->heard && strcmp(why, "cut") == 0;

    l->hooks->gone(l, at_once ? "tls_client" : why);
}

/* Sending. */

/* "*3" and "$17": there are dozens in a request's commands, and printf is slow at them. */
static void put_length(struct buf *b, char kind, size_t n)
{
    char digits[24];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    buf_byte(b, kind);
    buf_add(b, str_n(digits + at, sizeof digits - at));
    buf_add(b, S("\r\n"));
}

size_t kv_link_size(const struct str *parts, size_t n)
{
    size_t need = 32;

    for (size_t i = 0; i < n; i++)
        need += parts[i].n + 32;
    return need;
}

/* Lengths in front of every part, so no byte of a value is ever read as protocol. */
void kv_link_encode(struct buf *b, const struct str *parts, size_t n)
{
    put_length(b, '*', n);
    for (size_t i = 0; i < n; i++) {
        put_length(b, '$', parts[i].n);
        buf_add(b, parts[i]);
        buf_add(b, S("\r\n"));
    }
}

bool kv_link_put(struct kv_link *l, const struct str *parts, size_t n)
{
    if (l->out.n + kv_link_size(parts, n) > BACKLOG_MAX_B)
        return false;
    kv_link_encode(&l->out, parts, n);
    return buf_ok(&l->out);
}

bool kv_link_put_encoded(struct kv_link *l, struct str command)
{
    if (l->out.n + command.n > BACKLOG_MAX_B)
        return false;
    buf_add(&l->out, command);
    return buf_ok(&l->out);
}

/* AGAIN: the kernel takes no more for now; it was seen to that we hear when it does. */
static enum kv_tls_went write_some(struct kv_link *l, struct str some, struct kv_tls_say *said)
{
    if (l->ssl != NULL)
        return kv_tls_write(l->ssl, some.p, some.n, said);
    *said = (struct kv_tls_say){ .why = "cut", .wants_write = true };
    for (;;) {
        ssize_t n = send(l->watch.fd, some.p, some.n, MSG_NOSIGNAL);
        if (n >= 0) {
            said->n = (size_t)n;
            return KV_TLS_DONE;
        }
        if (errno != EINTR)
            return errno == EAGAIN ? KV_TLS_AGAIN : KV_TLS_BAD;
    }
}

void kv_link_send(struct kv_link *l)
{
    struct str all = buf_str(&l->out);

    while (l->out_at < all.n) {
        struct kv_tls_say said;
        enum kv_tls_went how = write_some(l, str_from(all, l->out_at), &said);
        if (how == KV_TLS_AGAIN) {
            (void)loop_watch(l->loop, &l->watch, said.wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN);
            return;
        }
        if (how == KV_TLS_BAD) {
            broke(l, said.why);
            return;
        }
        l->out_at += said.n;
    }
    arena_reset(l->out_arena);
    l->out = buf_new(l->out_arena, BACKLOG_MAX_B);
    l->out_at = 0;
    (void)loop_watch(l->loop, &l->watch, EPOLLIN);
}

/* Receiving. */

struct str kv_reply_word(const struct reply *r)
{
    struct str rest = r->text, word = S("");

    if (r->type == REPLY_ERROR)
        (void)str_split(&rest, ' ', &word);
    return word;
}

struct str kv_reply_at(const struct reply *r, size_t i)
{
    const struct reply *e = r->type == REPLY_LIST && i < r->n ? r->elements[i] : NULL;

    return e != NULL && e->type == REPLY_TEXT ? e->text : (struct str){ NULL, 0 };
}

static void take_replies(struct kv_link *l)
{
    unsigned connection = l->connection;

    while (l->connection == connection) {
        void *reply = NULL;
        if (redisReaderGetReply(l->reader, &reply) != REDIS_OK) {
            l->hooks->gone(l, "garbage");
            return;
        }
        if (reply == NULL) /* not yet whole */
            return;
        l->unanswered_B = 0;
        /* RESP3's types that we never ask for come as small numbers. */
        if ((uintptr_t)reply < 4096)
            l->hooks->gone(l, "garbage");
        else
            l->hooks->reply(l, reply);
        if (l->connection == connection)
            arena_reset(l->reply_arena);
    }
}

/* DONE with n 0: the other side has hung up. */
static enum kv_tls_went read_some(struct kv_link *l, char *piece, size_t n, struct kv_tls_say *said)
{
    if (l->ssl != NULL)
        return kv_tls_read(l->ssl, piece, n, said);
    *said = (struct kv_tls_say){ .why = "cut" };
    ssize_t got = read(l->watch.fd, piece, n);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? KV_TLS_AGAIN : KV_TLS_BAD;
    said->n = (size_t)got;
    return got > 0 ? KV_TLS_DONE : KV_TLS_BAD;
}

static bool speaks_tls(const struct kv_link *l, const char *piece)
{
    return l->ssl == NULL && !l->heard && piece[0] == TLS_ALERT;
}

static void receive(struct kv_link *l)
{
    char piece[16384];
    unsigned connection = l->connection;
    struct kv_tls_say said;

    do {
        enum kv_tls_went how = read_some(l, piece, sizeof piece, &said);
        if (how == KV_TLS_AGAIN) {
            if (said.wants_write)
                (void)loop_watch(l->loop, &l->watch, EPOLLIN | EPOLLOUT);
            return;
        }
        if (how == KV_TLS_BAD || speaks_tls(l, piece)) {
            broke(l, how == KV_TLS_BAD ? said.why : "tls_wanted");
            return;
        }
        l->heard = true;
        l->unanswered_B += said.n;
        if (l->unanswered_B > REPLY_MAX_B || redisReaderFeed(l->reader, piece, said.n) != REDIS_OK) {
            l->hooks->gone(l, "garbage");
            return;
        }
        take_replies(l);
        /* In TLS what has been read from the kernel may hold more. */
    } while (l->connection == connection && (l->ssl != NULL || said.n == sizeof piece));
}

/* Connecting. */

static void be_up(struct kv_link *l)
{
    l->state = LINK_UP;
    if (loop_watch(l->loop, &l->watch, EPOLLIN))
        l->hooks->up(l);
    else
        l->hooks->gone(l, "descriptors");
}

static void shake(struct kv_link *l)
{
    struct kv_tls_say said;
    enum kv_tls_went how = kv_tls_shake(l->ssl, &said);

    if (how == KV_TLS_BAD)
        l->hooks->gone(l, said.why);
    else if (how == KV_TLS_DONE)
        be_up(l);
    else if (!loop_watch(l->loop, &l->watch, said.wants_write ? EPOLLOUT : EPOLLIN))
        l->hooks->gone(l, "descriptors");
}

static void connected(struct kv_link *l)
{
    int trouble = 0;
    socklen_t n = sizeof trouble;

    if (getsockopt(l->watch.fd, SOL_SOCKET, SO_ERROR, &trouble, &n) != 0 || trouble != 0) {
        l->hooks->gone(l, "connect");
        return;
    }
    if (l->tls == NULL) {
        be_up(l);
        return;
    }
    l->state = LINK_SHAKING;
    l->ssl = kv_tls_start(l->tls, l->watch.fd, l->host);
    if (l->ssl == NULL)
        l->hooks->gone(l, "memory");
    else
        shake(l);
}

static void ready(struct watch *w, uint32_t events)
{
    struct kv_link *l = (struct kv_link *)w;
    unsigned connection = l->connection;

    if (l->state == LINK_CONNECTING) {
        connected(l);
        return;
    }
    if (l->state == LINK_SHAKING) {
        shake(l);
        return;
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        receive(l);
    /* What TLS would not write before it had read is tried again as well. */
    if (l->connection == connection && ((events & EPOLLOUT) || (l->ssl != NULL && l->out_at < l->out.n)))
        kv_link_send(l);
}

void kv_link_open(struct kv_link *l, struct str address)
{
    struct sockaddr_storage to;
    socklen_t n;
    int on = 1;

    if (!kv_address(address, &to, &n)) {
        l->hooks->gone(l, "address");
        return;
    }
    l->host = kv_host(address);
    l->watch.fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->watch.fd < 0) {
        l->hooks->gone(l, "descriptors");
        return;
    }
    if (to.ss_family != AF_UNIX) {
        (void)setsockopt(l->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)setsockopt(l->watch.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    l->reader = redisReaderCreateWithFunctions(&reply_functions);
    if (l->reader == NULL) {
        l->hooks->gone(l, "memory");
        return;
    }
    l->reader->privdata = l;
    l->state = LINK_CONNECTING;
    if (connect(l->watch.fd, (struct sockaddr *)&to, n) == 0)
        connected(l);
    else if (errno != EINPROGRESS)
        l->hooks->gone(l, "connect");
    else if (!loop_watch(l->loop, &l->watch, EPOLLOUT))
        l->hooks->gone(l, "descriptors");
}

void kv_link_close(struct kv_link *l)
{
    l->state = LINK_CLOSED;
    l->connection++;
    kv_tls_free(l->ssl);
    l->ssl = NULL;
    if (l->watch.fd >= 0) {
        loop_forget(l->loop, &l->watch);
        (void)close(l->watch.fd);
        l->watch.fd = -1;
    }
    if (l->reader != NULL)
        redisReaderFree(l->reader);
    l->reader = NULL;
    l->unanswered_B = 0;
    l->heard = false;
    arena_reset(l->out_arena);
    l->out = buf_new(l->out_arena, BACKLOG_MAX_B);
    l->out_at = 0;
}

void kv_link_init(struct kv_link *l, struct loop *loop, const struct kv_tls *tls, const struct kv_link_hooks *hooks)
{
    *l = (struct kv_link){ .watch = { ready, -1, 0 }, .hooks = hooks, .loop = loop, .tls = tls };
    l->out_arena = arena_new_secret(); /* the password passes through */
    l->reply_arena = arena_new();
    l->out = buf_new(l->out_arena, BACKLOG_MAX_B);
}

void kv_link_free(struct kv_link *l)
{
    kv_link_close(l);
    arena_free(l->out_arena);
    arena_free(l->reply_arena);
}
