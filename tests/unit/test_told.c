/* SPDX-License-Identifier: EUPL-1.2
 *
 * What the console shows of a test person is what would leave, and what is held back has its reason. */
#include "gateway/console/told.h"
#include "idp-adapters/attribute_map.h"
#include "policy/form.h"
#include "tests/test.h"
#include "wire/json.h"

enum { ROWS = 6, ROUNDS = 300, EVERY = (1u << CLAIM_COUNT) - 1 };

struct dice {
    uint64_t state;
};

static size_t roll(struct dice *d, size_t sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(d->state >> 33) % sides;
}

static struct school schools[] = { { S("9.1"), S("99101"), { { S("Kielonmäki") } }, true } };
static struct provider providers[] = {
    { .id = S("oulu"), .oid = S("1.1"), .names = { { S("Oulu") } }, .schools = schools, .school_count = 1 }
};
static struct idp idps[] = { { .id = S("oulu"), .kind = IDP_LOCAL, .provider = &providers[0], .enabled = true } };
static const enum role roles[] = { ROLE_LEARNER, ROLE_TEACHER, ROLE_GUARDIAN };
static struct str scopes[] = { S("openid"), S("profile"), S("email"), S("edu.role"), S("edu.school"), S("edu.age") };

static struct registry *registry(struct test *t, struct dice *d)
{
    struct policy *rows = arena_make_n(t->arena, ROWS, struct policy);
    struct service *service = arena_make(t->arena, struct service);

    *service = (struct service){ .id = S("kanerva"),
                                 .protocol = PROTO_OIDC,
                                 .vendor = S("kanerva-oy"),
                                 .client_id = S("kanerva"),
                                 .enabled = true,
                                 .profile = roll(d, 2) ? PROFILE_MPASS : PROFILE_NATIVE,
                                 .scopes = { scopes, 1 + roll(d, 6) },
                                 .asks = { (uint32_t)roll(d, EVERY) } };
    for (size_t i = 0; i < ROWS; i++) {
        bool nation = roll(d, 5) == 0;
        struct policy_form f = { .opening = roll(d, 2) ? OPENING_PERMIT : OPENING_NONE,
                                 .whom = { .provider = S("oulu"), .roles = roll(d, 2) ? 1u << roles[roll(d, 3)] : 0 },
                                 .release = { (uint32_t)roll(d, EVERY) },
                                 .withhold = { roll(d, 3) ? 0 : 1u << roll(d, CLAIM_COUNT) } };
        rows[i] = (struct policy){ .id = arena_printf(t->arena, "r%zu", i),
                                   .layer = nation ? LAYER_NATION : LAYER_MUNICIPALITY,
                                   .provider = nation ? NULL : &providers[0],
                                   .enabled = true,
                                   .text = policy_form_text(t->arena, &f) };
    }
    struct permission *receipt = arena_make(t->arena, struct permission);
    *receipt = (struct permission){ .id = S("u"), .provider = &providers[0], .service = S("kanerva") };
    receipt->gives.bits = (uint32_t)roll(d, EVERY) | 1u << CLAIM_ROLES;
    receipt->keeps.bits = EVERY & ~receipt->gives.bits & ~(1u << CLAIM_SUB);
    const struct registry_parts parts = { .permissions = receipt,
                                          .permission_count = roll(d, 2),
                                          .providers = providers,
                                          .provider_count = 1,
                                          .idps = idps,
                                          .idp_count = 1,
                                          .services = service,
                                          .service_count = 1,
                                          .policies = rows,
                                          .policy_count = ROWS };
    struct registry *r = registry_build(arena_new(), &parts);

    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

static struct told_of ask(struct test *t, const struct registry *r, const struct person *p)
{
    const struct told_ask ask = { .registry = r,
                                  .person = p,
                                  .service = registry_service(r, S("kanerva")),
                                  .seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef")),
                                  .now = { .now_s = TEST_NOW_S } };
    struct told_of told;

