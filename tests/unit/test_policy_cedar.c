/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/lookup.h"
#include "policy/may.h"
#include "tests/test.h"

/* --- a small country, with policies of every shape ---------------------------------------------------------- */

enum { PROVIDERS = 2, SCHOOLS = 3, SERVICES = 70, ROWS = 24, ROUNDS = 250, CATEGORIES = 3, WINDOWS = 6 };

struct dice {
    uint64_t state;
};

static size_t roll(struct dice *d, size_t sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(d->state >> 33) % sides;
}

struct country {
    struct provider providers[PROVIDERS];
    struct school schools[PROVIDERS][SCHOOLS];
    struct service services[SERVICES];
    struct policy rows[ROWS];
    struct term terms[WINDOWS];
    struct named_network networks[WINDOWS];
    struct exam exams[WINDOWS];
    struct registry_parts parts;
    struct registry *registry;
};

static const enum role roles[] = { ROLE_TEACHER, ROLE_LEARNER, ROLE_SUBSTITUTE };

/* One condition; p: the provider whose policy it is. */
static void condition(struct dice *d, struct buf *b, size_t p)
{
    static const char *const plain[] = {
        "principal in Role::\"teacher\"",
        "principal in [Role::\"teacher\", Role::\"learner\"]",
        "principal in Role::\"substitute\" || principal in Role::\"learner\"",
        "!(principal in Role::\"teacher\")",
        "principal has classLevel && principal.classLevel >= 7",
        "principal.classLevel <= 3", /* cannot be evaluated of who has none */
        "principal has age && [\"under13\", \"13to17\"].contains(principal.age)",
        "[1, 2, 3, 4, 5].contains(context.weekday)",
        "context.weekday <= 5",
        "context.minute >= 480 && context.minute < 960",
        "context.device == Device::\"own\"",
        "context.assurance >= 2",
        "context has term && context.term == Term::\"schoolDay\"",
        "context has term && [Term::\"dayOff\", Term::\"holiday\"].contains(context.term)",
        "context.term == Term::\"schoolDay\"", /* likewise, where no calendar says */
        "context has network",
        "context has network && context.network == Network::\"n1\"",
        "!(context has exam)",
        "context has exam && context.exam.services.contains(Service::\"s1\")",
        "resource in Service::\"s1\"",
        "resource in [Service::\"s1\", Service::\"s2\", Service::\"s3\"]",
        "resource in Category::\"c1\" || principal in Role::\"teacher\"",
        "resource in [Attribute::\"sub\", Attribute::\"email\"]",
        "principal has group && principal.group like \"7*\"",
    };
    size_t pick = roll(d, sizeof plain / sizeof *plain + 3);

    buf_add(b, roll(d, 8) == 0 ? S(" unless { ") : S(" when { "));
    if (pick < sizeof plain / sizeof *plain)
        buf_add(b, str_of(plain[pick]));
    else if (pick == sizeof plain / sizeof *plain)
        buf_printf(b, "principal in School::\"p%zu/9910%zu\"", p, roll(d, SCHOOLS));
    else if (pick == sizeof plain / sizeof *plain + 1)
        buf_printf(b, "principal in [School::\"p%zu/99100\", School::\"p%zu/9910%zu\"]", p, p, 1 + roll(d, SCHOOLS));
    else
        buf_printf(b, "principal in Group::\"p%zu/9910%zu/7B\"", p, roll(d, SCHOOLS));
    buf_add(b, S(" }"));
}

