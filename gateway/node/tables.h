/* SPDX-License-Identifier: EUPL-1.2
 * gateway/node/tables.h: routes.def and protocols.def as tables.
 *
 * Floor 6e.  What lies below is given them: a test gives it others.
 */
#ifndef GATEWAY_NODE_TABLES_H
#define GATEWAY_NODE_TABLES_H

#include "gateway/protocol.h"
#include "gateway/routes.h"

extern const struct routes all_routes;
extern const struct protocol *const all_protocols[PROTO_COUNT];

#endif
