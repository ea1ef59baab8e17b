/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/crypt.h"
#include "idp-adapters/pins.h"
#include "registry/check.h"
#include "tests/saml/forge.h"
#include "tests/unit/registry_rig.h"
#include "wire/yaml.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROVIDERS                                                                                                      \
    "format: 1\n"                                                                                                      \
    "providers:\n"                                                                                                     \
    "  - id: oulu\n"                                                                                                   \
    "    oid: 1.2.246.562.99.95640100004\n"                                                                            \
    "    municipality_code: \"564\"\n"                                                                                 \
    "    name: {fi: Oulu, sv: \"Uleåborg\"}\n"                                                                        \
    "    schools:\n"                                                                                                   \
    "      - oid: 1.2.246.562.99.95640200010\n"                                                                        \
    "        code: \"99101\"\n"                                                                                        \
    "        name: {fi: Testi-Kielonmäen koulu}\n"                                                                    \
    "      - oid: 1.2.246.562.99.95640200028\n"                                                                        \
    "        code: \"99102\"\n"                                                                                        \
    "        name: {fi: Testi-Otsolahden lukio}\n"
#define IDPS                                                                                                           \
    "idps:\n"                                                                                                          \
    "  - id: oulu-edu\n"                                                                                               \
    "    kind: oidc\n"                                                                                                 \
    "    provider: oulu\n"                                                                                             \
    "    name: {fi: Oulu}\n"                                                                                           \
    "    test: true\n"                                                                                                 \
    "    map: native\n"                                                                                                \
    "    issuer: http://oulu.localhost:8081\n"                                                                         \
    "    client_id: digione\n"                                                                                         \
    "    auth_method: client_secret_basic\n"                                                                           \
    "    client_secret: {plain: kuusi-ja-mänty-ja-koivu}\n"                                                           \
    "  - id: local\n"                                                                                                  \
    "    kind: local\n"                                                                                                \
    "    name: {fi: Paikalliset tunnukset}\n"
#define SERVICES                                                                                                       \
    "services:\n"                                                                                                      \
    "  - id: kanerva\n"                                                                                                \
    "    protocol: oidc\n"                                                                                             \
    "    vendor: kanerva-oy\n"                                                                                         \
    "    name: {fi: Kanerva Oppikirjat}\n"                                                                             \
    "    line: {fi: \"Oppikirjat: kaikki\"}\n"                                                                         \
    "    asks: [roles, sub]\n"                                                                                         \
    "    client_id: kanerva\n"                                                                                         \
    "    secret: {plain: kanerva-kanerva-kanerva}\n"                                                                   \
    "    auth_method: client_secret_basic\n"                                                                           \
    "    redirect_uris: [https://kanerva.example/cb]\n"                                                                \
    "    scopes: [openid, profile, edu.role]\n"
#define POLICIES                                                                                                       \
    "policies:\n"                                                                                                      \
    "  - {id: r1, provider: oulu, opens: permit, roles: [teacher], services: [kanerva], schools: [\"99101\"],\n"       \
    "     release: [sub, roles]}\n"                                                                                    \
    "  - {id: r2, provider: oulu, opens: forbid, roles: [substitute]}\n"
#define ACCOUNTS                                                                                                       \
    "accounts:\n"                                                                                                      \
    "  - id: anna\n"                                                                                                   \
    "    idp: local\n"                                                                                                 \
    "    username: anna\n"                                                                                             \
    "    password: {plain: anna-anna}\n"                                                                               \
    "    given_names: Anna Maria\n"                                                                                    \
    "    family_name: O'Mäkelä\n"                                                                                    \
    "    age: adult\n"                                                                                                 \
    "    affiliations:\n"                                                                                              \
    "      - {provider: oulu, school: \"99102\", role: teacher, from: 2026-08-01, to: 2027-06-05T12:00:00Z}\n"         \
    "      - {provider: oulu, role: principal}\n"
#define WHOLE PROVIDERS IDPS SERVICES POLICIES ACCOUNTS

TEST(a_registry_is_imported_and_loaded)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(WHOLE)));
    CHECK_STR(g.fail.detail, "");
    CHECK_INT(g.report.change.added, 11);
    CHECK_INT(g.report.change.version, 2);
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL);
    const struct provider *oulu = r != NULL ? registry_provider(r, S("oulu")) : NULL;
    CHECK(oulu != NULL && oulu->school_count == 2);
    if (oulu != NULL && oulu->school_count == 2) {
        CHECK_STR(oulu->names.in[LANG_SV], "Uleåborg");
        const struct service *kanerva = registry_client(r, S("kanerva"));
        CHECK(kanerva != NULL && kanerva->redirect_uris.n == 1 && !kanerva->pkce_required);
        CHECK(kanerva != NULL && claim_in(kanerva->asks, CLAIM_SUB) && !claim_in(kanerva->asks, CLAIM_EMAIL));
        CHECK_STR(kanerva->id_token_alg, "RS256"); /* [OIDC Registration 2] */
        const struct registry_parts *p = registry_parts(r);
        CHECK_INT(p->policy_count, 2);
        CHECK(p->policies[0].provider == oulu && p->policies[0].school == NULL);
        CHECK(str_find(p->policies[0].text, S("Service::\"kanerva\"")) < p->policies[0].text.n);
        const struct account *anna = registry_account(r, S("local"), S("anna"));
        CHECK(anna != NULL && anna->person->affiliation_count == 2);
        CHECK(anna != NULL && anna->person->age == AGE_ADULT);
        CHECK_STR(anna->person->affiliations[0].school_code, "99102");
        CHECK_STR(anna->person->affiliations[0].provider_oid, "1.2.246.562.99.95640100004");
        CHECK_INT(anna->person->affiliations[0].from_s, 1785542400);
        CHECK(anna->person->affiliations[1].school_oid.p == NULL);
        struct str plain = S("");
        CHECK(seal_secret_open(t->arena, g.how.seals, S("idp:oulu-edu"),
                               registry_idp(r, S("oulu-edu"))->client_secret_sealed, &plain));
        CHECK_STR(plain, "kuusi-ja-mänty-ja-koivu");
    }
    registry_drop(r);
    rig_free(t, &g);
}

TEST(importing_the_same_file_again_changes_nothing)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(WHOLE)));
    CHECK(import(t, &g, S(WHOLE)));
    CHECK_INT(g.report.change.added + g.report.change.changed + g.report.change.removed, 0);
    CHECK_INT(g.report.same, 11);
    CHECK_INT(g.report.change.version, 2);
    rig_free(t, &g);
}

TEST(what_is_exported_imports_to_the_same_and_holds_no_plain_secret)
{
    struct rig g, other;

    rig_open(t, &g);
    rig_open(t, &other);
    CHECK(import(t, &g, S(WHOLE)));
    struct str first = registry_export(g.db, t->arena, &g.fail);
    CHECK(str_is_set(first));
    CHECK(import(t, &other, first));
    CHECK_STR(other.fail.detail, "");
    struct str second = registry_export(other.db, t->arena, &g.fail);
    CHECK(str_eq(first, second));
    CHECK(str_find(first, S("kuusi-ja")) == first.n);
    CHECK(str_find(first, S("kanerva-kanerva")) == first.n);
    CHECK(str_find(first, S("anna-anna")) == first.n);
    CHECK(str_find(first, S("plain")) == first.n);
    rig_free(t, &g);
    rig_free(t, &other);
}

/* A SAML identity provider whose metadata has a signer, and what its row says besides. */
static struct str saml_row(struct test *t, struct str signer, const char *more)
{
    struct buf b = buf_new(t->arena, 65536);
    struct str line;

    buf_add(&b, S(PROVIDERS "idps:\n"
                            "  - id: turku-saml\n"
                            "    kind: saml\n"
                            "    provider: oulu\n"
                            "    name: {fi: Turku}\n"
                            "    map: funet\n"
                            "    entity_id: https://idp.turku.example/saml\n"
                            "    metadata_url: https://federation.example/all.xml\n"
                            "    metadata_signer: |\n"));
    while (str_split(&signer, '\n', &line))
        buf_printf(&b, "      %.*s\n", STR_ARG(line));
    buf_add(&b, str_of(more));
    return buf_str(&b);
}

TEST(the_signer_of_metadata_and_demanded_contexts_are_kept)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, saml_row(t, forge_certificate(FORGE_IDP), "    contexts: [urn:example:strong]\n")));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    const struct idp *turku = r != NULL ? registry_idp(r, S("turku-saml")) : NULL;
    CHECK(turku != NULL);
    if (turku != NULL) {
        CHECK(str_eq(str_trim(turku->metadata_signer), str_trim(forge_certificate(FORGE_IDP))));
        CHECK(turku->contexts.n == 1 && str_eq(turku->contexts.at[0], S("urn:example:strong")));
    }
    registry_drop(r);
    struct str out = registry_export(g.db, t->arena, &g.fail);
    CHECK(import(t, &g, out));
    CHECK_INT(g.report.change.added + g.report.change.changed + g.report.change.removed, 0);
    CHECK(!import(t, &g, saml_row(t, S("no certificate"), "")));
    CHECK(strstr(g.fail.detail, "idp turku-saml: metadata_signer: no certificate in PEM") != NULL);
    CHECK(!import(t, &g, saml_row(t, forge_certificate(FORGE_IDP), "    contexts: [strong]\n")));
    CHECK(strstr(g.fail.detail, "contexts: \"strong\" is no URI") != NULL);
    CHECK(!import(t, &g, saml_row(t, forge_certificate(FORGE_IDP), "    contexts: [u:a, u:b, u:c, u:d, u:e]\n")));
    CHECK(strstr(g.fail.detail, "contexts has more than 4 entries") != NULL);
    rig_free(t, &g);
}

