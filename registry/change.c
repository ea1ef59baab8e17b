/* SPDX-License-Identifier: EUPL-1.2
 *
 * The one writer of the registry's rows, and its history. */
#include "registry/change_int.h"

#include "policy/matrix.h"
#include "registry/areas.h"
#include "registry/entering.h"
#include "registry/guard.h"
#include "registry/kept.h"
#include "registry/old_rules.h"
#include "registry/opened.h"
#include "registry/own_names.h"
#include "registry/quota.h"
#include "registry/registry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX_B = 64 << 20 };

static const char *const makers[MAKER_COUNT] = { "",
#define X(maker, words) #maker,
                                                 CHANGE_MAKERS(X)
#undef X
};

const char *change_maker_name(enum change_maker maker)
{
    return maker < MAKER_COUNT ? makers[maker] : "";
}

void change_add(struct change *x, enum kind kind, const struct db_value *before, const struct db_value *after)
{
    if (x->n == x->room) {
        size_t room = x->room > 0 ? x->room * 2 : 64;
        struct changed_row *more = arena_make_n(x->arena, room, struct changed_row);
        if (x->n > 0)
            memcpy(more, x->rows, x->n * sizeof *more);
        x->rows = more;
        x->room = room;
    }
    x->rows[x->n++] = (struct changed_row){ kind, before, after };
}

static char sign_of(const struct changed_row *r)
{
    return r->before == NULL ? '+' : r->after == NULL ? '-' : '~';
}

/* ── writing ────────────────────────────────────────────────────────────── */

static const struct db_statement insert_change = {
    "change.insert",
    "INSERT INTO change (number, at_s, who, acting_as, area, maker, why, undoes, added, changed, removed, draft, "
    "guarded, told) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,0)"
};
static const struct db_statement insert_row = {
    "change.insert_row",
    "INSERT INTO change_row (change, position, sign, kind, row_key, before, after, provider, school) "
    "VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)"
};
/* The key of an account is a person's; that of a right is its own. */
#define FORGETS(table)                                                                                                 \
    "UPDATE " table " SET row_key = CASE kind WHEN 'admin' THEN row_key ELSE '' END, before = NULL, after = NULL "     \
    "WHERE kind IN ('account', 'affiliation', 'admin') AND (before IS NOT NULL OR after IS NOT NULL) "
static const struct db_statement forget[] = {
    { "change.forget", FORGETS("change_row") "AND change IN (SELECT number FROM change WHERE at_s < ?1)" },
    { "draft.forget", FORGETS("draft_row") "AND draft IN (SELECT number FROM draft WHERE updated_s < ?1)" },
    { "guard.forget", "DELETE FROM guard WHERE kind IN ('account', 'affiliation') "
                      "AND change IN (SELECT number FROM change WHERE at_s < ?1) "
                      "AND row_key NOT IN (SELECT 'account ' || id FROM account) "
                      "AND row_key NOT IN (SELECT 'affiliation ' || account || '/' || position FROM affiliation)" },
};
static const struct db_statement later_change = {
    "change.later", "SELECT max(change) FROM change_row WHERE kind = ?1 AND row_key = ?2 AND change > ?3"
};

/* The row as it was when the change was made from it, or somebody else's change is lost. */
static bool still_as_before(const struct changed_row *r, const struct rows_now *now)
{
    const struct db_value *current = rows_now_find(now, r->kind, r->before != NULL ? r->before : r->after);

    return r->before == NULL ? current == NULL : current != NULL && same_row(&kind_rows[r->kind], r->before, current);
}

static bool write_row(struct db *d, const struct changed_row *r, struct fail *f)
{
    const struct kind_row *k = &kind_rows[r->kind];

    return (r->before == NULL || db_run(d, &k->remove, r->before, k->key_count, f)) &&
           (r->after == NULL || db_run(d, &k->insert, r->after, k->column_count, f));
}

bool change_turn(struct db *d, const struct change *x, bool back, struct fail *f)
{
    bool good = true;

    for (size_t i = 0; good && i < x->n; i++) {
        const struct changed_row *r = &x->rows[i];
        struct changed_row turned = { r->kind, back ? r->after : r->before, back ? r->before : r->after };
        good = write_row(d, &turned, f);
    }
    return good;
}

