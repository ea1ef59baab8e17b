/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/audit.h"
#include "audit/line.h"
#include "base/codec.h"
#include "gateway/cli/cli.h"
#include "tests/contract/cli_run.h"
#include "tests/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *new_dir(struct test *t)
{
    char *dir = arena_cstr(t->arena, S("/tmp/digione-audit-XXXXXX"));

    CHECK(mkdtemp(dir) != NULL);
    return dir;
}

static void remove_dir(const char *path)
{
    DIR *d = opendir(path);

    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        (void)unlinkat(dirfd(d), e->d_name, 0);
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(path);
}

static const char *in_dir(struct test *t, const char *dir, const char *name)
{
    return arena_printf(t->arena, "%s/%s", dir, name).p;
}

#define FIRST "audit-000001.jsonl"

static void write_file(struct test *t, const char *dir, const char *name, struct str text)
{
    int fd = open(in_dir(t, dir, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
    (void)close(fd);
}

static struct str read_file(struct test *t, const char *dir, const char *name)
{
    return test_file(t->arena, in_dir(t, dir, name));
}

static const struct audit_event login = {
    .event = "login",
    .person = { "8c1f", 4 },
    .service = { "kanerva", 7 },
    .rule = { "r1", 2 },
    .claims = { "sub roles", 9 },
};

/* A log of n records, written and closed. */
static void log_of(struct test *t, const char *dir, int n)
{
    struct fail f = { 0 };
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);

    CHECK(w != NULL);
    for (int i = 0; w != NULL && i < n; i++)
        CHECK(audit_now(w, &login));
    audit_writer_free(w);
}

static struct str line_at(struct str text, int at)
{
    struct str line = S("");

    for (int i = 0; i <= at; i++)
        (void)str_split(&text, '\n', &line);
    return line;
}

/* The log's lines in the order of the places; -1 ends. */
static void rearrange(struct test *t, const char *dir, const int *places)
{
    struct str text = read_file(t, dir, FIRST);
    struct buf b = buf_new(t->arena, 1 << 20);

    for (; *places >= 0; places++) {
        buf_add(&b, line_at(text, *places));
        buf_byte(&b, '\n');
    }
    write_file(t, dir, FIRST, buf_str(&b));
}

static void check_error(struct test *t, const char *dir, const char *error, const char *says)
{
    struct audit_report r;

    t->checked++;
    if (audit_verify(dir, t->arena, NULL, &r) || strcmp(r.error, error) != 0 ||
        str_find(r.where, str_of(says)) == r.where.n)
        test_fail(t, __FILE__, __LINE__, "%s at %.*s, expected %s with \"%s\"", r.error != NULL ? r.error : "no error",
                  STR_ARG(r.where), error, says);
}

TEST(every_line_carries_the_hash_of_the_line_before)
{
    const char *dir = new_dir(t);
    struct audit_report r;

    log_of(t, dir, 3);
    log_of(t, dir, 2);
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    CHECK_INT(r.records, 5);
    struct str text = read_file(t, dir, FIRST);
    CHECK(str_has_prefix(text, S("{\"n\":1,\"at\":\"2026-08-10T08:00:00.000Z\",\"event\":\"login\",\"person\":\"8c1f\","
                                 "\"service\":\"kanerva\",\"rule\":\"r1\",\"claims\":\"sub roles\",\"prev\":\"0000")));
    struct audit_line second;
    CHECK(audit_line_read(line_at(text, 1), &second));
    CHECK(str_eq(second.prev, audit_line_hash(t->arena, line_at(text, 0))));
    CHECK(str_eq(r.head, audit_line_hash(t->arena, line_at(text, 4))));
    remove_dir(dir);
}

TEST(a_line_says_when_it_was_written_and_else_nothing)
{
    static const struct {
        const char *line;
        int64_t at_s;
    } rows[] = { { "{\"n\":1,\"at\":\"2026-08-10T08:00:00.000Z\",\"event\":\"login\"}", 1786348800 },
                 { "{\"n\":12345,\"at\":\"1970-01-01T00:00:01.999Z\"}", 1 },
                 { "{\"n\":1,\"at\":\"2026-08-10 08:00:00.000Z\"}", 0 },
                 { "{\"n\":1,\"at\":\"2026-08-1xT08:00:00.000Z\"}", 0 },
                 { "{\"n\":1,\"at\":\"2026-08-10T08:00:0", 0 },
                 { "{\"n\":1,\"event\":\"login\",\"at\":\"2026-08-10T08:00:00.000Z\"}", 0 },
                 { "", 0 } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(audit_line_at_s(str_of(rows[i].line)), rows[i].at_s);
    CHECK(audit_line_at(S("")).p == NULL);
    CHECK_STR(audit_line_at(str_of(rows[0].line)), "2026-08-10T08:00:00");
}

TEST(foreign_text_stays_in_its_line)
{
    const char *dir = new_dir(t);
    struct fail f = { 0 };
    struct audit_report r;
    char large[2000];

    memset(large, 'x', sizeof large);
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);
    CHECK(audit_now(w, &(struct audit_event){ .event = "refused",
                                              .reason = S("a\"\n{\"n\":9}\r\n\0\xff\x7f"),
                                              .service = str_n(large, sizeof large) }));
    CHECK(audit_now(w, &login));
    audit_writer_free(w);
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    CHECK_INT(r.records, 2);
    CHECK(line_at(read_file(t, dir, FIRST), 0).n < AUDIT_LINE_MAX_B);
    remove_dir(dir);
}

TEST(a_changed_record_is_named)
{
    const char *dir = new_dir(t);

    log_of(t, dir, 5);
    struct str text = read_file(t, dir, FIRST), whole = text;
    for (int i = 0; i < 4; i++) {
        struct str copy = arena_str(t->arena, whole), at = line_at(copy, i);
        char *p = (char *)(uintptr_t)copy.p + (at.p - copy.p) + str_find(at, S("kanerva"));
        *p = 'K';
        write_file(t, dir, FIRST, copy);
        check_error(t, dir, "changed", arena_printf(t->arena, "%s:%d: record %d was changed", FIRST, i + 1, i + 1).p);
    }
    remove_dir(dir);
}

TEST(a_changed_hash_or_number_is_named)
{
    const char *dir = new_dir(t);

    log_of(t, dir, 5);
    struct str whole = read_file(t, dir, FIRST), third = line_at(whole, 2);
    struct str copy = arena_str(t->arena, whole);
    char *p = (char *)(uintptr_t)copy.p + (third.p - whole.p) + third.n - 3;
    *p = *p == '0' ? '1' : '0';
    write_file(t, dir, FIRST, copy);
    check_error(t, dir, "changed", "record 3 was changed");
    copy = arena_str(t->arena, whole);
    ((char *)(uintptr_t)copy.p)[third.p - whole.p + 5] = '7';
    write_file(t, dir, FIRST, copy);
    check_error(t, dir, "changed", "record 3 was changed: it says that it is 7");
    remove_dir(dir);
}

TEST(a_deleted_record_is_named)
{
    const char *dir = new_dir(t);

    log_of(t, dir, 5);
    rearrange(t, dir, (const int[]){ 0, 1, 3, 4, -1 });
    check_error(t, dir, "missing", "record 3 is missing");
    remove_dir(dir);
    dir = new_dir(t);
    log_of(t, dir, 5);
    rearrange(t, dir, (const int[]){ 2, 3, 4, -1 });
    check_error(t, dir, "missing", "records from 1 on are missing (3 follows)");
    remove_dir(dir);
}

TEST(reordered_and_repeated_records_are_named)
{
    const char *dir = new_dir(t);

    log_of(t, dir, 5);
    rearrange(t, dir, (const int[]){ 0, 2, 1, 3, 4, -1 });
    check_error(t, dir, "order", "record 3 stands before record 2");
    remove_dir(dir);
    dir = new_dir(t);
    log_of(t, dir, 5);
    rearrange(t, dir, (const int[]){ 0, 1, 1, 2, 3, 4, -1 });
    check_error(t, dir, "order", "record 2 stands behind record 2");
    remove_dir(dir);
}

TEST(a_malformed_record_is_named)
{
    const char *dir = new_dir(t);

    log_of(t, dir, 3);
    struct str text = read_file(t, dir, FIRST);
    write_file(t, dir, FIRST, arena_join(t->arena, text, S("hello\n")));
    check_error(t, dir, "malformed", FIRST ":4: record 4");
    remove_dir(dir);
}

static struct str head_line(struct test *t, const char *dir, int records)
{
    struct str text = read_file(t, dir, FIRST);

    return arena_printf(t->arena, "{\"number\":%d,\"head\":\"%.*s\",\"signature\":\"s\"}\n", records,
                        STR_ARG(audit_line_hash(t->arena, line_at(text, records - 1))));
}

TEST(a_truncated_log_is_seen_by_its_signed_head)
{
    const char *dir = new_dir(t);
    struct audit_report r;

    log_of(t, dir, 5);
    write_file(t, dir, AUDIT_HEADS_NAME, head_line(t, dir, 5));
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    CHECK_INT(r.heads, 1);
    rearrange(t, dir, (const int[]){ 0, 1, 2, -1 });
    check_error(t, dir, "truncated", "records from 4 on are missing");
    (void)unlink(in_dir(t, dir, FIRST));
    check_error(t, dir, "truncated", "records from 1 on are missing");
    remove_dir(dir);
}

TEST(a_chain_made_anew_is_seen_by_its_signed_head)
{
    const char *dir = new_dir(t), *other = new_dir(t);

    log_of(t, dir, 5);
    struct str heads = arena_join(t->arena, head_line(t, dir, 2), head_line(t, dir, 4));
    struct fail f = { 0 };
    rearrange(t, dir, (const int[]){ 0, 1, 2, -1 });
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);
    for (int i = 0; i < 4; i++)
        CHECK(audit_now(w, &(struct audit_event){ .event = "another" }));
    audit_writer_free(w);
    write_file(t, dir, AUDIT_HEADS_NAME, heads);
    check_error(t, dir, "changed", "of the records 3 to 4 at least one was changed");
    remove_dir(dir);
    remove_dir(other);
}

