/* SPDX-License-Identifier: EUPL-1.2
 * gateway/vendor/addresses.h: the addresses that a service has of its own in production, beside those of its test.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_VENDOR_ADDRESSES_H
#define GATEWAY_VENDOR_ADDRESSES_H

#include "model/ctx.h"
#include "portal/pages.h"
#include "registry/edit.h"

enum { ADDRESSES_MAX = 8 };

/* Fills v->addresses with a field for each that its protocol has: what was typed; else what stands in production (NULL:
 * nothing yet); else those of the test that production would take. */
void addresses_show(struct ctx *c, const struct service *test, const struct service *production,
                    struct vendor_use_view *v);
/* Those that the form holds, by the keys of the registry; how many, at most ADDRESSES_MAX.  They live in c's arena. */
size_t addresses_typed(struct ctx *c, const struct service *test, struct edit_field *out);

#endif
