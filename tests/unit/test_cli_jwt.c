/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/cli.h"
#include "tests/test.h"
#include "tests/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLAIMS                                                                                                         \
    "{\"iss\":\"https://"                                                                                              \
    "idp.example\",\"sub\":\"anna\",\"aud\":\"gw\",\"exp\":1786349100,\"iat\":1786348790,\"x\":[1.50,\"ä\"]}"

struct said {
    int status;
    struct str line; /* what stood on standard output */
};

/* digione jwt ARGUMENTS…, in a process of its own. */
static struct said run(struct test *t, const char *const *arguments)
{
    char *argv[24] = { arena_cstr(t->arena, S("jwt")) };
    char *text = arena_alloc(t->arena, 65536);
    int argc = 1, out[2], status = 0;
    size_t n = 0;

    for (; arguments[argc - 1] != NULL; argc++)
        argv[argc] = arena_cstr(t->arena, str_of(arguments[argc - 1]));
    CHECK(pipe(out) == 0);
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(out[1], STDOUT_FILENO);
        (void)fclose(stderr);
        int code = cli_jwt(argc, argv);
        (void)fflush(stdout);
        _exit(code);
    }
    (void)close(out[1]);
    for (ssize_t got; (got = read(out[0], text + n, 65536 - n)) > 0;)
        n += (size_t)got;
    (void)close(out[0]);
    (void)waitpid(pid, &status, 0);
    return (struct said){ WEXITSTATUS(status), str_n(text, n) };
}

static const char *file_with(struct test *t, const char *folder, const char *name, struct str text)
{
    const char *path = arena_cstr(t->arena, arena_printf(t->arena, "%s/%s", folder, name));
    FILE *f = fopen(path, "wb");

    CHECK(f != NULL && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0);
    return path;
}

TEST(jwt_verify_prints_one_line_of_json)
{
    char folder[] = "/tmp/digione-jwt-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    const char *jwks = file_with(t, folder, "jwks", test_jwks(t->arena, TEST_EC, "k"));
    struct str token = test_token(t->arena, TEST_EC, S("{\"alg\":\"ES256\"}"), S(CLAIMS));
    const char *good = file_with(t, folder, "good", arena_join(t->arena, token, S("\n")));
    const char *bad = file_with(t, folder, "bad", arena_join(t->arena, token, S("\n\n")));
#define ARGUMENTS(...)                                                                                                 \
    ((const char *const[]){ "verify", "--jwks", jwks, "--iss", "https://idp.example", __VA_ARGS__, NULL })

    struct said s = run(t, ARGUMENTS("--aud", "gw", "--now", "2026-08-10T08:00:00Z", good));
    CHECK_INT(s.status, CLI_OK);
    CHECK_STR(s.line, "{\"ok\":true,\"claims\":" CLAIMS "}\n");
    s = run(t, ARGUMENTS("--aud", "gw", "--now", "1786349101", "--skew", "0", good));
    CHECK_INT(s.status, CLI_REFUSED);
    CHECK_STR(s.line, "{\"ok\":false,\"error\":\"token_expired\",\"detail\":\"exp has passed\"}\n");
    CHECK_INT(run(t, ARGUMENTS("--aud", "gw", "--now", "1786349101", good)).status, CLI_OK);
    s = run(t, ARGUMENTS("--aud", "gw", "--nonce", "n", "--now", "1786348800", good));
    CHECK(str_has_prefix(s.line, S("{\"ok\":false,\"error\":\"nonce_missing\",")));
    s = run(t, ARGUMENTS("--aud", "gw", "--now", "1786348800", bad));
    CHECK(str_has_prefix(s.line, S("{\"ok\":false,\"error\":\"token_malformed\",")));
    s = run(t, ARGUMENTS("--aud", "gw", "--now", "1786348800", folder));
    CHECK(s.status == CLI_BROKEN && str_has_prefix(s.line, S("{\"ok\":false,\"error\":\"file_unreadable\",")));
    static const char *const wrong_values[][2] = { { "--now", "yesterday" }, { "--skew", "-1" }, { "--what", "1" } };
    for (size_t i = 0; i < sizeof wrong_values / sizeof *wrong_values; i++) {
        s = run(t, ARGUMENTS("--aud", "gw", wrong_values[i][0], wrong_values[i][1], good));
        CHECK(s.status == CLI_USAGE && str_has_prefix(s.line, S("{\"ok\":false,\"error\":\"usage\",")));
    }
    CHECK_INT(run(t, (const char *const[]){ "verify", NULL }).status, CLI_USAGE);
    CHECK_INT(run(t, (const char *const[]){ "--help", NULL }).status, CLI_OK);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf '%s'", folder))) == 0);
}