static bool signature_is_s(void *self, uint64_t number, struct str head, struct str signature)
{
    (void)self;
    (void)number;
    (void)head;
    return str_eq(signature, S("s"));
}

TEST(a_head_whose_signature_does_not_hold_is_refused)
{
    const char *dir = new_dir(t);
    const struct audit_check check = { .verify_head = signature_is_s };
    struct audit_report r;

    log_of(t, dir, 2);
    write_file(t, dir, AUDIT_HEADS_NAME, head_line(t, dir, 2));
    CHECK(audit_verify(dir, t->arena, &check, &r));
    struct str forged = arena_str(t->arena, head_line(t, dir, 2));
    ((char *)(uintptr_t)forged.p)[forged.n - 4] = 'x';
    write_file(t, dir, AUDIT_HEADS_NAME, forged);
    CHECK(!audit_verify(dir, t->arena, &check, &r));
    CHECK_STR(r.error, "head");
    write_file(t, dir, AUDIT_HEADS_NAME, S("{\"number\":2}\n"));
    check_error(t, dir, "head", "is no signed head");
    remove_dir(dir);
}

static void is_unsigned(struct test *t, const char *dir, const char *why)
{
    const struct audit_check strict = { .verify_head = signature_is_s },
                             content = { .verify_head = signature_is_s, .may_be_unsigned = true };
    struct audit_report r;

    if (audit_verify(dir, t->arena, &strict, &r) || strcmp(r.error, "unsigned") != 0)
        test_fail(t, __FILE__, __LINE__, "%s: it holds, or is %s", why, r.error != NULL ? r.error : "well");
    CHECK(audit_verify(dir, t->arena, &content, &r));
}

