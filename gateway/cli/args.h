/* SPDX-License-Identifier: EUPL-1.2
 * gateway/cli/args.h: values of the command line: times, numbers, files.
 *
 * Floor 6g.  For the words under gateway/cli/; each reads the whole text or
 * refuses it.
 */
#ifndef GATEWAY_ARGS_H
#define GATEWAY_ARGS_H

#include "base/arena.h"

/* Unix seconds, or RFC 3339 ("2026-08-10T08:00:00Z", with fraction and offset). */
bool args_time(const char *text, int64_t *out);
bool args_number(const char *text, int64_t min, int64_t max, int64_t *out);
/* At most max_B bytes and one more, so that a reader sees "too large"; "-" is
 * standard input.  False, with errno, when it cannot be read. */
bool args_file(struct arena *a, const char *path, size_t max_B, struct str *out);

#endif
