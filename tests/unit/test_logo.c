/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"
#include "wire/logo.h"

#include <stdio.h>
#include <string.h>

static struct str seed(struct test *t, const char *name)
{
    char *bytes = arena_alloc(t->arena, LOGO_IN_MAX_B);
    FILE *f = fopen(arena_printf(t->arena, "%s/tests/fuzz/seeds/logo/%s", TEST_SOURCE_DIR, name).p, "rb");
    size_t n = f != NULL ? fread(bytes, 1, LOGO_IN_MAX_B, f) : 0;

    CHECK(f != NULL);
    if (f != NULL)
        (void)fclose(f);
    return str_n(bytes, n);
}

static struct str made(struct test *t, const char *name)
{
    struct str out = { NULL, 0 };
    struct fail f = { 0 };

    if (!logo_make(t->arena, seed(t, name), &out, &f))
        test_fail(t, __FILE__, __LINE__, "%s: %s", name, f.detail);
    return out;
}

static const char *refused(struct test *t, const char *name)
{
    struct str out;
    struct fail *f = arena_make(t->arena, struct fail);

    CHECK(!logo_make(t->arena, seed(t, name), &out, f));
    CHECK_STR(f->code, "logo_invalid");
    return f->detail;
}

/* Big-endian, as a PNG has its numbers. */
static unsigned number(struct str png, size_t at)
{
    unsigned n = 0;

    for (size_t i = 0; i < 4; i++)
        n = n << 8 | (unsigned char)png.p[at + i];
    return n;
}

TEST(a_picture_is_made_anew_with_nothing_but_its_pixels)
{
    static const char *const allowed[] = { "IHDR", "PLTE", "tRNS", "IDAT", "IEND", "sRGB", "gAMA", "cHRM" };
    struct str out = made(t, "texts");
    size_t at = 8, chunks = 0;

    for (; at + 12 <= out.n; at += 12 + number(out, at), chunks++) {
        bool known = false;
        for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
            known |= str_eq(str_sub(out, at + 4, 4), str_of(allowed[i]));
        if (!known)
            test_fail(t, __FILE__, __LINE__, "chunk %.*s", STR_ARG(str_sub(out, at + 4, 4)));
    }
    CHECK_INT(at, out.n); /* nothing after the end */
    CHECK(chunks >= 4);
    CHECK(str_find(out, S("script")) == out.n && str_find(out, S("secret")) == out.n);
}

TEST(every_form_of_png_is_read)
{
    static const char *const names[] = { "rgba", "grey", "grey-16-bits", "palette", "interlaced", "texts", "no-end" };

    for (size_t i = 0; i < sizeof names / sizeof *names - 1; i++)
        CHECK(made(t, names[i]).n > 0);
}

TEST(a_large_picture_becomes_small_and_keeps_its_shape)
{
    struct str wide = made(t, "wide"), noise = made(t, "noise");

    CHECK_INT(number(wide, 16), LOGO_MAX_PX);
    CHECK_INT(number(wide, 20), 38);
    CHECK(noise.n <= LOGO_PNG_MAX_B && number(noise, 16) == number(noise, 20));
}

TEST(what_came_out_comes_out_again)
{
    static const char *const names[] = { "rgba", "wide", "noise", "palette" };
    struct fail f = { 0 };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct str once = made(t, names[i]), twice;
        CHECK(logo_make(t->arena, once, &twice, &f));
        CHECK(str_eq(twice, once));
    }
}

TEST(what_is_no_picture_is_refused_with_the_reason)
{
    CHECK(strstr(refused(t, "empty"), "is no PNG") != NULL);
    CHECK(strstr(refused(t, "huge"), "cannot be read") != NULL || strstr(refused(t, "huge"), "4096") != NULL);
    CHECK(strstr(refused(t, "small"), "the longer one has 16 to 4096 pixels") != NULL);
    CHECK(strstr(refused(t, "truncated"), "cannot be read") != NULL);
    CHECK(strstr(refused(t, "bad-crc"), "cannot be read") != NULL);
    CHECK(strstr(refused(t, "no-data"), "cannot be read") != NULL);
}
