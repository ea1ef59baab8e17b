/* SPDX-License-Identifier: EUPL-1.2
 *
 * What may be told: who says so, and what a plan makes of it, over random policies in two layers and two cities. */
#include "policy/grants.h"
#include "tests/test.h"

enum { SERVICES = 3, ROWS = 8, ROUNDS = 1500, NEWS = 40 };

struct dice {
    uint64_t state;
};

static size_t roll(struct dice *d, size_t sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(d->state >> 33) % sides;
}

static struct school schools[] = { { .oid = S("9.1"), .code = S("99101") }, { .oid = S("9.2"), .code = S("99102") } };
static struct provider providers[] = { { .id = S("oulu"), .oid = S("1.1"), .schools = schools, .school_count = 2 },
                                       { .id = S("espoo"), .oid = S("1.2") } };
static const struct area oulu = { .provider = S("oulu") }, nation = { .provider = { NULL, 0 } };
static const enum role roles[] = { ROLE_LEARNER, ROLE_TEACHER, ROLE_SUBSTITUTE, ROLE_GUARDIAN };
static const enum claim claims[] = { CLAIM_GIVEN_NAME, CLAIM_EMAIL, CLAIM_SCHOOL };
static const struct circumstances now = { .now_s = TEST_NOW_S };
enum { ROLES_N = 4, CLAIMS_N = 3, ASKED = 1u << CLAIM_GIVEN_NAME | 1u << CLAIM_EMAIL | 1u << CLAIM_SCHOOL };

struct world_of {
    struct service services[SERVICES];
    struct policy rows[ROWS + NEWS];
    size_t n;
};

static uint32_t some(struct dice *d, const int *from, size_t n)
{
    uint32_t bits = 0;

    while (bits == 0)
        for (size_t i = 0; i < n; i++)
            bits |= (uint32_t)(roll(d, 2) << from[i]);
    return bits;
}

static uint32_t some_roles(struct dice *d)
{
    static const int at[] = { ROLE_LEARNER, ROLE_TEACHER, ROLE_SUBSTITUTE, ROLE_GUARDIAN };

    return some(d, at, ROLES_N);
}

static uint32_t some_claims(struct dice *d)
{
    static const int at[] = { CLAIM_GIVEN_NAME, CLAIM_EMAIL, CLAIM_SCHOOL };

    return some(d, at, CLAIMS_N);
}

static struct policy_form form_at_random(struct test *t, struct dice *d, const struct provider *of)
{
    struct policy_form f = { .opening = roll(d, 3) ? OPENING_NONE : OPENING_PERMIT,
                             .whom = { .provider = of != NULL ? of->id : (struct str){ NULL, 0 },
                                       .roles = roll(d, 4) ? some_roles(d) : ROLES_ANY } };

    if (of == NULL && roll(d, 3) == 0)
        f.whom.provider = providers[roll(d, 2)].id;
    if (roll(d, 4) == 0)
        f.whom.level_from = 7;
    if (of == &providers[0] && roll(d, 5) == 0)
        strs_add(t->arena, &f.whom.schools, S("oulu/99101"));
    if (roll(d, 4) != 0)
        for (size_t i = 0; i < 1 + roll(d, 2); i++)
            strs_add(t->arena, &f.which.services, arena_printf(t->arena, "s%zu", roll(d, SERVICES)));
    if (roll(d, 3) != 0)
        f.release.bits = some_claims(d);
    if (f.release.bits == 0 || roll(d, 6) == 0)
        f.withhold.bits = some_claims(d);
    return f;
}

static struct policy row_at_random(struct test *t, struct dice *d, size_t i)
{
    const struct provider *of = roll(d, 5) ? &providers[roll(d, 6) == 0] : NULL;
    struct policy_form f = form_at_random(t, d, of);
    struct policy p = { .id = arena_printf(t->arena, "r%zu", i),
                        .layer = of != NULL ? LAYER_MUNICIPALITY : LAYER_NATION,
                        .provider = of,
                        .enabled = roll(d, 8) != 0,
                        .from_s = roll(d, 12) == 0 ? TEST_NOW_S - 10 : 0,
                        .text = policy_form_text(t->arena, &f) };

    if (roll(d, 8) == 0) /* no form can show it */
        p.text = arena_printf(t->arena,
                              "%s (principal in Provider::\"%.*s\", action == Action::\"release\", resource in "
                              "Service::\"s0\") when { resource in Attribute::\"email\" && context.minute < 2000 };",
                              roll(d, 3) ? "permit" : "forbid", STR_ARG(of != NULL ? of->id : S("oulu")));
    return p;
}

static struct world_of *world(struct test *t, struct dice *d)
{
    struct world_of *w = arena_make(t->arena, struct world_of);

