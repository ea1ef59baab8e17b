/* SPDX-License-Identifier: EUPL-1.2
 *
 * The file of the index: what a line can be found by, and to where the index reaches. */
#include "audit/index_int.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct db_migration migrations[] = {
    { 1, "CREATE TABLE block (n INTEGER PRIMARY KEY, age INTEGER NOT NULL, last INTEGER NOT NULL, "
         "segment INTEGER NOT NULL, at INTEGER NOT NULL, len INTEGER NOT NULL, min_s INTEGER NOT NULL, "
         "max_s INTEGER NOT NULL);"
         "CREATE TABLE post (age INTEGER NOT NULL, key INTEGER NOT NULL, block INTEGER NOT NULL, "
         "PRIMARY KEY (age, key, block)) WITHOUT ROWID;"
         "CREATE TABLE reach (one INTEGER PRIMARY KEY CHECK (one = 1), segment INTEGER NOT NULL, at INTEGER NOT NULL, "
         "number INTEGER NOT NULL, last_at INTEGER NOT NULL, prev TEXT NOT NULL);" },
    /* Where in its block the lines with the key lie: of a person one line is read, and not 128.  Made anew. */
    { 2, "DROP TABLE post; DELETE FROM block; DELETE FROM reach;"
         "CREATE TABLE post (age INTEGER NOT NULL, key INTEGER NOT NULL, block INTEGER NOT NULL, "
         "begins INTEGER NOT NULL, ends INTEGER NOT NULL, PRIMARY KEY (age, key, block)) WITHOUT ROWID;" },
};
enum { MIGRATIONS = sizeof migrations / sizeof *migrations };
static const struct db_statement reach = { "index_reach",
                                           "SELECT segment, at, number, last_at, prev FROM reach WHERE one = 1" };

int64_t audit_key(enum key_kind kind, struct str value)
{
    if (kind == KEY_OF_PERSON || kind == KEY_OF_LOOK)
        value = str_sub(value, 0, PERSON_KEY_B);
    int64_t key = (int64_t)(str_hash(value, (uint64_t)kind) >> 1);
    return key != 0 ? key : 1; /* 0 is no key */
}

/* ── one line ───────────────────────────────────────────────────────────── */

/* What stands between this quote and the one that ends it, as it is; *at behind it.  The writer escapes quotes. */
static struct str quoted(struct str line, size_t *at)
{
    size_t from = ++*at, end = str_find_byte(line, '"', from);

    if (str_find_byte(str_sub(line, 0, end), '\\', from) < end) { /* seldom: it may be no end */
        while (*at < line.n && line.p[*at] != '"')
            *at += line.p[*at] == '\\' ? 2 : 1;
        end = *at < line.n ? *at : line.n;
    }
    *at = end + 1;
    return str_sub(line, from, end - from);
}

/* The next member of a line of ours; a number is passed over.  False: there is none. */
static bool next_member(struct str line, size_t *at, struct str *name, struct str *value)
{
    *at = str_find_byte(line, '"', *at);
    if (*at >= line.n)
        return false;
    *name = quoted(line, at);
    if (*at >= line.n || line.p[*at] != ':')
        return false;
    ++*at;
    *value = *at < line.n && line.p[*at] == '"' ? quoted(line, at) : (struct str){ NULL, 0 };
    return true;
}

/* "person 8c1f…", "code K7F29QXM", "?code=K7F29QXM&person=8c1f…": whom a look was at. */
static size_t look_keys(struct str row, int64_t *out, size_t room)
{
    static const struct str words[] = { S("person "), S("code ") },
                            members[] = { S("person="), S("actor="), S("code=") };
    struct str rest = row, part;
    size_t n = 0;

    for (size_t i = 0; i < sizeof words / sizeof *words && n < room; i++)
        if (str_has_prefix(row, words[i]))
            out[n++] = audit_key(KEY_OF_LOOK, str_from(row, words[i].n));
    if (!str_has_prefix(row, S("?")))
        return n;
    rest = str_from(row, 1);
    while (str_split(&rest, '&', &part))
        for (size_t i = 0; i < sizeof members / sizeof *members && n < room; i++)
            if (str_has_prefix(part, members[i]))
                out[n++] = audit_key(KEY_OF_LOOK, str_from(part, members[i].n));
    return n;
}

