/* SPDX-License-Identifier: EUPL-1.2
 * gateway/vendor/says.h: what a service says of itself beyond its protocol: why it asks, what it still lacks, what
 * ends.
 *
 * Floor 6d.  Values are for a page: they live in c->arena.
 */
#ifndef GATEWAY_VENDOR_SAYS_H
#define GATEWAY_VENDOR_SAYS_H

#include "gateway/vendor/door.h"

struct str says_claim_name(const struct ctx *c, enum claim claim);
/* Into row: its purpose and basis as they were typed, else as the service has them (NULL: none yet). */
void says_purpose(struct ctx *c, const struct service *s, enum claim claim, struct vendor_claim *row);
/* Into the edit: what was typed for each claim; what is no longer asked for has none.  A form that did not show a
 * claim's purpose leaves it as it is.  s: NULL: a new one. */
void says_put_purposes(struct ctx *c, struct edit *edit, struct str id, const struct service *s,
                       struct claim_set asked);

struct vendor_wrongs says_lacks(struct ctx *c, const struct service *s);
void says_ends(struct ctx *c, const struct service *s, struct vendor_service_view *v);

#endif