    for (size_t i = 0; i < SERVICES; i++)
        w->services[i] =
            (struct service){ .id = arena_printf(t->arena, "s%zu", i), .enabled = true, .asks = { ASKED } };
    for (w->n = 0; w->n + 2 < ROWS; w->n++)
        w->rows[w->n] = row_at_random(t, d, w->n);
    for (size_t k = 0; k < 2; k++) { /* everybody may open everything: what is told is the question */
        struct policy_form f = { .opening = OPENING_PERMIT,
                                 .whom = { .provider = providers[k].id, .roles = ROLES_ANY } };
        w->rows[w->n++] = (struct policy){ .id = k == 0 ? S("open-oulu") : S("open-espoo"),
                                           .layer = LAYER_MUNICIPALITY,
                                           .provider = &providers[k],
                                           .enabled = true,
                                           .text = policy_form_text(t->arena, &f) };
    }
    return w;
}

static struct registry *build(struct test *t, struct world_of *w)
{
    const struct registry_parts parts = { .providers = providers,
                                          .provider_count = 2,
                                          .services = w->services,
                                          .service_count = SERVICES,
                                          .policies = w->rows,
                                          .policy_count = w->n };
    struct registry *r = registry_build(arena_new(), &parts);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

/* The plan, carried out. */
static struct world_of *after(struct test *t, const struct world_of *was, const struct grant_plan *plan,
                              const struct area *area)
{
    struct world_of *w = arena_make(t->arena, struct world_of);

    *w = *was;
    for (size_t i = 0; i < plan->n; i++) {
        const struct grant_edit *e = &plan->at[i];
        size_t at = w->n;
        for (size_t k = 0; e->policy != NULL && k < w->n; k++)
            if (str_eq(w->rows[k].id, e->policy->id))
                at = k;
        if (at == w->n)
            w->rows[w->n++] = (struct policy){ .id = arena_printf(t->arena, "new%zu", i),
                                               .layer = str_is_set(area->provider) ? LAYER_MUNICIPALITY : LAYER_NATION,
                                               .provider = str_is_set(area->provider) ? &providers[0] : NULL,
                                               .enabled = true };
        w->rows[at].text = e->text;
        CHECK(e->text.p != NULL);
        if (e->text.n == 0)
            w->rows[at] = w->rows[--w->n];
    }
    return w;
}

struct sort { /* of people */
    struct affiliation at;
    struct person who;
};

static void sort_of(struct sort *x, size_t city, size_t role, int level, size_t school)
{
    *x = (struct sort){ .at = { .provider_oid = providers[city].oid, .role = roles[role], .class_level = level } };
    if (city == 0) {
        x->at.school_oid = schools[school].oid;
        x->at.school_code = schools[school].code;
    }
    x->who = (struct person){ .affiliations = &x->at, .affiliation_count = 1 };
}

/* Conditions of a policy that withholds stand in the way of a grant. */
static bool under_conditions(const struct grants *g, const struct policy *p)
{
    for (size_t i = 0; i < g->n; i++)
        if (str_eq(g->at[i].policy->id, p->id) && g->at[i].forbids && !g->at[i].whole)
            return true;
    return false;
}

static void compare(struct test *t, const struct registry *before, const struct registry *then,
                    const struct grant_wish *wish, const struct area *area, const struct grants *g, size_t service)
{
    struct sort x;

    for (size_t i = 0; i < 2 * ROLES_N * 4; i++) {
        size_t role = i / 2 % ROLES_N;
        sort_of(&x, i % 2, role, i / 8 % 2 ? 8 : 2, i / 16 % 2);
        bool meant = (wish->roles & 1u << roles[role]) != 0 && (!str_is_set(area->provider) || i % 2 == 0);
        for (size_t s = 0; s < SERVICES; s++) {
            struct claim_said said[CLAIM_COUNT];
            uint32_t was = policy_decide(before, &x.who, &registry_parts(before)->services[s], &now).release.bits;
            uint32_t is = policy_decide(then, &x.who, &registry_parts(then)->services[s], &now).release.bits;
            uint32_t wished = meant && s == service ? wish->claims.bits : 0;
            CHECK_INT(is & ~wished, was & ~wished);
            policy_claims(t->arena, then, &x.who, &registry_parts(then)->services[s], &now, said);
            for (size_t k = 0; k < CLAIMS_N; k++) {
                const struct policy *granted = said[claims[k]].granted;
                const struct policy *withheld = said[claims[k]].withheld;
                if ((wished & 1u << claims[k]) == 0)
                    continue;
                if (wish->take) /* a city may go on telling what the nation no longer does */
                    CHECK((is & 1u << claims[k]) == 0 || (area == &nation && granted->layer != LAYER_NATION));
                else if (withheld == NULL || !under_conditions(g, withheld))
                    CHECK((is & 1u << claims[k]) != 0);
            }
        }
    }
}

TEST(what_is_granted_or_taken_is_told_or_not_and_nothing_else_changes)
{
    struct dice d = { 11 };
    size_t troubles = 0, done = 0, idle = 0;

    for (int round = 0; round < ROUNDS && t->failed == 0; round++) {
        struct arena *whole = t->arena;
        t->arena = arena_new();
        struct world_of *w = world(t, &d);
        struct registry *before = build(t, w);
        const struct area *area = roll(&d, 6) ? &oulu : &nation;
        struct grant_wish wish = { { some_claims(&d) }, some_roles(&d), roll(&d, 2) != 0 };
        size_t s = roll(&d, SERVICES);
        struct grants g = grants_of(t->arena, before, area, &registry_parts(before)->services[s], TEST_NOW_S);
        struct grant_plan plan =
            grants_plan(t->arena, before, area, &registry_parts(before)->services[s], &wish, TEST_NOW_S);
        troubles += plan.trouble != GRANT_TROUBLE_NONE;
        idle += plan.trouble == GRANT_TROUBLE_NONE && plan.n == 0;
        if (plan.trouble == GRANT_TROUBLE_NONE) {
            done += plan.n > 0;
            compare(t, before, build(t, after(t, w, &plan, area)), &wish, area, &g, s);
        } else {
            CHECK(plan.because != NULL && plan.n == 0);
        }
        arena_free(t->arena);
        t->arena = whole;
    }
    CHECK(troubles > ROUNDS / 20 && done > ROUNDS / 4 && idle > 5);
}

/* What a plan writes, the screen of policies shows. */
TEST(every_policy_of_a_plan_is_a_form)
{
    struct dice d = { 12 };

    for (int round = 0; round < 400; round++) {
        struct registry *r = build(t, world(t, &d));
        struct grant_wish wish = { { some_claims(&d) }, some_roles(&d), roll(&d, 2) != 0 };
        struct grant_plan plan = grants_plan(t->arena, r, &oulu, &registry_parts(r)->services[0], &wish, TEST_NOW_S);
        for (size_t i = 0; i < plan.n; i++) {
            struct policy_form f;
            struct str rest;
            if (plan.at[i].text.n == 0)
                continue;
            CHECK(policy_form_read(t->arena, plan.at[i].text, &f, &rest));
            CHECK(plan.at[i].policy == NULL || str_eq(plan.at[i].policy->provider->id, S("oulu")));
        }
    }
}

TEST(what_is_said_of_each_claim_is_what_is_decided)
{
    struct dice d = { 13 };
    size_t told = 0, withheld = 0;

    for (int round = 0; round < 400; round++) {
        struct registry *r = build(t, world(t, &d));
        const struct service *s = &registry_parts(r)->services[roll(&d, SERVICES)];
        struct claim_said said[CLAIM_COUNT];
        struct sort x, y;
        sort_of(&x, 0, roll(&d, ROLES_N), (int)roll(&d, 10), roll(&d, 2));
        sort_of(&y, roll(&d, 2), roll(&d, ROLES_N), (int)roll(&d, 10), roll(&d, 2));
        struct affiliation both[] = { x.at, y.at };
        x.who.affiliations = both;
        x.who.affiliation_count = 1 + roll(&d, 2);
        struct decision decision = policy_decide(r, &x.who, s, &now);
        policy_claims(t->arena, r, &x.who, s, &now, said);
        for (size_t k = 0; k < CLAIMS_N && decision.effect == EFFECT_ALLOW; k++) {
            bool is = said[claims[k]].granted != NULL && said[claims[k]].withheld == NULL;
            CHECK(is == claim_in(decision.release, claims[k]));
            told += is;
            withheld += said[claims[k]].withheld != NULL;
        }
    }
    CHECK(told > 100 && withheld > 50);
}

/* A cell says of a role what holds of each in it. */
TEST(a_cell_says_what_is_decided_of_everybody_in_it)
{
    struct dice d = { 14 };
    size_t seen[3] = { 0 };

    for (int round = 0; round < 600; round++) {
        struct registry *r = build(t, world(t, &d));
        const struct service *s = &registry_parts(r)->services[roll(&d, SERVICES)];
        struct grants g = grants_of(t->arena, r, &oulu, s, TEST_NOW_S);
        size_t role = roll(&d, ROLES_N);
        enum claim claim = claims[roll(&d, CLAIMS_N)];
        struct grant_cell cell = grant_cell(&g, &oulu, claim, roles[role]);
        struct sort x;
        seen[cell.grant]++;
        for (size_t i = 0; i < 4; i++) {
            sort_of(&x, 0, role, i % 2 ? 8 : 2, i / 2);
            bool told = claim_in(policy_decide(r, &x.who, s, &now).release, claim);
            CHECK(cell.grant == GRANT_PARTLY || told == (cell.grant == GRANT_WHOLE));
        }
    }
    CHECK(seen[GRANT_NOT] > 50 && seen[GRANT_WHOLE] > 50 && seen[GRANT_PARTLY] > 50);
}

static struct registry *of_texts(struct test *t, struct policy *rows, size_t n)
{
    struct world_of *w = arena_make(t->arena, struct world_of);

