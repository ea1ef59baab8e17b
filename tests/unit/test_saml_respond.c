/* SPDX-License-Identifier: EUPL-1.2
 * What services get from us: written, signed by a real signer, encrypted; read again by ourselves, by xmlsec1 where it
 * is installed, and held to the schemas of SAML where they are. */
#include "base/codec.h"
#include "base/crypt.h"
#include "certs/local_key.h"
#include "certs/saml_scan.h"
#include "tests/saml/forge.h"
#include "tests/test.h"
#include "tests/unit/signer_bench.h"
#include "wire/saml_ask.h"
#include "wire/saml_idp_metadata.h"
#include "wire/saml_respond.h"
#include "wire/saml_write.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <string.h>

#define US      "https://gateway.example/saml/idp"
#define SERVICE "https://kanerva.example/sp"
#define ACS     "https://kanerva.example/acs?a=1&b=2"
#define ASKED   "_asked"

/* Everything that XML must escape, and what an editor would break. */
#define ODD "a&b <c> \"d\" 'e' \t\r\n \xC3\xA4\xC3\xA5\xF0\x9F\x90\xB0 ]]> <!-- x -->"

static struct saml_statement statement(int64_t now_s)
{
    static const struct str mails[] = { { "pekka@edu.example", 17 }, { ODD, sizeof ODD - 1 }, { "", 0 } };
    static const struct saml_name targeted[] = { { { "opaque", 6 },
                                                   { "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", 52 },
                                                   { US, sizeof US - 1 },
                                                   { SERVICE, sizeof SERVICE - 1 } } };
    static const struct saml_told told[] = {
        { .name = { "urn:oid:0.9.2342.19200300.100.1.3", 33 },
          .friendly = { "mail", 4 },
          .values = mails,
          .value_count = 3 },
        { .name = { "urn:oid:1.3.6.1.4.1.5923.1.1.1.10", 33 }, .names = targeted, .name_count = 1 },
        { .name = { "role", 4 }, .values = mails, .value_count = 1, .basic = true },
        { .name = { "urn:nothing", 11 } },
    };
    static const struct str authorities[] = { { FORGE_ISSUER, sizeof FORGE_ISSUER - 1 } };

    return (struct saml_statement){ .id = S("_assertion1"),
                                    .now_s = now_s,
                                    .issuer = S(US),
                                    .audience = S(SERVICE),
                                    .recipient = S(ACS),
                                    .in_response_to = S(ASKED),
                                    .not_before_s = now_s - 60,
                                    .ends_s = now_s + 300,
                                    .name = { S("x" ODD), S("urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
                                              S(US), S(SERVICE) },
                                    .authenticated_s = now_s - 5,
                                    .session_ends_s = now_s + 3600,
                                    .session_index = S("s-1"),
                                    .context = S("urn:oasis:names:tc:SAML:2.0:ac:classes:Password"),
                                    .authorities = authorities,
                                    .authority_count = 1,
                                    .told = told,
                                    .told_count = 4 };
}

static struct saml_response response(int64_t now_s, struct str holds)
{
    return (struct saml_response){ .id = S("_response1"),
                                   .now_s = now_s,
                                   .issuer = S(US),
                                   .destination = S(ACS),
                                   .in_response_to = S(ASKED),
                                   .status = SAML_SUCCESS,
                                   .holds = holds };
}

static struct saml_logout logout(int64_t now_s)
{
    static const struct str sessions[] = { { "s-1", 3 }, { "s-2", 3 } };

