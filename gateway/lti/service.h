/* SPDX-License-Identifier: EUPL-1.2
 * gateway/lti/service.h: what a tool may ask for itself: tokens, and with them who is in a context.
 *
 * Floor 6d, room lti.  A token is what it says, sealed; nothing is stored, and the tool's row is looked at again
 * whenever it is used.  [Security Framework 4, Names and Role Provisioning Services 2.0]
 */
#ifndef GATEWAY_LTI_SERVICE_H
#define GATEWAY_LTI_SERVICE_H

#include "gateway/lti/lti.h"
#include "gateway/lti/told.h"

#define LTI_SCOPE_MEMBERS "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"

enum { SERVICE_TOKEN_LIFE_S = 3600 };

/* token.c: the token of this request, if it is good for that scope; sets c->service.  Fails CLIENT_AUTH invalid_token,
 * DENIED insufficient_scope. */
bool service_token_read(struct ctx *c, struct str scope, struct fail *f);

/* members.c: the address by which a tool asks who is in the context of `told`; absent: it may not, or there is none. */
struct str members_url(struct ctx *c, const struct lti_told *told);

#endif