TEST(a_citys_own_words_are_kept_and_must_mean_something)
{
    static const char *const wrong[][2] = { { "role_names: [OPE]", "\"OPE\" is not SPELLING=role" },
                                            { "role_names: [OPE=keisari]",
                                              "there is no role \"keisari\"; known: learner, " },
                                            { "role_names: ['=teacher']", "is not SPELLING=role" },
                                            { "school: \"99201\"", "is none of its provider's" },
                                            { "attributes: [koulu]", "\"koulu\" is not NAME=field" },
                                            { "attributes: [koulu=kenkä]", "(fields: subject, learner_id, " },
                                            { "attributes: ['=role']", "\"=role\" is not NAME=field" },
                                            { "attributes: [' x=role']", "class_level, charge, affiliations, " },
                                            { "role: admin", "is nothing that everybody can be" },
                                            { "role: keisari", "role: expected one of learner, " } };
    struct rig g;

    rig_open(t, &g);
#define ROW                                                                                                            \
    PROVIDERS "idps:\n  - {id: x, kind: oidc, provider: oulu, name: {fi: X}, map: entra, issuer: https://x.example, "  \
              "client_id: d, auth_method: private_key_jwt, %s}\n"
    CHECK(import(t, &g,
                 arena_printf(t->arena, ROW,
                              "role_names: [OPE=teacher, a-1=learner], school: \"99101\", "
                              "attributes: [koulu=school, 'a=b=subject'], role: learner")));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL && registry_idp(r, S("x"))->role_names.n == 2 && registry_idp(r, S("x"))->role == ROLE_LEARNER);
    CHECK(r != NULL && registry_idp(r, S("x"))->attributes.n == 2);
    registry_drop(r);
    struct str out = registry_export(g.db, t->arena, &g.fail);
    CHECK(import(t, &g, out));
    CHECK_INT(g.report.change.added + g.report.change.changed + g.report.change.removed, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(!import(t, &g, arena_printf(t->arena, ROW, wrong[i][0])));
        CHECK(strstr(g.fail.detail, wrong[i][1]) != NULL);
    }
#undef ROW
    rig_free(t, &g);
}

TEST(private_networks_of_a_row_are_kept_and_must_be_private)
{
    static const char *const wrong[][2] = {
        { "[10.20.0.1/16]", "\"10.20.0.1/16\" is no network" },
        { "[10.20.0.5]", "\"10.20.0.5\" is no network" },
        { "[127.0.0.0/8]", "\"127.0.0.0/8\" is not private: it must lie in 10.0.0.0/8" },
        { "[169.254.169.254/32]", "is not private" },
        { "[10.0.0.0/8, 0.0.0.0/0]", "\"0.0.0.0/0\" is not private" },
        { "[\"::/0\"]", "is not private" },
        { "[10.0.0.0/32, 10.0.0.1/32, 10.0.0.2/32, 10.0.0.3/32, 10.0.0.4/32, 10.0.0.5/32, 10.0.0.6/32, 10.0.0.7/32, "
          "10.0.0.8/32, 10.0.0.9/32, 10.0.1.0/32, 10.0.1.1/32, 10.0.1.2/32, 10.0.1.3/32, 10.0.1.4/32, 10.0.1.5/32, "
          "10.0.1.6/32]",
          "private_networks has more than 16 entries" },
    };
    struct rig g;

    rig_open(t, &g);
#define ROW                                                                                                            \
    PROVIDERS "idps:\n  - {id: x, kind: oidc, provider: oulu, name: {fi: X}, map: entra, issuer: https://x.example, "  \
              "client_id: d, auth_method: private_key_jwt, private_networks: %s}\n"
    CHECK(import(t, &g, arena_printf(t->arena, ROW, "[10.20.0.0/16, \"fd00:1::/48\"]")));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    const struct idp *x = r != NULL ? registry_idp(r, S("x")) : NULL;
    CHECK(x != NULL && x->private_networks.n == 2);
    CHECK_STR(x != NULL ? strs_joined(t->arena, &x->private_networks, ' ') : S(""), "10.20.0.0/16 fd00:1::/48");
    registry_drop(r);
    struct str out = registry_export(g.db, t->arena, &g.fail);
    CHECK(str_find(out, S("private_networks")) < out.n && import(t, &g, out));
    CHECK_INT(g.report.change.added + g.report.change.changed + g.report.change.removed, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(!import(t, &g, arena_printf(t->arena, ROW, wrong[i][0])));
        t->checked++;
        if (strstr(g.fail.detail, wrong[i][1]) == NULL)
            test_fail(t, __FILE__, __LINE__, "%s: %s", wrong[i][0], g.fail.detail);
    }
#undef ROW
    rig_free(t, &g);
}

TEST(of_what_a_row_may_speak_is_kept_and_is_a_role_of_cities_and_a_school_of_its_provider)
{
    static const char *const wrong[][2] = {
        { "asserts_roles: [techer]", "there is no role \"techer\" that a city names" },
        { "asserts_roles: [operator]", "there is no role \"operator\" that a city names" },
        { "asserts_schools: [\"99999\"]", "\"99999\" is none of its provider's schools" },
        { "asserts_roles: [teacher], role: learner", "role \"learner\" is none of asserts_roles" },
        { "asserts_schools: [\"99101\"], school: \"99102\"", "school \"99102\" is none of asserts_schools" },
    };
    struct rig g;

    rig_open(t, &g);
#define ROW                                                                                                            \
    PROVIDERS "idps:\n  - {id: x, kind: %s, provider: oulu, name: {fi: X}, map: entra, issuer: https://x.example, "    \
              "client_id: d, auth_method: private_key_jwt, %s}\n"
    CHECK(import(
        t, &g,
        arena_printf(t->arena, ROW, "oidc",
                     "asserts_roles: [learner], asserts_schools: [\"99101\"], role: learner, school: \"99101\"")));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    const struct idp *x = r != NULL ? registry_idp(r, S("x")) : NULL;
    CHECK(x != NULL && x->asserts_roles.n == 1 && x->asserts_schools.n == 1);
    registry_drop(r);
    struct str out = registry_export(g.db, t->arena, &g.fail);
    CHECK(str_find(out, S("asserts_schools")) < out.n && import(t, &g, out));
    CHECK_INT(g.report.change.added + g.report.change.changed + g.report.change.removed, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(!import(t, &g, arena_printf(t->arena, ROW, "oidc", wrong[i][0])));
        t->checked++;
        if (strstr(g.fail.detail, wrong[i][1]) == NULL)
            test_fail(t, __FILE__, __LINE__, "%s: %s", wrong[i][0], g.fail.detail);
    }
    CHECK(!import(t, &g, arena_printf(t->arena, ROW, "local", "asserts_roles: [learner]")));
    CHECK(strstr(g.fail.detail, "are for kind oidc and saml") != NULL);
#undef ROW
    rig_free(t, &g);
}

TEST(pinned_keys_of_a_row_are_kept_and_are_keys_of_a_saml_row)
{
    struct rig g;
    struct str pem = forge_replace(t->arena, str_trim(forge_certificate(FORGE_IDP)), "\n", "\n      ");

    rig_open(t, &g);
#define ROW                                                                                                            \
    PROVIDERS "idps:\n  - id: x\n    kind: %s\n    provider: oulu\n    name: {fi: X}\n    map: funet\n"                \
              "    entity_id: https://x.example/\n    metadata_url: https://x.example/metadata\n"                      \
              "    issuer: https://x.example\n    client_id: d\n    auth_method: private_key_jwt\n"                    \
              "    pinned_keys: |\n      %.*s\n"
    CHECK(import(t, &g, arena_printf(t->arena, ROW, "saml", STR_ARG(pem))));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    const struct idp *x = r != NULL ? registry_idp(r, S("x")) : NULL;
    CHECK(x != NULL && str_eq(str_trim(x->pinned_keys), str_trim(forge_certificate(FORGE_IDP))));
    CHECK(pins_of(r, S("x")) != NULL && keyring_count(pins_of(r, S("x"))) == 1 && pins_of(r, S("none")) == NULL);
    registry_drop(r);
    CHECK(import(t, &g, registry_export(g.db, t->arena, &g.fail)));
    CHECK_INT(g.report.change.added + g.report.change.changed + g.report.change.removed, 0);
    CHECK(!import(t, &g, arena_printf(t->arena, ROW, "saml", STR_ARG(S("no key")))));
    CHECK(strstr(g.fail.detail, "idp x: pinned_keys: no certificate in PEM") != NULL);
    CHECK(!import(t, &g, arena_printf(t->arena, ROW, "oidc", STR_ARG(pem))));
    CHECK(strstr(g.fail.detail, "idp x: pinned_keys are for kind saml alone") != NULL);
#undef ROW
    rig_free(t, &g);
}

