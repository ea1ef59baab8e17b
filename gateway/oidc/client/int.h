/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/client/int.h: what the files of this room share; nobody else includes it.  Floor 6d.
 */
#ifndef GATEWAY_OIDC_CLIENT_INT_H
#define GATEWAY_OIDC_CLIENT_INT_H

#include "gateway/oidc/client/client.h"
#include "idp-adapters/upstream.h"
#include "model/auth_methods.def"
#include "wire/json.h"
#include "wire/kv.h"

struct method {      /* a row of model/auth_methods.def */
    struct str word; /* of token_endpoint_auth_method */
    bool (*came)(struct ctx *c);
    const struct step_row *proves; /* sets c->service, or records a refusal by asker_refuse() */
};

/* Of one request, in its arena. */
struct asker {
    const struct method *method;
    const struct service *row; /* that client_id names, if it may ask at all; nothing is proven by it */
    struct str id, secret, assertion;
    struct str secret_raw;                             /* as it stood in Basic, undecoded */
    const struct json_value *unproven_head, *unproven; /* of the assertion */
    bool refused;
    const char *told;        /* of a refusal, where it may be said; NULL: what everybody is told */
    char why[FAIL_DETAIL_B]; /* for the log */
    struct kv_got count, mark;
    struct upstream_got keys;
};

/* The request's own; made by the first who asks for it. */
struct asker *asker_of(struct ctx *c);
/* The proof is none: the reason is for the log alone.  Gives NEXT: the last row of oidc_client_auth refuses. */
enum step asker_refuse(struct ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

extern const struct step_row by_secret[], by_assertion[], by_certificate[], by_nothing[];
/* One more wrong secret of this name; asks. */
void count_wrong_secret(struct ctx *c);

/* All that is kept of the service's keys, after client_keys; NULL: none. */
struct service_keys;
const struct service_keys *client_keys_kept(const struct ctx *c);

#endif
