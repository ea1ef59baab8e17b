/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/settings.h"
#include "frame/assets.h"
#include "launcher/cities.h"
#include "launcher/pages.h"
#include "policy/form.h"
#include "tests/test.h"
#include "wire/http.h"

#include <stdio.h>

enum { MANY = 2000 };

static struct school oulu_schools[] = {
    { S("1.1.1"), S("99101"), { { S("Testi-Kielonmäen koulu") } }, true },
    { S("1.1.2"), S("99102"), { { S("Testi-Otsolahden lukio"), S("Gymnasiet i Otsolahti") } }, true },
    { S("1.1.3"), S("99103"), { { S("Lakkautettu koulu") } }, false },
};
static struct provider providers[] = {
    { .id = S("oulu"),
      .oid = S("1.1"),
      .names = { { S("Oulu"), S("Uleåborg") } },
      .support = S("tuki@oulu.example"),
      .schools = oulu_schools,
      .school_count = 3 },
    { .id = S("abo"), .oid = S("1.2"), .names = { { S("Turku"), S("Åbo") } } },
    { .id = S("zoo"), .oid = S("1.3"), .names = { { S("Äänekoski"), S("Zoo") } } },
};
static struct idp idps[MANY];
static size_t idp_count;

static void add(const char *id, const struct provider *p, enum idp_kind kind, struct names names)
{
    idps[idp_count++] =
        (struct idp){ .id = str_of(id), .provider = p, .kind = kind, .names = names, .enabled = true, .listed = true };
}

static void usual(void)
{
    idp_count = 0;
    for (size_t i = 0; i < 3; i++)
        add(providers[i].id.p, &providers[i], IDP_OIDC, providers[i].names);
    add("local", NULL, IDP_LOCAL, (struct names){ { S("Ylläpito") } });
    add("off", &providers[1], IDP_SAML, (struct names){ { S("Pois") } });
    idps[4].enabled = false;
    add("hidden", &providers[1], IDP_SAML, (struct names){ { S("Piilossa") } });
    idps[5].listed = false;
}

static struct registry *registry(struct test *t)
{
    const struct registry_parts parts = {
        .providers = providers, .provider_count = 3, .idps = idps, .idp_count = idp_count
    };
    struct registry *r = registry_build(arena_new(), &parts);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

static struct sign_in_view fill(struct test *t, enum lang lang, struct picker_ask ask)
{
    struct sign_in_view v = { .page = { .lang = lang, .gateway = S("DigiOne"), .here = S("/sign-in?login=L") },
                              .login = S("L") };

    picker_fill(picker_of(registry(t)), t->arena, &ask, &v);
    return v;
}

static bool has(struct html page, const char *what)
{
    return str_find(page.s, str_of(what)) < page.s.n;
}

/* --- the picker ------------------------------------------------------------------------------------------- */

TEST(cities_are_buttons_in_the_languages_alphabet)
{
    usual();
    struct sign_in_view v = fill(t, LANG_FI, (struct picker_ask){ 0 });

    CHECK_INT(v.picks.n, 3);
    CHECK_STR(v.picks.at[0].before, "Oulu");
    CHECK_STR(v.picks.at[2].before, "Äänekoski");
    v = fill(t, LANG_SV, (struct picker_ask){ 0 });
    CHECK_STR(v.picks.at[0].before, "Uleåborg");
    CHECK_STR(v.picks.at[1].before, "Zoo");
    CHECK_STR(v.picks.at[2].before, "Åbo");
}

TEST(local_accounts_stand_apart_and_only_where_they_are_allowed)
{
    usual();
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ 0 }).others.n, 0);
    struct sign_in_view v = fill(t, LANG_FI, (struct picker_ask){ .local_allowed = true });
    CHECK_INT(v.others.n, 1);
    CHECK(has(page_sign_in(t->arena, &v), "/sign-in/local?login=L&amp;idp=local"));
}

TEST(beyond_twelve_cities_the_search_comes_first)
{
    idp_count = 0;
    for (int i = 0; i < PICKS_MAX; i++)
        add(arena_cstr(t->arena, arena_printf(t->arena, "c%d", i)), &providers[0], IDP_OIDC, providers[0].names);
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ 0 }).picks.n, PICKS_MAX);
    add("one-more", &providers[0], IDP_OIDC, providers[0].names);
    struct sign_in_view v = fill(t, LANG_FI, (struct picker_ask){ 0 });
    CHECK_INT(v.picks.n, 0);
    CHECK(v.search);
}

TEST(a_search_finds_schools_and_marks_the_match)
{
    usual();
    struct sign_in_view v = fill(t, LANG_FI, (struct picker_ask){ .query = S("  KIELONMAEN ") });

    CHECK_INT(v.total, 1);
    CHECK_STR(v.picks.at[0].idp, "oulu");
    CHECK_STR(v.picks.at[0].before, "Testi-");
    CHECK_STR(v.picks.at[0].hit, "Kielonmäen");
    CHECK_STR(v.picks.at[0].after, " koulu");
    CHECK_STR(v.picks.at[0].note, "Oulu");
    CHECK_STR(v.q, "KIELONMAEN");
}

TEST(a_search_takes_the_city_into_account_and_other_languages)
{
    usual();
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("lukio oulu") }).total, 1);
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("lukio turku") }).total, 0);
    CHECK_STR(fill(t, LANG_FI, (struct picker_ask){ .query = S("zoo") }).picks.at[0].idp, "zoo");
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("gymnasiet") }).total, 1);
    CHECK_INT(fill(t, LANG_EN, (struct picker_ask){ .query = S("oulu") }).total, 3); /* the city and its schools */
}

