/* SPDX-License-Identifier: EUPL-1.2
 *
 * SQLite in WAL mode with synchronous=FULL: a commit is on the disk before it is
 * acknowledged; readers never wait for the writer. */
#include "wire/db.h"

#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

enum { PREPARED_MAX = 256 };

struct prepared {
    const struct db_statement *statement;
    sqlite3_stmt *stmt;
};

struct db {
    struct arena *arena;
    sqlite3 *sqlite;
    const char *path;
    struct prepared prepared[PREPARED_MAX];
    size_t prepared_n;
    struct db_statement begin, begin_read, commit, rollback, data_version;
    struct str tag;
};

static int refuse(struct db *d, int code, const char *what, struct fail *f)
{
    const char *why = sqlite3_errmsg(d->sqlite);

    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(f, FAIL_OURS, "db_busy", "%s: %s: another process holds the lock", d->path, what);
    case SQLITE_FULL:
        return fail(f, FAIL_OURS, "db_full", "%s: %s: the disk is full", d->path, what);
    case SQLITE_CONSTRAINT:
        return fail(f, FAIL_CONFLICT, "db_constraint", "%s: %s", what, why);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail(f, FAIL_OURS, "db_damaged", "%s is damaged (%s); restore it from a backup", d->path, why);
    default:
        return fail(f, FAIL_OURS, "db_failed", "%s: %s: %s", d->path, what, why);
    }
}

static bool run_text(struct db *d, const char *sql, struct fail *f)
{
    int code = sqlite3_exec(d->sqlite, sql, NULL, NULL, NULL);

    return code == SQLITE_OK || refuse(d, code, sql, f);
}

static sqlite3_stmt *prepare(struct db *d, const struct db_statement *s, struct fail *f)
{
    for (size_t i = 0; i < d->prepared_n; i++)
        if (d->prepared[i].statement == s)
            return d->prepared[i].stmt;
    assert(d->prepared_n < PREPARED_MAX);
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v3(d->sqlite, s->sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (code != SQLITE_OK) {
        (void)refuse(d, code, s->name, f);
        return NULL;
    }
    d->prepared[d->prepared_n++] = (struct prepared){ s, stmt };
    return stmt;
}

static sqlite3_stmt *bound(struct db *d, const struct db_statement *s, const struct db_value *args, size_t n,
                           struct fail *f)
{
    sqlite3_stmt *stmt = prepare(d, s, f);

    if (stmt == NULL)
        return NULL;
    assert((size_t)sqlite3_bind_parameter_count(stmt) == n && n <= DB_ARGS_MAX);
    for (size_t i = 0; i < n; i++) {
        int code = args[i].kind == DB_INT    ? sqlite3_bind_int64(stmt, (int)i + 1, args[i].number)
                   : args[i].kind == DB_TEXT ? sqlite3_bind_text64(stmt, (int)i + 1, args[i].text.p, args[i].text.n,
                                                                   SQLITE_TRANSIENT, SQLITE_UTF8)
                                             : sqlite3_bind_null(stmt, (int)i + 1);
        if (code != SQLITE_OK) {
            (void)refuse(d, code, s->name, f);
            return NULL;
        }
    }
    return stmt;
}

bool db_run(struct db *d, const struct db_statement *s, const struct db_value *args, size_t n, struct fail *f)
{
    sqlite3_stmt *stmt = bound(d, s, args, n, f);

    if (stmt == NULL)
        return false;
    int code = sqlite3_step(stmt);
    bool good = code == SQLITE_DONE || code == SQLITE_ROW || refuse(d, code, s->name, f);
    (void)sqlite3_reset(stmt);
    (void)sqlite3_clear_bindings(stmt);
    return good;
}

int64_t db_changes(struct db *d)
{
    return sqlite3_changes(d->sqlite);
}

static void read_row(sqlite3_stmt *stmt, struct arena *a, struct db_value *out, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        int type = sqlite3_column_type(stmt, (int)i);
        if (type == SQLITE_INTEGER) {
            out[i] = db_int(sqlite3_column_int64(stmt, (int)i));
        } else if (type != SQLITE_NULL) {
            const void *p = sqlite3_column_text(stmt, (int)i);
            out[i] = db_text(arena_str(a, str_n(p, (size_t)sqlite3_column_bytes(stmt, (int)i))));
        }
    }
}

