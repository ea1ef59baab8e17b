/* SPDX-License-Identifier: EUPL-1.2
 *
 * What was noted down becomes rows that are wanted, and those one change. */
#include "registry/edit_int.h"

#include "registry/kept.h"
#include "registry/registry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TROUBLES_MAX = 100 };

/* ── noted down ─────────────────────────────────────────────────────────── */

enum verb { VERB_NONE = 0, VERB_PUT, VERB_REMOVE, VERB_LEAVE };

struct note {
    enum verb verb;
    struct row_id row;
    struct edit_field *fields;
    size_t n;
};

struct edit {
    struct arena *arena;
    struct change_by by;
    struct edit_from from;
    struct note *notes;
    size_t n, room;
    bool too_large;
};

struct edit *edit_new(const struct change_by *by, const struct edit_from *from)
{
    struct arena *a = arena_new_secret();
    struct edit *e = arena_make(a, struct edit);

    *e = (struct edit){ .arena = a, .by = *by };
    if (from != NULL)
        e->from = *from;
    return e;
}

void edit_free(struct edit *e)
{
    if (e != NULL)
        arena_free(e->arena);
}

static void note_down(struct edit *e, enum verb verb, const struct row_id *row, const struct edit_field *fields,
                      size_t n)
{
    if (e->n == EDIT_ROWS_MAX || n > COLUMNS_MAX) {
        e->too_large = true;
        return;
    }
    if (e->n == e->room) {
        size_t room = e->room > 0 ? e->room * 2 : 8;
        struct note *more = arena_make_n(e->arena, room, struct note);
        if (e->n > 0)
            memcpy(more, e->notes, e->n * sizeof *more);
        e->notes = more;
        e->room = room;
    }
    struct note *made = &e->notes[e->n++];
    *made = (struct note){ .verb = verb, .n = n, .fields = arena_make_n(e->arena, n + 1, struct edit_field) };
    made->row = (struct row_id){ arena_str(e->arena, row->kind),
                                 { arena_str(e->arena, row->key[0]), arena_str(e->arena, row->key[1]) } };
    for (size_t i = 0; i < n; i++) {
        e->too_large = e->too_large || fields[i].value.n > EDIT_FIELD_MAX_B;
        made->fields[i] =
            (struct edit_field){ arena_str(e->arena, fields[i].name), arena_str(e->arena, fields[i].value) };
    }
}

void edit_put(struct edit *e, const struct row_id *row, const struct edit_field *fields, size_t n)
{
    note_down(e, VERB_PUT, row, fields, n);
}

void edit_remove(struct edit *e, const struct row_id *row)
{
    note_down(e, VERB_REMOVE, row, NULL, 0);
}

void edit_leave(struct edit *e, const struct row_id *row)
{
    note_down(e, VERB_LEAVE, row, NULL, 0);
}

/* ── while it runs ──────────────────────────────────────────────────────── */

struct running {
    const struct edit *edit;
    struct db *db;
    struct arena *arena, *result; /* of the run; the caller's */
    const struct edit_how *how;
    struct import_how import;
    struct cells cells;
    struct fail cell_fail;
    int64_t version; /* of the registry, now */
    struct draft draft;
    struct change_by by; /* within the draft's area, where there is one */
    struct wanteds all;
    struct edit_result *out;
    struct fail *fail;
};

/* Goes on, so that a form hears of all that is wrong with it at once. */
static bool trouble(struct running *u, const struct row_id *row, struct str field, const char *code, struct str says)
{
    struct edit_result *out = u->out;

    if (out->troubles == NULL)
        out->troubles = arena_make_n(u->result, TROUBLES_MAX, struct edit_trouble);
    if (out->trouble_count < TROUBLES_MAX)
        out->troubles[out->trouble_count++] =
            (struct edit_trouble){ .row = { arena_str(u->result, row->kind),
                                            { arena_str(u->result, row->key[0]), arena_str(u->result, row->key[1]) } },
                                   .field = arena_str(u->result, field),
                                   .code = code,
                                   .says = arena_str(u->result, says) };
    return true;
}

bool row_find(struct db *d, struct arena *a, enum kind kind, const struct db_value *key, const struct db_value **out,
              struct fail *f)
{
    struct db_rows rows;

