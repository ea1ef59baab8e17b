/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/tiles.h"
#include "tests/test.h"

enum { MANY = 70, ROOM = 500 };

static struct service services[ROOM];
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

static struct bits allow(struct arena *a, const struct registry *r, const struct person *p,
                         const struct circumstances *now)
{
    struct bits all = bits_new(a, registry_parts(r)->service_count);

    (void)p, (void)now;
    for (size_t i = 0; i < registry_parts(r)->service_count; i++)
        bits_set(&all, i);
    return all;
}

static struct bits only_alfa(struct arena *a, const struct registry *r, const struct person *p,
                             const struct circumstances *now)
{
    struct bits one = bits_new(a, registry_parts(r)->service_count);

    (void)p, (void)now;
    bits_set(&one, (size_t)(registry_service(r, S("alfa")) - registry_parts(r)->services));
    return one;
}

/* Allows where the person has just one affiliation, at the school 99102. */
static struct bits at_99102(struct arena *a, const struct registry *r, const struct person *p,
                            const struct circumstances *now)
{
    bool there = p->affiliation_count == 1 && str_eq(p->affiliations[0].school_code, S("99102"));

    return there ? allow(a, r, p, now) : bits_new(a, registry_parts(r)->service_count);
}

static struct tiles build(struct test *t, tiles_allow *allowed, enum lang lang, const char *filter)
{
    static const struct person nobody = { 0 };
    const struct tiles_ask ask = { .registry = registry(t),
                                   .person = &nobody,
                                   .filter = str_of(filter),
                                   .lang = lang,
                                   .now_s = TEST_NOW_S,
                                   .allow = allowed };

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
    const struct tiles_ask ask = { .registry = registry(t), .person = &pupil, .now_s = TEST_NOW_S, .allow = allow };
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
    struct tiles_ask ask = { .registry = registry(t), .person = &person, .now_s = TEST_NOW_S, .allow = at_99102 };
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
    struct tiles_ask ask = { .person = &nobody, .favourites = &favourites, .lang = LANG_FI, .allow = allow };

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
    struct tiles_ask ask = { .person = &nobody, .favourites = &favourites, .lang = LANG_FI, .allow = only_alfa };

    usual();
    ask.registry = registry(t);
    struct tiles tiles = tiles_build(t->arena, &ask);
    CHECK_INT(tiles.favourites.n, 1);
    CHECK_STR(tiles.favourites.at[0].id, "alfa");
}

/* --- more than a page --------------------------------------------------------------------------------------- */

/* Names and ids that sort the other way round, in two groups. */
static void many(struct test *t, int n)
{
    service_count = 0;
    for (int i = 0; i < n; i++)
        add(arena_cstr(t->arena, arena_printf(t->arena, "s%03d", n - i)), i % 2 == 0 ? "class" : "books",
            arena_cstr(t->arena, arena_printf(t->arena, "Palvelu %03d", i)), "");
}

static struct tiles page(struct test *t, struct registry *r, size_t from, const char *filter)
{
    static const struct person nobody = { 0 };
    static struct str ids[] = { { "s001", 4 }, { "s300", 4 } };
    static const struct strs favourites = { ids, 2 };
    const struct tiles_ask ask = { .registry = r,
                                   .person = &nobody,
                                   .favourites = &favourites,
                                   .filter = str_of(filter),
                                   .from = from,
                                   .lang = LANG_FI,
                                   .now_s = TEST_NOW_S,
                                   .allow = allow };

    return tiles_build(t->arena, &ask);
}

TEST(what_does_not_fit_on_a_page_is_counted_and_stands_on_the_next)
{
    many(t, 300);
    struct registry *r = registry(t);
    struct tiles first = page(t, r, 0, NULL);

    CHECK_INT(first.count, 300);
    CHECK_INT(first.before_filter, 300);
    CHECK_INT(first.shown, TILES_MAX + 2); /* the favourites besides */
    CHECK_INT(first.before, 0);
    CHECK_INT(first.next, TILES_MAX);
    CHECK_INT(first.parts.n, 2);
    CHECK_INT(first.parts.at[0].count, 149);
    CHECK_INT(first.parts.at[1].from, 149);
    CHECK(first.parts.at[0].current && !first.parts.at[1].current);
    struct tiles second = page(t, r, first.next, NULL);
    CHECK_INT(second.favourites.n, 0);
    CHECK_INT(second.before, TILES_MAX + 2);
    CHECK_INT(second.previous, 0);
    struct tiles last = page(t, r, 240, NULL);
    CHECK_INT(last.shown, 58);
    CHECK_INT(last.next, 0);
    CHECK_INT(last.previous, 160);
}

