/* SPDX-License-Identifier: EUPL-1.2
 * SAML answers, honest and hostile [security.md 2].  Each row changes one thing
 * in an answer that is otherwise good, and says by which code it is refused, so
 * that a refusal for the wrong reason shows. */
#include "tests/saml/forge.h"
#include "tests/test.h"

#include "base/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DS     "http://www.w3.org/2000/09/xmldsig#"
#define EXC    "http://www.w3.org/2001/10/xml-exc-c14n#"
#define MORE   "http://www.w3.org/2001/04/xmldsig-more#"
#define PSS    "http://www.w3.org/2007/05/xmldsig-more#"
#define XENC   "http://www.w3.org/2001/04/xmlenc#"
#define XENC11 "http://www.w3.org/2009/xmlenc11#"

static const char *const products[] = { "simplesamlphp", "shibboleth", "adfs",    "entra",   "google",
                                        "keycloak",      "okta",       "pysaml2", "mpassid", "default-namespace" };
enum { PRODUCTS = sizeof products / sizeof products[0] };

static const struct forge_sign plain; /* everything as usual, the city's RSA key */

/* --- helpers ---------------------------------------------------------------- */

/* code: NULL when the answer must be accepted. */
static const struct saml_assertion *expect_with(struct test *t, const char *name, struct str text,
                                                const struct saml_rules *rules, const char *code)
{
    struct fail f = { 0 };
    const struct saml_assertion *said = forge_verify(t->arena, text, rules, &f);

    forge_dump(name, code != NULL ? code : "ok", text);
    t->checked++;
    if (code == NULL && said == NULL)
        test_fail(t, __FILE__, __LINE__, "%s is refused: %s: %s", name, f.code, f.detail);
    if (code != NULL && said != NULL)
        test_fail(t, __FILE__, __LINE__, "%s is accepted", name);
    if (code != NULL && said == NULL && strcmp(code, "*") != 0 && strcmp(f.code, code) != 0)
        test_fail(t, __FILE__, __LINE__, "%s is refused as %s (%s), expected %s", name, f.code, f.detail, code);
    return said;
}

static const struct saml_assertion *expect(struct test *t, const char *name, struct str text, const char *code)
{
    struct saml_rules rules = forge_rules(forge_city(t->arena));

    return expect_with(t, name, text, &rules, code);
}

static const char *named(struct test *t, const char *a, const char *b, const char *c)
{
    return arena_cstr(t->arena, arena_printf(t->arena, "%s-%s-%s", a, b, c));
}

static struct str base(struct test *t)
{
    return forge_file(t->arena, "simplesamlphp");
}

static struct str edit(struct test *t, struct str text, const char *from, const char *to)
{
    if (str_find(text, str_of(from)) == text.n)
        test_fail(t, __FILE__, __LINE__, "nothing to edit: %s", from);
    return forge_replace(t->arena, text, from, to != NULL ? to : "");
}

enum signing { BY_ASSERTION, BY_RESPONSE, BY_BOTH, SIGNINGS };
static const char *const signing_names[] = { "a", "r", "ra" };

static struct str signed_by(struct test *t, struct str text, enum signing by, const struct forge_sign *how)
{
    if (by != BY_RESPONSE)
        text = forge_sign_assertion(t->arena, text, how);
    text = forge_replace(t->arena, text, "@A@", "");
    if (by != BY_ASSERTION)
        text = forge_sign_response(t->arena, text, how);
    return forge_unmark(t->arena, text);
}

/* What products do: the assertion is signed, then encrypted, then the Response is signed. */
static struct str sealed_by(struct test *t, struct str text, enum signing by, const struct forge_sign *how,
                            const struct forge_encrypt *enc)
{
    if (by != BY_RESPONSE)
        text = forge_sign_assertion(t->arena, text, how);
    text = forge_replace(t->arena, text, "@A@", "");
    text = forge_encrypt(t->arena, text, "Assertion", enc);
    if (by != BY_ASSERTION)
        text = forge_sign_response(t->arena, text, how);
    return forge_unmark(t->arena, text);
}

static bool has(const struct saml_assertion *said, const char *name, size_t at, const char *value)
{
    for (size_t i = 0; said != NULL && i < said->attribute_count; i++)
        if (str_eq(said->attributes[i].name, str_of(name)))
            return at < said->attributes[i].value_count && str_eq(said->attributes[i].values[at], str_of(value));
    return false;
}

/* --- honest ------------------------------------------------------------------ */

static const struct forge_sign styles[] = {
    { .key = FORGE_IDP },
    { .key = FORGE_IDP, .prefix = "", .gap = "\n" },
    { .key = FORGE_IDP, .prefix = "dsig", .lines = true, .gap = "\n  " },
    { .key = FORGE_IDP_NEXT, .method = MORE "rsa-sha384", .digest = MORE "sha384" },
    { .key = FORGE_IDP, .method = MORE "rsa-sha512", .digest = XENC "sha512", .prefix_list = "xs" },
    { .key = FORGE_IDP, .prefix_list = "xs xsi #default saml" },
    { .key = FORGE_IDP,
      .key_info = "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>MIIB</ds:X509Certificate></ds:X509Data></ds:KeyInfo>" },
    { .key = FORGE_IDP, .key_info = "<ds:KeyInfo><ds:KeyName>new</ds:KeyName></ds:KeyInfo>", .gap = "\r\n" },
    { .key = FORGE_EC256 },
    { .key = FORGE_EC384, .method = MORE "ecdsa-sha384", .digest = MORE "sha384" },
    { .key = FORGE_EC521, .method = MORE "ecdsa-sha512", .digest = XENC "sha512" },
    { .key = FORGE_EC256, .method = MORE "ecdsa-sha512" },
    { .key = FORGE_IDP, .method = PSS "sha256-rsa-MGF1" }, /* [RFC 9231 2.3.10] */
    { .key = FORGE_IDP_NEXT, .method = PSS "sha384-rsa-MGF1", .digest = MORE "sha384" },
    { .key = FORGE_IDP, .method = PSS "sha512-rsa-MGF1", .digest = XENC "sha512" },
    { .key = FORGE_IDP, .method = PSS "rsa-pss" }, /* its default [RFC 9231 2.3.9] */
};
enum { STYLES = sizeof styles / sizeof styles[0] };

TEST(answers_of_many_products_are_accepted_however_they_are_signed)
{
    for (size_t p = 0; p < PRODUCTS; p++)
        for (size_t s = 0; s < STYLES; s++)
            for (int by = 0; by < SIGNINGS; by++) {
                struct str text = signed_by(t, forge_file(t->arena, products[p]), (enum signing)by, &styles[s]);
                const char *name =
                    arena_cstr(t->arena, arena_printf(t->arena, "ok-%s-%zu-%s", products[p], s, signing_names[by]));
                const struct saml_assertion *said = expect(t, name, text, NULL);
                CHECK(said == NULL || said->assertion_signed == (by != BY_RESPONSE));
                CHECK(said == NULL || said->response_signed == (by != BY_ASSERTION));
            }
}

static bool is_of_family(const struct forge_sign *s, const char *word)
{
    return s->method != NULL && strstr(s->method, word) != NULL;
}

TEST(a_city_may_sign_by_rsa_pss_and_by_ecdsa_in_each_hash_that_is_taken)
{
    size_t pss = 0, ecdsa = 0;

    for (size_t i = 0; i < STYLES; i++) {
        pss += is_of_family(&styles[i], PSS);
        ecdsa += is_of_family(&styles[i], "ecdsa");
        if (is_of_family(&styles[i], PSS) || is_of_family(&styles[i], "ecdsa"))
            for (int by = 0; by < SIGNINGS; by++)
                (void)expect(t, arena_cstr(t->arena, arena_printf(t->arena, "family-%zu-%s", i, signing_names[by])),
                             signed_by(t, forge_file(t->arena, products[0]), (enum signing)by, &styles[i]), NULL);
    }
    CHECK(pss == 4 && ecdsa >= 3);
}

