/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/tiles.h"
#include "tests/test.h"

enum { MANY = 70 };

static struct service services[MANY];
static size_t service_count;

static void add(const char *id, const char *category, const char *fi, const char *sv)
{
    services[service_count++] = (struct service){ .id = str_of(id),
                                                  .category = str_of(category),
                                                  .names = { { str_of(fi), str_of(sv) } },
                                                  .launch_uri = S("https://x.example/"),
                                                  .enabled = true };
}

static void usual(void)
{
    service_count = 0;
    add("zeta", "books", "Äänikirjat", "Böcker");
    add("alfa", "maths", "Zeta Matikka", "Ada Matematik");
    add("beta", "work", "Työvuorot", "Skift");
    add("gamma", "unheard-of", "Outo palvelu", "Konstig tjänst");
    add("delta", "class", "Luokka", "Klass");
}

static struct registry *registry(struct test *t)
{
    const struct registry_parts parts = { .services = services, .service_count = service_count };
    struct registry *r = registry_build(arena_new(), &parts);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

static struct decision allow(const struct registry *r, const struct person *p, const struct service *s, int64_t now_s)
{
    (void)r, (void)p, (void)s, (void)now_s;
    return (struct decision){ .effect = EFFECT_ALLOW };
}

static struct decision only_alfa(const struct registry *r, const struct person *p, const struct service *s,
                                 int64_t now_s)
{
    (void)r, (void)p, (void)now_s;
    return (struct decision){ .effect = str_eq(s->id, S("alfa")) ? EFFECT_ALLOW : EFFECT_DENY };
}

/* Allows where the person has just one affiliation, at the school 99102. */
static struct decision at_99102(const struct registry *r, const struct person *p, const struct service *s,
                                int64_t now_s)
{
    bool there = p->affiliation_count == 1 && str_eq(p->affiliations[0].school_code, S("99102"));

    (void)r, (void)s, (void)now_s;
    return (struct decision){ .effect = there ? EFFECT_ALLOW : EFFECT_DENY };
}

static struct tiles build(struct test *t, tiles_decide *decide, enum lang lang, const char *filter)
{
    static const struct person nobody = { 0 };
    const struct tiles_ask ask = { .registry = registry(t),
                                   .person = &nobody,
                                   .filter = str_of(filter),
                                   .lang = lang,
                                   .now_s = TEST_NOW_S,
                                   .decide = decide };

