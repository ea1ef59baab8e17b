/* SPDX-License-Identifier: EUPL-1.2
 *
 * hiredis gives its protocol reader; the connection is ours.  Its own
 * asynchronous context has no deadlines in 0.14 and answers late replies, and a
 * connection that is given up together with its queue cannot mix two people up.
 */
#include "wire/kv.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

enum {
    BACKLOG_MAX_B = 8 << 20,              /* commands not yet taken by the kernel */
    REPLY_MAX_B = KV_VALUE_MAX_B + 65536, /* bytes read without a whole reply among them */
    REPLY_ELEMENTS_MAX = 1024,
    PASSWORD_MAX_B = 1024,
    RETRY_FIRST_MS = 20,
    RETRY_MOST_MS = 1000,
    HEARTBEAT_MS = 1000,
    EPOCH_TEXT_B = 16
};

static const struct {
    const char *prefix;
    int version;
} families[KV_FAMILY_COUNT] = {
#define X(family, prefix, version) [KV_##family] = { prefix, version },
    KV_FAMILIES(X)
#undef X
};

enum state { AWAY = 0, CONNECTING, GREETING, READY };

struct reply {
    int type; /* REDIS_REPLY_… */
    int64_t number;
    struct str text;
    struct reply **elements;
    size_t n;
};

/* One command under way.  Redis answers in order, so the head of the queue is
 * the oldest and its deadline the nearest. */
struct asked {
    struct asked *next;
    void (*answer)(struct kv *k, struct asked *q, const struct reply *r);
    struct batch *batch; /* NULL: a command of our own */
    struct arena *arena;
    struct kv_got *out;
    int64_t deadline_ms;
};

struct kv {
    struct watch watch; /* first: a watch leads back to its kv */
    struct timer deadline, flush, heartbeat, retry;
    struct arena *arena, *out_arena, *reply_arena, *own_arena;
    struct loop *loop;
    const struct world *world;
    struct kv_config config;
    enum state state;
    const char *trouble;  /* why there is no connection; "" when there is one */
    const char *refusing; /* what a connected Redis refuses with; "" when nothing */
    struct asked *first, **last;
    struct buf out;
    size_t out_at;
    redisReader *reader;
    size_t unanswered_B; /* read since the last whole reply */
    unsigned failures;
    unsigned connection; /* counts connections, to see that one has ended */
    char epoch[EPOCH_TEXT_B];
    bool has_epoch;
};

#define KV_OF(member_pointer, member) ((struct kv *)(void *)((char *)(member_pointer)-offsetof(struct kv, member)))

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

static void connect_now(struct kv *k);
static void give_up(struct kv *k, const char *why);

/* hiredis's reader builds replies in our arena: nothing of the C heap, and a
 * limit on elements that 0.14 lacks. */

static struct reply *reply_new(const redisReadTask *task)
{
    struct kv *k = task->privdata;
    struct reply *r = arena_make(k->reply_arena, struct reply);

    r->type = task->type;
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

    r->type = REDIS_REPLY_NIL; /* the task is still the text or list that turned out to be none */
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

static void note_trouble(struct kv *k, const char *why)
{
    if (strcmp(k->trouble, why) == 0)
        return;
    k->trouble = why;
    if (why[0] != '\0')
        log_event(LOG_ERROR, "kv.away", LOG_C("why", why));
    else
        log_event(LOG_INFO, "kv.ready");
}

static void note_refusing(struct kv *k, const char *what)
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
            give_up(k, "cut");
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

/* Lengths in front of every part, so no byte of a value is ever read as protocol. */
static bool put_command(struct kv *k, const struct str *parts, size_t n)
{
    size_t need = 32;

    for (size_t i = 0; i < n; i++)
        need += parts[i].n + 32;
    if (k->out.n + need > BACKLOG_MAX_B)
        return false;
    buf_printf(&k->out, "*%zu\r\n", n);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&k->out, "$%zu\r\n", parts[i].n);
        buf_add(&k->out, parts[i]);
        buf_add(&k->out, S("\r\n"));
    }
    return buf_ok(&k->out);
}

static void queue(struct kv *k, struct asked *q)
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

    if (k->state == CONNECTING)
        give_up(k, "timeout");
    else if (k->first != NULL && k->first->deadline_ms > now_ms)
        timer_set(k->loop, &k->deadline, k->first->deadline_ms - now_ms);
    else if (k->first != NULL)
        give_up(k, "timeout");
}

