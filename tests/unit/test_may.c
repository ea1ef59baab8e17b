/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/may.h"
#include "tests/test.h"

/* Oulu with two schools, Espoo with one; rights are given to subjects "s0", "s1" … of the idp "oma". */
static struct school schools[3] = { { .oid = S("9.1"), .code = S("99101") },
                                    { .oid = S("9.2"), .code = S("99102") },
                                    { .oid = S("9.3"), .code = S("99201") } };
static struct provider providers[2] = {
    { .id = S("oulu"), .oid = S("1.1"), .schools = schools, .school_count = 2 },
    { .id = S("espoo"), .oid = S("1.2"), .schools = schools + 2, .school_count = 1 },
};

static const struct area nation = { { NULL, 0 }, { NULL, 0 } }, oulu = { S("oulu"), { NULL, 0 } },
                         espoo = { S("espoo"), { NULL, 0 } }, first = { S("oulu"), S("9.1") },
                         second = { S("oulu"), S("9.2") }, elsewhere = { S("espoo"), S("9.3") };
static const struct area *const everywhere[] = { &nation, &oulu, &espoo, &first, &second, &elsewhere };
enum { AREAS = sizeof everywhere / sizeof *everywhere };

static const struct circumstances now = { .now_s = TEST_NOW_S };

static struct registry *registry(struct test *t, struct admin *admins, size_t n, struct policy *policies, size_t m)
{
    const struct registry_parts parts = { .providers = providers,
                                          .provider_count = 2,
                                          .admins = admins,
                                          .admin_count = n,
                                          .policies = policies,
                                          .policy_count = m };
    struct registry *r = registry_build(arena_new(), &parts);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

static struct person holder(const char *subject)
{
    return (struct person){ .id = S("p"), .idp = S("oma"), .subject = str_of(subject) };
}

static struct person stated(struct test *t, const char *provider, const char *school, enum role role)
{
    struct affiliation *a = arena_make(t->arena, struct affiliation);

    *a = (struct affiliation){ .provider_oid = str_of(provider), .school_oid = str_of(school), .role = role };
    return (struct person){ .id = S("p"), .idp = S("oulu-edu"), .affiliations = a, .affiliation_count = 1 };
}

static struct admin right(const char *subject, enum role role, const struct provider *p, const struct school *s)
{
    return (struct admin){
        .id = str_of(subject), .idp = S("oma"), .subject = str_of(subject), .role = role, .provider = p, .school = s
    };
}

/* The areas, a letter each (n oulu espoo 1 2 elsewhere), in which the person may do it. */
static struct str where(struct test *t, const struct registry *r, const struct person *p, enum console_action action)
{
    static const char letters[AREAS + 1] = "noe12x";
    char out[AREAS + 1] = "";
    size_t n = 0;

    for (size_t i = 0; i < AREAS; i++)
        if (policy_may(r, p, action, everywhere[i], &now))
            out[n++] = letters[i];
    return arena_str(t->arena, str_n(out, n));
}

TEST(rights_end_where_their_area_ends)
{
    struct admin given[] = { right("operator", ROLE_OPERATOR, NULL, NULL),
                             right("admin", ROLE_ADMIN, &providers[0], NULL),
                             right("approver", ROLE_APPROVER, &providers[0], NULL),
                             right("principal", ROLE_PRINCIPAL, &providers[0], &schools[0]),
                             right("secretary", ROLE_SECRETARY, &providers[0], &schools[0]),
                             right("auditor", ROLE_AUDITOR, &providers[0], NULL),
                             right("all-seeing", ROLE_AUDITOR, NULL, NULL) };
    static const struct {
        const char *who;
        enum console_action action;
        const char *where;
    } rows[] = {
        { "operator", MAY_PUBLISH, "noe12x" },
        { "operator", MAY_FIND_PEOPLE, "" },
        { "operator", MAY_READ_LOG, "noe12x" },
        { "admin", MAY_PUBLISH, "o12" },
        { "admin", MAY_FIND_PEOPLE, "o12" },
        { "admin", MAY_REGISTER_SERVICE, "o12" },
        { "approver", MAY_APPROVE, "o12" },
        { "approver", MAY_DRAFT, "" },
        { "principal", MAY_DRAFT, "1" },
        { "principal", MAY_MANAGE_ADMINS, "1" },
        { "principal", MAY_READ_LOG, "" },
        { "secretary", MAY_GIVE_PASSES, "1" },
        { "secretary", MAY_DRAFT, "" },
        { "auditor", MAY_READ_LOG, "o12" },
        { "auditor", MAY_VIEW, "" },
        { "all-seeing", MAY_EXPORT_LOG, "noe12x" },
        { "all-seeing", MAY_END_SESSIONS, "" },
        { "nobody", MAY_VIEW, "" },
    };
    struct registry *r = registry(t, given, sizeof given / sizeof *given, NULL, 0);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct person p = holder(rows[i].who);
        CHECK_STR(where(t, r, &p, rows[i].action), rows[i].where);
    }
}

