/* SPDX-License-Identifier: EUPL-1.2
 * Metadata of services [SAML metadata 2.4.4; requirements 1-12, 39, 46]. */
#include "tests/saml/forge.h"
#include "tests/test.h"
#include "wire/saml_service.h"

#include <string.h>

#define SERVICE "https://kanerva.example/sp"
#define NS                                                                                                             \
    "xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" "               \
    "xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\" xmlns:alg=\"urn:oasis:names:tc:SAML:metadata:algsupport\" "    \
    "xmlns:mdattr=\"urn:oasis:names:tc:SAML:metadata:attribute\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\""
#define B "urn:oasis:names:tc:SAML:2.0:bindings:"
#define HEAD                                                                                                           \
    "<md:EntityDescriptor " NS " ID=\"_m1\" entityID=\"" SERVICE                                                       \
    "\" validUntil=\"2026-08-20T00:00:00Z\" cacheDuration=\"P1D\">@R@"
#define EXTENSIONS                                                                                                     \
    "<md:Extensions><x:y xmlns:x=\"urn:x\"><x:z/></x:y><alg:DigestMethod "                                             \
    "Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>"                                                          \
    "<alg:SigningMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"/>"                           \
    "<alg:SigningMethod Algorithm=\"http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1\"/>"                        \
    "<mdattr:EntityAttributes><saml:Attribute Name=\"urn:oasis:names:tc:SAML:profiles:subject-id:req\">"               \
    "<saml:AttributeValue>pairwise-id</saml:AttributeValue></saml:Attribute>"                                          \
    "<saml:Attribute Name=\"http://macedir.org/entity-category\"><saml:AttributeValue> urn:cat:1 "                     \
    "</saml:AttributeValue>"                                                                                           \
    "<saml:AttributeValue>urn:cat:2</saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions>"
#define ROLE                                                                                                           \
    "<md:SPSSODescriptor AuthnRequestsSigned=\"1\" WantAssertionsSigned=\"true\" "                                     \
    "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:Extensions><mdui:UIInfo>"                 \
    "<mdui:DisplayName xml:lang=\"fi\">Kanerva</mdui:DisplayName><mdui:DisplayName "                                   \
    "xml:lang=\"fi\">Toinen</mdui:DisplayName>"                                                                        \
    "<mdui:PrivacyStatementURL xml:lang=\"fi\">https://kanerva.example/p</mdui:PrivacyStatementURL>"                   \
    "<mdui:PrivacyStatementURL "                                                                                       \
    "xml:lang=\"sv\">javascript:alert(1)</mdui:PrivacyStatementURL></mdui:UIInfo></md:Extensions>"                     \
    "@K@<md:SingleLogoutService Binding=\"" B "SOAP\" Location=\"https://kanerva.example/slo/soap\"/>"                 \
    "<md:SingleLogoutService Binding=\"" B "HTTP-Redirect\" Location=\"https://kanerva.example/slo\" "                 \
    "ResponseLocation=\"https://kanerva.example/slo/back\"/>"                                                          \
    "<md:SingleLogoutService Binding=\"" B "HTTP-Artifact\" Location=\"https://kanerva.example/slo/art\"/>"            \
    "<md:NameIDFormat> urn:f:1 </md:NameIDFormat>"                                                                     \
    "<md:AssertionConsumerService Binding=\"" B                                                                        \
    "HTTP-Artifact\" Location=\"https://kanerva.example/art\" index=\"0\" isDefault=\"true\"/>"                        \
    "<md:AssertionConsumerService Binding=\"" B                                                                        \
    "HTTP-POST\" Location=\"https://kanerva.example/acs1\" index=\"1\" isDefault=\"false\"/>"                          \
    "<md:AssertionConsumerService Binding=\"" B "HTTP-POST\" Location=\"https://kanerva.example/acs2\" index=\"2\"/>"  \
    "<md:AssertionConsumerService Binding=\"" B "HTTP-POST\" Location=\"javascript:alert(1)\" index=\"3\"/>"           \
    "<md:AttributeConsumingService index=\"4\"><md:ServiceName xml:lang=\"en\">Heather</md:ServiceName>"               \
    "<md:RequestedAttribute Name=\"urn:oid:1\" NameFormat=\"urn:nf\" isRequired=\"true\"/><md:RequestedAttribute "     \
    "Name=\"urn:oid:2\"/>"                                                                                             \
    "</md:AttributeConsumingService><md:AttributeConsumingService index=\"5\" isDefault=\"true\">"                     \
    "<md:RequestedAttribute Name=\"urn:oid:3\"/></md:AttributeConsumingService></md:SPSSODescriptor>"
#define TAIL                                                                                                           \
    "<md:Organization><md:OrganizationName "                                                                           \
    "xml:lang=\"en\">O</md:OrganizationName></md:Organization></md:EntityDescriptor>"
#define WHOLE HEAD EXTENSIONS ROLE TAIL

static struct str key(struct test *t, const char *use, enum forge_key which, const char *methods)
{
    struct str pem = forge_certificate(which);
    struct str rest = str_from(pem, str_find(pem, S("-----\n")) + 6);

