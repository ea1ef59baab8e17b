/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/contract/db_contract.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    char dir[64];
    const char *path;
};

static void place_new(struct test *t, struct place *p)
{
    (void)snprintf(p->dir, sizeof p->dir, "/tmp/digione-db-XXXXXX");
    CHECK(mkdtemp(p->dir) != NULL);
    p->path = arena_printf(t->arena, "%s/test.sqlite", p->dir).p;
}

static void place_free(struct place *p)
{
    static const char *const files[] = { "test.sqlite", "test.sqlite-wal", "test.sqlite-shm", "copy.sqlite" };
    char path[128];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", p->dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(p->dir);
}

static struct db *open_sqlite(struct db_rig *rig, struct fail *f)
{
    return db_open(rig->where, DB_CREATE, f);
}

TEST(sqlite_keeps_the_contract)
{
    struct place p;

    place_new(t, &p);
    db_contract(t, &(struct db_rig){ open_sqlite, p.path });
    place_free(&p);
}

/* SQLite holds a shared lock on these bytes of the file as long as a connection with a write-ahead log is open; who
 * closes the last one removes the log.  Only another process is told of a lock. */
static bool is_held(struct test *t, const char *path)
{
    enum { SHARED_FIRST = 0x40000002, SHARED_SIZE = 510 };
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SHARED_FIRST, .l_len = SHARED_SIZE };
        int fd = open(path, O_RDWR | O_CLOEXEC);
        _exit(fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 ? 2 : lock.l_type != F_UNLCK);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

TEST(a_second_connection_of_a_process_takes_no_lock_from_the_first)
{
    static const enum db_mode modes[] = { DB_CREATE, DB_WRITE, DB_READ_ONLY, DB_COPY };
    struct place p;
    struct fail f = { 0 };

    place_new(t, &p);
    struct db *first = db_open(p.path, DB_CREATE, &f);
    CHECK(first != NULL && is_held(t, p.path));
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct db *second = db_open(p.path, modes[i], &f);
        CHECK(second != NULL && is_held(t, p.path));
        db_close(second);
        CHECK(is_held(t, p.path));
    }
    db_close(first);
    CHECK(!is_held(t, p.path));
    place_free(&p);
}

static const struct db_migration schema[] = { { 1, "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT);" } };
static const struct db_statement add = { "add", "INSERT INTO note (text) VALUES (?1)" };

static void fill(struct test *t, const char *path)
{
    struct fail f = { 0 };
    struct db *d = db_open(path, DB_CREATE, &f);
    struct db_value text = db_text(S("a note that fills some of a page, so that there is something to spoil in it"));

    CHECK(d != NULL && db_migrate(d, schema, 1, &f) && db_begin(d, &f));
    for (int i = 0; i < 1000; i++)
        CHECK(db_run(d, &add, &text, 1, &f));
    CHECK(db_commit(d, &f));
    db_close(d);
}

TEST(a_missing_database_is_not_made_by_reading)
{
    struct place p;
    struct fail f = { 0 };

    place_new(t, &p);
    CHECK(db_open(p.path, DB_READ_ONLY, &f) == NULL);
    CHECK_STR(f.code, "db_missing");
    struct fail g = { 0 };
    CHECK(db_open(p.path, DB_WRITE, &g) == NULL);
    CHECK_STR(g.code, "db_missing");
    CHECK(access(p.path, F_OK) != 0);
    place_free(&p);
}

TEST(a_database_is_its_owners_alone)
{
    struct place p;
    struct stat st;

    place_new(t, &p);
    fill(t, p.path);
    CHECK(stat(p.path, &st) == 0 && (st.st_mode & 077) == 0);
    place_free(&p);
}

TEST(a_damaged_database_refuses_to_open_and_is_never_silently_empty)
{
    static const struct {
        off_t at;
        const char *bytes;
        size_t n;
    } spoils[] = { { 0, "not SQLite at all", 17 },
                   { 4096 * 3 + 8, "\xff\xff\xff\xff\xff\xff\xff\xff", 8 },
                   { 100, "\0\0\0\0\0\0\0\0", 8 } };

    for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++) {
        struct place p;
        struct fail f = { 0 };
        place_new(t, &p);
        fill(t, p.path);
        int fd = open(p.path, O_WRONLY);
        CHECK(pwrite(fd, spoils[i].bytes, spoils[i].n, spoils[i].at) == (ssize_t)spoils[i].n);
        (void)close(fd);
        struct db *d = db_open(p.path, DB_CREATE, &f);
        CHECK(d == NULL);
        CHECK_STR(f.code, "db_damaged");
        CHECK(strstr(f.detail, p.path) != NULL && strstr(f.detail, "backup") != NULL);
        db_close(d);
        place_free(&p);
    }
}

