/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/request/request.h: what a service asks, as one value.
 *
 * Floor 6d, room oidc/request; nobody else includes it.  A request comes in one of four ways,
 * and what its parameters say comes from that one alone: as parameters of the address or the
 * body, as a request object that the service signed [RFC 9101], by value or from an address of
 * the service's, or as what it pushed before [RFC 9126].  Every check reads them by asked().
 *
 *     source.c      which way it came; what stands beside is not looked at again
 *     object.c      a request object is fetched, verified, and read
 *     pushed.c      POST /oidc/par; and what was pushed is opened
 *     checks.c      what is asked becomes c->login
 *     authorize.c   the authorization endpoint
 */
#ifndef GATEWAY_OIDC_REQUEST_H
#define GATEWAY_OIDC_REQUEST_H

#include "gateway/oidc/oidc.h"
#include "wire/fetch.h"
#include "wire/form.h"
#include "wire/jose.h"

#define PUSHED_URN "urn:ietf:params:oauth:request_uri:"

enum way { WAY_NONE = 0, WAY_PLAIN, WAY_OBJECT, WAY_PUSHED };

struct asking { /* c->state of this room's endpoints */
    enum way way;
    bool pushing;              /* it is the pushed request endpoint that was asked: c->service has proven who it is */
    const struct form *beside; /* the parameters of this request itself */
    const struct form *form;   /* what counts; NULL until it is known */
    struct str used_up;        /* login->pushed: by which mark it serves once; absent: as often as it comes */
    struct str jkt;            /* of the proof that came with a pushed request */

    /* object.c */
    struct str object;       /* a JWS, as it came */
    const struct jwks *keys; /* that it was tried with */
    bool verified;
    struct jose_claims claims; /* of it, once verified */
    struct fail why;           /* it was not */
    struct fetch_got fetched;
    struct kv_got count;
    /* pushed.c */
    struct kv_got record, used, count_open;
    struct str key, uri;
};

/* c->state, made anew. */
struct asking *asking_begin(struct ctx *c);
static inline struct asking *asking_of(const struct ctx *c)
{
    return c->state;
}

/* The parameter's value, decoded; absent when it was not sent. */
struct str asked(const struct ctx *c, const char *name);
struct str asked_nth(const struct ctx *c, const char *name, size_t n); /* of one that may repeat: resource */

/* Rows, in this order.  c->service is set before. */
extern const struct step_row request_source[]; /* asking->form */
extern const struct step_row request_checks[]; /* c->login, with redirect_checked from its first row on */

/* Rows: asking->object is verified as c->service's, and becomes asking->form.  Fails CALLER invalid_request_object,
 * request_not_supported (an unsigned one). */
extern const struct step_row request_object[];
/* Rows: likewise, from the address in `request_uri`.  Fails CALLER invalid_request_uri, BUSY. */
extern const struct step_row request_object_fetch[];
/* Rows: what was pushed under `request_uri`.  Fails CALLER invalid_request_uri. */
extern const struct step_row request_pushed[];

/* The members of a request object as parameters; for tests too.  Fails CALLER invalid_request_object. */
bool object_form(struct arena *a, const struct json_value *claims, struct str client_id, const struct form **out,
                 struct fail *f);

#endif
