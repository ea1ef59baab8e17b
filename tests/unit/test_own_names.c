/* SPDX-License-Identifier: EUPL-1.2
 * Nobody else goes by a name of ours, whichever door the row comes by. */
#include "registry/own_names.h"

#include "tests/unit/change_help.h"

#define US "https://kirjaudu.example"

static void rig_named(struct test *t, struct rig *g)
{
    rig_new(t, g);
    g->set.public_url = S(US);
    rig_reopen(t, g);
}

/* One field of one row, by a form, a program or a registration: all are edits. */
static bool put(struct test *t, struct rig *g, const char *kind, const char *key, const char *field, const char *value)
{
    return one(t, g, &(struct one){ "liisa", kind, key, field, value, &area_nation, 0, 0, 0 }, EDIT_APPLY);
}

static bool put_saml(struct test *t, struct rig *g, const char *entity)
{
    struct change_by by = by_of(t, "liisa", &area_nation);
    const struct edit_from from = { 0, 0, 0 };
    const struct row_id id = id_of("service", "lumme");
    const struct edit_field fields[] = { { S("protocol"), S("saml") },
                                         { S("vendor"), S("lumme-oy") },
                                         { S("name.fi"), S("Lumme") },
                                         { S("metadata_url"), S("https://lumme.example/metadata") },
                                         { S("entity_id"), str_of(entity) } };
    by.ungated = S("nimiä koetellaan");
    struct edit *e = edit_new(&by, &from);

    edit_put(e, &id, fields, sizeof fields / sizeof *fields);
    g->fail = (struct fail){ 0 };
    bool good = edit_run(e, g->db, t->arena, &g->edit, EDIT_APPLY, &g->got, &g->fail);
    edit_free(e);
    return good;
}

static bool put_idp(struct test *t, struct rig *g, const char *issuer)
{
    const struct change_by by = by_of(t, "liisa", &area_nation);
    const struct edit_from from = { 0, 0, 0 };
    const struct row_id id = id_of("idp", "oulu-oidc");
    const struct edit_field fields[] = { { S("kind"), S("oidc") },
                                         { S("provider"), S("oulu") },
                                         { S("name.fi"), S("Oulu") },
                                         { S("client_id"), S("digione") },
                                         { S("client_secret"), S("oulun-pitka-salaisuus-on-tama") },
                                         { S("auth_method"), S("client_secret_basic") },
                                         { S("map"), S("google") },
                                         { S("issuer"), str_of(issuer) } };
    struct edit *e = edit_new(&by, &from);

    edit_put(e, &id, fields, sizeof fields / sizeof *fields);
    g->fail = (struct fail){ 0 };
    bool good = edit_run(e, g->db, t->arena, &g->edit, EDIT_APPLY, &g->got, &g->fail);
    edit_free(e);
    return good;
}

static bool says_ours(const struct rig *g, const char *field)
{
    return str_eq(str_of(g->fail.code), S("registry_invalid")) &&
           strstr(g->fail.detail, "is an address of this gateway") != NULL && strstr(g->fail.detail, field) != NULL;
}