void change_tell(const struct change *x, struct arena *result, struct change_report *out)
{
    struct arena *a = arena_new();
    struct buf lines = buf_new(result, LINES_MAX_B);

    *out = (struct change_report){ 0 };
    for (size_t i = 0; i < x->n; i++) {
        const struct changed_row *r = &x->rows[i];
        out->added += r->before == NULL;
        out->removed += r->after == NULL;
        out->changed += r->before != NULL && r->after != NULL;
        buf_printf(&lines, "%c %.*s\n", sign_of(r),
                   STR_ARG(row_name(a, &kind_rows[r->kind], r->after != NULL ? r->after : r->before)));
        arena_reset(a);
    }
    arena_free(a);
    out->lines = buf_str(&lines);
}

static bool write_rows(struct db *d, const struct change *x, const struct rows_now *now, struct fail *f)
{
    struct arena *a = arena_new();
    bool good = true;

    for (size_t i = 0; good && i < x->n; i++) {
        const struct changed_row *r = &x->rows[i];
        arena_reset(a);
        good = still_as_before(r, now)
                   ? write_row(d, r, f)
                   : fail(f, FAIL_CONFLICT, "changed_since", "%.*s has been changed meanwhile",
                          STR_ARG(row_name(a, &kind_rows[r->kind], r->before != NULL ? r->before : r->after)));
    }
    arena_free(a);
    return good;
}

static struct db_value text_or_null(struct arena *a, const struct kind_row *k, const struct db_value *row)
{
    return row != NULL ? db_text(row_write(a, k, row)) : (struct db_value){ .kind = DB_NULL };
}

/* Numbers of changes and of drafts are one series: none means two things. */
static const struct db_statement raise_version = {
    "number.raise_version", "UPDATE number SET value = 1 + max(value, (SELECT value FROM number WHERE name = 'draft')) "
                            "WHERE name = 'version'"
};

static bool write_history_row(struct db *d, struct arena *a, const struct change *x, size_t i, int64_t number,
                              bool guarded, struct fail *f)
{
    const struct changed_row *r = &x->rows[i];
    const struct kind_row *k = &kind_rows[r->kind];
    const struct db_value *shown = r->after != NULL ? r->after : r->before;
    const struct db_value kind = db_text(str_of(k->name)), key = db_text(row_name(a, k, shown));
    char sign = sign_of(r);
    struct area where;

    if (!row_area(d, a, r->kind, shown, &where, f))
        return false;
    const struct db_value row[] = { db_int(number),
                                    db_int((int64_t)i),
                                    db_text(str_n(&sign, 1)),
                                    kind,
                                    key,
                                    text_or_null(a, k, r->before),
                                    text_or_null(a, k, r->after),
                                    db_text(where.provider),
                                    db_text(where.school) };
    return db_run(d, &insert_row, row, sizeof row / sizeof *row, f) && guard_note(d, &kind, &key, number, guarded, f);
}

/* Why a service came into production without the gate's report stands behind the maker's own reason. */
static struct str why_kept(struct arena *a, const struct change *x, struct str ungated)
{
    struct str why = str_is_set(x->by.why) ? x->by.why : S("");

    if (!str_is_set(ungated))
        return str_sub(why, 0, CHANGE_WHY_MAX_B);
    struct str says = arena_printf(a, "%s[without a report of the gate: %.*s]", why.n > 0 ? " " : "",
                                   STR_ARG(str_chars(ungated, UNGATED_MAX, UNGATED_MAX_B)));
    return arena_join(a, str_chars(why, CHANGE_WHY_MAX_B, CHANGE_WHY_MAX_B - says.n), says);
}

static bool write_history(struct db *d, const struct change *x, const struct change_report *made, struct str ungated,
                          struct fail *f)
{
    struct arena *a = arena_new_secret(), *of_why = arena_new();
    bool guarded;
    bool good = guard_is_due(d, x, &guarded, f);
    const struct db_value head[] = { db_int(made->version),
                                     db_int(x->by.at_s),
                                     db_text(str_is_set(x->by.who) ? x->by.who : S("-")),
                                     db_text(str_is_set(x->by.acting_as) ? x->by.acting_as : S("-")),
                                     db_text(area_text(a, x->by.area)),
                                     db_text(str_of(change_maker_name(x->by.maker))),
                                     db_text(why_kept(of_why, x, ungated)),
                                     db_int(x->undoes),
                                     db_int((int64_t)made->added),
                                     db_int((int64_t)made->changed),
                                     db_int((int64_t)made->removed),
                                     db_int(x->draft),
                                     db_int(good && guarded) };
    struct db_value past = db_int(x->by.at_s - CHANGE_PERSONAL_S);

