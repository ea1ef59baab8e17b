/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/vendors.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "registry/store.h"
#include "registry/stores.h"
#include "wire/otp.h"

enum { RECOVERY_LETTERS = 12, RECOVERY_GROUP = 4, HASH_SHOWN = 16 };

static const struct db_migration migrations[] = {
    { 1,
      "CREATE TABLE invitations (hash TEXT PRIMARY KEY, organisation TEXT NOT NULL, role INTEGER NOT NULL, "
      "note TEXT NOT NULL, made_by TEXT NOT NULL, made_s INTEGER NOT NULL, until_s INTEGER NOT NULL, "
      "used_s INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
      "CREATE INDEX invitations_of ON invitations (organisation, until_s);"
      "CREATE TABLE joinings (number INTEGER PRIMARY KEY AUTOINCREMENT, at_s INTEGER NOT NULL, name TEXT NOT NULL, "
      "business_id TEXT NOT NULL, technology TEXT NOT NULL, privacy TEXT NOT NULL, incidents TEXT NOT NULL, "
      "person TEXT NOT NULL, email TEXT NOT NULL, words TEXT NOT NULL);"
      "CREATE TABLE seeds (account TEXT PRIMARY KEY, sealed TEXT NOT NULL, step INTEGER NOT NULL) WITHOUT ROWID;"
      "CREATE TABLE papers (account TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (account, hash)) WITHOUT ROWID;"
      "CREATE TABLE passkeys (id TEXT PRIMARY KEY, account TEXT NOT NULL, key TEXT NOT NULL, count INTEGER NOT NULL, "
      "name TEXT NOT NULL, made_s INTEGER NOT NULL, used_s INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
      "CREATE INDEX passkeys_of ON passkeys (account, made_s);" },
    { 2, "ALTER TABLE invitations ADD COLUMN email TEXT NOT NULL DEFAULT '';"
         "ALTER TABLE invitations ADD COLUMN by_operator INTEGER NOT NULL DEFAULT 0;" },
    { 3, "CREATE TABLE gate_rows (service TEXT NOT NULL, trial TEXT NOT NULL, verdict INTEGER NOT NULL, "
         "seen TEXT NOT NULL, edition TEXT NOT NULL, tester TEXT NOT NULL, at_s INTEGER NOT NULL, "
         "PRIMARY KEY (service, trial)) WITHOUT ROWID;" },
    { 4, "CREATE TABLE identities (idp TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL, "
         "account TEXT NOT NULL, name TEXT NOT NULL, made_s INTEGER NOT NULL, used_s INTEGER NOT NULL DEFAULT 0, "
         "PRIMARY KEY (idp, issuer, subject)) WITHOUT ROWID;"
         "CREATE INDEX identities_of ON identities (account, made_s);"
         "CREATE TABLE contacts (organisation TEXT NOT NULL, part INTEGER NOT NULL, address TEXT NOT NULL, "
         "at_s INTEGER NOT NULL, PRIMARY KEY (organisation, part)) WITHOUT ROWID;"
         "CREATE TABLE contact_links (organisation TEXT NOT NULL, part INTEGER NOT NULL, hash TEXT NOT NULL UNIQUE, "
         "address TEXT NOT NULL, until_s INTEGER NOT NULL, PRIMARY KEY (organisation, part)) WITHOUT ROWID;" },
    /* Where the portal was in use before, its organisations' addresses are taken over once (contacts_take_over()). */
    { 5, "ALTER TABLE contacts ADD COLUMN before INTEGER NOT NULL DEFAULT 0;"
         "ALTER TABLE contact_links ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';"
         "CREATE TABLE contacts_due (due INTEGER PRIMARY KEY) WITHOUT ROWID;"
         "INSERT INTO contacts_due SELECT 1 WHERE EXISTS (SELECT 1 FROM seeds) OR EXISTS (SELECT 1 FROM passkeys) "
         "OR EXISTS (SELECT 1 FROM invitations);" },
};

