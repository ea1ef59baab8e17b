/* SPDX-License-Identifier: EUPL-1.2 */
#include "frame/words.h"
#include "launcher/inflect.h"
#include "launcher/pages.h"
#include "launcher/search.h"
#include "tests/test.h"

/* --- a small country -------------------------------------------------------------------------------------- */

static const struct {
    const char *fi, *sv, *schools[4];
} cities[] = {
    { "Oulu", "Uleåborg", { "Kielonmäen koulu", "Oulunsalon koulu", "Otsolahden lukio" } },
    { "Espoo", "Esbo", { "Vattukallion koulu", "Lingonbacka skola" } },
    { "Helsinki", "Helsingfors", { "Kallion koulu" } },
    { "Turku", "Åbo", { "Raunistulan koulu", "Puolalan koulu" } },
    { "Vaasa", "Vasa", { "Vasa övningsskola" } },
    { "Joensuu", "Joensuu", { "Koulumajan lukio" } },
    { "Lahti", "Lahtis", { "Länsiharjun koulu" } },
    { "Kouvola", "Kouvola", { "Mansikka-ahon koulu" } },
    { "Oulainen", "Oulais", { "Juho Oksan koulu" } },
    { "Kauniainen", "Grankulla", { "Mäntymäen koulu" } },
    { "Kangasala", "Kangasala", { "Pitkäjärven koulu" } },
    { "Seinäjoki", "Seinäjoki", { "Nurmon koulu" } },
    { "Vihti", "Vichtis", { "Nummelan koulu" } },
};

enum { CITIES = sizeof cities / sizeof *cities };

static struct registry *country(void)
{
    struct arena *a = arena_new();
    struct provider *p = arena_make_n(a, CITIES, struct provider);
    struct idp *idps = arena_make_n(a, CITIES, struct idp);

    for (size_t i = 0; i < CITIES; i++) {
        struct school *schools = arena_make_n(a, 4, struct school);
        size_t n = 0;
        for (; n < 4 && cities[i].schools[n] != NULL; n++) {
            schools[n] = (struct school){ .oid = arena_printf(a, "1.2.%zu.%zu", i, n), .active = true };
            schools[n].names.in[LANG_FI] = str_of(cities[i].schools[n]);
        }
        p[i] = (struct provider){ .id = arena_printf(a, "p%zu", i), .schools = schools, .school_count = n };
        p[i].names = (struct names){ { str_of(cities[i].fi), str_of(cities[i].sv) } };
        idps[i] = (struct idp){ .id = arena_printf(a, "i%zu", i), .kind = IDP_OIDC, .provider = &p[i] };
        idps[i].names = p[i].names;
        idps[i].enabled = idps[i].listed = true;
    }
    struct registry_parts parts = { .providers = p, .provider_count = CITIES, .idps = idps, .idp_count = CITIES };
    return registry_build(a, &parts);
}

/* What a search shows, in its order: "Oulu, Kielonmäen koulu". */
static struct str found(struct test *t, struct registry *r, const char *query)
{
    struct sign_in_view v = { .page = { .lang = LANG_FI } };
    const struct picker_ask ask = { .query = str_of(query) };
    struct buf b = buf_new(t->arena, 4096);

    picker_fill(picker_of(r), t->arena, &ask, &v);
    for (size_t i = 0; i < v.picks.n; i++) {
        const struct pick *pick = &v.picks.at[i];
        buf_printf(&b, "%s%.*s%.*s%.*s", i > 0 ? ", " : "", STR_ARG(pick->before), STR_ARG(pick->hit),
                   STR_ARG(pick->after));
    }
    return buf_str(&b);
}

TEST(word_beginnings_come_first_and_alone)
{
    struct registry *r = country();

    CHECK_STR(found(t, r, "oulu"), "Oulu, Oulunsalon koulu, Kielonmäen koulu, Otsolahden lukio");
    CHECK_STR(found(t, r, "koulum"), "Koulumajan lukio");
    /* No word begins so: then what holds it. */
    CHECK_STR(found(t, r, "lahden"), "Lahti, Länsiharjun koulu");
    CHECK_STR(found(t, r, "salon"), "Oulunsalon koulu");
    registry_drop(r);
}

TEST(a_municipality_comes_before_its_schools)
{
    struct registry *r = country();

    CHECK_STR(found(t, r, "espoo"), "Espoo, Lingonbacka skola, Vattukallion koulu");
    CHECK_STR(found(t, r, "kouvola"), "Kouvola, Mansikka-ahon koulu");
    /* A school that is named so before those that are only of such a municipality. */
    CHECK_STR(found(t, r, "vasa"), "Vaasa, Vasa övningsskola");
    registry_drop(r);
}

TEST(genitives_find_the_municipality)
{
    static const struct {
        const char *query, *first;
    } rows[] = {
        { "Oulun", "Oulu" },
        { "Espoon", "Espoo" },
        { "Helsingin", "Helsinki" },
        { "Turun", "Turku" },
        { "Vaasas", NULL },
        { "Vasas", "Vaasa" },
        { "Esbos", "Espoo" },
        { "Åbos", "Turku" },
        { "Lahden", "Lahti" },
        { "Kauniaisten", "Kauniainen" },
        { "Kangasalan", "Kangasala" },
        { "Seinäjoen", "Seinäjoki" },
        { "Vihdin", "Vihti" },
        { "Oulaisten", "Oulainen" },
        { "Helsingfors", "Helsinki" },
        { "Uleåborgs", "Oulu" },
    };
    struct registry *r = country();

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str all = found(t, r, rows[i].query), first = str_sub(all, 0, str_find_byte(all, ',', 0));
        if (rows[i].first != NULL && !str_eq(first, str_of(rows[i].first)))
            test_fail(t, __FILE__, __LINE__, "%s: %.*s", rows[i].query, STR_ARG(all));
        t->checked++;
    }
    CHECK_STR(found(t, r, "turun koulu"), "Puolalan koulu, Raunistulan koulu");
    registry_drop(r);
}