static void statement(struct dice *d, struct buf *b, const struct policy *row)
{
    static const char *const actions[] = { "action == Action::\"open\"",
                                           "action == Action::\"open\"",
                                           "action == Action::\"release\"",
                                           "action == Action::\"leaveToSchools\"",
                                           "action in [Action::\"open\", Action::\"release\"]",
                                           "action" };
    static const char *const resources[] = { "resource == Service::\"s", "resource in Service::\"s",
                                             "resource in Vendor::\"v", "resource in Category::\"c" };
    size_t p = row->provider != NULL ? (size_t)(row->provider->id.p[1] - '0') : roll(d, PROVIDERS);
    size_t of = roll(d, 6), what = roll(d, 6);

    buf_add(b, roll(d, 4) == 0 ? S("forbid (") : S("permit ("));
    if (row->layer == LAYER_SCHOOL)
        buf_printf(b, "principal in School::\"p%zu/%.*s\"", p, STR_ARG(row->school->code));
    else if (row->layer == LAYER_MUNICIPALITY && of == 0)
        buf_printf(b, "principal in School::\"p%zu/9910%zu\"", p, roll(d, SCHOOLS));
    else if (row->layer == LAYER_MUNICIPALITY && of == 3) /* beyond its owner: text_check.h would refuse it */
        buf_printf(b, "principal in School::\"p%zu/9910%zu\"", roll(d, PROVIDERS), roll(d, SCHOOLS));
    else if (row->layer == LAYER_MUNICIPALITY && of == 4)
        buf_add(b, roll(d, 2) ? S("principal in Role::\"learner\"") : S("principal in Role::\"any\""));
    else if (row->layer == LAYER_MUNICIPALITY || of == 1)
        buf_printf(b, "principal in Provider::\"p%zu\"", p);
    else
        buf_add(b, of == 2   ? S("principal in Role::\"learner\"")
                   : of == 5 ? S("principal in Role::\"any\"")
                             : S("principal"));
    buf_printf(b, ", %s, ", actions[roll(d, sizeof actions / sizeof *actions)]);
    if (what < 4)
        buf_printf(b, "%s%zu\"", resources[what], roll(d, what < 2 ? 6 : CATEGORIES));
    else
        buf_add(b, what == 4 ? S("resource is Service") : S("resource"));
    buf_add(b, S(")"));
    for (size_t n = roll(d, 3); n > 0; n--)
        condition(d, b, p);
    buf_add(b, S(";\n"));
}

static struct policy row_at_random(struct test *t, struct dice *d, struct country *c, size_t number)
{
    struct policy row = { .id = arena_printf(t->arena, "r%02zu", number), .enabled = roll(d, 12) != 0 };
    struct buf b = buf_new(t->arena, 8192);
    size_t p = roll(d, PROVIDERS);

    row.layer = (enum layer)(roll(d, 5) == 0 ? LAYER_NATION : roll(d, 3) == 0 ? LAYER_SCHOOL : LAYER_MUNICIPALITY);
    row.provider = row.layer != LAYER_NATION ? &c->providers[p] : NULL;
    row.school = row.layer == LAYER_SCHOOL ? &c->schools[p][roll(d, SCHOOLS)] : NULL;
    row.from_s = roll(d, 8) == 0 ? TEST_NOW_S + (int64_t)roll(d, 3) - 1 : 0;
    row.to_s = roll(d, 8) == 0 ? TEST_NOW_S + (int64_t)roll(d, 3) - 1 : 0;
    for (size_t n = 1 + roll(d, 3); n > 0; n--)
        statement(d, &b, &row);
    row.text = buf_str(&b);
    return row;
}

static void windows_at_random(struct test *t, struct dice *d, struct country *c)
{
    const int64_t today = windows_day(TEST_NOW_S);
    static struct str groups[] = { S("7b"), S("8A") };
    static struct str blocks[] = { S("10.0.0.0/8"), S("10.1.0.0/16"), S("10.1.2.0/24"), S("fd00::/16") };

    c->parts.terms = c->terms;
    c->parts.networks = c->networks;
    c->parts.exams = c->exams;
    c->parts.term_count = roll(d, WINDOWS);
    c->parts.network_count = roll(d, WINDOWS);
    c->parts.exam_count = roll(d, 2) * roll(d, WINDOWS);
    for (size_t i = 0; i < WINDOWS; i++) {
        size_t p = roll(d, PROVIDERS);
        const struct school *s = roll(d, 2) ? &c->schools[p][roll(d, SCHOOLS)] : NULL;
        c->terms[i] = (struct term){ .id = arena_printf(t->arena, "t%zu", i),
                                     .kind = (enum term_kind)roll(d, 3),
                                     .provider = &c->providers[p],
                                     .school = s,
                                     .from_day = today - (int64_t)roll(d, 9),
                                     .to_day = today + (int64_t)roll(d, 9) };
        c->networks[i] = (struct named_network){ .id = arena_printf(t->arena, "n%zu", i),
                                                 .provider = &c->providers[p],
                                                 .school = s,
                                                 .blocks = { &blocks[roll(d, 4)], 1 } };
        c->exams[i] = (struct exam){ .id = arena_printf(t->arena, "e%zu", i),
                                     .provider = &c->providers[p],
                                     .school = &c->schools[p][roll(d, SCHOOLS)],
                                     .groups = { groups, roll(d, 3) },
                                     .level_from = (int)(roll(d, 2) * roll(d, 9)),
                                     .from_s = TEST_NOW_S - (int64_t)roll(d, 3) * 1800,
                                     .to_s = TEST_NOW_S + (int64_t)roll(d, 9) * 900 + 1,
                                     .services = { arena_make_n(t->arena, 2, struct str), roll(d, 3) } };
        for (size_t k = 0; k < c->exams[i].services.n; k++)
            c->exams[i].services.at[k] = arena_printf(t->arena, "s%zu", roll(d, 6));
    }
}