const struct db_schema vendors_schema = { "vendors.sqlite", migrations, sizeof migrations / sizeof *migrations };

#define INVITATION "hash, organisation, role, note, made_by, made_s, until_s, email, by_operator"
#define JOINING    "number, at_s, name, business_id, technology, privacy, incidents, person, email, words"
#define PASSKEY    "id, account, key, count, name, made_s, used_s"
#define IDENTITY   "idp, issuer, subject, account, name, made_s, used_s"

static const struct db_statement
    invite = { "invitation_put",
               "INSERT INTO invitations (" INVITATION ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)" },
    invitations_old = { "invitations_old", "DELETE FROM invitations WHERE until_s <= ?1" },
    invitations_open = { "invitations_open", "SELECT count(*) FROM invitations WHERE organisation = ?1 AND "
                                             "used_s = 0 AND until_s > ?2" },
    invited = { "invitation_get",
                "SELECT " INVITATION " FROM invitations WHERE hash = ?1 AND used_s = 0 AND until_s > ?2" },
    invited_all = { "invitations_of", "SELECT " INVITATION " FROM invitations WHERE organisation = ?1 AND used_s = 0 "
                                      "AND until_s > ?2 ORDER BY made_s DESC, hash LIMIT 50" },
    invited_by_operators = { "invitations_by_operators",
                             "SELECT " INVITATION " FROM invitations WHERE by_operator = 1 AND used_s = 0 AND "
                             "until_s > ?1 ORDER BY made_s DESC, hash LIMIT 100" },
    invitation_used = { "invitation_take",
                        "UPDATE invitations SET used_s = ?2 WHERE hash = ?1 AND used_s = 0 AND until_s > ?2" },
    invitation_again = { "invitation_give_back", "UPDATE invitations SET used_s = 0 WHERE hash = ?1" },
    invitations_gone = { "invitations_end", "DELETE FROM invitations WHERE organisation = ?1 AND used_s = 0" },
    invitation_gone = { "invitation_drop", "DELETE FROM invitations WHERE organisation = ?1 AND "
                                           "substr(hash, 1, length(?2)) = ?2 AND used_s = 0" },
    join = { "joining_put", "INSERT INTO joinings (at_s, name, business_id, technology, privacy, incidents, person, "
                            "email, words) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)" },
    joinings_old = { "joinings_old", "DELETE FROM joinings WHERE at_s <= ?1" },
    joinings_wait = { "joinings_wait", "SELECT count(*) FROM joinings" },
    joinings_all = { "joinings_list", "SELECT " JOINING " FROM joinings ORDER BY number LIMIT 500" },
    joining_one = { "joining_get", "SELECT " JOINING " FROM joinings WHERE number = ?1" },
    joining_gone = { "joining_drop", "DELETE FROM joinings WHERE number = ?1" },
    seed_keep = { "seed_put", "INSERT OR REPLACE INTO seeds (account, sealed, step) VALUES (?1, ?2, ?3)" },
    seed_get = { "seed_get", "SELECT sealed, step FROM seeds WHERE account = ?1" },
    seed_step = { "seed_step", "UPDATE seeds SET step = ?2 WHERE account = ?1 AND step < ?2" },
    seed_gone = { "seed_drop", "DELETE FROM seeds WHERE account = ?1" },
    papers_gone = { "papers_drop", "DELETE FROM papers WHERE account = ?1" },
    paper_put = { "paper_put", "INSERT INTO papers (account, hash) VALUES (?1, ?2)" },
    paper_take = { "paper_take", "DELETE FROM papers WHERE account = ?1 AND hash = ?2" },
    papers_left = { "papers_left", "SELECT count(*) FROM papers WHERE account = ?1" },
    passkey_keep = { "passkey_put", "INSERT INTO passkeys (id, account, key, count, name, made_s) VALUES "
                                    "(?1, ?2, ?3, ?4, ?5, ?6)" },
    passkeys_count = { "passkeys_count", "SELECT count(*) FROM passkeys WHERE account = ?1" },
    passkey_one = { "passkey_get", "SELECT " PASSKEY " FROM passkeys WHERE id = ?1" },
    passkeys_all = { "passkeys_of", "SELECT " PASSKEY " FROM passkeys WHERE account = ?1 ORDER BY made_s, id" },
    passkey_on = { "passkey_count", "UPDATE passkeys SET count = ?2, used_s = ?3 WHERE id = ?1 AND count = ?4" },
    passkey_gone = { "passkey_drop", "DELETE FROM passkeys WHERE account = ?1 AND id = ?2" },
    passkeys_gone = { "passkeys_drop", "DELETE FROM passkeys WHERE account = ?1" },
    identity_keep = { "identity_put", "INSERT INTO identities (idp, issuer, subject, account, name, made_s) VALUES "
                                      "(?1, ?2, ?3, ?4, ?5, ?6)" },
    identities_count = { "identities_count", "SELECT count(*) FROM identities WHERE account = ?1" },
    identity_one = { "identity_find",
                     "SELECT " IDENTITY " FROM identities WHERE idp = ?1 AND issuer = ?2 AND subject = ?3" },
    identity_seen = { "identity_used",
                      "UPDATE identities SET used_s = ?4 WHERE idp = ?1 AND issuer = ?2 AND subject = ?3" },
    identities_all = { "identities_of",
                       "SELECT " IDENTITY " FROM identities WHERE account = ?1 ORDER BY made_s, idp, issuer, subject" },
    identity_gone = { "identity_drop", "DELETE FROM identities WHERE account = ?1 AND idp = ?2 AND issuer = ?3 AND "
                                       "subject = ?4" },
    identities_gone = { "identities_drop", "DELETE FROM identities WHERE account = ?1" },
    seeds_count = { "seeds_count", "SELECT count(*) FROM seeds WHERE account = ?1" };

