/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/cedar.h: what the files of `digione cedar` share.
 *
 * Floor 6g.
 */
#ifndef GATEWAY_CLI_CEDAR_H
#define GATEWAY_CLI_CEDAR_H

#include "policy/cedar/engine.h"

#include <stdio.h>

/* Reads a file whole ("-": standard input); complains and gives false. */
bool cedar_file(struct arena *a, const char *path, struct cedar_source *out);
void cedar_print(FILE *to, struct str text);
bool cedar_is_json(struct str text); /* begins with { or [ */

/* Runs integration-test files; paths inside are relative to root, or, when root
 * is NULL, to the nearest folder above the file where they exist.  One line for
 * each case and a count; the exit status. */
int cedar_test_files(const char *const *files, size_t n, const char *root, enum cedar_ids ids);

#endif