TEST(all_pages_together_show_each_tile_once_in_the_order_of_groups_and_names)
{
    many(t, 300);
    struct registry *r = registry(t);
    struct bits seen = bits_new(t->arena, 300);
    size_t from = 0, count = 0;
    struct str before = S(""), group = S("");

    do {
        struct tiles tiles = page(t, r, from, NULL);
        CHECK_INT(tiles.before, count);
        count += tiles.shown;
        for (size_t i = 0; i < tiles.favourites.n; i++)
            bits_set(&seen, (size_t)(registry_service(r, tiles.favourites.at[i].id) - services));
        for (size_t g = 0; g < tiles.groups.n; g++)
            for (size_t i = 0; i < tiles.groups.at[g].tiles.n; i++) {
                const struct tile *one = &tiles.groups.at[g].tiles.at[i];
                size_t number = (size_t)(registry_service(r, one->id) - services);
                CHECK(!bits_has(&seen, number));
                bits_set(&seen, number);
                CHECK(!str_eq(group, tiles.groups.at[g].id) || str_cmp(before, one->name) < 0);
                before = one->name;
                group = tiles.groups.at[g].id;
            }
        from = tiles.next;
    } while (from != 0);
    CHECK_INT(bits_count(&seen), 300);
    CHECK_INT(count, 300);
}

TEST(a_page_past_the_end_is_the_last_one)
{
    many(t, 300);
    struct registry *r = registry(t);

    CHECK_INT(page(t, r, 298, NULL).from, 240);
    CHECK_INT(page(t, r, SIZE_MAX, NULL).from, 240);
    CHECK_INT(page(t, r, SIZE_MAX, NULL).shown, 58);
    CHECK_INT(page(t, r, 297, NULL).shown, 1);
    usual();
    r = registry(t);
    CHECK_INT(page(t, r, 1000, NULL).from, 0);
    CHECK_INT(page(t, r, 1000, NULL).parts.n, 0);
    CHECK_INT(page(t, r, 1000, "kissa").shown, 0);
}

TEST(a_search_looks_through_all_pages)
{
    many(t, 300);
    struct registry *r = registry(t);
    struct tiles tiles = page(t, r, 0, "palvelu 299");

    CHECK_INT(tiles.count, 1);
    CHECK_STR(tiles.groups.at[0].tiles.at[0].id, "s001");
    CHECK_INT(tiles.parts.n, 0);
    tiles = page(t, r, 0, "palvelu");
    CHECK_INT(tiles.count, 300);
    CHECK_INT(tiles.shown, TILES_MAX);
    CHECK_INT(tiles.favourites.n, 0);
}

TEST(favourites_that_are_arranged_stay_on_every_page_and_in_every_search)
{
    static const struct person nobody = { 0 };
    struct str ids[] = { S("s001") };
    const struct strs favourites = { ids, 1 };
    struct tiles_ask ask = {
        .person = &nobody, .favourites = &favourites, .keep_favourites = true, .max = 10, .from = 20, .allow = allow
    };

    many(t, 300);
    ask.registry = registry(t);
    struct tiles tiles = tiles_build(t->arena, &ask);
    CHECK_INT(tiles.favourites.n, 1);
    CHECK_INT(tiles.shown, 11);
    CHECK_INT(tiles.before, 20);
    ask.filter = S("Palvelu 299");
    tiles = tiles_build(t->arena, &ask);
    CHECK_INT(tiles.favourites.n, 1);
    CHECK_INT(tiles.groups.n, 0);
}

