/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct test *first, **last = &first;

void test_register(struct test *t)
{
    *last = t;
    last = &t->next;
}

void test_fail(struct test *t, const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    t->failed++;
    (void)printf("%s:%d: %s: ", file, line, t->name);
    va_start(ap, fmt);
    (void)vprintf(fmt, ap);
    va_end(ap);
    (void)printf("\n");
}

void test_skip(struct test *t, const char *why)
{
    t->skipped = why;
}

void test_passes(struct test *t, int64_t seconds)
{
    t->now_ms += seconds * 1000;
}

struct str test_str_id(struct str s)
{
    return s;
}

void test_check_str(struct test *t, const char *file, int line, const char *what, struct str got, const char *expected)
{
    t->checked++;
    if (!str_eq(got, str_of(expected)))
        test_fail(t, file, line, "%s is \"%.*s\", expected \"%s\"", what, STR_ARG(got), expected);
}

struct str test_file(struct arena *a, const char *path)
{
    char full[4096];
    struct buf b = buf_new(a, 64u << 20);
    char piece[65536];
    size_t n;

    (void)snprintf(full, sizeof full, "%s/%s", TEST_SOURCE_DIR, path);
    FILE *f = fopen(path[0] == '/' ? path : full, "rb");
    if (f == NULL)
        return (struct str){ NULL, 0 };
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(&b, str_n(piece, n));
    (void)fclose(f);
    return buf_str(&b);
}

static int64_t frozen_now(void *self)
{
    return ((struct test *)self)->now_ms;
}

static void counting_random(void *self, void *out, size_t n)
{
    struct test *t = self;
    unsigned char *p = out;

    for (size_t i = 0; i < n; i++)
        p[i] = ++t->random;
}

int test_main(int argc, char **argv)
{
    int passed = 0, failed = 0, skipped = 0;

    for (struct test *t = first; t != NULL; t = t->next) {
        bool wanted = argc < 2;
        for (int i = 1; i < argc; i++)
            wanted = wanted || strstr(t->name, argv[i]) != NULL;
        if (!wanted)
            continue;
        t->arena = arena_new();
        t->now_ms = (int64_t)TEST_NOW_S * 1000;
        t->world = (struct world){ t, frozen_now, frozen_now, counting_random, true };
        t->run(t);
        arena_free(t->arena);
        if (t->skipped != NULL) {
            (void)printf("%s: skipped: %s\n", t->name, t->skipped);
            skipped++;
            continue;
        }
        if (t->checked == 0)
            test_fail(t, __FILE__, __LINE__, "checked nothing");
        t->failed > 0 ? failed++ : passed++;
    }
    (void)printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed > 0 || passed + skipped == 0;
}
