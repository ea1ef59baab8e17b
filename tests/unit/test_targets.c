/* SPDX-License-Identifier: EUPL-1.2
 * Deep links: where in a service a link may lead, and what only looks like it. */
#include "registry/targets.h"
#include "tests/test.h"

#include <string.h>

static struct str prefixes[] = { S("https://kirja.example/"), S("https://app.example:8443/kurssit/"),
                                 S("https://sivu.example/kurssi") };

static const struct service books = {
    .id = S("kirja"),
    .launch_uri = S("https://kirja.example/alku/index.html?x=1"),
    .target_link_uri = S(""),
    .targets = { prefixes, 3 },
};

/* What the link means, or "-". */
static const char *means_at(struct test *t, const struct service *s, const char *to, enum lang lang)
{
    struct str out;

    return target_read(t->arena, s, str_of(to), lang, &out) ? arena_cstr(t->arena, out) : "-";
}

static const char *means(struct test *t, const char *to)
{
    return means_at(t, &books, to, LANG_SV);
}

TEST(an_address_below_a_prefix_is_where_a_link_leads)
{
    static const char *const same[] = { "https://kirja.example/",
                                        "https://kirja.example/a/b.html",
                                        "https://kirja.example/a?b=c&d=/../e//f",
                                        "https://kirja.example/#/luku/3",
                                        "https://app.example:8443/kurssit/",
                                        "https://app.example:8443/kurssit/9?t=1#k",
                                        "https://sivu.example/kurssi",
                                        "https://sivu.example/kurssi/9",
                                        "https://sivu.example/kurssi?id=9",
                                        "https://sivu.example/kurssi#9",
                                        "https://kirja.example/a@b:c/~d;v=1/%C3%A4%20%2B" };

    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        CHECK_STR(means(t, same[i]), same[i]);
}

TEST(a_prefix_is_compared_byte_for_byte)
{
    static const char *const other[] = {
        "https://evil.example/",
        "https://kirja.example",
        "https://kirja.example.evil.example/",
        "https://kirja.example@evil.example/",
        "https://kirja.example:443/",
        "https://kirja.example:8443/",
        "https://KIRJA.example/",
        "HTTPS://kirja.example/",
        "http://kirja.example/",
        "https:/kirja.example/",
        "https:kirja.example/",
        "https:///kirja.example/",
        "https://anna@kirja.example/",
        "https://anna:x@kirja.example/",
        "https://evil.example/https://kirja.example/",
        "https://evil.example?https://kirja.example/",
        "https://evil.example#https://kirja.example/",
        "https://kirja.example.:443/",
        "https://kirja.example./",
        "https://app.example:8443/",
        "https://app.example:8443/kurssit",
        "https://app.example/kurssit/",
        "https://app.example:08443/kurssit/",
        "https://app.example:8443/Kurssit/",
        "https://app.example:8443/kurssit2/",
        "https://sivu.example/kurssi2",
        "https://sivu.example/kurssi;x/..",
        "https://sivu.example/kurssi%2F9",
        "https://sivu.example/kurss%69",
        "https://xn--kirj-eoa.example/",
        "javascript:alert(1)",
        "JavaScript://kirja.example/%0aalert(1)",
        "data:text/html,x",
        "mailto:a@kirja.example",
        "vbscript:x",
        "ftp://kirja.example/",
        "intent://kirja.example/#Intent;scheme=https;end",
    };

    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        CHECK_STR(means(t, other[i]), "-");
}

TEST(what_a_server_could_take_for_another_path_leads_nowhere)
{
    static const char *const odd[] = {
        "https://app.example:8443/kurssit/..",
        "https://app.example:8443/kurssit/../admin",
        "https://app.example:8443/kurssit/./x",
        "https://app.example:8443/kurssit/.",
        "https://app.example:8443/kurssit/..;/admin",
        "https://app.example:8443/kurssit/..;x=1/admin",
        "https://app.example:8443/kurssit/.;/admin",
        "https://app.example:8443/kurssit/%2e%2e/admin",
        "https://app.example:8443/kurssit/%2E%2E/admin",
        "https://app.example:8443/kurssit/.%2e/admin",
        "https://app.example:8443/kurssit/..%2fadmin",
        "https://app.example:8443/kurssit/..%5cadmin",
        "https://app.example:8443/kurssit/%2fadmin",
        "https://app.example:8443/kurssit/%5Cadmin",
        "https://app.example:8443/kurssit/%252e%252e/admin",
        "https://app.example:8443/kurssit/%25%32%65",
        "https://app.example:8443/kurssit/%3bx",
        "https://app.example:8443/kurssit/%00",
        "https://app.example:8443/kurssit/%0d%0aX:y",
        "https://app.example:8443/kurssit/%7f",
        "https://app.example:8443/kurssit//admin",
        "https://kirja.example//evil.example/",
        "https://kirja.example/\\evil.example",
        "https://kirja.example\\@evil.example/",
        "\\\\evil.example/",
        "/\\evil.example/",
        "https://kirja.example/%",
        "https://kirja.example/%4",
        "https://kirja.example/%zz",
        "https://kirja.example/?a=%",
        "https://kirja.example/a\tb",
        "https://kirja.example/a\nb",
        "https://kirja.example/a\rb",
        "\thttps://kirja.example/",
        " https://kirja.example/",
        "https://kirja.example/\x7f",
        "https://kirja.example/<b>",
        "https://kirja.example/\"x",
        "https://kirja.example/`x`",
        "https://kirja.example/{x}",
        "https://kirja.example/a|b^c",
        "https://kirja.example/\xff",
        "https://kirja.example/\xc0\xaf..",
        "https://kirja.example/\xed\xa0\x80",
    };

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        CHECK_STR(means(t, odd[i]), "-");
    CHECK_STR(means(t, ""), "-");
    struct str out, nul = S("https://kirja.example/a\0b");
    CHECK(!target_read(t->arena, &books, nul, LANG_FI, &out));
    CHECK(out.p == NULL);
    CHECK(!target_read(t->arena, &books, (struct str){ NULL, 0 }, LANG_FI, &out));
}

