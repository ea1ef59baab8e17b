/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/saml/forge.h"
#include "tests/test.h"

#include "wire/saml_metadata.h"
#include "wire/saml_write.h"

#include <string.h>

#define MD "xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\""
#define SAML20                                                                                                         \
    "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol\""
#define SSO                                                                                                            \
    "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" "                              \
    "Location=\"https://idp.oulu.example/post\"/><md:SingleSignOnService "                                             \
    "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.oulu.example/sso\"/>"

static struct str body_of_pem(struct str pem)
{
    struct str rest = str_from(pem, str_find(pem, S("-----\n")) + 6);

    return str_sub(rest, 0, str_find(rest, S("-----END")));
}

static struct str key(struct test *t, const char *use, enum forge_key which)
{
    return arena_printf(t->arena,
                        "<md:KeyDescriptor%s><ds:KeyInfo><ds:KeyName>x</ds:KeyName><ds:X509Data><ds:X509Certificate>\n"
                        "%.*s\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
                        use, STR_ARG(body_of_pem(forge_certificate(which))));
}

/* keys: the KeyDescriptors; head: more attributes; tail: after the endpoints. */
static struct str entity(struct test *t, const char *id, const char *head, struct str keys, const char *services)
{
    return arena_printf(
        t->arena,
        "<md:EntityDescriptor " MD " entityID=\"%s\" %s><md:Extensions><e:unknown xmlns:e=\"urn:e\"><e:x/></e:unknown>"
        "<s:Scope xmlns:s=\"urn:mace:shibboleth:metadata:1.0\" regexp=\"false\">oulu.example</s:Scope></md:Extensions>"
        "<md:SPSSODescriptor " SAML20 "/><md:IDPSSODescriptor " SAML20 " errorURL=\"https://idp.oulu.example/help\">"
        "<md:Extensions><s:Scope xmlns:s=\"urn:mace:shibboleth:metadata:1.0\" regexp=\"true\">.*\\.example</s:Scope>"
        "<s:Scope xmlns:s=\"urn:mace:shibboleth:metadata:1.0\">edu.oulu.example</s:Scope></md:Extensions>%.*s%s"
        "</md:IDPSSODescriptor><md:Organization/></md:EntityDescriptor>",
        id, head, STR_ARG(keys), services);
}

static struct str usual(struct test *t, const char *head)
{
    return entity(t, FORGE_ISSUER, head, key(t, " use=\"signing\"", FORGE_IDP), SSO);
}

static const char *outcome(struct test *t, struct str text, struct saml_metadata *m, int64_t now_s, bool must_expire,
                           const struct keyring *trust)
{
    const struct saml_metadata_rules rules = {
        .entity_id = S(FORGE_ISSUER), .now_s = now_s, .trust = trust, .must_expire = must_expire
    };
    struct fail f = { 0 };

    return saml_metadata_read(t->arena, text, &rules, m, &f) ? "ok" : f.code;
}

static const char *read_usual(struct test *t, struct str text, struct saml_metadata *m)
{
    return outcome(t, text, m, TEST_NOW_S, false, NULL);
}

