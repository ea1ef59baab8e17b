/* SPDX-License-Identifier: EUPL-1.2
 * gateway/session/ceremony.h: what a page asks a passkey for, and that it is answered once.
 *
 * Floor 6b.  The challenge stands in the page in the clear, for the browser, and sealed, for us: nothing is kept until
 * it is answered, and then that it was (KV_REPLAY).  [Web Authentication Level 2, 13.4.3]
 */
#ifndef GATEWAY_SESSION_CEREMONY_H
#define GATEWAY_SESSION_CEREMONY_H

#include "model/ctx.h"
#include "wire/kv.h"
#include "wire/passkey.h"

enum { CEREMONY_S = 900 };

/* bound: for whom alone ("login:ID", "sid:ID").  Both as base64url. */
void ceremony_ask(struct ctx *c, struct str bound, struct str *challenge, struct str *seal);

/* The answer's field `seal`, for this origin: out->challenge.  Then asks the batch whether it was answered before
 * (used->outcome MISS: not).  False, and nothing is asked: another's, or too old. */
bool ceremony_answered(struct ctx *c, struct str bound, struct passkey_asked *out, struct kv_got *used);

/* A field of the form, decoded from base64url; absent: it is none, or too long. */
struct str ceremony_part(struct ctx *c, const char *field);

#endif