TEST(a_search_that_was_typed_in_two_characters_finds_the_same)
{
    usual();
    CHECK_STR(fill(t, LANG_FI,
                   (struct picker_ask){ .query = S("a\xcc\x88"
                                                   "a\xcc\x88nekoski") })
                  .picks.at[0]
                  .idp,
              "zoo");
    CHECK_INT(fill(t, LANG_FI,
                   (struct picker_ask){ .query = S("kielonma\xcc\x88"
                                                   "en") })
                  .total,
              1);
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("lukio\xc2\xa0oulu") }).total, 1);
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("lukio\noulu") }).total, 1);
}

TEST(what_begins_with_the_search_comes_first)
{
    usual();
    /* "abo" stands in the middle of Uleåborg as well. */
    CHECK_STR(fill(t, LANG_FI, (struct picker_ask){ .query = S("abo") }).picks.at[0].idp, "abo");
    CHECK_STR(fill(t, LANG_SV, (struct picker_ask){ .query = S("abo") }).picks.at[0].idp, "abo");
    struct sign_in_view v = fill(t, LANG_FI, (struct picker_ask){ .query = S("ou") });
    CHECK_STR(v.picks.at[0].hit, "Ou");
    CHECK_STR(v.picks.at[0].after, "lu");
}

TEST(schools_and_cities_that_are_closed_are_not_found)
{
    usual();
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("lakkautettu") }).total, 0);
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("pois") }).total, 0);
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("piilossa") }).total, 0);
}

TEST(an_empty_search_is_no_search)
{
    usual();
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("   ") }).picks.n, 3);
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("\n\t\x01") }).picks.n, 3);
}

TEST(a_hostile_search_finds_nothing_and_is_only_text)
{
    usual();
    struct sign_in_view v = fill(t, LANG_FI, (struct picker_ask){ .query = S("\"><script>alert(1)</script>\n\xFF") });
    struct html page = page_sign_in(t->arena, &v);

    CHECK_INT(v.total, 0);
    CHECK(!has(page, "<script>"));
    CHECK(has(page, "&quot;&gt;&lt;script&gt;"));
}

TEST(results_come_eight_at_a_time)
{
    idp_count = 0;
    for (int i = 0; i < 1000; i++)
        add(arena_cstr(t->arena, arena_printf(t->arena, "c%d", i)), &providers[1], IDP_OIDC,
            (struct names){ { arena_printf(t->arena, "Koulu %d", i) } });
    struct sign_in_view v = fill(t, LANG_FI, (struct picker_ask){ .query = S("koulu") });
    CHECK_INT(v.picks.n, RESULTS_SHOWN);
    CHECK_INT(v.total, 1000);
    CHECK_INT(v.next, 40);
    CHECK(has(page_sign_in(t->arena, &v), "q=koulu&amp;n=40"));
    CHECK(has(page_sign_in(t->arena, &v), "Näytämme 8 ensimmäistä."));
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("koulu"), .n = S("-1") }).picks.n, RESULTS_SHOWN);
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("koulu"), .n = S("99999999999999999999") }).picks.n,
              RESULTS_SHOWN);
}

TEST(more_results_come_in_pages_that_stay_small)
{
    idp_count = 0;
    for (int i = 0; i < 100; i++)
        add(arena_cstr(t->arena, arena_printf(t->arena, "c%d", i)), &providers[1], IDP_OIDC,
            (struct names){ { arena_printf(t->arena, "Koulu %03d", i) } });
    struct sign_in_view v = fill(t, LANG_FI, (struct picker_ask){ .query = S("koulu"), .n = S("40") });
    CHECK_INT(v.picks.n, RESULTS_PAGE);
    CHECK_STR(v.picks.at[0].after, " 000");
    CHECK_INT(v.previous, 0);
    CHECK_INT(v.next, 80);
    v = fill(t, LANG_FI, (struct picker_ask){ .query = S("koulu"), .n = S("80") });
    CHECK_STR(v.picks.at[0].after, " 040");
    CHECK_INT(v.previous, 40);
    CHECK(has(page_sign_in(t->arena, &v), "Näytämme tulokset 41–80."));
    v = fill(t, LANG_FI, (struct picker_ask){ .query = S("koulu"), .n = S("120") });
    CHECK_INT(v.picks.n, 20);
    CHECK_INT(v.next, 0);
    /* A page past the end is the last one. */
    v = fill(t, LANG_FI, (struct picker_ask){ .query = S("koulu"), .n = S("999999") });
    CHECK_STR(v.picks.at[0].after, " 080");
    v = fill(t, LANG_FI, (struct picker_ask){ .query = S("koulu 007"), .n = S("80") });
    CHECK_INT(v.picks.n, 1);
}

TEST(every_hit_stands_on_some_page_however_many_there_are)
{
    struct bits seen = bits_new(t->arena, MANY);
    static const char *const names[] = { "Koulu", "Uusi koulu", "Ala-koulu" };
    size_t n = RESULTS_SHOWN, pages = 0;

    idp_count = 0;
    for (int i = 0; i < MANY; i++)
        add(arena_cstr(t->arena, arena_printf(t->arena, "c%d", i)), &providers[1], IDP_OIDC,
            (struct names){ { arena_printf(t->arena, "%s %d", names[i % 3], i) } }); /* of more than one rank */
    struct registry *r = registry(t);
    do {
        struct sign_in_view v = { .page = { .lang = LANG_FI } };
        const struct picker_ask ask = { .query = S("koulu"), .n = arena_printf(t->arena, "%zu", n) };
        picker_fill(picker_of(r), t->arena, &ask, &v);
        CHECK_INT(v.total, MANY);
        for (size_t i = 0; i < v.picks.n; i++)
            bits_set(&seen, (size_t)(registry_idp(r, v.picks.at[i].idp) - idps));
        n = v.next;
        pages++;
    } while (n != 0);
    CHECK_INT(bits_count(&seen), MANY);
    CHECK_INT(pages, 1 + MANY / RESULTS_PAGE);
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = S("koulu"), .n = S("9223372036854775807") }).from,
              MANY - RESULTS_PAGE);
}