static const struct forge_encrypt seals[] = {
    { .content = NULL },
    { .content = XENC11 "aes128-gcm", .place = FORGE_BESIDE },
    { .content = XENC11 "aes192-gcm", .place = FORGE_BESIDE_BY_REFERENCE, .lines = true },
    { .digest = DS "sha1" },
    { .digest = XENC "sha256", .place = FORGE_BESIDE_BY_REFERENCE },
    { .transport = XENC11 "rsa-oaep", .digest = XENC "sha256", .mgf = XENC11 "mgf1sha256" },
    { .transport = XENC11 "rsa-oaep", .digest = XENC "sha512", .mgf = XENC11 "mgf1sha1" },
    { .transport = XENC11 "rsa-oaep" },
    { .digest = XENC "sha256", .mgf = XENC11 "mgf1sha256", .mgf_unsaid = true },
    { .transport = XENC11 "rsa-oaep", .digest = XENC "sha512", .mgf = XENC11 "mgf1sha512", .mgf_unsaid = true },
    { .keys = { FORGE_SP2 } },
    { .keys = { FORGE_OTHER, FORGE_SP2 }, .place = FORGE_BESIDE },
    { .keys = { FORGE_OTHER, FORGE_SP1, FORGE_SP2 } },
};
enum { SEALS = sizeof seals / sizeof seals[0] };

TEST(encrypted_answers_of_many_products_are_accepted)
{
    for (size_t p = 0; p < PRODUCTS; p++)
        for (size_t s = 0; s < SEALS; s++)
            for (int by = 0; by < SIGNINGS; by++) {
                struct str text = sealed_by(t, forge_file(t->arena, products[p]), (enum signing)by, &plain, &seals[s]);
                const char *name =
                    arena_cstr(t->arena, arena_printf(t->arena, "ok-enc-%s-%zu-%s", products[p], s, signing_names[by]));
                const struct saml_assertion *said = expect(t, name, text, NULL);
                CHECK(said == NULL || said->encrypted);
            }
}

/* The text is encrypted as it stood, with prefixes that the Response declares. */
TEST(an_encrypted_assertion_may_use_namespaces_of_the_response)
{
    static const struct forge_encrypt in_place = { .in_place = true };

    for (size_t p = 0; p < PRODUCTS; p++)
        (void)expect(t, named(t, "ok-enc-in-place", products[p], "a"),
                     sealed_by(t, forge_file(t->arena, products[p]), BY_ASSERTION, &plain, &in_place), NULL);
}

TEST(inclusive_prefixes_of_an_encrypted_assertion_are_found_where_it_stood)
{
    static const struct forge_encrypt in_place = { .in_place = true };
    static const struct forge_sign how = { .key = FORGE_IDP, .prefix_list = "xs" };

    (void)expect(t, "ok-enc-prefixes", sealed_by(t, forge_file(t->arena, "pysaml2"), BY_BOTH, &how, &in_place), NULL);
    (void)expect(t, "ok-enc-prefixes-okta", sealed_by(t, forge_file(t->arena, "okta"), BY_BOTH, &how, &in_place), NULL);
}

