/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/audit.h"
#include "audit/proof.h"
#include "audit/tree.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 70 };

/* The double of a signature: what was signed, as it is. */
static bool says_itself(void *self, uint64_t number, struct str head, struct str signature)
{
    (void)self, (void)number;
    return str_eq(head, signature);
}

static const struct audit_check check = { .verify_head = says_itself };

static const char *folder(struct test *t)
{
    char *dir = arena_cstr(t->arena, S("/tmp/digione-proof-XXXXXX"));

    CHECK(mkdtemp(dir) != NULL);
    return dir;
}

static void write_lines(struct test *t, struct audit_writer *w, int n)
{
    for (int i = 0; i < n; i++)
        CHECK(audit_now(w, &(struct audit_event){ .event = "release", .person = S("p"), .service = S("kanerva") }));
}

/* A head over all that is there, as heads.c writes it. */
static void sign(struct test *t, const char *dir, struct audit_writer *w)
{
    struct audit_rooted h = { 0 };
    char name[300];

    CHECK(audit_writer_rooted(w, &h));
    (void)snprintf(name, sizeof name, "%s/heads.jsonl", dir);
    FILE *f = fopen(name, "a");
    CHECK(f != NULL);
    (void)fprintf(f, "{\"number\":%llu,\"head\":\"%.64s\",\"root\":\"%s\",\"from\":%llu,\"signature\":\"%.*s\"}\n",
                  (unsigned long long)h.number, h.head, h.root, (unsigned long long)h.from,
                  STR_ARG(audit_rooted_signed(t->arena, &h)));
    (void)fclose(f);
}

static struct audit_writer *writer(struct test *t, const char *dir)
{
    struct fail f = { 0 };
    struct audit_writer *w = audit_writer_new(dir, &world_real, &f);

    CHECK(w != NULL);
    return w;
}

static bool holds(struct test *t, struct str proof, const char **code)
{
    struct fail f = { 0 };
    struct str line;
    bool good = audit_proof_holds(t->arena, proof, &check, &line, &f);

    *code = good ? "" : f.code;
    return good;
}

TEST(each_record_of_a_log_of_each_size_is_proven_by_its_last_head)
{
    const char *dir = folder(t), *code;
    struct audit_writer *w = writer(t, dir);
    struct fail f = { 0 };

    for (int size = 1; size <= MANY; size++) {
        write_lines(t, w, 1);
        if (size > 9 && size < MANY - 7)
            continue;
        sign(t, dir, w);
        for (int i = 1; i <= size; i++) {
            struct str proof = audit_prove(dir, t->arena, (uint64_t)i, &f);
            CHECK(str_is_set(proof) && holds(t, proof, &code));
        }
    }
    struct audit_report report;
    CHECK(audit_verify(dir, t->arena, &check, &report));
    audit_writer_free(w);
}

/* The file of a tree over MANY lines, of which `at_once` are appended together. */
static struct str tree_of(struct test *t, size_t at_once)
{
    const char *dir = folder(t);
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
    char *file = arena_alloc(t->arena, 1 << 16);
    struct tree tree;

    CHECK(dir_fd >= 0 && (fd = tree_open(&tree, dir_fd, 0)) >= 0);
    for (size_t i = 0; i < MANY; i += at_once) {
        struct buf lines = buf_new(t->arena, 4096);
        for (size_t j = i; j < i + at_once && j < MANY; j++)
            buf_printf(&lines, "line %zu\n", j);
        CHECK(tree_append(&tree, fd, buf_str(&lines)));
    }
    CHECK_INT(tree.leaves, MANY);
    ssize_t n = pread(fd, file, 1 << 16, 0);
    CHECK(n > 0);
    (void)close(fd);
    (void)close(dir_fd);
    return str_n(file, (size_t)n);
}

TEST(a_tree_is_the_same_however_many_records_come_at_once)
{
    struct str one_by_one = tree_of(t, 1);

    for (size_t at_once = 2; at_once <= MANY; at_once++)
        CHECK(str_eq(tree_of(t, at_once), one_by_one));
}