TEST(a_log_that_no_signed_head_vouches_for_holds_only_where_that_is_asked_for)
{
    const char *dir = new_dir(t);
    const struct audit_check strict = { .verify_head = signature_is_s };
    struct audit_report r;

    is_unsigned(t, dir, "an empty folder");
    log_of(t, dir, 20);
    (void)unlink(in_dir(t, dir, AUDIT_HEADS_NAME));
    is_unsigned(t, dir, "heads.jsonl is gone");
    write_file(t, dir, AUDIT_HEADS_NAME, S(""));
    is_unsigned(t, dir, "heads.jsonl is empty");
    struct str text = read_file(t, dir, FIRST);
    write_file(t, dir, FIRST, str_sub(text, 0, (size_t)(line_at(text, 5).p - text.p)));
    is_unsigned(t, dir, "cut short, and no heads");
    write_file(t, dir, FIRST, S(""));
    is_unsigned(t, dir, "nothing is left");
    write_file(t, dir, FIRST, text);
    write_file(t, dir, AUDIT_HEADS_NAME, head_line(t, dir, 3));
    CHECK(audit_verify(dir, t->arena, &strict, &r)); /* what came after the last head, within minutes */
    CHECK_INT(r.vouched, 3);
    remove_dir(dir);
}

TEST(records_of_hours_behind_the_last_signed_head_are_unsigned)
{
    const char *dir = new_dir(t);
    const struct audit_check strict = { .verify_head = signature_is_s };
    struct audit_report r;

    log_of(t, dir, 3);
    write_file(t, dir, AUDIT_HEADS_NAME, head_line(t, dir, 3));
    test_passes(t, 86400);
    log_of(t, dir, 2); /* after a day of rest: a head is on its way */
    CHECK(audit_verify(dir, t->arena, &strict, &r));
    test_passes(t, AUDIT_HEAD_LATE_S);
    log_of(t, dir, 1);
    CHECK(audit_verify(dir, t->arena, &strict, &r));
    test_passes(t, 1);
    log_of(t, dir, 1);
    is_unsigned(t, dir, "heads.jsonl was cut");
    write_file(t, dir, AUDIT_HEADS_NAME, head_line(t, dir, 7));
    CHECK(audit_verify(dir, t->arena, &strict, &r));
    remove_dir(dir);
}