    good = good && db_run(d, &insert_change, head, sizeof head / sizeof *head, f);
    for (size_t i = 0; good && i < x->n; i++) {
        arena_reset(a);
        good = write_history_row(d, a, x, i, made->version, guarded, f);
    }
    arena_free(a);
    arena_free(of_why);
    for (size_t i = 0; good && i < sizeof forget / sizeof *forget; i++)
        good = db_run(d, &forget[i], &past, 1, f);
    return good;
}

static bool differs(const struct changed_row *row, const char *const *columns, size_t n)
{
    for (size_t i = 0; row->before != NULL && i < n; i++) {
        size_t at = column_of(&kind_rows[row->kind], columns[i]);
        if (!same_value(&row->before[at], &row->after[at]))
            return true;
    }
    return row->before == NULL;
}

/* Metadata that a form has brought, and certificates beside them. */
static bool services_hold(const struct registry *r, const struct change *x, struct row_place *where, struct fail *f)
{
    static const char *const of_document[] = { "metadata_xml", "signing_too", "encryption_too",
                                               "certificates_retired" };

    for (size_t i = 0; i < x->n; i++) {
        const struct changed_row *row = &x->rows[i];
        if (row->kind == KIND_SERVICE && row->after != NULL &&
            differs(row, of_document, sizeof of_document / sizeof *of_document) &&
            !registry_check_document(r, row->after[0].text, where, f))
            return false;
    }
    return true;
}

/* Metadata of identity providers that a change does not touch was good when it came; one that has passed since does not
 * keep others from changing what is theirs. */
static bool documents_hold(const struct registry *r, const struct change *x, struct row_place *where, struct fail *f)
{
    bool touched = x->by.maker == MAKER_import;

    for (size_t i = 0; !touched && i < x->n; i++)
        touched = x->rows[i].kind == KIND_IDP;
    return !touched ? services_hold(r, x, where, f) : registry_check_documents(r, where, f);
}

/* What a person writes for a school stays within what is left to the schools.  A file is one whole, and says what it
 * wants; what goes beyond decides nothing. */
static bool schools_stay_within(const struct change *x, const struct registry *r, struct fail *f)
{
    const struct registry_parts *parts = registry_parts(r);
    bool is_persons = x->by.maker == MAKER_console || x->by.maker == MAKER_cli;

    for (size_t i = 0; is_persons && i < x->n; i++) {
        const struct db_value *row = x->rows[i].kind == KIND_POLICY ? x->rows[i].after : NULL;
        for (size_t k = 0; row != NULL && k < parts->policy_count; k++) {
            const struct policy *p = &parts->policies[k];
            const struct service *beyond = str_eq(p->id, row[0].text) ? matrix_beyond(r, p, x->by.at_s) : NULL;
            if (beyond != NULL)
                return fail(f, FAIL_CALLER, "not_left", "%.*s opens %.*s, which is not left to the school",
                            STR_ARG(p->id), STR_ARG(beyond->id));
        }
    }
    return true;
}

static bool became_pass(const struct changed_row *r)
{
    size_t school = column_of(&kind_rows[KIND_ACCOUNT], "school");

    return !same_value(&r->before[school], &r->after[school]);
}

/* What is only taken away, or off, makes no pass's right. */
static bool is_written(const void *change, enum kind kind, struct str id)
{
    const struct change *x = change;

    for (size_t i = 0; i < x->n; i++)
        if (x->rows[i].kind == kind && x->rows[i].after != NULL && str_eq(x->rows[i].after[0].text, id) &&
            (kind == KIND_ADMIN || x->rows[i].before == NULL || became_pass(&x->rows[i])))
            return true;
    return false;
}

static bool is_put(const void *change, enum kind kind, struct str id)
{
    const struct change *x = change;

    for (size_t i = 0; i < x->n; i++)
        if (x->rows[i].kind == kind && x->rows[i].after != NULL && str_eq(x->rows[i].after[0].text, id))
            return true;
    return false;
}

