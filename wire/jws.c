/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/jose.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "wire/jose_int.h"

#include <string.h>

static const char *const alg_names[JOSE_ALG_COUNT] = { "", "RS256", "ES256", "PS256", "EdDSA" };

const char *jose_alg_name(enum jose_alg alg)
{
    return alg_names[alg];
}

enum jose_alg jose_alg_named(struct str name)
{
    for (int alg = JOSE_NONE + 1; alg < JOSE_ALG_COUNT; alg++)
        if (str_eq(name, str_of(alg_names[alg])))
            return (enum jose_alg)alg;
    return JOSE_NONE;
}

struct parts {                             /* of a compact JWS */
    struct str input;                      /* what is signed */
    struct str header, payload, signature; /* decoded */
    const struct json_value *head, *claims;
    struct str kid;
    enum jose_alg alg;
    bool by_secret; /* HS256 and nothing else; else never */
};

static bool refuse(const struct jose_rules *rules, struct fail *f, const char *code, const char *why)
{
    return fail(f, rules->blame != FAIL_NONE ? rules->blame : FAIL_CALLER, code, "%s", why);
}

static bool split(struct arena *a, struct str token, const struct jose_rules *rules, struct parts *out, struct fail *f)
{
    struct str rest = token, part[3];
    size_t dots = 0;

    if (token.n > JOSE_TOKEN_MAX_B)
        return refuse(rules, f, "token_too_large", "the token");
    for (size_t i = 0; i < token.n; i++)
        dots += token.p[i] == '.';
    if (dots == 4)
        return refuse(rules, f, "token_encrypted", "five parts");
    if (dots != 2)
        return refuse(rules, f, "token_malformed", "not three parts");
    for (int i = 0; i < 3; i++)
        (void)str_split(&rest, '.', &part[i]);
    out->input = str_sub(token, 0, part[0].n + 1 + part[1].n);
    if (part[0].n > JOSE_HEADER_MAX_B)
        return refuse(rules, f, "token_too_large", "the header");
    if (!b64url_decode(a, part[0], &out->header) || !b64url_decode(a, part[1], &out->payload) ||
        !b64url_decode(a, part[2], &out->signature))
        return refuse(rules, f, "token_malformed", "not base64url");
    return true;
}

/* With what came: an algorithm, a kind of token, the name of a key. */
static bool refuse_value(const struct jose_rules *rules, struct fail *f, const char *code, const char *why,
                         struct str came)
{
    return fail(f, rules->blame != FAIL_NONE ? rules->blame : FAIL_CALLER, code, "%s: \"%.*s\"", why,
                (int)(came.n < 80 ? came.n : 80), came.p != NULL ? came.p : "");
}

/* "jwt", "JWT" and "application/jwt" are one type [RFC 7515 4.1.9]. */
static bool media_type_is(struct str said, struct str type)
{
    if (said.n > 12 && str_eq_case(str_sub(said, 0, 12), S("application/")))
        said = str_from(said, 12);
    return str_eq_case(said, type);
}

static bool check_typ(const struct jose_rules *rules, const struct json_value *head, struct fail *f)
{
    struct str typ = json_get_str(head, S("typ"));
    bool plain = typ.p == NULL || media_type_is(typ, S("JWT"));
    bool fits = (str_is_set(rules->typ) && media_type_is(typ, rules->typ)) ||
                (plain && (!str_is_set(rules->typ) || rules->typ_lenient));

    return fits ? true : refuse_value(rules, f, "header_typ", "another kind of token", typ);
}

static bool check_alg(const struct jose_rules *rules, struct parts *p, struct fail *f)
{
    struct str alg = json_get_str(p->head, S("alg"));

    if (alg.p == NULL)
        return refuse(rules, f, "alg_missing", "no alg");
    if (str_eq_case(alg, S("none")))
        return refuse(rules, f, "alg_none", "the token is not signed");
    p->alg = jose_alg_named(alg);
    bool allowed =
        p->by_secret ? str_eq(alg, S("HS256")) : p->alg != JOSE_NONE && (rules->algs & JOSE_BIT(p->alg)) != 0;
    return allowed ? true : refuse_value(rules, f, "alg_not_allowed", "alg is none of those allowed", alg);
}

