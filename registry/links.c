/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/links.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "idp-adapters/attribute_map.h"
#include "model/pairwise.h"
#include "registry/known.h"
#include "registry/store.h"
#include "registry/stores.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WAITING_FIRST = 64, DAY_S = 86400, LINES_MAX = 4000000 };

static const struct db_migration migrations[] = {
    { 1,
      "CREATE TABLE person_link (batch TEXT NOT NULL, identity TEXT NOT NULL, person TEXT NOT NULL, "
      "from_idp TEXT NOT NULL, to_idp TEXT NOT NULL, made_s INTEGER NOT NULL, PRIMARY KEY (batch, identity), "
      "UNIQUE (batch, person)) WITHOUT ROWID;"
      "CREATE INDEX person_link_identity ON person_link (identity);"
      "CREATE INDEX person_link_person ON person_link (person);"
      "CREATE TABLE learner (idp TEXT NOT NULL, number TEXT NOT NULL, person TEXT NOT NULL, seen_s INTEGER NOT NULL, "
      "PRIMARY KEY (idp, number, person)) WITHOUT ROWID;"
      "CREATE INDEX learner_person ON learner (idp, person);"
      "CREATE INDEX learner_seen ON learner (seen_s);"
      "CREATE TABLE learner_master (number TEXT PRIMARY KEY, master TEXT NOT NULL) WITHOUT ROWID;"
      "CREATE INDEX learner_master_of ON learner_master (master);"
      "CREATE TABLE learner_of (provider TEXT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (provider, number)) "
      "WITHOUT ROWID;"
      "CREATE TABLE pair (person TEXT NOT NULL, other TEXT NOT NULL, provider TEXT NOT NULL, "
      "other_provider TEXT NOT NULL, at_s INTEGER NOT NULL, PRIMARY KEY (person, other)) WITHOUT ROWID;" },
};

const struct db_schema links_schema = { "links.sqlite", migrations, sizeof migrations / sizeof *migrations };

static const struct db_statement
    of_identity = { "link_identity", "SELECT batch, person, from_idp, to_idp, made_s FROM person_link "
                                     "WHERE identity = ?1 ORDER BY made_s, batch" },
    of_person = { "link_person", "SELECT batch, identity, from_idp, to_idp, made_s FROM person_link "
                                 "WHERE person = ?1 ORDER BY made_s, batch" },
    link_put = { "link_put", "INSERT OR IGNORE INTO person_link (batch, identity, person, from_idp, to_idp, made_s) "
                             "VALUES (?1, ?2, ?3, ?4, ?5, ?6)" },
    link_count = { "link_count",
                   "SELECT COUNT(*) FROM person_link WHERE batch = ?1 AND from_idp = ?2 AND to_idp = ?3" },
    saw = { "learner_saw", "INSERT INTO learner (idp, number, person, seen_s) VALUES (?1, ?2, ?3, ?4) "
                           "ON CONFLICT (idp, number, person) DO UPDATE SET seen_s = excluded.seen_s" },
    forget = { "learner_forget", "DELETE FROM learner WHERE seen_s < ?1" },
    master_of = { "learner_master", "SELECT master FROM learner_master WHERE number = ?1" },
    /* By a number, or by a duplicate of it. */
    people_of = { "learner_people", "SELECT DISTINCT person FROM learner WHERE idp = ?1 AND (number = ?2 OR number IN "
                                    "(SELECT number FROM "
                                    "learner_master WHERE master = ?2)) LIMIT 2" },
    seen_as = { "learner_seen_as", "SELECT 1 FROM learner WHERE idp = ?1 AND person = ?2 LIMIT 1" },
    lists_any = { "learner_lists", "SELECT EXISTS (SELECT 1 FROM learner_of), EXISTS (SELECT 1 FROM learner_master)" },
    lists_of = { "learner_lists_of", "SELECT EXISTS (SELECT 1 FROM learner_of WHERE provider = ?1), "
                                     "EXISTS (SELECT 1 FROM learner_of WHERE provider = ?1 AND number = ?2)" },
    drop_masters = { "learner_master_drop", "DELETE FROM learner_master" },
    drop_lists = { "learner_of_drop", "DELETE FROM learner_of" },
    master_put = { "learner_master_put", "INSERT INTO learner_master (number, master) VALUES (?1, ?2) "
                                         "ON CONFLICT (number) DO UPDATE SET master = excluded.master" },
    list_put = { "learner_of_put", "INSERT OR IGNORE INTO learner_of (provider, number) VALUES (?1, ?2)" },
    /* A duplicate of a duplicate would need a second look. */
    chained = { "learner_master_chained", "SELECT COUNT(*) FROM learner_master a JOIN learner_master b "
                                          "ON a.master = b.number" },
    pairs_get = { "pairs_get", "SELECT other, provider, other_provider, at_s FROM pair WHERE person = ?1 "
                               "ORDER BY at_s, other" },
    pair_in = { "pair_put", "INSERT INTO pair (person, other, provider, other_provider, at_s) "
                            "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (person, other) DO NOTHING" },
    pair_out = { "pair_drop", "DELETE FROM pair WHERE (person = ?1 AND other = ?2) OR (person = ?2 AND other = ?1)" };

