/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cost.h"
#include "registry/check.h"
#include "tests/test.h"

enum { SERVICES = 400, ROWS = 20, STATEMENTS = 200, FORMS = 10000 };

static struct provider providers[] = {
    { .id = S("oulu"), .oid = S("1.2.246.562.99.95640100004"), .names = { { S("Oulu") } } },
    { .id = S("espoo"), .oid = S("1.2.246.562.99.95640100017"), .names = { { S("Espoo") } } },
};

static struct registry *registry(struct test *t, struct policy *rows, size_t n)
{
    struct registry_parts parts = {
        .providers = providers, .provider_count = 2, .service_count = SERVICES, .policies = rows, .policy_count = n
    };

    parts.services = arena_make_n(t->arena, SERVICES, struct service);
    for (size_t i = 0; i < SERVICES; i++)
        parts.services[i] = (struct service){ .id = arena_printf(t->arena, "s%zu", i),
                                              .protocol = PROTO_LINK,
                                              .vendor = S("x-oy"),
                                              .names = { { S("Palvelu") } },
                                              .enabled = true,
                                              .launch_uri = S("https://s.example/") };
    struct registry *r = registry_build(arena_new(), &parts);
    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

static struct policy row(struct test *t, size_t i, const struct provider *p, const char *of, size_t statements)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    for (size_t k = 0; k < statements; k++)
        buf_printf(
            &b, "permit (principal in Provider::\"%.*s\", action == Action::\"open\", resource%s) when { %s };\n",
            STR_ARG(p->id), of,
            of[0] == '\0' ? "resource has vendor && resource.vendor in Vendor::\"x-oy\" && context.minute * 7 + 1 == 1"
                          : "context.minute * 7 + 1 == 1");
    return (struct policy){ .id = arena_printf(t->arena, "p%zu", i),
                            .layer = LAYER_MUNICIPALITY,
                            .provider = p,
                            .text = buf_str(&b),
                            .enabled = true };
}

TEST(what_must_be_asked_for_each_service_is_bounded_for_each_owner)
{
    struct policy *rows = arena_make_n(t->arena, ROWS, struct policy);
    const struct policy *dearest = NULL;
    struct row_place where;
    struct fail f = { 0 };
    uint64_t steps;

    for (size_t i = 0; i < ROWS; i++)
        rows[i] = row(t, i, &providers[0], "", i == 3 ? STATEMENTS : 1);
    struct registry *r = registry(t, rows, ROWS);
    CHECK(!policy_affordable(r, &dearest, &steps));
    CHECK_STR(dearest != NULL ? dearest->id : S(""), "p3");
    CHECK(!registry_check(r, &where, &f));
    CHECK_STR(where.key[0], "p3");
    CHECK(str_find(str_of(f.detail), S("name its services in the scope")) < str_of(f.detail).n);
    /* The same conditions, of services that the scope names, are asked once. */
    for (size_t i = 0; i < ROWS; i++)
        rows[i] = row(t, i, &providers[0], " == Service::\"s1\"", STATEMENTS);
    CHECK(policy_affordable(registry(t, rows, ROWS), &dearest, &steps));
    CHECK(steps > 0 && steps < POLICY_STEPS_MAX);
}

TEST(what_one_owner_may_take_another_does_not_use_up)
{
    struct policy *rows = arena_make_n(t->arena, 2, struct policy);
    const struct policy *dearest;
    uint64_t steps;

    for (size_t i = 0; i < 2; i++) /* each more than half */
        rows[i] = row(t, i, &providers[i], "", 130);
    CHECK(policy_affordable(registry(t, rows, 2), &dearest, &steps));
    CHECK(steps > POLICY_STEPS_MAX / 2);
    rows[1] = row(t, 1, &providers[0], "", 130);
    CHECK(!policy_affordable(registry(t, rows, 2), &dearest, &steps));
}

TEST(ten_thousand_forms_of_one_city_are_affordable)
{
    struct policy *rows = arena_make_n(t->arena, FORMS, struct policy);
    const struct policy *dearest;
    uint64_t steps;

    for (size_t i = 0; i < FORMS; i++) {
        rows[i] = row(t, i, &providers[0], "", 0);
        rows[i].text =
            arena_printf(t->arena,
                         "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource == "
                         "Service::\"s%zu\") when { principal in Role::\"learner\" && principal has classLevel "
                         "&& principal.classLevel >= 7 && principal.classLevel <= 9 && "
                         "context.weekday <= 5 && context.device == Device::\"own\" };",
                         i % SERVICES);
    }
    CHECK(policy_affordable(registry(t, rows, FORMS), &dearest, &steps));
}

TEST(a_policy_bears_no_name_that_says_something_else)
{
    static const char *const names[] = { "new", "none", "service_disabled", "service_in_test", "not_taken_into_use" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct policy *one = arena_make(t->arena, struct policy);
        struct row_place where;
        struct fail f = { 0 };
        *one = row(t, 0, &providers[0], " == Service::\"s1\"", 1);
        CHECK(registry_check(registry(t, one, 1), &where, &f));
        one->id = str_of(names[i]);
        CHECK(!registry_check(registry(t, one, 1), &where, &f));
    }
}
