/* SPDX-License-Identifier: EUPL-1.2
 * What policy releases, by the names that a service of SAML reads it under [items 39, 50]. */
#include "gateway/saml/attributes.h"

#include "policy/form.h"
#include "tests/test.h"

#define PROVIDER "1.2.246.562.99.1"
#define SCHOOL   "1.2.246.562.99.1001"

static struct school schools[] = { { S(SCHOOL), S("99101"), { { S("Alakoulu") } }, true } };
static struct provider providers[] = { { .id = S("oulu"),
                                         .oid = S(PROVIDER),
                                         .municipality_code = S("564"),
                                         .names = { { S("Oulu") } },
                                         .schools = schools,
                                         .school_count = 1 } };
static struct idp idps[] = { { .id = S("oulu-edu"), .provider = &providers[0], .enabled = true } };

#define SET(claim) (1u << CLAIM_##claim)
#define ALL                                                                                                            \
    (SET(SUB) | SET(GIVEN_NAME) | SET(FAMILY_NAME) | SET(EMAIL) | SET(ROLES) | SET(SCHOOL) | SET(PROVIDER) |           \
     SET(GROUP) | SET(ORIGIN))

/* released: of what the service asks for, which is all. */
static struct told_attributes told(struct test *t, const char *as, struct strs own, const struct strs *wanted,
                                   uint32_t released)
{
    struct service *s = arena_make(t->arena, struct service);
    struct affiliation *at = arena_make(t->arena, struct affiliation);
    struct person *p = arena_make(t->arena, struct person);
    struct decision *d = arena_make(t->arena, struct decision);
    const struct circumstances now = { .now_s = TEST_NOW_S };

    *s = (struct service){
        .id = S("viola"), .vendor = S("v"), .protocol = PROTO_SAML, .enabled = true, .asks = { ALL }
    };
    s->saml.attributes_as = str_of(as);
    s->saml.attributes = own;
    *at = (struct affiliation){ .provider_oid = S(PROVIDER),
                                .school_oid = S(SCHOOL),
                                .school_code = S("99101"),
                                .role = ROLE_TEACHER,
                                .group = S("7B") };
    *p = (struct person){ .id = S("p"),
                          .idp = S("oulu-edu"),
                          .given_names = S("Aino"),
                          .family_name = S("Lumme"),
                          .email = S("aino@oulu.example"),
                          .origin = S("https://idp.oulu.example/"),
                          .affiliations = at,
                          .affiliation_count = 1 };
    const struct rule_words rule = { &providers[0], ROLE_NONE, NULL, s, { released }, false };
    struct policy *policy = arena_make(t->arena, struct policy);
    *policy = policy_of_rule(t->arena, S("r"), &rule);
    struct registry_parts parts = { .providers = providers,
                                    .provider_count = 1,
                                    .idps = idps,
                                    .idp_count = 1,
                                    .services = s,
                                    .service_count = 1,
                                    .policies = policy,
                                    .policy_count = 1 };
    struct registry *r = registry_build(arena_new(), &parts);
    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    *d = policy_decide(r, p, s, &now);
    const struct release release = {
        .registry = r, .person = p, .service = s, .decision = d, .sub = S("pairwise"), .now = now
    };
    return attributes_told(t->arena, &release, wanted, S("login.example.fi"));
}

static const struct told_attribute *named(const struct told_attributes *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_eq(all->at[i].name, str_of(name)))
            return &all->at[i];
    return NULL;
}

static bool says(const struct told_attributes *all, const char *name, const char *value)
{
    const struct told_attribute *a = named(all, name);

    return a != NULL && strs_has(&a->values, str_of(value));
}

static const struct strs none = { NULL, 0 };

TEST(mpassid_says_roles_as_tuples_under_its_own_names)
{
    const struct told_attributes all = told(t, "mpassid", none, NULL, ALL);

    CHECK(says(&all, "urn:mpass.id:uid", "pairwise"));
    CHECK(says(&all, "urn:oid:2.5.4.42", "Aino") && says(&all, "urn:oid:2.5.4.4", "Lumme"));
    CHECK(says(&all, "urn:mpass.id:role", PROVIDER ";99101;7B;opettaja;2;" SCHOOL ";"));
    CHECK(named(&all, "urn:oid:0.9.2342.19200300.100.1.3") == NULL);
}

