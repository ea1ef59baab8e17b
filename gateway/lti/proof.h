/* SPDX-License-Identifier: EUPL-1.2
 * gateway/lti/proof.h: what a tool signed, verified by its keys.
 *
 * Floor 6d, room lti.  Keys: gateway/service_keys.h; fetched again when a token names a newer one.
 */
#ifndef GATEWAY_LTI_PROOF_H
#define GATEWAY_LTI_PROOF_H

#include "gateway/service_keys.h"

struct tool_proof { /* the first member of c->state of whoever runs the rows */
    const struct service *tool;
    struct str token;
    struct jose_rules rules;
    bool ok;
    struct jose_claims claims; /* once ok */
    struct fail why;           /* else */
    struct upstream_got keys;
};

/* Rows: settle ok, claims and why.  They never fail. */
extern const struct step_row tool_prove[];

/* Of a token that nobody has verified: whose it says it is.  Absent: it is no token. */
struct str tool_claimed(struct arena *a, struct str token, struct str claim);

#endif
