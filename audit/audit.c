/* SPDX-License-Identifier: EUPL-1.2
 *
 * While one batch of lines is on its way to the disk, the next one gathers: so
 * a lone line waits for nobody, and many share one fdatasync.  Where several
 * came together there will be more: those wait GATHER_MS for company, since a
 * fdatasync costs as much as all else about a dozen lines.
 */
#include "audit/audit.h"

#include "audit/int.h"
#include "base/log.h"
#include "wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { BATCH_MAX_B = 1 << 20, RESERVE_AGAIN_MS = 60000, GATHER_MS = 2, PROBE_B = 4096, PROBE_LATE_MS = 1000 };

static void queue_reset(struct queue *q)
{
    *q = (struct queue){ NULL, &q->first, 0 };
}

static void queue_add(struct queue *q, struct entry *e)
{
    e->next = NULL;
    *q->last = e;
    q->last = &e->next;
    q->n++;
}

/* Files. */

static bool put_bytes(int fd, struct str bytes, off_t at)
{
    while (bytes.n > 0) {
        ssize_t n = pwrite(fd, bytes.p, bytes.n, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = str_from(bytes, (size_t)n);
        at += n;
    }
    return true;
}

bool audit_append(struct audit_writer *w, int fd, struct str bytes, off_t *size)
{
    if (put_bytes(fd, bytes, *size) && fdatasync(fd) == 0) {
        *size += (off_t)bytes.n;
        return true;
    }
    int why = errno;
    if (ftruncate(fd, *size) != 0) {
        w->broken = true;
        log_event(LOG_ERROR, "audit.broken", LOG_C("why", strerror(errno)));
    }
    errno = why;
    return false;
}

bool audit_next_segment(struct audit_writer *w)
{
    char name[32];

    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, w->segment + 1);
    int fd = audit_file_open(w, name, O_CREAT | O_EXCL);
    if (fd < 0 || fsync(w->dir_fd) != 0) {
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    if (w->fd >= 0)
        (void)close(w->fd);
    w->fd = fd;
    w->segment++;
    w->size = 0;
    return true;
}

/* Space that is given up when the disk is full, so that the last sign-ins are
 * written and somebody has time to come. */
static bool make_reserve(struct audit_writer *w)
{
    struct statvfs fs;
    int fd = audit_file_open(w, "reserve", O_CREAT);
    bool room = fd >= 0 && fstatvfs(fd, &fs) == 0 && fs.f_bavail * fs.f_frsize > 2 * (uint64_t)AUDIT_RESERVE_B;
    bool made = room && posix_fallocate(fd, 0, AUDIT_RESERVE_B) == 0;

    if (fd >= 0)
        (void)close(fd);
    if (!made)
        (void)unlinkat(w->dir_fd, "reserve", 0);
    w->reserve_tried_ms = world_mono_ms(w->world);
    return made;
}

static bool give_up_reserve(struct audit_writer *w)
{
    if (atomic_load(&w->on_reserve) || unlinkat(w->dir_fd, "reserve", 0) != 0)
        return false;
    atomic_store(&w->on_reserve, true);
    log_event(LOG_ERROR, "audit.on_reserve", LOG_N("bytes", AUDIT_RESERVE_B));
    return true;
}

static void restore_reserve(struct audit_writer *w)
{
    if (!atomic_load(&w->on_reserve) || world_mono_ms(w->world) - w->reserve_tried_ms < RESERVE_AGAIN_MS)
        return;
    if (make_reserve(w)) {
        atomic_store(&w->on_reserve, false);
        log_event(LOG_INFO, "audit.reserve_restored");
    }
}

/* What others read of the chain; under the lock.  Its root is made by whoever asks for it: that is once a minute, and
 * this is at every write. */
static void show_head(struct audit_writer *w)
{
    memcpy(w->head, w->prev, sizeof w->head);
    w->shown = w->tree;
    if (w->tree_fd < 0)
        w->shown.leaves = w->shown.peak_count = 0;
    atomic_store(&w->count, w->number);
}

/* Writing. */

void audit_grow_tree(struct audit_writer *w, struct str lines)
{
    if (w->tree_fd < 0 || tree_append(&w->tree, w->tree_fd, lines))
        return;
    log_event(LOG_ERROR, "audit.no_tree", LOG_C("why", strerror(errno)));
    (void)close(w->tree_fd);
    w->tree_fd = -1;
}

static struct str lines_of(struct audit_writer *w, const struct queue *batch, uint64_t *number, char *prev)
{
    struct buf b = buf_new(w->scratch, BATCH_MAX_B + AUDIT_LINE_MAX_B);

    for (const struct entry *e = batch->first; e != NULL; e = e->next) {
        if (e->kind != ENTRY_EVENT)
            continue;
        struct str line = audit_line_write(w->scratch, ++*number, e->at_ms, e->members, str_n(prev, AUDIT_HEAD_HEX));
        struct str hash = audit_line_hash(w->scratch, line);
        memcpy(prev, hash.p, AUDIT_HEAD_HEX);
        buf_add(&b, line);
        buf_byte(&b, '\n');
    }
    return buf_str(&b);
}

static bool write_lines(struct audit_writer *w, const struct queue *batch)
{
    uint64_t number = w->number;
    char prev[AUDIT_HEAD_HEX];

    memcpy(prev, w->prev, sizeof prev);
    struct str lines = lines_of(w, batch, &number, prev);
    if (lines.n == 0)
        return true;
    if (w->broken || (w->size >= AUDIT_SEGMENT_MAX_B && !audit_next_segment(w)))
        return false;
    if (!audit_append(w, w->fd, lines, &w->size) &&
        (w->broken || !give_up_reserve(w) || !audit_append(w, w->fd, lines, &w->size)))
        return false;
    w->number = number;
    memcpy(w->prev, prev, sizeof prev);
    audit_grow_tree(w, lines);
    w->wrote_ms = world_mono_ms(w->world);
    return true;
}

/* Whether a line could be appended where none is there to show it: more than one needs goes to the disk, and away
 * again.  A full disk leaves the reserve. */
static bool disk_takes(struct audit_writer *w)
{
    static const char block[PROBE_B] = { 0 };

    if (w->broken)
        return false;
    if (atomic_load(&w->ok) && world_mono_ms(w->world) - w->wrote_ms < PROBE_LATE_MS)
        return true;
    int fd = audit_file_open(w, "probe", O_CREAT);
    bool good = fd >= 0 && put_bytes(fd, str_n(block, sizeof block), 0) && fdatasync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        (void)close(fd);
    (void)unlinkat(w->dir_fd, "probe", 0);
    errno = why;
    return good || ((why == ENOSPC || why == EDQUOT) && !atomic_load(&w->on_reserve));
}

static bool write_heads(struct audit_writer *w, const struct queue *batch)
{
    struct buf b = buf_new(w->scratch, BATCH_MAX_B);

    for (const struct entry *e = batch->first; e != NULL; e = e->next)
        if (e->kind == ENTRY_HEAD) {
            buf_add(&b, e->members);
            buf_byte(&b, '\n');
        }
    return b.n == 0 || (!w->broken && buf_ok(&b) && audit_append(w, w->heads_fd, buf_str(&b), &w->heads_size));
}

bool audit_own_record(struct audit_writer *w, const struct audit_event *e)
{
    struct entry entry = { .members = audit_members(w->scratch, e), .at_ms = world_now_ms(w->world) };
    struct queue alone = { &entry, NULL, 1 };
    bool good = write_lines(w, &alone);

    (void)pthread_mutex_lock(&w->lock);
    show_head(w);
    (void)pthread_mutex_unlock(&w->lock);
    return good;
}

static void answer_all(struct audit_writer *w, struct queue *batch, const bool *good)
{
    struct entry *next;

    (void)pthread_mutex_lock(&w->lock);
    show_head(w);
    for (struct entry *e = batch->first; e != NULL; e = next) {
        next = e->next;
        e->out->durable = good[e->kind];
        if (e->from == NULL) {
            e->answered = true;
            (void)pthread_cond_broadcast(&w->answered);
            continue;
        }
        if (e->from->done.n == 0)
            (void)eventfd_write(e->from->watch.fd, 1);
        queue_add(&e->from->done, e);
    }
    (void)pthread_mutex_unlock(&w->lock);
}

/* At most a megabyte at a time, in the order of asking. */
static struct queue take_batch(struct audit_writer *w)
{
    struct queue batch;
    size_t bytes = 0;

    queue_reset(&batch);
    while (w->asked.first != NULL && bytes < BATCH_MAX_B - AUDIT_LINE_MAX_B) {
        struct entry *e = w->asked.first;
        w->asked.first = e->next;
        w->asked.n--;
        bytes += e->members.n + 256;
        queue_add(&batch, e);
    }
    if (w->asked.first == NULL)
        w->asked.last = &w->asked.first;
    return batch;
}

static void note_outcome(struct audit_writer *w, bool good)
{
    if (good == atomic_load(&w->ok))
        return;
    atomic_store(&w->ok, good);
    if (good)
        log_event(LOG_INFO, "audit.writes_again");
    else
        log_event(LOG_ERROR, "audit.refuses", LOG_C("why", strerror(errno)));
}

static bool has(const struct queue *batch, enum entry_kind kind)
{
    for (const struct entry *e = batch->first; e != NULL; e = e->next)
        if (e->kind == kind)
            return true;
    return false;
}

static void gather(void)
{
    (void)nanosleep(&(struct timespec){ .tv_nsec = GATHER_MS * 1000000L }, NULL);
}

static void *run(void *self)
{
    struct audit_writer *w = self;

    for (size_t last_n = 0;;) {
        (void)pthread_mutex_lock(&w->lock);
        while ((w->asked.first == NULL || w->held) && !w->ending)
            (void)pthread_cond_wait(&w->more, &w->lock);
        if (last_n > 1 && !w->ending) {
            (void)pthread_mutex_unlock(&w->lock);
            gather();
            (void)pthread_mutex_lock(&w->lock);
        }
        struct queue batch = take_batch(w);
        (void)pthread_mutex_unlock(&w->lock);
        if (batch.first == NULL)
            return NULL;
        last_n = batch.n;
        batch.last = NULL; /* it has been copied: its own tail pointer is of no use */
        bool good[ENTRY_KINDS], lines = has(&batch, ENTRY_EVENT), probe = has(&batch, ENTRY_PROBE);
        good[ENTRY_EVENT] = write_lines(w, &batch);
        good[ENTRY_PROBE] = lines || !probe ? good[ENTRY_EVENT] : disk_takes(w);
        if (lines || probe) /* a head alone says nothing of lines */
            note_outcome(w, good[ENTRY_PROBE]);
        good[ENTRY_HEAD] = write_heads(w, &batch);
        answer_all(w, &batch, good);
        audit_thin_heads(w);
        audit_prune(w);
        arena_reset(w->scratch);
        restore_reserve(w);
    }
}

static void close_files(void *self)
{
    struct audit_writer *w = self;
    int all[] = { w->fd, w->heads_fd, w->lock_fd, w->dir_fd, w->tree_fd };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] >= 0)
            (void)close(all[i]);
    arena_free(w->scratch);
}

