/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/fields.h"
#include "base/log.h"
#include "base/text.h"
#include "tests/test.h"

#include <string.h>
#include <unistd.h>

TEST(combining_characters_are_composed)
{
    static const char *const pairs[][2] = {
        { "a\xcc\x88", "ä" },
        { "O\xcc\x88"
          "berg",
          "Öberg" },
        { "A\xcc\x8asa", "Åsa" },
        { "\xe2\x84\xab", "Å" }, /* the Ångström sign */
        { "z\xcc\x8c", "ž" },
        { "c\xcc\x8c", "č" },
        { "a\xcc\x88\xcc\xa3", "\xe1\xba\xa1\xcc\x88" }, /* marks in their canonical order */
        { "", "" },
        { "Puolukka", "Puolukka" },
        { "\xe1\x84\x80\xe1\x85\xa1", "가" },
    };

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        CHECK_STR(text_composed(t->arena, str_of(pairs[i][0])), pairs[i][1]);
        CHECK(text_is_composed(t->arena, str_of(pairs[i][1])));
    }
    CHECK(text_composed(t->arena, (struct str){ NULL, 0 }).p == NULL);
    CHECK_STR(text_composed(t->arena, S("a\xcc")), "a\xcc"); /* no UTF-8: as it came */
}

TEST(folding_forgets_case_and_composition_alone)
{
    CHECK_STR(text_folded(t->arena, S("LA\xcc\x88RARE")), "lärare");
    CHECK_STR(text_folded(t->arena, S("ŠIŊGÁ")), "šiŋgá");
    CHECK(!str_eq(text_folded(t->arena, S("lärare")), text_folded(t->arena, S("larare"))));
    CHECK(!str_eq(text_folded(t->arena, S("a b")), text_folded(t->arena, S("a_b"))));
}

TEST(white_space_of_any_script_is_trimmed)
{
    CHECK_STR(text_trim(S(" \t\r\n Åsa \n")), "Åsa");
    CHECK_STR(text_trim(S("\xef\xbb\xbf\xc2\xa0Åsa\xe3\x80\x80\xe2\x80\x89")), "Åsa");
    CHECK_INT(text_trim(S(" \xc2\xa0 ")).n, 0);
    CHECK_STR(text_trim(S("a b")), "a b");
    CHECK_STR(text_trim(S("\xff")), "\xff");
    CHECK_STR(text_trim(S("Åsa \x84")), "Åsa \x84"); /* a broken byte does not go with the space before it */
}

TEST(what_a_screen_obeys_is_not_plain)
{
    static const char *const obeyed[] = {
        "a\nb",
        "a\rb",
        "\x1b[2J",
        "a\x7f",
        "a\xc2\x85",
        "\xe2\x80\xa8",
        "\xe2\x80\xa9",
        "\xe2\x80\xae",
        "\xe2\x80\xaa",
        "\xe2\x81\xa6",
        "\xe2\x81\xa9",
        "\xe2\x80\x8e" /* U+200E */,
        "\xe2\x80\x8f" /* U+200F */,
        "\xd8\x9c" /* U+061C */,
        "\xe2\x80\x8b",
        "\xe2\x81\xa0",
        "\xef\xbb\xbf",
        "\xef\xbf\xbf",
        "\xf3\xa0\x81\x81" /* a tag */,
        "\xff",
        "\xed\xa0\x80",
        "a\xcc",
    };
    static const char *const plain[] = { "",         "Åsa",         "Áŋŋá",
                                         "李",       "O’Neill",     "Anna–Maria",
                                         "<b>&amp;", "a;b,c/d@e",   "\xe2\x80\x8d" /* a joiner */,
                                         "\xc2\xad", "👩‍🏫", "\xef\xbf\xbd" };

    for (size_t i = 0; i < sizeof obeyed / sizeof *obeyed; i++)
        CHECK(!text_is_plain(str_of(obeyed[i])));
    CHECK(!text_is_plain(S("a\0b")));
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        CHECK(text_is_plain(str_of(plain[i])));
}