static bool members_are_strings(const struct json_value *head)
{
    static const char *const names[] = { "alg", "kid", "typ", "cty" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct json_value *v = json_get(head, str_of(names[i]));
        if (v != NULL && v->type != JSON_STR)
            return false;
    }
    return true;
}

/* Keys and addresses of keys in the header (jwk, jku, x5c, x5u) are not looked
 * at [RFC 8725 3.10]. */
static bool read_header(struct arena *a, const struct jose_rules *rules, struct parts *p, struct fail *f)
{
    struct fail why = { 0 };

    p->head = json_parse(a, p->header, &why);
    if (p->head == NULL || p->head->type != JSON_OBJECT || !members_are_strings(p->head) || json_has_nul(p->head))
        return refuse(rules, f, "header_malformed", p->head == NULL ? why.detail : "not what a header is");
    if (json_get(p->head, S("crit")) != NULL)
        return refuse(rules, f, "header_crit", "crit names extensions");
    if (json_get(p->head, S("b64")) != NULL)
        return refuse(rules, f, "header_b64", "b64 is said");
    if (json_get(p->head, S("enc")) != NULL || json_get(p->head, S("zip")) != NULL)
        return refuse(rules, f, "header_jwe", "enc or zip is said");
    if (media_type_is(json_get_str(p->head, S("cty")), S("JWT")))
        return refuse(rules, f, "header_nested", "cty is JWT");
    p->kid = json_get_str(p->head, S("kid"));
    return check_alg(rules, p, f) && check_typ(rules, p->head, f);
}

/* Before the signature, so that what the library makes of the payload cannot
 * differ from what we do: it knows no duplicates and no NUL. */
static bool read_payload(struct arena *a, const struct jose_rules *rules, struct parts *p, struct fail *f)
{
    struct fail why = { 0 };

    p->claims = json_parse(a, p->payload, &why);
    if (p->claims == NULL)
        return refuse(rules, f, "claims_malformed", why.detail);
    if (p->claims->type != JSON_OBJECT)
        return refuse(rules, f, "claims_malformed", "not an object");
    if (json_has_nul(p->claims))
        return refuse(rules, f, "claims_malformed", "a NUL character");
    return true;
}

static const char *why_not(const struct jwk *k, enum jose_alg alg)
{
    return k->unfit != NULL ? k->unfit : (k->kinds & JOSE_BIT(alg)) != 0 ? "key_alg" : "key_type";
}

/* The one key: by kid, or the only one of the algorithm's type.  A key that is
 * named but unfit gives its reason; several of one kid are told apart by type. */
static const struct jwk *choose(const struct jwks *keys, struct str kid, enum jose_alg alg, const char **code)
{
    const struct jwk *found = NULL;

    *code = "key_unknown";
    for (size_t i = 0; i < keys->count; i++) {
        const struct jwk *k = &keys->keys[i];
        bool named = str_eq(k->kid, kid);
        if (kid.p != NULL && !named)
            continue;
        if (k->unfit != NULL || (k->algs & JOSE_BIT(alg)) == 0) {
            if (named && found == NULL)
                *code = why_not(k, alg);
            continue;
        }
        if (found != NULL) {
            *code = "key_ambiguous";
            return NULL;
        }
        found = k;
    }
    return found;
}

/* Of the order of P-256 [SEC 2, 2.4.2]. */
static const unsigned char p256_order[32] = { 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                              0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                              0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };

static bool in_range(const char *number)
{
    static const unsigned char zero[32];

    return memcmp(number, zero, sizeof zero) != 0 && memcmp(number, p256_order, sizeof p256_order) < 0;
}

static bool check_signature(struct arena *a, struct str token, const struct jose_rules *rules, const struct parts *p,
                            const struct jwk *k, struct fail *f)
{
    if (p->signature.p == NULL || p->signature.n != k->signature_B)
        return refuse(rules, f, "signature_malformed", "its length");
    if (p->alg == JOSE_ES256 && (!in_range(p->signature.p) || !in_range(p->signature.p + 32)))
        return refuse(rules, f, "signature_malformed", "r or s out of range");
    bool signed_by = p->alg == JOSE_EDDSA ? ed25519_signature_by(k->verifier, p->input, p->signature)
                                          : jose_signature_by(a, k->verifier, token);
    return signed_by ? true : refuse(rules, f, "signature_invalid", "not made by this key over these bytes");
}

