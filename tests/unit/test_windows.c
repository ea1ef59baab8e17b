/* SPDX-License-Identifier: EUPL-1.2
 * Terms, networks and exams: what the calendar says, which network an address is in, who sits an exam; and their rows.
 */
#include "policy/conditions.h"
#include "policy/facts.h"
#include "policy/matrix.h"
#include "policy/windows.h"
#include "tests/unit/registry_rig.h"

#include <stdlib.h>

static struct school schools[] = {
    { .oid = S("9.1"), .code = S("99101"), .names = { { S("Kuusela"), S(""), S("") } } },
    { .oid = S("9.2"), .code = S("99102"), .names = { { S("Rantala"), S(""), S("") } } }
};
static struct provider providers[] = {
    { .id = S("oulu"),
      .oid = S("1.1"),
      .schools = schools,
      .school_count = 2,
      .names = { { S("Oulu"), S(""), S("") } } },
    { .id = S("espoo"), .oid = S("1.2") },
};
static struct service services[] = { { .id = S("matikka"), .enabled = true }, { .id = S("pihka"), .enabled = true } };
static struct policy rows[] = {
    { .id = S("all"),
      .layer = LAYER_MUNICIPALITY,
      .provider = &providers[0],
      .enabled = true,
      .text = S("permit (principal in Provider::\"oulu\", action == Action::\"open\", resource);") }
};

static struct registry *country(struct test *t, struct registry_parts *parts)
{
    parts->providers = providers;
    parts->provider_count = 2;
    parts->services = services;
    parts->service_count = 2;
    parts->policies = rows;
    parts->policy_count = 1;
    struct registry *r = registry_build(arena_new(), parts);
    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

/* ── the calendar ───────────────────────────────────────────────────────── */

enum { MONDAY = 20675 /* 2026-08-10 */ };

static enum day_kind on(const struct registry *r, const struct school *s, int day)
{
    return windows_calendar(r, &providers[0], s, MONDAY + day);
}

TEST(a_calendar_says_what_a_day_is_and_what_a_school_says_goes_first)
{
    struct term terms[] = {
        { .id = S("a"), .provider = &providers[0], .from_day = MONDAY, .to_day = MONDAY + 60 },
        { .id = S("b"),
          .kind = TERM_HOLIDAY,
          .provider = &providers[0],
          .from_day = MONDAY + 30,
          .to_day = MONDAY + 34 },
        { .id = S("c"), .provider = &providers[0], .from_day = MONDAY + 70, .to_day = MONDAY + 90 },
        { .id = S("d"),
          .kind = TERM_SCHOOL_DAY,
          .provider = &providers[0],
          .from_day = MONDAY + 12,
          .to_day = MONDAY + 12 },
        { .id = S("e"),
          .kind = TERM_SCHOOL_DAY,
          .provider = &providers[0],
          .school = &schools[1],
          .from_day = MONDAY + 32,
          .to_day = MONDAY + 32 },
        { .id = S("f"),
          .kind = TERM_HOLIDAY,
          .provider = &providers[0],
          .school = &schools[1],
          .from_day = MONDAY + 2,
          .to_day = MONDAY + 2 },
    };
    struct registry_parts parts = { .terms = terms, .term_count = 6 };
    const struct registry *r = country(t, &parts);

    CHECK_INT(windows_day(TEST_NOW_S), MONDAY);
    CHECK_INT(windows_day(1786395540), MONDAY); /* 23.59 in Finland, 20.59 in Greenwich */
    CHECK_INT(windows_day(1786395600), MONDAY + 1);
    CHECK_INT(on(r, NULL, 0), DAY_SCHOOL);
    CHECK_INT(on(r, NULL, 5), DAY_OFF);
    CHECK_INT(on(r, NULL, 12), DAY_SCHOOL); /* a Saturday with school */
    CHECK_INT(on(r, NULL, 13), DAY_OFF);
    CHECK_INT(on(r, NULL, 30), DAY_HOLIDAY);
    CHECK_INT(on(r, NULL, 65), DAY_HOLIDAY); /* between two terms */
    CHECK_INT(on(r, NULL, -1), DAY_UNKNOWN); /* before the calendar begins */
    CHECK_INT(on(r, NULL, 91), DAY_UNKNOWN); /* and where it has run out */
    CHECK_INT(on(r, &schools[1], 32), DAY_SCHOOL);
    CHECK_INT(on(r, &schools[0], 32), DAY_HOLIDAY);
    CHECK_INT(on(r, &schools[1], 2), DAY_HOLIDAY);
    CHECK_INT(on(r, &schools[1], 3), DAY_SCHOOL); /* of which the school says nothing */
    CHECK_INT(windows_calendar_end(r, &providers[0], NULL), MONDAY + 91);
    CHECK_INT(windows_calendar(r, &providers[1], NULL, MONDAY), DAY_UNKNOWN);
    CHECK_INT(windows_calendar_end(r, &providers[1], NULL), 0);
}

/* ── networks ───────────────────────────────────────────────────────────── */

static struct str network_in(struct test *t, const struct registry *r, const char *school, const char *from)
{
    const struct affiliation at = { .provider_oid = S("1.1"), .school_oid = str_of(school), .role = ROLE_LEARNER };
    const struct circumstances now = { .now_s = TEST_NOW_S, .from = address_read(str_of(from)) };
    struct str id = windows_at(t->arena, r, &providers[0], &at, &now).network;

