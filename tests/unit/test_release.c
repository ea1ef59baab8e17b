/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/release.h"
#include "policy/form.h"

#include "tests/test.h"
#include "wire/json.h"

#include <string.h>

#define SCHOOL_A "1.2.246.562.99.1001"
#define SCHOOL_B "1.2.246.562.99.1002"
#define PROVIDER "1.2.246.562.99.1"
#define OFFICE   "1.2.246.562.99.3"

static struct school schools[] = { { S(SCHOOL_A), S("99101"), { { S("Alakoulu") } }, true },
                                   { S(SCHOOL_B), S("99102"), { { S("Koulu; rehtori") } }, true } };
static struct provider providers[] = { { .id = S("oulu"),
                                         .oid = S(PROVIDER),
                                         .municipality_code = S("564"),
                                         .names = { { S("Oulu") } },
                                         .schools = schools,
                                         .school_count = 2 } };
static struct idp idps[] = { { .id = S("oulu-edu"), .provider = &providers[0], .enabled = true } };

/* One service and a rule, which releases what the service asks for. */
struct scene {
    struct service service;
    struct rule_words rule, more; /* more: where it has a provider */
    struct affiliation at[3];
    struct person person;
    struct registry *registry;
    struct decision decision;
};

static struct scene *scene(struct test *t, enum profile profile, uint32_t claims)
{
    struct scene *x = arena_make(t->arena, struct scene);

    x->service = (struct service){
        .id = S("kanerva"), .vendor = S("puolukka"), .enabled = true, .profile = profile, .asks = { claims }
    };
    x->rule = (struct rule_words){ &providers[0], ROLE_NONE, NULL, &x->service, { claims }, false };
    x->at[0] = (struct affiliation){ .provider_oid = S(PROVIDER),
                                     .school_oid = S(SCHOOL_A),
                                     .school_code = S("99101"),
                                     .office_oid = S(OFFICE),
                                     .role = ROLE_LEARNER,
                                     .group = S("Pienryhma 3"),
                                     .class_level = 3,
                                     .charge = 1 };
    x->person = (struct person){ .id = S("p"),
                                 .idp = S("oulu-edu"),
                                 .origin = S("https://idp.example"),
                                 .given_names = S("Aino Sofia"),
                                 .calling_name = S("Sofia"),
                                 .family_name = S("Lumme"),
                                 .email = S("aino@oulu.example"),
                                 .learner_id = S("1.2.246.562.98.85640200011"),
                                 .age = AGE_UNDER13,
                                 .affiliations = x->at,
                                 .affiliation_count = 1 };
    return x;
}

static struct release release_of(struct test *t, struct scene *x)
{
    const struct circumstances now = { .now_s = TEST_NOW_S };
    struct policy *policies = arena_make_n(t->arena, 2, struct policy);
    size_t n = x->more.provider != NULL ? 2 : 1;
    struct registry_parts parts = { .providers = providers,
                                    .provider_count = 1,
                                    .idps = idps,
                                    .idp_count = 1,
                                    .services = &x->service,
                                    .service_count = 1,
                                    .policies = policies,
                                    .policy_count = n };

    policies[0] = policy_of_rule(t->arena, S("r"), &x->rule);
    if (n == 2)
        policies[1] = policy_of_rule(t->arena, S("teachers"), &x->more);
    x->registry = registry_build(arena_new(), &parts);
    arena_adopt(t->arena, x->registry, (void (*)(void *))registry_drop);
    x->decision = policy_decide(x->registry, &x->person, &x->service, &now);
    return (struct release){
        .registry = x->registry,
        .person = &x->person,
        .service = &x->service,
        .decision = &x->decision,
        .sub = S("pairwise"),
        .scope = S("openid profile email edu.role edu.school edu.group edu.learner_id edu.charge edu.age"),
        .now = now,
    };
}

static struct str claims_of(struct test *t, struct scene *x)
{
    struct release r = release_of(t, x);

    return release_claims(t->arena, &r);
}

static struct str words_of(struct test *t, struct scene *x)
{
    struct release r = release_of(t, x);

    return release_words(t->arena, &r);
}

