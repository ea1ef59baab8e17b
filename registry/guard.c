/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/guard.h"

#include "base/crypt.h"

#include <inttypes.h>

enum { MARK_HEX = 8, LINES_MAX_B = 64 << 20 };

static const struct db_statement ask_guarded = { "guard.of", "SELECT guarded FROM change WHERE number = ?1" };
/* settled: a file has written the row since, which knew of the change or was told to. */
static const struct db_statement set_guard = { "guard.set", "INSERT INTO guard (kind, row_key, change, settled) "
                                                            "VALUES (?1, ?2, ?3, 0) ON CONFLICT (kind, row_key) "
                                                            "DO UPDATE SET change = excluded.change, settled = 0" };
static const struct db_statement settle_guard = { "guard.settle",
                                                  "UPDATE guard SET settled = 1 WHERE kind = ?1 AND row_key = ?2" };
static const struct db_statement last_guarded = {
    "guard.last", "SELECT number, at_s, who, maker FROM change WHERE guarded = 1 ORDER BY number DESC LIMIT 1"
};
static const struct db_statement one_guarded = {
    "guard.one", "SELECT number, at_s, who, maker FROM change WHERE guarded = 1 AND number = ?1"
};
/* ?3 = 0: the file knows of no change, so what counts is who wrote the row last. */
static const struct db_statement find_guard = { "guard.find",
                                                "SELECT c.number, c.who, c.maker FROM guard g "
                                                "JOIN change c ON c.number = g.change WHERE g.kind = ?1 "
                                                "AND g.row_key = ?2 AND g.change > ?3 AND (?3 > 0 OR g.settled = 0)" };

bool guard_is_due(struct db *d, const struct change *x, bool *out, struct fail *f)
{
    struct arena *a = arena_new();
    const struct db_value undone = db_int(x->undoes);
    struct db_rows rows;
    bool good = true;

    *out = x->by.maker != MAKER_import && x->by.maker != MAKER_undo;
    if (x->by.maker == MAKER_undo) {
        good = db_query(d, &ask_guarded, &undone, 1, a, &rows, f);
        *out = good && rows.n == 1 && rows.at[0].number != 0;
    }
    arena_free(a);
    return good;
}

bool guard_note(struct db *d, const struct db_value *kind, const struct db_value *key, int64_t number, bool guarded,
                struct fail *f)
{
    const struct db_value args[] = { *kind, *key, db_int(number) };

    return db_run(d, guarded ? &set_guard : &settle_guard, args, guarded ? 3 : 2, f);
}

/* ── what a file knows ──────────────────────────────────────────────────── */

static struct str mark_of(struct arena *a, const struct db_value *change)
{
    struct str made = arena_printf(a, "%" PRId64 " %" PRId64 " %.*s %.*s", change[0].number, change[1].number,
                                   STR_ARG(change[2].text), STR_ARG(change[3].text));

    return arena_printf(a, "%" PRId64 "-%.*s", change[0].number, MARK_HEX, sha256_hex(a, made).p);
}

bool guard_mark(struct db *d, struct arena *a, struct str *out, struct fail *f)
{
    struct db_rows rows;

    *out = (struct str){ NULL, 0 };
    if (!db_query(d, &last_guarded, NULL, 0, a, &rows, f))
        return false;
    if (rows.n == 1)
        *out = mark_of(a, rows.at);
    return true;
}

bool guard_known(struct db *d, struct arena *a, struct str mark, int64_t *out, struct fail *f)
{
    struct db_rows rows;
    int64_t number;

    *out = 0;
    if (!str_int(str_sub(mark, 0, str_find_byte(mark, '-', 0)), &number))
        return true;
    const struct db_value arg = db_int(number);
    if (!db_query(d, &one_guarded, &arg, 1, a, &rows, f))
        return false;
    if (rows.n == 1 && str_eq(mark, mark_of(a, rows.at)))
        *out = number;
    return true;
}

static bool guard_line(struct db *d, struct arena *a, const struct changed_row *r, int64_t known, struct buf *lines,
                       size_t *n, struct fail *f)
{
    const struct kind_row *k = &kind_rows[r->kind];
    struct str name = row_name(a, k, r->after != NULL ? r->after : r->before);
    const struct db_value args[] = { db_text(str_of(k->name)), db_text(name), db_int(known) };
    struct db_rows rows;

    if (!db_query(d, &find_guard, args, 3, a, &rows, f))
        return false;
    if (rows.n == 1) {
        buf_printf(lines, "%.*s: changed by %.*s (%.*s, change %" PRId64 ")\n", STR_ARG(name), STR_ARG(rows.at[1].text),
                   STR_ARG(rows.at[2].text), rows.at[0].number);
        ++*n;
    }
    return true;
}

bool guard_rows(struct db *d, struct arena *a, const struct change *x, int64_t known, size_t *n, struct str *out,
                struct fail *f)
{
    struct buf lines = buf_new(a, LINES_MAX_B);
    struct arena *scratch = arena_new();
    bool good = true;

    *n = 0;
    for (size_t i = 0; good && i < x->n; i++) {
        arena_reset(scratch);
        good = guard_line(d, scratch, &x->rows[i], known, &lines, n, f);
    }
    arena_free(scratch);
    *out = buf_str(&lines);
    return good;
}
