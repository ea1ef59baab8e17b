/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/form.h"

#include "tests/test.h"

#include <string.h>

static bool refused(struct test *t, struct str text)
{
    struct form *form;
    struct fail f = { 0 };
    bool read = form_read(t->arena, text, &form, &f);

    return !read && f.kind == FAIL_CALLER && str_eq(str_of(f.code), S("invalid_request"));
}

static struct form *form_of(struct test *t, struct str text)
{
    struct form *form = NULL;
    struct fail f = { 0 };

    CHECK(form_read(t->arena, text, &form, &f));
    return form;
}

TEST(a_form_is_decoded)
{
    struct form *form = form_of(t, S("a=1+2&b=%C3%A4%26&c&&d=&e=f=g&%66=%2B"));

    CHECK_STR(form_get(form, S("a")), "1 2");
    CHECK_STR(form_get(form, S("b")), "ä&");
    CHECK_STR(form_get(form, S("c")), "");
    CHECK_STR(form_get(form, S("d")), "");
    CHECK_STR(form_get(form, S("e")), "f=g");
    CHECK_STR(form_get(form, S("f")), "+");
    CHECK(form_get(form, S("g")).p == NULL);
    CHECK(form_get(form, S("A")).p == NULL);
}

TEST(an_absent_or_empty_text_is_an_empty_form)
{
    CHECK_INT(form_of(t, (struct str){ NULL, 0 })->count, 0);
    CHECK_INT(form_of(t, S(""))->count, 0);
    CHECK(form_get(NULL, S("a")).p == NULL);
}

TEST(a_parameter_that_comes_twice_is_refused) /* [RFC 6749 3.1] */
{
    CHECK(refused(t, S("a=1&a=2")));
    CHECK(refused(t, S("a=1&b=2&a=1")));
    CHECK(refused(t, S("state=1&%73tate=1")));
    CHECK(refused(t, S("a&a")));
}

TEST(resource_and_audience_may_come_twice) /* [RFC 8707 2, RFC 8693 2.1] */
{
    struct form *form = form_of(t, S("resource=x&audience=1&resource=y&audience=2"));

    CHECK_STR(form_get_nth(form, S("resource"), 0), "x");
    CHECK_STR(form_get_nth(form, S("resource"), 1), "y");
    CHECK(form_get_nth(form, S("resource"), 2).p == NULL);
    CHECK_STR(form_get_nth(form, S("audience"), 1), "2");
}

TEST(broken_escapes_controls_and_what_is_not_utf_8_are_refused)
{
    static const struct str bad[] = {
        S("a=%"),      S("a=%4"),           S("a=%4g"),    S("a=%g4"),    S("%=a"),   S("a=%00"),
        S("a\0b=c"),   S("a=\x01"),         S("a=%1b"),    S("a=%7F"),    S("a=%FF"), S("a=%C3"),
        S("a=%C0%80"), S("a=\xed\xa0\x80"), S("%E2%82=1"), S("a=%u0041"), S("a=%-1"), S("a=% 1"),
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!refused(t, bad[i]))
            test_fail(t, __FILE__, __LINE__, "%.*s is accepted", STR_ARG(bad[i]));
    CHECK_STR(form_get(form_of(t, S("a=x%0D%0Ay%09z")), S("a")), "x\r\ny\tz");
}

TEST(too_many_parameters_are_refused)
{
    struct buf b = buf_new(t->arena, 1 << 16);

    for (int i = 0; i < FORM_FIELDS_MAX; i++)
        buf_printf(&b, "%sp%d=x", i > 0 ? "&" : "", i);
    CHECK_INT(form_of(t, buf_str(&b))->count, FORM_FIELDS_MAX);
    buf_add(&b, S("&q=x"));
    CHECK(refused(t, buf_str(&b)));
}

TEST(what_is_written_is_read_back)
{
    struct buf b = buf_new(t->arena, 4096);
    struct str odd = S("a b&c=d+%/ä?#\"'\t");

    form_add(&b, S("x y"), odd);
    form_add(&b, S("absent"), (struct str){ NULL, 0 });
    form_add(&b, S("e"), S(""));
    struct form *form = form_of(t, buf_str(&b));
    CHECK_INT(form->count, 2);
    CHECK(str_eq(form_get(form, S("x y")), odd));
    CHECK_STR(form_get(form, S("e")), "");
}

static struct str with_query(struct test *t, struct str url)
{
    struct buf b = buf_new(t->arena, 4096);

    buf_add(&b, url);
    url_query(&b, S("code"), S("a&b"));
    url_query(&b, S("state"), (struct str){ NULL, 0 });
    url_query(&b, S("iss"), S("https://x"));
    return buf_str(&b);
}

TEST(a_query_is_added_behind_what_is_there)
{
    CHECK_STR(with_query(t, S("https://s/cb")), "https://s/cb?code=a%26b&iss=https%3A%2F%2Fx");
    CHECK_STR(with_query(t, S("https://s/cb?x=1")), "https://s/cb?x=1&code=a%26b&iss=https%3A%2F%2Fx");
    CHECK_STR(with_query(t, S("https://s/cb?")), "https://s/cb?code=a%26b&iss=https%3A%2F%2Fx");
}

/* The same numbers each time, so that what fails fails again. */
static size_t pick(uint64_t *seed, size_t n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*seed >> 33) % n;
}

/* Security: a value never ends its parameter, its query or its address, whatever bytes it has. */
TEST(an_address_with_a_value_of_any_bytes_has_that_value_and_no_other_parameter)
{
    static const struct str starts[] = { S("/signed-out"), S("/a?b=c"), S("https://service.example/x?y=z&w") };
    uint64_t seed = 13;

    for (unsigned round = 0; round < 2000; round++) {
        char bytes[24];
        size_t n = pick(&seed, sizeof bytes);
        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)(pick(&seed, 127) + 1);
        struct str value = str_n(bytes, n), start = starts[pick(&seed, 3)];
        struct str url = url_to(t->arena, start, S("state"), value);
        size_t mark = str_find_byte(url, '?', 0);
        CHECK(str_has_prefix(url, start));
        for (size_t i = start.n; i < url.n; i++)
            CHECK(url.p[i] > ' ' && url.p[i] < 0x7f && strchr("\"<>\\#'", url.p[i]) == NULL);
        struct form *form;
        struct fail f = { 0 };
        if (!form_read(t->arena, str_from(url, mark + 1), &form, &f))
            continue; /* control bytes, which nobody reads */
        CHECK(str_eq(form_get(form, S("state")), value));
        CHECK_INT(form->count, str_eq(start, starts[0]) ? 1 : str_eq(start, starts[1]) ? 2 : 3);
    }
    CHECK_STR(url_to(t->arena, S("/x"), S("a"), (struct str){ NULL, 0 }), "/x");
}
