/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/addresses.h"
#include "idp-adapters/addresses.h"
#include "tests/test.h"

static struct idp idps[] = {
    { .id = S("anjala"), .kind = IDP_LOCAL, .enabled = true },
    { .id = S("oulu-edu"), .kind = IDP_OIDC, .auth_method = S("client_secret_basic") },
    { .id = S("tampere"), .kind = IDP_OIDC, .enabled = true, .auth_method = S("private_key_jwt") },
    { .id = S("turku"), .kind = IDP_SAML, .enabled = true, .share_encryption_key = true },
    { .id = S("vaasa"), .kind = IDP_SAML, .enabled = true },
};

static struct str text_of(struct test *t, size_t first, size_t n)
{
    struct settings set = { .public_url = S("https://login.example.fi") };
    struct registry_parts parts = { .idps = idps + first, .idp_count = n };
    struct registry *r = registry_build(arena_new(), &parts);
    struct str text = addresses_text(t->arena, &set, r);

    registry_drop(r);
    return text;
}

static bool says(struct str text, const char *line)
{
    return str_find(text, str_of(line)) < text.n;
}

TEST(each_row_has_its_addresses_also_before_it_is_enabled)
{
    struct str text = text_of(t, 0, 5);

    CHECK(says(text,
               "  oulu-edu             redirect URI               https://login.example.fi/upstream/oidc/oulu-edu\n"));
    CHECK(says(text, "  oulu-edu             post-logout redirect URI   https://login.example.fi/upstream/left\n"));
    CHECK(says(text,
               "  tampere              redirect URI               https://login.example.fi/upstream/oidc/tampere\n"));
    CHECK(says(text, "  tampere              our keys (JWKS)            https://login.example.fi/upstream/jwks\n"));
    CHECK(says(text,
               "  tampere              back-channel logout URI    https://login.example.fi/upstream/logout/tampere\n"));
    CHECK(says(text,
               "  turku                single logout              https://login.example.fi/upstream/saml/logout\n"));
    CHECK(says(text, "  turku                entityID, metadata         https://login.example.fi/saml/metadata\n"));
    CHECK(says(text, "  turku                assertion consumer (POST)  https://login.example.fi/upstream/saml/acs\n"));
    CHECK(says(text, "  vaasa                entityID                   https://login.example.fi/saml/metadata\n"));
    CHECK(
        says(text, "  vaasa                metadata                   https://login.example.fi/saml/metadata/vaasa\n"));
    CHECK(!says(text, "anjala"));
    CHECK(!says(text, "oulu-edu             our keys")); /* who has a secret of ours needs no key of ours */
}

static struct str callbacks[] = { S("https://kanerva.example/cb"), S("https://kanerva.example/cb2") };
static struct str left[] = { S("https://kanerva.example/") };
static struct service services[] = {
    { .id = S("kanerva"),
      .protocol = PROTO_OIDC,
      .client_id = S("kanerva-web"),
      .redirect_uris = { callbacks, 2 },
      .post_logout_redirect_uris = { left, 1 } },
    { .id = S("sampo"), .protocol = PROTO_LINK, .launch_uri = S("https://sampo.example/") },
    { .id = S("valo"), .protocol = PROTO_OIDC, .client_id = S("valo") },
    { .id = S("tehtavat"), .protocol = PROTO_LTI, .client_id = S("tool") },
};

static struct str text_of_services(struct test *t, size_t first, size_t n)
{
    struct settings set = { .public_url = S("https://login.example.fi") };
    struct registry_parts parts = { .services = services + first, .service_count = n };
    struct registry *r = registry_build(arena_new(), &parts);
    struct str text = addresses_text(t->arena, &set, r);

    registry_drop(r);
    return text;
}

TEST(what_to_enter_at_a_service_is_told_row_by_row_and_the_issuer_once)
{
    CHECK_STR(text_of_services(t, 0, 3),
              "to enter at each service (docs/services.md says where):\n"
              "  all                  issuer                     https://login.example.fi\n"
              "  all                  discovery document         "
              "https://login.example.fi/.well-known/openid-configuration\n"
              "  kanerva              client_id                  kanerva-web\n"
              "  kanerva              redirect URI               https://kanerva.example/cb\n"
              "  kanerva              redirect URI               https://kanerva.example/cb2\n"
              "  kanerva              post-logout redirect URI   https://kanerva.example/\n"
              "  valo                 client_id                  valo\n");
}

TEST(L1_what_to_enter_at_a_tool_is_told)
{
    CHECK_STR(text_of_services(t, 3, 1),
              "  all of LTI           issuer (platform)          https://login.example.fi\n"
              "  all of LTI           authentication request URL https://login.example.fi/lti/authorize\n"
              "  all of LTI           access token URL           https://login.example.fi/lti/token\n"
              "  all of LTI           public keyset (JWKS)       https://login.example.fi/oidc/jwks\n"
              "  all of LTI           configuration document     https://login.example.fi/lti/openid-configuration\n"
              "  tehtavat             client_id                  tool\n"
              "  tehtavat             deployment                 tehtavat\n");
}

TEST(a_plain_link_has_nothing_to_enter)
{
    CHECK_INT(text_of_services(t, 1, 1).n, 0);
}

TEST(local_accounts_need_no_address_anywhere)
{
    CHECK_INT(text_of(t, 0, 1).n, 0);
    CHECK_INT(text_of(t, 0, 0).n, 0);
}