    if (!db_query(d, &kind_rows[kind].find, key, kind_rows[kind].key_count, a, &rows, f))
        return false;
    *out = rows.n == 1 ? rows.at : NULL;
    return true;
}

struct wanted *wanted_add(struct arena *a, struct wanteds *all, const struct wanted *w)
{
    if (all->n == all->room) {
        size_t room = all->room > 0 ? all->room * 2 : 16;
        struct wanted *more = arena_make_n(a, room, struct wanted);
        if (all->n > 0)
            memcpy(more, all->at, all->n * sizeof *more);
        all->at = more;
        all->room = room;
    }
    all->at[all->n] = *w;
    return &all->at[all->n++];
}

/* ── as a row was ───────────────────────────────────────────────────────── */

static const struct db_statement first_after = {
    "change.first_after", "SELECT before, after FROM change_row WHERE kind = ?1 AND row_key = ?2 "
                          "AND change > ?3 ORDER BY change LIMIT 1"
};
static const struct db_statement forgotten_after = {
    "change.forgotten_after", "SELECT 1 FROM change_row WHERE kind = ?1 AND row_key = '' AND change > ?2 LIMIT 1"
};

static bool is_forgotten(struct running *u, struct str name)
{
    return fail(u->fail, FAIL_CONFLICT, "forgotten",
                "what %.*s was when this was begun is forgotten after %d days: begin anew", STR_ARG(name),
                CHANGE_PERSONAL_S / 86400);
}

/* The row as the registry of that version had it: what the first change after it found. */
static bool row_at(struct running *u, const struct wanted *w, int64_t version, const struct db_value **out)
{
    const struct kind_row *k = &kind_rows[w->kind];
    const struct db_value args[] = { db_text(str_of(k->name)), db_text(w->name), db_int(version) };
    const struct db_value kind_version[] = { args[0], args[2] };
    struct db_rows rows, lost = { 0 };

    *out = w->now;
    if (version >= u->version)
        return true;
    if (!db_query(u->db, &first_after, args, 3, u->arena, &rows, u->fail) ||
        (kind_is_personal(w->kind) && !db_query(u->db, &forgotten_after, kind_version, 2, u->arena, &lost, u->fail)))
        return false;
    if (lost.n > 0 || (rows.n == 1 && rows.at[0].kind == DB_NULL && rows.at[1].kind == DB_NULL))
        return is_forgotten(u, w->name);
    if (rows.n == 1)
        *out = rows.at[0].kind == DB_TEXT ? row_read(u->arena, k, rows.at[0].text) : NULL;
    return true;
}

/* What the draft alters stays altered; what it does not is as it was left since. */
static const struct db_value *carried_over(struct arena *a, const struct kind_row *k, const struct wanted *w,
                                           const struct db_value *base)
{
    if (w->want == NULL || w->base == NULL || base == NULL)
        return w->want;
    struct db_value *row = arena_make_n(a, k->column_count, struct db_value);
    for (size_t i = 0; i < k->column_count; i++)
        row[i] = same_value(&w->base[i], &w->want[i]) ? base[i] : w->want[i];
    return row;
}

static bool begin_from(struct running *u, struct wanted *w)
{
    int64_t version = u->edit->from.version;
    const struct db_value *base;

    if (version == 0 || version <= w->version)
        return true;
    if (!row_at(u, w, version, &base))
        return false;
    w->want = carried_over(u->arena, &kind_rows[w->kind], w, base);
    w->base = base;
    w->version = version;
    return true;
}

static struct wanted *wanted_of(struct running *u, enum kind kind, const struct db_value *key)
{
    for (size_t i = 0; i < u->all.n; i++)
        if (u->all.at[i].kind == kind && compare_keys(&kind_rows[kind], u->all.at[i].key, key) == 0)
            return &u->all.at[i];
    return NULL;
}

/* The row that is altered, begun from the version of the form; NULL: failed. */
static struct wanted *take(struct running *u, enum kind kind, const struct db_value key[2])
{
    struct wanted *w = wanted_of(u, kind, key);
    int64_t version = u->edit->from.version != 0 ? u->edit->from.version : u->version;

