/* SPDX-License-Identifier: EUPL-1.2
 *
 * The file becomes rows in the form that SQL keeps, one table of columns per
 * kind; rows are compared with those that are there, and only what differs is
 * written.  The result is loaded and checked before the commit, by the same code
 * that the node loads with.
 */
#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/registry_load.h"
#include "idp-adapters/password.h"
#include "wire/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_B = 2048, LONG_MAX_B = 16 << 20, LIST_ITEMS_MAX = 1000, SECRET_LEAST_B = 16 };

struct row {
    struct db_value *values;
    const struct yaml *from; /* where it stands in the file */
};

struct rows {
    struct row *at;
    size_t n, room;
};

struct importing {
    struct arena *arena; /* of the rows; ends with the import */
    struct db *db;
    const struct import_how *how;
    struct rows want[KIND_COUNT];
    struct db_rows have[KIND_COUNT];
    struct import_report *report;
    struct buf lines;
    struct fail *fail;
};

/* One cell being read. */
struct cell {
    const struct kind_row *kind;
    const struct column *column;
    const struct yaml *value;
    const struct db_value *before; /* what SQL has now; NULL for a new row */
    struct str row_id;
};

static int compare_keys(const struct kind_row *k, const struct db_value *x, const struct db_value *y)
{
    for (size_t i = 0; i < k->key_count; i++) {
        int c = x[i].kind == DB_INT ? (x[i].number > y[i].number) - (x[i].number < y[i].number)
                                    : str_cmp(x[i].text, y[i].text);
        if (c != 0)
            return c;
    }
    return 0;
}

static const struct db_value *row_before(const struct importing *m, const struct kind_row *k,
                                         const struct db_value *key)
{
    const struct db_rows *rows = &m->have[k - kind_rows];
    size_t low = 0, high = rows->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = compare_keys(k, db_row(rows, middle), key);
        if (c == 0)
            return db_row(rows, middle);
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Texts. */

static int expected(struct importing *m, const struct cell *c, const char *what)
{
    return yaml_fail(c->value, m->fail, "bad_value", "%s: expected %s", c->column->key, what);
}

static bool is_one_line(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return s.n <= LINE_MAX_B;
}

static bool read_line(struct importing *m, const struct cell *c, struct str *out)
{
    if (c->value->kind != YAML_TEXT || !is_one_line(c->value->text))
        return expected(m, c, "a text of one line, at most 2048 bytes");
    if (c->column->preset == NULL && c->value->text.n == 0)
        return expected(m, c, "a text that is not empty");
    *out = c->value->text;
    return true;
}

static bool read_text(struct importing *m, const struct cell *c, struct db_value *out)
{
    struct str text;

    if (!read_line(m, c, &text))
        return false;
    *out = db_text(text);
    return true;
}

static bool read_id(struct importing *m, const struct cell *c, struct db_value *out)
{
    struct str text;

    if (!read_line(m, c, &text))
        return false;
    if (!is_row_id(text))
        return expected(m, c, "an id: lower case letters, digits, dot, hyphen, underscore; at most 64");
    *out = db_text(text);
    return true;
}

/* A reference that is not there is NULL, so that the foreign key asks for nothing. */
static bool read_reference(struct importing *m, const struct cell *c, struct db_value *out)
{
    struct str text;

    if (!read_line(m, c, &text))
        return false;
    *out = text.n > 0 ? db_text(text) : (struct db_value){ .kind = DB_NULL };
    return true;
}

static bool read_long(struct importing *m, const struct cell *c, struct db_value *out)
{
    if (c->value->kind != YAML_TEXT || c->value->text.n > LONG_MAX_B)
        return expected(m, c, "a text of at most 16 MB");
    *out = db_text(c->value->text);
    return true;
}

static bool read_bool(struct importing *m, const struct cell *c, struct db_value *out)
{
    struct str text = c->value->kind == YAML_TEXT ? c->value->text : S("");

    if (!c->value->plain || (!str_eq(text, S("true")) && !str_eq(text, S("false"))))
        return expected(m, c, "true or false");
    *out = db_int(str_eq(text, S("true")));
    return true;
}

static bool read_int(struct importing *m, const struct cell *c, struct db_value *out)
{
    int64_t number;

    if (c->value->kind != YAML_TEXT || !str_int(c->value->text, &number) || number < 0 || number > INT_MAX)
        return expected(m, c, "a whole number");
    *out = db_int(number);
    return true;
}

/* "2026-08-10" or "2026-08-10T08:00:00Z" [RFC 3339 5.6]. */
static bool time_of(struct str text, int64_t *out)
{
    char copy[32] = "", check[32];
    struct tm t = { 0 };

    if (text.n != 10 && text.n != 20)
        return false;
    (void)snprintf(copy, sizeof copy, "%.*s%s", STR_ARG(text), text.n == 10 ? "T00:00:00Z" : "");
    const char *end = strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &t);
    if (end == NULL || *end != '\0')
        return false;
    time_t seconds = timegm(&t);
    (void)strftime(check, sizeof check, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &t));
    *out = seconds;
    return strcmp(check, copy) == 0; /* refuses the 31st of February */
}

