/* SPDX-License-Identifier: EUPL-1.2
 *
 * The table in memory is what counts; the file follows, and brings back what was there before a restart and what other
 * processes of this node wrote. */
#include "alarms/int.h"
#include "alarms/schema.h"

#include "base/log.h"

#include <string.h>

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE alarms (id TEXT PRIMARY KEY, code TEXT NOT NULL, provider TEXT NOT NULL, school TEXT NOT NULL, "
         "subject TEXT NOT NULL, detail TEXT NOT NULL, first_s INTEGER NOT NULL, last_s INTEGER NOT NULL, "
         "n INTEGER NOT NULL, over_s INTEGER NOT NULL, seen_s INTEGER NOT NULL, seen_by TEXT NOT NULL, "
         "note TEXT NOT NULL) WITHOUT ROWID;" },
};

const struct db_schema alarms_schema = { "alarms.sqlite", migrations, sizeof migrations / sizeof *migrations };
enum { COLUMNS = 13 };

static const struct db_statement put = {
    "alarm_put", "INSERT OR REPLACE INTO alarms (id, code, provider, school, subject, detail, first_s, last_s, n, "
                 "over_s, seen_s, seen_by, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
};
/* The youngest, which come last, so that the older ones make room for them. */
static const struct db_statement all = { "alarm_all",
                                         "SELECT * FROM (SELECT id, code, provider, school, subject, detail, first_s, "
                                         "last_s, n, over_s, seen_s, seen_by, note FROM alarms ORDER BY last_s DESC "
                                         "LIMIT 2049) ORDER BY last_s" };
static const struct db_statement drop = { "alarm_drop", "DELETE FROM alarms WHERE id = ?1" };
static const struct db_statement forget = { "alarm_forget", "DELETE FROM alarms WHERE last_s < ?1" };

static bool write_one(struct db *d, const struct kept *k, struct fail *f)
{
    const struct db_value values[COLUMNS] = { db_text(str_of(k->id)),
                                              db_text(str_of(alarm_row(k->code)->code)),
                                              db_text(str_of(k->provider)),
                                              db_text(str_of(k->school)),
                                              db_text(str_of(k->subject)),
                                              db_text(str_of(k->detail)),
                                              db_int(k->first_s),
                                              db_int(k->last_s),
                                              db_int(k->n),
                                              db_int(k->over_s),
                                              db_int(k->seen_s),
                                              db_text(str_of(k->seen_by)),
                                              db_text(str_of(k->note)) };

    return db_run(d, &put, values, COLUMNS, f);
}

/* What the file knows later than we do counts; under the lock. */
static void take(struct alarms *s, const struct db_value *v, int64_t now_s)
{
    char id[ALARM_ID_B + 1] = { 0 };
    enum alarm_code code = alarm_of_name(v[1].text);

    if (code == ALARM_NONE || v[0].text.n != ALARM_ID_B || v[7].number < now_s - ALARM_KEPT_S)
        return;
    memcpy(id, v[0].text.p, ALARM_ID_B);
    struct kept *k = alarms_find(s, id);
    if (k != NULL && (v[7].number < k->last_s || (v[7].number == k->last_s && v[10].number <= k->seen_s)))
        return;
    if (k == NULL && (k = alarms_room(s, id, code, v[2].text, now_s)) == NULL)
        return;
    k->code = code;
    alarms_set(k->provider, AREA_MAX_B, v[2].text);
    alarms_set(k->school, AREA_MAX_B, v[3].text);
    alarms_set(k->subject, ALARM_SUBJECT_MAX_B, v[4].text);
    alarms_set(k->detail, ALARM_DETAIL_MAX_B, v[5].text);
    k->first_s = v[6].number;
    k->last_s = v[7].number;
    k->n = v[8].number > k->n ? v[8].number : k->n;
    k->over_s = v[9].number;
    k->seen_s = v[10].number;
    alarms_set(k->seen_by, WHO_MAX_B, v[11].text);
    alarms_set(k->note, ALARM_NOTE_MAX_B, v[12].text);
}