    if (w == NULL) {
        struct wanted made = { .kind = kind, .key = { key[0], key[1] }, .version = version };
        made.name = row_name(u->arena, &kind_rows[kind], made.key);
        if (!row_find(u->db, u->arena, kind, key, &made.now, u->fail) || !row_at(u, &made, version, &made.base))
            return NULL;
        made.want = made.base;
        w = wanted_add(u->arena, &u->all, &made);
    } else if (!w->noted && !begin_from(u, w)) {
        return NULL;
    }
    w->noted = true;
    w->is_gone = false;
    return w;
}

/* ── putting ────────────────────────────────────────────────────────────── */

static bool is_key(const struct kind_row *k, const struct column *c)
{
    return (size_t)(c - k->columns) < k->key_count;
}

static void put_field(struct running *u, const struct note *note, struct wanted *w, struct db_value *row,
                      const struct edit_field *field)
{
    const struct kind_row *k = &kind_rows[w->kind];
    const struct column *c = field_column(k, field->name);
    size_t at = c != NULL ? (size_t)(c - k->columns) : 0;

    u->cell_fail = (struct fail){ 0 };
    if (c == NULL) {
        (void)trouble(u, &note->row, field->name, "unknown_key",
                      arena_printf(u->arena, "unknown key \"%.*s\"%.*s", STR_ARG(field->name),
                                   STR_ARG(field_help(u->arena, k, field->name))));
    } else if (is_key(k, c)) {
        if (!str_eq(field->value, row[at].text))
            (void)trouble(u, &note->row, field->name, "bad_value",
                          arena_printf(u->arena, "%s: a row keeps its own; make another", c->key));
    } else if (field->value.p == NULL) {
        if (c->preset == NULL && c->type != COL_LAYER)
            (void)trouble(u, &note->row, field->name, "missing_key", arena_printf(u->arena, "%s is missing", c->key));
        row[at] = column_preset(c);
    } else if (!field_read(&u->cells, k, c, field->value, w->base != NULL ? &w->base[at] : NULL, row[0].text,
                           &row[at])) {
        (void)trouble(u, &note->row, field->name, u->cell_fail.code, str_of(u->cell_fail.detail));
    }
}

static bool names(const struct note *note, const char *key)
{
    for (size_t i = 0; i < note->n; i++)
        if (str_eq(note->fields[i].name, str_of(key)))
            return true;
    return false;
}

/* Of a new row: its key is one, what it stands below is there, and what must be said is said. */
static bool begin_row(struct running *u, const struct note *note, struct wanted *w, struct db_value *row)
{
    const struct kind_row *k = &kind_rows[w->kind];

    for (size_t i = 0; i < k->column_count; i++) {
        const struct column *c = &k->columns[i];
        u->cell_fail = (struct fail){ 0 };
        row[i] = i < k->key_count ? w->key[i] : column_preset(c);
        if (i < k->key_count && c->key != NULL && !field_read(&u->cells, k, c, row[i].text, NULL, row[0].text, &row[i]))
            (void)trouble(u, &note->row, str_of(c->key), u->cell_fail.code, str_of(u->cell_fail.detail));
        if (i >= k->key_count && c->preset == NULL && c->type != COL_LAYER && !names(note, c->key))
            (void)trouble(u, &note->row, str_of(c->key), "missing_key",
                          arena_printf(u->arena, "%s is missing", c->key));
    }
    if (k->parent == KIND_COUNT)
        return true;
    const struct wanted *above = wanted_of(u, k->parent, w->key);
    const struct db_value *there = above != NULL ? above->want : NULL;
    if (above == NULL && !row_find(u->db, u->arena, k->parent, w->key, &there, u->fail))
        return false;
    return there != NULL ||
           trouble(u, &note->row, (struct str){ NULL, 0 }, "missing_key",
                   arena_printf(u->arena, "there is no %s %.*s", kind_rows[k->parent].name, STR_ARG(w->key[0].text)));
}

static bool put(struct running *u, const struct note *note, struct wanted *w)
{
    const struct kind_row *k = &kind_rows[w->kind];
    struct db_value *row = arena_make_n(u->arena, k->column_count, struct db_value);

    if (w->want != NULL)
        memcpy(row, w->want, k->column_count * sizeof *row);
    else if (!begin_row(u, note, w, row))
        return false;
    if (w->kind == KIND_POLICY && !names(note, "layer"))
        row[column_of(k, "layer")] = (struct db_value){ .kind = DB_NULL };
    for (size_t i = 0; i < note->n; i++)
        put_field(u, note, w, row, &note->fields[i]);
    for (size_t i = 0; i < note->n; i++) {
        const struct column *c = field_column(k, note->fields[i].name);
        if (c != NULL && str_is_set(note->fields[i].value))
            kept_renew(&u->cells, w->kind, w->base, row, (size_t)(c - k->columns));
    }
    cells_settle(w->kind, row, names(note, "pkce_required") || w->want != NULL);
    w->want = row;
    return true;
}

