/* SPDX-License-Identifier: EUPL-1.2
 * gateway/oidc/oidc.h: OpenID Provider: what its endpoints share.
 *
 * Floor 6d.  How a service proves who it is: client/client.h.
 * [OpenID Connect Core, RFC 6749, RFC 7636, RFC 9207, RFC 9700]
 */
#ifndef GATEWAY_OIDC_OIDC_H
#define GATEWAY_OIDC_OIDC_H

#include "gateway/answer.h"
#include "gateway/flow.h"
#include "gateway/protocol.h"
#include "model/ctx.h"
#include "wire/claims_asked.h"
#include "wire/kv.h"

/* Among acr_values it chooses the identity provider of that id [MPASSid]. */
#define OIDC_AUTHNSOURCE "urn:mpass.id:authnsource:"

enum { STATE_MAX_B = 8192, NONCE_MAX_B = 1024, RESOURCES_MAX_B = 2048, JKT_CHARS = 43 };
/* How long it is remembered that a request was answered, beyond a login: a request object lives no longer. */
enum { USED_UP_S = 3600 };

/* What a code stands for, in Redis, sealed, under SHA-256 of the code. */
struct code_record {
    struct str service, redirect_uri, challenge, nonce, scope, epoch, lang;
    struct str claims;    /* as in struct login */
    struct str resources; /* likewise: the tokens may be for these alone [RFC 8707 2.2] */
    struct str consented; /* claims that the person was asked about, as words; absent: none */
    struct str attempt;   /* that it belongs to (gateway/trace.h); absent: none is traced */
    struct str jkt;       /* likewise: only with a proof of this key it is redeemed [RFC 9449 10] */
    int64_t made_s;
    struct str knew; /* likewise: as struct ctx has it, of the request that made it */
};
/* A code is its session's key, sealed: it proves by itself that we made it, so that guesses cost Redis nothing, and
 * what it stands for and the session are asked for together. */
struct str code_new(struct ctx *c, struct str session);
bool code_read(struct ctx *c, struct str code, struct str *session); /* false: none of ours */
struct str code_key(struct arena *a, struct str code);
struct str code_seal(struct ctx *c, struct str key, const struct code_record *r);
bool code_open(struct ctx *c, struct str key, struct str sealed, struct code_record *out);

/* A record of texts and numbers alone as Redis has it: sealed, by the table that reads it back.  key: where it stands.
 */
struct json_field;
struct str oidc_record_write(struct arena *a, const struct json_field *fields,
                             const void *record); /* as JSON, unsealed */
struct str oidc_record_seal(struct ctx *c, struct str key, const struct json_field *fields, const void *record);
bool oidc_record_open(struct ctx *c, struct str key, struct str sealed, const struct json_field *fields, void *out);

/* Byte equality with a registered value; for public clients the port of a
 * loopback address is free [RFC 8252 7.3]. */
bool redirect_uri_fits(const struct service *s, struct str uri);

/* The certificate that whoever asks has shown at mtls_url, as the trusted proxy hands it over; NULL: none came, or it
 * cannot be read. */
struct cert; /* wire/cert.h */
const struct cert *oidc_certificate(struct ctx *c);
/* An endpoint of ours as whoever asks may know it: under public_url, and under mtls_url (absent where there is none).
 */
struct oidc_names {
    struct str at[2];
};
struct oidc_names oidc_names_of(struct ctx *c, struct str path);

#endif
