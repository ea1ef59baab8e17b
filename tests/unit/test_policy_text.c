/* SPDX-License-Identifier: EUPL-1.2
 * What the text of a policy must be: one test for each refusal, named after it. */
#include "policy/text_check.h"
#include "tests/unit/cedar_help.h"

static struct school oulu_schools[] = { { S("1.2.3.1"), S("99101"), { { S("Kuusela") } }, true },
                                        { S("1.2.3.2"), S("99102"), { { S("Rantala") } }, true },
                                        { S("1.2.3.3"), { 0 }, { { S("Saari") } }, true } };
static struct school espoo_schools[] = { { S("1.2.4.1"), S("99201"), { { S("Otsola") } }, true } };
static struct provider providers[] = {
    { .id = S("oulu"), .oid = S("1.2.3"), .schools = oulu_schools, .school_count = 3 },
    { .id = S("espoo"), .oid = S("1.2.4"), .schools = espoo_schools, .school_count = 1 },
};
static struct service services[] = {
    { .id = S("kanerva"), .enabled = true, .category = S("learning"), .vendor = S("metsa") },
    { .id = S("matikka"), .enabled = true, .category = S("exams") },
};

static const struct text_checker *checker(struct test *t)
{
    struct registry_parts parts = {
        .providers = providers, .provider_count = 2, .services = services, .service_count = 2
    };
    struct registry *r = registry_build(arena_new(), &parts);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return text_checker_new(t->arena, r);
}

/* "3:24 policy_unknown kanerva" for the first error: line, column, code, near name; "" when it is in order. */
static struct str found(struct test *t, enum layer layer, struct str text)
{
    const struct policy row = { .layer = layer,
                                .provider = layer == LAYER_NATION ? NULL : &providers[0],
                                .school = layer == LAYER_SCHOOL ? &oulu_schools[0] : NULL,
                                .text = text };
    struct cedar_diags d = diags_of(t->arena, "p", text);
    bool ok = policy_text_check(checker(t), &row, &d);

    CHECK(ok == (d.errors == 0));
    for (size_t i = 0; i < d.n; i++)
        CHECK(d.items[i].code != NULL);
    if (d.errors == 0)
        return S("");
    const struct cedar_diag *e = d.items;
    while (e->severity != CEDAR_ERROR)
        e++;
    struct cedar_place at = cedar_place_of(e->source, e->span.at);
    return arena_printf(t->arena, "%zu:%zu %s%s%.*s", at.line, at.column, e->code, e->near.p != NULL ? " " : "",
                        STR_ARG(e->near));
}

#define CITY(text)   found(t, LAYER_MUNICIPALITY, S(text))
#define SCHOOL(text) found(t, LAYER_SCHOOL, S(text))
#define NATION(text) found(t, LAYER_NATION, S(text))

TEST(a_text_that_keeps_to_its_own_is_in_order)
{
    CHECK_STR(CITY("permit (principal in Provider::\"oulu\", action == Action::\"open\", resource == "
                   "Service::\"kanerva\") when { principal in Role::\"teacher\" };"),
              "");
    CHECK_STR(CITY("permit (principal, action == Action::\"release\", resource in Category::\"exams\") when { "
                   "principal.provider == Provider::\"oulu\" && resource in Attribute::\"email\" };"),
              "");
    CHECK_STR(CITY("forbid (principal, action == Action::\"open\", resource in Vendor::\"metsa\") when { principal in "
                   "[School::\"oulu/99101\", School::\"oulu/1.2.3.3\"] };"),
              "");
    CHECK_STR(CITY("permit (principal in Group::\"oulu/99101/7B/x\", action in [Action::\"open\", "
                   "Action::\"leaveToSchools\"], "
                   "resource);"),
              "");
    CHECK_STR(SCHOOL("permit (principal in School::\"oulu/99101\", action == Action::\"open\", resource);"), "");
    CHECK_STR(SCHOOL("forbid (principal in Group::\"oulu/99101/7B\", action == Action::\"open\", resource);"), "");
    CHECK_STR(NATION("permit (principal, action == Action::\"view\", resource) when { principal in Role::\"any\" };"),
              "");
}