TEST(the_command_line_asks_for_keys_or_says_that_it_is_content_without)
{
    const char *dir = new_dir(t);
    const char *const plain[] = { "verify", dir, NULL }, *const content[] = { "verify", "--unsigned", dir, NULL };

    log_of(t, dir, 3);
    write_file(t, dir, AUDIT_HEADS_NAME, head_line(t, dir, 3));
    struct said s = cli_run(t, cli_audit, "audit", plain);
    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(str_find(s.line, S("\"ok\":false,\"error\":\"unsigned\"")) < s.line.n);
    s = cli_run(t, cli_audit, "audit", content);
    CHECK_INT(s.status, CLI_OK);
    CHECK(str_find(s.line, S("\"ok\":true")) < s.line.n);
    remove_dir(dir);
}

/* Several nodes. */

static void copy_log(struct test *t, const char *from, const char *to, size_t lines)
{
    struct str text = read_file(t, from, FIRST), last = line_at(text, (int)lines - 1);

    write_file(t, to, FIRST, str_sub(text, 0, (size_t)(last.p - text.p) + last.n + 1));
}

TEST(logs_of_several_nodes_are_verified_together_and_none_may_be_a_copy_of_another)
{
    const char *one = new_dir(t), *other = new_dir(t), *copy = new_dir(t), *older = new_dir(t);
    const char *const both[] = { "verify", "--unsigned", one, other, NULL }, *const copied[] = { "verify", "--unsigned",
                                                                                                 one,      other,
                                                                                                 copy,     NULL },
                      *const cut[] = { "verify", "--unsigned", older, one, NULL },
                      *const gone[] = { "verify", "--unsigned", one, "/nonexistent", other, NULL };

    log_of(t, one, 3);
    test_passes(t, 1);
    log_of(t, other, 4);
    copy_log(t, one, copy, 3);
    copy_log(t, one, older, 2);

    struct said s = cli_run(t, cli_audit, "audit", both);
    CHECK_INT(s.status, CLI_OK);
    CHECK(str_find(s.line, arena_printf(t->arena, "{\"dir\":\"%s\",\"ok\":true", one)) < s.line.n);
    CHECK(str_find(s.line, arena_printf(t->arena, "{\"dir\":\"%s\",\"ok\":true", other)) < s.line.n);
    s = cli_run(t, cli_audit, "audit", copied);
    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(str_find(s.line, arena_printf(t->arena, "{\"dir\":\"%s\",\"ok\":false,\"error\":\"twice\"", copy)) <
          s.line.n);
    CHECK(str_find(s.line, arena_printf(t->arena, "the same record as %s:", one)) < s.line.n);
    s = cli_run(t, cli_audit, "audit", cut);
    CHECK_INT(s.status, CLI_REFUSED);
    CHECK(str_find(s.line, S("\"error\":\"twice\"")) < s.line.n);
    s = cli_run(t, cli_audit, "audit", gone); /* of the others it says what it saw */
    CHECK_INT(s.status, CLI_BROKEN);
    CHECK(str_find(s.line, S("\"error\":\"unreadable\"")) < s.line.n);
    CHECK(str_find(s.line, arena_printf(t->arena, "{\"dir\":\"%s\",\"ok\":true", other)) < s.line.n);
    remove_dir(one);
    remove_dir(other);
    remove_dir(copy);
    remove_dir(older);
}