static struct country *country(struct test *t, struct dice *d)
{
    struct country *c = arena_make(t->arena, struct country);

    c->parts = (struct registry_parts){ .providers = c->providers,
                                        .provider_count = PROVIDERS,
                                        .services = c->services,
                                        .service_count = 1 + roll(d, SERVICES),
                                        .policies = c->rows,
                                        .policy_count = roll(d, ROWS + 1) };
    for (size_t i = 0; i < PROVIDERS; i++) {
        for (size_t k = 0; k < SCHOOLS; k++)
            c->schools[i][k] = (struct school){ .oid = arena_printf(t->arena, "9.%zu.%zu", i, k),
                                                .code = arena_printf(t->arena, "9910%zu", k) };
        c->providers[i] = (struct provider){ .id = arena_printf(t->arena, "p%zu", i),
                                             .oid = arena_printf(t->arena, "1.%zu", i),
                                             .schools = c->schools[i],
                                             .school_count = SCHOOLS };
    }
    for (size_t i = 0; i < c->parts.service_count; i++)
        c->services[i] = (struct service){ .id = arena_printf(t->arena, "s%zu", i),
                                           .category = arena_printf(t->arena, "c%zu", roll(d, CATEGORIES)),
                                           .vendor = arena_printf(t->arena, "v%zu", roll(d, 3)),
                                           .enabled = roll(d, 10) != 0,
                                           .asks = { (uint32_t)roll(d, 256) } };
    for (size_t i = 0; i < c->parts.policy_count; i++)
        c->rows[i] = row_at_random(t, d, c, i);
    windows_at_random(t, d, c);
    c->registry = registry_build(arena_new(), &c->parts);
    arena_adopt(t->arena, c->registry, (void (*)(void *))registry_drop);
    return c;
}

static struct person person_at_random(struct test *t, struct dice *d)
{
    size_t n = roll(d, 4);
    struct affiliation *at = arena_make_n(t->arena, n + 1, struct affiliation);

    for (size_t i = 0; i < n; i++) {
        size_t p = roll(d, PROVIDERS + 1);
        at[i] = (struct affiliation){ .provider_oid = arena_printf(t->arena, "1.%zu", p),
                                      .school_oid = roll(d, 4) ? arena_printf(t->arena, "9.%zu.%zu", p, roll(d, 4))
                                                               : (struct str){ NULL, 0 },
                                      .role = roll(d, 8) ? roles[roll(d, 3)] : ROLE_NONE,
                                      .group = roll(d, 2) ? S("7B") : (struct str){ NULL, 0 },
                                      .class_level = (int)roll(d, 10),
                                      .to_s = roll(d, 8) ? 0 : TEST_NOW_S };
    }
    return (struct person){ .id = S("p"),
                            .idp = S("idp"),
                            .affiliations = at,
                            .affiliation_count = n,
                            .age = (int)roll(d, 4),
                            .acr = roll(d, 2) ? S("http://ftn.ficora.fi/2017/loa2") : (struct str){ NULL, 0 } };
}

/* --- what the evaluator says of each statement, and policy.h word for word ---------------------------------- */

struct walk {
    bool permit, forbid, leave, keep;
};

static bool applies(struct asking *q, const struct listed *l, enum deed deed, const struct service *s, enum claim claim)
{
    enum cedar_outcome outcome = asking_whether(q, l, deed, s, claim);

    return outcome == CEDAR_APPLIES || (outcome == CEDAR_FAILED && l->cedar->effect == CEDAR_FORBID);
}

