/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/saml_person.h: a proven assertion as the person that it names.
 *
 * Floor 3.  Pure.  The same for the gateway and for `digione saml verify`.
 */
#ifndef IDP_ADAPTERS_SAML_PERSON_H
#define IDP_ADAPTERS_SAML_PERSON_H

#include "idp-adapters/attribute_list.h"
#include "wire/saml.h"

/* The name that the protocol itself promises to be stable: pairwise-id, subject-id, a persistent NameID; absent:
 * none.  A transient NameID is none, an e-mail address is nobody's identity. */
struct str saml_subject(const struct saml_assertion *said);
/* Its attributes, for a map; views into the assertion.  Where the row's attributes read "NameID" (NameID=subject), the
 * NameID is one of them, whatever its format but transient and emailAddress. */
#define SAML_NAME_ID_WORD "NameID"
struct attribute_list saml_attributes(struct arena *a, const struct idp *idp, const struct saml_assertion *said);

#endif
