/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/impact.h"
#include "tests/test.h"

enum { SCHOOLS = 3, SERVICES = 12, ROWS = 10, PEOPLE = 60, ROUNDS = 80 };

struct dice {
    uint64_t state;
};

static size_t roll(struct dice *d, size_t sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(d->state >> 33) % sides;
}

static struct school schools[SCHOOLS] = { { .oid = S("9.1"), .code = S("99101") },
                                          { .oid = S("9.2"), .code = S("99102") },
                                          { .oid = S("9.3"), .code = S("99103") } };
static struct provider providers[] = { { .id = S("oulu"), .oid = S("1.1"), .schools = schools, .school_count = 3 } };

struct world_of {
    struct service services[SERVICES];
    struct policy rows[ROWS];
    struct registry_parts parts;
};

static struct str text_at_random(struct test *t, struct dice *d)
{
    static const char *const whens[] = { "", " when { principal in Role::\"learner\" }",
                                         " when { principal in Role::\"teacher\" }",
                                         " when { principal has classLevel && principal.classLevel >= 7 }",
                                         " when { principal in School::\"oulu/99102\" }" };
    struct str open = arena_printf(t->arena,
                                   "%s (principal in Provider::\"oulu\", action == Action::\"open\", resource == "
                                   "Service::\"s%zu\")%s;",
                                   roll(d, 5) == 0 ? "forbid" : "permit", roll(d, SERVICES), whens[roll(d, 5)]);
    struct str tell =
        arena_printf(t->arena,
                     "permit (principal in Provider::\"oulu\", action == Action::\"release\", resource in "
                     "Service::\"s%zu\") when { resource in Attribute::\"%s\" };",
                     roll(d, SERVICES), roll(d, 2) ? "email" : "given_name");

    return roll(d, 3) == 0 ? tell : open;
}

static struct registry *build(struct test *t, struct world_of *w)
{
    w->parts.services = w->services;
    w->parts.policies = w->rows;
    struct registry *r = registry_build(arena_new(), &w->parts);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

static struct world_of *world(struct test *t, struct dice *d)
{
    struct world_of *w = arena_make(t->arena, struct world_of);

    for (size_t i = 0; i < SERVICES; i++)
        w->services[i] = (struct service){ .id = arena_printf(t->arena, "s%zu", i),
                                           .enabled = true,
                                           .asks = { 1u << CLAIM_EMAIL | 1u << CLAIM_GIVEN_NAME } };
    for (size_t i = 0; i < ROWS; i++)
        w->rows[i] = (struct policy){ .id = arena_printf(t->arena, "r%zu", i),
                                      .layer = LAYER_MUNICIPALITY,
                                      .provider = &providers[0],
                                      .enabled = true,
                                      .text = text_at_random(t, d) };
    w->parts = (struct registry_parts){
        .providers = providers, .provider_count = 1, .service_count = SERVICES, .policy_count = ROWS
    };
    return w;
}

/* Another one, in which rows changed, went and came, and so did a service. */
static struct world_of *later(struct test *t, struct dice *d, const struct world_of *was)
{
    struct world_of *w = arena_make(t->arena, struct world_of);

    *w = *was;
    w->rows[roll(d, ROWS)].text = text_at_random(t, d);
    w->rows[roll(d, ROWS)].enabled = false;
    if (roll(d, 3) == 0)
        w->rows[roll(d, ROWS)].text = text_at_random(t, d);
    if (roll(d, 4) == 0)
        w->parts.service_count--;
    if (roll(d, 4) == 0)
        w->services[roll(d, SERVICES)].enabled = false;
    if (roll(d, 4) == 0)
        w->services[roll(d, SERVICES)].asks.bits = 1u << CLAIM_EMAIL;
    return w;
}

static struct people people_at_random(struct test *t, struct dice *d)
{
    struct person *p = arena_make(t->arena, struct person);

    p->affiliation_count = roll(d, 3);
    p->affiliations = arena_make_n(t->arena, 3, struct affiliation);
    for (size_t i = 0; i < p->affiliation_count; i++)
        p->affiliations[i] = (struct affiliation){ .provider_oid = S("1.1"),
                                                   .school_oid = schools[roll(d, SCHOOLS)].oid,
                                                   .role = roll(d, 2) ? ROLE_LEARNER : ROLE_TEACHER,
                                                   .class_level = (int)roll(d, 10) };
    return (struct people){ p, 1 + roll(d, 400) };
}

static const struct circumstances now = { .now_s = TEST_NOW_S };

/* One after the other, as if each came and asked. */
static void outcome(const struct registry *before, const struct registry *after, const struct people *p, size_t n,
                    struct impact *sum, size_t *told)
{
    const struct registry_parts *was = registry_parts(before), *is = registry_parts(after);

