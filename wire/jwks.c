/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/jose_int.h"

#include "base/codec.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

enum { RSA_MIN_BITS = 2048, RSA_MAX_BITS = 8192, EXPONENT_MIN = 65537, P256_B = 32 };

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

static void read_rsa(struct arena *a, const struct json_value *v, struct jwk *k)
{
    struct str n, e;

    k->alg = JOSE_RS256;
    if (!member_bytes(a, v, S("n"), &n) || !member_bytes(a, v, S("e"), &e)) {
        k->unfit = "key_malformed";
        return;
    }
    n = without_leading_zeros(n); /* some write the sign byte of their big numbers */
    e = without_leading_zeros(e);
    if (bits_of(n) < RSA_MIN_BITS || bits_of(n) > RSA_MAX_BITS || !is_odd(n) || !exponent_sane(e)) {
        k->unfit = "key_weak";
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

static void read_ec(struct arena *a, const struct json_value *v, struct jwk *k)
{
    struct str x, y;

    if (!str_eq(json_get_str(v, S("crv")), S("P-256"))) {
        k->unfit = "key_type";
        return;
    }
    k->alg = JOSE_ES256;
    k->signature_B = 2 * P256_B;
    if (!member_bytes(a, v, S("x"), &x) || !member_bytes(a, v, S("y"), &y) || x.n != P256_B || y.n != P256_B ||
        !on_p256(x, y)) {
        k->unfit = "key_malformed";
        return;
    }
    if (k->unfit == NULL)
        k->verifier =
            jose_verifier(a, arena_printf(a, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%.*s\",\"y\":\"%.*s\"}",
                                          STR_ARG(b64url_encode(a, x)), STR_ARG(b64url_encode(a, y))));
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

static void read_key(struct arena *a, const struct json_value *v, struct jwk *k)
{
    struct str kty = json_get_str(v, S("kty"));

    k->kid = said(v, S("kid")) != NULL ? json_get_str(v, S("kid")) : (struct str){ NULL, 0 };
    k->unfit = unfit_for_us(v);
    if (str_eq(kty, S("RSA")))
        read_rsa(a, v, k);
    else if (str_eq(kty, S("EC")))
        read_ec(a, v, k);
    else
        k->unfit = "key_type";
    if (k->unfit == NULL && said(v, S("alg")) != NULL &&
        !str_eq(json_get_str(v, S("alg")), str_of(jose_alg_name(k->alg))))
        k->unfit = "key_alg";
    if (k->unfit == NULL && k->verifier == NULL)
        k->unfit = "key_malformed";
}

/* Whoever publishes one of these has given the key away; a symmetric "k" is no
 * key of ours and skipped by its type. */
static bool has_private_member(const struct json_value *v)
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
        if (has_private_member(v))
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
        read_key(a, v, &keys->keys[keys->count++]);
    return keys;
}

size_t jwks_count(const struct jwks *keys)
{
    size_t n = 0;

    for (size_t i = 0; i < keys->count; i++)
        n += keys->keys[i].unfit == NULL;
    return n;
}