/* A school that was named by its code gets its OID. */
static const struct db_statement school_of_code = { "school.of_code",
                                                    "SELECT oid FROM school WHERE provider = ?1 "
                                                    "AND (oid = ?2 OR code = ?2) ORDER BY oid <> ?2 LIMIT 1" };

static const struct db_value *school_wanted(const struct running *u, struct str provider, struct str name)
{
    const struct kind_row *k = &kind_rows[KIND_SCHOOL];

    for (size_t i = 0; i < u->all.n; i++) {
        const struct db_value *row = u->all.at[i].kind == KIND_SCHOOL ? u->all.at[i].want : NULL;
        if (row != NULL && str_eq(row[0].text, provider) &&
            (str_eq(row[1].text, name) || str_eq(row[column_of(k, "code")].text, name)))
            return &row[1];
    }
    return NULL;
}

static bool settle_school(struct running *u, struct wanted *w)
{
    const struct kind_row *k = &kind_rows[w->kind];
    size_t at = 0;

    while (at < k->column_count && k->columns[at].type != COL_SCHOOL)
        at++;
    if (w->want == NULL || at == k->column_count || w->want[at].kind != DB_TEXT)
        return true;
    const struct db_value args[] = { w->want[column_of(k, "provider")], w->want[at] };
    const struct db_value *oid = school_wanted(u, args[0].text, args[1].text);
    struct db_rows rows;
    if (oid == NULL && !db_query(u->db, &school_of_code, args, 2, u->arena, &rows, u->fail))
        return false;
    if (oid == NULL && rows.n == 1)
        oid = rows.at;
    struct row_id id = row_id_of(u->arena, w->kind, w->want);
    if (oid == NULL)
        return trouble(u, &id, S("school"), "no_school",
                       args[0].kind != DB_TEXT ? S("a school stands without its provider")
                                               : arena_printf(u->arena, "provider %.*s has no school \"%.*s\"",
                                                              STR_ARG(args[0].text), STR_ARG(args[1].text)));
    struct db_value *row = arena_make_n(u->arena, k->column_count, struct db_value);
    memcpy(row, w->want, k->column_count * sizeof *row);
    row[at] = *oid;
    w->want = row;
    return true;
}

/* ── removing ───────────────────────────────────────────────────────────── */

static const struct db_statement below[KIND_COUNT] = {
    [KIND_SCHOOL] = { "school.below", "SELECT provider, oid FROM school WHERE provider = ?1" },
    [KIND_PURPOSE] = { "purpose.below", "SELECT service, claim FROM purpose WHERE service = ?1" },
    [KIND_AFFILIATION] = { "affiliation.below", "SELECT account, position FROM affiliation WHERE account = ?1" },
};

static bool remove_below(struct running *u, enum kind parent, struct db_value id)
{
    struct db_rows rows;

    for (int child = 0; child < KIND_COUNT; child++) {
        if (kind_rows[child].parent != parent)
            continue;
        if (!db_query(u->db, &below[child], &id, 1, u->arena, &rows, u->fail))
            return false;
        for (size_t i = 0; i < rows.n; i++) {
            struct wanted *w = take(u, (enum kind)child, db_row(&rows, i));
            if (w == NULL)
                return false;
            w->want = NULL;
        }
        for (size_t i = 0; i < u->all.n; i++) /* what a draft would add below it */
            if (u->all.at[i].kind == (enum kind)child && str_eq(u->all.at[i].key[0].text, id.text))
                u->all.at[i].want = NULL;
    }
    return true;
}

