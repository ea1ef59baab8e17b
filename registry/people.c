/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/people.h"

#include "base/fields.h"
#include "registry/stores.h"
#include "wire/db.h"

#include <pthread.h>

/* One row a person: the list is read and written whole. */
static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE favourites (person TEXT PRIMARY KEY, services TEXT NOT NULL) WITHOUT ROWID;" },
    { 2, "ALTER TABLE favourites ADD COLUMN read TEXT NOT NULL DEFAULT '';" },
};

const struct db_schema people_schema = { "people.sqlite", migrations, sizeof migrations / sizeof *migrations };

static const struct db_statement get = { "favourites_get", "SELECT services, read FROM favourites WHERE person = ?1" };
static const struct db_statement put = { "favourites_put",
                                         "INSERT INTO favourites (person, services, read) VALUES (?1, ?2, ?3) "
                                         "ON CONFLICT (person) DO UPDATE SET services = excluded.services, "
                                         "read = excluded.read" };

struct people {
    struct arena *arena;
    const char *path;
    pthread_mutex_t lock;
    struct db *db; /* under lock; opened by the first who asks */
};

struct people *people_new(const struct settings *set)
{
    struct arena *a = arena_new();
    struct people *s = arena_make(a, struct people);

    s->arena = a;
    s->path = arena_cstr(a, arena_join(a, set->state_dir, S("/registry/people.sqlite")));
    (void)pthread_mutex_init(&s->lock, NULL);
    return s;
}

void people_free(struct people *s)
{
    if (s == NULL)
        return;
    db_close(s->db);
    (void)pthread_mutex_destroy(&s->lock);
    arena_free(s->arena);
}

/* ── the list ───────────────────────────────────────────────────────────── */

static size_t place_of(const struct strs *list, struct str service)
{
    size_t i = 0;

    while (i < list->n && !str_eq(list->at[i], service))
        i++;
    return i;
}

static void swap(struct strs *list, size_t i, size_t k)
{
    struct str was = list->at[i];

    list->at[i] = list->at[k];
    list->at[k] = was;
}

void favourites_apply(struct arena *a, struct strs *list, enum favourite_change change, struct str service)
{
    size_t at = place_of(list, service);
    bool there = at < list->n;

    switch (change) {
    case FAVOURITE_ADD:
        if (!there && list->n < FAVOURITES_MAX)
            strs_add(a, list, service);
        break;
    case FAVOURITE_REMOVE:
        if (there) {
            for (; at + 1 < list->n; at++)
                list->at[at] = list->at[at + 1];
            list->n--;
        }
        break;
    case FAVOURITE_UP:
        if (there && at > 0)
            swap(list, at, at - 1);
        break;
    case FAVOURITE_DOWN:
        if (there && at + 1 < list->n)
            swap(list, at, at + 1);
        break;
    case FAVOURITE_NONE:
        break;
    }
}

/* Ids hold no spaces; one that is no id would be none of the registry's either. */
static struct strs list_of(struct arena *a, struct str text, size_t most)
{
    struct strs list = { arena_make_n(a, most + 1, struct str), 0 };
    struct str id;

    while (list.n < most && str_split(&text, ' ', &id))
        if (id.n > 0)
            list.at[list.n++] = id;
    return list;
}

static struct str text_of(struct arena *a, const struct strs *list)
{
    struct fields ids = fields_new(a, ' ', 65536);

    for (size_t i = 0; i < list->n; i++)
        fields_item(&ids, list->at[i]);
    return fields_text(&ids);
}

/* ── on a worker thread ─────────────────────────────────────────────────── */

struct job { /* all that the thread touches; arena: the job's own */
    struct people *store;
    struct arena *arena;
    struct str person, service, notice;
    enum favourite_change change;
    struct favourites_got *out;
};

static bool open_store(struct people *s, struct fail *f)
{
    if (s->db == NULL)
        s->db = db_open_with(s->path, migrations, sizeof migrations / sizeof *migrations, f);
    return s->db != NULL;
}

static bool read_list(struct job *j, struct db *d, struct fail *f)
{
    struct db_value person = db_text(j->person);
    struct db_rows rows;

    if (!db_query(d, &get, &person, 1, j->arena, &rows, f))
        return false;
    j->out->list = list_of(j->arena, rows.n > 0 ? db_row(&rows, 0)[0].text : S(""), FAVOURITES_MAX);
    j->out->read = list_of(j->arena, rows.n > 0 ? db_row(&rows, 0)[1].text : S(""), NOTICES_READ_MAX);
    return true;
}

/* The list has room for one more than it keeps. */
static void read_one(struct strs *read, struct str notice)
{
    if (!str_is_set(notice) || strs_has(read, notice))
        return;
    read->at[read->n++] = notice;
    if (read->n <= NOTICES_READ_MAX)
        return;
    read->at++;
    read->n--;
}

static bool change_list(struct job *j, struct db *d, struct fail *f)
{
    if (!db_begin(d, f))
        return false;
    if (read_list(j, d, f)) {
        favourites_apply(j->arena, &j->out->list, j->change, j->service);
        read_one(&j->out->read, j->notice);
        const struct db_value values[] = { db_text(j->person), db_text(text_of(j->arena, &j->out->list)),
                                           db_text(text_of(j->arena, &j->out->read)) };
        if (db_run(d, &put, values, 3, f) && db_commit(d, f))
            return true;
    }
    db_rollback(d);
    return false;
}

static void run(void *arg)
{
    struct job *j = arg;
    struct people *s = j->store;
    struct favourites_got *out = j->out;

    (void)pthread_mutex_lock(&s->lock);
    out->ok = open_store(s, &out->why) &&
              (j->change == FAVOURITE_NONE && !str_is_set(j->notice) ? read_list(j, s->db, &out->why)
                                                                     : change_list(j, s->db, &out->why));
    (void)pthread_mutex_unlock(&s->lock);
}

static void release_arena(void *a)
{
    arena_free(a);
}

bool people_favourites(struct people *p, struct work *w, struct batch *b, struct arena *a,
                       const struct favourites_ask *ask, struct favourites_got *out)
{
    struct job *j = arena_make(a, struct job);

    *j = (struct job){ .store = p,
                       .arena = arena_new(),
                       .person = ask->person,
                       .service = ask->service,
                       .notice = ask->notice,
                       .change = ask->change,
                       .out = out };
    arena_adopt(a, j->arena, release_arena);
    return work_ask(w, b, run, j);
}