static const struct json_value *said(struct test *t, struct str claims)
{
    struct fail f = { 0 };
    const struct json_value *v = json_parse(t->arena, claims, &f);

    CHECK(v != NULL);
    return v;
}

static struct str item(struct test *t, struct str claims, const char *name, size_t at)
{
    const struct json_value *v = json_get(said(t, claims), str_of(name));

    CHECK(v != NULL && v->type == JSON_ARRAY);
    for (v = v != NULL ? v->first : NULL; v != NULL && at > 0; v = v->next)
        at--;
    return v != NULL ? v->text : (struct str){ NULL, 0 };
}

#define SET(claim) (1u << CLAIM_##claim)

/* ── part by part ───────────────────────────────────────────────────────── */

TEST(a_role_of_mpass_tells_no_group_and_no_school)
{
    struct scene *x = scene(t, PROFILE_MPASS, SET(SUB) | SET(ROLES));

    CHECK_STR(item(t, claims_of(t, x), "urn:mpass.id:role", 0), ";;;oppilas;1;;");
    CHECK_STR(words_of(t, x), "sub roles");
}

TEST(a_role_of_mpass_tells_each_part_that_is_released)
{
    static const struct {
        uint32_t more;
        const char *role, *words;
    } rows[] = {
        { SET(PROVIDER), PROVIDER ";;;oppilas;1;;", "sub roles provider" },
        { SET(SCHOOL), ";99101;;oppilas;1;" SCHOOL_A ";" OFFICE, "sub roles school" },
        { SET(GROUP), ";;Pienryhma 3;oppilas;1;;", "sub roles group" },
        { SET(SCHOOL) | SET(GROUP) | SET(PROVIDER), PROVIDER ";99101;Pienryhma 3;oppilas;1;" SCHOOL_A ";" OFFICE,
          "sub roles school provider group" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene *x = scene(t, PROFILE_MPASS, SET(SUB) | SET(ROLES) | rows[i].more);
        CHECK_STR(item(t, claims_of(t, x), "urn:mpass.id:role", 0), rows[i].role);
        CHECK_STR(words_of(t, x), rows[i].words);
    }
}

/* A pupil here and a teacher there: what the teachers' rule releases is not told of the pupil's class. */
TEST(of_each_affiliation_leaves_what_its_own_rule_releases)
{
    const enum profile profiles[] = { PROFILE_MPASS, PROFILE_NATIVE };
    const uint32_t all = SET(SUB) | SET(ROLES) | SET(GROUP) | SET(SCHOOL);

    for (size_t i = 0; i < 2; i++) {
        struct scene *x = scene(t, profiles[i], all);
        x->rule.role = ROLE_LEARNER;
        x->rule.release.bits = SET(SUB) | SET(ROLES);
        x->more = (struct rule_words){ &providers[0], ROLE_TEACHER, NULL, &x->service, { all }, false };
        x->at[1] = (struct affiliation){ .provider_oid = S(PROVIDER),
                                         .school_oid = S(SCHOOL_B),
                                         .school_code = S("99102"),
                                         .role = ROLE_TEACHER,
                                         .group = S("9C") };
        x->person.affiliation_count = 2;
        struct str claims = claims_of(t, x);
        CHECK(str_find(claims, S("Pienryhma")) == claims.n && str_find(claims, S(SCHOOL_A)) == claims.n);
        CHECK(str_find(claims, S("9C")) < claims.n && str_find(claims, S(SCHOOL_B)) < claims.n);
        CHECK(str_find(claims, i == 0 ? S("oppilas") : S("learner")) < claims.n);
    }
}

TEST(what_is_not_told_does_not_show_in_the_number_of_values)
{
    struct scene *x = scene(t, PROFILE_MPASS, SET(SUB) | SET(ROLES));
    const struct json_value *roles;

    x->at[1] = x->at[0];
    x->at[1].school_oid = S(SCHOOL_B);
    x->at[2] = x->at[0];
    x->at[2].group = S("9A");
    x->person.affiliation_count = 3;
    roles = json_get(said(t, claims_of(t, x)), S("urn:mpass.id:role"));
    CHECK_INT(roles->count, 1);
    x->service.profile = PROFILE_NATIVE;
    roles = json_get(said(t, claims_of(t, x)), S("edu_roles"));
    CHECK_INT(roles->count, 1);
}

TEST(a_native_role_tells_no_school_and_a_school_no_provider)
{
    struct scene *x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(ROLES));

    CHECK_STR(claims_of(t, x), "{\"sub\":\"pairwise\",\"edu_roles\":[{\"role\":\"learner\",\"code\":1}]}");
    x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(SCHOOL));
    CHECK_STR(claims_of(t, x), "{\"sub\":\"pairwise\",\"edu_schools\":[{\"oid\":\"" SCHOOL_A
                               "\",\"code\":\"99101\",\"name\":{\"fi\":\"Alakoulu\"}}]}");
    CHECK_STR(words_of(t, x), "sub school");
}

