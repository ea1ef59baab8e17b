/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/form.h"
#include "policy/policy.h"
#include "policy/receipts.h"
#include "policy/users.h"
#include "tests/test.h"

static struct school schools[] = { { S("1.2.3.1"), S("99101"), { { S("A") } }, true },
                                   { S("1.2.3.2"), S("99102"), { { S("B") } }, true } };
static struct provider providers[] = {
    { .id = S("oulu"), .oid = S("1.2.3"), .schools = schools, .school_count = 2 },
    { .id = S("espoo"), .oid = S("1.2.4") },
};
static struct idp idps[] = { { .id = S("oulu-edu"), .provider = &providers[0], .enabled = true } };

#define NAMES ((struct claim_set){ 1u << CLAIM_GIVEN_NAME | 1u << CLAIM_SUB })

/* Three services and what rows of `rules:` say of them, built anew per test so that one may change them. */
struct town {
    struct service services[3];
    struct policy policies[4];
    struct registry *registry;
};

static struct town *town(struct test *t)
{
    struct town *w = arena_make(t->arena, struct town);

    w->services[0] = (struct service){ .id = S("kanerva"), .enabled = true, .asks = NAMES };
    w->services[1] = (struct service){ .id = S("lampi"), .enabled = true, .asks = { 1u << CLAIM_SUB } };
    w->services[2] = (struct service){ .id = S("shut"), .enabled = false, .asks = NAMES };
    const struct rule_words rules[] = { { &providers[0], ROLE_TEACHER, NULL, &w->services[0], NAMES, false },
                                        { &providers[0], ROLE_LEARNER, &schools[0], &w->services[0], NAMES, false },
                                        { &providers[0], ROLE_NONE, NULL, NULL, { 1u << CLAIM_SUB }, false },
                                        { &providers[0], ROLE_SUBSTITUTE, NULL, &w->services[1], { 0 }, true } };
    static const char *const ids[] = { "r1", "r2", "r3", "r0" };
    for (size_t i = 0; i < 4; i++)
        w->policies[i] = policy_of_rule(t->arena, str_of(ids[i]), &rules[i]);
    struct registry_parts parts = { .providers = providers,
                                    .provider_count = 2,
                                    .idps = idps,
                                    .idp_count = 1,
                                    .services = w->services,
                                    .service_count = 3,
                                    .policies = w->policies,
                                    .policy_count = 4 };
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

static const struct circumstances now = { .now_s = TEST_NOW_S };

static struct decision ask(struct town *w, const struct person *p, int service)
{
    return policy_decide(w->registry, p, &w->services[service], &now);
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