TEST(the_least_used_colour_is_taken)
{
    size_t times[TILE_COLOURS + 1] = { 0 };

    service_count = 0;
    for (int i = 0; i < 3 * TILE_COLOURS; i++)
        add(arena_cstr(t->arena, arena_printf(t->arena, "s%d", i)), "books", "Sama nimi", "");
    struct tiles tiles = build(t, allow, LANG_FI, NULL);
    for (size_t i = 0; i < tiles.count; i++)
        times[tiles.groups.at[0].tiles.at[i].icon.colour]++;
    for (int colour = 1; colour <= TILE_COLOURS; colour++)
        CHECK_INT(times[colour], 3);
}

TEST(a_service_has_two_letters_or_its_logo)
{
    usual();
    add("one", "books", "kanerva", "");
    services[0].logo = S("\x89PNG");
    struct icon logo = icon_of(t->arena, &services[0], LANG_FI), one = icon_of(t->arena, &services[5], LANG_FI);

    CHECK_STR(one.letters, "Ka");
    CHECK_STR(icon_of(t->arena, &services[1], LANG_FI).letters, "ZM");
    CHECK_STR(icon_of(t->arena, &services[0], LANG_FI).letters, "Ää");
    CHECK(str_has_prefix(logo.logo, S("/logo/zeta.")) && !str_is_set(one.logo));
    services[0].logo = S("\x89PNG another"); /* another picture has another address */
    CHECK(!str_eq(icon_of(t->arena, &services[0], LANG_FI).logo, logo.logo));
}

TEST(pictograms_that_are_alike_have_signs_that_are_not)
{
    struct affiliation at = { .provider_oid = S("1"), .role = ROLE_LEARNER, .class_level = 1 };
    const struct person pupil = { .affiliations = &at, .affiliation_count = 1 };
    struct tiles_ask ask = { .person = &pupil, .now_s = TEST_NOW_S, .allow = allow };
    bool seen[TILE_MARKS + 1] = { false };

    service_count = 0;
    for (int i = 0; i < TILE_MARKS; i++)
        add(arena_cstr(t->arena, arena_printf(t->arena, "b%d", i)), i % 2 == 0 ? "books" : "library", "Kirja", "");
    add("alone", "maths", "Matikka", "");
    ask.registry = registry(t);
    struct tiles tiles = tiles_build(t->arena, &ask);
    for (size_t i = 0; i < tiles.groups.at[0].tiles.n; i++) {
        const struct tile *tile = &tiles.groups.at[0].tiles.at[i];
        if (str_eq(tile->id, S("alone"))) {
            CHECK_INT(tile->icon.mark, 0);
            continue;
        }
        CHECK(tile->icon.mark >= 1 && tile->icon.mark <= TILE_MARKS && !seen[tile->icon.mark]);
        seen[tile->icon.mark] = true;
    }
    const struct person teacher = { 0 };
    ask.person = &teacher;
    CHECK_INT(tiles_build(t->arena, &ask).groups.at[0].tiles.at[0].icon.mark, 0);
}

TEST(a_search_knows_other_languages_and_keywords_and_no_letters_of_icons)
{
    static struct str words[] = { S("Wilma"), S("läsnäolo") };

    usual();
    services[4].keywords = (struct strs){ words, 2 };
    CHECK_STR(build(t, allow, LANG_FI, "klass").groups.at[0].tiles.at[0].id, "delta");
    CHECK_STR(build(t, allow, LANG_EN, "wilma").groups.at[0].tiles.at[0].id, "delta");
    CHECK_STR(build(t, allow, LANG_FI, "lasnaolo").groups.at[0].tiles.at[0].id, "delta");
    CHECK_INT(build(t, allow, LANG_FI, "zm").count, 0);
    CHECK_STR(build(t, allow, LANG_FI, "wilma").groups.at[0].tiles.at[0].find, "luokka klass wilma lasnaolo");
}

/* What each role opens: a teacher all but beta, a guardian alfa and beta. */
static struct bits by_role(struct arena *a, const struct registry *r, const struct person *p,
                           const struct circumstances *now)
{
    struct bits open = bits_new(a, registry_parts(r)->service_count);

    (void)now;
    for (size_t i = 0; i < p->affiliation_count; i++)
        for (size_t k = 0; k < registry_parts(r)->service_count; k++) {
            bool teacher = p->affiliations[i].role == ROLE_TEACHER, beta = k == 2, alfa = k == 1;
            if (teacher ? !beta : alfa || beta)
                bits_set(&open, k);
        }
    return open;
}

