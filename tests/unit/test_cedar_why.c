/* SPDX-License-Identifier: EUPL-1.2
 * What would have to be different for the other answer.  (tests/cedar_why.mjs: over generated policies.) */
#include "tests/unit/cedar_help.h"

#include <stdlib.h>

static const char request[] = "{\"principal\":\"User::\\\"a\\\"\",\"action\":\"Action::\\\"view\\\"\","
                              "\"resource\":\"Doc::\\\"d\\\"\",\"context\":{\"device\":\"shared\",\"n\":5}}";
static const char store[] =
    "[{\"uid\":{\"type\":\"User\",\"id\":\"a\"},\"attrs\":{\"age\":10,\"roles\":[\"pupil\"],"
    "\"school\":{\"__entity\":{\"type\":\"School\",\"id\":\"north\"}},\"mfa\":false,"
    "\"ip\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"10.0.0.1\"}}},"
    "\"parents\":[{\"type\":\"Group\",\"id\":\"pupils\"}],\"tags\":{\"year\":\"3\"}},"
    "{\"uid\":{\"type\":\"Group\",\"id\":\"pupils\"},\"attrs\":{},\"parents\":[{\"type\":\"Group\",\"id\":\"all\"}]},"
    "{\"uid\":{\"type\":\"Doc\",\"id\":\"d\"},\"attrs\":{\"school\":{\"__entity\":{\"type\":\"School\",\"id\":"
    "\"south\"}}},\"parents\":[]}]";

static const struct cedar_why *explain(struct test *t, const char *policies, enum cedar_rule rule, size_t max)
{
    const struct cedar_policies *p = policies_of(t->arena, str_of(policies));
    const struct cedar_entities *e = entities_of(t->arena, store);
    struct cedar_request *r = arena_make(t->arena, struct cedar_request);

    *r = request_of(t->arena, request);
    CHECK(p != NULL && e != NULL);
    return cedar_explain_answer(t->arena, p, e, r, rule, max);
}

static void add(struct buf *b, const char *before, struct cedar_str s)
{
    if (s.p != NULL)
        buf_printf(b, "%s%.*s", before, (int)s.n, s.p);
}

/* "policy0: subject: actual equal needed; …" of the first alternative; "none". */
static struct str told(struct test *t, const char *policies)
{
    const struct cedar_why *why = explain(t, policies, CEDAR_AS_DEFINED, 1);
    struct buf b = buf_new(t->arena, 10000);
    struct cedar_difference d;

    if (cedar_why_count(why) == 0)
        return S("none");
    for (size_t k = 0; why_difference(t->arena, why, 0, k, &d); k++) {
        buf_printf(&b, "%s%.*s:", k > 0 ? "; " : "", STR_ARG(d.policy->id));
        if (d.subject.p == NULL)
            add(&b, " ", d.text);
        add(&b, " ", d.subject);
        add(&b, " is ", d.actual);
        buf_printf(&b, ", %s", cedar_difference_name(d.kind));
        add(&b, " ", d.needed);
    }
    return buf_str(&b);
}

#define P               "permit (principal, action, resource)"
#define F               "forbid (principal, action, resource)"
#define WHEN(condition) P " when { " condition " };"