    w->policies[2] =
        policy_of_rule(t->arena, S("r3"), &(struct rule_words){ .provider = &providers[0], .release = NAMES });
    CHECK_INT(ask(w, &p, 1).release.bits, 1u << CLAIM_SUB);
}

/* Item 8 of issue 14: a need that was not confirmed drops off by itself, at its date and not before. */
TEST(what_is_no_longer_needed_is_not_told_from_its_date_on)
{
    struct town *w = town(t);
    struct person p = one(t, "1.2.3", "1.2.3.1", ROLE_TEACHER);
    const struct purpose whys[] = { { .claim = CLAIM_GIVEN_NAME, .until_s = TEST_NOW_S + 1 },
                                    { .claim = CLAIM_SUB, .until_s = 1 } };

    CHECK(claim_in(ask(w, &p, 0).release, CLAIM_GIVEN_NAME));
    w->services[0].purposes = whys;
    w->services[0].purpose_count = 2;
    struct circumstances at = now;
    struct decision d = policy_decide(w->registry, &p, &w->services[0], &at);
    CHECK(claim_in(d.release, CLAIM_GIVEN_NAME));
    at.now_s++;
    struct decision later = policy_decide(w->registry, &p, &w->services[0], &at);
    CHECK_INT(later.effect, EFFECT_ALLOW);
    CHECK(!claim_in(later.release, CLAIM_GIVEN_NAME));
    CHECK_INT(later.release.bits, d.release.bits & ~(1u << CLAIM_GIVEN_NAME)); /* and nothing else */
    CHECK(claim_in(service_asks(&w->services[0], at.now_s), CLAIM_SUB) == claim_in(w->services[0].asks, CLAIM_SUB));
}

TEST(whose_policies_open_a_service_uses_it)
{
    struct town *w = town(t);
    struct users of = policy_users(t->arena, w->registry, &w->services[0], TEST_NOW_S);

    CHECK_INT(of.n, 1); /* by two of its policies, and by one about every service: once */
    CHECK_STR(of.at[0]->id, "oulu");
    w->policies[0].enabled = w->policies[1].enabled = w->policies[2].enabled = false;
    CHECK_INT(policy_users(t->arena, w->registry, &w->services[0], TEST_NOW_S).n, 0);
    w->policies[0].enabled = true;
    w->policies[0].to_s = TEST_NOW_S; /* over */
    CHECK_INT(policy_users(t->arena, w->registry, &w->services[0], TEST_NOW_S).n, 0);
    w->policies[3].enabled = true; /* it forbids */
    CHECK_INT(policy_users(t->arena, w->registry, &w->services[1], TEST_NOW_S).n, 0);
}

TEST(who_has_withdrawn_its_decision_or_let_it_end_uses_a_service_no_more_whatever_its_policies_say)
{
    struct town *w = town(t);
    struct permission all[2] = {
        { .id = S("u1"), .provider = &providers[0], .service = S("kanerva"), .gives = { 1u << CLAIM_SUB } },
        { .id = S("u2"),
          .provider = &providers[0],
          .service = S("kanerva"),
          .gives = { 1u << CLAIM_SUB },
          .withdrawn_s = TEST_NOW_S - 1 },
    };
    struct registry_parts parts = *registry_parts(w->registry);

    parts.permissions = all;
    parts.permission_count = 2;
    for (int how = 0; how < 3; how++) {
        all[0].withdrawn_s = how == 1 ? TEST_NOW_S : 0;
        all[0].until_s = how == 2 ? TEST_NOW_S : 0;
        struct registry *r = registry_build(arena_new(), &parts);
        CHECK_INT(policy_users(t->arena, r, &w->services[0], TEST_NOW_S).n, how == 0 ? 1 : 0);
        registry_drop(r);
    }
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

/* --- the index answers as a plain walk does ---------------------------------------------------------------- */

enum { ROUNDS = 400, MANY_SERVICES = 150, MANY_RULES = 300, MANY_SCHOOLS = 4, MANY_PROVIDERS = 3, MANY_PLACES = 4 };

struct dice {
    uint64_t state;
};

static size_t roll(struct dice *d, size_t sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(d->state >> 33) % sides;
}

struct old_rule { /* a row of `rules:` */
    struct str id;
    struct rule_words says;
};

struct country { /* everything that a decision looks at, made at random */
    struct provider providers[MANY_PROVIDERS];
    struct school schools[MANY_PROVIDERS][MANY_SCHOOLS];
    struct service services[MANY_SERVICES];
    struct old_rule rules[MANY_RULES];
    size_t rule_count;
    struct policy policies[MANY_RULES]; /* the same, translated */
    struct idp idp;
    struct registry_parts parts;
    struct registry *registry;
};

static struct old_rule rule_at_random(struct test *t, struct dice *d, struct country *c, size_t number)
{
    size_t p = roll(d, MANY_PROVIDERS);

    return (struct old_rule){ arena_printf(t->arena, "%zu-%zu", roll(d, 1000), number),
                              { .provider = &c->providers[p],
                                .role = roll(d, 2) ? ROLE_NONE : (enum role)(1 + roll(d, 3)),
                                .school = roll(d, 2) ? NULL : &c->schools[p][roll(d, MANY_SCHOOLS)],
                                .service = roll(d, 12) == 0 ? NULL : &c->services[roll(d, c->parts.service_count)],
                                .release = { (uint32_t)roll(d, 256) },
                                .forbid = roll(d, 6) == 0 } };
}

static struct country *country(struct test *t, struct dice *d)
{
    struct country *c = arena_make(t->arena, struct country);

    c->parts = (struct registry_parts){ .providers = c->providers,
                                        .provider_count = MANY_PROVIDERS,
                                        .idps = &c->idp,
                                        .idp_count = 1,
                                        .services = c->services,
                                        .service_count = 1 + roll(d, MANY_SERVICES),
                                        .policies = c->policies,
                                        .policy_count = roll(d, MANY_RULES + 1) };
    c->rule_count = c->parts.policy_count;
    for (size_t i = 0; i < MANY_PROVIDERS; i++) {
        for (size_t k = 0; k < MANY_SCHOOLS; k++) /* two schools of two providers may bear one oid; one bears none */
            c->schools[i][k].oid = k == 3 ? (struct str){ NULL, 0 } : arena_printf(t->arena, "9.%zu", k + roll(d, 2));
        c->providers[i] = (struct provider){ .id = arena_printf(t->arena, "p%zu", i),
                                             .oid = arena_printf(t->arena, "1.%zu", i),
                                             .schools = c->schools[i],
                                             .school_count = MANY_SCHOOLS };
    }
    for (size_t i = 0; i < c->parts.service_count; i++)
        c->services[i] = (struct service){ .id = arena_printf(t->arena, "s%zu", i),
                                           .enabled = roll(d, 10) != 0,
                                           .asks = { (uint32_t)roll(d, 256) } };
    for (size_t i = 0; i < c->rule_count; i++) {
        c->rules[i] = rule_at_random(t, d, c, i);
        c->policies[i] = policy_of_rule(t->arena, c->rules[i].id, &c->rules[i].says);
    }
    c->idp = (struct idp){ .id = S("idp"), .provider = &c->providers[0], .enabled = true };
    c->registry = registry_build(arena_new(), &c->parts);
    arena_adopt(t->arena, c->registry, (void (*)(void *))registry_drop);
    return c;
}

static struct person person_at_random(struct test *t, struct dice *d)
{
    size_t n = roll(d, MANY_PLACES + 1);
    struct affiliation *at = arena_make_n(t->arena, n + 1, struct affiliation);

    for (size_t i = 0; i < n; i++)
        at[i] = (struct affiliation){ .provider_oid = arena_printf(t->arena, "1.%zu", roll(d, MANY_PROVIDERS + 1)),
                                      .school_oid = roll(d, 4) ? arena_printf(t->arena, "9.%zu", roll(d, 5))
                                                               : (struct str){ NULL, 0 },
                                      .role = (enum role)roll(d, 4),
                                      .from_s = roll(d, 8) ? 0 : TEST_NOW_S + 1,
                                      .to_s = roll(d, 8) ? 0 : TEST_NOW_S };
    return (struct person){ .id = S("p"), .idp = S("idp"), .affiliations = at, .affiliation_count = n };
}

static bool covers(const struct rule_words *r, const struct affiliation *a, const struct provider *p,
                   const struct service *s)
{
    return str_eq(r->provider->id, p->id) && (r->role == ROLE_NONE || r->role == a->role) &&
           (r->school == NULL || (str_is_set(r->school->oid) && str_eq(r->school->oid, a->school_oid))) &&
           (r->service == NULL || r->service == s);
}

/* The next of all rules, by id, behind `last` (NULL: the first). */
static const struct old_rule *next_rule(const struct country *c, const struct old_rule *last)
{
    const struct old_rule *next = NULL;

    for (size_t i = 0; i < c->rule_count; i++) {
        const struct old_rule *r = &c->rules[i];
        if ((last == NULL || str_cmp(r->id, last->id) > 0) && (next == NULL || str_cmp(r->id, next->id) < 0))
            next = r;
    }
    return next;
}

/* What rows of `rules:` have always said: each affiliation, each rule in the order of ids, nothing remembered. */
static struct decision walk(const struct country *c, const struct old_rule *const *in_order, const struct person *p,
                            const struct service *s)
{
    struct decision d = { .rule = S("none") };
    uint32_t release = 0;

    if (!s->enabled)
        return (struct decision){ .rule = S("service_disabled") };
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *a = &p->affiliations[i];
        const struct provider *of = registry_provider_oid(c->registry, a->provider_oid);
        if (of == NULL || a->role == ROLE_NONE || !affiliation_valid(a, TEST_NOW_S))
            continue;
        d.ask = d.ask != NULL ? d.ask : of;
        for (size_t k = 0; k < c->rule_count; k++) {
            const struct old_rule *r = in_order[k];
            if (!covers(&r->says, a, of, s))
                continue;
            if (r->says.forbid)
                return (struct decision){ .rule = r->id, .ask = of };
            if (d.effect == EFFECT_DENY) {
                d.rule = r->id;
                d.ask = of;
            }
            d.effect = EFFECT_ALLOW;
            release |= r->says.release.bits;
        }
    }
    d.ask = d.ask != NULL ? d.ask : c->idp.provider;
    d.release.bits = release & s->asks.bits;
    return d;
}

static bool same(const struct decision *a, const struct decision *b)
{
    return a->effect == b->effect && str_eq(a->rule, b->rule) && a->ask == b->ask && a->release.bits == b->release.bits;
}

TEST(rules_translated_to_policies_decide_what_they_always_decided)
{
    struct dice d = { 20260810 };
    size_t allowed = 0, forbidden = 0;

    for (size_t round = 0; round < ROUNDS; round++) {
        struct country *c = country(t, &d);
        const struct old_rule **in_order = arena_make_n(t->arena, c->rule_count + 1, const struct old_rule *);
        for (size_t k = 0; k < c->rule_count; k++)
            in_order[k] = next_rule(c, k > 0 ? in_order[k - 1] : NULL);
        for (int who = 0; who < 3; who++) {
            struct person p = person_at_random(t, &d);
            struct bits open = policy_services(t->arena, c->registry, &p, &now);
            size_t count = 0;
            for (size_t i = 0; i < c->parts.service_count; i++) {
                struct decision want = walk(c, in_order, &p, &c->services[i]),
                                got = policy_decide(c->registry, &p, &c->services[i], &now);
                if (!same(&want, &got))
                    test_fail(t, __FILE__, __LINE__, "round %zu, service %zu: %.*s, but the walk says %.*s", round, i,
                              STR_ARG(got.rule), STR_ARG(want.rule));
                CHECK(bits_has(&open, i) == (want.effect == EFFECT_ALLOW));
                count += want.effect == EFFECT_ALLOW;
                forbidden += want.effect == EFFECT_DENY && str_find_byte(want.rule, '-', 0) < want.rule.n;
            }
            CHECK_INT(bits_count(&open), count);
            allowed += count;
        }
    }
    /* The dice made both kinds, and not a few. */
    CHECK(allowed > 1000 && forbidden > 1000);
}

TEST(a_policy_of_an_unknown_provider_or_school_covers_nobody)
{
    struct service service = { .id = S("s"), .enabled = true };
    struct policy rows[] = {
        { .id = S("r1"),
          .layer = LAYER_MUNICIPALITY,
          .provider = &providers[0],
          .enabled = true,
          .text = S("permit (principal in Provider::\"gone\", action == Action::\"open\", resource);") },
        { .id = S("r2"),
          .layer = LAYER_MUNICIPALITY,
          .provider = &providers[0],
          .enabled = true,
          .text = S("permit (principal in School::\"oulu/99109\", action == Action::\"open\", resource);") }
    };
    const struct registry_parts parts = { .providers = providers,
                                          .provider_count = 2,
                                          .services = &service,
                                          .service_count = 1,
                                          .policies = rows,
                                          .policy_count = 2 };
    struct registry *r = registry_build(arena_new(), &parts);
    struct person theirs = one(t, "1.9", NULL, ROLE_TEACHER), ours = one(t, "1.2.3", NULL, ROLE_TEACHER);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    CHECK_INT(policy_decide(r, &theirs, &service, &now).effect, EFFECT_DENY);
    CHECK_INT(policy_decide(r, &ours, &service, &now).effect, EFFECT_DENY);
}

TEST(a_policy_that_cannot_be_read_lets_nobody_in)
{
    struct town *w = town(t);
    struct person p = one(t, "1.2.3", "1.2.3.1", ROLE_TEACHER);

    CHECK_INT(ask(w, &p, 0).effect, EFFECT_ALLOW);
    w->policies[3].text = S("forbid (principal, action");
    struct registry_parts parts = *registry_parts(w->registry);
    w->registry = registry_build(arena_new(), &parts);
    arena_adopt(t->arena, w->registry, (void (*)(void *))registry_drop);
    CHECK_INT(ask(w, &p, 0).effect, EFFECT_DENY);
    CHECK_STR(ask(w, &p, 0).failed, "r0");
    CHECK(bits_none(&(struct bits){ policy_services(t->arena, w->registry, &p, &now).at, 1 }));
}

TEST(a_forbid_that_cannot_be_evaluated_denies_and_is_named)
{
    struct town *w = town(t);
    struct person p = one(t, "1.2.3", "1.2.3.1", ROLE_TEACHER);

    w->policies[3].text = S("forbid (principal in Provider::\"oulu\", action == Action::\"open\", resource) when { "
                            "principal.classLevel < 3 };");
    struct registry_parts parts = *registry_parts(w->registry);
    w->registry = registry_build(arena_new(), &parts);
    arena_adopt(t->arena, w->registry, (void (*)(void *))registry_drop);
    CHECK_INT(ask(w, &p, 0).effect, EFFECT_DENY);
    CHECK_STR(ask(w, &p, 0).failed, "r0");
    CHECK_STR(ask(w, &p, 0).rule, "r0");
    p.affiliations[0].class_level = 9;
    CHECK_INT(ask(w, &p, 0).effect, EFFECT_ALLOW);
    CHECK(ask(w, &p, 0).failed.p == NULL);
}

TEST(a_service_that_an_organisation_has_in_test_opens_to_test_people_alone)
{
    static struct organisation kinos = { .id = S("kinos"), .enabled = true };
    struct idp doors[] = { { .id = S("oulu-edu"), .provider = &providers[0], .enabled = true },
                           { .id = S("oulu-test"), .provider = &providers[0], .enabled = true, .test = true } };
    struct town *w = town(t);
    struct registry_parts parts = *registry_parts(w->registry);

    parts.idps = doors;
    parts.idp_count = 2;
    parts.organisations = &kinos;
    parts.organisation_count = 1;
    w->services[0].vendor = S("kinos");
    for (int test = 0; test < 2; test++) {
        w->services[0].test = test == 1;
        struct registry *r = registry_build(arena_new(), &parts);
        struct person real = one(t, "1.2.3", NULL, ROLE_TEACHER), made_up = real;
        made_up.idp = S("oulu-test");
        CHECK_INT(policy_decide(r, &made_up, &w->services[0], &now).effect, EFFECT_ALLOW);
        struct decision d = policy_decide(r, &real, &w->services[0], &now);
        CHECK_INT(d.effect, test == 1 ? EFFECT_DENY : EFFECT_ALLOW);
        CHECK_STR(d.rule, test == 1 ? "service_in_test" : "r1");
        struct bits for_real = policy_services(t->arena, r, &real, &now);
        struct bits for_test = policy_services(t->arena, r, &made_up, &now);
        CHECK((bits_next(&for_real, 0) == 0) == (test == 0));
        CHECK_INT(bits_next(&for_test, 0), 0);
        CHECK(!policy_could_open(r, &w->services[0], &d) || test == 0);
        registry_drop(r);
    }
}

/* ── what municipalities have decided about services ────────────────────── */

enum { MANY_RECEIPTS = 12, EVERY = (1u << CLAIM_COUNT) - 1 };

static void decide_at_random(struct test *t, struct dice *d, struct country *c, struct permission *out)
{
    struct str *names = arena_make_n(t->arena, 3, struct str);
    size_t of = roll(d, MANY_PROVIDERS);

    for (int i = 0; i < 3; i++)
        names[i] = str_of(role_name((enum role)(i + 1)));
    *out = (struct permission){ .id = arena_printf(t->arena, "u%zu", roll(d, 100000)),
                                .provider = &c->providers[of],
                                .service = c->services[roll(d, c->parts.service_count)].id,
                                .gives = { (uint32_t)roll(d, 256) },
                                .from_s = roll(d, 6) ? 0 : TEST_NOW_S + 1,
                                .until_s = roll(d, 6) ? 0 : TEST_NOW_S,
                                .withdrawn_s = roll(d, 5) ? 0 : TEST_NOW_S - 9 };
    out->keeps.bits = (uint32_t)roll(d, 256) & ~out->gives.bits;
    if (roll(d, 2))
        out->roles = (struct strs){ &names[roll(d, 3)], 1 };
    if (roll(d, 3) == 0)
        strs_add(t->arena, &out->schools, c->schools[of][roll(d, 3)].oid);
}

static bool is_of(const struct country *c, const struct permission *p, const struct affiliation *at,
                  const struct service *s)
{
    return registry_provider_oid(c->registry, at->provider_oid) == p->provider && str_eq(p->service, s->id);
}

static bool in_force_for(const struct permission *p, const struct affiliation *at)
{
    return permission_in_force(p, TEST_NOW_S) &&
           (p->roles.n == 0 || strs_has(&p->roles, str_of(role_name(at->role)))) &&
           (p->schools.n == 0 || (str_is_set(at->school_oid) && strs_has(&p->schools, at->school_oid)));
}

/* By hand: what one that was withdrawn after it was decided kept. */
static uint32_t kept_by_withdrawn(const struct country *c, const struct permission *all, const struct permission *than,
                                  const struct affiliation *at, const struct service *s)
{
    uint32_t keeps = 0;

    for (size_t k = 0; k < MANY_RECEIPTS; k++) {
        struct permission as_before = all[k];
        as_before.withdrawn_s = 0;
        if (is_of(c, &all[k], at, s) && all[k].withdrawn_s > than->from_s && in_force_for(&as_before, at))
            keeps |= all[k].keeps.bits & ~(1u << CLAIM_SUB);
    }
    return keeps;
}

/* By hand: the affiliations that count, and what may be told at most. */
static struct claim_set at_most(struct test *t, const struct country *c, const struct permission *all,
                                const struct person *p, const struct service *s, struct person *rest)
{
    struct affiliation *left = arena_make_n(t->arena, p->affiliation_count + 1, struct affiliation);
    struct claim_set most = { EVERY };

    *rest = *p;
    rest->affiliations = left;
    rest->affiliation_count = 0;
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *at = &p->affiliations[i];
        uint32_t gives = 1u << CLAIM_SUB, keeps = 0;
        bool decided = false, covered = false;
        for (size_t k = 0; k < MANY_RECEIPTS; k++) {
            bool about = is_of(c, &all[k], at, s), now_here = about && in_force_for(&all[k], at);
            decided |= about;
            covered |= now_here;
            gives |= now_here ? all[k].gives.bits & ~kept_by_withdrawn(c, all, &all[k], at, s) : 0;
            keeps |= now_here ? all[k].keeps.bits & ~(1u << CLAIM_SUB) : 0;
        }
        if (decided && !covered)
            continue;
        left[rest->affiliation_count++] = *at;
        if (decided && at->role != ROLE_NONE && affiliation_valid(at, TEST_NOW_S))
            most.bits &= gives & ~keeps;
    }
    return most;
}