TEST(metadata_of_one_identity_provider_is_read)
{
    struct saml_metadata m;
    struct str keys = key(t, " use=\"signing\"", FORGE_IDP);

    CHECK_STR(read_usual(t, usual(t, "cacheDuration=\"PT1H30M\" validUntil=\"2026-08-11T08:00:00Z\""), &m), "ok");
    CHECK_STR(m.entity_id, FORGE_ISSUER);
    CHECK_STR(m.sso_redirect, "https://idp.oulu.example/sso");
    CHECK_STR(m.sso_post, "https://idp.oulu.example/post");
    CHECK_STR(m.error_url, "https://idp.oulu.example/help");
    CHECK_INT(m.cache_s, 5400);
    CHECK_INT(m.valid_until_s, TEST_NOW_S + 86400);
    CHECK_INT(m.scope_count, 2);
    CHECK_INT(m.pattern_count, 0); /* ".*\.example" could be anybody's */
    CHECK_INT(m.patterns_refused, 1);
    CHECK(m.pattern_trouble != NULL && strstr(m.pattern_trouble, "domain of two labels") != NULL);
    CHECK_STR(m.scopes[0], "oulu.example");
    CHECK_STR(m.scopes[1], "edu.oulu.example");
    CHECK(!m.want_signed_requests);
    CHECK_INT(keyring_count(m.signing), 1);

    keys = arena_join(t->arena, keys, key(t, "", FORGE_EC256)); /* without use: for both [IIP-MD11] */
    keys = arena_join(t->arena, keys, key(t, " use=\"encryption\"", FORGE_OTHER));
    keys = arena_join(t->arena, keys, key(t, "", FORGE_WEAK));
    CHECK_STR(read_usual(t, entity(t, FORGE_ISSUER, "", keys, SSO), &m), "ok");
    CHECK_INT(keyring_count(m.signing), 2);
}

TEST(an_entity_is_found_in_an_aggregate_and_its_groups_end_bounds_it)
{
    struct saml_metadata m, s;
    struct str other = entity(t, "https://idp.espoo.example/saml", "", key(t, "", FORGE_OTHER), SSO);
    struct str text = arena_printf(
        t->arena,
        "<?xml version=\"1.0\"?><!-- made by hand --><md:EntitiesDescriptor " MD
        " validUntil=\"2026-08-10T09:00:00Z\" cacheDuration=\"P1D\"><md:Extensions/>%.*s<md:EntitiesDescriptor "
        "Name=\"inner\">%.*s<!-- x --></md:EntitiesDescriptor>%.*s</md:EntitiesDescriptor>",
        STR_ARG(other), STR_ARG(usual(t, "validUntil=\"2026-08-12T00:00:00Z\"")),
        STR_ARG(forge_replace(t->arena, other, "espoo", "vantaa")));
    const struct saml_metadata_rules rules = { .entity_id = S(FORGE_ISSUER), .now_s = TEST_NOW_S };
    const struct saml_metadata_rules alone = { .entity_id = S(FORGE_ISSUER), .one_alone = true };
    struct fail f = { 0 };

    CHECK(!saml_metadata_read(t->arena, text, &alone, &m, &f));
    CHECK_STR(f.code, "metadata_aggregate");
    f = (struct fail){ 0 };
    CHECK_STR(read_usual(t, text, &m), "ok");
    CHECK_INT(m.valid_until_s, TEST_NOW_S + 3600);
    CHECK_INT(m.cache_s, 86400);
    CHECK(saml_metadata_read_stream(t->arena, text, &rules, &s, &f));
    CHECK_INT(s.valid_until_s, m.valid_until_s);
    CHECK(str_eq(s.sso_redirect, m.sso_redirect) && keyring_count(s.signing) == 1);
    CHECK_STR(outcome(t, text, &m, TEST_NOW_S + 3600, false, NULL), "metadata_expired");
    CHECK_STR(read_usual(t, other, &m), "metadata_entity");
    f = (struct fail){ 0 };
    CHECK(!saml_metadata_read_stream(t->arena, other, &rules, &s, &f));
    CHECK_STR(f.code, "metadata_entity");
}

TEST(an_aggregate_of_ten_thousand_is_read_as_a_stream)
{
    struct buf b = buf_new(t->arena, METADATA_MAX_B);
    struct str keys = key(t, "", FORGE_OTHER);
    struct saml_metadata m;

    buf_add(&b, S("<md:EntitiesDescriptor " MD " validUntil=\"2026-08-10T09:00:00Z\">"));
    for (int i = 0; i < 10000; i++) {
        buf_printf(&b, "<md:EntityDescriptor entityID=\"https://idp%d.example\"><md:IDPSSODescriptor " SAML20 ">", i);
        buf_add(&b, keys);
        buf_add(&b, S(SSO "</md:IDPSSODescriptor></md:EntityDescriptor>"));
    }
    buf_add(&b, usual(t, ""));
    buf_add(&b, S("</md:EntitiesDescriptor>"));
    CHECK(buf_ok(&b) && b.n > METADATA_TREE_MAX_B);
    CHECK_STR(read_usual(t, buf_str(&b), &m), "ok");
    CHECK_STR(m.entity_id, FORGE_ISSUER);
    CHECK_INT(m.valid_until_s, TEST_NOW_S + 3600);
}