TEST(a_nominative_finds_what_is_named_in_the_genitive)
{
    struct registry *r = country();

    CHECK_STR(found(t, r, "Kielonmäki"), "Kielonmäen koulu");
    CHECK_STR(found(t, r, "mansikka-aho"), "Mansikka-ahon koulu");
    CHECK_STR(found(t, r, "otsolahti lukio"), "Otsolahden lukio");
    registry_drop(r);
}

TEST(one_letter_may_be_wrong)
{
    struct registry *r = country();

    CHECK_STR(found(t, r, "Espooo"), "Espoo, Lingonbacka skola, Vattukallion koulu");
    CHECK_STR(found(t, r, "Epsoo"), "Espoo, Lingonbacka skola, Vattukallion koulu");
    CHECK_STR(found(t, r, "Kielomäen"), "Kielonmäen koulu");
    CHECK_STR(found(t, r, "Kielinmäen"), "Kielonmäen koulu");
    CHECK_STR(found(t, r, "Kielomäki"), "Kielonmäen koulu");
    CHECK_STR(found(t, r, "Lingonbakca"), "Lingonbacka skola");
    CHECK_STR(found(t, r, "helsnki kallio"), "Kallion koulu");
    CHECK_STR(found(t, r, "koolu oulu"), "Kielonmäen koulu, Oulunsalon koulu");
    /* Two are too many, and a short word or a number is meant as it stands. */
    CHECK_STR(found(t, r, "Esppooo"), "");
    CHECK_STR(found(t, r, "zou"), "");
    CHECK_STR(found(t, r, "1234"), "");
    registry_drop(r);
}

/* --- near, compared with looking at every line ------------------------------------------------------------- */

static unsigned roll(uint64_t *seed, unsigned below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % below;
}

static struct str word_at_random(struct test *t, uint64_t *seed, unsigned least, unsigned most)
{
    struct buf b = buf_new(t->arena, 64);
    unsigned n = least + roll(seed, most - least + 1);

    for (unsigned i = 0; i < n; i++)
        buf_byte(&b, "abc"[roll(seed, 3)]);
    return buf_str(&b);
}

/* Whether the word begins the text once one letter is put right. */
static bool is_near(struct test *t, struct str text, struct str word)
{
    for (size_t i = 0; i < word.n; i++) {
        struct str before = str_sub(word, 0, i), from = str_from(word, i), after = str_from(word, i + 1);
        if (!str_has_prefix(text, before))
            return false;
        if (str_has_prefix(text, arena_join(t->arena, before, after)))
            return true;
        for (const char *c = "abc"; *c != '\0'; c++) {
            if (*c == word.p[i])
                continue;
            struct str other = arena_join(t->arena, before, str_n(c, 1));
            if (str_has_prefix(text, arena_join(t->arena, other, after)) ||
                str_has_prefix(text, arena_join(t->arena, other, from)))
                return true;
        }
        if (after.n > 0) {
            const char turned[] = { after.p[0], word.p[i] };
            struct str two = arena_join(t->arena, before, str_n(turned, 2));
            if (str_has_prefix(text, arena_join(t->arena, two, str_from(after, 1))))
                return true;
        }
    }
    return false;
}

TEST(near_finds_what_looking_at_every_word_finds)
{
    enum { LINES = 400, ASKED = 300 };
    struct finder_line lines[LINES];
    uint64_t seed = 5;
    size_t seen = 0;

    for (size_t i = 0; i < LINES; i++)
        lines[i] = (struct finder_line){ .text = word_at_random(t, &seed, 1, 9) };
    const struct finder *f = finder_new(t->arena, lines, LINES);
    for (size_t k = 0; k < ASKED; k++) {
        struct str word = word_at_random(t, &seed, 3, 8);
        struct bits got = finder_near(f, t->arena, word);
        for (size_t i = 0; i < LINES; i++) {
            bool right = word.n >= 4 && is_near(t, lines[i].text, word);
            if (bits_has(&got, i) != right)
                test_fail(t, __FILE__, __LINE__, "\"%.*s\" and \"%.*s\"", STR_ARG(word), STR_ARG(lines[i].text));
            seen += right;
        }
        t->checked++;
    }
    CHECK(seen > ASKED);
}

TEST(forms_of_a_word_hold_its_genitive)
{
    static const struct {
        const char *word, *genitive;
    } rows[] = { { "kirkkonummi", "kirkkonummen" },
                 { "lappeenranta", "lappeenrannan" },
                 { "vantaa", "vantaan" },
                 { "outokumpu", "outokummun" },
                 { "loppi", "lopen" },
                 { "kannus", "kannuksen" },
                 { "vesilahti", "vesilahden" },
                 { "ii", "iin" },
                 { "nousiainen", "nousiaisten" },
                 { "esbo", "esbos" },
                 { "tampere", "tampereen" } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strs forms = { NULL, 0 };
        inflect_word(t->arena, str_of(rows[i].word), &forms);
        if (!strs_has(&forms, str_of(rows[i].genitive)))
            test_fail(t, __FILE__, __LINE__, "%s has no %s", rows[i].word, rows[i].genitive);
        t->checked++;
    }
}