/* Signals are the main thread's. */
static bool start_thread(struct audit_writer *w, struct fail *f)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int why = pthread_create(&w->thread, NULL, run, w);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return why == 0 || fail(f, FAIL_OURS, "audit_open", "no thread: %s", strerror(why));
}

struct audit_writer *audit_writer_new(const char *dir, const struct world *world, struct fail *f)
{
    struct arena *a = arena_new();
    struct audit_writer *w = arena_make(a, struct audit_writer);

    w->arena = a;
    w->world = world;
    w->scratch = arena_new();
    w->dir_fd = w->lock_fd = w->fd = w->heads_fd = w->tree_fd = -1;
    arena_adopt(a, w, close_files);
    queue_reset(&w->asked);
    atomic_init(&w->ok, true);
    atomic_init(&w->keep_s, 0);
    atomic_init(&w->heads_max_B, AUDIT_HEADS_MAX_B);
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->more, NULL);
    (void)pthread_cond_init(&w->answered, NULL);
    bool good = audit_start(w, dir, f);
    if (good && !make_reserve(w)) {
        atomic_store(&w->on_reserve, true);
        log_event(LOG_ERROR, "audit.no_reserve");
    }
    atomic_init(&w->count, w->number);
    show_head(w);
    if (good && start_thread(w, f))
        return w;
    arena_free(a);
    return NULL;
}