TEST(metadata_in_a_row_is_read_when_it_is_imported)
{
    static const char *const wrong[][2] = { { "<x/>", "metadata_entity" },
                                            { "<x", "xml_malformed" },
                                            { "<!DOCTYPE x><x/>", "xml_doctype" },
                                            { "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" "
                                              "entityID=\"https://idp.turku.example/saml\"/>",
                                              "metadata_role" } };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct str text = arena_printf(t->arena,
                                       PROVIDERS "idps:\n"
                                                 "  - id: turku-saml\n"
                                                 "    kind: saml\n"
                                                 "    provider: oulu\n"
                                                 "    name: {fi: Turku}\n"
                                                 "    map: funet\n"
                                                 "    entity_id: https://idp.turku.example/saml\n"
                                                 "    metadata_xml: '%s'\n",
                                       wrong[i][0]);
        CHECK(!import(t, &g, text));
        CHECK(strstr(g.fail.detail, "registry.yaml:15: idp turku-saml: metadata_xml: ") != NULL);
        CHECK(strstr(g.fail.detail, wrong[i][1]) != NULL);
    }
    rig_free(t, &g);
}

TEST(an_export_says_whom_a_policy_without_roles_means)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(WHOLE)));
    struct str out = registry_export(g.db, t->arena, &g.fail);
    CHECK(str_find(out,
                   S("# A policy without roles is for everyone who has some role; people who have none are not meant.\n"
                     "policies:\n")) < out.n);
    rig_free(t, &g);
}

static bool look(void *with, const struct registry *r, struct fail *f)
{
    *(size_t *)with = registry_parts(r)->idp_count;
    return true;
}

TEST(who_looks_sees_the_registry_as_it_will_be)
{
    struct rig g;
    size_t seen = 0;

    rig_open(t, &g);
    g.how.look = look;
    g.how.with = &seen;
    g.how.dry_run = true;
    CHECK(import(t, &g, S(WHOLE)));
    CHECK(seen > 0);
    seen = 0;
    CHECK(!import(t, &g, S(PROVIDERS "idps:\n  - {id: x, kind: oidc, name: {fi: X}}\n")));
    CHECK_INT(seen, 0); /* what is not in order is not shown */
    rig_free(t, &g);
}

static const struct school *first_school(struct registry *r)
{
    return &registry_provider(r, S("oulu"))->schools[0];
}

#define NAMED(text)                                                                                                    \
    "format: 1\nproviders:\n  - id: oulu\n    oid: 1.2.246.562.99.95640100004\n    name: {fi: Oulu}\n    schools:\n"   \
    "      - oid: 1.2.246.562.99.95640200010\n        code: \"99101\"\n        name: {fi: " text "}\n"

TEST(names_in_a_file_are_kept_composed)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g,
                 S(NAMED("Testi-Kielonma\xcc\x88"
                         "en koulu"))));
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK_STR(first_school(r)->names.in[LANG_FI], "Testi-Kielonmäen koulu");
    registry_drop(r);
    CHECK(import(t, &g, S(NAMED("Testi-Kielonmäen koulu"))));
    CHECK_INT(g.report.change.changed, 0);
    rig_free(t, &g);
}

TEST(a_row_that_is_older_than_the_rule_is_composed_when_it_is_loaded)
{
    static const struct db_statement decompose = { "decompose", "UPDATE school SET names_fi = ?1" };
    const struct db_value name = db_text(S("A\xcc\x8a"
                                           "bo skola"));
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(NAMED("x"))) && db_run(g.db, &decompose, &name, 1, &g.fail));
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK_STR(first_school(r)->names.in[LANG_FI], "Åbo skola");
    registry_drop(r);
    rig_free(t, &g);
}

TEST(a_name_that_a_screen_would_obey_is_refused)
{
    static const char *const names[] = { NAMED("\"\\u202ekoulu\""), NAMED("\"koulu\\u200e\""),
                                         NAMED("\"koulu\\u200f\""), NAMED("\"koulu\\u061c\""),
                                         NAMED("\"koulu\\nx: y\""), NAMED("\"koulu\\N x\""),
                                         NAMED("\"koulu\\L x\""),   NAMED("\"koulu\\t\""),
                                         NAMED("\"koulu\\uFEFF\"") };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CHECK(!import(t, &g, str_of(names[i])));
        CHECK_STR(g.fail.code, "bad_value");
    }
    rig_free(t, &g);
}

/* Whatever may stand in a name comes back from an export as it was, and is no key, no item, no line of its own. */
TEST(an_export_of_any_name_imports_to_the_same)
{
    static const char *const names[] = { "a: b",  "- a",        "#x",        "a #b", "{a}", "[a, b]",   "'a'",
                                         "\"a\"", "a\\nb",      "&a",        "*a",   "!a",  "|",        ">",
                                         "%a",    "@a",         "`a`",       "?",    "? a", ": a",      "yes",
                                         "null",  "0x1F",       "1e3",       "~",    " a",  "a ",       "a;b",
                                         "a,b",   "a/b@c d",    "---",       "...",  "<<",  "\xc2\xad", "\xe2\x80\x8d",
                                         "Ä: ö",  "2026-08-10", "provider:", "a:",   "\\",  "\\u202e",  "\xc2\xa0x",
                                         "😀 a: b" };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buf b = buf_new(t->arena, 65536), quoted = buf_new(t->arena, 1024);
        for (const char *p = names[i]; *p != '\0'; p++)
            buf_printf(&quoted, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
        buf_printf(&b, NAMED("\"%.*s\""), STR_ARG(buf_str(&quoted)));
        CHECK(import(t, &g, buf_str(&b)));
        struct registry *r = registry_load(g.db, &g.fail);
        CHECK_STR(first_school(r)->names.in[LANG_FI], names[i]);
        registry_drop(r);
        struct str text = registry_export(g.db, t->arena, &g.fail);
        CHECK(import(t, &g, text));
        CHECK_INT(g.report.change.added + g.report.change.changed + g.report.change.removed, 0);
    }
    rig_free(t, &g);
}

TEST(only_what_differs_is_written)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(WHOLE)));
    CHECK(import(t, &g,
                 S(PROVIDERS IDPS SERVICES
                   "policies:\n"
                   "  - {id: r1, provider: oulu, opens: permit, roles: [principal], services: [kanerva]}\n"
                   "  - {id: r3, provider: oulu, opens: permit, roles: [learner], services: [kanerva]}\n" ACCOUNTS)));
    CHECK_STR(g.report.change.lines, "~ policy r1\n- policy r2\n+ policy r3\n");
    CHECK_INT(g.report.change.version, 3);
    rig_free(t, &g);
}

TEST(a_dry_run_changes_nothing)
{
    struct rig g;

    rig_open(t, &g);
    g.how.dry_run = true;
    CHECK(import(t, &g, S(WHOLE)));
    CHECK_INT(g.report.change.added, 11);
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL && registry_parts(r)->provider_count == 0);
    registry_drop(r);
    rig_free(t, &g);
}

#define A_SERVICE(more)                                                                                                \
    PROVIDERS "services:\n  - {id: s, protocol: oidc, vendor: v, name: {fi: S}, client_id: s, "                        \
              "redirect_uris: [\"https://s.example/cb\"], " more "}\n"
#define SECRET "secret: {plain: a-secret-of-sixteen}"

