/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/escape.h: the parts of string reading and writing that patterns
 * share with strings; everybody else uses cedar_unescape() and cedar_quote().
 */
#ifndef CEDAR_ESCAPE_H
#define CEDAR_ESCAPE_H

#include "base/str.h"

/* Reads the escape at the start of s (its backslash).  NULL, or a literal that
 * says what is wrong; *used: bytes it takes. */
const char *cedar_escape_read(struct str s, uint32_t *c, size_t *used);

/* Text without quotes; in a pattern a star is escaped. */
void cedar_quote_part(struct buf *b, struct str value, bool pattern);

#endif
