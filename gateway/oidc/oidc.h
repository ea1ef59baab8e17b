/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/oidc.h: OpenID Provider: what its endpoints share.
 *
 * Floor 6.  Files in reading order: authorize.c (a request becomes a login),
 * code.c (a login is answered with a code), client_auth.c (a service proves who
 * it is), token.c (a code becomes tokens), userinfo.c, end_session.c,
 * discovery.c.  [OpenID Connect Core, RFC 6749, RFC 7636, RFC 9207, RFC 9700]
 */
#ifndef GATEWAY_OIDC_OIDC_H
#define GATEWAY_OIDC_OIDC_H

#include "gateway/flow.h"
#include "model/ctx.h"

enum { TOKEN_RANDOM_B = 32, STATE_MAX_B = 8192, NONCE_MAX_B = 1024 };

/* The answer of a login whose decision stands: audit, code, 303. */
extern const struct step_row oidc_answer[];

/* The service of c->login is still there, and the address that it asked for still its own: what was registered when
 * the login began may have been taken away since. */
bool oidc_may_answer(const struct ctx *c);

/* The address that tells the service of an error; c->login's was checked. */
struct str oidc_error_url(struct ctx *c, const char *code);

/* What a code stands for, in Redis, sealed, under SHA-256 of the code. */
struct code_record {
    struct str service, redirect_uri, challenge, nonce, scope, epoch, lang;
    int64_t made_s;
};
/* A code is its session's key, sealed: it proves by itself that we made it, so that guesses cost Redis nothing, and
 * what it stands for and the session are asked for together. */
struct str code_new(struct ctx *c, struct str session);
bool code_read(struct ctx *c, struct str code, struct str *session); /* false: none of ours */
struct str code_key(struct arena *a, struct str code);
struct str code_seal(struct ctx *c, struct str key, const struct code_record *r);
bool code_open(struct ctx *c, struct str key, struct str sealed, struct code_record *out);

/* An access token: opaque, for userinfo alone, ends with its session. */
struct token_record {
    struct str service, session, scope, lang;
    int64_t ends_s;
};
struct str token_key(struct arena *a, struct str token);
struct str token_seal(struct ctx *c, struct str key, const struct token_record *r);
bool token_open(struct ctx *c, struct str key, struct str sealed, struct token_record *out);

/* Rows: the service proves who it is by what is in the request; c->service is
 * set.  Fails CLIENT_AUTH invalid_client, CALLER invalid_request, BUSY, OURS. */
extern const struct step_row oidc_client_auth[];

/* A space-separated list contains the word. */
bool scope_has(struct str scope, struct str word);

/* Byte equality with a registered value; for public clients the port of a
 * loopback address is free [RFC 8252 7.3]. */
bool redirect_uri_fits(const struct service *s, struct str uri);

#endif
