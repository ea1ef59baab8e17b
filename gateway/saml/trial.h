/* SPDX-License-Identifier: EUPL-1.2
 * gateway/saml/trial.h: trials at the gate (gateway/gate/gate.h), as a SAML identity provider answers them.
 *
 * Floor 6d.  A trial is answered in place of a sign-in: no session is told of, no policy is asked, and whom the
 * assertion names is nobody.  What is wrong in it is signed by our own key, within what that signs anyway (one
 * audience, now, an hour at most), is altered after it was signed, as anybody could, or is signed by a key that the
 * signer lets say nothing else (certs/signer_client.h, signer_gate_saml()).
 */
#ifndef GATEWAY_SAML_TRIAL_H
#define GATEWAY_SAML_TRIAL_H

#include "gateway/gate/gate.h"
#include "gateway/saml/saml.h"

/* A row, once c->login and c->session stand.  DONE: a trial was answered.  NEXT: this browser has none for c->login's
 * service. */
enum step saml_trial(struct ctx *c, struct fail *f);

/* struct protocol, try_leave and trial_ways. */
extern const struct step_row saml_trial_leave[];
unsigned saml_trial_ways(const struct ctx *c, const struct service *s);

/* How nobody is named to c->service, by a word of name_id.h, and the session of all right answers to it. */
struct saml_name trial_name(struct ctx *c, struct str sub, struct str word);
struct str trial_index(struct ctx *c);

#endif