TEST(a_missing_segment_is_named)
{
    const char *dir = new_dir(t);
    struct audit_report r;

    log_of(t, dir, 6);
    struct str text = read_file(t, dir, FIRST), third = line_at(text, 2), fifth = line_at(text, 4);
    size_t a = (size_t)(third.p - text.p), b = (size_t)(fifth.p - text.p);
    write_file(t, dir, FIRST, str_sub(text, 0, a));
    write_file(t, dir, "audit-000002.jsonl", str_sub(text, a, b - a));
    write_file(t, dir, "audit-000003.jsonl", str_from(text, b));
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    CHECK_INT(r.segments, 3);
    log_of(t, dir, 1);
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    CHECK_INT(r.records, 7);
    (void)unlink(in_dir(t, dir, "audit-000002.jsonl"));
    check_error(t, dir, "missing", "audit-000002.jsonl");
    remove_dir(dir);
}

/* Six records in three segments, of which the first two were last written to a year before TEST_NOW_S. */
static void log_of_three(struct test *t, const char *dir)
{
    static const char *const names[] = { FIRST, "audit-000002.jsonl" };
    const struct timespec year_ago[2] = { { TEST_NOW_S - 365 * 86400, 0 }, { TEST_NOW_S - 365 * 86400, 0 } };

    log_of(t, dir, 6);
    struct str text = read_file(t, dir, FIRST);
    size_t a = (size_t)(line_at(text, 2).p - text.p), b = (size_t)(line_at(text, 4).p - text.p);
    write_file(t, dir, FIRST, str_sub(text, 0, a));
    write_file(t, dir, "audit-000002.jsonl", str_sub(text, a, b - a));
    write_file(t, dir, "audit-000003.jsonl", str_from(text, b));
    for (size_t i = 0; i < 2; i++)
        CHECK(utimensat(AT_FDCWD, in_dir(t, dir, names[i]), year_ago, 0) == 0);
}

static void go_on_keeping(struct test *t, const char *dir, int64_t days)
{
    struct fail f = { 0 };
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);

    CHECK(w != NULL);
    audit_writer_keep(w, days);
    CHECK(audit_now(w, &login));
    audit_writer_free(w);
}

TEST(what_has_had_its_time_goes_and_the_rest_is_verified)
{
    const char *dir = new_dir(t);
    struct audit_report r;

    log_of_three(t, dir);
    struct str text = arena_join(t->arena, read_file(t, dir, FIRST), read_file(t, dir, "audit-000002.jsonl"));
    struct str fourth = audit_line_hash(t->arena, line_at(text, 3));
    go_on_keeping(t, dir, 366);
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    CHECK_INT(r.segments, 3);
    go_on_keeping(t, dir, 364);
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    CHECK_INT(r.segments, 1);
    CHECK_INT(r.records, 9); /* six, two that went on, and the one that says what went */
    write_file(t, dir, AUDIT_HEADS_NAME,
               arena_printf(t->arena, "{\"number\":4,\"head\":\"%.*s\",\"signature\":\"s\"}\n", STR_ARG(fourth)));
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    write_file(t, dir, AUDIT_HEADS_NAME,
               arena_printf(t->arena, "{\"number\":4,\"head\":\"%s\",\"signature\":\"s\"}\n", audit_no_line));
    CHECK(!audit_verify(dir, t->arena, NULL, &r));
    CHECK_STR(r.error, "changed");
    remove_dir(dir);
}

TEST(a_front_that_nobody_pruned_is_missing)
{
    const char *dir = new_dir(t);

    log_of_three(t, dir);
    (void)unlink(in_dir(t, dir, FIRST));
    check_error(t, dir, "missing", "records 1 to 2 are missing, and no record says that they were pruned");
    remove_dir(dir);
}

