/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/pleas.h"

#include "base/text.h"
#include "idp-adapters/hetu.h"
#include "registry/store.h"
#include "registry/stores.h"

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE pleas (number INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, school TEXT NOT NULL, "
         "service TEXT NOT NULL, role TEXT NOT NULL, declined_s INTEGER NOT NULL DEFAULT 0, answer TEXT, "
         "answered TEXT, UNIQUE (provider, school, service, role));"
         "CREATE TABLE askers (plea INTEGER NOT NULL, person TEXT NOT NULL, at_s INTEGER NOT NULL, "
         "level INTEGER NOT NULL, words TEXT, name TEXT, PRIMARY KEY (plea, person)) WITHOUT ROWID;"
         "CREATE INDEX askers_person ON askers (person, at_s);"
         "CREATE INDEX askers_at ON askers (at_s);"
         "CREATE TABLE learners (provider TEXT PRIMARY KEY) WITHOUT ROWID;" },
    /* How many wait for an answer, kept beside: an area's list begins with the most, and counts nobody for that. */
    { 2, "ALTER TABLE pleas ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;"
         "UPDATE pleas SET waiting = (SELECT count(*) FROM askers WHERE plea = number AND at_s > declined_s);"
         "CREATE INDEX pleas_waiting ON pleas (provider, waiting DESC, number);"
         "CREATE TRIGGER asker_comes AFTER INSERT ON askers BEGIN UPDATE pleas SET waiting = waiting + 1 "
         "WHERE number = NEW.plea AND NEW.at_s > declined_s; END;"
         "CREATE TRIGGER asker_goes AFTER DELETE ON askers BEGIN UPDATE pleas SET waiting = waiting - 1 "
         "WHERE number = OLD.plea AND OLD.at_s > declined_s; END;"
         "CREATE TRIGGER asker_again AFTER UPDATE OF at_s ON askers BEGIN UPDATE pleas SET waiting = waiting "
         "+ (NEW.at_s > declined_s) - (OLD.at_s > declined_s) WHERE number = NEW.plea; END;"
         "CREATE TRIGGER plea_answered AFTER UPDATE OF declined_s ON pleas BEGIN UPDATE pleas SET waiting = (SELECT "
         "count(*) FROM askers WHERE plea = NEW.number AND at_s > NEW.declined_s) WHERE number = NEW.number; END;" },
    /* Each asking of the last day, whether or not it was taken back since. */
    { 3, "CREATE TABLE acts (person TEXT NOT NULL, at_s INTEGER NOT NULL);"
         "CREATE INDEX acts_person ON acts (person, at_s);"
         "CREATE INDEX acts_at ON acts (at_s);"
         "DELETE FROM pleas WHERE declined_s = 0 AND NOT EXISTS (SELECT 1 FROM askers WHERE plea = number);" },
};

const struct db_schema pleas_schema = { "pleas.sqlite", migrations, sizeof migrations / sizeof *migrations };

/* What everybody may know of a plea.  ?1: askings up to then are forgotten. */
#define PLEA_COLUMNS                                                                                                   \
    "p.number, p.provider, p.school, p.service, p.role, p.declined_s, p.answer, p.answered, "                          \
    "(SELECT count(*) FROM askers w WHERE w.plea = p.number AND w.at_s > p.declined_s AND w.at_s > ?1), "              \
    "(SELECT min(at_s) FROM askers w WHERE w.plea = p.number AND w.at_s > p.declined_s AND w.at_s > ?1), "             \
    "(SELECT max(at_s) FROM askers w WHERE w.plea = p.number AND w.at_s > p.declined_s AND w.at_s > ?1), "             \
    "(SELECT sum(DISTINCT 1 << level) FROM askers w WHERE w.plea = p.number AND w.at_s > p.declined_s AND w.at_s > "   \
    "?1)"