/* Numbers of one identity provider, each as the master that it is a duplicate of. */
#define NUMBERS_OF(idp)                                                                                                \
    "(SELECT l.person AS person, COALESCE(m.master, l.number) AS number FROM learner l LEFT JOIN learner_master m "    \
    "ON m.number = l.number WHERE l.idp = " idp ")"
static const struct db_statement by_number = {
    "learner_plan",
    "WITH old AS " NUMBERS_OF("?1") ", new AS " NUMBERS_OF(
        "?2") ", twice AS (SELECT number FROM old GROUP BY number HAVING COUNT(DISTINCT person) > 1), "
              "begun AS (SELECT DISTINCT old.person AS person FROM old JOIN new ON new.number = old.number "
              "WHERE new.person NOT IN (SELECT person FROM old)) "
              "SELECT (SELECT COUNT(DISTINCT person) FROM old), (SELECT COUNT(*) FROM twice), (SELECT COUNT(*) FROM "
              "begun), "
              "(SELECT COUNT(DISTINCT person) FROM old WHERE number NOT IN (SELECT number FROM twice) "
              "AND person NOT IN (SELECT person FROM begun))"
};

/* ── the store ──────────────────────────────────────────────────────────── */

struct seen {
    struct str idp, number, person;
    int64_t at_s;
};

/* What is known of the operator's lists; until it was asked, there may be some. */
enum { LISTS_UNKNOWN = 0, LISTS_NONE, LISTS_SOME };

struct links {
    struct store *store;
    struct arena *arena;
    pthread_mutex_t lock;
    struct arena *waiting_arena; /* of what waits; under lock, like it */
    struct seen *waiting;
    size_t n, room;
    int64_t forgot_s;
    atomic_int lists;
};

struct links *links_new(const struct settings *set)
{
    struct arena *a = arena_new();
    struct links *k = arena_make(a, struct links);

    k->arena = a;
    k->store = store_new(set, "links.sqlite", migrations, sizeof migrations / sizeof *migrations);
    (void)pthread_mutex_init(&k->lock, NULL);
    return k;
}

void links_free(struct links *k)
{
    struct fail f = { 0 };

    if (k == NULL)
        return;
    if (k->n > 0)
        (void)links_write(k, 0, &f);
    store_free(k->store);
    arena_free(k->waiting_arena);
    (void)pthread_mutex_destroy(&k->lock);
    arena_free(k->arena);
}

struct db *links_open(const struct settings *set, struct fail *f)
{
    struct arena *a = arena_new();
    struct db *d = db_open_with(arena_cstr(a, arena_join(a, set->state_dir, S("/registry/links.sqlite"))), migrations,
                                sizeof migrations / sizeof *migrations, f);

    arena_free(a);
    return d;
}

bool links_now(struct links *k, struct arena *a, links_job *job, void *with, struct fail *f)
{
    return store_now(k->store, a, job, with, f);
}