static bool read_time(struct importing *m, const struct cell *c, struct db_value *out)
{
    int64_t seconds;

    if (c->value->kind != YAML_TEXT || !time_of(c->value->text, &seconds))
        return expected(m, c, "a date (2026-08-10) or a time (2026-08-10T08:00:00Z)");
    *out = db_int(seconds);
    return true;
}

static bool read_word(struct importing *m, const struct cell *c, struct db_value *out)
{
    struct str text = c->value->kind == YAML_TEXT ? c->value->text : S("");
    struct buf all = buf_new(m->arena, 1024);

    if (text.n > 0 && word_index(c->column->words, text) >= 0) {
        *out = db_text(text);
        return true;
    }
    for (const char *const *w = c->column->words; *w != NULL; w++)
        if (**w != '\0')
            buf_printf(&all, "%s%s", all.n > 0 ? ", " : "", *w);
    return yaml_fail(c->value, m->fail, "bad_value", "%s: expected one of %.*s", c->column->key,
                     STR_ARG(buf_str(&all)));
}

static bool read_list(struct importing *m, const struct cell *c, struct db_value *out)
{
    struct buf joined = buf_new(m->arena, LIST_ITEMS_MAX * (LINE_MAX_B + 1));

    if (c->value->kind != YAML_LIST || c->value->n > LIST_ITEMS_MAX)
        return expected(m, c, "a list of at most 1000 texts");
    for (size_t i = 0; i < c->value->n; i++) {
        const struct yaml *item = c->value->items[i];
        if (item->kind != YAML_TEXT || item->text.n == 0 || !is_one_line(item->text))
            return yaml_fail(item, m->fail, "bad_value", "%s: expected a text of one line", c->column->key);
        if (joined.n > 0)
            buf_byte(&joined, '\n');
        buf_add(&joined, item->text);
    }
    *out = db_text(buf_str(&joined));
    return true;
}

/* Claims are a set: kept in the order of claims.def, whatever the file's. */
static bool read_claims(struct importing *m, const struct cell *c, struct db_value *out)
{
    struct claim_set set = { 0 };
    struct buf joined = buf_new(m->arena, 4096);
    enum claim claim;

    if (c->value->kind != YAML_LIST)
        return expected(m, c, "a list of claims");
    for (size_t i = 0; i < c->value->n; i++) {
        const struct yaml *item = c->value->items[i];
        if (item->kind != YAML_TEXT || !claim_of_word(item->text, &claim))
            return yaml_fail(item, m->fail, "bad_value", "%s: \"%.*s\" is no claim (see model/claims.def)",
                             c->column->key, STR_ARG(item->text));
        claim_add(&set, claim);
    }
    for (int i = 0; i < CLAIM_COUNT; i++)
        if (claim_in(set, (enum claim)i))
            buf_printf(&joined, "%s%s", joined.n > 0 ? "\n" : "", claim_rows[i].word);
    *out = db_text(buf_str(&joined));
    return true;
}

/* Secrets. */

static bool read_file_beside(struct importing *m, const struct yaml *where, struct str *out)
{
    struct str name = where->text;
    bool absolute = str_has_prefix(name, S("/"));
    const char *path =
        arena_printf(m->arena, "%s%s%.*s", absolute ? "" : m->how->base_dir, absolute ? "" : "/", STR_ARG(name)).p;
    struct buf b = buf_new(m->arena, LONG_MAX_B);
    char piece[16384];
    struct stat st;
    ssize_t n = -1;

    int fd = where->kind == YAML_TEXT && str_find_byte(name, '\0', 0) == name.n
                 ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
                 : -1;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        while ((n = read(fd, piece, sizeof piece)) > 0)
            buf_add(&b, str_n(piece, (size_t)n));
    if (fd >= 0)
        (void)close(fd);
    *out = buf_str(&b);
    if (n == 0 && buf_ok(&b) && str_is_utf8(*out) && str_find_byte(*out, '\0', 0) == out->n)
        return true;
    return yaml_fail(where, m->fail, "file_unreadable", "%s cannot be read as a text of at most 16 MB", path);
}

