/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/facts.h"
#include "policy/text_check.h"
#include "tests/test.h"

static struct school schools[] = { { .oid = S("9.1"), .code = S("99101") }, { .oid = S("9.2") } };
static struct provider providers[] = {
    { .id = S("oulu"), .oid = S("1.1"), .schools = schools, .school_count = 2 },
};
static struct service services[] = {
    { .id = S("matikka"), .category = S("learning"), .vendor = S("luku"), .enabled = true }, { .id = S("bare") }
};

struct scene {
    struct registry *r;
    const struct facts *f;
};

static struct scene scene(struct test *t)
{
    const struct registry_parts parts = {
        .providers = providers, .provider_count = 1, .services = services, .service_count = 2
    };
    struct scene s = { registry_build(arena_new(), &parts), NULL };

    arena_adopt(t->arena, s.r, (void (*)(void *))registry_drop);
    s.f = facts_of(t->arena, s.r);
    return s;
}

static struct str one(struct test *t, const struct cedar_entity *e)
{
    struct cedar_entity *copy = arena_make(t->arena, struct cedar_entity);
    struct cedar_diags d = cedar_diags_new(t->arena, NULL);
    struct buf b = buf_new(t->arena, 1 << 20);

    *copy = *e;
    cedar_entities_to_json(&b, cedar_entities_of(t->arena, &copy, 1, &d));
    return str_sub(str_trim(buf_str(&b)), 2, str_trim(buf_str(&b)).n - 4); /* without the array's brackets and lines */
}

static struct affiliation pupil(void)
{
    return (struct affiliation){ .provider_oid = S("1.1"),
                                 .school_oid = S("9.1"),
                                 .role = ROLE_LEARNER,
                                 .group = S("7B"),
                                 .class_level = 7,
                                 .charge = 2 };
}

TEST(a_person_is_who_they_are_in_that_affiliation)
{
    struct affiliation at = pupil();
    struct person p = { .id = S("p"), .age = AGE_13TO17 };

    CHECK_STR(one(t, facts_person(t->arena, &p, &at, &providers[0])),
              "{\"uid\":{\"type\":\"Person\",\"id\":\"asking\"},\"attrs\":{\"age\":\"13to17\",\"charge\":\"paid\","
              "\"classLevel\":7,\"group\":\"7B\",\"provider\":{\"__entity\":{\"type\":\"Provider\",\"id\":\"oulu\"}},"
              "\"role\":{\"__entity\":{\"type\":\"Role\",\"id\":\"learner\"}},"
              "\"school\":{\"__entity\":{\"type\":\"School\",\"id\":\"oulu/99101\"}}},"
              "\"parents\":[{\"type\":\"Provider\",\"id\":\"oulu\"},{\"type\":\"Role\",\"id\":\"learner\"},"
              "{\"type\":\"School\",\"id\":\"oulu/99101\"},{\"type\":\"Group\",\"id\":\"oulu/99101/7B\"}]}");
    at = (struct affiliation){ .provider_oid = S("1.1"), .school_oid = S("9.2"), .role = ROLE_TEACHER, .charge = 1 };
    p.age = AGE_UNKNOWN;
    CHECK_STR(one(t, facts_person(t->arena, &p, &at, &providers[0])),
              "{\"uid\":{\"type\":\"Person\",\"id\":\"asking\"},\"attrs\":{\"charge\":\"free\","
              "\"provider\":{\"__entity\":{\"type\":\"Provider\",\"id\":\"oulu\"}},"
              "\"role\":{\"__entity\":{\"type\":\"Role\",\"id\":\"teacher\"}},"
              "\"school\":{\"__entity\":{\"type\":\"School\",\"id\":\"oulu/9.2\"}}},"
              "\"parents\":[{\"type\":\"Provider\",\"id\":\"oulu\"},{\"type\":\"Role\",\"id\":\"teacher\"},"
              "{\"type\":\"School\",\"id\":\"oulu/9.2\"}]}");
    at = (struct affiliation){ .role = ROLE_OPERATOR };
    CHECK_STR(one(t, facts_person(t->arena, &p, &at, NULL)),
              "{\"uid\":{\"type\":\"Official\",\"id\":\"asking\"},\"attrs\":{"
              "\"role\":{\"__entity\":{\"type\":\"Role\",\"id\":\"operator\"}}},"
              "\"parents\":[{\"type\":\"Role\",\"id\":\"operator\"}]}");
}

static struct str moment(struct test *t, int64_t now_s, bool shared, const char *acr)
{
    struct person p = { .acr = str_of(acr) };
    const struct circumstances now = { .now_s = now_s, .shared_device = shared };
    struct affiliation at = pupil();
    struct scene s = scene(t);
    const struct moment m = moment_of(t->arena, s.r, &p, &providers[0], &at, &now);
    struct cedar_value v = facts_moment(t->arena, &m);
    struct buf b = buf_new(t->arena, 4096);

    cedar_value_text(&b, &v);
    return buf_str(&b);
}

