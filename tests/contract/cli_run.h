/* SPDX-License-Identifier: EUPL-1.2
 * tests/contract/cli_run.h: one word of the command line, in a process of its own.
 */
#ifndef TESTS_CONTRACT_CLI_RUN_H
#define TESTS_CONTRACT_CLI_RUN_H

#include "tests/test.h"

struct said {
    int status;
    struct str line;      /* what stood on standard output */
    struct str complaint; /* on standard error */
};

/* arguments end with NULL and begin behind the word. */
struct said cli_run(struct test *t, int (*word)(int argc, char **argv), const char *name, const char *const *arguments);
/* A new folder under /tmp, and a file in it. */
const char *cli_folder(struct test *t);
const char *cli_file(struct test *t, const char *folder, const char *name, struct str text);
int cli_port(struct test *t); /* that nobody listens at: somebody's demo may have any fixed one */
void cli_remove(struct test *t, const char *folder);

#endif