    return str_is_set(id) ? id : S("-");
}

static struct str network_of(struct test *t, const struct registry *r, const char *from)
{
    return network_in(t, r, "9.1", from);
}

TEST(a_device_is_in_the_narrowest_network_that_its_provider_has_named)
{
    struct str wide[] = { S("10.20.0.0/16"), S("2001:db8::/32") }, narrow[] = { S("10.20.7.0/24") },
               other[] = { S("0.0.0.0/0"), S("192.0.2.0/24") };
    struct named_network networks[] = {
        { .id = S("koulut"), .provider = &providers[0], .blocks = { wide, 2 } },
        { .id = S("kuusela"), .provider = &providers[0], .blocks = { narrow, 1 } },
        { .id = S("espoon"), .provider = &providers[1], .blocks = { other, 2 } },
    };
    struct registry_parts parts = { .networks = networks, .network_count = 3 };
    const struct registry *r = country(t, &parts);

    CHECK_STR(network_of(t, r, "10.20.1.1"), "koulut");
    CHECK_STR(network_of(t, r, "10.20.7.1"), "kuusela");
    CHECK_STR(network_of(t, r, "::ffff:10.20.7.1"), "kuusela");
    CHECK_STR(network_of(t, r, "2001:db8:1::5"), "koulut");
    CHECK_STR(network_of(t, r, "2001:db9::5"), "-");
    CHECK_STR(network_of(t, r, "192.0.2.1"), "-"); /* another provider's */
    CHECK_STR(network_of(t, r, "unix"), "-");
    CHECK_STR(network_of(t, r, ""), "-");
    CHECK_STR(network_of(t, r, "10.20.7.1 "), "-");
}

TEST(what_a_school_names_is_so_for_its_own_people_and_where_the_provider_names_nothing)
{
    struct str wide[] = { S("10.20.0.0/16") }, narrow[] = { S("10.20.7.0/24"), S("192.0.2.0/24"), S("192.0.2.64/26") },
               half[] = { S("10.20.0.0/17"), S("192.0.2.0/25") };
    struct named_network networks[] = {
        { .id = S("a"), .provider = &providers[0], .school = &schools[1], .blocks = { half, 2 } },
        { .id = S("koulut"), .provider = &providers[0], .blocks = { wide, 1 } },
        { .id = S("b"), .provider = &providers[0], .school = &schools[0], .blocks = { narrow, 2 } },
        { .id = S("c"), .provider = &providers[0], .school = &schools[0], .blocks = { narrow + 2, 1 } },
    };
    struct registry_parts parts = { .networks = networks, .network_count = 4 };
    const struct registry *r = country(t, &parts);
    static const struct {
        const char *school, *from, *network;
    } rows_of[] = { { "9.1", "10.20.7.1", "koulut" }, { "9.2", "10.20.7.1", "koulut" }, { "", "10.20.7.1", "koulut" },
                    { "9.1", "192.0.2.1", "b" },      { "9.1", "192.0.2.65", "c" },     { "9.2", "192.0.2.1", "a" },
                    { "9.2", "192.0.2.200", "-" },    { "", "192.0.2.1", "-" },         { "9.9", "192.0.2.1", "-" } };

    for (size_t i = 0; i < sizeof rows_of / sizeof *rows_of; i++)
        CHECK_STR(network_in(t, r, rows_of[i].school, rows_of[i].from), rows_of[i].network);
}

/* ── exams ──────────────────────────────────────────────────────────────── */

static struct str pihka[] = { S("pihka") }, both[] = { S("pihka"), S("matikka") }, nine_a[] = { S("9A") };

static struct affiliation learner(const char *school, const char *group, int level)
{
    return (struct affiliation){ .provider_oid = S("1.1"),
                                 .school_oid = str_of(school),
                                 .role = ROLE_LEARNER,
                                 .group = str_of(group),
                                 .class_level = level };
}

static struct decision decide(const struct registry *r, struct affiliation at, size_t service, int64_t now_s)
{
    const struct person p = { .id = S("p"), .affiliations = &at, .affiliation_count = 1 };
    const struct circumstances now = { .now_s = now_s };

