/* SPDX-License-Identifier: EUPL-1.2
 *
 * Counts in SQL: written in sums, and read. */
#include "registry/shadow_int.h"

#include "registry/stores.h"
#include "wire/db.h"

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE run (turn INTEGER PRIMARY KEY, since_s INTEGER NOT NULL, last_s INTEGER NOT NULL, "
         "openings INTEGER NOT NULL, pages INTEGER NOT NULL, releases INTEGER NOT NULL, "
         "openings_differ INTEGER NOT NULL, pages_differ INTEGER NOT NULL, releases_differ INTEGER NOT NULL, "
         "beyond INTEGER NOT NULL);"
         "CREATE TABLE cell (turn INTEGER NOT NULL, service TEXT NOT NULL, provider TEXT NOT NULL, "
         "school TEXT NOT NULL, role TEXT NOT NULL, opens INTEGER NOT NULL, closes INTEGER NOT NULL, "
         "shows INTEGER NOT NULL, hides INTEGER NOT NULL, more INTEGER NOT NULL, less INTEGER NOT NULL, "
         "people INTEGER NOT NULL, PRIMARY KEY (turn, service, provider, school, role)) WITHOUT ROWID;"
         "CREATE TABLE day (turn INTEGER NOT NULL, day INTEGER NOT NULL, people INTEGER NOT NULL, "
         "differing INTEGER NOT NULL, PRIMARY KEY (turn, day)) WITHOUT ROWID;" },
};

const struct db_schema shadow_schema = { "shadow.sqlite", migrations, sizeof migrations / sizeof *migrations };

struct db *shadow_store(const struct settings *set, struct arena *a, struct fail *f)
{
    return db_open_with(arena_cstr(a, arena_join(a, set->state_dir, S("/registry/shadow.sqlite"))), migrations,
                        sizeof migrations / sizeof *migrations, f);
}

/* ── writing ────────────────────────────────────────────────────────────── */

static const struct db_statement add_run = {
    "shadow_run", "INSERT INTO run (turn, since_s, last_s, openings, pages, releases, openings_differ, pages_differ, "
                  "releases_differ, beyond) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
                  "ON CONFLICT (turn) DO UPDATE SET last_s = max(last_s, excluded.last_s), "
                  "openings = openings + excluded.openings, pages = pages + excluded.pages, "
                  "releases = releases + excluded.releases, "
                  "openings_differ = openings_differ + excluded.openings_differ, "
                  "pages_differ = pages_differ + excluded.pages_differ, "
                  "releases_differ = releases_differ + excluded.releases_differ, beyond = beyond + excluded.beyond"
};
static const struct db_statement add_cell = {
    "shadow_cell", "INSERT INTO cell (turn, service, provider, school, role, opens, closes, shows, hides, more, less, "
                   "people) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
                   "ON CONFLICT (turn, service, provider, school, role) DO UPDATE SET opens = opens + excluded.opens, "
                   "closes = closes + excluded.closes, shows = shows + excluded.shows, hides = hides + excluded.hides, "
                   "more = more + excluded.more, less = less + excluded.less, people = max(people, excluded.people)"
};
static const struct db_statement add_day = {
    "shadow_day", "INSERT INTO day (turn, day, people, differing) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (turn, day) DO "
                  "UPDATE SET people = max(people, excluded.people), differing = max(differing, excluded.differing)"
};

/* What is written, taken out under the lock; put back where it could not be written. */
struct taken {
    struct arena *arena;
    struct shadow_cell *cells;
    uint32_t *places;
    size_t n;
    uint64_t compared[SHADOW_AT_COUNT], differ[SHADOW_AT_COUNT], beyond;
    int64_t day;
    size_t people, differing;
};

static void take(struct shadow_tally *t, struct taken *x)
{
    (void)pthread_mutex_lock(&t->lock);
    for (int i = 0; i < SHADOW_AT_COUNT; i++) {
        x->compared[i] = t->compared[i];
        x->differ[i] = t->differ[i];
        t->compared[i] = t->differ[i] = 0;
    }
    x->beyond = t->beyond;
    t->beyond = 0;
    x->cells = arena_make_n(x->arena, t->n + 1, struct shadow_cell);
    x->places = arena_make_n(x->arena, t->n + 1, uint32_t);
    for (size_t i = 0; i < t->n; i++) {
        struct shadow_cell *c = &t->cells[i];
        if (!c->noted)
            continue;
        x->places[x->n] = (uint32_t)i;
        x->cells[x->n++] = *c;
        c->noted = false;
        for (int k = 0; k < SHADOW_KIND_COUNT; k++)
            c->waits[k] = 0;
    }
    x->day = t->day;
    struct bits all = bits_new(x->arena, SHADOW_DAY_BITS), some = bits_new(x->arena, SHADOW_DAY_BITS);
    bits_or(&all, &t->all);
    bits_or(&some, &t->some);
    (void)pthread_mutex_unlock(&t->lock);
    x->people = shadow_people_in(&all);
    x->differing = shadow_people_in(&some);
}

