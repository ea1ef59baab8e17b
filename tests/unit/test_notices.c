/* SPDX-License-Identifier: EUPL-1.2 */
#include "launcher/notices.h"
#include "tests/test.h"

enum { HOUR_S = 3600 };

static struct school schools[] = { { S("1.2.3.1"), S("99101"), { { S("A") } }, true },
                                   { S("1.2.3.2"), S("99102"), { { S("B") } }, true } };
static struct provider providers[] = { { .id = S("oulu"),
                                         .oid = S("1.2.3"),
                                         .names = { { S("Oulu"), S("Uleåborg") } },
                                         .schools = schools,
                                         .school_count = 2 },
                                       { .id = S("espoo"), .oid = S("1.2.4"), .names = { { S("Espoo") } } } };
static struct service services[] = {
    { .id = S("kanerva"), .names = { { S("Kanerva") } }, .launch_uri = S("https://k.example/"), .enabled = true },
    { .id = S("pihka"), .names = { { S("Pihka") } }, .launch_uri = S("https://p.example/"), .enabled = true }
};

static struct bulletin one(const char *id)
{
    return (struct bulletin){ .id = str_of(id),
                              .provider = &providers[0],
                              .title = { { S("Otsikko"), S("Rubrik") } },
                              .from_s = TEST_NOW_S - HOUR_S,
                              .until_s = TEST_NOW_S + HOUR_S };
}

static struct notices ask_all(struct test *t, struct bulletin *list, size_t n, struct incident *incidents,
                              size_t incident_count, const struct person *p, const struct notices_ask *like)
{
    const struct registry_parts parts = { .providers = providers,
                                          .provider_count = 2,
                                          .services = services,
                                          .service_count = 2,
                                          .notices = list,
                                          .notice_count = n,
                                          .incidents = incidents,
                                          .incident_count = incident_count };
    struct registry *r = registry_build(arena_new(), &parts);
    struct notices_ask ask = *like;

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    ask.registry = r;
    ask.person = p;
    ask.now_s = ask.now_s != 0 ? ask.now_s : TEST_NOW_S;
    return notices_for(t->arena, &ask);
}

static struct notices ask(struct test *t, struct bulletin *list, size_t n, const struct person *p)
{
    static const struct notices_ask usual = { .lang = LANG_FI };

    return ask_all(t, list, n, NULL, 0, p, &usual);
}

static struct affiliation teaching = { .provider_oid = S("1.2.3"), .school_oid = S("1.2.3.1"), .role = ROLE_TEACHER };
static struct affiliation teaching_by_code = { .provider_oid = S("1.2.3"),
                                               .school_code = S("99101"),
                                               .role = ROLE_TEACHER };
static struct affiliation learning = { .provider_oid = S("1.2.3"), .school_oid = S("1.2.3.2"), .role = ROLE_LEARNER };
static const struct person teacher = { .affiliations = &teaching, .affiliation_count = 1 },
                           coded = { .affiliations = &teaching_by_code, .affiliation_count = 1 },
                           pupil = { .affiliations = &learning, .affiliation_count = 1 }, nobody = { 0 };

TEST(a_notice_is_read_in_its_own_municipality_school_and_role_alone)
{
    struct str teachers = S("teacher");
    struct bulletin list[] = { one("city"), one("school"), one("roles"), one("other"), one("nation") };

    list[1].school = &schools[0];
    list[2].roles = (struct strs){ &teachers, 1 };
    list[3].provider = &providers[1];
    list[4].provider = NULL;
    CHECK_INT(ask(t, list, 5, &teacher).lines.n, 4);
    CHECK_INT(ask(t, list, 5, &coded).lines.n, 4); /* a city may name the school by its code alone */
    CHECK_INT(ask(t, list, 5, &pupil).lines.n, 2);
    struct notices of_nobody = ask(t, list, 5, &nobody);
    CHECK_INT(of_nobody.lines.n, 1);
    CHECK_STR(of_nobody.lines.at[0].id, "nation");
    CHECK_STR(of_nobody.lines.at[0].by, "Koko maa");
}

TEST(an_affiliation_that_is_over_reads_nothing)
{
    struct affiliation was = teaching;
    const struct person p = { .affiliations = &was, .affiliation_count = 1 };
    struct bulletin list[] = { one("city") };

    was.to_s = TEST_NOW_S;
    CHECK_INT(ask(t, list, 1, &p).lines.n, 0);
}