/* One wrong file after another: none may leave a trace. */
static const struct {
    const char *text, *code, *says;
} wrong_files[] = {
    { "providers: []\n", "bad_format", "registry.yaml:1: format is missing" },
    { "format: 2\n", "bad_format", "expected \"format: 1\"" },
    { PROVIDERS "idps:\n  - {id: x, kind: odic, name: {fi: X}}\n", "bad_value",
      "kind: expected one of oidc, saml, local, got \"odic\"; did you mean \"oidc\"?" },
    { PROVIDERS IDPS "rules:\n  - {id: r, provider: olu}\n", "registry_invalid",
      "there is no provider \"olu\"; did you mean \"oulu\"? Known: " },
    { PROVIDERS "rules:\n  - {id: r, provider: oulu, release: [given_nam]}\n", "bad_value",
      "\"given_nam\" is no claim; did you mean \"given_name\"? Known: sub, given_name, " },
    { PROVIDERS "rules:\n  - {id: r, provider: oulu, role: techer}\n", "bad_value", "did you mean \"teacher\"?" },
    { PROVIDERS "services:\n  - {id: s, protocol: oidc, vendor: v, name: {fi: S}, client_id: s, auth_method: none, "
                "redirect_uris: [\"https://s.example/cb\"], scopes: [openid, edu.roles]}\n",
      "registry_invalid",
      "there is no scope \"edu.roles\"; did you mean \"edu.role\"? Known: offline_access, access_evaluation, "
      "openid, " },
    { PROVIDERS "idps:\n  - {id: x, kind: oidc, name: {fi: X}, issuer: \"https://i.example\", client_id: c, "
                "auth_method: private_key_jwt, map: entre}\n",
      "registry_invalid", "there is no map \"entre\"; did you mean \"entra\"? Known: " },
    { PROVIDERS "idps:\n  - {id: x, kind: oidc, name: {fi: X}, issuer: \"https://i.example\", client_id: c, "
                "auth_method: private_key_jwt}\n",
      "registry_invalid", "map is missing" },
    { PROVIDERS "idps:\n  - {id: x, kind: local, name: {fi: X}, role_names: [OPE=techer]}\n", "registry_invalid",
      "there is no role \"techer\"; did you mean \"teacher\"? Known: learner, " },
    { PROVIDERS "servicess: []\n", "unknown_key",
      "registry.yaml:14: unknown key \"servicess\"; did you mean \"services\"?" },
    { PROVIDERS "idps:\n  - {id: x, kind: local, name: {fi: X}, colour: red}\n", "unknown_key", "registry.yaml:15:" },
    { PROVIDERS "idps:\n  - {id: x, name: {fi: X}}\n", "missing_key", "kind is missing" },
    { PROVIDERS "idps:\n  - {id: x, kind: ldap, name: {fi: X}}\n", "bad_value", "expected one of oidc, saml, local" },
    { PROVIDERS "idps:\n  - {id: X Y, kind: local, name: {fi: X}}\n", "bad_value", "expected an id" },
    { PROVIDERS "idps:\n  - {id: x, kind: local, name: {fi: X}, test: 1}\n", "bad_value", "expected true or false" },
    { PROVIDERS "idps:\n  - {id: x, kind: local, name: {de: X}}\n", "unknown_key", "\"de\"" },
    { PROVIDERS "idps:\n  - {id: x, kind: local}\n", "registry_invalid",
      "registry.yaml:15: idp x: name.fi is missing" },
    { PROVIDERS "idps:\n  - {id: x, kind: local, name: {fi: X}, provider: espoo}\n", "registry_invalid",
      "there is no provider \"espoo\"" },
    { PROVIDERS "idps:\n  - {id: x, kind: local, name: {fi: X}}\n  - {id: x, kind: local, name: {fi: X}}\n", "twice",
      "also in line 15" },
    { PROVIDERS "rules:\n  - {id: q, provider: oulu}\n  - {id: r, provider: nowhere}\n", "registry_invalid",
      "there is no provider \"nowhere\"" },
    { PROVIDERS "rules:\n  - {id: r, provider: oulu, service: nowhere}\n", "registry_invalid",
      "policy r: line 4, column 15 of its text: there is no Service::\"nowhere\"" },
    { PROVIDERS "rules:\n  - {id: r, provider: oulu, school: \"99999\"}\n", "no_school", "no school \"99999\"" },
    { PROVIDERS "rules:\n  - {id: r, provider: oulu, release: [shoe_size]}\n", "bad_value",
      "\"shoe_size\" is no claim" },
    { PROVIDERS "accounts:\n  - {id: a, idp: local, username: a, password: {plain: x}}\n", "registry_invalid",
      "is no idp of kind local" },
    { PROVIDERS "accounts:\n  - {id: a, idp: local, username: a, password: x}\n", "bad_value", "{plain: …}" },
    { PROVIDERS IDPS "accounts:\n  - {id: a, idp: local, username: a, password: {argon2id: nonsense}}\n", "bad_value",
      "$argon2id$" },
    { PROVIDERS IDPS
      "services:\n  - {id: s, protocol: oidc, vendor: v, name: {fi: S}, client_id: s, auth_method: none}\n",
      "registry_invalid", "redirect_uris is empty" },
    { PROVIDERS IDPS "services:\n  - {id: s, protocol: oidc, vendor: v, name: {fi: S}, client_id: s, "
                     "secret: {plain: short}}\n",
      "bad_value", "16 bytes" },
    { PROVIDERS
      "services:\n  - {id: s, protocol: link, vendor: v, name: {fi: S}, launch_uri: \"javascript:alert(1)\"}\n",
      "registry_invalid", "launch_uri" },
    { PROVIDERS "services:\n  - {id: s, protocol: link, vendor: v, name: {fi: S}, launch_uri: \"https://s.example/\", "
                "targets: [\"https://s.example\"]}\n",
      "registry_invalid", "targets: \"https://s.example\" must go on behind its host" },
    { PROVIDERS "services:\n  - {id: s, protocol: link, vendor: v, name: {fi: S}, launch_uri: "
                "\"https://s.example/?to={target}\"}\n",
      "registry_invalid", "target_link_uri is missing, which stands for {target}" },
    { PROVIDERS "services:\n  - {id: s, protocol: link, vendor: v, name: {fi: S}, launch_uri: \"https://{target}/\"}\n",
      "registry_invalid", "launch_uri \"https://{target}/\" may hold {target} as a value in its query alone" },
    { PROVIDERS "services: &a\n  - {id: s}\n", "yaml_refused", "anchor" },
    { PROVIDERS
      "services:\n  - {id: s, protocol: oidc, vendor: v, name: {fi: S}, client_id: s, secret_file: nowhere}\n",
      "file_unreadable", "/nowhere: No such file" },
    { A_SERVICE(SECRET ", backchannel_logout_uri: \"http://s.example/out\""), "registry_invalid",
      "backchannel_logout_uri \"http://s.example/out\" must begin with https://" },
    { A_SERVICE(SECRET ", backchannel_logout_uri: \"https://s.example/out#x\""), "registry_invalid",
      "backchannel_logout_uri" },
    { A_SERVICE(SECRET ", frontchannel_logout_uri: \"https://other.example/out\""), "registry_invalid",
      "must have the scheme, host and port of one of redirect_uris" },
    { A_SERVICE(SECRET ", frontchannel_logout_uri: \"https://s.example:444/out\""), "registry_invalid",
      "must have the scheme, host and port of one of redirect_uris" },
    { A_SERVICE(SECRET ", backchannel_logout_session_required: true"), "registry_invalid",
      "says nothing without backchannel_logout_uri" },
    { A_SERVICE(SECRET ", frontchannel_logout_session_required: true"), "registry_invalid",
      "says nothing without frontchannel_logout_uri" },
};

/* RFC 7515, appendix A.3.1. */
#define A_KEY                                                                                                          \
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","              \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"

/* What a row means, as one line. */
static const char *meaning(struct test *t, struct rig *g, const char *file)
{
    if (!import(t, g, str_of(file)))
        return g->fail.detail;
    struct registry *r = registry_load(g->db, &g->fail);
    const struct service *s = r != NULL ? registry_service(r, S("s")) : NULL;
    const char *line = s == NULL ? "none"
                                 : arena_printf(t->arena, "%.*s %.*s %s",
                                                STR_ARG(s->auth_method.n > 0 ? s->auth_method : S("a-secret")),
                                                STR_ARG(s->id_token_alg), s->pkce_required ? "pkce" : "free")
                                       .p;
    registry_drop(r);
    return line;
}

TEST(a_row_that_says_nothing_means_what_libraries_do_by_themselves) /* [OIDC Registration 2, RFC 9700 2.1.1] */
{
    struct rig g;

    rig_open(t, &g);
    CHECK_STR(meaning(t, &g, A_SERVICE(SECRET)), "a-secret RS256 free");
    CHECK_STR(meaning(t, &g, A_SERVICE("auth_method: none")), "none RS256 pkce");
    CHECK_STR(meaning(t, &g, A_SERVICE("auth_method: private_key_jwt, jwks: '" A_KEY "'")),
              "private_key_jwt RS256 free");
    rig_free(t, &g);
}

TEST(a_row_may_be_stricter)
{
    struct rig g;

    rig_open(t, &g);
    CHECK_STR(
        meaning(t, &g, A_SERVICE(SECRET ", auth_method: client_secret_post, id_token_alg: ES256, pkce_required: true")),
        "client_secret_post ES256 pkce");
    CHECK_STR(meaning(t, &g, A_SERVICE(SECRET ", pkce_required: true")), "a-secret RS256 pkce");
    CHECK_STR(meaning(t, &g, A_SERVICE("auth_method: none, pkce_required: true")), "none RS256 pkce");
    rig_free(t, &g);
}

#define KEYS                                                                                                           \
    ", jwks: '{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\","                                             \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}'"

