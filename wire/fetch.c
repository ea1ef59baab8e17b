/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/fetch.h"

#include "base/log.h"
#include "wire/form.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    GRACE_MS = 2000,
    ABSENT = 0xFFFFFFFF
}; /* GRACE_MS: the fetcher ends a fetch itself; this is for a fetcher that hangs */

const struct fetch_limit fetch_limits[FETCH_PURPOSE_COUNT] = {
#define X(purpose, redirects, most_B, most_ms) [FETCH_##purpose] = { redirects, most_B, most_ms },
    FETCH_PURPOSES(X)
#undef X
};

struct fetch_request fetch_sign_in(struct arena *a, struct str url, struct str start_body, struct str back,
                                   struct str user, struct str password)
{
    struct buf b = buf_new(a, FETCH_BODY_MAX_B);

    form_add(&b, S("back"), back);
    form_add(&b, S("user"), user);
    form_add(&b, S("password"), password);
    if (start_body.p != NULL)
        form_add(&b, S("start"), start_body);
    return (struct fetch_request){ .purpose = FETCH_SIGN_IN,
                                   .url = buf_ok(&b) ? url : (struct str){ NULL, 0 },
                                   .body = buf_str(&b) };
}

/* The messages. */

struct header {
    uint32_t type, size; /* size: of the whole message */
    uint64_t id;         /* of the request; of a hello: the generation */
};

struct reader {
    struct str rest;
    bool good;
};

static void put_number(struct buf *b, int64_t n)
{
    buf_add(b, str_n(&n, sizeof n));
}

static void put_text(struct buf *b, struct str s)
{
    uint32_t n = s.p != NULL ? (uint32_t)s.n : ABSENT;

    buf_add(b, str_n(&n, sizeof n));
    if (s.p != NULL && s.n > 0)
        buf_add(b, s);
}

static struct str take(struct reader *r, size_t n)
{
    if (!r->good || r->rest.n < n) {
        r->good = false;
        return S("");
    }
    struct str part = str_sub(r->rest, 0, n);
    r->rest = str_from(r->rest, n);
    return part;
}

static int64_t get_number(struct reader *r)
{
    int64_t n = 0;
    struct str part = take(r, sizeof n);

    if (r->good)
        memcpy(&n, part.p, sizeof n);
    return n;
}

static struct str get_text(struct reader *r)
{
    uint32_t n = ABSENT;
    struct str part = take(r, sizeof n);

    if (r->good)
        memcpy(&n, part.p, sizeof n);
    return n == ABSENT ? (struct str){ NULL, 0 } : take(r, n);
}

static struct buf begin(struct arena *a, enum fetch_type type, uint64_t id)
{
    struct buf b = buf_new(a, FETCH_MESSAGE_MAX_B);
    struct header h = { type, 0, id };

    buf_add(&b, str_n(&h, sizeof h));
    return b;
}

/* Absent when the message is too large. */
static struct str end(struct buf *b)
{
    uint32_t size = (uint32_t)b->n;

    if (!buf_ok(b))
        return (struct str){ NULL, 0 };
    memcpy(b->p + offsetof(struct header, size), &size, sizeof size);
    return buf_str(b);
}

static bool open_message(struct str message, enum fetch_type type, uint64_t *id, struct reader *r)
{
    struct header h;

    if (message.p == NULL || message.n < sizeof h)
        return false;
    memcpy(&h, message.p, sizeof h);
    if (h.type != type || h.size != message.n)
        return false;
    *id = h.id;
    *r = (struct reader){ str_from(message, sizeof h), true };
    return true;
}

enum fetch_type fetch_type_of(struct str message)
{
    struct header h = { 0 };

    if (message.p == NULL || message.n < sizeof h)
        return FETCH_MSG_NONE;
    memcpy(&h, message.p, sizeof h);
    return h.size == message.n && h.type <= FETCH_MSG_ANSWER ? (enum fetch_type)h.type : FETCH_MSG_NONE;
}

struct str fetch_hello_write(struct arena *a, uint64_t generation)
{
    struct buf b = begin(a, FETCH_MSG_HELLO, generation);

    return end(&b);
}

struct str fetch_request_write(struct arena *a, uint64_t id, const struct fetch_request *r)
{
    struct buf b = begin(a, FETCH_MSG_REQUEST, id);
    size_t most_B = r->purpose == FETCH_PICTURE ? FETCH_PICTURE_MAX_B : FETCH_BODY_MAX_B;

    if (r->url.n > FETCH_URL_MAX_B || r->body.n > most_B || r->content_type.n > FETCH_FIELD_MAX_B ||
        r->authorization.n > FETCH_AUTHORIZATION_MAX_B || r->accept.n > FETCH_FIELD_MAX_B ||
        r->networks.n > FETCH_FIELD_MAX_B || r->place.n > FETCH_FIELD_MAX_B || r->field.n > FETCH_FIELD_MAX_B ||
        r->field_value.n > FETCH_FIELD_MAX_B)
        return (struct str){ NULL, 0 };
    put_number(&b, r->purpose);
    put_number(&b, (r->post ? 1 : 0) | (r->test ? 2 : 0));
    put_text(&b, r->url);
    put_text(&b, r->body);
    put_text(&b, r->content_type);
    put_text(&b, r->authorization);
    put_text(&b, r->accept);
    put_text(&b, r->field);
    put_text(&b, r->field_value);
    put_text(&b, r->networks);
    put_text(&b, r->place);
    return end(&b);
}