/* Answering. */

static void answered(struct asked *q, enum kv_outcome outcome)
{
    q->out->outcome = outcome;
    batch_answered(q->batch);
}

static void answer_value(struct kv *k, struct asked *q, const struct reply *r)
{
    if (r->type == REDIS_REPLY_STRING && r->text.n <= KV_VALUE_MAX_B) {
        q->out->value = arena_str(q->arena, r->text);
        answered(q, KV_HIT);
    } else {
        answered(q, r->type == REDIS_REPLY_NIL ? KV_MISS : KV_DOWN);
    }
}

static bool said_ok(const struct reply *r)
{
    return r->type == REDIS_REPLY_STATUS && str_eq(r->text, S("OK"));
}

static void answer_stored(struct kv *k, struct asked *q, const struct reply *r)
{
    if (said_ok(r))
        note_refusing(k, "");
    answered(q, said_ok(r) ? KV_HIT : r->type == REDIS_REPLY_NIL ? KV_MISS : KV_DOWN);
}

static void answer_added(struct kv *k, struct asked *q, const struct reply *r)
{
    if (said_ok(r))
        note_refusing(k, "");
    answered(q, said_ok(r) ? KV_MISS : r->type == REDIS_REPLY_NIL ? KV_HIT : KV_DOWN);
}

static void answer_was_there(struct kv *k, struct asked *q, const struct reply *r)
{
    answered(q, r->type != REDIS_REPLY_INTEGER ? KV_DOWN : r->number > 0 ? KV_HIT : KV_MISS);
}

static void answer_number(struct kv *k, struct asked *q, const struct reply *r)
{
    q->out->number = r->number;
    answered(q, r->type == REDIS_REPLY_INTEGER && r->number > 0 ? KV_HIT : KV_DOWN);
}

/* The text of an error may quote what we sent, the password too: only its first
 * word is looked at, and only our own word for it is logged.  True: the
 * connection was given up. */
static bool refused(struct kv *k, const struct reply *r)
{
    struct str rest = r->text, word = S("");

    (void)str_split(&rest, ' ', &word);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (!str_eq(word, str_of(refusals[i].word)))
            continue;
        if (refusals[i].give_up)
            give_up(k, refusals[i].trouble);
        else
            note_refusing(k, refusals[i].trouble);
        return refusals[i].give_up;
    }
    note_refusing(k, "command");
    return false;
}

static void take_reply(struct kv *k, const struct reply *r)
{
    struct asked *q = k->first;

    if (q == NULL) {
        give_up(k, "garbage");
        return;
    }
    /* Given up, the question is answered with the rest of the queue. */
    if (r->type == REDIS_REPLY_ERROR && q->batch != NULL && refused(k, r))
        return;
    k->first = q->next;
    if (k->first == NULL)
        k->last = &k->first;
    q->answer(k, q, r);
}

/* The first conversation of a connection: the password, the role, who it is.
 * Until it is over nothing else is sent: that a socket connects proves nothing. */

static void ask_own(struct kv *k, const struct str *parts, size_t n,
                    void (*answer)(struct kv *k, struct asked *q, const struct reply *r))
{
    struct asked *q = arena_make(k->own_arena, struct asked);

    q->answer = answer;
    if (put_command(k, parts, n))
        queue(k, q);
}

static void greeted_auth(struct kv *k, struct asked *q, const struct reply *r)
{
    if (!said_ok(r))
        give_up(k, "password");
}

/* True: the connection was given up. */
static bool not_primary(struct kv *k, const struct reply *r)
{
    if (r->type == REDIS_REPLY_ERROR)
        return refused(k, r) || (give_up(k, "permission"), true);
    if (r->type == REDIS_REPLY_ARRAY && r->n > 0 && r->elements[0] != NULL && str_eq(r->elements[0]->text, S("master")))
        return false;
    give_up(k, r->type == REDIS_REPLY_ARRAY ? "replica" : "garbage");
    return true;
}

static void greeted_role(struct kv *k, struct asked *q, const struct reply *r)
{
    (void)not_primary(k, r);
}

