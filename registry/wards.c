/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/wards.h"

#include "base/text.h"
#include "idp-adapters/attribute_map.h"
#include "idp-adapters/relations.h"
#include "model/pairwise.h"
#include "registry/stores.h"
#include "registry/wards_int.h"

#include <string.h>

enum { NAME_MAX_B = 256, GROUP_MAX_B = 64, LEVEL_MAX = 12 };

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE ward (provider TEXT NOT NULL, identity TEXT NOT NULL, child TEXT NOT NULL, "
         "provider_oid TEXT NOT NULL, school_oid TEXT NOT NULL, school_code TEXT NOT NULL, class_group TEXT NOT NULL, "
         "class_level INTEGER NOT NULL, name TEXT NOT NULL, until_s INTEGER NOT NULL, "
         "PRIMARY KEY (identity, provider)) WITHOUT ROWID;"
         "CREATE INDEX ward_provider ON ward (provider);"
         "CREATE TABLE guardian (guardian TEXT NOT NULL, provider TEXT NOT NULL, identity TEXT NOT NULL, "
         "PRIMARY KEY (guardian, provider, identity)) WITHOUT ROWID;"
         "CREATE INDEX guardian_provider ON guardian (provider);" },
};

const struct db_schema wards_schema = { "wards.sqlite", migrations, sizeof migrations / sizeof *migrations };

#define COLUMNS "w.child, w.provider_oid, w.school_oid, w.school_code, w.class_group, w.class_level, w.name, w.until_s"

static const struct db_statement
    by_identity = { "ward_find", "SELECT " COLUMNS " FROM ward w WHERE w.identity = ?1 AND w.until_s > ?2 "
                                 "ORDER BY w.provider" },
    by_guardian = { "ward_of", "SELECT " COLUMNS " FROM guardian g JOIN ward w ON w.identity = g.identity AND "
                               "w.provider = g.provider WHERE g.guardian = ?1 AND w.until_s > ?2 "
                               "ORDER BY w.name, w.child LIMIT 16" },
    clear_wards = { "ward_clear", "DELETE FROM ward WHERE provider = ?1" },
    clear_guardians = { "guardian_clear", "DELETE FROM guardian WHERE provider = ?1" },
    put_ward = { "ward_put", "INSERT INTO ward (provider, identity, child, provider_oid, school_oid, school_code, "
                             "class_group, class_level, name, until_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
                             "?10)" },
    put_guardian = { "guardian_put",
                     "INSERT OR IGNORE INTO guardian (guardian, provider, identity) VALUES (?1, ?2, ?3)" },
    keep_before = { "ward_before", "CREATE TEMP TABLE was AS SELECT w.child, w.provider_oid, g.guardian FROM ward w "
                                   "LEFT JOIN guardian g ON g.identity = w.identity AND g.provider = w.provider "
                                   "WHERE w.provider = ?1" },
    drop_before = { "ward_before_drop", "DROP TABLE temp.was" },
    gone_children = { "ward_gone", "SELECT child, provider_oid, NULL FROM temp.was EXCEPT "
                                   "SELECT child, provider_oid, NULL FROM ward WHERE provider = ?1" },
    gone_guardians = { "guardian_gone",
                       "SELECT child, provider_oid, guardian FROM temp.was WHERE guardian IS NOT NULL EXCEPT "
                       "SELECT w.child, w.provider_oid, g.guardian FROM guardian g JOIN ward w "
                       "ON w.identity = g.identity AND w.provider = g.provider WHERE g.provider = ?1" };

enum { GONE_MOST = 200 /* of more than these the whole municipality's guardians sign in anew */ };

/* struct wards is a struct store: a name of its own keeps one from being taken for another. */
struct wards *wards_new(const struct settings *set)
{
    return (struct wards *)store_new(set, "wards.sqlite", migrations, sizeof migrations / sizeof *migrations);
}

