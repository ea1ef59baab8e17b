/* SPDX-License-Identifier: EUPL-1.2
 * What every word of the command line answers to arguments that it cannot use. */
#include "gateway/cli/cli.h"
#include "tests/contract/cli_run.h"

static const struct {
    const char *word;
    int (*run)(int argc, char **argv);
} words[] = {
#define X(word, meaning) { #word, cli_##word },
    COMMANDS(X)
#undef X
};

enum { WORDS = sizeof words / sizeof *words };

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) < text.n;
}

/* The verifiers complain in their one line of JSON. */
static bool says(const struct said *s, const char *part)
{
    return has(s->complaint, part) || has(s->line, part);
}

TEST(a_word_alone_is_usage_and_says_what_is_missing)
{
    static const char *const none[] = { NULL };

    for (size_t i = 0; i < WORDS; i++) {
        struct said s = cli_run(t, words[i].run, words[i].word, none);
        t->checked++;
        if (s.status != CLI_USAGE || !(says(&s, "missing: ") || says(&s, "expected: digione ")))
            test_fail(t, __FILE__, __LINE__, "%s: %d: %.*s", words[i].word, s.status, STR_ARG(s.complaint));
    }
}

TEST(every_word_has_help)
{
    static const char *const help[] = { "--help", NULL };

    for (size_t i = 0; i < WORDS; i++) {
        struct said s = cli_run(t, words[i].run, words[i].word, help);
        const char *usage = arena_cstr(t->arena, arena_printf(t->arena, "usage: digione %s", words[i].word));
        t->checked++;
        if (s.status != CLI_OK || !has(s.line, usage))
            test_fail(t, __FILE__, __LINE__, "%s: %d: %.*s", words[i].word, s.status, STR_ARG(s.line));
    }
}

static const struct {
    int (*run)(int argc, char **argv);
    const char *arguments[8], *says;
} misread[] = {
    { cli_check, { NULL }, "missing: -c FILE (the settings of the node)" },
    { cli_check, { "-c" }, "-c needs a value" },
    { cli_check, { "--confg", "x" }, "unknown option --confg; did you mean \"--config\"? Known: -c, --config, --help" },
    { cli_check, { "-c", "x", "-c", "y" }, "-c is given twice" },
    { cli_check, { "-c", "x", "y" }, "\"y\" is one word too many" },
    { cli_serve, { NULL }, "missing: -c FILE" },
    { cli_export, { NULL }, "missing: -c FILE" },
    { cli_import, { NULL }, "missing: -c FILE (the settings of the node), registry.yaml (the file)" },
    { cli_import, { "-c", "x" }, "missing: registry.yaml (the file)" },
    { cli_import, { "x" }, "missing: -c FILE (the settings of the node)" },
    { cli_import, { "--dryrun" }, "did you mean \"--dry-run\"?" },
    { cli_keys, { "lst" }, "there is no word \"lst\"; did you mean \"list\"? Known: list, create" },
    { cli_keys, { "list" }, "missing: -c FILE" },
    { cli_keys, { "create", "-c", "x", "--use", "oidc" }, "missing: --alg ALG (beside --use)" },
    { cli_keys, { "create", "-c", "x", "--alg", "ES256" }, "missing: --use USE (beside --alg)" },
    { cli_keys,
      { "create", "-c", "x", "--use", "odc", "--alg", "ES256" },
      "did you mean \"oidc\"? Known: oidc, saml, client" },
    { cli_keys,
      { "create", "-c", "x", "--use", "oidc", "--alg", "HS256" },
      "there is no --alg \"HS256\"; did you mean" },
    { cli_keys, { "create", "-c", "x", "--use", "decrypt", "--alg", "ES256" }, "keys of --use decrypt are RS256" },
    { cli_keys, { "list", "-c", "x", "--after", "1" }, "belong to create" },
    { cli_audit, { "verfy" }, "there is no word \"verfy\"; did you mean \"verify\"?" },
    { cli_audit, { "verify" }, "missing: -c FILE, or the folder of a log" },
    { cli_registry, { "udno" }, "there is no word \"udno\"; did you mean \"undo\"? Known: log, undo, put, remove" },
    { cli_registry, { "log" }, "missing: -c FILE" },
    { cli_registry, { "undo", "-c", "x" }, "missing: NUMBER (of the change" },
    { cli_registry, { "undo", "-c", "x", "abc" }, "\"abc\" is no number of a change" },
    { cli_registry, { "log", "-c", "x", "--why", "y" }, "log does not take these options" },
    { cli_registry, { "log", "-c", "x", "--from", "3" }, "log does not take these options" },
    { cli_registry,
      { "put" },
      "missing: -c FILE (the settings of the node), KIND (service, school …), KEY (of the row), NAME=VALUE" },
    { cli_registry, { "remove", "-c", "x", "service" }, "missing: KEY (of the row)" },
    { cli_registry, { "remove", "-c", "x", "service", "y", "z=1" }, "remove does not take these options" },
    { cli_registry, { "put", "-c", "x", "service", "y", "z=1", "--from", "0" }, "--from: expected a version" },
    { cli_cedar,
      { "formt" },
      "there is no word \"formt\"; did you mean \"format\"? Known: check, authorize, why, format, test" },
    { cli_cedar, { "authorize", "--entities", "x" }, "missing: --policies FILE, --request FILE" },
    { cli_cedar, { "test" }, "missing: files" },
    { cli_jwt, { "verify", "--iss", "x" }, "missing: --jwks FILE, --aud AUD, TOKENFILE" },
    { cli_jwt, { "verify", "--jwk", "x" }, "did you mean \\\"--jwks\\\"?" },
    { cli_jwt, { "check" }, "expected: digione jwt verify" },
    { cli_saml,
      { "verify", "--acs", "x", "--sp=y" },
      "missing: --cert FILE, --issuer ID, --request-id ID, RESPONSE.xml" },
    { cli_saml, { "verify", "--request", "x" }, "unknown option --request; did you mean \\\"--request-id\\\"?" },
};

TEST(arguments_that_cannot_be_used_are_usage_and_named)
{
    for (size_t i = 0; i < sizeof misread / sizeof *misread; i++) {
        struct said s = cli_run(t, misread[i].run, "word", misread[i].arguments);
        t->checked++;
        if (s.status != CLI_USAGE || !says(&s, misread[i].says))
            test_fail(t, __FILE__, __LINE__, "row %zu: %d: %.*s%.*s", i, s.status, STR_ARG(s.complaint),
                      STR_ARG(s.line));
    }
}