static void heartbeat_answered(struct kv *k, struct asked *q, const struct reply *r)
{
    if (not_primary(k, r))
        return;
    arena_reset(k->own_arena);
    timer_set(k->loop, &k->heartbeat, HEARTBEAT_MS);
}

static void heartbeat_due(struct timer *t)
{
    struct kv *k = KV_OF(t, heartbeat);

    if (k->state == READY)
        ask_own(k, (const struct str[]){ S("ROLE") }, 1, heartbeat_answered);
}

static struct str info_line(struct str info, struct str name)
{
    struct str line;

    while (str_split(&info, '\n', &line))
        if (str_has_prefix(line, name))
            return str_trim(str_from(line, name.n));
    return (struct str){ NULL, 0 };
}

/* The epoch of a Redis: its run id changes when it starts, its replication id
 * when another one is promoted. */
static void note_epoch(struct kv *k, struct str run_id, struct str replication_id)
{
    struct str hex = sha256_hex(k->reply_arena, arena_join(k->reply_arena, run_id, replication_id));

    if (k->has_epoch && memcmp(k->epoch, hex.p, EPOCH_TEXT_B) == 0)
        return;
    log_event(k->has_epoch ? LOG_WARN : LOG_INFO, "kv.epoch", LOG_S("epoch", str_n(hex.p, EPOCH_TEXT_B)));
    memcpy(k->epoch, hex.p, EPOCH_TEXT_B);
    k->has_epoch = true;
}

static void greeted_info(struct kv *k, struct asked *q, const struct reply *r)
{
    struct str run_id = info_line(r->text, S("run_id:"));
    struct str policy = info_line(r->text, S("maxmemory_policy:"));
    bool bounded = !str_eq(info_line(r->text, S("maxmemory:")), S("0"));

    if (r->type == REDIS_REPLY_ERROR) {
        if (!refused(k, r))
            give_up(k, "permission");
    } else if (r->type != REDIS_REPLY_STRING || !str_is_set(run_id)) {
        give_up(k, "garbage");
    } else if (str_eq(info_line(r->text, S("loading:")), S("1"))) {
        give_up(k, "loading");
    } else if (bounded && str_is_set(policy) && !str_eq(policy, S("noeviction"))) {
        give_up(k, "evicting"); /* would forget replay marks before their time */
    } else {
        note_epoch(k, run_id, info_line(r->text, S("master_replid:")));
        k->state = READY;
        k->failures = 0;
        arena_reset(k->own_arena);
        note_trouble(k, "");
        note_refusing(k, "");
        timer_set(k->loop, &k->heartbeat, HEARTBEAT_MS);
    }
}

static void greet(struct kv *k)
{
    const struct kv_config *c = &k->config;

    k->state = GREETING;
    if (!loop_watch(k->loop, &k->watch, EPOLLIN)) {
        give_up(k, "descriptors");
        return;
    }
    if (str_is_set(c->user))
        ask_own(k, (const struct str[]){ S("AUTH"), c->user, c->password }, 3, greeted_auth);
    else if (str_is_set(c->password))
        ask_own(k, (const struct str[]){ S("AUTH"), c->password }, 2, greeted_auth);
    ask_own(k, (const struct str[]){ S("ROLE") }, 1, greeted_role);
    ask_own(k, (const struct str[]){ S("INFO") }, 1, greeted_info);
}

/* Receiving. */

