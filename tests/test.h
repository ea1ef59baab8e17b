/* SPDX-License-Identifier: EUPL-1.2
 * tests/test.h: TEST(a_sentence_that_is_true) { CHECK(...); }
 *
 * Every test gets a fresh arena and a frozen clock (Monday, 10 August 2026,
 * 08:00:00 UTC) whose randomness is a counter.  A failed check is reported and
 * the test goes on; the program's exit status says whether any failed.  A test
 * that cannot run here says test_skip("why").
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/world.h"

enum { TEST_NOW_S = 1786348800 };

struct test {
    const char *name;
    void (*run)(struct test *t);
    struct test *next;
    struct arena *arena;
    struct world world; /* move it with test_passes() */
    int64_t now_ms;
    unsigned char random;
    int failed, checked;
    const char *skipped;
};

void test_register(struct test *t);
void test_fail(struct test *t, const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void test_passes(struct test *t, int64_t seconds);
void test_skip(struct test *t, const char *why);
/* Runs every test, or those whose name contains an argument; a test program's main. */
int test_main(int argc, char **argv);
/* A file below the source tree, whole; absent when it cannot be read. */
struct str test_file(struct arena *a, const char *path);

#define TEST(sentence)                                                                                                 \
    static void test_##sentence(struct test *t);                                                                       \
    static struct test reg_##sentence = { .name = #sentence, .run = test_##sentence };                                 \
    __attribute__((constructor)) static void register_##sentence(void)                                                 \
    {                                                                                                                  \
        test_register(&reg_##sentence);                                                                                \
    }                                                                                                                  \
    static void test_##sentence(struct test *t)

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        t->checked++;                                                                                                  \
        if (!(condition))                                                                                              \
            test_fail(t, __FILE__, __LINE__, "%s", #condition);                                                        \
    } while (0)

#define CHECK_INT(got, expected)                                                                                       \
    do {                                                                                                               \
        long long got_ = (long long)(got), want_ = (long long)(expected);                                              \
        t->checked++;                                                                                                  \
        if (got_ != want_)                                                                                             \
            test_fail(t, __FILE__, __LINE__, "%s is %lld, expected %lld", #got, got_, want_);                          \
    } while (0)

/* got: struct str or const char *; expected: const char *. */
#define CHECK_STR(got, expected) test_check_str(t, __FILE__, __LINE__, #got, TEST_STR(got), (expected))
#define TEST_STR(x)              _Generic((x), struct str : test_str_id, char * : str_of, const char * : str_of)(x)

struct str test_str_id(struct str s);
void test_check_str(struct test *t, const char *file, int line, const char *what, struct str got, const char *expected);

#endif
