/* SPDX-License-Identifier: EUPL-1.2
 * registry/check_saml.h: whether a row of SAML can work: what of it is refused before it is kept.
 *
 * Floor 4; for check.c.  Pure.
 */
#ifndef REGISTRY_CHECK_SAML_H
#define REGISTRY_CHECK_SAML_H

#include "model/registry.h"

/* What is wrong, in words for whoever wrote the row; absent: nothing. */
struct str saml_service_trouble(struct arena *a, const struct registry *r, const struct service *s);

/* The same of the metadata that a row holds: slow, so once. */
struct str saml_service_document_trouble(struct arena *a, const struct service *s);

/* What is wrong with a source of metadata; absent: nothing. */
struct str metadata_source_trouble(struct arena *a, const struct metadata_source *x);

#endif