    return arena_printf(t->arena,
                        "<md:KeyDescriptor%s><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%.*s</ds:X509Certificate>"
                        "</ds:X509Data></ds:KeyInfo>%s</md:KeyDescriptor>",
                        use, STR_ARG(str_sub(rest, 0, str_find(rest, S("-----END")))), methods);
}

static struct str whole(struct test *t)
{
    static const char methods[] =
        "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes128-gcm\"/>"
        "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"><ds:DigestMethod "
        "Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"/></md:EncryptionMethod>"
        "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#tripledes-cbc\"/>";
    struct str keys = arena_printf(t->arena, "%.*s%.*s%.*s", STR_ARG(key(t, "", FORGE_SP1, "")),
                                   STR_ARG(key(t, " use=\"signing\"", FORGE_EC256, "")),
                                   STR_ARG(key(t, " use=\"encryption\"", FORGE_SP2, methods)));

    return forge_replace(t->arena, S(WHOLE), "@K@", arena_cstr(t->arena, keys));
}

static struct saml_metadata_rules usual(void)
{
    return (struct saml_metadata_rules){ .entity_id = S(SERVICE), .now_s = TEST_NOW_S };
}

static const char *outcome(struct test *t, struct str text, const struct saml_metadata_rules *rules,
                           struct saml_service_metadata *m)
{
    struct fail f = { 0 };

    return saml_service_read(t->arena, forge_unmark(t->arena, text), rules, m, &f) ? "ok" : f.code;
}

TEST(a_service_is_read_whole_items_5_6_9_11_12)
{
    struct saml_metadata_rules rules = usual();
    static struct saml_service_metadata m;

    CHECK_STR(outcome(t, whole(t), &rules, &m), "ok");
    CHECK_STR(m.entity_id, SERVICE);
    CHECK(m.signs_requests && m.wants_signed_assertions);
    CHECK_INT(keyring_count(m.signing), 2); /* one of no stated use, one of P-256: expired and self-signed */
    CHECK_INT(m.encryption_count, 2);
    CHECK_INT(m.encryption[0].can, 0);
    CHECK_INT(m.encryption[1].can,
              SAML_CAN_AES128_GCM | SAML_CAN_OAEP_MGF1P | SAML_CAN_OAEP_SHA1 | SAML_CAN_OTHER_CIPHER);
    CHECK_INT(m.signs_with, SAML_CAN_ECDSA_SHA256 | SAML_CAN_OTHER_SIGNATURE);
    CHECK_INT(m.digests, 1);
    CHECK_INT(m.slo_count, 2);
    CHECK_STR(saml_service_slo(&m, SAML_REDIRECT)->response_location, "https://kanerva.example/slo/back");
    CHECK_STR(saml_service_slo(&m, SAML_SOAP)->response_location, "https://kanerva.example/slo/soap");
    CHECK(saml_service_slo(&m, SAML_POST) == NULL);
    CHECK_INT(m.format_count, 1);
    CHECK_STR(m.formats[0], "urn:f:1");
    CHECK(saml_service_has(&m, S(SAML_SUBJECT_ID_REQ), S("pairwise-id")));
    CHECK(saml_service_has(&m, S(SAML_ENTITY_CATEGORY), S("urn:cat:1")));
    CHECK(!saml_service_has(&m, S(SAML_ENTITY_CATEGORY), S("pairwise-id")));
    CHECK_INT(m.name_count, 2);
    CHECK_STR(m.names[0].text, "Kanerva");
    CHECK_STR(m.names[1].text, "Heather");
    CHECK_INT(m.privacy_count, 1);
    CHECK_INT(m.valid_until_s, TEST_NOW_S + 10 * 86400 - 8 * 3600);
    CHECK_INT(m.cache_s, 86400);
}

TEST(an_answer_goes_only_where_metadata_says_item_46)
{
    static struct saml_service_metadata m;
    struct saml_metadata_rules rules = usual();
    const struct str none = { NULL, 0 };

    CHECK_STR(outcome(t, whole(t), &rules, &m), "ok");
    CHECK_STR(saml_service_acs(&m, none, none, -1)->location, "https://kanerva.example/acs2");
    CHECK_STR(saml_service_acs(&m, none, S(B "HTTP-POST"), -1)->location, "https://kanerva.example/acs2");
    CHECK_STR(saml_service_acs(&m, S("https://kanerva.example/acs1"), none, -1)->location,
              "https://kanerva.example/acs1");
    CHECK_STR(saml_service_acs(&m, none, none, 1)->location, "https://kanerva.example/acs1");
    CHECK(saml_service_acs(&m, S("https://kanerva.example/acs1/"), none, -1) == NULL);
    CHECK(saml_service_acs(&m, S("https://KANERVA.example/acs1"), none, -1) == NULL);
    CHECK(saml_service_acs(&m, S("https://kanerva.example/acs1"), S(B "HTTP-Artifact"), -1) == NULL);
    CHECK(saml_service_acs(&m, S("https://kanerva.example/art"), none, -1) == NULL);
    CHECK(saml_service_acs(&m, S("javascript:alert(1)"), none, -1) == NULL);
    CHECK(saml_service_acs(&m, none, none, 0) == NULL); /* by artifact */
    CHECK(saml_service_acs(&m, none, none, 7) == NULL);
    CHECK(saml_service_acs(&m, S("https://kanerva.example/acs1"), none, 1) == NULL);
    CHECK(saml_service_acs(&m, none, S(B "PAOS"), -1) == NULL);
    m.acs[1].is_default = true;
    CHECK_STR(saml_service_acs(&m, none, none, -1)->location, "https://kanerva.example/acs1");
}

