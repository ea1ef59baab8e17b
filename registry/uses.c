/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/uses.h"

#include "policy/windows.h"
#include "registry/stores.h"
#include "wire/db.h"

#include <pthread.h>
#include <string.h>

enum { SLOTS = 2 * USES_WAITING_MAX, FORGET_EVERY_S = 3600 };

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE used (service TEXT NOT NULL, day INTEGER NOT NULL, provider TEXT NOT NULL, n INTEGER NOT NULL, "
         "PRIMARY KEY (service, day, provider)) WITHOUT ROWID;"
         "CREATE INDEX used_day ON used (day);" },
};

const struct db_schema uses_schema = { "uses.sqlite", migrations, sizeof migrations / sizeof *migrations };

static const struct db_statement add = { "used_add", "INSERT INTO used (service, day, provider, n) "
                                                     "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (service, day, provider) "
                                                     "DO UPDATE SET n = n + excluded.n" };
static const struct db_statement forget = { "used_forget", "DELETE FROM used WHERE day < ?1" };
static const struct db_statement count = { "used_count", "SELECT COUNT(*), MIN(day) FROM used" };
static const struct db_statement of_service = {
    "used_of", "SELECT provider, day, n FROM used WHERE service = ?1 AND day >= ?2 AND day < ?3 ORDER BY provider, day"
};

struct slot { /* n 0: free */
    char service[USES_ID_MAX_B], provider[USES_ID_MAX_B];
    uint8_t service_n, provider_n;
    int64_t day, n;
};

struct uses {
    const char *path;
    struct arena *arena;
    pthread_mutex_t lock;
    struct slot *slots; /* under lock, like n: what waits */
    struct slot *spare; /* that the writer empties */
    size_t n;
    struct db *db; /* of the thread that writes */
    int64_t forgot_s;
};

static const char *path_of(const struct settings *set, struct arena *a)
{
    return arena_cstr(a, arena_join(a, set->state_dir, S("/registry/uses.sqlite")));
}

struct uses *uses_new(const struct settings *set)
{
    struct arena *a = arena_new();
    struct uses *u = arena_make(a, struct uses);

    u->arena = a;
    u->path = path_of(set, a);
    u->slots = arena_make_n(a, SLOTS, struct slot);
    u->spare = arena_make_n(a, SLOTS, struct slot);
    (void)pthread_mutex_init(&u->lock, NULL);
    return u;
}

void uses_free(struct uses *u)
{
    struct fail f = { 0 };

    if (u == NULL)
        return;
    (void)uses_write(u, 0, &f);
    db_close(u->db);
    (void)pthread_mutex_destroy(&u->lock);
    arena_free(u->arena);
}

static bool is_of(const struct slot *s, struct str service, struct str provider, int64_t day)
{
    return s->day == day && str_eq(str_n(s->service, s->service_n), service) &&
           str_eq(str_n(s->provider, s->provider_n), provider);
}

static void note(struct uses *u, struct str service, struct str provider, int64_t day)
{
    size_t i = (size_t)(str_hash(service, (uint64_t)day) ^ str_hash(provider, 3)) % SLOTS;

    while (u->slots[i].n > 0 && !is_of(&u->slots[i], service, provider, day))
        i = (i + 1) % SLOTS;
    struct slot *s = &u->slots[i];
    if (s->n == 0) {
        if (u->n == USES_WAITING_MAX)
            return;
        u->n++;
        memcpy(s->service, service.p, service.n);
        memcpy(s->provider, provider.p, provider.n);
        s->service_n = (uint8_t)service.n;
        s->provider_n = (uint8_t)provider.n;
        s->day = day;
    }
    s->n++;
}

void uses_opened(struct uses *u, struct str service, struct str provider, int64_t now_s)
{
    if (u == NULL || service.n == 0 || provider.n == 0 || service.n > USES_ID_MAX_B || provider.n > USES_ID_MAX_B)
        return;
    const int64_t day = windows_day(now_s);
    (void)pthread_mutex_lock(&u->lock);
    note(u, service, provider, day);
    (void)pthread_mutex_unlock(&u->lock);
}

/* ── writing ────────────────────────────────────────────────────────────── */

static bool forget_before(struct db *d, int64_t day, struct fail *f)
{
    const struct db_value before = db_int(day);

    return db_run(d, &forget, &before, 1, f);
}

