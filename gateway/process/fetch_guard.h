/* SPDX-License-Identifier: EUPL-1.2
 * gateway/process/fetch_guard.h: which addresses the fetcher may connect to.
 *
 * Floor 6f.  Pure.  Looks at the address itself, at the moment of connecting, so
 * a name that changes its mind between two look-ups gains nothing. [S-34]
 */
#ifndef GATEWAY_FETCH_GUARD_H
#define GATEWAY_FETCH_GUARD_H

#include "base/networks.h"
#include "base/str.h"
#include "wire/fetch.h"

#include <sys/socket.h>

enum address_kind {
    ADDRESS_REFUSED = 0, /* private, link-local, shared, multicast, documentation, embedded, anything unknown */
    ADDRESS_LOOPBACK,
    ADDRESS_PUBLIC
};

enum address_kind address_kind(const struct sockaddr *address, socklen_t n);
/* Where one request may go. */
struct reach {
    bool test, https;
    struct network networks[FETCH_NETWORKS_MAX]; /* private ones of its row */
    size_t network_count;
};

/* The networks of a message; false: one of them is not private, and nobody's row can have named it. */
bool reach_networks(struct reach *r, struct str text);
/* Loopback for test rows alone; the world, and what the row names, over https alone. */
bool address_allowed(const struct sockaddr *address, socklen_t n, const struct reach *r);

bool is_localhost_name(struct str host); /* "localhost", "oulu.localhost"; any case, a final dot too */
bool is_loopback_host(struct str host);  /* such a name, or an address of loopback */
/* Through a proxy the address is not seen here, only what it is called: a public address, or a name of the world.  How
 * a name is resolved is the proxy's affair. */
bool name_allowed(struct str host);

#endif