/* What a service may ask and how: a row that says what cannot work is refused, with the reason. */
static const struct {
    const char *row, *why;
} cannot_ask[] = {
    { A_SERVICE(SECRET ", request_object_signing_alg: ES256"), "jwks (or jwks_uri) is missing" },
    { A_SERVICE(SECRET ", require_signed_request_object: true"), "jwks (or jwks_uri) is missing" },
    { A_SERVICE(SECRET ", request_uris: [https://s.example/object]"), "jwks (or jwks_uri) is missing" },
    { A_SERVICE(SECRET KEYS ", request_object_signing_alg: HS256"), "by a key of their own" },
    { A_SERVICE(SECRET KEYS ", request_uris: [http://s.example/object]"), "request_uris" },
    { A_SERVICE(SECRET KEYS ", request_uris: [/object]"), "request_uris" },
    { A_SERVICE(SECRET ", authorization_signed_response_alg: HS256"), "expected one of" },
    { A_SERVICE(SECRET ", default_max_age: 99999999"), "default_max_age" },
    { A_SERVICE(SECRET ", default_acr_values: [\"urn:a b\"]"), "default_acr_values" },
    { A_SERVICE(SECRET ", id_token_alg: ES256, fapi: true"), "fapi" },
    { A_SERVICE("auth_method: none, fapi: true, id_token_alg: ES256"), "fapi" },
    { A_SERVICE("auth_method: private_key_jwt, fapi: true" KEYS), "fapi: id_token_alg" },
    { A_SERVICE(
          "auth_method: private_key_jwt, fapi: true, id_token_alg: ES256, request_object_signing_alg: RS256" KEYS),
      "fapi: request_object_signing_alg" },
    { A_SERVICE("auth_method: private_key_jwt, fapi: true, id_token_alg: ES256, authorization_signed_response_alg: "
                "RS256" KEYS),
      "fapi: authorization_signed_response_alg" },
};

TEST(a_row_that_asks_in_ways_that_cannot_work_is_refused)
{
    for (size_t i = 0; i < sizeof cannot_ask / sizeof *cannot_ask; i++) {
        struct rig g;
        rig_open(t, &g);
        const char *said = meaning(t, &g, cannot_ask[i].row);
        if (t->checked++, strstr(said, cannot_ask[i].why) == NULL)
            test_fail(t, __FILE__, __LINE__, "%s: %s", cannot_ask[i].row, said);
        rig_free(t, &g);
    }
}

TEST(a_row_may_sign_push_and_be_held_to_fapi)
{
    struct rig g;

    rig_open(t, &g);
    CHECK_STR(meaning(t, &g,
                      A_SERVICE(SECRET KEYS ", request_object_signing_alg: RS256, require_signed_request_object: true, "
                                            "request_uris: [\"https://s.example/object#one\"], default_max_age: 600, "
                                            "require_pushed_authorization_requests: true")),
              "a-secret RS256 free");
    CHECK_STR(meaning(t, &g, A_SERVICE("auth_method: private_key_jwt, fapi: true, id_token_alg: ES256" KEYS)),
              "private_key_jwt ES256 free");
    rig_free(t, &g);
}

TEST(a_public_service_that_says_it_goes_without_pkce_is_refused) /* [RFC 9700 2.1.1] */
{
    struct rig g;

    rig_open(t, &g);
    CHECK(strstr(meaning(t, &g, A_SERVICE("auth_method: none, pkce_required: false")),
                 "a public service (auth_method none) cannot be without pkce_required") != NULL);
    rig_free(t, &g);
}

TEST(a_service_without_a_secret_must_say_how_it_proves_itself)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(strstr(meaning(t, &g, A_SERVICE("enabled: true")), "secret (or secret_file) is missing") != NULL);
    CHECK(strstr(meaning(t, &g, A_SERVICE("auth_method: client_secret_basic")), "secret is missing") != NULL);
    rig_free(t, &g);
}

static void check_refused(struct test *t, struct rig *g, const char *file, const char *why)
{
    const char *said = meaning(t, g, file);

    t->checked++;
    if (strstr(said, why) == NULL)
        test_fail(t, __FILE__, __LINE__, "\"%s\" does not say \"%s\"", said, why);
}

#define EXCHANGE "\"urn:ietf:params:oauth:grant-type:token-exchange\""

TEST(grant_types_of_a_row_are_those_that_work_for_it)
{
    struct rig g;

    rig_open(t, &g);
    check_refused(t, &g, A_SERVICE(SECRET ", grant_types: [refresh_tokens]"), "there is no grant_type");
    check_refused(t, &g, A_SERVICE("auth_method: none, grant_types: [authorization_code, client_credentials]"),
                  "client_credentials is not for a public service");
    check_refused(t, &g, A_SERVICE(SECRET ", scopes: [openid, offline_access]"), "offline_access needs refresh_token");
    check_refused(t, &g, A_SERVICE(SECRET ", grant_types: [authorization_code, " EXCHANGE "]"), "exchanges is missing");
    check_refused(t, &g, A_SERVICE(SECRET ", exchanges: [s]"), "exchanges needs urn:ietf");
    check_refused(t, &g, A_SERVICE(SECRET ", grant_types: [" EXCHANGE "], exchanges: [nobody]"),
                  "there is no service \"nobody\"");
    CHECK_STR(
        meaning(t, &g,
                A_SERVICE(SECRET ", grant_types: [authorization_code, refresh_token, client_credentials, " EXCHANGE
                                 "], exchanges: [s], scopes: [openid, offline_access]")),
        "a-secret RS256 free");
    rig_free(t, &g);
}

TEST(resources_of_a_row_are_addresses_without_a_fragment_and_one_service_is_each) /* [RFC 8707 2] */
{
    struct rig g;

    rig_open(t, &g);
    check_refused(t, &g, A_SERVICE(SECRET ", resources: [\"https://a.example/#x\"]"), "no address without a fragment");
    check_refused(t, &g, A_SERVICE(SECRET ", resources: [\"a.example\"]"), "no address without a fragment");
    check_refused(t, &g, A_SERVICE(SECRET ", resource: \"https://a.example/#x\""), "no address without a fragment");
    check_refused(
        t, &g,
        A_SERVICE(SECRET ", resource: \"https://a.example/\"") "  - {id: s2, protocol: oidc, vendor: v, name: "
                                                               "{fi: S}, client_id: s2, " SECRET
                                                               ", resource: \"https://a.example/\"}\n",
        "belongs to another service already");
    check_refused(t, &g, A_SERVICE(SECRET ", scopes: [\"grades:read\"]"), "there is no scope");
    CHECK_STR(meaning(t, &g,
                      A_SERVICE(SECRET ", resources: [\"https://a.example/\", \"urn:x:y\"], scopes: [openid, "
                                       "\"grades:read\"], resource: \"https://s.example/\"")),
              "a-secret RS256 free");
    rig_free(t, &g);
}

TEST(a_service_that_only_asks_for_itself_needs_no_redirect_uri)
{
    static const char with[] =
        PROVIDERS "services:\n  - {id: s, protocol: oidc, vendor: v, name: {fi: S}, client_id: s, " SECRET
                  ", grant_types: [client_credentials]}\n";
    static const char without[] =
        PROVIDERS "services:\n  - {id: s, protocol: oidc, vendor: v, name: {fi: S}, client_id: "
                  "s, " SECRET "}\n";
    struct rig g;

    rig_open(t, &g);
    CHECK_STR(meaning(t, &g, with), "a-secret RS256 free");
    check_refused(t, &g, without, "redirect_uris is empty");
    rig_free(t, &g);
}

TEST(a_logo_is_made_anew_and_kept_and_goes_out_as_it_came_in)
{
    static const char head[] = PROVIDERS "services:\n  - {id: s, protocol: link, vendor: v, name: {fi: S}, launch_uri: "
                                         "\"https://s.example/\", keywords: [wilma, frånvaro], ";
    struct rig g;

    rig_open(t, &g);
    g.how.base_dir = TEST_SOURCE_DIR "/tests/fuzz/seeds/logo";
    CHECK(import(t, &g, arena_join(t->arena, str_of(head), S("icon_file: texts}\n"))));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    const struct service *s = registry_service(r, S("s"));
    CHECK(str_has_prefix(s->logo, S("\x89PNG")) && str_find(s->logo, S("script")) == s->logo.n);
    CHECK_INT(s->keywords.n, 2);
    CHECK_STR(s->keywords.at[1], "frånvaro");
    registry_drop(r);
    struct str out = registry_export(g.db, t->arena, &g.fail);
    CHECK(str_find(out, S("icon: iVBOR")) < out.n || str_find(out, S("icon: \"iVBOR")) < out.n);
    CHECK(import(t, &g, out));
    CHECK_INT(g.report.change.changed, 0);
    CHECK(import(t, &g, arena_join(t->arena, str_of(head), S("icon_file: texts}\n"))));
    CHECK_INT(g.report.change.changed, 0);
    rig_free(t, &g);
}

TEST(what_is_no_logo_is_refused_with_its_line)
{
    struct rig g;

    rig_open(t, &g);
    g.how.base_dir = TEST_SOURCE_DIR "/tests/fuzz/seeds/logo";
    CHECK(strstr(meaning(t, &g, A_SERVICE(SECRET ", icon_file: svg")), "icon: the picture says no size") != NULL);
    CHECK(strstr(meaning(t, &g, A_SERVICE(SECRET ", icon: \"<svg>\"")), "icon: expected a PNG in base64") != NULL);
    CHECK(strstr(meaning(t, &g, A_SERVICE(SECRET ", icon_file: nowhere")), "/nowhere: No such file") != NULL);
    rig_free(t, &g);
}

