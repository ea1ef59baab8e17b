/* SPDX-License-Identifier: EUPL-1.2
 * wire/db.h: SQL behind one interface: SQLite today, PostgreSQL later.
 *
 * Floor 1.  For worker threads and the command line: every call may block, up to
 * DB_BUSY_MS where another process holds the lock.  SQL text stands in tables of
 * struct db_statement at its user's and is prepared once per connection;
 * parameters are ?1, ?2, … and values are never pasted into SQL.
 *
 * In SQL, has_text(word, text, …) says whether the word, which is folded already (base/text.h), stands in a text,
 * whatever the case of its letters and however they are composed.
 *
 * Durable: a commit that returned true survives kill -9 and power loss.  A
 * database that is damaged refuses to open (never silently empty).
 * tests/contract/db_contract.h is what any implementation must pass.
 * Threads: a struct db belongs to one thread at a time.
 */
#ifndef WIRE_DB_H
#define WIRE_DB_H

#include "base/arena.h"
#include "base/fail.h"

enum { DB_BUSY_MS = 2000, DB_ARGS_MAX = 128, DB_ROWS_MAX = 2000000 };

enum db_kind { DB_NULL = 0, DB_INT, DB_TEXT };

struct db_value {
    enum db_kind kind;
    int64_t number;
    struct str text; /* DB_TEXT; may hold any bytes but NUL */
};

static inline struct db_value db_int(int64_t number)
{
    return (struct db_value){ DB_INT, number, { NULL, 0 } };
}

/* Absent text is NULL. */
static inline struct db_value db_text(struct str text)
{
    return (struct db_value){ text.p != NULL ? DB_TEXT : DB_NULL, 0, text };
}

struct db_statement {
    const char *name; /* for logs */
    const char *sql;
};

struct db_rows {
    size_t n, columns;
    const struct db_value *at; /* n * columns, row by row */
};

static inline const struct db_value *db_row(const struct db_rows *r, size_t i)
{
    return r->at + i * r->columns;
}

/* The schema grows by migrations, run in order, each once, in one transaction. */
struct db_migration {
    int version;     /* 1, 2, … without gaps */
    const char *sql; /* several statements */
};

struct db;
/* DB_READ_ONLY: for a look while the command runs; makes no file, beside the database neither.
 * DB_INDEX: as DB_CREATE, for what can be made anew from elsewhere: large, not checked when it is opened, and not
 * flushed at each commit.
 * DB_COPY: a copy in memory, or an empty one where there is no file: what is written there ends with db_close(). */
enum db_mode { DB_READ_ONLY = 0, DB_WRITE, DB_CREATE, DB_COPY, DB_INDEX };
/* Opens and checks.  Fails OURS db_missing, db_damaged (the detail says which file, and to restore a backup),
 * db_open. */
struct db *db_open(const char *path, enum db_mode mode, struct fail *f); /* NULL: failed */
/* A text that whoever opened it keeps with the connection, copied; absent: none. */
void db_tag(struct db *d, struct str text);
struct str db_tagged(const struct db *d);
void db_close(struct db *d); /* NULL does nothing; an open transaction is rolled back */

/* Brings the schema up to the last row.  Fails OURS db_too_new when the file comes from a later version. */
bool db_migrate(struct db *d, const struct db_migration *table, size_t n, struct fail *f);
int64_t db_schema_version(struct db *d); /* 0: none yet */
/* A file that is made where there is none (DB_CREATE), with that schema.  NULL: failed, as either of both does. */
struct db *db_open_with(const char *path, const struct db_migration *table, size_t n, struct fail *f);

/* One statement without rows.  Fails OURS db_busy, db_full, db_failed; CONFLICT db_constraint. */
bool db_run(struct db *d, const struct db_statement *s, const struct db_value *args, size_t n, struct fail *f);
int64_t db_changes(struct db *d); /* rows that the last db_run changed */
/* All rows of one statement, into a. */
bool db_query(struct db *d, const struct db_statement *s, const struct db_value *args, size_t n, struct arena *a,
              struct db_rows *out, struct fail *f);

/* A transaction that will write; waits for others' at most DB_BUSY_MS. */
bool db_begin(struct db *d, struct fail *f);
bool db_begin_read(struct db *d, struct fail *f); /* one consistent view over several queries */
bool db_commit(struct db *d, struct fail *f);
void db_rollback(struct db *d);

/* A number that moves when another connection has committed a change; cheap enough to ask many times a second. */
int64_t db_moved(struct db *d);
/* A consistent copy while others write; refuses a path that exists. */
bool db_backup(struct db *d, const char *path, struct fail *f);

#endif
