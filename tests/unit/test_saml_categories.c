/* SPDX-License-Identifier: EUPL-1.2
 * What entity attributes of a service signal, and what ours say. */
#include "gateway/saml/categories.h"
#include "tests/test.h"

#define RS   "http://refeds.org/category/research-and-scholarship"
#define ANON "https://refeds.org/category/anonymous"
#define PSEU "https://refeds.org/category/pseudonymous"
#define PERS "https://refeds.org/category/personalized"

static struct saml_service_metadata with(const char *name, const char *value)
{
    return (struct saml_service_metadata){ .traits = { { str_of(name), str_of(value) } }, .trait_count = 1 };
}

TEST(item_49_subject_id_req_says_by_which_name_and_goes_before_categories)
{
    static const struct {
        const char *name, *value;
        enum saml_subject is;
    } each[] = { { SAML_SUBJECT_ID_REQ, "none", SUBJECT_NOBODY },
                 { SAML_SUBJECT_ID_REQ, "any", SUBJECT_PAIRWISE },
                 { SAML_SUBJECT_ID_REQ, "pairwise-id", SUBJECT_PAIRWISE },
                 { SAML_SUBJECT_ID_REQ, "subject-id", SUBJECT_SHARED },
                 { SAML_SUBJECT_ID_REQ, "None", SUBJECT_UNSAID },
                 { SAML_ENTITY_CATEGORY, ANON, SUBJECT_NOBODY },
                 { SAML_ENTITY_CATEGORY, PSEU, SUBJECT_PAIRWISE },
                 { SAML_ENTITY_CATEGORY, RS, SUBJECT_PAIRWISE },
                 { SAML_ENTITY_CATEGORY, PERS, SUBJECT_SHARED },
                 { SAML_ENTITY_CATEGORY, "urn:unknown", SUBJECT_UNSAID },
                 { "urn:other", PERS, SUBJECT_UNSAID } };
    static struct saml_service_metadata m;

    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        m = with(each[i].name, each[i].value);
        CHECK_INT(categories_subject(&m), each[i].is);
    }
    m = with(SAML_ENTITY_CATEGORY, ANON);
    m.traits[m.trait_count++] = (struct saml_trait){ S(SAML_ENTITY_CATEGORY), S(PERS) };
    CHECK_INT(categories_subject(&m), SUBJECT_SHARED);
    m.traits[m.trait_count++] = (struct saml_trait){ S(SAML_SUBJECT_ID_REQ), S("none") };
    CHECK_INT(categories_subject(&m), SUBJECT_NOBODY);
}

TEST(item_39_categories_and_requested_attributes_are_proposed_as_claims_with_who_says_so)
{
    static struct saml_service_metadata m;
    struct saml_wanted wanted[] = { { .name = S("urn:oid:2.5.4.42") }, { .name = S("urn:nothing") } };
    struct str by;

    m = with(SAML_ENTITY_CATEGORY, RS);
    struct claim_set set = categories_claims(t->arena, &m, &by);
    CHECK_STR(by, "REFEDS Research and Scholarship");
    CHECK(claim_in(set, CLAIM_EMAIL) && claim_in(set, CLAIM_FAMILY_NAME) && claim_in(set, CLAIM_ROLES));
    CHECK(!claim_in(set, CLAIM_LEARNER_ID) && !claim_in(set, CLAIM_GROUP));
    m = with(SAML_ENTITY_CATEGORY, "https://refeds.org/category/code-of-conduct/v2");
    m.sets[0] = (struct saml_attribute_set){ .wanted = wanted, .wanted_count = 2 };
    m.set_count = 1;
    set = categories_claims(t->arena, &m, &by);
    CHECK_STR(by, "REFEDS Code of Conduct, RequestedAttribute");
    CHECK(claim_in(set, CLAIM_GIVEN_NAME) && !claim_in(set, CLAIM_EMAIL));
    m = with("urn:other", RS);
    set = categories_claims(t->arena, &m, &by);
    CHECK(by.p == NULL && !claim_in(set, CLAIM_EMAIL));
}

TEST(item_52_what_we_are_is_what_the_setting_says_and_stands_where_federations_look)
{
    struct saml_idp idp = { .entity_id = S("https://us.example/saml/metadata") };
    struct fail f = { 0 };

    categories_of_us(t->arena, S(""), &idp);
    CHECK_INT(idp.category_count + idp.support_count + idp.assurance_count, 0);
    categories_of_us(t->arena, S("sirtfi pseudonymous hide-from-discovery"), &idp);
    CHECK_INT(idp.category_count, 1);
    CHECK_STR(idp.supports[0], PSEU);
    CHECK_STR(idp.assurance[0], "https://refeds.org/sirtfi");
    struct str text = saml_idp_metadata_draft(t->arena, &idp).text;
    CHECK(str_find(text, S("entity-category-support\"")) < text.n && str_find(text, S(PSEU "<")) < text.n);
    CHECK(categories_known(S("sirtfi  pseudonymous"), &f) && categories_known(S(""), &f));
    CHECK(!categories_known(S("sirtfy"), &f));
    CHECK_STR(f.code, "bad_setting");
}
