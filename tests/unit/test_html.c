/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"
#include "wire/html.h"

static struct str text_of(struct test *t, struct str s)
{
    struct buf b = html_begin(t->arena);

    html_text(&b, s);
    return html_end(&b).s;
}

static struct str url_of(struct test *t, const char *s)
{
    struct buf b = html_begin(t->arena);

    html_url(&b, str_of(s));
    return html_end(&b).s;
}

TEST(text_is_escaped_for_content_and_for_quoted_attributes)
{
    CHECK_STR(text_of(t, S("<a href=\"x\" b='y'>&amp;")), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
    CHECK_STR(text_of(t, S("Ääkköset, Čáhppes, \xF0\x9F\x99\x82")), "Ääkköset, Čáhppes, \xF0\x9F\x99\x82");
    CHECK_STR(text_of(t, S("")), "");
    CHECK_STR(text_of(t, (struct str){ NULL, 0 }), "");
}

TEST(text_loses_controls_and_direction_overrides)
{
    CHECK_STR(text_of(t, S("a\0b\x01\x7f\x1b[31m")), "ab[31m");
    CHECK_STR(text_of(t, S("a\tb\nc")), "a b c");
    CHECK_STR(text_of(t, S("a\xC2\x85z")), "az");
    CHECK_STR(text_of(t, S("\xE2\x80\xAE"
                           "cod.exe\xE2\x80\xAC \xE2\x81\xA6x\xE2\x81\xA9")),
              "cod.exe x");
    CHECK_STR(text_of(t, S("\xD7\x90\xE2\x80\x8F!")), "\xD7\x90\xE2\x80\x8F!"); /* marks that words need stay */
}

TEST(lines_stay_lines_where_a_page_says_so)
{
    struct buf b = html_begin(t->arena);

    html_lines(&b, (struct html_lines){ S("\n// a <b>\x01\n\tpermit;\n\n") });
    CHECK_STR(html_end(&b).s, "\n// a &lt;b&gt;\n\tpermit;\n\n");
}

TEST(broken_utf8_becomes_the_replacement_character)
{
    CHECK_STR(text_of(t, S("a\xFFz")), "a\xEF\xBF\xBDz");
    CHECK_STR(text_of(t, S("\xC3<")), "\xEF\xBF\xBD&lt;"); /* a cut character swallows nothing */
    CHECK_STR(text_of(t, S("\xED\xA0\x80")), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK_STR(text_of(t, S("\xC0\xBC")), "\xEF\xBF\xBD\xEF\xBF\xBD"); /* an overlong '<' */
}

TEST(addresses_are_of_the_web_or_our_own)
{
    CHECK_STR(url_of(t, "https://a.example/?x=1&y=2"), "https://a.example/?x=1&amp;y=2");
    CHECK_STR(url_of(t, "HTTP://a.example/"), "HTTP://a.example/");
    CHECK_STR(url_of(t, "/sign-in?login=a"), "/sign-in?login=a");
    CHECK_STR(url_of(t, "/"), "/");
    CHECK_STR(url_of(t, "?q=a"), "?q=a");
}

TEST(an_address_that_runs_code_or_leads_elsewhere_becomes_a_hash)
{
    static const char *const bad[] = { "javascript:alert(1)",
                                       "JaVaScRiPt:alert(1)",
                                       "java\nscript:alert(1)",
                                       " javascript:alert(1)",
                                       "data:text/html,x",
                                       "vbscript:x",
                                       "//evil.example/",
                                       "/\\evil.example/",
                                       "/x\\y",
                                       "https:evil.example",
                                       "https://a b/",
                                       "https://a/\n/",
                                       "file:///etc/passwd",
                                       "a:b",
                                       "",
                                       "\thttps://a.example/" };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_STR(url_of(t, bad[i]), "#");
    CHECK(!html_url_is_safe((struct str){ NULL, 0 }));
}

TEST(a_part_of_an_address_is_percent_encoded)
{
    struct buf b = html_begin(t->arena);

    html_url_part(&b, S("a/b?c=d&e#f\"<\xC3\xA4 z~-._@"));
    CHECK_STR(html_end(&b).s, "a%2Fb%3Fc%3Dd%26e%23f%22%3C%C3%A4%20z~-._@");
}

TEST(numbers_are_written_whole)
{
    struct buf b = html_begin(t->arena);

    html_number(&b, 0);
    html_number(&b, -7);
    html_number(&b, INT64_MIN);
    html_number(&b, INT64_MAX);
    CHECK_STR(html_end(&b).s, "0-7-92233720368547758089223372036854775807");
}

TEST(a_page_over_its_ceiling_is_absent)
{
    struct buf b = html_begin(t->arena);
    struct str piece = arena_printf(t->arena, "%1000s", "x");

    for (int i = 0; i < HTML_PAGE_MAX_B / 1000 + 1; i++)
        html_text(&b, piece);
    CHECK(html_end(&b).s.p == NULL);
}