/* {plain: …} or {other: …}: *is_plain says which. */
static bool secret_text(struct importing *m, const struct cell *c, const char *other, bool *is_plain, struct str *out)
{
    const char *const known[] = { "plain", other, NULL };

    if (c->value->kind != YAML_MAP || c->value->n != 1)
        return yaml_fail(c->value, m->fail, "bad_value", "%s: expected {plain: …} or {%s: …}, or %s_file: PATH",
                         c->column->key, other, c->column->key);
    if (!yaml_only(c->value, known, m->fail))
        return false;
    if (c->value->items[0]->kind != YAML_TEXT || c->value->items[0]->text.n == 0)
        return yaml_fail(c->value, m->fail, "bad_value", "%s: expected a text", c->column->key);
    *is_plain = str_eq(c->value->keys[0], S("plain"));
    *out = c->value->items[0]->text;
    return true;
}

static bool read_hashed(struct importing *m, const struct cell *c, struct db_value *out)
{
    struct str text, bytes;
    bool plain;

    if (!secret_text(m, c, "sha256", &plain, &text))
        return false;
    if (plain && text.n < SECRET_LEAST_B)
        return yaml_fail(c->value, m->fail, "bad_value",
                         "%s: expected 16 bytes or more: it is kept as a plain SHA-256, so it must not be guessable",
                         c->column->key);
    if (!plain && (!hex_decode(m->arena, text, &bytes) || bytes.n != SHA256_B))
        return yaml_fail(c->value, m->fail, "bad_value", "%s: expected 64 hexadecimal digits", c->column->key);
    *out = db_text(plain ? sha256_hex(m->arena, text) : hex_encode(m->arena, bytes));
    return true;
}

static bool read_sealed(struct importing *m, const struct cell *c, struct db_value *out)
{
    struct str owner = arena_printf(m->arena, "idp:%.*s", STR_ARG(c->row_id)), text, before;
    bool plain;

    if (!secret_text(m, c, "sealed", &plain, &text))
        return false;
    if (m->how->seals == NULL)
        return yaml_fail(c->value, m->fail, "no_root_secret", "%s: sealing needs the root secret, which is not there",
                         c->column->key);
    if (!plain && !seal_secret_open(m->arena, m->how->seals, owner, text, &before))
        return yaml_fail(c->value, m->fail, "bad_value",
                         "%s: was sealed with another root secret or for another row: give it anew as {plain: …}",
                         c->column->key);
    /* The same secret keeps its seal, so that importing a file twice changes nothing. */
    if (plain && c->before != NULL && seal_secret_open(m->arena, m->how->seals, owner, c->before->text, &before) &&
        crypt_eq(before, text))
        *out = *c->before;
    else
        *out = db_text(plain ? seal_secret(m->arena, m->how->world, m->how->seals, owner, text) : text);
    return true;
}

static bool read_password(struct importing *m, const struct cell *c, struct db_value *out)
{
    struct str text;
    bool plain;

    if (!secret_text(m, c, "argon2id", &plain, &text))
        return false;
    if (plain && c->before != NULL && password_ok(c->before->text, text)) {
        *out = *c->before;
        return true;
    }
    if (plain)
        text = password_hash(m->arena, m->how->world, text);
    if (!str_has_prefix(text, S("$argon2id$")) || text.n > 255 || !is_one_line(text))
        return yaml_fail(c->value, m->fail, "bad_value",
                         plain ? "%s: expected at most 1024 bytes" : "%s: expected $argon2id$…", c->column->key);
    *out = db_text(text);
    return true;
}

static bool read_cell(struct importing *m, const struct cell *c, struct db_value *out)
{
    switch (c->column->type) {
    case COL_ID:
        return read_id(m, c, out);
    case COL_REF:
    case COL_SCHOOL:
        return read_reference(m, c, out);
    case COL_LONG:
        return read_long(m, c, out);
    case COL_LIST:
        return read_list(m, c, out);
    case COL_BOOL:
        return read_bool(m, c, out);
    case COL_INT:
        return read_int(m, c, out);
    case COL_TIME:
        return read_time(m, c, out);
    case COL_CHOICE:
    case COL_WORD:
        return read_word(m, c, out);
    case COL_CLAIMS:
        return read_claims(m, c, out);
    case COL_HASHED:
        return read_hashed(m, c, out);
    case COL_SEALED:
        return read_sealed(m, c, out);
    case COL_PASSWORD:
        return read_password(m, c, out);
    default:
        return read_text(m, c, out);
    }
}

