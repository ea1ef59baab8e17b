/* SPDX-License-Identifier: EUPL-1.2
 * certs/claims_scan.h: looks over claims that the gateway wants signed.
 *
 * Floor 2.  Not a JSON reader: it makes no values and allocates nothing.  It
 * passes only what wire/json.h writes: one object without white space, whose
 * brackets match to a depth of CLAIMS_DEPTH_MAX and whose top-level names are
 * plain, no more than CLAIMS_MAX, all different and none of the reserved ones.
 */
#ifndef CERTS_CLAIMS_SCAN_H
#define CERTS_CLAIMS_SCAN_H

#include "certs/signer_msg.h"

enum { CLAIMS_DEPTH_MAX = 16, CLAIMS_MAX = 64 };

/* reserved: names, ended by NULL.  REASON_SIGNED when all is well. */
enum signer_reason claims_scan(struct str claims, const char *const *reserved);
/* The same, where names are those that are listed, and no others. */
enum signer_reason claims_scan_only(struct str claims, const char *const *allowed);

#endif
