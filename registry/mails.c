/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/mails.h"

#include "base/codec.h"
#include "registry/store.h"
#include "registry/stores.h"

enum { DAY_S = 86400 };

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE mails (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, "
         "to_sealed TEXT NOT NULL, sealed TEXT NOT NULL, state INTEGER NOT NULL DEFAULT 0, "
         "tries INTEGER NOT NULL DEFAULT 0, made_s INTEGER NOT NULL, due_s INTEGER NOT NULL);"
         "CREATE INDEX mails_due ON mails (state, due_s);"
         "CREATE INDEX mails_of ON mails (owner, state);" },
    { 2, "CREATE INDEX mails_made ON mails (owner, made_s);" },
    { 3, "ALTER TABLE mails ADD COLUMN whom TEXT NOT NULL DEFAULT '';"
         "CREATE INDEX mails_whom ON mails (whom) WHERE whom <> '';" },
};

const struct db_schema mails_schema = { "mails.sqlite", migrations, sizeof migrations / sizeof *migrations };

static const struct db_statement
    old = { "mails_old", "DELETE FROM mails WHERE state <> 0 AND made_s <= ?1" },
    waiting = { "mails_waiting", "SELECT count(*), coalesce(sum(owner = ?1), 0), (SELECT count(*) FROM mails WHERE "
                                 "owner = ?1 AND made_s > ?2) FROM mails WHERE state = 0" },
    forget = { "mails_forget", "UPDATE mails SET whom = '' WHERE whom <> '' AND made_s <= ?1" },
    theirs = { "mails_theirs", "SELECT count(*) FROM mails WHERE whom <> '' AND whom = ?1" },
    how = { "mails_how", "SELECT state FROM mails WHERE key = ?1" },
    recall = { "mails_recall", "UPDATE mails SET state = 2, to_sealed = '', sealed = '' WHERE key = ?1 AND state = 0" },
    add = { "mails_put", "INSERT OR IGNORE INTO mails (key, owner, to_sealed, sealed, made_s, due_s, whom) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)" },
    due = { "mails_due", "SELECT number, key, owner, to_sealed, sealed, tries FROM mails WHERE state = 0 AND "
                         "due_s <= ?1 ORDER BY due_s, number LIMIT 1" },
    lease = { "mails_lease", "UPDATE mails SET tries = tries + 1, due_s = ?3 WHERE number = ?1 AND state = 0 AND "
                             "tries = ?2" },
    end = { "mails_end", "UPDATE mails SET state = ?2, to_sealed = '', sealed = '' WHERE number = ?1" },
    later = { "mails_later", "UPDATE mails SET due_s = ?2 WHERE number = ?1 AND state = 0" };

/* struct mails is a struct store, as struct vendors is. */
struct mails *mails_new(const struct settings *set)
{
    return (struct mails *)store_new(set, "mails.sqlite", migrations, sizeof migrations / sizeof *migrations);
}

void mails_free(struct mails *s)
{
    store_free((struct store *)s);
}

bool mails_now(struct mails *s, struct arena *a, mails_job *job, void *with, struct fail *f)
{
    return store_now((struct store *)s, a, job, with, f);
}

bool mails_ask(struct mails *s, struct work *w, struct batch *b, struct arena *a, mails_job *job, void *with,
               struct mails_got *out)
{
    return store_ask((struct store *)s, w, b, a, job, with, &out->ok, &out->why);
}

static struct str bound_to(struct arena *a, const char *what, struct str key)
{
    return arena_printf(a, "mail-%s:%.*s", what, STR_ARG(key));
}

static bool has_room(struct db *d, struct arena *a, struct str owner, int64_t now_s, struct fail *f)
{
    const struct db_value whose[] = { db_text(owner), db_int(now_s - DAY_S) };
    struct db_rows rows;

    if (!db_query(d, &waiting, whose, 2, a, &rows, f))
        return false;
    const struct db_value *n = db_row(&rows, 0);
    return (n[0].number < MAILS_WAITING_MAX && n[1].number < MAILS_OF_ONE_MAX && n[2].number < MAILS_A_DAY_MAX) ||
           fail(f, FAIL_BUSY, "mails", "%lld mails wait, %lld of this owner, which has sent %lld within a day",
                (long long)n[0].number, (long long)n[1].number, (long long)n[2].number);
}

/* What stands behind a + leads to the same mailbox. */
static struct str mailbox_of(struct arena *a, const struct seals *s, struct str to)
{
    size_t at = str_find_byte(to, '@', 0), plus = str_find_byte(to, '+', 0);
    struct buf b = buf_new(a, to.n + 1);

    for (size_t i = 0; i < to.n; i++)
        if (i < plus || i >= at)
            buf_byte(&b, to.p[i] >= 'A' && to.p[i] <= 'Z' ? (char)(to.p[i] - 'A' + 'a') : to.p[i]);
    return hex_encode(a, seals_pairwise(a, s, S("mailbox"), buf_str(&b)));
}

