/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione check -c FILE */
#include "gateway/cli/cli.h"

#include <stdio.h>

static int help(void)
{
    (void)puts(
        "usage: digione check -c FILE\n\n"
        "Reads settings, state directory, keys and registry as `digione serve` would, says what is wrong, and exits:\n"
        "0 when all is in order, 1 when not.");
    return CLI_OK;
}

int cli_check(int argc, char **argv)
{
    const char *path = NULL;
    const struct cli_option options[] = { { "-c", &path, NULL }, { "--config", &path, NULL }, { NULL, NULL, NULL } };
    struct arena *a = arena_new();
    struct settings set;
    size_t words;
    int status = CLI_USAGE;

    if (cli_wants_help(argc, argv)) {
        arena_free(a);
        return help();
    }
    if (cli_options(argc, argv, options, NULL, 0, &words)) {
        status = CLI_REFUSED;
        if (cli_settings(argv[0], path, a, &set)) {
            (void)printf("%s: the settings are in order\n", path);
            status = CLI_OK;
        }
    }
    arena_free(a);
    return status;
}
