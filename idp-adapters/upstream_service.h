/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/upstream_service.h: the metadata of a service that speaks SAML.
 *
 * Floor 3.  From the registry row (metadata_xml) or from its metadata_url, kept and renewed by upstream.h as those of
 * cities are (upstream_saml.h): a renewal that fails keeps the last good copy, what is signed never goes back to an
 * older one, and without signers what is fetched must be one entity's own.
 */
#ifndef IDP_ADAPTERS_UPSTREAM_SERVICE_H
#define IDP_ADAPTERS_UPSTREAM_SERVICE_H

#include "idp-adapters/upstream.h"
#include "model/registry.h"
#include "wire/saml_service.h"

/* Asks the batch; got.value: const struct saml_service_metadata *.  The parser's codes are those of
 * saml_service_read(). */
void upstream_service_metadata(struct upstreams *u, struct batch *b, struct arena *a, const struct service *s,
                               enum upstream_how how, struct upstream_got *got);
/* What is kept of it, without asking anybody, u NULL: nothing is kept; what the row itself holds is read where that is
 * not.  NULL: nothing, or what is kept is of another entityID. */
const struct saml_service_metadata *upstream_service_kept(struct upstreams *u, struct arena *a,
                                                          const struct service *s);
/* Of a row that holds its metadata, as they are read: before it is kept.  NULL: f says why. */
const struct saml_service_metadata *upstream_service_read(struct arena *a, const struct service *s, struct fail *f);

#endif
