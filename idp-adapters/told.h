/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/told.h: an identity provider says that it has signed somebody out.
 *
 * Floor 3.  Each is a step table that verifies the whole message (issuer, audience, time, signature, once) before it
 * fills struct city_told; gateway/upstream_logout.c then ends the sessions that it means.
 */
#ifndef IDP_ADAPTERS_TOLD_H
#define IDP_ADAPTERS_TOLD_H

#include "model/ctx.h"
#include "wire/kv.h"

enum { TOLD_SESSIONS_MAX = 16 };

struct city_told { /* c->state first */
    const struct idp *idp;
    struct str name;                        /* as in struct person, city_name; absent: the sessions say it all */
    struct str sessions[TOLD_SESSIONS_MAX]; /* likewise city_session; none: all of that name's */
    size_t session_count;
    struct str replay; /* under which it is marked as used (KV_REPLAY), until then; the rows have done so */
    struct kv_got marked;
    void *own; /* of the rows */
};

/* A logout token [OIDC Back-Channel Logout 2.4-2.6]: c->body has logout_token, c->req->param is the registry's id of
 * who sends it.  c->state is a struct city_told.  Fails CALLER with the code of the rule, as verifiers have them;
 * UPSTREAM city_unreachable where its keys cannot be had; OURS. */
extern const struct step_row told_by_oidc[];

#endif
