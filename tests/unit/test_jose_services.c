/* SPDX-License-Identifier: EUPL-1.2
 * What services and we ourselves sign with besides what cities do: PS256, EdDSA, and a shared secret. */
#include "base/codec.h"
#include "base/crypt.h"
#include "tests/test.h"
#include "tests/tokens.h"
#include "wire/jose.h"
#include "wire/jose_codes.def"
#include "wire/jose_door.h"

#include <string.h>

#define ISS    "https://service.example"
#define AUD    "https://gateway.example"
#define GOOD   "\"iss\":\"" ISS "\",\"sub\":\"kanerva\",\"aud\":\"" AUD "\",\"exp\":1786349100,\"iat\":1786348790"
#define CLAIMS S("{" GOOD "}")
#define SECRET "a secret of more than thirty-two bytes"

static const struct str ps256 = { "{\"alg\":\"PS256\",\"kid\":\"k1\"}", 26 };
static const struct str rs256 = { "{\"alg\":\"RS256\",\"kid\":\"k1\"}", 26 };
static const struct str eddsa = { "{\"alg\":\"EdDSA\",\"kid\":\"k1\"}", 26 };
static const struct str hs256 = { "{\"alg\":\"HS256\",\"kid\":\"k1\"}", 26 };

static struct jose_rules rules(void)
{
    return (struct jose_rules){ .algs = JOSE_EVERY, .iss = S(ISS), .aud = S(AUD), .now_s = TEST_NOW_S, .skew_s = 60 };
}

static const char *said(bool ok, const struct jose_claims *claims, const struct fail *f)
{
    return ok ? "ok" : claims->all == NULL && claims->head == NULL ? f->code : "a refused token left something";
}

static const char *judge(struct test *t, struct str token, struct str jwks, const struct jose_rules *r)
{
    struct fail f = { 0 };
    struct jose_claims claims = { 0 };
    const struct jwks *keys = jwks_read(t->arena, jwks, &f);

    return said(keys != NULL && jose_verify(t->arena, token, keys, r, &claims, &f), &claims, &f);
}

static const char *judge_algs(struct test *t, struct str token, struct str jwks, unsigned algs)
{
    struct jose_rules r = rules();

    r.algs = algs;
    return judge(t, token, jwks, &r);
}

static const char *judge_secret(struct test *t, struct str token, struct str secret)
{
    struct jose_rules r = rules();
    struct fail f = { 0 };
    struct jose_claims claims = { 0 };

    return said(jose_verify_secret(t->arena, token, secret, &r, &claims, &f), &claims, &f);
}

static struct str keys_of(struct test *t, enum test_key key, const char *more)
{
    return arena_printf(t->arena, "{\"keys\":[{%.*s,\"kid\":\"k1\"%s}]}", STR_ARG(test_jwk_members(t->arena, key)),
                        more);
}

TEST(ps256_and_eddsa_verify_where_they_are_allowed)
{
    struct str pss = test_pss_token(t->arena, TEST_RSA, ps256, CLAIMS, -1);
    struct str ed = test_token(t->arena, TEST_ED, eddsa, CLAIMS);

    CHECK_STR(judge_algs(t, pss, keys_of(t, TEST_RSA, ""), JOSE_EVERY), "ok");
    CHECK_STR(judge_algs(t, pss, keys_of(t, TEST_RSA, ",\"alg\":\"PS256\",\"use\":\"sig\""), JOSE_FAPI), "ok");
    CHECK_STR(judge_algs(t, ed, keys_of(t, TEST_ED, ""), JOSE_FAPI), "ok");
    CHECK_STR(judge_algs(t, ed, keys_of(t, TEST_ED, ",\"alg\":\"EdDSA\""), JOSE_EVERY), "ok");
    CHECK_STR(judge_algs(t, ed, keys_of(t, TEST_ED, ",\"alg\":\"Ed25519\""), JOSE_EVERY), "ok");
}