static void note_head(struct batch *b)
{
    (void)b;
}

TEST(heads_are_thinned_before_their_file_grows_too_large)
{
    enum { HEADS = 40 };
    const char *dir = new_dir(t);
    struct fail f = { 0 };
    struct audit_report r;
    struct loop *l = loop_new(&world_real);
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);
    struct audit *x = audit_new(w, l);
    char head[AUDIT_HEAD_HEX];
    uint64_t number;

    for (int i = 0; i < HEADS; i++) {
        struct batch b = { 0, note_head };
        struct audit_got got = { false };
        if (i == HEADS - 1)
            audit_writer_heads_max(w, 1000); /* seen by the time the line has been written: before the last head */
        CHECK(audit_now(w, &login) && audit_writer_head(w, &number, head));
        audit_head_ask(x, &b, t->arena, number, str_n(head, sizeof head), S("s"), &got);
        for (int turns = 0; turns < 1000 && !got.durable; turns++)
            loop_turn(l, 10);
        CHECK(got.durable);
    }
    audit_free(x);
    audit_writer_free(w);
    loop_free(l);
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    CHECK_INT(r.heads, 4); /* 16, 32, the last of then, and the one after */
    log_of(t, dir, 1);
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    remove_dir(dir);
}

TEST(an_unfinished_line_is_given_back_at_the_start)
{
    static const struct str tails[] = {
        { "{\"n\":4,\"at\":\"20", 15 }, { "x", 1 }, { "\0\0\0\0\0\0\0\0", 8 }, { "\0\0\0\0{\"n\":5}\n{\"n\":6}\n", 20 }
    };

    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        const char *dir = new_dir(t);
        struct audit_report r;
        log_of(t, dir, 3);
        struct str text = read_file(t, dir, FIRST);
        write_file(t, dir, FIRST, arena_join(t->arena, text, tails[i]));
        log_of(t, dir, 2);
        CHECK(audit_verify(dir, t->arena, NULL, &r));
        CHECK_INT(r.records, 5);
        remove_dir(dir);
    }
}

TEST(a_log_that_was_changed_is_not_gone_on_with)
{
    const char *dir = new_dir(t);
    struct fail f = { 0 };

    log_of(t, dir, 5);
    rearrange(t, dir, (const int[]){ 0, 1, 3, 4, -1 });
    CHECK(audit_writer_new(dir, &t->world, &f) == NULL);
    CHECK_STR(f.code, "audit_broken");
    CHECK(strstr(f.detail, "record 4") != NULL);
    remove_dir(dir);
}

TEST(a_log_has_one_writer)
{
    const char *dir = new_dir(t);
    struct fail f = { 0 };
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);

    CHECK(w != NULL);
    CHECK(audit_writer_new(dir, &t->world, &f) == NULL);
    CHECK_STR(f.code, "audit_taken");
    audit_writer_free(w);
    remove_dir(dir);
}

struct waiting {
    struct batch batch; /* first */
    bool ready;
};

static void batch_ready(struct batch *b)
{
    ((struct waiting *)b)->ready = true;
}

static void wait_for(struct waiting *w, struct loop *l)
{
    while (!w->ready)
        loop_turn(l, 100);
}

TEST(a_loop_gets_its_answers_when_they_are_durable)
{
    enum { ASKED = 1000 };
    const char *dir = new_dir(t);
    struct fail f = { 0 };
    struct audit_report r;
    struct waiting waiting = { { 0, batch_ready }, false };
    struct audit_got *got = arena_make_n(t->arena, ASKED, struct audit_got);
    struct loop *l = loop_new(&world_real);
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);
    struct audit *x = audit_new(w, l);
    char head[AUDIT_HEAD_HEX];
    uint64_t number = 0;

    CHECK(!audit_writer_head(w, &number, head));
    for (int i = 0; i < ASKED; i++)
        audit_ask(x, &waiting.batch, t->arena, &login, &got[i]);
    wait_for(&waiting, l);
    for (int i = 0; i < ASKED; i++)
        CHECK(got[i].durable);
    CHECK_INT(audit_writer_count(w), ASKED);
    CHECK(audit_writer_head(w, &number, head) && number == ASKED);
    waiting.ready = false;
    audit_head_ask(x, &waiting.batch, t->arena, number, str_n(head, sizeof head), S("s"), &got[0]);
    wait_for(&waiting, l);
    CHECK(got[0].durable);
    audit_free(x);
    audit_writer_free(w);
    loop_free(l);
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    CHECK_INT(r.records, ASKED);
    CHECK_INT(r.heads, 1);
    remove_dir(dir);
}

