/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/desk.h"

#include "registry/registry.h"

#include <pthread.h>

struct desk {
    struct arena *arena;
    const struct settings *set;
    pthread_mutex_t lock;
    struct db *db; /* under lock; opened by the first who asks */
    struct teller *teller;
    struct audit_writer *const *writer; /* NULL: nothing is told */
};

struct desk *desk_new(const struct settings *set)
{
    struct arena *a = arena_new();
    struct desk *k = arena_make(a, struct desk);

    k->arena = a;
    k->set = set;
    (void)pthread_mutex_init(&k->lock, NULL);
    return k;
}

void desk_free(struct desk *k)
{
    if (k == NULL)
        return;
    db_close(k->db);
    (void)pthread_mutex_destroy(&k->lock);
    arena_free(k->arena);
}

void desk_tells(struct desk *k, struct teller *t, struct audit_writer *const *writer)
{
    k->teller = t;
    k->writer = writer;
}

struct job { /* all that the thread touches; arena: the job's own */
    struct desk *desk;
    struct arena *arena;
    desk_job *run;
    void *with;
    struct desk_got *out;
};

static void run(void *arg)
{
    struct job *j = arg;
    struct desk *k = j->desk;

    (void)pthread_mutex_lock(&k->lock);
    if (k->db == NULL)
        k->db = registry_db_open(k->set, DB_CREATE, &j->out->why);
    j->out->ok = k->db != NULL && j->run(j->with, k->db, j->arena, &j->out->why);
    if (j->out->ok && k->writer != NULL && *k->writer != NULL)
        j->out->ok = teller_tell(k->teller, k->db, *k->writer, true, &j->out->why) == TOLD_ALL;
    (void)pthread_mutex_unlock(&k->lock);
}

static void release_arena(void *a)
{
    arena_free(a);
}

bool desk_ask(struct desk *k, struct work *w, struct batch *b, struct arena *a, desk_job *job, void *with,
              struct desk_got *out)
{
    struct job *j = arena_make(a, struct job);

    *out = (struct desk_got){ 0 };
    *j = (struct job){ .desk = k, .arena = arena_new(), .run = job, .with = with, .out = out };
    arena_adopt(a, j->arena, release_arena);
    return work_ask(w, b, run, j);
}