bool links_ask(struct links *k, struct work *w, struct batch *b, struct arena *a, links_job *job, void *with,
               struct links_got *out)
{
    return store_ask(k->store, w, b, a, job, with, &out->ok, &out->why);
}

struct str link_number(struct arena *a, const struct seals *s, struct str learner_id)
{
    return str_is_set(learner_id) ? hex_encode(a, seals_pairwise(a, s, S("=learner"), learner_id))
                                  : (struct str){ NULL, 0 };
}

/* ── numbers, as they were stated ───────────────────────────────────────── */

static void make_room(struct links *k)
{
    if (k->n < k->room)
        return;
    if (k->waiting_arena == NULL)
        k->waiting_arena = arena_new();
    k->room = k->room > 0 ? 2 * k->room : WAITING_FIRST;
    struct seen *more = arena_make_n(k->waiting_arena, k->room, struct seen);
    for (size_t i = 0; i < k->n; i++)
        more[i] = k->waiting[i];
    k->waiting = more;
}

void links_saw(struct links *k, struct str idp, struct str number, struct str person, int64_t now_s)
{
    if (k == NULL || !str_is_set(number))
        return;
    (void)pthread_mutex_lock(&k->lock);
    if (k->n < LINKS_WAITING_MAX) {
        make_room(k);
        struct arena *a = k->waiting_arena;
        k->waiting[k->n++] = (struct seen){ arena_str(a, idp), arena_str(a, number), arena_str(a, person), now_s };
    }
    (void)pthread_mutex_unlock(&k->lock);
}

struct writing {
    struct links *links;
    struct seen *at;
    size_t n;
    int64_t now_s;
};

static bool write_one(struct db *d, const struct seen *s, struct fail *f)
{
    const struct db_value args[] = { db_text(s->idp), db_text(s->number), db_text(s->person), db_int(s->at_s) };

    return db_run(d, &saw, args, sizeof args / sizeof *args, f);
}

static bool write_seen(struct writing *w, struct db *d, struct fail *f)
{
    const struct db_value before = db_int(w->now_s - LINKS_KEPT_S);
    bool forgets = w->now_s >= w->links->forgot_s + DAY_S;

    if (w->n == 0 && !forgets)
        return true;
    if (!db_begin(d, f))
        return false;
    bool good = true;
    for (size_t i = 0; good && i < w->n; i++)
        good = write_one(d, &w->at[i], f);
    good = good && (!forgets || db_run(d, &forget, &before, 1, f)) && db_commit(d, f);
    if (!good)
        db_rollback(d);
    else if (forgets)
        w->links->forgot_s = w->now_s;
    return good;
}

static bool look_at_lists(struct links *k, struct db *d, struct arena *a, struct fail *f)
{
    struct db_rows rows;

    if (!db_query(d, &lists_any, NULL, 0, a, &rows, f))
        return false;
    bool some = rows.n > 0 && (rows.at[0].number != 0 || rows.at[1].number != 0);
    atomic_store(&k->lists, some ? LISTS_SOME : LISTS_NONE);
    return true;
}

static bool run_write(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct writing *w = with;

    return write_seen(w, d, f) && look_at_lists(w->links, d, a, f);
}

bool links_write(struct links *k, int64_t now_s, struct fail *f)
{
    if (k == NULL)
        return true;
    (void)pthread_mutex_lock(&k->lock);
    struct arena *waiting = k->waiting_arena, *a = arena_new();
    struct writing w = { .links = k, .at = k->waiting, .n = k->n, .now_s = now_s };
    k->waiting_arena = NULL;
    k->waiting = NULL;
    k->n = k->room = 0;
    (void)pthread_mutex_unlock(&k->lock);
    bool good = store_now(k->store, a, run_write, &w, f);
    arena_free(waiting);
    arena_free(a);
    return good;
}

/* ── moves in force ─────────────────────────────────────────────────────── */