/* Rows. */

static bool may_be_file(const struct column *c)
{
    return c->type == COL_LONG || c->type == COL_HASHED || c->type == COL_SEALED || c->type == COL_PASSWORD;
}

/* Keys of an item: those of its columns, those that name a file, those of its children. */
static bool known_keys(struct importing *m, const struct kind_row *k, const struct yaml *item)
{
    const char *known[2 * COLUMNS_MAX + 2];
    size_t n = 0;

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
    struct str text;
    *good = value == NULL ? read_file_beside(m, file, &text)
                          : yaml_fail(file, m->fail, "bad_value", "%s_file stands beside %s", c->key, c->key);
    if (!*good)
        return NULL;
    struct yaml *inner = arena_make(m->arena, struct yaml);
    *inner = (struct yaml){ .kind = YAML_TEXT, .line = file->line, .file = file->file, .text = text };
    if (c->type == COL_LONG)
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

static struct db_value preset_of(const struct column *c)
{
    int64_t number;

    if (c->type == COL_REF || c->type == COL_SCHOOL)
        return (struct db_value){ .kind = DB_NULL };
    if (c->type == COL_BOOL || c->type == COL_INT || c->type == COL_TIME) {
        (void)str_int(str_of(c->preset), &number);
        return db_int(number);
    }
    return db_text(str_of(c->preset));
}

static bool read_column(struct importing *m, const struct kind_row *k, const struct column *c, const struct yaml *item,
                        struct db_value *values)
{
    bool good = true;
    const struct yaml *value = value_for(m, c, item, &good);
    const struct db_value *before = row_before(m, k, values);
    size_t at = (size_t)(c - k->columns);

    if (!good)
        return false;
    if (value == NULL && c->preset == NULL)
        return yaml_fail(item, m->fail, "missing_key", "%s is missing", c->key);
    if (value == NULL) {
        values[at] = preset_of(c);
        return true;
    }
    struct cell cell = { k, c, value, before != NULL ? before + at : NULL, values[0].text };
    return read_cell(m, &cell, &values[at]);
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
    const char *known[KIND_COUNT + 2];
    size_t n = 0;
    const struct yaml *format = yaml_get(file, "format");

    known[n++] = "format";
    for (int k = 0; k < KIND_COUNT; k++)
        if (kind_rows[k].parent == KIND_COUNT)
            known[n++] = kind_rows[k].section;
    known[n] = NULL;
    if (!yaml_only(file, known, m->fail))
        return false;
    if (format == NULL || !str_eq(format->text, S("1")))
        return yaml_fail(format != NULL ? format : file, m->fail, "bad_format",
                         "expected \"format: 1\": the form of a registry file that this program reads");
    for (int k = 0; k < KIND_COUNT; k++)
        if (kind_rows[k].parent == KIND_COUNT &&
            !read_items(m, (enum kind)k, yaml_get(file, kind_rows[k].section), S("")))
            return false;
    return true;
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

/* Schools are sorted by now: those of one provider stand together. */
static const struct db_value *find_school(const struct rows *all, struct str provider, struct str name)
{
    enum { OF = 0, OID = 1, CODE = 2 };
    size_t low = 0, high = all->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_cmp(all->at[middle].values[OF].text, provider) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < all->n && str_eq(all->at[low].values[OF].text, provider); low++) {
        const struct db_value *school = all->at[low].values;
        if (str_eq(school[OID].text, name) || str_eq(school[CODE].text, name))
            return &school[OID];
    }
    return NULL;
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
        const struct db_value *oid = find_school(&m->want[KIND_SCHOOL], v[provider].text, v[school].text);
        if (oid == NULL)
            return yaml_fail(m->want[kind].at[i].from, m->fail, "no_school", "provider %.*s has no school \"%.*s\"",
                             STR_ARG(v[provider].text), STR_ARG(v[school].text));
        v[school] = *oid;
    }
    return true;
}

/* Comparing and writing. */

static bool same_value(const struct db_value *x, const struct db_value *y)
{
    return x->kind == y->kind &&
           (x->kind == DB_NULL || (x->kind == DB_INT ? x->number == y->number : str_eq(x->text, y->text)));
}

static bool same_row(const struct kind_row *k, const struct db_value *x, const struct db_value *y)
{
    for (size_t i = 0; i < k->column_count; i++)
        if (!same_value(&x[i], &y[i]))
            return false;
    return true;
}