bool db_query(struct db *d, const struct db_statement *s, const struct db_value *args, size_t n, struct arena *a,
              struct db_rows *out, struct fail *f)
{
    sqlite3_stmt *stmt = bound(d, s, args, n, f);
    struct arena *scratch = arena_new();
    size_t columns = stmt != NULL ? (size_t)sqlite3_column_count(stmt) : 0, rows = 0, room = 0;
    struct db_value *at = NULL;
    int code = SQLITE_MISUSE;

    while (stmt != NULL && (code = sqlite3_step(stmt)) == SQLITE_ROW && rows < DB_ROWS_MAX) {
        if (rows == room) { /* grows in the scratch arena, ends at its right size in the caller's */
            room = room > 0 ? room * 2 : 16;
            struct db_value *more = arena_make_n(scratch, room * columns, struct db_value);
            if (rows > 0)
                memcpy(more, at, rows * columns * sizeof *more);
            at = more;
        }
        read_row(stmt, a, at + rows++ * columns, columns);
    }
    bool good = stmt != NULL && (code == SQLITE_DONE || refuse(d, code, s->name, f));
    if (stmt != NULL) {
        (void)sqlite3_reset(stmt);
        (void)sqlite3_clear_bindings(stmt);
    }
    struct db_value *kept = arena_make_n(a, rows * columns, struct db_value);
    if (rows > 0)
        memcpy(kept, at, rows * columns * sizeof *kept);
    *out = (struct db_rows){ rows, columns, kept };
    arena_free(scratch);
    return good;
}

bool db_begin(struct db *d, struct fail *f)
{
    return db_run(d, &d->begin, NULL, 0, f);
}

bool db_begin_read(struct db *d, struct fail *f)
{
    return db_run(d, &d->begin_read, NULL, 0, f);
}

bool db_commit(struct db *d, struct fail *f)
{
    return db_run(d, &d->commit, NULL, 0, f);
}

void db_rollback(struct db *d)
{
    struct fail f = { 0 };

    if (sqlite3_get_autocommit(d->sqlite) == 0)
        (void)db_run(d, &d->rollback, NULL, 0, &f);
}

static bool one_number(struct db *d, const struct db_statement *s, int64_t *out, struct fail *f)
{
    struct arena *a = arena_new();
    struct db_rows rows;
    bool good = db_query(d, s, NULL, 0, a, &rows, f) && rows.n == 1 && rows.at[0].kind == DB_INT;

    if (good)
        *out = rows.at[0].number;
    arena_free(a);
    return good;
}

int64_t db_moved(struct db *d)
{
    struct fail f = { 0 };
    int64_t v = -1;

    (void)one_number(d, &d->data_version, &v, &f);
    return v;
}

/* The schema's version lives in SQLite's own header field, inside the transaction. */
int64_t db_schema_version(struct db *d)
{
    static const struct db_statement ask = { "schema.version", "PRAGMA user_version" };
    struct fail f = { 0 };
    int64_t v = 0;

    (void)one_number(d, &ask, &v, &f);
    return v;
}

static bool migrate_one(struct db *d, const struct db_migration *m, struct fail *f)
{
    char note[64];

    (void)snprintf(note, sizeof note, "PRAGMA user_version = %d", m->version);
    return run_text(d, m->sql, f) && run_text(d, note, f);
}

bool db_migrate(struct db *d, const struct db_migration *table, size_t n, struct fail *f)
{
    int64_t have = db_schema_version(d);

    if (have == table[n - 1].version)
        return true;
    if (have > table[n - 1].version)
        return fail(f, FAIL_OURS, "db_too_new", "%s has schema %lld, this program knows %d: use the newer program",
                    d->path, (long long)have, table[n - 1].version);
    if (!db_begin(d, f))
        return false;
    have = db_schema_version(d); /* another process may have been first */
    for (size_t i = 0; i < n; i++)
        if (table[i].version > have && !migrate_one(d, &table[i], f)) {
            db_rollback(d);
            return false;
        }
    if (db_commit(d, f))
        return true;
    db_rollback(d);
    return false;
}