/* The registry as a program left it whose presets were others. */
static void old_registry(struct test *t, struct rig *g, const char *protocol, const char *auth_method)
{
    static const struct db_statement service = {
        "old.service",
        "INSERT INTO service (id, protocol, vendor, names_fi, names_sv, names_en, lines_fi, lines_sv, "
        "lines_en, category, icon, enabled, test, launch_uri, initiate_login_uri, target_link_uri, asks, "
        "client_id, secret_hash, auth_method, jwks, redirect_uris, post_logout_redirect_uris, "
        "id_token_alg, pkce_required, profile, scopes) VALUES ('s', ?1, 'v', 'S', '', '', '', '', '', '', "
        "'', 1, 0, 'https://s.example/', '', '', '', 's', ?2, ?3, '', 'https://s.example/cb', '', 'ES256', "
        "1, 'native', '')"
    };
    const struct db_value args[] = { db_text(str_of(protocol)), db_text(sha256_hex(t->arena, S("x"))),
                                     db_text(str_of(auth_method)) };
    size_t n = 0;

    rig_open(t, g);
    db_close(g->db);
    (void)unlink(arena_printf(t->arena, "%s/registry/registry.sqlite", g->dir).p);
    struct db *d = db_open(arena_printf(t->arena, "%s/registry/registry.sqlite", g->dir).p, DB_CREATE, &g->fail);
    while (strstr(registry_migrations[n].sql, "SET auth_method") == NULL)
        n++;
    CHECK(d != NULL && db_migrate(d, registry_migrations, n, &g->fail) && db_run(d, &service, args, 3, &g->fail));
    db_close(d);
    g->db = registry_db_open(&g->set, DB_CREATE, &g->fail);
    CHECK(g->db != NULL);
    CHECK_STR(g->fail.detail, "");
}

static const char *means_now(struct test *t, struct rig *g)
{
    struct registry *r = registry_load(g->db, &g->fail);
    const struct service *s = r != NULL ? registry_service(r, S("s")) : NULL;
    const char *line = s == NULL ? g->fail.detail
                                 : arena_printf(t->arena, "%.*s %.*s %s", STR_ARG(s->auth_method),
                                                STR_ARG(s->id_token_alg), s->pkce_required ? "pkce" : "free")
                                       .p;
    registry_drop(r);
    return line;
}

TEST(rows_of_before_go_on_meaning_what_they_said)
{
    static const struct {
        const char *auth_method, *means;
    } rows[] = { { "client_secret_post", "client_secret_post ES256 pkce" },
                 { "", "client_secret_basic ES256 pkce" } }; /* which was Basic alone */
    struct rig g;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        old_registry(t, &g, "oidc", rows[i].auth_method);
        CHECK_STR(means_now(t, &g), rows[i].means);
        rig_free(t, &g);
    }
    old_registry(t, &g, "link", "");
    struct str exported = registry_export(g.db, t->arena, &g.fail);
    CHECK(str_find(exported, S("id_token_alg")) == exported.n && str_find(exported, S("pkce_required")) == exported.n);
    rig_free(t, &g);
}

TEST(a_wrong_file_is_refused_with_its_line_and_changes_nothing)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(WHOLE)));
    struct str before = registry_export(g.db, t->arena, &g.fail);
    for (size_t i = 0; i < sizeof wrong_files / sizeof *wrong_files; i++) {
        CHECK(!import(t, &g, str_of(wrong_files[i].text)));
        if (strcmp(g.fail.code != NULL ? g.fail.code : "", wrong_files[i].code) != 0 ||
            strstr(g.fail.detail, wrong_files[i].says) == NULL)
            test_fail(t, __FILE__, __LINE__, "file %zu: %s: %s", i, g.fail.code, g.fail.detail);
        CHECK(strncmp(g.fail.detail, "registry.yaml:", 14) == 0);
    }
    CHECK(str_eq(before, registry_export(g.db, t->arena, &g.fail)));
    rig_free(t, &g);
}

/* ── why a service asks ────────────────────────────────────────────────── */

#define PURPOSES(more)                                                                                                 \
    "    purposes:\n"                                                                                                  \
    "      - {attribute: roles, basis: public_task, purpose: {fi: \"Opettaja näkee vastaukset.\", "                   \
    "sv: Läraren ser svaren., en: \"Teachers see the answers: \\\"all\\\" of them.\"}}\n" more

TEST(purposes_are_kept_in_three_languages_and_go_out_as_they_came_in)
{
    struct rig g, other;

    rig_open(t, &g);
    rig_open(t, &other);
    CHECK(import(t, &g, S(PROVIDERS IDPS SERVICES PURPOSES("") POLICIES ACCOUNTS)));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL);
    const struct service *s = registry_service(r, S("kanerva"));
    const struct purpose *p = service_purpose(s, CLAIM_ROLES);
    CHECK(p != NULL && s->purpose_count == 1);
    CHECK(p->basis == BASIS_PUBLIC_TASK && p->until_s == 0);
    CHECK_STR(p->why.in[LANG_SV], "Läraren ser svaren.");
    CHECK_STR(p->why.in[LANG_EN], "Teachers see the answers: \"all\" of them.");
    CHECK(service_purpose(s, CLAIM_EMAIL) == NULL);
    struct str first = registry_export(g.db, t->arena, &g.fail);
    CHECK(import(t, &other, first));
    CHECK_STR(other.fail.detail, "");
    CHECK(str_eq(first, registry_export(other.db, t->arena, &g.fail)));
    registry_drop(r);
    rig_free(t, &g);
    rig_free(t, &other);
}

#define RECEIPTS(more)                                                                                                 \
    "permissions:\n"                                                                                                   \
    "  - {id: oulu-kanerva-1, provider: oulu, service: kanerva, policy: p1, agreement: OUL/1/2026, "                   \
    "decided_by: \"Helena Virta, johtaja\", roles: [learner], gives: [roles], keeps: [email], "                        \
    "from: \"2026-08-01T00:00:00Z\", until: \"2027-08-01T00:00:00Z\"" more "}\n"
#define INCIDENTS                                                                                                      \
    "incidents:\n"                                                                                                     \
    "  - {id: kanerva-1, service: kanerva, from: \"2026-11-01T08:00:00Z\", says: {fi: Hidas., sv: Seg., en: Slow.}}\n"

TEST(receipts_and_incidents_are_kept_and_go_out_as_they_came_in)
{
    struct rig g, other;

    rig_open(t, &g);
    rig_open(t, &other);
    CHECK(import(t, &g, S(WHOLE RECEIPTS("") INCIDENTS)));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL);
    const struct permission *p = registry_permission(r, S("oulu-kanerva-1"));
    CHECK(p != NULL && registry_permission(r, S("oulu-kanerva-2")) == NULL);
    CHECK_STR(p->provider->id, "oulu");
    CHECK_STR(p->decided_by, "Helena Virta, johtaja");
    CHECK(claim_in(p->gives, CLAIM_ROLES) && claim_in(p->keeps, CLAIM_EMAIL));
    CHECK(!permission_in_force(p, p->from_s - 1) && permission_in_force(p, p->from_s));
    CHECK(permission_in_force(p, p->until_s - 1) && !permission_in_force(p, p->until_s));
    CHECK_INT(registry_parts(r)->incident_count, 1);
    CHECK_STR(registry_parts(r)->incidents[0].says.in[LANG_SV], "Seg.");
    struct str first = registry_export(g.db, t->arena, &g.fail);
    CHECK(import(t, &other, first));
    CHECK_STR(other.fail.detail, "");
    CHECK(str_eq(first, registry_export(other.db, t->arena, &g.fail)));
    registry_drop(r);
    rig_free(t, &g);
    rig_free(t, &other);
}

#define NOTICES                                                                                                        \
    "notices:\n"                                                                                                       \
    "  - {id: n1, kind: down, provider: oulu, roles: [teacher], service: kanerva, title: {fi: Poissa, sv: Borta}, "    \
    "says: {fi: \"<b>Palaa</b> pian\"}, important: true, from: \"2026-11-01T08:00:00Z\", "                             \
    "until: \"2026-11-02T08:00:00Z\"}\n"

TEST(notices_are_kept_and_go_out_as_they_came_in)
{
    struct rig g, other;

    rig_open(t, &g);
    rig_open(t, &other);
    CHECK(import(t, &g, S(WHOLE NOTICES)));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL && registry_parts(r)->notice_count == 1);
    const struct bulletin *n = registry_parts(r)->notices;
    CHECK(n->kind == NOTICE_DOWN && n->important && n->school == NULL);
    CHECK_STR(n->provider->id, "oulu");
    CHECK_STR(n->service->id, "kanerva");
    CHECK_STR(n->title.in[LANG_SV], "Borta");
    CHECK_STR(n->says.in[LANG_FI], "<b>Palaa</b> pian");
    struct str first = registry_export(g.db, t->arena, &g.fail);
    CHECK(import(t, &other, first));
    CHECK_STR(other.fail.detail, "");
    CHECK(str_eq(first, registry_export(other.db, t->arena, &g.fail)));
    registry_drop(r);
    rig_free(t, &g);
    rig_free(t, &other);
}