    told_make(t->arena, &ask, &told);
    return told;
}

static struct person *somebody(struct test *t, struct dice *d, const struct registry *r)
{
    const struct made_up of = { .provider = &registry_parts(r)->providers[0],
                                .school = roll(d, 2) ? &schools[0] : NULL,
                                .role = roles[roll(d, 3)],
                                .level = (int)roll(d, 10),
                                .group = roll(d, 2) ? S("5B") : S("") };

    return told_person(t->arena, r, &of, TEST_NOW_S);
}

TEST(what_is_shown_is_what_is_decided_and_everything_else_has_a_reason)
{
    struct dice d = { 21 };
    size_t seen[HELD_EMPTY + 1] = { 0 }, told_n = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct registry *r = registry(t, &d);
        const struct service *s = registry_service(r, S("kanerva"));
        const struct registry_parts *parts = registry_parts(r);
        struct person *p = somebody(t, &d, r);
        struct told_of told = ask(t, r, p);
        const struct circumstances now = { .now_s = TEST_NOW_S };
        struct decision decision = policy_decide(r, p, s, &now);
        CHECK(decision.effect == told.decision.effect && decision.release.bits == told.decision.release.bits);
        CHECK((told.userinfo.p != NULL) == (decision.effect == EFFECT_ALLOW));
        for (int i = CLAIM_SUB + 1; i < CLAIM_COUNT; i++) {
            bool is = claim_in(told.told, (enum claim)i), asked = claim_in(s->asks, (enum claim)i);
            CHECK(!is || parts->permission_count == 0 || claim_in(parts->permissions->gives, (enum claim)i));
            CHECK(!is || (claim_in(decision.release, (enum claim)i) && told.held[i] == HELD_NOT));
            CHECK(is || !asked || told.held[i] != HELD_NOT);
            CHECK(told.held[i] != HELD_WITHHELD || told.said[i].withheld != NULL);
            CHECK(told.held[i] != HELD_EMPTY || claim_in(decision.release, (enum claim)i));
            seen[told.held[i]]++;
            told_n += is;
        }
    }
    CHECK(told_n > 100);
    for (size_t i = HELD_SHUT; i <= HELD_EMPTY; i++)
        CHECK(seen[i] > 5);
}

TEST(the_example_of_a_sub_is_nobodys)
{
    struct dice d = { 22 };
    struct registry *r = registry(t, &d);
    struct person *p = somebody(t, &d, r), *q = somebody(t, &d, r);
    struct fail f = { 0 };

    q->id = S("another");
    for (int i = 0; i < 50 && ask(t, r, p).userinfo.p == NULL; i++)
        p = somebody(t, &d, r = registry(t, &d));
    struct told_of x = ask(t, r, p);
    CHECK(x.userinfo.p != NULL);
    p->id = S("another");
    struct told_of y = ask(t, r, p);
    CHECK(str_eq(x.userinfo, y.userinfo) && str_eq(x.id_token, y.id_token));
    CHECK(json_parse(t->arena, json_lines(t->arena, x.userinfo), &f) != NULL);
}

TEST(json_is_laid_out_and_stays_what_it_says)
{
    CHECK_STR(json_lines(t->arena, S("{\"a\":[1,{\"b\":\"x,{\\\"\"}],\"c\":true}")),
              "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x,{\\\"\"\n    }\n  ],\n  \"c\": true\n}");
}

TEST(a_learner_who_is_not_has_a_number_that_could_be)
{
    struct dice d = { 23 };
    struct registry *r = registry(t, &d);
    const struct made_up of = { .provider = &registry_parts(r)->providers[0], .role = ROLE_LEARNER, .level = 3 };
    const struct person *p = told_person(t->arena, r, &of, TEST_NOW_S);

    CHECK(learner_id_valid(p->learner_id, true) && !learner_id_valid(p->learner_id, false));
    CHECK_INT(p->age, AGE_UNDER13);
}
