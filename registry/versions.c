/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/versions.h"

#include "policy/narrow.h"
#include "registry/areas.h"
#include "registry/edit_int.h"
#include "registry/registry.h"

#include <inttypes.h>

/* ── one policy's ───────────────────────────────────────────────────────── */

static const struct db_statement of_policy = {
    "versions.of_policy",
    "SELECT " CHANGE_ENTRY " FROM change WHERE number <= ?1 AND EXISTS "
    "(SELECT 1 FROM change_row r WHERE r.change = change.number "
    "AND (r.kind = 'policy' AND r.row_key = ?3 OR r.kind = 'rule' AND r.row_key = ?6) "
    "AND (?4 = '' OR r.provider = ?4) AND (?5 = '' OR r.school = ?5)) ORDER BY number DESC LIMIT ?2"
};

static struct db_value text_or_none(struct str text)
{
    return db_text(text.p != NULL ? text : S(""));
}

static struct str row_of_policy(struct arena *a, struct str policy)
{
    return str_is_set(policy) ? arena_join(a, S("policy "), policy) : S("");
}

bool versions_of_policy(struct db *d, struct arena *a, const struct area *area, struct str policy, int64_t upto,
                        size_t most, struct change_entries *out, struct fail *f)
{
    const struct db_value args[] = { db_int(upto),
                                     db_int((int64_t)most),
                                     db_text(row_of_policy(a, policy)),
                                     text_or_none(area->provider),
                                     text_or_none(area->school),
                                     db_text(arena_join(a, S("rule "), policy)) };
    struct db_rows rows;

    if (!db_query(d, &of_policy, args, sizeof args / sizeof *args, a, &rows, f))
        return false;
    change_entries_read(a, &rows, out);
    return true;
}

static const struct db_statement latest_of = {
    "versions.latest", "SELECT number, at_s FROM change WHERE number = (SELECT max(change) FROM change_row WHERE "
                       "kind = 'policy' AND row_key = ?1 OR kind = 'rule' AND row_key = ?2)"
};

bool versions_latest(struct db *d, struct arena *a, const struct strs *policies, struct version_of *out, struct fail *f)
{
    for (size_t i = 0; i < policies->n; i++) {
        const struct db_value args[] = { db_text(row_of_policy(a, policies->at[i])),
                                         db_text(arena_join(a, S("rule "), policies->at[i])) };
        struct db_rows rows;
        if (!db_query(d, &latest_of, args, 2, a, &rows, f))
            return false;
        out[i] = rows.n == 1 ? (struct version_of){ rows.at[0].number, rows.at[1].number } : (struct version_of){ 0 };
    }
    return true;
}

/* ── compared ───────────────────────────────────────────────────────────── */

#define TOUCHED                                                                                                        \
    "SELECT kind, row_key, min(change), max(change) FROM change_row WHERE change > ?1 AND change <= ?2 "               \
    "AND (?3 = '' OR kind = 'policy' AND row_key = ?3) "
#define IN_ORDER "GROUP BY kind, row_key ORDER BY kind <> 'policy', kind, row_key"

static const struct db_statement touched = { "versions.touched", TOUCHED IN_ORDER };
static const struct db_statement touched_in = { "versions.touched_in",
                                                TOUCHED "AND provider = ?4 AND (?5 = '' OR school = ?5) " IN_ORDER };
static const struct db_statement first_before = {
    "versions.before",
    "SELECT before FROM change_row WHERE kind = ?1 AND row_key = ?2 AND change = ?3 ORDER BY position LIMIT 1"
};
static const struct db_statement last_after = {
    "versions.after",
    "SELECT after FROM change_row WHERE kind = ?1 AND row_key = ?2 AND change = ?3 ORDER BY position DESC LIMIT 1"
};

static bool read_side(struct db *d, struct arena *a, const struct db_statement *which, const struct db_value *row,
                      struct db_value change, struct db_value *out, struct fail *f)
{
    const struct db_value args[] = { row[0], row[1], change };
    struct db_rows rows;

    if (!db_query(d, which, args, 3, a, &rows, f))
        return false;
    *out = rows.n == 1 ? rows.at[0] : (struct db_value){ .kind = DB_NULL };
    return true;
}

static bool same_or_none(enum kind kind, const struct db_value *x, const struct db_value *y)
{
    return x == NULL || y == NULL ? x == y : same_row(&kind_rows[kind], x, y);
}

/* Between the two nothing of it may be left: changed, and changed back. */
static bool add_row(struct db *d, struct arena *a, const struct db_value *row, struct change_rows_shown *out,
                    struct fail *f)
{
    enum kind kind = kind_once_named(row[0].text);
    struct db_value v[5] = { db_text(S("~")), row[0], row[1], { 0 }, { 0 } };

