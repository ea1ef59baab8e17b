/* SPDX-License-Identifier: EUPL-1.2
 *
 * Rows as values: compared, named, kept as one text, shown. */
#include "base/codec.h"
#include "base/crypt.h"
#include "registry/change_int.h"
#include "wire/json.h"

#include <inttypes.h>
#include <string.h>

enum { ROW_MAX_B = 64 << 20, SHOWN_MAX_B = 1 << 20 };

bool rows_now_load(struct db *d, struct arena *a, struct rows_now *out, struct fail *f)
{
    *out = (struct rows_now){ 0 };
    for (int k = 0; k < KIND_COUNT; k++)
        if (!db_query(d, &kind_rows[k].select, NULL, 0, a, &out->of[k], f))
            return false;
    return true;
}

int compare_keys(const struct kind_row *k, const struct db_value *x, const struct db_value *y)
{
    for (size_t i = 0; i < k->key_count; i++) {
        int c = x[i].kind == DB_INT ? (x[i].number > y[i].number) - (x[i].number < y[i].number)
                                    : str_cmp(x[i].text, y[i].text);
        if (c != 0)
            return c;
    }
    return 0;
}

const struct db_value *rows_now_find(const struct rows_now *now, enum kind kind, const struct db_value *key)
{
    const struct db_rows *rows = &now->of[kind];
    size_t low = 0, high = rows->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = compare_keys(&kind_rows[kind], db_row(rows, middle), key);
        if (c == 0)
            return db_row(rows, middle);
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct db_value *school_row(const struct db_rows *schools, struct str provider, struct str oid_or_code)
{
    enum { OF = 0, OID = 1, CODE = 2 };
    size_t low = 0, high = schools->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_cmp(db_row(schools, middle)[OF].text, provider) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < schools->n && str_eq(db_row(schools, low)[OF].text, provider); low++) {
        const struct db_value *school = db_row(schools, low);
        if (str_eq(school[OID].text, oid_or_code) || str_eq(school[CODE].text, oid_or_code))
            return school;
    }
    return NULL;
}

bool same_value(const struct db_value *x, const struct db_value *y)
{
    return x->kind == y->kind &&
           (x->kind == DB_NULL || (x->kind == DB_INT ? x->number == y->number : str_eq(x->text, y->text)));
}

bool same_row(const struct kind_row *k, const struct db_value *x, const struct db_value *y)
{
    for (size_t i = 0; i < k->column_count; i++)
        if (!same_value(&x[i], &y[i]))
            return false;
    return true;
}

struct str row_name(struct arena *a, const struct kind_row *k, const struct db_value *row)
{
    if (k->key_count > 1 && row[1].kind == DB_INT)
        return arena_printf(a, "%s %.*s/%" PRId64, k->name, STR_ARG(row[0].text), row[1].number);
    if (k->key_count > 1)
        return arena_printf(a, "%s %.*s/%.*s", k->name, STR_ARG(row[0].text), STR_ARG(row[1].text));
    return arena_printf(a, "%s %.*s", k->name, STR_ARG(row[0].text));
}

bool kind_is_personal(enum kind kind)
{
    return kind == KIND_ACCOUNT || kind == KIND_AFFILIATION;
}

/* ── as one text ────────────────────────────────────────────────────────── */

/* "id :4\noulu\nactive =1\nschool -\n": a text is as long as it says, so it may hold anything. */
struct str row_write(struct arena *a, const struct kind_row *k, const struct db_value *row)
{
    struct buf b = buf_new(a, ROW_MAX_B);

    for (size_t i = 0; i < k->column_count; i++) {
        buf_printf(&b, "%s ", k->columns[i].name);
        if (row[i].kind == DB_INT)
            buf_printf(&b, "=%" PRId64, row[i].number);
        else if (row[i].kind == DB_TEXT)
            buf_printf(&b, ":%zu\n%.*s", row[i].text.n, STR_ARG(row[i].text));
        else
            buf_byte(&b, '-');
        buf_byte(&b, '\n');
    }
    return buf_str(&b);
}

static bool take_cell(struct str *rest, struct str *name, struct db_value *out)
{
    struct str head;
    int64_t number;

    if (!str_split(rest, '\n', &head) || !str_split(&head, ' ', name) || head.n == 0)
        return false;
    struct str value = str_from(head, 1);
    *out = (struct db_value){ .kind = DB_NULL };
    if (head.p[0] == '-')
        return value.n == 0;
    if (!str_int(value, &number))
        return false;
    if (head.p[0] == '=') {
        *out = db_int(number);
        return true;
    }
    if (head.p[0] != ':' || number < 0 || (uint64_t)number >= rest->n || rest->p[number] != '\n')
        return false;
    *out = db_text(str_sub(*rest, 0, (size_t)number));
    *rest = str_from(*rest, (size_t)number + 1);
    return true;
}

static size_t find_column(const struct kind_row *k, struct str name)
{
    size_t i = 0;

    while (i < k->column_count && !str_eq(str_of(k->columns[i].name), name))
        i++;
    return i;
}

const struct db_value *row_read(struct arena *a, const struct kind_row *k, struct str text)
{
    struct db_value *row = arena_make_n(a, k->column_count, struct db_value);
    struct str rest = text, name;
    struct db_value value;

    for (size_t i = 0; i < k->column_count; i++)
        row[i] = column_preset(&k->columns[i]);
    while (rest.n > 0) {
        if (!take_cell(&rest, &name, &value))
            return NULL;
        size_t at = find_column(k, name);
        if (at < k->column_count)
            row[at] = value;
    }
    return row;
}

/* ── as may be shown ────────────────────────────────────────────────────── */

static bool is_secret(const struct column *c)
{
    return c->type == COL_HASHED || c->type == COL_SEALED || c->type == COL_PASSWORD;
}

static void show_value(struct json_out *o, struct arena *a, const struct column *c, const struct db_value *v)
{
    struct str name = str_of(c->key != NULL ? c->key : c->name);

    if (is_secret(c))
        json_put_str(o, name, v->text.n > 0 ? S("(secret)") : S(""));
    else if (c->type == COL_SUBJECT)
        json_put_str(o, name, S("(a person)"));
    else if (v->kind == DB_INT)
        json_put_int(o, name, v->number);
    else if (v->kind == DB_TEXT && v->text.n > CHANGE_SHOWN_B && c->type != COL_POLICY)
        json_put_str(o, name, arena_printf(a, "(%zu bytes, sha256 %.*s)", v->text.n, STR_ARG(sha256_hex(a, v->text))));
    else
        json_put_str(o, name, v->kind == DB_TEXT ? v->text : S(""));
}

static bool is_preset(const struct column *c, const struct db_value *v)
{
    struct db_value preset = column_preset(c);

    return same_value(&preset, v);
}

struct str row_show(struct arena *a, const struct kind_row *k, const struct db_value *x, const struct db_value *y)
{
    struct json_out o = json_out(a, SHOWN_MAX_B);

    json_begin_object(&o);
    for (size_t i = 0; i < k->column_count; i++)
        if (y != NULL ? !same_value(&x[i], &y[i]) : !is_preset(&k->columns[i], &x[i]))
            show_value(&o, a, &k->columns[i], &x[i]);
    json_end_object(&o);
    return json_done(&o);
}
