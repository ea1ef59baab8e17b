/* SPDX-License-Identifier: EUPL-1.2
 * wire/jose.h: tokens that others signed, verified against given keys.
 *
 * Floor 1.  The only door to liboauth2 and cjose, which check signatures and
 * nothing else here: form, header, choice of the one key and every claim are
 * ours.  Keys come as values; nothing is fetched.  Compact JWS with RS256 or
 * ES256 only [RFC 7515, RFC 7518, RFC 8725].  Never blocks.  Threads: a struct
 * jwks never changes; share it.
 *
 * Every rule has one stable code; jose_codes.def lists them all.
 */
#ifndef WIRE_JOSE_H
#define WIRE_JOSE_H

#include "base/arena.h"
#include "base/fail.h"
#include "wire/json.h"

enum jose_alg { JOSE_NONE = 0, JOSE_RS256, JOSE_ES256, JOSE_ALG_COUNT };

enum { JOSE_TOKEN_MAX_B = 65536, JOSE_HEADER_MAX_B = 8192, JWKS_MAX_B = 262144, JWKS_KEYS_MAX = 128 };

struct jwks; /* public keys of one party */

const char *jose_alg_name(enum jose_alg alg);  /* "RS256"; "" for JOSE_NONE */
enum jose_alg jose_alg_named(struct str name); /* JOSE_NONE when unknown */
#define JOSE_BIT(alg) (1u << (alg))
#define JOSE_BOTH     (JOSE_BIT(JOSE_RS256) | JOSE_BIT(JOSE_ES256))

/* Reads a JSON Web Key Set [RFC 7517].  Keys of unknown type are skipped; weak,
 * malformed or foreign-purpose ones stay known by their kid, so that a token
 * that names one is refused with the reason.  NULL on failure: CALLER
 * jwks_malformed, jwks_private (a private key was published), jwks_too_large. */
const struct jwks *jwks_read(struct arena *a, struct str text, struct fail *f);
size_t jwks_count(const struct jwks *keys); /* usable for verification */
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
    struct str iss, aud;         /* must be said, and be these */
    struct str aud_too;          /* another value of aud that also names us; may be absent */
    enum jose_iss_rule iss_rule; /* ISS_ANY: iss is not looked at (say so on purpose) */
    enum jose_aud_rule aud_rule;
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
};

/* What was proven; views into the arena. */
struct jose_claims {
    struct str iss, sub, jti, nonce, sid, kid;
    enum jose_alg alg;
    int64_t iat_s, exp_s, auth_time_s; /* 0: not said */
    const struct json_value *all;      /* the payload, an object */
};

/* Verifies the whole token before it fills *out.  Fails as rules->blame says. */
bool jose_verify(struct arena *a, struct str token, const struct jwks *keys, const struct jose_rules *rules,
                 struct jose_claims *out, struct fail *f);

#endif
