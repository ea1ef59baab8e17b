/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/inflect.h"

/* What stands before the last vowel, in the nominative and in the genitive: consonant gradation, the longer first. */
static const struct {
    const char *strong, *weak;
} grades[] = {
    { "kk", "k" },  { "pp", "p" },  { "tt", "t" }, { "nk", "ng" }, { "nt", "nn" }, { "mp", "mm" },
    { "lt", "ll" }, { "rt", "rr" }, { "t", "d" },  { "p", "v" },   { "k", "" },
};

/* Endings of their own: Kauniainen, Kannus, Tampere. */
static const struct {
    const char *nominative, *genitive;
} endings[] = {
    { "nen", "sen" },  { "nen", "sten" }, { "us", "uksen" }, { "ys", "yksen" }, { "as", "aan" },
    { "os", "oksen" }, { "es", "een" },   { "si", "den" },   { "e", "een" },
};

static bool is_vowel(char c)
{
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

static void add(struct arena *a, struct strs *out, struct str stem, const char *end)
{
    struct str form = arena_join(a, stem, str_of(end));

    if (!strs_has(out, form))
        strs_add(a, out, form);
}

/* A stem and its last vowel, which i may change for e (joki, joen). */
static void add_vowels(struct arena *a, struct strs *out, struct str stem, char vowel)
{
    const char as_is[] = { vowel, 'n', '\0' };

    add(a, out, stem, as_is);
    if (vowel == 'i')
        add(a, out, stem, "en");
}

static void add_graded(struct arena *a, struct strs *out, struct str word)
{
    struct str stem = str_sub(word, 0, word.n - 1);

    for (size_t i = 0; i < sizeof grades / sizeof *grades; i++) {
        struct str strong = str_of(grades[i].strong);
        if (stem.n > strong.n && str_has_suffix(stem, strong)) {
            struct str weak = arena_join(a, str_sub(stem, 0, stem.n - strong.n), str_of(grades[i].weak));
            add_vowels(a, out, weak, word.p[word.n - 1]);
            return;
        }
    }
}

void inflect_word(struct arena *a, struct str word, struct strs *out)
{
    while (word.n > 0 && (word.p[word.n - 1] == ',' || word.p[word.n - 1] == '.'))
        word.n--;
    if (word.n < 2)
        return;
    char last = word.p[word.n - 1];
    if (is_vowel(last)) {
        add_vowels(a, out, str_sub(word, 0, word.n - 1), last);
        add_graded(a, out, word);
    }
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct str end = str_of(endings[i].nominative);
        if (word.n > end.n && str_has_suffix(word, end))
            add(a, out, str_sub(word, 0, word.n - end.n), endings[i].genitive);
    }
    if (last != 's' && last != 'x' && last != 'z')
        add(a, out, word, "s");
}

void inflect_name(struct arena *a, struct str name, struct strs *out)
{
    struct str word;

    while (str_split(&name, ' ', &word))
        inflect_word(a, word, out);
}
