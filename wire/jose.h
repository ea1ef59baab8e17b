/* SPDX-License-Identifier: EUPL-1.2
 * wire/jose.h: tokens that others signed, verified against given keys.
 *
 * Floor 1.  The only door to liboauth2 and cjose, which check signatures and
 * nothing else here: form, header, choice of the one key and every claim are
 * ours.  Keys come as values; nothing is fetched.  Compact JWS with RS256,
 * PS256, ES256 or EdDSA over Ed25519 [RFC 7515, RFC 7518, RFC 8037, RFC 8725];
 * HS256 through a function of its own, which takes no public key.  Never blocks.
 * Threads: a struct jwks never changes; share it.
 *
 * Every rule has one stable code; jose_codes.def lists them all.
 */
#ifndef WIRE_JOSE_H
#define WIRE_JOSE_H

#include "base/arena.h"
#include "base/fail.h"
#include "wire/json.h"

/* Public-key algorithms: HS256 is none of them on purpose. */
enum jose_alg { JOSE_NONE = 0, JOSE_RS256, JOSE_ES256, JOSE_PS256, JOSE_EDDSA, JOSE_ALG_COUNT };

enum { JOSE_TOKEN_MAX_B = 65536, JOSE_HEADER_MAX_B = 8192, JWKS_MAX_B = 262144, JWKS_KEYS_MAX = 128 };

struct jwks; /* public keys of one party */

const char *jose_alg_name(enum jose_alg alg);  /* "RS256"; "" for JOSE_NONE */
enum jose_alg jose_alg_named(struct str name); /* JOSE_NONE when unknown */
#define JOSE_BIT(alg) (1u << (alg))
#define JOSE_BOTH     (JOSE_BIT(JOSE_RS256) | JOSE_BIT(JOSE_ES256))                        /* cities */
#define JOSE_FAPI     (JOSE_BIT(JOSE_PS256) | JOSE_BIT(JOSE_ES256) | JOSE_BIT(JOSE_EDDSA)) /* [FAPI 2.0 5.4.1] */
#define JOSE_EVERY    (JOSE_BOTH | JOSE_FAPI)                                              /* services, and ourselves */

/* Reads a JSON Web Key Set [RFC 7517].  Keys of unknown type are skipped; weak,
 * malformed or foreign-purpose ones stay known by their kid, so that a token
 * that names one is refused with the reason.  NULL on failure: CALLER
 * jwks_malformed, jwks_private (a private key was published), jwks_too_large. */
const struct jwks *jwks_read(struct arena *a, struct str text, struct fail *f);
size_t jwks_count(const struct jwks *keys);                    /* usable for verification */
size_t jwks_count_for(const struct jwks *keys, unsigned algs); /* of these: JOSE_BIT()s */
/* One public key that a header brought (DPoP), or a row of a set.  NULL on failure, CALLER: jwks_malformed,
 * jwks_private, or the rule that it breaks: key_type, key_use, key_alg, key_weak, key_malformed. */
const struct jwks *jwk_read(struct arena *a, const struct json_value *jwk, struct fail *f);
/* base64url of SHA-256 over the members that make the key [RFC 7638 3; RFC 8037 2].  False when it is no RSA, EC or OKP
 * key with those members; a private one has the thumbprint of its public half. */
bool jose_thumbprint(struct arena *a, const struct json_value *jwk, struct str *out);
/* Left half of the hash that alg names, in base64url: at_hash, c_hash, s_hash [OIDC Core 3.1.3.6].  Ed25519 names
 * SHA-512 [RFC 8032 5.1], the others SHA-256.  Absent for JOSE_NONE. */
struct str jose_half_hash(struct arena *a, enum jose_alg alg, struct str text);
/* Whether the code of a refusal by jose_verify() speaks of keys, so that newer ones may lead to another verdict: what
 * kid names does not count, since keys are replaced under one name or without any. */
bool jose_is_about_keys(const char *code);

enum jose_aud_rule { AUD_MUST = 0, AUD_ANY, AUD_IF_SAID };
enum jose_iss_rule { ISS_MUST = 0, ISS_ANY, ISS_IF_SAID };

