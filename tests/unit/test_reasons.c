/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/reasons.h"
#include "tests/test.h"

static struct school schools[] = { { .oid = S("9.1"), .code = S("99101") }, { .oid = S("9.2"), .code = S("99102") } };
static struct provider providers[] = {
    { .id = S("oulu"), .oid = S("1.1"), .schools = schools, .school_count = 2 },
    { .id = S("espoo"), .oid = S("1.2") },
};
static const struct circumstances monday = { .now_s = TEST_NOW_S };

struct town {
    struct service services[2];
    struct policy rows[5];
    struct registry_parts parts;
    struct registry *registry;
};

static struct policy row(const char *id, enum layer layer, const char *text)
{
    return (struct policy){ .id = str_of(id),
                            .layer = layer,
                            .provider = layer == LAYER_NATION ? NULL : &providers[0],
                            .school = layer == LAYER_SCHOOL ? &schools[0] : NULL,
                            .text = str_of(text),
                            .enabled = true };
}

static struct town *town(struct test *t, const struct policy *rows, size_t n)
{
    struct town *w = arena_make(t->arena, struct town);

    w->services[0] = (struct service){ .id = S("matikka"), .enabled = true };
    w->services[1] = (struct service){ .id = S("koe"), .enabled = true };
    for (size_t i = 0; i < n; i++)
        w->rows[i] = rows[i];
    w->parts = (struct registry_parts){ .providers = providers,
                                        .provider_count = 2,
                                        .services = w->services,
                                        .service_count = 2,
                                        .policies = w->rows,
                                        .policy_count = n };
    w->registry = registry_build(arena_new(), &w->parts);
    arena_adopt(t->arena, w->registry, (void (*)(void *))registry_drop);
    return w;
}

static struct person one(struct test *t, enum role role, int level)
{
    struct affiliation *a = arena_make(t->arena, struct affiliation);

    *a = (struct affiliation){ .provider_oid = S("1.1"), .school_oid = S("9.1"), .role = role, .class_level = level };
    return (struct person){ .id = S("p"), .affiliations = a, .affiliation_count = 1 };
}

TEST(who_is_too_young_hears_which_class_it_is_for)
{
    const struct policy rows[] = { row("seven-to-nine", LAYER_MUNICIPALITY,
                                       "permit (principal in Provider::\"oulu\", action == Action::\"open\", "
                                       "resource == Service::\"matikka\") when { principal in Role::\"learner\" } "
                                       "when { principal has classLevel && principal.classLevel >= 7 };") };
    struct town *w = town(t, rows, 1);
    struct person p = one(t, ROLE_LEARNER, 5);
    struct reasons why = policy_reasons(t->arena, w->registry, &p, &w->services[0], &monday);

    CHECK_INT(why.decision.effect, EFFECT_DENY);
    CHECK_INT(why.n, 1);
    CHECK_INT(why.at[0].n_said, 1);
    CHECK_INT(why.at[0].said[0].verdict, VERDICT_SILENT);
    CHECK_STR(why.at[0].said[0].row->id, "seven-to-nine");
    CHECK_INT(why.at[0].n_wishes, 1);
    CHECK_INT(why.at[0].wishes[0].n, 1);
    CHECK_STR(why.at[0].wishes[0].parts[0].subject, "principal.classLevel");
    CHECK_STR(str_of(why.at[0].wishes[0].parts[0].kind), "at-least");
    CHECK_STR(why.at[0].wishes[0].parts[0].actual, "5");
    CHECK_STR(why.at[0].wishes[0].parts[0].needed, "7");
}

TEST(what_settled_it_stands_first_and_another_service_is_no_advice)
{
    const struct policy rows[] = {
        row("a-other", LAYER_MUNICIPALITY,
            "permit (principal in Provider::\"oulu\", action == Action::\"open\", "
            "resource == Service::\"koe\");"),
        row("b-all", LAYER_MUNICIPALITY,
            "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource);"),
        row("c-not", LAYER_MUNICIPALITY,
            "forbid (principal in Provider::\"oulu\", action == Action::\"open\", "
            "resource == Service::\"matikka\") when { principal in Role::\"learner\" };")
    };
    struct town *w = town(t, rows, 3);
    struct person p = one(t, ROLE_LEARNER, 5);
    struct reasons why = policy_reasons(t->arena, w->registry, &p, &w->services[0], &monday);

    CHECK(why.at[0].forbidden && !why.at[0].permitted);
    CHECK_INT(why.at[0].n_said, 2);
    CHECK_STR(why.at[0].said[0].row->id, "c-not");
    CHECK_INT(why.at[0].said[0].verdict, VERDICT_SETTLED);
    CHECK(why.at[0].said[0].forbid);
    CHECK_INT(why.at[0].said[1].verdict, VERDICT_APPLIED);
    for (size_t i = 0; i < why.at[0].n_wishes; i++)
        for (size_t k = 0; k < why.at[0].wishes[i].n; k++)
            CHECK(!str_has_prefix(why.at[0].wishes[i].parts[k].subject, S("resource")));
    struct person teacher = one(t, ROLE_TEACHER, 0);
    why = policy_reasons(t->arena, w->registry, &teacher, &w->services[0], &monday);
    CHECK(why.at[0].permitted && why.at[0].n_wishes == 0);
    CHECK_STR(why.at[0].said[0].row->id, "b-all");
}

TEST(a_schools_own_says_that_the_service_is_not_left_to_it_and_one_out_of_date_that_it_is)
{
    struct policy rows[] = {
        row("over", LAYER_MUNICIPALITY,
            "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource);"),
        row("schools", LAYER_SCHOOL,
            "permit (principal in School::\"oulu/99101\", action == Action::\"open\", resource);")
    };
    rows[0].to_s = TEST_NOW_S;
    struct town *w = town(t, rows, 2);
    struct person p = one(t, ROLE_TEACHER, 0);
    struct reasons why = policy_reasons(t->arena, w->registry, &p, &w->services[0], &monday);

    CHECK_INT(why.decision.effect, EFFECT_DENY);
    CHECK_INT(why.at[0].n_said, 2);
    CHECK_INT(why.at[0].said[0].verdict, VERDICT_NOT_NOW);
    CHECK_INT(why.at[0].said[1].verdict, VERDICT_NOT_LEFT);
}

TEST(what_says_nothing_of_the_persons_city_is_no_reason)
{
    struct policy rows[] = { row("elsewhere", LAYER_MUNICIPALITY,
                                 "permit (principal in Provider::\"espoo\", action == Action::\"open\", resource);") };
    rows[0].provider = &providers[1];
    struct town *w = town(t, rows, 1);
    struct person p = one(t, ROLE_TEACHER, 0);
    struct reasons why = policy_reasons(t->arena, w->registry, &p, &w->services[0], &monday);

    CHECK_INT(why.at[0].n_said, 0);
    CHECK_INT(why.at[0].n_wishes, 0);
}
