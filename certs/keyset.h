/* SPDX-License-Identifier: EUPL-1.2
 * certs/keyset.h: the public half of our keys: what we publish and name.
 *
 * Floor 2.  The signer says it in its HELLO; signer_keys() hands it out.  A
 * keyset never changes; texts that are published are made once.  Each key has
 * one use and a schedule in Unix seconds: next, then current, then retired,
 * then gone.  Private keys are not here, nor in this process.
 */
#ifndef CERTS_KEYSET_H
#define CERTS_KEYSET_H

#include "base/arena.h"
#include "base/fail.h"
#include "wire/jose.h"

enum key_use {
    KEY_NONE = 0,
    KEY_OIDC,    /* tokens that we issue */
    KEY_SAML,    /* our SAML messages */
    KEY_CLIENT,  /* ourselves towards a city's token endpoint (private_key_jwt) */
    KEY_DECRYPT, /* assertions encrypted for us */
    KEY_AUDIT,   /* heads of the audit chain */
    KEY_GATE,    /* right tokens of trials that roll a key (signer_gate()); shown under another name each time */
    KEY_STRAY,   /* assertions of trials that are signed by a wrong key (signer_gate_saml()); shown to nobody */
    KEY_USE_COUNT
};

enum key_state { KEY_GONE = 0, KEY_NEXT, KEY_CURRENT, KEY_RETIRED };

struct public_key {
    enum key_use use;
    enum jose_alg alg;
    struct str kid;                               /* JWK thumbprint [RFC 7638] */
    int64_t made_s, current_s, retired_s, gone_s; /* retired_s, gone_s: 0 while open */
    struct str jwk;                               /* public JWK as JSON, with kid, alg, use */
    struct str certificate; /* base64 of DER, without line breaks; KEY_SAML, KEY_DECRYPT, KEY_GATE and KEY_STRAY only */
};

struct keyset;

const char *key_use_name(enum key_use use); /* "oidc" */
enum key_use key_use_named(struct str name);
const char *key_state_name(enum key_state state);
enum key_state key_state_at(const struct public_key *k, int64_t now_s);

/* Fails OURS keyset_malformed. */
const struct keyset *keyset_read(struct arena *a, struct str json, struct fail *f);
struct str keyset_write(struct arena *a, const struct public_key *keys, size_t n);

const struct public_key *keyset_keys(const struct keyset *k, size_t *n);
/* What services verify our tokens with: KEY_OIDC; for /oidc/jwks.  A key that is gone leaves when the signer next
 * starts: it is then dropped, and its file with it. */
struct str keyset_jwks(const struct keyset *k);
/* What cities verify our client assertions with: KEY_CLIENT. */
struct str keyset_client_jwks(const struct keyset *k);
/* The same keys, ready for jose_verify(): tokens of our own that come back (hints, access tokens). */
const struct jwks *keyset_own(const struct keyset *k);
/* KEY_AUDIT, ready for jose_verify(): signed heads. */
const struct jwks *keyset_audit(const struct keyset *k);
struct str keyset_audit_jwks(const struct keyset *k); /* the same as text */
/* When the first of our certificates ends whose key is not gone; 0: there is none. */
int64_t keyset_ends_s(struct arena *a, const struct keyset *k, int64_t now_s);
/* The current certificate of a use, base64 of DER; absent when there is none. */
struct str keyset_certificate(const struct keyset *k, enum key_use use, int64_t now_s);

#endif