static bool carry_out(struct running *u, const struct note *note)
{
    struct db_value key[2] = { { 0 }, { 0 } };
    enum kind kind;

    if (!row_id_read(&note->row, &kind, key))
        return kind == KIND_COUNT
                   ? fail(u->fail, FAIL_CALLER, "unknown_kind", "there is no kind \"%.*s\"", STR_ARG(note->row.kind))
                   : fail(u->fail, FAIL_CALLER, "bad_value", "\"%.*s\" is no place of an %s", STR_ARG(note->row.key[1]),
                          kind_rows[kind].name);
    struct wanted *w = take(u, kind, key);
    if (w == NULL)
        return false;
    switch (note->verb) {
    case VERB_PUT:
        return put(u, note, w);
    case VERB_LEAVE:
        w->is_gone = true;
        w->want = w->base;
        return true;
    default:
        if (w->want == NULL)
            return trouble(u, &note->row, (struct str){ NULL, 0 }, "no_row",
                           arena_printf(u->arena, "there is no %.*s", STR_ARG(w->name)));
        w->want = NULL;
        return remove_below(u, kind, key[0]);
    }
}

/* ── compared ───────────────────────────────────────────────────────────── */

static bool same_or_none(const struct kind_row *k, const struct db_value *x, const struct db_value *y)
{
    return x == NULL || y == NULL ? x == y : same_row(k, x, y);
}

static const struct db_statement last_touch = {
    "change.touched", "SELECT c.number, c.who, c.at_s FROM change_row r JOIN change c ON c.number = r.change "
                      "WHERE r.kind = ?1 AND r.row_key = ?2 ORDER BY r.change DESC LIMIT 1"
};

static struct str text_or_absent(struct arena *a, const struct column *c, const struct db_value *row, size_t at)
{
    return row != NULL ? field_text(a, c, &row[at]) : (struct str){ NULL, 0 };
}

static bool conflict_add(struct db *d, struct arena *a, const struct wanted *w, struct edit_conflict *out,
                         struct fail *f)
{
    const struct kind_row *k = &kind_rows[w->kind];
    const struct db_value args[] = { db_text(str_of(k->name)), db_text(w->name) };
    struct db_rows rows;

    *out = (struct edit_conflict){ .row = row_id_of(a, w->kind, w->key),
                                   .was_there = w->base != NULL,
                                   .is_there = w->now != NULL,
                                   .is_wanted = w->want != NULL,
                                   .fields = arena_make_n(a, k->column_count, struct edit_conflict_field) };
    for (size_t i = 0; i < k->column_count; i++) {
        const struct db_value *x = w->base, *y = w->now, *z = w->want, *some = x != NULL ? x : y != NULL ? y : z;
        bool same = (x == NULL || same_value(&x[i], &some[i])) && (y == NULL || same_value(&y[i], &some[i])) &&
                    (z == NULL || same_value(&z[i], &some[i]));
        struct db_value preset = column_preset(&k->columns[i]);
        bool shown = x != NULL && y != NULL && z != NULL ? !same : !same || !same_value(&some[i], &preset);
        if (k->columns[i].key == NULL || i < k->key_count || !shown)
            continue;
        out->fields[out->field_count++] =
            (struct edit_conflict_field){ str_of(k->columns[i].key), text_or_absent(a, &k->columns[i], x, i),
                                          text_or_absent(a, &k->columns[i], y, i),
                                          text_or_absent(a, &k->columns[i], z, i) };
    }
    if (!db_query(d, &last_touch, args, 2, a, &rows, f))
        return false;
    if (rows.n == 1) {
        out->change = rows.at[0].number;
        out->who = rows.at[1].text;
        out->at_s = rows.at[2].number;
    }
    return true;
}

/* Whoever wants what the row has become anyway is in nobody's way. */
static bool is_conflict(const struct wanted *w)
{
    const struct kind_row *k = &kind_rows[w->kind];

    return !same_or_none(k, w->base, w->now) && !same_or_none(k, w->want, w->now);
}

bool conflicts_find(struct db *d, struct arena *result, const struct wanteds *all, bool only_noted,
                    struct edit_result *out, struct fail *f)
{
    out->conflicts = arena_make_n(result, all->n + 1, struct edit_conflict);
    out->conflict_count = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct wanted *w = &all->at[i];
        if (w->is_gone || (only_noted && !w->noted) || !is_conflict(w))
            continue;
        if (!conflict_add(d, result, w, &out->conflicts[out->conflict_count++], f))
            return false;
    }
    if (out->conflict_count == 0)
        return true;
    const struct edit_conflict *first = &out->conflicts[0];
    return fail(f, FAIL_CONFLICT, "changed_since", "%zu row%s changed meanwhile, the first by change %" PRId64,
                out->conflict_count, out->conflict_count == 1 ? " was" : "s were", first->change);
}