TEST(a_tile_says_by_which_role_it_is_there_where_that_is_not_the_first)
{
    struct affiliation at[] = { { .provider_oid = S("1"), .role = ROLE_TEACHER },
                                { .provider_oid = S("1"), .role = ROLE_GUARDIAN } };
    struct person person = { .affiliations = at, .affiliation_count = 2 };
    struct tiles_ask ask = { .person = &person, .lang = LANG_FI, .now_s = TEST_NOW_S, .allow = by_role };

    usual();
    ask.registry = registry(t);
    struct tiles tiles = tiles_build(t->arena, &ask);
    CHECK_INT(tiles.count, 5);
    for (size_t g = 0; g < tiles.groups.n; g++)
        for (size_t i = 0; i < tiles.groups.at[g].tiles.n; i++) {
            const struct tile *tile = &tiles.groups.at[g].tiles.at[i];
            if (str_eq(tile->id, S("beta")))
                CHECK_STR(tile->as, "Huoltajana");
            else
                CHECK(!str_is_set(tile->as));
        }
    person.affiliation_count = 1;
    CHECK(!str_is_set(tiles_build(t->arena, &ask).groups.at[0].tiles.at[0].as));
}

TEST(what_was_opened_last_stands_apart_and_in_its_group)
{
    static const struct person nobody = { 0 };
    struct str ids[] = { S("delta"), S("gone"), S("zeta") };
    const struct strs recent = { ids, 3 };
    struct tiles_ask ask = { .person = &nobody, .recent = &recent, .lang = LANG_FI, .allow = allow };

    usual();
    ask.registry = registry(t);
    struct tiles tiles = tiles_build(t->arena, &ask);
    CHECK_INT(tiles.recent.n, 2);
    CHECK_STR(tiles.recent.at[0].id, "delta");
    CHECK_INT(tiles.count, 5);
    CHECK_STR(tiles.groups.at[1].tiles.at[0].id, "delta");
    CHECK_INT(tiles.recent.at[0].icon.colour, tiles.groups.at[1].tiles.at[0].icon.colour);
    ask.allow = only_alfa; /* what is not open any more is not shown */
    CHECK_INT(tiles_build(t->arena, &ask).recent.n, 0);
}

TEST(a_roomy_page_holds_less)
{
    struct affiliation at = { .provider_oid = S("1"), .role = ROLE_LEARNER, .class_level = 1 };
    const struct person pupil = { .affiliations = &at, .affiliation_count = 1 };
    struct tiles_ask ask = { .person = &pupil, .now_s = TEST_NOW_S, .allow = allow };

    many(t, 100);
    ask.registry = registry(t);
    struct tiles tiles = tiles_build(t->arena, &ask);
    CHECK_INT(tiles.shown, TILES_ROOMY_MAX);
    CHECK_INT(tiles.count, 100);
    CHECK_STR(tiles.groups.at[0].tiles.at[0].word, "001");
}

/* Issue 15: a tile whose service is away says so; the worst is said. */
TEST(what_is_said_of_a_service_stands_on_its_tile_and_the_worst_goes_before)
{
    static const struct person nobody = { 0 };

    usual();
    struct registry *r = registry(t);
    const struct service *all = registry_parts(r)->services;
    const struct tile_state_of states[] = { { &all[1], TILE_TROUBLE, { NULL, 0 } },
                                            { &all[1], TILE_SOON, S("pian") },
                                            { &all[0], TILE_DOWN, { NULL, 0 } } };
    const struct tiles_ask ask = {
        .registry = r, .person = &nobody, .now_s = TEST_NOW_S, .states = { states, 3 }, .allow = only_alfa
    };
    struct tiles tiles = tiles_build(t->arena, &ask);

    CHECK_INT(tiles.count, 1);
    CHECK_INT(tiles.groups.at[0].tiles.at[0].state, TILE_TROUBLE);
    CHECK(!str_is_set(tiles.groups.at[0].tiles.at[0].when));
}