static bool holds(struct db *d, struct arena *a, const struct change *x, struct row_place *where, struct fail *f)
{
    struct registry *r = registry_load_within(d, a, x->by.area, where, f);
    bool good = r != NULL && documents_hold(r, x, where, f) && registry_check_rights(r, is_written, x, where, f) &&
                registry_check_own_names(r, db_tagged(d), is_put, x, where, f);

    if (r != NULL && !good)
        *where = (struct row_place){ where->kind, { arena_str(a, where->key[0]), arena_str(a, where->key[1]) } };
    if (good)
        *where = (struct row_place){ KIND_COUNT, { { NULL, 0 }, { NULL, 0 } } };
    good = good && entrance_stays(d, x, r, f) && schools_stay_within(x, r, f) &&
           (x->look == NULL || x->look(x->with, r, f)) && opened_write(d, x, r, f);
    registry_drop(r);
    return good;
}

bool change_write(struct db *d, struct arena *a, const struct change *x, const struct rows_now *now,
                  struct change_report *out, struct row_place *where, struct fail *f)
{
    struct str ungated;

    *where = (struct row_place){ KIND_COUNT, { { NULL, 0 }, { NULL, 0 } } };
    change_tell(x, a, out);
    if (!rows_stay_within(d, x, false, f) || !kept_secrets_stay(a, x, where, f) || !write_rows(d, x, now, f) ||
        !rows_stay_within(d, x, true, f) || !quota_policies(d, x, f) || !quota_rows(d, x, f) ||
        !quota_changes(d, &x->by, f) || !holds(d, a, x, where, f) || !entering_allowed(x, now, &ungated, where, f))
        return false;
    if (x->n == 0)
        return registry_number(d, S("version"), &out->version, f);
    return db_run(d, &raise_version, NULL, 0, f) && registry_number(d, S("version"), &out->version, f) &&
           write_history(d, x, out, ungated, f);
}

/* ── reading ────────────────────────────────────────────────────────────── */

static const struct db_statement last_changes = { "change.last",
                                                  "SELECT " CHANGE_ENTRY
                                                  " FROM change WHERE number <= ?1 ORDER BY number DESC LIMIT ?2" };
/* From one change with a row there to the one before it, whatever lies between them and however many rows each has. */
#define LAST_WITH(name, where)                                                                                         \
    {                                                                                                                  \
        name, "WITH RECURSIVE here(n) AS (SELECT max(change) FROM change_row WHERE " where " AND change <= ?1 "        \
              "UNION ALL SELECT (SELECT max(change) FROM change_row WHERE " where " AND change < here.n) FROM here "   \
              "WHERE here.n IS NOT NULL LIMIT ?2) "                                                                    \
              "SELECT " CHANGE_ENTRY " FROM here JOIN change ON number = here.n ORDER BY number DESC"                  \
    }
static const struct db_statement last_changes_in = LAST_WITH("change.last_in", "provider = ?3 AND ?4 IS NULL");
static const struct db_statement last_changes_at = LAST_WITH("change.last_at", "provider = ?3 AND school = ?4");
static const struct db_statement untold_changes = { "change.untold",
                                                    "SELECT " CHANGE_ENTRY
                                                    " FROM change WHERE told = 0 ORDER BY number LIMIT ?1" };
static const struct db_statement mark_told = { "change.told", "UPDATE change SET told = 1 WHERE number = ?1" };
static const struct db_statement rows_of = {
    "change.rows",
    "SELECT sign, kind, row_key, before, after FROM change_row WHERE change = ?1 ORDER BY position LIMIT ?2"
};
static const struct db_statement rows_of_in = { "change.rows_in",
                                                "SELECT sign, kind, row_key, before, after FROM change_row "
                                                "WHERE change = ?1 AND provider = ?3 AND (?4 IS NULL OR school = ?4) "
                                                "ORDER BY position LIMIT ?2" };

void change_entries_read(struct arena *a, const struct db_rows *rows, struct change_entries *out)
{
    *out = (struct change_entries){ arena_make_n(a, rows->n + 1, struct change_entry), rows->n };
    for (size_t i = 0; i < rows->n; i++) {
        const struct db_value *v = db_row(rows, i);
        out->at[i] = (struct change_entry){ .number = v[0].number,
                                            .at_s = v[1].number,
                                            .who = v[2].text,
                                            .acting_as = v[3].text,
                                            .area = v[4].text,
                                            .maker = v[5].text,
                                            .why = v[6].text,
                                            .undoes = v[7].number,
                                            .added = v[8].number,
                                            .changed = v[9].number,
                                            .removed = v[10].number,
                                            .told = v[11].number != 0,
                                            .draft = v[12].number };
    }
}