void wards_free(struct wards *w)
{
    store_free((struct store *)w);
}

/* ── found ──────────────────────────────────────────────────────────────── */

static struct str cell_of(struct str s)
{
    return s.n > 0 ? s : (struct str){ NULL, 0 };
}

static struct acting row_of(const struct db_value *row)
{
    return (struct acting){ .child = row[0].text,
                            .provider_oid = row[1].text,
                            .school_oid = cell_of(row[2].text),
                            .school_code = cell_of(row[3].text),
                            .group = cell_of(row[4].text),
                            .class_level = (int)row[5].number,
                            .name = cell_of(row[6].text),
                            .until_s = row[7].number };
}

static void keep(struct wards_asking *x, const struct acting *one)
{
    for (size_t i = 0; i < x->n; i++)
        if (str_eq(x->found[i].child, one->child) && str_eq(x->found[i].provider_oid, one->provider_oid))
            return;
    if (x->n < WARDS_ASKED_MAX)
        x->found[x->n++] = *one;
}

static bool find_all(struct wards_asking *x, struct db *d, struct arena *a, const struct db_statement *s,
                     struct str hash, struct fail *f)
{
    const struct db_value args[] = { db_text(str_is_set(hash) ? hash : S("-")), db_int(x->now_s) };
    struct db_rows rows;

    if (!db_query(d, s, args, 2, a, &rows, f))
        return false;
    for (size_t i = 0; i < rows.n; i++) {
        const struct acting one = row_of(db_row(&rows, i));
        keep(x, &one);
    }
    return true;
}

/* As many questions whoever is found: an absent hash is looked for like any. */
static bool find(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct wards_asking *x = with;
    bool good = find_all(x, d, a, &by_guardian, x->guardian, f);

    for (size_t i = 0; i < WARDS_ASKED_MAX; i++)
        good = find_all(x, d, a, &by_identity, x->identities[i], f) && good;
    return good;
}

bool wards_ask(struct wards *w, struct work *work, struct batch *b, struct arena *a, struct wards_asking *x)
{
    return store_ask((struct store *)w, work, b, a, find, x, &x->ok, &x->why);
}

/* ── a municipality's file ──────────────────────────────────────────────── */

#define FILE_COLUMNS(X)                                                                                                \
    X(identity)                                                                                                        \
    X(own_key)                                                                                                         \
    X(learner_id)                                                                                                      \
    X(school)                                                                                                          \
    X(group)                                                                                                           \
    X(level)                                                                                                           \
    X(name)                                                                                                            \
    X(protected)                                                                                                       \
    X(guardians)

enum column {
#define X(name) COLUMN_##name,
    FILE_COLUMNS(X)
#undef X
        COLUMN_COUNT
};

static const char *const column_names[] = {
#define X(name) #name,
    FILE_COLUMNS(X)
#undef X
};

struct reading {
    struct wards_taking take;
    struct wards_csv csv;
    size_t at[COLUMN_COUNT];
};

bool wards_wrong(struct wards_taking *t, const char *why)
{
    return fail(t->f, FAIL_CALLER, "relations_line", "line %zu: %s", t->begun, why);
}

static bool wrong(struct reading *r, const char *why)
{
    r->take.begun = r->csv.begun;
    return wards_wrong(&r->take, why);
}

/* One cell, without what quotes it; false: its quotation mark does not end. */
static bool read_cell(struct arena *a, struct wards_csv *r, struct str *out, bool *last)
{
    struct buf b = buf_new(a, WARDS_LINE_MAX_B);
    size_t i = 0;
    bool quoted = r->rest.n > 0 && r->rest.p[0] == '"';

    for (i = quoted ? 1 : 0; i < r->rest.n; i++) {
        char c = r->rest.p[i];
        if (quoted && c == '"') {
            if (i + 1 < r->rest.n && r->rest.p[i + 1] == '"') {
                buf_byte(&b, '"');
                i++;
                continue;
            }
            quoted = false;
            continue;
        }
        if (!quoted && (c == r->between || c == '\n'))
            break;
        r->line += c == '\n';
        buf_byte(&b, c);
    }
    *last = i >= r->rest.n || r->rest.p[i] == '\n';
    r->line += i < r->rest.n && r->rest.p[i] == '\n';
    r->rest = str_from(r->rest, i + 1);
    *out = str_trim(buf_str(&b));
    return !quoted && buf_ok(&b);
}