void audit_writer_free(struct audit_writer *w)
{
    if (w == NULL)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->ending = true;
    (void)pthread_cond_signal(&w->more);
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    (void)pthread_mutex_destroy(&w->lock);
    (void)pthread_cond_destroy(&w->more);
    (void)pthread_cond_destroy(&w->answered);
    arena_free(w->arena);
}

void audit_writer_keep(struct audit_writer *w, int64_t days)
{
    atomic_store(&w->keep_s, days * 86400);
}

void audit_writer_hold(struct audit_writer *w, bool held)
{
    (void)pthread_mutex_lock(&w->lock);
    w->held = held;
    (void)pthread_cond_signal(&w->more);
    (void)pthread_mutex_unlock(&w->lock);
}

void audit_writer_heads_max(struct audit_writer *w, int64_t bytes)
{
    atomic_store(&w->heads_max_B, bytes);
}

bool audit_writer_ok(const struct audit_writer *w)
{
    return atomic_load(&w->ok);
}

bool audit_writer_on_reserve(const struct audit_writer *w)
{
    return atomic_load(&w->on_reserve);
}

uint64_t audit_writer_count(const struct audit_writer *w)
{
    return atomic_load(&w->count);
}

bool audit_writer_head(struct audit_writer *w, uint64_t *number, char head[AUDIT_HEAD_HEX])
{
    (void)pthread_mutex_lock(&w->lock);
    *number = atomic_load(&w->count);
    memcpy(head, w->head, AUDIT_HEAD_HEX);
    (void)pthread_mutex_unlock(&w->lock);
    return *number > 0;
}