    if (!read_side(d, a, &first_before, row, row[2], &v[3], f) || !read_side(d, a, &last_after, row, row[3], &v[4], f))
        return false;
    if (kind != KIND_COUNT && !kind_is_personal(kind)) {
        const struct db_value *before = change_row_read(a, kind, &v[3]), *after = change_row_read(a, kind, &v[4]);
        if (same_or_none(kind, before, after))
            return true;
    }
    if (v[3].kind != v[4].kind)
        v[0] = db_text(v[3].kind == DB_NULL ? S("+") : S("-"));
    change_row_show(a, v, &out->at[out->n++]);
    return true;
}

bool versions_compare(struct db *d, struct arena *a, const struct area *area, const struct versions_pair *pair,
                      size_t most, struct change_rows_shown *out, struct fail *f)
{
    int64_t from = pair->from < pair->to ? pair->from : pair->to, to = pair->from < pair->to ? pair->to : pair->from;
    const struct db_value args[] = { db_int(from), db_int(to), db_text(row_of_policy(a, pair->policy)),
                                     text_or_none(area->provider), text_or_none(area->school) };
    bool nation = !str_is_set(area->provider), good = true;
    struct db_rows rows;

    *out = (struct change_rows_shown){ 0 };
    if (from < 0)
        return fail(f, FAIL_CALLER, "no_version", "there is no version %" PRId64, from);
    if (!db_query(d, nation ? &touched : &touched_in, args, nation ? 3 : 5, a, &rows, f))
        return false;
    out->at = arena_make_n(a, most + 1, struct change_row_shown);
    for (size_t i = 0; good && i < rows.n && out->n < most; i++)
        good = add_row(d, a, db_row(&rows, i), out, f);
    return good;
}

/* ── brought back ───────────────────────────────────────────────────────── */

static const struct db_statement own_since = {
    "versions.own_since",
    "SELECT kind, row_key, min(change) FROM change_row WHERE change > ?1 AND kind IN ('policy', 'rule') "
    "AND coalesce(provider, '') = ?2 AND coalesce(school, '') = ?3 GROUP BY kind, row_key ORDER BY min(change)"
};
static const struct db_statement one_since = {
    "versions.one_since",
    "SELECT kind, row_key, min(change) FROM change_row WHERE change > ?1 AND kind IN ('policy', 'rule') "
    "AND (row_key = ?2 OR row_key = ?3) GROUP BY kind, row_key ORDER BY min(change)"
};

static bool has_policy(const struct change *x, struct str id)
{
    for (size_t i = 0; i < x->n; i++)
        if (str_eq((x->rows[i].after != NULL ? x->rows[i].after : x->rows[i].before)[0].text, id))
            return true;
    return false;
}

/* "policy oulu-7-9" */
static struct str id_of_row(struct str row)
{
    return str_from(row, str_find_byte(row, ' ', 0) + 1);
}

static bool add_back(struct db *d, struct change *x, const struct rows_now *now, const struct db_value *row,
                     struct fail *f)
{
    struct db_value before, key = db_text(id_of_row(row[1].text));
    struct changed_row then = { .kind = kind_once_named(row[0].text) };

    if (!read_side(d, x->arena, &first_before, row, row[2], &before, f))
        return false;
    then.before = change_row_read(x->arena, then.kind, &before);
    if (before.kind == DB_TEXT && then.before == NULL)
        return fail(f, FAIL_OURS, "registry_invalid", "the history of change %" PRId64 " cannot be read",
                    row[2].number);
    if (then.kind == KIND_RULE)
        change_turn_rule(x->arena, &now->of[KIND_SCHOOL], &then);
    const struct db_value *is = rows_now_find(now, KIND_POLICY, &key);
    if (!same_or_none(KIND_POLICY, is, then.before))
        change_add(x, KIND_POLICY, is, then.before);
    return true;
}

/* Of a policy that was a rule once, what was first: then it was that. */
static bool make_back(struct db *d, struct change *x, const struct back *what, const struct rows_now *now,
                      struct fail *f)
{
    bool one = str_is_set(what->policy);
    const struct db_value version = db_int(what->version);
    const struct db_value own[] = { version, text_or_none(x->by.area->provider), text_or_none(x->by.area->school) };
    const struct db_value row[] = { version, db_text(row_of_policy(x->arena, what->policy)),
                                    db_text(arena_join(x->arena, S("rule "), what->policy)) };
    int64_t latest;
    struct db_rows rows;

    if (!registry_number(d, S("version"), &latest, f) ||
        !db_query(d, one ? &one_since : &own_since, one ? row : own, 3, x->arena, &rows, f))
        return false;
    if (what->version < 1 || what->version > latest)
        return fail(f, FAIL_CALLER, "no_version", "there is no version %" PRId64, what->version);
    for (size_t i = 0; i < rows.n; i++)
        if (!has_policy(x, id_of_row(db_row(&rows, i)[1].text)) && !add_back(d, x, now, db_row(&rows, i), f))
            return false;
    return rows_stay_within(d, x, false, f) && rows_stay_within(d, x, true, f);
}