    return (struct saml_logout){ .id = S("_logout1"),
                                 .now_s = now_s,
                                 .ends_s = now_s + 300,
                                 .issuer = S(US),
                                 .destination = S("https://kanerva.example/slo"),
                                 .reason = S("urn:oasis:names:tc:SAML:2.0:logout:user"),
                                 .name = { S("pekka"), S("urn:f"), { 0 }, { 0 } },
                                 .sessions = sessions,
                                 .session_count = 2,
                                 .asynchronous = true };
}

/* --- second opinions ------------------------------------------------------------------ */

static struct str canonical(struct test *t, struct str text)
{
    xmlDoc *doc = xmlReadMemory(text.p, (int)text.n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
    xmlChar *out = NULL;
    int n = doc != NULL ? xmlC14NDocDumpMemory(doc, NULL, XML_C14N_EXCLUSIVE_1_0, NULL, 0, &out) : -1;
    struct str copy = n >= 0 ? arena_str(t->arena, str_n(out, (size_t)n)) : (struct str){ NULL, 0 };

    xmlFree(out);
    xmlFreeDoc(doc);
    return copy;
}

static const char *const schema_folders[] = { "/usr/share/xml/opensaml", "/usr/share/xml/xmltooling",
                                              "/usr/share/xml/shibboleth", "/usr/share/simplesamlphp/schemas" };

/* Messages and metadata, and what of other namespaces stands in ours: with each schema that is here an element of its
 * namespace is held to it. */
static const struct schema_file {
    const char *space, *name;
} schema_files[] = {
    { "urn:oasis:names:tc:SAML:2.0:protocol", "saml-schema-protocol-2.0.xsd" },
    { "urn:oasis:names:tc:SAML:2.0:assertion", "saml-schema-assertion-2.0.xsd" },
    { "urn:oasis:names:tc:SAML:2.0:metadata", "saml-schema-metadata-2.0.xsd" },
    { "urn:oasis:names:tc:SAML:metadata:ui", "sstc-saml-metadata-ui-v1.0.xsd" },
    { "urn:oasis:names:tc:SAML:metadata:attribute", "sstc-metadata-attr.xsd" },
    { "urn:oasis:names:tc:SAML:metadata:algsupport", "sstc-saml-metadata-algsupport-v1.0.xsd" },
    { "urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo", "saml-async-slo-v1.0.xsd" },
    { "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol", "sstc-saml-idp-discovery.xsd" },
    { "urn:oasis:names:tc:SAML:profiles:SSO:request-init", "sstc-request-initiation.xsd" },
    { "urn:mace:shibboleth:metadata:1.0", "shibboleth-metadata-1.0.xsd" },
    { "http://schemas.xmlsoap.org/soap/envelope/", "soap-envelope.xsd" },
};

static bool schema_path(char path[512], const char *name)
{
    for (size_t i = 0; i < sizeof schema_folders / sizeof schema_folders[0]; i++) {
        (void)snprintf(path, 512, "%s/%s", schema_folders[i], name);
        if (access(path, R_OK) == 0)
            return true;
    }
    return false;
}

static xmlParserInputPtr load_schema(const char *url, const char *id, xmlParserCtxtPtr ctxt)
{
    const char *slash = strrchr(url, '/');
    char path[512];

    return schema_path(path, slash != NULL ? slash + 1 : url) ? xmlNewInputFromFile(ctxt, path) : NULL;
}

static void quiet(void *context, const char *text, ...)
{
}

/* One for all tests; NULL: none are installed. */
static xmlSchema *saml_schema(void)
{
    static xmlSchema *schema;
    char all[4096] = "<schema xmlns=\"http://www.w3.org/2001/XMLSchema\">", path[512];
    size_t n = strlen(all);

    if (schema != NULL || !schema_path(path, schema_files[0].name))
        return schema;
    for (size_t i = 0; i < sizeof schema_files / sizeof schema_files[0]; i++)
        if (schema_path(path, schema_files[i].name))
            n += (size_t)snprintf(all + n, sizeof all - n, "<import namespace=\"%s\" schemaLocation=\"%s\"/>",
                                  schema_files[i].space, schema_files[i].name);
    n += (size_t)snprintf(all + n, sizeof all - n, "</schema>");
    xmlExternalEntityLoader before = xmlGetExternalEntityLoader();
    xmlSetExternalEntityLoader(load_schema);
    xmlSchemaParserCtxt *ctxt = xmlSchemaNewMemParserCtxt(all, (int)n);
    xmlSchemaSetParserErrors(ctxt, quiet, quiet, NULL);
    schema = xmlSchemaParse(ctxt);
    xmlSchemaFreeParserCtxt(ctxt);
    xmlSetExternalEntityLoader(before);
    return schema;
}

__attribute__((format(printf, 2, 3))) static void say(void *test, const char *text, ...)
{
    struct test *t = test;
    char line[512];
    va_list ap;

    va_start(ap, text);
    (void)vsnprintf(line, sizeof line, text, ap);
    va_end(ap);
    test_fail(t, __FILE__, __LINE__, "schema: %s", line);
}

/* said: NULL: whatever is wrong fails the test. */
static bool is_valid(struct test *t, struct str text, xmlSchemaValidityErrorFunc said)
{
    xmlDoc *doc = xmlReadMemory(text.p, (int)text.n, NULL, NULL, XML_PARSE_NONET);
    xmlSchemaValidCtxt *ctxt = xmlSchemaNewValidCtxt(saml_schema());

    xmlSchemaSetValidErrors(ctxt, said, said, t);
    bool valid = doc != NULL && xmlSchemaValidateDoc(ctxt, doc) == 0;
    xmlSchemaFreeValidCtxt(ctxt);
    xmlFreeDoc(doc);
    return valid;
}

static void check_schema(struct test *t, struct str text)
{
    if (saml_schema() != NULL) /* else the test of the schemas' own says so */
        CHECK(is_valid(t, text, say));
}

TEST(the_schemas_of_saml_are_at_hand_and_refuse)
{
#define ENVELOPE(x)                                                                                                    \
    "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body>" x "</S:Body></S:Envelope>"
#define ANSWER(x)                                                                                                      \
    "<samlp:LogoutResponse xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_a\" Version=\"2.0\" "            \
    "IssueInstant=\"2026-08-10T08:00:00Z\">" x "<samlp:Status><samlp:StatusCode Value=\"urn:x\"/></samlp:Status>"      \
    "</samlp:LogoutResponse>"
#define ROLE(extensions)                                                                                               \
    "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"urn:x\"><md:SPSSODescriptor "   \
    "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:Extensions>" extensions                   \
    "</md:Extensions><md:AssertionConsumerService index=\"0\" Binding=\"urn:b\" Location=\"urn:l\"/>"                  \
    "</md:SPSSODescriptor></md:EntityDescriptor>"
#define UI(x)                                                                                                          \
    "<u:UIInfo xmlns:u=\"urn:oasis:names:tc:SAML:metadata:ui\"><u:Logo " x ">https://x.example/l</u:Logo></u:UIInfo>"
    static const char *const right[] = { ANSWER(""), ENVELOPE(ANSWER("")), ROLE(UI("height=\"1\" width=\"1\"")) };
    static const char *const wrong[] = { ANSWER("<samlp:Odd/>"), ENVELOPE(ANSWER("<samlp:Odd/>")),
                                         ENVELOPE("</S:Body><S:Body>"), ROLE(UI("height=\"1\"")) };

    if (saml_schema() == NULL) {
        test_skip(t, "neither opensaml-schemas nor simplesamlphp is installed");
        return;
    }
    char path[512];
    bool all = true;
    for (size_t i = 0; i < sizeof schema_files / sizeof schema_files[0]; i++)
        all = schema_path(path, schema_files[i].name) && all;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        check_schema(t, str_of(right[i]));
    for (size_t i = 0; all && i < sizeof wrong / sizeof wrong[0]; i++)
        if (is_valid(t, str_of(wrong[i]), quiet))
            test_fail(t, __FILE__, __LINE__, "taken: %s", wrong[i]);
    if (!all)
        test_skip(t, "opensaml-schemas, xmltooling-schemas or shibboleth-sp-common is not installed: extensions are "
                     "held to no schema");
}

static bool has_xmlsec1(void)
{
    return system("command -v xmlsec1 >/dev/null 2>&1") == 0;
}

static const char *write_file(struct test *t, const char *folder, const char *name, struct str text)
{
    char *path = arena_cstr(t->arena, arena_printf(t->arena, "%s/%s", folder, name));
    FILE *file = fopen(path, "wb");

    CHECK(file != NULL && fwrite(text.p, 1, text.n, file) == text.n);
    if (file != NULL)
        (void)fclose(file);
    return path;
}

static bool xmlsec1(struct test *t, const char *words, const char *path)
{
    return system(arena_cstr(t->arena, arena_printf(t->arena, "xmlsec1 %s %s >/dev/null 2>&1", words, path))) == 0;
}

static void check_xmlsec1(struct test *t, struct bench *x, struct str text, struct str certificate, const char *kind)
{
    struct str der;

    if (!has_xmlsec1())
        return;
    CHECK(b64_decode(t->arena, certificate, &der));
    const char *pem = write_file(t, x->folder, "cert.pem", certificate_pem(t->arena, der));
    const char *path = write_file(t, x->folder, "signed.xml", text);
    CHECK(xmlsec1(t,
                  arena_cstr(t->arena, arena_printf(t->arena,
                                                    "--verify --enabled-key-data rsa,ec --pubkey-cert-pem %s "
                                                    "--id-attr:ID Assertion --id-attr:ID %s",
                                                    pem, kind)),
                  path));
}

/* --- form ------------------------------------------------------------------------------- */

TEST(what_is_written_is_its_own_exclusive_canonical_form)
{
    struct saml_statement s = statement(TEST_NOW_S);
    struct saml_draft a = saml_assertion_draft(t->arena, &s);
    struct saml_response r = response(TEST_NOW_S, a.text);
    struct saml_logout l = logout(TEST_NOW_S);
    struct saml_draft drafts[6] = { a, saml_response_draft(t->arena, &r), saml_logout_draft(t->arena, &l) };
    struct fail f = { 0 };

    r.message = S(ODD);
    r.status = SAML_RESPONDER;
    r.inner = SAML_PARTIAL_LOGOUT;
    drafts[3] = saml_logged_out_draft(t->arena, &r);
    r.in_response_to = (struct str){ NULL, 0 };
    r.holds = xmlenc_seal(t->arena, &t->world,
                          &(struct xmlenc_how){ .content = XMLENC_AES256_GCM,
                                                .newer = true,
                                                .digest = XMLENC_SHA256,
                                                .mgf = XMLENC_SHA256,
                                                .recipient = S("urn:a&\"b") },
                          "saml:EncryptedAssertion", a.text, &f);
    CHECK(r.holds.p == NULL);
    CHECK_STR(f.code, "key_unreadable");
    drafts[4] = saml_response_draft(t->arena, &r);
    s.name.value = (struct str){ NULL, 0 }; /* item 45: an assertion without NameID */
    s.in_response_to = (struct str){ NULL, 0 };
    s.told_count = 0;
    drafts[5] = saml_assertion_draft(t->arena, &s);
    for (size_t i = 0; i < 6; i++) {
        CHECK(str_is_set(drafts[i].text));
        CHECK(str_eq(drafts[i].text, canonical(t, drafts[i].text)));
        CHECK(str_has_suffix(str_sub(drafts[i].text, 0, drafts[i].place), S("</saml:Issuer>")));
        check_schema(t, drafts[i].text);
    }
    CHECK(str_find(drafts[5].text, S("NameID")) == drafts[5].text.n);
    CHECK(str_find(drafts[5].text, S("InResponseTo")) == drafts[5].text.n);
}

TEST(what_xml_cannot_hold_becomes_another_character)
{
    const struct saml_name odd = { .value = { "a\x01\0b\xff\xEF\xBF\xBE\x7f", 9 } };
    struct str got = saml_name_write(t->arena, &odd);

    CHECK_STR(got, "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">a\xEF\xBF\xBD\xEF\xBF\xBD"
                   "b\xEF\xBF\xBD\xEF\xBF\xBD\x7f</saml:NameID>");
    CHECK(saml_name_write(t->arena, &(struct saml_name){ 0 }).p == NULL);
}

TEST(a_text_beyond_the_bound_is_absent)
{
    char *large = arena_alloc(t->arena, SAML_TEXT_MAX_B);
    struct saml_statement s = statement(TEST_NOW_S);

    memset(large, 'x', SAML_TEXT_MAX_B);
    s.name.value = str_n(large, SAML_TEXT_MAX_B);
    struct saml_draft d = saml_assertion_draft(t->arena, &s);
    CHECK(d.text.p == NULL);
    CHECK(saml_sealed(t->arena, &d, S("<x/>")).p == NULL);
}

/* --- signed ------------------------------------------------------------------------------- */

static struct str sign(struct test *t, struct bench *x, enum jose_alg alg, const struct saml_draft *d)
{
    struct signed_got got = { 0 };

