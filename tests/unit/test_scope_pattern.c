/* SPDX-License-Identifier: EUPL-1.2
 * Scopes that metadata name by an expression: what it may mean, and what it costs whoever wrote it. */
#include "wire/scope_pattern.h"

#include "tests/test.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

static bool matches(struct test *t, const char *text, const char *scope)
{
    const char *trouble = NULL;
    const struct scope_pattern *p = scope_pattern_read(t->arena, str_of(text), &trouble);

    if (p == NULL)
        test_fail(t, __FILE__, __LINE__, "%s is refused: %s", text, trouble);
    return p != NULL && scope_pattern_matches(p, str_of(scope));
}

TEST(a_pattern_means_its_domain_and_what_lies_below)
{
    static const struct {
        const char *text, *yes, *no;
    } all[] = {
        { "oulu\\.fi", "oulu.fi", "xoulu.fi" },
        { "^oulu\\.fi$", "OULU.fi", "oulu.fi.evil.example" },
        { "^(.*\\.)?oulu\\.fi$", "oulu.fi", "elkoulu.fi" },
        { "^(.*\\.)?oulu\\.fi$", "edu.oulu.fi", "edu.oulu.fi.x" },
        { "^(?:.+\\.)?oulu\\.fi$", "a.b.oulu.fi", ".oulu.fix" },
        { ".+\\.oulu\\.fi", "lukio.oulu.fi", "oulu.fi" },
        { "^.*[.]oulu[.]fi$", "lukio.oulu.fi", "lukioXouluXfi" },
        { "(koulut|lukio)\\.oulu\\.fi", "lukio.oulu.fi", "amis.oulu.fi" },
        { "^([a-z0-9-]+\\.)*edu\\.oulu\\.fi$", "a-1.b.edu.oulu.fi", "a_1.edu.oulu.fi" },
        { "^\\w+\\.oulu\\.fi$", "koulu_1.oulu.fi", "a.b.oulu.fi" },
        { "^koulu\\d?\\d\\.oulu\\.fi$", "koulu12.oulu.fi", "koulu123.oulu.fi" },
        { "^[^.]+\\.oulu\\.fi$", "lukio.oulu.fi", "a.lukio.oulu.fi" },
        { "oulu\\.fi|edu\\.espoo\\.fi", "edu.espoo.fi", "espoo.fi" },
        { "^oulu\\.fi$|^.+\\.ii\\.fi$", "a.ii.fi", "ii.fi" },
        { "((a|b)\\.)+oulu\\.fi", "a.b.oulu.fi", "oulu.fi" },
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        CHECK_STR(matches(t, all[i].text, all[i].yes) ? all[i].yes : all[i].text, all[i].yes);
        CHECK_STR(matches(t, all[i].text, all[i].no) ? all[i].text : all[i].no, all[i].no);
    }
}

TEST(a_pattern_that_could_mean_another_domain_is_refused)
{
    static const char *const bad[] = {
        ".*",
        "^.*$",
        ".+",
        "",
        "^$",
        "(.*)",
        ".*\\.fi",
        ".*fi",
        "fi",
        "\\.fi",
        "oulu.fi",
        "oulu\\.fi.*",
        "oulu\\.fi?",
        ".*oulu\\.fi",
        "[a-z]*oulu\\.fi",
        "x?oulu\\.fi",
        "(x)?oulu\\.fi",
        "(.*\\.|x)?oulu\\.fi",
        "x(a\\.)?oulu\\.fi",
        "(.*\\.?)oulu\\.fi",
        "(oulu|espoo)\\.fi",
        "oulu\\.(fi|se)",
        "oulu\\.fi|",
        "|oulu\\.fi",
        "oulu\\.fi|.*",
        "oulu\\.fi|(.*)",
        "(oulu\\.fi)",
        "oulu\\.fi+",
        "oulu\\.fi\\.",
        "oulu\\.\\.fi",
        "-oulu\\.fi",
        "oulu-\\.fi",
        "o_u\\.fi",
        "(a\\.)*(b)*oulu\\.fi",
        "[ox]ulu\\.fi",
        ".oulu\\.fi",
    };
    const char *trouble;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        trouble = NULL;
        if (scope_pattern_read(t->arena, str_of(bad[i]), &trouble) != NULL)
            test_fail(t, __FILE__, __LINE__, "%s is taken", bad[i]);
        CHECK(trouble != NULL);
    }
}

TEST(syntax_that_is_not_read_is_refused_by_name)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        { "a{2}\\.oulu\\.fi", "sign that is not read" },
        { "(?=x)\\.oulu\\.fi", "other than (?:" },
        { "(?i)oulu\\.fi", "other than (?:" },
        { "(a\\.oulu\\.fi", "not closed" },
        { "a\\.oulu\\.fi)", "closes nothing" },
        { "[a\\.oulu\\.fi", "not closed" },
        { "[z-a]\\.oulu\\.fi", "ends before it begins" },
        { "[[:alpha:]]\\.oulu\\.fi", "not closed, or holds" },
        { "(a)\\1\\.oulu\\.fi", "backslash" },
        { "\\pL\\.oulu\\.fi", "backslash" },
        { "\\boulu\\.fi", "backslash" },
        { "oulu\\.fi\\", "backslash" },
        { "a**\\.oulu\\.fi", "side by side" },
        { "a.*?\\.oulu\\.fi", "side by side" },
        { "a.++\\.oulu\\.fi", "side by side" },
        { "*\\.oulu\\.fi", "sign that is not read" },
        { "oulu$\\.fi", "before the end" },
        { "a^\\.oulu\\.fi", "sign that is not read" },
        { "(^a)\\.oulu\\.fi", "sign that is not read" },
        { "anna@oulu\\.fi", "sign that is not read" },
        { "ä\\.oulu\\.fi", "sign that is not read" },
        { "(((((((((a)))))))))\\.oulu\\.fi", "too deep" },
    };
    const char *trouble;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        trouble = "taken";
        CHECK(scope_pattern_read(t->arena, str_of(bad[i].text), &trouble) == NULL);
        if (strstr(trouble, bad[i].why) == NULL)
            test_fail(t, __FILE__, __LINE__, "%s: %s", bad[i].text, trouble);
    }
    struct str nul = S("oulu\\.fi\0.*");
    CHECK(scope_pattern_read(t->arena, nul, &trouble) == NULL);
}

