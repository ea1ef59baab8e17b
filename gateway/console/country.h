/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/country.h: the whole country at a glance, for its operator: doors, nodes, parts, traffic.
 *
 * Floor 6d.  From what this node has in memory alone: sign-ins of the last hour, and what each node says of itself.
 */
#ifndef GATEWAY_CONSOLE_COUNTRY_H
#define GATEWAY_CONSOLE_COUNTRY_H

#include "console/pages.h"
#include "gateway/console/health.h"

/* hows: of each identity provider, in the registry's order. */
void country_put(struct ctx *c, const struct health *hows, struct home_view *v);

#endif
