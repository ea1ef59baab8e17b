/* SPDX-License-Identifier: EUPL-1.2
 * Rows of SAML services: what could not work is refused at the import, in words that say what to mend. */
#include "tests/test.h"
#include "tests/unit/registry_rig.h"

#include "model/attribute_name.h"

#include <string.h>

#define ACS                                                                                                            \
    "<AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"%s\" "            \
    "index=\"0\"/>"
#define HEAD "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"%s\">"
#define ROLE                                                                                                           \
    "<SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"%s>" ACS                      \
    "</SPSSODescriptor></EntityDescriptor>"

static struct str metadata(struct test *t, const char *entity, const char *traits, const char *acs)
{
    return arena_printf(t->arena, HEAD ROLE, entity, traits, acs);
}

static struct str row(struct test *t, const char *id, struct str xml, const char *more)
{
    return arena_printf(t->arena, "  - {id: %s, protocol: saml, vendor: v, name: {fi: S}, metadata_xml: '%.*s', %s}\n",
                        id, STR_ARG(xml), more);
}

static const char *judge_rows(struct test *t, struct rig *g, struct str rows)
{
    return import(t, g, arena_printf(t->arena, "format: 1\nservices:\n%.*s", STR_ARG(rows))) ? "ok" : g->fail.detail;
}

static const char *judge(struct test *t, struct rig *g, const char *more)
{
    return judge_rows(t, g, row(t, "s", metadata(t, "https://s.example/sp", "", "https://s.example/acs"), more));
}

#define ENTITY "entity_id: \"https://s.example/sp\""

TEST(a_row_with_metadata_and_nothing_else_will_do)
{
    struct rig g;

    rig_open(t, &g);
    CHECK_STR(judge(t, &g, ENTITY), "ok");
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL);
    const struct service *s = registry_service_entity(r, S("https://s.example/sp"));
    CHECK(s != NULL && str_eq(s->id, S("s")));
    CHECK(str_eq(s->saml.signs, S("both")) && str_eq(s->saml.encrypts, S("auto")) && s->saml.unasked);
    CHECK(s->saml.skew_s == 180 && !s->saml.requests_signed && str_eq(s->saml.attributes_as, S("mpassid")));
    CHECK(registry_service_entity(r, S("https://s.example/SP")) == NULL);
    registry_drop(r);
    rig_free(t, &g);
}

TEST(what_could_not_work_is_refused_with_its_cure)
{
    static const struct {
        const char *row, *says;
    } cases[] = {
        { "asks: [email]", "entity_id is missing" },
        { "entity_id: \"https://s.example/ sp\"", "entity_id has a space" },
        { "entity_id: \"https://other.example/sp\"", "metadata_xml: metadata_entity" },
        { ENTITY ", metadata_url: \"https://s.example/md\"", "has both metadata_xml and metadata_url" },
        { ENTITY ", pinned_keys: nonsense", "pinned_keys: " },
        { ENTITY ", signing_too: nonsense", "signing_too: no certificate" },
        { ENTITY ", encryption_too: nonsense", "encryption_too: no certificate" },
        { ENTITY ", certificates_retired: [kissa]", "\"kissa\" is no fingerprint" },
        { ENTITY ", metadata_signer: nonsense", "metadata_signer: " },
        { ENTITY ", skew_s: 301", "skew_s is a number of seconds up to 300" },
        { ENTITY ", name_id: email", "does not ask for email: add it to asks" },
        { ENTITY ", name_id: emial", "did you mean \"email\"?" },
        { ENTITY ", encrypts: always", "have no RSA key of 2048 bits or more to encrypt to" },
        { ENTITY ", encrypts: never, encryption_alg: aes128-gcm", "says nothing with encrypts: never" },
        { ENTITY ", unasked_answers: false", "launch_uri is missing: nothing could open it" },
        { ENTITY ", requests_signed: true", "have no key to verify them with" },
        { ENTITY ", attribute_names: [\"email=mail\"]", "does not ask for email: add it to asks" },
        { ENTITY ", attribute_names: [\"shoe=size\"]", "begins with no claim" },
        { ENTITY ", attribute_names: [\"email\"]", "is not CLAIM=NAME" },
        { ENTITY ", asks: [email], attribute_names: [\"email=mail fromat:uri\"]", "may have friendly:WORD" },
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said = judge(t, &g, cases[i].row);
        if (strstr(said, cases[i].says) == NULL)
            CHECK_STR(said, cases[i].says);
    }
    rig_free(t, &g);
}

TEST(two_rows_have_not_one_entity_id)
{
    struct rig g;
    struct str xml = metadata(t, "https://s.example/sp", "", "https://s.example/acs");

    rig_open(t, &g);
    struct str rows = arena_join(t->arena, row(t, "s", xml, ENTITY), row(t, "z", xml, ENTITY));
    CHECK(strstr(judge_rows(t, &g, rows), "belongs to service s already") != NULL);
    rig_free(t, &g);
}

TEST(people_are_sent_to_https_alone_unless_the_row_is_a_test)
{
    static const char *const bad[] = { "http://s.example/acs", "javascript:alert(1)", "https://s.example/acs#there" };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *said = judge_rows(t, &g, row(t, "s", metadata(t, "https://s.example/sp", "", bad[i]), ENTITY));
        CHECK(strstr(said, "metadata_xml: ") != NULL);
    }
    CHECK_STR(judge_rows(t, &g,
                         row(t, "s", metadata(t, "https://s.example/sp", "", "http://s.localhost:81/acs"),
                             ENTITY ", test: true")),
              "ok");
    rig_free(t, &g);
}

TEST(an_attribute_name_is_a_claim_a_name_and_how_it_is_said)
{
    struct attribute_name n;
    const char *trouble;

    CHECK(attribute_name_read(S("email=urn:oid:0.9.2342.19200300.100.1.3 friendly:mail"), &n, &trouble));
    CHECK(n.claim == CLAIM_EMAIL && str_eq(n.name, S("urn:oid:0.9.2342.19200300.100.1.3")));
    CHECK(str_eq(n.friendly, S("mail")) && n.format == ATTRIBUTE_URI);
    CHECK(attribute_name_read(S("group=luokka format:basic"), &n, &trouble));
    CHECK(n.claim == CLAIM_GROUP && n.friendly.p == NULL && n.format == ATTRIBUTE_BASIC);
    CHECK(!attribute_name_read(S("=x"), &n, &trouble) && trouble != NULL);
    CHECK(!attribute_name_read(S("email="), &n, &trouble) && trouble != NULL);
    CHECK(!attribute_name_read(S("email=x friendly:"), &n, &trouble) && trouble != NULL);
}
