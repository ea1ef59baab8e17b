/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/policy.h"
#include "tests/test.h"

static struct school schools[] = { { S("1.2.3.1"), S("99101"), { { S("A") } }, true },
                                   { S("1.2.3.2"), S("99102"), { { S("B") } }, true } };
static struct provider providers[] = {
    { .id = S("oulu"), .oid = S("1.2.3"), .schools = schools, .school_count = 2 },
    { .id = S("espoo"), .oid = S("1.2.4") },
};
static struct idp idps[] = { { .id = S("oulu-edu"), .provider = &providers[0], .enabled = true } };

#define NAMES ((struct claim_set){ 1u << CLAIM_GIVEN_NAME | 1u << CLAIM_SUB })

/* Two services of two rules each, built anew per test so that one may change them. */
struct town {
    struct service services[3];
    struct rule rules[4];
    struct registry *registry;
};

static struct town *town(struct test *t)
{
    struct town *w = arena_make(t->arena, struct town);

    w->services[0] = (struct service){ .id = S("kanerva"), .enabled = true, .asks = NAMES };
    w->services[1] = (struct service){ .id = S("lampi"), .enabled = true, .asks = { 1u << CLAIM_SUB } };
    w->services[2] = (struct service){ .id = S("shut"), .enabled = false, .asks = NAMES };
    w->rules[0] = (struct rule){ S("r1"), &providers[0], ROLE_TEACHER, NULL, &w->services[0], NAMES, false };
    w->rules[1] = (struct rule){ S("r2"), &providers[0], ROLE_LEARNER, &schools[0], &w->services[0], NAMES, false };
    w->rules[2] = (struct rule){ S("r3"), &providers[0], ROLE_NONE, NULL, NULL, { 1u << CLAIM_SUB }, false };
    w->rules[3] = (struct rule){ S("r0"), &providers[0], ROLE_SUBSTITUTE, NULL, &w->services[1], { 0 }, true };
    struct registry_parts parts = { .providers = providers,
                                    .provider_count = 2,
                                    .idps = idps,
                                    .idp_count = 1,
                                    .services = w->services,
                                    .service_count = 3,
                                    .rules = w->rules,
                                    .rule_count = 4 };
    w->registry = registry_build(arena_new(), &parts);
    arena_adopt(t->arena, w->registry, (void (*)(void *))registry_drop);
    return w;
}

static struct person one(struct test *t, const char *provider, const char *school, enum role role)
{
    struct affiliation *a = arena_make(t->arena, struct affiliation);

    *a = (struct affiliation){ .provider_oid = str_of(provider), .school_oid = str_of(school), .role = role };
    return (struct person){ .id = S("p"), .idp = S("oulu-edu"), .affiliations = a, .affiliation_count = 1 };
}

static struct decision ask(struct town *w, const struct person *p, int service)
{
    return policy_decide(w->registry, p, &w->services[service], TEST_NOW_S);
}

TEST(a_rule_for_the_role_opens_the_service)
{
    struct town *w = town(t);
    struct person p = one(t, "1.2.3", "1.2.3.1", ROLE_TEACHER);
    struct decision d = ask(w, &p, 0);

    CHECK_INT(d.effect, EFFECT_ALLOW);
    CHECK_STR(d.rule, "r1");
    CHECK(claim_in(d.release, CLAIM_GIVEN_NAME));
}

TEST(what_the_service_does_not_ask_for_is_not_released)
{
    struct town *w = town(t);
    struct person p = one(t, "1.2.3", "1.2.3.1", ROLE_TEACHER);

    w->rules[2].release = NAMES;
    CHECK_INT(ask(w, &p, 1).release.bits, 1u << CLAIM_SUB);
}

TEST(without_a_rule_there_is_no_entry)
{
    struct town *w = town(t);
    struct person stranger = one(t, "1.2.4", NULL, ROLE_TEACHER), nobody = { .id = S("p"), .idp = S("oulu-edu") };
    struct decision d = ask(w, &stranger, 0);

    CHECK_INT(d.effect, EFFECT_DENY);
    CHECK_STR(d.rule, "none");
    CHECK_INT(d.release.bits, 0);
    CHECK_STR(d.ask->id, "espoo");
    d = ask(w, &nobody, 0);
    CHECK_INT(d.effect, EFFECT_DENY);
    CHECK_STR(d.ask->id, "oulu"); /* whom to ask: the identity provider's owner */
}

TEST(a_rule_for_any_role_is_for_everyone_with_one_and_for_nobody_without)
{
    struct town *w = town(t);
    struct person without = { .id = S("p"), .idp = S("oulu-edu") };
    struct person staff = one(t, "1.2.3", NULL, ROLE_STAFF);

    CHECK_INT(ask(w, &staff, 1).effect, EFFECT_ALLOW);
    CHECK_INT(ask(w, &without, 1).effect, EFFECT_DENY);
    CHECK_STR(ask(w, &without, 1).rule, "none");
}

TEST(a_rule_for_a_school_covers_that_school_alone)
{
    struct town *w = town(t);
    struct person here = one(t, "1.2.3", "1.2.3.1", ROLE_LEARNER), there = one(t, "1.2.3", "1.2.3.2", ROLE_LEARNER);

    CHECK(claim_in(ask(w, &here, 0).release, CLAIM_GIVEN_NAME));
    CHECK(!claim_in(ask(w, &there, 0).release, CLAIM_GIVEN_NAME));
}

TEST(forbid_beats_permit_whatever_the_order)
{
    struct town *w = town(t);
    struct person p = one(t, "1.2.3", "1.2.3.1", ROLE_SUBSTITUTE);
    struct decision d = ask(w, &p, 1);

    CHECK_INT(d.effect, EFFECT_DENY);
    CHECK_STR(d.rule, "r0");
    CHECK_INT(d.release.bits, 0);
    CHECK_INT(ask(w, &p, 0).effect, EFFECT_ALLOW);
}

TEST(an_affiliation_counts_only_while_it_is_valid)
{
    struct town *w = town(t);
    struct person p = one(t, "1.2.3", "1.2.3.1", ROLE_TEACHER);

    p.affiliations[0].to_s = TEST_NOW_S; /* ends at this very second */
    CHECK_INT(ask(w, &p, 0).effect, EFFECT_DENY);
    p.affiliations[0].to_s = TEST_NOW_S + 1;
    CHECK_INT(ask(w, &p, 0).effect, EFFECT_ALLOW);
    p.affiliations[0].from_s = TEST_NOW_S + 1;
    CHECK_INT(ask(w, &p, 0).effect, EFFECT_DENY);
}

TEST(a_disabled_service_is_denied)
{
    struct town *w = town(t);
    struct person p = one(t, "1.2.3", "1.2.3.1", ROLE_TEACHER);

    CHECK_INT(ask(w, &p, 2).effect, EFFECT_DENY);
}
