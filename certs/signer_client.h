/* SPDX-License-Identifier: EUPL-1.2
 * certs/signer_client.h: what the gateway links instead of keys.
 *
 * Floor 2.  One struct signer per loop, over one end of a SOCK_SEQPACKET pair;
 * the signer process holds the other.  Each request asks for a purpose, never
 * for a signature over bytes of the caller's choice, and is answered exactly
 * once through the batch: with the result, a refusal, or "timeout" after
 * signer_timeout_ms.  A signer that dies is replaced behind the same pair: its
 * HELLO carries a new generation, and what was under way is sent again (all
 * purposes are idempotent).  Everything belongs to the loop's thread.
 */
#ifndef CERTS_SIGNER_CLIENT_H
#define CERTS_SIGNER_CLIENT_H

#include "base/batch.h"
#include "base/loop.h"
#include "base/settings.h"
#include "certs/keyset.h"

struct signer;

/* fd: nonblocking or not, ours from now on.  Settings give the deadline. */
struct signer *signer_new(struct loop *l, const struct settings *set, int fd);
void signer_free(struct signer *s); /* nothing may be under way; NULL does nothing */

/* The public half, as the last HELLO said it; NULL before the first.  Stays
 * valid until signer_free(), also when a later HELLO brings another. */
const struct keyset *signer_keys(const struct signer *s);

struct signed_got {
    bool ok;
    struct str value;  /* in the arena that was given */
    const char *error; /* "timeout", or why the signer refused: "reserved_claim", "no_key", … */
    bool retired;      /* of signer_unwrap(): by a key of ours that another has taken the place of */
};

/* Claims: a JSON object as wire/json.h writes it, without iss, iat, exp, nbf
 * (the signer writes them; sub, aud, nonce, jti … are the caller's), at most
 * SIGNER_CLAIMS_MAX_B bytes.  value: the compact JWS with kid and typ.  Life is
 * capped at an hour. */
enum { SIGNER_CLAIMS_MAX_B = 16384, SIGNER_QUERY_MAX_B = 16384, SIGNER_ANSWER_MAX_B = 40960 };
void signer_id_token(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                     int64_t life_s, struct signed_got *out);
/* The answer of userinfo; typ JWT, no nonce; life_s 0: no exp [OIDC Core 5.3.2].  Claims up to SIGNER_ANSWER_MAX_B. */
void signer_userinfo(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                     int64_t life_s, struct signed_got *out);
/* JARM: an answer of the authorization endpoint; typ JWT; neither sub nor nonce, so that it is no ID token; at most ten
 * minutes [JARM 2.1]. */
void signer_response(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                     int64_t life_s, struct signed_got *out);
/* typ token-introspection+jwt, neither exp nor sub [RFC 9701 5]: claims are aud and token_introspection, up to
 * SIGNER_ANSWER_MAX_B. */
void signer_introspection(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                          struct signed_got *out);
/* typ at+jwt [RFC 9068]. */
void signer_access_token(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                         int64_t life_s, struct signed_got *out);
/* typ logout+jwt; lives two minutes [OIDC Back-Channel Logout 2.4]. */
void signer_logout_token(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str claims,
                         struct signed_got *out);
/* private_key_jwt: iss = sub = client_id, aud, a fresh jti, one minute [RFC 7523 3]. */
void signer_client_jwt(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str client_id,
                       struct str aud, struct signed_got *out);
/* A SAML message or metadata of ours, as wire/saml_respond.h and saml_idp_metadata.h draft it (exclusive C14N, no
 * Signature of its own yet), at most SIGNER_SAML_MAX_B: Assertion, Response, LogoutRequest, LogoutResponse,
 * AuthnRequest, EntityDescriptor.  The signer looks it over (certs/saml_scan.h): issued by us and now, an assertion for
 * one audience that is not us and for an hour at most.  alg: RS256 or ES256.  value: the <ds:Signature> for its place.
 */
enum { SIGNER_SAML_MAX_B = 57344 };
void signer_saml_text(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str text,
                      struct signed_got *out);
/* As signer_query(), the algorithm as SigAlg in it says it: RS256 (rsa-sha256) or ES256 (ecdsa-sha256, r and s side by
 * side). */
void signer_query_by(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str text,
                     struct signed_got *out);
/* Redirect binding [SAML Bindings 3.4.4.1]: text is what is signed, from
 * "SAMLRequest=" or "SAMLResponse=" to "&SigAlg=" with rsa-sha256, URL-encoded.
 * value: base64 of the signature (not URL-encoded yet). */