TEST(letters_as_people_type_them_are_encoded)
{
    CHECK_STR(means(t, "https://kirja.example/äö å?haku=sanä"),
              "https://kirja.example/%C3%A4%C3%B6%20%C3%A5?haku=san%C3%A4");
    /* A host that only looks like the service's own is not among its prefixes. */
    CHECK_STR(means(t, "https://kirja.еxample/"), "-");
    CHECK_STR(means(t, "https://kirjа.example/"), "-");
    /* Full-width dots and slashes stay letters of the path. */
    CHECK_STR(means(t, "https://kirja.example/．．／x"), "https://kirja.example/%EF%BC%8E%EF%BC%8E%EF%BC%8Fx");
}

TEST(an_address_that_is_too_long_leads_nowhere)
{
    char *long_one = arena_alloc(t->arena, TARGET_MAX_B + 2);

    memset(long_one, 'a', TARGET_MAX_B + 1);
    memcpy(long_one, "https://kirja.example/", 22);
    long_one[TARGET_MAX_B] = '\0';
    CHECK_STR(means(t, long_one), long_one);
    long_one[TARGET_MAX_B] = 'a';
    long_one[TARGET_MAX_B + 1] = '\0';
    CHECK_STR(means(t, long_one), "-");
    /* It becomes too long: by what is encoded, by what stands before it. */
    long_one[TARGET_MAX_B] = '\0';
    long_one[30] = ' ';
    CHECK_STR(means(t, long_one), "-");
    long_one[30] = 'a';
    memset(long_one, 'b', 22);
    CHECK_STR(means(t, long_one), "-");
}

TEST(a_relative_link_begins_where_the_service_does)
{
    CHECK_STR(means(t, "luku/3"), "https://kirja.example/alku/luku/3");
    CHECK_STR(means(t, "/luku/3"), "https://kirja.example/luku/3");
    CHECK_STR(means(t, "?luku=3"), "https://kirja.example/alku/index.html?luku=3");
    CHECK_STR(means(t, "#3"), "https://kirja.example/alku/index.html?x=1#3");
    CHECK_STR(means(t, "/"), "https://kirja.example/");
    CHECK_STR(means(t, "a:b"), "-");
    CHECK_STR(means(t, "./a:b"), "-");
    CHECK_STR(means(t, "//evil.example/"), "-");
    CHECK_STR(means(t, "///evil.example/"), "-");
    CHECK_STR(means(t, "/../x"), "-");
    CHECK_STR(means(t, "../x"), "-");
    CHECK_STR(means(t, "@evil.example/"), "https://kirja.example/alku/@evil.example/");
    const struct service bare = { .launch_uri = S("https://paljas.example"),
                                  .target_link_uri = S(""),
                                  .targets = { 0 } };
    CHECK_STR(means_at(t, &bare, ".evil.example/", LANG_FI), "-");
    CHECK_STR(means_at(t, &bare, "@evil.example/", LANG_FI), "-");
    CHECK_STR(means_at(t, &bare, ":80/", LANG_FI), "-");
    const struct service nowhere = { .launch_uri = S(""), .target_link_uri = S(""), .targets = { 0 } };
    CHECK_STR(means_at(t, &nowhere, "/x", LANG_FI), "-");
    const struct service by_prefix = { .launch_uri = S(""), .target_link_uri = S(""), .targets = { prefixes + 1, 1 } };
    CHECK_STR(means_at(t, &by_prefix, "9", LANG_FI), "https://app.example:8443/kurssit/9");
    CHECK_STR(means_at(t, &by_prefix, "/9", LANG_FI), "-");
}

TEST(without_prefixes_only_the_rows_own_addresses_are_led_to)
{
    const struct service s = { .launch_uri = S("https://linkki.example/?kieli={locale}"),
                               .target_link_uri = S("https://linkki.example/oma"),
                               .targets = { 0 } };

    CHECK_STR(means_at(t, &s, "https://linkki.example/?kieli=sv", LANG_SV), "https://linkki.example/?kieli=sv");
    CHECK_STR(means_at(t, &s, "https://linkki.example/?kieli=fi", LANG_SV), "-");
    CHECK_STR(means_at(t, &s, "https://linkki.example/oma", LANG_SV), "https://linkki.example/oma");
    CHECK_STR(means_at(t, &s, "https://linkki.example/oma/x", LANG_SV), "-");
    CHECK_STR(means_at(t, &s, "https://linkki.example/", LANG_SV), "-");
}

