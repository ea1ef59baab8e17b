/* SPDX-License-Identifier: EUPL-1.2
 *
 * Whether a policy instead of another can only take away. */
#include "policy/form.h"
#include "policy/narrow.h"
#include "policy/policy.h"
#include "tests/test.h"

#define OPEN(who) "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource)" who ";"
#define LEVELS(from, to)                                                                                               \
    "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource == Service::\"a\")\n"               \
    "when { principal has classLevel && principal.classLevel >= " #from " && principal.classLevel <= " #to " };"
#define FORBID(service)                                                                                                \
    "forbid (principal in Provider::\"oulu\", action == Action::\"open\", resource == Service::\"" service "\");"
#define PERMIT(service)                                                                                                \
    "permit (principal in Provider::\"oulu\", action == Action::\"open\", resource == Service::\"" service "\");"
#define LEAVE                                                                                                          \
    "permit (principal in Provider::\"oulu\", action == Action::\"leaveToSchools\", resource == Service::\"a\");"

static const struct provider oulu = { .id = S("oulu"), .oid = S("1.2.246.562.99.1") };

static struct policy policy_of(const char *text)
{
    return (struct policy){
        .id = S("p"), .layer = LAYER_MUNICIPALITY, .provider = &oulu, .text = str_of(text), .enabled = true
    };
}

static bool narrows(const char *before, const char *after)
{
    struct policy x = policy_of(before != NULL ? before : ""), y = policy_of(after != NULL ? after : "");

    return policy_narrows(before != NULL ? &x : NULL, after != NULL ? &y : NULL);
}

TEST(a_permit_that_goes_or_shrinks_narrows_and_one_that_comes_or_grows_does_not)
{
    CHECK(narrows(PERMIT("a"), NULL));
    CHECK(!narrows(NULL, PERMIT("a")));
    CHECK(narrows(PERMIT("a") PERMIT("b"), PERMIT("b")));
    CHECK(!narrows(PERMIT("b"), PERMIT("a") PERMIT("b")));
    CHECK(narrows(OPEN(""), PERMIT("a")));
    CHECK(!narrows(PERMIT("a"), OPEN("")));
    CHECK(narrows(LEVELS(5, 9), LEVELS(7, 9)));
    CHECK(!narrows(LEVELS(7, 9), LEVELS(5, 9)));
    CHECK(!narrows(LEVELS(7, 9), LEVELS(5, 8)));
    CHECK(narrows(PERMIT("a"), LEVELS(7, 9)));
    CHECK(!narrows(LEVELS(7, 9), PERMIT("a")));
    CHECK(!narrows(PERMIT("a"), PERMIT("b")));
    CHECK(narrows(PERMIT("a"), PERMIT("a")));
}

TEST(a_forbid_that_comes_or_grows_narrows_and_one_that_goes_does_not)
{
    CHECK(narrows(NULL, FORBID("a")));
    CHECK(!narrows(FORBID("a"), NULL));
    CHECK(narrows(FORBID("a"), FORBID("a") FORBID("b")));
    CHECK(!narrows(FORBID("a") FORBID("b"), FORBID("a")));
    CHECK(!narrows(FORBID("a"), PERMIT("a")));
    CHECK(narrows(PERMIT("a"), FORBID("a")));
}

/* Where a service is left to the schools, what they forbid counts as well. */
TEST(what_is_left_to_the_schools_neither_comes_nor_goes_as_a_narrowing)
{
    CHECK(!narrows(LEAVE, NULL));
    CHECK(!narrows(NULL, LEAVE));
    CHECK(narrows(LEAVE PERMIT("a"), LEAVE));
}

TEST(what_fields_do_not_say_must_stay_as_it_is)
{
    CHECK(narrows(OPEN("when { resource.category == \"x\" || context.sharedDevice }"), NULL));
    CHECK(narrows(OPEN(" unless { principal == principal && 1 > 2 }"), OPEN("unless{principal==principal&&1>2}")));
    CHECK(!narrows(OPEN(" unless { principal == principal && 1 > 2 }"), OPEN(" unless { principal == principal }")));
    CHECK(!narrows(PERMIT("a"), "permit ("));
    CHECK(!narrows("permit (", PERMIT("a")));
}

