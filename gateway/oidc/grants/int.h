/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/grants/int.h: the steps of each grant; nobody outside of this room includes it.  Floor 6d.
 */
#ifndef GATEWAY_OIDC_GRANTS_INT_H
#define GATEWAY_OIDC_GRANTS_INT_H

#include "gateway/oidc/grants/grants.h"

/* Rows of one grant type each; they end with c->state saying what is granted.  code.c, refresh.c, client.c … */
#define X(symbol, name, who, unsaid, fapi) extern const struct step_row grant_##symbol[];
GRANT_TYPES(X)
#undef X

#endif