/* 2026-08-10 is a Monday; clocks go back in the night to 2026-10-25, a Sunday. */
TEST(a_moment_is_the_hour_and_day_in_finland)
{
    CHECK_STR(moment(t, 1786339500, false, NULL),
              "{\"assurance\": 0, \"device\": Device::\"own\", \"minute\": 505, \"now\": "
              "datetime(\"2026-08-10T05:25:00Z\"), \"weekday\": 1}");
    CHECK_STR(moment(t, 1792873800, true, "http://ftn.ficora.fi/2017/loa2"),
              "{\"assurance\": 2, \"device\": Device::\"shared\", \"minute\": 1410, \"now\": "
              "datetime(\"2026-10-24T20:30:00Z\"), \"weekday\": 6}");
    CHECK_STR(moment(t, 1792960200, true, "http://eidas.europa.eu/LoA/high"),
              "{\"assurance\": 3, \"device\": Device::\"shared\", \"minute\": 1350, \"now\": "
              "datetime(\"2026-10-25T20:30:00Z\"), \"weekday\": 7}");
}

TEST(an_assurance_that_is_not_known_is_the_least)
{
    CHECK_INT(facts_assurance((struct str){ NULL, 0 }), 0);
    CHECK_INT(facts_assurance(S("")), 0);
    CHECK_INT(facts_assurance(S("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")), 1);
    CHECK_INT(facts_assurance(S("http://ftn.ficora.fi/2017/loa3")), 3);
    CHECK_INT(facts_assurance(S("http://eidas.europa.eu/LoA/substantial")), 2);
    CHECK_INT(facts_assurance(S("http://ftn.ficora.fi/2017/loatest2")), 1);
}

/* Adds what an entity is to the array b, whose last byte is its bracket. */
static void put(struct test *t, struct buf *all, const struct cedar_entity *e)
{
    buf_add(all, all->n > 1 ? S(",") : S(""));
    buf_add(all, one(t, e));
}

TEST(all_that_is_asked_is_valid_for_the_model)
{
    struct scene s = scene(t);
    struct affiliation at = pupil(), op = { .role = ROLE_OPERATOR };
    struct person p = { .id = S("p"), .age = AGE_ADULT, .acr = S("x") };
    struct buf all = buf_new(t->arena, 1 << 20);
    struct cedar_source source = { S("facts"), { NULL, 0 } };
    struct cedar_diags d = cedar_diags_new(t->arena, &source);
    const struct cedar_schema *schema = policy_schema(t->arena);

    buf_byte(&all, '[');
    for (size_t i = 0; i < s.f->nouns->n; i++)
        if (!str_eq(s.f->nouns->items[i]->uid.type, S("Action")))
            put(t, &all, s.f->nouns->items[i]);
    put(t, &all, facts_person(t->arena, &p, &at, &providers[0]));
    put(t, &all, facts_person(t->arena, &p, &op, NULL));
    for (int claim = 0; claim < CLAIM_COUNT; claim++)
        put(t, &all, facts_disclosure(t->arena, s.f, &services[claim % 2], (enum claim)claim));
    buf_byte(&all, ']');
    source.text = buf_str(&all);
    CHECK(cedar_entities_parse(t->arena, &d, schema) != NULL);
    CHECK_STR(cedar_diags_text(t->arena, &d), "");
    for (int i = 0; i < DEED_COUNT; i++)
        CHECK(cedar_schema_action(schema, S("Action"), s.f->deeds[i]->uid.id) != NULL);
    for (int i = MAY_NONE + 1; i < MAY_COUNT; i++)
        CHECK(cedar_schema_action(schema, S("Action"), s.f->acts[i]->uid.id) != NULL);
    struct str open_ids[] = { S("matikka") };
    const struct supposed as_if = { .day = "holiday",
                                    .network = S("oulu-koulut"),
                                    .exam = EXAM_DURING,
                                    .exam_to_s = TEST_NOW_S + 60,
                                    .services = { open_ids, 1 } };
    const struct circumstances all_of_it = { .now_s = TEST_NOW_S, .shared_device = true, .as_if = &as_if };
    const struct moment m = moment_of(t->arena, s.r, &p, &providers[0], &at, &all_of_it);
    struct cedar_value context = facts_moment(t->arena, &m);
    CHECK_INT(context.record->n, 8);
    struct buf b = buf_new(t->arena, 65536);
    cedar_value_text(&b, &context);
    const struct cedar_action *open = cedar_schema_action(schema, S("Action"), S("open"));
    CHECK(open != NULL && open->context != NULL);
    for (size_t i = 0; i < context.record->n; i++)
        CHECK(str_find(test_file(t->arena, "policy/model.cedarschema"),
                       arena_printf(t->arena, "    %.*s", STR_ARG(context.record->fields[i].name))) <
              test_file(t->arena, "policy/model.cedarschema").n);
}

TEST(a_school_is_found_by_the_name_that_it_is_given)
{
    struct scene s = scene(t);
    const struct provider *p;

    CHECK(facts_school(s.r, S("oulu/99101"), &p) == &schools[0] && p == &providers[0]);
    CHECK(facts_school(s.r, S("oulu/9.2"), &p) == &schools[1]);
    CHECK(facts_school(s.r, S("espoo/99101"), &p) == NULL);
    CHECK(facts_school(s.r, S("99101"), &p) == NULL);
    CHECK(facts_school(s.r, S(""), &p) == NULL);
}