TEST(a_notice_begins_and_ends_to_the_second)
{
    struct bulletin list[] = { one("a") };
    struct notices_ask at = { .now_s = list[0].from_s - 1 };

    CHECK_INT(ask_all(t, list, 1, NULL, 0, &teacher, &at).lines.n, 0);
    at.now_s++;
    CHECK_INT(ask_all(t, list, 1, NULL, 0, &teacher, &at).lines.n, 1);
    at.now_s = list[0].until_s - 1;
    CHECK_INT(ask_all(t, list, 1, NULL, 0, &teacher, &at).lines.n, 1);
    at.now_s++;
    CHECK_INT(ask_all(t, list, 1, NULL, 0, &teacher, &at).lines.n, 0);
}

TEST(what_was_read_is_not_shown_again_and_is_found_among_all)
{
    struct str read = S("a");
    const struct strs list_read = { &read, 1 };
    struct bulletin list[] = { one("a"), one("b") };
    struct notices_ask asked = { .read = &list_read };

    struct notices left = ask_all(t, list, 2, NULL, 0, &teacher, &asked);
    CHECK_INT(left.lines.n, 1);
    CHECK_INT(left.count, 1);
    CHECK_STR(left.lines.at[0].id, "b");
    asked.all = true;
    struct notices all = ask_all(t, list, 2, NULL, 0, &teacher, &asked);
    CHECK_INT(all.lines.n, 2);
    CHECK(all.lines.at[0].read != all.lines.at[1].read);
}

TEST(what_is_important_comes_first_then_what_is_broken_then_what_is_new)
{
    struct bulletin list[] = { one("old"), one("new"), one("down"), one("important") };

    list[1].from_s++;
    list[2].kind = NOTICE_DOWN;
    list[2].service = &services[0];
    list[2].from_s -= HOUR_S;
    list[3].important = true;
    list[3].from_s -= 2 * HOUR_S;
    struct notices n = ask(t, list, 4, &teacher);
    CHECK_STR(n.lines.at[0].id, "important");
    CHECK_STR(n.lines.at[1].id, "down");
    CHECK_STR(n.lines.at[2].id, "new");
    CHECK_STR(n.lines.at[3].id, "old");
}

TEST(a_language_that_a_notice_lacks_is_another_and_is_marked)
{
    struct bulletin list[] = { one("a") };
    const struct notices_ask english = { .lang = LANG_EN }, swedish = { .lang = LANG_SV };
    struct notices n = ask_all(t, list, 1, NULL, 0, &teacher, &english);

    CHECK_STR(n.lines.at[0].title, "Otsikko");
    CHECK_STR(n.lines.at[0].lang, "fi");
    n = ask_all(t, list, 1, NULL, 0, &teacher, &swedish);
    CHECK_STR(n.lines.at[0].title, "Rubrik");
    CHECK(!str_is_set(n.lines.at[0].lang));
    list[0].title.in[LANG_FI] = S("");
    n = ask_all(t, list, 1, NULL, 0, &teacher, &english);
    CHECK_STR(n.lines.at[0].lang, "sv");
}

TEST(maintenance_is_announced_a_week_before_and_its_tile_says_when)
{
    struct bulletin list[] = { one("a") };
    struct notices_ask at = { .lang = LANG_FI };

    list[0].kind = NOTICE_MAINTENANCE;
    list[0].service = &services[1];
    list[0].from_s = TEST_NOW_S + NOTICE_AHEAD_S + 1;
    list[0].until_s = list[0].from_s + HOUR_S;
    CHECK_INT(ask_all(t, list, 1, NULL, 0, &teacher, &at).states.n, 0);
    at.now_s = TEST_NOW_S + 1;
    struct notices n = ask_all(t, list, 1, NULL, 0, &teacher, &at);
    CHECK_INT(n.states.n, 1);
    CHECK_INT(n.states.at[0].state, TILE_SOON);
    CHECK(n.states.at[0].service == &services[1] && str_is_set(n.states.at[0].when));
    at.now_s = list[0].from_s;
    CHECK_INT(ask_all(t, list, 1, NULL, 0, &teacher, &at).states.at[0].state, TILE_MAINTAINED);
    at.now_s = list[0].until_s;
    CHECK_INT(ask_all(t, list, 1, NULL, 0, &teacher, &at).states.n, 0);
}

TEST(an_incident_that_goes_on_is_everybodys_and_one_that_is_over_nobodys)
{
    struct incident list[] = { { .id = S("a"), .service = S("kanerva"), .from_s = TEST_NOW_S - 2 },
                               { .id = S("b"), .service = S("pihka"), .from_s = TEST_NOW_S - 2, .until_s = TEST_NOW_S },
                               { .id = S("c"), .service = S("pihka"), .from_s = TEST_NOW_S + 1 } };
    const struct notices_ask usual = { .lang = LANG_FI };
    struct notices n = ask_all(t, NULL, 0, list, 3, &nobody, &usual);

    CHECK_INT(n.states.n, 1);
    CHECK(n.states.at[0].service == &services[0]);
    CHECK_INT(n.states.at[0].state, TILE_TROUBLE);
}