bool fetch_request_read(struct str message, uint64_t *id, struct fetch_request *out)
{
    struct reader r;

    if (!open_message(message, FETCH_MSG_REQUEST, id, &r))
        return false;
    int64_t purpose = get_number(&r), flags = get_number(&r);
    *out = (struct fetch_request){ .post = (flags & 1) != 0, .test = (flags & 2) != 0 };
    out->url = get_text(&r);
    out->body = get_text(&r);
    out->content_type = get_text(&r);
    out->authorization = get_text(&r);
    out->accept = get_text(&r);
    out->field = get_text(&r);
    out->field_value = get_text(&r);
    out->networks = get_text(&r);
    out->place = get_text(&r);
    if (!r.good || r.rest.n > 0 || purpose <= FETCH_NONE || purpose >= FETCH_PURPOSE_COUNT || flags < 0 || flags > 3)
        return false;
    out->purpose = (enum fetch_purpose)purpose;
    return true;
}

/* The words that an answer may carry; a literal each, so that they can be compared and kept. */
static const char *const words[] = { "away",    "timeout",   "too_large", "refused_address", "refused_url", "resolve",
                                     "connect", "tls",       "redirect",  "protocol",        "busy",        "proxy",
                                     "logo",    "no_server", "login",     "sender",          "server" };

static const char *word_of(struct str s)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(s, str_of(words[i])))
            return words[i];
    return NULL;
}

struct str fetch_answer_write(struct arena *a, uint64_t id, const struct fetch_got *got, bool body_beside)
{
    struct buf b = begin(a, FETCH_MSG_ANSWER, id);

    put_number(&b, (got->answered ? 1 : 0) | (body_beside ? 2 : 0));
    put_number(&b, got->status);
    put_number(&b, got->max_age_s);
    put_number(&b, got->tls_ends_s);
    put_text(&b, str_of(got->error));
    put_text(&b, got->content_type);
    put_text(&b, body_beside ? S("") : got->body);
    return end(&b);
}

bool fetch_answer_read(struct str message, uint64_t *id, struct fetch_got *out, bool *body_beside)
{
    struct reader r;

    if (!open_message(message, FETCH_MSG_ANSWER, id, &r))
        return false;
    int64_t flags = get_number(&r), status = get_number(&r);
    *out = (struct fetch_got){ .answered = (flags & 1) != 0, .status = (int)status, .max_age_s = get_number(&r) };
    out->tls_ends_s = get_number(&r);
    struct str word = get_text(&r);
    out->error = word_of(word);
    out->content_type = get_text(&r);
    out->body = get_text(&r);
    *body_beside = (flags & 2) != 0;
    return r.good && r.rest.n == 0 && flags >= 0 && flags <= 3 && status >= 0 && status <= 999 &&
           out->answered == (word.p == NULL) && (out->answered || out->error != NULL);
}

/* The gateway's end. */

struct fetching { /* one question, in its asker's arena */
    struct timer timer;
    struct fetching *next, **back;
    struct fetch *fetch;
    uint64_t id;
    struct batch *batch;
    struct arena *arena;
    struct fetch_got *out;
    int64_t most_B;
    bool as_file;
};

struct fetch {
    struct watch watch; /* first: a watch leads back */
    struct arena *arena;
    struct loop *loop;
    struct fetching *first;
    uint64_t last_id, generation;
    bool ready;
    char message[FETCH_MESSAGE_MAX_B];
};

static void finish(struct fetching *q, const struct fetch_got *got)
{
    *q->back = q->next;
    if (q->next != NULL)
        q->next->back = q->back;
    timer_clear(q->fetch->loop, &q->timer);
    *q->out = *got;
    batch_answered(q->batch);
}

static void finish_with(struct fetching *q, const char *error)
{
    finish(q, &(struct fetch_got){ .error = error, .max_age_s = -1 });
}

static void timer_due(struct timer *t)
{
    struct fetching *q = (struct fetching *)(void *)((char *)t - offsetof(struct fetching, timer));

    if (!timer_overslept(q->fetch->loop, t))
        finish_with(q, "timeout");
}

/* A list of its own: an answer may ask again, and that question is the next fetcher's. */
static void finish_all(struct fetch *x, const char *error)
{
    struct fetching *all = x->first;

    x->first = NULL;
    if (all != NULL)
        all->back = &all;
    while (all != NULL)
        finish_with(all, error);
}

static struct fetching *find(struct fetch *x, uint64_t id)
{
    struct fetching *q = x->first;

    while (q != NULL && q->id != id)
        q = q->next;
    return q;
}

struct mapping {
    void *p;
    size_t n;
};

static void mapping_release(void *self)
{
    struct mapping *m = self;

    (void)munmap(m->p, m->n);
}