TEST(what_cities_may_use_has_not_grown)
{
    CHECK_INT(JOSE_BOTH, JOSE_BIT(JOSE_RS256) | JOSE_BIT(JOSE_ES256));
    CHECK_STR(judge_algs(t, test_pss_token(t->arena, TEST_RSA, ps256, CLAIMS, -1), keys_of(t, TEST_RSA, ""), JOSE_BOTH),
              "alg_not_allowed");
    CHECK_STR(judge_algs(t, test_token(t->arena, TEST_ED, eddsa, CLAIMS), keys_of(t, TEST_ED, ""), JOSE_BOTH),
              "alg_not_allowed");
    /* [FAPI 2.0 5.4.1]: PKCS #1 v1.5 is not among its algorithms. */
    CHECK_STR(judge_algs(t, test_token(t->arena, TEST_RSA, rs256, CLAIMS), keys_of(t, TEST_RSA, ""), JOSE_FAPI),
              "alg_not_allowed");
}

TEST(the_example_of_rfc_8037_verifies) /* [RFC 8037 A.4] */
{
    struct str x, signature;
    CHECK(b64url_decode(t->arena, S("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), &x));
    CHECK(b64url_decode(t->arena,
                        S("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"),
                        &signature));
    const void *key = ed25519_verifier(t->arena, x);
    CHECK(ed25519_signature_by(key, S("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"), signature));
    CHECK(!ed25519_signature_by(key, S("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmd"), signature));
    CHECK(!ed25519_signature_by(NULL, S("a"), signature));
}

TEST(thumbprints_are_those_of_the_rfcs) /* [RFC 7638 3.1, RFC 8037 A.3] */
{
    static const char rsa[] =
        "{\"kty\":\"RSA\",\"n\":"
        "\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
        "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY368QQMicAtaSqz"
        "s8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
        "xBniIqbw0"
        "Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}";
    static const char okp[] = "{\"kid\":\"x\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"kty\":\"OKP\","
                              "\"crv\":\"Ed25519\"}";
    static const char *const none[] = { "{}", "{\"kty\":\"oct\",\"k\":\"AQ\"}", "{\"kty\":\"RSA\",\"n\":\"AQ\"}",
                                        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\"}",
                                        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":1}" };
    struct fail f = { 0 };
    struct str out;

    CHECK(jose_thumbprint(t->arena, json_parse(t->arena, str_of(rsa), &f), &out));
    CHECK_STR(out, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    CHECK(jose_thumbprint(t->arena, json_parse(t->arena, str_of(okp), &f), &out));
    CHECK_STR(out, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK(!jose_thumbprint(t->arena, json_parse(t->arena, str_of(none[i]), &f), &out));
    CHECK(!jose_thumbprint(t->arena, NULL, &out));
}

TEST(the_example_of_rfc_7515_verifies_by_its_secret) /* [RFC 7515 A.1] */
{
    static const char token[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const struct jose_rules r = {
        .iss = S("joe"), .aud_rule = AUD_ANY, .sub_optional = true, .iat_optional = true, .now_s = 1300819379
    };
    struct jose_claims c = { 0 };
    struct fail f = { 0 };
    struct str secret;

    CHECK(b64url_decode(t->arena,
                        S("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"),
                        &secret));
    CHECK(jose_verify_secret(t->arena, str_of(token), secret, &r, &c, &f));
    CHECK_INT(c.alg, JOSE_NONE);
    CHECK_STR(c.iss, "joe");
}

/* ── confusions ─────────────────────────────────────────────────────────── */

TEST(a_public_key_is_never_a_secret) /* [RFC 8725 2.1, 3.1] */
{
    struct str pem = test_public_pem(t->arena, TEST_RSA), keys = keys_of(t, TEST_RSA, "");
    struct str token = test_hmac_token(t->arena, hs256, CLAIMS, pem);

    CHECK_STR(judge_algs(t, token, keys, JOSE_EVERY), "alg_not_allowed");
    CHECK_STR(judge_algs(t, token, keys, ~0u), "alg_not_allowed");
    /* The same under a name that the public-key path knows. */
    CHECK_STR(judge_algs(t, test_hmac_token(t->arena, rs256, CLAIMS, pem), keys, JOSE_EVERY), "signature_malformed");
    CHECK_INT(jose_alg_named(S("HS256")), JOSE_NONE);
    CHECK_STR(
        judge_algs(t, test_hmac_token(t->arena, hs256, CLAIMS, S(SECRET)),
                   S("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"k1\",\"k\":\"YSBzZWNyZXQgb2YgbW9yZSB0aGFuIHRoaXJ0eS10d28"
                     "gYnl0ZXM\"}]}"),
                   ~0u),
        "alg_not_allowed");
}

TEST(a_secret_verifies_nothing_but_hs256)
{
    static const char *const headers[] = { "{\"alg\":\"HS384\"}", "{\"alg\":\"HS512\"}", "{\"alg\":\"RS256\"}",
                                           "{\"alg\":\"ES256\"}", "{\"alg\":\"EdDSA\"}", "{\"alg\":\"hs256\"}" };

    CHECK_STR(judge_secret(t, test_hmac_token(t->arena, hs256, CLAIMS, S(SECRET)), S(SECRET)), "ok");
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        CHECK_STR(judge_secret(t, test_hmac_token(t->arena, str_of(headers[i]), CLAIMS, S(SECRET)), S(SECRET)),
                  "alg_not_allowed");
    CHECK_STR(judge_secret(t, test_hmac_token(t->arena, S("{\"alg\":\"none\"}"), CLAIMS, S(SECRET)), S(SECRET)),
              "alg_none");
    CHECK_STR(
        judge_secret(t, test_hmac_token(t->arena, hs256, CLAIMS, S("another one, as long as it must be")), S(SECRET)),
        "signature_invalid");
    CHECK_STR(judge_secret(t, test_token_with(t->arena, hs256, CLAIMS, S("short")), S(SECRET)), "signature_malformed");
    CHECK_STR(judge_secret(t, test_token_with(t->arena, hs256, CLAIMS, S("")), S(SECRET)), "signature_malformed");
}

TEST(a_short_or_absent_secret_signs_nothing) /* [RFC 7518 3.2] */
{
    CHECK_STR(judge_secret(t, test_hmac_token(t->arena, hs256, CLAIMS, S("thirty-one bytes are too short!")),
                           S("thirty-one bytes are too short!")),
              "secret_weak");
    CHECK_STR(judge_secret(t, test_hmac_token(t->arena, hs256, CLAIMS, S("")), S("")), "secret_weak");
    CHECK_STR(judge_secret(t, test_hmac_token(t->arena, hs256, CLAIMS, S("")), (struct str){ NULL, 0 }), "secret_weak");
}

TEST(pkcs1_and_pss_are_not_one)
{
    struct str keys = keys_of(t, TEST_RSA, "");
    struct str as_rs = test_pss_token(t->arena, TEST_RSA, rs256, CLAIMS, -1);
    struct str as_ps = test_token(t->arena, TEST_RSA, ps256, CLAIMS);

    CHECK_STR(judge_algs(t, as_rs, keys, JOSE_EVERY), "signature_invalid");
    CHECK_STR(judge_algs(t, as_ps, keys, JOSE_EVERY), "signature_invalid");
    /* A key that says what it is for is for nothing else. */
    CHECK_STR(judge_algs(t, test_pss_token(t->arena, TEST_RSA, ps256, CLAIMS, -1),
                         keys_of(t, TEST_RSA, ",\"alg\":\"RS256\""), JOSE_EVERY),
              "key_alg");
    CHECK_STR(judge_algs(t, test_token(t->arena, TEST_RSA, rs256, CLAIMS), keys_of(t, TEST_RSA, ",\"alg\":\"PS256\""),
                         JOSE_EVERY),
              "key_alg");
    /* The salt is as long as the hash [RFC 7518 3.5]. */
    CHECK_STR(judge_algs(t, test_pss_token(t->arena, TEST_RSA, ps256, CLAIMS, 20), keys, JOSE_EVERY),
              "signature_invalid");
    CHECK_STR(judge_algs(t, test_pss_token(t->arena, TEST_RSA_OTHER, ps256, CLAIMS, -1), keys, JOSE_EVERY),
              "signature_invalid");
}

TEST(a_key_of_another_type_or_use_signs_nothing)
{
    struct str pss = test_pss_token(t->arena, TEST_RSA, ps256, CLAIMS, -1);
    struct str ed = test_token(t->arena, TEST_ED, eddsa, CLAIMS);

    CHECK_STR(judge_algs(t, pss, keys_of(t, TEST_ED, ""), JOSE_EVERY), "key_type");
    CHECK_STR(judge_algs(t, pss, keys_of(t, TEST_EC, ""), JOSE_EVERY), "key_type");
    CHECK_STR(judge_algs(t, ed, keys_of(t, TEST_RSA, ""), JOSE_EVERY), "key_type");
    CHECK_STR(judge_algs(t, ed, keys_of(t, TEST_EC, ""), JOSE_EVERY), "key_type");
    CHECK_STR(judge_algs(t, ed, keys_of(t, TEST_ED, ",\"use\":\"enc\""), JOSE_EVERY), "key_use");
    CHECK_STR(judge_algs(t, pss, keys_of(t, TEST_RSA, ",\"use\":\"enc\""), JOSE_EVERY), "key_use");
    CHECK_STR(judge_algs(t, pss, keys_of(t, TEST_RSA, ",\"alg\":\"RSA-OAEP-256\""), JOSE_EVERY), "key_alg");
    CHECK_STR(judge_algs(t, ed, keys_of(t, TEST_ED, ",\"alg\":\"ECDH-ES\""), JOSE_EVERY), "key_alg");
    CHECK_STR(judge_algs(t, ed, keys_of(t, TEST_ED_OTHER, ""), JOSE_EVERY), "signature_invalid");
    CHECK_STR(judge_algs(t, test_pss_token(t->arena, TEST_RSA_1024, ps256, CLAIMS, -1), keys_of(t, TEST_RSA_1024, ""),
                         JOSE_EVERY),
              "key_weak");
}

TEST(an_ed25519_signature_has_its_length_and_its_range)
{
    struct str keys = keys_of(t, TEST_ED, ""), s = test_sign(t->arena, TEST_ED, S("x"));
    char *high = arena_alloc(t->arena, 64);

    CHECK_STR(judge_algs(t, test_token_with(t->arena, eddsa, CLAIMS, str_sub(s, 0, 63)), keys, JOSE_EVERY),
              "signature_malformed");
    CHECK_STR(
        judge_algs(t, test_token_with(t->arena, eddsa, CLAIMS, arena_join(t->arena, s, S("x"))), keys, JOSE_EVERY),
        "signature_malformed");
    CHECK_STR(judge_algs(t, test_token_with(t->arena, eddsa, CLAIMS, S("")), keys, JOSE_EVERY), "signature_malformed");
    CHECK_STR(judge_algs(t, test_token_with(t->arena, eddsa, CLAIMS, s), keys, JOSE_EVERY), "signature_invalid");
    /* S plus the order of the group says the same and is refused: a signature has one spelling [RFC 8032 5.1.7]. */
    struct str token = test_token(t->arena, TEST_ED, eddsa, CLAIMS), head = token, made;
    static const unsigned char order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                             0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                             0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10 };
    size_t last = token.n;
    while (token.p[last - 1] != '.')
        last--;
    CHECK(b64url_decode(t->arena, str_from(head, last), &made) && made.n == 64);
    memcpy(high, made.p, 64);
    for (int i = 0, carry = 0; i < 32; i++) {
        int sum = (unsigned char)high[32 + i] + order[i] + carry;
        high[32 + i] = (char)(sum & 0xff);
        carry = sum >> 8;
    }
    CHECK_STR(judge_algs(t, token, keys, JOSE_EVERY), "ok");
    CHECK_STR(judge_algs(t, test_token_with(t->arena, eddsa, CLAIMS, str_n(high, 64)), keys, JOSE_EVERY),
              "signature_invalid");
}

TEST(an_ed25519_key_of_small_order_or_another_length_is_no_key)
{
    static const char *const small[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    };
    struct str token = test_token(t->arena, TEST_ED, eddsa, CLAIMS);

    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        struct str x;
        CHECK(hex_decode(t->arena, str_of(small[i]), &x));
        struct str keys =
            arena_printf(t->arena, "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%.*s\",\"kid\":\"k1\"}]}",
                         STR_ARG(b64url_encode(t->arena, x)));
        CHECK_STR(judge_algs(t, token, keys, JOSE_EVERY), "key_weak");
    }
    static const char *const bad[] = { "\"x\":\"AQAB\"", "\"x\":1", "\"y\":\"AQAB\"", "\"x\":\"\"" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_STR(
            judge_algs(
                t, token,
                arena_printf(t->arena, "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",%s,\"kid\":\"k1\"}]}", bad[i]),
                JOSE_EVERY),
            "key_malformed");
    CHECK_STR(judge_algs(t, token,
                         S("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"k1\","
                           "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"),
                         JOSE_EVERY),
              "key_type");
}

TEST(a_set_counts_the_keys_of_the_algorithms_that_are_asked_for)
{
    struct fail f = { 0 };
    const struct jwks *keys = jwks_read(
        t->arena,
        arena_printf(t->arena, "{\"keys\":[{%.*s,\"alg\":\"PS256\"},{%.*s},{%.*s,\"use\":\"enc\"}]}",
                     STR_ARG(test_jwk_members(t->arena, TEST_RSA)), STR_ARG(test_jwk_members(t->arena, TEST_ED)),
                     STR_ARG(test_jwk_members(t->arena, TEST_EC))),
        &f);

    CHECK(keys != NULL);
    CHECK_INT(jwks_count(keys), 2);
    CHECK_INT(jwks_count_for(keys, JOSE_BOTH), 0);
    CHECK_INT(jwks_count_for(keys, JOSE_FAPI), 2);
    CHECK_INT(jwks_count_for(keys, JOSE_BIT(JOSE_PS256)), 1);
}

/* ── a key in the header ────────────────────────────────────────────────── */

static struct jose_rules proof_rules(void)
{
    return (struct jose_rules){ .algs = JOSE_EVERY,
                                .typ = S("dpop+jwt"),
                                .iss_rule = ISS_ANY,
                                .aud_rule = AUD_ANY,
                                .sub_optional = true,
                                .exp_optional = true,
                                .jti_must = true,
                                .age_max_s = 60,
                                .now_s = TEST_NOW_S,
                                .skew_s = 5 };
}

static const char *judge_proof(struct test *t, struct str token, struct jose_claims *claims)
{
    struct jose_rules r = proof_rules();
    struct fail f = { 0 };

    *claims = (struct jose_claims){ 0 };
    return said(jose_verify_by_header(t->arena, token, &r, claims, &f), claims, &f);
}

static struct str proof(struct test *t, enum test_key key, const char *alg, const char *more, const char *payload)
{
    return test_token(t->arena, key,
                      arena_printf(t->arena, "{\"typ\":\"dpop+jwt\",\"alg\":\"%s\",\"jwk\":{%.*s%s}}", alg,
                                   STR_ARG(test_jwk_members(t->arena, key)), more),
                      str_of(payload));
}

#define PROOF "{\"jti\":\"j1\",\"iat\":1786348790,\"htm\":\"POST\"}"

TEST(a_proof_is_verified_by_the_key_that_it_brings_and_names_it)
{
    struct jose_claims c;
    struct fail f = { 0 };
    struct str thumbprint;

    CHECK_STR(judge_proof(t, proof(t, TEST_EC, "ES256", "", PROOF), &c), "ok");
    CHECK(jose_thumbprint(
        t->arena,
        json_parse(t->arena, arena_printf(t->arena, "{%.*s}", STR_ARG(test_jwk_members(t->arena, TEST_EC))), &f),
        &thumbprint));
    CHECK_STR(c.thumbprint, arena_cstr(t->arena, thumbprint));
    CHECK_STR(c.jti, "j1");
    CHECK_STR(json_get_str(c.all, S("htm")), "POST");
    CHECK_STR(json_get_str(c.head, S("typ")), "dpop+jwt");
    CHECK_STR(judge_proof(t, proof(t, TEST_ED, "EdDSA", "", PROOF), &c), "ok");
    CHECK_STR(judge_proof(t, proof(t, TEST_RSA, "RS256", "", PROOF), &c), "ok");
}

TEST(a_proof_with_a_private_key_a_secret_or_none_is_refused) /* [RFC 9449 4.3] */
{
    struct jose_claims c;

    CHECK_STR(judge_proof(t, proof(t, TEST_EC, "ES256", ",\"d\":\"AQAB\"", PROOF), &c), "jwks_private");
    CHECK_STR(judge_proof(t, proof(t, TEST_EC, "ES256", ",\"k\":\"AQAB\"", PROOF), &c), "jwks_private");
    CHECK_STR(
        judge_proof(t, test_token(t->arena, TEST_EC, S("{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\"}"), S(PROOF)), &c),
        "jwk_missing");
    CHECK_STR(judge_proof(
                  t,
                  test_token(t->arena, TEST_EC, S("{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":\"x\"}"), S(PROOF)),
                  &c),
              "jwk_missing");
    CHECK_STR(judge_proof(
                  t,
                  test_hmac_token(t->arena,
                                  S("{\"typ\":\"dpop+jwt\",\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"YQ\"}}"),
                                  S(PROOF), S("a")),
                  &c),
              "alg_not_allowed");
}

TEST(a_proof_is_of_its_type_and_by_its_own_key)
{
    struct jose_claims c;
    struct jose_rules r = rules();
    struct fail f = { 0 };
    struct str theirs = test_jwk_members(t->arena, TEST_EC_OTHER);

    CHECK_STR(judge_proof(t,
                          test_token(t->arena, TEST_EC,
                                     arena_printf(t->arena, "{\"alg\":\"ES256\",\"jwk\":{%.*s}}",
                                                  STR_ARG(test_jwk_members(t->arena, TEST_EC))),
                                     S(PROOF)),
                          &c),
              "header_typ");
    CHECK_STR(judge_proof(t,
                          test_token(t->arena, TEST_EC,
                                     arena_printf(t->arena, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{%.*s}}",
                                                  STR_ARG(theirs)),
                                     S(PROOF)),
                          &c),
              "signature_invalid");
    CHECK_STR(judge_proof(t, proof(t, TEST_EC, "EdDSA", "", PROOF), &c), "key_type");
    CHECK_STR(judge_proof(t, proof(t, TEST_EC, "ES256", ",\"use\":\"enc\"", PROOF), &c), "key_use");
    CHECK_STR(judge_proof(t, proof(t, TEST_RSA_1024, "RS256", "", PROOF), &c), "key_weak");
    /* Whoever forgets to say what kind is asked for gets nothing. */
    CHECK(!jose_verify_by_header(t->arena, proof(t, TEST_EC, "ES256", "", PROOF), &r, &c, &f));
    CHECK_STR(f.code, "header_typ");
}

TEST(a_proof_is_young_and_has_a_jti) /* [RFC 9449 4.3 11] */
{
    struct jose_claims c;

    CHECK_STR(judge_proof(t, proof(t, TEST_EC, "ES256", "", "{\"jti\":\"j1\",\"iat\":1786348700}"), &c), "iat_old");
    CHECK_STR(judge_proof(t, proof(t, TEST_EC, "ES256", "", "{\"jti\":\"j1\",\"iat\":1786348735}"), &c), "ok");
    CHECK_STR(judge_proof(t, proof(t, TEST_EC, "ES256", "", "{\"jti\":\"j1\",\"iat\":1786348806}"), &c), "iat_future");
    CHECK_STR(judge_proof(t, proof(t, TEST_EC, "ES256", "", "{\"jti\":\"j1\"}"), &c), "iat_missing");
    CHECK_STR(judge_proof(t, proof(t, TEST_EC, "ES256", "", "{\"iat\":1786348790}"), &c), "jti_missing");
}

TEST(a_key_alone_is_read_with_the_reason_when_it_does_not_do)
{
    static const struct {
        const char *jwk, *code;
    } cases[] = {
        { "[]", "jwks_malformed" },
        { "{\"kty\":\"oct\",\"k\":\"AQAB\"}", "jwks_private" },
        { "{\"kty\":\"EC\",\"d\":\"AQAB\"}", "jwks_private" },
        { "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "key_weak" },
        { "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"AQAB\"}", "key_type" },
    };
    struct fail f = { 0 };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f = (struct fail){ 0 };
        CHECK(jwk_read(t->arena, json_parse(t->arena, str_of(cases[i].jwk), &f), &f) == NULL);
        CHECK_STR(f.code, cases[i].code);
    }
    CHECK(jwk_read(t->arena, NULL, &f) == NULL);
    struct str jwk = arena_printf(t->arena, "{%.*s}", STR_ARG(test_jwk_members(t->arena, TEST_ED)));
    const struct jwks *keys = jwk_read(t->arena, json_parse(t->arena, jwk, &f), &f);
    CHECK(keys != NULL && jwks_count(keys) == 1);
}

/* ── rules about claims ─────────────────────────────────────────────────── */

static const char *judge_claims(struct test *t, const struct jose_rules *r, const char *payload)
{
    return judge(t, test_token(t->arena, TEST_ED, eddsa, str_of(payload)), keys_of(t, TEST_ED, ""), r);
}

TEST(aud_is_one_string_where_no_list_is_allowed) /* [FAPI 2.0 5.3.2.1] */
{
#define TO(aud) "{\"iss\":\"" ISS "\",\"sub\":\"k\",\"exp\":1786349100,\"iat\":1786348790,\"aud\":" aud "}"
    struct jose_rules r = rules();

    CHECK_STR(judge_claims(t, &r, TO("[\"" AUD "\"]")), "ok");
    CHECK_STR(judge_claims(t, &r, TO("[\"" AUD "\",\"other\"]")), "azp_missing");
    r.azp_any = true;
    CHECK_STR(judge_claims(t, &r, TO("[\"" AUD "\",\"other\"]")), "ok");
    CHECK_STR(judge_claims(t, &r, TO("[\"other\"]")), "aud_wrong");
    r.aud_one = true;
    CHECK_STR(judge_claims(t, &r, TO("\"" AUD "\"")), "ok");
    CHECK_STR(judge_claims(t, &r, TO("[\"" AUD "\"]")), "aud_list");
    CHECK_STR(judge_claims(t, &r, TO("[]")), "aud_list");
    CHECK_STR(judge_claims(t, &r, TO("\"other\"")), "aud_wrong");
#undef TO
}

TEST(nbf_is_said_and_young_and_bounds_exp) /* [FAPI 2.0 Message Signing 5.3.1] */
{
#define WITH(times) "{\"iss\":\"" ISS "\",\"sub\":\"k\",\"aud\":\"" AUD "\",\"iat\":1786348790," times "}"
    struct jose_rules r = rules();

    CHECK_STR(judge_claims(t, &r, WITH("\"exp\":1786349100")), "ok");
    r.nbf_must = true;
    r.nbf_age_max_s = r.nbf_life_max_s = 3600;
    CHECK_STR(judge_claims(t, &r, WITH("\"exp\":1786349100")), "nbf_missing");
    CHECK_STR(judge_claims(t, &r, WITH("\"exp\":1786349100,\"nbf\":1786348790")), "ok");
    CHECK_STR(judge_claims(t, &r, WITH("\"exp\":1786348900,\"nbf\":1786345000")), "nbf_old");
    CHECK_STR(judge_claims(t, &r, WITH("\"exp\":1786352391,\"nbf\":1786348790")), "exp_too_far");
    CHECK_STR(judge_claims(t, &r, WITH("\"exp\":1786352390,\"nbf\":1786348790")), "ok");
    CHECK_STR(judge_claims(t, &r, WITH("\"exp\":1786349100,\"nbf\":1786348900")), "not_yet_valid");
#undef WITH
}

TEST(an_old_kind_may_come_without_its_type_but_never_with_another)
{
    struct jose_rules r = rules();
    static const struct {
        const char *typ, *code;
    } cases[] = { { "", "ok" },
                  { ",\"typ\":\"JWT\"", "ok" },
                  { ",\"typ\":\"oauth-authz-req+jwt\"", "ok" },
                  { ",\"typ\":\"dpop+jwt\"", "header_typ" },
                  { ",\"typ\":\"at+jwt\"", "header_typ" } };

    r.typ = S("oauth-authz-req+jwt");
    r.typ_lenient = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(
            judge(t,
                  test_token(t->arena, TEST_ED,
                             arena_printf(t->arena, "{\"alg\":\"EdDSA\",\"kid\":\"k1\"%s}", cases[i].typ), CLAIMS),
                  keys_of(t, TEST_ED, ""), &r),
            cases[i].code);
    r.typ_lenient = false;
    CHECK_STR(judge(t, test_token(t->arena, TEST_ED, eddsa, CLAIMS), keys_of(t, TEST_ED, ""), &r), "header_typ");
}

TEST(half_a_hash_is_by_the_algorithm) /* [OIDC Core 3.1.3.6; the example of OIDC Core A.3] */
{
    CHECK_STR(jose_half_hash(t->arena, JOSE_RS256, S("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y")),
              "77QmUPtjPfzWtF2AnpK9RQ");
    CHECK_STR(jose_half_hash(t->arena, JOSE_PS256, S("a")),
              arena_cstr(t->arena, jose_half_hash(t->arena, JOSE_ES256, S("a"))));
    /* SHA-512 of "a" begins 1f40fc92da241694… */
    CHECK_STR(jose_half_hash(t->arena, JOSE_EDDSA, S("a")), "H0D8ktokFpR1CXnubPWC8tXX0o4YM13gWrxU0FYOD1M");
    CHECK(jose_half_hash(t->arena, JOSE_NONE, S("a")).p == NULL);
}

TEST(what_is_not_proven_is_only_read)
{
    CHECK_STR(json_get_str(jose_unproven(t->arena, test_token_with(t->arena, S("{}"), CLAIMS, S(""))), S("sub")),
              "kanerva");
    CHECK(jose_unproven(t->arena, S("a.b")) == NULL);
    CHECK(jose_unproven(t->arena, S("a.b.c.d.e")) == NULL);
    CHECK(jose_unproven(t->arena, test_token_with(t->arena, S("{}"), S("[]"), S(""))) == NULL);
}
