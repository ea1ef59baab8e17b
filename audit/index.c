/* SPDX-License-Identifier: EUPL-1.2
 *
 * The thread that follows the log.  Only whole blocks are written, so that none ever changes; what is younger than the
 * last block, a search reads in the log itself. */
#include "audit/index.h"

#include "audit/heads.h"
#include "audit/index_int.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { STEP_BLOCKS = 64, READ_B = 1 << 20, REST_MS = 500, BREATH_MS = 1, AGAIN_S = 60, PRUNE_EVERY = 256 };

struct audit_index {
    struct arena *arena;
    const char *dir;
    const struct world *world;
    const struct audit_writer *writer;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t more;
    /* Under the lock. */
    bool ending, verify_asked, verifying;
    int64_t verify_from_s;
    struct arena *verify_arena; /* of keys and report */
    struct str jwks;
    struct audit_state state;

    /* The thread's own. */
    int dir_fd;
    struct db *db;
    struct index_at at;
    int64_t failed_s;
    unsigned steps;
    char *chunk; /* READ_B */
};

struct block {
    int64_t first, last, segment, at, len;
    struct str earliest, latest; /* views of the chunk */
    struct posting {             /* of a key: the lines that have it, within the block */
        int64_t key, begins, ends;
    } posts[BLOCK_LINES * LINE_KEYS_MAX];
    size_t post_n, lines;
};

static const struct db_statement put_block = {
    "index_block", "INSERT OR REPLACE INTO block (n, age, last, segment, at, len, min_s, max_s) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
};
static const struct db_statement put_post = { "index_post",
                                              "INSERT OR IGNORE INTO post (age, key, block, begins, ends) "
                                              "VALUES (?1, ?2, ?3, ?4, ?5)" };
static const struct db_statement put_reach = { "index_put_reach",
                                               "INSERT OR REPLACE INTO reach (one, segment, at, number, last_at, prev) "
                                               "VALUES (1, ?1, ?2, ?3, ?4, ?5)" };
static const struct db_statement drop_blocks = { "index_drop_blocks", "DELETE FROM block WHERE segment < ?1" };
static const struct db_statement drop_posts = {
    "index_drop_posts", "DELETE FROM post WHERE age < (SELECT COALESCE(MIN(age), 0) FROM block)"
};

/* ── the file ───────────────────────────────────────────────────────────── */

static void begin_anew(struct audit_index *x)
{
    static const char *const files[] = { AUDIT_INDEX_NAME, AUDIT_INDEX_NAME "-wal", AUDIT_INDEX_NAME "-shm" };
    unsigned first = audit_first_segment(x->dir_fd);

    db_close(x->db);
    x->db = NULL;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)unlinkat(x->dir_fd, files[i], 0);
    x->at = (struct index_at){ .segment = first > 0 ? first : 1 };
    memcpy(x->at.prev, audit_no_line, AUDIT_HEAD_HEX);
}

static bool open_file(struct audit_index *x, struct fail *f)
{
    if (x->db != NULL)
        return true;
    x->db = audit_index_open(x->dir, true, f);
    if (x->db != NULL && audit_index_reach(x->db, x->dir_fd, &x->at))
        return true;
    bool had = x->db != NULL && x->at.number > 0;
    begin_anew(x);
    if (had)
        log_event(LOG_WARN, "audit.index_anew");
    x->db = audit_index_open(x->dir, true, f);
    return x->db != NULL;
}

