/* SPDX-License-Identifier: EUPL-1.2
 * Attacks on XML, signatures and encryption [security.md 0 and 2]. */
#include "tests/saml/forge.h"
#include "tests/test.h"

#include "base/codec.h"

#include <string.h>

#define DS     "http://www.w3.org/2000/09/xmldsig#"
#define EXC    "http://www.w3.org/2001/10/xml-exc-c14n#"
#define MORE   "http://www.w3.org/2001/04/xmldsig-more#"
#define PSS    "http://www.w3.org/2007/05/xmldsig-more#"
#define XENC   "http://www.w3.org/2001/04/xmlenc#"
#define XENC11 "http://www.w3.org/2009/xmlenc11#"

static const struct forge_sign plain;

static void expect_with(struct test *t, const char *name, struct str text, const struct saml_rules *rules,
                        const char *code)
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
}

static void expect(struct test *t, const char *name, struct str text, const char *code)
{
    struct saml_rules rules = forge_rules(forge_city(t->arena));

    expect_with(t, name, text, &rules, code);
}

static struct str base(struct test *t)
{
    return forge_file(t->arena, "simplesamlphp");
}

static struct str edit(struct test *t, struct str text, const char *from, const char *to)
{
    if (str_find(text, str_of(from)) == text.n)
        test_fail(t, __FILE__, __LINE__, "nothing to edit: %s", from);
    return forge_replace(t->arena, text, from, to);
}

static struct str by_assertion(struct test *t, const struct forge_sign *how)
{
    return forge_unmark(t->arena, forge_sign_assertion(t->arena, base(t), how));
}

static struct str by_response(struct test *t, const struct forge_sign *how)
{
    return forge_unmark(t->arena, forge_sign_response(t->arena, forge_replace(t->arena, base(t), "@A@", ""), how));
}

static struct str by_both(struct test *t, const struct forge_sign *how)
{
    return forge_unmark(t->arena, forge_sign_response(t->arena, forge_sign_assertion(t->arena, base(t), how), how));
}

static const char *named(struct test *t, const char *a, const char *b)
{
    return arena_cstr(t->arena, arena_printf(t->arena, "%s-%s", a, b));
}

/* --- the shape of a Signature -------------------------------------------------- */

#define TWO "<ds:Transform Algorithm=\"" DS "enveloped-signature\"/><ds:Transform Algorithm=\"" EXC "\"/>"
#define REFERENCE2                                                                                                     \
    "<ds:Reference URI=\"#_response1\"><ds:Transforms>" TWO "</ds:Transforms><ds:DigestMethod Algorithm=\"" XENC       \
    "sha256\"/><ds:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ds:DigestValue></ds:Reference>"

#define PSS_PARAMS                                                                                                     \
    "<p:RSAPSSParams xmlns:p=\"" PSS "\"><ds:DigestMethod Algorithm=\"" DS "sha1\"/><p:SaltLength>0</p:SaltLength>"    \
    "</p:RSAPSSParams>"

