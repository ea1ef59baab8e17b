/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/client/int.h: what the files of this room share; nobody else includes it.  Floor 6d.
 */
#ifndef GATEWAY_OIDC_CLIENT_INT_H
#define GATEWAY_OIDC_CLIENT_INT_H

#include "gateway/oidc/client/client.h"
#include "idp-adapters/upstream.h"
#include "wire/kv.h"

/* Of one request, in its arena. */
struct asker {
    struct str method; /* which auth_method it came by */
    struct str id, secret, assertion;
    struct str secret_raw; /* as it stood in Basic, undecoded */
    struct kv_got count, mark;
    struct upstream_got keys;
};

/* The request's own; made by the first who asks for it. */
struct asker *asker_of(struct ctx *c);

#endif