enum move_not move_not(const struct idp *from, const struct idp *to)
{
    if (from == NULL || to == NULL)
        return MOVE_NOT_none;
    if (from == to)
        return MOVE_NOT_same;
    if (from->provider == NULL || to->provider == NULL)
        return MOVE_NOT_no_city;
    if (from->provider != to->provider)
        return MOVE_NOT_away;
    if (to->kind == IDP_LOCAL)
        return MOVE_NOT_local;
    return from->test == to->test ? MOVE_NOT_NOTHING : MOVE_NOT_test;
}

const char *move_trouble(const struct idp *from, const struct idp *to)
{
    static const char *const says[MOVE_NOT_COUNT] = {
#define X(word, says) [MOVE_NOT_##word] = says,
        MOVE_NOTS(X)
#undef X
    };

    return says[move_not(from, to)];
}

/* What its links are kept under.  No batch begins so: they are hexadecimal. */
static struct str key_of(struct arena *a, const struct move *m)
{
    return m->by == MOVE_BY_NUMBER ? arena_join(a, S("="), m->id) : m->batch;
}

static bool is_whole(const struct registry *r, const struct move *m)
{
    return move_trouble(registry_idp(r, m->from), registry_idp(r, m->to)) == NULL;
}

struct link { /* a row of person_link, of an identity or of a person */
    struct str batch, other, from, to;
    int64_t made_s;
};

static struct link link_of(const struct db_value *row)
{
    return (struct link){ row[0].text, row[1].text, row[2].text, row[3].text, row[4].number };
}

/* The move that makes the link count; NULL: none is in force. */
static const struct move *move_of(struct arena *a, const struct registry *r, const struct link *l)
{
    const struct registry_parts *p = registry_parts(r);

    for (size_t i = 0; i < p->move_count; i++) {
        const struct move *m = &p->moves[i];
        if (str_eq(m->from, l->from) && str_eq(m->to, l->to) && str_eq(key_of(a, m), l->batch) && is_whole(r, m))
            return m;
    }
    return NULL;
}

struct counted { /* by NULL: there is none that counts */
    struct link link;
    const struct move *by;
};

/* The oldest that counts, of an identity. */
static bool first_link(struct db *d, struct arena *a, const struct registry *r, const struct db_statement *of,
                       struct str what, const struct str *from_idp, struct counted *out, struct fail *f)
{
    const struct db_value arg = db_text(what);
    struct db_rows rows;

    out->by = NULL;
    if (!db_query(d, of, &arg, 1, a, &rows, f))
        return false;
    for (size_t i = 0; out->by == NULL && i < rows.n; i++) {
        out->link = link_of(db_row(&rows, i));
        if (from_idp == NULL || str_eq(*from_idp, out->link.from))
            out->by = move_of(a, r, &out->link);
    }
    return true;
}

/* Whose the account is.  Of two accounts that were linked to one person, the one that was linked first is it, and the
 * other stays somebody of its own. */
static bool person_of(struct db *d, struct arena *a, const struct registry *r, struct str identity, struct str *person,
                      const struct move **by, struct fail *f)
{
    struct counted mine, first;

    *person = identity;
    *by = NULL;
    if (!first_link(d, a, r, &of_identity, identity, NULL, &mine, f))
        return false;
    if (mine.by == NULL)
        return true;
    if (!first_link(d, a, r, &of_person, mine.link.other, &mine.link.from, &first, f))
        return false;
    if (first.by == NULL || !str_eq(first.link.other, identity))
        return true;
    *person = mine.link.other;
    *by = mine.by;
    return true;
}

/* ── at a sign-in ───────────────────────────────────────────────────────── */

static bool has_moves_to(const struct registry *r, struct str idp)
{
    const struct registry_parts *p = registry_parts(r);

    for (size_t i = 0; i < p->move_count; i++)
        if (str_eq(p->moves[i].to, idp))
            return true;
    return false;
}

bool links_concern(struct links *k, const struct registry *r, const struct idp *idp, bool has_number)
{
    if (k == NULL || idp == NULL || idp->provider == NULL)
        return false;
    return has_moves_to(r, idp->id) || (has_number && atomic_load(&k->lists) != LISTS_NONE);
}