TEST(an_edit_gives_no_service_of_saml_an_entity_id_of_ours)
{
    static const char *const ours[] = { US,
                                        US "/saml/metadata",
                                        US "/saml/idp/metadata/oulu",
                                        US "/elsewhere",
                                        "HTTPS://Kirjaudu.Example/saml/metadata",
                                        US "?x",
                                        US "#x",
                                        US ":443/saml/metadata",
                                        US ":/saml/metadata",
                                        US ":0443",
                                        US "./saml/metadata",
                                        "http://kirjaudu.example/saml/metadata",
                                        "https://lumme@kirjaudu.example/saml/metadata",
                                        "https:\\\\kirjaudu.example\\saml",
                                        "https:kirjaudu.example",
                                        "https://kirjaudu%2eEXAMPLE/saml/metadata",
                                        "https://kirjaudu\xe3\x80\x82"
                                        "example/saml/metadata",
                                        "https://\xef\xbd\x8birjaudu.example/saml/metadata",
                                        "https://kirj\xc2\xad"
                                        "audu.example/saml/metadata" };
    static const char *const others[] = { "https://kirjaudu.example.lumme.example/saml/metadata",
                                          US ":8443/saml/metadata",
                                          "https://kirjaudu.example@lumme.example/saml/metadata",
                                          "https://kirj\xc3\xa4udu.example/saml/metadata",
                                          "urn:kirjaudu.example:lumme",
                                          "kirjaudu.example" };
    struct rig g;

    rig_named(t, &g);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        CHECK(!put_saml(t, &g, ours[i]));
        CHECK(says_ours(&g, "entity_id"));
        CHECK_INT(g.got.trouble_count, 1); /* the form shows it at the row */
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CHECK(put_saml(t, &g, others[i]));
        CHECK_STR(g.fail.detail, "");
    }
    CHECK(!put(t, &g, "service", "lumme", "entity_id", US "/saml/metadata"));
    CHECK(says_ours(&g, "entity_id"));
    rig_free(t, &g);
}

TEST(an_edit_gives_no_service_a_client_id_or_a_resource_of_ours)
{
    struct rig g;

    rig_named(t, &g);
    CHECK(!put(t, &g, "service", "kanerva", "client_id", US));
    CHECK(says_ours(&g, "client_id"));
    CHECK(!put(t, &g, "service", "kanerva", "resources", US "/oidc/userinfo"));
    CHECK(says_ours(&g, "resources"));
    CHECK(put(t, &g, "service", "kanerva", "client_id", "https://kanerva.example"));
    CHECK_STR(g.fail.detail, "");
    rig_free(t, &g);
}

TEST(an_edit_gives_no_identity_provider_an_issuer_of_ours)
{
    struct rig g;

    rig_named(t, &g);
    CHECK(!put_idp(t, &g, US));
    CHECK(says_ours(&g, "issuer"));
    CHECK(!put_idp(t, &g, US "/"));
    CHECK(says_ours(&g, "issuer"));
    CHECK(put_idp(t, &g, "https://idp.oulu.example"));
    CHECK_STR(g.fail.detail, "");
    rig_free(t, &g);
}

TEST(a_file_is_refused_that_names_us_and_says_where)
{
    struct rig g;

    rig_named(t, &g);
    struct str file = S(CITIES), services = S("services:\n");
    size_t at = str_find(file, services);
    CHECK(!import(t, &g,
                  arena_printf(t->arena,
                               "%.*s  - {id: oulu-saml, kind: saml, provider: oulu, name: {fi: Oulu}, map: funet,\n"
                               "     entity_id: \"" US
                               "/saml/metadata\", metadata_url: \"https://idp.oulu.example/m\"}\n%.*s",
                               (int)at, file.p, STR_ARG(str_from(file, at)))));
    CHECK(says_ours(&g, "entity_id"));
    CHECK(str_has_prefix(str_of(g.fail.detail), S("registry.yaml:12: idp oulu-saml: ")));
    rig_free(t, &g);
}

/* A gateway that was moved to another address keeps what it has; what is written from then on must hold. */
TEST(rows_that_a_change_does_not_touch_are_left)
{
    struct rig g;

    rig_new(t, &g);
    CHECK(put(t, &g, "service", "kanerva", "client_id", US "/kanerva"));
    g.set.public_url = S(US);
    rig_reopen(t, &g);
    CHECK(put(t, &g, "provider", "oulu", "name.fi", "Oulun kaupunki"));
    CHECK_STR(g.fail.detail, "");
    CHECK(!put(t, &g, "service", "kanerva", "name.fi", "Kanervikko"));
    CHECK(says_ours(&g, "client_id"));
    rig_free(t, &g);
}
