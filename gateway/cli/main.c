/* SPDX-License-Identifier: EUPL-1.2
 *
 * digione WORD …: finds the word and runs it.  Everything else is the word's own. */
#include "gateway/cli/cli.h"

#include "base/near.h"

#include <stdio.h>

static const struct {
    const char *word, *meaning;
    int (*run)(int argc, char **argv);
} commands[] = {
#define X(word, meaning) { #word, meaning, cli_##word },
    COMMANDS(X)
#undef X
};

enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void print_help(FILE *to)
{
    (void)fputs("digione: one sign-in for everybody in Finnish schools, for every education service\n\n"
                "usage: digione WORD [OPTIONS]\n\n",
                to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        (void)fprintf(to, "  %-10s %s\n", commands[i].word, commands[i].meaning);
    (void)fputs("\n`digione WORD --help` says more; `digione --version` says which one this is.\n", to);
}

static void complain(struct str word)
{
    const char *known[COMMAND_COUNT + 1] = { NULL };

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        known[i] = commands[i].word;
    const char *near = near_word(word, known);
    if (word.n == 0)
        (void)fputs("digione: missing: a word\n\n", stderr);
    else
        (void)fprintf(stderr, "digione: there is no word \"%.*s\"%s%s%s\n\n", STR_ARG(word),
                      near != NULL ? "; did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
}

int main(int argc, char **argv)
{
    struct str word = str_of(argc > 1 ? argv[1] : "");

    if (str_eq(word, S("--help")) || str_eq(word, S("-h")) || str_eq(word, S("help"))) {
        print_help(stdout);
        return CLI_OK;
    }
    if (str_eq(word, S("--version")) || str_eq(word, S("-V")) || str_eq(word, S("version"))) {
        (void)puts("digione " DIGIONE_VERSION);
        return CLI_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (str_eq(word, str_of(commands[i].word)))
            return commands[i].run(argc - 1, argv + 1);
    complain(word);
    print_help(stderr);
    return CLI_USAGE;
}
