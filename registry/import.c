/* SPDX-License-Identifier: EUPL-1.2
 *
 * The file becomes rows in the form that SQL keeps, one table of columns per
 * kind; rows are compared with those that are there, and what differs is one
 * change, which registry/change.h writes.
 */
#include "registry/cells.h"

#include "base/codec.h"
#include "registry/change_int.h"
#include "registry/form_keys.h"
#include "registry/guard.h"
#include "registry/kept.h"
#include "registry/old_rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    struct db_value *values;
    const struct yaml *from; /* where it stands in the file */
};

struct rows {
    struct row *at;
    size_t n, room;
};

struct importing {
    struct cells cells;
    struct arena *arena; /* of the rows; ends with the import */
    struct db *db;
    const struct import_how *how;
    struct rows want[KIND_ALL];
    struct db_rows schools; /* those of want, once they are sorted */
    struct rows_now have;
    struct arena *result; /* the caller's */
    struct import_report *report;
    struct str mark; /* of the file, what it knows of; absent: it says nothing */
    struct fail *fail;
};

/* Rows. */

static bool may_be_file(const struct column *c)
{
    return c->type == COL_LONG || c->type == COL_POLICY || c->type == COL_LOGO || c->type == COL_HASHED ||
           c->type == COL_SEALED || c->type == COL_PASSWORD;
}

/* Keys of an item: those of its columns, those that name a file, those of its children. */
static bool known_keys(struct importing *m, const struct kind_row *k, const struct yaml *item)
{
    const char *known[2 * COLUMNS_MAX + 2];
    size_t n = 0;

    for (size_t i = 0; k == &kind_rows[KIND_POLICY] && form_keys[i] != NULL; i++)
        known[n++] = form_keys[i];
    for (size_t i = 0; i < k->column_count; i++) {
        const char *key = k->columns[i].key;
        if (key == NULL)
            continue;
        const char *dot = strchr(key, '.');
        known[n++] = dot != NULL ? arena_cstr(m->arena, str_n(key, (size_t)(dot - key))) : key;
        if (may_be_file(&k->columns[i]))
            known[n++] = arena_printf(m->arena, "%s_file", key).p;
    }
    for (int child = 0; child < KIND_COUNT; child++)
        if (kind_rows[child].parent == (enum kind)(k - kind_rows))
            known[n++] = kind_rows[child].section;
    known[n] = NULL;
    return yaml_only(item, known, m->fail);
}

static bool known_names(struct importing *m, const struct yaml *names)
{
    static const char *const tags[] = { "fi", "sv", "en", NULL };

    return yaml_only(names, tags, m->fail);
}

/* The item's value for a column; NULL when it says nothing.  *good false: it says something wrong. */
static const struct yaml *value_for(struct importing *m, const struct column *c, const struct yaml *item, bool *good)
{
    const char *dot = strchr(c->key, '.');

    if (dot != NULL) {
        const struct yaml *names = yaml_get(item, arena_cstr(m->arena, str_n(c->key, (size_t)(dot - c->key))));
        *good = names == NULL || known_names(m, names);
        return *good ? yaml_get(names, dot + 1) : NULL;
    }
    const struct yaml *value = yaml_get(item, c->key);
    const struct yaml *file = may_be_file(c) ? yaml_get(item, arena_printf(m->arena, "%s_file", c->key).p) : NULL;
    if (file == NULL)
        return value;
    struct str text = { NULL, 0 };
    *good = value == NULL ? (c->type == COL_LOGO ? cell_bytes : cell_file)(&m->cells, file, &text)
                          : yaml_fail(file, m->fail, "bad_value", "%s_file stands beside %s", c->key, c->key);
    if (!*good)
        return NULL;
    struct yaml *inner = arena_make(m->arena, struct yaml);
    *inner = (struct yaml){ .kind = YAML_TEXT, .line = file->line, .file = file->file, .text = text };
    if (c->type == COL_LOGO)
        inner->text = b64_encode(m->arena, text);
    if (c->type == COL_LONG || c->type == COL_POLICY || c->type == COL_LOGO)
        return inner;
    inner->text = str_trim(text); /* an editor's line end is no part of a secret */
    struct yaml *map = arena_make(m->arena, struct yaml);
    *map = (struct yaml){ .kind = YAML_MAP, .line = file->line, .file = file->file, .n = 1 };
    map->items = arena_make(m->arena, struct yaml *);
    map->keys = arena_make(m->arena, struct str);
    map->key_lines = arena_make(m->arena, int);
    map->items[0] = inner;
    map->keys[0] = S("plain");
    return map;
}