    signer_saml_text(x->signer, &x->batch, t->arena, alg, d->text, &got);
    wait_for(x);
    CHECK(got.ok);
    return got.ok ? saml_sealed(t->arena, d, got.value) : (struct str){ NULL, 0 };
}

static struct str sign_request(struct test *t, struct bench *x, struct str request)
{
    struct signed_got got = { 0 };

    signer_saml_text(x->signer, &x->batch, t->arena, JOSE_RS256, request, &got);
    wait_for(x);
    CHECK(got.ok);
    return saml_request_sealed(t->arena, request, got.value);
}

static struct str certificate_of(const struct bench *x, enum jose_alg alg)
{
    size_t n;
    const struct public_key *k = keyset_keys(signer_keys(x->signer), &n);

    for (size_t i = 0; i < n; i++)
        if (k[i].use == KEY_SAML && k[i].alg == alg)
            return k[i].certificate;
    return (struct str){ NULL, 0 };
}

static struct keyring *ring_of(struct test *t, const struct bench *x, enum jose_alg alg)
{
    struct keyring *ring = keyring_new(t->arena);
    struct fail f = { 0 };
    struct str der;

    CHECK(b64_decode(t->arena, certificate_of(x, alg), &der) && keyring_add_certificate(ring, der, &f));
    return ring;
}

/* As a service would: the reader of cities' answers, turned round. */
static void check_accepted(struct test *t, struct str text, const struct keyring *keys, int64_t now_s)
{
    const struct saml_rules rules = { .keys = keys,
                                      .issuer = S(US),
                                      .sp = S(SERVICE),
                                      .acs = S(ACS),
                                      .request_id = S(ASKED),
                                      .now_s = now_s,
                                      .skew_s = 60 };
    struct saml_answer *m;
    struct fail f = { 0 };

    CHECK_INT(saml_open(t->arena, text, &rules, &m, &f), SAML_PROVEN);
    if (f.code != NULL)
        CHECK_STR(f.detail, f.code);
    const struct saml_assertion *got = saml_assertion(m);
    if (got == NULL)
        return;
    CHECK_STR(got->session_index, "s-1");
    CHECK_STR(got->context, "urn:oasis:names:tc:SAML:2.0:ac:classes:Password");
    CHECK_INT(got->attribute_count, 4);
    CHECK_STR(got->attributes[0].values[1], ODD);
}

TEST(assertions_and_responses_are_signed_and_hold_items_16_21_48_50)
{
    static const enum jose_alg algs[] = { JOSE_RS256, JOSE_ES256 };
    struct bench x;
    int64_t now_s = world_now_s(&world_real);

    begin(t, &x);
    if (!has_xmlsec1())
        test_skip(t, "xmlsec1 is not installed; read by ourselves alone");
    for (size_t i = 0; i < 2; i++)
        for (int which = 1; which <= 3; which++) {
            struct saml_statement s = statement(now_s);
            s.name.value = S("xyz"); /* our own reader refuses control characters in a name */
            struct saml_draft a = saml_assertion_draft(t->arena, &s);
            struct saml_response r = response(now_s, (which & 1) != 0 ? sign(t, &x, algs[i], &a) : a.text);
            struct saml_draft d = saml_response_draft(t->arena, &r);
            struct str text = (which & 2) != 0 ? sign(t, &x, algs[i], &d) : d.text;
            CHECK(str_eq(text, canonical(t, text)));
            check_schema(t, text);
            check_accepted(t, text, ring_of(t, &x, algs[i]), now_s);
            check_xmlsec1(t, &x, text, certificate_of(&x, algs[i]), "Response");
        }
    end(t, &x);
}

TEST(messages_of_logout_are_signed_over_every_binding_item_51)
{
    static const enum jose_alg algs[] = { JOSE_RS256, JOSE_ES256 };
    static const enum saml_query_alg queries[] = { SAML_QUERY_RSA_SHA256, SAML_QUERY_ECDSA_SHA256 };
    struct bench x;
    int64_t now_s = world_now_s(&world_real);

    begin(t, &x);
    for (size_t i = 0; i < 2; i++) {
        struct saml_logout l = logout(now_s);
        struct saml_draft d = saml_logout_draft(t->arena, &l);
        struct str text = sign(t, &x, algs[i], &d);
        struct saml_ask_rules rules = { .keys = ring_of(t, &x, algs[i]),
                                        .issuer = S(US),
                                        .here = S("https://kanerva.example/slo"),
                                        .now_s = now_s,
                                        .skew_s = 60 };
        struct saml_logout_asked asked;
        struct saml_ask *m;
        struct fail f = { 0 };
        check_schema(t, text);
        check_xmlsec1(t, &x, text, certificate_of(&x, algs[i]), "LogoutRequest");
        CHECK(saml_ask_soap(t->arena, saml_soap_write(t->arena, text), 0, &m, &f) &&
              saml_ask_logout(m, &rules, &asked, &f));
        CHECK(asked.is_signed && asked.asynchronous);
        CHECK_STR(asked.name.value, "pekka");
        CHECK_STR(asked.sessions[1], "s-2");

        struct saml_response r = response(now_s, (struct str){ NULL, 0 });
        r.destination = rules.here;
        r.status = SAML_RESPONDER;
        r.inner = SAML_PARTIAL_LOGOUT;
        struct str query =
            saml_query_draft(t->arena, saml_logged_out_draft(t->arena, &r).text, true, S("to & fro"), queries[i]);
        struct signed_got got = { 0 };
        signer_query_by(x.signer, &x.batch, t->arena, algs[i], query, &got);
        wait_for(&x);
        CHECK(got.ok);
        struct str url = saml_redirect_url(t->arena, S("https://kanerva.example/slo?x=y"), query, got.value);
        struct saml_logged_out out;
        rules.request_id = S(ASKED);
        CHECK(saml_ask_redirect(t->arena, str_from(url, str_find_byte(url, '?', 0) + 1), 0, &m, &f));
        CHECK_STR(saml_ask_relay_state(m), "to & fro");
        CHECK(saml_ask_logged_out(m, &rules, &out, &f) && out.is_signed && !out.success && out.partial);
        got = (struct signed_got){ 0 };
        signer_query_by(x.signer, &x.batch, t->arena, algs[1 - i], query, &got);
        wait_for(&x);
        CHECK(!got.ok);
        CHECK_STR(got.error, "malformed"); /* SigAlg says another algorithm */
    }
    end(t, &x);
}

/* --- what the signer refuses ------------------------------------------------------------------ */

static const char *scanned(struct str text)
{
    struct str id;

    return signer_reason_word(saml_scan(text, S("https://gateway.example"), TEST_NOW_S, &id));
}

TEST(the_signer_signs_an_assertion_of_ours_for_one_service_and_an_hour_at_most)
{
    static const struct {
        const char *from, *to;
    } broken[] = {
        { "<saml:Issuer>https://gateway.example/saml/idp", "<saml:Issuer>https://gateway.example.evil/saml/idp" },
        { "<saml:Issuer>https://gateway.example/saml/idp", "<saml:Issuer>https://city.example/idp" },
        { "Audience>https://kanerva.example/sp", "Audience>https://gateway.example/saml/metadata" },
        { "Audience>https://kanerva.example/sp", "Audience>" },
        { "</saml:Audience>", "</saml:Audience><saml:Audience>urn:b</saml:Audience>" },
        { "<saml:Conditions ", "<saml:Condition " },
        { "<saml:AuthnStatement ", "<saml:AuthnStatement x=\"\"></saml:AuthnStatement><saml:AuthnStatement " },
        { " IssueInstant=\"2026-08-10T08:00:00Z\"", " IssueInstant=\"2026-08-10T09:00:00Z\"" },
        { " IssueInstant=\"2026-08-10T08:00:00Z\"", "" },
        { " NotOnOrAfter=\"2026-08-10T08:05:00Z\"", " NotOnOrAfter=\"2026-08-10T09:00:01Z\"" },
        { " NotOnOrAfter=\"2026-08-10T08:05:00Z\"", "" },
        { " ID=\"_assertion1\"", " ID=\"_assertion1\" ID=\"_b\"" },
        { " ID=\"_assertion1\"", " ID=\"1\"" },
        { " ID=\"_assertion1\"", "" },
        { "<saml:Subject>", "<!-- --><saml:Subject>" },
        { "<saml:Subject>", "<?x ?><saml:Subject>" },
        { "<saml:Subject>", "<x xmlns=\"urn:x\"></x><saml:Subject>" },
        { "<saml:Subject>",
          "<x:Assertion xmlns:x=\"urn:oasis:names:tc:SAML:2.0:assertion\"></x:Assertion><saml:Subject>" },
        { "<saml:Subject>",
          "<x:Assertion xmlns:x='urn:oasis:names:tc:SAML:2.0:assertion'></x:Assertion><saml:Subject>" },
        { "<saml:Subject>",
          "<x:Assertion xmlns:x=\"urn:oasis:names:tc:SAML:2.0:assertio&#x6E;\"></x:Assertion><saml:Subject>" },
        { "<saml:Subject>", "<saml:Advice><saml:Assertion ID=\"_x\"></saml:Assertion></saml:Advice><saml:Subject>" },
        { "<saml:Assertion ", "<saml:AssertionX " },
        { "saml:Assertion", "saml:AttributeQuery" },
    };
    struct saml_statement s = statement(TEST_NOW_S);
    struct str assertion = saml_assertion_draft(t->arena, &s).text;
    struct saml_response r = response(TEST_NOW_S, assertion);
    struct str whole = saml_response_draft(t->arena, &r).text;

    CHECK_STR(scanned(assertion), "");
    CHECK_STR(scanned(whole), "");
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct str one = forge_replace(t->arena, assertion, broken[i].from, broken[i].to);
        struct saml_response around = response(TEST_NOW_S, one);
        if (str_eq(one, assertion))
            test_fail(t, __FILE__, __LINE__, "nothing to replace: %s", broken[i].from);
        if (!str_eq(str_of(scanned(one)), S("malformed")))
            test_fail(t, __FILE__, __LINE__, "signed: %s -> %s", broken[i].from, broken[i].to);
        if (i + 1 < sizeof broken / sizeof broken[0])
            CHECK_STR(scanned(saml_response_draft(t->arena, &around).text), "malformed");
    }
    r.holds = arena_join(t->arena, assertion, assertion);
    CHECK_STR(scanned(saml_response_draft(t->arena, &r).text), "malformed");
    r.holds = (struct str){ NULL, 0 };
    r.issuer = S("https://other.example");
    CHECK_STR(scanned(saml_response_draft(t->arena, &r).text), "malformed");
    CHECK_STR(scanned(S("")), "malformed");
    CHECK_STR(scanned(S("SAMLRequest=x")), "malformed");
    struct saml_logout l = logout(TEST_NOW_S);
    l.encrypted = assertion;
    CHECK_STR(scanned(saml_logout_draft(t->arena, &l).text), "malformed");
}

/* --- encrypted -------------------------------------------------------------------------------- */

static struct str der_of(struct test *t, enum forge_key key)
{
    struct certificate is = { 0 };

