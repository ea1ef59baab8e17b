/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione export -c FILE */
#include "gateway/cli/cli.h"
#include "registry/registry.h"

#include <stdio.h>

static int help(void)
{
    (void)puts("usage: digione export -c FILE\n\n"
               "Prints the whole registry as YAML: the same registry always gives the same text, and `digione import`\n"
               "makes the same registry from it.  Secrets appear hashed or sealed, never in plain; sealed ones need\n"
               "the same root secret.\n\n"
               "exit status: 0 done, 2 usage, 3 the machine failed");
    return CLI_OK;
}

static int export_all(const char *word, const char *config, struct arena *a)
{
    struct settings set;
    struct fail f = { 0 };

    if (!cli_settings(word, config, a, &set))
        return CLI_REFUSED;
    struct db *d = registry_db_open(&set, DB_WRITE, &f);
    struct str text = d != NULL ? registry_export(d, a, &f) : (struct str){ NULL, 0 };
    db_close(d);
    if (text.p == NULL)
        return cli_complain(CLI_BROKEN, word, "%s", f.detail);
    if (fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout) != 0)
        return cli_complain(CLI_BROKEN, word, "standard output cannot be written");
    return CLI_OK;
}

int cli_export(int argc, char **argv)
{
    const char *config = NULL;
    const struct cli_option options[] = { { "-c", &config, NULL },
                                          { "--config", &config, NULL },
                                          { NULL, NULL, NULL } };
    size_t words;

    if (cli_wants_help(argc, argv))
        return help();
    if (!cli_options(argc, argv, options, NULL, 0, &words))
        return CLI_USAGE;
    if (!cli_needs(argv[0], (const struct cli_need[]){ CLI_NEEDS_CONFIG(config), { 0 } }))
        return CLI_USAGE;
    struct arena *a = arena_new();
    int status = export_all(argv[0], config, a);
    arena_free(a);
    return status;
}
