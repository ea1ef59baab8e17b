/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/jose_int.h"

#include "base/codec.h"
#include "base/crypt.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

enum { RSA_MIN_BITS = 2048, RSA_MAX_BITS = 8192, EXPONENT_MIN = 65537, P256_B = 32, ED25519_B = 32 };

static struct str without_leading_zeros(struct str s)
{
    while (s.n > 0 && s.p[0] == '\0')
        s = str_from(s, 1);
    return s;
}

static size_t bits_of(struct str number)
{
    size_t bits = number.n * 8;

    for (unsigned top = number.n > 0 ? (unsigned char)number.p[0] : 0x80; (top & 0x80) == 0; top <<= 1)
        bits--;
    return bits;
}

static bool is_odd(struct str number)
{
    return number.n > 0 && (number.p[number.n - 1] & 1) != 0;
}

/* Exponents of up to 32 bits: larger ones make each verification dear, small
 * ones invite forgeries by lax implementations; nobody real has either. */
static bool exponent_sane(struct str e)
{
    uint64_t v = 0;

    if (e.n > 4 || !is_odd(e))
        return false;
    for (size_t i = 0; i < e.n; i++)
        v = v << 8 | (unsigned char)e.p[i];
    return v >= EXPONENT_MIN;
}

/* A member that holds bytes; false when it is missing or not base64url. */
static bool member_bytes(struct arena *a, const struct json_value *v, struct str name, struct str *out)
{
    return b64url_decode(a, json_get_str(v, name), out);
}

const char *jwk_rsa(struct arena *a, const struct json_value *v, struct str *n, struct str *e)
{
    if (!member_bytes(a, v, S("n"), n) || !member_bytes(a, v, S("e"), e))
        return "key_malformed";
    *n = without_leading_zeros(*n); /* some write the sign byte of their big numbers */
    *e = without_leading_zeros(*e);
    if (bits_of(*n) < RSA_MIN_BITS || bits_of(*n) > RSA_MAX_BITS || !is_odd(*n) || !exponent_sane(*e))
        return "key_weak";
    return NULL;
}

static void read_rsa(struct arena *a, const struct json_value *v, struct jwk *k)
{
    struct str n, e;
    const char *bad = jwk_rsa(a, v, &n, &e);

    k->kinds = JOSE_BIT(JOSE_RS256) | JOSE_BIT(JOSE_PS256);
    if (bad != NULL) {
        k->unfit = bad;
        return;
    }
    k->signature_B = n.n;
    if (k->unfit == NULL)
        k->verifier = jose_verifier(a, arena_printf(a, "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"%.*s\"}",
                                                    STR_ARG(b64url_encode(a, n)), STR_ARG(b64url_encode(a, e))));
}

static bool on_p256(struct str x, struct str y)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
    BIGNUM *bx = BN_bin2bn((const unsigned char *)x.p, (int)x.n, NULL);
    BIGNUM *by = BN_bin2bn((const unsigned char *)y.p, (int)y.n, NULL);
    bool on = point != NULL && bx != NULL && by != NULL &&
              EC_POINT_set_affine_coordinates(group, point, bx, by, NULL) == 1 &&
              EC_POINT_is_on_curve(group, point, NULL) == 1;

    BN_free(bx);
    BN_free(by);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return on;
}

bool jwk_p256(struct arena *a, const struct json_value *v, struct str *x, struct str *y)
{
    return member_bytes(a, v, S("x"), x) && member_bytes(a, v, S("y"), y) && x->n == P256_B && y->n == P256_B &&
           on_p256(*x, *y);
}

static void read_ec(struct arena *a, const struct json_value *v, struct jwk *k)
{
    struct str x, y;

    if (!str_eq(json_get_str(v, S("crv")), S("P-256"))) {
        k->unfit = "key_type";
        return;
    }
    k->kinds = JOSE_BIT(JOSE_ES256);
    k->signature_B = 2 * P256_B;
    if (!jwk_p256(a, v, &x, &y)) {
        k->unfit = "key_malformed";
        return;
    }
    if (k->unfit == NULL)
        k->verifier =
            jose_verifier(a, arena_printf(a, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%.*s\",\"y\":\"%.*s\"}",
                                          STR_ARG(b64url_encode(a, x)), STR_ARG(b64url_encode(a, y))));
}

/* Points of order 1, 2, 4 and 8 in every spelling, without the sign of x: whoever names one as a key lets everybody
 * sign for it [RFC 8032 8.9, "Taming the many EdDSAs" 2.1].  Zeros and ones at both ends make the rest. */
