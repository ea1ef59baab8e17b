/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/trial.h: trials at the gate (gateway/gate/gate.h), as OpenID Connect answers them.
 *
 * Floor 6d.  A trial is answered in place of a sign-in: no session is told of, no policy is asked, and nothing of
 * anybody leaves.  Its code and its access token are of forms of their own, which no other endpoint opens; whom its
 * tokens name is nobody, which the signer writes (certs/signer_client.h, signer_gate()).
 */
#ifndef GATEWAY_OIDC_TRIAL_H
#define GATEWAY_OIDC_TRIAL_H

#include "gateway/gate/gate.h"
#include "gateway/oidc/oidc.h"
#include "gateway/oidc/tokens/dpop.h"

/* A row of the authorization endpoint, once c->login and c->session stand.  DONE: a trial was answered.  NEXT: this
 * browser has none for c->login's service. */
enum step oidc_trial(struct ctx *c, struct fail *f);

/* A code of a trial: which one; its record is a struct code_record under *key, of KV_TRIAL.  False: it is of none. */
struct trial_name {
    struct str id; /* of the run; absent: of no trial */
    const struct gate_trial *trial;
};
bool trial_code_read(struct ctx *c, struct str code, struct trial_name *out, struct str *key);

/* At the token endpoint, once c->service has proven who it is: notes that it came.  Asks. */
void trial_redeemed(struct ctx *c, const struct trial_name *t, struct kv_got *got);

struct trial_grant {
    struct trial_name of;
    struct code_record code;
    struct binding bound;
    struct kv_got marked; /* answer to trial_redeemed() */
    bool fits;            /* the code does, by all that is asked of a code */
    struct fail why;      /* else */
};
/* Rows: c->state is a struct trial_grant *: the answer of the token endpoint. */
extern const struct step_row trial_issue[];

/* struct protocol, try_leave [OIDC Back-Channel Logout 2.4]. */
extern const struct step_row trial_leave[];

/* An access token of a trial of c->req, which is for userinfo alone: sets c->service, where it may still have trials.
 */
bool trial_token_read(struct ctx *c, struct trial_name *out);
/* Who its tokens name, as userinfo says it. */
struct str trial_claims(struct ctx *c, const struct trial_name *t);

#endif
