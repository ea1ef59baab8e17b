/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/ends.h"

#include "base/log.h"
#include "registry/stores.h"
#include "wire/db.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { PLACES_FIRST = 1024, KEY_HEX = 64, PURGE_MS = 600000 };

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE ended (session TEXT PRIMARY KEY, until_s INTEGER NOT NULL) WITHOUT ROWID;"
         "CREATE INDEX ended_until ON ended (until_s);"
         "CREATE TABLE beat (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
         "INSERT INTO beat (name, value) VALUES ('count', 0), ('epoch', 0);" },
    /* number grows, so that what another process has written is found. */
    { 2, "CREATE TABLE mark (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, "
         "kind INTEGER NOT NULL, what TEXT, provider_oid TEXT, school TEXT, class_group TEXT, spare TEXT, "
         "at_s INTEGER NOT NULL, until_s INTEGER NOT NULL);"
         "CREATE INDEX mark_until ON mark (until_s);" },
    /* What a version before this one writes has none: whoever begins in its second ends. */
    { 3, "ALTER TABLE mark ADD COLUMN maker INTEGER NOT NULL DEFAULT 0;"
         "ALTER TABLE mark ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;" },
};

const struct db_schema sessions_schema = { "sessions.sqlite", migrations, sizeof migrations / sizeof *migrations };

static const struct db_statement put_end = { "ended.put",
                                             "INSERT INTO ended (session, until_s) VALUES (?1, ?2) "
                                             "ON CONFLICT (session) DO UPDATE SET until_s = excluded.until_s" };
static const struct db_statement all_ends = { "ended.all", "SELECT session, until_s FROM ended WHERE until_s > ?1" };
static const struct db_statement purge_ends = { "ended.purge", "DELETE FROM ended WHERE until_s <= ?1" };
static const struct db_statement get_beat = { "beat.get", "SELECT value FROM beat WHERE name = ?1" };
static const struct db_statement put_beat = { "beat.put", "UPDATE beat SET value = ?2 WHERE name = ?1" };
static const struct db_statement drop_mark = { "mark.drop", "DELETE FROM mark WHERE key = ?1" };
static const struct db_statement put_mark = { "mark.put",
                                              "INSERT INTO mark (key, kind, what, provider_oid, school, class_group, "
                                              "spare, at_s, until_s, maker, turn) "
                                              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)" };
static const struct db_statement one_mark = { "mark.one",
                                              "SELECT spare, at_s, until_s, maker, turn FROM mark WHERE key = ?1" };
static const struct db_statement new_marks = { "mark.new",
                                               "SELECT number, kind, what, provider_oid, school, class_group, spare, "
                                               "at_s, until_s, maker, turn FROM mark WHERE number > ?1 "
                                               "ORDER BY number" };
static const struct db_statement purge_marks = { "mark.purge", "DELETE FROM mark WHERE until_s <= ?1" };

/* Half of the key's digest: that two sessions share it will not happen in any number of them. */
struct place {
    uint64_t high, low; /* both 0: free */
    int64_t until_s;
};

struct ends {
    struct arena *arena;
    const struct world *world;
    const char *path;

    pthread_rwlock_t memory;
    struct arena *places_arena;
    struct place *places;
    size_t room, used; /* room: a power of two */

    struct marks *marks;

    pthread_mutex_t lock;
    struct db *db; /* under lock, like what follows */
    int64_t moved; /* db_moved() when marks were last read */
    int64_t mark;  /* the number of the last one that was */

    atomic_int_fast64_t least;
    int64_t pending, pending_ms; /* the main thread's: said by Redis then, kept once it is old enough */
    int64_t purged_ms;
    bool goes_on; /* a first count was taken: what SQL lacks from here on is a disk that fails, and no older copy */
};

struct ends *ends_new(const struct settings *set, const struct world *w)
{
    struct arena *a = arena_new();
    struct ends *e = arena_make(a, struct ends);
    uint64_t self;

    world_random(w, &self, sizeof self);

    e->arena = a;
    e->world = w;
    e->path = arena_cstr(a, arena_join(a, set->state_dir, S("/registry/sessions.sqlite")));
    e->places_arena = arena_new();
    e->room = PLACES_FIRST;
    e->places = arena_make_n(e->places_arena, e->room, struct place);
    e->marks = marks_new(self | 1);
    (void)pthread_rwlock_init(&e->memory, NULL);
    (void)pthread_mutex_init(&e->lock, NULL);
    return e;
}

void ends_free(struct ends *e)
{
    if (e == NULL)
        return;
    db_close(e->db);
    (void)pthread_rwlock_destroy(&e->memory);
    (void)pthread_mutex_destroy(&e->lock);
    marks_free(e->marks);
    arena_free(e->places_arena);
    arena_free(e->arena);
}