TEST(a_charge_names_its_school_when_the_school_is_released)
{
    struct scene *x = scene(t, PROFILE_MPASS, SET(SUB) | SET(CHARGE));

    CHECK_STR(item(t, claims_of(t, x), "urn:mpass.id:learningMaterialsCharge", 0), "0;");
    CHECK_STR(words_of(t, x), "sub charge");
    x = scene(t, PROFILE_MPASS, SET(SUB) | SET(CHARGE) | SET(SCHOOL));
    CHECK_STR(item(t, claims_of(t, x), "urn:mpass.id:learningMaterialsCharge", 0), "0;99101");
}

TEST(a_full_name_is_made_of_released_names)
{
    struct scene *x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(GIVEN_NAME) | SET(FAMILY_NAME));

    CHECK_STR(json_get_str(said(t, claims_of(t, x)), S("name")), "Aino Lumme"); /* not Sofia: that is calling_name */
    x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(CALLING_NAME) | SET(FAMILY_NAME));
    CHECK_STR(json_get_str(said(t, claims_of(t, x)), S("name")), "Sofia Lumme");
    x->person.calling_name = S("");
    CHECK_STR(json_get_str(said(t, claims_of(t, x)), S("name")), "Lumme");
}

TEST(a_scope_that_was_not_asked_for_tells_nothing_inside_another_either)
{
    struct scene *x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(ROLES) | SET(SCHOOL));
    struct release r = release_of(t, x);

    r.scope = S("openid edu.role");
    CHECK_STR(release_claims(t->arena, &r), "{\"sub\":\"pairwise\",\"edu_roles\":[{\"role\":\"learner\",\"code\":1}]}");
    CHECK_STR(release_words(t->arena, &r), "sub roles");
}

/* The marks of each fact in what is told: any of them in the text means that the fact was told. */
static const struct {
    enum claim claim;
    const char *marks[4];
} facts[] = {
    { CLAIM_GIVEN_NAME, { "Aino" } },
    { CLAIM_CALLING_NAME, { "Sofia\"" } },
    { CLAIM_FAMILY_NAME, { "Lumme" } },
    { CLAIM_EMAIL, { "aino@", "email_verified" } },
    { CLAIM_ROLES, { "oppilas", "\"learner\"" } },
    { CLAIM_SCHOOL, { SCHOOL_A, "99101", "Alakoulu", OFFICE } },
    { CLAIM_PROVIDER, { PROVIDER ";", PROVIDER "\"", "Oulu" } },
    { CLAIM_GROUP, { "Pienryhma" } },
    { CLAIM_LEARNER_ID, { "98.85640200011" } },
    { CLAIM_CHARGE, { "learningMaterialsCharge", "edu_charge" } },
    { CLAIM_AGE, { "under13" } },
    { CLAIM_ORIGIN, { "idp.example" } },
};

TEST(whatever_is_released_nothing_else_is_told_and_the_audit_names_just_that)
{
    for (unsigned round = 0; round < 2u << CLAIM_COUNT; round += 7) {
        struct scene *x = scene(t, round & 1 ? PROFILE_MPASS : PROFILE_NATIVE, round >> 1 | SET(SUB));
        struct str claims, words;

        x->person.given_names = S("Aino");
        claims = claims_of(t, x);
        words = words_of(t, x);
        for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
            bool told = false;
            for (size_t k = 0; k < 4 && facts[i].marks[k] != NULL; k++)
                told = told || str_find(claims, str_of(facts[i].marks[k])) < claims.n;
            if (told && !claim_in((struct claim_set){ round >> 1 }, facts[i].claim))
                test_fail(t, __FILE__, __LINE__, "round %u: %s is told unreleased: %.*s", round,
                          claim_rows[facts[i].claim].word, STR_ARG(claims));
            if (told != str_has_word(words, str_of(claim_rows[facts[i].claim].word)))
                test_fail(t, __FILE__, __LINE__, "round %u: the audit says \"%.*s\" of %.*s", round, STR_ARG(words),
                          STR_ARG(claims));
            t->checked++;
        }
        if (t->failed > 5)
            return;
    }
}

