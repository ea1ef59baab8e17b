/* SPDX-License-Identifier: EUPL-1.2
 * gateway/http/host.h: people who come by another name of this gateway are led to the one that it has.
 *
 * Floor 6a.  Cookies belong to a host name: whoever began at an alias would be nobody at public_url, where services and
 * cities send them back to.  The address is made of public_url, and path and query as they came.
 */
#ifndef GATEWAY_HTTP_HOST_H
#define GATEWAY_HTTP_HOST_H

#include "gateway/routes.h"

enum { HOST_MOVED_S = 60 };

/* Whether the request's Host is that of public_url; a default port may be left out.  No Host at all is taken for it. */
bool host_is_ours(const struct settings *set, struct str host);

/* A route to run in the place of c->route, which leads on to the same path (307); NULL: the request stays here.  It
 * stays where scripts, services and operators ask, and where the browser was led on just now and comes with the same
 * Host: then a proxy rewrites it, and *rewritten says so. */
const struct route *host_leads_on(const struct ctx *c, bool *rewritten);

#endif
