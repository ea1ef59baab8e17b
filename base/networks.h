/* SPDX-License-Identifier: EUPL-1.2
 * base/networks.h: blocks of addresses in CIDR notation, and which of them are private.
 *
 * Floor 0.  Pure.
 */
#ifndef BASE_NETWORKS_H
#define BASE_NETWORKS_H

#include "base/address.h"

#include <sys/socket.h>

struct network {
    int family; /* 0: none, in which no address lies */
    int bits;
    unsigned char prefix[16];
};

/* "10.20.0.0/16", "fd12:3456::/48": with the length, and no bit set beyond it. */
bool network_read(struct str text, struct network *out);
bool network_has(const struct network *n, const struct sockaddr *address, socklen_t size);

bool network_holds(const struct network *n, const struct address *a);

/* Reads one that lies whole in a private block: 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7.  NULL: it does;
 * else why not, to be put behind it.  So it holds no loopback and no link-local address (of which one is a cloud's
 * metadata), and nothing of the public world. */
const char *private_network_trouble(struct str text, struct network *out);

#endif