TEST(hits_are_ranked_by_how_they_begin)
{
    idp_count = 0;
    add("inside", &providers[1], IDP_OIDC, (struct names){ { S("Alakaari") } });
    add("word", &providers[1], IDP_OIDC, (struct names){ { S("Ala-Kaarina") } });
    add("name", &providers[1], IDP_OIDC, (struct names){ { S("Kaarina") } });
    add("both", &providers[1], IDP_OIDC, (struct names){ { S("Uusi Kaarilan koulu") } });
    struct sign_in_view v = fill(t, LANG_FI, (struct picker_ask){ .query = S("kaari") });
    CHECK_STR(v.picks.at[0].idp, "name");
    CHECK_STR(v.picks.at[1].idp, "word");
    CHECK_STR(v.picks.at[2].idp, "both");
    CHECK_INT(v.total, 3);
    v = fill(t, LANG_FI, (struct picker_ask){ .query = S("akaari") });
    CHECK_STR(v.picks.at[0].idp, "inside");
    /* Words in whatever order. */
    v = fill(t, LANG_FI, (struct picker_ask){ .query = S("koulu kaari") });
    CHECK_INT(v.total, 1);
    CHECK_STR(v.picks.at[0].idp, "both");
}

TEST(a_search_of_a_thousand_characters_is_cut_and_answered)
{
    char text[1001];

    usual();
    for (size_t i = 0; i < 1000; i++)
        text[i] = "oulu "[i % 5];
    text[1000] = '\0';
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = str_of(text) }).total, 3);
    memset(text, 'a', 1000);
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .query = str_of(text) }).total, 0);
}

TEST(names_in_swedish_and_without_dots_are_found)
{
    static const struct names cities[] = {
        { { S("Turku"), S("Åbo") } },     { { S("Espoo"), S("Esbo") } },         { { S("Vantaa"), S("Vanda") } },
        { { S("Oulu"), S("Uleåborg") } }, { { S("Tampere"), S("Tammerfors") } }, { { S("Äänekoski"), S("Äänekoski") } },
    };
    static const char *const asked[][3] = { { "abo", "Åbo", "turku" },           { "esbo", "ESBO", "spoo" },
                                            { "vanda", "Van", "vantaa" },        { "uleaborg", "Uleåborg", "oul" },
                                            { "tammerfors", "fors", "tampere" }, { "aanekoski", "äänekoski", "ÄÄNE" } };
    static const struct provider nowhere = { .id = S("x") };

    idp_count = 0;
    for (size_t i = 0; i < 6; i++)
        add(cities[i].in[0].p, &nowhere, IDP_OIDC, cities[i]);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 3; k++)
            for (int lang = 0; lang < LANG_COUNT; lang++) {
                struct sign_in_view v = fill(t, (enum lang)lang, (struct picker_ask){ .query = str_of(asked[i][k]) });
                CHECK(v.total >= 1 && str_eq(v.picks.at[0].idp, cities[i].in[0]));
            }
}

TEST(the_last_choice_is_one_button_until_another_is_wanted)
{
    usual();
    struct sign_in_view v = fill(t, LANG_FI, (struct picker_ask){ .remembered_idp = S("oulu") });
    CHECK_STR(v.remembered.idp, "oulu");
    CHECK(has(page_sign_in(t->arena, &v), "Jatka: Oulu"));
    v = fill(t, LANG_FI, (struct picker_ask){ .remembered_idp = S("oulu"), .all = true });
    CHECK_INT(v.picks.n, 3);
    CHECK(!str_is_set(v.remembered.idp));
}

TEST(a_remembered_city_that_is_gone_is_forgotten)
{
    usual();
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .remembered_idp = S("off") }).picks.n, 3);
    CHECK_INT(fill(t, LANG_FI, (struct picker_ask){ .remembered_idp = S("nowhere") }).picks.n, 3);
}

TEST(remember_is_ticked_but_on_a_shared_device)
{
    usual();
    struct sign_in_view v = fill(t, LANG_FI, (struct picker_ask){ 0 });

    CHECK(has(page_sign_in(t->arena, &v), "name=\"remember\" value=\"1\" checked>"));
    v.shared = true;
    CHECK(has(page_sign_in(t->arena, &v), "name=\"remember\" value=\"1\">"));
}

/* --- other pages ------------------------------------------------------------------------------------------ */

TEST(language_links_keep_the_page)
{
    usual();
    struct sign_in_view v = fill(t, LANG_SV, (struct picker_ask){ 0 });
    struct html page = page_sign_in(t->arena, &v);

    CHECK(has(page, "<html lang=\"sv\">"));
    CHECK(has(page, "/lang?to=en&amp;back=%2Fsign-in%3Flogin%3DL"));
    v.page.here = (struct str){ NULL, 0 };
    CHECK(!has(page_sign_in(t->arena, &v), "/lang?"));
}

