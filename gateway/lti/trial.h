/* SPDX-License-Identifier: EUPL-1.2
 * gateway/lti/trial.h: trials at the gate (gateway/gate/gate.h), as a platform of LTI answers them.
 *
 * Floor 6d, room lti.  Both halves of a launch are a trial's: no session is told of, no policy is asked, and whom the
 * message names is nobody, which the signer writes (certs/signer_client.h, signer_gate_lti()).
 */
#ifndef GATEWAY_LTI_TRIAL_H
#define GATEWAY_LTI_TRIAL_H

#include "gateway/lti/lti.h"

/* A row of where a tool is opened, once c->login and c->session stand: 303 to the tool's login.  NEXT: this browser has
 * no trial for c->service. */
enum step lti_trial_open(struct ctx *c, struct fail *f);
/* A row of the authorization endpoint, likewise: the message. */
enum step lti_trial(struct ctx *c, struct fail *f);

#endif