bool learner_master(struct db *d, struct arena *a, struct str number, struct str *out, struct fail *f)
{
    const struct db_value arg = db_text(number);
    struct db_rows rows;

    *out = number;
    if (!str_is_set(number))
        return true;
    if (!db_query(d, &master_of, &arg, 1, a, &rows, f))
        return false;
    if (rows.n > 0)
        *out = rows.at[0].text;
    return true;
}

/* Where the operator has listed a municipality's learners, it may speak for no others. */
static bool is_foreign(struct db *d, struct arena *a, const struct link_ask *ask, bool *foreign, struct fail *f)
{
    const struct db_value args[] = { db_text(ask->idp->provider->id), db_text(ask->number) };
    struct db_rows rows;

    *foreign = false;
    if (!str_is_set(ask->number))
        return true;
    if (!db_query(d, &lists_of, args, 2, a, &rows, f))
        return false;
    *foreign = rows.n > 0 && rows.at[0].number != 0 && rows.at[1].number == 0;
    return true;
}

static bool one_number(const struct db_rows *rows)
{
    return rows->n == 1;
}

static bool put_link(struct db *d, struct str batch, struct str identity, struct str person, struct str from,
                     struct str to, int64_t now_s, struct fail *f)
{
    const struct db_value args[] = { db_text(batch), db_text(identity), db_text(person),
                                     db_text(from),  db_text(to),       db_int(now_s) };

    return db_run(d, &link_put, args, sizeof args / sizeof *args, f);
}

/* Who signs in for the first time with a number that exactly one person had at the old identity provider is them. */
static bool link_by_number(struct db *d, struct arena *a, const struct link_ask *ask, const struct move *m,
                           struct fail *f)
{
    const struct db_value known[] = { db_text(m->to), db_text(ask->identity) };
    struct db_value args[] = { db_text(m->from), { 0 } };
    struct db_rows own, people;
    struct str number;

    if (!learner_master(d, a, ask->number, &number, f))
        return false;
    args[1] = db_text(number);
    if (!db_query(d, &seen_as, known, 2, a, &own, f) || !db_query(d, &people_of, args, 2, a, &people, f))
        return false;
    if (own.n > 0 || !one_number(&people))
        return true;
    return put_link(d, key_of(a, m), ask->identity, people.at[0].text, m->from, m->to, ask->now_s, f);
}

static bool is_open_by_number(const struct link_ask *ask, const struct move *m)
{
    return m->by == MOVE_BY_NUMBER && str_eq(m->to, ask->idp->id) && (m->until_s == 0 || ask->now_s < m->until_s) &&
           is_whole(ask->registry, m);
}

static bool link_new(struct db *d, struct arena *a, const struct link_ask *ask, struct link_found *out, struct fail *f)
{
    const struct registry_parts *p = registry_parts(ask->registry);

    for (size_t i = 0; out->by == NULL && i < p->move_count; i++) {
        if (!is_open_by_number(ask, &p->moves[i]))
            continue;
        if (!link_by_number(d, a, ask, &p->moves[i], f) ||
            !person_of(d, a, ask->registry, ask->identity, &out->person, &out->by, f))
            return false;
    }
    return true;
}

bool link_resolve(struct db *d, struct arena *a, const struct link_ask *ask, struct link_found *out, struct fail *f)
{
    *out = (struct link_found){ .person = ask->identity };
    if (!is_foreign(d, a, ask, &out->foreign_number, f))
        return false;
    if (!has_moves_to(ask->registry, ask->idp->id))
        return true;
    if (!person_of(d, a, ask->registry, ask->identity, &out->person, &out->by, f))
        return false;
    return out->by != NULL || !str_is_set(ask->number) || out->foreign_number || link_new(d, a, ask, out, f);
}

/* ── a move is planned ──────────────────────────────────────────────────── */

const char *move_says_word(enum move_says what)
{
    static const char *const words[MOVE_SAYS_COUNT] = { [MOVE_SAYS_NOTHING] = "",
#define X(word, says) [MOVE_SAYS_##word] = #word,
                                                        MOVE_SAYS(X)
#undef X
    };

    return words[what];
}

