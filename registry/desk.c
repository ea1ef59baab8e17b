/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/desk.h"

#include "registry/registry.h"

#include <pthread.h>
#include <time.h>

struct desk {
    struct arena *arena;
    const struct settings *set;
    pthread_mutex_t lock;
    struct db *db; /* under lock; opened by the first who asks */
    struct teller *teller;
    struct audit_writer *const *writer; /* NULL: nothing is told */
    pthread_mutex_t serving;
    pthread_cond_t served;
    int64_t version; /* under serving */
};

struct desk *desk_new(const struct settings *set)
{
    struct arena *a = arena_new();
    struct desk *k = arena_make(a, struct desk);

    k->arena = a;
    k->set = set;
    (void)pthread_mutex_init(&k->lock, NULL);
    (void)pthread_mutex_init(&k->serving, NULL);
    (void)pthread_cond_init(&k->served, NULL);
    return k;
}

void desk_free(struct desk *k)
{
    if (k == NULL)
        return;
    db_close(k->db);
    (void)pthread_mutex_destroy(&k->lock);
    (void)pthread_mutex_destroy(&k->serving);
    (void)pthread_cond_destroy(&k->served);
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

/* ── until it is served ─────────────────────────────────────────────────── */

struct waiting {
    struct desk *desk;
    int64_t version;
};

void desk_serves(struct desk *k, int64_t version)
{
    if (k == NULL)
        return;
    (void)pthread_mutex_lock(&k->serving);
    k->version = version;
    (void)pthread_cond_broadcast(&k->served);
    (void)pthread_mutex_unlock(&k->serving);
}

static void wait_for(void *arg)
{
    struct waiting *x = arg;
    struct desk *k = x->desk;
    struct timespec until;
    int said = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DESK_SERVED_MS / 1000;
    (void)pthread_mutex_lock(&k->serving);
    while (k->version < x->version && said == 0)
        said = pthread_cond_timedwait(&k->served, &k->serving, &until);
    (void)pthread_mutex_unlock(&k->serving);
}

bool desk_wait(struct desk *k, struct work *w, struct batch *b, struct arena *a, int64_t version)
{
    struct waiting *x = arena_make(a, struct waiting);

    *x = (struct waiting){ k, version };
    return work_ask(w, b, wait_for, x);
}
