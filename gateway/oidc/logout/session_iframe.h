/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/logout/session_iframe.h: a service's script asks whether the session is still the same.
 *
 * Floor 6d.  [OIDC Session Management 1.0]
 */
#ifndef GATEWAY_OIDC_LOGOUT_SESSION_IFRAME_H
#define GATEWAY_OIDC_LOGOUT_SESSION_IFRAME_H

#include "model/ctx.h"

/* What an answer to this address of c->service says of c->session; absent: no page of a browser is there.  In
 * c->arena. */
struct str oidc_session_state(struct ctx *c, struct str client_id, struct str redirect_uri);

#endif