static void put_back(struct shadow_tally *t, const struct taken *x)
{
    (void)pthread_mutex_lock(&t->lock);
    for (int i = 0; i < SHADOW_AT_COUNT; i++) {
        t->compared[i] += x->compared[i];
        t->differ[i] += x->differ[i];
    }
    t->beyond += x->beyond;
    for (size_t i = 0; i < x->n; i++) {
        struct shadow_cell *c = &t->cells[x->places[i]];
        c->noted = true;
        for (int k = 0; k < SHADOW_KIND_COUNT; k++)
            c->waits[k] += x->cells[i].waits[k];
    }
    (void)pthread_mutex_unlock(&t->lock);
}

static bool write_cell(struct db *d, int64_t turn, const struct shadow_cell *c, struct fail *f)
{
    struct db_value args[12] = { db_int(turn), db_text(c->service), db_text(c->provider_oid), db_text(c->school_oid),
                                 db_text(str_of(role_name(c->role))) };

    for (int k = 0; k < SHADOW_KIND_COUNT; k++)
        args[5 + k] = db_int((int64_t)c->waits[k]);
    args[11] = db_int(__builtin_popcountll(c->seen));
    return db_run(d, &add_cell, args, 12, f);
}

static bool write_taken(struct db *d, const struct shadow_tally *t, const struct taken *x, int64_t now_s,
                        struct fail *f)
{
    const struct db_value day[] = { db_int(t->turn), db_int(x->day), db_int((int64_t)x->people),
                                    db_int((int64_t)x->differing) };
    struct db_value run[10] = { db_int(t->turn), db_int(t->since_s), db_int(now_s) };

    for (int i = 0; i < SHADOW_AT_COUNT; i++) {
        run[3 + i] = db_int((int64_t)x->compared[i]);
        run[3 + SHADOW_AT_COUNT + i] = db_int((int64_t)x->differ[i]);
    }
    run[9] = db_int((int64_t)x->beyond);
    bool good = db_begin(d, f) && db_run(d, &add_run, run, 10, f) && db_run(d, &add_day, day, 4, f);
    for (size_t i = 0; good && i < x->n; i++)
        good = write_cell(d, t->turn, &x->cells[i], f);
    good = good && db_commit(d, f);
    if (!good)
        db_rollback(d);
    return good;
}

bool shadow_tally_write(struct db *d, struct shadow_tally *t, int64_t now_s, struct fail *f)
{
    struct taken x = { .arena = arena_new() };
    bool good = true;

    take(t, &x);
    if (x.compared[SHADOW_OPENING] + x.compared[SHADOW_PAGE] + x.compared[SHADOW_RELEASE] > 0)
        good = write_taken(d, t, &x, now_s, f);
    if (!good)
        put_back(t, &x);
    arena_free(x.arena);
    return good;
}

static const struct db_statement forget_old[] = {
    { "shadow_old_cells", "DELETE FROM cell WHERE turn IN (SELECT turn FROM run WHERE last_s < ?1)" },
    { "shadow_old_days", "DELETE FROM day WHERE turn IN (SELECT turn FROM run WHERE last_s < ?1)" },
    { "shadow_old_runs", "DELETE FROM run WHERE last_s < ?1" },
};

bool shadow_forget(struct db *d, int64_t before_s, struct fail *f)
{
    const struct db_value before = db_int(before_s);
    bool good = db_begin(d, f);

    for (size_t i = 0; good && i < sizeof forget_old / sizeof *forget_old; i++)
        good = db_run(d, &forget_old[i], &before, 1, f);
    good = good && db_commit(d, f);
    if (!good)
        db_rollback(d);
    return good;
}

/* ── reading ────────────────────────────────────────────────────────────── */

static const struct db_statement run_row = {
    "shadow_run_row", "SELECT openings, pages, releases, openings_differ, pages_differ, releases_differ, beyond "
                      "FROM run WHERE turn = ?1 AND since_s = ?2"
};
static const struct db_statement rows_sum = {
    "shadow_sum", "SELECT count(CASE WHEN people >= ?2 THEN 1 END), count(CASE WHEN people < ?2 THEN 1 END), "
                  "coalesce(sum(CASE WHEN people < ?2 THEN opens END), 0), "
                  "coalesce(sum(CASE WHEN people < ?2 THEN closes END), 0), "
                  "coalesce(sum(CASE WHEN people < ?2 THEN shows END), 0), "
                  "coalesce(sum(CASE WHEN people < ?2 THEN hides END), 0), "
                  "coalesce(sum(CASE WHEN people < ?2 THEN more END), 0), "
                  "coalesce(sum(CASE WHEN people < ?2 THEN less END), 0) FROM cell WHERE turn = ?1"
};
static const struct db_statement rows_told = {
    "shadow_rows", "SELECT service, provider, school, role, opens, closes, shows, hides, more, less, people FROM cell "
                   "WHERE turn = ?1 AND people >= ?2 ORDER BY opens + closes + shows + hides + more + less DESC, "
                   "service, provider, school, role LIMIT ?4 OFFSET ?3"
};
static const struct db_statement days_of = {
    "shadow_days", "SELECT day, people, differing FROM day WHERE turn = ?1 ORDER BY day DESC"
};
static const struct db_statement cells_of = { "shadow_cells",
                                              "SELECT service, provider, school, role FROM cell WHERE turn = ?1" };
