/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/certificates_too.h: certificates of a SAML service that stand side by side.
 *
 * Floor 3.  A service changes its key one server after the other.  Beside what its metadata say, its row may hold
 * further certificates (signing_too, encryption_too), and fingerprints of those that count no more
 * (certificates_retired).  All that count verify what it signs; what is encrypted for it is encrypted to the first that
 * counts, so to the older one until that is retired: by then every server has the new key.  Pure.
 */
#ifndef IDP_ADAPTERS_CERTIFICATES_TOO_H
#define IDP_ADAPTERS_CERTIFICATES_TOO_H

#include "model/registry.h"
#include "wire/saml_service.h"

enum { CERTIFICATES_LISTED_MAX = 3 * METADATA_CERTIFICATES_MAX };

struct certificate_listed {
    struct certificate is;
    bool signs, encrypts;
    bool added;   /* the row alone has it */
    bool retired; /* it counts no more */
};

/* All of its metadata and of its row, the metadata's first, in their order; m NULL: of the row alone. */
size_t certificates_list(struct arena *a, const struct service *s, const struct saml_service_metadata *m,
                         struct certificate_listed *out, size_t max);
/* What counts of its metadata, with what the row adds: m itself where the row says nothing.  NULL: m was. */
const struct saml_service_metadata *certificates_fit(struct arena *a, const struct service *s,
                                                     const struct saml_service_metadata *m);
/* Whether a message that was proven by the key of that fingerprint was signed with an older one of several that stand
 * side by side: another is newer.  m: as certificates_fit() gives it. */
bool certificates_older(const struct service *s, const struct saml_service_metadata *m, struct str print);

/* What is wrong with a text of them: encrypts: they are to be encrypted to, which takes RSA of 2048 bits or more.
 * absent: nothing.  "": nothing is one. */
struct str certificates_trouble(struct arena *a, struct str pem, bool encrypts);

#endif