/* Within the transaction, so that nobody writes in between. */
static bool read_file(struct alarms *s, int64_t now_s, struct fail *f)
{
    struct arena *a = arena_new();
    struct db_rows rows;
    bool good = db_query(s->db, &all, NULL, 0, a, &rows, f);

    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; good && i < rows.n; i++)
        take(s, db_row(&rows, i), now_s);
    (void)pthread_mutex_unlock(&s->lock);
    arena_free(a);
    return good;
}

struct changed { /* copies of what is to be written, so that nobody waits for SQL */
    struct kept *at;
    size_t n, gone_n;
    char gone[GONE_MAX][ALARM_ID_B + 1];
};

static void take_changed(struct alarms *s, struct arena *a, struct changed *out)
{
    size_t n = 0;

    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < PLACES; i++)
        n += s->at[i].code != ALARM_NONE && s->at[i].dirty;
    out->at = arena_make_n(a, n + 1, struct kept);
    for (size_t i = 0; i < PLACES; i++)
        if (s->at[i].code != ALARM_NONE && s->at[i].dirty) {
            out->at[out->n++] = s->at[i];
            s->at[i].dirty = false;
        }
    out->gone_n = s->gone_n;
    memcpy(out->gone, s->gone, sizeof out->gone);
    s->gone_n = 0;
    s->urgent = false;
    (void)pthread_mutex_unlock(&s->lock);
}

/* It was not written: another time, then. */
static void give_back(struct alarms *s, const struct changed *x)
{
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < x->n; i++) {
        struct kept *k = alarms_find(s, x->at[i].id);
        if (k != NULL)
            k->dirty = true;
    }
    for (size_t i = 0; i < x->gone_n && s->gone_n < GONE_MAX; i++)
        memcpy(s->gone[s->gone_n++], x->gone[i], sizeof x->gone[i]);
    (void)pthread_mutex_unlock(&s->lock);
}

static bool write_changed(struct alarms *s, int64_t now_s, struct fail *f)
{
    const struct db_value before = db_int(now_s - ALARM_KEPT_S);
    struct arena *a = arena_new();
    struct changed *x = arena_make(a, struct changed);
    bool good = true;

    take_changed(s, a, x);
    for (size_t i = 0; good && i < x->gone_n; i++) {
        const struct db_value id = db_text(str_of(x->gone[i]));
        good = db_run(s->db, &drop, &id, 1, f);
    }
    for (size_t i = 0; good && i < x->n; i++)
        good = write_one(s->db, &x->at[i], f);
    good = good && db_run(s->db, &forget, &before, 1, f) && db_commit(s->db, f);
    if (!good)
        give_back(s, x);
    arena_free(a);
    return good;
}

static bool open_store(struct alarms *s, struct fail *f)
{
    if (s->db == NULL)
        s->db = db_open_with(s->path, migrations, sizeof migrations / sizeof *migrations, f);
    return s->db != NULL;
}

static bool is_due(struct alarms *s, int64_t now_s)
{
    (void)pthread_mutex_lock(&s->lock);
    bool due = s->urgent || now_s - s->wrote_s >= WRITE_EVERY_S || now_s < s->wrote_s;
    (void)pthread_mutex_unlock(&s->lock);
    return due;
}

bool alarms_write(struct alarms *s, int64_t now_s, struct fail *f)
{
    if (s->db != NULL && !is_due(s, now_s) && db_moved(s->db) == s->moved)
        return true;
    s->wrote_s = now_s;
    if (!open_store(s, f) || !db_begin(s->db, f))
        return false;
    int64_t moved = db_moved(s->db);
    bool good = (moved == s->moved || read_file(s, now_s, f)) && write_changed(s, now_s, f);
    if (good)
        s->moved = moved;
    else
        db_rollback(s->db);
    return good;
}

void alarms_free(struct alarms *s)
{
    struct fail f = { 0 };

    if (s == NULL)
        return;
    s->urgent = true;
    if (s->db != NULL && !alarms_write(s, s->wrote_s, &f))
        log_event(LOG_WARN, "alarms.lost", LOG_C("code", f.code), LOG_C("why", f.detail));
    db_close(s->db);
    (void)pthread_mutex_destroy(&s->lock);
    arena_free(s->arena);
}