static bool read_column(struct importing *m, const struct kind_row *k, const struct column *c, const struct yaml *item,
                        struct db_value *values)
{
    bool good = true;
    const struct yaml *value = value_for(m, c, item, &good);
    const struct db_value *before = rows_now_find(&m->have, (enum kind)(k - kind_rows), values);
    size_t at = (size_t)(c - k->columns);

    if (!good)
        return false;
    if (value == NULL && (c->type == COL_LAYER || c->type == COL_POLICY))
        return true; /* cells_settle() and settle_texts() know */
    if (value == NULL && c->preset == NULL)
        return yaml_fail(item, m->fail, "missing_key", "%s is missing", c->key);
    if (value == NULL) {
        values[at] = column_preset(c);
        return true;
    }
    struct cell cell = { k, c, value, before != NULL ? before + at : NULL, values[0].text };
    return cell_read(&m->cells, &cell, &values[at]);
}

/* Those that the file says in words. */
static void renew_secrets(struct importing *m, enum kind kind, const struct yaml *item, struct db_value *values)
{
    const struct kind_row *k = &kind_rows[kind];
    const struct db_value *before = rows_now_find(&m->have, kind, values);

    for (size_t i = 0; i < k->column_count; i++) {
        bool good = true;
        const struct yaml *value = k->columns[i].type == COL_SEALED ? value_for(m, &k->columns[i], item, &good) : NULL;
        if (value != NULL && yaml_get(value, "plain") != NULL)
            kept_renew(&m->cells, kind, before, values, i);
    }
}

static struct row *row_new(struct importing *m, enum kind kind)
{
    struct rows *rows = &m->want[kind];

    if (rows->n == rows->room) {
        size_t room = rows->room > 0 ? rows->room * 2 : 64;
        struct row *more = arena_make_n(m->arena, room, struct row);
        if (rows->n > 0)
            memcpy(more, rows->at, rows->n * sizeof *more);
        rows->at = more;
        rows->room = room;
    }
    return &rows->at[rows->n++];
}

static bool read_items(struct importing *m, enum kind kind, const struct yaml *list, struct str parent);

static bool read_item(struct importing *m, enum kind kind, const struct yaml *item, struct str parent, size_t position)
{
    const struct kind_row *k = &kind_rows[kind];
    struct db_value *values = arena_make_n(m->arena, k->column_count, struct db_value);

    if (item->kind != YAML_MAP)
        return yaml_fail(item, m->fail, "bad_value", "expected a %s: a map with keys", k->name);
    if (!known_keys(m, k, item))
        return false;
    for (size_t i = 0; i < k->column_count; i++) {
        const struct column *c = &k->columns[i];
        if (c->type == COL_PARENT)
            values[i] = db_text(parent);
        else if (c->type == COL_POSITION)
            values[i] = db_int((int64_t)position);
        else if (!read_column(m, k, c, item, values))
            return false;
    }
    renew_secrets(m, kind, item, values);
    cells_settle(kind, values, yaml_get(item, "pkce_required") != NULL);
    *row_new(m, kind) = (struct row){ values, item };
    for (int child = 0; child < KIND_COUNT; child++)
        if (kind_rows[child].parent == kind &&
            !read_items(m, (enum kind)child, yaml_get(item, kind_rows[child].section), values[0].text))
            return false;
    return true;
}