static const struct db_statement
    some_old = { "pleas_old", "SELECT 1 WHERE EXISTS (SELECT 1 FROM askers WHERE at_s <= ?1) OR "
                              "EXISTS (SELECT 1 FROM acts WHERE at_s <= ?2)" },
    forget_askers = { "pleas_forget", "DELETE FROM askers WHERE at_s <= ?1" },
    forget_acts = { "pleas_forget_acts", "DELETE FROM acts WHERE at_s <= ?1" },
    /* What was declined rests, even where nobody is left who asked. */
    forget_pleas = { "pleas_forget_rest", "DELETE FROM pleas WHERE declined_s <= ?1 AND "
                                          "NOT EXISTS (SELECT 1 FROM askers WHERE plea = number)" },
    forget_one = { "plea_forget", "DELETE FROM pleas WHERE number = ?2 AND declined_s <= ?1 AND "
                                  "NOT EXISTS (SELECT 1 FROM askers WHERE plea = number)" },
    one = { "plea_key", "SELECT " PLEA_COLUMNS " FROM pleas p WHERE p.provider = ?2 AND p.school = ?3 AND "
                        "p.service = ?4 AND p.role = ?5" },
    make = { "plea_make", "INSERT INTO pleas (provider, school, service, role) VALUES (?1, ?2, ?3, ?4)" },
    join = { "plea_join", "INSERT INTO askers (plea, person, at_s, level, words, name) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
                          "ON CONFLICT (plea, person) DO UPDATE SET words = excluded.words, name = excluded.name, "
                          "level = excluded.level, at_s = CASE WHEN at_s > ?7 THEN at_s ELSE excluded.at_s END" },
    leave = { "plea_leave", "DELETE FROM askers WHERE plea = ?1 AND person = ?2" },
    count_person = { "pleas_person", "SELECT (SELECT count(*) FROM askers WHERE person = ?1 AND plea != ?3), "
                                     "(SELECT count(*) FROM acts WHERE person = ?1 AND at_s > ?2), "
                                     "(SELECT count(*) FROM askers WHERE person = ?1 AND plea = ?3)" },
    act = { "plea_act", "INSERT INTO acts (person, at_s) VALUES (?1, ?2)" },
    count_provider = { "pleas_provider", "SELECT count(*) FROM pleas WHERE provider = ?1 AND waiting > 0" },
    mine = { "pleas_mine",
             "SELECT " PLEA_COLUMNS ", k.at_s, k.words, k.name FROM askers k JOIN pleas p ON p.number = k.plea "
             "WHERE k.person = ?2 AND (?3 IS NULL OR p.service = ?3) AND k.at_s > ?1 "
             "ORDER BY k.at_s DESC, p.number DESC LIMIT 40" },
    /* One look at the askers of each, and of those alone that are shown. */
    of_area = { "pleas_area",
                "SELECT p.number, p.provider, p.school, p.service, p.role, p.declined_s, p.answer, p.answered, "
                "count(w.plea), min(w.at_s), max(w.at_s), sum(DISTINCT 1 << w.level) FROM (SELECT * FROM pleas "
                "WHERE provider = ?2 AND waiting > 0 AND (?3 IS NULL OR school = ?3) AND (?4 IS NULL OR service = ?4) "
                "ORDER BY waiting DESC, number LIMIT ?6 OFFSET ?5) p LEFT JOIN askers w ON w.plea = p.number AND "
                "w.at_s > p.declined_s AND w.at_s > ?1 GROUP BY p.number ORDER BY p.waiting DESC, p.number" },
    numbered = { "plea_number", "SELECT " PLEA_COLUMNS " FROM pleas p WHERE p.provider = ?2 AND "
                                "(?3 IS NULL OR p.school = ?3) AND p.number = ?4" },
    voices_of = { "plea_voices", "SELECT words, name, at_s FROM askers WHERE plea = ?2 AND at_s > ?3 AND at_s > ?1 AND "
                                 "(words IS NOT NULL OR name IS NOT NULL) ORDER BY at_s DESC, person LIMIT 40" },
    answer_it = { "plea_answer", "UPDATE pleas SET declined_s = ?3, answer = ?4, answered = ?5 WHERE number = ?6 AND "
                                 "provider = ?1 AND (?2 IS NULL OR school = ?2)" },
    learners_get = { "pleas_learners", "SELECT 1 FROM learners WHERE provider = ?1" },
    learners_put = { "pleas_let", "INSERT OR IGNORE INTO learners (provider) VALUES (?1)" },
    learners_drop = { "pleas_let_not", "DELETE FROM learners WHERE provider = ?1" };

