/* SPDX-License-Identifier: EUPL-1.2
 * tests/http/tree.h: a whole node, supervisor and all, in a process tree of a test's own. */
#ifndef TESTS_HTTP_TREE_H
#define TESTS_HTTP_TREE_H

#include "base/settings.h"
#include "tests/test.h"

#include <sys/types.h>

enum { PATIENCE = 1500, MOMENT_MS = 20 }; /* how often, and after how long, something that must come is looked for */

struct tree {
    char dir[64];
    int port;
    pid_t pid; /* of the supervisor */
    struct settings set;
};

void tree_new(struct test *t, struct tree *x); /* a folder, a free port, settings; starts */
void tree_settings(struct test *t, struct tree *x);
pid_t tree_start(struct test *t, struct tree *x); /* one more supervisor in the same folder */
int tree_end(struct tree *x, int signal_number);  /* the exit status, -1 when a signal ended it; removes the folder */
int tree_wait(pid_t pid);                         /* the exit status of a supervisor that ends by itself */
bool tree_remove(const struct tree *x);

bool tree_says(struct test *t, const struct tree *x, struct str words); /* health comes to have these words */
bool tree_well(struct test *t, const struct tree *x);                   /* all parts are there */

/* Calls each(with, pid, name) for the processes whose parent this is. */
void tree_children(pid_t parent, void (*each)(void *with, pid_t pid, const char *name), void *with);
pid_t tree_child(const struct tree *x, const char *name); /* the process of that name; 0: none */
int tree_size(const struct tree *x);                      /* processes below the supervisor */

#endif
