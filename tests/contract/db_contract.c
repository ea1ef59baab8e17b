/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/db_contract.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct db_migration first[] = {
    { 1, "CREATE TABLE city (id TEXT PRIMARY KEY, people INTEGER, motto TEXT);" },
};
static const struct db_migration second[] = {
    { 1, "CREATE TABLE city (id TEXT PRIMARY KEY, people INTEGER, motto TEXT);" },
    { 2, "CREATE TABLE school (id TEXT PRIMARY KEY, city TEXT NOT NULL REFERENCES city (id) "
         "DEFERRABLE INITIALLY DEFERRED); CREATE INDEX school_city ON school (city);" },
};
static const struct db_migration wrong[] = {
    { 1, "" },
    { 2, "" },
    { 3, "CREATE TABLE third (id TEXT PRIMARY KEY); CREATE TABLE nonsense (;" },
};

static const struct db_statement add = { "add", "INSERT INTO city (id, people, motto) VALUES (?1, ?2, ?3)" };
static const struct db_statement change = { "change", "UPDATE city SET people = ?2 WHERE id = ?1" };
static const struct db_statement drop_all = { "drop_all", "DELETE FROM city" };
static const struct db_statement list = { "list", "SELECT id, people, motto FROM city ORDER BY id" };
static const struct db_statement add_school = { "add_school", "INSERT INTO school (id, city) VALUES (?1, ?2)" };

static bool add_city(struct db *d, struct str id, struct db_value people, struct db_value motto, struct fail *f)
{
    const struct db_value args[] = { db_text(id), people, motto };

    return db_run(d, &add, args, 3, f);
}

static size_t cities(struct test *t, struct db *d)
{
    struct db_rows rows = { 0 };
    struct fail f = { 0 };

    CHECK(db_query(d, &list, NULL, 0, t->arena, &rows, &f));
    return rows.n;
}

static void the_schema_grows_by_migrations(struct test *t, struct db *d)
{
    struct fail f = { 0 };

    CHECK_INT(db_schema_version(d), 0);
    CHECK(db_migrate(d, first, 1, &f));
    CHECK_INT(db_schema_version(d), 1);
    CHECK(db_migrate(d, first, 1, &f));
    CHECK(db_migrate(d, second, 2, &f));
    CHECK_INT(db_schema_version(d), 2);
    CHECK(!db_migrate(d, first, 1, &f)); /* an older program must not write here */
    CHECK_STR(f.code, "db_too_new");
}

static void a_migration_that_fails_leaves_nothing(struct test *t, struct db *d)
{
    static const struct db_statement look = { "look", "SELECT id FROM third" };
    struct fail f = { 0 }, g = { 0 };
    struct db_rows rows;

    CHECK(!db_migrate(d, wrong, 3, &f));
    CHECK_INT(db_schema_version(d), 2);
    CHECK(!db_query(d, &look, NULL, 0, t->arena, &rows, &g));
}

static void values_come_back_as_they_went(struct test *t, struct db *d)
{
    struct str odd = S("'; DROP TABLE city; -- \"%s\" åäö čđšž 𝄞");
    struct fail f = { 0 };
    struct db_rows rows;

    CHECK(add_city(d, odd, db_int(INT64_MIN), db_text(S("")), &f));
    CHECK(add_city(d, S("a"), db_int(INT64_MAX), db_text((struct str){ NULL, 0 }), &f));
    CHECK(add_city(d, S("b"), (struct db_value){ 0 }, db_text(odd), &f));
    CHECK(db_query(d, &list, NULL, 0, t->arena, &rows, &f));
    CHECK_INT(rows.n, 3);
    CHECK_INT(rows.columns, 3);
    if (rows.n == 3) {
        CHECK(str_eq(db_row(&rows, 0)[0].text, odd) && db_row(&rows, 0)[1].number == INT64_MIN);
        CHECK(db_row(&rows, 0)[2].kind == DB_TEXT && db_row(&rows, 0)[2].text.n == 0);
        CHECK(db_row(&rows, 1)[1].number == INT64_MAX && db_row(&rows, 1)[2].kind == DB_NULL);
        CHECK(db_row(&rows, 2)[1].kind == DB_NULL && str_eq(db_row(&rows, 2)[2].text, odd));
    }
    CHECK(db_run(d, &drop_all, NULL, 0, &f));
    CHECK_INT(db_changes(d), 3);
}

static void rows_sort_bytewise(struct test *t, struct db *d)
{
    static const char *const ids[] = { "b", "A", "ä", "a", "Z", "a-b", "aa" };
    struct fail f = { 0 };
    struct db_rows rows;

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        CHECK(add_city(d, str_of(ids[i]), db_int(0), db_int(0), &f));
    CHECK(db_query(d, &list, NULL, 0, t->arena, &rows, &f));
    for (size_t i = 1; i < rows.n; i++)
        CHECK(str_cmp(db_row(&rows, i - 1)[0].text, db_row(&rows, i)[0].text) < 0);
    CHECK(db_run(d, &drop_all, NULL, 0, &f));
}