/* ── the store ──────────────────────────────────────────────────────────── */

/* struct pleas is a struct store: a name of its own keeps one from being taken for another. */
struct pleas *pleas_new(const struct settings *set)
{
    return (struct pleas *)store_new(set, "pleas.sqlite", migrations, sizeof migrations / sizeof *migrations);
}

void pleas_free(struct pleas *s)
{
    store_free((struct store *)s);
}

bool pleas_now(struct pleas *s, struct arena *a, pleas_job *job, void *with, struct fail *f)
{
    return store_now((struct store *)s, a, job, with, f);
}

bool pleas_ask(struct pleas *s, struct work *w, struct batch *b, struct arena *a, pleas_job *job, void *with,
               struct pleas_got *out)
{
    return store_ask((struct store *)s, w, b, a, job, with, &out->ok, &out->why);
}

/* ── rows ───────────────────────────────────────────────────────────────── */

static struct str or_empty(struct str s)
{
    return str_is_set(s) ? s : S("");
}

static struct str or_absent(struct str s)
{
    return str_is_set(s) ? s : (struct str){ NULL, 0 };
}

static struct plea plea_of(const struct db_value *row)
{
    return (struct plea){ .number = row[0].number,
                          .key = { row[1].text, row[2].text, row[3].text, role_of_name(row[4].text) },
                          .declined_s = row[5].number,
                          .answer = row[6].text,
                          .answered = row[7].text,
                          .count = row[8].number < PLEA_ASKERS_MAX ? row[8].number : PLEA_ASKERS_MAX,
                          .first_s = row[9].number,
                          .last_s = row[10].number,
                          .levels = (uint32_t)row[11].number };
}

static struct db_value kept_from(int64_t now_s)
{
    return db_int(now_s - PLEA_KEPT_S);
}

static bool found(struct db *d, const struct db_statement *s, const struct db_value *args, size_t n, struct arena *a,
                  struct pleas_found *out, struct fail *f)
{
    struct db_rows rows;

    if (!db_query(d, s, args, n, a, &rows, f))
        return false;
    *out = (struct pleas_found){ arena_make_n(a, rows.n + 1, struct plea), 0 };
    for (size_t i = 0; i < rows.n; i++) {
        const struct db_value *row = db_row(&rows, i);
        struct plea *p = &out->at[out->n++];
        *p = plea_of(row);
        p->asked_s = rows.columns > 12 ? row[12].number : 0;
        p->waits = p->asked_s > p->declined_s;
        if (rows.columns > 14) {
            p->words = row[13].text;
            p->name = row[14].text;
        }
    }
    return true;
}

/* ── of a person ────────────────────────────────────────────────────────── */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Seven or more in a row: of a learner, of a telephone. */
static bool has_figures(struct str s)
{
    for (size_t i = 0, n = 0; i < s.n; i++) {
        n = is_digit(s.p[i]) ? n + 1 : 0;
        if (n >= 7)
            return true;
    }
    return false;
}

bool plea_words_fit(struct str words)
{
    return str_find_byte(words, '@', 0) == words.n && !has_figures(words) && !hetu_like_in(words) &&
           str_find(words, S("1.2.246.562.")) == words.n;
}

bool pleas_learners(struct db *d, struct arena *a, struct str provider, bool *may, struct fail *f)
{
    const struct db_value args[] = { db_text(provider) };
    struct db_rows rows;

    *may = false;
    if (!db_query(d, &learners_get, args, 1, a, &rows, f))
        return false;
    *may = rows.n > 0;
    return true;
}

bool pleas_let_learners(struct db *d, struct str provider, bool may, struct fail *f)
{
    const struct db_value args[] = { db_text(provider) };

    return db_run(d, may ? &learners_put : &learners_drop, args, 1, f);
}

bool plea_look(struct db *d, struct arena *a, const struct plea_key *key, int64_t now_s, struct plea *out,
               struct fail *f)
{
    const struct db_value args[] = { kept_from(now_s), db_text(key->provider), db_text(or_empty(key->school)),
                                     db_text(key->service), db_text(str_of(role_name(key->role))) };
    struct pleas_found got;

