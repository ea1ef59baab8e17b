/* SPDX-License-Identifier: EUPL-1.2
 * People of the test school, at every service that there may be: they open the open test services of their organisation
 * and nothing else, ever. */
#include "idp-adapters/attribute_map.h"
#include "model/test_school.h"
#include "policy/form.h"
#include "policy/policy.h"
#include "tests/test.h"

#include <string.h>

static struct provider providers[] = { { .id = S("oulu"), .oid = S("1.2.3") },
                                       /* one who has taken the number of the test school's municipality */
                                       { .id = S("thief"), .oid = S("1.2.246.562.99.00000000001") } };
static struct idp idps[] = { { .id = S("oulu-edu"), .provider = &providers[0], .enabled = true } };
static struct organisation organisations[] = { { .id = S("tuisku"), .enabled = true },
                                               { .id = S("kinos"), .enabled = true } };

#define EVERYTHING ((struct claim_set){ (1u << CLAIM_COUNT) - 1 })

/* A service of each kind: whose, in test or not, open or not. */
static const struct kind {
    const char *id, *vendor;
    bool test, enabled, own; /* own: tuisku's people may open it */
} kinds[] = {
    { "own-test", "tuisku", true, true, true },
    { "own-test-closed", "tuisku", true, false, false },
    { "own-production", "tuisku", false, true, false },
    { "own-production-closed", "tuisku", false, false, false },
    { "others-test", "kinos", true, true, false },
    { "others-production", "kinos", false, true, false },
    { "nobodys-test", "", true, true, false },
    { "nobodys-production", "", false, true, false },
    { "unregistered-vendors-test", "tuisku/pupil1", true, true, false },
    { "begins-alike", "tuisku-2", true, true, false },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const enum protocol_id protocols[] = { PROTO_OIDC, PROTO_SAML, PROTO_LTI, PROTO_LINK };
enum { PROTOCOLS = sizeof protocols / sizeof *protocols };

/* A permit for everybody everywhere stands there besides: no policy opens what the test school may not. */
static const struct registry *town(struct test *t)
{
    struct service *services = arena_make_n(t->arena, (size_t)KINDS * PROTOCOLS, struct service);
    struct policy *policies = arena_make_n(t->arena, 2, struct policy);
    const struct rule_words rules[] = { { &providers[0], ROLE_NONE, NULL, NULL, EVERYTHING, false },
                                        { &providers[1], ROLE_NONE, NULL, NULL, EVERYTHING, false } };

    for (size_t i = 0; i < (size_t)KINDS * PROTOCOLS; i++) {
        const struct kind *k = &kinds[i / PROTOCOLS];
        services[i] = (struct service){ .id = arena_printf(t->arena, "%s-%zu", k->id, i % PROTOCOLS),
                                        .vendor = str_of(k->vendor),
                                        .protocol = protocols[i % PROTOCOLS],
                                        .test = k->test,
                                        .enabled = k->enabled,
                                        .asks = EVERYTHING };
    }
    for (size_t i = 0; i < 2; i++)
        policies[i] = policy_of_rule(t->arena, i == 0 ? S("r0") : S("r1"), &rules[i]);
    struct registry_parts parts = { .providers = providers,
                                    .provider_count = 2,
                                    .idps = idps,
                                    .idp_count = 1,
                                    .services = services,
                                    .service_count = (size_t)KINDS * PROTOCOLS,
                                    .organisations = organisations,
                                    .organisation_count = 2,
                                    .policies = policies,
                                    .policy_count = 2 };
    struct registry *r = registry_build(arena_new(), &parts);
    arena_adopt(t->arena, r, (void (*)(void *))registry_drop);
    return r;
}

static bool has_role_now(const struct person *p)
{
    for (size_t i = 0; i < p->affiliation_count; i++)
        if (affiliation_valid(&p->affiliations[i], TEST_NOW_S) && p->affiliations[i].role != ROLE_NONE)
            return true;
    return false;
}

static const struct circumstances now = { .now_s = TEST_NOW_S };

TEST(each_test_person_opens_the_open_test_services_of_their_organisation_and_nothing_else)
{
    const struct registry *r = town(t);
    const struct registry_parts *parts = registry_parts(r);
    size_t opened = 0;

    CHECK_INT(test_school_count(), 19);
    for (size_t i = 0; i < test_school_count(); i++) {
        struct str key = test_school_at(t->arena, i).key;
        const struct person *p = test_school_person(t->arena, S("tuisku"), key, TEST_NOW_S);
        for (size_t k = 0; k < parts->service_count; k++) {
            const struct decision d = policy_decide(r, p, &parts->services[k], &now);
            bool may = kinds[k / PROTOCOLS].own && has_role_now(p);
            CHECK_INT(d.effect, may ? EFFECT_ALLOW : EFFECT_DENY);
            CHECK(may || d.release.bits == 0);
            opened += may;
        }
    }
    CHECK_INT(opened, (size_t)PROTOCOLS * 17); /* all but who has no role, and who had one yesterday */
}

TEST(no_list_of_services_has_any_for_a_test_person)
{
    const struct registry *r = town(t);

    for (size_t i = 0; i < test_school_count(); i++) {
        const struct person *p = test_school_person(t->arena, S("tuisku"), test_school_at(t->arena, i).key, TEST_NOW_S);
        const struct bits open = policy_services(t->arena, r, p, &now);
        for (size_t k = 0; k < registry_parts(r)->service_count; k++)
            CHECK(!bits_has(&open, k));
    }
}

TEST(a_test_service_of_a_vendor_lets_in_nobody_real)
{
    const struct registry *r = town(t);
    struct affiliation at = { .provider_oid = S("1.2.3"), .role = ROLE_TEACHER };
    const struct person real = {
        .id = S("p"), .idp = S("oulu-edu"), .subject = S("tuisku/teacher"), .affiliations = &at, .affiliation_count = 1
    };

    for (size_t k = 0; k < registry_parts(r)->service_count; k++) {
        const struct kind *of = &kinds[k / PROTOCOLS];
        bool under_test = of->test && (strcmp(of->vendor, "tuisku") == 0 || strcmp(of->vendor, "kinos") == 0);
        const struct decision d = policy_decide(r, &real, &registry_parts(r)->services[k], &now);
        CHECK_INT(d.effect, of->enabled && !under_test ? EFFECT_ALLOW : EFFECT_DENY);
    }
}

TEST(the_test_school_is_in_no_registry_and_leads_nobody_else_to_it)
{
    const struct registry *r = town(t);
    struct person real = { .idp = S("oulu-edu"), .subject = S("tuisku/pupil1") };
    const struct person *p = test_school_person(t->arena, S("tuisku"), S("pupil1"), TEST_NOW_S);
    struct str own = S("1.2.246.562.99.99990100002");

    CHECK(registry_idp(r, S(TEST_SCHOOL_IDP)) == NULL);
    CHECK(registry_provider_oid(r, own) == NULL);
    CHECK(person_provider(r, &real, own) == NULL && person_provider(r, p, own) != NULL);
    CHECK(person_idp(r, p)->test && person_idp(r, p)->provider == NULL);
    CHECK(!test_school_has(&real) && test_school_owner(&real).p == NULL);
    /* whoever has the number of one of its municipalities is not asked about its people */
    CHECK(person_provider(r, p, providers[1].oid) != &providers[1]);
}

TEST(each_organisation_has_people_of_its_own)
{
    const struct person *a = test_school_person(t->arena, S("tuisku"), S("pupil1"), TEST_NOW_S);
    const struct person *b = test_school_person(t->arena, S("kinos"), S("pupil1"), TEST_NOW_S);

    CHECK_STR(test_school_owner(a), "tuisku");
    CHECK_STR(test_school_owner(b), "kinos");
    CHECK(!str_eq(a->subject, b->subject));
    CHECK(test_school_person(t->arena, S("tuisku"), S("nobody"), TEST_NOW_S) == NULL);
    CHECK(test_school_person(t->arena, S("tuisku"), S(""), TEST_NOW_S) == NULL);
}

static size_t characters(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

/* domain.md, section 4: every role of a school, and each odd case. */
TEST(every_role_and_every_odd_case_is_there)
{
    bool roles[ROLE_COUNT] = { false };
    bool two_schools = false, two_cities = false, no_role = false, one_name = false, sixty = false, sami = false;
    bool hidden = false, grown_up = false, yesterday = false, of_two = false;

    for (size_t i = 0; i < test_school_count(); i++) {
        const struct person *p = test_school_person(t->arena, S("tuisku"), test_school_at(t->arena, i).key, TEST_NOW_S);
        const struct affiliation *a = p->affiliations;
        bool two = p->affiliation_count == 2, one_city = two && str_eq(a[0].provider_oid, a[1].provider_oid);
        for (size_t k = 0; k < p->affiliation_count; k++)
            roles[a[k].role] = true;
        two_schools = two_schools || (one_city && !str_eq(a[0].school_oid, a[1].school_oid));
        two_cities = two_cities || (two && !one_city && a[0].role == ROLE_LEARNER);
        of_two = of_two || (two && a[0].role == ROLE_GUARDIAN && a[1].role == ROLE_GUARDIAN);
        no_role = no_role || p->affiliation_count == 0;
        one_name = one_name || (!str_is_set(p->family_name) && !str_is_set(p->calling_name));
        sixty = sixty || characters(p->given_names) == 60;
        sami = sami || str_find(p->family_name, S("Č")) < p->family_name.n;
        hidden = hidden || p->non_disclosure;
        grown_up = grown_up || (p->age == AGE_ADULT && str_is_set(p->learner_id));
        yesterday = yesterday || (p->affiliation_count == 1 && a[0].role == ROLE_SUBSTITUTE && !has_role_now(p));
        CHECK(p->affiliation_count > 0 || no_role);
    }
    for (int role = 1; role < ROLE_COUNT; role++)
        CHECK(roles[role] == !role_is_official((enum role)role));
    CHECK(two_schools && two_cities && no_role && one_name && sixty && sami && hidden && grown_up && yesterday);
    CHECK(of_two);
}

TEST(learner_numbers_are_of_the_test_arc_and_hold)
{
    for (size_t i = 0; i < test_school_count(); i++) {
        const struct person *p = test_school_person(t->arena, S("tuisku"), test_school_at(t->arena, i).key, TEST_NOW_S);
        CHECK(!str_is_set(p->learner_id) || learner_id_valid(p->learner_id, true));
        CHECK(!str_is_set(p->learner_id) || str_has_prefix(p->learner_id, S("1.2.246.562.98.")));
        CHECK(str_find(p->email, S(".example")) + 8 == p->email.n);
    }
}