    return policy_decide(r, &p, &services[service], &now);
}

TEST(in_an_exam_opens_what_it_names_to_those_who_sit_it_from_its_begin_to_its_end)
{
    struct exam exams[] = { { .id = S("e1"),
                              .provider = &providers[0],
                              .school = &schools[0],
                              .groups = { nine_a, 1 },
                              .from_s = TEST_NOW_S,
                              .to_s = TEST_NOW_S + 3600,
                              .services = { pihka, 1 } },
                            { .id = S("e2"),
                              .provider = &providers[0],
                              .school = &schools[1],
                              .level_from = 7,
                              .level_to = 9,
                              .from_s = TEST_NOW_S,
                              .to_s = TEST_NOW_S + 60 } };
    struct registry_parts parts = { .exams = exams, .exam_count = 2 };
    const struct registry *r = country(t, &parts);
    struct affiliation sits = learner("9.1", "9a", 9), not = learner("9.1", "9B", 9), teacher = learner("9.1", "9A", 0);

    teacher.role = ROLE_TEACHER;
    CHECK_STR(decide(r, sits, 0, TEST_NOW_S - 1).rule, "all");
    CHECK_STR(decide(r, sits, 0, TEST_NOW_S).rule, POLICY_OF_EXAMS);
    CHECK_INT(decide(r, sits, 0, TEST_NOW_S).effect, EFFECT_DENY);
    CHECK_INT(decide(r, sits, 1, TEST_NOW_S).effect, EFFECT_ALLOW);
    CHECK_INT(decide(r, sits, 0, TEST_NOW_S + 3599).effect, EFFECT_DENY);
    CHECK_INT(decide(r, sits, 0, TEST_NOW_S + 3600).effect, EFFECT_ALLOW);
    CHECK_INT(decide(r, not, 0, TEST_NOW_S).effect, EFFECT_ALLOW);
    CHECK_INT(decide(r, teacher, 0, TEST_NOW_S).effect, EFFECT_ALLOW);
    CHECK_INT(decide(r, learner("9.2", "7B", 7), 1, TEST_NOW_S).effect, EFFECT_DENY); /* names nothing: nothing opens */
    CHECK_INT(decide(r, learner("9.2", "6B", 6), 1, TEST_NOW_S).effect, EFFECT_ALLOW);
    CHECK_INT(decide(r, learner("9.2", "9A", 0), 1, TEST_NOW_S).effect, EFFECT_ALLOW); /* whose level is not known */
}

TEST(of_two_exams_at_once_what_both_name_is_open_until_the_later_ends)
{
    struct exam exams[] = {
        { .id = S("e1"),
          .provider = &providers[0],
          .school = &schools[0],
          .from_s = TEST_NOW_S - 9,
          .to_s = TEST_NOW_S + 60,
          .services = { both, 2 } },
        { .id = S("e2"),
          .provider = &providers[0],
          .school = &schools[0],
          .groups = { nine_a, 1 },
          .from_s = TEST_NOW_S - 9,
          .to_s = TEST_NOW_S + 90,
          .services = { pihka, 1 } },
        { .id = S("e0"),
          .provider = &providers[0],
          .school = &schools[0],
          .from_s = TEST_NOW_S - 99,
          .to_s = TEST_NOW_S,
          .services = { both, 0 } },
    };
    struct registry_parts parts = { .exams = exams, .exam_count = 3 };
    const struct registry *r = country(t, &parts);
    struct affiliation at = learner("9.1", "9A", 9);
    const struct circumstances now = { .now_s = TEST_NOW_S };
    struct windows w = windows_at(t->arena, r, &providers[0], &at, &now);

    CHECK(w.exam && w.services.n == 1 && w.exam_to_s == TEST_NOW_S + 90);
    CHECK_STR(w.services.at[0], "pihka");
}

TEST(who_sits_an_exam_is_told_so_and_until_when)
{
    struct exam exams[] = { { .id = S("e1"),
                              .provider = &providers[0],
                              .school = &schools[0],
                              .from_s = TEST_NOW_S,
                              .to_s = TEST_NOW_S + 3600,
                              .services = { pihka, 1 } } };
    struct registry_parts parts = { .exams = exams, .exam_count = 1 };
    const struct registry *r = country(t, &parts);
    struct affiliation at = learner("9.1", "9A", 9);
    const struct person p = { .id = S("p"), .affiliations = &at, .affiliation_count = 1 };
    const struct circumstances now = { .now_s = TEST_NOW_S };
    struct reasons why = policy_reasons(t->arena, r, &p, &services[0], &now);
    struct telling told = policy_told(t->arena, r, &p, &why, &now, LANG_FI);

    CHECK_INT(told.kind, TOLD_EXAM);
    CHECK_INT(told.exam_to_s, TEST_NOW_S + 3600);
    CHECK_STR(told_code(t->arena, &told), "exam");
    CHECK(policy_could_open(r, &services[0], &why.decision)); /* whoever searches is told */
    CHECK(why.n == 1 && why.at[0].said[0].verdict == VERDICT_SETTLED && why.at[0].said[0].row->shipped);
}

TEST(an_exam_of_one_school_is_no_condition_in_the_matrix)
{
    struct exam exams[] = { { .id = S("e1"),
                              .provider = &providers[0],
                              .school = &schools[0],
                              .from_s = TEST_NOW_S,
                              .to_s = TEST_NOW_S + 3600 } };
    struct registry_parts parts = { .exams = exams, .exam_count = 1 };
    const struct registry *r = country(t, &parts);
    const struct area oulu = { .provider = S("oulu") };
    const struct matrix_who all = { ROLE_LEARNER, 0, 0 };

    CHECK_INT(matrix_cell(t->arena, r, &oulu, &all, &services[0], TEST_NOW_S, NULL).cell, CELL_OPEN);
}

TEST(a_preview_is_of_an_ordinary_day_where_there_is_a_calendar)
{
    struct term terms[] = {
        { .id = S("a"), .kind = TERM_HOLIDAY, .provider = &providers[0], .from_day = MONDAY, .to_day = MONDAY }
    };
    struct exam exams[] = { { .id = S("e1"),
                              .provider = &providers[0],
                              .school = &schools[0],
                              .from_s = TEST_NOW_S,
                              .to_s = TEST_NOW_S + 3600 } };
    struct registry_parts parts = { .terms = terms, .term_count = 1, .exams = exams, .exam_count = 1 };
    const struct registry *r = country(t, &parts);
    struct affiliation at = learner("9.1", "9A", 9), elsewhere = { .provider_oid = S("1.2"), .role = ROLE_LEARNER };
    const struct circumstances now = { .now_s = TEST_NOW_S, .as_if = &supposed_ordinary };

    CHECK_INT(windows_at(t->arena, r, &providers[0], &at, &now).day, DAY_SCHOOL);
    CHECK(!windows_at(t->arena, r, &providers[0], &at, &now).exam);
    CHECK_INT(windows_at(t->arena, r, &providers[1], &elsewhere, &now).day, DAY_UNKNOWN);
}

/* ── rows ───────────────────────────────────────────────────────────────── */

#define BASE                                                                                                           \
    "format: 1\n"                                                                                                      \
    "providers:\n"                                                                                                     \
    "  - id: oulu\n"                                                                                                   \
    "    oid: 1.2.246.562.99.95640100004\n"                                                                            \
    "    name: {fi: Oulu}\n"                                                                                           \
    "    schools:\n"                                                                                                   \
    "      - {oid: 1.2.246.562.99.95640200010, code: \"99101\", name: {fi: Kielonmäki}}\n"                            \
    "  - {id: espoo, oid: 1.2.246.562.99.95640100012, name: {fi: Espoo}}\n"                                            \
    "services:\n"                                                                                                      \
    "  - {id: kanerva, protocol: link, vendor: v, name: {fi: Kanerva}, launch_uri: https://kanerva.example}\n"

#define WINDOWS                                                                                                        \
    "terms:\n"                                                                                                         \
    "  - {id: oulu-syksy, provider: oulu, name: {fi: Syyslukukausi}, from: 2026-08-11, to: 2026-12-19}\n"              \
    "  - {id: oulu-syysloma, kind: holiday, provider: oulu, from: 2026-10-19, to: 2026-10-23}\n"                       \
    "  - {id: kielo-la, kind: school_day, provider: oulu, school: \"99101\", from: 2026-11-28, to: 2026-11-28}\n"      \
    "networks:\n"                                                                                                      \
    "  - {id: oulu-koulut, provider: oulu, name: {fi: Koulujen verkko}, blocks: [10.20.0.0/16, \"2001:db8::/32\"]}\n"  \
    "exams:\n"                                                                                                         \
    "  - {id: koe-1, provider: oulu, school: \"99101\", title: Matematiikka, groups: [9A, 9B], level_from: 9,\n"       \
    "     level_to: 9, from: 2026-11-23T06:00:00Z, to: 2026-11-23T08:00:00Z, services: [kanerva]}\n"

TEST(terms_networks_and_exams_come_in_go_out_and_come_back_to_the_byte)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(BASE WINDOWS)));
    CHECK_STR(g.fail.detail, "");
    struct str out = registry_export(g.db, t->arena, &g.fail);
    CHECK(str_find(out, S("from: \"2026-08-11\"\n")) < out.n);
    CHECK(str_find(out, S("kind: school_day\n")) < out.n);
    CHECK(import(t, &g, out));
    CHECK_INT(g.report.change.changed + g.report.change.added + g.report.change.removed, 0);
    CHECK_STR(registry_export(g.db, t->arena, &g.fail), arena_cstr(t->arena, out));
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL);
    const struct registry_parts *p = r != NULL ? registry_parts(r) : NULL;
    if (p != NULL && p->term_count == 3 && p->network_count == 1 && p->exam_count == 1) {
        CHECK_INT(windows_calendar(r, p->terms[0].provider, NULL, MONDAY), DAY_UNKNOWN);
        CHECK_INT(windows_calendar(r, p->terms[0].provider, NULL, MONDAY + 1), DAY_SCHOOL);
        CHECK(p->exams[0].school != NULL && p->exams[0].groups.n == 2 && p->exams[0].level_from == 9);
        CHECK_INT(p->exams[0].to_s - p->exams[0].from_s, 7200);
    } else {
        CHECK(false);
    }
    registry_drop(r);
    rig_free(t, &g);
}