/* A file that nobody can change or cut any more, read where it lies. */
static bool map_body(struct fetching *q, int fd, struct str *out)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS), needed = F_SEAL_SHRINK | F_SEAL_WRITE;

    if (seals < 0 || (seals & needed) != needed || fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > q->most_B)
        return false;
    struct mapping *m = arena_make(q->arena, struct mapping);
    *m = (struct mapping){ mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0), (size_t)st.st_size };
    if (m->p == MAP_FAILED)
        return false;
    arena_adopt(q->arena, m, mapping_release);
    *out = str_n(m->p, m->n);
    return true;
}

static void file_release(void *self)
{
    (void)close(*(int *)self);
}

/* What is too large for memory is read by whoever asked, and never mapped: its size may change under us. */
static bool keep_file(struct fetching *q, int fd, int *out)
{
    struct stat st;
    int *kept = arena_make(q->arena, int);

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > q->most_B)
        return false;
    *kept = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (*kept < 0)
        return false;
    arena_adopt(q->arena, kept, file_release);
    *out = *kept;
    return true;
}

static bool take_beside(struct fetching *q, int fd, struct fetch_got *got)
{
    if (fd < 0)
        return false;
    return q->as_file ? keep_file(q, fd, &got->file) : map_body(q, fd, &got->body);
}

static void take_answer(struct fetch *x, struct str message, int fd)
{
    uint64_t id;
    struct fetch_got got;
    bool beside;

    if (!fetch_answer_read(message, &id, &got, &beside)) {
        log_event(LOG_ERROR, "fetch.garbage");
        return;
    }
    struct fetching *q = find(x, id);
    if (q == NULL) /* too late: it was given up */
        return;
    if (beside ? !take_beside(q, fd, &got) : (int64_t)got.body.n > q->most_B) {
        finish_with(q, "protocol");
        return;
    }
    got.content_type = arena_str(q->arena, got.content_type);
    if (!beside)
        got.body = arena_str(q->arena, got.body);
    finish(q, &got);
}

static void take_hello(struct fetch *x, struct str message)
{
    struct reader r;
    uint64_t generation;

    if (!open_message(message, FETCH_MSG_HELLO, &generation, &r))
        return;
    bool new = x->ready &&generation != x->generation;
    x->ready = true;
    x->generation = generation;
    if (new)
        finish_all(x, "away");
}

static int passed_descriptor(struct msghdr *m)
{
    int fd = -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(m);

    if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

static bool receive_one(struct fetch *x)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec io = { x->message, sizeof x->message };
    struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    ssize_t n = recvmsg(x->watch.fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n <= 0)
        return n < 0 && errno == EINTR;
    int fd = passed_descriptor(&m);
    struct str message = str_n(x->message, (size_t)n);
    if (fetch_type_of(message) == FETCH_MSG_ANSWER)
        take_answer(x, message, fd);
    else if (fetch_type_of(message) == FETCH_MSG_HELLO)
        take_hello(x, message);
    if (fd >= 0)
        (void)close(fd);
    return true;
}

static void ready(struct watch *w, uint32_t events)
{
    struct fetch *x = (struct fetch *)w;

    while (receive_one(x))
        ;
    /* The other end is closed for good: the supervisor, which holds both, is gone. */
    if (events & EPOLLHUP) {
        loop_forget(x->loop, w);
        x->ready = false;
        finish_all(x, "away");
    }
}

struct fetch *fetch_new(struct loop *l, const struct world *w, int fd)
{
    struct arena *a = arena_new();
    struct fetch *x = arena_make(a, struct fetch);

    x->arena = a;
    x->loop = l;
    x->watch = (struct watch){ ready, fd, 0 };
    world_random(w, &x->last_id, sizeof x->last_id); /* answers to an earlier gateway are nobody's */
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void)loop_watch(l, &x->watch, EPOLLIN);
    return x;
}

void fetch_free(struct fetch *x)
{
    if (x == NULL)
        return;
    loop_forget(x->loop, &x->watch);
    finish_all(x, "away");
    arena_free(x->arena);
}

bool fetch_ready(const struct fetch *x)
{
    return x->ready;
}

void fetch_ask(struct fetch *x, struct batch *b, struct arena *a, const struct fetch_request *request,
               struct fetch_got *out)
{
    struct fetching *q = arena_make(a, struct fetching);
    struct str message = fetch_request_write(a, ++x->last_id, request);
    const struct fetch_limit *limit = &fetch_limits[request->purpose];

    *q = (struct fetching){ { .due = timer_due },
                            x->first,
                            &x->first,
                            x,
                            x->last_id,
                            b,
                            a,
                            out,
                            limit->most_B,
                            request->purpose == FETCH_AGGREGATE };
    if (x->first != NULL)
        x->first->back = &q->next;
    x->first = q;
    batch_ask(b);
    timer_set(x->loop, &q->timer, limit->most_ms + GRACE_MS);
    if (message.p == NULL)
        finish_with(q, "refused_url");
    else if (!x->ready)
        finish_with(q, "away");
    else if (send(x->watch.fd, message.p, message.n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        finish_with(q, errno == EAGAIN ? "busy" : "away");
}