static bool has_small_order(struct str point)
{
    static const unsigned char order_8[2][ED25519_B] = {
        { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
          0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
        { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
          0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
    };
    unsigned char y[ED25519_B], zeros = 0, ones = 0xff;

    memcpy(y, point.p, sizeof y);
    y[ED25519_B - 1] &= 0x7f;
    for (int i = 1; i < ED25519_B - 1; i++) {
        zeros |= y[i];
        ones &= y[i];
    }
    bool near_0 = zeros == 0 && y[ED25519_B - 1] == 0 && y[0] <= 1;                         /* 0, 1 */
    bool near_p = ones == 0xff && y[ED25519_B - 1] == 0x7f && y[0] >= 0xec && y[0] <= 0xee; /* -1, 0, 1 */
    return near_0 || near_p || memcmp(y, order_8[0], sizeof y) == 0 || memcmp(y, order_8[1], sizeof y) == 0;
}

static void read_okp(struct arena *a, const struct json_value *v, struct jwk *k)
{
    struct str x;

    if (!str_eq(json_get_str(v, S("crv")), S("Ed25519"))) {
        k->unfit = "key_type";
        return;
    }
    k->kinds = JOSE_BIT(JOSE_EDDSA);
    k->signature_B = 2 * ED25519_B;
    if (!member_bytes(a, v, S("x"), &x) || x.n != ED25519_B)
        k->unfit = "key_malformed";
    else if (has_small_order(x))
        k->unfit = "key_weak";
    else if (k->unfit == NULL)
        k->verifier = ed25519_verifier(a, x);
}

/* An optional member; NULL also when it says nothing: null, or empty. */
static const struct json_value *said(const struct json_value *key, struct str name)
{
    const struct json_value *v = json_get(key, name);
    bool empty = v != NULL && (v->type == JSON_NULL || (v->type == JSON_STR && v->text.n == 0) ||
                               (v->type == JSON_ARRAY && v->count == 0));

    return empty ? NULL : v;
}

/* Absent members say nothing against a key [RFC 7517 4.2, 4.3]. */
static bool for_signatures(const struct json_value *v)
{
    const struct json_value *use = said(v, S("use")), *ops = said(v, S("key_ops"));

    if (use != NULL && !str_eq(json_get_str(v, S("use")), S("sig")))
        return false;
    if (ops == NULL)
        return true;
    for (const struct json_value *op = ops->first; op != NULL; op = op->next)
        if (op->type == JSON_STR && str_eq(op->text, S("verify")))
            return true;
    return false;
}

/* The rules that do not depend on the key's type; those about alg need it. */
static const char *unfit_for_us(const struct json_value *v)
{
    const struct json_value *kid = said(v, S("kid"));

    if (kid != NULL && kid->type != JSON_STR)
        return "key_malformed";
    return for_signatures(v) ? NULL : "key_use";
}

/* "Ed25519" is the newer name of the same [RFC 9864 2.2]. */
static unsigned algs_left(const struct jwk *k, const struct json_value *v)
{
    struct str alg = json_get_str(v, S("alg"));

    if (said(v, S("alg")) == NULL)
        return k->kinds;
    return k->kinds & JOSE_BIT(str_eq(alg, S("Ed25519")) ? JOSE_EDDSA : jose_alg_named(alg)) & JOSE_EVERY;
}

void jwk_fill(struct arena *a, const struct json_value *v, struct jwk *k)
{
    static const struct {
        const char *type;
        void (*read)(struct arena *a, const struct json_value *v, struct jwk *k);
    } types[] = { { "RSA", read_rsa }, { "EC", read_ec }, { "OKP", read_okp } };
    struct str kty = json_get_str(v, S("kty"));

    *k = (struct jwk){ .source = v, .unfit = unfit_for_us(v) };
    if (said(v, S("kid")) != NULL)
        k->kid = json_get_str(v, S("kid"));
    size_t i = 0;
    while (i < sizeof types / sizeof *types && !str_eq(kty, str_of(types[i].type)))
        i++;
    if (i < sizeof types / sizeof *types)
        types[i].read(a, v, k);
    else
        k->unfit = "key_type";
    k->algs = algs_left(k, v);
    if (k->unfit == NULL && k->algs == 0)
        k->unfit = "key_alg";
    if (k->unfit == NULL && k->verifier == NULL)
        k->unfit = "key_malformed";
}

/* Whoever publishes one of these has given the key away; a symmetric "k" is no
 * key of ours and skipped by its type. */
bool jwk_is_private(const struct json_value *v)
{
    static const char *const names[] = { "d", "p", "q", "dp", "dq", "qi", "oth" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_get(v, str_of(names[i])) != NULL)
            return true;
    return false;
}

static bool check_keys(const struct json_value *list, struct fail *f)
{
    if (list == NULL || list->type != JSON_ARRAY)
        return fail(f, FAIL_CALLER, "jwks_malformed", "keys is not an array");
    if (list->count > JWKS_KEYS_MAX)
        return fail(f, FAIL_CALLER, "jwks_too_large", "%zu keys", list->count);
    for (const struct json_value *v = list->first; v != NULL; v = v->next) {
        if (v->type != JSON_OBJECT)
            return fail(f, FAIL_CALLER, "jwks_malformed", "a key is not an object");
        if (jwk_is_private(v))
            return fail(f, FAIL_CALLER, "jwks_private", "a private key is published");
    }
    return true;
}

const struct jwks *jwks_read(struct arena *a, struct str text, struct fail *f)
{
    struct fail why = { 0 };

    if (text.n > JWKS_MAX_B) {
        (void)fail(f, FAIL_CALLER, "jwks_too_large", "%zu bytes", text.n);
        return NULL;
    }
    const struct json_value *set = json_parse(a, text, &why);
    if (set == NULL) {
        (void)fail(f, FAIL_CALLER, "jwks_malformed", "%s: %s", why.code, why.detail);
        return NULL;
    }
    const struct json_value *list = json_get(set, S("keys"));
    if (!check_keys(list, f))
        return NULL;
    struct jwks *keys = arena_make(a, struct jwks);
    keys->keys = arena_make_n(a, list->count, struct jwk);
    for (const struct json_value *v = list->first; v != NULL; v = v->next)
        jwk_fill(a, v, &keys->keys[keys->count++]);
    return keys;
}

const struct jwks *jwk_read(struct arena *a, const struct json_value *jwk, struct fail *f)
{
    struct jwks *keys = arena_make(a, struct jwks);

    if (jwk == NULL || jwk->type != JSON_OBJECT)
        return fail(f, FAIL_CALLER, "jwks_malformed", "a key is not an object"), NULL;
    if (jwk_is_private(jwk) || json_get(jwk, S("k")) != NULL)
        return fail(f, FAIL_CALLER, "jwks_private", "a private key is published"), NULL;
    keys->keys = arena_make(a, struct jwk);
    keys->count = 1;
    jwk_fill(a, jwk, keys->keys);
    if (keys->keys->unfit != NULL)
        return fail(f, FAIL_CALLER, keys->keys->unfit, "the key"), NULL;
    return keys;
}

size_t jwks_count_for(const struct jwks *keys, unsigned algs)
{
    size_t n = 0;

    for (size_t i = 0; i < keys->count; i++)
        n += keys->keys[i].unfit == NULL && (keys->keys[i].algs & algs) != 0;
    return n;
}

size_t jwks_count(const struct jwks *keys)
{
    return jwks_count_for(keys, JOSE_EVERY);
}

/* ── the thumbprint ─────────────────────────────────────────────────────── */

/* The members that make a key, in the order of their names [RFC 7638 3.2, RFC 8037 2]. */
static const struct {
    const char *type, *members[4];
} makings[] = { { "EC", { "crv", "kty", "x", "y" } },
                { "OKP", { "crv", "kty", "x", NULL } },
                { "RSA", { "e", "kty", "n", NULL } } };

bool jose_thumbprint(struct arena *a, const struct json_value *jwk, struct str *out)
{
    struct str kty = json_get_str(jwk, S("kty"));
    struct json_out o = json_out(a, JWKS_MAX_B);
    size_t row = 0;

    while (row < sizeof makings / sizeof *makings && !str_eq(kty, str_of(makings[row].type)))
        row++;
    if (row == sizeof makings / sizeof *makings)
        return false;
    json_begin_object(&o);
    for (size_t i = 0; i < 4 && makings[row].members[i] != NULL; i++) {
        struct str value = json_get_str(jwk, str_of(makings[row].members[i]));
        if (!str_is_set(value))
            return false;
        json_put_str(&o, str_of(makings[row].members[i]), value);
    }
    json_end_object(&o);
    struct str text = json_done(&o);
    if (text.p == NULL)
        return false;
    *out = b64url_encode(a, sha256(a, text));
    return true;
}