static bool read_items(struct importing *m, enum kind kind, const struct yaml *list, struct str parent)
{
    if (list == NULL || (list->kind == YAML_TEXT && list->plain && list->text.n == 0))
        return true;
    if (list->kind != YAML_LIST)
        return yaml_fail(list, m->fail, "bad_value", "expected a list of %s", kind_rows[kind].section);
    if (list->n + m->want[kind].n > kind_rows[kind].rows_max)
        return yaml_fail(list, m->fail, "too_many", "more than %zu %s", kind_rows[kind].rows_max,
                         kind_rows[kind].section);
    for (size_t i = 0; i < list->n; i++)
        if (!read_item(m, kind, list->items[i], parent, i))
            return false;
    return true;
}

static bool read_file(struct importing *m, const struct yaml *file)
{
    const char *known[KIND_COUNT + 4];
    size_t n = 0;
    const struct yaml *format = yaml_get(file, "format"), *version = yaml_get(file, "version");

    known[n++] = "format";
    known[n++] = "version";
    for (int k = 0; k < KIND_COUNT; k++)
        if (kind_rows[k].parent == KIND_COUNT)
            known[n++] = kind_rows[k].section;
    known[n++] = kind_rows[KIND_RULE].section;
    known[n] = NULL;
    if (!yaml_only(file, known, m->fail))
        return false;
    if (format == NULL)
        return yaml_fail(file, m->fail, "bad_format",
                         "format is missing: \"format: 1\" is the form of a registry file that this program reads");
    if (!str_eq(format->text, S("1")))
        return yaml_fail(format, m->fail, "bad_format",
                         "expected \"format: 1\": the form of a registry file that this program reads");
    if (version != NULL && version->kind != YAML_TEXT)
        return yaml_fail(version, m->fail, "bad_value", "version: expected what `digione export` writes there");
    if (version != NULL)
        m->mark = version->text;
    for (int k = 0; k < KIND_COUNT; k++)
        if (kind_rows[k].parent == KIND_COUNT &&
            !read_items(m, (enum kind)k, yaml_get(file, kind_rows[k].section), S("")))
            return false;
    return read_items(m, KIND_RULE, yaml_get(file, kind_rows[KIND_RULE].section), S(""));
}

static int by_key(const void *x, const void *y, void *kind)
{
    return compare_keys(kind, ((const struct row *)x)->values, ((const struct row *)y)->values);
}

static bool sort_rows(struct importing *m, enum kind kind)
{
    struct rows *rows = &m->want[kind];
    const struct kind_row *k = &kind_rows[kind];

    if (rows->n > 1)
        qsort_r(rows->at, rows->n, sizeof *rows->at, by_key, (void *)(uintptr_t)k);
    for (size_t i = 1; i < rows->n; i++)
        if (compare_keys(k, rows->at[i - 1].values, rows->at[i].values) == 0)
            return yaml_fail(rows->at[i].from, m->fail, "twice",
                             "%s \"%.*s\" stands twice in the file (also in line %d)", k->name,
                             STR_ARG(rows->at[i].values[k->key_count - 1].text), rows->at[i - 1].from->line);
    return true;
}

/* Schools as SQL will have them, to be looked up. */
static void gather_schools(struct importing *m)
{
    const struct rows *want = &m->want[KIND_SCHOOL];
    size_t columns = kind_rows[KIND_SCHOOL].column_count;

    struct db_value *all = arena_make_n(m->arena, want->n * columns + 1, struct db_value);

    for (size_t i = 0; i < want->n; i++)
        memcpy(all + i * columns, want->at[i].values, columns * sizeof *all);
    m->schools = (struct db_rows){ .n = want->n, .columns = columns, .at = all };
}