TEST(what_a_service_wants_is_found_by_its_index_item_39)
{
    static struct saml_service_metadata m;
    struct saml_metadata_rules rules = usual();

    CHECK_STR(outcome(t, whole(t), &rules, &m), "ok");
    const struct saml_attribute_set *set = saml_service_set(&m, 4);
    CHECK_INT(set->wanted_count, 2);
    CHECK(set->wanted[0].required && !set->wanted[1].required);
    CHECK_STR(set->wanted[0].format, "urn:nf");
    CHECK_STR(saml_service_set(&m, -1)->wanted[0].name, "urn:oid:3");
    CHECK(saml_service_set(&m, 9) == NULL);
    m.sets[1].is_default = false;
    CHECK_INT(saml_service_set(&m, -1)->index, 4);
}

TEST(metadata_of_a_service_is_held_to_its_source_items_3_4)
{
    static struct saml_service_metadata m;
    static const struct forge_sign by_city = { .key = FORGE_IDP };
    struct saml_metadata_rules rules = usual();
    struct str signed_text = forge_sign(t->arena, whole(t), "_m1", "@R@", &by_city);

    rules.must_expire = true;
    rules.trust = forge_keyring(t->arena, FORGE_IDP);
    CHECK_STR(outcome(t, signed_text, &rules, &m), "ok");
    CHECK_STR(outcome(t, whole(t), &rules, &m), "sig_missing");
    CHECK_STR(outcome(t, forge_replace(t->arena, signed_text, "acs1", "evil"), &rules, &m), "sig_digest");
    rules.most_ahead_s = 9 * 86400;
    CHECK_STR(outcome(t, signed_text, &rules, &m), "metadata_too_far");
    rules.most_ahead_s = 10 * 86400;
    CHECK_STR(outcome(t, signed_text, &rules, &m), "ok");
    rules.now_s += 10 * 86400;
    CHECK_STR(outcome(t, signed_text, &rules, &m), "metadata_expired");
    rules = usual();
    rules.must_expire = true;
    CHECK_STR(outcome(t, forge_replace(t->arena, whole(t), " validUntil=\"2026-08-20T00:00:00Z\"", ""), &rules, &m),
              "metadata_no_expiry");
    rules.trust = forge_keyring(t->arena, FORGE_OTHER);
    CHECK_STR(outcome(t, signed_text, &rules, &m), "sig_value");
}

TEST(a_service_is_refused_where_it_cannot_be_answered)
{
    static struct saml_service_metadata m;
    struct saml_metadata_rules rules = usual(), whoever = usual();
    struct str text = whole(t);

    whoever.entity_id = (struct str){ NULL, 0 };
    CHECK_STR(outcome(t, text, &whoever, &m), "ok");
    CHECK_STR(m.entity_id, SERVICE);
    struct str group = arena_printf(t->arena,
                                    "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">"
                                    "%.*s<md:EntityDescriptor entityID=\"urn:b\"/></md:EntitiesDescriptor>",
                                    STR_ARG(text));
    CHECK_STR(outcome(t, group, &whoever, &m), "metadata_entity");
    CHECK_STR(outcome(t, group, &rules, &m), "ok");
    rules.one_alone = true;
    CHECK_STR(outcome(t, group, &rules, &m), "metadata_aggregate");
    rules = usual();
    CHECK_STR(outcome(t, forge_replace(t->arena, text, "SPSSODescriptor", "IDPSSODescriptor"), &rules, &m),
              "metadata_role");
    CHECK_STR(outcome(t, forge_replace(t->arena, text, "HTTP-POST", "PAOS"), &rules, &m), "metadata_endpoint");
    CHECK_STR(outcome(t, forge_replace(t->arena, text, "entityID=\"" SERVICE, "entityID=\"urn:x"), &rules, &m),
              "metadata_entity");
    CHECK_STR(outcome(t, forge_replace(t->arena, text, "2026-08-20T00:00:00Z", "soon"), &rules, &m),
              "metadata_malformed");
    CHECK_STR(outcome(t, arena_join(t->arena, S("<!DOCTYPE x>"), text), &rules, &m), "xml_doctype");
    CHECK_STR(outcome(t, S("<html/>"), &rules, &m), "metadata_entity");
    CHECK_STR(outcome(t, S(""), &rules, &m), "xml_malformed");
}
