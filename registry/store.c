/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/store.h"

#include <pthread.h>

struct store {
    struct arena *arena;
    const char *path;
    const struct db_migration *migrations;
    size_t migration_count;
    pthread_mutex_t lock;
    struct db *db; /* under lock; opened by the first who asks */
};

struct store *store_new(const struct settings *set, const char *name, const struct db_migration *migrations, size_t n)
{
    struct arena *a = arena_new();
    struct store *s = arena_make(a, struct store);

    s->arena = a;
    s->path = arena_cstr(a, arena_printf(a, "%.*s/registry/%s", STR_ARG(set->state_dir), name));
    s->migrations = migrations;
    s->migration_count = n;
    (void)pthread_mutex_init(&s->lock, NULL);
    return s;
}

void store_free(struct store *s)
{
    if (s == NULL)
        return;
    db_close(s->db);
    (void)pthread_mutex_destroy(&s->lock);
    arena_free(s->arena);
}

static bool open_store(struct store *s, struct fail *f)
{
    if (s->db == NULL)
        s->db = db_open_with(s->path, s->migrations, s->migration_count, f);
    return s->db != NULL;
}

bool store_now(struct store *s, struct arena *a, store_job *job, void *with, struct fail *f)
{
    (void)pthread_mutex_lock(&s->lock);
    bool ok = open_store(s, f) && job(with, s->db, a, f);
    (void)pthread_mutex_unlock(&s->lock);
    return ok;
}

struct store_task { /* all that the thread touches; arena: the job's own */
    struct store *store;
    struct arena *arena;
    store_job *run;
    void *with;
    bool *ok;
    struct fail *why;
};

static void run(void *arg)
{
    struct store_task *j = arg;

    *j->ok = store_now(j->store, j->arena, j->run, j->with, j->why);
}

static void release_arena(void *a)
{
    arena_free(a);
}

bool store_ask(struct store *s, struct work *w, struct batch *b, struct arena *a, store_job *job, void *with, bool *ok,
               struct fail *why)
{
    struct store_task *j = arena_make(a, struct store_task);

    *ok = false;
    *why = (struct fail){ 0 };
    *j = (struct store_task){ .store = s, .arena = arena_new(), .run = job, .with = with, .ok = ok, .why = why };
    arena_adopt(a, j->arena, release_arena);
    return work_ask(w, b, run, j);
}
