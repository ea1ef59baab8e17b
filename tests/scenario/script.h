/* SPDX-License-Identifier: EUPL-1.2
 * tests/scenario/script.h: a line of a script as words, and numbers with their units. */
#ifndef TESTS_SCENARIO_SCRIPT_H
#define TESTS_SCENARIO_SCRIPT_H

#include "base/arena.h"

enum { WORDS_MAX = 24, EXPECTS_MAX = 8 };

struct line {
    int number;
    struct str text;            /* whole, without its comment */
    struct str who, verb, rest; /* rest: behind the verb, before EXPECT */
    struct str word[WORDS_MAX]; /* of rest */
    size_t word_count;
    struct str expect[EXPECTS_MAX]; /* behind EXPECT, between commas */
    size_t expect_count;
};

/* Takes the next line off *rest.  False: there is none.  An empty line or a comment has no `who`. */
bool script_next(struct str *rest, int *number, struct line *out);
/* The word behind `name`, as in "as learner"; absent: it does not stand there. */
struct str line_after(const struct line *l, const char *name);
bool line_has(const struct line *l, const char *word);
/* "61 s", "15 min", "10 h", "3 d", with a sign if any, at word `at` and the next; in seconds. */
bool line_seconds(const struct line *l, size_t at, int64_t *out);
bool script_time(struct str text, int64_t *out); /* 2026-08-10T08:00:00Z */

#endif