/* Whatever of it is shown, kept or written stands in the area: as it was, as it is, as it is wanted. */
static bool stays_within(struct running *u)
{
    struct change x = { .arena = u->arena, .by = u->by };

    for (size_t i = 0; i < u->all.n; i++) {
        const struct wanted *w = &u->all.at[i];
        if (w->base != NULL || w->want != NULL)
            change_add(&x, w->kind, w->base, w->want);
        if (w->now != NULL && !same_or_none(&kind_rows[w->kind], w->base, w->now))
            change_add(&x, w->kind, w->now, w->now);
    }
    return rows_stay_within(u->db, &x, false, u->fail) && rows_stay_within(u->db, &x, true, u->fail);
}

/* ── the roles that a change gives, takes away, or hands over ───────────── */

/* What whoever signs in with an account has besides: where they stand, and what the registry gives them. */
static const struct db_statement had_by_account[] = {
    { "account.places", "SELECT role, provider, school FROM affiliation WHERE account = ?1 AND ?2 = ?2" },
    { "account.rights", "SELECT role, provider, school FROM admin WHERE subject = ?1 AND idp = ?2" },
};

static bool may_give(const struct running *u, struct str role, const struct area *where)
{
    return u->how->gives(u->how->with, role_of_name(role), where, u->fail);
}

static bool may_hand_over(struct running *u, const struct db_value *account)
{
    const struct db_value args[] = { account[0], account[column_of(&kind_rows[KIND_ACCOUNT], "idp")] };
    struct db_rows rows;

    for (size_t i = 0; i < sizeof had_by_account / sizeof *had_by_account; i++) {
        if (!db_query(u->db, &had_by_account[i], args, 2, u->arena, &rows, u->fail))
            return false;
        for (size_t k = 0; k < rows.n; k++) {
            const struct db_value *v = db_row(&rows, k);
            if (!may_give(u, v[0].text, &(struct area){ v[1].text, v[2].text }))
                return false;
        }
    }
    return true;
}

static bool may_give_row(struct running *u, enum kind kind, const struct db_value *row)
{
    const struct kind_row *k = &kind_rows[kind];
    struct area where;

    if (u->how->gives == NULL || row == NULL)
        return true;
    if (kind == KIND_ACCOUNT)
        return may_hand_over(u, row);
    if (kind != KIND_ADMIN && kind != KIND_AFFILIATION && kind != KIND_API_TOKEN)
        return true;
    return row_area(u->db, u->arena, kind, row, &where, u->fail) && may_give(u, row[column_of(k, "role")].text, &where);
}

static bool is_allowed(struct running *u, const struct change *x)
{

    for (size_t i = 0; u->how->may != NULL && i < x->n; i++) {
        const struct changed_row *r = &x->rows[i];
        const struct db_value *row = r->after != NULL ? r->after : r->before;
        struct row_id id = row_id_of(u->arena, r->kind, row);
        struct area where;
        if (!row_area(u->db, u->arena, r->kind, row, &where, u->fail) || !u->how->may(u->how->with,
                                                                                      r->before == NULL  ? '+'
                                                                                      : r->after == NULL ? '-'
                                                                                                         : '~',
                                                                                      &id, &where, u->fail))
            return false;
    }
    for (size_t i = 0; i < x->n; i++)
        if (!may_give_row(u, x->rows[i].kind, x->rows[i].before) || !may_give_row(u, x->rows[i].kind, x->rows[i].after))
            return false;
    return true;
}

static bool not_too_many(struct running *u, const struct change *x)
{
    size_t added[KIND_COUNT] = { 0 };
    struct db_rows rows;

    for (size_t i = 0; i < x->n; i++)
        added[x->rows[i].kind] += x->rows[i].before == NULL;
    for (int k = 0; k < KIND_COUNT; k++) {
        if (added[k] == 0)
            continue;
        if (!db_query(u->db, &kind_rows[k].count, NULL, 0, u->arena, &rows, u->fail))
            return false;
        if ((size_t)rows.at[0].number + added[k] > kind_rows[k].rows_max)
            return fail(u->fail, FAIL_CALLER, "too_many", "more than %zu %s", kind_rows[k].rows_max,
                        kind_rows[k].section);
    }
    return true;
}

