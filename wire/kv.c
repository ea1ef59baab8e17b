/* SPDX-License-Identifier: EUPL-1.2
 *
 * hiredis gives its protocol reader; the connection is ours.  Its own
 * asynchronous context has no deadlines in 0.14 and answers late replies, and a
 * connection that is given up together with its queue cannot mix two people up.
 */
#include "wire/kv_int.h"

#include "base/crypt.h"
#include "base/log.h"

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
    RETRY_FIRST_MS = 20,
    RETRY_MOST_MS = 1000,
    PROBE_B = 9
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
    struct kv *k = task->privdata;
    struct reply *r = arena_make(k->reply_arena, struct reply);

    r->type = type_of(task->type);
    if (task->parent != NULL) {
        struct reply *parent = task->parent->obj;
        parent->elements[task->idx] = r;
    }
    return r;
}

static void *reply_text(const redisReadTask *task, char *p, size_t n)
{
    struct kv *k = task->privdata;
    struct reply *r = reply_new(task);

    r->text = arena_str(k->reply_arena, str_n(p, n));
    return r;
}

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static void *reply_list(const redisReadTask *task, element_count n)
{
    struct kv *k = task->privdata;

    if ((size_t)n > REPLY_ELEMENTS_MAX) /* a negative one too */
        return NULL;
    struct reply *r = reply_new(task);
    r->n = (size_t)n;
    r->elements = arena_make_n(k->reply_arena, r->n, struct reply *);
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

/* What Redis says in the first word of an error; what we call it; whether the
 * connection is of no use any more. */
static const struct {
    const char *word, *trouble;
    bool give_up;
} refusals[] = {
    { "READONLY", "replica", true },     { "LOADING", "loading", true },    { "NOAUTH", "password", true },
    { "WRONGPASS", "password", true },   { "MASTERDOWN", "replica", true }, { "CLUSTERDOWN", "cluster", true },
    { "OOM", "memory", false },          { "MISCONF", "disk", false },      { "NOPERM", "permission", false },
    { "NOREPLICAS", "replicas", false }, { "BUSY", "busy", false },         { "MOVED", "cluster", true },
};

void kv_note_trouble(struct kv *k, const char *why)
{
    if (strcmp(k->trouble, why) == 0)
        return;
    k->trouble = why;
    /* A private Redis starts beside us: until it has been here once, its absence is no alarm. */
    if (why[0] != '\0')
        log_event(k->has_epoch ? LOG_ERROR : LOG_WARN, "kv.away", LOG_C("why", why));
    else
        log_event(LOG_INFO, "kv.ready");
}

void kv_note_refusing(struct kv *k, const char *what)
{
    if (strcmp(k->refusing, what) == 0)
        return;
    k->refusing = what;
    if (what[0] != '\0')
        log_event(LOG_ERROR, "kv.refuses", LOG_C("why", what));
    else
        log_event(LOG_INFO, "kv.accepts");
}

/* Sending. */

static void send_out(struct kv *k)
{
    struct str all = buf_str(&k->out);

    while (k->out_at < all.n) {
        ssize_t n = send(k->watch.fd, all.p + k->out_at, all.n - k->out_at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            (void)loop_watch(k->loop, &k->watch, EPOLLIN | EPOLLOUT);
            return;
        }
        if (n < 0) {
            kv_give_up(k, "cut");
            return;
        }
        k->out_at += (size_t)n;
    }
    arena_reset(k->out_arena);
    k->out = buf_new(k->out_arena, BACKLOG_MAX_B);
    k->out_at = 0;
    (void)loop_watch(k->loop, &k->watch, EPOLLIN);
}

static void flush_due(struct timer *t)
{
    struct kv *k = KV_OF(t, flush);

    if (k->state >= GREETING)
        send_out(k);
}

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

/* Lengths in front of every part, so no byte of a value is ever read as protocol. */
bool kv_put(struct kv *k, const struct str *parts, size_t n)
{
    size_t need = 32;

    for (size_t i = 0; i < n; i++)
        need += parts[i].n + 32;
    if (k->out.n + need > BACKLOG_MAX_B)
        return false;
    put_length(&k->out, '*', n);
    for (size_t i = 0; i < n; i++) {
        put_length(&k->out, '$', parts[i].n);
        buf_add(&k->out, parts[i]);
        buf_add(&k->out, S("\r\n"));
    }
    return buf_ok(&k->out);
}

void kv_queue(struct kv *k, struct asked *q)
{
    q->deadline_ms = loop_now_ms(k->loop) + k->config.timeout_ms;
    *k->last = q;
    k->last = &q->next;
    if (k->deadline.next == NULL)
        timer_set(k->loop, &k->deadline, k->config.timeout_ms);
    /* At the end of this turn, so that all commands of a turn leave in one write. */
    if (k->flush.next == NULL)
        timer_set(k->loop, &k->flush, 0);
}

static void deadline_due(struct timer *t)
{
    struct kv *k = KV_OF(t, deadline);
    int64_t now_ms = loop_now_ms(k->loop);

    if (timer_overslept(k->loop, t))
        return;
    if (k->state == CONNECTING)
        kv_give_up(k, "timeout");
    else if (k->first != NULL && k->first->deadline_ms > now_ms)
        timer_set(k->loop, &k->deadline, k->first->deadline_ms - now_ms);
    else if (k->first != NULL)
        kv_give_up(k, "timeout");
}

/* The text of an error may quote what we sent, the password too: only its first
 * word is looked at, and only our own word for it is logged.  True: the
 * connection was given up. */
bool kv_refused(struct kv *k, const struct reply *r)
{
    struct str rest = r->text, word = S("");

    (void)str_split(&rest, ' ', &word);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (!str_eq(word, str_of(refusals[i].word)))
            continue;
        if (refusals[i].give_up)
            kv_give_up(k, refusals[i].trouble);
        else
            kv_note_refusing(k, refusals[i].trouble);
        return refusals[i].give_up;
    }
    kv_note_refusing(k, "command");
    return false;
}