static void tell(struct importing *m, char sign, const struct kind_row *k, const struct db_value *row)
{
    buf_printf(&m->lines, "%c %s %.*s", sign, k->name, STR_ARG(row[0].text));
    if (k->key_count > 1 && row[1].kind == DB_INT)
        buf_printf(&m->lines, "/%" PRId64, row[1].number);
    else if (k->key_count > 1)
        buf_printf(&m->lines, "/%.*s", STR_ARG(row[1].text));
    buf_byte(&m->lines, '\n');
}

static bool remove_row(struct importing *m, const struct kind_row *k, const struct db_value *row)
{
    return db_run(m->db, &k->remove, row, k->key_count, m->fail);
}

static bool insert_row(struct importing *m, const struct kind_row *k, const struct db_value *row)
{
    return db_run(m->db, &k->insert, row, k->column_count, m->fail);
}

/* Both lists are in the order of their keys: one walk over both. */
static bool write_kind(struct importing *m, const struct kind_row *k)
{
    const struct rows *want = &m->want[k - kind_rows];
    const struct db_rows *have = &m->have[k - kind_rows];
    size_t w = 0, h = 0;

    while (w < want->n || h < have->n) {
        const struct db_value *new = w < want->n ? want->at[w].values : NULL;
        const struct db_value *old = h < have->n ? db_row(have, h) : NULL;
        int c = new == NULL ? 1 : old == NULL ? -1 : compare_keys(k, new, old);
        bool good = true;
        if (c < 0) {
            m->report->added++;
            tell(m, '+', k, new);
            good = insert_row(m, k, new);
        } else if (c > 0) {
            m->report->removed++;
            tell(m, '-', k, old);
            good = remove_row(m, k, old);
        } else if (same_row(k, new, old)) {
            m->report->same++;
        } else {
            m->report->changed++;
            tell(m, '~', k, new);
            good = remove_row(m, k, old) && insert_row(m, k, new);
        }
        w += c <= 0;
        h += c >= 0;
        if (!good)
            return false;
    }
    return true;
}

/* A refusal of the whole names a row: put the row's place in the file in front. */
static bool check_result(struct importing *m)
{
    struct row_place where;
    struct fail why = { 0 };
    struct registry *r = registry_load_within(m->db, m->arena, &where, &why);

    if (r != NULL) {
        registry_drop(r);
        return true;
    }
    const struct rows *rows = &m->want[where.kind];
    size_t last = kind_rows[where.kind].key_count - 1;
    for (size_t i = 0; i < rows->n; i++)
        if (str_eq(rows->at[i].values[0].text, where.key[0]) &&
            (last == 0 || !str_is_set(where.key[1]) || str_eq(rows->at[i].values[1].text, where.key[1])))
            return fail(m->fail, why.kind, why.code, "%s:%d: %s", rows->at[i].from->file, rows->at[i].from->line,
                        why.detail);
    return fail(m->fail, why.kind, why.code, "%s", why.detail);
}

static bool write_all(struct importing *m)
{
    for (int k = 0; k < KIND_COUNT; k++)
        if (!write_kind(m, &kind_rows[k]))
            return false;
    if (!check_result(m))
        return false;
    bool moved = m->report->added + m->report->changed + m->report->removed > 0;
    return moved ? registry_number_raise(m->db, S("version"), &m->report->version, m->fail)
                 : registry_number(m->db, S("version"), &m->report->version, m->fail);
}

static bool run(struct importing *m, struct str text, const char *file)
{
    struct yaml *y = yaml_read(m->arena, text, file, m->fail);

    if (y == NULL)
        return false;
    for (int k = 0; k < KIND_COUNT; k++)
        if (!db_query(m->db, &kind_rows[k].select, NULL, 0, m->arena, &m->have[k], m->fail))
            return false;
    if (!read_file(m, y))
        return false;
    for (int k = 0; k < KIND_COUNT; k++)
        if (!sort_rows(m, (enum kind)k))
            return false;
    return settle_schools(m, KIND_RULE) && settle_schools(m, KIND_AFFILIATION) && write_all(m) &&
           (m->how->dry_run || db_commit(m->db, m->fail));
}

bool registry_import(struct db *d, struct arena *a, struct str text, const char *file, const struct import_how *how,
                     struct import_report *out, struct fail *f)
{
    struct importing m = { .arena = arena_new_secret(), .db = d, .how = how, .report = out, .fail = f };

    *out = (struct import_report){ 0 };
    m.lines = buf_new(a, 64 << 20);
    bool good = db_begin(d, f) && run(&m, text, file);
    db_rollback(d); /* after a commit there is nothing left to undo */
    out->lines = buf_str(&m.lines);
    arena_free(m.arena);
    return good;
}