TEST(owner_dates_and_being_switched_on_count)
{
    struct policy x = policy_of(PERMIT("a")), y = policy_of(PERMIT("a"));

    CHECK(policy_narrows(&x, &y));
    y.to_s = 100;
    CHECK(!policy_narrows(&x, &y));
    y = policy_of(PERMIT("a"));
    y.layer = LAYER_NATION;
    y.provider = NULL;
    CHECK(!policy_narrows(&x, &y));
    y = policy_of(PERMIT("a"));
    y.enabled = false;
    CHECK(policy_narrows(&x, &y));
    CHECK(!policy_narrows(&y, &x));
}

/* ── and the engine agrees ──────────────────────────────────────────────── */

static uint32_t seed;

static unsigned roll(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static struct str text_at_random(struct arena *a)
{
    struct policy_form f = { .opening = roll(4) == 0 ? OPENING_FORBID : OPENING_PERMIT };
    struct strs *services = &f.which.services;

    f.whom.provider = S("oulu");
    f.whom.roles = roll(2) == 0 ? 1u << ROLE_TEACHER : roll(2) == 0 ? 1u << ROLE_TEACHER | 1u << ROLE_LEARNER : 0;
    if (roll(2) == 0) {
        f.whom.level_from = 1 + (int)roll(9);
        f.whom.level_to = f.whom.level_from + (int)roll(3);
    }
    for (unsigned i = roll(3); i > 0; i--)
        strs_add(a, services, i == 1 ? S("a") : S("b"));
    if (roll(3) == 0)
        f.hours.device = roll(2) == 0 ? DEVICE_OWN : DEVICE_SHARED;
    if (roll(3) == 0)
        f.hours.weekdays = (uint8_t)(2u << roll(5));
    struct str text = policy_form_text(a, &f);
    return roll(4) == 0 ? arena_printf(a, "%.*s\n%s", STR_ARG(text), roll(2) == 0 ? FORBID("b") : LEVELS(7, 9)) : text;
}

static struct registry *registry_of(struct policy *p)
{
    static struct service services[] = { { .id = S("a"), .enabled = true }, { .id = S("b"), .enabled = true } };
    struct arena *a = arena_new();
    struct provider *city = arena_make(a, struct provider);

    *city = oulu;
    p->provider = city;
    const struct registry_parts parts = { .providers = city,
                                          .provider_count = 1,
                                          .services = services,
                                          .service_count = 2,
                                          .policies = p,
                                          .policy_count = 1 };
    return registry_build(a, &parts);
}

static bool opens(const struct registry *r, unsigned role, int level, int service, int day, bool shared)
{
    struct affiliation at = { .provider_oid = oulu.oid,
                              .role = role == 0 ? ROLE_TEACHER : ROLE_LEARNER,
                              .class_level = level };
    const struct person p = { .id = S("x"), .affiliations = &at, .affiliation_count = 1 };
    const struct circumstances now = { .now_s = TEST_NOW_S + day * 86400, .shared_device = shared };

    return policy_decide(r, &p, registry_service(r, service == 0 ? S("a") : S("b")), &now).effect == EFFECT_ALLOW;
}

TEST(nobody_gains_by_what_narrows)
{
    int narrowed = 0;

    for (seed = 1; seed < 2000; seed += 7) {
        uint32_t kept = seed;
        struct policy x = policy_of(""), y = policy_of("");
        x.text = text_at_random(t->arena);
        y.text = roll(5) == 0 ? x.text : text_at_random(t->arena);
        struct registry *was = registry_of(&x), *is = registry_of(&y);
        bool narrow = policy_narrows(&x, &y), gains = false;
        narrowed += narrow && !str_eq(x.text, y.text);
        for (unsigned i = 0; narrow && i < 2u * 10 * 2 * 5 * 2; i++) {
            unsigned role = i % 2, level = i / 2 % 10, service = i / 20 % 2, day = i / 40 % 5, device = i / 200;
            gains = gains || (opens(is, role, (int)level, (int)service, (int)day, device == 1) &&
                              !opens(was, role, (int)level, (int)service, (int)day, device == 1));
        }
        if (gains)
            test_fail(t, __FILE__, __LINE__, "%.*s\nis no narrowing of\n%.*s", STR_ARG(y.text), STR_ARG(x.text));
        registry_drop(was);
        registry_drop(is);
        seed = kept;
    }
    CHECK(narrowed > 5);
}