TEST(each_kind_of_condition_says_what_it_needs)
{
    static const char *const rows[][2] = {
        { WHEN("context.device == \"own\""), "policy0: context.device is \"shared\", equal \"own\"" },
        { WHEN("\"own\" == context.device"), "policy0: context.device is \"shared\", equal \"own\"" },
        { WHEN("context.device != \"shared\""), "policy0: context.device is \"shared\", other \"shared\"" },
        { WHEN("!(context.device == \"shared\")"), "policy0: context.device is \"shared\", other \"shared\"" },
        { P " unless { context.n == 5 };", "policy0: context.n is 5, other 5" },
        { WHEN("principal.age >= 18"), "policy0: principal.age is 10, at-least 18" },
        { WHEN("principal.age > 18"), "policy0: principal.age is 10, more 18" },
        { WHEN("18 < principal.age"), "policy0: principal.age is 10, more 18" },
        { WHEN("18 <= principal.age"), "policy0: principal.age is 10, at-least 18" },
        { WHEN("context.n < 3"), "policy0: context.n is 5, less 3" },
        { WHEN("context.n <= 3"), "policy0: context.n is 5, at-most 3" },
        { WHEN("!(context.n > 3)"), "policy0: context.n is 5, at-most 3" },
        { WHEN("principal.mfa"), "policy0: principal.mfa is false, equal true" },
        { WHEN("principal has sworn"), "policy0: principal.sworn, present" },
        { P " unless { principal has age };", "policy0: principal.age is 10, absent" },
        { WHEN("principal.hasTag(\"level\")"), "policy0: principal.getTag(\"level\"), present" },
        { WHEN("principal.getTag(\"year\") == \"4\""), "policy0: principal.getTag(\"year\") is \"3\", equal \"4\"" },
        { WHEN("context.device like \"own*\""), "policy0: context.device is \"shared\", like \"own*\"" },
        { WHEN("!(context.device like \"sh*\")"), "policy0: context.device is \"shared\", not-like \"sh*\"" },
        { WHEN("principal.roles.contains(\"head\")"), "policy0: principal.roles is [\"pupil\"], contains \"head\"" },
        { P " unless { principal.roles.contains(\"pupil\") };",
          "policy0: principal.roles is [\"pupil\"], lacks \"pupil\"" },
        { WHEN("principal.roles.containsAll([\"x\", \"y\"])"),
          "policy0: principal.roles is [\"pupil\"], contains [\"x\", \"y\"]" },
        { WHEN("principal.roles.containsAny([\"x\", \"y\"])"),
          "policy0: principal.roles is [\"pupil\"], contains [\"x\", \"y\"]" },
        { WHEN("[\"own\", \"school\"].contains(context.device)"),
          "policy0: context.device is \"shared\", one-of [\"own\", \"school\"]" },
        { P " unless { [\"shared\"].contains(context.device) };",
          "policy0: context.device is \"shared\", none-of [\"shared\"]" },
        { WHEN("principal.roles.isEmpty()"), "policy0: principal.roles is [\"pupil\"], empty" },
        { WHEN("principal in Group::\"teachers\""), "policy0: principal is User::\"a\", in Group::\"teachers\"" },
        { P " unless { principal in Group::\"all\" };", "policy0: principal is User::\"a\", not-in Group::\"all\"" },
        { WHEN("principal.school in Town::\"x\""), "policy0: principal.school is School::\"north\", in Town::\"x\"" },
        { WHEN("principal is Robot"), "policy0: principal is User::\"a\", type" },
        { WHEN("principal.ip.isInRange(ip(\"192.168.0.0/16\"))"),
          "policy0: principal.ip is ip(\"10.0.0.1\"), in-range ip(\"192.168.0.0/16\")" },
        { WHEN("principal.school == resource.school"),
          "policy0: principal.school is School::\"north\", equal School::\"south\"" },
        { WHEN("principal.age + context.n == 3"), "policy0: principal.age + context.n == 3, holds" },
        { P " unless { principal.age + context.n == 15 };", "policy0: principal.age + context.n == 15, fails" },
        { "permit (principal == User::\"b\", action, resource);",
          "policy0: principal is User::\"a\", equal User::\"b\"" },
        { "permit (principal in Group::\"x\", action, resource);",
          "policy0: principal is User::\"a\", in Group::\"x\"" },
        { "permit (principal, action in [Action::\"x\", Action::\"y\"], resource);",
          "policy0: action is Action::\"view\", one-of [Action::\"x\", Action::\"y\"]" },
        { "permit (principal, action, resource is File);", "policy0: resource is Doc::\"d\", type" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_STR(told(t, rows[i][0]), rows[i][1]);
}

TEST(all_conditions_that_failed_are_told_and_those_that_hold_are_not)
{
    CHECK_STR(told(t, "permit (principal in Group::\"teachers\", action, resource) when { context.device == \"own\" && "
                      "context.n == 5 && principal.age > 17 };"),
              "policy0: principal is User::\"a\", in Group::\"teachers\"; policy0: context.device is \"shared\", equal "
              "\"own\"; policy0: principal.age is 10, more 17");
    CHECK_STR(told(t, WHEN("principal has boss && principal.boss == User::\"b\"")),
              "policy0: principal.boss, equal User::\"b\"");
    CHECK_STR(told(t, WHEN("context.n == 7 && context.n > 6")), "policy0: context.n is 5, equal 7");
    CHECK_STR(told(t, WHEN("context.x == 1 && context has x")), "policy0: context.x, equal 1");
    CHECK_STR(told(t, WHEN("principal.getTag(\"class\") == \"b\" && principal.getTag(\"year\") == \"3\"")),
              "policy0: principal.getTag(\"class\"), equal \"b\"");
}

TEST(of_ways_the_nearest_is_told)
{
    CHECK_STR(told(t, WHEN("(principal == User::\"b\" || context.n == 1)")), "policy0: context.n is 5, equal 1");
    CHECK_STR(told(t, WHEN("if principal.mfa then false else context.n == 1")), "policy0: context.n is 5, equal 1");
    CHECK_STR(told(t, WHEN("context.n == 1 && context.device == \"own\"") WHEN("context.n == 2")),
              "policy1: context.n is 5, equal 2");
}

TEST(a_forbid_that_applies_must_not_and_a_permit_must)
{
    CHECK_STR(told(t, P "; " F " when { context.device == \"shared\" };"),
              "policy1: context.device is \"shared\", other \"shared\"");
    CHECK_STR(told(t, WHEN("context.n == 1") F " when { context.device == \"shared\" };"),
              "policy1: context.device is \"shared\", other \"shared\"; policy0: context.n is 5, equal 1");
    CHECK_STR(told(t, P "; " F ";"), "none");
    /* What makes the permit apply makes a forbid apply, which must be met, too. */
    CHECK_STR(told(t, WHEN("context.n == 1") F " when { context.n == 1 && !principal.mfa };"),
              "policy0: context.n is 5, equal 1; policy1: principal.mfa is false, equal true");
    CHECK_STR(told(t, WHEN("context.n == 1") F " when { context.n == 1 };"), "none");
}

TEST(an_allow_ends_with_a_forbid_or_without_a_permit)
{
    CHECK_STR(told(t, P " when { context.n == 5 };"), "policy0: context.n is 5, other 5");
    CHECK_STR(told(t, P "; " F " when { context.n == 1 };"), "policy1: context.n is 5, equal 1");
    CHECK_STR(told(t, P ";"), "none");
}

TEST(a_forbid_that_fails_denies_where_that_is_the_rule)
{
    const char *policies = P "; " F " when { principal.nothing == 1 && context.n == 5 };";
    const struct cedar_why *why = explain(t, policies, CEDAR_CLOSED, 3);
    struct cedar_difference d;

    CHECK(cedar_why_decision(why) == CEDAR_DENY && cedar_why_count(why) == 1);
    CHECK(why_difference(t->arena, why, 0, 0, &d));
    CHECK(d.kind == CEDAR_DIFFERENCE_OTHER && d.policy->effect == CEDAR_FORBID);
    CHECK(cedar_why_decision(explain(t, policies, CEDAR_AS_DEFINED, 3)) == CEDAR_ALLOW);
}

TEST(what_cannot_be_otherwise_is_no_difference)
{
    CHECK_STR(told(t, WHEN("false")), "none");
    CHECK_STR(told(t, WHEN("1 == 2")), "none");
    CHECK_STR(told(t, WHEN("context.n == 1 && context.n == 2")), "none");
    CHECK_STR(told(t, "permit (principal, action in [], resource);"), "none");
    CHECK_STR(told(t, ""), "none");
    /* A group cannot be in what is in it. */
    CHECK_STR(told(t, WHEN("Group::\"all\" in Group::\"pupils\"")), "none");
}

TEST(differences_have_their_places_in_the_text)
{
    const char *policies = WHEN("context.n == 5") WHEN("context.n == 6");
    const struct cedar_why *why;
    struct cedar_difference d;

    why = explain(t, policies + strlen(WHEN("context.n == 5")), CEDAR_AS_DEFINED, 3);
    CHECK(why_difference(t->arena, why, 0, 0, &d) && cedar_why_concrete(why, 0));
    CHECK(d.part == CEDAR_PART_CONDITION && d.condition == 0);
    CHECK_STR(str_sub(str_of(policies), d.begin, d.end - d.begin), "context.n == 5");
    CHECK(!why_difference(t->arena, why, 0, 1, &d) && d.policy == NULL && !why_difference(t->arena, why, 1, 0, &d));
}

TEST(alternatives_come_nearest_first_and_no_more_than_asked_for)
{
    const char *policies =
        WHEN("context.n == 1 && context.device == \"own\"") WHEN("context.n == 2") WHEN("principal == User::\"b\"");

    for (size_t max = 0; max <= 3; max++)
        CHECK(cedar_why_count(explain(t, policies, CEDAR_AS_DEFINED, max)) == max);
    const struct cedar_why *why = explain(t, policies, CEDAR_AS_DEFINED, 9);
    CHECK(cedar_why_count(why) == 3);
    CHECK_STR(cedar_why_policy(why, 0)->id, "policy1");
    CHECK_STR(cedar_why_policy(why, 1)->id, "policy0");
    CHECK_STR(cedar_why_policy(why, 2)->id, "policy2");
}

TEST(the_json_says_the_same)
{
    struct buf b = buf_new(t->arena, 10000);

    cedar_why_to_json(&b, explain(t, WHEN("principal.age > 17"), CEDAR_AS_DEFINED, 1));
    CHECK_STR(buf_str(&b),
              "{\"decision\":\"deny\",\"alternatives\":[{\"policy\":\"policy0\",\"concrete\":true,\"differences\":[{"
              "\"policy\":\"policy0\",\"part\":\"condition\",\"condition\":0,\"kind\":\"more\",\"text\":"
              "\"principal.age > 17\",\"subject\":\"principal.age\",\"owner\":{\"type\":\"User\",\"id\":\"a\"},"
              "\"path\":[\"age\"],\"actual\":10,\"needed\":17,\"example\":18}]}]}");
}

/* An expression that takes 2^18 ways to go through, in many policies. */
TEST(the_search_ends)
{
    struct buf b = buf_new(t->arena, 8 << 20);

    for (int i = 0; i < 300; i++) {
        buf_add(&b, S(P " when { "));
        for (int k = 0; k < 18; k++)
            buf_add(&b, S("if (if context.x then context.y else context.z) then context.y else "));
        buf_add(&b, S("context.x };\n"));
    }
    const struct cedar_why *why = explain(t, arena_cstr(t->arena, buf_str(&b)), CEDAR_AS_DEFINED, 32);
    CHECK(cedar_why_decision(why) == CEDAR_DENY);
}

static void *zeroed(struct arena_host *host, size_t n)
{
    return calloc(1, n);
}

static void release(struct arena_host *host, void *p)
{
    free(p);
}

static __attribute__((noreturn)) void never(struct arena_host *host, size_t n)
{
    abort();
}

/* No index knows what is assumed, and each node is compared with all of it. */
TEST(what_is_assumed_is_counted_as_work_too)
{
    enum { POLICIES = 5000, CONJUNCTS = 20, STEPS_MAX = 170000000 /* some two seconds */ };
    struct arena_host host = {
        .zeroed = zeroed, .release = release, .exhausted = never, .left_B = SIZE_MAX, .steps = UINT64_MAX - 1
    };
    struct arena *a = arena_new_for(&host, false);
    struct buf text = buf_new(t->arena, 16u << 20);

    for (int i = 0; i < POLICIES; i++) {
        buf_add(&text, S("permit (principal, action, resource) when {"));
        for (int k = 0; k < CONJUNCTS; k++)
            buf_printf(&text, "%s context.a * %d + context.b < %d", k > 0 ? " &&" : "", i + k, -i);
        buf_add(&text, S(" };"));
    }
    const struct cedar_policies *p = policies_of(t->arena, buf_str(&text));
    struct cedar_request r = request_of(t->arena, "{\"principal\":\"U::\\\"a\\\"\",\"action\":\"Action::\\\"v\\\"\","
                                                  "\"resource\":\"R::\\\"r\\\"\",\"context\":{\"a\":1,\"b\":1}}");
    const struct cedar_why *why = cedar_explain_answer(a, p, entities_of(t->arena, "[]"), &r, CEDAR_AS_DEFINED, 32);
    uint64_t steps = UINT64_MAX - 1 - host.steps;
    CHECK(cedar_why_count(why) > 0);
    CHECK(steps < STEPS_MAX);
    arena_free(a);
}
