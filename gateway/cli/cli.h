/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/cli.h: the command line: one function per word of commands.def.
 *
 * Floor 6g.  Results go to standard output, complaints to standard error, and the
 * exit status says which: CLI_OK; CLI_REFUSED: what was examined is not in
 * order; CLI_USAGE: the command was not understood; CLI_BROKEN: the machine
 * failed (a file cannot be read, the disk is full).  The verifiers (saml, jwt)
 * say all in one line of JSON on standard output, and CLI_USAGE for a file that
 * cannot be read: 0 and 1 are verdicts, and nothing else is one.
 */
#ifndef GATEWAY_CLI_CLI_H
#define GATEWAY_CLI_CLI_H

#include "base/fail.h"
#include "base/settings.h"
#include "gateway/cli/commands.def"

enum cli_exit { CLI_OK = 0, CLI_REFUSED = 1, CLI_USAGE = 2, CLI_BROKEN = 3 };

#define X(word, meaning) int cli_##word(int argc, char **argv);
COMMANDS(X)
#undef X

/* Options of one word, read from a table.  A flag (value == NULL) sets *seen. */
struct cli_option {
    const char *name;   /* "--now" or "-c"; NULL ends the table */
    const char **value; /* takes the next argument, or what follows `=`; NULL: a flag */
    bool *seen;         /* may be NULL */
};

/* Reads argv[1..]; what is no option goes to rest (at most rest_max, in order).
 * Fails CALLER usage on an unknown option (the detail lists those that there are), a
 * missing value, an option twice, or too many words. */
bool cli_options_read(int argc, char **argv, const struct cli_option *table, const char **rest, size_t rest_max,
                      size_t *rest_count, struct fail *f);
/* The same; prints what was wrong to standard error and gives false. */
bool cli_options(int argc, char **argv, const struct cli_option *table, const char **rest, size_t rest_max,
                 size_t *rest_count);

/* What a command cannot do without. */
struct cli_need {
    const char *name; /* as a person writes it: "--cert FILE"; NULL ends the table */
    bool given;
};
/* Fails CALLER usage: "missing: --issuer ID, RESPONSE.xml". */
bool cli_needs_read(const struct cli_need *needs, struct fail *f);
bool cli_needs(const char *word, const struct cli_need *needs); /* the same, printed */
#define CLI_NEEDS_CONFIG(path)                                                                                         \
    {                                                                                                                  \
        "-c FILE (the settings of the node)", (path) != NULL                                                           \
    }

/* Prints what the word of that kind ("word", "use") may be, and which is near; gives CLI_USAGE.  given NULL: none was.
 */
int cli_unknown(const char *word, const char *kind, const char *given, const char *const *known);

bool cli_wants_help(int argc, char **argv); /* --help or -h among the arguments */
/* Prints "digione WORD: why" to standard error; gives status. */
int cli_complain(int status, const char *word, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Reads and checks the settings file named by -c, which is given (CLI_NEEDS_CONFIG); complains and gives false. */
bool cli_settings(const char *word, const char *path, struct arena *a, struct settings *set);
/* The account of the operating system that asks, for the history; "uid 1000" where it has no name. */
struct str cli_who(struct arena *a);
/* For words that write into state_dir: makes it, and as root becomes run_as, so that the gateway can read what they
 * wrote.  Read what only root can read before.  Complains and gives false. */
bool cli_become(const char *word, const struct settings *set, struct arena *a);

#endif