    CHECK_INT(certificates_read(t->arena, forge_certificate(key), &is, 1), 1);
    return is.der;
}

static struct str opened(struct test *t, struct str sealed, enum forge_key key)
{
    struct fail f = { 0 };
    struct encrypted e;
    struct str content_key;
    struct local_keys *keys = local_keys_read(t->arena, NULL, forge_private(key), &f);
    struct _xmlDoc *doc = xml_parse(t->arena, sealed, 1 << 20, &f);

    if (doc == NULL || !xmlenc_read(t->arena, xml_root(doc), &e, &f))
        return str_of(f.code);
    if (!local_keys_unwrap(t->arena, keys, (enum oaep_hash)e.wrapped[0].digest, (enum oaep_hash)e.wrapped[0].mgf,
                           e.wrapped[0].cipher, &content_key))
        return S("no key");
    const struct _xmlNode *n = xmlenc_open(t->arena, &e, content_key, 1 << 20, &f);
    return n != NULL ? xml_text(t->arena, n) : str_of(f.code);
}

TEST(what_is_encrypted_to_a_service_opens_with_its_key_alone_items_17_18_44)
{
    static const enum xmlenc_content contents[] = { XMLENC_AES128_GCM, XMLENC_AES256_GCM, XMLENC_AES128_CBC,
                                                    XMLENC_AES256_CBC };
    static const enum xmlenc_hash hashes[] = { XMLENC_SHA1, XMLENC_SHA256 };
    const struct saml_name name = { .value = S(ODD) };
    struct str element = saml_name_write(t->arena, &name);
    char folder[] = "/tmp/digione-seal-XXXXXX";
    bool oaep_known =
        system("xmlsec1 --list-transforms 2>/dev/null | grep -q enc11") == 0; /* and other digests: from 1.3 on */
    struct fail f = { 0 };

    CHECK(mkdtemp(folder) != NULL);
    const char *pem = write_file(t, folder, "key.pem", forge_private(FORGE_SP1));
    if (!has_xmlsec1())
        test_skip(t, "xmlsec1 is not installed; opened by ourselves alone");
    for (int i = 0; i < 16; i++) {
        const struct xmlenc_how how = { .content = contents[i & 3],
                                        .newer = (i & 4) != 0,
                                        .digest = hashes[i >> 3],
                                        .mgf = hashes[i >> 3],
                                        .certificate = der_of(t, FORGE_SP1),
                                        .recipient = S(SERVICE "?a=1&b") };
        struct str sealed = xmlenc_seal(t->arena, &t->world, &how, "saml:EncryptedID", element, &f);
        CHECK(str_is_set(sealed) && str_eq(sealed, canonical(t, sealed)));
        CHECK(str_find(sealed, S("pekka")) == sealed.n);
        bool gcm = (i & 2) == 0;
        CHECK_STR(opened(t, sealed, FORGE_SP1), gcm ? ODD : "enc_algorithm"); /* CBC: ourselves never */
        CHECK_STR(opened(t, sealed, FORGE_SP2), gcm ? "no key" : "enc_algorithm");
        if (!how.newer) /* the schema of XML Encryption 1.1 is nowhere packaged */
            check_schema(t, sealed);
        if (has_xmlsec1() && ((!how.newer && how.digest == XMLENC_SHA1) || oaep_known)) {
            const char *path = write_file(t, folder, "sealed.xml", sealed);
            CHECK(xmlsec1(t, arena_cstr(t->arena, arena_printf(t->arena, "--decrypt --privkey-pem %s", pem)), path));
        }
    }
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf '%s'", folder))) == 0);
}

TEST(nothing_is_encrypted_in_a_way_that_is_not_offered_item_19)
{
    struct xmlenc_how how = { .content = XMLENC_NO_CONTENT,
                              .digest = XMLENC_SHA256,
                              .certificate = der_of(t, FORGE_SP1) };
    struct fail f = { 0 };

    CHECK(xmlenc_seal(t->arena, &t->world, &how, "saml:EncryptedID", S("<x/>"), &f).p == NULL);
    CHECK_STR(f.code, "enc_algorithm");
    how.content = XMLENC_AES256_GCM;
    how.digest = XMLENC_NO_HASH;
    f = (struct fail){ 0 };
    CHECK(xmlenc_seal(t->arena, &t->world, &how, "saml:EncryptedID", S("<x/>"), &f).p == NULL);
    CHECK_STR(f.code, "enc_algorithm");
    how.digest = XMLENC_SHA256;
    how.certificate = der_of(t, FORGE_WEAK);
    f = (struct fail){ 0 };
    CHECK(xmlenc_seal(t->arena, &t->world, &how, "saml:EncryptedID", S("<x/>"), &f).p == NULL);
    CHECK_STR(f.code, "key_weak");
    CHECK(!xmlenc_can_seal(how.certificate) && !xmlenc_can_seal(der_of(t, FORGE_EC256)) && !xmlenc_can_seal(S("x")));
    CHECK(xmlenc_can_seal(der_of(t, FORGE_SP1)));
}

TEST(two_sealings_of_one_text_have_nothing_in_common)
{
    const struct xmlenc_how how = { .content = XMLENC_AES256_GCM,
                                    .digest = XMLENC_SHA256,
                                    .certificate = der_of(t, FORGE_SP1) };
    struct fail f = { 0 };
    struct str one = xmlenc_seal(t->arena, &t->world, &how, "saml:EncryptedID", S("<x/>"), &f);
    struct str two = xmlenc_seal(t->arena, &t->world, &how, "saml:EncryptedID", S("<x/>"), &f);
    size_t at = str_find(one, S("</ds:KeyInfo><xenc:CipherData>"));

    CHECK(str_is_set(one) && str_is_set(two) && at < one.n && !str_eq(str_from(one, at), str_from(two, at)));
}

/* --- every kind ------------------------------------------------------------------------------------ */

TEST(every_kind_of_message_is_valid_by_the_schemas_and_confirmed_by_xmlsec1_items_52_55)
{
    struct bench x;
    int64_t now_s = world_now_s(&world_real);
    struct saml_response r = response(now_s, (struct str){ NULL, 0 });
    struct fail f = { 0 };

    begin(t, &x);
    for (int status = SAML_SUCCESS; status < SAML_STATUS_COUNT; status++) { /* an error, with and without a message */
        r.status = (status & 1) != 0 ? SAML_REQUESTER : SAML_RESPONDER;
        r.inner = (enum saml_status)status;
        r.message = (status & 2) != 0 ? S(ODD) : (struct str){ NULL, 0 };
        check_schema(t, saml_response_draft(t->arena, &r).text);
        check_schema(t, saml_logged_out_draft(t->arena, &r).text);
    }
    struct saml_draft d = saml_response_draft(t->arena, &r);
    check_xmlsec1(t, &x, sign(t, &x, JOSE_RS256, &d), certificate_of(&x, JOSE_RS256), "Response");
    d = saml_logged_out_draft(t->arena, &r);
    struct str out = sign(t, &x, JOSE_ES256, &d);
    check_schema(t, out);
    check_xmlsec1(t, &x, out, certificate_of(&x, JOSE_ES256), "LogoutResponse");

    struct saml_statement s = statement(now_s); /* the least that is said, and encrypted */
    s.name = (struct saml_name){ 0 };
    s.told_count = s.authority_count = 0;
    s.in_response_to = s.session_index = (struct str){ NULL, 0 };
    s.session_ends_s = s.not_before_s = 0;
    struct str least = saml_assertion_draft(t->arena, &s).text;
    check_schema(t, least);
    const struct xmlenc_how how = { .content = XMLENC_AES128_GCM,
                                    .digest = XMLENC_SHA1,
                                    .mgf = XMLENC_SHA1,
                                    .certificate = der_of(t, FORGE_SP1),
                                    .recipient = S(SERVICE) };
    r = response(now_s, xmlenc_seal(t->arena, &t->world, &how, "saml:EncryptedAssertion", least, &f));
    d = saml_response_draft(t->arena, &r);
    out = sign(t, &x, JOSE_RS256, &d);
    check_schema(t, out);
    check_xmlsec1(t, &x, out, certificate_of(&x, JOSE_RS256), "Response");
    struct saml_logout l = logout(now_s); /* likewise */
    const struct saml_name name = { .value = S("pekka") };
    l.encrypted = xmlenc_seal(t->arena, &t->world, &how, "saml:EncryptedID", saml_name_write(t->arena, &name), &f);
    l.asynchronous = false;
    check_schema(t, saml_logout_draft(t->arena, &l).text);
    check_schema(t, saml_soap_write(t->arena, saml_logout_draft(t->arena, &l).text));
    d = saml_logged_out_draft(t->arena, &r);
    check_schema(t, saml_soap_write(t->arena, sign(t, &x, JOSE_RS256, &d)));
    for (int of_client = 0; of_client < 2; of_client++)
        check_schema(t, saml_soap_fault(t->arena, of_client != 0, S(ODD)));

    const struct saml_sp sp = { .entity_id = S(US),
                                .acs = S("https://gateway.example/upstream/saml/acs"),
                                .slo = S("https://gateway.example/upstream/saml/logout"),
                                .slo_soap = S("https://gateway.example/upstream/saml/logout/soap"),
                                .signing = { certificate_of(&x, JOSE_RS256) },
                                .encryption = { certificate_of(&x, JOSE_RS256) },
                                .signing_count = 1,
                                .encryption_count = 1,
                                .name = S("DigiOne & co"),
                                .valid_until_s = now_s + 60 };
    check_schema(t, saml_sp_metadata_write(t->arena, &sp));
    const struct saml_request asked = { .id = S("_r1"),
                                        .now_s = now_s,
                                        .destination = S("https://idp.example/sso?a&b"),
                                        .issuer = S(US),
                                        .acs = sp.acs,
                                        .force = true,
                                        .contexts = { S("urn:a"), S("urn:b") },
                                        .context_count = 2 };
    struct str request = saml_request_write(t->arena, &asked);
    check_schema(t, request);
    struct saml_request other = asked; /* each part that a city may be sent, and none */
    other.contexts[0] = (struct str){ NULL, 0 };
    other.context_count = 0;
    other.force = false;
    other.passive = other.persistent = true;
    other.subject = S("pekka");
    check_schema(t, saml_request_write(t->arena, &other));
    other.subject_format = S("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent");
    check_schema(t, saml_request_write(t->arena, &other));
    request = sign_request(t, &x, request);
    check_schema(t, request);
    check_xmlsec1(t, &x, request, certificate_of(&x, JOSE_RS256), "AuthnRequest");
    CHECK(str_find(request, S("RequesterID")) == request.n); /* item 55: who asked us is nobody's matter */
    end(t, &x);
}

/* --- our metadata ---------------------------------------------------------------------------------- */

TEST(our_metadata_has_both_roles_is_signed_and_is_read_again_item_52)
{
    static const struct str formats[] = { { "urn:oasis:names:tc:SAML:2.0:nameid-format:transient", 51 } };
    static const struct str scopes[] = { { "edu.example", 11 }, { "a&b.example", 11 } };
    static const struct str categories[] = { { "http://refeds.org/category/hide-from-discovery", 46 } };
    struct bench x;
    struct saml_metadata as_idp;
    struct saml_service_metadata as_sp;
    struct fail f = { 0 };
    int64_t now_s = world_now_s(&world_real);

    begin(t, &x);
    const struct saml_sp sp = { .acs = S("https://gateway.example/upstream/saml/acs"),
                                .slo = S("https://gateway.example/upstream/saml/logout"),
                                .slo_soap = S("https://gateway.example/upstream/saml/logout/soap"),
                                .signing = { certificate_of(&x, JOSE_RS256) },
                                .signing_count = 1,
                                .signs_requests = true };
    struct saml_idp idp = { .id = S("_m1"),
                            .entity_id = S(US),
                            .valid_until_s = now_s + 86400,
                            .cache_s = 3600,
                            .signing = { certificate_of(&x, JOSE_RS256), certificate_of(&x, JOSE_ES256) },
                            .signing_count = 2,
                            .encryption = { certificate_of(&x, JOSE_RS256) },
                            .encryption_count = 1,
                            .sso_redirect = S("https://gateway.example/saml/sso?a=1&b=2"),
                            .sso_post = S("https://gateway.example/saml/sso"),
                            .slo_redirect = S("https://gateway.example/saml/slo"),
                            .slo_post = S("https://gateway.example/saml/slo"),
                            .slo_soap = S("https://gateway.example/saml/slo/soap"),
                            .slo_answers = S("https://gateway.example/saml/slo/answer"),
                            .formats = formats,
                            .format_count = 1,
                            .scopes = scopes,
                            .scope_count = 2,
                            .categories = categories,
                            .category_count = 1,
                            .supports = categories,
                            .support_count = 1,
                            .assurance = categories,
                            .assurance_count = 1,
                            .name = { S("Kirjautuminen & muuta"), S("Inloggning"), S("Sign in") },
                            .description = { .en = S("For <schools>") },
                            .privacy_url = { .fi = S("https://gateway.example/tietosuoja") },
                            .information_url = { .sv = S("https://gateway.example/om") },
                            .logo = S("https://gateway.example/logo.png"),
                            .logo_width = 80,
                            .logo_height = 60,
                            .error_url = S("https://gateway.example/error?code=ERRORURL_CODE"),
                            .organization = { S("Kunta"), S("Kommun"), S("City") },
                            .organization_url = { .fi = S("https://gateway.example/") },
                            .contact_name = S("Ylläpito"),
                            .contact_email = S("tech@gateway.example"),
                            .security_email = S("security@gateway.example"),
                            .sp = &sp };
    struct saml_draft d = saml_idp_metadata_draft(t->arena, &idp);
    struct str text = sign(t, &x, JOSE_RS256, &d);
    CHECK(str_is_set(text) && str_eq(text, canonical(t, text)));
    check_schema(t, text);
    check_xmlsec1(t, &x, text, certificate_of(&x, JOSE_RS256), "EntityDescriptor");
    const struct saml_metadata_rules rules = { .entity_id = S(US),
                                               .now_s = now_s,
                                               .trust = ring_of(t, &x, JOSE_RS256),
                                               .must_expire = true,
                                               .most_ahead_s = 90000 };
    CHECK(saml_metadata_read(t->arena, text, &rules, &as_idp, &f));
    CHECK_STR(as_idp.sso_redirect, "https://gateway.example/saml/sso?a=1&b=2");
    CHECK_STR(as_idp.slo_redirect, "https://gateway.example/saml/slo");
    CHECK_STR(as_idp.error_url, "https://gateway.example/error?code=ERRORURL_CODE");
    CHECK_INT(as_idp.scope_count, 2);
    CHECK_STR(as_idp.scopes[1], "a&b.example");
    CHECK_INT(keyring_count(as_idp.signing), 2); /* two during a rollover */
    CHECK_INT(as_idp.cache_s, 3600);
    CHECK(saml_service_read(t->arena, text, &rules, &as_sp, &f));
    CHECK(as_sp.signs_requests && as_sp.wants_signed_assertions);
    CHECK_STR(as_sp.acs[0].location, "https://gateway.example/upstream/saml/acs");
    CHECK(saml_service_has(&as_sp, S(SAML_ENTITY_CATEGORY), categories[0]));
    CHECK_STR(saml_service_slo(&as_sp, SAML_REDIRECT)->location, "https://gateway.example/upstream/saml/logout");
    CHECK_STR(saml_service_slo(&as_sp, SAML_SOAP)->location, "https://gateway.example/upstream/saml/logout/soap");
    size_t asynchronous = 0; /* of the role that services sign out at, by the browser */
    for (size_t at = 0; (at = at + str_find(str_from(text, at), S(" aslo:supportsAsynchronous=\"true\""))) < text.n;
         at++)
        asynchronous++;
    CHECK_INT(asynchronous, 2);
    CHECK(str_find(text, S("aslo:supportsAsynchronous")) < str_find(text, S("<md:SPSSODescriptor")));

    idp.entity_id = S("https://gateway.example.evil/saml/idp");
    struct signed_got got = { 0 };
    signer_saml_text(x.signer, &x.batch, t->arena, JOSE_RS256, saml_idp_metadata_draft(t->arena, &idp).text, &got);
    wait_for(&x);
    CHECK(!got.ok);
    CHECK_STR(got.error, "malformed");
    const struct saml_idp bare = { .entity_id = S(US), .sso_redirect = S("https://gateway.example/saml/sso") };
    struct str least = saml_idp_metadata_draft(t->arena, &bare).text;
    CHECK(str_eq(least, canonical(t, least)));
    end(t, &x);
}