/* The page takes the registry at its word; who signs in with us has an identifier, whether its row asks for it or not
 * (gateway/oidc/token.c). */
TEST(the_page_about_us_says_what_each_service_may_be_told_at_most)
{
    static const struct purpose whys[] = {
        { .claim = CLAIM_EMAIL, .why = { { S("Jotta <viesti> löytää") } }, .basis = BASIS_CONTRACT }
    };
    static struct service services[] = {
        { .id = S("a"),
          .names = { { S("Kanerva") } },
          .protocol = PROTO_OIDC,
          .enabled = true,
          .asks = { 1u << CLAIM_GIVEN_NAME | 1u << CLAIM_EMAIL },
          .purposes = whys,
          .purpose_count = 1 },
        { .id = S("b"),
          .names = { { S("Valo") } },
          .protocol = PROTO_LINK,
          .enabled = true,
          .asks = { 1u << CLAIM_EMAIL } },
        { .id = S("c"), .names = { { S("Kiinni") } }, .protocol = PROTO_OIDC },
        { .id = S("d"), .names = { { S("Vaitelias") } }, .protocol = PROTO_OIDC, .enabled = true },
    };
    const struct registry_parts parts = { .services = services, .service_count = 4 };
    struct registry *r = registry_build(arena_new(), &parts);
    struct about_view v = { .page = { .gateway = S("DigiOne") } };

    about_fill(t->arena, r, 0, &v);
    struct html page = page_about(t->arena, &v);
    CHECK(has(page, "<dt>Kanerva</dt><dd>palveluntarjoajan oma tunniste sinusta, etunimet, sähköpostiosoite</dd>"
                    "<dd class=\"quiet\">sähköpostiosoite: Jotta &lt;viesti&gt; löytää</dd></div>"));
    CHECK(has(page, "<dt>Vaitelias</dt><dd>palveluntarjoajan oma tunniste sinusta</dd>"));
    CHECK(has(page, "<dt>Valo</dt><dd>Ei mitään sinusta</dd>"));
    CHECK(!has(page, "Kiinni"));
    /* An address says where to begin, and nothing that is not so. */
    static const int64_t beyond[] = { 3, 1000, INT64_MAX, -1 };
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        v = (struct about_view){ .page = { .gateway = S("DigiOne") } };
        about_fill(t->arena, r, beyond[i], &v);
        page = page_about(t->arena, &v);
        CHECK(has(page, "<dt>Kanerva</dt>") && has(page, "<dt>Valo</dt>") && !has(page, "/about?from="));
    }
    registry_drop(r);
}

/* [WCAG 3.1.2] */
TEST(a_name_that_is_not_translated_carries_its_own_language)
{
    static struct service services[] = { { .id = S("a"),
                                           .names = { { S("Kanerva Oppikirjat"), S("Ljung"), { NULL, 0 } } },
                                           .lines = { { S("Digikirjat") } },
                                           .protocol = PROTO_LINK,
                                           .enabled = true } };
    const struct registry_parts parts = { .services = services, .service_count = 1 };
    static const char *const dts[LANG_COUNT] = { "<dt>Kanerva Oppikirjat</dt>", "<dt>Ljung</dt>",
                                                 "<dt lang=\"fi\">Kanerva Oppikirjat</dt>" };
    struct registry *r = registry_build(arena_new(), &parts);

    for (int lang = 0; lang < LANG_COUNT; lang++) {
        struct about_view v = { .page = { .gateway = S("DigiOne"), .lang = (enum lang)lang } };
        about_fill(t->arena, r, 0, &v);
        struct html page = page_about(t->arena, &v);
        CHECK(has(page, dts[lang]));
        CHECK(has(page, lang == LANG_FI ? "<dd class=\"quiet\">Digi" : "<dd class=\"quiet\" lang=\"fi\">Digi"));
    }
    registry_drop(r);
}

TEST(footers_link_only_where_there_is_a_target)
{
    struct expired_view v = { .page = { .gateway = S("DigiOne") } };

    CHECK(has(page_expired(t->arena, &v), "href=\"/about\""));
    CHECK(!has(page_expired(t->arena, &v), "Saavutettavuusseloste"));
    v.page.help_email = S("tuki@x.example");
    CHECK(has(page_expired(t->arena, &v), "href=\"mailto:tuki@x.example\""));
    v.page.help = S("javascript:alert(1)");
    CHECK(!has(page_expired(t->arena, &v), "javascript:"));
}

TEST(a_wrong_password_keeps_the_name_and_never_the_password)
{
    struct local_view v = { .page = { .gateway = S("DigiOne") }, .username = S("aino\"x"), .error = LOCAL_WRONG };
    struct html page = page_local(t->arena, &v);

    CHECK(has(page, "<title>Virhe: Kirjaudu sisään"));
    CHECK(has(page, "value=\"aino&quot;x\""));
    CHECK(!has(page, "type=\"password\" autocomplete=\"current-password\" maxlength=\"256\" required value"));
    CHECK(has(page, "<a href=\"#username\">"));
    v = (struct local_view){ .page = { .gateway = S("DigiOne") }, .error = LOCAL_BUSY, .wait_s = 61 };
    CHECK(has(page_local(t->arena, &v), "2 minuutin"));
}