static bool mailbox_has_room(struct db *d, struct arena *a, struct str whom, int64_t most, int64_t now_s,
                             struct fail *f)
{
    const struct db_value a_day_ago = db_int(now_s - DAY_S), whose = db_text(whom);
    struct db_rows rows;

    if (!db_run(d, &forget, &a_day_ago, 1, f) || !db_query(d, &theirs, &whose, 1, a, &rows, f))
        return false;
    return most == 0 || db_row(&rows, 0)[0].number < most ||
           fail(f, FAIL_BUSY, "mails", "%lld went to one mailbox within a day", (long long)most);
}

bool mails_put(struct db *d, struct arena *a, const struct world *w, const struct seals *s,
               const struct waiting_mail *x, int64_t now_s, bool *fresh, struct fail *f)
{
    const struct db_value long_ago = db_int(now_s - MAILS_REMEMBERED_S);
    enum mail_state before;

    *fresh = false;
    if (x->key.n == 0 || x->key.n > MAILS_KEY_MAX_B)
        return fail(f, FAIL_CALLER, "mail_key", "the key of a mail has 1 to %d bytes", MAILS_KEY_MAX_B);
    if (!db_run(d, &old, &long_ago, 1, f) || !mails_how(d, a, x->key, &before, f))
        return false;
    if (before != MAIL_NONE) /* needs no room */
        return true;
    if (!has_room(d, a, x->owner, now_s, f))
        return false;
    const struct str whom = x->a_day > 0 ? mailbox_of(a, s, x->to) : S("");
    if (!mailbox_has_room(d, a, whom, x->a_day, now_s, f))
        return false;
    const struct db_value row[] = { db_text(x->key),
                                    db_text(x->owner),
                                    db_text(seal_secret(a, w, s, bound_to(a, "to", x->key), x->to)),
                                    db_text(seal_secret(a, w, s, bound_to(a, "text", x->key), x->message)),
                                    db_int(now_s),
                                    db_text(whom) };
    if (!db_run(d, &add, row, sizeof row / sizeof *row, f))
        return false;
    *fresh = db_changes(d) == 1;
    return true;
}

static bool end_one(struct db *d, int64_t number, enum mail_state state, struct fail *f)
{
    const struct db_value row[] = { db_int(number), db_int(state) };

    return db_run(d, &end, row, 2, f);
}

/* What does not open was sealed under a root secret that is no more: it can never be sent. */
bool mails_take(struct db *d, struct arena *a, const struct seals *s, int64_t now_s, struct waiting_mail *out,
                struct fail *f)
{
    const struct db_value now = db_int(now_s);
    struct db_rows rows;

    for (;;) {
        *out = (struct waiting_mail){ 0 };
        if (!db_query(d, &due, &now, 1, a, &rows, f))
            return false;
        if (rows.n == 0)
            return true;
        const struct db_value *v = db_row(&rows, 0);
        const struct db_value taken[] = { v[0], v[5], db_int(now_s + MAILS_LEASE_S) };
        *out = (struct waiting_mail){
            .number = v[0].number, .key = v[1].text, .owner = v[2].text, .tries = v[5].number + 1
        };
        if (!db_run(d, &lease, taken, 3, f))
            return false;
        if (db_changes(d) == 0)
            continue; /* another node has it */
        if (seal_secret_open(a, s, bound_to(a, "to", out->key), v[3].text, &out->to) &&
            seal_secret_open(a, s, bound_to(a, "text", out->key), v[4].text, &out->message))
            return true;
        if (!end_one(d, out->number, MAIL_GIVEN_UP, f))
            return false;
    }
}

bool mails_sent(struct db *d, int64_t number, struct fail *f)
{
    return end_one(d, number, MAIL_SENT, f);
}

static int64_t pause_s(int64_t tries)
{
    int64_t s = MAILS_FIRST_S;

    for (int64_t i = 1; i < tries && s < MAILS_LAST_S; i++)
        s *= 2;
    return s < MAILS_LAST_S ? s : MAILS_LAST_S;
}

bool mails_failed(struct db *d, const struct waiting_mail *x, bool for_good, int64_t now_s, bool *given_up,
                  struct fail *f)
{
    const struct db_value row[] = { db_int(x->number), db_int(now_s + pause_s(x->tries)) };

    *given_up = for_good || x->tries >= MAILS_TRIES_MAX;
    return *given_up ? end_one(d, x->number, for_good ? MAIL_REFUSED : MAIL_GIVEN_UP, f) : db_run(d, &later, row, 2, f);
}

bool mails_how(struct db *d, struct arena *a, struct str key, enum mail_state *out, struct fail *f)
{
    const struct db_value whose = db_text(key);
    struct db_rows rows;

    *out = MAIL_NONE;
    if (!db_query(d, &how, &whose, 1, a, &rows, f))
        return false;
    if (rows.n == 1)
        *out = (enum mail_state)db_row(&rows, 0)[0].number;
    return true;
}

bool mails_recall(struct db *d, struct str key, struct fail *f)
{
    const struct db_value whose = db_text(key);

    return db_run(d, &recall, &whose, 1, f);
}