/* What a token must be.  Zero is the strictest: nothing is allowed. */
struct jose_rules {
    enum fail_kind blame;        /* kind of every refusal: UPSTREAM, CLIENT_AUTH, CALLER; 0: CALLER */
    unsigned algs;               /* JOSE_BIT()s */
    struct str typ;              /* required header typ, e.g. "logout+jwt"; absent: "JWT" or none */
    bool typ_lenient;            /* "JWT" and none as well as typ: kinds that are older than their type */
    struct str iss, aud;         /* must be said, and be these */
    struct str aud_too;          /* another value of aud that also names us; may be absent */
    enum jose_iss_rule iss_rule; /* ISS_ANY: iss is not looked at (say so on purpose) */
    enum jose_aud_rule aud_rule;
    bool aud_one;            /* aud is one string; a list is refused, also one of one [FAPI 2.0 5.3.2.1] */
    bool azp_any;            /* azp is not looked at: what a service says to us has none */
    struct str nonce;        /* absent: not looked at */
    bool nonce_forbidden;    /* logout tokens */
    struct str access_token; /* at_hash, when said, must fit this */
    bool at_hash_must;
    bool exp_optional; /* logout tokens of older providers, hints */
    bool expired_too;  /* id_token_hint: time is not looked at but for iat and nbf in the future */
    bool iat_optional; /* userinfo as a token */
    bool sub_optional;
    bool jti_must; /* client assertions, logout tokens */
    int64_t now_s, skew_s;
    int64_t auth_since_s;    /* auth_time must be said and not be earlier (less skew); 0: not looked at */
    bool auth_time_optional; /* auth_since_s counts only where auth_time is said */
    int64_t life_max_s;      /* exp may lie at most so far ahead; 0: not looked at */
    int64_t age_max_s;       /* iat may lie at most so far back, less skew; 0: not looked at */
    bool nbf_must;           /* request objects [FAPI 2.0 Message Signing 5.3.1] */
    int64_t nbf_age_max_s;   /* nbf, where said, may lie at most so far back, less skew; 0: not looked at */
    int64_t nbf_life_max_s;  /* exp may lie at most so far behind nbf, where said; 0: not looked at */
};

/* What was proven; views into the arena. */
struct jose_claims {
    struct str iss, sub, jti, nonce, sid, kid;
    enum jose_alg alg;
    int64_t iat_s, exp_s, auth_time_s; /* 0: not said */
    const struct json_value *all;      /* the payload, an object */
    const struct json_value *head;     /* the header, an object */
    struct str thumbprint;             /* jose_verify_by_header() alone: of the key */
};

/* When it was made: iat; where it says none, as if it were made to be good for JOSE_UNSAID_LIFE_S: longer, and whoever
 * says no iat would be refused for as long after each start of Redis. */
enum { JOSE_UNSAID_LIFE_S = 60 };
static inline int64_t jose_born_s(const struct jose_claims *c)
{
    return c->iat_s != 0 ? c->iat_s : c->exp_s - JOSE_UNSAID_LIFE_S;
}

/* Verifies the whole token before it fills *out.  Fails as rules->blame says. */
bool jose_verify(struct arena *a, struct str token, const struct jwks *keys, const struct jose_rules *rules,
                 struct jose_claims *out, struct fail *f);
/* With the public key in the token's own header (jwk), which proves possession of that key and nothing else [RFC 9449
 * 4.3]: out->thumbprint says which key.  kid is not looked at.  rules->typ must be said, or every token that brings a
 * key would do.  Fails as jose_verify(); jwk_missing, jwks_private. */
bool jose_verify_by_header(struct arena *a, struct str token, const struct jose_rules *rules, struct jose_claims *out,
                           struct fail *f);
/* HS256 alone, over a secret that both know: client_secret_jwt.  rules->algs is not looked at; out->alg is JOSE_NONE.
 * secret: bytes, at least JOSE_SECRET_MIN_B of them [RFC 7518 3.2], else secret_weak.  Never give it what anybody
 * publishes. */
enum { JOSE_SECRET_MIN_B = 32 };
bool jose_verify_secret(struct arena *a, struct str token, struct str secret, const struct jose_rules *rules,
                        struct jose_claims *out, struct fail *f);
/* What a token says before anybody has looked at its signature: to learn whose keys to ask for, and nothing else.
 * NULL when it is no JSON object in a compact JWS. */
const struct json_value *jose_unproven(struct arena *a, struct str token);

#endif