/* ── the store ──────────────────────────────────────────────────────────── */

/* struct vendors is a struct store: a name of its own keeps one from being taken for another. */
struct vendors *vendors_new(const struct settings *set)
{
    return (struct vendors *)store_new(set, "vendors.sqlite", migrations, sizeof migrations / sizeof *migrations);
}

void vendors_free(struct vendors *s)
{
    store_free((struct store *)s);
}

bool vendors_now(struct vendors *s, struct arena *a, vendors_job *job, void *with, struct fail *f)
{
    return store_now((struct store *)s, a, job, with, f);
}

bool vendors_ask(struct vendors *s, struct work *w, struct batch *b, struct arena *a, vendors_job *job, void *with,
                 struct vendors_got *out)
{
    return store_ask((struct store *)s, w, b, a, job, with, &out->ok, &out->why);
}

static bool number_of(struct db *d, struct arena *a, const struct db_statement *s, const struct db_value *args,
                      size_t n, int64_t *out, struct fail *f)
{
    struct db_rows rows;

    if (!db_query(d, s, args, n, a, &rows, f))
        return false;
    *out = rows.n > 0 ? rows.at[0].number : 0;
    return true;
}

static struct db_value text_value(struct str s)
{
    return db_text(str_is_set(s) ? s : S(""));
}

/* ── invitations ────────────────────────────────────────────────────────── */

struct str invitation_to_city(struct arena *a, struct str provider)
{
    return arena_join(a, S("@"), provider);
}

struct str invitation_city(const struct invitation *x)
{
    return str_has_prefix(x->organisation, S("@")) ? str_from(x->organisation, 1) : (struct str){ NULL, 0 };
}

struct str invitation_to_account(struct arena *a, struct str account)
{
    return arena_join(a, S("!"), account);
}

struct str invitation_account(const struct invitation *x)
{
    return str_has_prefix(x->organisation, S("!")) ? str_from(x->organisation, 1) : (struct str){ NULL, 0 };
}