/* A school that was named by its code gets its OID. */
static bool settle_schools(struct importing *m, enum kind kind)
{
    const struct kind_row *k = &kind_rows[kind];
    size_t school = column_of(k, "school"), provider = column_of(k, "provider");

    for (size_t i = 0; i < m->want[kind].n; i++) {
        struct db_value *v = m->want[kind].at[i].values;
        if (v[school].kind == DB_NULL)
            continue;
        if (v[provider].kind == DB_NULL)
            return yaml_fail(m->want[kind].at[i].from, m->fail, "no_school", "a school stands without its provider");
        const struct db_value *found = school_row(&m->schools, v[provider].text, v[school].text);
        if (found == NULL)
            return yaml_fail(m->want[kind].at[i].from, m->fail, "no_school", "provider %.*s has no school \"%.*s\"",
                             STR_ARG(v[provider].text), STR_ARG(v[school].text));
        v[school] = found[1];
    }
    return true;
}

/* Rules of earlier versions are policies now, and stand beside them. */
static bool settle_rules(struct importing *m)
{
    const struct kind_row *k = &kind_rows[KIND_RULE];
    const struct rows *rules = &m->want[KIND_RULE];

    for (size_t i = 0; i < rules->n; i++) {
        const struct row *r = &rules->at[i];
        if (r->values[column_of(k, "forbid")].number != 0 && r->values[column_of(k, "release_claims")].text.n > 0)
            return yaml_fail(r->from, m->fail, "registry_invalid",
                             "rule %.*s: a rule that forbids has nothing to release", STR_ARG(r->values[0].text));
        *row_new(m, KIND_POLICY) = (struct row){ rule_as_policy(m->arena, &m->schools, r->values), r->from };
    }
    return rules->n == 0 || sort_rows(m, KIND_POLICY);
}

/* A policy that has a form instead of its text gets the text. */
static bool settle_texts(struct importing *m)
{
    const struct kind_row *k = &kind_rows[KIND_POLICY];
    size_t text = column_of(k, "text");

    for (size_t i = 0; i < m->want[KIND_POLICY].n; i++) {
        const struct row *row = &m->want[KIND_POLICY].at[i];
        struct db_value *v = row->values;
        const char *key = form_keys_first(row->from);
        struct form_owner of = form_owner_of(m->arena, &m->schools, v);
        if (key != NULL && v[text].kind != DB_NULL)
            return yaml_fail(yaml_get(row->from, key), m->fail, "bad_value",
                             "%s stands beside text: a policy is either Cedar or a form", key);
        if (key == NULL && v[text].kind == DB_NULL)
            return yaml_fail(row->from, m->fail, "missing_key",
                             "text is missing (Cedar), or a form: opens: permit, forbid, leave or none");
        if (key == NULL)
            continue;
        struct str made;
        if (!form_keys_read(&of, row->from, &made, m->fail))
            return false;
        v[text] = db_text(made);
    }
    return true;
}

/* Comparing and writing. */

/* Both lists are in the order of their keys: one walk over both. */
static void compare_kind(struct importing *m, struct change *x, enum kind kind)
{
    const struct kind_row *k = &kind_rows[kind];
    const struct rows *want = &m->want[kind];
    const struct db_rows *have = &m->have.of[kind];
    size_t w = 0, h = 0;

    while (w < want->n || h < have->n) {
        const struct db_value *new = w < want->n ? want->at[w].values : NULL;
        const struct db_value *old = h < have->n ? db_row(have, h) : NULL;
        int c = new == NULL ? 1 : old == NULL ? -1 : compare_keys(k, new, old);
        if (c < 0)
            change_add(x, kind, NULL, new);
        else if (c > 0)
            change_add(x, kind, old, NULL);
        else if (same_row(k, new, old))
            m->report->same++;
        else
            change_add(x, kind, old, new);
        w += c <= 0;
        h += c >= 0;
    }
}