TEST(a_notice_that_nobody_could_read_is_refused)
{
#define TIMES "from: \"2026-11-01T08:00:00Z\", until: \"2026-11-02T08:00:00Z\""
    static const struct {
        struct str rows;
        const char *says;
    } wrong[] = {
        { S(WHOLE "notices:\n  - {id: a, provider: oulu, " TIMES "}\n"), "title" },
        { S(WHOLE "notices:\n  - {id: a, title: {fi: A, sv: B}, " TIMES "}\n"), "title.en" },
        { S(WHOLE "notices:\n  - {id: a, provider: oulu, title: {fi: A}, says: {sv: B}, " TIMES "}\n"), "title.sv" },
        { S(WHOLE "notices:\n  - {id: a, provider: oulu, title: {fi: A}, roles: [king], " TIMES "}\n"), "no role" },
        { S(WHOLE "notices:\n  - {id: a, provider: oulu, kind: down, title: {fi: A}, " TIMES "}\n"), "service" },
        { S(WHOLE "notices:\n  - {id: a, provider: oulu, title: {fi: A}, from: \"2026-11-02T08:00:00Z\", until: "
                  "\"2026-11-02T08:00:00Z\"}\n"),
          "until" },
        { S(WHOLE "notices:\n  - {id: a, provider: oulu, title: {fi: A}, from: \"2026-11-02T08:00:00Z\", until: "
                  "\"2028-11-02T08:00:00Z\"}\n"),
          "year" },
    };
#undef TIMES
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(!import(t, &g, wrong[i].rows));
        if (strstr(g.fail.detail, wrong[i].says) == NULL)
            CHECK_STR(g.fail.detail, wrong[i].says);
    }
    rig_free(t, &g);
}

TEST(a_receipt_that_contradicts_itself_is_refused)
{
    static const struct {
        struct str rows;
        const char *says;
    } wrong[] = {
        { S(WHOLE RECEIPTS(", withdrawn: \"2026-12-01T00:00:00Z\"")), "withdrawn_why" },
        { S(WHOLE RECEIPTS(", schools: [\"1.2.3\"]")), "no school" },
        { S(WHOLE "permissions:\n  - {id: a, provider: oulu, service: kanerva, roles: [king]}\n"), "no role" },
        { S(WHOLE "permissions:\n  - {id: a, provider: oulu, service: kanerva, gives: [roles], keeps: [roles]}\n"),
          "the same" },
        { S(WHOLE "incidents:\n  - {id: a, service: kanerva, from: \"2026-11-01T08:00:00Z\", says: {fi: a}}\n"),
          "says.sv" }
    };
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(!import(t, &g, wrong[i].rows));
        if (strstr(g.fail.detail, wrong[i].says) == NULL)
            CHECK_STR(g.fail.detail, wrong[i].says);
    }
    rig_free(t, &g);
}

TEST(a_purpose_that_is_taken_out_of_the_file_is_gone)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(PROVIDERS IDPS SERVICES PURPOSES("") POLICIES ACCOUNTS)));
    CHECK(import(t, &g, S(WHOLE)));
    CHECK(g.report.change.removed == 1);
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(service_purpose(registry_service(r, S("kanerva")), CLAIM_ROLES) == NULL);
    registry_drop(r);
    rig_free(t, &g);
}

static const struct {
    const char *rows, *says;
} wrong_purposes[] = {
    { "      - {attribute: email, purpose: {fi: a, sv: b, en: c}}\n",
      "purpose kanerva/email: the service does not ask for email: add it to asks, or take the purpose away" },
    { "      - {attribute: roles, purpose: {fi: a, en: c}}\n", "purpose.sv is missing: why roles is asked for" },
    { "      - {attribute: roles}\n", "purpose.fi is missing" },
    { "      - {attribute: rolls, purpose: {fi: a, sv: b, en: c}}\n", "did you mean \"roles\"?" },
    { "      - {attribute: roles, basis: public_taks, purpose: {fi: a, sv: b, en: c}}\n",
      "did you mean \"public_task\"?" },
    { "      - {attribute: roles, purpose: {fi: a, sv: b, en: c, de: d}}\n", "de" },
    { "      - {purpose: {fi: a, sv: b, en: c}}\n", "attribute is missing" },
    { "      - {attribute: roles, purpose: {fi: a, sv: b, en: c}}\n"
      "      - {attribute: roles, purpose: {fi: a, sv: b, en: c}}\n",
      "stands twice" },
};

TEST(a_purpose_that_is_none_is_refused_with_its_line)
{
    struct rig g;

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof wrong_purposes / sizeof *wrong_purposes; i++) {
        struct str text = arena_printf(t->arena, "%s    purposes:\n%s%s", PROVIDERS IDPS SERVICES,
                                       wrong_purposes[i].rows, POLICIES ACCOUNTS);
        CHECK(!import(t, &g, text));
        if (strstr(g.fail.detail, wrong_purposes[i].says) == NULL || strstr(g.fail.detail, "registry.yaml:") == NULL)
            test_fail(t, __FILE__, __LINE__, "purpose %zu: %s: %s", i, g.fail.code, g.fail.detail);
    }
    rig_free(t, &g);
}

static const struct {
    const char *uri;
    bool production, test, is_public;
} uris[] = {
    { "https://kanerva.example/cb", true, true, true },
    { "https://kanerva.example:8443/cb?x=1", true, true, true },
    { "http://kanerva.example/cb", false, false, false },
    { "http://localhost:8080/cb", false, true, false },
    { "http://kanerva.localhost:8080/cb", false, true, false },
    { "http://127.0.0.1:8080/cb", false, true, true },
    { "http://[::1]:8080/cb", false, true, true },
    { "https://localhost/cb", false, true, false },
    { "http://127.0.0.1.evil.example/cb", false, false, false },
    { "http://localhost.evil.example/cb", false, false, false },
    { "http://evillocalhost/cb", false, false, false },
    { "https://kanerva.example/cb#x", false, false, false },
    { "https://*.kanerva.example/cb", false, false, false },
    { "https://kanerva.example/*", false, false, false },
    { "https://user@kanerva.example/cb", false, false, false },
    { "https://user:pw@kanerva.example/cb", false, false, false },
    { "https://kanerva.example\\@evil.example/cb", false, false, false },
    { "https://", false, false, false },
    { "https:///cb", false, false, false },
    { "https:kanerva.example/cb", false, false, false },
    { "//kanerva.example/cb", false, false, false },
    { "/cb", false, false, false },
    { "", false, false, false },
    { "HTTPS://KANERVA.EXAMPLE/cb", false, false, false },
    { "https://kanerva.example:65535/cb", true, true, true },
    { "https://kanerva.example:65536/cb", false, false, false },
    { "http://127.0.0.1:65535/cb", false, true, true },
    { "http://127.0.0.1:99999/cb", false, false, false },
    { "http://[::1]:65536/cb", false, false, false },
    { "https://kanerva.example:0/cb", false, false, false },
    { "https://kanerva.example:99999/cb", false, false, false },
    { "https://kanerva.example:/cb", false, false, false },
    { "https://kanerva.example/c b", false, false, false },
    { "https://kanerva.example/c\nb", false, false, false },
    { "https://kanerva.example/ä", false, false, false },
    { "javascript:alert(1)", false, false, false },
    { "data:text/html,x", false, false, false },
    { "fi.hanki.koodi:/cb", false, false, true },
    { "hanki:/cb", false, false, false },
};

TEST(redirect_uris_of_production_services_are_https_and_exact)
{
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        struct str uri = str_of(uris[i].uri);
        bool production = redirect_uri_trouble(uri, false, false) == NULL;
        bool test = redirect_uri_trouble(uri, true, false) == NULL;
        bool is_public = redirect_uri_trouble(uri, false, true) == NULL;
        t->checked++;
        if (production != uris[i].production || test != uris[i].test || is_public != uris[i].is_public)
            test_fail(t, __FILE__, __LINE__, "%s: production %d, test %d, public %d", uris[i].uri, production, test,
                      is_public);
    }
}

TEST(a_secret_may_stand_in_a_file_beside)
{
    struct rig g;
    char path[128];

    rig_open(t, &g);
    (void)snprintf(path, sizeof path, "%s/secret", g.dir);
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs("kuusi-ja-mänty-ja-koivu\n", f) >= 0 && fclose(f) == 0);
    CHECK(import(t, &g, S(WHOLE)));
    CHECK(import(t, &g,
                 S(PROVIDERS
                   "idps:\n"
                   "  - {id: oulu-edu, kind: oidc, provider: oulu, name: {fi: Oulu}, test: true, map: native, "
                   "issuer: \"http://oulu.localhost:8081\", client_id: digione, "
                   "auth_method: client_secret_basic, client_secret_file: secret}\n"
                   "  - {id: local, kind: local, name: {fi: Paikalliset tunnukset}}\n" SERVICES POLICIES ACCOUNTS)));
    CHECK_STR(g.fail.detail, "");
    CHECK_INT(g.report.change.changed, 0);
    rig_free(t, &g);
}