bool invitation_put(struct db *d, struct arena *a, const struct invitation *x, struct fail *f)
{
    const struct db_value open[] = { db_text(x->organisation), db_int(x->made_s) }, now = db_int(x->made_s);
    const struct db_value row[] = { db_text(x->hash),    db_text(x->organisation), db_int(x->role),
                                    text_value(x->note), text_value(x->by),        db_int(x->made_s),
                                    db_int(x->until_s),  text_value(x->email),     db_int(x->by_operator ? 1 : 0) };
    int64_t n;

    if (!db_run(d, &invitations_old, &now, 1, f) || !number_of(d, a, &invitations_open, open, 2, &n, f))
        return false;
    if (n >= INVITATIONS_OF_ONE_MAX)
        return fail(f, FAIL_CALLER, "invitations_of_one", "%d invitations of this organisation are open already",
                    INVITATIONS_OF_ONE_MAX);
    return db_run(d, &invite, row, sizeof row / sizeof *row, f);
}

static struct invitation invitation_row(const struct db_value *v)
{
    return (struct invitation){ v[0].text,   v[1].text, (enum staff_role)v[2].number,
                                v[3].text,   v[4].text, v[5].number,
                                v[6].number, v[7].text, v[8].number != 0 };
}

bool invitation_get(struct db *d, struct arena *a, struct str hash, int64_t now_s, struct invitation *out,
                    struct fail *f)
{
    const struct db_value args[] = { db_text(hash), db_int(now_s) };
    struct db_rows rows;

    if (!db_query(d, &invited, args, 2, a, &rows, f))
        return false;
    if (rows.n == 0)
        return fail(f, FAIL_NOT_FOUND, "no_invitation", "it is over, was used, or never was");
    *out = invitation_row(db_row(&rows, 0));
    return true;
}

bool invitation_take(struct db *d, struct arena *a, struct str hash, int64_t now_s, struct fail *f)
{
    const struct db_value args[] = { db_text(hash), db_int(now_s) };

    (void)a;
    return db_run(d, &invitation_used, args, 2, f) &&
           (db_changes(d) == 1 || fail(f, FAIL_NOT_FOUND, "no_invitation", "it is over, was used, or never was"));
}

bool invitation_give_back(struct db *d, struct str hash, struct fail *f)
{
    const struct db_value args[] = { db_text(hash) };

    return db_run(d, &invitation_again, args, 1, f);
}