TEST(an_error_page_names_cause_helper_code_and_ways_on)
{
    struct error_view v = { .page = { .gateway = S("DigiOne") },
                            .kind = FAIL_UPSTREAM,
                            .city = S("Espoo"),
                            .support_code = S("R4TC8HWP"),
                            .at_s = 1795413840,
                            .back = S("https://vaahtera.example/"),
                            .again = S("/sign-in?login=L") };
    struct html page = page_error(t->arena, &v);

    CHECK(has(page, "<h1>Espoon kirjautuminen ei vastaa</h1>"));
    CHECK(has(page, "<span class=\"codebox\">R4TC<span class=\"half\">8HWP</span></span>"));
    CHECK(has(page, "23.11.2026 klo 8.04"));
    CHECK(has(page, "href=\"https://vaahtera.example/\""));
    CHECK(has(page, "href=\"/sign-in?login=L\""));
    CHECK(has(page, "href=\"/\""));
}

TEST(what_an_identity_provider_refuses_is_said_as_what_it_is)
{
    static const struct {
        enum lasts lasts;
        const char *says[LANG_COUNT];
        bool again;
    } cases[] = {
        { LASTS_AWAY,
          { "<h1>Espoon kirjautuminen ei vastaa</h1>", "svarar inte</h1>", "sign-in is not answering</h1>" },
          true },
        { LASTS_STAYS,
          { "Uusi yritys ei auta", "Det hjälper inte att försöka igen", "Trying again will not help" },
          false },
        { LASTS_SPENT,
          { "<h1>Kirjautuminen jäi kesken</h1>", "<h1>Inloggningen avbröts</h1>",
            "<h1>The sign-in was left unfinished</h1>" },
          true },
        { LASTS_CANCELLED,
          { "<h1>Kirjautuminen peruttiin</h1>", "<h1>Inloggningen annullerades</h1>",
            "<h1>The sign-in was cancelled</h1>" },
          true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            struct error_view v = { .page = { .gateway = S("DigiOne"), .lang = (enum lang)lang },
                                    .kind = FAIL_UPSTREAM,
                                    .lasts = cases[i].lasts,
                                    .city = S("Espoo"),
                                    .service = S("Matikka"),
                                    .again = cases[i].again ? S("/sign-in/again?login=L") : S(""),
                                    .choose = S("/sign-in?all=1&login=L"),
                                    .back = S("/sign-in/cancel?login=L") };
            struct html page = page_error(t->arena, &v);
            CHECK(has(page, cases[i].says[lang]));
            CHECK(has(page, "href=\"/sign-in/again?login=L\"") == cases[i].again);
            CHECK(has(page, "href=\"/sign-in?all=1&amp;login=L\""));
            CHECK(has(page, "href=\"/sign-in/cancel?login=L\""));
            CHECK(!has(page, "href=\"/\">"));
        }
}

TEST(each_kind_of_failure_has_a_page_in_each_language)
{
    for (int kind = FAIL_NONE; kind < FAIL_KIND_COUNT; kind++)
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            struct error_view v = { .page = { .gateway = S("DigiOne"), .lang = (enum lang)lang },
                                    .kind = (enum fail_kind)kind };
            CHECK(page_error(t->arena, &v).s.n > 1000);
        }
}

TEST(signed_out_is_said_only_of_what_is)
{
    struct left left[] = { { .name = S("DigiOne"), .receipt = RECEIPT_OUT },
                           { .name = S("Kanerva"), .receipt = RECEIPT_OUT } };
    struct signed_out_view v = { .page = { .gateway = S("DigiOne") }, .left = { left, 2 } };

    CHECK(has(page_signed_out(t->arena, &v), "Kaikki avaamasi on suljettu."));
    v.city = S("Oulu");
    CHECK(!has(page_signed_out(t->arena, &v), "Kaikki avaamasi"));
    CHECK(has(page_signed_out(t->arena, &v), "Voi olla yhä auki"));
    CHECK(has(page_signed_out(t->arena, &v), "Oulun kirjautuminen"));
    v.city_receipt = RECEIPT_OUT;
    CHECK(has(page_signed_out(t->arena, &v), "Kaikki avaamasi on suljettu."));
    v.city = S("");
    left[1] = (struct left){ .name = S("Kanerva") }; /* forgotten initialisation claims least */
    CHECK(!has(page_signed_out(t->arena, &v), "Kaikki avaamasi"));
}

TEST(names_of_cities_are_inflected_where_the_form_is_known)
{
    static const char *const genitives[][LANG_COUNT][2] = {
        { { "Oulu", "Oulun" }, { "Uleåborg", "Uleåborgs" }, { "Oulu", "Oulu’s" } },
        { { "Espoo", "Espoon" }, { "Esbo", "Esbos" }, { "Espoo", "Espoo’s" } },
        { { "Tampere", "Tampereen" }, { "Tammerfors", "Tammerfors" }, { "Tampere", "Tampere’s" } },
        { { "Turku", "Turun" }, { "Åbo", "Åbos" }, { "Turku", "Turku’s" } },
        { { "Vantaa", "Vantaan" }, { "Vanda", "Vandas" }, { "Vantaa", "Vantaa’s" } },
    };

    for (size_t i = 0; i < sizeof genitives / sizeof *genitives; i++)
        for (int lang = 0; lang < LANG_COUNT; lang++)
            CHECK_STR(city_genitive(t->arena, str_of(genitives[i][lang][0]), (enum lang)lang), genitives[i][lang][1]);
    CHECK(!str_is_set(city_genitive(t->arena, S("Espoo, henkilöstö"), LANG_FI)));
    CHECK(!str_is_set(city_genitive(t->arena, S(""), LANG_FI)));
}