static const struct shape {
    const char *name, *code;
    struct forge_sign how;
} shapes[] = {
    { "c14n-inclusive", "sig_transform", { .c14n = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" } },
    { "c14n-comments", "sig_transform", { .c14n = EXC "WithComments" } },
    { "c14n-11", "sig_transform", { .c14n = "http://www.w3.org/2006/12/xml-c14n11" } },
    { "c14n-none", "sig_transform", { .c14n = "" } },
    { "alg-rsa-sha1", "sig_algorithm", { .method = DS "rsa-sha1" } },
    { "alg-dsa-sha1", "sig_algorithm", { .method = DS "dsa-sha1" } },
    { "alg-rsa-md5", "sig_algorithm", { .method = MORE "rsa-md5" } },
    { "alg-ripemd", "sig_algorithm", { .method = MORE "rsa-ripemd160" } },
    { "alg-hmac-sha256", "sig_algorithm", { .method = MORE "hmac-sha256", .hmac = true } },
    { "alg-hmac-sha1", "sig_algorithm", { .method = DS "hmac-sha1", .hmac = true } },
    { "alg-hmac-truncated",
      "sig_structure",
      { .method = DS "hmac-sha1", .hmac = true, .method_inner = "<ds:HMACOutputLength>1</ds:HMACOutputLength>" } },
    { "alg-none", "sig_algorithm", { .method = "" } },
    { "alg-case", "sig_algorithm", { .method = MORE "RSA-SHA256" } },
    { "alg-spaced", "sig_algorithm", { .method = " " MORE "rsa-sha256" } },
    { "alg-inner-length", "sig_structure", { .method_inner = "<ds:HMACOutputLength>8</ds:HMACOutputLength>" } },
    { "pss-sha1", "sig_algorithm", { .method = PSS "sha1-rsa-MGF1" } },
    { "pss-md5", "sig_algorithm", { .method = PSS "md5-rsa-MGF1" } },
    { "pss-sha224", "sig_algorithm", { .method = PSS "sha224-rsa-MGF1" } },
    { "pss-ripemd", "sig_algorithm", { .method = PSS "ripemd128-rsa-MGF1" } },
    { "pss-of-2001", "sig_algorithm", { .method = MORE "sha256-rsa-MGF1" } },
    { "pss-parameters", "sig_structure", { .method = PSS "rsa-pss", .method_inner = PSS_PARAMS } },
    { "pss-parameters-beside-name", "sig_structure", { .method = PSS "sha256-rsa-MGF1", .method_inner = PSS_PARAMS } },
    { "pss-made-by-pkcs1", "sig_value", { .method = PSS "sha256-rsa-MGF1", .pkcs1 = true } },
    { "pss-mgf1-of-sha1", "sig_value", { .method = PSS "sha256-rsa-MGF1", .pss_mgf = "sha1" } },
    { "pss-mgf1-of-sha512", "sig_value", { .method = PSS "sha256-rsa-MGF1", .pss_mgf = "sha512" } },
    { "pss-short-salt", "sig_value", { .method = PSS "sha256-rsa-MGF1", .pss_salt = 1 } },
    { "pss-longest-salt", "sig_value", { .method = PSS "sha256-rsa-MGF1", .pss_salt = 200 } },
    { "pss-salt-of-sha1", "sig_value", { .method = PSS "sha512-rsa-MGF1", .pss_salt = 20 } },
    { "pss-by-ec", "sig_value", { .key = FORGE_EC256, .method = PSS "sha256-rsa-MGF1" } },
    { "pss-by-other", "sig_value", { .key = FORGE_OTHER, .method = PSS "sha256-rsa-MGF1" } },
    { "pss-by-weak", "sig_value", { .key = FORGE_WEAK, .method = PSS "sha256-rsa-MGF1" } },
    { "digest-sha1", "sig_algorithm", { .digest = DS "sha1" } },
    { "digest-md5", "sig_algorithm", { .digest = MORE "md5" } },
    { "digest-none", "sig_algorithm", { .digest = "" } },
    { "uri-whole-document", "sig_reference", { .uri = "" } },
    { "uri-absent", "sig_reference", { .uri = "-" } },
    { "uri-other", "sig_reference", { .uri = "#_response1x" } },
    { "uri-hash-alone", "sig_reference", { .uri = "#" } },
    { "uri-xpointer-id", "sig_reference", { .uri = "#xpointer(id('_assertion1'))" } },
    { "uri-xpointer-root", "sig_reference", { .uri = "#xpointer(/)" } },
    { "uri-file", "sig_reference", { .uri = "file:///etc/passwd" } },
    { "uri-http", "sig_reference", { .uri = "http://127.0.0.1:1/canary" } },
    { "uri-without-hash", "sig_reference", { .uri = "_assertion1" } },
    { "uri-escaped", "sig_reference", { .uri = "#%5Fassertion1" } },
    { "uri-spaced", "sig_reference", { .uri = "#_assertion1 " } },
    { "transform-none", "sig_transform", { .transforms = "" } },
    { "transform-enveloped-alone",
      "sig_transform",
      { .transforms = "<ds:Transform Algorithm=\"" DS "enveloped-signature\"/>" } },
    { "transform-c14n-alone", "sig_transform", { .transforms = "<ds:Transform Algorithm=\"" EXC "\"/>" } },
    { "transform-reversed",
      "sig_transform",
      { .transforms =
            "<ds:Transform Algorithm=\"" EXC "\"/><ds:Transform Algorithm=\"" DS "enveloped-signature\"/>" } },
    { "transform-three", "sig_transform", { .transforms = TWO "<ds:Transform Algorithm=\"" EXC "\"/>" } },
    { "transform-enveloped-twice",
      "sig_transform",
      { .transforms = "<ds:Transform Algorithm=\"" DS "enveloped-signature\"/><ds:Transform Algorithm=\"" DS
                      "enveloped-signature\"/>" } },
    { "transform-comments",
      "sig_transform",
      { .transforms = "<ds:Transform Algorithm=\"" DS "enveloped-signature\"/><ds:Transform Algorithm=\"" EXC
                      "WithComments\"/>" } },
    { "transform-inclusive",
      "sig_transform",
      { .transforms =
            "<ds:Transform Algorithm=\"" DS
            "enveloped-signature\"/><ds:Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>" } },
    { "transform-xslt",
      "sig_transform",
      { .transforms = TWO
        "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><xsl:stylesheet "
        "xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"><xsl:template match=\"/\"><xsl:value-of "
        "select=\"document('file:///etc/passwd')\"/></xsl:template></xsl:stylesheet></ds:Transform>" } },
    { "transform-xpath",
      "sig_transform",
      { .transforms = "<ds:Transform Algorithm=\"" DS "enveloped-signature\"/><ds:Transform "
                      "Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>count(//. | "
                      "//@*)=1</ds:XPath></ds:Transform>" } },
    { "transform-xpath-filter2",
      "sig_transform",
      { .transforms = "<ds:Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\"><f:XPath "
                      "xmlns:f=\"http://www.w3.org/2002/06/xmldsig-filter2\" "
                      "Filter=\"subtract\">//*</f:XPath></ds:Transform><ds:Transform Algorithm=\"" EXC "\"/>" } },
    { "transform-base64",
      "sig_transform",
      { .transforms = "<ds:Transform Algorithm=\"" DS "base64\"/><ds:Transform Algorithm=\"" EXC "\"/>" } },
    { "transform-inner",
      "sig_transform",
      { .transforms =
            "<ds:Transform Algorithm=\"" DS
            "enveloped-signature\"><e:x xmlns:e=\"urn:e\"/></ds:Transform><ds:Transform Algorithm=\"" EXC "\"/>" } },
    { "transform-c14n-inner",
      "sig_structure",
      { .transforms = "<ds:Transform Algorithm=\"" DS "enveloped-signature\"/><ds:Transform Algorithm=\"" EXC
                      "\"><ds:XPath>1</ds:XPath></ds:Transform>" } },
    { "transform-text", "sig_transform", { .transforms = TWO "x" } },
    { "transform-namespace",
      "sig_transform",
      { .transforms = "<e:Transform xmlns:e=\"urn:e\" Algorithm=\"" DS
                      "enveloped-signature\"/><ds:Transform Algorithm=\"" EXC "\"/>" } },
    { "two-references", "sig_structure", { .more_info = REFERENCE2 } },
    { "info-foreign-child", "sig_structure", { .more_info = "<e:x xmlns:e=\"urn:e\"/>" } },
    { "info-text", "sig_structure", { .more_info = "text" } },
    { "info-two-methods", "sig_structure", { .before_info = "<ds:CanonicalizationMethod Algorithm=\"" EXC "\"/>" } },
    { "digest-child", "sig_structure", { .digest_as = "%s<e:x xmlns:e=\"urn:e\"/>" } },
    { "digest-cdata", "sig_structure", { .digest_as = "<![CDATA[%s]]>" } },
    { "digest-comment", "xml_comment", { .digest_as = "%s<!-- x -->" } },
    { "digest-comment-first", "xml_comment", { .digest_as = "<!--47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=-->%s" } },
    { "digest-twice", "sig_structure", { .digest_as = "%s</ds:DigestValue><ds:DigestValue>%s" } },
    { "digest-empty", "sig_structure", { .digest_as = "" } },
    { "digest-short", "sig_digest", { .digest_as = "AAAA" } },
    { "digest-not-base64", "sig_structure", { .digest_as = "%s*" } },
    { "value-child", "sig_structure", { .value_as = "%s<e:x xmlns:e=\"urn:e\"/>" } },
    { "value-comment", "xml_comment", { .value_as = "<!---->%s" } },
    { "value-twice", "sig_structure", { .value_as = "%s</ds:SignatureValue><ds:SignatureValue>%s" } },
    { "value-empty", "sig_structure", { .value_as = "" } },
    { "value-not-base64", "sig_structure", { .value_as = "!%s" } },
    { "value-doubled", "*", { .value_as = "%s%s" } },
    { "value-zero", "sig_value", { .value_as = "AAAA" } },
    { "object", "sig_structure", { .tail = "<ds:Object Id=\"o1\"><e:x xmlns:e=\"urn:e\"/></ds:Object>" } },
    { "manifest", "sig_structure", { .tail = "<ds:Object><ds:Manifest>" REFERENCE2 "</ds:Manifest></ds:Object>" } },
    { "second-info-after", "sig_structure", { .tail = "<ds:SignedInfo/>" } },
    { "key-info-twice",
      "sig_structure",
      { .key_info = "<ds:KeyInfo><ds:KeyName>a</ds:KeyName></ds:KeyInfo><ds:KeyInfo><ds:KeyName>b</ds:KeyName></"
                    "ds:KeyInfo>" } },
    { "signature-text", "sig_structure", { .tail = "text" } },
    { "two-infos",
      "sig_structure",
      { .whole =
            "<ds:Signature xmlns:ds=\"" DS
            "\"><ds:SignedInfo></ds:SignedInfo>@INFO@<ds:SignatureValue>@VALUE@</ds:SignatureValue></ds:Signature>" } },
    { "value-before-info",
      "sig_structure",
      { .whole =
            "<ds:Signature xmlns:ds=\"" DS "\"><ds:SignatureValue>@VALUE@</ds:SignatureValue>@INFO@</ds:Signature>" } },
    { "no-value", "sig_structure", { .whole = "<ds:Signature xmlns:ds=\"" DS "\">@INFO@</ds:Signature>" } },
    { "no-info",
      "sig_structure",
      { .whole = "<ds:Signature xmlns:ds=\"" DS "\"><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>" } },
    { "empty", "sig_structure", { .whole = "<ds:Signature xmlns:ds=\"" DS "\"/>" } },
    { "other-namespace",
      "*",
      { .whole = "<ds:Signature "
                 "xmlns:ds=\"urn:other\">@INFO@<ds:SignatureValue>@VALUE@</ds:SignatureValue></ds:Signature>" } },
    { "key-other", "sig_value", { .key = FORGE_OTHER } },
    { "key-other-with-certificate",
      "sig_value",
      { .key = FORGE_OTHER,
        .key_info =
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>@CERT@</ds:X509Certificate></ds:X509Data></ds:KeyInfo>" } },
    { "key-other-value",
      "sig_value",
      { .key = FORGE_OTHER,
        .key_info = "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</"
                    "ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>" } },
    { "key-retrieval",
      "sig_value",
      { .key = FORGE_OTHER,
        .key_info = "<ds:KeyInfo><ds:RetrievalMethod URI=\"http://127.0.0.1:1/canary\"/></ds:KeyInfo>" } },
    { "key-weak", "sig_value", { .key = FORGE_WEAK } },
    { "key-k256", "sig_value", { .key = FORGE_K256, .method = MORE "ecdsa-sha256" } },
    { "ecdsa-der", "sig_value", { .key = FORGE_EC256, .der = true } },
    { "ecdsa-sha1", "sig_algorithm", { .key = FORGE_EC256, .method = MORE "ecdsa-sha1" } },
    { "ec-claimed-rsa", "sig_value", { .key = FORGE_EC256, .method = MORE "rsa-sha256" } },
    { "rsa-claimed-ec", "sig_value", { .key = FORGE_IDP, .method = MORE "ecdsa-sha256" } },
    { "rsa-claimed-ec-raw-zero",
      "sig_value",
      { .key = FORGE_EC256,
        .value_as = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==" } },
    { "ec-empty-halves", "sig_structure", { .key = FORGE_EC256, .value_as = "====" } },
};

static bool is_relative_to_assertion(const char *name)
{
    return strstr(name, "uri-") == name;
}

TEST(every_other_shape_of_a_signature_is_refused)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const struct shape *s = &shapes[i];
        expect(t, named(t, "sig-a", s->name), by_assertion(t, &s->how), s->code);
        if (!is_relative_to_assertion(s->name) || strcmp(s->name, "uri-other") == 0)
            expect(t, named(t, "sig-r", s->name), by_response(t, &s->how), s->code);
        /* Bad on the Response while the Assertion's own is good: fatal all the same. */
        struct str good = forge_sign_assertion(t->arena, base(t), &plain);
        expect(t, named(t, "sig-r-beside-good", s->name),
               forge_unmark(t->arena, forge_sign_response(t->arena, good, &s->how)), s->code);
        struct str bad = forge_sign_response(t->arena, forge_sign_assertion(t->arena, base(t), &s->how), &plain);
        expect(t, named(t, "sig-a-inside-good", s->name), forge_unmark(t->arena, bad), s->code);
    }
}

TEST(a_signature_is_refused_under_keys_that_do_not_fit)
{
    struct saml_rules rules = forge_rules(keyring_new(t->arena));
    struct keyring *ec = forge_keyring(t->arena, FORGE_EC256), *weak = keyring_new(t->arena);
    struct fail f = { 0 };

    expect_with(t, "keys-none", by_assertion(t, &plain), &rules, "sig_key");
    rules.keys = ec;
    expect_with(t, "keys-ec-alone", by_assertion(t, &plain), &rules, "sig_key");
    rules.keys = forge_keyring(t->arena, FORGE_OTHER);
    expect_with(t, "keys-other", by_both(t, &plain), &rules, "sig_value");
    CHECK(!keyring_add_pem(weak, forge_certificate(FORGE_WEAK), &f));
    CHECK_STR(f.code, "key_weak");
    f = (struct fail){ 0 };
    CHECK(!keyring_add_pem(weak, forge_certificate(FORGE_K256), &f));
    CHECK_STR(f.code, "key_weak");
    f = (struct fail){ 0 };
    CHECK(!keyring_add_pem(weak, S("no certificate"), &f));
    CHECK_STR(f.code, "key_unreadable");
    f = (struct fail){ 0 };
    CHECK(!keyring_add_pem(weak, forge_private(FORGE_IDP), &f));
    CHECK_INT(keyring_count(weak), 0);
    CHECK(keyring_add_pem(weak, forge_pem(FORGE_IDP), &(struct fail){ 0 }));
    CHECK_INT(keyring_count(weak), 1);
    struct str beside = arena_join(t->arena, forge_certificate(FORGE_WEAK), forge_certificate(FORGE_IDP_NEXT));
    CHECK(keyring_add_pem(weak, beside, &(struct fail){ 0 })); /* what is weak is passed over */
    CHECK_INT(keyring_count(weak), 2);
}

TEST(nothing_signed_is_refused)
{
    expect(t, "unsigned", forge_unmark(t->arena, base(t)), "sig_missing");
    expect(t, "stripped-a",
           forge_replace(t->arena, by_assertion(t, &plain),
                         arena_cstr(t->arena, forge_cut(by_assertion(t, &plain), "Signature")), ""),
           "*");
}

/* --- changed after signing ------------------------------------------------------ */

static const struct {
    const char *name, *from, *to;
} tampered[] = {
    { "name-id", ">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7<", ">admin<" },
    { "attribute", ">anna<", ">admin<" },
    { "attribute-name", "Name=\"uid\"", "Name=\"admin\"" },
    { "value-added", "member</saml:AttributeValue>",
      "member</saml:AttributeValue><saml:AttributeValue>principal</saml:AttributeValue>" },
    { "white-space", "<saml:Conditions", " <saml:Conditions" },
    { "attribute-order-and-more", "<saml:Subject>", "<saml:Subject x=\"1\">" },
    { "format", "nameid-format:transient", "nameid-format:persistent" },
    { "namespace-use", "<saml:Subject>", "<saml:Subject xmlns:xs=\"urn:other\">" },
    { "char-reference", ">anna<", ">&#x61;nnb<" },
    { "session", "SessionIndex=\"_be", "SessionIndex=\"_bf" },
    { "cdata-in", ">anna<", "><![CDATA[annb]]><" },
};

TEST(a_reference_that_says_what_it_is_to_is_refused) /* [XML Signature 4.4.3.1, 5.1] */
{
    expect(t, "sig-reference-type",
           edit(t, by_assertion(t, &plain), "<ds:Reference ", "<ds:Reference Type=\"" DS "Manifest\" "),
           "sig_reference");
}

TEST(what_was_changed_after_signing_is_refused)
{
    for (size_t i = 0; i < sizeof tampered / sizeof tampered[0]; i++) {
        /* Declaring a prefix that exclusive C14N does not see changes nothing unless it is used. */
        expect(t, named(t, "tamper-a", tampered[i].name),
               edit(t, by_assertion(t, &plain), tampered[i].from, tampered[i].to),
               strcmp(tampered[i].name, "namespace-use") == 0 ? NULL : "sig_digest");
        expect(t, named(t, "tamper-r", tampered[i].name),
               edit(t, by_response(t, &plain), tampered[i].from, tampered[i].to),
               strcmp(tampered[i].name, "namespace-use") == 0 ? NULL : "sig_digest");
    }
    expect(t, "tamper-destination",
           edit(t, by_response(t, &plain), "IssueInstant=\"2026-08-10T07:59:58Z\" Destination",
                "IssueInstant=\"2026-08-10T07:59:59Z\" Destination"),
           "sig_digest");
    expect(t, "tamper-digest-method",
           edit(t, by_assertion(t, &plain), XENC "sha256\"></ds:DigestMethod>", XENC "sha512\"></ds:DigestMethod>"),
           "sig_value");
    expect(t, "tamper-prefix-list",
           edit(t, by_assertion(t, &plain), "\"" EXC "\"></ds:Transform>",
                "\"" EXC "\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC "\" PrefixList=\"xs\"/></ds:Transform>"),
           "sig_value");
    expect(t, "ok-attribute-order",
           edit(t, by_assertion(t, &plain), "ID=\"_assertion1\" Version=\"2.0\"", "Version='2.0'  ID = '_assertion1'"),
           NULL);
    expect(t, "ok-cdata-same", edit(t, by_assertion(t, &plain), ">anna<", "><![CDATA[an]]>n&#97;<"), NULL);
}

/* --- wrapping ------------------------------------------------------------------- */

/* A good answer, its pieces, and an evil assertion made from it. */
struct wrap {
    struct str whole, assertion, signature, bare, evil;
};

static struct wrap wrapping(struct test *t)
{
    struct wrap w = { .whole = by_assertion(t, &plain) };

    w.assertion = forge_cut(w.whole, "Assertion");
    w.signature = forge_cut(w.whole, "Signature");
    w.bare = forge_replace(t->arena, w.assertion, arena_cstr(t->arena, w.signature), "");
    w.evil = edit(t, w.bare, ">anna<", ">admin<");
    w.evil = edit(t, w.evil, ">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7<", ">admin<");
    return w;
}

static struct str with_id(struct test *t, struct str assertion, const char *id)
{
    return edit(t, assertion, "ID=\"_assertion1\"", arena_cstr(t->arena, arena_printf(t->arena, "ID=\"%s\"", id)));
}

static struct str swap(struct test *t, struct wrap w, struct str by)
{
    return forge_replace(t->arena, w.whole, arena_cstr(t->arena, w.assertion), arena_cstr(t->arena, by));
}

static struct str cat(struct test *t, struct str a, struct str b)
{
    return arena_join(t->arena, a, b);
}

/* Puts `what` behind the Issuer of an assertion. */
static struct str behind_issuer(struct test *t, struct str assertion, struct str what)
{
    return forge_replace(t->arena, assertion, "</saml:Issuer>",
                         arena_cstr(t->arena, cat(t, S("</saml:Issuer>"), what)));
}

static struct str in_object(struct test *t, struct str signature, struct str what)
{
    return forge_replace(
        t->arena, signature, "</ds:Signature>",
        arena_cstr(t->arena, cat(t, cat(t, S("<ds:Object>"), what), S("</ds:Object></ds:Signature>"))));
}

static struct str in_extensions(struct test *t, struct str response, struct str what)
{
    return forge_replace(
        t->arena, response, "<samlp:Status>",
        arena_cstr(t->arena, cat(t, cat(t, S("<samlp:Extensions>"), what), S("</samlp:Extensions><samlp:Status>"))));
}

TEST(a_wrapped_assertion_is_refused_wherever_the_signed_one_hides)
{
    struct wrap w = wrapping(t);
    static const char *const ids[] = { "_evil", "_assertion1", "" };

    for (size_t i = 0; i < 3; i++) {
        struct str evil = with_id(t, w.evil, ids[i]);
        struct str evil_signed = behind_issuer(t, evil, w.signature);
        const char *id = i == 0 ? "new-id" : i == 1 ? "same-id" : "no-id";
        expect(t, named(t, "xsw3-evil-before", id), swap(t, w, cat(t, evil, w.assertion)), "*");
        expect(t, named(t, "xsw3-evil-after", id), swap(t, w, cat(t, w.assertion, evil)), "*");
        expect(t, named(t, "xsw4-around", id),
               swap(t, w,
                    forge_replace(t->arena, evil, "</saml:Assertion>",
                                  arena_cstr(t->arena, cat(t, w.assertion, S("</saml:Assertion>"))))),
               "*");
        expect(t, named(t, "xsw5-signature-moved", id), swap(t, w, cat(t, evil_signed, w.bare)), "*");
        expect(t, named(t, "xsw5-signature-moved-first", id), swap(t, w, cat(t, w.bare, evil_signed)), "*");
        expect(t, named(t, "xsw6-in-signature", id),
               swap(t, w,
                    behind_issuer(t, evil,
                                  forge_replace(t->arena, w.signature, "</ds:Signature>",
                                                arena_cstr(t->arena, cat(t, w.bare, S("</ds:Signature>")))))),
               "*");
        expect(t, named(t, "xsw7-extensions", id), in_extensions(t, swap(t, w, w.assertion), evil), "*");
        expect(t, named(t, "xsw7-signed-in-extensions", id), in_extensions(t, swap(t, w, evil), w.assertion), "*");
        expect(t, named(t, "xsw8-object", id), swap(t, w, behind_issuer(t, evil, in_object(t, w.signature, w.bare))),
               "*");
        expect(t, named(t, "xsw8-object-signed", id),
               swap(t, w, behind_issuer(t, evil, in_object(t, w.signature, w.assertion))), "*");
        expect(t, named(t, "xsw-advice", id),
               swap(t, w,
                    forge_replace(t->arena, evil, "</saml:Conditions>",
                                  arena_cstr(t->arena, cat(t, cat(t, S("</saml:Conditions><saml:Advice>"), w.assertion),
                                                           S("</saml:Advice>"))))),
               "*");
        expect(t, named(t, "xsw-advice-moved", id),
               swap(t, w,
                    forge_replace(t->arena, evil_signed, "</saml:Conditions>",
                                  arena_cstr(t->arena, cat(t, cat(t, S("</saml:Conditions><saml:Advice>"), w.bare),
                                                           S("</saml:Advice>"))))),
               "*");
        expect(t, named(t, "xsw-key-info", id),
               swap(t, w,
                    behind_issuer(t, evil,
                                  forge_replace(t->arena, w.signature, "</ds:Signature>",
                                                arena_cstr(t->arena, cat(t, cat(t, S("<ds:KeyInfo>"), w.bare),
                                                                         S("</ds:KeyInfo></ds:Signature>")))))),
               "*");
        expect(t, named(t, "xsw-status-detail", id),
               forge_replace(t->arena, swap(t, w, evil), "</samlp:Status>",
                             arena_cstr(t->arena, cat(t, cat(t, S("<samlp:StatusDetail>"), w.assertion),
                                                      S("</samlp:StatusDetail></samlp:Status>")))),
               "*");
        expect(t, named(t, "xsw-confirmation-data", id),
               swap(t, w,
                    forge_replace(
                        t->arena, evil, "<saml:SubjectConfirmation ",
                        arena_cstr(
                            t->arena,
                            cat(t,
                                cat(t, S("<saml:SubjectConfirmation Method=\"urn:x\"><saml:SubjectConfirmationData>"),
                                    w.assertion),
                                S("</saml:SubjectConfirmationData></"
                                  "saml:SubjectConfirmation><saml:SubjectConfirmation "))))),
               "*");
        expect(
            t, named(t, "xsw-attribute-value", id),
            swap(t, w,
                 forge_replace(t->arena, evil, ">admin</saml:AttributeValue>",
                               arena_cstr(t->arena, cat(t, cat(t, S(">"), w.assertion), S("</saml:AttributeValue>"))))),
            "*");
        expect(t, named(t, "xsw-renamed-original", id),
               swap(t, w, cat(t, evil, forge_replace(t->arena, w.assertion, "saml:Assertion", "saml:Assertion2"))),
               "*");
        expect(t, named(t, "xsw-other-namespace", id),
               swap(t, w, cat(t, evil, cat(t, cat(t, S("<e:x xmlns:e=\"urn:e\">"), w.assertion), S("</e:x>")))), "*");
        expect(t, named(t, "xsw-signature-child-of-response", id),
               edit(t, swap(t, w, cat(t, evil, w.bare)), "<samlp:Status>",
                    arena_cstr(t->arena, cat(t, w.signature, S("<samlp:Status>")))),
               "*");
        expect(t, named(t, "xsw-detached", id),
               edit(t, swap(t, w, evil), "</samlp:Response>",
                    arena_cstr(t->arena, cat(t, cat(t, w.signature, w.bare), S("</samlp:Response>")))),
               "*");
        expect(t, named(t, "xsw-evil-with-signature", id), swap(t, w, evil_signed), "*");
        expect(t, named(t, "xsw-evil-two-signatures", id), swap(t, w, behind_issuer(t, evil_signed, w.signature)), "*");
        expect(t, named(t, "xsw-fake-encrypted", id),
               swap(t, w,
                    cat(t, evil,
                        cat(t, cat(t, S("<saml:EncryptedAssertion>"), w.assertion), S("</saml:EncryptedAssertion>")))),
               "*");
    }
}

TEST(a_wrapped_response_is_refused)
{
    struct str good = by_response(t, &plain), signature = forge_cut(good, "Signature");
    struct str bare = forge_replace(t->arena, good, arena_cstr(t->arena, signature), "");
    struct str evil = edit(t, edit(t, bare, ">anna<", ">admin<"), "ID=\"_response1\"", "ID=\"_evil\"");
    struct str same = edit(t, bare, ">anna<", ">admin<");
    const char *open = "<samlp:Status>";

    expect(t, "xsw1-original-in-signature",
           edit(t, evil, open, arena_cstr(t->arena, cat(t, in_object(t, signature, bare), S("<samlp:Status>")))), "*");
    expect(t, "xsw1-same-id",
           edit(t, same, open, arena_cstr(t->arena, cat(t, in_object(t, signature, bare), S("<samlp:Status>")))), "*");
    expect(t, "xsw2-original-before-signature",
           edit(t, evil, open, arena_cstr(t->arena, cat(t, cat(t, bare, signature), S("<samlp:Status>")))), "*");
    expect(t, "xsw2-original-after-signature",
           edit(t, evil, open, arena_cstr(t->arena, cat(t, cat(t, signature, bare), S("<samlp:Status>")))), "*");
    expect(t, "xsw-response-in-extensions", in_extensions(t, evil, good), "*");
    expect(t, "xsw-response-evil-inside",
           edit(t, good, "</samlp:Status>",
                arena_cstr(t->arena,
                           cat(t, cat(t, S("<samlp:StatusDetail>"), evil), S("</samlp:StatusDetail></samlp:Status>")))),
           "*");
    expect(t, "xsw-response-appended",
           edit(t, evil, "</samlp:Response>", arena_cstr(t->arena, cat(t, good, S("</samlp:Response>")))), "*");
    expect(t, "xsw-response-two-roots", cat(t, evil, good), "xml_malformed");
    expect(t, "xsw-response-two-roots-reversed", cat(t, good, evil), "xml_malformed");
    expect(t, "xsw-response-wrapped-in-response",
           edit(t, evil, arena_cstr(t->arena, forge_cut(evil, "Assertion")),
                arena_cstr(t->arena, cat(t, good, forge_cut(evil, "Assertion")))),
           "*");
    expect(t, "xsw-signed-response-other-assertion",
           edit(t, good, "</samlp:Response>",
                arena_cstr(t->arena, cat(t, edit(t, forge_cut(bare, "Assertion"), "_assertion1", "_assertion2"),
                                         S("</samlp:Response>")))),
           "*");
    expect(t, "xsw-signature-of-response-on-assertion",
           edit(t, bare, "</saml:Issuer><saml:Subject>",
                arena_cstr(t->arena, cat(t, cat(t, S("</saml:Issuer>"), signature), S("<saml:Subject>")))),
           "sig_reference");
    struct str by_a = by_assertion(t, &plain), sig_a = forge_cut(by_a, "Signature");
    struct str bare_a = forge_replace(t->arena, by_a, arena_cstr(t->arena, sig_a), "");
    expect(t, "xsw-signature-of-assertion-on-response",
           edit(t, bare_a, open, arena_cstr(t->arena, cat(t, sig_a, S("<samlp:Status>")))), "sig_reference");
    expect(t, "xsw-signature-twice-on-response",
           edit(t, good, open, arena_cstr(t->arena, cat(t, signature, S("<samlp:Status>")))), "response_structure");
    expect(t, "xsw-signature-late",
           edit(t, forge_replace(t->arena, by_a, arena_cstr(t->arena, sig_a), ""), "</saml:Assertion>",
                arena_cstr(t->arena, cat(t, sig_a, S("</saml:Assertion>")))),
           "assertion_structure");
}

/* --- XML ------------------------------------------------------------------------- */

static const struct {
    const char *name, *from, *to, *code;
} documents[] = {
    { "comment-in-name", ">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7<",
      ">_ce3d2948b4cf20146<!-- -->dee0a0b3dd6f69b6cf86f62d7<", "xml_comment" },
    { "comment-in-value", ">anna<", ">an<!--x-->na<", "xml_comment" },
    { "comment-in-issuer", "<saml:Issuer>https", "<saml:Issuer><!--x-->https", "xml_comment" },
    { "comment-in-audience", "<saml:Audience>", "<saml:Audience><!-- -->", "xml_comment" },
    { "comment-between", "<samlp:Status>", "<!-- --><samlp:Status>", "xml_comment" },
    { "instruction-in-name", ">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7<",
      ">_ce3d2948b4cf20146<?x y?>dee0a0b3dd6f69b6cf86f62d7<", "xml_instruction" },
    { "instruction-between", "<samlp:Status>", "<?xml-stylesheet href=\"http://127.0.0.1:1/\"?><samlp:Status>",
      "xml_instruction" },
    { "entity-undeclared", ">anna<", ">&admin;<", "xml_malformed" },
    { "entity-parameter", ">anna<", ">%admin;<", "sig_digest" },
    { "char-reference-nul", ">anna<", ">&#0;<", "xml_malformed" },
    { "char-reference-surrogate", ">anna<", ">&#xD800;<", "xml_malformed" },
    { "char-reference-huge", ">anna<", ">&#99999999999;<", "xml_malformed" },
    { "ns-undeclared-prefix", "<saml:Subject>", "<saml:Subject q:x=\"1\">", "xml_namespace" },
    { "ns-undeclared-element", "<samlp:Status>", "<samlp:Status><q:x/>", "xml_namespace" },
    { "ns-same-attribute-twice", "<saml:Subject>",
      "<saml:Subject xmlns:p=\"urn:e\" xmlns:q=\"urn:e\" p:x=\"1\" q:x=\"2\">", "xml_namespace" },
    { "attribute-twice", "ID=\"_assertion1\"", "ID=\"_assertion1\" ID=\"_assertion1\"", "xml_malformed" },
    { "ns-relative", "<saml:Subject>", "<saml:Subject xmlns:q=\"relative\">", "xml_namespace" },
    { "ns-relative-slash", "<saml:Subject>", "<saml:Subject xmlns:q=\"/a:b\">", "xml_namespace" },
    { "ns-relative-on-response", "<samlp:Response ", "<samlp:Response xmlns:q=\"1\" ", "xml_namespace" },
    { "ns-relative-used", "<saml:AttributeStatement>", "<saml:AttributeStatement xmlns:q=\"foo\" q:a=\"1\">",
      "xml_namespace" },
    { "ns-xml-rebound", "<saml:Subject>", "<saml:Subject xmlns:xml=\"urn:e\">", "*" },
    { "ns-xmlns-bound", "<saml:Subject>", "<saml:Subject xmlns:xmlns=\"urn:e\">", "*" },
    { "ns-prefix-undeclared-again", "<saml:Subject>", "<saml:Subject xmlns:xs=\"\">", "*" },
    { "ns-saml-swapped", "xmlns:saml=\"" SAML_NS_ASSERTION "\"", "xmlns:saml=\"urn:oasis:names:tc:SAML:1.0:assertion\"",
      "*" },
    { "ns-trailing-space", "xmlns:saml=\"" SAML_NS_ASSERTION "\"", "xmlns:saml=\"" SAML_NS_ASSERTION " \"", "*" },
    { "unquoted-attribute", "ID=\"_assertion1\"", "ID=_assertion1", "xml_malformed" },
    { "end-tag-missing", "</saml:Subject>", "", "xml_malformed" },
    { "end-tag-wrong", "</saml:Subject>", "</saml:Subjekt>", "xml_malformed" },
    { "less-than-in-value", ">anna<", ">an<na<", "xml_malformed" },
    { "ampersand-bare", ">anna<", ">a & b<", "xml_malformed" },
    { "cdata-end-bare", ">anna<", ">]]><", "xml_malformed" },
    { "cdata-unended", ">anna<", "><![CDATA[anna<", "xml_malformed" },
    { "control-byte", ">anna<", ">\x01<", "xml_malformed" },
    { "utf8-overlong", ">anna<", ">\xC0\xAF<", "xml_encoding" },
    { "utf8-broken", ">anna<", ">\xC3<", "xml_encoding" },
    { "utf8-surrogate", ">anna<", ">\xED\xA0\x80<", "xml_encoding" },
    { "latin-1", ">anna<", ">\xE4iti<", "xml_encoding" },
};

TEST(odd_documents_are_refused)
{
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        expect(t, named(t, "xml-after", documents[i].name),
               edit(t, by_assertion(t, &plain), documents[i].from, documents[i].to), documents[i].code);
        expect(t, named(t, "xml-after-r", documents[i].name),
               edit(t, by_response(t, &plain), documents[i].from, documents[i].to), documents[i].code);
        if (strcmp(documents[i].code, "sig_digest") == 0)
            continue;
        struct str text = edit(t, base(t), documents[i].from, documents[i].to);
        expect(t, named(t, "xml-before", documents[i].name),
               forge_unmark(t->arena, forge_sign_assertion(t->arena, text, &plain)), documents[i].code);
        text = forge_replace(t->arena, text, "@A@", "");
        expect(t, named(t, "xml-before-r", documents[i].name),
               forge_unmark(t->arena, forge_sign_response(t->arena, text, &plain)), "*");
    }
}

static const struct {
    const char *name, *before, *after, *code;
} envelopes[] = {
    { "doctype", "<!DOCTYPE samlp:Response>", "", "xml_doctype" },
    { "doctype-system", "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">", "", "xml_doctype" },
    { "doctype-public", "<!DOCTYPE x PUBLIC \"a\" \"http://127.0.0.1:1/x.dtd\">", "", "xml_doctype" },
    { "doctype-entity", "<!DOCTYPE x [<!ENTITY a \"b\">]>", "", "xml_doctype" },
    { "doctype-external-entity", "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>", "", "xml_doctype" },
    { "doctype-parameter-entity", "<!DOCTYPE x [<!ENTITY % a SYSTEM \"http://127.0.0.1:1/\"> %a;]>", "",
      "xml_doctype" },
    { "doctype-laughs",
      "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c "
      "\"&b;&b;&b;&b;&b;&b;&b;&b;\">]>",
      "", "xml_doctype" },
    { "doctype-attlist-id", "<!DOCTYPE x [<!ATTLIST saml:Assertion ID ID #IMPLIED>]>", "", "xml_doctype" },
    { "doctype-default-attribute", "<!DOCTYPE x [<!ATTLIST saml:NameID Format CDATA \"x\">]>", "", "xml_doctype" },
    { "doctype-after-declaration", "<?xml version=\"1.0\"?>\n<!DOCTYPE x>", "", "xml_doctype" },
    { "doctype-lower", "<!doctype x>", "", "xml_doctype" },
    { "version-11", "<?xml version=\"1.1\"?>", "", "xml_encoding" },
    { "version-11-utf8", "<?xml version='1.1' encoding='UTF-8'?>", "", "xml_encoding" },
    { "version-20", "<?xml version=\"2.0\"?>", "", "xml_encoding" },
    { "version-none", "<?xml encoding=\"UTF-8\"?>", "", "xml_malformed" },
    { "encoding-latin1", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>", "", "xml_encoding" },
    { "encoding-ascii", "<?xml version=\"1.0\" encoding=\"US-ASCII\"?>", "", "xml_encoding" },
    { "encoding-utf16", "<?xml version=\"1.0\" encoding=\"UTF-16\"?>", "", "xml_encoding" },
    { "encoding-utf7", "<?xml version=\"1.0\" encoding=\"UTF-7\"?>", "", "xml_encoding" },
    { "encoding-ebcdic", "<?xml version=\"1.0\" encoding=\"IBM037\"?>", "", "xml_encoding" },
    { "encoding-utf8-bom-utf16-declared", "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-16\"?>", "",
      "xml_encoding" },
    { "encoding-empty", "<?xml version=\"1.0\" encoding=\"\"?>", "", "xml_encoding" },
    { "declaration-after-space", " <?xml version=\"1.0\"?>", "", "xml_instruction" },
    { "declaration-twice", "<?xml version=\"1.0\"?><?xml version=\"1.0\"?>", "", "xml_instruction" },
    { "declaration-unended", "<?xml version=\"1.0\"", "", "*" },
    { "instruction-before", "<?x y?>", "", "xml_instruction" },
    { "instruction-after", "", "<?x y?>", "xml_instruction" },
    { "comment-before", "<!-- x -->", "", "xml_comment" },
    { "comment-after", "", "<!-- x -->", "xml_comment" },
    { "text-before", "x", "", "xml_malformed" },
    { "text-after", "", "x", "xml_malformed" },
    { "element-after", "", "<x/>", "xml_malformed" },
    { "two-boms", "\xEF\xBB\xBF\xEF\xBB\xBF", "", "xml_malformed" },
};

TEST(odd_envelopes_of_documents_are_refused)
{
    for (size_t i = 0; i < sizeof envelopes / sizeof envelopes[0]; i++) {
        struct str text = cat(t, cat(t, str_of(envelopes[i].before), by_both(t, &plain)), str_of(envelopes[i].after));
        expect(t, named(t, "env", envelopes[i].name), text, envelopes[i].code);
    }
    struct str good = by_both(t, &plain);
    expect(t, "env-nul-after", cat(t, good, str_n("\0<x/>", 5)), "xml_encoding");
    expect(t, "env-nul-end", cat(t, good, str_n("\0", 1)), "xml_encoding");
    expect(t, "env-nul-before", cat(t, str_n("\0", 1), good), "xml_encoding");
    expect(t, "env-empty", S(""), "*");
    expect(t, "env-space", S(" \n"), "xml_malformed");
    expect(t, "env-text", S("hello"), "xml_malformed");
    expect(t, "env-cut", str_sub(good, 0, good.n / 2), "*");
    for (size_t at = 1; at < good.n; at += 97)
        expect(t, arena_cstr(t->arena, arena_printf(t->arena, "env-cut-%zu", at)), str_sub(good, 0, at), "*");
}

static struct str utf_16(struct test *t, struct str s, bool big, bool mark)
{
    struct buf b = buf_new(t->arena, 1 << 20);

    if (mark)
        buf_add(&b, big ? S("\xFE\xFF") : S("\xFF\xFE"));
    for (size_t i = 0; i < s.n; i++) {
        buf_byte(&b, big ? 0 : s.p[i]);
        buf_byte(&b, big ? s.p[i] : 0);
    }
    return buf_str(&b);
}

TEST(utf_16_and_utf_7_are_refused)
{
    struct str good = by_assertion(t, &plain);

    expect(t, "utf16-le-bom", utf_16(t, good, false, true), "xml_encoding");
    expect(t, "utf16-be-bom", utf_16(t, good, true, true), "xml_encoding");
    expect(t, "utf16-le", utf_16(t, good, false, false), "xml_encoding");
    expect(t, "utf16-be", utf_16(t, good, true, false), "xml_encoding");
    expect(t, "utf7", forge_replace(t->arena, good, "<", "+ADw-"), "xml_malformed");
    expect(t, "utf32", cat(t, str_n("\xFF\xFE\0\0", 4), good), "xml_encoding");
}

/* --- sizes ------------------------------------------------------------------------ */

/* `what` so many times, its '#' being the number. */
static struct str repeated(struct test *t, const char *what, int times)
{
    struct buf b = buf_new(t->arena, 8 << 20);

    for (int i = 0; i < times; i++)
        for (const char *p = what; *p != '\0'; p++)
            if (*p == '#')
                buf_printf(&b, "%d", i);
            else
                buf_byte(&b, *p);
    return buf_str(&b);
}

TEST(what_costs_too_much_is_refused_before_it_is_parsed)
{
    struct str good = by_assertion(t, &plain);
    struct str many = repeated(t, " a#=\"\"", 300), deep = repeated(t, "<e:d# xmlns:e=\"urn:e\">", 70);

    expect(t, "size-attributes-300",
           edit(t, good, "<saml:Subject>",
                arena_cstr(t->arena, arena_printf(t->arena, "<saml:Subject%.*s>", STR_ARG(many)))),
           "xml_attributes");
    many = repeated(t, " a#=\"\"", 9000);
    expect(t, "size-attributes-9000",
           edit(t, good, "<samlp:Response ",
                arena_cstr(t->arena, arena_printf(t->arena, "<samlp:Response%.*s ", STR_ARG(many)))),
           "xml_attributes");
    many = repeated(t, " a#=\"\"", 50000);
    expect(t, "size-attributes-50000",
           edit(t, good, "<samlp:Response ",
                arena_cstr(t->arena, arena_printf(t->arena, "<samlp:Response%.*s ", STR_ARG(many)))),
           "xml_size");
    many = repeated(t, " xmlns:n#=\"urn:e\"", 250);
    expect(t, "size-namespaces-nested",
           edit(t, good, "<samlp:Status>",
                arena_cstr(t->arena,
                           arena_printf(t->arena, "<samlp:Extensions%.*s><e%.*s/></samlp:Extensions><samlp:Status>",
                                        STR_ARG(many), STR_ARG(many)))),
           "xml_attributes");
    expect(t, "size-depth",
           edit(t, good, "<samlp:Status>",
                arena_cstr(t->arena, arena_printf(t->arena, "%.*s<samlp:Status>", STR_ARG(deep)))),
           "xml_depth");
    expect(t, "size-depth-20000", repeated(t, "<d>", 20000), "xml_depth");
    many = repeated(t, "<e/>", 6000);
    expect(t, "size-elements",
           edit(t, good, "<samlp:Status>",
                arena_cstr(t->arena, arena_printf(t->arena, "<samlp:Extensions>%.*s</samlp:Extensions><samlp:Status>",
                                                  STR_ARG(many)))),
           "xml_elements");
    many = repeated(t, "aaaaaaaaaaaaaaaaaaaa", 14000);
    expect(t, "size-text",
           edit(t, good, ">anna<", arena_cstr(t->arena, arena_printf(t->arena, ">%.*s<", STR_ARG(many)))), "xml_size");
    many = repeated(t, "<e:x xmlns:e=\"urn:e\">", 1);
    struct str long_ns =
        arena_printf(t->arena, "<samlp:Extensions xmlns:e=\"urn:%.*s\">%.*s</samlp:Extensions><samlp:Status>",
                     STR_ARG(repeated(t, "aaaaaaaaaa", 3000)), STR_ARG(repeated(t, "<e:x/>", 4000)));
    expect(t, "size-namespace-long", edit(t, good, "<samlp:Status>", arena_cstr(t->arena, long_ns)), "xml_namespace");
    long_ns = arena_printf(t->arena, "<saml:AttributeStatement xmlns:e=\"urn:%.*s\">%.*s",
                           STR_ARG(repeated(t, "aaaaaaaaaa", 100)), STR_ARG(repeated(t, "<e:x/>", 3000)));
    struct str blown = edit(t, base(t), "<saml:AttributeStatement>", arena_cstr(t->arena, long_ns));
    expect(t, "size-canonical-form", forge_unmark(t->arena, forge_sign_assertion(t->arena, blown, &plain)), "sig_c14n");
}

/* --- encryption ------------------------------------------------------------------- */

static struct str sealed(struct test *t, struct str text, const struct forge_encrypt *how)
{
    return forge_unmark(t->arena, forge_encrypt(t->arena, text, "Assertion", how));
}

TEST(encryption_is_no_authentication)
{
    static const struct forge_encrypt usual;
    struct str good = by_assertion(t, &plain);
    struct str evil = edit(t, forge_unmark(t->arena, base(t)), ">anna<", ">admin<");

    expect(t, "enc-unsigned", sealed(t, evil, &usual), "sig_missing");
    expect(t, "enc-tampered", sealed(t, edit(t, good, ">anna<", ">admin<"), &usual), "sig_digest");
    expect(t, "enc-other-key", sealed(t, by_assertion(t, &(struct forge_sign){ .key = FORGE_OTHER }), &usual),
           "sig_value");
    /* A signature over the Response in the clear does not cover another ciphertext. */
    struct str by_r = forge_unmark(
        t->arena,
        forge_sign_response(t->arena,
                            forge_encrypt(t->arena, forge_replace(t->arena, base(t), "@A@", ""), "Assertion", &usual),
                            &plain));
    struct str other = forge_cut(sealed(t, evil, &usual), "EncryptedAssertion");
    expect(t, "enc-swapped-in-signed-response",
           forge_replace(t->arena, by_r, arena_cstr(t->arena, forge_cut(by_r, "EncryptedAssertion")),
                         arena_cstr(t->arena, other)),
           "sig_digest");
    expect(t, "enc-beside-clear",
           edit(t, by_r, "</samlp:Response>",
                arena_cstr(t->arena,
                           cat(t, forge_cut(forge_unmark(t->arena, base(t)), "Assertion"), S("</samlp:Response>")))),
           "*");
    expect(t, "enc-two",
           edit(t, sealed(t, good, &usual), "</samlp:Response>",
                arena_cstr(t->arena, cat(t, other, S("</samlp:Response>")))),
           "*");
}

static const struct {
    const char *name, *code;
    struct forge_encrypt how;
} seals[] = {
    { "cbc-256", "enc_algorithm", { .content = XENC "aes256-cbc" } },
    { "cbc-128", "enc_algorithm", { .content = XENC "aes128-cbc" } },
    { "3des", "enc_algorithm", { .content = XENC "tripledes-cbc" } },
    { "unknown", "enc_algorithm", { .content = "urn:x" } },
    { "rsa-15", "enc_algorithm", { .transport = XENC "rsa-1_5" } },
    { "kw-aes", "enc_algorithm", { .transport = XENC "kw-aes128" } },
    { "oaep-md5", "enc_algorithm", { .digest = MORE "md5" } },
    { "for-another", "enc_decrypt", { .keys = { FORGE_OTHER } } },
    { "too-many-keys", "enc_structure", { .keys = { FORGE_OTHER, FORGE_OTHER, FORGE_OTHER, FORGE_OTHER, FORGE_SP1 } } },
    { "tag-broken", "enc_decrypt", { .break_tag = true } },
    { "type-content", "enc_structure", { .type = XENC "Content" } },
};

TEST(other_encryption_is_refused)
{
    struct str good = by_assertion(t, &plain);
    static const struct forge_encrypt usual;

    for (size_t i = 0; i < sizeof seals / sizeof seals[0]; i++)
        expect(t, named(t, "enc", seals[i].name), sealed(t, good, &seals[i].how), seals[i].code);
    struct str s = sealed(t, good, &usual);
    expect(t, "enc-no-method", edit(t, s, "<xenc:EncryptionMethod Algorithm=\"" XENC11 "aes256-gcm\"/>", ""),
           "enc_algorithm");
    expect(t, "enc-wrong-size", edit(t, s, "aes256-gcm", "aes128-gcm"), "enc_decrypt");
    expect(t, "enc-reference",
           edit(t, s, "<xenc:CipherData><xenc:CipherValue>",
                "<xenc:CipherData><xenc:CipherReference "
                "URI=\"http://127.0.0.1:1/\"/></xenc:CipherData><xenc:CipherData><xenc:CipherValue>"),
           "enc_structure");
    expect(t, "enc-two-data",
           edit(t, s, "</saml:EncryptedAssertion>",
                arena_cstr(t->arena, cat(t, forge_cut(s, "EncryptedData"), S("</saml:EncryptedAssertion>")))),
           "*");
    expect(t, "enc-empty", edit(t, s, arena_cstr(t->arena, forge_cut(s, "EncryptedData")), ""), "enc_structure");
    expect(t, "enc-foreign",
           edit(t, s, "</saml:EncryptedAssertion>", "<e:x xmlns:e=\"urn:e\"/></saml:EncryptedAssertion>"),
           "enc_structure");
    expect(t, "enc-no-key", edit(t, s, arena_cstr(t->arena, forge_cut(s, "KeyInfo")), ""), "enc_algorithm");
    struct str by_url = sealed(t, good, &(struct forge_encrypt){ .place = FORGE_BESIDE_BY_REFERENCE });
    expect(t, "enc-retrieval-url",
           edit(t, by_url, "URI=\"#_ek_EncryptedAssertion_0\"", "URI=\"http://127.0.0.1:1/key\""), "enc_structure");
    expect(t, "enc-retrieval-elsewhere", edit(t, by_url, "URI=\"#_ek_EncryptedAssertion_0\"", "URI=\"#nowhere\""),
           "enc_algorithm");
}

/* What is inside a ciphertext is read under the same caps. */
TEST(what_was_decrypted_is_no_better_than_what_came)
{
    static const struct {
        const char *name, *text, *code;
    } inside[] = {
        { "doctype", "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Assertion/>", "xml_doctype" },
        { "comment", "<Assertion><!-- --></Assertion>", "xml_comment" },
        { "closes-its-place", "<Assertion/></in><in><Assertion/>", "*" },
        { "closes-its-place-twice", "</in><in><Assertion/>", "*" },
        { "text", "<Assertion/>text", "xml_malformed" },
        { "two", "<Assertion/><Assertion/>", "xml_malformed" },
        { "not-xml", "<Assertion>not xml</Assertion", "xml_malformed" },
        { "response", "<Response xmlns=\"" SAML_NS_PROTOCOL "\"><Assertion/></Response>", "assertion_count" },
        { "no-namespace", "<Assertion xmlns=\"\"/>", "assertion_count" },
        { "declared-utf16", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><Assertion/>", "xml_encoding" },
    };
    struct str good = by_assertion(t, &plain);
    const char *old = arena_cstr(t->arena, forge_cut(good, "Assertion"));

    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        struct str payload = arena_printf(t->arena, "<Assertion>@%zu@</Assertion>", i);
        struct str text = forge_replace(t->arena, good, old, arena_cstr(t->arena, payload));
        struct str sealed_text = forge_encrypt_text(t->arena, text, "Assertion", str_of(inside[i].text));
        expect(t, named(t, "inside", inside[i].name), sealed_text, inside[i].code);
    }
}

TEST(cutting_or_flipping_any_part_never_gets_through)
{
    struct str good = by_both(t, &plain);
    struct saml_rules rules = forge_rules(forge_keyring(t->arena, FORGE_IDP));

    for (size_t at = 0; at < good.n; at += 7) {
        struct arena *a = arena_new();
        char *p = arena_cstr(a, good);
        struct fail f = { 0 };
        p[at] ^= 0x04;
        const struct saml_assertion *said = forge_verify(a, str_n(p, good.n), &rules, &f);
        /* What neither signature covers is the names of prefixes and KeyInfo: the content must be the same. */
        t->checked++;
        if (said != NULL && (said->attribute_count != 2 || !str_eq(said->attributes[0].values[0], S("anna"))))
            test_fail(t, __FILE__, __LINE__, "byte %zu flipped changes what is read", at);
        arena_free(a);
    }
}
