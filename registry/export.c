/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/form_keys.h"
#include "registry/guard.h"
#include "wire/yaml.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct exporting {
    struct arena *arena;
    struct yaml_out *out;
    struct db_rows rows[KIND_COUNT];
    struct str mark;       /* what it knows of; absent: of no change but by files */
    size_t at[KIND_COUNT]; /* next row of kinds that stand below others */
};

static bool is_preset(const struct column *c, const struct db_value *v)
{
    int64_t number;

    if (v->kind == DB_NULL)
        return true;
    if (c->preset == NULL)
        return false;
    if (v->kind == DB_INT)
        return str_int(str_of(c->preset), &number) && number == v->number;
    return str_eq(v->text, str_of(c->preset));
}

static void put_list(struct exporting *x, const char *key, struct str lines)
{
    struct str rest = lines, item;

    yaml_out_list(x->out, key);
    while (str_split(&rest, '\n', &item))
        if (item.n > 0)
            yaml_out_text(x->out, NULL, item);
    yaml_out_end(x->out);
}

static void put_time(struct exporting *x, const char *key, int64_t seconds)
{
    char text[32];
    struct tm t;
    time_t s = seconds;

    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&s, &t));
    yaml_out_text(x->out, key, str_of(text));
}

static void put_day(struct exporting *x, const char *key, int64_t day)
{
    char text[32];
    struct tm t;
    time_t s = day * 86400;

    (void)strftime(text, sizeof text, "%Y-%m-%d", gmtime_r(&s, &t));
    yaml_out_text(x->out, key, str_of(text));
}

static void put_secret(struct exporting *x, const char *key, const char *kind, struct str value)
{
    yaml_out_map(x->out, key);
    yaml_out_text(x->out, kind, value);
    yaml_out_end(x->out);
}

static void put_value(struct exporting *x, const struct column *c, const char *key, const struct db_value *v)
{
    switch (c->type) {
    case COL_BOOL:
        yaml_out_bool(x->out, key, v->number != 0);
        break;
    case COL_INT:
        yaml_out_int(x->out, key, v->number);
        break;
    case COL_TIME:
        put_time(x, key, v->number);
        break;
    case COL_DAY:
        put_day(x, key, v->number);
        break;
    case COL_LIST:
    case COL_CLAIMS:
        put_list(x, key, v->text);
        break;
    case COL_HASHED:
        put_secret(x, key, "sha256", v->text);
        break;
    case COL_SEALED:
        put_secret(x, key, "sealed", v->text);
        break;
    case COL_PASSWORD:
        put_secret(x, key, "argon2id", v->text);
        break;
    default:
        yaml_out_text(x->out, key, v->text);
        break;
    }
}

/* Columns "name.fi", "name.sv", "name.en" stand together in one map; gives how many columns were taken. */
static size_t put_names(struct exporting *x, const struct kind_row *k, size_t first, const struct db_value *row)
{
    const char *key = k->columns[first].key;
    size_t length = (size_t)(strchr(key, '.') - key) + 1, n = 0;
    bool any = false;

    for (; first + n < k->column_count && k->columns[first + n].key != NULL &&
           strncmp(k->columns[first + n].key, key, length) == 0;
         n++)
        any = any || !is_preset(&k->columns[first + n], &row[first + n]);
    if (!any)
        return n;
    yaml_out_map(x->out, arena_cstr(x->arena, str_n(key, length - 1)));
    for (size_t i = first; i < first + n; i++)
        if (!is_preset(&k->columns[i], &row[i]))
            yaml_out_text(x->out, k->columns[i].key + length, row[i].text);
    yaml_out_end(x->out);
    return n;
}

/* As the form's fields, where they say it to the byte: that is how most are written, and how a difference reads best.
 */
static void put_policy_text(struct exporting *x, const struct db_value *row)
{
    struct form_owner of = form_owner_of(arena_new(), &x->rows[KIND_SCHOOL], row);
    struct str text = row[column_of(&kind_rows[KIND_POLICY], "text")].text;

    if (!form_keys_write(&of, text, x->out))
        yaml_out_block(x->out, "text", text);
    arena_free(of.arena);
}

static void put_row(struct exporting *x, const struct kind_row *k, const struct db_value *row);

/* Rows below others come in their parents' order. */
static void put_children(struct exporting *x, enum kind kind, struct str parent)
{
    const struct kind_row *k = &kind_rows[kind];
    const struct db_rows *rows = &x->rows[kind];
    size_t *at = &x->at[kind];

    if (*at >= rows->n || !str_eq(db_row(rows, *at)[0].text, parent))
        return;
    yaml_out_list(x->out, k->section);
    for (; *at < rows->n && str_eq(db_row(rows, *at)[0].text, parent); ++*at)
        put_row(x, k, db_row(rows, *at));
    yaml_out_end(x->out);
}

static void put_row(struct exporting *x, const struct kind_row *k, const struct db_value *row)
{
    yaml_out_map(x->out, NULL);
    for (size_t i = 0; i < k->column_count;) {
        const struct column *c = &k->columns[i];
        if (c->key != NULL && strchr(c->key, '.') != NULL) {
            i += put_names(x, k, i, row);
            continue;
        }
        if (c->type == COL_POLICY)
            put_policy_text(x, row);
        else if (c->key != NULL && !is_preset(c, &row[i]))
            put_value(x, c, c->key, &row[i]);
        i++;
    }
    for (int child = 0; child < KIND_COUNT; child++)
        if (kind_rows[child].parent == (enum kind)(k - kind_rows))
            put_children(x, (enum kind)child, row[0].text);
    yaml_out_end(x->out);
}

static void put_all(struct exporting *x)
{
    yaml_out_comment(x->out, "DigiOne registry. \"digione import\" makes a registry equal to this file.");
    yaml_out_int(x->out, "format", 1);
    if (str_is_set(x->mark)) {
        yaml_out_comment(x->out,
                         "What was changed in the console up to here is in this file; an import spares what came "
                         "later.");
        yaml_out_text(x->out, "version", x->mark);
    }
    for (int k = 0; k < KIND_COUNT; k++) {
        if (kind_rows[k].parent != KIND_COUNT || x->rows[k].n == 0)
            continue;
        if (k == KIND_POLICY) /* what is left out would be read either way */
            yaml_out_comment(x->out,
                             "A policy without roles is for everyone who has some role; people who have none are "
                             "not meant.");
        yaml_out_list(x->out, kind_rows[k].section);
        for (size_t i = 0; i < x->rows[k].n; i++)
            put_row(x, &kind_rows[k], db_row(&x->rows[k], i));
        yaml_out_end(x->out);
    }
}

struct str registry_export(struct db *d, struct arena *a, struct fail *f)
{
    struct exporting x = { .arena = arena_new(), .out = yaml_out_new(a) };
    struct str text = { NULL, 0 };
    bool good = db_begin_read(d, f);

    for (int k = 0; good && k < KIND_COUNT; k++)
        good = db_query(d, &kind_rows[k].select, NULL, 0, x.arena, &x.rows[k], f);
    good = good && guard_mark(d, x.arena, &x.mark, f);
    db_rollback(d);
    if (good) {
        put_all(&x);
        text = yaml_out_str(x.out);
        if (text.p == NULL)
            (void)fail(f, FAIL_OURS, "too_large", "the registry is larger than a file may be");
    }
    arena_free(x.arena);
    return text;
}