TEST(a_city_can_state_no_right_beyond_its_own_people)
{
    struct registry *r = registry(t, NULL, 0, NULL, 0);

    for (int role = ROLE_NONE; role < ROLE_COUNT; role++)
        for (int action = MAY_NONE; action <= MAY_COUNT; action++)
            for (int of = 0; of < 2; of++) {
                struct person p = stated(t, "1.1", of == 0 ? NULL : "9.1", (enum role)role);
                for (size_t i = 0; i < AREAS; i++) {
                    bool its = area_within(everywhere[i], of == 0 ? &oulu : &first);
                    if (!its)
                        CHECK(!policy_may(r, &p, (enum console_action)action, everywhere[i], &now));
                }
            }
    struct person operator= stated(t, "1.1", NULL, ROLE_OPERATOR), admin = stated(t, "1.1", NULL, ROLE_ADMIN);
    CHECK_STR(where(t, r, &operator, MAY_PUBLISH), "");
    CHECK_STR(where(t, r, &admin, MAY_PUBLISH), "o12");
}

TEST(a_right_counts_between_its_dates_and_of_its_holder_alone)
{
    struct admin given[] = { right("early", ROLE_ADMIN, &providers[0], NULL),
                             right("late", ROLE_ADMIN, &providers[0], NULL),
                             right("now", ROLE_ADMIN, &providers[0], NULL) };
    struct person early = holder("early"), late = holder("late"), at = holder("now"), other = holder("now");

    given[0].from_s = TEST_NOW_S + 1;
    given[1].to_s = TEST_NOW_S;
    given[2].from_s = TEST_NOW_S;
    given[2].to_s = TEST_NOW_S + 1;
    other.idp = S("oulu-edu");
    struct registry *r = registry(t, given, 3, NULL, 0);
    CHECK_STR(where(t, r, &early, MAY_VIEW), "");
    CHECK_STR(where(t, r, &late, MAY_VIEW), "");
    CHECK_STR(where(t, r, &at, MAY_VIEW), "o12");
    CHECK_STR(where(t, r, &other, MAY_VIEW), "");
}

TEST(a_national_policy_may_take_a_right_away_and_no_municipality_gives_one_elsewhere)
{
    struct admin given[] = { right("admin", ROLE_ADMIN, &providers[0], NULL) };
    struct policy rows[] = {
        { .id = S("p1"),
          .layer = LAYER_NATION,
          .enabled = true,
          .text = S("forbid (principal in Role::\"admin\", action == Action::\"exportLog\", resource);") },
        { .id = S("p2"),
          .layer = LAYER_MUNICIPALITY,
          .provider = &providers[0],
          .enabled = true,
          .text = S("permit (principal in Provider::\"oulu\", action, resource);") },
        { .id = S("p3"),
          .layer = LAYER_SCHOOL,
          .provider = &providers[0],
          .school = &schools[0],
          .enabled = true,
          .text = S("permit (principal in School::\"oulu/99101\", action, resource);") },
    };
    struct registry *r = registry(t, given, 1, rows, 3);
    struct person admin = holder("admin"), teacher = stated(t, "1.1", "9.1", ROLE_TEACHER),
                  away = stated(t, "1.2", NULL, ROLE_TEACHER);

    CHECK_STR(where(t, r, &admin, MAY_EXPORT_LOG), "");
    CHECK_STR(where(t, r, &admin, MAY_READ_LOG), "o12");
    CHECK_STR(where(t, r, &teacher, MAY_VIEW), "o12");
    CHECK_STR(where(t, r, &away, MAY_VIEW), "");
}

TEST(a_policy_that_cannot_be_read_leaves_nobody_a_right)
{
    struct admin given[] = { right("operator", ROLE_OPERATOR, NULL, NULL) };
    struct policy broken = { .id = S("p"), .layer = LAYER_NATION, .enabled = true, .text = S("permit (principal") };
    struct person p = holder("operator");

    CHECK_STR(where(t, registry(t, given, 1, &broken, 1), &p, MAY_VIEW), "");
}

TEST(the_areas_of_a_person_are_those_where_something_is_theirs_the_widest_first)
{
    struct admin given[] = { right("a", ROLE_PRINCIPAL, &providers[0], &schools[0]) };
    struct registry *r = registry(t, given, 1, NULL, 0);
    struct person p = holder("a"), none = stated(t, "1.1", "9.1", ROLE_LEARNER);
    struct affiliation *at = arena_make_n(t->arena, 2, struct affiliation);

    at[0] = (struct affiliation){ .provider_oid = S("1.2"), .role = ROLE_ADMIN };
    at[1] = (struct affiliation){ .provider_oid = S("1.1"), .school_oid = S("9.2"), .role = ROLE_TEACHER };
    p.affiliations = at;
    p.affiliation_count = 2;
    struct areas all = policy_areas(t->arena, r, &p, &now);
    CHECK_INT(all.n, 2);
    CHECK(area_same(&all.at[0], &espoo) && area_same(&all.at[1], &first));
    CHECK_INT(policy_areas(t->arena, r, &none, &now).n, 0);
}

