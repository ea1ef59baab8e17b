/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/upstream_saml.h: the metadata of a SAML identity provider.
 *
 * Floor 3.  From the registry row (metadata_xml) or from its metadata_url, kept
 * and renewed by upstream.h; a renewal that fails keeps the last good copy, but
 * what has expired (validUntil) is not used.  Where the row names signers, their
 * signature and a validUntil are required, which never goes back; without them, what is fetched must be
 * one entity's own metadata and no aggregate.
 */
#ifndef IDP_ADAPTERS_UPSTREAM_SAML_H
#define IDP_ADAPTERS_UPSTREAM_SAML_H

#include "idp-adapters/upstream.h"
#include "model/registry.h"
#include "wire/saml_metadata.h"

/* Where we are, as a service provider: entityID and assertion consumer service. */
struct str saml_sp_entity_id(struct arena *a, const struct settings *set);
struct str saml_sp_acs(struct arena *a, const struct settings *set);
/* Where messages of sign-outs come to: by the browser, and from a city's server. */
struct str saml_sp_logout(struct arena *a, const struct settings *set);
struct str saml_sp_logout_soap(struct arena *a, const struct settings *set);
/* Where one city reads our metadata, by its row. */
struct str saml_sp_metadata_of(struct arena *a, const struct settings *set, const struct idp *idp);

struct str upstream_saml_name(struct arena *a, const struct idp *idp); /* under which it is kept */
/* got.value: const struct saml_metadata *.  The parser's codes are those of saml_metadata_read(). */
void upstream_saml_metadata(struct upstreams *u, struct batch *b, struct arena *a, const struct idp *idp,
                            enum upstream_how how, struct upstream_got *got);
/* At every use.  Fails UPSTREAM city_unreachable (there is none), city_metadata_expired. */
const struct saml_metadata *upstream_saml_in_force(const struct upstream_got *got, const struct idp *idp, int64_t now_s,
                                                   struct fail *f);
/* The parser, for a registry row that is checked before it is kept. */
const void *saml_metadata_parse(struct arena *a, const struct upstream_want *want, struct str body, struct fail *f);

#endif
