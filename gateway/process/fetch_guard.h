/* SPDX-License-Identifier: EUPL-1.2
 * gateway/process/fetch_guard.h: which addresses the fetcher may connect to.
 *
 * Floor 6f.  Pure.  Looks at the address itself, at the moment of connecting, so
 * a name that changes its mind between two look-ups gains nothing. [S-34]
 */
#ifndef GATEWAY_FETCH_GUARD_H
#define GATEWAY_FETCH_GUARD_H

#include "base/str.h"

#include <sys/socket.h>

enum address_kind {
    ADDRESS_REFUSED = 0, /* private, link-local, shared, multicast, documentation, embedded, anything unknown */
    ADDRESS_LOOPBACK,
    ADDRESS_PUBLIC
};

enum address_kind address_kind(const struct sockaddr *address, socklen_t n);
/* Loopback for test rows alone; the world over https alone. */
bool address_allowed(enum address_kind kind, bool test, bool https);
bool is_localhost_name(struct str host); /* "localhost", "oulu.localhost"; any case, a final dot too */

#endif
