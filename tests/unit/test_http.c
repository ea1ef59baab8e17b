/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/http.h"

#include "tests/test.h"

static struct str cookie(bool https, struct str header, struct str name)
{
    struct http_field fields[] = { { S("cookie"), header } };
    struct http_request r = { .fields = fields, .field_count = 1, .https = https };

    return http_cookie(&r, name);
}

TEST(a_field_is_found_without_case_and_only_when_it_came_once)
{
    struct http_field fields[] = { { S("X-A"), S("1") }, { S("x-b"), S("2") }, { S("X-B"), S("3") } };
    struct http_request r = { .fields = fields, .field_count = 3 };

    CHECK_STR(http_field(&r, S("x-a")), "1");
    CHECK(http_field(&r, S("X-B")).p == NULL);
    CHECK(http_field(&r, S("X-C")).p == NULL);
}

static struct str credentials(struct str value, struct str scheme)
{
    struct http_field fields[] = { { S("authorization"), value } };
    struct http_request r = { .fields = fields, .field_count = 1 };

    return http_credentials(&r, scheme);
}

TEST(credentials_are_what_stands_behind_their_scheme) /* [RFC 6750 2.1, RFC 9449 7.1] */
{
    struct http_request none = { .field_count = 0 };

    CHECK_STR(credentials(S("Bearer abc"), S("Bearer")), "abc");
    CHECK_STR(credentials(S("bEARER   abc "), S("Bearer")), "abc");
    CHECK_STR(credentials(S("DPoP abc"), S("DPoP")), "abc");
    CHECK(credentials(S("DPoP abc"), S("Bearer")).p == NULL);
    CHECK(credentials(S("Bearer"), S("Bearer")).p == NULL);
    CHECK(credentials(S("Bearer  "), S("Bearer")).p == NULL);
    CHECK(credentials(S("Bearerabc"), S("Bearer")).p == NULL);
    CHECK(credentials(S(""), S("Bearer")).p == NULL);
    CHECK(http_credentials(&none, S("Bearer")).p == NULL);
}

TEST(a_list_that_came_in_several_lines_is_one_list) /* [RFC 9110 5.3] */
{
    struct http_field fields[] = { { S("Accept-Language"), S("de") },
                                   { S("X"), S("y") },
                                   { S("accept-language"), S("sv;q=0.9, en") } };
    struct http_request r = { .fields = fields, .field_count = 3 };

    CHECK_STR(http_field_list(t->arena, &r, S("Accept-Language")), "de, sv;q=0.9, en");
    CHECK_STR(http_field_list(t->arena, &r, S("x")), "y");
    CHECK(http_field_list(t->arena, &r, S("Accept")).p == NULL);
}

TEST(a_cookie_is_found_under_the_name_it_was_set_with)
{
    CHECK_STR(cookie(false, S("a=1; session=xyz; b=2"), S("session")), "xyz");
    CHECK_STR(cookie(true, S("a=1; __Host-session=xyz"), S("session")), "xyz");
    CHECK(cookie(true, S("session=xyz"), S("session")).p == NULL); /* a sibling host could have set it */
    CHECK(cookie(false, S("xsession=1; sessionx=2"), S("session")).p == NULL);
    CHECK_STR(cookie(false, S("session="), S("session")), "");
    CHECK_STR(cookie(false, S("s=a=b"), S("s")), "a=b");
}