struct planned { /* a line of the file */
    struct str identity, person;
    size_t line;
    bool old_seen, new_seen;
    enum move_says what;
    bool linked;
};

static void note(struct move_plan *out, enum move_says what, size_t line)
{
    if (out->note_count < LINKS_LINES_SHOWN)
        out->notes[out->note_count++] = (struct move_note){ what, line };
}

static bool look_up(struct arena *a, const struct move_ask *ask, struct planned *lines, size_t n, struct fail *f)
{
    struct str *ids = arena_make_n(a, 2 * n + 1, struct str);
    bool *seen = arena_make_n(a, 2 * n + 1, bool);

    for (size_t i = 0; i < n; i++) {
        ids[2 * i] = lines[i].person;
        ids[2 * i + 1] = lines[i].identity;
    }
    if (!known_seen(ask->set, a, ids, 2 * n, seen, f))
        return false;
    for (size_t i = 0; i < n; i++) {
        lines[i].old_seen = seen[2 * i];
        lines[i].new_seen = seen[2 * i + 1];
    }
    return true;
}

static bool judge(struct db *d, struct arena *a, const struct move_ask *ask, struct planned *x, struct fail *f)
{
    struct counted known;

    if (!first_link(d, a, ask->registry, &of_identity, x->identity, NULL, &known, f))
        return false;
    if (known.by != NULL) {
        x->what = MOVE_SAYS_taken_new;
        return true;
    }
    if (!first_link(d, a, ask->registry, &of_person, x->person, &ask->from->id, &known, f))
        return false;
    if (known.by != NULL)
        x->what = MOVE_SAYS_taken_old;
    else if (x->new_seen)
        x->what = MOVE_SAYS_known_new;
    else if (!x->old_seen)
        x->what = MOVE_SAYS_not_seen;
    x->linked = known.by == NULL && (!x->new_seen || ask->take_known);
    return true;
}

static void count(struct move_plan *out, const struct planned *x)
{
    out->linked += x->linked;
    out->doubtful += x->what == MOVE_SAYS_known_new;
    out->twice += x->what == MOVE_SAYS_taken_old || x->what == MOVE_SAYS_taken_new;
    out->not_seen += x->what == MOVE_SAYS_not_seen;
    if (x->what != MOVE_SAYS_NOTHING)
        note(out, x->what, x->line);
}

static bool plan_file(struct db *d, struct arena *a, const struct move_ask *ask, struct planned *lines,
                      struct move_plan *out, struct fail *f)
{
    const struct moves_read *file = ask->file;
    const struct move *by;
    struct arena *scratch = arena_new();
    struct buf digest = buf_new(a, 1 << 26);
    bool good = true;

    for (size_t i = 0; good && i < file->n; i++) {
        struct str old = pairwise_person(a, ask->seals, ask->from->id, file->at[i].old_id);
        lines[i] = (struct planned){ .identity = pairwise_person(a, ask->seals, ask->to->id, file->at[i].new_id),
                                     .line = file->at[i].line };
        good = person_of(d, a, ask->registry, old, &lines[i].person, &by, f);
    }
    good = good && look_up(a, ask, lines, file->n, f);
    for (size_t i = 0; good && i < file->n; i++) {
        good = judge(d, scratch, ask, &lines[i], f);
        arena_reset(scratch);
        if (good)
            count(out, &lines[i]);
        if (good && lines[i].linked)
            buf_printf(&digest, "%.*s %.*s\n", STR_ARG(lines[i].identity), STR_ARG(lines[i].person));
    }
    out->lines = file->n;
    out->batch = sha256_hex(a, buf_str(&digest));
    arena_free(scratch);
    return good && (buf_ok(&digest) || fail(f, FAIL_OURS, "server_error", "a plan of more than %d bytes", 1 << 26));
}

static bool plan_by_number(struct db *d, struct arena *a, const struct move_ask *ask, struct move_plan *out,
                           struct fail *f)
{
    const struct db_value args[] = { db_text(ask->from->id), db_text(ask->to->id) };
    struct db_rows rows;