static bool has_room(const struct audit_index *x)
{
    struct statvfs fs;

    return fstatvfs(x->dir_fd, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize >= INDEX_ROOM_B;
}

/* ── blocks ─────────────────────────────────────────────────────────────── */

static void note_fault(struct audit_index *x, int64_t number)
{
    (void)pthread_mutex_lock(&x->lock);
    bool first = x->state.fault == 0;
    if (first)
        x->state.fault = (uint64_t)number;
    (void)pthread_mutex_unlock(&x->lock);
    if (first)
        log_event(LOG_ERROR, "audit.changed", LOG_N("record", number));
}

/* Whether the line follows the one before it; the first of a log that was pruned follows what is not there. */
static void check_line(struct audit_index *x, struct arena *a, const struct audit_line *l, struct str line)
{
    bool first = x->at.number == 0;

    if (!first && ((int64_t)l->number != x->at.number + 1 || memcmp(l->prev.p, x->at.prev, AUDIT_HEAD_HEX) != 0))
        note_fault(x, (int64_t)l->number == x->at.number + 1 ? x->at.number : x->at.number + 1);
    memcpy(x->at.prev, audit_line_hash(a, line).p, AUDIT_HEAD_HEX);
    x->at.number = (int64_t)l->number;
}

static void add_line(struct audit_index *x, struct arena *a, struct block *b, const struct audit_line *l,
                     struct str line, int64_t at)
{
    struct str when = audit_line_at(line);

    check_line(x, a, l, line);
    x->at.last_at = at;
    if (b->first == 0) {
        b->first = (int64_t)l->number;
        b->earliest = b->latest = when;
    }
    b->last = (int64_t)l->number;
    b->earliest = str_cmp(when, b->earliest) < 0 ? when : b->earliest;
    b->latest = str_cmp(when, b->latest) > 0 ? when : b->latest;
    int64_t keys[LINE_KEYS_MAX];
    size_t n = audit_line_keys(a, line, keys);
    for (size_t i = 0; i < n; i++)
        b->posts[b->post_n++] = (struct posting){ keys[i], at - b->at, at - b->at + (int64_t)line.n + 1 };
}

/* By key, and of one key as the lines stand. */
static int by_key(const void *p, const void *q)
{
    const struct posting *x = p, *y = q;

    return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : (x->begins > y->begins) - (x->begins < y->begins);
}

static bool write_block(struct db *d, struct block *b, struct fail *f)
{
    const int64_t age = b->first / AGE_LINES;
    const struct db_value values[] = { db_int(b->first),
                                       db_int(age),
                                       db_int(b->last),
                                       db_int(b->segment),
                                       db_int(b->at),
                                       db_int(b->len),
                                       db_int(audit_at_s(b->earliest)),
                                       db_int(audit_at_s(b->latest)) };

    if (!db_run(d, &put_block, values, sizeof values / sizeof *values, f))
        return false;
    qsort(b->posts, b->post_n, sizeof *b->posts, by_key);
    for (size_t i = 0, last; i < b->post_n; i = last + 1) {
        for (last = i; last + 1 < b->post_n && b->posts[last + 1].key == b->posts[i].key;)
            last++;
        const struct db_value post[] = { db_int(age), db_int(b->posts[i].key), db_int(b->first),
                                         db_int(b->posts[i].begins), db_int(b->posts[last].ends) };
        if (!db_run(d, &put_post, post, 5, f))
            return false;
    }
    return true;
}

static bool is_durable(const struct audit_index *x, const struct audit_line *l)
{
    return x->writer == NULL || l->number <= audit_writer_count(x->writer);
}

static bool is_whole(const struct block *b)
{
    return b->lines == BLOCK_LINES || b->len >= BLOCK_MAX_B;
}

/* The lines of a chunk of the segment into blocks; *rest: what makes no block.  False: it could not be written. */
static bool take_blocks(struct audit_index *x, struct str *rest, bool ends, size_t *blocks, struct fail *f)
{
    struct arena *a = arena_new();
    struct block *b = arena_make(a, struct block);
    struct index_at before = x->at;
    struct str line, ahead = *rest;
    struct audit_line l;
    bool good = true;

    *b = (struct block){ .segment = x->at.segment, .at = x->at.at };
    while (good && audit_line_next(&ahead, &line)) {
        bool ours = audit_line_read(line, &l);
        if (ours && !is_durable(x, &l))
            break;
        if (ours)
            add_line(x, a, b, &l, line, b->at + b->len);
        else
            note_fault(x, x->at.number + 1);
        b->lines++;
        b->len += (int64_t)line.n + 1;
        if (!is_whole(b) && !(ends && ahead.n == 0))
            continue;
        good = b->first == 0 || write_block(x->db, b, f);
        x->at.at = b->at + b->len;
        before = x->at;
        *rest = ahead;
        ++*blocks;
        *b = (struct block){ .segment = x->at.segment, .at = x->at.at };
    }
    x->at = before; /* what was read of a block that is not whole is read again */
    arena_free(a);
    return good;
}

static bool segment_exists(const struct audit_index *x, int64_t segment)
{
    char name[32];

    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, (unsigned)segment);
    return faccessat(x->dir_fd, name, F_OK, 0) == 0;
}