static bool list_invitations(struct db *d, struct arena *a, const struct db_statement *s, const struct db_value *args,
                             size_t n, struct invitations *out, struct fail *f)
{
    struct db_rows rows;

    *out = (struct invitations){ NULL, 0 };
    if (!db_query(d, s, args, n, a, &rows, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct invitation);
    for (; out->n < rows.n; out->n++)
        out->at[out->n] = invitation_row(db_row(&rows, out->n));
    return true;
}

bool invitations_of(struct db *d, struct arena *a, struct str organisation, int64_t now_s, struct invitations *out,
                    struct fail *f)
{
    const struct db_value args[] = { db_text(organisation), db_int(now_s) };

    return list_invitations(d, a, &invited_all, args, 2, out, f);
}

bool invitations_by_operators(struct db *d, struct arena *a, int64_t now_s, struct invitations *out, struct fail *f)
{
    const struct db_value now = db_int(now_s);

    return list_invitations(d, a, &invited_by_operators, &now, 1, out, f);
}

bool invitations_end(struct db *d, struct str organisation, struct fail *f)
{
    const struct db_value args[] = { db_text(organisation) };

    return db_run(d, &invitations_gone, args, 1, f);
}

bool invitation_drop(struct db *d, struct str organisation, struct str hash, struct fail *f)
{
    const struct db_value args[] = { db_text(organisation), db_text(hash) };

    return hash.n < HASH_SHOWN || db_run(d, &invitation_gone, args, 2, f);
}

/* ── who asks to join ───────────────────────────────────────────────────── */

bool joining_put(struct db *d, struct arena *a, const struct joining *x, struct fail *f)
{
    const struct db_value old = db_int(x->at_s - JOINING_KEPT_S);
    const struct db_value row[] = { db_int(x->at_s),           text_value(x->name),    text_value(x->business_id),
                                    text_value(x->technology), text_value(x->privacy), text_value(x->incidents),
                                    text_value(x->person),     text_value(x->email),   text_value(x->words) };
    int64_t n;

    if (!db_run(d, &joinings_old, &old, 1, f) || !number_of(d, a, &joinings_wait, NULL, 0, &n, f))
        return false;
    if (n >= JOININGS_MAX)
        return fail(f, FAIL_BUSY, "joinings", "%d organisations wait already", JOININGS_MAX);
    return db_run(d, &join, row, sizeof row / sizeof *row, f);
}

static struct joining joining_row(const struct db_value *v)
{
    return (struct joining){ .number = v[0].number,
                             .at_s = v[1].number,
                             .name = v[2].text,
                             .business_id = v[3].text,
                             .technology = v[4].text,
                             .privacy = v[5].text,
                             .incidents = v[6].text,
                             .person = v[7].text,
                             .email = v[8].text,
                             .words = v[9].text };
}

bool joinings_list(struct db *d, struct arena *a, int64_t now_s, struct joinings *out, struct fail *f)
{
    struct db_rows rows;

    *out = (struct joinings){ NULL, 0 };
    if (!db_query(d, &joinings_all, NULL, 0, a, &rows, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct joining);
    for (size_t i = 0; i < rows.n; i++)
        if (db_row(&rows, i)[1].number > now_s - JOINING_KEPT_S)
            out->at[out->n++] = joining_row(db_row(&rows, i));
    return true;
}

bool joining_get(struct db *d, struct arena *a, int64_t number, struct joining *out, struct fail *f)
{
    const struct db_value args[] = { db_int(number) };
    struct db_rows rows;

    if (!db_query(d, &joining_one, args, 1, a, &rows, f))
        return false;
    if (rows.n == 0)
        return fail(f, FAIL_NOT_FOUND, "no_joining", "nobody waits under that number");
    *out = joining_row(db_row(&rows, 0));
    return true;
}

bool joining_drop(struct db *d, int64_t number, struct fail *f)
{
    const struct db_value args[] = { db_int(number) };

    return db_run(d, &joining_gone, args, 1, f);
}

/* ── codes ──────────────────────────────────────────────────────────────── */

/* Without what is read as something else on paper: 60 bits. */
void recovery_make(struct arena *a, const struct world *w, struct str out[RECOVERY_CODES])
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* 32, so that each is as likely */
    unsigned char bytes[RECOVERY_LETTERS];

    for (int i = 0; i < RECOVERY_CODES; i++) {
        struct buf b = buf_new(a, 2 * RECOVERY_LETTERS);
        world_random(w, bytes, sizeof bytes);
        for (int k = 0; k < RECOVERY_LETTERS; k++) {
            if (k > 0 && k % RECOVERY_GROUP == 0)
                buf_byte(&b, '-');
            buf_byte(&b, letters[bytes[k] % 32]);
        }
        out[i] = buf_str(&b);
    }
}

/* As it is kept, whoever's it is: white space and hyphens are no matter, nor is case. */
static struct str paper_hash(struct arena *a, struct str account, struct str code)
{
    struct buf b = buf_new(a, account.n + 2 * RECOVERY_LETTERS + 8);

    buf_add(&b, account);
    buf_byte(&b, '\n');
    for (size_t i = 0; i < code.n && code.n <= 2 * RECOVERY_LETTERS; i++) {
        char c = code.p[i];
        if (c != ' ' && c != '-')
            buf_byte(&b, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    return sha256_hex(a, buf_ok(&b) ? buf_str(&b) : S(""));
}

static bool put_papers(struct db *d, struct arena *a, struct str account, const struct str codes[RECOVERY_CODES],
                       struct fail *f)
{
    const struct db_value whose = db_text(account);
    bool good = db_run(d, &papers_gone, &whose, 1, f);

    for (int i = 0; good && i < RECOVERY_CODES; i++) {
        const struct db_value row[] = { whose, db_text(paper_hash(a, account, codes[i])) };
        good = db_run(d, &paper_put, row, 2, f);
    }
    return good;
}

bool recovery_put(struct db *d, struct arena *a, struct str account, const struct str codes[RECOVERY_CODES],
                  struct fail *f)
{
    if (!db_begin(d, f))
        return false;
    if (put_papers(d, a, account, codes, f) && db_commit(d, f))
        return true;
    db_rollback(d);
    return false;
}

bool recovery_left(struct db *d, struct arena *a, struct str account, int64_t *n, struct fail *f)
{
    const struct db_value args[] = { db_text(account) };

    return number_of(d, a, &papers_left, args, 1, n, f);
}

static struct str owner_of(struct arena *a, struct str account)
{
    return arena_join(a, S("otp:"), account);
}

bool seed_put(struct db *d, struct arena *a, const struct world *w, const struct seals *s, struct str account,
              struct str seed, int64_t step, struct fail *f)
{
    const struct db_value row[] = { db_text(account), db_text(seal_secret(a, w, s, owner_of(a, account), seed)),
                                    db_int(step) };

    return db_run(d, &seed_keep, row, 3, f);
}

static bool take_paper(struct db *d, struct arena *a, struct str account, struct str typed, enum code_was *out,
                       struct fail *f)
{
    const struct db_value row[] = { db_text(account), db_text(paper_hash(a, account, typed)) };

    if (!db_run(d, &paper_take, row, 2, f))
        return false;
    *out = db_changes(d) == 1 ? CODE_OF_PAPER : CODE_WRONG;
    return true;
}

bool code_take(struct db *d, struct arena *a, const struct seals *s, struct str account, struct str typed,
               int64_t now_s, enum code_was *out, struct fail *f)
{
    const struct db_value whose = db_text(account);
    struct db_rows rows;
    struct str seed;
    int64_t step;

    *out = CODE_WRONG;
    if (!db_query(d, &seed_get, &whose, 1, a, &rows, f))
        return false;
    if (rows.n == 0 || !seal_secret_open(a, s, owner_of(a, account), rows.at[0].text, &seed) ||
        !otp_step(a, seed, typed, now_s, rows.at[1].number, &step))
        return take_paper(d, a, account, typed, out, f);
    const struct db_value used[] = { whose, db_int(step) };
    if (!db_run(d, &seed_step, used, 2, f))
        return false;
    *out = db_changes(d) == 1 ? CODE_TAKEN : CODE_WRONG;
    return true;
}

/* ── passkeys ───────────────────────────────────────────────────────────── */

bool passkey_put(struct db *d, struct arena *a, const struct kept_passkey *x, struct fail *f)
{
    const struct db_value row[] = { db_text(b64url_encode(a, x->id)),
                                    db_text(x->account),
                                    db_text(b64url_encode(a, x->key)),
                                    db_int(x->count),
                                    text_value(x->name),
                                    db_int(x->made_s) };
    int64_t n;

    if (!number_of(d, a, &passkeys_count, &row[1], 1, &n, f))
        return false;
    if (n >= PASSKEYS_OF_ONE_MAX)
        return fail(f, FAIL_CALLER, "passkeys_of_one", "this account has %d passkeys already", PASSKEYS_OF_ONE_MAX);
    return db_run(d, &passkey_keep, row, sizeof row / sizeof *row, f);
}

static struct kept_passkey passkey_row(struct arena *a, const struct db_value *v)
{
    struct kept_passkey x = {
        .account = v[1].text, .count = v[3].number, .name = v[4].text, .made_s = v[5].number, .used_s = v[6].number
    };

    (void)(b64url_decode(a, v[0].text, &x.id) && b64url_decode(a, v[2].text, &x.key));
    return x;
}

bool passkey_get(struct db *d, struct arena *a, struct str id, struct kept_passkey *out, struct fail *f)
{
    const struct db_value args[] = { db_text(b64url_encode(a, id)) };
    struct db_rows rows;

    if (!db_query(d, &passkey_one, args, 1, a, &rows, f))
        return false;
    if (rows.n == 0)
        return fail(f, FAIL_NOT_FOUND, "no_passkey", "it is nobody's here");
    *out = passkey_row(a, db_row(&rows, 0));
    return true;
}

bool passkey_count(struct db *d, struct arena *a, const struct kept_passkey *before, int64_t count, int64_t now_s,
                   struct fail *f)
{
    const struct db_value args[] = { db_text(b64url_encode(a, before->id)), db_int(count), db_int(now_s),
                                     db_int(before->count) };

    return db_run(d, &passkey_on, args, 4, f) &&
           (db_changes(d) == 1 || fail(f, FAIL_CONFLICT, "passkey_used", "it was used elsewhere meanwhile"));
}

bool passkeys_of(struct db *d, struct arena *a, struct str account, struct kept_passkeys *out, struct fail *f)
{
    const struct db_value args[] = { db_text(account) };
    struct db_rows rows;

    *out = (struct kept_passkeys){ NULL, 0 };
    if (!db_query(d, &passkeys_all, args, 1, a, &rows, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct kept_passkey);
    for (; out->n < rows.n; out->n++)
        out->at[out->n] = passkey_row(a, db_row(&rows, out->n));
    return true;
}

bool passkey_drop(struct db *d, struct arena *a, struct str account, struct str id, struct fail *f)
{
    const struct db_value args[] = { db_text(account), db_text(b64url_encode(a, id)) };

    return db_run(d, &passkey_gone, args, 2, f);
}

/* ── who they are elsewhere ─────────────────────────────────────────────── */

static bool identity_get(struct db *d, struct arena *a, const struct identity_key *key, struct kept_identity *out,
                         struct fail *f)
{
    const struct db_value args[] = { db_text(key->idp), db_text(key->issuer), db_text(key->subject) };
    struct db_rows rows;

    *out = (struct kept_identity){ .key = *key };
    if (!db_query(d, &identity_one, args, 3, a, &rows, f))
        return false;
    if (rows.n == 0)
        return true;
    const struct db_value *v = db_row(&rows, 0);
    *out =
        (struct kept_identity){ { v[0].text, v[1].text, v[2].text }, v[3].text, v[4].text, v[5].number, v[6].number };
    return true;
}

bool identity_find(struct db *d, struct arena *a, const struct identity_key *key, int64_t now_s,
                   struct kept_identity *out, struct fail *f)
{
    const struct db_value args[] = { db_text(key->idp), db_text(key->issuer), db_text(key->subject), db_int(now_s) };

    return identity_get(d, a, key, out, f) && (!str_is_set(out->account) || db_run(d, &identity_seen, args, 4, f));
}

bool identity_put(struct db *d, struct arena *a, const struct kept_identity *x, struct fail *f)
{
    const struct db_value row[] = { db_text(x->key.idp), db_text(x->key.issuer), db_text(x->key.subject),
                                    db_text(x->account), text_value(x->name),    db_int(x->made_s) };
    struct kept_identity was;
    int64_t n;

    if (!identity_get(d, a, &x->key, &was, f) || !number_of(d, a, &identities_count, &row[3], 1, &n, f))
        return false;
    if (str_is_set(was.account))
        return fail(f, FAIL_CONFLICT, "identity_taken", "it is an account's already");
    if (n >= IDENTITIES_OF_ONE_MAX)
        return fail(f, FAIL_CALLER, "identities_of_one", "this account has %d already", IDENTITIES_OF_ONE_MAX);
    return db_run(d, &identity_keep, row, sizeof row / sizeof *row, f);
}

bool identities_of(struct db *d, struct arena *a, struct str account, struct kept_identities *out, struct fail *f)
{
    const struct db_value args[] = { db_text(account) };
    struct db_rows rows;

    *out = (struct kept_identities){ NULL, 0 };
    if (!db_query(d, &identities_all, args, 1, a, &rows, f))
        return false;
    out->at = arena_make_n(a, rows.n + 1, struct kept_identity);
    for (; out->n < rows.n; out->n++) {
        const struct db_value *v = db_row(&rows, out->n);
        out->at[out->n] = (struct kept_identity){
            { v[0].text, v[1].text, v[2].text }, v[3].text, v[4].text, v[5].number, v[6].number
        };
    }
    return true;
}

bool identity_drop(struct db *d, struct str account, const struct identity_key *key, struct fail *f)
{
    const struct db_value args[] = { db_text(account), db_text(key->idp), db_text(key->issuer), db_text(key->subject) };

    return db_run(d, &identity_gone, args, 4, f);
}

/* An identity is one where its provider is still listed. */
bool ways_in(struct db *d, struct arena *a, struct str account, const struct strs *listed, int64_t *n, struct fail *f)
{
    const struct db_value whose = db_text(account);
    struct kept_identities known;
    int64_t seeds, passkeys;

    if (!number_of(d, a, &seeds_count, &whose, 1, &seeds, f) ||
        !number_of(d, a, &passkeys_count, &whose, 1, &passkeys, f) || !identities_of(d, a, account, &known, f))
        return false;
    *n = seeds + passkeys;
    for (size_t i = 0; i < known.n; i++)
        *n += strs_has(listed, known.at[i].key.idp);
    return true;
}

/* Of any number that are taken away at once, the last stays: who has the store has it alone. */
static bool settle_ways(struct db *d, struct arena *a, struct str account, const struct strs *listed, bool dropped,
                        struct fail *f)
{
    int64_t left = 0;

    if (dropped && ways_in(d, a, account, listed, &left, f) &&
        (left > 0 || fail(f, FAIL_CALLER, "last_way", "nothing would be left to sign in by")) && db_commit(d, f))
        return true;
    db_rollback(d);
    return false;
}

bool passkey_drop_but_last(struct db *d, struct arena *a, struct str account, const struct strs *listed, struct str id,
                           struct fail *f)
{
    return db_begin(d, f) && settle_ways(d, a, account, listed, passkey_drop(d, a, account, id, f), f);
}

bool identity_drop_but_last(struct db *d, struct arena *a, struct str account, const struct strs *listed,
                            const struct identity_key *key, struct fail *f)
{
    return db_begin(d, f) && settle_ways(d, a, account, listed, identity_drop(d, account, key, f), f);
}

bool factors_drop(struct db *d, struct str account, struct fail *f)
{
    const struct db_value args[] = { db_text(account) };

    return db_run(d, &seed_gone, args, 1, f) && db_run(d, &papers_gone, args, 1, f) &&
           db_run(d, &passkeys_gone, args, 1, f) && db_run(d, &identities_gone, args, 1, f);
}

bool factors_put(struct db *d, struct arena *a, const struct world *w, const struct seals *s,
                 const struct new_factors *x, struct fail *f)
{
    if (!db_begin(d, f))
        return false;
    if (factors_drop(d, x->account, f) && seed_put(d, a, w, s, x->account, x->seed, x->step, f) &&
        put_papers(d, a, x->account, x->codes, f) && db_commit(d, f))
        return true;
    db_rollback(d);
    return false;
}

bool vendor_is_owned(const struct registry *r, struct str organisation)
{
    const struct registry_parts *p = registry_parts(r);

    for (size_t i = 0; i < p->staff_count; i++) {
        const struct staff *s = &p->staff[i];
        if (s->role != STAFF_owner || !str_eq(s->organisation->id, organisation))
            continue;
        const struct account *own = registry_account_id(r, s->subject);
        const struct idp *idp = registry_idp(r, s->idp);
        if (idp != NULL && idp->enabled && (idp->kind != IDP_LOCAL || (own != NULL && own->enabled)))
            return true;
    }
    return false;
}
