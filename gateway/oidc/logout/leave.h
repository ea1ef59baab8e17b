/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/logout/leave.h: how services of OpenID Connect hear that a session is over.
 *
 * Floor 6d.  The members of struct protocol (gateway/protocol.h) of the same names.  [OIDC Back-Channel Logout 1.0,
 * OIDC Front-Channel Logout 1.0]
 */
#ifndef GATEWAY_OIDC_LOGOUT_LEAVE_H
#define GATEWAY_OIDC_LOGOUT_LEAVE_H

#include "gateway/protocol.h"

bool oidc_hears(const struct ctx *c, const struct service *s);
extern const struct step_row oidc_leave[];

struct json_out;
/* The member "events" that makes a logout token one [OIDC Back-Channel Logout 2.4]. */
void leave_event_put(struct json_out *o);
struct str oidc_leave_frame(struct ctx *c, const struct service *s, const struct leaver *who);

#endif