    for (size_t i = 0; i < SERVICES; i++)
        w->services[i] = (struct service){ .id = arena_printf(t->arena, "s%zu", i), .enabled = true };
    for (size_t i = 0; i < n; i++)
        w->rows[w->n++] = rows[i];
    return build(t, w);
}

static struct policy own(const char *id, const char *text)
{
    return (struct policy){
        .id = str_of(id), .layer = LAYER_MUNICIPALITY, .provider = &providers[0], .enabled = true, .text = str_of(text)
    };
}

#define TELLS(who, what, claim)                                                                                        \
    "permit (principal in Role::\"" who "\", action == Action::\"release\", resource " what ") when { "                \
    "principal.provider == Provider::\"oulu\" && resource in [Attribute::\"" claim "\"] };"

TEST(from_a_policy_about_every_service_one_is_taken_by_withholding)
{
    struct policy rows[] = { own("wide", TELLS("teacher", "", "email")) };
    struct registry *r = of_texts(t, rows, 1);
    struct grant_wish wish = { { 1u << CLAIM_EMAIL }, 1u << ROLE_TEACHER, true };
    struct grant_plan plan = grants_plan(t->arena, r, &oulu, &registry_parts(r)->services[0], &wish, TEST_NOW_S);

    CHECK_INT(plan.n, 1);
    CHECK(plan.at[0].policy == NULL);
    CHECK_INT(plan.at[0].form.withhold.bits, 1u << CLAIM_EMAIL);
    CHECK_INT(plan.at[0].form.whom.roles, 1u << ROLE_TEACHER);
}

TEST(a_policy_that_says_nothing_any_more_is_removed)
{
    struct policy rows[] = { own("narrow", TELLS("teacher", "in Service::\"s0\"", "email")) };
    struct registry *r = of_texts(t, rows, 1);
    struct grant_wish wish = { { 1u << CLAIM_EMAIL }, 1u << ROLE_TEACHER, true };
    struct grant_plan plan = grants_plan(t->arena, r, &oulu, &registry_parts(r)->services[0], &wish, TEST_NOW_S);

    CHECK_INT(plan.n, 1);
    CHECK_STR(plan.at[0].policy->id, "narrow");
    CHECK_STR(plan.at[0].text, "");
}

TEST(what_will_be_told_later_is_taken_as_well)
{
    struct policy rows[] = { own("soon", TELLS("teacher", "", "email")) };
    rows[0].from_s = TEST_NOW_S + 100;
    struct registry *r = of_texts(t, rows, 1);
    struct grant_wish wish = { { 1u << CLAIM_EMAIL }, 1u << ROLE_TEACHER, true };

    CHECK_INT(grants_plan(t->arena, r, &oulu, &registry_parts(r)->services[0], &wish, TEST_NOW_S).n, 1);
    CHECK_INT(grants_of(t->arena, r, &oulu, &registry_parts(r)->services[0], TEST_NOW_S).n, 0);
}

TEST(what_the_nation_forbids_no_city_grants_and_what_it_tells_none_takes)
{
    struct policy rows[] = { own("n", "forbid (principal, action == Action::\"release\", resource) when { resource in "
                                      "Attribute::\"learner_id\" };"),
                             own("m", "permit (principal, action == Action::\"release\", resource) when { resource in "
                                      "Attribute::\"email\" };") };
    for (size_t i = 0; i < 2; i++) {
        rows[i].layer = LAYER_NATION;
        rows[i].provider = NULL;
    }
    struct registry *r = of_texts(t, rows, 2);
    const struct service *s = &registry_parts(r)->services[0];
    struct grant_wish grant = { { 1u << CLAIM_LEARNER_ID }, 1u << ROLE_LEARNER, false },
                      take = { { 1u << CLAIM_EMAIL }, 1u << ROLE_LEARNER, true };
    struct grant_plan plan = grants_plan(t->arena, r, &oulu, s, &grant, TEST_NOW_S);

    CHECK_INT(plan.trouble, GRANT_TROUBLE_ABOVE);
    CHECK_STR(plan.because->id, "n");
    plan = grants_plan(t->arena, r, &oulu, s, &take, TEST_NOW_S);
    CHECK_INT(plan.trouble, GRANT_TROUBLE_ABOVE);
    CHECK_STR(plan.because->id, "m");
}