static void take_reply(struct kv *k, const struct reply *r)
{
    struct asked *q = k->first;

    if (q == NULL) {
        kv_give_up(k, "garbage");
        return;
    }
    /* Given up, the question is answered with the rest of the queue. */
    if (r->type == REPLY_ERROR && q->batch != NULL && kv_refused(k, r))
        return;
    k->first = q->next;
    if (k->first == NULL)
        k->last = &k->first;
    q->answer(k, q, r);
}

/* Receiving. */

static void take_replies(struct kv *k)
{
    unsigned connection = k->connection;

    while (k->connection == connection) {
        void *reply = NULL;
        if (redisReaderGetReply(k->reader, &reply) != REDIS_OK) {
            kv_give_up(k, "garbage");
            return;
        }
        if (reply == NULL) /* not yet whole */
            return;
        k->unanswered_B = 0;
        /* RESP3's types that we never ask for come as small numbers. */
        if ((uintptr_t)reply < 4096)
            kv_give_up(k, "garbage");
        else
            take_reply(k, reply);
        if (k->connection == connection)
            arena_reset(k->reply_arena);
    }
}

static void receive(struct kv *k)
{
    char piece[16384];
    unsigned connection = k->connection;
    ssize_t n;

    do {
        n = read(k->watch.fd, piece, sizeof piece);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            kv_give_up(k, "cut");
            return;
        }
        k->unanswered_B += (size_t)n;
        if (k->unanswered_B > REPLY_MAX_B || redisReaderFeed(k->reader, piece, (size_t)n) != REDIS_OK) {
            kv_give_up(k, "garbage");
            return;
        }
        take_replies(k);
    } while (k->connection == connection && (size_t)n == sizeof piece);
}

static void connected(struct kv *k)
{
    int trouble = 0;
    socklen_t n = sizeof trouble;

    if (getsockopt(k->watch.fd, SOL_SOCKET, SO_ERROR, &trouble, &n) != 0 || trouble != 0)
        kv_give_up(k, "connect");
    else
        kv_greet(k);
}

