/* SPDX-License-Identifier: EUPL-1.2
 * Conditions one by one, and what a person is told of them.  Invisible characters are taken out before comparing. */
#include "policy/conditions.h"
#include "tests/test.h"

static struct school schools[] = {
    { .oid = S("9.1"), .code = S("99101"), .names = { { S("Kuusela"), S("Granbacken"), S("Kuusela") } } },
    { .oid = S("9.2"), .code = S("99102"), .names = { { S("Rantala") } } }
};
static struct provider providers[] = { { .id = S("oulu"),
                                         .oid = S("1.1"),
                                         .names = { { S("Oulu"), S("Uleåborg"), S("Oulu") } },
                                         .schools = schools,
                                         .school_count = 2 } };
static struct service services[] = { { .id = S("matikka"), .enabled = true } };
static const struct circumstances monday = { .now_s = TEST_NOW_S };

static struct policy permit(const char *id, const char *when)
{
    return (struct policy){
        .id = str_of(id), .text = str_of(when), .enabled = true, .layer = LAYER_MUNICIPALITY, .provider = &providers[0]
    };
}
#define PERMIT "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource == Service::\"matikka\") "

static const struct registry *town(struct test *t, struct policy *rows, size_t n)
{
    struct registry_parts parts = { .providers = providers,
                                    .provider_count = 1,
                                    .services = services,
                                    .service_count = 1,
                                    .policies = rows,
                                    .policy_count = n };
    struct registry *r = registry_build(arena_new(), &parts);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

static struct person one(struct test *t, enum role role, int level)
{
    struct affiliation *a = arena_make(t->arena, struct affiliation);

    *a = (struct affiliation){
        .provider_oid = S("1.1"), .school_oid = S("9.1"), .role = role, .class_level = level, .group = S("5A")
    };
    return (struct person){ .id = S("p"), .affiliations = a, .affiliation_count = 1 };
}

static struct str plain(struct arena *a, struct str s)
{
    struct buf b = buf_new(a, 4096);

    for (size_t i = 0; i < s.n; i++)
        if (str_has_prefix(str_from(s, i), S("\xc2\xa0"))) {
            buf_byte(&b, ' ');
            i++;
        } else if (str_has_prefix(str_from(s, i), S("\xe2\x81\xa0"))) {
            i += 2;
        } else {
            buf_byte(&b, s.p[i]);
        }
    return buf_str(&b);
}

static struct telling told(struct test *t, struct policy *rows, size_t n, const struct person *p,
                           const struct circumstances *now, enum lang lang)
{
    const struct registry *r = town(t, rows, n);
    struct reasons why = policy_reasons(t->arena, r, p, &registry_parts(r)->services[0], now);

    return policy_told(t->arena, r, p, &why, now, lang);
}

/* What is lacking of the first way, "luokat 7–9 (luokka 5)". */
static struct str lack(struct test *t, const char *when, const struct person *p, const struct circumstances *now,
                       enum lang lang)
{
    struct policy rows[] = { permit("a", arena_cstr(t->arena, arena_printf(t->arena, PERMIT "%s;", when))) };
    struct telling is = told(t, rows, 1, p, now, lang);
    struct buf b = buf_new(t->arena, 4096);

    for (size_t i = 0; is.n > 0 && i < is.ways[0].lacks.n; i++) {
        const struct condition *c = &is.ways[0].lacks.at[i];
        buf_printf(&b, "%s%.*s", i > 0 ? ", " : "", STR_ARG(c->words));
        if (str_is_set(c->is))
            buf_printf(&b, " (%.*s)", STR_ARG(c->is));
    }
    return plain(t->arena, buf_str(&b));
}

TEST(a_wish_is_said_in_three_languages_beside_what_is_so)
{
    static const char grades[] = "when { principal in Role::\"learner\" } when { principal has classLevel && "
                                 "principal.classLevel >= 7 && principal.classLevel <= 9 }";
    static const char teachers[] = "when { principal in Role::\"teacher\" }";
    static const char own[] = "when { context.device == Device::\"own\" }";
    const struct circumstances shared = { .now_s = TEST_NOW_S, .shared_device = true };
    struct person p = one(t, ROLE_LEARNER, 5);

    CHECK_STR(lack(t, grades, &p, &monday, LANG_FI), "luokat 7–9 (luokka 5)");
    CHECK_STR(lack(t, grades, &p, &monday, LANG_SV), "årskurserna 7–9 (årskurs 5)");
    CHECK_STR(lack(t, grades, &p, &monday, LANG_EN), "grades 7–9 (grade 5)");
    CHECK_STR(lack(t, teachers, &p, &monday, LANG_FI), "opettajat");
    CHECK_STR(lack(t, teachers, &p, &monday, LANG_SV), "lärare");
    CHECK_STR(lack(t, teachers, &p, &monday, LANG_EN), "teachers");
    CHECK_STR(lack(t, own, &p, &shared, LANG_FI), "omalla laitteella (yhteiskäyttöisellä laitteella)");
    CHECK_STR(lack(t, own, &p, &shared, LANG_SV), "på egen enhet (på delad enhet)");
    CHECK_STR(lack(t, own, &p, &shared, LANG_EN), "on a device of their own (on a shared device)");
}

TEST(hours_are_said_beside_what_time_it_is)
{
    static const char hours[] = "when { [1, 2, 3, 4, 5].contains(context.weekday) } "
                                "when { context.minute >= 480 && context.minute < 960 }";
    const struct circumstances night = { .now_s = 1786485600 }; /* 2026-08-12 01:00 in Finland, a Wednesday */
    struct person p = one(t, ROLE_LEARNER, 5);
    struct str said = lack(t, hours, &p, &night, LANG_FI);

    CHECK(str_has_prefix(said, S("klo 8–16 (")));
}

TEST(what_forbids_is_not_told_and_looks_like_what_nobody_opened)
{
    struct policy rows[] = { permit("a", PERMIT ";"),
                             permit("b", "forbid (principal in Provider::\"oulu\", action == Action::\"open\", "
                                         "resource) when { principal in Role::\"learner\" };") };
    struct person p = one(t, ROLE_LEARNER, 5);
    struct telling forbidden = told(t, rows, 2, &p, &monday, LANG_FI),
                   unopened = told(t, rows, 0, &p, &monday, LANG_FI);

    CHECK_INT(forbidden.kind, TOLD_PLAIN);
    CHECK_INT(unopened.kind, TOLD_PLAIN);
    CHECK_STR(told_code(t->arena, &forbidden), "plain");
}

TEST(who_is_forbidden_as_one_thing_is_not_told_what_another_would_open)
{
    struct policy rows[] = { permit("a", PERMIT "when { principal in Role::\"staff\" };"),
                             permit("b", "forbid (principal in Provider::\"oulu\", action == Action::\"open\", "
                                         "resource) when { principal in Role::\"learner\" };") };
    struct person p = one(t, ROLE_LEARNER, 5), teacher = one(t, ROLE_TEACHER, 0);
    struct affiliation both[] = { p.affiliations[0], teacher.affiliations[0] };

    CHECK_INT(told(t, rows, 2, &teacher, &monday, LANG_FI).kind, TOLD_WAYS);
    p.affiliations = both;
    p.affiliation_count = 2;
    CHECK_INT(told(t, rows, 2, &p, &monday, LANG_FI).kind, TOLD_PLAIN);
}

TEST(names_of_groups_and_roles_of_the_console_are_not_told)
{
    struct policy group[] = { permit("g", PERMIT "when { principal in Group::\"oulu/99101/Pienryhmä\" };") };
    struct policy official[] = { permit("o", PERMIT "when { principal in Role::\"admin\" };") };
    struct person p = one(t, ROLE_LEARNER, 5);
    struct telling is = told(t, group, 1, &p, &monday, LANG_FI);

    CHECK_INT(is.n, 1);
    CHECK_INT(is.ways[0].lacks.at[0].of, CONDITION_GROUP);
    CHECK(!str_is_set(is.ways[0].lacks.at[0].words));
    CHECK_STR(told_code(t->arena, &is), "g:group");
    CHECK_INT(told(t, official, 1, &p, &monday, LANG_FI).kind, TOLD_PLAIN);
}

TEST(who_belongs_nowhere_is_told_that)
{
    struct policy rows[] = { permit("a", PERMIT ";") };
    struct person p = { .id = S("p") };

    CHECK_INT(told(t, rows, 1, &p, &monday, LANG_FI).kind, TOLD_NO_PLACE);
}

TEST(what_only_the_text_says_is_not_told_and_has_a_sign_of_its_own)
{
    static const char text[] = PERMIT "when { principal in Role::\"learner\" } when { principal.charge like \"f*\" };";
    struct policy rows[] = { permit("a", text) };
    struct person p = one(t, ROLE_LEARNER, 5);
    const struct standing who = { &p, &p.affiliations[0], &providers[0], &monday };
    const struct registry *r = town(t, rows, 1);
    struct conditions all = policy_conditions(t->arena, r, str_of(text), VERDICT_SILENT, &who, LANG_EN);

    CHECK_INT(told(t, rows, 1, &p, &monday, LANG_FI).kind, TOLD_PLAIN);
    CHECK_INT(all.n, 3);
    CHECK_INT(all.at[0].of, CONDITION_PLACE);
    CHECK_INT(all.at[1].met, MET_YES);
    CHECK_INT(all.at[2].of, CONDITION_REST);
    CHECK_INT(all.at[2].met, MET_NO);
}