TEST(the_language_of_the_page_goes_along)
{
    CHECK_STR(means(t, "https://kirja.example/{locale}/luku/3"), "https://kirja.example/sv/luku/3");
    CHECK_STR(means(t, "/{locale}/{locale}"), "https://kirja.example/sv/sv");
    CHECK_STR(means(t, "https://kirja.example/{target}"), "-");
}

static const char *leads(struct test *t, const char *launch_uri, const char *target_link_uri, const char *to)
{
    const struct service s = { .launch_uri = str_of(launch_uri),
                               .target_link_uri = str_of(target_link_uri),
                               .targets = { prefixes, 1 } };

    return arena_cstr(t->arena, target_link(t->arena, &s, str_of(to), LANG_EN));
}

TEST(a_plain_link_has_a_place_for_the_target_or_is_it)
{
    static const char login[] = "https://sp.example/Shibboleth.sso/Login?lang={locale}&target={target}";

    CHECK_STR(leads(t, "https://kirja.example/?ui={locale}", "", NULL), "https://kirja.example/?ui=en");
    CHECK_STR(leads(t, "https://kirja.example/?ui={locale}", "", "https://kirja.example/a?b=c"),
              "https://kirja.example/a?b=c");
    CHECK_STR(leads(t, login, "https://kirja.example/oma", "https://kirja.example/a?b=c&d#e"),
              "https://sp.example/Shibboleth.sso/Login?lang=en&target=https%3A%2F%2Fkirja.example%2Fa%3Fb%3Dc%26d%23e");
    CHECK_STR(leads(t, login, "https://kirja.example/oma", NULL),
              "https://sp.example/Shibboleth.sso/Login?lang=en&target=https%3A%2F%2Fkirja.example%2Foma");
    CHECK_STR(leads(t, login, "", NULL),
              "https://sp.example/Shibboleth.sso/Login?lang=en&target=https%3A%2F%2Fkirja.example%2F");
    CHECK_STR(leads(t, "", "https://kirja.example/{locale}", NULL), "https://kirja.example/en");
    CHECK_STR(leads(t, "", "https://kirja.example/oma", "https://kirja.example/a"), "https://kirja.example/a");
}

TEST(a_prefix_that_says_less_than_a_host_and_a_plain_path_is_refused)
{
    static const struct {
        const char *prefix, *trouble;
    } bad[] = {
        { "https://kirja.example", "must go on behind its host" },
        { "https://kirja.example:8443", "must go on behind its host" },
        { "https://kirja.example?x=1", "must go on behind its host" },
        { "http://kirja.example/", "must begin with https://" },
        { "kirja.example/", "must be https://host/" },
        { "https://*.example/", "wildcard" },
        { "https://a@kirja.example/", "user name" },
        { "https://KIRJA.example/", "lower case" },
        { "https://kirja.example:0/", "port" },
        { "https://kirja.example/a#b", "fragment" },
        { "https://kirja.example/a?b", "must not have a query" },
        { "https://kirja.example/a/../b", "must have a plain path" },
        { "https://kirja.example/a//b", "must have a plain path" },
        { "https://kirja.example/%2e%2e/", "must have a plain path" },
        { "https://kirja.example/a%2fb", "must have a plain path" },
        { "https://kirja.example/%", "must have a plain path" },
        { "https://kirja.example/ä", "percent-encoded" },
        { "https://kirja.example/{locale}/", "percent-encoded" },
        { "javascript:alert(1)", "must be https://host/" },
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *said = target_trouble(str_of(bad[i].prefix), false);
        CHECK(said != NULL);
        if (said != NULL && strstr(said, bad[i].trouble) == NULL)
            CHECK_STR(said, bad[i].trouble);
    }
    CHECK(target_trouble(S("https://kirja.example/"), false) == NULL);
    CHECK(target_trouble(S("https://kirja.example:8443/a/b"), false) == NULL);
    CHECK(target_trouble(S("http://localhost:3000/"), true) == NULL);
}

TEST(placeholders_stand_where_they_can_be_filled_in)
{
    CHECK(link_trouble(S("https://sp.example/Login?target={target}&l={locale}"), false, true) == NULL);
    CHECK(link_trouble(S("https://sp.example/{locale}/"), false, false) == NULL);
    CHECK_STR(link_trouble(S("https://sp.example/{target}"), false, true),
              "may hold {target} as a value in its query alone");
    CHECK_STR(link_trouble(S("https://{target}/?x"), false, true), "may hold {target} as a value in its query alone");
    CHECK_STR(link_trouble(S("https://sp.example/?{target}"), false, false),
              "must not hold {target}: launch_uri alone has a place for it");
    CHECK(link_trouble(S("https://sp.example/{other}"), false, true) != NULL);
    CHECK(link_trouble(S("javascript:{locale}"), false, true) != NULL);
}
