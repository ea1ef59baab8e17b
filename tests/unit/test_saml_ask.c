/* SPDX-License-Identifier: EUPL-1.2
 * What services send us [SAML core 3.4, 3.7; bindings 3.2, 3.4, 3.5], honest and hostile. */
#include "base/codec.h"
#include "tests/saml/forge.h"
#include "tests/test.h"
#include "wire/form.h"
#include "wire/saml_ask.h"
#include "wire/saml_write.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <zlib.h>

#define SERVICE "https://kanerva.example/sp"
#define HERE    "https://gateway.example/saml/sso"
#define ACS     "https://kanerva.example/acs"
#define ISSUER  "<saml:Issuer>" SERVICE "</saml:Issuer>"
#define RSA256  "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define EC256   "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
#define HEAD(name, more)                                                                                               \
    "<samlp:" name " xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" "                                            \
    "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a1\" Version=\"2.0\" "                                 \
    "IssueInstant=\"2026-08-10T08:00:00Z\" Destination=\"" HERE "\"" more ">" ISSUER "@R@"
#define LOGIN_ATTRS                                                                                                    \
    " AssertionConsumerServiceURL=\"" ACS "\" ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" "     \
    "ForceAuthn=\"true\" IsPassive=\"0\" AttributeConsumingServiceIndex=\"3\" ProviderName=\"Kanerva\""
#define LOGIN_REST                                                                                                     \
    "<samlp:Extensions><x:y xmlns:x=\"urn:x\"/></samlp:Extensions>"                                                    \
    "<samlp:NameIDPolicy AllowCreate=\"1\" Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\" "            \
    "SPNameQualifier=\"" SERVICE "\"/>"                                                                                \
    "<samlp:RequestedAuthnContext Comparison=\"minimum\"><saml:AuthnContextClassRef>urn:a</saml:AuthnContextClassRef>" \
    "<saml:AuthnContextClassRef> urn:b </saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"                     \
    "<samlp:Scoping ProxyCount=\"2\"><samlp:IDPList><samlp:IDPEntry ProviderID=\"urn:idp:1\"/>"                        \
    "<samlp:IDPEntry ProviderID=\"urn:idp:2\"/></samlp:IDPList><samlp:RequesterID>urn:r</samlp:RequesterID>"           \
    "</samlp:Scoping>"
#define LOGIN HEAD("AuthnRequest", LOGIN_ATTRS) LOGIN_REST "</samlp:AuthnRequest>"
#define LOGOUT                                                                                                         \
    HEAD("LogoutRequest", " NotOnOrAfter=\"2026-08-10T08:05:00Z\" Reason=\"urn:oasis:names:tc:SAML:2.0:logout:user\"") \
    "<samlp:Extensions><aslo:Asynchronous xmlns:aslo=\"urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo\"/>"         \
    "</samlp:Extensions><saml:NameID Format=\"urn:f\" NameQualifier=\"urn:us\" SPNameQualifier=\"urn:sp\">pekka"       \
    "</saml:NameID><samlp:SessionIndex>s1</samlp:SessionIndex><samlp:SessionIndex>s2</samlp:SessionIndex>"             \
    "</samlp:LogoutRequest>"
#define LOGGED_OUT                                                                                                     \
    HEAD("LogoutResponse", " InResponseTo=\"_ours\"")                                                                  \
    "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"><samlp:StatusCode "          \
    "Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/></samlp:StatusCode></samlp:Status>"                   \
    "</samlp:LogoutResponse>"

/* --- sending ---------------------------------------------------------------------------- */

static struct saml_ask_rules rules_of(struct test *t)
{
    return (struct saml_ask_rules){ .keys = forge_city(t->arena),
                                    .issuer = S(SERVICE),
                                    .here = S(HERE),
                                    .us = S("urn:us"),
                                    .now_s = TEST_NOW_S,
                                    .skew_s = 180,
                                    .request_id = S("_ours") };
}

static struct str with(struct test *t, struct str text, const char *from, const char *to)
{
    struct str changed = forge_replace(t->arena, text, from, to);

    if (str_eq(changed, text))
        test_fail(t, __FILE__, __LINE__, "nothing to replace: %s", from);
    return changed;
}

static struct str signed_text(struct test *t, struct str text, const struct forge_sign *how)
{
    static const struct forge_sign usual = { .key = FORGE_IDP };

    return forge_sign(t->arena, text, "_a1", "@R@", how != NULL ? how : &usual);
}

static struct str plain(struct test *t, struct str text)
{
    return forge_unmark(t->arena, text);
}

/* One message of any kind, opened and read; "ok" or the code. */
static const char *read_all(struct test *t, bool opened, struct saml_ask *m, const struct saml_ask_rules *rules,
                            struct fail *f)
{
    static struct saml_login_asked login;
    static struct saml_logout_asked logout;
    static struct saml_logged_out logged_out;