/* ── no value becomes structure ─────────────────────────────────────────── */

TEST(no_group_becomes_a_field_of_a_role)
{
    static const char *const groups[] = { "9A;Rehtori;4;1.2;",
                                          "9A;",
                                          ";",
                                          "9A\n;",
                                          "9A\xe2\x80\xae;",
                                          "9A\r\nx",
                                          "9A,B",
                                          "9A rehtori@x",
                                          "9A/B",
                                          "\"};",
                                          "9A\\;B",
                                          "\xe2\x80\x8e",
                                          "a;b;c;d;e;f;g;h",
                                          "opettaja;2",
                                          "9A%3BB",
                                          "9A;;;;;;;" };
    uint32_t all = SET(SUB) | SET(ROLES) | SET(SCHOOL) | SET(GROUP) | SET(PROVIDER);

    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct scene *x = scene(t, PROFILE_MPASS, all);
        struct str role, parts[8], rest;
        size_t n = 0;

        x->at[0].group = str_of(groups[i]);
        role = rest = item(t, claims_of(t, x), "urn:mpass.id:role", 0);
        while (n < 8 && str_split(&rest, ';', &parts[n]))
            n++;
        CHECK_INT(n, 7);
        CHECK_STR(parts[3], "oppilas");
        CHECK_STR(parts[4], "1");
        CHECK(parts[2].n == 0 || str_eq(parts[2], str_of(groups[i])));
        CHECK(str_has_word(words_of(t, x), S("group")) == (parts[2].n > 0));
        CHECK(str_find_byte(role, '\n', 0) == role.n);
    }
}

TEST(no_name_of_a_school_becomes_a_field)
{
    struct scene *x = scene(t, PROFILE_MPASS, SET(SUB) | SET(SCHOOL));

    x->at[0].school_oid = S(SCHOOL_B);
    x->at[0].school_code = S("99102");
    CHECK_STR(item(t, claims_of(t, x), "urn:mpass.id:schoolInfo", 0), "99102;");
    CHECK_STR(item(t, claims_of(t, x), "urn:mpass.id:schoolInfo", 1), SCHOOL_B ";");
}

TEST(two_groups_that_differ_in_a_separator_are_two)
{
    struct scene *x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(GROUP));
    struct str claims;

    x->at[1] = x->at[0];
    x->at[0].group = S("9A;1;");
    x->at[1].group = S("9A;1");
    x->person.affiliation_count = 2;
    claims = claims_of(t, x);
    CHECK_STR(item(t, claims, "edu_groups", 0), "9A;1;");
    CHECK_STR(item(t, claims, "edu_groups", 1), "9A;1");
}

/* ── what is said of an address ─────────────────────────────────────────── */

TEST(email_verified_is_what_the_city_said_or_absent)
{
    struct scene *x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(EMAIL));

    CHECK_STR(claims_of(t, x), "{\"sub\":\"pairwise\",\"email\":\"aino@oulu.example\"}");
    x->person.email_verified = VERIFIED_YES;
    CHECK_STR(claims_of(t, x), "{\"sub\":\"pairwise\",\"email\":\"aino@oulu.example\",\"email_verified\":true}");
    x->person.email_verified = VERIFIED_NO;
    CHECK_STR(claims_of(t, x), "{\"sub\":\"pairwise\",\"email\":\"aino@oulu.example\",\"email_verified\":false}");
    x = scene(t, PROFILE_NATIVE, SET(SUB));
    x->person.email_verified = VERIFIED_YES;
    CHECK_STR(claims_of(t, x), "{\"sub\":\"pairwise\"}");
}

/* ── the parameter `claims` ─────────────────────────────────────────────── */