TEST(a_city_whose_form_is_unknown_keeps_its_name)
{
    struct error_view v = { .page = { .gateway = S("DigiOne") }, .kind = FAIL_UPSTREAM, .city = S("Espoo") };

    CHECK(has(page_error(t->arena, &v), "<h1>Espoon kirjautuminen ei vastaa</h1>"));
    v.city = S("Espoo, henkilöstö");
    CHECK(has(page_error(t->arena, &v), "<h1>Espoo, henkilöstö: kirjautuminen ei vastaa</h1>"));
}

TEST(a_page_that_closed_by_itself_names_nobody)
{
    struct idle_view v = { .page = { .gateway = S("DigiOne") }, .csrf = S("token") };

    CHECK(has(page_idle(t->arena, &v), "value=\"token\""));
    CHECK(has(page_idle(t->arena, &v), "href=\"/\""));
    v.csrf = (struct str){ NULL, 0 };
    CHECK(!has(page_idle(t->arena, &v), "<form"));
}

TEST(signing_out_is_a_post_with_a_token)
{
    struct sign_out_view v = {
        .page = { .gateway = S("DigiOne") }, .ask = SIGN_OUT_ASK, .csrf = S("t0k\"en"), .state = S("s")
    };
    struct html page = page_sign_out(t->arena, &v);

    CHECK(
        has(page, "method=\"post\" action=\"/sign-out\"><input type=\"hidden\" name=\"csrf\" value=\"t0k&quot;en\">"));
    CHECK(has(page, "name=\"state\" value=\"s\""));
}

TEST(an_answer_by_form_is_posted_to_the_web_only_and_stays_text) /* [OAuth Form Post Response Mode 2] */
{
    const struct hidden_field fields[] = { { S("code"), S("c") }, { S("state"), S("\"><svg onload=x>") } };
    struct post_view v = { .page = { .gateway = S("DigiOne") },
                           .url = S("https://s.example/cb?a=1&b=2"),
                           .fields = { fields, 2 } };

    CHECK(has(page_post(t->arena, &v), "method=\"post\" action=\"https://s.example/cb?a=1&amp;b=2\""));
    CHECK(has(page_post(t->arena, &v), "name=\"code\" value=\"c\""));
    CHECK(has(page_post(t->arena, &v), "name=\"state\" value=\"&quot;&gt;&lt;svg onload=x&gt;\""));
    CHECK(has(page_post(t->arena, &v), "<button")); /* a script is not needed */
    v.url = S("javascript:alert(1)");
    CHECK(!has(page_post(t->arena, &v), "javascript"));
}

TEST(a_page_that_goes_on_by_itself_goes_to_the_web_only)
{
    struct continue_view v = { .page = { .gateway = S("DigiOne") }, .url = S("https://idp.example/?a=1&b=2") };

    CHECK(has(page_continue(t->arena, &v), "content=\"0;url=https://idp.example/?a=1&amp;b=2\""));
    v.url = S("javascript:alert(1)");
    CHECK(has(page_continue(t->arena, &v), "content=\"0;url=#\""));
}

/* --- from a request --------------------------------------------------------------------------------------- */

struct scene {
    struct ctx c;
    struct settings set;
    struct session session;
    struct person person;
    struct affiliation at[2];
    struct http_response res;
};

static struct scene *scene(struct test *t)
{
    struct scene *s = arena_make(t->arena, struct scene);

    usual();
    settings_defaults(&s->set);
    s->set.support = S("mailto:apu@digione.example");
    s->at[0] = (struct affiliation){ .provider_oid = S("1.1"), .school_oid = S("1.1.1"), .role = ROLE_TEACHER };
    s->at[1] = (struct affiliation){ .provider_oid = S("1.1"), .school_oid = S("1.1.2"), .role = ROLE_TEACHER };
    s->person = (struct person){
        .given_names = S("Aino Maria"), .family_name = S("Laakso"), .affiliations = s->at, .affiliation_count = 2
    };
    s->session = (struct session){ .person = &s->person, .csrf = S("csrf") };
    s->res = (struct http_response){ .arena = t->arena };
    s->c = (struct ctx){ .arena = t->arena,
                         .set = &s->set,
                         .registry = registry(t),
                         .session = &s->session,
                         .res = &s->res,
                         .now_s = TEST_NOW_S,
                         .lang = LANG_FI };
    return s;
}

TEST(the_launcher_greets_and_offers_the_schools)
{
    struct scene *s = scene(t);
    struct launcher_view v = launcher_for(&s->c, &(const struct launcher_ask){ .school = S("1.1.2") });
    struct html page = page_launcher(t->arena, &v);

    CHECK(has(page, "<h1>Hei, Aino</h1>"));
    CHECK(has(page, "Maanantai 10. elokuuta"));
    CHECK(has(page, "href=\"/?school=1.1.2\" aria-current=\"true\">Testi-Otsolahden lukio"));
    CHECK(has(page, "Testi-Otsolahden lukio ei ole vielä avannut sinulle palveluja."));
    CHECK(has(page, "mailto:tuki@oulu.example"));
    CHECK(has(page, "back=%2F%3Fschool%3D1.1.2"));
    CHECK(has(page, "name=\"csrf\" value=\"csrf\""));
}

