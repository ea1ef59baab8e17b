/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/fields.h"

#include "base/near.h"

#include <inttypes.h>
#include <time.h>

bool column_is_secret(const struct column *c)
{
    return c->type == COL_HASHED || c->type == COL_SEALED || c->type == COL_PASSWORD;
}

bool column_is_long(const struct column *c)
{
    return c->type == COL_LONG || c->type == COL_LOGO || c->type == COL_POLICY;
}

const struct column *field_column(const struct kind_row *k, struct str name)
{
    for (size_t i = 0; i < k->column_count; i++)
        if (k->columns[i].key != NULL && str_eq(name, str_of(k->columns[i].key)))
            return &k->columns[i];
    return NULL;
}

struct str field_help(struct arena *a, const struct kind_row *k, struct str name)
{
    const char *known[COLUMNS_MAX + 1];
    size_t n = 0;

    for (size_t i = 0; i < k->column_count; i++)
        if (k->columns[i].key != NULL)
            known[n++] = k->columns[i].key;
    known[n] = NULL;
    return near_help(a, name, known);
}

/* ── out ────────────────────────────────────────────────────────────────── */

static struct str time_text(struct arena *a, int64_t seconds, bool day)
{
    char text[32];
    struct tm t;
    time_t s = seconds;

    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&s, &t));
    return arena_str(a, str_sub(str_of(text), 0, day ? sizeof "2026-08-10" - 1 : sizeof text));
}

struct str field_text(struct arena *a, const struct column *c, const struct db_value *v)
{
    if (column_is_secret(c))
        return v->kind == DB_TEXT && v->text.n > 0 ? S("(secret)") : S("");
    if (v->kind == DB_TEXT)
        return arena_str(a, v->text);
    if (v->kind != DB_INT)
        return S("");
    if (c->type == COL_BOOL)
        return v->number != 0 ? S("true") : S("false");
    if (c->type == COL_TIME)
        return v->number == 0 ? S("") : time_text(a, v->number, false);
    if (c->type == COL_DAY)
        return time_text(a, v->number * 86400, true);
    return arena_printf(a, "%" PRId64, v->number);
}

/* ── in ─────────────────────────────────────────────────────────────────── */

static struct yaml *text_of(struct arena *a, struct str text)
{
    struct yaml *y = arena_make(a, struct yaml);

    *y = (struct yaml){ .kind = YAML_TEXT, .plain = true, .text = text };
    return y;
}

/* One item a line; browsers end lines with CR LF [HTML 4.10.21.3]. */
static struct yaml *list_of(struct arena *a, struct str text)
{
    struct yaml *y = arena_make(a, struct yaml);
    struct str rest = text, line;

    *y = (struct yaml){ .kind = YAML_LIST };
    while (str_split(&rest, '\n', &line))
        y->n += str_trim(line).n > 0;
    y->items = arena_make_n(a, y->n, struct yaml *);
    rest = text;
    for (size_t i = 0; str_split(&rest, '\n', &line);)
        if (str_trim(line).n > 0)
            y->items[i++] = text_of(a, str_trim(line));
    return y;
}

/* The plain text of a secret; where its hash alone is kept, also that hash, so that one can be moved. */
static struct yaml *secret_of(struct arena *a, const struct column *c, struct str text)
{
    bool hash = c->type == COL_HASHED && str_has_prefix(text, S(EDIT_HASH));
    struct yaml *y = arena_make(a, struct yaml);

    *y = (struct yaml){ .kind = YAML_MAP, .n = 1 };
    y->items = arena_make(a, struct yaml *);
    y->items[0] = text_of(a, hash ? str_from(text, sizeof EDIT_HASH - 1) : text);
    y->keys = arena_make(a, struct str);
    y->keys[0] = hash ? S("sha256") : S("plain");
    y->key_lines = arena_make(a, int);
    return y;
}

bool field_read(struct cells *m, const struct kind_row *k, const struct column *c, struct str text,
                const struct db_value *before, struct str row_id, struct db_value *out)
{
    bool is_word = c->type == COL_INT || c->type == COL_TIME || c->type == COL_DAY || c->type == COL_BOOL ||
                   c->type == COL_WORD || c->type == COL_CHOICE;
    bool is_list = c->type == COL_LIST || c->type == COL_CLAIMS;
    struct cell cell = { .kind = k, .column = c, .before = before, .row_id = row_id };

    /* An empty field of a form says nothing. */
    if (is_word && c->preset != NULL && text.n == 0) {
        *out = column_preset(c);
        return true;
    }
    cell.value = column_is_secret(c) ? secret_of(m->arena, c, text)
                 : is_list           ? list_of(m->arena, text)
                                     : text_of(m->arena, text);
    return cell_read(m, &cell, out);
}

/* ── rows ───────────────────────────────────────────────────────────────── */

static struct str key_text(struct arena *a, const struct db_value *v)
{
    return v->kind == DB_INT ? arena_printf(a, "%" PRId64, v->number) : arena_str(a, v->text);
}

struct row_id row_id_of(struct arena *a, enum kind kind, const struct db_value *row)
{
    const struct kind_row *k = &kind_rows[kind];
    struct row_id id = { .kind = str_of(k->name), .key = { key_text(a, &row[0]), { NULL, 0 } } };

    if (k->key_count > 1)
        id.key[1] = key_text(a, &row[1]);
    return id;
}

bool row_id_read(const struct row_id *id, enum kind *kind, struct db_value key[2])
{
    int64_t number;

    *kind = kind_named(id->kind);
    if (*kind == KIND_COUNT)
        return false;
    const struct kind_row *k = &kind_rows[*kind];
    for (size_t i = 0; i < k->key_count; i++) {
        key[i] = db_text(id->key[i].p != NULL ? id->key[i] : S(""));
        if (k->columns[i].type != COL_POSITION)
            continue;
        if (!str_int(id->key[i], &number) || number < 0)
            return false;
        key[i] = db_int(number);
    }
    return true;
}

struct row_seen row_seen_of(struct arena *a, enum kind kind, const struct db_value *row, bool long_ones)
{
    const struct kind_row *k = &kind_rows[kind];
    struct row_seen seen = { .id = row_id_of(a, kind, row),
                             .fields = arena_make_n(a, k->column_count, struct row_field) };

    for (size_t i = 0; i < k->column_count; i++) {
        const struct column *c = &k->columns[i];
        if (c->key == NULL)
            continue;
        struct db_value preset = column_preset(c);
        struct row_field *f = &seen.fields[seen.field_count++];
        *f = (struct row_field){ .name = str_of(c->key), .is_secret = column_is_secret(c) };
        f->is_set = !same_value(&preset, &row[i]);
        if (!f->is_secret && (long_ones || !column_is_long(c)))
            f->value = field_text(a, c, &row[i]);
    }
    return seen;
}

const struct row_field *row_field(const struct row_seen *row, const char *name)
{
    for (size_t i = 0; i < row->field_count; i++)
        if (str_eq(row->fields[i].name, str_of(name)))
            return &row->fields[i];
    return NULL;
}