static struct release asking(struct test *t, struct scene *x, const char *claims, struct claims_asked *asked)
{
    struct release r = release_of(t, x);
    struct fail f = { 0 };

    CHECK(claims_asked_read(t->arena, str_of(claims), asked, &f));
    r.asked = &asked->userinfo;
    r.scope = S("openid");
    return r;
}

TEST(a_single_claim_is_told_without_its_scope_and_no_other_is)
{
    struct claims_asked asked;
    struct scene *x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(GIVEN_NAME) | SET(FAMILY_NAME) | SET(EMAIL) | SET(ROLES));
    struct release r = asking(t, x, "{\"userinfo\":{\"email\":{\"essential\":true},\"edu_roles\":null}}", &asked);
    const struct json_value *got = said(t, release_claims(t->arena, &r));

    CHECK_STR(json_get_str(got, S("email")), "aino@oulu.example");
    CHECK(json_get(got, S("edu_roles")) != NULL);
    CHECK(json_get(got, S("given_name")) == NULL && json_get(got, S("name")) == NULL);
    CHECK_STR(release_words(t->arena, &r), "sub email roles");
}

TEST(asking_for_a_claim_releases_nothing_that_policy_or_the_row_does_not)
{
    struct claims_asked asked;
    struct scene *x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(GIVEN_NAME));
    struct release r =
        asking(t, x, "{\"userinfo\":{\"email\":{\"essential\":true},\"edu_learner_id\":{\"essential\":true}}}", &asked);

    x->decision.release.bits |= SET(EMAIL); /* policy would; the service has not stated that it asks */
    x->decision.release.bits &= x->service.asks.bits;
    CHECK_STR(release_claims(t->arena, &r), "{\"sub\":\"pairwise\"}");
    CHECK_STR(release_words(t->arena, &r), "sub");
}

TEST(the_full_name_alone_tells_no_further_given_names)
{
    struct claims_asked asked;
    struct scene *x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(GIVEN_NAME) | SET(CALLING_NAME) | SET(FAMILY_NAME));
    struct release r = asking(t, x, "{\"userinfo\":{\"name\":{\"essential\":true}}}", &asked);

    CHECK_STR(release_claims(t->arena, &r), "{\"sub\":\"pairwise\",\"name\":\"Sofia Lumme\"}");
    CHECK_STR(release_words(t->arena, &r), "sub calling_name family_name");
}

TEST(a_claim_that_is_asked_for_in_the_id_token_is_told_there)
{
    struct claims_asked asked;
    struct scene *x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(GIVEN_NAME) | SET(EMAIL));
    struct release r = asking(t, x, "{\"id_token\":{\"email\":null},\"userinfo\":{\"given_name\":null}}", &asked);
    struct id_facts token = { .registry = x->registry,
                              .person = &x->person,
                              .sub = S("pairwise"),
                              .client_id = S("kanerva"),
                              .sid = S("sid"),
                              .access_token = S("token") };

    CHECK(json_get(said(t, release_id_claims(t->arena, &token)), S("email")) == NULL);
    r.asked = &asked.id_token;
    r.scope = S("openid profile email");
    token.told = &r;
    const struct json_value *got = said(t, release_id_claims(t->arena, &token));
    CHECK_STR(json_get_str(got, S("email")), "aino@oulu.example");
    CHECK_STR(json_get_str(got, S("sub")), "pairwise");
    CHECK_STR(json_get_str(got, S("sid")), "sid");
    CHECK(json_get(got, S("given_name")) == NULL); /* by its scope it is told at userinfo */
    r.asked = &asked.userinfo;
    r.asked_too = &asked.id_token;
    r.scope = S("openid");
    CHECK_STR(release_words(t->arena, &r), "sub given_name email");
}

TEST(the_language_comes_with_the_zone)
{
    struct claims_asked asked;
    struct scene *x = scene(t, PROFILE_NATIVE, SET(SUB) | SET(LOCALE));
    struct release r = asking(t, x, "{\"userinfo\":{\"zoneinfo\":null}}", &asked);

    CHECK_STR(release_claims(t->arena, &r),
              "{\"sub\":\"pairwise\",\"locale\":\"fi\",\"zoneinfo\":\"Europe/Helsinki\"}");
}
