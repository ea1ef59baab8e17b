/* SPDX-License-Identifier: EUPL-1.2
 * gateway/tested.h: what a service was told of a test person (model/test_school.h), for whoever plays them.
 *
 * Floor 6c.  Kept as it left, in Redis and sealed, under the sid of the test session, until that ends; of real people
 * nothing is kept here.  A protocol keeps what it has told beside the audit line that says so.
 */
#ifndef GATEWAY_TESTED_H
#define GATEWAY_TESTED_H

#include "gateway/release.h"
#include "model/ctx.h"
#include "wire/kv.h"

enum tested { TESTED_ID_TOKEN = 0, TESTED_USERINFO, TESTED_ASSERTION, TESTED_LAUNCH, TESTED_COUNT };

/* Asks, where c->session is a test person's; else does nothing.  text: JSON or XML; what does not fit is left out.  r:
 * by what it was told. */
void tested_keep(struct ctx *c, enum tested what, struct str text, struct str words, const struct release *r);
/* The payload of a compact JWS, not verified: one of our own. */
struct str tested_payload(struct arena *a, struct str jws);

struct tested_told {
    struct str text;
    struct str words, asked; /* of claims.def, space-separated: told; asked for by the service in its request */
    int64_t at_s;
};
struct tested_got {
    struct str sid;
    struct kv_got of[TESTED_COUNT];
};
void tested_ask(struct ctx *c, struct str sid, struct tested_got *got);
bool tested_read(struct ctx *c, const struct tested_got *got, enum tested what, struct tested_told *out);

#endif