TEST(what_shows_nothing_is_blank)
{
    static const char *const blank[] = { "",
                                         " ",
                                         "\t\r\n",
                                         "\xc2\xa0",
                                         "\xe3\x80\x80",
                                         "\xe2\x80\x8b",
                                         "\xef\xbb\xbf",
                                         "\xe2\x80\x8d",
                                         "\xc2\xad",
                                         "\xe3\x85\xa4",
                                         " \xe2\x80\xae " };

    for (size_t i = 0; i < sizeof blank / sizeof *blank; i++)
        CHECK(text_is_blank(str_of(blank[i])));
    CHECK(text_is_blank((struct str){ NULL, 0 }));
    CHECK(!text_is_blank(S("0")) && !text_is_blank(S(" . ")) && !text_is_blank(S("\xff")));
}

static struct str join(struct test *t, char separator, const char *const *parts, size_t n)
{
    struct fields f = fields_new(t->arena, separator, 1024);

    for (size_t i = 0; i < n; i++)
        fields_part(&f, str_of(parts[i]));
    return fields_text(&f);
}

TEST(a_part_stands_in_its_place_or_leaves_it_empty)
{
    const char *good[] = { "", "a", "", "b c" }, *bad[] = { "x;y", "a", "1\n2", "\xe2\x80\xae" };

    CHECK_STR(join(t, ';', good, 4), ";a;;b c");
    CHECK_STR(join(t, ';', bad, 4), ";a;;");
    CHECK_STR(join(t, ' ', good, 4), " a  ");
}

TEST(a_list_holds_what_can_be_told_apart_in_it)
{
    struct fields f = fields_new(t->arena, ' ', 9);

    fields_item(&f, S("pwd"));
    fields_item(&f, S("mfa admin"));
    fields_item(&f, S(""));
    fields_item(&f, S("otp\n"));
    fields_item(&f, S("too-long"));
    fields_item(&f, S("hwk"));
    CHECK_STR(fields_text(&f), "pwd hwk");
    CHECK_INT(f.left_out, 3);
}

/* Whatever the parts hold: splitting gives back as many, each the one that was put in, or nothing. */
TEST(nothing_of_a_part_becomes_another)
{
    static const char bits[] = "ab;;,\n /@%\x7f\xe2\x80\xae";
    static const char separators[] = ";, /@";

    for (size_t round = 0; round < 4000; round++) {
        char separator = separators[round % (sizeof separators - 1)];
        struct str parts[5], rest, got;
        struct fields f = fields_new(t->arena, separator, 4096);
        for (size_t i = 0; i < 5; i++) {
            size_t from = (round * 7 + i * 5) % (sizeof bits - 1), n = (round / 3 + i) % 7;
            parts[i] = str_sub(S("ab;;,\n /@%\x7f\xe2\x80\xae"), from, n);
            fields_part(&f, parts[i]);
        }
        rest = fields_text(&f);
        for (size_t i = 0; i < 5; i++) {
            CHECK(str_split(&rest, separator, &got));
            CHECK(got.n == 0 || str_cmp(got, parts[i]) == 0);
        }
        CHECK(rest.p == NULL);
    }
}

TEST(no_two_pairs_of_parts_have_one_name)
{
    static const char *const texts[] = {
        "a", "b", "a/b", "/", "%", "%2F", "a%2Fb", "", "//", "a/", "/b", "%252F", "1:a"
    };
    enum { N = sizeof texts / sizeof *texts };
    struct str names[N * N], keys[N * N];

    for (size_t i = 0; i < N * N; i++) {
        struct str pair[] = { str_of(texts[i / N]), str_of(texts[i % N]) };
        names[i] = arena_printf(t->arena, "%.*s/%.*s", STR_ARG(fields_escaped(t->arena, pair[0], '/')),
                                STR_ARG(fields_escaped(t->arena, pair[1], '/')));
        keys[i] = fields_key(t->arena, pair, 2);
        for (size_t k = 0; k < i; k++)
            CHECK(!str_eq(names[i], names[k]) && !str_eq(keys[i], keys[k]));
    }
    CHECK_STR(fields_escaped(t->arena, S("11111111-aaaa"), '/'), "11111111-aaaa");
}

/* What one line of the log is, as a terminal would get it. */
static struct str logged(struct test *t, struct str value)
{
    char *line = arena_alloc(t->arena, 4096);
    int ends[2], before = dup(STDERR_FILENO);

