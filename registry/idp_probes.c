/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/idp_probes.h"

#include "base/crypt.h"

#include <string.h>

#define COLUMNS "idp, account, due_s, ordered_s, done_s, good_s, fails, step, why"
enum { IDP = 0, ACCOUNT, DUE, ORDERED, DONE, GOOD, FAILS, STEP, WHY };

static const struct db_statement
    ask_all = { "idp_probe_all", "SELECT " COLUMNS " FROM idp_probe ORDER BY idp" },
    ask_one = { "idp_probe_one", "SELECT " COLUMNS " FROM idp_probe WHERE idp = ?1" },
    begin = { "idp_probe_begin", "INSERT INTO idp_probe (" COLUMNS ") VALUES (?1, ?2, 0, 0, 0, 0, 0, '', '') "
                                 "ON CONFLICT (idp) DO UPDATE SET account = excluded.account, due_s = 0, done_s = 0, "
                                 "good_s = 0, fails = 0, step = '', why = '' WHERE account <> excluded.account" },
    take = { "idp_probe_take", "UPDATE idp_probe SET due_s = ?2, ordered_s = 0 WHERE idp = ?1" },
    went_well = { "idp_probe_good", "UPDATE idp_probe SET done_s = ?2, good_s = ?2, fails = 0, step = '', why = '', "
                                    "due_s = ?3 WHERE idp = ?1" },
    failed = { "idp_probe_failed", "UPDATE idp_probe SET done_s = ?2, fails = fails + 1, step = ?4, why = ?5, "
                                   "due_s = ?2 + CASE WHEN ?4 = 'password' THEN ?6 WHEN fails = 0 THEN ?7 ELSE ?3 END "
                                   "WHERE idp = ?1" },
    order = { "idp_probe_order", "UPDATE idp_probe SET ordered_s = ?2 WHERE idp = ?1" };

bool idp_has_probe(const struct idp *idp)
{
    return str_is_set(idp->probe_username) && str_is_set(idp->probe_password_sealed);
}

/* What a trial is of; sealed anew with another password, so that none is compared here. */
static struct str account_of(struct arena *a, const struct idp *idp)
{
    const struct str parts[] = { idp->probe_username, idp->probe_password_sealed, idp->issuer, idp->client_id,
                                 idp->entity_id,      idp->metadata_url };
    struct str all = S("");

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        all = arena_printf(a, "%.*s%zu:%.*s", STR_ARG(all), parts[i].n, STR_ARG(parts[i]));
    return sha256_hex(a, all);
}

static void read_row(const struct db_value *row, struct idp_probe *out)
{
    *out = (struct idp_probe){ .idp = row[IDP].text,
                               .due_s = row[DUE].number,
                               .ordered_s = row[ORDERED].number,
                               .done_s = row[DONE].number,
                               .good_s = row[GOOD].number,
                               .fails = row[FAILS].number };
    if (row[FAILS].number > 0) {
        out->step = row[STEP].text;
        out->why = row[WHY].text;
    }
}

static const struct db_value *row_of(const struct db_rows *rows, struct str idp)
{
    for (size_t i = 0; i < rows->n; i++)
        if (str_eq(db_row(rows, i)[IDP].text, idp))
            return db_row(rows, i);
    return NULL;
}

static bool is_wanted(const struct idp *idp, const struct idp_probe *p, int64_t now_s)
{
    return p->ordered_s > 0 || (idp->enabled && p->due_s <= now_s);
}

/* An order goes before what is merely due. */
static int64_t waits_since(const struct idp_probe *p)
{
    return p->ordered_s > 0 ? -1 : p->due_s;
}

static bool take_one(struct db *d, struct arena *a, const struct idp *idp, int64_t now_s, struct fail *f)
{
    const struct db_value to_begin[] = { db_text(idp->id), db_text(account_of(a, idp)) };
    const struct db_value to_take[] = { db_text(idp->id), db_int(now_s + IDP_PROBE_LEASE_S) };

    return db_run(d, &begin, to_begin, 2, f) && db_run(d, &take, to_take, 2, f);
}