TEST(one_flipped_bit_of_a_proof_is_found_wherever_it_is)
{
    const char *dir = folder(t), *code;
    struct audit_writer *w = writer(t, dir);
    struct fail f = { 0 };

    write_lines(t, w, 11);
    sign(t, dir, w);
    struct str proof = audit_prove(dir, t->arena, 7, &f);
    CHECK(holds(t, proof, &code));
    char *bytes = arena_alloc(t->arena, proof.n);
    size_t wrong = 0;
    for (size_t i = 0; i < proof.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(bytes, proof.p, proof.n);
            bytes[i] = (char)(bytes[i] ^ (1 << bit));
            wrong += !holds(t, str_n(bytes, proof.n), &code);
        }
    CHECK_INT(wrong, proof.n * 8);
    audit_writer_free(w);
}

TEST(one_flipped_bit_of_the_tree_or_of_a_head_proves_nothing_and_verifying_finds_the_head)
{
    const char *dir = folder(t), *code;
    struct audit_writer *w = writer(t, dir);
    struct audit_report report;
    struct fail f = { 0 };
    char name[300];

    write_lines(t, w, 9);
    sign(t, dir, w);
    audit_writer_free(w);
    (void)snprintf(name, sizeof name, "%s/tree", dir);
    int fd = open(name, O_RDWR);
    unsigned char byte;
    CHECK(pread(fd, &byte, 1, 16 + 32 * 2) == 1); /* the root over the first two */
    byte ^= 4;
    CHECK(pwrite(fd, &byte, 1, 16 + 32 * 2) == 1);
    (void)close(fd);
    struct str proof = audit_prove(dir, t->arena, 4, &f);
    CHECK(!holds(t, proof, &code));
    CHECK_STR(str_of(code), "changed");
    CHECK(audit_verify(dir, t->arena, &check, &report)); /* the tree is a cache: the log is whole */

    (void)snprintf(name, sizeof name, "%s/heads.jsonl", dir);
    FILE *heads = fopen(name, "r+");
    char text[2000] = "";
    size_t n = fread(text, 1, sizeof text - 1, heads);
    char *root = strstr(text, "\"root\":\"");
    CHECK(n > 0 && root != NULL);
    root[8] = root[8] == 'a' ? 'b' : 'a';
    rewind(heads);
    CHECK(fwrite(text, 1, n, heads) == n);
    (void)fclose(heads);
    CHECK(!audit_verify(dir, t->arena, &check, &report));
    CHECK_STR(str_of(report.error), "head");
}

TEST(what_the_tree_lost_of_the_last_segment_is_found_again_at_the_start)
{
    const char *dir = folder(t), *code;
    struct audit_writer *w = writer(t, dir);
    struct fail f = { 0 };
    char name[300];

    write_lines(t, w, 13);
    audit_writer_free(w);
    (void)snprintf(name, sizeof name, "%s/tree", dir);
    CHECK(truncate(name, 16 + 32 * 9 + 5) == 0); /* a power cut in the middle of a node */
    w = writer(t, dir);
    write_lines(t, w, 2);
    sign(t, dir, w);
    for (uint64_t i = 1; i <= 15; i++)
        CHECK(holds(t, audit_prove(dir, t->arena, i, &f), &code));
    audit_writer_free(w);
    CHECK(unlink(name) == 0); /* it is gone: what is written from now on is proven */
    w = writer(t, dir);
    write_lines(t, w, 2);
    sign(t, dir, w);
    CHECK(holds(t, audit_prove(dir, t->arena, 17, &f), &code));
    CHECK(!str_is_set(audit_prove(dir, t->arena, 15, &f)));
    CHECK_STR(str_of(f.code), "not_in_tree");
    struct audit_report report;
    CHECK(audit_verify(dir, t->arena, &check, &report));
    audit_writer_free(w);
}

TEST(what_no_head_is_over_yet_is_not_proven)
{
    const char *dir = folder(t);
    struct audit_writer *w = writer(t, dir);
    struct fail f = { 0 };

    write_lines(t, w, 1);
    CHECK(!str_is_set(audit_prove(dir, t->arena, 1, &f)));
    CHECK_STR(str_of(f.code), "no_head");
    sign(t, dir, w);
    write_lines(t, w, 1);
    f = (struct fail){ 0 };
    CHECK(!str_is_set(audit_prove(dir, t->arena, 2, &f)));
    CHECK_STR(str_of(f.code), "not_in_tree");
    f = (struct fail){ 0 };
    CHECK(!str_is_set(audit_prove(dir, t->arena, 3, &f)));
    CHECK_STR(str_of(f.code), "no_record");
    audit_writer_free(w);
}
