/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/ext_types.h: the extension types' own texts and questions, for
 * ext.c alone.
 *
 * Stands on base/ alone.  A parser returns NULL, or a literal that says what is
 * wrong.
 */
#ifndef CEDAR_EXT_TYPES_H
#define CEDAR_EXT_TYPES_H

#include "policy/cedar/value.h"

const char *ip_parse(struct str s, struct cedar_ip *out);
void ip_text(struct buf *b, const struct cedar_ip *ip);
bool ip_is_loopback(const struct cedar_ip *ip);
bool ip_is_multicast(const struct cedar_ip *ip);
bool ip_in_range(const struct cedar_ip *ip, const struct cedar_ip *range);

const char *decimal_parse(struct str s, int64_t *out); /* ten-thousandths */
void decimal_text(struct buf *b, int64_t v);

const char *datetime_parse(struct str s, int64_t *out); /* ms since 1970 */
void datetime_text(struct buf *b, int64_t v);           /* only where it has one */
bool datetime_has_text(int64_t v);
const char *duration_parse(struct str s, int64_t *out); /* ms */

#endif