TEST(a_probe_writes_no_record_and_hears_nothing_from_a_writer_that_hangs)
{
    const char *dir = new_dir(t);
    struct fail f = { 0 };
    struct audit_report r;
    struct waiting waiting = { { 0, batch_ready }, false };
    struct audit_got got;
    struct loop *l = loop_new(&world_real);
    struct audit_writer *w = audit_writer_new(dir, &world_real, &f);
    struct audit *x = audit_new(w, l);

    CHECK(audit_now(w, &login));
    audit_writer_hold(w, true);
    audit_probe_ask(x, &waiting.batch, t->arena, &got);
    for (int i = 0; i < 5; i++)
        loop_turn(l, 20);
    CHECK(!waiting.ready);
    audit_writer_hold(w, false);
    wait_for(&waiting, l);
    CHECK(got.durable);
    CHECK_INT(audit_writer_count(w), 1);
    audit_free(x);
    audit_writer_free(w);
    loop_free(l);
    CHECK(access(in_dir(t, dir, "probe"), F_OK) != 0);
    struct audit_check check = { .may_be_unsigned = true };
    CHECK(audit_verify(dir, t->arena, &check, &r));
    CHECK_INT(r.records, 1);
    remove_dir(dir);
}

TEST(a_full_segment_is_followed_by_the_next)
{
    enum { AT_ONCE = 2000 };
    const char *dir = new_dir(t);
    struct fail f = { 0 };
    struct audit_report r;
    char text[AUDIT_TEXT_MAX_B];
    struct loop *l = loop_new(&world_real);
    struct audit_writer *w = audit_writer_new(dir, &t->world, &f);
    struct audit *x = audit_new(w, l);

    memset(text, 'x', sizeof text);
    struct str s = str_n(text, sizeof text);
    struct audit_event large = { .event = "login",
                                 .person = s,
                                 .service = s,
                                 .idp = s,
                                 .rule = s,
                                 .claims = s,
                                 .reason = s,
                                 .sid = s,
                                 .support_code = s };
    struct stat st;
    while (stat(in_dir(t, dir, "audit-000002.jsonl"), &st) != 0) {
        struct arena *a = arena_new();
        struct waiting waiting = { { 0, batch_ready }, false };
        struct audit_got *got = arena_make_n(a, AT_ONCE, struct audit_got);
        for (int i = 0; i < AT_ONCE; i++)
            audit_ask(x, &waiting.batch, a, &large, &got[i]);
        wait_for(&waiting, l);
        CHECK(got[AT_ONCE - 1].durable);
        arena_free(a);
    }
    audit_free(x);
    audit_writer_free(w);
    loop_free(l);
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    CHECK_INT(r.segments, 2);
    remove_dir(dir);
}

TEST(a_kill_at_any_moment_loses_nothing_that_was_acknowledged)
{
    enum { KILLS = 30 };
    const char *dir = new_dir(t);
    struct audit_report r;
    uint64_t acknowledged = 0;

    for (int i = 0; i < KILLS; i++) {
        int pipes[2];
        CHECK(pipe(pipes) == 0);
        pid_t child = fork();
        if (child == 0) {
            struct fail f = { 0 };
            struct audit_writer *w = audit_writer_new(dir, &world_real, &f);
            while (w != NULL && audit_now(w, &login)) {
                uint64_t n = audit_writer_count(w);
                (void)!write(pipes[1], &n, sizeof n);
            }
            _exit(1);
        }
        (void)close(pipes[1]);
        for (int k = 0; k < i; k++)
            (void)!read(pipes[0], &acknowledged, sizeof acknowledged);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        while (read(pipes[0], &acknowledged, sizeof acknowledged) == (ssize_t)sizeof acknowledged)
            ;
        (void)close(pipes[0]);
        CHECK(audit_verify(dir, t->arena, NULL, &r));
        CHECK(r.records >= acknowledged);
    }
    CHECK(acknowledged > 0);
    log_of(t, dir, 1);
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    remove_dir(dir);
}