    if (!db_query(d, &by_number, args, 2, a, &rows, f))
        return false;
    out->lines = (size_t)rows.at[0].number;
    out->twice = (size_t)rows.at[1].number;
    out->doubtful = (size_t)rows.at[2].number;
    out->linked = (size_t)rows.at[3].number;
    return true;
}

static struct planned *lines_new(struct arena *a, const struct move_ask *ask, struct move_plan *out)
{
    *out = (struct move_plan){ .notes = arena_make_n(a, LINKS_LINES_SHOWN, struct move_note) };
    return arena_make_n(a, (ask->file != NULL ? ask->file->n : 0) + 1, struct planned);
}

bool move_plan(struct db *d, struct arena *a, const struct move_ask *ask, struct move_plan *out, struct fail *f)
{
    struct planned *lines = lines_new(a, ask, out);

    return ask->file != NULL ? plan_file(d, a, ask, lines, out, f) : plan_by_number(d, a, ask, out, f);
}

bool move_stage(struct db *d, struct arena *a, const struct move_ask *ask, struct move_plan *out, struct fail *f)
{
    struct planned *lines = lines_new(a, ask, out);

    if (ask->file == NULL)
        return plan_by_number(d, a, ask, out, f);
    if (!db_begin(d, f))
        return false;
    bool good = plan_file(d, a, ask, lines, out, f);
    for (size_t i = 0; good && i < ask->file->n; i++)
        good = !lines[i].linked ||
               put_link(d, out->batch, lines[i].identity, lines[i].person, ask->from->id, ask->to->id, ask->now_s, f);
    good = good && db_commit(d, f);
    if (!good)
        db_rollback(d);
    return good;
}

bool move_links(struct db *d, struct arena *a, const struct move *m, size_t *n, struct fail *f)
{
    const struct db_value args[] = { db_text(key_of(a, m)), db_text(m->from), db_text(m->to) };
    struct db_rows rows;

    if (!db_query(d, &link_count, args, 3, a, &rows, f))
        return false;
    *n = (size_t)rows.at[0].number;
    return true;
}

/* ── the operator's list of learners ────────────────────────────────────── */

struct importing {
    struct db *d;
    struct arena *scratch;
    const struct seals *seals;
    const struct registry *registry;
    struct learners_read *out;
};

static bool wrong(struct importing *x, size_t line, const char *what)
{
    x->out->line = line;
    x->out->wrong = what;
    return false;
}

static bool import_line(struct importing *x, struct str text, size_t line, struct fail *f)
{
    struct arena *a = x->scratch;
    struct str number, master, provider = S("");

    text = str_trim(text);
    if (text.n == 0 || text.p[0] == '#')
        return true;
    (void)str_split(&text, ',', &number);
    if (!str_split(&text, ',', &master))
        master = S("");
    else if (!str_split(&text, ',', &provider))
        provider = S("");
    number = str_trim(number);
    master = str_trim(master);
    provider = str_trim(provider);
    if (text.n > 0)
        return wrong(x, line, "more than three cells: learner number, master number, provider");
    if (line == 1 && number.n > 0 && (number.p[0] < '0' || number.p[0] > '9'))
        return true; /* a heading */
    if (!learner_id_valid(number, true))
        return wrong(x, line, "the first cell is no learner number, or its check digit is wrong");
    if (master.n > 0 && !learner_id_valid(master, true))
        return wrong(x, line, "the master is no learner number, or its check digit is wrong");
    if (master.n == 0 && provider.n == 0)
        return wrong(x, line, "the line says nothing of the number: neither a master nor a provider");
    if (provider.n > 0 && registry_provider(x->registry, provider) == NULL)
        return wrong(x, line, "there is no provider of that id");
    x->out->numbers++;
    number = link_number(a, x->seals, number);
    const struct db_value duplicate[] = { db_text(number), db_text(link_number(a, x->seals, master)) };
    const struct db_value listed[] = { db_text(provider), db_text(number) };
    bool is_duplicate = master.n > 0 && !str_eq(duplicate[0].text, duplicate[1].text);
    x->out->duplicates += is_duplicate;
    return (!is_duplicate || db_run(x->d, &master_put, duplicate, 2, f)) &&
           (provider.n == 0 || db_run(x->d, &list_put, listed, 2, f));
}