    CHECK(pipe(ends) == 0 && before >= 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    log_event(LOG_ERROR, "test", LOG_S("value", value));
    ssize_t n = read(ends[0], line, 4095);
    CHECK(n > 0 && dup2(before, STDERR_FILENO) >= 0);
    (void)close(before);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return str_n(line, n > 0 ? (size_t)n : 0);
}

TEST(a_line_of_the_log_holds_nothing_that_a_terminal_obeys)
{
    static const char *const rows[][2] = {
        { "a\nb", "\"value\":\"a\\u000ab\"" },
        { "\xe2\x80\xae"
          "b",
          "\"value\":\"\\u202eb\"" },
        { "\xe2\x80\x8e", "\"value\":\"\\u200e\"" },
        { "\xd8\x9c", "\"value\":\"\\u061c\"" },
        { "\xc2\x9b[2J", "\"value\":\"\\u009b[2J\"" },
        { "\xf3\xa0\x81\x81", "\"value\":\"\\udb40\\udc41\"" },
        { "Öberg \"Å\"", "\"value\":\"Öberg \\\"Å\\\"\"" },
        { "\xff", "\"value\":\"\\u00ff\"" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str line = logged(t, str_of(rows[i][0]));
        CHECK(str_find(line, str_of(rows[i][1])) < line.n);
        CHECK(text_is_plain(str_sub(line, 0, line.n > 0 ? line.n - 1 : 0)));
    }
}

TEST(the_words_of_others_are_cut_and_name_nobody)
{
    static const struct {
        const char *said, *kept;
    } cases[] = {
        { "AADSTS7000215: Invalid client secret provided.", "AADSTS7000215: Invalid client secret provided." },
        { "User anna@oulu.example\r\n is not  assigned", "User ... is not assigned" },
        { "the user 'Anna Koe' may not", "the user ... may not" },
        { "application 'b1946ac9' was not found", "application 'b1946ac9' was not found" },
        { "number 010190-123A is unknown", "number ... is unknown" },
        { "OID 1.2.246.562.24.10000000003", "OID ..." },
        { "hetu=010190-123A is unknown", "... is unknown" },
        { "User:010190-123A,locked", "..." },
        { "login_hint=+358401234567", "..." },
        { "anna%40oulu.example is locked", "... is locked" },
        { "user 'anna.koe' is locked", "user 'anna.koe' is locked" },
        { "AADSTS50105: see https://aka.example/e?code=50105", "AADSTS50105: see ..." },
        { "it's broken", "it's broken" },
        { "'open", "'open" },
        { "", "" },
    };
    char many[1000];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str got = text_words(t->arena, str_of(cases[i].said));
        CHECK(str_eq(got, str_of(cases[i].kept)) || (got.n == 0 && cases[i].kept[0] == '\0'));
    }
    memset(many, 'x', sizeof many);
    CHECK_INT(text_words(t->arena, str_n(many, sizeof many)).n, TEXT_WORDS_MAX_B);
    CHECK_INT(text_words(t->arena, (struct str){ NULL, 0 }).n, 0);
}

TEST(a_word_is_found_in_a_text_whatever_its_case_and_composition)
{
    static const char *const texts[] = { "Äijälän koulu",
                                         "ÄIJÄLÄN KOULU",
                                         "A\xcc\x88ij\xc3\xa4l\xc3\xa4n koulu",
                                         "ijälä",
                                         "Straße",
                                         "×÷",
                                         "Šakki ja äijä",
                                         "",
                                         "koulu",
                                         "a",
                                         "\xc3",
                                         "Ǆ" };
    static const char *const words[] = { "äijä", "koulu", "ss",        "÷",    "×",    "šakki",
                                         "",     "a",     "a\xcc\x88", "ÄIJÄ", "\xc3", "n k" };

    /* As folding the whole says, whichever way is taken. */
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
            struct str word = text_folded(t->arena, str_of(words[k])), text = text_folded(t->arena, str_of(texts[i]));
            CHECK(text_has(t->arena, str_of(texts[i]), word) == (word.n == 0 || str_find(text, word) < text.n));
        }
}
