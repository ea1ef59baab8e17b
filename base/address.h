/* SPDX-License-Identifier: EUPL-1.2
 * base/address.h: where a device is in the net.
 *
 * Floor 0.  Pure.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/str.h"

struct address {
    int family; /* 0: not known */
    unsigned char bytes[16];
};

/* "10.20.1.7", "2001:db8::1"; an IPv4 address in IPv6's clothes (::ffff:10.20.1.7) is the IPv4 one.  What is none is
 * not known. */
struct address address_read(struct str text);

#endif
