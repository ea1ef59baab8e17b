/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione WORD …: finds the word and runs it.  Everything else is the word's own. */
#include "gateway/cli/cli.h"

#include "base/str.h"

#include <stdio.h>

static const struct {
    const char *word, *meaning;
    int (*run)(int argc, char **argv);
} commands[] = {
#define X(word, meaning) { #word, meaning, cli_##word },
    COMMANDS(X)
#undef X
};

static void print_help(FILE *to)
{
    (void)fputs("digione: one sign-in for everybody in Finnish schools, for every education service\n\n"
                "usage: digione WORD [OPTIONS]\n\n",
                to);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        (void)fprintf(to, "  %-10s %s\n", commands[i].word, commands[i].meaning);
    (void)fputs("\n`digione WORD --help` says more.\n", to);
}

int main(int argc, char **argv)
{
    struct str word = str_of(argc > 1 ? argv[1] : "");

    if (str_eq(word, S("--help")) || str_eq(word, S("-h")) || str_eq(word, S("help"))) {
        print_help(stdout);
        return CLI_OK;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (str_eq(word, str_of(commands[i].word)))
            return commands[i].run(argc - 1, argv + 1);
    if (word.n > 0)
        (void)fprintf(stderr, "digione: there is no \"%.*s\"\n\n", STR_ARG(word));
    print_help(stderr);
    return CLI_USAGE;
}