/* What was proven, when every claim is as it must be. */
static bool settle(struct arena *a, const struct jose_rules *rules, const struct parts *p, struct str thumbprint,
                   struct jose_claims *out, struct fail *f)
{
    struct jose_claims proven = {
        .alg = p->alg, .kid = p->kid, .all = p->claims, .head = p->head, .thumbprint = thumbprint
    };

    if (!jose_check_claims(a, rules, &proven, f))
        return false;
    *out = proven;
    return true;
}

static bool read_parts(struct arena *a, struct str token, const struct jose_rules *rules, struct parts *p,
                       struct fail *f)
{
    return split(a, token, rules, p, f) && read_header(a, rules, p, f) && read_payload(a, rules, p, f);
}

bool jose_verify(struct arena *a, struct str token, const struct jwks *keys, const struct jose_rules *rules,
                 struct jose_claims *out, struct fail *f)
{
    struct parts p = { 0 };
    const char *code;

    if (!read_parts(a, token, rules, &p, f))
        return false;
    const struct jwk *k = choose(keys, p.kid, p.alg, &code);
    if (k == NULL)
        return refuse_value(rules, f, code, "no key can have signed this; kid", p.kid);
    return check_signature(a, token, rules, &p, k, f) && settle(a, rules, &p, (struct str){ NULL, 0 }, out, f);
}

bool jose_verify_by_header(struct arena *a, struct str token, const struct jose_rules *rules, struct jose_claims *out,
                           struct fail *f)
{
    struct parts p = { 0 };
    struct jwk k;
    struct str thumbprint;

    if (!str_is_set(rules->typ) || rules->typ_lenient)
        return refuse(rules, f, "header_typ", "no kind of token was asked for");
    if (!read_parts(a, token, rules, &p, f))
        return false;
    const struct json_value *jwk = json_get(p.head, S("jwk"));
    if (jwk == NULL || jwk->type != JSON_OBJECT)
        return refuse(rules, f, "jwk_missing", "the header has no key (jwk)");
    if (jwk_is_private(jwk) || json_get(jwk, S("k")) != NULL)
        return refuse(rules, f, "jwks_private", "the header's key is a private one");
    jwk_fill(a, jwk, &k);
    if (k.unfit != NULL || (k.algs & JOSE_BIT(p.alg)) == 0 || !jose_thumbprint(a, jwk, &thumbprint))
        return refuse(rules, f, why_not(&k, p.alg), "the header's key");
    return check_signature(a, token, rules, &p, &k, f) && settle(a, rules, &p, thumbprint, out, f);
}

bool jose_verify_secret(struct arena *a, struct str token, struct str secret, const struct jose_rules *rules,
                        struct jose_claims *out, struct fail *f)
{
    struct parts p = { .by_secret = true };

    if (!read_parts(a, token, rules, &p, f))
        return false;
    if (secret.p == NULL || secret.n < JOSE_SECRET_MIN_B)
        return refuse(rules, f, "secret_weak", "the secret is too short to sign with");
    if (p.signature.p == NULL || p.signature.n != SHA256_B)
        return refuse(rules, f, "signature_malformed", "its length");
    if (!crypt_eq(p.signature, hmac_sha256(a, hmac_key(a, secret), p.input)))
        return refuse(rules, f, "signature_invalid", "not made with this secret over these bytes");
    return settle(a, rules, &p, (struct str){ NULL, 0 }, out, f);
}

const struct json_value *jose_unproven(struct arena *a, struct str token)
{
    struct fail unreadable = { 0 };
    const struct jose_rules none = { .blame = FAIL_CALLER };
    struct parts p = { 0 };

    return split(a, token, &none, &p, &unreadable) && read_payload(a, &none, &p, &unreadable) ? p.claims : NULL;
}

struct str jose_half_hash(struct arena *a, enum jose_alg alg, struct str text)
{
    if (alg == JOSE_NONE)
        return (struct str){ NULL, 0 };
    struct str hash = alg == JOSE_EDDSA ? sha512(a, text) : sha256(a, text);
    return b64url_encode(a, str_sub(hash, 0, hash.n / 2));
}

bool jose_is_about_keys(const char *code)
{
    static const char *const codes[] = { "key_unknown",      "key_ambiguous", "key_type",      "key_use",
                                         "key_alg",          "key_weak",      "key_malformed", "signature_malformed",
                                         "signature_invalid" };

    for (size_t i = 0; code != NULL && i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}