void signer_query(struct signer *s, struct batch *b, struct arena *a, struct str text, struct signed_got *out);
/* RSA-OAEP, one content key of 16, 24 or 32 bytes.  value: that key.  The hash
 * of OAEP and of MGF1 are what the message says.  Any decryption key that is published or was: the one that is current
 * is tried first. */
enum oaep_hash { OAEP_NONE = 0, OAEP_SHA1, OAEP_SHA256, OAEP_SHA384, OAEP_SHA512 };
void signer_unwrap(struct signer *s, struct batch *b, struct arena *a, enum oaep_hash digest, enum oaep_hash mgf,
                   struct str encrypted_key, struct signed_got *out);
/* value: a compact JWS over {"iss","iat","seq","head"}; head: 32 bytes. */
void signer_audit_head(struct signer *s, struct batch *b, struct arena *a, int64_t seq, struct str head,
                       struct signed_got *out);
/* A token of a trial at the gate (gateway/gate/gate.h), right or wrong on purpose.  The signer writes iss, aud, sub,
 * iat, nbf, exp itself: sub is GATE_SUB_RIGHT or GATE_SUB_WRONG, who are nobody; what is wrong is of a form that nobody
 * else can accept; and GATE_CLAIM is in it, which is in no other token.  claims: of its list alone (nonce, at_hash,
 * auth_time, acr, sid, jti, events), no names, no address.  A rolled key signs nothing but these tokens.  value: the
 * compact JWS; of ROLLED_KEY a space and the public JWK behind it. */
#define GATE_TOKENS(X)                                                                                                 \
    X(RIGHT)                                                                                                           \
    X(WRONG)        /* right but for what its caller alters: of the person of wrong trials */                          \
    X(WRONG_ISSUER) /* iss is GATE_WRONG_ISSUER */                                                                     \
    X(WRONG_AUD)    /* aud is GATE_WRONG_AUD, which no service can be */                                               \
    X(EXPIRED)                                                                                                         \
    X(FUTURE)                                                                                                          \
    X(OTHER_KEY)  /* as by a key that nobody knows, under the name of ours */                                          \
    X(HS256)      /* HMAC, whose key is the text of our public key */                                                  \
    X(ROLLED_KEY) /* right, by another key, under a name that none had before */                                       \
    X(LOGOUT_RIGHT)                                                                                                    \
    X(LOGOUT_OTHER_KEY)                                                                                                \
    X(LOGOUT_EXPIRED)
enum gate_token {
#define X(name) GATE_TOKEN_##name,
    GATE_TOKENS(X)
#undef X
        GATE_TOKEN_COUNT
};
#define GATE_RESERVED     "urn:digione:gate:" /* no client_id of OpenID Connect begins so */
#define GATE_CLAIM        "urn:digione:gate"  /* in every one of them: 'trial' */
#define GATE_WRONG_AUD    GATE_RESERVED "wrong-audience"
#define GATE_WRONG_ISSUER "https://wrong-issuer.invalid"
#define GATE_SUB_RIGHT    "gate-test-person"
#define GATE_SUB_WRONG    "gate-wrong-person"
#define GATE_MAIL         "@gate.invalid" /* behind either, as an address */
#define GATE_GIVEN        "Portti"        /* what they are called, so that a tester sees who was let in */
#define GATE_RIGHT        "Oikea"
#define GATE_WRONG        "Väärä"
void signer_gate(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, enum gate_token which,
                 struct str client_id, struct str claims, struct signed_got *out);
/* The same as the message of a launch, by RS256; claims: of LTI's, without who it is.  The signer writes a name too. */
void signer_gate_lti(struct signer *s, struct batch *b, struct arena *a, enum gate_token which, struct str client_id,
                     struct str claims, struct signed_got *out);
/* As signer_saml_text() by RS256, of an Assertion, alone or in a Response, whose one NameID is that of nobody, and by a
 * key that signs nothing else. */
enum gate_key {
    GATE_KEY_ROLLED = 1, /* whose certificate (KEY_GATE) is shown in our metadata while a trial goes on */
    GATE_KEY_STRAY       /* whose certificate is in its signatures alone: a wrong one */
};
void signer_gate_saml(struct signer *s, struct batch *b, struct arena *a, enum gate_key key, struct str text,
                      struct signed_got *out);
/* Whether what a sign-in needs could be signed now, by the signer's own clock and keys.  value: empty. */
void signer_probe(struct signer *s, struct batch *b, struct arena *a, struct signed_got *out);

#endif