    if (!opened) {
        CHECK(f->kind == FAIL_CALLER);
        return f->code;
    }
    bool ok = saml_ask_kind(m) == SAML_ASK_LOGIN    ? saml_ask_login(m, rules, &login, f)
              : saml_ask_kind(m) == SAML_ASK_LOGOUT ? saml_ask_logout(m, rules, &logout, f)
                                                    : saml_ask_logged_out(m, rules, &logged_out, f);
    CHECK(ok || f->kind == FAIL_CALLER);
    return ok ? "ok" : f->code;
}

static const char *post_by(struct test *t, struct str text, const struct saml_ask_rules *rules)
{
    struct saml_ask *m;
    struct fail f = { 0 };
    bool opened = saml_ask_post(t->arena, b64_encode(t->arena, text), S("rs"), 0, &m, &f);

    return read_all(t, opened, m, rules, &f);
}

static const char *post(struct test *t, struct str text)
{
    const struct saml_ask_rules rules = rules_of(t);

    return post_by(t, text, &rules);
}

static const char *redirect_by(struct test *t, struct str query, const struct saml_ask_rules *rules)
{
    struct saml_ask *m;
    struct fail f = { 0 };
    bool opened = saml_ask_redirect(t->arena, query, 0, &m, &f);

    return read_all(t, opened, m, rules, &f);
}

static const char *redirect(struct test *t, struct str query)
{
    const struct saml_ask_rules rules = rules_of(t);

    return redirect_by(t, query, &rules);
}

static struct str octets_signed(struct test *t, struct str text, enum forge_key which, const EVP_MD *md)
{
    struct str pem = forge_private(which);
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = 1024;
    unsigned char *out = arena_alloc(t->arena, n);

    CHECK(EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1 &&
          EVP_DigestSign(ctx, out, &n, (const unsigned char *)text.p, text.n) == 1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return b64_encode(t->arena, str_n(out, n));
}

static struct str with_signature(struct test *t, struct str query, enum forge_key which)
{
    struct buf b = buf_new(t->arena, 1 << 16);

