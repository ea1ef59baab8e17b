/* SPDX-License-Identifier: EUPL-1.2 */
#include "frame/words.h"
#include "launcher/finder.h"
#include "tests/test.h"

enum { LINES_MAX = 3000, ASKED = 150 };

struct dice {
    uint64_t state;
};

static size_t roll(struct dice *d, size_t sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(d->state >> 33) % sides;
}

/* --- the same, by looking at every line -------------------------------------------------------------------- */

static bool stands(struct str text, size_t at, struct str word)
{
    return str_has_prefix(str_from(text, at), word);
}

static bool holds(struct str text, struct str word, bool at_a_beginning)
{
    for (size_t i = 0; i + word.n <= text.n; i++) {
        bool beginning = i == 0 || text.p[i - 1] == ' ' || text.p[i - 1] == '-';
        if ((beginning || !at_a_beginning) && stands(text, i, word))
            return true;
    }
    return false;
}

static bool holds_all(struct str text, struct str query, bool at_a_beginning)
{
    struct str word;

    while (str_split(&query, ' ', &word))
        if (word.n > 0 && !holds(text, word, at_a_beginning))
            return false;
    return true;
}

static struct str text_at_random(struct test *t, struct dice *d, const char *const *letters, size_t kinds, size_t most)
{
    struct buf b = buf_new(t->arena, 4096);
    size_t n = 1 + roll(d, most);

    for (size_t i = 0; i < n; i++)
        buf_add(&b, str_of(letters[roll(d, kinds)]));
    return words_query(t->arena, buf_str(&b));
}

static void compare(struct test *t, const struct finder *f, const struct finder_line *lines, size_t n, struct str query)
{
    struct bits all = finder_holds(f, t->arena, query), begun = finder_begins(f, t->arena, query),
                heads = finder_heads(f, t->arena, query);

    for (size_t i = 0; i < n; i++) {
        bool right = bits_has(&all, i) == holds_all(lines[i].text, query, false) &&
                     bits_has(&begun, i) == holds_all(lines[i].text, query, true) &&
                     bits_has(&heads, i) == stands(lines[i].head, 0, query);
        if (!right)
            test_fail(t, __FILE__, __LINE__, "\"%.*s\" in \"%.*s\" (%.*s)", STR_ARG(query), STR_ARG(lines[i].text),
                      STR_ARG(lines[i].head));
    }
    t->checked++;
}

TEST(a_search_finds_what_looking_at_every_line_finds)
{
    /* Few letters: then much is found, and long ranges are met; two letters of two bytes that folding keeps. */
    static const char *const letters[] = { "a", "b", "a", " ", "-", "\xD0\xB6", "\xCE\xB1" };
    static const size_t sizes[] = { 0, 1, 2, 63, 64, 65, 300, LINES_MAX };
    struct dice d = { 7 };

    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct finder_line *lines = arena_make_n(t->arena, sizes[s] + 1, struct finder_line);
        for (size_t i = 0; i < sizes[s]; i++) {
            struct str name = text_at_random(t, &d, letters, 7, 12), rest = text_at_random(t, &d, letters, 7, 12);
            lines[i].text = words_query(t->arena, arena_printf(t->arena, "%.*s %.*s", STR_ARG(name), STR_ARG(rest)));
            lines[i].head = name;
        }
        const struct finder *f = finder_new(t->arena, lines, sizes[s]);
        for (size_t k = 0; k < ASKED; k++) {
            struct str query = text_at_random(t, &d, letters, 7, 1 + k % 9);
            if (query.n > 0)
                compare(t, f, lines, sizes[s], query);
        }
    }
}

TEST(a_word_that_all_lines_share_finds_them_all)
{
    struct finder_line *lines = arena_make_n(t->arena, LINES_MAX, struct finder_line);

    for (size_t i = 0; i < LINES_MAX; i++)
        lines[i].head = lines[i].text = arena_printf(t->arena, "kaupunki%zu kunta", i);
    const struct finder *f = finder_new(t->arena, lines, LINES_MAX);
    static const char *const everywhere[] = { "k", "kaupunki", "aup", "kunta", "kunta kaupunki", "k a u p u n k i" };
    for (size_t i = 0; i < sizeof everywhere / sizeof *everywhere; i++) {
        struct bits b = finder_holds(f, t->arena, str_of(everywhere[i]));
        CHECK_INT(bits_count(&b), LINES_MAX);
    }
    struct bits one = finder_holds(f, t->arena, S("ki2999")), none = finder_holds(f, t->arena, S("ki3000"));
    CHECK_INT(bits_count(&one), 1);
    CHECK(bits_has(&one, 2999) && bits_none(&none));
    struct bits begun = finder_begins(f, t->arena, S("aupunki")), heads = finder_heads(f, t->arena, S("kaupunki29"));
    CHECK(bits_none(&begun));
    CHECK_INT(bits_count(&heads), 111);
}

TEST(a_query_that_says_one_thing_twice_says_it_once)
{
    const struct finder_line lines[] = { { S("oulu"), S("oulu oulunsalo") }, { S("turku"), S("turku") } };
    const struct finder *f = finder_new(t->arena, lines, 2);
    struct bits b = finder_holds(f, t->arena, S("oulu ulu oulu oulunsalo lo"));

    CHECK_INT(bits_count(&b), 1);
    b = finder_holds(f, t->arena, S("oulu turku oulu"));
    CHECK(bits_none(&b));
    b = finder_begins(f, t->arena, S("o ou oulu"));
    CHECK_INT(bits_count(&b), 1);
}

TEST(lines_without_words_are_found_by_nothing)
{
    const struct finder_line lines[] = { { S(""), S("") },
                                         { { NULL, 0 }, S("  \n\t ") },
                                         { S("a"), S("a\nb\x01"
                                                     "c") } };
    const struct finder *f = finder_new(t->arena, lines, 3);
    struct bits b = finder_holds(f, t->arena, S("b"));

    CHECK(bits_has(&b, 2) && bits_count(&b) == 1);
    b = finder_heads(f, t->arena, S("a"));
    CHECK_INT(bits_count(&b), 1);
    b = finder_heads(f, t->arena, S("a b c d e f g h i j k l m n o p q r s t u v w x y z"));
    CHECK(bits_none(&b));
    b = finder_holds(finder_new(t->arena, NULL, 0), t->arena, S("a"));
    CHECK(bits_none(&b));
}
