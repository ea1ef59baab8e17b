/* SPDX-License-Identifier: EUPL-1.2
 * registry/urls.h: which addresses a row may hold.
 *
 * Floor 4.  Pure.
 */
#ifndef REGISTRY_URLS_H
#define REGISTRY_URLS_H

#include "base/str.h"

/* An address that browsers are sent to or that we fetch: https with a host, nothing in front of the host, no
 * fragment, no wildcard, printable ASCII.  test: http as well, on loopback alone.  Gives NULL, or what is wrong. */
const char *url_trouble(struct str url, bool test);
/* A redirect URI of a service: as above; a public one may also use http on a loopback address literal, or a scheme
 * of its own in reverse-domain form [RFC 8252 7]. */
const char *redirect_uri_trouble(struct str uri, bool test, bool is_public);

#endif