static const struct idp *choose(struct arena *a, const struct registry_parts *r, const struct db_rows *rows,
                                int64_t now_s, struct idp_probes_known *all)
{
    const struct idp *found = NULL;
    int64_t since_s = 0;

    all->at = arena_make_n(a, rows->n + 1, struct idp_probe);
    for (size_t i = 0; i < r->idp_count; i++) {
        const struct idp *idp = &r->idps[i];
        const struct db_value *row = idp_has_probe(idp) ? row_of(rows, idp->id) : NULL;
        struct idp_probe p = { .idp = idp->id };
        if (!idp_has_probe(idp))
            continue;
        if (row != NULL && str_eq(row[ACCOUNT].text, account_of(a, idp))) {
            read_row(row, &p);
            all->at[all->n++] = p;
        } else if (row != NULL) {
            p.ordered_s = row[ORDERED].number;
        }
        if (is_wanted(idp, &p, now_s) && (found == NULL || waits_since(&p) < since_s)) {
            found = idp;
            since_s = waits_since(&p);
        }
    }
    return found;
}

static bool take_in(struct db *d, struct arena *a, const struct registry_parts *r, int64_t now_s,
                    struct idp_probes_known *all, struct str *out, struct fail *f)
{
    struct db_rows rows;

    if (!db_query(d, &ask_all, NULL, 0, a, &rows, f))
        return false;
    const struct idp *idp = choose(a, r, &rows, now_s, all);
    *out = idp != NULL ? idp->id : (struct str){ NULL, 0 };
    return idp == NULL || take_one(d, a, idp, now_s, f);
}

bool idp_probe_take(struct db *d, struct arena *a, const struct registry_parts *r, int64_t now_s,
                    struct idp_probes_known *all, struct str *out, struct fail *f)
{
    *all = (struct idp_probes_known){ .n = 0 };
    if (!db_begin(d, f))
        return false;
    if (take_in(d, a, r, now_s, all, out, f) && db_commit(d, f))
        return true;
    db_rollback(d);
    return false;
}

bool idp_probe_keep(struct db *d, struct str idp, const char *step, const char *why, int64_t now_s, struct fail *f)
{
    const struct db_value good[] = { db_text(idp), db_int(now_s), db_int(now_s + IDP_PROBE_EVERY_S) };
    const struct db_value bad[] = { db_text(idp),
                                    db_int(now_s),
                                    db_int(IDP_PROBE_EVERY_S),
                                    db_text(str_of(step)),
                                    db_text(str_sub(str_of(why), 0, IDP_PROBE_WORD_MAX_B)),
                                    db_int(IDP_PROBE_REFUSED_S),
                                    db_int(IDP_PROBE_AGAIN_S) };

    return step == NULL ? db_run(d, &went_well, good, 3, f) : db_run(d, &failed, bad, 7, f);
}

bool idp_probe_order(struct db *d, struct arena *a, const struct idp *idp, int64_t now_s, struct fail *f)
{
    const struct db_value to_begin[] = { db_text(idp->id), db_text(account_of(a, idp)) };
    const struct db_value to_order[] = { db_text(idp->id), db_int(now_s) };

    return db_run(d, &begin, to_begin, 2, f) && db_run(d, &order, to_order, 2, f);
}

bool idp_probe_look(struct db *d, struct arena *a, const struct idp *idp, bool *there, struct idp_probe *out,
                    struct fail *f)
{
    const struct db_value id = db_text(idp->id);
    struct db_rows rows;

    *there = false;
    if (!db_query(d, &ask_one, &id, 1, a, &rows, f))
        return false;
    *there = rows.n == 1 && str_eq(db_row(&rows, 0)[ACCOUNT].text, account_of(a, idp));
    if (*there)
        read_row(db_row(&rows, 0), out);
    return true;
}

bool idp_probe_alarms(const struct idp_probe *p)
{
    return p->fails > 1 || (p->fails == 1 && str_eq(p->step, S("password")));
}