/* ── in memory ──────────────────────────────────────────────────────────── */

static bool read_half(struct str hex, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < hex.n; i++) {
        char ch = hex.p[i];
        int digit = ch >= '0' && ch <= '9' ? ch - '0' : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint64_t)digit;
    }
    return true;
}

static bool place_of(struct str key, struct place *out)
{
    return key.n == KEY_HEX && read_half(str_sub(key, 0, 16), &out->high) &&
           read_half(str_sub(key, 16, 16), &out->low) && (out->high | out->low) != 0;
}

static struct place *find(const struct ends *e, const struct place *p)
{
    size_t at = p->low & (e->room - 1);

    while ((e->places[at].high | e->places[at].low) != 0 &&
           (e->places[at].high != p->high || e->places[at].low != p->low))
        at = (at + 1) & (e->room - 1);
    return &e->places[at];
}

/* At most half full; what is past stays behind. */
static void make_room(struct ends *e, int64_t now_s)
{
    struct place *before = e->places;
    struct arena *old = e->places_arena;
    size_t n = e->room, alive = 0;

    for (size_t i = 0; i < n; i++)
        alive += before[i].until_s > now_s;
    while (e->room < 4 * (alive + 1))
        e->room *= 2;
    e->places_arena = arena_new();
    e->places = arena_make_n(e->places_arena, e->room, struct place);
    e->used = alive;
    for (size_t i = 0; i < n; i++)
        if (before[i].until_s > now_s)
            *find(e, &before[i]) = before[i];
    arena_free(old);
}

static void remember(struct ends *e, struct place p)
{
    (void)pthread_rwlock_wrlock(&e->memory);
    if (2 * (e->used + 1) > e->room)
        make_room(e, world_now_s(e->world));
    struct place *at = find(e, &p);
    e->used += (at->high | at->low) == 0;
    *at = p;
    (void)pthread_rwlock_unlock(&e->memory);
}

bool ends_has(struct ends *e, struct str key)
{
    struct place p = { 0 };

    if (e == NULL || !place_of(key, &p))
        return false;
    (void)pthread_rwlock_rdlock(&e->memory);
    const struct place *at = find(e, &p);
    bool has = (at->high | at->low) != 0;
    (void)pthread_rwlock_unlock(&e->memory);
    return has;
}

/* ── in SQL ─────────────────────────────────────────────────────────────── */

/* Under the lock. */
static bool open_db(struct ends *e, struct fail *f)
{
    if (e->db == NULL)
        e->db = db_open_with(e->path, migrations, sizeof migrations / sizeof *migrations, f);
    return e->db != NULL;
}

static bool read_number(struct ends *e, struct str name, int64_t *out, struct fail *f)
{
    struct arena *a = arena_new();
    struct db_value arg = db_text(name);
    struct db_rows rows;
    bool good = db_query(e->db, &get_beat, &arg, 1, a, &rows, f);

    if (good && rows.n != 1)
        good = fail(f, FAIL_OURS, "db_failed", "%s: the count is missing", e->path);
    if (good)
        *out = rows.at[0].number;
    arena_free(a);
    return good;
}

static bool read_ends(struct ends *e, struct fail *f)
{
    struct arena *a = arena_new();
    struct db_value now = db_int(world_now_s(e->world));
    struct db_rows rows;
    bool good = db_query(e->db, &all_ends, &now, 1, a, &rows, f);

    for (size_t i = 0; good && i < rows.n; i++) {
        struct place p = { .until_s = db_row(&rows, i)[1].number };
        if (place_of(db_row(&rows, i)[0].text, &p))
            remember(e, p);
    }
    arena_free(a);
    return good;
}

/* Under the lock. */
static bool read_marks(struct ends *e, struct fail *f)
{
    struct arena *a = arena_new();
    struct db_value last = db_int(e->mark);
    struct db_rows rows;
    bool good = db_query(e->db, &new_marks, &last, 1, a, &rows, f);

    for (size_t i = 0; good && i < rows.n; i++) {
        const struct db_value *v = db_row(&rows, i);
        const struct mark x = { (enum mark_kind)v[1].number,
                                v[2].text,
                                v[3].text,
                                v[4].text,
                                v[5].text,
                                v[6].text,
                                v[7].number,
                                v[8].number,
                                (uint64_t)v[9].number,
                                v[10].number };
        e->mark = v[0].number;
        if (!marks_put(e->marks, &x, world_now_s(e->world)))
            log_event(LOG_ERROR, "session.mark_not_held", LOG_N("number", e->mark));
    }
    arena_free(a);
    return good;
}