static void ready(struct watch *w, uint32_t events)
{
    struct kv *k = (struct kv *)w;
    unsigned connection = k->connection;

    if (k->state == CONNECTING) {
        connected(k);
        return;
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        receive(k);
    if (k->connection == connection && (events & EPOLLOUT))
        send_out(k);
}

static void connect_now(struct kv *k)
{
    struct sockaddr_storage to;
    socklen_t n;

    if (!kv_address(k->config.address, &to, &n)) {
        kv_give_up(k, "address");
        return;
    }
    k->watch.fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (k->watch.fd < 0) {
        kv_give_up(k, "descriptors");
        return;
    }
    int on = 1;
    if (to.ss_family != AF_UNIX) {
        (void)setsockopt(k->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)setsockopt(k->watch.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    k->reader = redisReaderCreateWithFunctions(&reply_functions);
    if (k->reader == NULL) {
        kv_give_up(k, "memory");
        return;
    }
    k->reader->privdata = k;
    k->state = CONNECTING;
    timer_set(k->loop, &k->deadline, k->config.timeout_ms);
    if (connect(k->watch.fd, (struct sockaddr *)&to, n) == 0)
        kv_greet(k);
    else if (errno != EINPROGRESS)
        kv_give_up(k, "connect");
    else if (!loop_watch(k->loop, &k->watch, EPOLLOUT))
        kv_give_up(k, "descriptors");
}

static void retry_due(struct timer *t)
{
    connect_now(KV_OF(t, retry));
}

/* Half of the pause is chance, so that many loops and nodes do not come back in step. */
static int64_t pause_ms(struct kv *k)
{
    int64_t most = RETRY_FIRST_MS;
    uint32_t chance;

    for (unsigned i = 0; i < k->failures && most < RETRY_MOST_MS; i++)
        most *= 2;
    if (most > RETRY_MOST_MS)
        most = RETRY_MOST_MS;
    world_random(k->world, &chance, sizeof chance);
    return most / 2 + chance % (most / 2 + 1);
}

static void disconnect(struct kv *k)
{
    k->state = AWAY;
    k->connection++;
    if (k->watch.fd >= 0) {
        loop_forget(k->loop, &k->watch);
        (void)close(k->watch.fd);
        k->watch.fd = -1;
    }
    timer_clear(k->loop, &k->deadline);
    timer_clear(k->loop, &k->flush);
    timer_clear(k->loop, &k->heartbeat);
    if (k->reader != NULL)
        redisReaderFree(k->reader);
    k->reader = NULL;
    k->unanswered_B = 0;
    arena_reset(k->out_arena);
    k->out = buf_new(k->out_arena, BACKLOG_MAX_B);
    k->out_at = 0;
}

/* Whatever was under way may or may not have happened: DOWN.  Answers may ask
 * again; they are DOWN at once, because the state says so already. */
static void answer_all_down(struct kv *k)
{
    struct asked *q = k->first;

    k->first = NULL;
    k->last = &k->first;
    while (q != NULL) {
        struct asked *next = q->next; /* q may go with its request */
        if (q->batch != NULL) {
            *q->out = (struct kv_got){ 0 };
            batch_answered(q->batch);
        }
        q = next;
    }
}

void kv_give_up(struct kv *k, const char *why)
{
    disconnect(k);
    kv_note_trouble(k, why);
    timer_set(k->loop, &k->retry, pause_ms(k));
    k->failures++;
    answer_all_down(k);
    arena_reset(k->own_arena);
}

struct kv *kv_new(struct loop *l, const struct world *w, const struct kv_config *config)
{
    struct arena *a = arena_new_secret();
    struct kv *k = arena_make(a, struct kv);

    k->arena = a;
    k->out_arena = arena_new_secret(); /* the password passes through */
    k->reply_arena = arena_new();
    k->own_arena = arena_new();
    k->loop = l;
    k->world = w;
    k->config = (struct kv_config){ arena_str(a, config->address), arena_str(a, config->user),
                                    arena_str(a, config->password), config->timeout_ms, arena_str(a, config->beat) };
    k->beat_key = kv_key(a, KV_BEAT, str_is_set(config->beat) ? config->beat : S("-"));
    k->probe_key = kv_key(a, KV_PROBE, crypt_token(a, w, PROBE_B)); /* nobody else's: it is taken again */
    k->watch = (struct watch){ ready, -1, 0 };
    k->deadline.due = deadline_due;
    k->flush.due = flush_due;
    k->heartbeat.due = kv_heartbeat_due;
    k->retry.due = retry_due;
    k->last = &k->first;
    k->out = buf_new(k->out_arena, BACKLOG_MAX_B);
    k->trouble = "starting";
    k->refusing = "";
    connect_now(k);
    return k;
}

void kv_free(struct kv *k)
{
    if (k == NULL)
        return;
    disconnect(k);
    answer_all_down(k);
    timer_clear(k->loop, &k->retry);
    arena_free(k->out_arena);
    arena_free(k->reply_arena);
    arena_free(k->own_arena);
    arena_free(k->arena);
}

bool kv_ready(const struct kv *k)
{
    return k->state == READY;
}

bool kv_accepts(const struct kv *k)
{
    return k->state == READY && k->refusing[0] == '\0';
}

int64_t kv_beat(const struct kv *k)
{
    return k->beat;
}

const char *kv_trouble(const struct kv *k)
{
    return k->trouble[0] != '\0' ? k->trouble : k->refusing;
}

struct str kv_epoch(const struct kv *k)
{
    return k->has_epoch ? str_n(k->epoch, KV_EPOCH_TEXT_B) : (struct str){ NULL, 0 };
}

int kv_away(struct fail *f, const char *what)
{
    return fail(f, FAIL_OURS, "temporarily_unavailable", "Redis is away (%s)", what);
}
