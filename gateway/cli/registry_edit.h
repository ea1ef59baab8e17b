/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/registry_edit.h: digione registry put|remove|token: one row, from the command line.
 *
 * Floor 6g.
 */
#ifndef GATEWAY_CLI_REGISTRY_EDIT_H
#define GATEWAY_CLI_REGISTRY_EDIT_H

#include "base/settings.h"

enum { REGISTRY_FIELDS_MAX = 40 };

struct registry_edit_words {
    const char *config, *why, *from; /* from: a version, or NULL */
    const char *ungated;             /* of struct change_by, or NULL */
    const char *kind, *key;          /* "service", "kanerva"; "school", "oulu/1.2.246…" */
    const char *const *fields;       /* "NAME=VALUE", "NAME=@FILE", "NAME" (as a row has it that does not say it) */
    size_t field_count;
    bool gives; /* an initial access token: made, put, and printed once */
    bool removes, dry_run;
};

/* Exit status, as in cli.h. */
int registry_edit(const char *word, const struct registry_edit_words *w);

#endif