TEST(a_change_is_seen_by_the_watch_and_a_broken_registry_is_not_served)
{
    static const struct db_statement spoil = { "spoil", "UPDATE service SET redirect_uris = 'http://evil.example/'" };
    struct rig g;
    struct registry *changed = NULL;

    rig_open(t, &g);
    struct registry_watch *w = registry_watch_new(&g.set, &g.fail);
    CHECK(w != NULL);
    CHECK(!registry_poll(w, &changed));
    CHECK(import(t, &g, S(WHOLE)));
    CHECK(registry_poll(w, &changed));
    CHECK(changed != NULL && registry_service(changed, S("kanerva")) != NULL);
    CHECK(!registry_poll(w, &changed));
    CHECK(db_run(g.db, &spoil, NULL, 0, &g.fail));
    CHECK(!registry_poll(w, &changed));
    CHECK(registry_watch_now(w) == changed);
    registry_drop(changed);
    registry_watch_free(w);
    rig_free(t, &g);
}

TEST(an_order_to_fetch_an_idp_anew_reaches_the_watch_and_survives_an_import)
{
    struct rig g;
    struct registry *changed = NULL;

    rig_open(t, &g);
    CHECK(import(t, &g, S(WHOLE)));
    struct registry_watch *w = registry_watch_new(&g.set, &g.fail);
    CHECK(w != NULL);
    CHECK_INT(registry_idp(registry_watch_now(w), S("oulu-edu"))->refresh_turn, 0);
    CHECK(registry_refresh(g.db, REFRESH_IDP, S("oulu-edu"), &g.fail));
    CHECK(registry_poll(w, &changed));
    CHECK_INT(registry_idp(changed, S("oulu-edu"))->refresh_turn, 1);
    CHECK_INT(registry_idp(changed, S("local"))->refresh_turn, 0);
    registry_drop(changed);
    CHECK(registry_refresh(g.db, REFRESH_IDP, S("oulu-edu"), &g.fail));
    CHECK(import(t, &g, S(WHOLE)));
    CHECK(registry_poll(w, &changed));
    CHECK_INT(registry_idp(changed, S("oulu-edu"))->refresh_turn, 2);
    registry_drop(changed);
    registry_watch_free(w);
    rig_free(t, &g);
}

/* [OIDC Discovery 3, SAML metadata 2.3.2] One product, one name, two protocols. */
TEST(a_partner_may_stand_over_saml_and_over_openid_connect_at_once)
{
#define BOTH(second, id, name)                                                                                         \
    PROVIDERS IDPS "  - {id: " id ", kind: " second                                                                    \
                   ", provider: oulu, name: {fi: Oulu}, test: true, map: native, " name "}\n"
#define SAML_NAMED(name) "entity_id: \"" name "\", metadata_url: \"http://oulu.localhost:8081/metadata\""
    struct rig g;

    rig_open(t, &g);
    CHECK(import(t, &g, S(BOTH("saml", "oulu-saml", SAML_NAMED("http://oulu.localhost:8081")))));
    CHECK_STR(g.fail.detail, "");
    struct registry *r = registry_load(g.db, &g.fail);
    CHECK(r != NULL);
    CHECK_STR(registry_idp_entity(r, IDP_OIDC, S("http://oulu.localhost:8081"))->id, "oulu-edu");
    CHECK_STR(registry_idp_entity(r, IDP_SAML, S("http://oulu.localhost:8081"))->id, "oulu-saml");
    CHECK(registry_idp_entity(r, IDP_LOCAL, S("http://oulu.localhost:8081")) == NULL);
    registry_drop(r);
    CHECK(!import(
        t, &g,
        S(BOTH("oidc", "twice", "issuer: http://oulu.localhost:8081, client_id: x, auth_method: private_key_jwt"))));
    CHECK(strstr(g.fail.detail, "idp twice: issuer \"http://oulu.localhost:8081\" belongs to another idp already") !=
          NULL);
    CHECK(!import(t, &g,
                  S(BOTH("saml", "a", SAML_NAMED("urn:x")) "  - {id: b, kind: saml, provider: oulu, name: {fi: B}, "
                                                           "test: true, map: native, " SAML_NAMED("urn:x") "}\n")));
    CHECK(strstr(g.fail.detail, "belongs to another idp already") != NULL);
    rig_free(t, &g);
}

TEST(the_session_epoch_grows_and_stays)
{
    struct rig g;
    int64_t before = 0, raised = 0, after = 0;

    rig_open(t, &g);
    CHECK(registry_session_epoch(g.db, &before, &g.fail));
    CHECK(registry_session_epoch_raise(g.db, &raised, &g.fail));
    CHECK(import(t, &g, S(WHOLE)));
    CHECK(registry_session_epoch(g.db, &after, &g.fail));
    CHECK_INT(raised, before + 1);
    CHECK_INT(after, raised);
    rig_free(t, &g);
}

TEST(a_kill_at_any_moment_leaves_the_old_registry_or_the_new)
{
    enum { KILLS = 25 };
    struct rig g;
    int old = 0, new = 0;

    rig_open(t, &g);
    struct str without = S(PROVIDERS IDPS SERVICES POLICIES), with = S(PROVIDERS IDPS SERVICES);
    CHECK(import(t, &g, without));
    struct str one = registry_export(g.db, t->arena, &g.fail);
    CHECK(import(t, &g, with));
    struct str two = registry_export(g.db, t->arena, &g.fail);
    db_close(g.db);
    for (int i = 0; i < KILLS; i++) {
        int begun[2];
        CHECK(pipe(begun) == 0);
        pid_t child = fork();
        if (child == 0) {
            g.db = registry_db_open(&g.set, DB_WRITE, &g.fail);
            for (int k = 0;; k++)
                if (write(begun[1], ".", 1) != 1 || !import(t, &g, k % 2 == 0 ? without : with))
                    _exit(1);
        }
        /* Somewhere within an import, later in each round. */
        char dot;
        for (int k = 0; k < 2 + i % 3; k++)
            CHECK(read(begun[0], &dot, 1) == 1);
        for (volatile int spin = 0; spin < i * 100000; spin++)
            ;
        (void)kill(child, SIGKILL);
        (void)close(begun[0]);
        (void)close(begun[1]);
        (void)waitpid(child, NULL, 0);
        g.db = registry_db_open(&g.set, DB_WRITE, &g.fail);
        CHECK(g.db != NULL);
        struct str now = registry_export(g.db, t->arena, &g.fail);
        old += str_eq(now, one);
        new += str_eq(now, two);
        db_close(g.db);
    }
    CHECK_INT(old + new, KILLS);
    g.db = NULL;
    rig_free(t, &g);
}

TEST(a_school_is_found_by_its_oid_or_code_with_an_index_as_without)
{
    enum { SCHOOLS = 300 };
    struct school *schools = arena_make_n(t->arena, SCHOOLS, struct school);

    for (size_t i = 0; i < SCHOOLS; i++)
        schools[i] = (struct school){ .oid = arena_printf(t->arena, "1.2.%zu", i),
                                      .code = i % 3 == 0 ? S("") : arena_printf(t->arena, "%05zu", i % 250) };
    struct provider plain = { .id = S("p"), .schools = schools, .school_count = SCHOOLS }, indexed = plain;
    provider_index_schools(t->arena, &indexed);
    for (size_t i = 0; i < 2 * SCHOOLS; i++) {
        struct str key =
            i % 2 == 0 ? arena_printf(t->arena, "1.2.%zu", i / 2 + 10) : arena_printf(t->arena, "%05zu", i / 2 + 1);
        CHECK(provider_school(&indexed, key) == provider_school(&plain, key));
    }
    CHECK(provider_school(&indexed, S("")) == NULL && provider_school(&indexed, (struct str){ NULL, 0 }) == NULL);
}

TEST(a_schools_link_leads_to_the_first_identity_provider_that_people_may_choose)
{
    struct school schools[] = { { .oid = S("1.1"), .code = S("99101") }, { .oid = S("1.2"), .code = S("99102") } };
    struct provider of[] = { { .id = S("a"), .schools = schools, .school_count = 2 }, { .id = S("b") } };
    struct idp idps[] = { { .id = S("off"), .provider = &of[0], .listed = true },
                          { .id = S("hidden"), .provider = &of[0], .enabled = true },
                          { .id = S("nobodys"), .enabled = true, .listed = true },
                          { .id = S("first"), .provider = &of[0], .enabled = true, .listed = true },
                          { .id = S("second"), .provider = &of[0], .enabled = true, .listed = true },
                          { .id = S("other"), .provider = &of[1], .enabled = true, .listed = true } };
    const struct registry_parts parts = { .providers = of, .provider_count = 2, .idps = idps, .idp_count = 6 };
    struct registry *r = registry_build(arena_new(), &parts);

    CHECK(registry_idp_school(r, S("99102")) == &idps[3] && registry_idp_school(r, S("1.1")) == &idps[3]);
    CHECK(registry_idp_school(r, S("99103")) == NULL && registry_idp_school(r, S("")) == NULL);
    registry_drop(r);
}
