/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione serve -c FILE */
#include "gateway/cli/cli.h"

#include "base/log.h"
#include "gateway/process/supervisor.h"

#include <stdio.h>

static int help(void)
{
    struct arena *a = arena_new();
    struct str manual = settings_manual(a);

    (void)printf(
        "usage: digione serve -c FILE\n\n"
        "Runs the gateway: supervisor, signer, fetcher, the loops, and a private Redis where FILE names none.\n"
        "SIGTERM stops it; logs go to standard error, one JSON object a line.\n\nSettings in FILE (YAML):\n\n%.*s",
        STR_ARG(manual));
    arena_free(a);
    return CLI_OK;
}

static enum log_level level_of(struct str name)
{
    return str_eq(name, S("debug"))   ? LOG_DEBUG
           : str_eq(name, S("warn"))  ? LOG_WARN
           : str_eq(name, S("error")) ? LOG_ERROR
                                      : LOG_INFO;
}

int cli_serve(int argc, char **argv)
{
    const char *path = NULL;
    const struct cli_option options[] = { { "-c", &path, NULL }, { "--config", &path, NULL }, { NULL, NULL, NULL } };
    struct arena *a = arena_new();
    struct settings set;
    struct fail f = { 0 };
    size_t words;
    int status = CLI_USAGE;

    if (cli_wants_help(argc, argv)) {
        status = help();
    } else if (cli_options(argc, argv, options, NULL, 0, &words) &&
               cli_needs(argv[0], (const struct cli_need[]){ CLI_NEEDS_CONFIG(path), { 0 } })) {
        status = CLI_REFUSED;
        if (cli_settings(argv[0], path, a, &set)) {
            log_set_name("supervisor");
            log_set_level(level_of(set.log_level));
            status = supervisor_prepare(&set, a, &f) ? supervisor_main(&set, a)
                                                     : cli_complain(CLI_BROKEN, argv[0], "%s", f.detail);
        }
    }
    arena_free(a);
    return status;
}