bool ends_load(struct ends *e, int64_t epoch, bool *older, struct fail *f)
{
    int64_t count = 0, seen = 0;

    (void)pthread_mutex_lock(&e->lock);
    bool good = open_db(e, f) && read_ends(e, f) && read_number(e, S("count"), &count, f) &&
                read_number(e, S("epoch"), &seen, f) && read_marks(e, f);
    e->moved = good ? db_moved(e->db) : 0;
    (void)pthread_mutex_unlock(&e->lock);
    atomic_store(&e->least, count);
    *older = good && epoch < seen;
    return good;
}

struct job {
    struct ends *ends;
    struct str key;
    int64_t until_s;
};

static void keep_end(void *arg)
{
    struct job *j = arg;
    struct fail f = { 0 };
    const struct db_value args[] = { db_text(j->key), db_int(j->until_s) };

    (void)pthread_mutex_lock(&j->ends->lock);
    if (!open_db(j->ends, &f) || !db_run(j->ends->db, &put_end, args, 2, &f))
        log_event(LOG_ERROR, "session.end_not_kept", LOG_C("code", f.code), LOG_C("why", f.detail));
    (void)pthread_mutex_unlock(&j->ends->lock);
}

bool ends_add(struct ends *e, struct work *w, struct batch *b, struct arena *a, struct str key, int64_t until_s)
{
    struct place p = { .until_s = until_s };

    if (e == NULL || !place_of(key, &p))
        return false;
    remember(e, p);
    struct job *j = arena_make(a, struct job);
    *j = (struct job){ e, key, until_s };
    if (w != NULL && work_ask(w, b, keep_end, j))
        return true;
    log_event(LOG_ERROR, "session.end_not_kept", LOG_C("code", "busy"), LOG_C("why", "too many jobs wait for SQL"));
    return false;
}

/* ── everybody of a sort ────────────────────────────────────────────────── */

bool ends_marked(struct ends *e, const struct session *s)
{
    return e != NULL && marks_end(e->marks, s);
}

bool ends_marked_by(struct ends *e, struct arena *a, const struct session *s, struct mark *by)
{
    return e != NULL && marks_end_by(e->marks, a, s, by);
}

struct str ends_known(struct ends *e, struct arena *a, int64_t now_s)
{
    return e != NULL ? marks_known(e->marks, a, now_s) : (struct str){ NULL, 0 };
}

bool ends_taken_back(struct ends *e, struct str person, struct str service, int64_t given_s, struct str knew)
{
    return e != NULL && marks_taken_back(e->marks, person, service, given_s, knew);
}

struct mark_job {
    struct ends *ends;
    struct mark mark;
    struct str key;
    bool *kept;
};

/* In the transaction: the row that is there, which nobody else need have read yet, and x become one. */
static bool put_joined(struct ends *e, struct arena *a, struct str key, struct mark *x, struct fail *f)
{
    const struct db_value k = db_text(key);
    struct db_rows rows;

    if (!db_query(e->db, &one_mark, &k, 1, a, &rows, f))
        return false;
    if (rows.n > 0) {
        const struct db_value *v = db_row(&rows, 0);
        const struct mark there = { .spare = v[0].text,
                                    .at_s = v[1].number,
                                    .until_s = v[2].number,
                                    .maker = (uint64_t)v[3].number,
                                    .turn = v[4].number };
        mark_join(x, &there);
    }
    const struct db_value args[] = {
        db_text(key),       db_int(x->kind),           db_text(x->what),  db_text(x->provider_oid),
        db_text(x->school), db_text(x->group),         db_text(x->spare), db_int(x->at_s),
        db_int(x->until_s), db_int((int64_t)x->maker), db_int(x->turn)
    };
    return db_run(e->db, &drop_mark, args, 1, f) && db_run(e->db, &put_mark, args, sizeof args / sizeof *args, f);
}

/* Under the lock.  What came of it counts here as well: whose row it was may never be read again. */
static bool write_mark(struct ends *e, const struct mark_job *j, struct fail *f)
{
    struct arena *a = arena_new();
    struct mark x = j->mark;
    bool good = open_db(e, f) && db_begin(e->db, f);

    if (good && !(put_joined(e, a, j->key, &x, f) && db_commit(e->db, f))) {
        db_rollback(e->db);
        good = false;
    }
    if (good)
        (void)marks_put(e->marks, &x, world_now_s(e->world));
    arena_free(a);
    return good;
}

static void keep_mark(void *arg)
{
    struct mark_job *j = arg;
    struct fail f = { 0 };

    (void)pthread_mutex_lock(&j->ends->lock);
    *j->kept = write_mark(j->ends, j, &f);
    (void)pthread_mutex_unlock(&j->ends->lock);
    if (!*j->kept)
        log_event(LOG_ERROR, "session.mark_not_kept", LOG_C("code", f.code), LOG_C("why", f.detail));
}