TEST(one_school_needs_no_switch)
{
    struct scene *s = scene(t);

    s->person.affiliation_count = 1;
    CHECK_INT(launcher_for(&s->c, &(const struct launcher_ask){ .school = S("no such school") }).schools.n, 0);
    s->at[0].school_oid = S("");
    CHECK_STR(launcher_for(&s->c, &(const struct launcher_ask){ .school = S("") }).school, "Oulu");
    s->at[0].provider_oid = S("unknown");
    CHECK_INT(launcher_for(&s->c, &(const struct launcher_ask){ .school = S("") }).school.n, 0);
    s->person.affiliation_count = 0;
    s->person.given_names = S("");
    s->person.family_name = S("");
    struct launcher_view v = launcher_for(&s->c, &(const struct launcher_ask){ .school = S("") });
    CHECK(has(page_launcher(t->arena, &v), "Kirjautumisestasi ei käynyt ilmi koulua eikä roolia."));
}

TEST(a_school_whose_affiliation_has_ended_is_not_offered)
{
    struct scene *s = scene(t);

    s->at[1].to_s = TEST_NOW_S - 1;
    CHECK_INT(launcher_for(&s->c, &(const struct launcher_ask){ .school = S("1.1.2") }).schools.n, 0);
}

static struct service services[500];

/* A person who may open everything, of which there is more than fits on a page. */
static struct scene *scene_of(struct test *t, size_t count)
{
    static const struct rule_words all = { .provider = &providers[0] };
    struct scene *s = scene(t);

    for (size_t i = 0; i < count; i++)
        services[i] = (struct service){ .id = arena_printf(t->arena, "s%zu", count - i),
                                        .category = i % 2 == 0 ? S("books") : S("work"),
                                        .names = { { arena_printf(t->arena, "Palvelu %03zu", i) } },
                                        .launch_uri = S("https://x.example/"),
                                        .enabled = true };
    struct policy *policy = arena_make(t->arena, struct policy);
    *policy = policy_of_rule(t->arena, S("all"), &all);
    const struct registry_parts parts = { .providers = providers,
                                          .provider_count = 3,
                                          .services = services,
                                          .service_count = count,
                                          .policies = policy,
                                          .policy_count = 1 };
    s->c.registry = registry_build(arena_new(), &parts);
    arena_adopt(t->arena, s->c.registry, (void (*)(void *))registry_drop);
    return s;
}

static struct scene *rich_scene(struct test *t)
{
    return scene_of(t, 300);
}

TEST(a_launcher_that_cannot_show_all_says_how_many_there_are_and_where)
{
    struct scene *s = rich_scene(t);
    struct launcher_view v = launcher_for(&s->c, &(const struct launcher_ask){ .school = S("1.1.2") });
    struct html page = page_launcher(t->arena, &v);

    CHECK(has(page, "Näytämme palvelut 1–80. Kaikkiaan niitä on 300."));
    CHECK(has(page, "href=\"/?school=1.1.2&amp;q=&amp;from=150\">Oma työ ja tuki (150)</a>"));
    CHECK(has(page, "from=80\">Näytä lisää</a>"));
    CHECK(!has(page, "Näytä edelliset"));
    /* A script that filters what is on the page would say that the rest does not exist. */
    CHECK(!has(page, "/static/filter.") && !has(page, "data-filter"));
    v = launcher_for(&s->c, &(const struct launcher_ask){ .from = S("240") });
    page = page_launcher(t->arena, &v);
    CHECK(has(page, "Näytämme palvelut 241–300."));
    CHECK(has(page, "Palvelu 299"));
    CHECK(has(page, "from=160\">Näytä edelliset</a>"));
    CHECK(!has(page, "Näytä lisää"));
    v = launcher_for(&s->c, &(const struct launcher_ask){ .q = S("palvelu 299"), .from = S("nonsense") });
    page = page_launcher(t->arena, &v);
    CHECK(has(page, "/open/s1\"") && !has(page, "Kaikkiaan"));
    CHECK(has(page, "/static/filter.") &&
          !has(page, "data-filter")); /* which sees to it that an emptied field shows all */
    v = launcher_for(&s->c, &(const struct launcher_ask){ .q = S("palvelu"), .from = S("-80") });
    page = page_launcher(t->arena, &v);
    CHECK(has(page, "q=palvelu&amp;from=80"));
}

/* Each stands on one page, and no page is heavier for there being more. */
TEST(five_hundred_services_are_each_on_one_page_that_stays_small)
{
    enum { SERVICES = 500, PAGE_B = 46000 /* beside the sheet and the scripts, of 51,200 */ };
    struct scene *s = scene_of(t, SERVICES);
    size_t shown[SERVICES + 1] = { 0 }, pages = 0;

    for (size_t from = 0; from < SERVICES; pages++) {
        const struct launcher_ask ask = { .from = arena_printf(t->arena, "%zu", from) };
        struct launcher_view v = launcher_for(&s->c, &ask);
        struct html page = page_launcher(t->arena, &v);
        CHECK_INT(v.tiles.count, SERVICES);
        CHECK(has(page, "Kaikkiaan niitä on 500."));
        CHECK(page.s.n < PAGE_B);
        for (size_t i = 1; i <= SERVICES; i++)
            shown[i] += has(page, arena_cstr(t->arena, arena_printf(t->arena, "href=\"/open/s%zu\"", i)));
        CHECK(v.tiles.shown > 0);
        from += v.tiles.shown > 0 ? v.tiles.shown : SERVICES;
    }
    for (size_t i = 1; i <= SERVICES; i++)
        CHECK_INT(shown[i], 1);
    CHECK(pages > 1 && pages < 10);
}