TEST(values_are_read_whole)
{
    const struct saml_assertion *said =
        expect(t, "ok-values-shibboleth", signed_by(t, forge_file(t->arena, "shibboleth"), BY_ASSERTION, &plain), NULL);

    CHECK(said != NULL);
    CHECK_STR(said->name_id, "AAdzZWNyZXQx");
    CHECK_STR(said->name_id_format, "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent");
    CHECK_STR(said->session_index, "_9c1e0a");
    CHECK(has(said, "urn:oid:1.3.6.1.4.1.5923.1.1.1.10", 0, "targeted-anna"));
    CHECK(has(said, "urn:oid:1.3.6.1.4.1.5923.1.1.1.9", 1, "member@oulu.example"));
    CHECK_INT(said->authenticated_s, TEST_NOW_S - 3);

    said = expect(t, "ok-values-adfs", signed_by(t, forge_file(t->arena, "adfs"), BY_RESPONSE, &plain), NULL);
    CHECK(has(said, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", 0, "Anna & Äiti"));

    said = expect(t, "ok-values-mpassid", signed_by(t, forge_file(t->arena, "mpassid"), BY_BOTH, &plain), NULL);
    CHECK(said != NULL && said->name_id.p == NULL);
    CHECK(has(said, "urn:oid:2.5.4.42", 0, "Anna <3 & Co"));
    CHECK_STR(said->context, "urn:mpass.id:authnsource:oulu");

    said = expect(t, "ok-values-keycloak", signed_by(t, forge_file(t->arena, "keycloak"), BY_BOTH, &plain), NULL);
    CHECK(has(said, "Role", 0, "teacher") && has(said, "Role", 1, "uma_authorization"));
    CHECK_INT(said->attribute_count, 1);

    said = expect(t, "ok-values-google", signed_by(t, forge_file(t->arena, "google"), BY_RESPONSE, &plain), NULL);
    CHECK(said != NULL && said->attribute_count == 3);
    CHECK(said->attributes[1].value_count == 0 && said->attributes[2].value_count == 0);
}

/* What stands in an element is not what an attribute says; the name that a city has for another service is nobody here.
 */
TEST(a_value_is_a_text_or_a_name_for_us_and_nothing_else)
{
    static const struct {
        const char *inner, *value; /* NULL: it says nothing */
    } values[] = {
        { "anna", "anna" },
        { "<![CDATA[an]]>na", "anna" },
        { " anna ", " anna " },
        { "<x>admin</x>", NULL },
        { "<e:x xmlns:e=\"urn:e\">admin</e:x>", NULL },
        { "ad<x/>min", NULL },
        { "<x/>admin", NULL },
        { "<x>ad</x><x>min</x>", NULL },
        { "<saml:NameID>anna</saml:NameID>", "anna" },
        { "\n <saml:NameID SPNameQualifier=\"" FORGE_SP "\">anna</saml:NameID>\n", "anna" },
        { "<saml:NameID SPNameQualifier=\"https://other.example/sp\">admin</saml:NameID>", NULL },
        { "<saml:NameID NameQualifier=\"https://other.example/idp\" Format=\"" SAML_PERSISTENT "\">admin</saml:NameID>",
          NULL },
        { "x<saml:NameID>admin</saml:NameID>", NULL },
        { "<saml:NameID>ad<x/>min</saml:NameID>", NULL },
        { "<saml:NameID>ad</saml:NameID><saml:NameID>min</saml:NameID>", NULL },
        { "<NameID>admin</NameID>", NULL },
    };

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const char *to = arena_cstr(t->arena, arena_printf(t->arena, ">%s<", values[i].inner));
        struct str text = signed_by(t, edit(t, base(t), ">anna<", to), BY_ASSERTION, &plain);
        const char *name = arena_cstr(t->arena, arena_printf(t->arena, "ok-value-%zu", i));
        const struct saml_assertion *said = expect(t, name, text, NULL);
        CHECK(said != NULL && said->attribute_count == 2);
        CHECK_INT(said->attributes[0].value_count, values[i].value != NULL);
        CHECK(values[i].value == NULL || has(said, "uid", 0, values[i].value));
    }
}

TEST(white_space_around_a_context_is_layout) /* [XML Schema 2: 4.3.6] */
{
    struct str text = edit(t, base(t), "<saml:AuthnContextClassRef>", "<saml:AuthnContextClassRef>\r\n\t");
    const struct saml_assertion *said =
        expect(t, "ok-context-white-space",
               signed_by(t, edit(t, text, "</saml:AuthnContextClassRef>", " </saml:AuthnContextClassRef>"),
                         BY_ASSERTION, &plain),
               NULL);

    CHECK_STR(said->context, "urn:oasis:names:tc:SAML:2.0:ac:classes:Password");
}

struct row {
    const char *name, *from, *to, *code;
};

/* What an honest city may also send. */
static const struct row variants[] = {
    { "no-destination", " Destination=\"" FORGE_ACS "\"", "", NULL },
    { "no-response-issuer", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@R@", "@R@", NULL },
    { "fraction", "AuthnInstant=\"2026-08-10T07:59:58Z\"", "AuthnInstant=\"2026-08-10T07:59:58.1234567890123Z\"",
      NULL },
    { "utc-offset-zero", "NotBefore=\"2026-08-10T07:59:28Z\"", "NotBefore=\"2026-08-10T07:59:28+00:00\"", NULL },
    { "skew-not-before", "NotBefore=\"2026-08-10T07:59:28Z\"", "NotBefore=\"2026-08-10T08:03:00Z\"", NULL },
    { "skew-conditions", "NotOnOrAfter=\"2026-08-10T08:04:58Z\"><saml:Aud",
      "NotOnOrAfter=\"2026-08-10T07:59:58.001Z\"><saml:Aud", NULL },
    { "skew-confirmation", "NotOnOrAfter=\"2026-08-10T08:04:58Z\" Rec", "NotOnOrAfter=\"2026-08-10T07:57:01Z\" Rec",
      NULL },
    { "skew-issue", "IssueInstant=\"2026-08-10T07:59:58Z\"", "IssueInstant=\"2026-08-10T08:02:59Z\"", NULL },
    { "old-session", "AuthnInstant=\"2026-08-10T07:59:58Z\"", "AuthnInstant=\"2026-08-03T07:59:58Z\"", NULL },
    { "no-session-end", " SessionNotOnOrAfter=\"2026-08-10T15:59:58Z\"", "", NULL },
    { "no-session-index", " SessionIndex=\"_be9967abd904ddcae3c0eb4189adbe3f71e327cf93\"", "", NULL },
    { "no-name-format", " Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\"", "", NULL },
    { "entity-format", "<saml:Issuer>", "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">",
      NULL },
    { "no-attributes",
      "<saml:AttributeStatement><saml:Attribute Name=\"uid\" "
      "NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\"><saml:AttributeValue "
      "xsi:type=\"xs:string\">anna</saml:AttributeValue></saml:Attribute><saml:Attribute Name=\"eduPersonAffiliation\" "
      "NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\"><saml:AttributeValue "
      "xsi:type=\"xs:string\">faculty</saml:AttributeValue><saml:AttributeValue "
      "xsi:type=\"xs:string\">member</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>",
      "", NULL },
    { "empty-value", ">anna<", "><", NULL },
    { "unicode", ">anna<", ">\xC3\x84\xC3\xA4kk\xC3\xB6set \xF0\x9F\x8E\x93 \xE2\x80\xAE<", NULL },
    { "char-references", ">anna<", ">&#x41;nna &lt;&amp;&gt; &quot;&apos; &#13;&#10;<", NULL },
    { "cdata", ">anna<", "><![CDATA[an]]>na<", NULL },
    { "long-value", ">anna<",
      ">aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaa<",
      NULL },
    { "nil", "<saml:AttributeValue xsi:type=\"xs:string\">anna</saml:AttributeValue>",
      "<saml:AttributeValue xsi:nil=\"1\" xsi:type=\"xs:anyType\"/>", NULL },
    { "structured-value", ">anna<", "><e:v xmlns:e=\"urn:e\"><e:w>x</e:w></e:v><", NULL },
    { "foreign-attribute", "<saml:Attribute Name=\"uid\"", "<saml:Attribute xmlns:e=\"urn:e\" e:x=\"1\" Name=\"uid\"",
      NULL },
    { "one-time-use", "</saml:AudienceRestriction>", "</saml:AudienceRestriction><saml:OneTimeUse/>", NULL },
    { "proxy-restriction-count", "</saml:AudienceRestriction>",
      "</saml:AudienceRestriction><saml:ProxyRestriction Count=\" +01 \"/>", NULL },
    { "proxy-restriction-bare", "</saml:AudienceRestriction>", "</saml:AudienceRestriction><saml:ProxyRestriction/>",
      NULL },
    { "destination-white-space", "Destination=\"" FORGE_ACS "\"", "Destination=\" " FORGE_ACS "&#10;\"", NULL },
    { "recipient-white-space", "Recipient=\"" FORGE_ACS "\"", "Recipient=\"&#9;" FORGE_ACS " \"", NULL },
    { "irt-white-space", "InResponseTo=\"" FORGE_REQUEST "\"", "InResponseTo=\" " FORGE_REQUEST "&#13;\"", NULL },
    { "method-white-space", "urn:oasis:names:tc:SAML:2.0:cm:bearer", "\n urn:oasis:names:tc:SAML:2.0:cm:bearer", NULL },
    { "status-white-space", "urn:oasis:names:tc:SAML:2.0:status:Success", "urn:oasis:names:tc:SAML:2.0:status:Success ",
      NULL },
    { "audience-white-space", "<saml:Audience>" FORGE_SP "</saml:Audience>",
      "<saml:Audience>\r\n  " FORGE_SP "\t</saml:Audience>", NULL },
    { "sp-name-qualifier-empty", "SPNameQualifier=\"" FORGE_SP "\"", "SPNameQualifier=\"\"", NULL },
    { "name-qualifier-of-a-transient-name", "SPNameQualifier=\"" FORGE_SP "\"", "NameQualifier=\"oulu.example\"",
      NULL },
    { "two-restrictions", "</saml:AudienceRestriction>",
      "</saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>urn:x</"
      "saml:Audience><saml:Audience>" FORGE_SP "</saml:Audience></saml:AudienceRestriction>",
      NULL },
    { "second-confirmation-good", "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">",
      "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData "
      "Recipient=\"https://other.example/acs\" "
      "NotOnOrAfter=\"2026-08-10T08:04:58Z\"/></saml:SubjectConfirmation><saml:SubjectConfirmation "
      "Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">",
      NULL },
    { "status-message", "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>",
      "<samlp:Status><samlp:StatusCode "
      "Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/><samlp:StatusMessage>fine</"
      "samlp:StatusMessage><samlp:StatusDetail><e:x xmlns:e=\"urn:e\"/></samlp:StatusDetail>",
      NULL },
    { "extensions", "<samlp:Status>",
      "<samlp:Extensions><e:x xmlns:e=\"urn:e\">1</e:x></samlp:Extensions><samlp:Status>", NULL },
    { "white-space-around", "<samlp:Status>", "\n\t <samlp:Status>", NULL },
    { "authz-statement", "<saml:AttributeStatement>",
      "<saml:AuthzDecisionStatement Resource=\"urn:r\" Decision=\"Permit\"><saml:Action "
      "Namespace=\"urn:n\">read</saml:Action></saml:AuthzDecisionStatement><saml:AttributeStatement>",
      NULL },
    { "xml-lang", "<saml:AttributeValue xsi:type=\"xs:string\">anna",
      "<saml:AttributeValue xml:lang=\"fi\" xml:space=\"preserve\" xsi:type=\"xs:string\">anna", NULL },
};

TEST(what_an_honest_city_may_also_send_is_accepted)
{
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        struct str text = edit(t, base(t), variants[i].from, variants[i].to);
        bool unsigned_only = i < 2; /* a signed Response must say both */
        for (int by = 0; by < SIGNINGS; by++)
            (void)expect(t, named(t, "ok-var", variants[i].name, signing_names[by]),
                         signed_by(t, text, (enum signing)by, &plain),
                         !unsigned_only || by == BY_ASSERTION ? NULL
                         : i == 0                             ? "response_destination"
                                                              : "response_issuer");
    }
}

TEST(a_byte_order_mark_of_utf_8_is_accepted)
{
    struct str text = signed_by(t, base(t), BY_BOTH, &plain);

    (void)expect(t, "ok-bom", arena_join(t->arena, S("\xEF\xBB\xBF"), text), NULL);
    (void)expect(t, "ok-declared",
                 arena_join(t->arena, S("<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n"), text), NULL);
    (void)expect(t, "ok-new-line-after", arena_join(t->arena, text, S("\r\n\n")), NULL);
}

TEST(encrypted_names_and_attributes_are_opened)
{
    static const struct forge_encrypt id = { .holder = "EncryptedID" }, attribute = { .holder = "EncryptedAttribute" };
    struct str text = forge_encrypt(t->arena, base(t), "NameID", &id);
    const struct saml_assertion *said = expect(t, "ok-enc-id", signed_by(t, text, BY_ASSERTION, &plain), NULL);

    CHECK(said != NULL);
    CHECK_STR(said->name_id, "_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7");
    text = forge_encrypt(t->arena, text, "Attribute", &attribute);
    said = expect(t, "ok-enc-attribute", signed_by(t, text, BY_RESPONSE, &plain), NULL);
    CHECK(has(said, "uid", 0, "anna") && has(said, "eduPersonAffiliation", 1, "member"));
    said = expect(t, "ok-enc-all", sealed_by(t, text, BY_BOTH, &plain, &seals[0]), NULL);
    CHECK(has(said, "uid", 0, "anna"));
    (void)expect(
        t, "enc-id-is-no-name",
        signed_by(t,
                  forge_encrypt(t->arena, base(t), "NameID", &(struct forge_encrypt){ .holder = "EncryptedAttribute" }),
                  BY_ASSERTION, &plain),
        "subject_structure");
}

TEST(a_large_honest_answer_is_accepted)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    buf_add(&b, S("<saml:AttributeStatement>"));
    for (int i = 0; i < 250; i++)
        buf_printf(
            &b,
            "<saml:Attribute Name=\"urn:group:%d\"><saml:AttributeValue xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" "
            "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">value "
            "%d</saml:AttributeValue></saml:Attribute>",
            i, i);
    struct str text = edit(t, base(t), "<saml:AttributeStatement>", arena_cstr(t->arena, buf_str(&b)));
    for (int by = 0; by < SIGNINGS; by++)
        (void)expect(t, named(t, "ok-large", "250", signing_names[by]), signed_by(t, text, (enum signing)by, &plain),
                     NULL);
}