/* What a child found, by its exit status: bit n is check n. */
static int full_disk_of_a_limit(const char *dir)
{
    struct fail f = { 0 };
    struct audit_writer *w = audit_writer_new(dir, &world_real, &f);
    struct rlimit least = { 0, 0 }, before;
    int bad = 0;

    (void)signal(SIGXFSZ, SIG_IGN);
    bad |= !(w != NULL && audit_now(w, &login)) << 0;
    (void)getrlimit(RLIMIT_FSIZE, &before);
    least = (struct rlimit){ 100, before.rlim_max };
    (void)setrlimit(RLIMIT_FSIZE, &least);
    bad |= audit_now(w, &login) << 1;
    bad |= audit_writer_ok(w) << 2;
    (void)setrlimit(RLIMIT_FSIZE, &before);
    bad |= !audit_now(w, &login) << 3;
    bad |= !audit_writer_ok(w) << 4;
    audit_writer_free(w);
    return bad;
}

TEST(what_cannot_be_written_is_refused_and_later_writing_goes_on)
{
    const char *dir = new_dir(t);
    struct audit_report r;
    int status = -1;

    pid_t child = fork();
    if (child == 0)
        _exit(full_disk_of_a_limit(dir));
    (void)waitpid(child, &status, 0);
    CHECK_INT(status, 0);
    CHECK(audit_verify(dir, t->arena, NULL, &r));
    CHECK_INT(r.records, 2);
    remove_dir(dir);
}

enum { NO_MOUNT = 99, PROBE_LATE_MS = 1100 };

static bool probes(struct audit_writer *w, struct arena *a)
{
    struct waiting waiting = { { 0, batch_ready }, false };
    struct audit_got got;
    struct loop *l = loop_new(&world_real);
    struct audit *x = audit_new(w, l);

    audit_probe_ask(x, &waiting.batch, a, &got);
    wait_for(&waiting, l);
    audit_free(x);
    loop_free(l);
    return got.durable;
}

static int full_tmpfs(const char *dir)
{
    struct fail f = { 0 };
    struct arena *a = arena_new();
    struct audit_report r;
    int bad = 0;

    if ((unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("none", dir, "tmpfs", 0, "size=24m") != 0)
        return NO_MOUNT;
    struct audit_writer *w = audit_writer_new(dir, &world_real, &f);
    bad |= !(w != NULL && audit_now(w, &login) && !audit_writer_on_reserve(w)) << 0;
    const char *filler = arena_printf(a, "%s/filler", dir).p;
    int fd = open(filler, O_WRONLY | O_CREAT, 0600);
    char page[4096] = { 0 };
    while (write(fd, page, sizeof page) > 0)
        ;
    (void)usleep(PROBE_LATE_MS * 1000);
    bad |= !probes(w, a) << 6;    /* there is the reserve */
    for (int i = 0; i < 100; i++) /* past the page that the log has begun already */
        bad |= !audit_now(w, &login) << 1;
    bad |= !audit_writer_on_reserve(w) << 2;
    while (write(fd, page, sizeof page) > 0)
        ;
    bool refused = false;
    for (int i = 0; i < 100 && !refused; i++)
        refused = !audit_now(w, &login);
    bad |= !refused << 3;
    bad |= (probes(w, a) || audit_writer_ok(w)) << 6;
    (void)close(fd);
    (void)unlink(filler);
    bad |= (!probes(w, a) || !audit_writer_ok(w)) << 6; /* and that without anybody who signs in */
    bad |= !audit_now(w, &login) << 4;
    audit_writer_free(w);
    bad |= !audit_verify(dir, a, NULL, &r) << 5;
    arena_free(a);
    return bad;
}

TEST(a_full_disk_is_met_by_the_reserve_and_then_refused)
{
    const char *dir = new_dir(t);
    int status = -1;

    pid_t child = fork();
    if (child == 0)
        _exit(full_tmpfs(dir));
    (void)waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_MOUNT)
        test_skip(t, "a small disk cannot be mounted here");
    CHECK_INT(status, 0);
    remove_dir(dir);
}