const char *wards_csv_row(struct arena *a, struct wards_csv *r)
{
    bool last = false;

    r->n = 0;
    r->begun = r->line;
    while (!last) {
        struct str cell;
        if (!read_cell(a, r, &cell, &last))
            return "a cell has no end, or is too long: put one \" at its end, and \"\" where it holds one";
        if (r->n == WARDS_CELLS_MAX)
            return "more columns than anybody needs";
        r->cells[r->n++] = cell;
    }
    return NULL;
}

void wards_csv_begin(struct wards_csv *r, struct str text)
{
    *r = (struct wards_csv){ .rest = text, .line = 1, .begun = 1 };
    if (str_has_prefix(r->rest, S("\xef\xbb\xbf")))
        r->rest = str_from(r->rest, 3);
    struct str head = str_sub(r->rest, 0, str_find_byte(r->rest, '\n', 0));
    r->between = str_find_byte(head, ';', 0) < head.n ? ';' : str_find_byte(head, '\t', 0) < head.n ? '\t' : ',';
}

static bool read_row(struct reading *r)
{
    const char *why = wards_csv_row(r->take.arena, &r->csv);

    r->take.begun = r->csv.begun;
    return why == NULL || wrong(r, why);
}

static bool is_empty_row(const struct reading *r)
{
    return r->csv.n == 1 && r->csv.cells[0].n == 0;
}

static bool read_head(struct reading *r)
{
    for (size_t k = 0; k < COLUMN_COUNT; k++)
        r->at[k] = SIZE_MAX;
    if (!read_row(r))
        return false;
    for (size_t i = 0; i < r->csv.n; i++) {
        size_t k = 0;
        while (k < COLUMN_COUNT && !str_eq_case(r->csv.cells[i], str_of(column_names[k])))
            k++;
        if (k == COLUMN_COUNT)
            return wrong(r,
                         "a column that nobody knows: there are identity, own_key, learner_id, school, group, level, "
                         "name, protected and guardians");
        if (r->at[k] != SIZE_MAX)
            return wrong(r, "a column stands there twice");
        r->at[k] = i;
    }
    if (r->at[COLUMN_identity] == SIZE_MAX || r->at[COLUMN_school] == SIZE_MAX)
        return wrong(r, "the columns identity and school must be there");
    return (r->at[COLUMN_own_key] != SIZE_MAX || r->at[COLUMN_learner_id] != SIZE_MAX) ||
           wrong(r, "one of the columns own_key and learner_id must be there");
}

static struct str cell(const struct reading *r, enum column which)
{
    return r->at[which] < r->csv.n ? r->csv.cells[r->at[which]] : S("");
}

static bool plain(struct str s, size_t max)
{
    return s.n <= max && str_is_utf8(s) && text_is_plain(s);
}

/* What the child is called by its own identity provider: then it is one person with whoever signs in there. */
static bool read_child(struct wards_taking *t, const struct ward_row *row, struct str *child)
{
    const struct wards_import *x = t->x;

    if (row->own_key.n > 0 && x->idp == NULL)
        return wards_wrong(t, "own_key: say whose it is, by --idp");
    if (row->own_key.n > 0) {
        *child = pairwise_person(t->arena, x->seals, x->idp->id, row->own_key);
        return plain(row->own_key, SUBJECT_MAX_B) ||
               wards_wrong(t, "own_key holds characters that cannot be seen, or too many");
    }
    if (!learner_id_valid(row->learner_id, x->idp != NULL && x->idp->test))
        return wards_wrong(t, "neither own_key nor a learner number whose check digit is right");
    *child = pairwise_person(t->arena, x->seals, S("~learner"), row->learner_id);
    return true;
}

