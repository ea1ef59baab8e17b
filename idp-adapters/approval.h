/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/approval.h: what a service says of itself at an address that nobody signs, and who has looked at it.
 *
 * Floor 3.  Keys and addresses of its metadata are facts, each one text:
 *
 *     key HEX                      the SHA-256 of a public key, whatever it is used for
 *     acs POST https://…           an AssertionConsumerService, by binding
 *     slo SOAP https://… [https://…]  a SingleLogoutService, with another place for answers
 *
 * A row whose metadata_approved names some uses none besides: what came later waits until somebody has approved or
 * rejected it (gateway/console/services_saml.c), and the service goes on with what was approved.  Pure.
 */
#ifndef IDP_ADAPTERS_APPROVAL_H
#define IDP_ADAPTERS_APPROVAL_H

#include "model/registry.h"
#include "wire/saml_service.h"

enum approval { APPROVAL_WAITS = 0, APPROVAL_GIVEN, APPROVAL_REJECTED };

struct fact {
    struct str text;
    enum approval is;
};

struct facts {
    struct fact *at;
    size_t n;
};

/* Whether what its metadata say must be looked at before it is used: an address that nobody signs, and a row that has
 * approved something. */
bool approval_binds(const struct service *s);
/* What the metadata say, in their order, each once. */
struct facts approval_facts(struct arena *a, const struct service *s, const struct saml_service_metadata *m);
size_t approval_waiting(struct arena *a, const struct service *s, const struct saml_service_metadata *m);
/* The metadata without what is not approved; m itself where nothing binds.  NULL: no AssertionConsumerService is left.
 */
const struct saml_service_metadata *approval_fit(struct arena *a, const struct service *s,
                                                 const struct saml_service_metadata *m);

#endif
