/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/compare.h: a row before and after, as people compare it: policies in words and line by line.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_CONSOLE_COMPARE_H
#define GATEWAY_CONSOLE_COMPARE_H

#include "console/pages.h"
#include "model/ctx.h"
#include "registry/change.h"

struct draft_row_view compare_row(struct ctx *c, const struct change_row_shown *row);

/* Lines that both have, that the second lacks, and that it adds, in their order; beyond COMPARE_LINES_MAX all of the
 * one, then all of the other. */
enum { COMPARE_LINES_MAX = 400 };
struct text_line *compare_lines(struct arena *a, struct str before, struct str after, size_t *n);

/* The same of words, each text in parts that the other one has or lacks. */
void compare_words(struct arena *a, struct str before, struct str after, struct word_parts *was,
                   struct word_parts *now);

#endif
