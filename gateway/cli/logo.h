/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/logo.h: pictures made anew by a process that holds no secret.
 *
 * Floor 6g.
 */
#ifndef GATEWAY_CLI_LOGO_H
#define GATEWAY_CLI_LOGO_H

#include "base/arena.h"
#include "base/fail.h"

/* logo_make() (wire/logo.h) by a program started for it, `digione logo -`: it has none of this one's memory, and once
 * it has read the file it can open and reach nothing.  Blocks.  Fails likewise, and OURS logo_process. */
bool logo_elsewhere(struct arena *a, struct str png, struct str *out, struct fail *f);

#endif