/* The log, and who is asked whether they want it, read the words. */
TEST(no_attribute_is_told_whose_claim_the_words_do_not_name)
{
    static const char *const presets[] = { "mpassid", "eduperson", "plain", "" };
    struct strs origin = { NULL, 0 };

    strs_add(t->arena, &origin, S("urn:mpass.id:originalIssuer"));
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        for (int narrowed = 0; narrowed < 2; narrowed++) {
            const struct told_attributes all = told(t, presets[i], none, narrowed != 0 ? &origin : NULL, ALL);
            bool says_it = named(&all, "urn:mpass.id:originalIssuer") != NULL;
            CHECK(says_it == (narrowed != 0 || i == 0));
            CHECK(str_has_word(all.words, S("origin")) == says_it);
        }
}

TEST(eduperson_says_affiliations_with_our_scope)
{
    const struct told_attributes all = told(t, "eduperson", none, NULL, ALL);

    CHECK(says(&all, "urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "faculty"));
    CHECK(says(&all, "urn:oid:1.3.6.1.4.1.5923.1.1.1.9", "faculty@login.example.fi"));
    CHECK(says(&all, "urn:oid:0.9.2342.19200300.100.1.3", "aino@oulu.example"));
    CHECK(says(&all, "urn:oid:2.16.840.1.113730.3.1.241", "Aino Lumme"));
    CHECK(says(&all, "urn:oid:1.3.6.1.4.1.5923.1.5.1.1", "7B"));
}

TEST(plain_names_are_words_in_basic_format)
{
    const struct told_attributes all = told(t, "plain", none, NULL, ALL);

    CHECK(says(&all, "roles", "teacher") && says(&all, "schools", SCHOOL) && says(&all, "groups", "7B"));
    for (size_t i = 0; i < all.n; i++)
        CHECK(all.at[i].format == ATTRIBUTE_BASIC && all.at[i].values.n > 0);
}

TEST(a_name_of_the_rows_own_stands_beside_its_preset_and_alone_without_one)
{
    struct strs own = { NULL, 0 };

    strs_add(t->arena, &own, S("email=sposti friendly:Mail"));
    struct told_attributes all = told(t, "mpassid", own, NULL, ALL);
    CHECK(says(&all, "sposti", "aino@oulu.example") && str_eq(named(&all, "sposti")->friendly, S("Mail")));
    CHECK(named(&all, "urn:mpass.id:role") != NULL);
    all = told(t, "none", own, NULL, ALL);
    CHECK(all.n == 1 && says(&all, "sposti", "aino@oulu.example"));
}

TEST(item_39_what_metadata_ask_for_is_told_by_that_name_and_nothing_else)
{
    struct strs wanted = { NULL, 0 };

    strs_add(t->arena, &wanted, S("urn:oid:0.9.2342.19200300.100.1.3"));
    strs_add(t->arena, &wanted, S("urn:nobody:knows"));
    const struct told_attributes all = told(t, "mpassid", none, &wanted, ALL);
    CHECK(all.n == 1 && says(&all, "urn:oid:0.9.2342.19200300.100.1.3", "aino@oulu.example"));
}

TEST(what_policy_does_not_release_has_no_name_in_any_preset)
{
    static const char *const presets[] = { "mpassid", "eduperson", "plain" };
    struct strs own = { NULL, 0 };

    strs_add(t->arena, &own, S("family_name=suku"));
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        const struct told_attributes all = told(t, presets[i], own, NULL, SET(SUB) | SET(GIVEN_NAME));
        for (size_t k = 0; k < all.n; k++)
            for (size_t v = 0; v < all.at[k].values.n; v++)
                CHECK(str_eq(all.at[k].values.at[v], S("Aino")) || str_eq(all.at[k].values.at[v], S("pairwise")));
        CHECK(str_eq(all.words, S("sub given_name")));
    }
}
