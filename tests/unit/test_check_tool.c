/* SPDX-License-Identifier: EUPL-1.2
 * Rows of LTI tools that could not be launched are refused at the import, in words that say what to mend. */
#include "tests/test.h"
#include "tests/tokens.h"
#include "tests/unit/registry_rig.h"

#include <string.h>

#define LOGIN  "initiate_login_uri: \"https://t.example/login\", "
#define TARGET "target_link_uri: \"https://t.example/launch\", "
#define BACK   "redirect_uris: [\"https://t.example/launch\"], "
#define NAMED  "client_id: t, "
#define WHOLE  NAMED LOGIN TARGET BACK
#define KEYS   "jwks_uri: \"https://t.example/keys\", "

static const char *judge(struct test *t, struct rig *g, const char *more)
{
    struct str file = arena_printf(t->arena,
                                   "format: 1\nproviders:\n  - {id: oulu, oid: 1.2.246.562.99.95640100004, "
                                   "name: {fi: Oulu}}\nservices:\n  - {id: t, protocol: lti, vendor: v, "
                                   "name: {fi: T}, %s}\n  - {id: o, protocol: oidc, vendor: v, name: {fi: O}, "
                                   "client_id: o, auth_method: none, pkce_required: true, "
                                   "redirect_uris: [\"https://o.example/cb\"]}\n",
                                   more);
    return import(t, g, file) ? "ok" : g->fail.detail;
}

TEST(L1_a_tool_has_what_its_launch_needs)
{
    struct rig g;
    const char *const good[] = {
        WHOLE "enabled: true",
        WHOLE KEYS "lti_deep_linking: true, lti_names_and_roles: true",
        WHOLE KEYS "lti_deep_linking: true, lti_deep_link_uri: \"https://t.example/pick\"",
        WHOLE "lti_deployments: [\"7\", \"oulu=9\"]",
        WHOLE "lti_custom: [\"a=1\", \"b=$User.id\", \"empty=\", \"two=a=b\"]",
        WHOLE "auth_method: private_key_jwt",
    };

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_STR(judge(t, &g, good[i]), "ok");
    rig_free(t, &g);
}

TEST(L1_a_row_that_cannot_be_launched_is_refused_with_the_reason)
{
    struct rig g;
    const struct {
        const char *row, *says;
    } bad[] = {
        { LOGIN TARGET BACK "enabled: true", "client_id is missing" },
        { "client_id: o, " LOGIN TARGET BACK "enabled: true", "belongs to another service" },
        { NAMED TARGET BACK "enabled: true", "initiate_login_uri is missing" },
        { NAMED LOGIN BACK "enabled: true", "target_link_uri is missing" },
        { NAMED LOGIN TARGET "enabled: true", "redirect_uris is empty" },
        { NAMED LOGIN TARGET "redirect_uris: [\"http://t.example/launch\"]", "redirect_uris" },
        { NAMED LOGIN TARGET "redirect_uris: [\"https://t.example/*\"]", "wildcard" },
        { NAMED LOGIN TARGET "redirect_uris: [\"fi.t.app:/launch\"]", "https" },
        { WHOLE "lti_deep_linking: true", "jwks_uri" },
        { WHOLE "lti_login_by_post: true, lti_framed: true", "lti_framed" },
        { WHOLE "lti_names_and_roles: true", "jwks_uri" },
        { WHOLE KEYS "jwks: '{\"keys\":[]}'", "both jwks and jwks_uri" },
        { WHOLE "jwks: '{\"keys\":[]}'", "no key by which" },
        { WHOLE "jwks: nothing", "jwks_malformed" },
        { WHOLE "jwks_uri: \"http://t.example/keys\"", "jwks_uri" },
        { WHOLE "id_token_alg: ES256", "RS256" },
        { WHOLE "profile: mpass", "profile is native" },
        { WHOLE "secret: {plain: a-secret-of-the-test-that-nobody-else-has}", "leave the secret out" },
        { WHOLE "auth_method: none", "private_key_jwt" },
        { WHOLE "lti_deployments: [\"a b\"]", "lti_deployments" },
        { WHOLE "lti_deployments: [\"oulu=\"]", "lti_deployments" },
        { WHOLE "lti_deployments: [\"turku=1\"]", "no provider" },
        { WHOLE "lti_deployments: [\"1\", \"2\"]", "has two" },
        { WHOLE "lti_deployments: [\"oulu=1\", \"oulu=2\"]", "has two" },
        { WHOLE "lti_custom: [\"a\"]", "NAME=VALUE" },
        { WHOLE "lti_custom: [\"a b=1\"]", "NAME=VALUE" },
        { WHOLE "lti_custom: [\"a=1\", \"a=2\"]", "twice" },
        { WHOLE KEYS "lti_deep_link_uri: \"https://t.example/pick\"", "without lti_deep_linking" },
        { WHOLE KEYS "lti_deep_linking: true, lti_deep_link_uri: \"http://t.example/\"", "lti_deep_link_uri" },
    };

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (t->checked++, strstr(judge(t, &g, bad[i].row), bad[i].says) == NULL)
            test_fail(t, __FILE__, __LINE__, "%s: %s", bad[i].row, g.fail.detail);
    rig_free(t, &g);
}

TEST(what_tools_alone_have_no_other_service_has)
{
    struct rig g;

    rig_open(t, &g);
    CHECK(!import(t, &g,
                  S("format: 1\nservices:\n  - {id: s, protocol: link, vendor: v, name: {fi: S}, launch_uri: "
                    "\"https://s.example/\", lti_deep_linking: true}\n")));
    CHECK(strstr(g.fail.detail, "for protocol lti alone") != NULL);
    rig_free(t, &g);
}
