/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/modes.h: how the answer of the authorization endpoint travels.
 *
 * Floor 6d.  modes.def has a row per way; login->answer_mode is its number.  A signed answer
 * is one parameter, `response`, a JWT [JARM 2]: the signer is asked for it, so a failure,
 * which is told at once, goes by a path of ours that asks.
 */
#ifndef GATEWAY_OIDC_MODES_H
#define GATEWAY_OIDC_MODES_H

#include "certs/signer_client.h"
#include "gateway/oidc/modes.def"
#include "launcher/pages.h"
#include "model/ctx.h"

enum {
#define X(name, mode, carrier, is_signed) MODE_##name,
    RESPONSE_MODES(X)
#undef X
        MODE_COUNT
};

/* Of the authorization endpoint's signed answers: the most that a state may have, so that a refusal fits an address. */
enum { STATE_SIGNED_MAX_B = 3072 };

/* By the word of response_mode.  False: none. */
bool mode_find(struct str word, unsigned *mode);
struct str mode_word(unsigned mode);
bool mode_is_signed(unsigned mode);
/* A native app's own scheme takes no POST. */
bool mode_fits(unsigned mode, struct str redirect_uri);

enum { ANSWER_FIELDS_MAX = 8 };

struct answer_fields {
    struct hidden_field at[ANSWER_FIELDS_MAX];
    size_t n;
    struct signed_got response; /* of a signed mode, once it was asked for */
};

void answer_put(struct answer_fields *all, struct str name, struct str value); /* an absent value is left out */

/* Adds state and iss [RFC 9207 2], and where c->login's way is a signed one asks the batch for the JWT.  Gives NEXT or
 * WAIT. */
enum step answer_seal(struct ctx *c, struct answer_fields *all);
/* After it: the answer to c->login->answer_to.  Fails OURS when the signer did not sign. */
enum step answer_send(struct ctx *c, struct answer_fields *all, struct fail *f);
/* Both at once, for a failure: by a path of ours where the signer must be asked first. */
void answer_refuse(struct ctx *c, struct answer_fields *all);

#endif