static bool read_level(struct wards_taking *t, const struct ward_row *row, int64_t *level)
{
    *level = 0;
    return row->level.n == 0 || (str_int(row->level, level) && *level >= 1 && *level <= LEVEL_MAX) ||
           wards_wrong(t, "level is a number from 1 to 12, or empty");
}

bool ward_row_guardian(struct wards_taking *t, struct ward_row *row, struct str code)
{
    int64_t of_age_s;

    if (!identity_of_age(code, &of_age_s) || of_age_s > t->x->now_s)
        return wards_wrong(t, "guardians: identity codes of people of age, with spaces between");
    if (row->guardian_count == WARDS_GUARDIANS_MAX)
        return wards_wrong(t, "guardians: more than anybody has");
    row->guardians[row->guardian_count++] = identity_hash(t->arena, t->x->seals, code);
    return true;
}

static bool put_guardians(struct wards_taking *t, const struct ward_row *row, struct str identity)
{
    for (size_t i = 0; i < row->guardian_count; i++) {
        const struct db_value args[] = { db_text(row->guardians[i]), db_text(t->x->provider->id), db_text(identity) };
        if (t->d != NULL && !db_run(t->d, &put_guardian, args, 3, t->f))
            return false;
    }
    t->x->relations += row->guardian_count;
    return true;
}

bool ward_row_take(struct wards_taking *t, const struct ward_row *row)
{
    struct wards_import *x = t->x;
    const struct school *school = provider_school(x->provider, row->school);
    struct str child;
    int64_t until_s, level;

    if (!identity_of_age(row->identity, &until_s))
        return wards_wrong(t, "identity is no personal identity code");
    if (school == NULL || !school->active)
        return wards_wrong(t, "school is none of the municipality's that is open");
    if (!read_child(t, row, &child) || !read_level(t, row, &level))
        return false;
    if (!plain(row->name, NAME_MAX_B) || !plain(row->group, GROUP_MAX_B))
        return wards_wrong(t, "name or group holds characters that cannot be seen, or too many");
    if (row->hidden.n > 0 && !str_eq(row->hidden, S("0")) && !str_eq(row->hidden, S("1")))
        return wards_wrong(t, "protected is 1, 0 or empty");
    if (str_eq(row->hidden, S("1")) || until_s <= x->now_s) {
        x->left_out++;
        return true;
    }
    struct str identity = identity_hash(t->arena, x->seals, row->identity);
    const struct db_value args[] = { db_text(x->provider->id), db_text(identity),
                                     db_text(child),           db_text(x->provider->oid),
                                     db_text(school->oid),     db_text(school->code.p != NULL ? school->code : S("")),
                                     db_text(row->group),      db_int(level),
                                     db_text(row->name),       db_int(until_s) };
    struct fail why = { 0 };
    if (t->d != NULL && !db_run(t->d, &put_ward, args, sizeof args / sizeof *args, &why))
        return wards_wrong(t, "the child stands in the file twice, or could not be kept");
    x->children++;
    return put_guardians(t, row, identity);
}

static bool read_ward(struct reading *r)
{
    struct ward_row row = { .identity = cell(r, COLUMN_identity),
                            .own_key = cell(r, COLUMN_own_key),
                            .learner_id = cell(r, COLUMN_learner_id),
                            .school = cell(r, COLUMN_school),
                            .group = cell(r, COLUMN_group),
                            .level = cell(r, COLUMN_level),
                            .name = cell(r, COLUMN_name),
                            .hidden = cell(r, COLUMN_protected) };
    struct str rest = cell(r, COLUMN_guardians), code;

    while (str_split(&rest, ' ', &code))
        if (code.n > 0 && !ward_row_guardian(&r->take, &row, code))
            return false;
    return ward_row_take(&r->take, &row);
}

