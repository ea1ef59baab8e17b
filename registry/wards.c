/* SPDX-License-Identifier: EUPL-1.2 */
#include "registry/wards.h"

#include "base/text.h"
#include "idp-adapters/attribute_map.h"
#include "idp-adapters/relations.h"
#include "model/pairwise.h"
#include "registry/store.h"

#include <string.h>

enum { CELLS_MAX = 32, NAME_MAX_B = 256, GROUP_MAX_B = 64, LEVEL_MAX = 12, GUARDIANS_MAX = 16 };

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
                     "INSERT OR IGNORE INTO guardian (guardian, provider, identity) VALUES (?1, ?2, ?3)" };

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
    struct wards_import *x;
    struct arena *arena; /* of one line */
    struct db *d;        /* NULL: all is checked, and nothing kept */
    struct fail *f;
    struct str rest, cells[CELLS_MAX];
    size_t n, line, begun; /* cells of the row; lines from 1 */
    size_t at[COLUMN_COUNT];
    char between;
};

/* Never with what stands there: it may be an identity code. */
static bool wrong(struct reading *r, const char *why)
{
    return fail(r->f, FAIL_CALLER, "relations_line", "line %zu: %s", r->begun, why);
}

/* One cell, without what quotes it [RFC 4180]; false: its quotation mark does not end. */
static bool read_cell(struct reading *r, struct str *out, bool *last)
{
    struct buf b = buf_new(r->arena, WARDS_LINE_MAX_B);
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

static bool read_row(struct reading *r)
{
    bool last = false;

    r->n = 0;
    r->begun = r->line;
    while (!last) {
        struct str cell;
        if (!read_cell(r, &cell, &last))
            return wrong(r, "a cell has no end, or is too long");
        if (r->n == CELLS_MAX)
            return wrong(r, "more columns than anybody needs");
        r->cells[r->n++] = cell;
    }
    return true;
}

static bool is_empty_row(const struct reading *r)
{
    return r->n == 1 && r->cells[0].n == 0;
}

static bool read_head(struct reading *r)
{
    struct str head = str_sub(r->rest, 0, str_find_byte(r->rest, '\n', 0));

    r->between = str_find_byte(head, ';', 0) < head.n ? ';' : str_find_byte(head, '\t', 0) < head.n ? '\t' : ',';
    for (size_t k = 0; k < COLUMN_COUNT; k++)
        r->at[k] = SIZE_MAX;
    if (!read_row(r))
        return false;
    for (size_t i = 0; i < r->n; i++) {
        size_t k = 0;
        while (k < COLUMN_COUNT && !str_eq_case(r->cells[i], str_of(column_names[k])))
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
    return r->at[which] < r->n ? r->cells[r->at[which]] : S("");
}

static bool plain(struct str s, size_t max)
{
    return s.n <= max && str_is_utf8(s) && text_is_plain(s);
}

/* What the child is called by its own identity provider: then it is one person with whoever signs in there. */
static bool read_child(struct reading *r, struct str *child)
{
    struct str own = cell(r, COLUMN_own_key), number = cell(r, COLUMN_learner_id);
    const struct wards_import *x = r->x;

    if (own.n > 0 && x->idp == NULL)
        return wrong(r, "own_key: say whose it is, by --idp");
    if (own.n > 0) {
        *child = pairwise_person(r->arena, x->seals, x->idp->id, own);
        return plain(own, SUBJECT_MAX_B) || wrong(r, "own_key holds characters that cannot be seen, or too many");
    }
    if (!learner_id_valid(number, x->idp != NULL && x->idp->test))
        return wrong(r, "neither own_key nor a learner number whose check digit is right");
    *child = pairwise_person(r->arena, x->seals, S("~learner"), number);
    return true;
}

static bool read_level(struct reading *r, int64_t *level)
{
    struct str text = cell(r, COLUMN_level);

    *level = 0;
    return text.n == 0 || (str_int(text, level) && *level >= 1 && *level <= LEVEL_MAX) ||
           wrong(r, "level is a number from 1 to 12, or empty");
}

static bool put_guardians(struct reading *r, struct str identity)
{
    struct str rest = cell(r, COLUMN_guardians), code;
    size_t n = 0;
    int64_t of_age_s;

    while (str_split(&rest, ' ', &code)) {
        if (code.n == 0)
            continue;
        if (!identity_of_age(code, &of_age_s) || of_age_s > r->x->now_s)
            return wrong(r, "guardians: identity codes of people of age, with spaces between");
        if (++n > GUARDIANS_MAX)
            return wrong(r, "guardians: more than anybody has");
        const struct db_value args[] = { db_text(identity_hash(r->arena, r->x->seals, code)),
                                         db_text(r->x->provider->id), db_text(identity) };
        if (r->d != NULL && !db_run(r->d, &put_guardian, args, 3, r->f))
            return false;
    }
    r->x->relations += n;
    return true;
}

static bool read_ward(struct reading *r)
{
    struct wards_import *x = r->x;
    struct str code = cell(r, COLUMN_identity), hidden = cell(r, COLUMN_protected), child;
    const struct school *school = provider_school(x->provider, cell(r, COLUMN_school));
    int64_t until_s, level;

    if (!identity_of_age(code, &until_s))
        return wrong(r, "identity is no personal identity code");
    if (school == NULL || !school->active)
        return wrong(r, "school is none of the municipality's that is open");
    if (!read_child(r, &child) || !read_level(r, &level))
        return false;
    if (!plain(cell(r, COLUMN_name), NAME_MAX_B) || !plain(cell(r, COLUMN_group), GROUP_MAX_B))
        return wrong(r, "name or group holds characters that cannot be seen, or too many");
    if (hidden.n > 0 && !str_eq(hidden, S("0")) && !str_eq(hidden, S("1")))
        return wrong(r, "protected is 1, 0 or empty");
    if (str_eq(hidden, S("1")) || until_s <= x->now_s) {
        x->left_out++;
        return true;
    }
    struct str identity = identity_hash(r->arena, x->seals, code);
    const struct db_value args[] = { db_text(x->provider->id),
                                     db_text(identity),
                                     db_text(child),
                                     db_text(x->provider->oid),
                                     db_text(school->oid),
                                     db_text(school->code.p != NULL ? school->code : S("")),
                                     db_text(cell(r, COLUMN_group)),
                                     db_int(level),
                                     db_text(cell(r, COLUMN_name)),
                                     db_int(until_s) };
    struct fail why = { 0 };
    if (r->d != NULL && !db_run(r->d, &put_ward, args, sizeof args / sizeof *args, &why))
        return wrong(r, "the child stands in the file twice, or could not be kept");
    x->children++;
    return put_guardians(r, identity);
}

static bool read_file(struct reading *r)
{
    bool good = read_head(r);

    while (good && r->rest.n > 0) {
        struct arena *a = arena_new_secret(); /* identity codes pass through */
        r->arena = a;
        good = read_row(r) && (is_empty_row(r) || read_ward(r)) &&
               (r->line <= WARDS_LINES_MAX || wrong(r, "the file has too many lines"));
        arena_free(a);
    }
    return good;
}

static bool take(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct wards_import *x = with;
    const struct db_value whose[] = { db_text(x->provider->id) };
    struct reading r = { .x = x, .arena = a, .d = d, .f = f, .rest = x->csv, .line = 1, .begun = 1 };

    if (str_has_prefix(r.rest, S("\xef\xbb\xbf")))
        r.rest = str_from(r.rest, 3);
    if (!db_begin(d, f))
        return false;
    if (db_run(d, &clear_wards, whose, 1, f) && db_run(d, &clear_guardians, whose, 1, f) && read_file(&r) &&
        !x->try_only)
        return db_commit(d, f);
    db_rollback(d);
    return x->try_only && f->kind == FAIL_NONE;
}

bool wards_take(struct wards *w, struct arena *a, struct wards_import *x, struct fail *f)
{
    x->children = x->relations = x->left_out = 0;
    return store_now((struct store *)w, a, take, x, f);
}
