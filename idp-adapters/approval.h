/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/approval.h: what a service says of itself at an address that nobody signs, and who has looked at it.
 *
 * Floor 3.  Keys and addresses in its metadata are facts, each one text:
 *
 *     key HEX                   a certificate by its fingerprint (keyring_print()), whatever it is used for
 *     acs POST https://…        an AssertionConsumerService, by binding
 *     slo SOAP https://… …      a SingleLogoutService, with another place for answers behind it
 *
 * A row that has judged any takes none but those that its metadata_approved names: what came later waits until somebody
 * approves or rejects it (gateway/console/metadata.c), and the service goes on with what was approved.  It is to
 * services what pins.h is to identity providers, whose addresses send nobody's data anywhere.  Pure.
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

/* Whether nobody vouches for what its metadata say: an address without a signer. */
bool approval_possible(const struct service *s);
/* And whether what it says anew waits: something was approved or rejected.  Who rejects the last that was approved does
 * not take all of it. */
bool approval_binds(const struct service *s);
/* What the metadata say, in their order, each once. */
struct facts approval_facts(struct arena *a, const struct service *s, const struct saml_service_metadata *m);
/* How many of them wait; 0 where nothing binds. */
size_t approval_waiting(struct arena *a, const struct service *s, const struct saml_service_metadata *m);
/* The metadata without what is not approved; m itself where nothing binds. */
const struct saml_service_metadata *approval_fit(struct arena *a, const struct service *s,
                                                 const struct saml_service_metadata *m);

#endif