/* --- conditions --------------------------------------------------------------- */

#define STATUS(inner) "<samlp:Status>" inner "</samlp:Status>"
#define CODE(word)    "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:" word "\"/>"
#define CODES(word, sub)                                                                                               \
    "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:" word "\">" CODE(sub) "</samlp:StatusCode>"
#define RESTRICTION  "<saml:AudienceRestriction><saml:Audience>" FORGE_SP "</saml:Audience></saml:AudienceRestriction>"
#define CONDITIONS   "<saml:Conditions NotBefore=\"2026-08-10T07:59:28Z\" NotOnOrAfter=\"2026-08-10T08:04:58Z\">"
#define CONFIRMATION "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">"
#define DATA                                                                                                           \
    "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\" Recipient=\"" FORGE_ACS                       \
    "\" InResponseTo=\"" FORGE_REQUEST "\"/>"
#define NAME                                                                                                           \
    "<saml:NameID SPNameQualifier=\"" FORGE_SP "\" "                                                                   \
    "Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\">_"                                                 \
    "ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7</saml:NameID>"
#define AUTHN                                                                                                          \
    "<saml:AuthnStatement AuthnInstant=\"2026-08-10T07:59:58Z\" SessionNotOnOrAfter=\"2026-08-10T15:59:58Z\" "         \
    "SessionIndex=\"_be9967abd904ddcae3c0eb4189adbe3f71e327cf93\">"
#define CONTEXT                                                                                                        \
    "<saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</"                  \
    "saml:AuthnContextClassRef></saml:AuthnContext>"
#define RESPONSE_HEAD  "ID=\"_response1\" Version=\"2.0\" IssueInstant=\"2026-08-10T07:59:58Z\""
#define ASSERTION_HEAD "ID=\"_assertion1\" Version=\"2.0\" IssueInstant=\"2026-08-10T07:59:58Z\""

