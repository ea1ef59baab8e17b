/* SPDX-License-Identifier: EUPL-1.2
 * gateway/vendor/certificates.h: certificates of a SAML service side by side: one is added, the older one is retired.
 *
 * Floor 6d.  What they mean: idp-adapters/certificates_too.h.  Values are for a page: they live in c->arena.
 */
#ifndef GATEWAY_VENDOR_CERTIFICATES_H
#define GATEWAY_VENDOR_CERTIFICATES_H

#include "gateway/vendor/door.h"
#include "registry/edit.h"

/* Into v: all that there are, which of them are older, and when one of those was used last. */
void certificates_show(struct ctx *c, const struct service *s, struct vendor_service_view *v);

enum { CERTIFICATE_FIELDS_MAX = 3 };
struct certificates_altered {
    struct edit_field fields[CERTIFICATE_FIELDS_MAX];
    size_t n;
    const char *done;
    struct str wrong; /* why not, in the person's language; absent: the fields are what to write */
    bool secret;      /* what was pasted is not shown again */
};
/* What the form of the page wants (act: certificate_add, certificate_retire, certificate_again).  False: no such act.
 */
bool certificates_alter(struct ctx *c, const struct service *s, struct str act, struct certificates_altered *out);

/* Whether the key of a certificate (DER) is one of that service's own metadata or row, retired ones included. */
bool certificates_hold(struct arena *a, const struct service *s, int64_t now_s, struct str der);

#endif