TEST(what_is_wrong_with_a_term_a_network_or_an_exam_is_said)
{
    static const struct {
        const char *row, *says;
    } wrong[] = {
        { "terms: [{id: x, provider: oulu, from: 2026-08-11, to: 2026-08-10}]", "\"to\" is earlier than \"from\"" },
        { "terms: [{id: x, provider: oulu, from: 2026-08-11, to: 2036-08-10}]", "longer than 400 days" },
        { "terms: [{id: x, provider: oulu, from: 11.8.2026, to: 2036-08-10}]", "from: expected a date (2026-08-10)" },
        { "terms: [{id: x, provider: oulu, from: 2026-02-30, to: 2026-08-10}]", "from: expected a date (2026-08-10)" },
        { "terms: [{id: x, provider: oulu, kind: loma, from: 2026-08-11, to: 2026-08-11}]",
          "expected one of term, holiday" },
        { "terms: [{id: x, from: 2026-08-11, to: 2026-08-11}]", "provider is missing" },
        { "terms: [{id: x, provider: espoo, school: \"99101\", from: 2026-08-11, to: 2026-08-11}]", "has no school" },
        { "networks: [{id: x, provider: oulu, name: {fi: X}, blocks: [10.20.0.1/16]}]", "is no network" },
        { "networks: [{id: x, provider: oulu, name: {fi: X}, blocks: [0.0.0.0/0]}]", "is too wide" },
        { "networks: [{id: x, provider: oulu, name: {fi: X}, blocks: []}]", "expected 1 to 200 networks" },
        { "networks: [{id: x, provider: oulu, name: {fi: X}}]", "blocks is missing" },
        { "networks: [{id: x, provider: oulu, blocks: [10.0.0.0/8]}]", "name.fi is missing" },
        { "exams: [{id: x, provider: oulu, from: 2026-08-11, to: 2026-08-12}]", "school is missing" },
        { "exams: [{id: x, provider: oulu, school: \"99101\", from: 2026-08-12, to: 2026-08-11}]", "a later \"to\"" },
        { "exams: [{id: x, provider: oulu, school: \"99101\", from: 2026-08-12, to: 2026-09-11}]",
          "longer than a week" },
        { "exams: [{id: x, provider: oulu, school: \"99101\", from: 2026-08-11, to: 2026-08-12, level_from: 9, "
          "level_to: 7}]",
          "in their order" },
        { "exams: [{id: x, provider: oulu, school: \"99101\", from: 2026-08-11, to: 2026-08-12, services: [kanava]}]",
          "there is no service \"kanava\"" },
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(!import(t, &g, arena_printf(t->arena, BASE "%s\n", wrong[i].row)));
        if (str_find(str_of(g.fail.detail), str_of(wrong[i].says)) == strlen(g.fail.detail))
            test_fail(t, __FILE__, __LINE__, "%s: %s", wrong[i].row, g.fail.detail);
    }
    rig_free(t, &g);
}

TEST(a_policy_may_name_its_providers_networks_alone)
{
    static const char *const says[] = { "there is no Network::\"oulu-kouult\"; did you mean \"oulu-koulut\"?",
                                        "it is another provider's" };
    static const char *const wrong[] = {
        "policies: [{id: x, provider: oulu, opens: permit, networks: [oulu-kouult]}]",
        "policies: [{id: x, provider: espoo, opens: permit, networks: [oulu-koulut]}]",
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < 2; i++) {
        CHECK(!import(t, &g, arena_printf(t->arena, BASE WINDOWS "%s\n", wrong[i])));
        CHECK(str_find(str_of(g.fail.detail), str_of(says[i])) < strlen(g.fail.detail));
    }
    CHECK(import(t, &g,
                 S(BASE WINDOWS "policies: [{id: x, provider: oulu, opens: permit, networks: [oulu-koulut], term: "
                                "[school_day], exam: outside}]\n")));
    CHECK_STR(g.fail.detail, "");
    rig_free(t, &g);
}