/* ── who gives what ─────────────────────────────────────────────────────── */

static const char *lacks(const struct registry *r, const struct person *p, enum role role, const struct area *area)
{
    return console_action_name(policy_may_not_give(r, p, role, area, &now));
}

TEST(nobody_gives_a_right_that_brings_more_than_they_have)
{
    struct admin given[] = { right("operator", ROLE_OPERATOR, NULL, NULL),
                             right("admin", ROLE_ADMIN, &providers[0], NULL),
                             right("approver", ROLE_APPROVER, &providers[0], NULL) };
    const struct registry *r = registry(t, given, 3, NULL, 0);
    const struct person operator= holder("operator"), admin = holder("admin"), approver = holder("approver"),
                        principal = stated(t, "1.1", "9.1", ROLE_PRINCIPAL);

    /* Who operates finds nobody, and names those who do: what is shipped parts duties. */
    CHECK_STR(str_of(lacks(r, &operator, ROLE_ADMIN, &oulu)), "");
    CHECK_STR(str_of(lacks(r, &operator, ROLE_OPERATOR, &nation)), "");
    CHECK_STR(str_of(lacks(r, &admin, ROLE_ADMIN, &oulu)), "");
    CHECK_STR(str_of(lacks(r, &admin, ROLE_PRINCIPAL, &first)), "");
    CHECK_STR(str_of(lacks(r, &admin, ROLE_AUDITOR, &first)), "");
    CHECK_STR(str_of(lacks(r, &admin, ROLE_ADMIN, &espoo)), "view");
    CHECK_STR(str_of(lacks(r, &admin, ROLE_OPERATOR, &nation)), "view");
    CHECK_STR(str_of(lacks(r, &principal, ROLE_SECRETARY, &first)), "");
    CHECK_STR(str_of(lacks(r, &principal, ROLE_PRINCIPAL, &first)), "");
    CHECK_STR(str_of(lacks(r, &principal, ROLE_ADMIN, &first)), "approve");
    CHECK_STR(str_of(lacks(r, &principal, ROLE_AUDITOR, &first)), "readLog");
    CHECK_STR(str_of(lacks(r, &principal, ROLE_SECRETARY, &second)), "view");
    CHECK_STR(str_of(lacks(r, &approver, ROLE_SECRETARY, &first)), "givePasses");
}

/* As a property: giving never makes anything possible that the giver could not do, but what a shipped forbid parts. */
TEST(of_each_role_and_area_what_may_be_given_is_held)
{
    struct admin given[] = { right("admin", ROLE_ADMIN, &providers[0], NULL),
                             right("approver", ROLE_APPROVER, &providers[0], NULL),
                             right("principal", ROLE_PRINCIPAL, &providers[0], &schools[0]),
                             right("auditor", ROLE_AUDITOR, &providers[0], NULL) };
    const struct registry *r = registry(t, given, 4, NULL, 0);
    size_t gives = 0;

    for (size_t g = 0; g < 4; g++)
        for (size_t i = 0; i < AREAS; i++)
            for (int role = ROLE_NONE + 1; role < ROLE_COUNT; role++) {
                const struct person p = { .id = S("p"), .idp = S("oma"), .subject = given[g].id };
                if (policy_may_not_give(r, &p, (enum role)role, everywhere[i], &now) != MAY_NONE)
                    continue;
                for (enum console_action x = policy_role_brings(r, (enum role)role, everywhere[i], &now, MAY_NONE);
                     x != MAY_NONE; x = policy_role_brings(r, (enum role)role, everywhere[i], &now, x)) {
                    CHECK(policy_may(r, &p, x, everywhere[i], &now));
                    gives++;
                }
            }
    CHECK(gives > 20);
}

TEST(what_the_nation_forbids_somebody_they_cannot_give)
{
    struct admin given[] = { right("admin", ROLE_ADMIN, &providers[0], NULL) };
    struct policy policies[] = { {
        .id = S("no-log"),
        .layer = LAYER_NATION,
        .enabled = true,
        .text = S("forbid (principal in Role::\"admin\", action == Action::\"exportLog\", resource);"),
    } };
    const struct registry *r = registry(t, given, 1, policies, 1);
    const struct person admin = holder("admin");

    CHECK_STR(str_of(lacks(r, &admin, ROLE_AUDITOR, &oulu)), "exportLog");
    CHECK_STR(str_of(lacks(r, &admin, ROLE_ADMIN, &oulu)), "");
    CHECK_STR(str_of(lacks(r, &admin, ROLE_SECRETARY, &first)), "");
}