/* Steps of a matcher that goes back would double with each group: 2^40. */
TEST(a_hostile_pattern_costs_no_more_than_its_size)
{
    struct buf b = buf_new(t->arena, 512), scope = buf_new(t->arena, 512);
    const char *trouble;

    for (int i = 0; i < 40; i++)
        buf_add(&b, S("(a*)*"));
    buf_add(&b, S("\\.oulu\\.fi"));
    for (int i = 0; i < 240; i++)
        buf_byte(&scope, 'a');
    CHECK(!matches(t, "((((a+)+)+)+)+\\.oulu\\.fi", arena_cstr(t->arena, buf_str(&scope))));
    CHECK(!matches(t, "(a|a|a|aa)*\\.oulu\\.fi", arena_cstr(t->arena, buf_str(&scope))));
    CHECK(!matches(t, arena_cstr(t->arena, buf_str(&b)), arena_cstr(t->arena, buf_str(&scope))));
    while (b.n <= SCOPE_PATTERN_MAX_B)
        buf_byte(&b, 'x');
    CHECK(scope_pattern_read(t->arena, buf_str(&b), &trouble) == NULL);
    const struct scope_pattern *p = scope_pattern_read(t->arena, S(".+\\.oulu\\.fi"), &trouble);
    CHECK(p != NULL && !scope_pattern_matches(p, S("")));
    CHECK(p != NULL && !scope_pattern_matches(p, S("a\0b.oulu.fi")));
    CHECK(p != NULL && !scope_pattern_matches(p, S("a@b.oulu.fi")));
    CHECK(p != NULL && !scope_pattern_matches(p, S("\xc3\xa4.oulu.fi")));
    buf_add(&scope, S("aaaaaaaaaaaaaa.oulu.fi"));
    CHECK(p != NULL && !scope_pattern_matches(p, buf_str(&scope))); /* longer than a host name */
}

/* Random expressions, and the C library's own matcher. */
static uint64_t dice;

static unsigned roll(unsigned sides)
{
    dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(dice >> 33) % sides;
}

static void random_ways(struct buf *b, int depth)
{
    static const char *const atoms[] = { "a", "b", "\\.", ".", "[ab]", "[^a]", "[b-]" };
    unsigned pieces = roll(4);

    for (unsigned i = 0; i <= pieces; i++) {
        if (depth < 3 && roll(4) == 0) {
            buf_byte(b, '(');
            random_ways(b, depth + 1);
            if (roll(2) == 0) {
                buf_byte(b, '|');
                random_ways(b, depth + 1);
            }
            buf_byte(b, ')');
        } else {
            buf_add(b, str_of(atoms[roll(7)]));
        }
        if (roll(3) == 0)
            buf_byte(b, "?*+"[roll(3)]);
    }
}

TEST(patterns_mean_what_the_c_library_says_they_mean)
{
    size_t taken = 0, yes = 0;

    dice = 20260810;
    for (int round = 0; round < 4000; round++) {
        struct buf b = buf_new(t->arena, 512);
        const char *trouble;
        regex_t same;
        random_ways(&b, 0);
        buf_add(&b, S("\\.a\\.b"));
        const struct scope_pattern *p = scope_pattern_read(t->arena, buf_str(&b), &trouble);
        const char *whole = arena_printf(t->arena, "^(%.*s)$", STR_ARG(buf_str(&b))).p;
        if (p == NULL)
            continue;
        taken++;
        CHECK(regcomp(&same, whole, REG_EXTENDED | REG_NOSUB) == 0);
        for (int i = 0; i < 20; i++) {
            char scope[16];
            int n = 0;
            for (unsigned k = roll(7); k > 0; k--)
                scope[n++] = "ab.-"[roll(4)];
            (void)snprintf(scope + n, sizeof scope - (size_t)n, "%s", roll(4) > 0 ? ".a.b" : "");
            bool is = scope_pattern_matches(p, str_of(scope)), theirs = regexec(&same, scope, 0, NULL, 0) == 0;
            if (is != theirs)
                test_fail(t, __FILE__, __LINE__, "%s and \"%s\": %d, the library says %d", whole, scope, is, theirs);
            if (is && !str_has_suffix(str_of(scope), S(".a.b")))
                test_fail(t, __FILE__, __LINE__, "%s lets \"%s\" in", whole, scope);
            yes += is;
        }
        regfree(&same);
    }
    CHECK(taken > 1000 && yes > 1000);
}
