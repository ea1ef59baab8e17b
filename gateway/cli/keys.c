/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione keys list|create -c FILE */
#include "base/world.h"
#include "certs/signer.h"
#include "gateway/cli/args.h"
#include "gateway/cli/cli.h"
#include "gateway/process/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LEAD_S = 86400, LEAD_MAX_S = 90 * 86400 };

static int help(void)
{
    (void)puts(
        "usage: digione keys list -c FILE\n"
        "       digione keys create -c FILE [--use USE --alg ALG [--after SECONDS]]\n\n"
        "list prints every key of the node with its use, algorithm and schedule.\n"
        "create makes the keys that are missing; with --use and --alg, one more: it is published as next at once,\n"
        "becomes current after SECONDS (86400: a day, for caches of those who verify), and the one before retires "
        "then.\n"
        "USE: oidc, saml, client, decrypt, audit.  ALG: ES256, RS256.  A gateway that runs serves new keys within a\n"
        "second, without a failed request.");
    return CLI_OK;
}

static const char *stamp(struct arena *a, int64_t at_s)
{
    char text[32];
    time_t at = (time_t)at_s;
    struct tm tm;

    if (at_s == 0)
        return "-";
    (void)gmtime_r(&at, &tm);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return arena_cstr(a, str_of(text));
}

static int list(struct arena *a, const struct settings *set)
{
    struct fail f = { 0 };
    const struct keyset *keys = signer_keys_list(set, a, &f);
    int64_t now_s = world_now_s(&world_real);
    size_t n;

    if (keys == NULL && !signer_keys_stamp(set, &(struct keys_stamp){ 0 }))
        return cli_complain(
            CLI_BROKEN, "keys",
            "no keys that this user can see in %.*s; the first start makes them, and so does keys create",
            STR_ARG(set->keys_dir));
    if (keys == NULL)
        return cli_complain(CLI_BROKEN, "keys", "%s", f.detail);
    (void)printf("%-8s %-6s %-8s %-21s %-21s %-21s %s\n", "use", "alg", "state", "current", "retired", "gone", "kid");
    for (const struct public_key *k = keyset_keys(keys, &n), *end = k + n; k < end; k++)
        (void)printf("%-8s %-6s %-8s %-21s %-21s %-21s %.*s\n", key_use_name(k->use), jose_alg_name(k->alg),
                     key_state_name(key_state_at(k, now_s)), stamp(a, k->current_s), stamp(a, k->retired_s),
                     stamp(a, k->gone_s), STR_ARG(k->kid));
    return CLI_OK;
}

static bool is_pair(enum key_use use, enum jose_alg alg)
{
    return use != KEY_NONE && alg != JOSE_NONE && !(alg == JOSE_ES256 && (use == KEY_SAML || use == KEY_DECRYPT)) &&
           !(alg == JOSE_RS256 && use == KEY_AUDIT);
}

static int create(struct arena *a, const struct settings *set, const char *use_name, const char *alg_name,
                  const char *after)
{
    enum key_use use = key_use_named(str_of(use_name));
    enum jose_alg alg = jose_alg_named(str_of(alg_name));
    int64_t after_s = LEAD_S;
    struct fail f = { 0 };

    if (use_name != NULL && !is_pair(use, alg))
        return cli_complain(CLI_USAGE, "keys", "no such key: --use %s --alg %s", use_name,
                            alg_name != NULL ? alg_name : "?");
    if (after != NULL && (use_name == NULL || !args_number(after, 0, LEAD_MAX_S, &after_s)))
        return cli_complain(CLI_USAGE, "keys", "--after: expected seconds from 0 to %d, beside --use", LEAD_MAX_S);
    if (!state_keys(set, a, &f) || !signer_keys_prepare(set, &world_real, &f))
        return cli_complain(CLI_BROKEN, "keys", "%s", f.detail);
    if (use_name != NULL && !signer_keys_add(set, &world_real, use, alg, after_s, &f))
        return cli_complain(CLI_BROKEN, "keys", "%s", f.detail);
    return CLI_OK;
}

static int run(struct arena *a, int argc, char **argv)
{
    const char *path = NULL, *use = NULL, *alg = NULL, *after = NULL, *verb = NULL;
    const struct cli_option options[] = { { "-c", &path, NULL },   { "--config", &path, NULL }, { "--use", &use, NULL },
                                          { "--alg", &alg, NULL }, { "--after", &after, NULL }, { NULL, NULL, NULL } };
    struct settings set;
    size_t words;

    if (!cli_options(argc, argv, options, &verb, 1, &words))
        return CLI_USAGE;
    bool lists = words == 1 && strcmp(verb, "list") == 0, creates = words == 1 && strcmp(verb, "create") == 0;
    if ((!lists && !creates) || (lists && (use != NULL || alg != NULL || after != NULL)) ||
        (use == NULL) != (alg == NULL))
        return cli_complain(CLI_USAGE, argv[0], "expected list or create; --help says more");
    if (!cli_settings(argv[0], path, a, &set))
        return CLI_REFUSED;
    if (creates && !cli_become(argv[0], &set, a))
        return CLI_BROKEN;
    int status = creates ? create(a, &set, use, alg, after) : CLI_OK;
    return status == CLI_OK ? list(a, &set) : status;
}

int cli_keys(int argc, char **argv)
{
    if (cli_wants_help(argc, argv))
        return help();
    struct arena *a = arena_new();
    int status = run(a, argc, argv);
    arena_free(a);
    return status;
}
