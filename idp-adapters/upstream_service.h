/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/upstream_service.h: the metadata of a service that speaks SAML.
 *
 * Floor 3.  From the registry row (metadata_xml), from its metadata_url, or from a source that signs those of many
 * (metadata_from): an aggregate (sources.h), or MDQ, which is asked for one entity at a time [IIP-MD01].  What is
 * fetched is kept and renewed by upstream.h as those of cities are (upstream_saml.h): a renewal that fails keeps the
 * last good copy, what is signed never goes back to an older one, and without signers what is fetched must be one
 * entity's own.  It is renewed as its cacheDuration says, and when half of its validity is over.
 */
#ifndef IDP_ADAPTERS_UPSTREAM_SERVICE_H
#define IDP_ADAPTERS_UPSTREAM_SERVICE_H

#include "idp-adapters/upstream.h"
#include "model/registry.h"
#include "wire/saml_service.h"

enum { MDQ_REFUSED_S = 300 }; /* "no such entity", where nothing is kept, stands so long */

/* Asks the batch; got.value: const struct saml_service_metadata *.  The parser's codes are those of
 * saml_service_read(). */
void upstream_service_metadata(struct upstreams *u, struct batch *b, struct arena *a, const struct service *s,
                               enum upstream_how how, struct upstream_got *got);
/* What is kept of it, without asking anybody, u NULL: nothing is kept; what the row itself holds is read where that is
 * not.  NULL: nothing, or what is kept is of another entityID. */
const struct saml_service_metadata *upstream_service_kept(struct upstreams *u, struct arena *a,
                                                          const struct service *s);
/* Whether it is fetched for this service alone: by metadata_url, or MDQ. */
bool upstream_service_fetched(const struct service *s);
/* What is kept of it and what became of the last attempt, from any thread; of an aggregate: nothing. */
void upstream_service_look(struct upstream_store *store, struct arena *a, const struct service *s,
                           struct upstream_got *got);
/* Of a row that holds its metadata, as they are read: before it is kept.  NULL: f says why. */
const struct saml_service_metadata *upstream_service_read(struct arena *a, const struct service *s, struct fail *f);

#endif