TEST(a_text_that_is_no_cedar_is_refused)
{
    CHECK_STR(CITY("permit (principal in Provider::\"oulu\",\n  actoin, resource);"), "2:3 policy_syntax");
}

TEST(what_the_schema_does_not_know_is_refused)
{
    CHECK_STR(CITY("permit (principal in Provider::\"oulu\", action == Action::\"open\", resource)\nwhen { "
                   "principal has classLvel && principal.classLvel > 3 };"),
              "2:22 policy_schema classLevel");
}

TEST(an_attribute_that_there_is_not_is_refused_though_it_is_only_asked_for)
{
    CHECK_STR(
        CITY("permit (principal in Provider::\"oulu\", action == Action::\"open\", resource) when { principal has "
             "clasLevel };"),
        "1:97 policy_schema classLevel");
    CHECK_STR(CITY("permit (principal in Provider::\"oulu\", action == Action::\"open\", resource) when { principal "
                   "has school && resource has vendor };"),
              "");
}

TEST(what_does_not_exist_is_refused_with_a_near_name)
{
    const char *const wrong[][2] = {
        { "Service::\"kanreva\"", "kanerva" },
        { "Category::\"exam\"", "exams" },
        { "Vendor::\"mesta\"", "metsa" },
        { "Service::\"zzz\"", "" },
    };

    for (size_t i = 0; i < 4; i++)
        CHECK_STR(found(t, LAYER_NATION,
                        arena_printf(t->arena, "permit (principal, action == Action::\"open\",\n resource in %s);",
                                     wrong[i][0])),
                  arena_cstr(t->arena, arena_printf(t->arena, "2:14 policy_unknown%s%s", wrong[i][1][0] ? " " : "",
                                                    wrong[i][1])));
    const char *const people[][2] = {
        { "Provider::\"ouhu\"", " oulu" },
        { "School::\"oulu/99103\"", " oulu/99101" },
        { "School::\"oulu/1.2.3.1\"", " oulu/1.2.3.3" }, /* it has a code, by which it goes */
        { "School::\"oulu\"", "" },
        { "School::\"oulu/99101/7B\"", " oulu/99101" },
        { "Group::\"oulu/99101\"", "" },
        { "Group::\"oulu/99109/7B\"", "" },
        { "Role::\"techer\"", " teacher" },
    };
    for (size_t i = 0; i < 8; i++)
        CHECK_STR(found(t, LAYER_NATION,
                        arena_printf(t->arena, "permit (principal in %s, action == Action::\"open\", resource);",
                                     people[i][0])),
                  arena_cstr(t->arena, arena_printf(t->arena, "1:22 policy_unknown%s", people[i][1])));
    CHECK_STR(NATION("permit (principal, action == Action::\"release\", resource) when { [Attribute::\"email\", "
                     "Attribute::\"emial\"].contains(resource.attribute) };"),
              "1:87 policy_unknown email");
    CHECK_STR(NATION("permit (principal, action == Action::\"release\", resource == Disclosure::\"kanerva/emial\");"),
              "1:61 policy_unknown");
    CHECK_STR(NATION("permit (principal, action == Action::\"release\", resource == Disclosure::\"kanerva/email\");"),
              "");
}

TEST(a_municipality_speaks_of_its_own_people_alone)
{
    CHECK_STR(CITY("permit (principal, action == Action::\"open\", resource);"), "1:9 policy_owner");
    CHECK_STR(CITY("permit (principal in Provider::\"espoo\", action == Action::\"open\", resource);"),
              "1:9 policy_owner");
    CHECK_STR(CITY("permit (principal in Role::\"teacher\", action == Action::\"open\", resource) when { principal in "
                   "Provider::\"oulu\" || context.weekday == 1 };"),
              "1:9 policy_owner");
    CHECK_STR(
        CITY("permit (principal, action == Action::\"open\", resource) when { principal in [School::\"oulu/99101\", "
             "School::\"espoo/99201\"] };"),
        "1:99 policy_owner");
    CHECK_STR(
        CITY("permit (principal, action == Action::\"open\", resource) unless { principal in Provider::\"oulu\" };"),
        "1:9 policy_owner");
    /* a forbid that cannot be evaluated denies: also those of whom it does not know a class level */
    CHECK_STR(CITY("forbid (principal, action == Action::\"open\", resource) when { principal has charge && "
                   "principal.charge == \"paid\" && principal in Provider::\"oulu\" };"),
              "1:9 policy_owner");
}