    *out = (struct plea){ .key = *key };
    if (!found(d, &one, args, 5, a, &got, f))
        return false;
    if (got.n > 0)
        *out = got.at[0];
    return true;
}

/* joins: is not among those who ask for it. */
static bool has_room(struct db *d, struct arena *a, const struct plea_asking *x, const struct plea *p, int64_t now_s,
                     bool *joins, struct fail *f)
{
    const struct db_value person[] = { db_text(x->person), db_int(now_s - PLEA_DAY_S), db_int(p->number) },
                          provider[] = { db_text(x->key.provider) };
    struct db_rows own, all;

    if (!db_query(d, &count_person, person, 3, a, &own, f) || !db_query(d, &count_provider, provider, 1, a, &all, f))
        return false;
    *joins = db_row(&own, 0)[2].number == 0;
    if (*joins && db_row(&own, 0)[1].number >= PLEAS_A_DAY)
        return fail(f, FAIL_BUSY, "plea_day", "one person has asked for %d services today", PLEAS_A_DAY);
    if (db_row(&own, 0)[0].number >= PLEAS_OF_ONE_MAX)
        return fail(f, FAIL_BUSY, "plea_many", "one person asks for %d services", PLEAS_OF_ONE_MAX);
    if (p->count >= PLEA_ASKERS_MAX || (p->count == 0 && db_row(&all, 0)->number >= PLEAS_OF_PROVIDER_MAX))
        return fail(f, FAIL_BUSY, "plea_full", "no more is kept of %.*s", STR_ARG(x->key.provider));
    return true;
}

static bool may_ask(struct db *d, struct arena *a, const struct plea_asking *x, struct fail *f)
{
    bool may = true;

    if (x->key.role == ROLE_LEARNER && !pleas_learners(d, a, x->key.provider, &may, f))
        return false;
    return may || fail(f, FAIL_CALLER, "learners", "learners of %.*s may not ask", STR_ARG(x->key.provider));
}

static bool forget(struct db *d, int64_t now_s, struct fail *f)
{
    const struct db_value args[] = { kept_from(now_s), db_int(now_s - PLEA_DAY_S) },
                          rested[] = { db_int(now_s - PLEA_REST_S) };
    struct arena *a = arena_new();
    struct db_rows rows = { 0 };
    bool good = db_query(d, &some_old, args, 2, a, &rows, f); /* so that who reads does not write */

    if (good && rows.n > 0)
        good = db_run(d, &forget_acts, args + 1, 1, f) && db_run(d, &forget_askers, args, 1, f) &&
               (db_changes(d) == 0 || db_run(d, &forget_pleas, rested, 1, f));
    arena_free(a);
    return good;
}

static bool put(struct db *d, struct arena *a, const struct plea_asking *x, int64_t now_s, struct fail *f)
{
    const struct db_value key[] = { db_text(x->key.provider), db_text(or_empty(x->key.school)), db_text(x->key.service),
                                    db_text(str_of(role_name(x->key.role))) };
    bool learner = x->key.role == ROLE_LEARNER;
    const struct db_value acted[] = { db_text(x->person), db_int(now_s) };
    bool joins;
    struct plea p;

    if (!forget(d, now_s, f) || !may_ask(d, a, x, f) || !plea_look(d, a, &x->key, now_s, &p, f))
        return false;
    if (p.declined_s != 0 && now_s - p.declined_s < PLEA_REST_S)
        return fail(f, FAIL_CALLER, "declined", "it was answered less than %d days ago", PLEA_REST_S / 86400);
    if (!has_room(d, a, x, &p, now_s, &joins, f) || (joins && !db_run(d, &act, acted, 2, f)) ||
        (p.number == 0 && !db_run(d, &make, key, 4, f)) || !plea_look(d, a, &x->key, now_s, &p, f))
        return false;
    const struct db_value values[] = { db_int(p.number),
                                       db_text(x->person),
                                       db_int(now_s),
                                       db_int(learner && x->level > 0 && x->level < 32 ? x->level : 0),
                                       db_text(learner ? (struct str){ NULL, 0 } : or_absent(x->words)),
                                       db_text(learner ? (struct str){ NULL, 0 } : or_absent(x->name)),
                                       db_int(p.declined_s) };
    return db_run(d, &join, values, 7, f);
}

