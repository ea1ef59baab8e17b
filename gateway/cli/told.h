/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/told.h: a word that changed the registry ends once the audit log has the change.
 *
 * Floor 6g.
 */
#ifndef GATEWAY_CLI_TOLD_H
#define GATEWAY_CLI_TOLD_H

#include "base/settings.h"
#include "wire/db.h"

enum { TOLD_WITHIN_MS = 15000 };

/* Waits until the running node has written it, or writes it where none runs; where none has ever run, its first start
 * writes it, and there is nothing to wait for.  version: the change; 0: there was none.
 * CLI_OK; else complains, for the change is in force and its line is not durable yet. */
int cli_told(const char *word, const struct settings *set, struct db *d, int64_t version);

#endif