bool audit_writer_rooted(struct audit_writer *w, struct audit_rooted *out)
{
    struct arena *a = arena_new();

    (void)pthread_mutex_lock(&w->lock);
    const struct tree tree = w->shown;
    out->number = atomic_load(&w->count);
    memcpy(out->head, w->head, AUDIT_HEAD_HEX);
    (void)pthread_mutex_unlock(&w->lock);
    struct str root = tree_root(a, &tree);
    out->from = tree.from;
    (void)snprintf(out->root, sizeof out->root, "%.*s", STR_ARG(root));
    arena_free(a);
    return out->number > 0;
}

struct str audit_rooted_signed(struct arena *a, const struct audit_rooted *h)
{
    struct str head = str_n(h->head, AUDIT_HEAD_HEX);

    return h->root[0] != '\0' ? tree_signed(a, h->number, head, h->from, str_of(h->root)) : arena_str(a, head);
}

/* Asking. */

static bool enqueue(struct audit_writer *w, struct entry *e)
{
    (void)pthread_mutex_lock(&w->lock);
    bool room = w->asked.n < AUDIT_WAITING_MAX;
    if (room) {
        queue_add(&w->asked, e);
        (void)pthread_cond_signal(&w->more);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return room;
}

static void answered(struct watch *watch, uint32_t events)
{
    struct audit *x = (struct audit *)watch;
    struct entry *e, *next;
    eventfd_t count;

    (void)events;
    (void)eventfd_read(watch->fd, &count);
    (void)pthread_mutex_lock(&x->writer->lock);
    e = x->done.first;
    queue_reset(&x->done);
    (void)pthread_mutex_unlock(&x->writer->lock);
    for (; e != NULL; e = next) {
        next = e->next; /* e may go with its request */
        batch_answered(e->batch);
    }
}

struct audit *audit_new(struct audit_writer *w, struct loop *l)
{
    struct arena *a = arena_new();
    struct audit *x = arena_make(a, struct audit);

    *x = (struct audit){ { answered, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), 0 }, a, w, l, { 0 } };
    queue_reset(&x->done);
    if (x->watch.fd < 0 || !loop_watch(l, &x->watch, EPOLLIN))
        abort();
    return x;
}

