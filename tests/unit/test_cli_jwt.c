/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/cli.h"
#include "tests/contract/cli_run.h"
#include "tests/tokens.h"

#define CLAIMS                                                                                                         \
    "{\"iss\":\"https://"                                                                                              \
    "idp.example\",\"sub\":\"anna\",\"aud\":\"gw\",\"exp\":1786349100,\"iat\":1786348790,\"x\":[1.50,\"ä\"]}"

static struct said run(struct test *t, const char *const *arguments)
{
    return cli_run(t, cli_jwt, "jwt", arguments);
}

TEST(jwt_verify_prints_one_line_of_json)
{
    const char *folder = cli_folder(t);
    const char *jwks = cli_file(t, folder, "jwks", test_jwks(t->arena, TEST_EC, "k"));
    struct str token = test_token(t->arena, TEST_EC, S("{\"alg\":\"ES256\"}"), S(CLAIMS));
    const char *good = cli_file(t, folder, "good", arena_join(t->arena, token, S("\n")));
    const char *bad = cli_file(t, folder, "bad", arena_join(t->arena, token, S("\n\n")));
#define ARGUMENTS(...)                                                                                                 \
    ((const char *const[]){ "verify", "--jwks", jwks, "--iss", "https://idp.example", __VA_ARGS__, NULL })

    struct said s = run(t, ARGUMENTS("--aud", "gw", "--now", "2026-08-10T08:00:00Z", good));
    CHECK_INT(s.status, CLI_OK);
    CHECK_STR(s.line, "{\"ok\":true,\"claims\":" CLAIMS "}\n");
    s = run(t, ARGUMENTS("--aud", "gw", "--now", "1786349101", "--skew", "0", good));
    CHECK_INT(s.status, CLI_REFUSED);
    CHECK_STR(s.line, "{\"ok\":false,\"error\":\"token_expired\",\"detail\":\"exp has passed, 1 s by our clock; 0 s "
                      "are allowed\"}\n");
    CHECK_INT(run(t, ARGUMENTS("--aud", "gw", "--now", "1786349101", good)).status, CLI_OK);
    s = run(t, ARGUMENTS("--aud", "gw", "--nonce", "n", "--now", "1786348800", good));
    CHECK(str_has_prefix(s.line, S("{\"ok\":false,\"error\":\"nonce_missing\",")));
    s = run(t, ARGUMENTS("--aud", "gw", "--now", "1786348800", bad));
    CHECK(str_has_prefix(s.line, S("{\"ok\":false,\"error\":\"token_malformed\",")));
    s = run(t, ARGUMENTS("--aud", "gw", "--now", "1786348800", folder));
    CHECK(s.status == CLI_USAGE && str_has_prefix(s.line, S("{\"ok\":false,\"error\":\"file_unreadable\",")));
    static const char *const wrong_values[][2] = { { "--now", "yesterday" }, { "--skew", "-1" }, { "--what", "1" } };
    for (size_t i = 0; i < sizeof wrong_values / sizeof *wrong_values; i++) {
        s = run(t, ARGUMENTS("--aud", "gw", wrong_values[i][0], wrong_values[i][1], good));
        CHECK(s.status == CLI_USAGE && str_has_prefix(s.line, S("{\"ok\":false,\"error\":\"usage\",")));
    }
    CHECK_INT(run(t, (const char *const[]){ "verify", NULL }).status, CLI_USAGE);
    CHECK_INT(run(t, (const char *const[]){ "--help", NULL }).status, CLI_OK);
    cli_remove(t, folder);
}