static const struct db_statement forget_cells = { "shadow_forget_cells", "DELETE FROM cell WHERE turn = ?1" };
static const struct db_statement forget_days = { "shadow_forget_days", "DELETE FROM day WHERE turn = ?1" };
static const struct db_statement forget_run = { "shadow_forget_run", "DELETE FROM run WHERE turn = ?1" };

static struct shadow_row row_of(const struct db_value *v)
{
    struct shadow_row r = { .service = v[0].text,
                            .provider_oid = v[1].text,
                            .school_oid = v[2].text,
                            .role = role_of_name(v[3].text),
                            .people = v[10].number };

    for (int k = 0; k < SHADOW_KIND_COUNT; k++)
        r.n[k] = v[4 + k].number;
    return r;
}

static bool read_sums(struct db *d, struct arena *a, const struct shadow_run *run, bool *there,
                      struct shadow_counts *out, struct fail *f)
{
    const struct db_value which[] = { db_int(run->turn), db_int(run->since_s) },
                          few[] = { db_int(run->turn), db_int(SHADOW_FEW) };
    struct db_rows rows, sum;

    if (!db_query(d, &run_row, which, 2, a, &rows, f) || !db_query(d, &rows_sum, few, 2, a, &sum, f))
        return false;
    *there = rows.n == 1;
    for (int i = 0; *there && i < SHADOW_AT_COUNT; i++) {
        out->compared[i] = rows.at[i].number;
        out->differ[i] = rows.at[SHADOW_AT_COUNT + i].number;
    }
    if (*there) {
        out->beyond = rows.at[6].number;
        out->rows = sum.at[0].number;
        out->few = sum.at[1].number;
        for (int k = 0; k < SHADOW_KIND_COUNT; k++)
            out->few_n[k] = sum.at[2 + k].number;
    }
    return true;
}

static bool read_lists(struct db *d, struct arena *a, const struct shadow_run *run, size_t from, size_t most,
                       struct shadow_counts *out, struct fail *f)
{
    const struct db_value args[] = { db_int(run->turn), db_int(SHADOW_FEW), db_int((int64_t)from),
                                     db_int((int64_t)most) };
    struct db_rows rows, days;

    if (!db_query(d, &rows_told, args, 4, a, &rows, f) || !db_query(d, &days_of, args, 1, a, &days, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct shadow_row);
    for (; out->n < rows.n; out->n++)
        out->at[out->n] = row_of(db_row(&rows, out->n));
    out->days = arena_make_n(a, days.n + 1, struct shadow_day);
    for (; out->day_count < days.n; out->day_count++) {
        const struct db_value *v = db_row(&days, out->day_count);
        out->days[out->day_count] = (struct shadow_day){ v[0].number, v[1].number, v[2].number };
    }
    return true;
}

bool shadow_read(const struct settings *set, struct arena *a, const struct shadow_run *run, size_t from, size_t most,
                 struct shadow_counts *out, struct fail *f)
{
    bool there = false;

    *out = (struct shadow_counts){ .n = 0 };
    if (run->state == SHADOW_NONE)
        return true;
    struct db *d = shadow_store(set, a, f);
    bool good = d != NULL && db_begin_read(d, f) && read_sums(d, a, run, &there, out, f) &&
                (!there || read_lists(d, a, run, from, most, out, f));
    if (d != NULL)
        db_rollback(d);
    db_close(d);
    return good;
}

/* Counts of that number that belong to another run come from a registry that was put back. */
static bool forget_other(struct db *d, const struct shadow_tally *t, struct arena *a, struct fail *f)
{
    const struct db_value which[] = { db_int(t->turn), db_int(t->since_s) };
    struct db_rows rows;

    if (!db_query(d, &run_row, which, 2, a, &rows, f))
        return false;
    return rows.n == 1 || (db_run(d, &forget_cells, which, 1, f) && db_run(d, &forget_days, which, 1, f) &&
                           db_run(d, &forget_run, which, 1, f));
}

bool shadow_tally_load(const struct settings *set, struct shadow_tally *t, struct fail *f)
{
    const struct db_value turn = db_int(t->turn);
    struct arena *a = arena_new();
    struct db *d = shadow_store(set, a, f);
    struct db_rows rows = { 0 };
    bool good = d != NULL && db_begin(d, f) && forget_other(d, t, a, f) &&
                db_query(d, &cells_of, &turn, 1, a, &rows, f) && db_commit(d, f);

    if (d != NULL && !good)
        db_rollback(d);
    for (size_t i = 0; good && i < rows.n; i++) {
        const struct db_value *v = db_row(&rows, i);
        (void)shadow_cell_of(t, v[0].text, v[1].text, v[2].text, role_of_name(v[3].text));
    }
    db_close(d);
    arena_free(a);
    return good;
}
