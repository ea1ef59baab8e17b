/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/consents.h"

#include "base/fields.h"
#include "registry/ends.h"
#include "registry/store.h"
#include "registry/stores.h"

enum { WORDS_MAX_B = 1024 };

/* Claims by their words: a set of bits would mean something else when a row is added to claims.def. */
static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE consents (person TEXT NOT NULL, service TEXT NOT NULL, kind INTEGER NOT NULL, "
         "claims TEXT NOT NULL, at_s INTEGER NOT NULL, PRIMARY KEY (person, service, kind)) WITHOUT ROWID;" },
    { 2, "CREATE TABLE held (person TEXT NOT NULL, service TEXT NOT NULL, record TEXT NOT NULL, at_s INTEGER NOT NULL, "
         "PRIMARY KEY (person, service, record)) WITHOUT ROWID;" },
};

const struct db_schema consents_schema = { "consents.sqlite", migrations, sizeof migrations / sizeof *migrations };

static const struct db_statement
    get = { "consent_get", "SELECT kind, service, claims, at_s FROM consents WHERE person = ?1 AND service = ?2 AND "
                           "kind = ?3" },
    mine = { "consents_mine", "SELECT kind, service, claims, at_s FROM consents WHERE person = ?1 "
                              "ORDER BY at_s DESC, service, kind LIMIT 1000" },
    put = { "consent_put", "INSERT INTO consents (person, service, kind, claims, at_s) VALUES (?1, ?2, ?3, ?4, ?5) "
                           "ON CONFLICT (person, service, kind) DO UPDATE SET claims = excluded.claims, "
                           "at_s = excluded.at_s" },
    drop = { "consent_drop", "DELETE FROM consents WHERE person = ?1 AND service = ?2 AND kind = ?3" },
    hold = { "held_put", "INSERT OR REPLACE INTO held (person, service, record, at_s) VALUES (?1, ?2, ?3, ?4)" },
    forget = { "held_forget", "DELETE FROM held WHERE person = ?1 AND at_s < ?2" },
    named = { "held_named", "SELECT record, at_s FROM held WHERE person = ?1 AND service = ?2 AND record <> '' "
                            "ORDER BY at_s DESC, record" },
    fold = { "held_fold", "INSERT INTO held (person, service, record, at_s) VALUES (?1, ?2, '', ?3) "
                          "ON CONFLICT (person, service, record) DO UPDATE SET at_s = MAX(at_s, excluded.at_s)" },
    unname = { "held_unname", "DELETE FROM held WHERE person = ?1 AND service = ?2 AND record = ?3" },
    held = { "held_of",
             "SELECT service, record, at_s FROM (SELECT service, record, at_s, ROW_NUMBER() OVER (PARTITION BY service "
             "ORDER BY at_s DESC, record) AS nth FROM held WHERE person = ?1) "
             "ORDER BY nth, at_s DESC, service, record LIMIT ?2" },
    let_go = { "held_drop", "DELETE FROM held WHERE person = ?1 AND service = ?2" };

/* ── the store ──────────────────────────────────────────────────────────── */

/* struct consents is a struct store: a name of its own keeps one from being taken for another. */
struct consents *consents_new(const struct settings *set)
{
    return (struct consents *)store_new(set, "consents.sqlite", migrations, sizeof migrations / sizeof *migrations);
}

void consents_free(struct consents *s)
{
    store_free((struct store *)s);
}

bool consents_now(struct consents *s, struct arena *a, consents_job *job, void *with, struct fail *f)
{
    return store_now((struct store *)s, a, job, with, f);
}

bool consents_ask(struct consents *s, struct work *w, struct batch *b, struct arena *a, consents_job *job, void *with,
                  struct consents_got *out)
{
    return store_ask((struct store *)s, w, b, a, job, with, &out->ok, &out->why);
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

/* ── what services hold ─────────────────────────────────────────────────── */

/* Beyond those that are named one by one it is one of the older ones. */
static bool leave_name(struct db *d, struct str person, const struct held *x, bool lives, struct fail *f)
{
    const struct db_value older[] = { db_text(person), db_text(x->service), db_int(x->at_s) };
    const struct db_value row[] = { db_text(person), db_text(x->service), db_text(x->key) };

    return (!lives || db_run(d, &fold, older, 3, f)) && db_run(d, &unname, row, 3, f);
}

static bool bound(struct db *d, struct arena *a, struct str person, struct str service, struct ends *ends,
                  struct fail *f)
{
    const struct db_value args[] = { db_text(person), db_text(service) };
    struct db_rows rows;
    size_t names = 0;

    if (!db_query(d, &named, args, 2, a, &rows, f))
        return false;
    for (size_t i = 0; i < rows.n; i++) {
        const struct held x = { service, db_row(&rows, i)[0].text, db_row(&rows, i)[1].number };
        bool lives = ends == NULL || !ends_has(ends, x.key);
        if (lives && ++names <= HELD_OF_SERVICE)
            continue;
        if (!leave_name(d, person, &x, lives, f))
            return false;
    }
    return true;
}

bool held_put(struct db *d, struct arena *a, struct str person, const struct held *x, int64_t oldest_s,
              struct ends *ends, struct fail *f)
{
    const struct db_value old[] = { db_text(person), db_int(oldest_s) };
    const struct db_value row[] = { db_text(person), db_text(x->service), db_text(x->key), db_int(x->at_s) };

    return db_run(d, &forget, old, 2, f) && db_run(d, &hold, row, 4, f) && bound(d, a, person, x->service, ends, f);
}

bool held_of(struct db *d, struct arena *a, struct str person, struct held_found *out, struct fail *f)
{
    const struct db_value args[] = { db_text(person), db_int(HELD_OF_ONE_MAX) };
    struct db_rows rows;

    *out = (struct held_found){ NULL, 0 };
    if (!db_query(d, &held, args, 2, a, &rows, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct held);
    for (; out->n < rows.n; out->n++) {
        const struct db_value *row = db_row(&rows, out->n);
        out->at[out->n] = (struct held){ .service = row[0].text,
                                         .key = row[1].text.n > 0 ? row[1].text : (struct str){ NULL, 0 },
                                         .at_s = row[2].number };
    }
    return true;
}

bool held_drop(struct db *d, struct str person, struct str service, struct fail *f)
{
    const struct db_value args[] = { db_text(person), db_text(service) };

    return db_run(d, &let_go, args, 2, f);
}