static bool import_all(struct importing *x, struct str bytes, struct fail *f)
{
    struct db_rows rows;
    struct str line;

    if (!db_run(x->d, &drop_masters, NULL, 0, f) || !db_run(x->d, &drop_lists, NULL, 0, f))
        return false;
    for (size_t n = 1; str_split(&bytes, '\n', &line); n++) {
        arena_reset(x->scratch);
        if (n > LINES_MAX)
            return wrong(x, n, "more lines than fit");
        if (!import_line(x, line, n, f))
            return false;
    }
    if (!db_query(x->d, &chained, NULL, 0, x->scratch, &rows, f))
        return false;
    return rows.at[0].number == 0 ||
           wrong(x, 0, "a master is a duplicate itself: name the last master for each of them");
}

bool learners_import(struct db *d, struct arena *a, const struct seals *s, const struct registry *r, struct str bytes,
                     struct learners_read *out, struct fail *f)
{
    struct importing x = { .d = d, .scratch = arena_new(), .seals = s, .registry = r, .out = out };

    (void)a;
    *out = (struct learners_read){ 0 };
    bool good = (bytes.n <= LEARNERS_FILE_MAX_B && str_is_utf8(bytes)) ||
                wrong(&x, 0, "the file is too large, or is not UTF-8");
    good = good && db_begin(d, f);
    if (good && (!import_all(&x, bytes, f) || !db_commit(d, f))) {
        db_rollback(d);
        good = false;
    }
    arena_free(x.scratch);
    return good;
}

/* ── accounts that belong together ──────────────────────────────────────── */

bool pairs_of(struct db *d, struct arena *a, struct str person, struct pairs *out, struct fail *f)
{
    const struct db_value arg = db_text(person);
    struct db_rows rows;

    *out = (struct pairs){ NULL, 0 };
    if (!db_query(d, &pairs_get, &arg, 1, a, &rows, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct pair);
    for (; out->n < rows.n; out->n++) {
        const struct db_value *row = db_row(&rows, out->n);
        out->at[out->n] = (struct pair){ row[0].text, row[1].text, row[2].text, row[3].number };
    }
    return true;
}

static bool put_half(struct db *d, struct str person, struct str provider, struct str other, struct str other_provider,
                     int64_t at_s, struct fail *f)
{
    const struct db_value args[] = { db_text(person), db_text(other), db_text(provider), db_text(other_provider),
                                     db_int(at_s) };

    return db_run(d, &pair_in, args, sizeof args / sizeof *args, f);
}

static bool has_room(struct db *d, struct arena *a, struct str person, struct str other, struct fail *f)
{
    struct pairs all;

    if (!pairs_of(d, a, person, &all, f))
        return false;
    for (size_t i = 0; i < all.n; i++)
        if (str_eq(all.at[i].other, other))
            return true;
    return all.n < PAIRS_OF_ONE_MAX ||
           fail(f, FAIL_CALLER, "too_many", "an account belongs together with %d others at most", PAIRS_OF_ONE_MAX);
}

bool pair_put(struct db *d, struct arena *a, struct str person, struct str provider, struct str other,
              struct str other_provider, int64_t at_s, struct fail *f)
{
    if (str_eq(person, other))
        return fail(f, FAIL_CALLER, "same_account", "an account belongs together with another one");
    if (!has_room(d, a, person, other, f) || !has_room(d, a, other, person, f) || !db_begin(d, f))
        return false;
    if (put_half(d, person, provider, other, other_provider, at_s, f) &&
        put_half(d, other, other_provider, person, provider, at_s, f) && db_commit(d, f))
        return true;
    db_rollback(d);
    return false;
}

bool pair_drop(struct db *d, struct str person, struct str other, struct fail *f)
{
    const struct db_value args[] = { db_text(person), db_text(other) };

    return db_run(d, &pair_out, args, 2, f);
}
