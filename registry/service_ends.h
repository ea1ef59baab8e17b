/* SPDX-License-Identifier: EUPL-1.2
 * registry/service_ends.h: what of a service ends on a day of its own: certificates, metadata, the secret before.
 *
 * Floor 4.  Pure.  Times are Unix seconds.
 */
#ifndef REGISTRY_SERVICE_ENDS_H
#define REGISTRY_SERVICE_ENDS_H

#include "base/arena.h"
#include "model/registry.h"

enum service_end_kind { SERVICE_END_SECRET = 0, SERVICE_END_METADATA, SERVICE_END_CERTIFICATE };

struct service_end {
    enum service_end_kind kind;
    struct str print; /* of a certificate: its fingerprint, in a */
    int64_t end_s;
};

enum { SERVICE_ENDS_MAX = 40 };

/* What its row says, at most max, metadata that stand in the row included, and certificates beside
 * them; those that were retired are not.  What cannot be read (any more) is left out,
 * and so is what its address would give. */
size_t service_ends(struct arena *a, const struct service *s, int64_t now_s, struct service_end *out, size_t max);

/* Whole days that are left: 0: today is the last; negative: it is over. */
int64_t end_days_left(int64_t end_s, int64_t now_s);
/* Which warning is due: 60, 30 or 7 days before; 0: none yet, or it is over. */
int end_warning(int64_t end_s, int64_t now_s);

#endif