bool ends_full(struct ends *e, const struct mark *x)
{
    return e != NULL && marks_full(e->marks, x, world_now_s(e->world));
}

bool ends_mark(struct ends *e, struct work *w, struct batch *b, struct arena *a, const struct mark *x, bool *kept)
{
    *kept = false;
    struct mark made = *x;
    if (e == NULL || !marks_make(e->marks, &made, world_now_s(e->world)))
        return false;
    struct mark_job *j = arena_make(a, struct mark_job);
    *j = (struct mark_job){ e, made, mark_key(a, x), kept };
    if (w != NULL && work_ask(w, b, keep_mark, j))
        return true;
    log_event(LOG_ERROR, "session.mark_not_kept", LOG_C("code", "busy"), LOG_C("why", "too many jobs wait for SQL"));
    return false;
}

bool ends_mark_now(struct ends *e, struct arena *a, const struct mark *x, struct fail *f)
{
    struct mark_job j = { e, *x, mark_key(a, x), NULL };

    if (j.key.p == NULL)
        return fail(f, FAIL_CALLER, "no_mark", "whose sessions are to end?");
    (void)marks_make(e->marks, &j.mark, world_now_s(e->world));
    (void)pthread_mutex_lock(&e->lock);
    bool good = write_mark(e, &j, f);
    (void)pthread_mutex_unlock(&e->lock);
    return good;
}

void ends_look(struct ends *e)
{
    struct fail f = { 0 };

    (void)pthread_mutex_lock(&e->lock);
    int64_t moved = e->db != NULL ? db_moved(e->db) : e->moved;
    bool good = moved == e->moved || read_marks(e, &f);
    e->moved = good ? moved : e->moved;
    (void)pthread_mutex_unlock(&e->lock);
    if (!good)
        log_event(LOG_ERROR, "session.marks_unread", LOG_C("code", f.code), LOG_C("why", f.detail));
}

/* ── beats ──────────────────────────────────────────────────────────────── */

int64_t ends_beat_least(const struct ends *e)
{
    return e != NULL ? atomic_load_explicit(&e->least, memory_order_relaxed) : 0;
}

enum beat_says ends_beat_judge(const struct ends *e, int64_t count, int64_t a_second)
{
    int64_t least = ends_beat_least(e);

    if (count < least)
        return BEAT_BEHIND;
    return !e->goes_on && count - least > ENDS_BEAT_AHEAD_S * a_second ? BEAT_AHEAD : BEAT_GOES_ON;
}

/* All of it in one transaction; under the lock. */
static bool write_beat(struct ends *e, int64_t count, int64_t epoch, struct fail *f)
{
    const struct db_value counted[] = { db_text(S("count")), db_int(count) };
    const struct db_value seen[] = { db_text(S("epoch")), db_int(epoch) };

    if (!open_db(e, f) || !db_begin(e->db, f))
        return false;
    if (db_run(e->db, &put_beat, counted, 2, f) && db_run(e->db, &put_beat, seen, 2, f) && db_commit(e->db, f))
        return true;
    db_rollback(e->db);
    return false;
}

static bool purge(struct ends *e, int64_t now_ms, struct fail *f)
{
    struct db_value now = db_int(world_now_s(e->world));

    if (now_ms - e->purged_ms < PURGE_MS)
        return true;
    e->purged_ms = now_ms;
    return db_run(e->db, &purge_ends, &now, 1, f) && db_run(e->db, &purge_marks, &now, 1, f);
}

bool ends_beat_keep(struct ends *e, int64_t count, int64_t epoch, struct fail *f)
{
    int64_t now_ms = world_mono_ms(e->world);

    e->goes_on = true;
    if (e->pending == 0) {
        e->pending = count;
        e->pending_ms = now_ms;
    }
    if (now_ms - e->pending_ms < ENDS_BEAT_LAG_MS)
        return true;
    (void)pthread_mutex_lock(&e->lock);
    bool kept = write_beat(e, e->pending, epoch, f) && purge(e, now_ms, f);
    (void)pthread_mutex_unlock(&e->lock);
    atomic_store(&e->least, e->pending);
    e->pending = count; /* a disk that fails is asked again when this one is old enough */
    e->pending_ms = now_ms;
    return kept;
}

bool ends_beat_from(struct ends *e, int64_t count, int64_t epoch, struct fail *f)
{
    (void)pthread_mutex_lock(&e->lock);
    bool kept = write_beat(e, count, epoch, f);
    (void)pthread_mutex_unlock(&e->lock);
    if (kept)
        atomic_store(&e->least, count);
    e->pending = 0;
    e->goes_on = true;
    return kept;
}