    for (size_t i = 0; i < n; i++) {
        bool gains = false, loses = false;
        for (size_t k = 0; k < was->service_count; k++) {
            const struct service *then = registry_service(after, was->services[k].id);
            struct decision x = policy_decide(before, p[i].who, &was->services[k], &now),
                            y = then != NULL ? policy_decide(after, p[i].who, then, &now) : (struct decision){ 0 };
            gains |= x.effect == EFFECT_DENY && y.effect == EFFECT_ALLOW;
            loses |= x.effect == EFFECT_ALLOW && y.effect == EFFECT_DENY;
            if (x.effect == EFFECT_ALLOW && y.effect == EFFECT_ALLOW && x.release.bits != y.release.bits)
                *told += p[i].count * ((x.release.bits & ~y.release.bits) != 0) +
                         p[i].count * ((y.release.bits & ~x.release.bits) != 0);
        }
        sum->people += p[i].count;
        sum->gain += gains ? p[i].count : 0;
        sum->lose += loses ? p[i].count : 0;
    }
    (void)is;
}

TEST(what_is_foreseen_is_what_happens_to_each)
{
    struct dice d = { 7 };
    size_t gains = 0, losses = 0, told_in_all = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct world_of *w = world(t, &d), *l = later(t, &d, w);
        struct registry *before = build(t, w), *after = build(t, l);
        struct people p[PEOPLE];
        struct impact seen = { 0 }, said;
        size_t told = 0, told_said = 0, rows_gain = 0, rows_lose = 0, each_gain = 0, each_lose = 0;
        for (size_t i = 0; i < PEOPLE; i++)
            p[i] = people_at_random(t, &d);
        outcome(before, after, p, PEOPLE, &seen, &told);
        CHECK(policy_impact(t->arena, before, after, p, PEOPLE, &now, NULL, &said));
        CHECK_INT(said.people, seen.people);
        CHECK_INT(said.gain, seen.gain);
        CHECK_INT(said.lose, seen.lose);
        for (size_t i = 0; i < said.n; i++) {
            told_said += said.rows[i].told_more + said.rows[i].told_less;
            rows_gain += said.rows[i].gain;
            rows_lose += said.rows[i].lose;
            CHECK(i == 0 || said.rows[i].service != said.rows[i - 1].service ||
                  said.rows[i].role != said.rows[i - 1].role ||
                  !str_eq(said.rows[i].school_oid, said.rows[i - 1].school_oid));
        }
        for (size_t i = 0; i < PEOPLE; i++)
            for (size_t k = 0; k < SERVICES; k++) {
                const struct service *then = registry_service(after, w->services[k].id);
                bool had = policy_decide(before, p[i].who, &w->services[k], &now).effect == EFFECT_ALLOW,
                     has = then != NULL && policy_decide(after, p[i].who, then, &now).effect == EFFECT_ALLOW;
                each_gain += has && !had ? p[i].count : 0;
                each_lose += had && !has ? p[i].count : 0;
            }
        CHECK_INT(told_said, told);
        CHECK_INT(rows_gain, each_gain);
        CHECK_INT(rows_lose, each_lose);
        gains += said.gain;
        losses += said.lose;
        told_in_all += told;
    }
    CHECK(gains > 1000 && losses > 1000 && told_in_all > 1000);
}

TEST(nothing_changed_is_nobody_concerned)
{
    struct dice d = { 3 };
    struct world_of *w = world(t, &d);
    struct registry *before = build(t, w), *after = build(t, w);
    struct people p[PEOPLE];
    struct impact said;

    for (size_t i = 0; i < PEOPLE; i++)
        p[i] = people_at_random(t, &d);
    CHECK(policy_impact(t->arena, before, after, p, PEOPLE, &now, NULL, &said));
    CHECK_INT(said.n, 0);
    CHECK_INT(said.gain + said.lose, 0);
}

static bool until_half(void *with, int percent)
{
    *(int *)with = percent;
    return percent < 50;
}

static bool three_more(void *with)
{
    return ++*(int *)with <= 3;
}

TEST(whoever_waits_can_end_it_between_two_people)
{
    struct dice d = { 3 };
    struct world_of *w = world(t, &d);
    struct registry *r = build(t, w);
    struct people p[PEOPLE];
    struct impact said;
    int asked = 0;

    for (size_t i = 0; i < PEOPLE; i++)
        p[i] = people_at_random(t, &d);
    CHECK(!policy_impact(t->arena, r, r, p, PEOPLE, &now,
                         &(const struct impact_watch){ .goes_on = three_more, .with = &asked }, &said));
    CHECK_INT(asked, 4);
}

TEST(progress_is_told_and_can_end_it)
{
    struct dice d = { 3 };
    struct world_of *w = world(t, &d);
    struct registry *r = build(t, w);
    struct people p[PEOPLE];
    struct impact said;
    int at = 0;

    for (size_t i = 0; i < PEOPLE; i++)
        p[i] = people_at_random(t, &d);
    CHECK(!policy_impact(t->arena, r, r, p, PEOPLE, &now,
                         &(const struct impact_watch){ .progress = until_half, .with = &at }, &said));
    CHECK_INT(at, 50);
}