TEST(metadata_that_will_not_do_is_refused)
{
    struct saml_metadata m;
    struct str good = usual(t, ""), none = { "", 0 };
    static const struct {
        const char *from, *to, *code;
    } edits[] = {
        { FORGE_ISSUER, FORGE_ISSUER "/", "metadata_entity" },
        { "md:IDPSSODescriptor", "md:AttributeAuthorityDescriptor", "metadata_role" },
        { "SAML:2.0:protocol\" errorURL", "SAML:1.0:protocol\" errorURL", "metadata_role" },
        { "Location=\"https", "Location=\"javascript", "metadata_endpoint" },
        { "bindings:HTTP-", "bindings:SOAP-", "metadata_endpoint" },
        { "<md:Organization/>", "<md:Organization>", "xml_malformed" },
        { "<md:Organization/>", "<md:Organization ID=\"a\"/><x ID=\"a\"/>", "xml_id_duplicate" },
        { " entityID", " validUntil=\"tomorrow\" entityID", "metadata_malformed" },
        { " entityID", " validUntil=\"2026-08-10T08:00:00Z\" entityID", "metadata_expired" },
    };

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        CHECK_STR(read_usual(t, forge_replace(t->arena, good, edits[i].from, edits[i].to), &m), edits[i].code);
    CHECK_STR(read_usual(t, arena_join(t->arena, S("<!DOCTYPE x [<!ENTITY a \"b\">]>"), good), &m), "xml_doctype");
    CHECK_STR(read_usual(t, entity(t, FORGE_ISSUER, "", none, SSO), &m), "metadata_keys");
    CHECK_STR(read_usual(t, entity(t, FORGE_ISSUER, "", key(t, "", FORGE_WEAK), SSO), &m), "metadata_keys");
    CHECK_STR(read_usual(t, entity(t, FORGE_ISSUER, "", key(t, " use=\"encryption\"", FORGE_IDP), SSO), &m),
              "metadata_keys");
    CHECK_STR(outcome(t, good, &m, TEST_NOW_S, true, NULL), "metadata_no_expiry");
}

TEST(a_signed_source_is_believed_only_with_its_signature) /* [IIP-MD03] */
{
    struct saml_metadata m;
    struct str text = usual(t, "ID=\"_response1\" validUntil=\"2026-08-10T09:00:00Z\"");
    const struct keyring *trust = forge_keyring(t->arena, FORGE_IDP_NEXT);
    struct str marked = forge_replace(t->arena, text, "><md:Extensions><e:", ">@R@<md:Extensions><e:");
    struct str good = forge_sign_response(t->arena, marked, &(struct forge_sign){ .key = FORGE_IDP_NEXT });

    CHECK_STR(outcome(t, good, &m, TEST_NOW_S, true, trust), "ok");
    CHECK_STR(m.sso_redirect, "https://idp.oulu.example/sso");
    CHECK_STR(outcome(t, text, &m, TEST_NOW_S, true, trust), "sig_missing");
    CHECK_STR(outcome(t, forge_replace(t->arena, good, "/sso\"", "/evil\""), &m, TEST_NOW_S, true, trust),
              "sig_digest");
    CHECK_STR(outcome(t, good, &m, TEST_NOW_S, true, forge_keyring(t->arena, FORGE_OTHER)), "sig_value");
    struct str spoken = forge_replace(t->arena, good, "<md:Organization/>", "<!-- a comment -->\n<md:Organization/>");
    CHECK_STR(outcome(t, spoken, &m, TEST_NOW_S, true, trust), "sig_digest"); /* the line break, not the comment */
    spoken = forge_replace(t->arena, good, "<md:Organization/>", "<!-- a comment --><md:Organization/>");
    CHECK_STR(outcome(t, spoken, &m, TEST_NOW_S, true, trust), "ok");
}