TEST(what_a_receipt_does_not_give_is_told_by_nobody_whatever_policies_say)
{
    struct dice d = { 71 };
    size_t cut = 0, shut = 0, told = 0;

    for (size_t round = 0; round < ROUNDS / 2; round++) {
        struct country *c = country(t, &d);
        struct permission *all = arena_make_n(t->arena, MANY_RECEIPTS, struct permission);
        for (size_t i = 0; i < MANY_RECEIPTS; i++)
            decide_at_random(t, &d, c, &all[i]);
        for (size_t i = 0; i < c->parts.policy_count; i++) /* the nation's are no way around it */
            if (roll(&d, 4) == 0)
                c->policies[i].layer = LAYER_NATION, c->policies[i].provider = NULL;
        struct registry *without = registry_build(arena_new(), &c->parts);
        c->parts.permissions = all;
        c->parts.permission_count = MANY_RECEIPTS;
        struct registry *with = registry_build(arena_new(), &c->parts);
        for (int who = 0; who < 3; who++) {
            struct person p = person_at_random(t, &d), rest;
            struct bits open = policy_services(t->arena, with, &p, &now);
            for (size_t i = 0; i < c->parts.service_count; i++) {
                const struct service *s = &c->services[i];
                struct claim_set most = at_most(t, c, all, &p, s, &rest);
                struct decision got = policy_decide(with, &p, s, &now), free = policy_decide(without, &rest, s, &now);
                CHECK((got.release.bits & ~most.bits) == 0);
                CHECK(got.effect == free.effect);
                CHECK(got.release.bits == (free.release.bits & most.bits));
                CHECK(bits_has(&open, i) == (got.effect == EFFECT_ALLOW));
                cut += free.release.bits != got.release.bits;
                shut += str_eq(got.rule, S(POLICY_NOT_TAKEN));
                told += got.release.bits != 0;
            }
        }
        registry_drop(with);
        registry_drop(without);
    }
    CHECK(cut > 50 && shut > 50 && told > 50);
}