/* A statement of the nation, or the one of an area within it, with the area's two parts behind its arguments. */
static bool query_in(struct db *d, const struct area *area, const struct db_statement *const of[2], int64_t number,
                     size_t most, struct arena *a, struct db_rows *out, struct fail *f)
{
    const struct db_value args[] = { db_int(number), db_int((int64_t)most), db_text(area->provider),
                                     db_text(str_is_set(area->school) ? area->school : (struct str){ NULL, 0 }) };
    bool nation = !str_is_set(area->provider);

    return db_query(d, of[nation ? 0 : 1], args, nation ? 2 : 4, a, out, f);
}

bool change_list(struct db *d, struct arena *a, const struct area *area, int64_t upto, size_t most,
                 struct change_entries *out, struct fail *f)
{
    struct db_rows rows;

    const struct db_statement *in = str_is_set(area->school) ? &last_changes_at : &last_changes_in;

    if (!query_in(d, area, (const struct db_statement *const[]){ &last_changes, in }, upto, most, a, &rows, f))
        return false;
    change_entries_read(a, &rows, out);
    return true;
}

bool change_list_untold(struct db *d, struct arena *a, size_t most, struct change_entries *out, struct fail *f)
{
    const struct db_value arg = db_int((int64_t)most);
    struct db_rows rows;

    if (!db_query(d, &untold_changes, &arg, 1, a, &rows, f))
        return false;
    change_entries_read(a, &rows, out);
    return true;
}

bool change_told(struct db *d, int64_t number, struct fail *f)
{
    const struct db_value arg = db_int(number);

    return db_run(d, &mark_told, &arg, 1, f);
}

enum kind kind_named(struct str name)
{
    for (int k = 0; k < KIND_COUNT; k++)
        if (str_eq(str_of(kind_rows[k].name), name))
            return (enum kind)k;
    return KIND_COUNT;
}

/* As kind_named(); KIND_RULE as well, of which history may be. */
enum kind kind_once_named(struct str name)
{
    return str_eq(name, str_of(kind_rows[KIND_RULE].name)) ? KIND_RULE : kind_named(name);
}

const struct db_value *change_row_read(struct arena *a, enum kind kind, const struct db_value *text)
{
    return text->kind == DB_TEXT ? row_read(a, &kind_rows[kind], text->text) : NULL;
}

void change_show(struct arena *a, const struct change *x, struct change_rows_shown *out)
{
    *out = (struct change_rows_shown){ arena_make_n(a, x->n + 1, struct change_row_shown), x->n };
    for (size_t i = 0; i < x->n; i++) {
        const struct changed_row *r = &x->rows[i];
        const struct kind_row *k = &kind_rows[r->kind];
        struct change_row_shown *shown = &out->at[i];
        bool personal = kind_is_personal(r->kind);
        *shown = (struct change_row_shown){ .sign = sign_of(r) };
        shown->row = personal ? str_of(k->name) : row_name(a, k, r->after != NULL ? r->after : r->before);
        if (!personal && r->before != NULL)
            shown->before = row_show(a, k, r->before, r->after);
        if (!personal && r->after != NULL)
            shown->after = row_show(a, k, r->after, r->before);
    }
}

void change_row_show(struct arena *a, const struct db_value *v, struct change_row_shown *out)
{
    enum kind kind = kind_once_named(v[1].text);

    *out = (struct change_row_shown){ .sign = v[0].text.n > 0 ? v[0].text.p[0] : '?', .row = v[2].text };
    if (kind == KIND_COUNT || kind_is_personal(kind)) {
        out->row = v[1].text;
        return;
    }
    const struct kind_row *k = &kind_rows[kind];
    const struct db_value *before = change_row_read(a, kind, &v[3]), *after = change_row_read(a, kind, &v[4]);
    if (before != NULL)
        out->before = row_show(a, k, before, after);
    if (after != NULL)
        out->after = row_show(a, k, after, before);
}

bool change_rows(struct db *d, struct arena *a, const struct area *area, int64_t number, size_t most,
                 struct change_rows_shown *out, struct fail *f)
{
    struct db_rows rows;

    if (!query_in(d, area, (const struct db_statement *const[]){ &rows_of, &rows_of_in }, number, most, a, &rows, f))
        return false;
    *out = (struct change_rows_shown){ arena_make_n(a, rows.n + 1, struct change_row_shown), rows.n };
    for (size_t i = 0; i < rows.n; i++)
        change_row_show(a, db_row(&rows, i), &out->at[i]);
    return true;
}