TEST(a_notice_is_text_wherever_it_stands)
{
    const struct str title = S("<b>Koe</b> & \"huomenna\""),
                     says = S("<script>alert(1)</script></p><img src=x onerror=y>");
    const struct notice_line lines[] = {
        { .id = S("one"), .title = title, .says = says, .by = title },
        { .id = S("two"), .title = title, .says = says, .service = title, .when = says, .kind = NOTICE_DOWN }
    };
    const struct notices all = { .lines = { lines, 2 }, .count = 2 };
    struct scene *s = rich_scene(t);
    struct launcher_view v = launcher_for(&s->c, &(const struct launcher_ask){ 0 });

    v.notices = all;
    v.tiles = (struct tiles){ 0 };
    const struct news_view n = { .page = v.page, .notices = all };
    const struct html pages[] = { page_launcher(t->arena, &v), page_news(t->arena, &n) };
    for (size_t i = 0; i < 2; i++) {
        CHECK(has(pages[i], "&lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;&lt;img src=x onerror=y&gt;"));
        CHECK(has(pages[i], "&lt;b&gt;Koe&lt;/b&gt; &amp; "));
        CHECK(!has(pages[i], "<script>alert") && !has(pages[i], "<b>Koe") && !has(pages[i], "<img src=x"));
    }
}

TEST(favourites_can_be_chosen_from_all_pages)
{
    struct scene *s = rich_scene(t);
    struct str ids[] = { S("s1") };

    s->session.favourites = (struct strs){ ids, 1 };
    struct favourites_view v = favourites_for(&s->c, S(""), S("24"), 12);
    struct html page = page_favourites(t->arena, &v);
    CHECK(has(page, "Näytämme palvelut 25–48. Kaikkiaan niitä on 299."));
    CHECK(has(page, "name=\"remove\" value=\"s1\"")); /* what was chosen stays in sight */
    CHECK(has(page, "<input type=\"hidden\" name=\"from\" value=\"24\">"));
    CHECK(has(page, "href=\"/favourites?q=&amp;from=48\""));
    v = favourites_for(&s->c, S("299"), S(""), 12); /* it is one already */
    page = page_favourites(t->arena, &v);
    CHECK(has(page, "Ei palveluja haulla ”299”") && has(page, "name=\"remove\" value=\"s1\""));
    v = favourites_for(&s->c, S("298"), S(""), 12);
    CHECK(has(page_favourites(t->arena, &v), "name=\"add\" value=\"s2\""));
}

TEST(a_small_pupil_on_a_shared_device_has_a_done_button)
{
    struct scene *s = scene(t);

    s->person.affiliation_count = 1;
    s->at[0].role = ROLE_LEARNER;
    s->at[0].class_level = 1;
    struct launcher_view v = launcher_for(&s->c, &(const struct launcher_ask){ .school = S(""), .shared = true });
    struct html page = page_launcher(t->arena, &v);
    CHECK(has(page, "<body class=\"kid\">"));
    CHECK(has(page, "Jos et ole Aino, paina Valmis."));
    CHECK(has(page, "<form class=\"ready\" method=\"post\" action=\"/sign-out\">"));
}

TEST(a_page_is_sent_with_its_policy_and_is_not_kept)
{
    struct scene *s = scene(t);
    struct fail f = { 0 };
    struct expired_view v = { .page = page_for(&s->c, S("/")) };

    CHECK(page_send(&s->c, 410, page_expired(t->arena, &v), &f) == DONE);
    CHECK_INT(s->res.status, 410);
    CHECK_STR(http_response_field(&s->res, S("Content-Security-Policy")), PAGE_CSP);
    CHECK_STR(http_response_field(&s->res, S("Cache-Control")), "no-store");
    CHECK_STR(http_response_field(&s->res, S("Content-Language")), "fi");
    CHECK(page_send(&s->c, 200, (struct html){ { NULL, 0 } }, &f) == REFUSE);
    CHECK_STR(f.code, "page_too_large");
}

TEST(a_fault_of_ours_tries_again_by_itself_and_others_do_not)
{
    struct scene *s = scene(t);
    struct fail f = { 0 };
    struct error_view v = { .page = page_for(&s->c, S("/")), .kind = FAIL_OURS, .again = S("/x?y=1"), .retry_s = 5 };

    CHECK(page_error_send(&s->c, 503, &v, &f) == DONE);
    CHECK_STR(http_response_field(&s->res, S("Refresh")), "5; url=/x?y=1");
    CHECK(has((struct html){ s->res.body }, "yrittää itse uudelleen 5 sekunnin"));
    s->res = (struct http_response){ .arena = t->arena };
    v.again = S("https://elsewhere.example/");
    CHECK(page_error_send(&s->c, 503, &v, &f) == DONE);
    CHECK(http_response_field(&s->res, S("Refresh")).p == NULL);
    v.again = S("/x");
    v.kind = FAIL_UPSTREAM;
    CHECK(page_error_send(&s->c, 502, &v, &f) == DONE);
    CHECK(http_response_field(&s->res, S("Refresh")).p == NULL);
}

/* --- static files ----------------------------------------------------------------------------------------- */

TEST(static_files_are_found_by_their_whole_address_only)
{
    CHECK(asset_count >= 2);
    for (size_t i = 0; i < asset_count; i++) {
        CHECK(asset_at(assets[i].path) == &assets[i]);
        CHECK(str_eq(assets[i].type, S("image/png")) || (assets[i].gzip.n > 0 && assets[i].gzip.n < assets[i].bytes.n));
    }
    CHECK(asset_at(S("/static/style.css")) == NULL);
    CHECK(asset_at(S("/static/../texts.def")) == NULL);
    CHECK(asset_at((struct str){ NULL, 0 }) == NULL);
}