struct db *db_open_with(const char *path, const struct db_migration *table, size_t n, struct fail *f)
{
    struct db *d = db_open(path, DB_CREATE, f);

    if (d != NULL && db_migrate(d, table, n, f))
        return d;
    db_close(d);
    return NULL;
}

static bool intact(struct db *d, struct fail *f)
{
    static const struct db_statement check = { "quick_check", "PRAGMA quick_check(1)" };
    struct arena *a = arena_new();
    struct db_rows rows = { 0 };
    bool good = db_query(d, &check, NULL, 0, a, &rows, f);

    if (good && !(rows.n == 1 && str_eq(rows.at[0].text, S("ok"))))
        good = fail(f, FAIL_OURS, "db_damaged", "%s is damaged (%.*s); restore it from a backup", d->path,
                    STR_ARG(rows.n > 0 ? rows.at[0].text : S("no answer")));
    arena_free(a);
    return good;
}

static void db_release(void *self)
{
    struct db *d = self;

    for (size_t i = 0; i < d->prepared_n; i++)
        (void)sqlite3_finalize(d->prepared[i].stmt);
    (void)sqlite3_close(d->sqlite);
}

static bool set_up(struct db *d, enum db_mode mode, struct fail *f)
{
    (void)sqlite3_busy_timeout(d->sqlite, DB_BUSY_MS);
    (void)sqlite3_extended_result_codes(d->sqlite, 1);
    (void)sqlite3_db_config(d->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    (void)sqlite3_db_config(d->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    if (!run_text(d, "PRAGMA foreign_keys = ON", f) ||
        !run_text(d, mode == DB_INDEX ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", f) ||
        (mode == DB_INDEX && !run_text(d, "PRAGMA cache_size = -65536", f)))
        return false;
    return mode == DB_READ_ONLY || mode == DB_COPY || run_text(d, "PRAGMA journal_mode = WAL", f);
}

/* The path as a URI [RFC 3986 2.1]: what would end it is escaped. */
static const char *uri_of(struct arena *a, const char *path, const char *query)
{
    struct buf b = buf_new(a, 4 * strlen(path) + 64);

    buf_add(&b, S("file:"));
    for (; *path != '\0'; path++)
        if (*path == '?' || *path == '#' || *path == '%')
            buf_printf(&b, "%%%02X", (unsigned char)*path);
        else
            buf_byte(&b, *path);
    buf_printf(&b, "%s", query);
    return arena_cstr(a, buf_str(&b));
}

/* A connection that only reads makes the files of a write-ahead log too, and leaves them, unless it is told that nobody
 * writes: which is so where no log lies beside the database. */
static int open_to_read(const char *path, sqlite3 **out)
{
    struct arena *a = arena_new();
    struct stat st;
    bool in_use = stat(arena_cstr(a, arena_printf(a, "%s-wal", path)), &st) == 0;
    int code = sqlite3_open_v2(uri_of(a, path, in_use ? "?mode=ro" : "?mode=ro&immutable=1"), out,
                               SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);

    arena_free(a);
    return code;
}

/* The copy is of one moment. */
static int open_copy(const char *path, sqlite3 **out)
{
    struct stat st;
    sqlite3 *from = NULL;
    int code = sqlite3_open_v2(":memory:", out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (code != SQLITE_OK || (stat(path, &st) != 0 && errno == ENOENT))
        return code;
    code = open_to_read(path, &from);
    (void)sqlite3_busy_timeout(from, DB_BUSY_MS);
    sqlite3_backup *b = code == SQLITE_OK ? sqlite3_backup_init(*out, "main", from, "main") : NULL;
    if (b != NULL) {
        (void)sqlite3_backup_step(b, -1);
        code = sqlite3_backup_finish(b);
    } else if (code == SQLITE_OK) {
        code = sqlite3_errcode(*out);
    }
    (void)sqlite3_close(from);
    return code;
}

static bool refuse_open(const char *path, int code, struct fail *f)
{
    const char *why = sqlite3_errstr(code);

    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
        return fail(f, FAIL_OURS, "db_damaged", "%s is damaged (%s); restore it from a backup", path, why);
    return fail(f, FAIL_OURS, "db_open", "%s: %s", path, why);
}

static struct str argument(sqlite3_value *v)
{
    const void *p = sqlite3_value_text(v);

    return str_n(p, p != NULL ? (size_t)sqlite3_value_bytes(v) : 0);
}

static void has_text(sqlite3_context *call, int n, sqlite3_value **args)
{
    struct arena *scratch = sqlite3_user_data(call);
    struct str word = n > 0 ? argument(args[0]) : S("");
    bool found = false;

    for (int i = 1; !found && i < n; i++)
        found = text_has(scratch, argument(args[i]), word);
    arena_reset(scratch);
    sqlite3_result_int(call, found);
}

static void free_scratch(void *scratch)
{
    arena_free(scratch);
}

struct db *db_open(const char *path, enum db_mode mode, struct fail *f)
{
    static const int flags[] = {
        [DB_WRITE] = SQLITE_OPEN_READWRITE,
        [DB_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
        [DB_INDEX] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    };
    struct stat st;

    bool makes = mode == DB_CREATE || mode == DB_INDEX;
    if (!makes && mode != DB_COPY && stat(path, &st) != 0) {
        (void)fail(f, FAIL_OURS, "db_missing", "%s does not exist", path);
        return NULL;
    }
    /* Sealed secrets and password hashes are nobody else's; SQLite gives its other files the same mode.  A file that is
     * there is not opened: closing it would end the locks of this process's other connections [POSIX.1 fcntl]. */
    int made = makes ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (made >= 0)
        (void)close(made);
    struct arena *a = arena_new();
    struct db *d = arena_make(a, struct db);
    d->arena = a;
    d->path = arena_cstr(a, str_of(path));
    d->begin = (struct db_statement){ "begin", "BEGIN IMMEDIATE" };
    d->begin_read = (struct db_statement){ "begin_read", "BEGIN" };
    d->commit = (struct db_statement){ "commit", "COMMIT" };
    d->rollback = (struct db_statement){ "rollback", "ROLLBACK" };
    d->data_version = (struct db_statement){ "data_version", "PRAGMA data_version" };
    int code = mode == DB_COPY        ? open_copy(path, &d->sqlite)
               : mode == DB_READ_ONLY ? open_to_read(path, &d->sqlite)
                                      : sqlite3_open_v2(path, &d->sqlite, flags[mode] | SQLITE_OPEN_NOMUTEX, NULL);
    arena_adopt(a, d, db_release);
    if (code == SQLITE_OK)
        code = sqlite3_create_function_v2(d->sqlite, "has_text", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, arena_new(),
                                          has_text, NULL, NULL, free_scratch);
    bool good =
        code == SQLITE_OK ? set_up(d, mode, f) && (mode == DB_INDEX || intact(d, f)) : refuse_open(path, code, f);
    if (good)
        return d;
    arena_free(a);
    return NULL;
}

void db_tag(struct db *d, struct str text)
{
    d->tag = arena_str(d->arena, text);
}

struct str db_tagged(const struct db *d)
{
    return d->tag;
}

void db_close(struct db *d)
{
    if (d == NULL)
        return;
    db_rollback(d);
    arena_free(d->arena);
}

bool db_backup(struct db *d, const char *path, struct fail *f)
{
    static const struct db_statement copy = { "backup", "VACUUM INTO ?1" };
    struct db_value to = db_text(str_of(path));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* SQLite fills an empty file */

    if (fd < 0)
        return fail(f, FAIL_CALLER, "file_unwritable", "%s: %s", path, strerror(errno));
    (void)close(fd);
    if (db_run(d, &copy, &to, 1, f))
        return true;
    (void)unlink(path);
    return false;
}