TEST(a_cookie_that_we_would_not_write_is_none)
{
    static const struct str bad[] = {
        S("session"),     S("=session"),    S("session=a; session=b"), S("session=a; session=a"), S("session=\"a\""),
        S("session=a b"), S("session=a,b"), S("session=\xc3\xa4"),     S("session=a\\b"),         S("SESSION=a"),
        S("session =a"),  S("=session=a"),  S("x=session=a"),          S("x=\"session=a\""),      S(""),
        S(";;;"),
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (t->checked++, cookie(false, bad[i], S("session")).p != NULL)
            test_fail(t, __FILE__, __LINE__, "%.*s gives a cookie", STR_ARG(bad[i]));
}

TEST(what_other_cookies_look_like_signs_nobody_out) /* [RFC 6265 4.2.1, 5.2, 5.4] */
{
    static const struct str good[] = {
        S("session=a; b"),       S("b; session=a"),    S("=x; session=a"),      S("session=a; =x"),
        S("=; session=a"),       S("session=a;; b=c"), S(";session=a"),         S("session=a;"),
        S("; ; session=a; "),    S("session=a;b=c"),   S("\tsession=a\t; b=c"), S("odd={\"a\": 1}; session=a"),
        S("c=\"; session=a"),    S("session=a; c=\""), S("c= ; session=a"),     S("\xc3\xa4=\xff; session=a"),
        S("a b=c d; session=a"), S("session=a; ,;=,"), S("x==; session=a"),     S("session=a; __Secure-x=y; __Host-z"),
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (t->checked++, !str_eq(cookie(false, good[i], S("session")), S("a")))
            test_fail(t, __FILE__, __LINE__, "%.*s loses the session", STR_ARG(good[i]));
}

TEST(cookies_in_several_fields_are_read_as_in_one) /* [RFC 9113 8.2.3] */
{
    struct http_field fields[] = { { S("Cookie"), S("a=1; nameless") },
                                   { S("Accept"), S("*/*") },
                                   { S("cookie"), S("__Host-session=xyz") },
                                   { S("Cookie"), S("__Host-twice=1") },
                                   { S("Cookie"), S("__Host-twice=2") } };
    struct http_request r = { .fields = fields, .field_count = 5, .https = true };

    CHECK_STR(http_cookie(&r, S("session")), "xyz");
    CHECK(http_cookie(&r, S("twice")).p == NULL);
}

static void count(void *with, struct str name, struct str value)
{
    (void)name;
    (void)value;
    ++*(size_t *)with;
}

TEST(a_session_is_found_among_any_number_of_cookies_and_of_a_prefix_come_so_many)
{
    struct buf b = buf_new(t->arena, 1 << 16);

    for (int i = 0; i < 2 * HTTP_COOKIES_MAX; i++)
        buf_printf(&b, "login-%d=x; session%d=y; ", i, i);
    buf_add(&b, S("session=a"));
    struct http_field fields[] = { { S("Cookie"), buf_str(&b) } };
    struct http_request r = { .fields = fields, .field_count = 1 };
    size_t seen = 0;
    http_cookies(&r, S("login-"), count, &seen);
    CHECK_INT(seen, HTTP_COOKIES_MAX);
    CHECK_STR(http_cookie(&r, S("session")), "a");
}

static void note(void *with, struct str name, struct str value)
{
    struct buf *b = with;

    buf_printf(b, "[%.*s=%.*s]", STR_ARG(name), STR_ARG(value));
}

TEST(cookies_of_a_prefix_come_in_order_without_the_host_prefix)
{
    struct http_field fields[] = { { S("Cookie"), S("__Host-l.b=2; x=1; l.c=3; __Host-l.a=1") } };
    struct http_request r = { .fields = fields, .field_count = 1, .https = true };
    struct buf b = buf_new(t->arena, 256);

    http_cookies(&r, S("l."), note, &b);
    CHECK_STR(buf_str(&b), "[l.b=2][l.a=1]");
}

TEST(a_cookie_is_set_for_this_host_alone)
{
    struct http_response res = { .arena = t->arena, .https = true };

    http_set_cookie(&res, S("session"), S("abc"), -1, SAME_SITE_LAX);
    CHECK_STR(http_response_field(&res, S("set-cookie")), "__Host-session=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
    res = (struct http_response){ .arena = t->arena, .https = true };
    http_set_cookie(&res, S("l.1"), S(""), 0, SAME_SITE_NONE);
    CHECK_STR(http_response_field(&res, S("Set-Cookie")),
              "__Host-l.1=; Path=/; HttpOnly; SameSite=None; Secure; Max-Age=0");
}

TEST(on_plain_http_a_cookie_is_neither_secure_nor_none)
{
    struct http_response res = { .arena = t->arena };

    http_set_cookie(&res, S("l"), S("abc"), 900, SAME_SITE_NONE);
    CHECK_STR(http_response_field(&res, S("Set-Cookie")), "l=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=900");
}

TEST(a_redirect_with_a_line_break_is_refused) /* S-38 */
{
    struct http_response res = { .arena = t->arena };

    http_redirect(&res, 303, S("https://a/\r\nSet-Cookie: x=y"));
    CHECK_INT(res.status, 500);
    CHECK(http_response_field(&res, S("Location")).p == NULL);
    http_redirect(&res, 303, S("/a b\\c\"<\xc3\xa4"));
    CHECK_STR(http_response_field(&res, S("Location")), "/a%20b%5Cc%22%3C%C3%A4");
    http_redirect(&res, 303, S("https://a/b"));
    CHECK_INT(res.status, 303);
    CHECK_STR(http_response_field(&res, S("location")), "https://a/b");
}

TEST(setting_a_field_replaces_it)
{
    struct http_response res = { .arena = t->arena };

    http_header(&res, S("A"), S("1"));
    http_header(&res, S("a"), S("2"));
    http_header(&res, S("B"), S("3"));
    http_header_set(&res, S("A"), S("4"));
    CHECK_INT(res.field_count, 2);
    CHECK_STR(http_response_field(&res, S("A")), "4");
    CHECK_STR(http_response_field(&res, S("B")), "3");
}

TEST(a_place_is_an_address_of_ipv4_and_a_64_of_ipv6_however_it_is_written)
{
    static const struct {
        const char *peer, *same, *other;
    } rows[] = {
        { "2001:db8::1", "2001:db8:0:0:ffff:1:2:3", "2001:db8:0:1::1" },
        { "2001:db8:1:2::5", "2001:DB8:1:2:3:4:5:6", "2001:db8:1:3::5" },
        { "fe80::1", "fe80:0:0:0:aaaa::", "fe81::1" },
        { "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2" },
        { "unix", "unix", "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str place = http_place(t->arena, str_of(rows[i].peer));
        CHECK(str_eq(place, http_place(t->arena, str_of(rows[i].same))));
        CHECK(!str_eq(place, http_place(t->arena, str_of(rows[i].other))));
    }
}