static bool forget_old(struct uses *u, int64_t now_s, struct fail *f)
{
    struct arena *a = arena_new();
    struct db_rows rows;

    if (now_s < u->forgot_s + FORGET_EVERY_S) {
        arena_free(a);
        return true;
    }
    u->forgot_s = now_s;
    bool good =
        forget_before(u->db, windows_day(now_s) - USES_KEPT_DAYS, f) && db_query(u->db, &count, NULL, 0, a, &rows, f);
    if (good && rows.n == 1 && rows.at[0].number > USES_ROWS_MAX) /* the oldest day, an hour later the next one */
        good = forget_before(u->db, rows.at[1].number + 1, f);
    arena_free(a);
    return good;
}

static bool write_slots(struct uses *u, struct slot *slots, struct fail *f)
{
    for (size_t i = 0; i < SLOTS; i++) {
        const struct slot *s = &slots[i];
        const struct db_value values[] = { db_text(str_n(s->service, s->service_n)), db_int(s->day),
                                           db_text(str_n(s->provider, s->provider_n)), db_int(s->n) };
        if (s->n > 0 && !db_run(u->db, &add, values, 4, f))
            return false;
    }
    return true;
}

bool uses_write(struct uses *u, int64_t now_s, struct fail *f)
{
    (void)pthread_mutex_lock(&u->lock);
    struct slot *full = u->slots;
    size_t n = u->n;
    if (n > 0) {
        u->slots = u->spare;
        u->spare = full;
        u->n = 0;
    }
    (void)pthread_mutex_unlock(&u->lock);
    if (n == 0)
        return true;
    if (u->db == NULL)
        u->db = db_open_with(u->path, migrations, sizeof migrations / sizeof *migrations, f);
    bool good = u->db != NULL && db_begin(u->db, f) && write_slots(u, full, f) && forget_old(u, now_s, f) &&
                db_commit(u->db, f);
    if (!good && u->db != NULL)
        db_rollback(u->db);
    memset(full, 0, SLOTS * sizeof *full); /* the only writer: nobody else has the spare */
    return good;
}

/* ── telling ────────────────────────────────────────────────────────────── */

void uses_tell(struct arena *a, const struct uses_cell *cells, size_t n, int64_t first_day, size_t days,
               struct uses_told *out)
{
    *out = (struct uses_told){ .first_day = first_day, .days = days < USES_DAYS_MAX ? days : USES_DAYS_MAX };
    out->places = arena_make_n(a, USES_PLACES_MAX, struct uses_place);
    for (size_t i = 0; i < n; i++) {
        const int64_t at = cells[i].day - first_day;
        struct uses_place *last = out->place_n > 0 ? &out->places[out->place_n - 1] : NULL;
        if (at < 0 || at >= (int64_t)out->days || cells[i].n < USES_FEW)
            continue;
        if (last == NULL || !str_eq(last->provider, cells[i].provider)) {
            if (out->place_n == USES_PLACES_MAX)
                continue;
            last = &out->places[out->place_n++];
            last->provider = arena_str(a, cells[i].provider);
        }
        last->n[at] = cells[i].n;
        last->sum += cells[i].n;
        out->n[at] += cells[i].n;
        out->sum += cells[i].n;
    }
}

bool uses_read(const struct settings *set, struct arena *a, struct str service, size_t days, int64_t now_s,
               struct uses_told *out, struct fail *f)
{
    const int64_t today = windows_day(now_s), first = today - (int64_t)(days < USES_DAYS_MAX ? days : USES_DAYS_MAX);
    const struct db_value values[] = { db_text(service), db_int(first), db_int(today) };
    struct db *d = db_open_with(path_of(set, a), migrations, sizeof migrations / sizeof *migrations, f);
    struct db_rows rows;
    bool good = d != NULL && db_query(d, &of_service, values, 3, a, &rows, f);

    db_close(d);
    *out = (struct uses_told){ 0 };
    if (!good)
        return false;
    struct uses_cell *cells = arena_make_n(a, rows.n + 1, struct uses_cell);
    for (size_t i = 0; i < rows.n; i++) {
        const struct db_value *row = db_row(&rows, i);
        cells[i] = (struct uses_cell){ .provider = row[0].text, .day = row[1].number, .n = row[2].number };
    }
    uses_tell(a, cells, rows.n, first, days, out);
    return true;
}