/* ── undoing ────────────────────────────────────────────────────────────── */

/* Which later change it was that touched the row: that one is to be undone first. */
static int changed_since(struct db *d, struct arena *a, int64_t number, const struct db_value *v, struct fail *f)
{
    const struct db_value args[] = { v[1], v[2], db_int(number) };
    struct db_rows rows;
    struct fail unread = { 0 };
    enum kind kind = kind_once_named(v[1].text);
    struct str name = kind != KIND_COUNT && kind_is_personal(kind) ? v[1].text : v[2].text;

    if (!db_query(d, &later_change, args, 3, a, &rows, &unread) || rows.n != 1 || rows.at[0].kind != DB_INT)
        return fail(f, FAIL_CONFLICT, "changed_since", "%.*s is not as change %" PRId64 " left it", STR_ARG(name),
                    number);
    return fail(f, FAIL_CONFLICT, "changed_since",
                "%.*s was changed again by change %" PRId64 "; undo that one first, or import a file", STR_ARG(name),
                rows.at[0].number);
}

void change_turn_rule(struct arena *a, const struct db_rows *schools, struct changed_row *r)
{
    r->kind = KIND_POLICY;
    r->before = r->before != NULL ? rule_as_policy(a, schools, r->before) : NULL;
    r->after = r->after != NULL ? rule_as_policy(a, schools, r->after) : NULL;
}

static bool turn_round(const struct change *x, int64_t number, const struct db_value *v, const struct rows_now *now,
                       struct changed_row *out, struct fail *f)
{
    enum kind kind = kind_once_named(v[1].text);

    if (kind == KIND_COUNT)
        return fail(f, FAIL_OURS, "registry_invalid",
                    "change %" PRId64 " has a row of a kind that this program does not know", number);
    if (v[3].kind == DB_NULL && v[4].kind == DB_NULL)
        return fail(f, FAIL_CONFLICT, "forgotten",
                    "what change %" PRId64 " did to persons' rows is forgotten after %d days; import a file", number,
                    CHANGE_PERSONAL_S / 86400);
    *out = (struct changed_row){ kind, change_row_read(x->arena, kind, &v[4]), change_row_read(x->arena, kind, &v[3]) };
    if ((v[4].kind == DB_TEXT && out->before == NULL) || (v[3].kind == DB_TEXT && out->after == NULL))
        return fail(f, FAIL_OURS, "registry_invalid", "the history of change %" PRId64 " cannot be read", number);
    if (kind == KIND_RULE)
        change_turn_rule(x->arena, &now->of[KIND_SCHOOL], out);
    return true;
}

bool change_undo_rows(struct db *d, struct change *x, int64_t number, const struct rows_now *now, struct fail *f)
{
    const struct db_value args[] = { db_int(number), db_int(INT32_MAX) };
    struct db_rows rows;

    if (!db_query(d, &rows_of, args, 2, x->arena, &rows, f))
        return false;
    if (rows.n == 0)
        return fail(f, FAIL_CALLER, "no_change", "there is no change %" PRId64 "; `digione registry log` lists them",
                    number);
    for (size_t i = rows.n; i-- > 0;) {
        struct changed_row back = { 0 };
        if (!turn_round(x, number, db_row(&rows, i), now, &back, f))
            return false;
        change_add(x, back.kind, back.before, back.after);
    }
    /* Before a row is named that stands elsewhere. */
    if (!rows_stay_within(d, x, false, f) || !rows_stay_within(d, x, true, f))
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (!still_as_before(&x->rows[i], now))
            return changed_since(d, x->arena, number, db_row(&rows, rows.n - 1 - i), f);
    return true;
}

bool change_undo(struct db *d, struct arena *a, int64_t number, const struct change_by *by, bool dry_run,
                 struct change_report *out, struct fail *f)
{
    struct change x = { .arena = arena_new_secret(), .by = *by, .undoes = number };
    struct rows_now now;
    struct row_place where;

    *out = (struct change_report){ 0 };
    bool good = db_begin(d, f) && rows_now_load(d, x.arena, &now, f) && change_undo_rows(d, &x, number, &now, f) &&
                change_write(d, a, &x, &now, out, &where, f) && (dry_run || db_commit(d, f));
    db_rollback(d); /* after a commit there is nothing left to undo */
    arena_free(x.arena);
    return good;
}
