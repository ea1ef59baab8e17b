/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/adapter.h: who this is, from whichever identity provider.
 *
 * Floor 3.  An adapter is up to three step tables and a promise.  gateway/flow.c runs
 * `start` when a login needs the city, gateway/upstream_return.c runs `finish`
 * when the browser comes back, gateway/logout.c runs `leave` when the person
 * signs out; every adapter passes tests/contract/.
 */
#ifndef IDP_ADAPTERS_ADAPTER_H
#define IDP_ADAPTERS_ADAPTER_H

#include "model/ctx.h"

/* An answer that holds, before it is known whose browser has brought it. */
struct proven {
    struct str idp;         /* registry id of who gave it */
    struct str upstream_id; /* of the request that it answers */
    struct person *person;  /* whom it names; id and idp are not set yet */
    struct str hint;        /* for leave, c->upstream_hint; absent: none */
    struct str replay;      /* what marks it as used, until ends_s */
    int64_t ends_s;
};

struct adapter {
    enum idp_kind kind;

    /* c->login names the idp (an enabled one, looked up again at every use).
     * Makes what finish needs in c->login (upstream_id, nonce, verifier, fresh,
     * asked_city_s) and ends with c->upstream_url: where the browser goes (303), or, with c->upstream_form, what it
     * posts there.
     * Fails UPSTREAM city_unreachable, city_metadata_expired, …; OURS. */
    const struct step_row *start;

    /* c->login is the attempt that this browser began, c->query or c->body the
     * answer.  Verifies the whole answer (signature, issuer, audience, time,
     * replay, that it answers this very login) before it fills c->person; on
     * refusal c->person stays NULL.  Fails UPSTREAM with one stable code per
     * rule (the city is wrong), CALLER (the browser's message is none),
     * DENIED city_refused (the person said no, or the city did), OURS. */
    const struct step_row *finish;

    /* For answers that come by a cross-site POST, where no cookie is read: c->body is the answer, c->login no more than
     * idp and upstream_id, as the answer's own RelayState says them (idp-adapters/relay.h).  Verifies all of the answer
     * that needs no more of the login, and fills c->proven; fails as finish does.  Then finish, with the login, looks
     * at c->proven and no longer at the body.  NULL: answers come with their login. */
    const struct step_row *prove;

    /* A session has ended here; c->upstream_hint is what finish had made for it, or absent; c->login is a new attempt
     * that names its idp, and upstream_id, which the city's answer at ADAPTER_LEFT_PATH must bear.  Ends with
     * c->upstream_url: where the browser goes so that the city ends its own session; absent where the city offers no
     * such thing or is away; with c->upstream_form, what it posts there.  Fails for neither.  NULL: the
     * protocol has none. */
    const struct step_row *leave;
};

#define ADAPTER_LEFT_PATH "/upstream/left"

/* NULL for IDP_NONE. */
const struct adapter *adapter_of(enum idp_kind kind);

extern const struct adapter adapter_oidc, adapter_saml, adapter_local;

/* Who signs in by this local account at this moment; origin: our own address.  Without its id (model/pairwise.h). */
struct person *local_person(struct arena *a, const struct account *account, const struct idp *idp, struct str origin,
                            int64_t now_s);

#endif