/* A chunk of the present segment; where it is at its end and another follows, the next. */
static bool read_on(struct audit_index *x, size_t *blocks, struct fail *f)
{
    char name[32];
    bool follows = segment_exists(x, x->at.segment + 1);

    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, (unsigned)x->at.segment);
    int fd = openat(x->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? pread(fd, x->chunk, READ_B, (off_t)x->at.at) : -1;
    if (fd >= 0)
        (void)close(fd);
    if (n < 0 && !follows)
        return true;
    struct str rest = str_n(x->chunk, n > 0 ? (size_t)n : 0);
    bool good = take_blocks(x, &rest, follows && n < READ_B, blocks, f);
    bool at_end = n < READ_B && str_find_byte(rest, '\n', 0) == rest.n; /* a line that was never finished is none */
    if (good && follows && at_end) {
        x->at.segment++;
        x->at.at = 0;
        ++*blocks;
    }
    return good;
}

static bool write_reach(struct audit_index *x, struct fail *f)
{
    /* Until a line of the new segment is in a block, the last one is of the segment before: it begins anew there. */
    const struct db_value values[] = { db_int(x->at.segment), db_int(x->at.at), db_int(x->at.number),
                                       db_int(x->at.last_at), db_text(str_n(x->at.prev, AUDIT_HEAD_HEX)) };

    return x->at.at == 0 || db_run(x->db, &put_reach, values, 5, f);
}

static bool drop_pruned(struct audit_index *x, struct fail *f)
{
    const struct db_value first = db_int(audit_first_segment(x->dir_fd));

    if (x->steps++ % PRUNE_EVERY != 0)
        return true;
    return db_run(x->db, &drop_blocks, &first, 1, f) &&
           (db_changes(x->db) == 0 || db_run(x->db, &drop_posts, NULL, 0, f));
}

static bool follow(struct audit_index *x, size_t *blocks, struct fail *f)
{
    struct index_at before;
    size_t last;

    if (!open_file(x, f) || !db_begin(x->db, f))
        return false;
    before = x->at;
    bool good = drop_pruned(x, f);
    do {
        last = *blocks;
        good = good && read_on(x, blocks, f);
    } while (good && *blocks > last && *blocks < STEP_BLOCKS);
    good = good && (*blocks == 0 || write_reach(x, f)) && db_commit(x->db, f);
    if (!good) {
        db_rollback(x->db);
        x->at = before;
    }
    return good;
}

/* ── verifying ──────────────────────────────────────────────────────────── */

struct verifying {
    struct audit_index *index;
    const struct jwks *keys;
};

static bool verify_head(void *self, uint64_t number, struct str head, struct str signature)
{
    const struct verifying *v = self;

    return v->keys == NULL || audit_head_holds(v->keys, number, head, signature);
}

static bool goes_on(void *self, uint64_t number)
{
    struct audit_index *x = ((const struct verifying *)self)->index;

    (void)pthread_mutex_lock(&x->lock);
    x->state.at_record = number;
    bool on = !x->ending;
    (void)pthread_mutex_unlock(&x->lock);
    return on;
}

static void verify(struct audit_index *x)
{
    struct fail f = { 0 };
    struct arena *a = x->verify_arena; /* nobody else's while x->verifying */
    struct verifying v = { x, str_is_set(x->jwks) ? jwks_read(a, x->jwks, &f) : NULL };
    const struct audit_check check = { .verify_head = verify_head,
                                       .self = &v,
                                       .may_be_unsigned = v.keys == NULL,
                                       .from_s = x->verify_from_s,
                                       .goes_on = goes_on };
    struct audit_report report;

    bool holds = audit_verify(x->dir, a, &check, &report);
    if (!holds)
        log_event(LOG_ERROR, "audit.not_whole", LOG_C("error", report.error), LOG_S("where", report.where));
    (void)pthread_mutex_lock(&x->lock);
    x->state.report = report;
    x->state.from_s = x->verify_from_s;
    x->state.done_s = world_now_s(x->world);
    x->state.verified = true;
    x->verifying = false;
    (void)pthread_mutex_unlock(&x->lock);
}