/* 1: opened, -1: forbidden, 0: nobody says. */
static int opened(struct asking *q, const struct service *s, uint32_t *place)
{
    const struct set *set = q->set;
    struct walk w = { 0 };

    for (uint32_t i = 0; i < set->n; i++)
        if (set->at[i].row->layer != LAYER_SCHOOL && applies(q, &set->at[i], DEED_LEAVE, s, CLAIM_SUB)) {
            w.leave |= set->at[i].cedar->effect == CEDAR_PERMIT;
            w.keep |= set->at[i].cedar->effect == CEDAR_FORBID;
        }
    for (int layer = 0; layer < (w.leave && !w.keep ? LAYER_COUNT : LAYER_SCHOOL); layer++) {
        int said = 0;
        for (uint32_t i = set->n; i-- > 0;)
            if ((int)set->at[i].row->layer == layer && applies(q, &set->at[i], DEED_OPEN, s, CLAIM_SUB)) {
                bool forbid = set->at[i].cedar->effect == CEDAR_FORBID;
                if (said != -1 || forbid)
                    *place = i;
                said = forbid ? -1 : said == 0 ? 1 : said;
            }
        if (said != 0)
            return said;
    }
    return 0;
}

static void told(struct asking *q, const struct service *s, uint32_t *granted, uint32_t *withheld)
{
    for (int claim = 0; claim < CLAIM_COUNT; claim++) {
        bool done = false;
        for (int layer = 0; layer < LAYER_SCHOOL && !done; layer++) {
            bool permit = false, forbid = false;
            for (uint32_t i = 0; i < q->set->n; i++) {
                const struct listed *l = &q->set->at[i];
                if ((int)l->row->layer != layer || !applies(q, l, DEED_RELEASE, s, (enum claim)claim))
                    continue;
                permit |= l->cedar->effect == CEDAR_PERMIT;
                forbid |= l->cedar->effect == CEDAR_FORBID;
            }
            *granted |= permit && !forbid ? 1u << claim : 0;
            *withheld |= forbid ? 1u << claim : 0;
            done = permit || forbid;
        }
    }
}

static struct decision walk(struct test *t, const struct country *c, const struct person *p, const struct service *s,
                            const struct circumstances *now)
{
    const struct set *set = set_of(c->registry);
    struct decision d = { .rule = S("none") };
    uint32_t release = 0, withheld = 0;

    if (!s->enabled)
        return (struct decision){ .rule = S("service_disabled") };
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *a = &p->affiliations[i];
        const struct provider *of = registry_provider_oid(c->registry, a->provider_oid);
        if (of == NULL || a->role == ROLE_NONE || !affiliation_valid(a, now->now_s))
            continue;
        struct asking q = asking_of(t->arena, set, p, a, of, now);
        uint32_t granted = 0, place = 0;
        int open = opened(&q, s, &place);
        told(&q, s, &granted, &withheld);
        if (open < 0)
            return (struct decision){ .rule = set->at[place].row->id };
        if (open > 0) {
            if (d.effect == EFFECT_DENY)
                d.rule = set->at[place].row->id;
            d.effect = EFFECT_ALLOW;
            release |= granted;
        }
    }
    d.release.bits = d.effect == EFFECT_ALLOW ? release & ~withheld & s->asks.bits : 0;
    return d;
}

static struct circumstances moment(struct dice *d)
{
    static const char *const from[] = { "10.1.2.3", "10.1.9.9", "10.9.9.9", "fd00::1", "192.0.2.1", "" };

    return (struct circumstances){ .now_s =
                                       TEST_NOW_S + (int64_t)roll(d, 7 * 24) * 3600 - (int64_t)(roll(d, 2) * 86400),
                                   .shared_device = roll(d, 2) == 1,
                                   .from = address_read(str_of(from[roll(d, 6)])) };
}

