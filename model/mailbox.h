/* SPDX-License-Identifier: EUPL-1.2
 * model/mailbox.h: an address of e-mail, as contacts are given.
 *
 * Floor 1.  Pure.
 */
#ifndef MODEL_MAILBOX_H
#define MODEL_MAILBOX_H

#include "base/str.h"

enum { MAILBOX_MAX_B = 254 }; /* [RFC 5321 4.5.3.1.3] */

/* One address alone, "tuki@kinos.fi": no name beside it, no list, no white space, a domain with a dot.  Whether anybody
 * reads there, no check can tell. */
bool is_mailbox(struct str s);

#endif