    buf_add(&b, query);
    buf_add(&b, S("&Signature="));
    url_escape(&b, octets_signed(t, query, which, EVP_sha256()));
    return buf_str(&b);
}

static struct str signed_query(struct test *t, const char *parameter, struct str text, const char *alg,
                               enum forge_key which)
{
    return with_signature(t, saml_redirect_text(t->arena, parameter, plain(t, text), S("to here"), alg), which);
}

/* --- what is read ---------------------------------------------------------------------- */

static void check_login(struct test *t, const struct saml_login_asked *got)
{
    CHECK_STR(got->id, "_a1");
    CHECK_STR(got->issuer, SERVICE);
    CHECK_INT(got->issued_s, TEST_NOW_S);
    CHECK_STR(got->acs_url, ACS);
    CHECK_INT(got->acs_index, -1);
    CHECK_INT(got->set_index, 3);
    CHECK(got->force && !got->passive);
    CHECK(got->policy.said && got->policy.may_create);
    CHECK_STR(got->policy.format, "urn:oasis:names:tc:SAML:2.0:nameid-format:transient");
    CHECK_STR(got->policy.sp_qualifier, SERVICE);
    CHECK(!got->has_subject && got->subject.value.p == NULL);
    CHECK_INT(got->comparison, SAML_MINIMUM);
    CHECK_INT(got->context_count, 2);
    CHECK_STR(got->contexts[1], "urn:b");
    CHECK_INT(got->proxy_count, 2);
    CHECK_INT(got->idp_count, 2);
    CHECK_STR(got->idps[1], "urn:idp:2");
    CHECK_STR(got->provider_name, "Kanerva");
}

TEST(a_request_is_read_whole_over_post_and_redirect_signed_and_not_items_20_47)
{
    struct saml_ask_rules rules = rules_of(t);
    struct saml_login_asked got;
    struct saml_ask *m;
    struct fail f = { 0 };

    CHECK(saml_ask_post(t->arena, b64_encode(t->arena, signed_text(t, S(LOGIN), NULL)), S("rs"), 0, &m, &f));
    CHECK_INT(saml_ask_kind(m), SAML_ASK_LOGIN);
    CHECK_INT(saml_ask_binding(m), SAML_POST);
    CHECK_STR(saml_ask_issuer(m), SERVICE);
    CHECK_STR(saml_ask_id(m), "_a1");
    CHECK_STR(saml_ask_relay_state(m), "rs");
    CHECK(saml_ask_has_signature(m) && saml_ask_login(m, &rules, &got, &f));
    CHECK(got.is_signed && str_is_set(got.key));
    check_login(t, &got);

    CHECK(saml_ask_redirect(t->arena, signed_query(t, "SAMLRequest", S(LOGIN), RSA256, FORGE_IDP), 0, &m, &f));
    CHECK_STR(saml_ask_relay_state(m), "to here");
    CHECK(saml_ask_has_signature(m) && saml_ask_login(m, &rules, &got, &f));
    CHECK(got.is_signed && str_is_set(got.key));
    check_login(t, &got);

    CHECK(saml_ask_post(t->arena, b64_encode(t->arena, plain(t, S(LOGIN))), (struct str){ 0 }, 0, &m, &f));
    CHECK(!saml_ask_has_signature(m) && saml_ask_login(m, &rules, &got, &f));
    CHECK(!got.is_signed && got.key.p == NULL);
    check_login(t, &got);
}

TEST(a_logout_request_is_read_from_what_was_signed_item_51)
{
    struct saml_ask_rules rules = rules_of(t);
    struct saml_logout_asked got;
    struct saml_ask *m;
    struct fail f = { 0 };
    struct str envelope = arena_printf(
        t->arena,
        "<s:Envelope "
        "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header/><s:Body>%.*s</s:Body></s:Envelope>",
        STR_ARG(signed_text(t, S(LOGOUT), NULL)));

    CHECK(saml_ask_soap(t->arena, envelope, 0, &m, &f));
    CHECK_INT(saml_ask_kind(m), SAML_ASK_LOGOUT);
    CHECK(saml_ask_logout(m, &rules, &got, &f));
    CHECK(got.is_signed && got.asynchronous && got.wrapped == NULL);
    CHECK_STR(got.name.value, "pekka");
    CHECK_STR(got.name.format, "urn:f");
    CHECK_STR(got.name.qualifier, "urn:us");
    CHECK_STR(got.name.sp_qualifier, "urn:sp");
    CHECK_INT(got.session_count, 2);
    CHECK_STR(got.sessions[1], "s2");
    CHECK_STR(got.reason, "urn:oasis:names:tc:SAML:2.0:logout:user");
    CHECK_STR(post(t, signed_text(t, S(LOGOUT), NULL)), "ok");
    CHECK_STR(redirect(t, signed_query(t, "SAMLRequest", S(LOGOUT), RSA256, FORGE_IDP)), "ok");
}

TEST(an_answer_to_a_logout_says_how_it_went)
{
    struct saml_ask_rules rules = rules_of(t);
    struct saml_logged_out got;
    struct saml_ask *m;
    struct fail f = { 0 };

    CHECK(saml_ask_post(t->arena, b64_encode(t->arena, signed_text(t, S(LOGGED_OUT), NULL)), S(""), 0, &m, &f));
    CHECK_STR(saml_ask_in_response_to(m), "_ours");
    CHECK(saml_ask_logged_out(m, &rules, &got, &f));
    CHECK(got.success && got.partial && got.is_signed);
    CHECK_STR(got.inner, "urn:oasis:names:tc:SAML:2.0:status:PartialLogout");
    CHECK_STR(redirect(t, signed_query(t, "SAMLResponse", S(LOGGED_OUT), RSA256, FORGE_IDP)), "ok");
}

TEST(ecdsa_signs_a_query_as_xml_has_it_and_as_der_item_16)
{
    struct str text = saml_redirect_text(t->arena, "SAMLRequest", plain(t, S(LOGIN)), S("x"), EC256);
    struct str der, raw = { NULL, 0 };

    CHECK_STR(redirect(t, with_signature(t, text, FORGE_EC256)), "ok"); /* DER, as OpenSSL gives it */
    CHECK(b64_decode(t->arena, octets_signed(t, text, FORGE_EC256, EVP_sha256()), &der));
    unsigned char out[64] = { 0 };
    const unsigned char *p = (const unsigned char *)der.p + 3; /* SEQUENCE, its length, INTEGER */
    for (int i = 0; i < 2; i++) {
        size_t n = *p++;
        size_t skip = n > 32 ? n - 32 : 0;
        memcpy(out + 32 * (size_t)i + (32 - (n - skip)), p + skip, n - skip);
        p += n + 1;
    }
    raw = str_n(out, 64);
    struct buf b = buf_new(t->arena, 1 << 16);
    buf_add(&b, text);
    buf_add(&b, S("&Signature="));
    url_escape(&b, b64_encode(t->arena, raw));
    CHECK_STR(redirect(t, buf_str(&b)), "ok");
}

/* --- every rule, broken once ------------------------------------------------------------- */

#define A257                                                                                                           \
    "_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaaa"                                                                                             \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaa"

static const struct broken {
    const char *code, *from, *to;
} login_broken[] = {
    { "ask_version", "Version=\"2.0\"", "Version=\"1.1\"" },
    { "ask_version", " Version=\"2.0\"", "" },
    { "ask_id", " ID=\"_a1\"", "" },
    { "ask_id", "ID=\"_a1\"", "ID=\"1a\"" },
    { "ask_id", "ID=\"_a1\"", "ID=\"" A257 "\"" },
    { "ask_issue_instant", "08:00:00Z", "07:51:59Z" },
    { "ask_issue_instant", "08:00:00Z", "08:03:01Z" },
    { "ask_issue_instant", "08:00:00Z", "08:00:00" },
    { "ask_issue_instant", " IssueInstant=\"2026-08-10T08:00:00Z\"", "" },
    { "ask_structure", ISSUER, ISSUER ISSUER },
    { "ask_structure", "<samlp:NameIDPolicy", "<saml:Advice/><samlp:NameIDPolicy" },
    { "ask_structure", "<samlp:Extensions>", "text<samlp:Extensions>" },
    { "ask_structure", "<samlp:Scoping", "<samlp:NameIDPolicy/><samlp:Scoping" },
    { "ask_issuer", ISSUER, "" },
    { "ask_issuer", SERVICE "</saml:Issuer>", SERVICE "/other</saml:Issuer>" },
    { "ask_issuer", SERVICE "</saml:Issuer>", "HTTPS://kanerva.example/sp</saml:Issuer>" },
    { "ask_issuer", "<saml:Issuer>",
      "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">" },
    { "ask_issuer", "<saml:Issuer>" SERVICE, "<saml:Issuer><saml:Issuer>" SERVICE "</saml:Issuer>" },
    { "ask_destination", HERE "\"", HERE "/\"" },
    { "ask_destination", HERE "\"", "https://other.example/saml/sso\"" },
    { "ask_acs", " ForceAuthn", " AssertionConsumerServiceIndex=\"1\" ForceAuthn" },
    { "ask_acs", "ServiceIndex=\"3\"", "ServiceIndex=\"-3\"" },
    { "ask_acs", "ServiceIndex=\"3\"", "ServiceIndex=\"65536\"" },
    { "ask_acs", "ServiceIndex=\"3\"", "ServiceIndex=\"three\"" },
    { "ask_flags", "ForceAuthn=\"true\"", "ForceAuthn=\"TRUE\"" },
    { "ask_flags", "IsPassive=\"0\"", "IsPassive=\"\"" },
    { "ask_flags", "AllowCreate=\"1\"", "AllowCreate=\"yes\"" },
    { "ask_subject", "<samlp:NameIDPolicy",
      "<saml:Subject><saml:NameID>x</saml:NameID><saml:SubjectConfirmation "
      "Method=\"urn:m\"/></saml:Subject><samlp:NameIDPolicy" },
    { "ask_subject", "<samlp:NameIDPolicy",
      "<saml:Subject><saml:NameID></saml:NameID></saml:Subject><samlp:NameIDPolicy" },
    { "ask_subject", "<samlp:NameIDPolicy", "<saml:Subject/><samlp:NameIDPolicy" },
    { "ask_context", "Comparison=\"minimum\"", "Comparison=\"least\"" },
    { "ask_context", "<saml:AuthnContextClassRef>urn:a</saml:AuthnContextClassRef>",
      "<saml:AuthnContextDeclRef>urn:a</saml:AuthnContextDeclRef>" },
    { "ask_context", "<saml:AuthnContextClassRef>urn:a</saml:AuthnContextClassRef>",
      "<saml:AuthnContextClassRef></saml:AuthnContextClassRef>" },
    { "ask_context", "<saml:AuthnContextClassRef>urn:a",
      "<saml:Other>urn:z</saml:Other><saml:AuthnContextClassRef>urn:a" },
    { "ask_scoping", "ProxyCount=\"2\"", "ProxyCount=\"-1\"" },
    { "ask_scoping", "ProxyCount=\"2\"", "ProxyCount=\"many\"" },
    { "ask_scoping", " ProviderID=\"urn:idp:1\"", "" },
    { "ask_scoping", "<samlp:RequesterID>", "<samlp:Else/><samlp:RequesterID>" },
    { "ask_message", "samlp:AuthnRequest", "samlp:AttributeQuery" },
    { "ask_message", "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.0:protocol" },
    { "xml_doctype", "<samlp:AuthnRequest", "<!DOCTYPE x [<!ENTITY e \"y\">]><samlp:AuthnRequest" },
    { "xml_comment", SERVICE "</saml:Issuer>", SERVICE "<!-- -->.evil.example</saml:Issuer>" },
    { "xml_instruction", "<samlp:Extensions>", "<?x y?><samlp:Extensions>" },
    { "xml_malformed", SERVICE "</saml:Issuer>", "&evil;</saml:Issuer>" },
    { "xml_namespace", "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", "xmlns:saml=\"assertion\"" },
    { "xml_id_duplicate", "<x:y ", "<x:y ID=\"_a1\" " },
};

TEST(a_request_is_refused_for_each_rule_it_breaks_item_15)
{
    CHECK_STR(post(t, plain(t, S(LOGIN))), "ok");
    for (size_t i = 0; i < sizeof login_broken / sizeof login_broken[0]; i++) {
        const struct broken *b = &login_broken[i];
        struct str text = with(t, plain(t, S(LOGIN)), b->from, b->to);
        const char *got = post(t, text);
        if (!str_eq(str_of(got), str_of(b->code)))
            test_fail(t, __FILE__, __LINE__, "%s -> %s: %s, not %s", b->from, b->to, got, b->code);
        CHECK_STR(redirect(t, saml_redirect_text(t->arena, "SAMLRequest", text, (struct str){ 0 }, NULL)), b->code);
    }
}

static const struct broken logout_broken[] = {
    { "ask_expired", "08:05:00Z", "07:56:59Z" },
    { "ask_expired", "08:05:00Z", "noon" },
    { "ask_name_id", ">pekka<", "><" },
    { "ask_name_id", ">pekka<", ">pekka&#10;x<" },
    { "ask_name_id", ">pekka<", "><saml:b>pekka</saml:b><" },
    { "ask_sessions", ">s1<", "><" },
    { "ask_sessions", ">s1<", "><saml:b>s1</saml:b><" },
    { "ask_structure", "</saml:NameID>", "</saml:NameID><saml:NameID>other</saml:NameID>" },
    { "ask_structure", "<samlp:SessionIndex>s1", "<samlp:Else/><samlp:SessionIndex>s1" },
    { "xml_comment", ">pekka<", ">pek<!---->ka<" },
};

TEST(a_logout_request_is_refused_for_each_rule_it_breaks)
{
    for (size_t i = 0; i < sizeof logout_broken / sizeof logout_broken[0]; i++) {
        const struct broken *b = &logout_broken[i];
        struct str text = with(t, S(LOGOUT), b->from, b->to);
        bool comment = strcmp(b->code, "xml_comment") == 0; /* which the forge cannot sign either */
        CHECK_STR(post(t, comment ? plain(t, text) : signed_text(t, text, NULL)), b->code);
    }
    CHECK_STR(post(t, signed_text(t, with(t, S(LOGOUT), "saml:NameID", "saml:BaseID"), NULL)), "ask_name_id");
    struct str many = S("");
    for (int i = 0; i < 63; i++)
        many = arena_join(t->arena, many, S("<samlp:SessionIndex>s</samlp:SessionIndex>"));
    struct str end = arena_join(t->arena, many, S("</samlp:LogoutRequest>"));
    CHECK_STR(post(t, signed_text(t, with(t, S(LOGOUT), "</samlp:LogoutRequest>", arena_cstr(t->arena, end)), NULL)),
              "ask_sessions");
}

TEST(an_answer_to_a_logout_is_refused_for_each_rule_it_breaks)
{
    CHECK_STR(post(t, signed_text(t, with(t, S(LOGGED_OUT), "\"_ours\"", "\"_other\""), NULL)), "ask_in_response_to");
    CHECK_STR(post(t, signed_text(t, with(t, S(LOGGED_OUT), " InResponseTo=\"_ours\"", ""), NULL)),
              "ask_in_response_to");
    CHECK_STR(post(t, signed_text(t, with(t, S(LOGGED_OUT), "samlp:Status>", "samlp:Extensions>"), NULL)),
              "ask_status");
    CHECK_STR(post(t, signed_text(t, with(t, S(LOGGED_OUT), "Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"", ""),
                                  NULL)),
              "ask_status");
}

/* --- signatures --------------------------------------------------------------------------- */

TEST(logout_is_always_signed_and_a_request_where_it_must_be_item_47)
{
    struct saml_ask_rules must = rules_of(t);

    must.must_be_signed = true;
    CHECK_STR(post_by(t, plain(t, S(LOGIN)), &must), "ask_unsigned");
    CHECK_STR(post(t, plain(t, S(LOGOUT))), "ask_unsigned");
    CHECK_STR(post(t, plain(t, S(LOGGED_OUT))), "ask_unsigned");
    CHECK_STR(redirect(t, saml_redirect_text(t->arena, "SAMLRequest", plain(t, S(LOGOUT)), S("x"), NULL)),
              "ask_unsigned");
    struct str envelope = arena_printf(
        t->arena,
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>%.*s</s:Body></s:Envelope>",
        STR_ARG(plain(t, S(LOGGED_OUT))));
    struct saml_ask *m;
    struct fail f = { 0 };
    struct saml_ask_rules rules = rules_of(t);
    CHECK(saml_ask_soap(t->arena, envelope, 0, &m, &f));
    CHECK_STR(read_all(t, true, m, &rules, &f), "ok"); /* what came back over our own connection */
    CHECK_STR(read_all(t, true, m, &must, &f), "ask_unsigned");
}

TEST(a_bad_signature_is_fatal_though_none_was_wanted_item_47)
{
    struct saml_ask_rules rules = rules_of(t), keyless = rules_of(t);
    struct str good = signed_text(t, S(LOGIN), NULL);

    CHECK_STR(post(t, with(t, good, ACS, "https://evil.example/acs")), "sig_digest");
    rules.keys = forge_keyring(t->arena, FORGE_OTHER);
    CHECK_STR(post_by(t, good, &rules), "sig_value");
    keyless.keys = NULL;
    CHECK_STR(post_by(t, good, &keyless), "sig_key");
    CHECK_STR(redirect_by(t, signed_query(t, "SAMLRequest", S(LOGIN), RSA256, FORGE_IDP), &keyless), "sig_key");
    CHECK_STR(redirect_by(t, signed_query(t, "SAMLRequest", S(LOGIN), RSA256, FORGE_IDP), &rules), "sig_value");
    struct str to_nowhere = with(t, S(LOGIN), " Destination=\"" HERE "\"", "");
    CHECK_STR(post(t, plain(t, to_nowhere)), "ok");
    CHECK_STR(post(t, signed_text(t, to_nowhere, NULL)), "ask_destination");
    CHECK_STR(redirect(t, signed_query(t, "SAMLRequest", to_nowhere, RSA256, FORGE_IDP)), "ask_destination");
}

TEST(no_algorithm_but_ours_signs_a_request_items_16_19)
{
    static const char *const methods[] = { "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
                                           "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
                                           "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
                                           "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
                                           "none",
                                           "" };

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        CHECK_STR(redirect(t, signed_query(t, "SAMLRequest", S(LOGIN), methods[i], FORGE_IDP)), "sig_algorithm");
        if (methods[i][0] != '\0' && i != 2 && i != 4) {
            const struct forge_sign how = { .key = FORGE_IDP, .method = methods[i] };
            CHECK_STR(post(t, signed_text(t, S(LOGIN), &how)), "sig_algorithm");
        }
    }
    const struct forge_sign hmac = { .key = FORGE_IDP, .hmac = true, .method = methods[2] };
    CHECK_STR(post(t, signed_text(t, S(LOGIN), &hmac)), "sig_algorithm");
    const struct forge_sign sha1 = { .key = FORGE_IDP, .digest = "http://www.w3.org/2000/09/xmldsig#sha1" };
    CHECK_STR(post(t, signed_text(t, S(LOGIN), &sha1)), "sig_algorithm");
}

/* [the eight wrappings of Somorovsky and others, as far as a request has room for them] */
TEST(a_signature_beside_what_is_read_is_refused)
{
    struct str good = signed_text(t, S(LOGIN), NULL);
    struct str evil = with(t, plain(t, S(LOGIN)), "ID=\"_a1\"", "ID=\"_evil\"");
    struct str in_extensions = with(t, evil, "<x:y xmlns:x=\"urn:x\"/>", arena_cstr(t->arena, good));
    CHECK_STR(post(t, in_extensions), "ask_sig_place");

    struct str signature = forge_cut(good, "Signature");
    struct str moved = with(t, evil, "<samlp:Extensions>",
                            arena_cstr(t->arena, arena_join(t->arena, signature, S("<samlp:Extensions>"))));
    CHECK_STR(post(t, moved), "sig_reference");
    struct str twice = with(t, good, "<samlp:Extensions>",
                            arena_cstr(t->arena, arena_join(t->arena, signature, S("<samlp:Extensions>"))));
    CHECK_STR(post(t, twice), "ask_sig_place");
    struct str deep = with(t, evil, "<x:y xmlns:x=\"urn:x\"/>", arena_cstr(t->arena, signature));
    CHECK_STR(post(t, deep), "ask_sig_place");

    struct str envelope = arena_printf(t->arena,
                                       "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>"
                                       "%.*s</s:Header><s:Body>%.*s</s:Body></s:Envelope>",
                                       STR_ARG(signed_text(t, S(LOGOUT), NULL)),
                                       STR_ARG(with(t, plain(t, S(LOGOUT)), "ID=\"_a1\"", "ID=\"_evil\"")));
    struct saml_ask *m;
    struct fail f = { 0 };
    struct saml_ask_rules rules = rules_of(t);
    bool opened = saml_ask_soap(t->arena, envelope, 0, &m, &f);
    CHECK_STR(read_all(t, opened, m, &rules, &f), "ask_sig_place");
}

/* --- queries -------------------------------------------------------------------------------- */

TEST(a_query_is_verified_over_its_octets_as_they_came)
{
    struct str good = signed_query(t, "SAMLRequest", S(LOGIN), RSA256, FORGE_IDP);
    size_t state = str_find(good, S("&RelayState=to%20here"));
    size_t alg = str_find(good, S("&SigAlg="));

    CHECK(state < good.n);
    CHECK_STR(redirect(t, good), "ok");
    CHECK_STR(redirect(t, arena_join(t->arena, S("idp=x&y&"), good)), "ok");
    CHECK_STR(redirect(t, with(t, good, "to%20here", "to+here")), "sig_value"); /* says the same, and is not the same */
    CHECK_STR(redirect(t, with(t, good, "to%20here", "to%20there")), "sig_value");
    CHECK_STR(redirect(t, with(t, good, "&RelayState=to%20here", "")), "sig_value");
    CHECK_STR(redirect(t, with(t, good, "%3A", "%3a")), "sig_value");
    /* in another order than they were signed in, they are put in the order of the rule */
    struct str other =
        arena_printf(t->arena, "%.*s&%.*s", STR_ARG(str_from(good, state + 1)), STR_ARG(str_sub(good, 0, state)));
    CHECK_STR(redirect(t, other), "ok");
    /* lower-case escapes, as .NET has them, signed as they are */
    struct str lower = with(t, str_sub(good, 0, str_find(good, S("&Signature="))), "%3A", "%3a");
    CHECK_STR(redirect(t, with_signature(t, lower, FORGE_IDP)), "ok");
    CHECK_STR(redirect(t, str_sub(good, 0, alg)), "ok"); /* unsigned */
    struct saml_ask_rules must = rules_of(t);
    must.must_be_signed = true;
    CHECK_STR(redirect_by(t, str_sub(good, 0, alg), &must), "ask_unsigned");
}

TEST(a_query_is_refused_for_each_rule_it_breaks)
{
    struct str good = signed_query(t, "SAMLRequest", S(LOGIN), RSA256, FORGE_IDP);
    struct str plainly = saml_redirect_text(t->arena, "SAMLRequest", plain(t, S(LOGIN)), S("x"), NULL);
    struct str message = str_sub(plainly, 0, str_find(plainly, S("&RelayState")));

    CHECK_STR(redirect(t, S("")), "ask_query");
    CHECK_STR(redirect(t, S("RelayState=x")), "ask_query");
    CHECK_STR(redirect(t, arena_printf(t->arena, "%.*s&%.*s", STR_ARG(good), STR_ARG(message))), "ask_query");
    CHECK_STR(redirect(t, arena_join(t->arena, good, S("&RelayState=evil"))), "ask_query");
    CHECK_STR(redirect(t, arena_join(t->arena, good, S("&SigAlg=none"))), "ask_query");
    CHECK_STR(redirect(t, arena_join(t->arena, good, S("&Signature=AAAA"))), "ask_query");
    CHECK_STR(redirect(t, arena_join(t->arena, good, S("&SAMLResponse=AAAA"))), "ask_query");
    CHECK_STR(redirect(t, str_sub(good, 0, str_find(good, S("&Signature=")))), "ask_query_signature");
    CHECK_STR(redirect(t, arena_join(t->arena, plainly, S("&Signature=AAAA"))), "ask_query_signature");
    CHECK_STR(redirect(t, arena_join(t->arena, plainly, S("&SAMLEncoding=urn%3Aother"))), "ask_encoding");
    CHECK_STR(redirect(t, arena_join(t->arena, plainly,
                                     S("&SAMLEncoding=urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"))),
              "ok");
    CHECK_STR(redirect(t, S("SAMLRequest=%zz")), "ask_encoding");
    CHECK_STR(redirect(t, S("SAMLRequest=")), "ask_encoding");
    CHECK_STR(redirect(t, S("SAMLRequest=!!!!")), "ask_encoding");
    CHECK_STR(redirect(t, arena_join(t->arena, message, S("&RelayState=%ff"))), "ask_encoding");
    CHECK_STR(redirect(t, arena_join(t->arena, message, S("&RelayState=a%0d%0ab"))), "ask_relay_state");
    CHECK_STR(redirect(t, arena_join(t->arena, message, S("&RelayState=%00"))), "ask_relay_state");
    char *long_state = arena_alloc(t->arena, SAML_RELAY_STATE_MAX_B + 1);
    memset(long_state, 'x', SAML_RELAY_STATE_MAX_B + 1);
    CHECK_STR(redirect(t, arena_printf(t->arena, "%.*s&RelayState=%.*s", STR_ARG(message), SAML_RELAY_STATE_MAX_B + 1,
                                       long_state)),
              "ask_relay_state");
    CHECK_STR(redirect(t, S("SAMLRequest=AAAA")), "ask_deflate");
    CHECK_STR(redirect(t, with(t, plainly, "SAMLRequest", "SAMLResponse")), "ask_message");
}

static struct str packed_query(struct test *t, struct str text, struct str tail)
{
    z_stream z = { 0 };
    size_t room = text.n / 2 + 1024;
    unsigned char *out = arena_alloc(t->arena, room);
    struct buf b = buf_new(t->arena, 4 * room);

    CHECK(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = (Bytef *)arena_cstr(t->arena, text);
    z.avail_in = (uInt)text.n;
    z.next_out = out;
    z.avail_out = (uInt)room;
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    struct str packed = arena_join(t->arena, str_n(out, room - z.avail_out), tail);
    (void)deflateEnd(&z);
    form_add(&b, S("SAMLRequest"), b64_encode(t->arena, packed));
    return buf_str(&b);
}

TEST(a_query_that_unfolds_to_much_is_given_up_at_the_bound)
{
    size_t n = 64 << 20;
    char *zeros = arena_alloc(t->arena, n);

    memset(zeros, ' ', n);
    struct arena *small = arena_new();
    struct saml_ask *m;
    struct fail f = { 0 };
    CHECK(!saml_ask_redirect(small, packed_query(t, str_n(zeros, n), S("")), 0, &m, &f));
    CHECK_STR(f.code, "ask_deflate");
    CHECK(arena_used(small) < 4 * XML_MESSAGE_MAX_B);
    arena_free(small);
    CHECK_STR(redirect(t, packed_query(t, plain(t, S(LOGIN)), S(""))), "ok");
    CHECK_STR(redirect(t, packed_query(t, plain(t, S(LOGIN)), S("more"))), "ask_deflate");
}

TEST(a_huge_message_is_refused_before_it_is_read)
{
    size_t n = 2 << 20;
    char *text = arena_alloc(t->arena, n);
    struct saml_ask *m;
    struct fail f = { 0 };

    memset(text, 'A', n);
    CHECK(!saml_ask_post(t->arena, str_n(text, n), S(""), 0, &m, &f));
    CHECK_STR(f.code, "message_size");
    f = (struct fail){ 0 };
    CHECK(!saml_ask_redirect(t->arena, str_n(text, n), 0, &m, &f));
    CHECK_STR(f.code, "message_size");
    f = (struct fail){ 0 };
    CHECK(!saml_ask_soap(t->arena, str_n(text, n), 0, &m, &f));
    CHECK_STR(f.code, "xml_size");
    f = (struct fail){ 0 };
    CHECK(!saml_ask_post(t->arena, S("not base64!"), S(""), 0, &m, &f));
    CHECK_STR(f.code, "message_base64");
    f = (struct fail){ 0 };
    CHECK(!saml_ask_post(t->arena, S("AAAA"), S("a\nb"), 0, &m, &f));
    CHECK_STR(f.code, "ask_relay_state");
}

TEST(a_soap_envelope_holds_one_message_and_no_header_that_must_be_understood)
{
#define SOAPED(header, body)                                                                                           \
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">" header "<s:Body>" body "</s:Body></"          \
    "s:Envelope>"
#define TINY "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>"
    static const struct {
        const char *text, *code;
    } cases[] = {
        { SOAPED("", TINY), "ok" },
        { SOAPED("<s:Header><x xmlns=\"urn:x\" s:mustUnderstand=\"0\"/></s:Header>", TINY), "ok" },
        { SOAPED("<s:Header><x xmlns=\"urn:x\" s:mustUnderstand=\"1\"/></s:Header>", TINY), "ask_soap" },
        { SOAPED("", ""), "ask_soap" },
        { SOAPED("", TINY TINY), "ask_soap" },
        { SOAPED("", "text" TINY), "ask_soap" },
        { SOAPED("", TINY), "ok" },
        { SOAPED("<s:Body/>", TINY), "ask_soap" },
        { SOAPED("<s:Else/>", TINY), "ask_soap" },
        { TINY, "ask_soap" },
        { "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>" TINY "</s:Body></s:Envelope>",
          "ask_soap" },
        { SOAPED("", "<x xmlns=\"urn:x\"/>"), "ask_message" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct saml_ask *m;
        struct fail f = { 0 };
        bool ok = saml_ask_soap(t->arena, str_of(cases[i].text), 0, &m, &f);
        CHECK_STR(ok ? "ok" : f.code, cases[i].code);
    }
}

TEST(a_message_is_read_only_as_what_it_is)
{
    struct saml_ask_rules rules = rules_of(t);
    struct saml_logout_asked logout;
    struct saml_ask *m;
    struct fail f = { 0 };

    CHECK(saml_ask_post(t->arena, b64_encode(t->arena, signed_text(t, S(LOGIN), NULL)), S(""), 0, &m, &f));
    CHECK(!saml_ask_logout(m, &rules, &logout, &f));
    CHECK_STR(f.code, "ask_message");
}

TEST(an_encrypted_name_is_opened_with_the_key_that_the_signer_unwraps)
{
    static const struct forge_encrypt how = { .keys = { FORGE_SP1 }, .holder = "EncryptedID" };
    struct saml_ask_rules rules = rules_of(t);
    struct saml_logout_asked got;
    struct saml_ask *m;
    struct fail f = { 0 };
    struct str text = forge_encrypt(t->arena, S(LOGOUT), "NameID", &how);

    CHECK(saml_ask_post(t->arena, b64_encode(t->arena, signed_text(t, text, NULL)), S(""), 0, &m, &f));
    CHECK(saml_ask_logout(m, &rules, &got, &f));
    CHECK(got.wrapped != NULL && got.wrapped->wrapped_count > 0 && got.name.value.p == NULL);
    CHECK(!saml_ask_named(m, S("0123456789abcdef0123456789abcdef"), &got.name, &f));
    CHECK_STR(f.code, "enc_decrypt");
    CHECK(f.kind == FAIL_CALLER);
}