static bool read_csv(struct wards_taking *t)
{
    struct reading r = { .take = *t };

    wards_csv_begin(&r.csv, t->x->csv);
    bool good = read_head(&r);
    while (good && r.csv.rest.n > 0) {
        struct arena *a = arena_new_secret(); /* identity codes pass through */
        r.take.arena = a;
        good = read_row(&r) && (is_empty_row(&r) || read_ward(&r)) &&
               (r.csv.line <= WARDS_LINES_MAX || wrong(&r, "the file has too many lines"));
        arena_free(a);
    }
    return good;
}

static bool read_file(struct wards_taking *t)
{
    t->x->children = t->x->relations = t->x->left_out = t->x->unknown = 0;
    return wards_roster_is(t->x->csv) ? wards_roster_read(t) : read_csv(t);
}

bool wards_check(struct arena *a, struct wards_import *x, struct fail *f)
{
    struct wards_taking t = { .x = x, .arena = a, .f = f, .begun = 1 };

    return read_file(&t);
}

/* ── what is gone ───────────────────────────────────────────────────────── */

struct gone {
    struct db_rows children, guardians;
};

static bool find_gone(struct db *d, struct arena *a, struct wards_import *x, struct gone *g, struct fail *f)
{
    const struct db_value whose[] = { db_text(x->provider->id) };

    if (!db_query(d, &gone_children, whose, 1, a, &g->children, f) ||
        !db_query(d, &gone_guardians, whose, 1, a, &g->guardians, f) || !db_run(d, &drop_before, NULL, 0, f))
        return false;
    x->gone = g->children.n + g->guardians.n;
    return true;
}

static bool end_row(struct wards_import *x, struct arena *a, const struct db_value *row, struct fail *f)
{
    const struct mark m = mark_ward(a, row[1].text, row[0].text, row[2].text, x->now_s, x->now_s + x->ends_for_s);

    return ends_mark_now(x->ends, a, &m, f);
}

static bool end_gone(struct wards_import *x, struct arena *a, const struct gone *g, struct fail *f)
{
    const struct mark all = mark_ward(a, x->provider->oid, (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, x->now_s,
                                      x->now_s + x->ends_for_s);
    bool good = true;

    if (x->ends == NULL || x->gone == 0)
        return true;
    if (x->gone > GONE_MOST)
        return ends_mark_now(x->ends, a, &all, f);
    for (size_t i = 0; good && i < g->children.n; i++)
        good = end_row(x, a, db_row(&g->children, i), f);
    for (size_t i = 0; good && i < g->guardians.n; i++)
        good = end_row(x, a, db_row(&g->guardians, i), f);
    return good;
}

/* Ended before the file is in force, so that nothing that fails between leaves anybody acting; and once more, since
 * somebody may have begun meanwhile by what it said before. */
static bool take(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct wards_import *x = with;
    const struct db_value whose[] = { db_text(x->provider->id) };
    struct wards_taking t = { .x = x, .arena = a, .d = d, .f = f, .begun = 1 };
    struct gone gone;

    if (!db_begin(d, f))
        return false;
    if (db_run(d, &keep_before, whose, 1, f) && db_run(d, &clear_wards, whose, 1, f) &&
        db_run(d, &clear_guardians, whose, 1, f) && read_file(&t) && find_gone(d, a, x, &gone, f) && !x->try_only &&
        end_gone(x, a, &gone, f) && db_commit(d, f))
        return end_gone(x, a, &gone, f);
    db_rollback(d);
    return x->try_only && f->kind == FAIL_NONE;
}

bool wards_take(struct wards *w, struct arena *a, struct wards_import *x, struct fail *f)
{
    return store_now((struct store *)w, a, take, x, f);
}