TEST(to_withdraw_a_receipt_tells_nothing_that_was_not_told_before)
{
    struct town *w = town(t);
    struct permission all[3] = {
        { .id = S("u1"),
          .provider = &providers[0],
          .service = S("kanerva"),
          .keeps = { 1u << CLAIM_GIVEN_NAME },
          .from_s = TEST_NOW_S - 100 },
        { .id = S("u2"),
          .provider = &providers[0],
          .service = S("kanerva"),
          .gives = { 1u << CLAIM_GIVEN_NAME },
          .from_s = TEST_NOW_S - 50 },
        { .id = S("u3"),
          .provider = &providers[0],
          .service = S("kanerva"),
          .gives = { 1u << CLAIM_GIVEN_NAME },
          .from_s = TEST_NOW_S - 10 },
    };
    struct registry_parts parts = *registry_parts(w->registry);
    const struct person p = one(t, "1.2.3", NULL, ROLE_TEACHER);

    parts.permissions = all;
    for (int how = 0; how < 3; how++) { /* the first stands; it is withdrawn; somebody has decided anew since */
        parts.permission_count = how == 2 ? 3 : 2;
        all[0].withdrawn_s = how > 0 ? TEST_NOW_S - 20 : 0;
        struct registry *r = registry_build(arena_new(), &parts);
        const struct decision d = policy_decide(r, &p, &w->services[0], &now);
        CHECK_INT(d.effect, EFFECT_ALLOW);
        CHECK(claim_in(d.release, CLAIM_GIVEN_NAME) == (how == 2));
        registry_drop(r);
    }
}