TEST(our_metadata_escapes_what_it_is_given_and_reads_back)
{
    const struct saml_sp sp = { .entity_id = S(FORGE_SP),
                                .acs = S(FORGE_ACS),
                                .name = S("<b>Digi&One\"\x01'"),
                                .signing = { S("MIIBsign") },
                                .encryption = { S("MIIBenc1"), S("MIIBenc2") },
                                .signing_count = 1,
                                .encryption_count = 2,
                                .valid_until_s = TEST_NOW_S };
    struct fail f = { 0 };
    struct str text = saml_sp_metadata_write(t->arena, &sp);
    struct _xmlDoc *doc = xml_parse(t->arena, text, 65536, &f);

    CHECK(doc != NULL);
    const struct _xmlNode *role = xml_child(xml_root(doc), "urn:oasis:names:tc:SAML:2.0:metadata", "SPSSODescriptor");
    CHECK_STR(xml_attr(t->arena, xml_root(doc), NULL, "entityID"), FORGE_SP);
    CHECK_STR(xml_attr(t->arena, role, NULL, "WantAssertionsSigned"), "true");
    const struct _xmlNode *names = xml_first(xml_first(role));
    CHECK_STR(xml_text(t->arena, xml_first(names)), "<b>Digi&One\"\xEF\xBF\xBD'");
    CHECK_INT(xml_count(role, "urn:oasis:names:tc:SAML:2.0:metadata", "KeyDescriptor"), 3);
    CHECK_STR(xml_text(t->arena, xml_child(role, "urn:oasis:names:tc:SAML:2.0:metadata", "NameIDFormat")),
              SAML_PERSISTENT);
    CHECK_STR(xml_attr(t->arena, role, NULL, "AuthnRequestsSigned"), "false");
    struct saml_sp other = sp;
    other.signs_requests = true;
    other.encryption_count = 0;
    role = xml_child(xml_root(xml_parse(t->arena, saml_sp_metadata_write(t->arena, &other), 65536, &f)),
                     "urn:oasis:names:tc:SAML:2.0:metadata", "SPSSODescriptor");
    CHECK_STR(xml_attr(t->arena, role, NULL, "AuthnRequestsSigned"), "true");
    CHECK_INT(xml_count(role, "urn:oasis:names:tc:SAML:2.0:metadata", "KeyDescriptor"), 1);
}

TEST(times_are_read_strictly_and_written_back)
{
    int64_t ms = 0;

    CHECK(xml_time_ms(S("2026-08-10T08:00:00Z"), &ms) && ms == (int64_t)TEST_NOW_S * 1000);
    CHECK_STR(xml_time_text(t->arena, TEST_NOW_S), "2026-08-10T08:00:00Z");
    CHECK(xml_time_ms(S("1970-01-01T00:00:00.25Z"), &ms) && ms == 250);
    CHECK(xml_time_ms(S("2000-02-29T23:59:59.9999Z"), &ms));
    CHECK_STR(xml_time_text(t->arena, ms / 1000), "2000-02-29T23:59:59Z");
    CHECK(!xml_time_ms(S("2100-02-29T00:00:00Z"), &ms));
    CHECK(!xml_time_ms(S("0000-01-01T00:00:00Z"), &ms));
    CHECK(!xml_time_ms(S("2026-08-10T08:00Z"), &ms));
    CHECK(!xml_time_ms(S("2026-08-10 08:00:00Z"), &ms));
    CHECK(!xml_time_ms(S("2026-08-10T08:00:00"), &ms));
    CHECK(!xml_time_ms((struct str){ NULL, 0 }, &ms));
}