/* Each is signed afterwards, by the right key: only the condition is wrong. */
static const struct row conditions[] = {
    { "destination-other", "Destination=\"" FORGE_ACS "\"", "Destination=\"https://other.example/acs\"",
      "response_destination" },
    { "destination-empty", "Destination=\"" FORGE_ACS "\"", "Destination=\"\"", "response_destination" },
    { "destination-prefix", "Destination=\"" FORGE_ACS "\"", "Destination=\"" FORGE_ACS "/\"", "response_destination" },
    { "destination-query", "Destination=\"" FORGE_ACS "\"", "Destination=\"" FORGE_ACS "?x=1\"",
      "response_destination" },
    { "destination-case", "Destination=\"" FORGE_ACS "\"", "Destination=\"https://GATEWAY.example/upstream/saml/acs\"",
      "response_destination" },
    { "destination-http", "Destination=\"https:", "Destination=\"http:", "response_destination" },
    { "destination-port", "Destination=\"https://gateway.example/", "Destination=\"https://gateway.example:443/",
      "response_destination" },
    { "destination-white-space-within", "Destination=\"" FORGE_ACS "\"",
      "Destination=\"https://gateway.example/ upstream/saml/acs\"", "response_destination" },
    { "version-11",
      "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" "
      "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_response1\" Version=\"2.0\"",
      "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" "
      "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_response1\" Version=\"1.1\"",
      "response_version" },
    { "version-21", "ID=\"_response1\" Version=\"2.0\"", "ID=\"_response1\" Version=\"2.1\"", "response_version" },
    { "version-none", "ID=\"_response1\" Version=\"2.0\"", "ID=\"_response1\"", "response_version" },
    { "version-spaced", "ID=\"_response1\" Version=\"2.0\"", "ID=\"_response1\" Version=\" 2.0\"", "response_version" },
    { "assertion-version-11", "ID=\"_assertion1\" Version=\"2.0\"", "ID=\"_assertion1\" Version=\"1.1\"",
      "assertion_version" },
    { "assertion-version-none", "ID=\"_assertion1\" Version=\"2.0\"", "ID=\"_assertion1\"", "assertion_version" },
    { "response-issued-later", RESPONSE_HEAD, "ID=\"_response1\" Version=\"2.0\" IssueInstant=\"2026-08-10T08:03:01Z\"",
      "response_issue_instant" },
    { "response-issued-long-ago", RESPONSE_HEAD,
      "ID=\"_response1\" Version=\"2.0\" IssueInstant=\"2026-08-09T08:00:00Z\"", "response_issue_instant" },
    { "response-issued-never", RESPONSE_HEAD, "ID=\"_response1\" Version=\"2.0\"", "response_issue_instant" },
    { "response-issued-no-zone", RESPONSE_HEAD,
      "ID=\"_response1\" Version=\"2.0\" IssueInstant=\"2026-08-10T07:59:58\"", "response_issue_instant" },
    { "assertion-issued-later", ASSERTION_HEAD,
      "ID=\"_assertion1\" Version=\"2.0\" IssueInstant=\"2026-08-10T08:03:01Z\"", "assertion_issue_instant" },
    { "assertion-issued-last-year", ASSERTION_HEAD,
      "ID=\"_assertion1\" Version=\"2.0\" IssueInstant=\"2025-08-10T07:59:58Z\"", "assertion_issue_instant" },
    { "assertion-issued-never", ASSERTION_HEAD, "ID=\"_assertion1\" Version=\"2.0\"", "assertion_issue_instant" },
    { "assertion-issued-words", ASSERTION_HEAD, "ID=\"_assertion1\" Version=\"2.0\" IssueInstant=\"yesterday\"",
      "assertion_issue_instant" },
    { "irt-none", " Destination=\"" FORGE_ACS "\" InResponseTo=\"" FORGE_REQUEST "\"", " Destination=\"" FORGE_ACS "\"",
      "response_in_response_to" },
    { "irt-other", " Destination=\"" FORGE_ACS "\" InResponseTo=\"" FORGE_REQUEST "\"",
      " Destination=\"" FORGE_ACS "\" InResponseTo=\"_another\"", "response_in_response_to" },
    { "irt-empty", " Destination=\"" FORGE_ACS "\" InResponseTo=\"" FORGE_REQUEST "\"",
      " Destination=\"" FORGE_ACS "\" InResponseTo=\"\"", "response_in_response_to" },
    { "irt-prefix", " Destination=\"" FORGE_ACS "\" InResponseTo=\"" FORGE_REQUEST "\"",
      " Destination=\"" FORGE_ACS "\" InResponseTo=\"" FORGE_REQUEST "x\"", "response_in_response_to" },
    { "irt-case", " Destination=\"" FORGE_ACS "\" InResponseTo=\"" FORGE_REQUEST "\"",
      " Destination=\"" FORGE_ACS "\" InResponseTo=\"_5D0C7F2B9E8A41F6B3C2D1E0F9A8B7C6\"", "response_in_response_to" },
    { "response-issuer-other", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@R@",
      "<saml:Issuer>https://idp.espoo.example/saml</saml:Issuer>@R@", "response_issuer" },
    { "response-issuer-slash", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@R@",
      "<saml:Issuer>" FORGE_ISSUER "/</saml:Issuer>@R@", "response_issuer" },
    { "response-issuer-case", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@R@",
      "<saml:Issuer>https://IDP.oulu.example/saml</saml:Issuer>@R@", "response_issuer" },
    { "response-issuer-empty", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@R@", "<saml:Issuer/>@R@",
      "response_issuer" },
    { "response-issuer-twice", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@R@",
      "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer><saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@R@",
      "response_structure" },
    { "response-issuer-format", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@R@",
      "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">" FORGE_ISSUER "</saml:Issuer>@R@",
      "response_issuer" },
    { "response-issuer-child", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@R@",
      "<saml:Issuer>" FORGE_ISSUER "<e:x xmlns:e=\"urn:e\"/></saml:Issuer>@R@", "response_issuer" },
    { "assertion-issuer-other", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@A@",
      "<saml:Issuer>https://idp.espoo.example/saml</saml:Issuer>@A@", "assertion_issuer" },
    { "assertion-issuer-none", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@A@", "@A@", "assertion_issuer" },
    { "assertion-issuer-empty", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@A@", "<saml:Issuer></saml:Issuer>@A@",
      "assertion_issuer" },
    { "assertion-issuer-space", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@A@",
      "<saml:Issuer> " FORGE_ISSUER "</saml:Issuer>@A@", "assertion_issuer" },
    { "assertion-issuer-nul-ref", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@A@",
      "<saml:Issuer>" FORGE_ISSUER "&#10;</saml:Issuer>@A@", "assertion_issuer" },
    { "assertion-issuer-format", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@A@",
      "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">" FORGE_ISSUER
      "</saml:Issuer>@A@",
      "assertion_issuer" },
    { "assertion-issuer-namespace", "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>@A@",
      "<e:Issuer xmlns:e=\"urn:e\">" FORGE_ISSUER "</e:Issuer>@A@", "assertion_structure" },
    { "status-responder", STATUS(CODE("Success")), STATUS(CODE("Responder")), "status" },
    { "status-requester", STATUS(CODE("Success")), STATUS(CODE("Requester")), "status" },
    { "status-version", STATUS(CODE("Success")), STATUS(CODE("VersionMismatch")), "status" },
    { "status-nested-failed", STATUS(CODE("Success")), STATUS(CODES("Responder", "AuthnFailed")), "city_refused" },
    { "status-nested-denied", STATUS(CODE("Success")), STATUS(CODES("Requester", "RequestDenied")), "city_refused" },
    { "status-nested-success", STATUS(CODE("Success")), STATUS(CODES("Responder", "Success")), "status" },
    { "status-success-nested-failed", STATUS(CODE("Success")), STATUS(CODES("Success", "AuthnFailed")),
      "city_refused" },
    { "status-none", STATUS(CODE("Success")), "", "response_structure" },
    { "status-empty", STATUS(CODE("Success")), STATUS(""), "status" },
    { "status-twice", STATUS(CODE("Success")), STATUS(CODE("Success")) STATUS(CODE("Responder")),
      "response_structure" },
    { "status-two-codes", STATUS(CODE("Success")), STATUS(CODE("Success") CODE("Responder")), "status" },
    { "status-code-late", STATUS(CODE("Success")),
      STATUS("<samlp:StatusMessage>x</samlp:StatusMessage>" CODE("Success")), "status" },
    { "status-no-value", STATUS(CODE("Success")), STATUS("<samlp:StatusCode/>"), "status" },
    { "status-case", STATUS(CODE("Success")), STATUS(CODE("success")), "status" },
    { "status-11", STATUS(CODE("Success")), STATUS("<samlp:StatusCode Value=\"samlp:Success\"/>"), "status" },
    { "status-namespace", STATUS(CODE("Success")),
      STATUS("<saml:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>"), "status" },
    { "status-spaced-within", STATUS(CODE("Success")),
      STATUS("<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status: Success\"/>"), "status" },
    { "subject-none", "<saml:Subject>" NAME CONFIRMATION DATA "</saml:SubjectConfirmation></saml:Subject>", "",
      "subject_missing" },
    { "subject-twice", "</saml:Subject>", "</saml:Subject><saml:Subject>" NAME "</saml:Subject>",
      "assertion_structure" },
    { "subject-two-names", NAME, NAME NAME, "subject_structure" },
    { "subject-base-id", NAME, "<saml:BaseID/>", "subject_structure" },
    { "subject-late-name", "</saml:SubjectConfirmation></saml:Subject>",
      "</saml:SubjectConfirmation><saml:NameID>x</saml:NameID></saml:Subject>", "subject_structure" },
    { "subject-foreign", NAME, NAME "<e:x xmlns:e=\"urn:e\"/>", "subject_structure" },
    { "subject-text", NAME, NAME "root", "subject_structure" },
    { "name-empty", ">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7<", "><", "name_id" },
    { "name-blank", ">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7<", "> \n <", "name_id" },
    { "name-line-break", ">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7<", ">anna&#10;admin<", "name_id" },
    { "name-on-lines", ">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7<", ">\n anna\n <", "name_id" },
    { "name-tab", ">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7<", ">anna&#9;x<", "name_id" },
    { "name-child", ">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7<", ">admin<e:x xmlns:e=\"urn:e\"/>@oulu<",
      "name_id" },
    { "name-for-another-service", "SPNameQualifier=\"" FORGE_SP "\"", "SPNameQualifier=\"https://other.example/sp\"",
      "name_id_qualifier" },
    { "name-for-a-longer-service", "SPNameQualifier=\"" FORGE_SP "\"", "SPNameQualifier=\"" FORGE_SP "/\"",
      "name_id_qualifier" },
    { "name-of-another-idp",
      "SPNameQualifier=\"" FORGE_SP "\" Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\"",
      "NameQualifier=\"https://other.example/idp\" Format=\"" SAML_PERSISTENT "\"", "name_id_qualifier" },
    { "confirmation-none", CONFIRMATION DATA "</saml:SubjectConfirmation>", "", "confirmation_missing" },
    { "confirmation-sender-vouches", "cm:bearer", "cm:sender-vouches", "confirmation_missing" },
    { "confirmation-holder-of-key", "cm:bearer", "cm:holder-of-key", "confirmation_missing" },
    { "confirmation-no-method", " Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"", "", "confirmation_missing" },
    { "confirmation-method-11", "urn:oasis:names:tc:SAML:2.0:cm:bearer", "urn:oasis:names:tc:SAML:1.0:cm:bearer",
      "confirmation_missing" },
    { "confirmation-no-data", DATA, "", "confirmation_data" },
    { "confirmation-two-data", DATA, DATA DATA, "confirmation_data" },
    { "recipient-none", " Recipient=\"" FORGE_ACS "\"", "", "confirmation_recipient" },
    { "recipient-other", " Recipient=\"" FORGE_ACS "\"", " Recipient=\"https://other.example/acs\"",
      "confirmation_recipient" },
    { "recipient-empty", " Recipient=\"" FORGE_ACS "\"", " Recipient=\"\"", "confirmation_recipient" },
    { "recipient-slash", " Recipient=\"" FORGE_ACS "\"", " Recipient=\"" FORGE_ACS "/\"", "confirmation_recipient" },
    { "recipient-case", " Recipient=\"" FORGE_ACS "\"", " Recipient=\"https://gateway.example/upstream/saml/ACS\"",
      "confirmation_recipient" },
    { "recipient-sp", " Recipient=\"" FORGE_ACS "\"", " Recipient=\"" FORGE_SP "\"", "confirmation_recipient" },
    { "confirmation-irt-none", "Recipient=\"" FORGE_ACS "\" InResponseTo=\"" FORGE_REQUEST "\"",
      "Recipient=\"" FORGE_ACS "\"", "confirmation_in_response_to" },
    { "confirmation-irt-other", "Recipient=\"" FORGE_ACS "\" InResponseTo=\"" FORGE_REQUEST "\"",
      "Recipient=\"" FORGE_ACS "\" InResponseTo=\"_other\"", "confirmation_in_response_to" },
    { "confirmation-irt-empty", "Recipient=\"" FORGE_ACS "\" InResponseTo=\"" FORGE_REQUEST "\"",
      "Recipient=\"" FORGE_ACS "\" InResponseTo=\"\"", "confirmation_in_response_to" },
    { "confirmation-not-before", "<saml:SubjectConfirmationData ",
      "<saml:SubjectConfirmationData NotBefore=\"2026-08-10T07:59:28Z\" ", "confirmation_not_before" },
    { "confirmation-no-end", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData", "confirmation_not_on_or_after" },
    { "confirmation-empty-end", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"\"", "confirmation_not_on_or_after" },
    { "confirmation-expired", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T07:57:00Z\"", "confirmation_expired" },
    { "confirmation-expired-years", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2016-08-10T08:04:58Z\"", "confirmation_expired" },
    { "confirmation-offset", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58+03:00\"", "confirmation_not_on_or_after" },
    { "confirmation-no-zone", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58\"", "confirmation_not_on_or_after" },
    { "confirmation-date", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-11\"", "confirmation_not_on_or_after" },
    { "confirmation-unix", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"1786349098\"", "confirmation_not_on_or_after" },
    { "confirmation-60", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:60Z\"", "confirmation_not_on_or_after" },
    { "confirmation-24", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T24:00:00Z\"", "confirmation_not_on_or_after" },
    { "confirmation-february-30", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2027-02-30T08:04:58Z\"", "confirmation_not_on_or_after" },
    { "confirmation-month-13", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-13-10T08:04:58Z\"", "confirmation_not_on_or_after" },
    { "confirmation-trailing", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z \"", "confirmation_not_on_or_after" },
    { "confirmation-lower-z", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10t08:04:58z\"", "confirmation_not_on_or_after" },
    { "confirmation-year-5", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"12026-08-10T08:04:58Z\"", "confirmation_not_on_or_after" },
    { "confirmation-negative", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"-2026-08-10T08:04:58Z\"", "confirmation_not_on_or_after" },
    { "confirmation-point", "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58Z\"",
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-08-10T08:04:58.Z\"", "confirmation_not_on_or_after" },
    { "conditions-none", CONDITIONS RESTRICTION "</saml:Conditions>", "", "conditions_missing" },
    { "conditions-twice", "</saml:Conditions>", "</saml:Conditions>" CONDITIONS RESTRICTION "</saml:Conditions>",
      "assertion_structure" },
    { "conditions-to-come", CONDITIONS,
      "<saml:Conditions NotBefore=\"2026-08-10T08:03:00.001Z\" NotOnOrAfter=\"2026-08-10T08:04:58Z\">",
      "conditions_not_before" },
    { "conditions-over", CONDITIONS,
      "<saml:Conditions NotBefore=\"2026-08-10T07:49:28Z\" NotOnOrAfter=\"2026-08-10T07:57:00Z\">",
      "conditions_not_on_or_after" },
    { "conditions-over-year", CONDITIONS,
      "<saml:Conditions NotBefore=\"2025-08-10T07:49:28Z\" NotOnOrAfter=\"2025-08-10T07:57:00Z\">",
      "conditions_not_on_or_after" },
    { "conditions-reversed", CONDITIONS,
      "<saml:Conditions NotBefore=\"2026-08-10T08:01:00Z\" NotOnOrAfter=\"2026-08-10T08:00:00Z\">",
      "conditions_not_on_or_after" },
    { "conditions-bad-begin", CONDITIONS, "<saml:Conditions NotBefore=\"\" NotOnOrAfter=\"2026-08-10T08:04:58Z\">",
      "conditions_not_before" },
    { "conditions-bad-end", CONDITIONS, "<saml:Conditions NotBefore=\"2026-08-10T07:59:28Z\" NotOnOrAfter=\"never\">",
      "conditions_not_on_or_after" },
    { "conditions-no-zone", CONDITIONS,
      "<saml:Conditions NotBefore=\"2026-08-10T07:59:28\" NotOnOrAfter=\"2026-08-10T08:04:58\">",
      "conditions_not_before" },
    { "conditions-unknown", CONDITIONS, CONDITIONS "<e:x xmlns:e=\"urn:e\"/>", "conditions_unknown" },
    { "conditions-typed", CONDITIONS, CONDITIONS "<saml:Condition xmlns:e=\"urn:e\" xsi:type=\"e:T\"/>",
      "conditions_unknown" },
    { "conditions-text", CONDITIONS, CONDITIONS "x", "conditions_unknown" },
    { "conditions-two-one-time", CONDITIONS RESTRICTION, CONDITIONS RESTRICTION "<saml:OneTimeUse/><saml:OneTimeUse/>",
      "conditions_unknown" },
    { "proxy-restriction-0", RESTRICTION, RESTRICTION "<saml:ProxyRestriction Count=\"0\"/>", "proxy_restriction" },
    { "proxy-restriction-00", RESTRICTION, RESTRICTION "<saml:ProxyRestriction Count=\" +00 \"/>",
      "proxy_restriction" },
    { "proxy-restriction-negative", RESTRICTION, RESTRICTION "<saml:ProxyRestriction Count=\"-1\"/>",
      "proxy_restriction" },
    { "proxy-restriction-no-number", RESTRICTION, RESTRICTION "<saml:ProxyRestriction Count=\"\"/>",
      "proxy_restriction" },
    { "proxy-restriction-audience", RESTRICTION,
      RESTRICTION "<saml:ProxyRestriction Count=\"2\"><saml:Audience>" FORGE_SP "</saml:Audience>"
                  "</saml:ProxyRestriction>",
      "proxy_restriction" },
    { "proxy-restriction-twice", RESTRICTION, RESTRICTION "<saml:ProxyRestriction/><saml:ProxyRestriction/>",
      "conditions_unknown" },
    { "audience-none", RESTRICTION, "", "audience_missing" },
    { "audience-empty-restriction", RESTRICTION, "<saml:AudienceRestriction/>", "audience" },
    { "audience-other", "<saml:Audience>" FORGE_SP "</saml:Audience>",
      "<saml:Audience>https://other.example/sp</saml:Audience>", "audience" },
    { "audience-empty", "<saml:Audience>" FORGE_SP "</saml:Audience>", "<saml:Audience/>", "audience" },
    { "audience-longer", "<saml:Audience>" FORGE_SP "</saml:Audience>",
      "<saml:Audience>" FORGE_SP ".evil.example</saml:Audience>", "audience" },
    { "audience-shorter", "<saml:Audience>" FORGE_SP "</saml:Audience>",
      "<saml:Audience>https://gateway.example/saml</saml:Audience>", "audience" },
    { "audience-case", "<saml:Audience>" FORGE_SP "</saml:Audience>",
      "<saml:Audience>https://Gateway.example/saml/metadata</saml:Audience>", "audience" },
    { "audience-list", "<saml:Audience>" FORGE_SP "</saml:Audience>",
      "<saml:Audience>https://other.example/ " FORGE_SP "</saml:Audience>", "audience" },
    { "audience-child", "<saml:Audience>" FORGE_SP "</saml:Audience>",
      "<saml:Audience>" FORGE_SP "<e:x xmlns:e=\"urn:e\"/></saml:Audience>", "audience" },
    { "audience-namespace", "<saml:Audience>" FORGE_SP "</saml:Audience>",
      "<e:Audience xmlns:e=\"urn:e\">" FORGE_SP "</e:Audience>", "audience" },
    { "audience-one-of-two", RESTRICTION,
      RESTRICTION
      "<saml:AudienceRestriction><saml:Audience>https://other.example/sp</saml:Audience></saml:AudienceRestriction>",
      "audience" },
    { "audience-acs", "<saml:Audience>" FORGE_SP "</saml:Audience>", "<saml:Audience>" FORGE_ACS "</saml:Audience>",
      "audience" },
    { "authn-none", AUTHN CONTEXT "</saml:AuthnStatement>", "", "authn_statement" },
    { "authn-twice", "</saml:AuthnStatement>", "</saml:AuthnStatement>" AUTHN CONTEXT "</saml:AuthnStatement>",
      "authn_statement" },
    { "authn-no-instant", " AuthnInstant=\"2026-08-10T07:59:58Z\"", "", "authn_instant" },
    { "authn-to-come", "AuthnInstant=\"2026-08-10T07:59:58Z\"", "AuthnInstant=\"2026-08-10T09:59:58Z\"",
      "authn_instant" },
    { "authn-bad-instant", "AuthnInstant=\"2026-08-10T07:59:58Z\"", "AuthnInstant=\"now\"", "authn_instant" },
    { "session-over", "SessionNotOnOrAfter=\"2026-08-10T15:59:58Z\"", "SessionNotOnOrAfter=\"2026-08-10T07:57:00Z\"",
      "session_over" },
    { "session-bad", "SessionNotOnOrAfter=\"2026-08-10T15:59:58Z\"", "SessionNotOnOrAfter=\"\"", "session_over" },
    { "context-none", CONTEXT, "", "authn_context" },
    { "context-twice", CONTEXT, CONTEXT CONTEXT, "authn_context" },
    { "context-two-classes", "</saml:AuthnContextClassRef>",
      "</saml:AuthnContextClassRef><saml:AuthnContextClassRef>x</saml:AuthnContextClassRef>", "authn_context" },
    { "attribute-no-name", "<saml:Attribute Name=\"uid\"", "<saml:Attribute", "attribute_name" },
    { "attribute-empty-name", "<saml:Attribute Name=\"uid\"", "<saml:Attribute Name=\"\"", "attribute_name" },
    { "attribute-foreign-name", "<saml:Attribute Name=\"uid\"", "<saml:Attribute xmlns:e=\"urn:e\" e:Name=\"uid\"",
      "attribute_name" },
    { "attribute-other-child", "<saml:Attribute Name=\"uid\"",
      "<saml:Attribute Name=\"x\"><saml:NameID>y</saml:NameID></saml:Attribute><saml:Attribute Name=\"uid\"",
      "attribute_structure" },
    { "attribute-foreign-element", "<saml:AttributeStatement>",
      "<saml:AttributeStatement><e:Attribute xmlns:e=\"urn:e\" Name=\"x\"/>", "attribute_name" },
    { "statement-unknown", "<saml:AttributeStatement>",
      "<saml:Statement xmlns:e=\"urn:e\" xsi:type=\"e:T\"/><saml:AttributeStatement>", "assertion_structure" },
    { "assertion-foreign-child", "<saml:AttributeStatement>", "<e:x xmlns:e=\"urn:e\"/><saml:AttributeStatement>",
      "assertion_structure" },
    { "assertion-text", "</saml:Conditions>", "</saml:Conditions>text", "assertion_structure" },
    { "response-foreign-child", "<samlp:Status>", "<e:x xmlns:e=\"urn:e\"/><samlp:Status>", "response_structure" },
    { "response-text", "<samlp:Status>", "text<samlp:Status>", "response_structure" },
    { "lifetime-confirmation", "08:04:58Z", "18:04:58Z", NULL },
    { "two-assertions", "</saml:Assertion>",
      "</saml:Assertion><saml:Assertion ID=\"_assertion2\" Version=\"2.0\" "
      "IssueInstant=\"2026-08-10T07:59:58Z\"><saml:Issuer>" FORGE_ISSUER "</saml:Issuer></saml:Assertion>",
      "assertion_count" },
    { "assertion-in-advice", "</saml:Conditions>",
      "</saml:Conditions><saml:Advice><saml:Assertion ID=\"_assertion2\" Version=\"2.0\" "
      "IssueInstant=\"2026-08-10T07:59:58Z\"><saml:Issuer>x</saml:Issuer></saml:Assertion></saml:Advice>",
      "assertion_count" },
    { "assertion-in-value", ">anna<",
      "><saml:Assertion ID=\"_assertion2\" Version=\"2.0\" "
      "IssueInstant=\"2026-08-10T07:59:58Z\"><saml:Issuer>x</saml:Issuer></saml:Assertion><",
      "assertion_count" },
    { "response-id-none", "ID=\"_response1\" ", "", "*" },
    { "response-id-empty", "ID=\"_response1\"", "ID=\"\"", "*" },
    { "response-id-digit", "ID=\"_response1\"", "ID=\"1response\"", "*" },
    { "assertion-id-none", "ID=\"_assertion1\" ", "", "*" },
    { "assertion-id-space", "ID=\"_assertion1\"", "ID=\"_assertion1 x\"", "*" },
    { "same-id", "ID=\"_response1\"", "ID=\"_assertion1\"", "xml_id_duplicate" },
    { "same-id-lower", "<saml:Subject>", "<saml:Subject id=\"_assertion1\">", "xml_id_duplicate" },
    { "same-xml-id", "<saml:Subject>", "<saml:Subject xml:id=\"_response1\">", "xml_id_duplicate" },
    { "same-foreign-id", "<saml:Subject>", "<saml:Subject xmlns:e=\"urn:e\" e:Id=\"_assertion1\">",
      "xml_id_duplicate" },
};

TEST(each_condition_refuses_by_itself_whoever_signed)
{
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        struct str text = edit(t, base(t), conditions[i].from, conditions[i].to);
        for (int by = 0; by < SIGNINGS; by++)
            (void)expect(t, named(t, "cond", conditions[i].name, signing_names[by]),
                         signed_by(t, text, (enum signing)by, &plain), conditions[i].code);
    }
}

TEST(each_condition_refuses_in_an_encrypted_assertion_too)
{
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        const struct row *r = &conditions[i];
        if (strstr(r->name, "id") != NULL || strstr(r->name, "assertion-in-") == r->name ||
            strstr(r->name, "two-") == r->name)
            continue; /* what forge_encrypt() cannot cut out */
        struct str text = sealed_by(t, edit(t, base(t), r->from, r->to), BY_ASSERTION, &plain, &seals[0]);
        (void)expect(t, named(t, "cond-enc", r->name, "a"), text, r->code);
    }
}

TEST(an_id_that_is_no_name_is_refused_with_what_bears_it)
{
    struct str text = edit(t, base(t), "ID=\"_response1\"", "ID=\"1response\"");

    (void)expect(t, "response-id", signed_by(t, text, BY_ASSERTION, &plain), "response_id");
    text = edit(t, base(t), "ID=\"_assertion1\"", "ID=\"1assertion\"");
    (void)expect(t, "assertion-id", signed_by(t, text, BY_RESPONSE, &plain), "assertion_id");
}

TEST(a_signature_out_of_place_is_refused)
{
    struct str text = edit(t, base(t), "<saml:Subject>", "<saml:Subject><ds:Signature xmlns:ds=\"" DS "\"/>");

    (void)expect(t, "sig-in-subject", signed_by(t, text, BY_ASSERTION, &plain), "sig_place");
}

TEST(a_message_costs_a_bounded_number_of_private_key_operations)
{
    struct str text = base(t);

    for (int i = 0; i <= SAML_UNWRAPS_MAX; i++) {
        text = edit(t, text, "<saml:AttributeStatement>",
                    "<saml:AttributeStatement><saml:Attribute Name=\"x\"><saml:AttributeValue>y</saml:AttributeValue>"
                    "</saml:Attribute>");
        text = forge_encrypt(t->arena, text, "Attribute", &(struct forge_encrypt){ .holder = "EncryptedAttribute" });
        text = edit(t, text, "_ek_EncryptedAttribute_0", arena_cstr(t->arena, arena_printf(t->arena, "_ek%d", i)));
    }
    (void)expect(t, "enc-many", signed_by(t, text, BY_ASSERTION, &plain), "enc_too_many");
}

TEST(what_is_posted_is_base64_of_a_bounded_size)
{
    static char long_text[4000];
    struct fail f = { 0 };
    struct str out;

    memset(long_text, 'A', sizeof long_text);
    CHECK(!saml_decode(t->arena, str_n(long_text, sizeof long_text), 1024, &out, &f));
    CHECK_STR(f.code, "message_size");
    f = (struct fail){ 0 };
    CHECK(!saml_decode(t->arena, S("PHg+%%%"), 1024, &out, &f));
    CHECK_STR(f.code, "message_base64");
    CHECK(saml_decode(t->arena, S(" PHgv\r\nPg==\n"), 1024, &out, &f) && str_eq(out, S("<x/>")));
}

TEST(an_expiry_decades_ahead_is_refused)
{
    struct str text =
        edit(t, base(t), "NotOnOrAfter=\"2026-08-10T08:04:58Z\"", "NotOnOrAfter=\"2056-08-10T08:04:58Z\"");

    (void)expect(t, "lifetime-decades", signed_by(t, text, BY_BOTH, &plain), "lifetime");
}

TEST(another_root_is_no_answer)
{
    struct str text = signed_by(t, base(t), BY_ASSERTION, &plain);
    struct str alone = forge_cut(text, "Assertion");

    (void)expect(t, "root-assertion",
                 edit(t, alone, "<saml:Assertion ", "<saml:Assertion xmlns:saml=\"" SAML_NS_ASSERTION "\" "),
                 "response_root");
    text = forge_replace(t->arena, text, "samlp:Response", "samlp:ArtifactResponse");
    (void)expect(t, "root-artifact", text, "response_root");
    text = arena_printf(
        t->arena,
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>%.*s</s:Body></s:Envelope>",
        STR_ARG(signed_by(t, base(t), BY_BOTH, &plain)));
    (void)expect(t, "root-soap", text, "response_root");
    (void)expect(
        t, "root-saml-11",
        edit(t, signed_by(t, base(t), BY_BOTH, &plain), SAML_NS_PROTOCOL, "urn:oasis:names:tc:SAML:1.0:protocol"),
        "response_root");
    (void)expect(
        t, "root-logout",
        forge_replace(t->arena, signed_by(t, base(t), BY_ASSERTION, &plain), "samlp:Response", "samlp:LogoutResponse"),
        "response_root");
}

/* --- requirements of deployment profiles, by their items ------------------------------ */

static const struct saml_assertion *with_attributes(struct test *t, const char *name, const char *statements)
{
    static const char usual[] =
        "<saml:AttributeStatement><saml:Attribute Name=\"uid\" "
        "NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\"><saml:AttributeValue "
        "xsi:type=\"xs:string\">anna</saml:AttributeValue></saml:Attribute><saml:Attribute "
        "Name=\"eduPersonAffiliation\" "
        "NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\"><saml:AttributeValue "
        "xsi:type=\"xs:string\">faculty</saml:AttributeValue><saml:AttributeValue "
        "xsi:type=\"xs:string\">member</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>";

    return expect(t, name, signed_by(t, edit(t, base(t), usual, statements), BY_ASSERTION, &plain), NULL);
}

#define VALUE(text) "<saml:AttributeValue>" text "</saml:AttributeValue>"

TEST(item_22_any_attribute_name_and_format_is_read) /* [IIP-SP01] */
{
    const struct saml_assertion *said = with_attributes(
        t, "ok-item-22",
        "<saml:AttributeStatement><saml:Attribute Name=\"urn:oid:2.5.4.42\" "
        "NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\">" VALUE(
            "1") "</saml:Attribute>"
                 "<saml:Attribute Name=\"https://oulu.example/claims/a b\" NameFormat=\"urn:x:made-up\">" VALUE(
                     "2") "</saml:Attribute><saml:Attribute Name=\"tyhjä\">" VALUE("3") "</saml:Attribute></"
                                                                                        "saml:AttributeStatement>");

    CHECK(said != NULL && said->attribute_count == 3);
    CHECK(has(said, "urn:oid:2.5.4.42", 0, "1"));
    CHECK(has(said, "https://oulu.example/claims/a b", 0, "2"));
    CHECK(has(said, "tyhj\xC3\xA4", 0, "3"));
}

TEST(item_23_values_without_a_type_are_texts) /* [IIP-SP02] */
{
    const struct saml_assertion *said = with_attributes(
        t, "ok-item-23",
        "<saml:AttributeStatement><saml:Attribute Name=\"uid\">" VALUE(
            "anna") "<saml:AttributeValue xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xsi:type=\"xs:integer\">7"
                    "</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>");

    CHECK(has(said, "uid", 0, "anna") && has(said, "uid", 1, "7"));
}

TEST(item_28_any_of_our_decryption_keys_opens_an_answer) /* [IIP-SP08] */
{
    static const enum forge_key ours[] = { FORGE_SP1, FORGE_SP2 };

    for (size_t i = 0; i < 2; i++) {
        struct forge_encrypt how = { .keys = { ours[i] } };
        CHECK(expect(t, "ok-enc-item-28", sealed_by(t, base(t), BY_BOTH, &plain, &how), NULL) != NULL);
    }
}

TEST(item_31_a_friendly_name_is_never_a_name) /* [IIP-SP11] */
{
    const struct saml_assertion *said =
        with_attributes(t, "ok-item-31",
                        "<saml:AttributeStatement><saml:Attribute Name=\"urn:x:1\" FriendlyName=\"uid\">" VALUE(
                            "admin") "</saml:Attribute><saml:Attribute FriendlyName=\"eduPersonAffiliation\" "
                                     "Name=\"uid\">" VALUE("anna") "</saml:Attribute></saml:AttributeStatement>");

    CHECK(said != NULL && said->attribute_count == 2);
    CHECK(has(said, "urn:x:1", 0, "admin") && has(said, "uid", 0, "anna"));
    CHECK(!has(said, "eduPersonAffiliation", 0, "anna"));
}

TEST(item_32_an_answer_that_nobody_signed_is_refused) /* [IIP-SP13] */
{
    (void)expect(t, "item-32", forge_unmark(t->arena, base(t)), "sig_missing");
}

TEST(item_33_a_name_id_is_not_needed) /* [SDP-SP13] */
{
    struct str name = forge_cut(base(t), "NameID");
    struct str text = edit(t, base(t), arena_cstr(t->arena, name), "");
    const struct saml_assertion *said = expect(t, "ok-item-33", signed_by(t, text, BY_ASSERTION, &plain), NULL);

    CHECK(said != NULL && said->name_id.p == NULL && has(said, "uid", 0, "anna"));
}

TEST(item_37_the_address_of_an_answer_is_compared_exactly) /* [SDP-SP06] */
{
    static const char *const near[] = { FORGE_ACS "/",
                                        FORGE_ACS "?x",
                                        "https://GATEWAY.example/upstream/saml/acs",
                                        "https://gateway.example:443/upstream/saml/acs",
                                        "http://gateway.example/upstream/saml/acs",
                                        "" };

    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        const char *to = arena_printf(t->arena, "Recipient=\"%s\"", near[i]).p;
        struct str text = edit(t, base(t), "Recipient=\"" FORGE_ACS "\"", to);
        (void)expect(t, "item-37", signed_by(t, text, BY_ASSERTION, &plain), "confirmation_recipient");
        to = arena_printf(t->arena, "Destination=\"%s\"", near[i]).p;
        text = edit(t, base(t), "Destination=\"" FORGE_ACS "\"", to);
        (void)expect(t, "item-37-destination", signed_by(t, text, BY_BOTH, &plain), "response_destination");
    }
}