void audit_free(struct audit *x)
{
    if (x == NULL)
        return;
    loop_forget(x->loop, &x->watch);
    (void)close(x->watch.fd);
    arena_free(x->arena);
}

static void ask(struct audit *x, struct batch *b, struct arena *a, struct str members, enum entry_kind kind,
                struct audit_got *out)
{
    struct entry *e = arena_make(a, struct entry);

    *e = (struct entry){
        .from = x, .batch = b, .out = out, .members = members, .kind = kind, .at_ms = world_now_ms(x->writer->world)
    };
    out->durable = false;
    batch_ask(b);
    if (members.p == NULL || !enqueue(x->writer, e))
        batch_answered(b);
}

void audit_ask(struct audit *x, struct batch *b, struct arena *a, const struct audit_event *e, struct audit_got *out)
{
    ask(x, b, a, audit_members(a, e), ENTRY_EVENT, out);
}

void audit_probe_ask(struct audit *x, struct batch *b, struct arena *a, struct audit_got *out)
{
    ask(x, b, a, S(""), ENTRY_PROBE, out);
}

void audit_head_ask(struct audit *x, struct batch *b, struct arena *a, uint64_t number, struct str head,
                    struct str signature, struct audit_got *out)
{
    struct audit_rooted h = { .number = number };

    memcpy(h.head, head.p, head.n < AUDIT_HEAD_HEX ? head.n : AUDIT_HEAD_HEX);
    audit_rooted_ask(x, b, a, &h, signature, out);
}

void audit_rooted_ask(struct audit *x, struct batch *b, struct arena *a, const struct audit_rooted *h,
                      struct str signature, struct audit_got *out)
{
    struct json_out o = json_out(a, AUDIT_LINE_MAX_B);

    json_begin_object(&o);
    json_put_int(&o, S("number"), (int64_t)h->number);
    json_put_str(&o, S("head"), str_n(h->head, AUDIT_HEAD_HEX));
    if (h->root[0] != '\0') {
        json_put_str(&o, S("root"), str_of(h->root));
        json_put_int(&o, S("from"), (int64_t)h->from);
    }
    json_put_str(&o, S("signature"), signature);
    json_end_object(&o);
    ask(x, b, a, json_done(&o), ENTRY_HEAD, out);
}

bool audit_now(struct audit_writer *w, const struct audit_event *event)
{
    struct arena *a = arena_new();
    struct audit_got got = { false };
    struct entry e = { .out = &got, .members = audit_members(a, event), .at_ms = world_now_ms(w->world) };

    if (e.members.p != NULL && enqueue(w, &e)) {
        (void)pthread_mutex_lock(&w->lock);
        while (!e.answered)
            (void)pthread_cond_wait(&w->answered, &w->lock);
        (void)pthread_mutex_unlock(&w->lock);
    }
    arena_free(a);
    return got.durable;
}