static int by_key(const void *x, const void *y, void *kind)
{
    const struct db_value *const *p = x, *const *q = y;

    return compare_keys(kind, *p, *q);
}

/* The rows that a change touches, as they are now. */
static struct rows_now rows_of_change(struct arena *a, const struct change *x)
{
    struct rows_now now = { 0 };

    for (int k = 0; k < KIND_COUNT; k++) {
        const struct kind_row *kind = &kind_rows[k];
        const struct db_value **rows = arena_make_n(a, x->n + 1, const struct db_value *);
        size_t n = 0;
        for (size_t i = 0; i < x->n; i++)
            if (x->rows[i].kind == (enum kind)k && x->rows[i].before != NULL)
                rows[n++] = x->rows[i].before;
        qsort_r(rows, n, sizeof *rows, by_key, (void *)(uintptr_t)kind);
        struct db_value *cells = arena_make_n(a, n * kind->column_count + 1, struct db_value);
        for (size_t i = 0; i < n; i++)
            memcpy(cells + i * kind->column_count, rows[i], kind->column_count * sizeof *cells);
        now.of[k] = (struct db_rows){ n, kind->column_count, cells };
    }
    return now;
}

/* ── carried out ────────────────────────────────────────────────────────── */

static bool said_troubles(struct running *u)
{
    const struct edit_trouble *first = u->out->troubles;

    return u->out->trouble_count == 0 || fail(u->fail, FAIL_CALLER, first->code, "%.*s", STR_ARG(first->says));
}

/* Whoever acts in an area hears of its rows alone. */
static bool is_theirs(struct running *u, const struct row_place *where)
{
    const struct kind_row *k = &kind_rows[where->kind];
    bool above = k->parent != KIND_COUNT && !str_is_set(where->key[1]);
    const struct row_id id = { str_of(above ? kind_rows[k->parent].name : k->name), { where->key[0], where->key[1] } };
    struct db_value key[2] = { { 0 }, { 0 } };
    const struct db_value *row = NULL;
    struct fail none = { 0 };
    struct area own;
    enum kind kind;

    return row_id_read(&id, &kind, key) && row_find(u->db, u->arena, kind, key, &row, &none) && row != NULL &&
           row_area(u->db, u->arena, kind, row, &own, &none) && area_within(&own, u->by.area);
}

/* The row that the whole fails by. */
static bool whole_fails(struct running *u, const struct row_place *where, const struct fail *why)
{
    if (where->kind < KIND_COUNT && str_is_set(u->by.area->provider) && !is_theirs(u, where))
        return fail(u->fail, why->kind, why->code, "a row that stands outside %.*s rests on it",
                    STR_ARG(area_text(u->arena, u->by.area)));
    if (where->kind < KIND_COUNT) {
        struct row_id id = { str_of(kind_rows[where->kind].name), { where->key[0], where->key[1] } };
        (void)trouble(u, &id, (struct str){ NULL, 0 }, why->code, str_of(why->detail));
    }
    return fail_long(u->fail, why->kind, why->code, "%s", why->detail);
}

/* Asked of a draft too, which need not hold as a whole yet: whoever types it is told. */
static bool secrets_stay(struct running *u, const struct change *x)
{
    struct row_place where = { KIND_COUNT, { { NULL, 0 }, { NULL, 0 } } };
    struct fail why = { 0 };

    return kept_secrets_stay(u->result, x, &where, &why) || whole_fails(u, &where, &why);
}

static bool write_change(struct running *u, const struct change *x)
{
    struct rows_now now = rows_of_change(u->arena, x);
    struct row_place where;
    struct fail why = { 0 };

    return change_write(u->db, u->result, x, &now, &u->out->report, &where, &why) || whole_fails(u, &where, &why);
}