static void take_replies(struct kv *k)
{
    unsigned connection = k->connection;

    while (k->connection == connection) {
        void *reply = NULL;
        if (redisReaderGetReply(k->reader, &reply) != REDIS_OK) {
            give_up(k, "garbage");
            return;
        }
        if (reply == NULL) /* not yet whole */
            return;
        k->unanswered_B = 0;
        /* RESP3's types that we never ask for come as small numbers. */
        if ((uintptr_t)reply < 4096)
            give_up(k, "garbage");
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
            give_up(k, "cut");
            return;
        }
        k->unanswered_B += (size_t)n;
        if (k->unanswered_B > REPLY_MAX_B || redisReaderFeed(k->reader, piece, (size_t)n) != REDIS_OK) {
            give_up(k, "garbage");
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
        give_up(k, "connect");
    else
        greet(k);
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

/* Connecting. */

static bool address_of(struct str text, struct sockaddr_storage *out, socklen_t *n)
{
    memset(out, 0, sizeof *out);
    if (str_has_prefix(text, S("unix:"))) {
        struct sockaddr_un *u = (struct sockaddr_un *)out;
        text = str_from(text, 5);
        if (text.n == 0 || text.n >= sizeof u->sun_path)
            return false;
        u->sun_family = AF_UNIX;
        memcpy(u->sun_path, text.p, text.n);
        *n = sizeof *u;
        return true;
    }
    size_t colon = text.n;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    int64_t number;
    if (colon < 2 || text.n - colon > 5 || !str_int(str_from(text, colon), &number) || number < 1 || number > 65535)
        return false;
    char host[256] = "", port[8] = "";
    struct str h = str_sub(text, 0, colon - 1);
    if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = str_sub(h, 1, h.n - 2);
    if (h.n >= sizeof host)
        return false;
    memcpy(host, h.p, h.n);
    memcpy(port, text.p + colon, text.n - colon);
    struct addrinfo wanted = { .ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *found = NULL;
    if (getaddrinfo(host, port, &wanted, &found) != 0)
        return false;
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *n = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static void connect_now(struct kv *k)
{
    struct sockaddr_storage to;
    socklen_t n;

    if (!address_of(k->config.address, &to, &n)) {
        give_up(k, "address");
        return;
    }
    k->watch.fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (k->watch.fd < 0) {
        give_up(k, "descriptors");
        return;
    }
    int on = 1;
    if (to.ss_family != AF_UNIX) {
        (void)setsockopt(k->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)setsockopt(k->watch.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    k->reader = redisReaderCreateWithFunctions(&reply_functions);
    if (k->reader == NULL) {
        give_up(k, "memory");
        return;
    }
    k->reader->privdata = k;
    k->state = CONNECTING;
    timer_set(k->loop, &k->deadline, k->config.timeout_ms);
    if (connect(k->watch.fd, (struct sockaddr *)&to, n) == 0)
        greet(k);
    else if (errno != EINPROGRESS)
        give_up(k, "connect");
    else if (!loop_watch(k->loop, &k->watch, EPOLLOUT))
        give_up(k, "descriptors");
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

static void give_up(struct kv *k, const char *why)
{
    disconnect(k);
    note_trouble(k, why);
    timer_set(k->loop, &k->retry, pause_ms(k));
    k->failures++;
    answer_all_down(k);
    arena_reset(k->own_arena);
}

bool kv_config_read(const struct settings *s, struct arena *a, struct kv_config *out, struct fail *f)
{
    struct sockaddr_storage to;
    socklen_t n;
    char password[PASSWORD_MAX_B + 1];

    *out = (struct kv_config){ .address = s->redis, .user = s->redis_user, .timeout_ms = s->kv_timeout_ms };
    if (!address_of(s->redis, &to, &n))
        return fail(f, FAIL_CALLER, "bad_setting",
                    "redis: expected host:port or unix:/path that resolves, got \"%.*s\"", STR_ARG(s->redis));
    if (to.ss_family != AF_UNIX) { /* a name becomes the address it has now */
        char host[64], port[8];
        (void)getnameinfo((struct sockaddr *)&to, n, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV);
        out->address = arena_printf(a, to.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    }
    if (!str_is_set(s->redis_password_file))
        return !str_is_set(s->redis_user) ||
               fail(f, FAIL_CALLER, "bad_setting", "redis_user is set, redis_password_file is not");
    int fd = open(arena_cstr(a, s->redis_password_file), O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, password, sizeof password) : -1;
    if (fd >= 0)
        (void)close(fd);
    if (got <= 0 || got > PASSWORD_MAX_B)
        return fail(f, FAIL_OURS, "redis_password_file", "redis_password_file \"%.*s\": %s",
                    STR_ARG(s->redis_password_file), got < 0 ? strerror(errno) : "empty, or longer than 1024 bytes");
    out->password = arena_str(a, str_trim(str_n(password, (size_t)got)));
    explicit_bzero(password, sizeof password);
    return true;
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
                                    arena_str(a, config->password), config->timeout_ms };
    k->watch = (struct watch){ ready, -1, 0 };
    k->deadline.due = deadline_due;
    k->flush.due = flush_due;
    k->heartbeat.due = heartbeat_due;
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

const char *kv_trouble(const struct kv *k)
{
    return k->trouble[0] != '\0' ? k->trouble : k->refusing;
}

struct str kv_epoch(const struct kv *k)
{
    return k->has_epoch ? str_n(k->epoch, EPOCH_TEXT_B) : (struct str){ NULL, 0 };
}

/* The commands. */

struct question {
    struct kv *kv;
    struct batch *batch;
    struct arena *arena;
    struct kv_got *out;
    enum kv_family family;
    struct str id;
};

enum { KEY_ARG = 1, PARTS_MAX = 8 };

/* parts[KEY_ARG] is filled in here: no command can be sent without its family. */
static void ask(const struct question *x, struct str *parts, size_t n,
                void (*answer)(struct kv *k, struct asked *q, const struct reply *r))
{
    struct kv *k = x->kv;
    size_t key_at = str_eq(parts[0], S("EVAL")) ? 3 : KEY_ARG;
    bool fits = str_is_set(x->id) && x->id.n <= KV_ID_MAX_B && x->family > KV_NONE && x->family < KV_FAMILY_COUNT;

    *x->out = (struct kv_got){ 0 };
    batch_ask(x->batch);
    if (k->state == READY && fits) {
        parts[key_at] = arena_printf(x->arena, "%s%d:", families[x->family].prefix, families[x->family].version);
        parts[key_at] = arena_join(x->arena, parts[key_at], x->id);
        if (put_command(k, parts, n)) {
            struct asked *q = arena_make(x->arena, struct asked);
            *q = (struct asked){ NULL, answer, x->batch, x->arena, x->out, 0 };
            queue(k, q);
            return;
        }
    }
    batch_answered(x->batch);
}

static struct str number_text(struct arena *a, int64_t number)
{
    return arena_printf(a, "%lld", (long long)number);
}

void kv_get(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id)
{
    ask(&(struct question){ k, b, a, out, family, id }, (struct str[]){ S("GET"), S("") }, 2, answer_value);
}

void kv_take(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id)
{
    ask(&(struct question){ k, b, a, out, family, id }, (struct str[]){ S("GETDEL"), S("") }, 2, answer_value);
}

static void store(const struct question *x, struct str value, int64_t ttl_s, struct str only,
                  void (*answer)(struct kv *k, struct asked *q, const struct reply *r))
{
    struct str parts[] = { S("SET"), S(""), value, S("EX"), number_text(x->arena, ttl_s), only };

    assert(ttl_s > 0 && value.p != NULL && value.n <= KV_VALUE_MAX_B);
    ask(x, parts, only.n > 0 ? 6 : 5, answer);
}

void kv_set(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
            struct str value, int64_t ttl_s)
{
    store(&(struct question){ k, b, a, out, family, id }, value, ttl_s, S(""), answer_stored);
}

void kv_replace(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family,
                struct str id, struct str value, int64_t ttl_s)
{
    store(&(struct question){ k, b, a, out, family, id }, value, ttl_s, S("XX"), answer_stored);
}

void kv_add(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
            struct str value, int64_t ttl_s)
{
    store(&(struct question){ k, b, a, out, family, id }, value, ttl_s, S("NX"), answer_added);
}

void kv_delete(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id)
{
    ask(&(struct question){ k, b, a, out, family, id }, (struct str[]){ S("DEL"), S("") }, 2, answer_was_there);
}

void kv_touch(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
              int64_t ttl_s)
{
    struct str parts[] = { S("EXPIRE"), S(""), number_text(a, ttl_s) };

    assert(ttl_s > 0);
    ask(&(struct question){ k, b, a, out, family, id }, parts, 3, answer_was_there);
}

void kv_count(struct kv *k, struct batch *b, struct arena *a, struct kv_got *out, enum kv_family family, struct str id,
              int64_t ttl_s)
{
    /* A counter whose expiry was set apart from its birth could live for ever. */
    struct str parts[] = { S("EVAL"),
                           S("local n = redis.call('INCR', KEYS[1]) "
                             "if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end "
                             "return n"),
                           S("1"), S(""), number_text(a, ttl_s) };

    assert(ttl_s > 0);
    ask(&(struct question){ k, b, a, out, family, id }, parts, 5, answer_number);
}