bool audit_index_verify(struct audit_index *x, int64_t from_s, struct str jwks)
{
    (void)pthread_mutex_lock(&x->lock);
    bool begins = !x->verifying;
    if (begins) {
        arena_free(x->verify_arena);
        x->verify_arena = arena_new();
        x->jwks = arena_str(x->verify_arena, jwks);
        x->verify_from_s = from_s;
        x->verifying = x->verify_asked = true;
        x->state.verified = false;
        x->state.at_record = 0;
        (void)pthread_cond_signal(&x->more);
    }
    (void)pthread_mutex_unlock(&x->lock);
    return begins;
}

void audit_index_state(struct audit_index *x, struct arena *a, struct audit_state *out)
{
    *out = (struct audit_state){ 0 };
    if (x == NULL)
        return;
    (void)pthread_mutex_lock(&x->lock);
    *out = x->state;
    out->verifying = x->verifying;
    out->report.where = arena_str(a, x->state.verified ? x->state.report.where : (struct str){ NULL, 0 });
    out->report.head = arena_str(a, x->state.verified ? x->state.report.head : (struct str){ NULL, 0 });
    (void)pthread_mutex_unlock(&x->lock);
    out->records = x->writer != NULL ? audit_writer_count(x->writer) : out->indexed;
}

/* ── the thread ─────────────────────────────────────────────────────────── */

struct audit_index *audit_index_new(const char *dir, const struct world *world, const struct audit_writer *w)
{
    struct arena *a = arena_new();
    struct audit_index *x = arena_make(a, struct audit_index);

    x->arena = a;
    x->dir = arena_cstr(a, str_of(dir));
    x->world = world;
    x->writer = w;
    x->chunk = arena_alloc(a, READ_B);
    x->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)pthread_mutex_init(&x->lock, NULL);
    (void)pthread_cond_init(&x->more, NULL);
    return x;
}

static bool index_some(struct audit_index *x)
{
    struct fail f = { 0 };
    size_t blocks = 0;
    int64_t now_s = world_now_s(x->world);

    if (x->failed_s != 0 && now_s - x->failed_s < AGAIN_S && now_s >= x->failed_s)
        return false;
    bool room = x->dir_fd >= 0 && has_room(x), good = room && follow(x, &blocks, &f);
    if (!good && x->failed_s == 0)
        log_event(LOG_WARN, "audit.not_indexed", LOG_C("code", room ? f.code : "disk"), LOG_C("why", f.detail));
    if (!good && room && strcmp(f.code, "db_damaged") == 0)
        begin_anew(x);
    x->failed_s = good ? 0 : now_s;
    (void)pthread_mutex_lock(&x->lock);
    x->state.indexed = (uint64_t)x->at.number;
    x->state.failing = !good;
    (void)pthread_mutex_unlock(&x->lock);
    return good && blocks > 0;
}

bool audit_index_step(struct audit_index *x)
{
    (void)pthread_mutex_lock(&x->lock);
    bool asked = x->verify_asked;
    x->verify_asked = false;
    (void)pthread_mutex_unlock(&x->lock);
    if (asked)
        verify(x);
    return index_some(x) || asked;
}

static void rest(struct audit_index *x, int64_t ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += ms * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_mutex_lock(&x->lock);
    if (!x->ending && !x->verify_asked)
        (void)pthread_cond_timedwait(&x->more, &x->lock, &until);
    (void)pthread_mutex_unlock(&x->lock);
}

static bool is_ending(struct audit_index *x)
{
    (void)pthread_mutex_lock(&x->lock);
    bool ending = x->ending;
    (void)pthread_mutex_unlock(&x->lock);
    return ending;
}

static void *run(void *self)
{
    struct audit_index *x = self;

    while (!is_ending(x))
        rest(x, audit_index_step(x) ? BREATH_MS : REST_MS);
    return NULL;
}

/* Signals are the main thread's. */
bool audit_index_start(struct audit_index *x)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    x->started = pthread_create(&x->thread, NULL, run, x) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return x->started;
}

void audit_index_free(struct audit_index *x)
{
    if (x == NULL)
        return;
    (void)pthread_mutex_lock(&x->lock);
    x->ending = true;
    (void)pthread_cond_signal(&x->more);
    (void)pthread_mutex_unlock(&x->lock);
    if (x->started)
        (void)pthread_join(x->thread, NULL);
    db_close(x->db);
    if (x->dir_fd >= 0)
        (void)close(x->dir_fd);
    arena_free(x->verify_arena);
    (void)pthread_mutex_destroy(&x->lock);
    (void)pthread_cond_destroy(&x->more);
    arena_free(x->arena);
}
