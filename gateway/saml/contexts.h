/* SPDX-License-Identifier: EUPL-1.2
 * gateway/saml/contexts.h: how sure a sign-in must be, and how sure it was.  [SAML core 3.3.2.2.1, 2.7.2.2]
 *
 * Floor 6d.  Pure.  What a password over TLS meets any sign-in meets; what is stronger is demanded of the city, by the
 * same acr_values as a service of OpenID Connect demands it, and refused where it was not reached.
 */
#ifndef GATEWAY_SAML_CONTEXTS_H
#define GATEWAY_SAML_CONTEXTS_H

#include "model/login.h"

enum context_comparison { CONTEXT_EXACT = 0, CONTEXT_MINIMUM, CONTEXT_MAXIMUM, CONTEXT_BETTER };

/* Fills acr_values and acr_must of l.  False: nothing can be as strong as that. */
bool contexts_demand(struct arena *a, enum context_comparison how, const struct strs *asked, struct login *l);

/* The AuthnContextClassRef to state: acr is the city's word (absent: none). */
struct str context_stated(const struct login *l, struct str acr);

#endif
