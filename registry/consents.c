/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/consents.h"

#include "base/fields.h"

#include <pthread.h>

enum { WORDS_MAX_B = 1024 };

/* Claims by their words: a set of bits would mean something else when a row is added to claims.def. */
static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE consents (person TEXT NOT NULL, service TEXT NOT NULL, kind INTEGER NOT NULL, "
         "claims TEXT NOT NULL, at_s INTEGER NOT NULL, PRIMARY KEY (person, service, kind)) WITHOUT ROWID;" },
};

static const struct db_statement
    get = { "consent_get", "SELECT kind, service, claims, at_s FROM consents WHERE person = ?1 AND service = ?2 AND "
                           "kind = ?3" },
    mine = { "consents_mine", "SELECT kind, service, claims, at_s FROM consents WHERE person = ?1 "
                              "ORDER BY at_s DESC, service, kind LIMIT 1000" },
    put = { "consent_put", "INSERT INTO consents (person, service, kind, claims, at_s) VALUES (?1, ?2, ?3, ?4, ?5) "
                           "ON CONFLICT (person, service, kind) DO UPDATE SET claims = excluded.claims, "
                           "at_s = excluded.at_s" },
    drop = { "consent_drop", "DELETE FROM consents WHERE person = ?1 AND service = ?2 AND kind = ?3" };

/* ── the store ──────────────────────────────────────────────────────────── */

struct consents {
    struct arena *arena;
    const char *path;
    pthread_mutex_t lock;
    struct db *db; /* under lock; opened by the first who asks */
};

struct consents *consents_new(const struct settings *set)
{
    struct arena *a = arena_new();
    struct consents *s = arena_make(a, struct consents);

    s->arena = a;
    s->path = arena_cstr(a, arena_join(a, set->state_dir, S("/registry/consents.sqlite")));
    (void)pthread_mutex_init(&s->lock, NULL);
    return s;
}

void consents_free(struct consents *s)
{
    if (s == NULL)
        return;
    db_close(s->db);
    (void)pthread_mutex_destroy(&s->lock);
    arena_free(s->arena);
}

static bool open_store(struct consents *s, struct fail *f)
{
    if (s->db != NULL)
        return true;
    struct db *d = db_open(s->path, DB_CREATE, f);
    if (d != NULL && db_migrate(d, migrations, sizeof migrations / sizeof *migrations, f)) {
        s->db = d;
        return true;
    }
    db_close(d);
    return false;
}

bool consents_now(struct consents *s, struct arena *a, consents_job *job, void *with, struct fail *f)
{
    (void)pthread_mutex_lock(&s->lock);
    bool ok = open_store(s, f) && job(with, s->db, a, f);
    (void)pthread_mutex_unlock(&s->lock);
    return ok;
}

struct job { /* all that the thread touches; arena: the job's own */
    struct consents *store;
    struct arena *arena;
    consents_job *run;
    void *with;
    struct consents_got *out;
};

static void run(void *arg)
{
    struct job *j = arg;

    j->out->ok = consents_now(j->store, j->arena, j->run, j->with, &j->out->why);
}

static void release_arena(void *a)
{
    arena_free(a);
}

bool consents_ask(struct consents *s, struct work *w, struct batch *b, struct arena *a, consents_job *job, void *with,
                  struct consents_got *out)
{
    struct job *j = arena_make(a, struct job);

    *out = (struct consents_got){ .ok = false };
    *j = (struct job){ .store = s, .arena = arena_new(), .run = job, .with = with, .out = out };
    arena_adopt(a, j->arena, release_arena);
    return work_ask(w, b, run, j);
}

/* ── claims ─────────────────────────────────────────────────────────────── */

struct str consent_words(struct arena *a, struct claim_set claims)
{
    struct fields words = fields_new(a, ' ', WORDS_MAX_B);

    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(claims, (enum claim)i))
            fields_item(&words, str_of(claim_rows[i].word));
    return fields_text(&words);
}

struct claim_set consent_claims(struct str words)
{
    struct claim_set out = { 0 };
    struct str word;
    enum claim claim;

    while (str_split(&words, ' ', &word))
        if (claim_of_word(word, &claim))
            claim_add(&out, claim);
    return out;
}

/* ── rows ───────────────────────────────────────────────────────────────── */

static struct consent consent_row(const struct db_value *row)
{
    return (struct consent){ .kind = row[0].number == CONSENT_GIVEN ? CONSENT_GIVEN : CONSENT_SHOWN,
                             .service = row[1].text,
                             .claims = consent_claims(row[2].text),
                             .at_s = row[3].number };
}

bool consent_get(struct db *d, struct arena *a, struct str person, struct str service, enum consent_kind kind,
                 struct consent *out, struct fail *f)
{
    const struct db_value args[] = { db_text(person), db_text(service), db_int(kind) };
    struct db_rows rows;

    *out = (struct consent){ .kind = CONSENT_NONE };
    if (!db_query(d, &get, args, 3, a, &rows, f))
        return false;
    if (rows.n > 0)
        *out = consent_row(db_row(&rows, 0));
    return true;
}

bool consents_of(struct db *d, struct arena *a, struct str person, struct consents_found *out, struct fail *f)
{
    const struct db_value args[] = { db_text(person) };
    struct db_rows rows;

    *out = (struct consents_found){ NULL, 0 };
    if (!db_query(d, &mine, args, 1, a, &rows, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct consent);
    for (; out->n < rows.n; out->n++)
        out->at[out->n] = consent_row(db_row(&rows, out->n));
    return true;
}

bool consent_put(struct db *d, struct arena *a, struct str person, const struct consent *x, struct fail *f)
{
    struct str words = consent_words(a, x->claims);
    const struct db_value args[] = { db_text(person), db_text(x->service), db_int(x->kind),
                                     db_text(str_is_set(words) ? words : S("")), db_int(x->at_s) };

    return db_run(d, &put, args, sizeof args / sizeof *args, f);
}

bool consent_take(struct db *d, struct arena *a, struct str person, struct str service, bool *was, struct fail *f)
{
    const struct db_value args[] = { db_text(person), db_text(service), db_int(CONSENT_GIVEN) };
    struct consent before;

    if (!consent_get(d, a, person, service, CONSENT_GIVEN, &before, f))
        return false;
    *was = before.kind == CONSENT_GIVEN;
    return db_run(d, &drop, args, 3, f);
}