/* A refusal of the whole names a row: the row's place in the file stands in front. */
static bool say_where(struct importing *m, const struct row_place *where, const struct fail *why)
{
    const struct rows *rows = where->kind < KIND_COUNT ? &m->want[where->kind] : NULL;
    size_t last = rows != NULL ? kind_rows[where->kind].key_count - 1 : 0;

    for (size_t i = 0; rows != NULL && i < rows->n; i++)
        if (str_eq(rows->at[i].values[0].text, where->key[0]) &&
            (last == 0 || !str_is_set(where->key[1]) || str_eq(rows->at[i].values[1].text, where->key[1])))
            return fail_long(m->fail, why->kind, why->code, "%s:%d: %s", rows->at[i].from->file, rows->at[i].from->line,
                             why->detail);
    return fail_long(m->fail, why->kind, why->code, "%s", why->detail);
}

static bool look_on(void *with, const struct registry *r, struct fail *f)
{
    const struct import_how *how = with;

    return how->look == NULL || how->look(how->with, r, f);
}

static bool spares_what_people_changed(struct importing *m, const struct change *x)
{
    struct import_report *out = m->report;
    int64_t known;

    if (!guard_known(m->db, m->arena, m->mark, &known, m->fail) ||
        !guard_rows(m->db, m->result, x, known, &out->guarded, &out->overruns, m->fail))
        return false;
    return out->guarded == 0 || m->how->replace ||
           fail(m->fail, FAIL_CONFLICT, "changed_since",
                "%zu row%s changed in the console or by a command since this file was exported: export "
                "anew, or import with --replace",
                out->guarded, out->guarded == 1 ? " was" : "s were");
}

static bool write_all(struct importing *m)
{
    struct change x = { .arena = m->arena,
                        .look = look_on,
                        .with = (void *)(uintptr_t)m->how,
                        .by = { .who = m->how->who,
                                .acting_as = S("operator"),
                                .area = &area_nation,
                                .maker = MAKER_import,
                                .why = m->how->why,
                                .ungated = m->how->ungated,
                                .at_s = world_now_s(m->how->world) } };
    struct row_place where;
    struct fail why = { 0 };

    for (int k = 0; k < KIND_COUNT; k++)
        compare_kind(m, &x, (enum kind)k);
    if (!spares_what_people_changed(m, &x))
        return false;
    return change_write(m->db, m->result, &x, &m->have, &m->report->change, &where, &why) || say_where(m, &where, &why);
}

static bool run(struct importing *m, struct str text, const char *file)
{
    struct yaml *y = yaml_read(m->arena, text, file, m->fail);

    if (y == NULL || !rows_now_load(m->db, m->arena, &m->have, m->fail) || !read_file(m, y))
        return false;
    for (int k = 0; k < KIND_COUNT; k++)
        if (!sort_rows(m, (enum kind)k))
            return false;
    gather_schools(m);
    return sort_rows(m, KIND_RULE) && settle_schools(m, KIND_RULE) && settle_schools(m, KIND_POLICY) &&
           settle_schools(m, KIND_AFFILIATION) && settle_schools(m, KIND_ADMIN) && settle_schools(m, KIND_TERM) &&
           settle_schools(m, KIND_NETWORK) && settle_schools(m, KIND_EXAM) && settle_texts(m) && settle_rules(m) &&
           write_all(m) && (m->how->dry_run || db_commit(m->db, m->fail));
}

bool registry_import(struct db *d, struct arena *a, struct str text, const char *file, const struct import_how *how,
                     struct import_report *out, struct fail *f)
{
    struct importing m = { .arena = arena_new_secret(), .db = d, .how = how, .report = out, .result = a, .fail = f };

    m.cells = (struct cells){ m.arena, how, f };
    *out = (struct import_report){ 0 };
    bool good = db_begin(d, f) && run(&m, text, file);
    db_rollback(d); /* after a commit there is nothing left to undo */
    arena_free(m.arena);
    return good;
}