bool plea_put(struct db *d, struct arena *a, const struct plea_asking *x, int64_t now_s, struct fail *f)
{
    if (!plea_words_fit(x->words) || x->words.n > PLEA_WORDS_MAX_B || x->name.n > PLEA_NAME_MAX_B ||
        !text_is_plain(or_empty(x->words)) || !text_is_plain(or_empty(x->name)))
        return fail(f, FAIL_CALLER, "plea_words", "words that are not kept");
    if (!db_begin(d, f))
        return false;
    if (put(d, a, x, now_s, f) && db_commit(d, f))
        return true;
    db_rollback(d);
    return false;
}

bool plea_take(struct db *d, struct str person, int64_t number, int64_t now_s, struct fail *f)
{
    const struct db_value theirs[] = { db_int(number), db_text(person) },
                          none[] = { db_int(now_s - PLEA_REST_S), db_int(number) };

    if (!db_begin(d, f))
        return false;
    if (db_run(d, &leave, theirs, 2, f) && db_run(d, &forget_one, none, 2, f) && db_commit(d, f))
        return true;
    db_rollback(d);
    return false;
}

bool pleas_of(struct db *d, struct arena *a, struct str person, struct str service, int64_t now_s,
              struct pleas_found *out, struct fail *f)
{
    const struct db_value args[] = { kept_from(now_s), db_text(person), db_text(or_absent(service)) };

    return found(d, &mine, args, 3, a, out, f);
}

/* ── of an area ─────────────────────────────────────────────────────────── */

/* The nation asks nobody's schools: it has none. */
bool pleas_list(struct db *d, struct arena *a, const struct area *area, struct str service, size_t from, int64_t now_s,
                struct pleas_found *out, struct fail *f)
{
    const struct db_value args[] = { kept_from(now_s),
                                     db_text(or_empty(area->provider)),
                                     db_text(or_absent(area->school)),
                                     db_text(or_absent(service)),
                                     db_int((int64_t)from),
                                     db_int(PLEAS_LISTED_MAX) };

    return forget(d, now_s, f) && found(d, &of_area, args, 6, a, out, f);
}

bool plea_one(struct db *d, struct arena *a, const struct area *area, int64_t number, int64_t now_s, struct plea *out,
              struct plea_voices *voices, struct fail *f)
{
    const struct db_value args[] = { kept_from(now_s), db_text(or_empty(area->provider)),
                                     db_text(or_absent(area->school)), db_int(number) };
    struct pleas_found got;
    struct db_rows rows;

    if (!found(d, &numbered, args, 4, a, &got, f))
        return false;
    if (got.n == 0)
        return fail(f, FAIL_NOT_FOUND, "no_plea", "no plea %lld there", (long long)number);
    *out = got.at[0];
    if (voices == NULL)
        return true;
    const struct db_value of[] = { kept_from(now_s), db_int(number), db_int(out->declined_s) };
    if (!db_query(d, &voices_of, of, 3, a, &rows, f))
        return false;
    *voices = (struct plea_voices){ arena_make_n(a, rows.n + 1, struct plea_voice), rows.n };
    for (size_t i = 0; i < rows.n; i++)
        voices->at[i] =
            (struct plea_voice){ db_row(&rows, i)[0].text, db_row(&rows, i)[1].text, db_row(&rows, i)[2].number };
    return true;
}

bool plea_decline(struct db *d, struct arena *a, const struct area *area, int64_t number, struct str words,
                  int64_t now_s, struct fail *f)
{
    const struct db_value args[] = { db_text(or_empty(area->provider)),
                                     db_text(or_absent(area->school)),
                                     db_int(now_s),
                                     db_text(words),
                                     db_text(area_text(a, area)),
                                     db_int(number) };

    if (!db_run(d, &answer_it, args, 6, f))
        return false;
    return db_changes(d) == 1 || fail(f, FAIL_NOT_FOUND, "no_plea", "no plea %lld there", (long long)number);
}
