/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/saml_logout.h: sign-out at SAML cities, begun by us [SAML profiles 4.4].
 *
 * Floor 3.  For adapter_saml.c alone.
 */
#ifndef IDP_ADAPTERS_SAML_LOGOUT_H
#define IDP_ADAPTERS_SAML_LOGOUT_H

#include "model/ctx.h"
#include "wire/saml.h"
#include "wire/saml_metadata.h"

/* What a session keeps for its end: the NameID exactly as it came, and the SessionIndex.  Absent: the city offers no
 * sign-out, or they are too long. */
struct str saml_logout_hint(struct arena *a, const struct saml_metadata *m, const struct saml_assertion *said);

/* adapter_saml's leave. */
extern const struct step_row saml_leave_city[];

/* What the browser posts: field is SAMLRequest or SAMLResponse; relay absent: none. */
const struct upstream_form *saml_logout_form(struct arena *a, struct str field, struct str message, struct str relay);

#endif