size_t audit_line_keys(struct arena *a, struct str line, int64_t out[LINE_KEYS_MAX])
{
    static const struct {
        struct str name;
        enum key_kind kind;
    } members[] = { { S("event"), KEY_OF_EVENT }, { S("person"), KEY_OF_PERSON },
                    { S("who"), KEY_OF_PERSON },  { S("service"), KEY_OF_SERVICE },
                    { S("idp"), KEY_OF_IDP },     { S("reason"), KEY_OF_REASON },
                    { S("row"), KEY_OF_ROW },     { S("support_code"), KEY_OF_SUPPORT_CODE } };
    struct str name, value, idp = { NULL, 0 }, area = { NULL, 0 };
    size_t at = 0, n = 0;

    while (next_member(line, &at, &name, &value)) {
        if (str_eq(name, S("idp")))
            idp = value;
        if (str_eq(name, S("row")) && n < LINE_KEYS_MAX - LOOK_KEYS_MAX - 1)
            n += look_keys(value, out + n, LOOK_KEYS_MAX);
        if (str_eq(name, S("area")))
            area = str_sub(value, 0, str_find_byte(value, '/', 0));
        for (size_t i = 0; str_is_set(value) && i < sizeof members / sizeof *members && n < LINE_KEYS_MAX - 1; i++)
            if (name.n == members[i].name.n && str_eq(name, members[i].name)) {
                out[n++] = audit_key(members[i].kind, value);
                break;
            }
    }
    if (str_is_set(area))
        out[n++] = audit_key(KEY_OF_HOME, arena_join(a, S("a:"), area));
    else if (str_is_set(idp))
        out[n++] = audit_key(KEY_OF_HOME, arena_join(a, S("i:"), idp));
    return n;
}

/* ── to where it reaches ────────────────────────────────────────────────── */

static bool last_line_holds(int dir_fd, const struct index_at *x)
{
    struct arena *a = arena_new();
    char name[32], *p = arena_alloc(a, AUDIT_LINE_MAX_B + 1);

    (void)snprintf(name, sizeof name, AUDIT_SEGMENT_FORM, (unsigned)x->segment);
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    size_t n = x->at > x->last_at && x->at - x->last_at <= AUDIT_LINE_MAX_B + 1 ? (size_t)(x->at - x->last_at) : 0;
    bool holds = fd >= 0 && n > 1 && pread(fd, p, n, (off_t)x->last_at) == (ssize_t)n && p[n - 1] == '\n' &&
                 memcmp(audit_line_hash(a, str_n(p, n - 1)).p, x->prev, AUDIT_HEAD_HEX) == 0;
    if (fd >= 0)
        (void)close(fd);
    arena_free(a);
    return holds;
}

bool audit_index_reach(struct db *d, int dir_fd, struct index_at *out)
{
    struct arena *a = arena_new();
    struct db_rows rows;
    struct fail f = { 0 };
    bool good =
        db_query(d, &reach, NULL, 0, a, &rows, &f) && rows.n == 1 && db_row(&rows, 0)[4].text.n == AUDIT_HEAD_HEX;

    *out = (struct index_at){ .segment = 0 };
    if (good) {
        const struct db_value *v = db_row(&rows, 0);
        *out = (struct index_at){
            .segment = v[0].number, .at = v[1].number, .number = v[2].number, .last_at = v[3].number
        };
        memcpy(out->prev, v[4].text.p, AUDIT_HEAD_HEX);
        good = out->segment > 0 && out->segment <= 999999 && last_line_holds(dir_fd, out);
    }
    arena_free(a);
    return good;
}

struct db *audit_index_open(const char *dir, bool make, struct fail *f)
{
    struct arena *a = arena_new();
    const char *path = arena_cstr(a, arena_printf(a, "%s/" AUDIT_INDEX_NAME, dir));
    struct db *d = make || access(path, F_OK) == 0 ? db_open(path, DB_INDEX, f) : NULL;

    if (d != NULL && make ? !db_migrate(d, migrations, MIGRATIONS, f)
                          : d != NULL && db_schema_version(d) != MIGRATIONS) {
        db_close(d);
        d = NULL;
    }
    arena_free(a);
    return d;
}