TEST(whatever_policies_say_the_index_decides_as_the_evaluator_does_statement_by_statement)
{
    struct dice d = { 20261129 };
    size_t allowed = 0, forbidden = 0, plain = 0, asked = 0, schools = 0, exams = 0;

    for (size_t round = 0; round < ROUNDS; round++) {
        struct country *c = country(t, &d);
        const struct set *set = set_of(c->registry);
        CHECK(set->unread == NULL);
        for (size_t i = 0; i < set->n; i++) {
            plain += set->at[i].plain;
            asked += !set->at[i].plain;
        }
        for (int who = 0; who < 3; who++) {
            struct person p = person_at_random(t, &d);
            struct circumstances now = roll(&d, 2) ? (struct circumstances){ .now_s = TEST_NOW_S } : moment(&d);
            struct bits open = policy_services(t->arena, c->registry, &p, &now);
            for (size_t i = 0; i < c->parts.service_count; i++) {
                struct decision want = walk(t, c, &p, &c->services[i], &now),
                                got = policy_decide(c->registry, &p, &c->services[i], &now);
                if (want.effect != got.effect || !str_eq(want.rule, got.rule) || want.release.bits != got.release.bits)
                    test_fail(t, __FILE__, __LINE__, "round %zu, service %zu: %.*s %x, but the walk says %.*s %x",
                              round, i, STR_ARG(got.rule), got.release.bits, STR_ARG(want.rule), want.release.bits);
                CHECK(bits_has(&open, i) == (want.effect == EFFECT_ALLOW));
                allowed += want.effect == EFFECT_ALLOW;
                exams += str_eq(want.rule, S(POLICY_OF_EXAMS));
                forbidden += want.effect == EFFECT_DENY && want.rule.p[0] == 'r';
                for (size_t k = 0; k < c->parts.policy_count; k++)
                    schools += c->rows[k].layer == LAYER_SCHOOL && str_eq(c->rows[k].id, want.rule);
            }
        }
    }
    /* The dice made all of it, and not a few. */
    CHECK(allowed > 1000 && forbidden > 1000 && plain > 200 && asked > 200 && schools > 30 && exams > 100);
}

TEST(a_policy_is_about_its_owners_people_whatever_its_text_says)
{
    static struct school schools[] = { { .oid = S("9.1"), .code = S("99101") },
                                       { .oid = S("9.2"), .code = S("99102") } };
    static struct provider providers[] = { { .id = S("p0"), .oid = S("1.0"), .schools = schools, .school_count = 2 },
                                           { .id = S("p1"), .oid = S("1.1") } };
    static const char *const texts[] = {
        "permit (principal, action == Action::\"open\", resource);",
        "permit (principal in Provider::\"p1\", action == Action::\"open\", resource);",
        "permit (principal in Role::\"teacher\", action, resource) when { context.weekday <= 7 };",
    };
    struct service service = { .id = S("s"), .enabled = true };
    const struct circumstances now = { .now_s = TEST_NOW_S };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int layer = LAYER_MUNICIPALITY; layer <= LAYER_SCHOOL; layer++) {
            struct policy rows[] = { { .id = S("r"),
                                       .layer = (enum layer)layer,
                                       .provider = &providers[0],
                                       .school = layer == LAYER_SCHOOL ? &schools[0] : NULL,
                                       .enabled = true,
                                       .text = str_of(texts[i]) },
                                     { .id = S("l"),
                                       .layer = LAYER_NATION,
                                       .enabled = true,
                                       .text =
                                           S("permit (principal, action == Action::\"leaveToSchools\", resource);") } };
            const struct registry_parts parts = { .providers = providers,
                                                  .provider_count = 2,
                                                  .services = &service,
                                                  .service_count = 1,
                                                  .policies = rows,
                                                  .policy_count = 2 };
            struct registry *r = registry_build(arena_new(), &parts);
            arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
            for (int who = 0; who < 3; who++) { /* of the school, of the city's other school, of another city */
                struct affiliation at = { .provider_oid = who < 2 ? S("1.0") : S("1.1"),
                                          .school_oid = who == 0 ? S("9.1") : S("9.2"),
                                          .role = ROLE_TEACHER };
                struct person p = { .affiliations = &at, .affiliation_count = 1 };
                bool its = i != 1 && who <= (layer == LAYER_SCHOOL ? 0 : 1);
                struct bits open = policy_services(t->arena, r, &p, &now);
                CHECK_INT(policy_decide(r, &p, &service, &now).effect, its ? EFFECT_ALLOW : EFFECT_DENY);
                CHECK(bits_has(&open, 0) == its);
            }
        }
}
