/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/upstream_refresh.h: fetches what an identity provider or a service publishes now, because somebody says
 * so.
 *
 * Floor 3.  `digione refresh` asks through the registry; a node's loop runs it.
 * One line per document says what came of it and how old the copy was.
 */
#ifndef IDP_ADAPTERS_UPSTREAM_REFRESH_H
#define IDP_ADAPTERS_UPSTREAM_REFRESH_H

#include "idp-adapters/upstream.h"
#include "model/registry.h"

/* An order's id is that of an identity provider, or that of another row behind one of these. */
#define REFRESH_OF_SERVICE "service:"
#define REFRESH_OF_SOURCE  "source:" /* of metadata */
#define REFRESH_AHEAD      "ahead:"  /* a service's, if it is due, and without a word */

/* r is held until it is done.  On the loop of u; does nothing for what is not in use or publishes nothing. */
void upstream_refresh(struct upstreams *u, struct registry *r, struct str id);

#endif