static bool act_on(struct running *u, enum edit_act act)
{
    struct change x = { .arena = u->arena,
                        .by = u->by,
                        .draft = u->draft.number,
                        .is_trial = act == EDIT_CHECK,
                        .look = u->how->look,
                        .with = u->how->with };

    for (size_t i = 0; i < u->all.n; i++) {
        const struct wanted *w = &u->all.at[i];
        if (!w->is_gone && !same_or_none(&kind_rows[w->kind], w->now, w->want))
            change_add(&x, w->kind, w->now, w->want);
    }
    change_tell(&x, u->result, &u->out->report);
    change_show(u->result, &x, &u->out->rows);
    u->out->report.version = u->version;
    if (!is_allowed(u, &x) || !not_too_many(u, &x))
        return false;
    if (act == EDIT_KEEP)
        return secrets_stay(u, &x) && draft_write(u->db, &u->by, &u->draft, &u->all, u->fail);
    return write_change(u, &x) &&
           (act != EDIT_PUBLISH || draft_published(u->db, &u->by, &u->draft, u->out->report.version, u->fail));
}

/* As the act asks: of a draft, or of what was just noted. */
static bool fits(struct running *u, enum edit_act act)
{
    const struct edit *e = u->edit;

    if (e->too_large)
        return fail(u->fail, FAIL_CALLER, "too_many", "more than %d rows, or a field of more than %d bytes",
                    EDIT_ROWS_MAX, EDIT_FIELD_MAX_B);
    if (e->from.version < 0 || e->from.version > u->version)
        return fail(u->fail, FAIL_CALLER, "no_version", "there is no version %" PRId64, e->from.version);
    if (e->from.draft != 0 &&
        !draft_open(u->db, u->result, e->by.area, e->from.draft, e->from.edition, &u->draft, u->fail))
        return false;
    if (act == EDIT_APPLY && u->draft.number != 0)
        return fail(u->fail, FAIL_CALLER, "draft_state", "a draft is published, once it is approved");
    if (act != EDIT_PUBLISH)
        return true;
    if (u->draft.state != DRAFT_approved)
        return fail(u->fail, FAIL_CALLER, "draft_state", "draft %" PRId64 " is not approved", e->from.draft);
    return e->n == 0 || fail(u->fail, FAIL_CALLER, "draft_state", "a draft is published as it was approved");
}

static bool run(struct running *u, enum edit_act act)
{
    if (!registry_number(u->db, S("version"), &u->version, u->fail) || !fits(u, act))
        return false;
    u->out->version = u->version;
    if (u->draft.number != 0) {
        u->by.area = &u->draft.area;
        if (!draft_rows_read(u->db, u->arena, u->draft.number, &u->all, u->fail))
            return false;
    }
    for (size_t i = 0; i < u->all.n; i++)
        if (!row_find(u->db, u->arena, u->all.at[i].kind, u->all.at[i].key, &u->all.at[i].now, u->fail))
            return false;
    for (size_t i = 0; i < u->edit->n; i++)
        if (!carry_out(u, &u->edit->notes[i]))
            return false;
    for (size_t i = 0; i < u->all.n; i++)
        if (!settle_school(u, &u->all.at[i]))
            return false;
    if (u->all.n > EDIT_ROWS_MAX)
        return fail(u->fail, FAIL_CALLER, "too_many", "more than %d rows", EDIT_ROWS_MAX);
    bool keeps = act == EDIT_KEEP;
    return stays_within(u) && said_troubles(u) && conflicts_find(u->db, u->result, &u->all, keeps, u->out, u->fail) &&
           act_on(u, act) && (act == EDIT_CHECK || db_commit(u->db, u->fail));
}

bool edit_run(struct edit *e, struct db *d, struct arena *a, const struct edit_how *how, enum edit_act act,
              struct edit_result *out, struct fail *f)
{
    struct running u = { .edit = e,
                         .db = d,
                         .arena = arena_new_secret(),
                         .result = a,
                         .how = how,
                         .import = { .world = how->world, .seals = how->seals, .base_dir = "", .logo = how->logo },
                         .by = e->by,
                         .out = out,
                         .fail = f };

    u.cells = (struct cells){ u.arena, &u.import, &u.cell_fail };
    *out = (struct edit_result){ 0 };
    bool good = e->by.area != NULL || fail(f, FAIL_CALLER, "not_yours", "the edit is in nobody's area");
    good = good && db_begin(d, f) && run(&u, act);
    db_rollback(d); /* after a commit there is nothing left to undo */
    if (good) {
        out->draft = u.draft.number;
        out->edition = u.draft.edition;
    }
    arena_free(u.arena);
    return good;
}