/* Else Espoo could not take its school away before Oulu does. */
TEST(a_municipality_names_no_school_of_another)
{
    CHECK_STR(CITY("permit (principal in Provider::\"oulu\", action == Action::\"open\", resource) when { principal in "
                   "School::\"espoo/99201\" };"),
              "1:96 policy_owner");
    CHECK_STR(
        CITY("permit (principal in Provider::\"oulu\", action == Action::\"open\", resource) unless { principal in "
             "Group::\"espoo/99201/7B\" };"),
        "1:98 policy_owner");
    CHECK_STR(SCHOOL("permit (principal in School::\"oulu/99101\", action == Action::\"open\", resource) unless { "
                     "principal in School::\"espoo/99201\" };"),
              "1:102 policy_owner");
    CHECK_STR(NATION("permit (principal, action == Action::\"open\", resource) when { principal in "
                     "School::\"espoo/99201\" };"),
              "");
}

TEST(a_school_speaks_of_its_own_people_alone)
{
    CHECK_STR(SCHOOL("permit (principal in Provider::\"oulu\", action == Action::\"open\", resource);"),
              "1:9 policy_owner");
    CHECK_STR(SCHOOL("permit (principal in School::\"oulu/99102\", action == Action::\"open\", resource);"),
              "1:9 policy_owner");
    CHECK_STR(SCHOOL("permit (principal in Group::\"oulu/99102/7B\", action == Action::\"open\", resource);"),
              "1:9 policy_owner");
}

TEST(a_layer_says_what_it_may_say)
{
    CHECK_STR(SCHOOL("permit (principal in School::\"oulu/99101\", action == Action::\"release\", resource);"),
              "1:44 policy_layer");
    CHECK_STR(SCHOOL("permit (principal in School::\"oulu/99101\", action == Action::\"leaveToSchools\", resource);"),
              "1:44 policy_layer");
    CHECK_STR(CITY("permit (principal in Provider::\"oulu\", action == Action::\"view\", resource);"),
              "1:40 policy_layer");
    CHECK_STR(CITY("permit (principal in Provider::\"oulu\", action, resource);"), "1:40 policy_layer");
    CHECK_STR(
        CITY("permit (principal in Provider::\"oulu\", action in [Action::\"publish\", Action::\"open\"], resource);"),
        "1:40 policy_layer");
    CHECK_STR(
        CITY("permit (principal in Provider::\"oulu\", action in [Action::\"view\", Action::\"publish\"], resource);"),
        "1:40 policy_layer");
    CHECK_STR(CITY("permit (principal in Provider::\"oulu\", action in Action::\"administer\", resource);"),
              "1:40 policy_layer");
    CHECK_STR(CITY("permit (principal in Provider::\"oulu\", action, resource) when { action == Action::\"open\" };"),
              "");
    CHECK_STR(
        SCHOOL(
            "permit (principal in School::\"oulu/99101\", action, resource) when { action == Action::\"release\" };"),
        "1:44 policy_layer");
}

TEST(a_template_is_refused)
{
    CHECK_STR(CITY("permit (principal in ?principal, action == Action::\"open\", resource);"), "1:1 policy_template");
}

TEST(an_empty_text_is_refused)
{
    CHECK_STR(CITY(""), "1:1 policy_empty");
    CHECK_STR(CITY("// later\n"), "1:1 policy_empty");
}

static struct str many(struct test *t, size_t n, const char *text)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s", text);
    return buf_str(&b);
}

TEST(a_text_that_is_too_long_or_says_too_much_is_refused)
{
    const char *one = "permit (principal, action == Action::\"open\", resource);\n";

    CHECK_STR(found(t, LAYER_NATION, many(t, POLICY_STATEMENTS_MAX, one)), "");
    CHECK_STR(found(t, LAYER_NATION, many(t, POLICY_STATEMENTS_MAX + 1, one)), "201:1 policy_too_many");
    CHECK_STR(found(t, LAYER_NATION, many(t, POLICY_TEXT_MAX_B + 1, " ")), "1:1 policy_too_long");
}