TEST(one_that_is_withdrawn_closes_the_service_and_one_that_ends_closes_it_too)
{
    struct town *w = town(t);
    struct permission one_row = { .id = S("u1"),
                                  .provider = &providers[0],
                                  .service = S("kanerva"),
                                  .gives = { 1u << CLAIM_SUB },
                                  .keeps = { 1u << CLAIM_GIVEN_NAME } };
    struct registry_parts parts = *registry_parts(w->registry);
    const struct person p = one(t, "1.2.3", NULL, ROLE_TEACHER);

    parts.permissions = &one_row;
    parts.permission_count = 1;
    for (int how = 0; how < 3; how++) {
        one_row.withdrawn_s = how == 1 ? TEST_NOW_S : 0;
        one_row.until_s = how == 2 ? TEST_NOW_S : 0;
        struct registry *r = registry_build(arena_new(), &parts);
        const struct decision d = policy_decide(r, &p, &w->services[0], &now);
        CHECK(claim_in(policy_decide(w->registry, &p, &w->services[0], &now).release, CLAIM_GIVEN_NAME));
        CHECK_INT(d.effect, how == 0 ? EFFECT_ALLOW : EFFECT_DENY);
        CHECK(how != 0 || !claim_in(d.release, CLAIM_GIVEN_NAME));
        CHECK_STR(d.rule, how == 0 ? "r1" : POLICY_NOT_TAKEN);
        CHECK(d.ask == &providers[0]);
        CHECK(policy_decide(r, &p, &w->services[1], &now).effect == EFFECT_ALLOW); /* of which nobody decided so */
        registry_drop(r);
    }
}