/* As far as narrowing looks at it. */
static const struct policy *policy_of_row(struct arena *a, const struct db_value *row)
{
    const struct kind_row *k = &kind_rows[KIND_POLICY];

    if (row == NULL)
        return NULL;
    struct policy *p = arena_make(a, struct policy);
    struct provider *provider = arena_make(a, struct provider);
    struct school *school = arena_make(a, struct school);
    struct str layer = row[column_of(k, "layer")].text;
    *provider = (struct provider){ .id = row[column_of(k, "provider")].text };
    *school = (struct school){ .oid = row[column_of(k, "school")].text };
    *p = (struct policy){ .id = row[0].text,
                          .layer = str_eq(layer, S("school"))         ? LAYER_SCHOOL
                                   : str_eq(layer, S("municipality")) ? LAYER_MUNICIPALITY
                                                                      : LAYER_NATION,
                          .provider = str_is_set(provider->id) ? provider : NULL,
                          .school = str_is_set(school->oid) ? school : NULL,
                          .text = row[column_of(k, "text")].text,
                          .enabled = row[column_of(k, "enabled")].number != 0,
                          .from_s = row[column_of(k, "from_s")].number,
                          .to_s = row[column_of(k, "to_s")].number };
    return p;
}

static bool is_schools(const struct policy *p)
{
    return p == NULL || p->layer == LAYER_SCHOOL;
}

static bool needs_nobody_else(const struct change *x)
{
    for (size_t i = 0; i < x->n; i++) {
        const struct changed_row *r = &x->rows[i];
        if (r->kind == KIND_PERMISSION) /* a ceiling over other policies: without it they may say more */
            return false;
        if (r->kind != KIND_POLICY)
            continue;
        const struct policy *before = policy_of_row(x->arena, r->before), *after = policy_of_row(x->arena, r->after);
        if (!(is_schools(before) && is_schools(after)) && !policy_narrows(before, after))
            return false;
    }
    return true;
}

static bool may_all(const struct change *x, const struct back *what, struct fail *f)
{
    for (size_t i = 0; what->may != NULL && i < x->n; i++) {
        const struct changed_row *r = &x->rows[i];
        const struct kind_row *k = &kind_rows[r->kind];
        const struct db_value *row = r->after != NULL ? r->after : r->before;
        struct str name = kind_is_personal(r->kind) ? str_of(k->name) : row_name(x->arena, k, row);
        if (!what->may(what->with, name, f))
            return false;
    }
    return true;
}

/* For a second person, as whoever asks would have drafted it. */
static bool keep_draft(struct db *d, struct arena *a, const struct change *x, struct back_made *out, struct fail *f)
{
    struct wanteds all = { 0 };
    struct draft draft = { 0 };
    struct edit_result sent;
    int64_t version;

    if (x->n > EDIT_ROWS_MAX)
        return fail(f, FAIL_CALLER, "too_many", "more than %d rows", EDIT_ROWS_MAX);
    if (!registry_number(d, S("version"), &version, f))
        return false;
    for (size_t i = 0; i < x->n; i++) {
        const struct changed_row *r = &x->rows[i];
        const struct db_value *row = r->after != NULL ? r->after : r->before;
        struct wanted w = {
            .kind = r->kind, .base = r->before, .want = r->after, .now = r->before, .version = version, .noted = true
        };
        for (size_t k = 0; k < kind_rows[r->kind].key_count; k++)
            w.key[k] = row[k];
        w.name = row_name(x->arena, &kind_rows[r->kind], row);
        (void)wanted_add(x->arena, &all, &w);
    }
    if (!draft_write(d, &x->by, &draft, &all, f) || !db_commit(d, f))
        return false;
    const struct draft_move move = { .number = draft.number, .edition = draft.edition, .act = DRAFT_PROPOSE };
    out->draft = draft.number;
    return draft_do(d, a, &x->by, &move, &sent, f);
}

static bool carry_back(struct db *d, struct arena *a, struct change *x, const struct back *what, struct back_made *out,
                       struct fail *f)
{
    struct rows_now now;
    struct row_place where;

    if (!rows_now_load(d, x->arena, &now, f) ||
        !(what->undoes != 0 ? change_undo_rows(d, x, what->undoes, &now, f) : make_back(d, x, what, &now, f)) ||
        !may_all(x, what, f))
        return false;
    if (x->n == 0)
        return true;
    out->at_once = needs_nobody_else(x);
    if (!out->at_once)
        return keep_draft(d, a, x, out, f);
    return !what->fresh || (change_write(d, a, x, &now, &out->report, &where, f) && db_commit(d, f));
}

bool versions_back(struct db *d, struct arena *a, const struct change_by *by, const struct back *what,
                   struct back_made *out, struct fail *f)
{
    struct change x = { .arena = arena_new_secret(), .by = *by, .undoes = what->undoes };

    *out = (struct back_made){ 0 };
    bool good = db_begin(d, f) && carry_back(d, a, &x, what, out, f);
    db_rollback(d); /* after a commit there is nothing left to undo */
    arena_free(x.arena);
    return good;
}