TEST(several_attribute_statements_are_read_as_one)
{
    const struct saml_assertion *said =
        with_attributes(t, "ok-statements",
                        "<saml:AttributeStatement><saml:Attribute Name=\"uid\">" VALUE(
                            "anna") "</saml:Attribute></"
                                    "saml:AttributeStatement><saml:AttributeStatement><saml:Attribute "
                                    "Name=\"role\">" VALUE(
                                        "a") "</saml:Attribute><saml:Attribute "
                                             "Name=\"uid\">" VALUE(
                                                 "berta") "</"
                                                          "saml:Attribute>"
                                                          "</"
                                                          "saml:"
                                                          "AttributeStatem"
                                                          "ent><saml:"
                                                          "AttributeStatem"
                                                          "ent><saml:"
                                                          "Attribute "
                                                          "Name="
                                                          "\"role\""
                                                          ">" VALUE("b") "</saml:Attribute></saml:AttributeStatement>");

    CHECK(said != NULL && said->attribute_count == 2);
    CHECK(has(said, "uid", 0, "anna") && has(said, "uid", 1, "berta"));
    CHECK(has(said, "role", 0, "a") && has(said, "role", 1, "b"));
}

TEST(who_an_answer_claims_to_be_from_is_read_without_proof)
{
    struct str unsigned_one = forge_unmark(t->arena, base(t));
    struct str bare = forge_replace(t->arena, unsigned_one, "<saml:Issuer>" FORGE_ISSUER "</saml:Issuer>", "");

    CHECK_STR(saml_claimed_issuer(t->arena, unsigned_one, 0), FORGE_ISSUER);
    CHECK(saml_claimed_issuer(t->arena, bare, 0).p == NULL);
    CHECK(saml_claimed_issuer(t->arena, S(""), 0).p == NULL);
    CHECK(saml_claimed_issuer(t->arena, S("<x/>"), 0).p == NULL);
    CHECK(saml_claimed_issuer(t->arena, S("<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>"), 0).p == NULL);
    CHECK(saml_claimed_issuer(t->arena, unsigned_one, 64).p == NULL); /* larger than what is read */
}