    return tiles_build(t->arena, &ask);
}

TEST(a_tile_is_there_exactly_when_policy_allows_the_service)
{
    usual();
    struct tiles tiles = build(t, only_alfa, LANG_FI, NULL);

    CHECK_INT(tiles.count, 1);
    CHECK_STR(tiles.groups.at[0].tiles.at[0].id, "alfa");
    CHECK_STR(tiles.groups.at[0].tiles.at[0].open, "/open/alfa");
}

TEST(without_a_rule_there_is_no_tile)
{
    usual();
    struct tiles tiles = build(t, NULL, LANG_FI, NULL);

    CHECK_INT(tiles.count, 0);
    CHECK_INT(tiles.before_filter, 0);
}

TEST(a_service_without_a_way_in_has_no_tile)
{
    usual();
    services[0].launch_uri = S("");
    CHECK_INT(build(t, allow, LANG_FI, NULL).count, 4);
}

TEST(groups_stand_in_one_order_and_what_is_unknown_comes_last)
{
    usual();
    struct tiles tiles = build(t, allow, LANG_FI, NULL);

    CHECK_INT(tiles.groups.n, 4);
    CHECK_STR(tiles.groups.at[0].id, "learning");
    CHECK_STR(tiles.groups.at[1].id, "class");
    CHECK_STR(tiles.groups.at[2].id, "work");
    CHECK_STR(tiles.groups.at[3].id, "other");
    CHECK_STR(tiles.groups.at[3].title, "Muut palvelut");
}

TEST(tiles_are_sorted_as_the_language_sorts)
{
    usual();
    CHECK_STR(build(t, allow, LANG_FI, NULL).groups.at[0].tiles.at[0].name, "Zeta Matikka");
    CHECK_STR(build(t, allow, LANG_SV, NULL).groups.at[0].tiles.at[0].name, "Ada Matematik");
    CHECK_STR(build(t, allow, LANG_EN, NULL).groups.at[0].tiles.at[0].name, "Äänikirjat"); /* ä is an a there */
}

TEST(no_two_tiles_of_a_list_share_shape_and_colour)
{
    bool seen[TILE_SHAPES + 1][TILE_COLOURS + 1] = { { false } };

    service_count = 0;
    for (int i = 0; i < TILE_SHAPES * TILE_COLOURS; i++)
        add(arena_cstr(t->arena, arena_printf(t->arena, "s%d", i)), "books", "Sama nimi", "");
    struct tiles tiles = build(t, allow, LANG_FI, NULL);
    CHECK_INT(tiles.count, TILE_SHAPES * TILE_COLOURS);
    for (size_t i = 0; i < tiles.count; i++) {
        struct icon icon = tiles.groups.at[0].tiles.at[i].icon;
        CHECK(icon.shape >= 1 && icon.shape <= TILE_SHAPES && icon.colour >= 1 && icon.colour <= TILE_COLOURS);
        CHECK(!seen[icon.shape][icon.colour]);
        seen[icon.shape][icon.colour] = true;
    }
}

TEST(more_tiles_than_icons_still_build)
{
    service_count = 0;
    for (int i = 0; i < MANY; i++)
        add(arena_cstr(t->arena, arena_printf(t->arena, "s%d", i)), "books", "Sama nimi", "");
    CHECK_INT(build(t, allow, LANG_FI, NULL).count, MANY);
}

TEST(an_icon_alone_is_the_icon_of_the_list)
{
    usual();
    struct icon alone = icon_of(t->arena, &services[3], LANG_FI);
    struct tiles tiles = build(t, allow, LANG_FI, "outo");

    CHECK_INT(tiles.count, 1);
    CHECK_INT(tiles.groups.at[0].tiles.at[0].icon.shape, alone.shape);
    CHECK_INT(tiles.groups.at[0].tiles.at[0].icon.colour, alone.colour);
}

TEST(the_filter_looks_through_case_and_marks_and_says_what_it_hid)
{
    usual();
    services[1].lines.in[LANG_FI] = S("Laskut");
    CHECK_INT(build(t, allow, LANG_FI, " AANI ").count, 1);
    CHECK_INT(build(t, allow, LANG_FI, "matikka lasku").count, 1);
    CHECK_INT(build(t, allow, LANG_FI, "matikka kissa").count, 0);
    CHECK_INT(build(t, allow, LANG_FI, "kissa").before_filter, 5);
}

TEST(a_pupil_reads_the_last_word_unless_two_read_alike)
{
    service_count = 0;
    add("a", "maths", "Vaahtera Matikka", "");
    add("b", "maths", "Koivu Matikka", "");
    add("c", "books", "Kanerva Oppikirjat", "");
    struct affiliation at = { .provider_oid = S("1"), .role = ROLE_LEARNER, .class_level = 1 };
    const struct person pupil = { .affiliations = &at, .affiliation_count = 1 };
    const struct tiles_ask ask = { .registry = registry(t), .person = &pupil, .now_s = TEST_NOW_S, .decide = allow };
    struct tiles tiles = tiles_build(t->arena, &ask);

    CHECK_STR(tiles.groups.at[0].tiles.at[0].word, "Oppikirjat");
    CHECK_STR(tiles.groups.at[0].tiles.at[1].word, "Koivu Matikka");
    CHECK_STR(tiles.groups.at[0].tiles.at[2].word, "Vaahtera Matikka");
}

TEST(the_chosen_school_counts_alone)
{
    struct affiliation at[] = {
        { .provider_oid = S("1"), .school_oid = S("1.1"), .school_code = S("99101"), .role = ROLE_TEACHER },
        { .provider_oid = S("1"), .school_oid = S("1.2"), .school_code = S("99102"), .role = ROLE_TEACHER }
    };
    const struct person person = { .affiliations = at, .affiliation_count = 2 };

    usual();
    struct tiles_ask ask = { .registry = registry(t), .person = &person, .now_s = TEST_NOW_S, .decide = at_99102 };
    CHECK_INT(tiles_build(t->arena, &ask).count, 0);
    ask.school = S("1.2");
    CHECK_INT(tiles_build(t->arena, &ask).count, 5);
    ask.school = S("99101");
    CHECK_INT(tiles_build(t->arena, &ask).count, 0);
    ask.school = S("nowhere");
    CHECK_INT(tiles_build(t->arena, &ask).count, 0);
}

TEST(small_pupils_have_a_roomy_page)
{
    struct affiliation at[2] = { { .provider_oid = S("1"), .role = ROLE_LEARNER, .class_level = 1 } };
    struct person person = { .affiliations = at, .affiliation_count = 1 };

    CHECK_INT(density_of(&person, TEST_NOW_S), DENSITY_ROOMY);
    at[0].class_level = 3;
    CHECK_INT(density_of(&person, TEST_NOW_S), DENSITY_ROOMY);
    at[0].class_level = 4;
    CHECK_INT(density_of(&person, TEST_NOW_S), DENSITY_NORMAL);
    at[0].class_level = 0;
    CHECK_INT(density_of(&person, TEST_NOW_S), DENSITY_NORMAL);
    at[0].class_level = 2;
    at[1] = (struct affiliation){ .provider_oid = S("1"), .role = ROLE_TEACHER };
    person.affiliation_count = 2;
    CHECK_INT(density_of(&person, TEST_NOW_S), DENSITY_NORMAL);
    at[1].to_s = TEST_NOW_S - 1; /* what has ended does not count */
    CHECK_INT(density_of(&person, TEST_NOW_S), DENSITY_ROOMY);
    person.affiliation_count = 0;
    CHECK_INT(density_of(&person, TEST_NOW_S), DENSITY_NORMAL);
}

TEST(favourites_stand_first_in_their_order_and_in_no_group)
{
    static const struct person nobody = { 0 };
    struct str ids[] = { S("delta"), S("gone"), S("alfa") };
    const struct strs favourites = { ids, 3 };
    struct tiles_ask ask = { .person = &nobody, .favourites = &favourites, .lang = LANG_FI, .decide = allow };

    usual();
    ask.registry = registry(t);
    struct tiles tiles = tiles_build(t->arena, &ask);
    CHECK_INT(tiles.favourites.n, 2);
    CHECK_STR(tiles.favourites.at[0].id, "delta");
    CHECK_STR(tiles.favourites.at[1].id, "alfa");
    CHECK_INT(tiles.count, 5);
    for (size_t g = 0; g < tiles.groups.n; g++)
        for (size_t i = 0; i < tiles.groups.at[g].tiles.n; i++)
            CHECK(!strs_has(&favourites, tiles.groups.at[g].tiles.at[i].id));
    /* A search looks through all of them alike. */
    ask.filter = S("luokka");
    tiles = tiles_build(t->arena, &ask);
    CHECK_INT(tiles.favourites.n, 0);
    CHECK_INT(tiles.count, 1);
}

TEST(a_favourite_that_is_not_allowed_any_more_is_not_shown)
{
    static const struct person nobody = { 0 };
    struct str ids[] = { S("delta"), S("alfa") };
    const struct strs favourites = { ids, 2 };
    struct tiles_ask ask = { .person = &nobody, .favourites = &favourites, .lang = LANG_FI, .decide = only_alfa };

    usual();
    ask.registry = registry(t);
    struct tiles tiles = tiles_build(t->arena, &ask);
    CHECK_INT(tiles.favourites.n, 1);
    CHECK_STR(tiles.favourites.at[0].id, "alfa");
}