static size_t files_in(const char *dir)
{
    struct dirent *e;
    size_t n = 0;
    DIR *d = opendir(dir);

    while (d != NULL && (e = readdir(d)) != NULL)
        n += e->d_name[0] != '.';
    (void)closedir(d);
    return n;
}

static const struct db_statement notes = { "notes", "SELECT count(*) FROM note" };

static int64_t count_notes(struct test *t, struct db *d)
{
    struct db_rows rows = { 0 };
    struct fail f = { 0 };

    return d != NULL && db_query(d, &notes, NULL, 0, t->arena, &rows, &f) ? rows.at[0].number : -1;
}

TEST(reading_makes_no_file_beside_the_database)
{
    struct place p;
    struct fail f = { 0 };

    place_new(t, &p);
    fill(t, p.path);
    size_t before = files_in(p.dir);
    struct db *d = db_open(p.path, DB_READ_ONLY, &f);
    CHECK_INT(count_notes(t, d), 1000);
    CHECK_INT(files_in(p.dir), before);
    db_close(d);
    CHECK_INT(files_in(p.dir), before);
    place_free(&p);
}

TEST(reading_sees_what_a_writer_has_not_moved_from_its_log)
{
    struct place p;
    struct fail f = { 0 };
    struct db_value text = db_text(S("one more"));

    place_new(t, &p);
    fill(t, p.path);
    struct db *writer = db_open(p.path, DB_WRITE, &f);
    CHECK(writer != NULL && db_run(writer, &add, &text, 1, &f));
    struct db *d = db_open(p.path, DB_READ_ONLY, &f), *copy = db_open(p.path, DB_COPY, &f);
    CHECK_INT(count_notes(t, d), 1001);
    CHECK_INT(count_notes(t, copy), 1001);
    db_close(copy);
    db_close(d);
    db_close(writer);
    place_free(&p);
}

TEST(what_is_written_into_a_copy_stays_there)
{
    struct place p;
    struct fail f = { 0 };
    struct db_value text = db_text(S("only here"));

    place_new(t, &p);
    fill(t, p.path);
    size_t before = files_in(p.dir);
    struct db *d = db_open(p.path, DB_COPY, &f);
    CHECK(d != NULL && db_begin(d, &f) && db_run(d, &add, &text, 1, &f) && db_commit(d, &f));
    CHECK_INT(count_notes(t, d), 1001);
    CHECK_INT(files_in(p.dir), before);
    db_close(d);
    d = db_open(p.path, DB_READ_ONLY, &f);
    CHECK_INT(count_notes(t, d), 1000);
    db_close(d);
    place_free(&p);
}

TEST(a_copy_of_nothing_is_empty_and_a_copy_of_rubbish_is_refused)
{
    struct place p;
    struct fail f = { 0 };

    place_new(t, &p);
    struct db *d = db_open(p.path, DB_COPY, &f);
    CHECK(d != NULL && db_migrate(d, schema, 1, &f));
    CHECK_INT(count_notes(t, d), 0);
    db_close(d);
    CHECK_INT(files_in(p.dir), 0);
    fill(t, p.path);
    int fd = open(p.path, O_WRONLY);
    CHECK(pwrite(fd, "not SQLite at all", 17, 0) == 17);
    (void)close(fd);
    CHECK(db_open(p.path, DB_COPY, &f) == NULL);
    CHECK_STR(f.code, "db_damaged");
    place_free(&p);
}

TEST(a_copy_is_whole_and_overwrites_nothing)
{
    struct place p;
    struct fail f = { 0 };

    place_new(t, &p);
    fill(t, p.path);
    const char *copy = arena_printf(t->arena, "%s/copy.sqlite", p.dir).p;
    struct db *d = db_open(p.path, DB_WRITE, &f);
    CHECK(db_backup(d, copy, &f));
    CHECK(!db_backup(d, copy, &f));
    CHECK_STR(f.code, "file_unwritable");
    db_close(d);
    struct fail g = { 0 };
    static const struct db_statement count = { "count", "SELECT count(*) FROM note" };
    struct db_rows rows;
    d = db_open(copy, DB_READ_ONLY, &g);
    CHECK(d != NULL && db_query(d, &count, NULL, 0, t->arena, &rows, &g) && rows.at[0].number == 1000);
    db_close(d);
    place_free(&p);
}