static void constraints_are_kept(struct test *t, struct db *d)
{
    const struct db_value orphan[] = { db_text(S("s")), db_text(S("nowhere")) };
    struct fail f = { 0 }, g = { 0 };

    CHECK(add_city(d, S("a"), db_int(1), db_int(0), &f));
    CHECK(!add_city(d, S("a"), db_int(2), db_int(0), &f));
    CHECK_STR(f.code, "db_constraint");
    CHECK_INT(f.kind, FAIL_CONFLICT);
    CHECK(db_begin(d, &g));
    CHECK(db_run(d, &add_school, orphan, 2, &g)); /* deferred … */
    CHECK(!db_commit(d, &g));                     /* … to here */
    CHECK_STR(g.code, "db_constraint");
    db_rollback(d);
    CHECK_INT(cities(t, d), 1);
    struct fail h = { 0 };
    CHECK(db_run(d, &drop_all, NULL, 0, &h));
}

static void a_transaction_is_all_or_nothing(struct test *t, struct db *d, struct db *other)
{
    struct fail f = { 0 };

    CHECK(db_begin(d, &f));
    CHECK(add_city(d, S("a"), db_int(1), db_int(0), &f));
    CHECK_INT(cities(t, other), 0);
    db_rollback(d);
    CHECK_INT(cities(t, d), 0);
    CHECK(db_begin(d, &f) && add_city(d, S("a"), db_int(1), db_int(0), &f) && db_commit(d, &f));
    CHECK_INT(cities(t, other), 1);
    db_rollback(d); /* with nothing to undo, nothing */
    CHECK_INT(cities(t, d), 1);
}

static void a_reader_sees_one_moment_and_waits_for_nobody(struct test *t, struct db *d, struct db *other)
{
    struct fail f = { 0 };

    CHECK(db_begin_read(other, &f));
    CHECK_INT(cities(t, other), 1);
    CHECK(add_city(d, S("b"), db_int(1), db_int(0), &f));
    CHECK_INT(cities(t, other), 1);
    db_rollback(other);
    CHECK_INT(cities(t, other), 2);
}

static void others_changes_are_seen_to_have_happened(struct test *t, struct db *d, struct db *other)
{
    const struct db_value args[] = { db_text(S("a")), db_int(7) };
    struct fail f = { 0 };
    int64_t before = db_moved(other);

    CHECK(before >= 0);
    CHECK_INT(db_moved(other), before);
    CHECK(db_run(d, &change, args, 2, &f));
    CHECK(db_moved(other) != before);
}

static void a_second_writer_is_told_that_it_is_busy(struct test *t, struct db *d, struct db *other)
{
    struct fail f = { 0 };

    CHECK(db_begin(d, &f));
    CHECK(!db_begin(other, &f));
    CHECK_STR(f.code, "db_busy");
    db_rollback(d);
    struct fail g = { 0 };
    CHECK(db_begin(other, &g));
    db_rollback(other);
}

static void what_was_committed_survives_a_kill(struct test *t, struct db_rig *rig, struct db *d)
{
    int pipes[2];
    char said = 0;
    size_t before = cities(t, d);

    CHECK(pipe(pipes) == 0);
    pid_t child = fork();
    if (child == 0) {
        struct fail f = { 0 };
        struct db *mine = rig->open(rig, &f);
        bool good = mine != NULL && add_city(mine, S("committed"), db_int(1), db_int(0), &f) && db_begin(mine, &f) &&
                    add_city(mine, S("begun"), db_int(1), db_int(0), &f);
        (void)!write(pipes[1], good ? "y" : "n", 1);
        (void)pause();
    }
    CHECK(read(pipes[0], &said, 1) == 1 && said == 'y');
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    CHECK_INT(cities(t, d), before + 1);
}

void db_contract(struct test *t, struct db_rig *rig)
{
    struct fail f = { 0 };
    struct db *d = rig->open(rig, &f), *other = rig->open(rig, &f);

    CHECK(d != NULL && other != NULL);
    if (d != NULL && other != NULL) {
        what_was_committed_survives_a_kill(t, rig, (the_schema_grows_by_migrations(t, d), d));
        CHECK(db_run(d, &drop_all, NULL, 0, &f));
        a_migration_that_fails_leaves_nothing(t, d);
        values_come_back_as_they_went(t, d);
        rows_sort_bytewise(t, d);
        constraints_are_kept(t, d);
        a_transaction_is_all_or_nothing(t, d, other);
        a_reader_sees_one_moment_and_waits_for_nobody(t, d, other);
        others_changes_are_seen_to_have_happened(t, d, other);
        a_second_writer_is_told_that_it_is_busy(t, d, other);
    }
    db_close(other);
    db_close(d);
}
