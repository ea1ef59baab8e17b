/* SPDX-License-Identifier: EUPL-1.2
 * gateway/vendor/use.h: the page of what became of a service: who has it in use, and how much.
 *
 * Floor 6d.
 */
#ifndef GATEWAY_VENDOR_USE_H
#define GATEWAY_VENDOR_USE_H

#include "model/ctx.h"
#include "portal/pages.h"

/* What municipalities have decided about it. */
void vendor_receipts(struct ctx *c, const struct service *s, struct vendor_use_view *v);

#endif
