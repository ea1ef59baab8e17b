/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/told.h: an identity provider says that it has signed somebody out.
 *
 * Floor 3.  Each is a step table that verifies the whole message (issuer, audience, time, signature, once) before it
 * fills struct city_told; gateway/upstream_logout.c then ends the sessions that it means.
 */
#ifndef IDP_ADAPTERS_TOLD_H
#define IDP_ADAPTERS_TOLD_H

#include "model/ctx.h"
#include "wire/ending_mark.h"

enum { TOLD_SESSIONS_MAX = 16 };

struct city_told { /* c->state first */
    const struct idp *idp;
    struct str name;                        /* as in struct person, city_name; absent: the sessions say it all */
    struct str sessions[TOLD_SESSIONS_MAX]; /* likewise city_session; none: all of that name's */
    size_t session_count;
    struct ending_mark mark; /* "begun" once the rows have run; "done" is the caller's to say, when all has ended */
    void *own;               /* of the rows */
};

/* The rows' own: it did not come before, or what it ends had not ended then.  Fails CALLER replay, OURS. */
bool told_is_good(const struct city_told *told, const char *what, struct fail *f);

/* A logout token [OIDC Back-Channel Logout 2.4-2.6]: c->body has logout_token, c->req->param is the registry's id of
 * who sends it.  c->state is a struct city_told.  Fails CALLER with the code of the rule, as verifiers have them;
 * UPSTREAM city_unreachable where its keys cannot be had; OURS. */
extern const struct step_row told_by_oidc[];

/* SAML: what a city says through the browser or from its server: LogoutRequest, or LogoutResponse to ours.  `opened`
 * says whether that could be opened; its binding says what it is answered by. */
struct saml_ask;
struct saml_metadata;
struct city_message {      /* c->state */
    struct city_told told; /* first; of a LogoutRequest */
    const struct saml_ask *ask;
    const struct saml_metadata *metadata;
    struct str here;      /* our address that it came to */
    bool is_request;      /* else a LogoutResponse to ours, which holds */
    struct str id, relay; /* of the request, for its answer */
    bool unanswered;      /* no answer is wanted */
    struct str state;     /* of an answer: the sign-out that it belongs to, as adapter_saml's leave has named it */
    bool left;            /* of an answer: the city has signed the person out */
    struct city_message_own *own;
};
/* Rows, once the caller has filled in ask and here.  Fail CALLER with the code of the rule; UPSTREAM
 * city_unreachable, city_metadata_expired; OURS. */
extern const struct step_row told_by_saml[];

/* Rows: our signed LogoutResponse to the request in c->state, a struct city_message.  Ends with c->upstream_url (and
 * c->upstream_form), or by SOAP with soap; both absent: the city's metadata name no place for it. */
struct saml_reply {
    const struct city_message *to; /* c->state is a struct saml_reply */
    bool partial;                  /* not everybody has said that they heard */
    struct str soap;               /* an envelope, for the city's server */
    struct saml_reply_own *own;
};
extern const struct step_row saml_reply[];

/* The name by which sessions are found (struct person, city_name): a NameID, without what goes without saying. */
struct saml_asked_name;
struct str saml_city_name(struct arena *a, struct str idp_entity, struct str sp_entity, struct str value,
                          struct str format, struct str qualifier, struct str sp_qualifier);

/* A city's word that it has signed somebody out, on the browser's way to the page that says so. */
struct str city_left_note(struct ctx *c, struct str state);
bool city_left_read(const struct ctx *c, struct str state, struct str note);

#endif
