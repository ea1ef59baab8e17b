/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/codec.h"
#include "base/crypt.h"
#include "tests/test.h"
#include "tests/tokens.h"
#include "wire/jose.h"
#include "wire/jose_codes.def"

#include <string.h>

#define ISS  "https://idp.example"
#define AUD  "gateway"
#define GOOD "\"iss\":\"" ISS "\",\"sub\":\"anna\",\"aud\":\"" AUD "\",\"exp\":1786349100,\"iat\":1786348790"

static const struct str es256 = { "{\"alg\":\"ES256\",\"kid\":\"k1\"}", 26 };
static const struct str rs256 = { "{\"alg\":\"RS256\",\"kid\":\"k1\"}", 26 };

static struct jose_rules rules(void)
{
    return (struct jose_rules){ .algs = JOSE_BOTH, .iss = S(ISS), .aud = S(AUD), .now_s = TEST_NOW_S, .skew_s = 60 };
}

static bool known_code(const char *code)
{
    static const char *const codes[] = {
#define X(code, rule) #code,
        JOSE_CODES(X) JOSE_CODES_OF_SERVICES(X)
#undef X
    };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}

/* "ok", or the code of the refusal, which the table must list. */
static const char *judge(struct test *t, struct str token, struct str jwks, const struct jose_rules *r)
{
    struct fail f = { 0 };
    struct jose_claims claims = { 0 };
    const struct jwks *keys = jwks_read(t->arena, jwks, &f);
    bool ok = keys != NULL && jose_verify(t->arena, token, keys, r, &claims, &f);

    CHECK(ok || known_code(f.code));
    CHECK(ok || claims.all == NULL);
    return ok ? "ok" : f.code;
}

static const char *judge_token(struct test *t, struct str token)
{
    struct jose_rules r = rules();

    return judge(t, token, test_jwks(t->arena, TEST_EC, "k1"), &r);
}

static const char *judge_claims(struct test *t, struct str payload)
{
    return judge_token(t, test_token(t->arena, TEST_EC, es256, payload));
}

static const char *judge_header(struct test *t, struct str header)
{
    return judge_token(t, test_token(t->arena, TEST_EC, header, S("{" GOOD "}")));
}

TEST(an_honest_token_is_accepted_under_both_algorithms)
{
    struct jose_rules r = rules();
    struct jose_claims c = { 0 };
    struct fail f = { 0 };

    CHECK_STR(judge_claims(t, S("{" GOOD "}")), "ok");
    CHECK_STR(judge(t, test_token(t->arena, TEST_RSA, rs256, S("{" GOOD "}")), test_jwks(t->arena, TEST_RSA, "k1"), &r),
              "ok");
    CHECK(jose_verify(t->arena,
                      test_token(t->arena, TEST_EC, es256, S("{" GOOD ",\"nonce\":\"n\",\"sid\":\"s\",\"x\":[1]}")),
                      jwks_read(t->arena, test_jwks(t->arena, TEST_EC, "k1"), &f), &r, &c, &f));
    CHECK_STR(c.iss, ISS);
    CHECK_STR(c.sub, "anna");
    CHECK_STR(c.nonce, "n");
    CHECK_STR(c.sid, "s");
    CHECK_STR(c.kid, "k1");
    CHECK_INT(c.alg, JOSE_ES256);
    CHECK_INT(c.exp_s, 1786349100);
    CHECK_INT(json_get(c.all, S("x"))->count, 1);
}

TEST(the_examples_of_rfc_7515_verify) /* [RFC 7515 A.2, A.3] */
{
    static const char payload[] =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    static const char rsa[] =
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
        "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjb"
        "KBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
        "eOkHWEsqtFZES"
        "c6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    static const char ec[] = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const struct jose_rules r = {
        .algs = JOSE_BOTH, .iss = S("joe"), .aud_rule = AUD_ANY, .sub_optional = true, .now_s = 1300819379
    };

    /* The example has no iat: every rule before that one is passed, the signature among them. */
    CHECK_STR(judge(t, arena_printf(t->arena, "eyJhbGciOiJSUzI1NiJ9.%s.%s", payload, rsa),
                    test_file(t->arena, "tests/fuzz/seeds/jwks/rsa"), &r),
              "iat_missing");
    CHECK_STR(judge(t, arena_printf(t->arena, "eyJhbGciOiJFUzI1NiJ9.%s.%s", payload, ec),
                    test_file(t->arena, "tests/fuzz/seeds/jwks/ec"), &r),
              "iat_missing");
}

TEST(rules_that_were_forgotten_refuse)
{
    struct jose_rules none = { 0 };
    struct str token = test_token(t->arena, TEST_EC, es256, S("{" GOOD "}")), keys = test_jwks(t->arena, TEST_EC, "k1");

    CHECK_STR(judge(t, token, keys, &none), "alg_not_allowed");
    none.algs = JOSE_BOTH;
    CHECK_STR(judge(t, token, keys, &none), "iss_wrong");
    none.iss = S(ISS);
    CHECK_STR(judge(t, token, keys, &none), "aud_wrong");
}

TEST(a_token_that_is_not_three_canonical_parts_is_refused) /* [RFC 7515 3.1, RFC 4648 3.5] */
{
    struct str good = test_token(t->arena, TEST_EC, es256, S("{" GOOD "}"));
    static const char *const broken[] = { "",
                                          ".",
                                          "..",
                                          "...",
                                          "a",
                                          "a.b",
                                          "a.b.c.d",
                                          "e30.e30.",
                                          ".e30.e30",
                                          "e30..e30",
                                          "{\"payload\":\"\"}",
                                          "e30=.e30.e30",
                                          "e3 0.e30.e30",
                                          "e31.e30.e30" };

    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        CHECK(strcmp(judge_token(t, str_of(broken[i])), "ok") != 0);
    CHECK_STR(judge_token(t, S("a.b.c.d.e")), "token_encrypted");
    CHECK_STR(judge_token(t, arena_join(t->arena, good, S("."))), "token_malformed");
    CHECK_STR(judge_token(t, arena_join(t->arena, good, S("="))), "token_malformed");
    CHECK_STR(judge_token(t, arena_join(t->arena, good, S("\n"))), "token_malformed");
    CHECK_STR(judge_token(t, arena_join(t->arena, S(" "), good)), "token_malformed");
    CHECK_STR(judge_token(t, arena_join(t->arena, good, str_n("\0", 1))), "token_malformed");
    /* 64 bytes leave four bits over: another last character says the same bytes. */
    char *stray = arena_cstr(t->arena, good);
    stray[good.n - 1]++;
    CHECK_STR(judge_token(t, str_n(stray, good.n)), "token_malformed");
    /* The alphabet of base64 is not that of base64url. */
    for (size_t i = 0; i < good.n; i++) {
        char *other = arena_cstr(t->arena, good);
        if (other[i] == '-' || other[i] == '_') {
            other[i] = other[i] == '-' ? '+' : '/';
            CHECK_STR(judge_token(t, str_n(other, good.n)), "token_malformed");
        }
    }
    CHECK_STR(judge_token(t, str_n(arena_alloc(t->arena, JOSE_TOKEN_MAX_B + 1), JOSE_TOKEN_MAX_B + 1)),
              "token_too_large");
    char *header = arena_alloc(t->arena, JOSE_HEADER_MAX_B);
    memset(header, ' ', JOSE_HEADER_MAX_B);
    CHECK_STR(judge_header(t, str_n(header, JOSE_HEADER_MAX_B)), "token_too_large");
}

TEST(every_changed_byte_of_a_token_is_noticed)
{
    struct str good = test_token(t->arena, TEST_EC, es256, S("{" GOOD "}"));
    int accepted = 0;

    for (size_t i = 0; i < good.n; i++) {
        char *changed = arena_cstr(t->arena, good);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        if (!str_eq(str_n(changed, good.n), good))
            accepted += strcmp(judge_token(t, str_n(changed, good.n)), "ok") == 0;
    }
    CHECK_INT(accepted, 0);
}

TEST(a_header_that_is_not_strictly_one_is_refused)
{
    static const struct {
        const char *header, *code;
    } cases[] = {
        { "{}", "alg_missing" },
        { "[]", "header_malformed" },
        { "null", "header_malformed" },
        { "{\"alg\":\"ES256\",\"kid\":\"k1\"", "header_malformed" },
        { "{\"alg\":\"ES256\",\"alg\":\"ES256\"}", "header_malformed" },
        { "{\"alg\":\"none\",\"alg\":\"ES256\"}", "header_malformed" },
        { "{\"alg\":256,\"kid\":\"k1\"}", "header_malformed" },
        { "{\"alg\":[\"ES256\"]}", "header_malformed" },
        { "{\"alg\":\"ES256\",\"kid\":1}", "header_malformed" },
        { "{\"alg\":\"ES256\",\"kid\":\"k1\\u0000\"}", "header_malformed" },
        { "{\"alg\":\"ES256\",\"typ\":1,\"kid\":\"k1\"}", "header_malformed" },
        { "{\"alg\":\"ES256\",\"kid\":\"k1\"}x", "header_malformed" },
        { "{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"exp\":1,\"kid\":\"k1\"}", "header_crit" },
        { "{\"alg\":\"ES256\",\"crit\":[],\"kid\":\"k1\"}", "header_crit" },
        { "{\"alg\":\"ES256\",\"crit\":null,\"kid\":\"k1\"}", "header_crit" },
        { "{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"],\"kid\":\"k1\"}", "header_crit" },
        { "{\"alg\":\"ES256\",\"b64\":false,\"kid\":\"k1\"}", "header_b64" },
        { "{\"alg\":\"ES256\",\"zip\":\"DEF\",\"kid\":\"k1\"}", "header_jwe" },
        { "{\"alg\":\"ES256\",\"enc\":\"A128GCM\",\"kid\":\"k1\"}", "header_jwe" },
        { "{\"alg\":\"ES256\",\"cty\":\"JWT\",\"kid\":\"k1\"}", "header_nested" },
        { "{\"alg\":\"none\"}", "alg_none" },
        { "{\"alg\":\"None\",\"kid\":\"k1\"}", "alg_none" },
        { "{\"alg\":\"nOnE\"}", "alg_none" },
        { "{\"alg\":\"\"}", "alg_not_allowed" },
        { "{\"alg\":\"es256\"}", "alg_not_allowed" },
        { "{\"alg\":\"ES256 \"}", "alg_not_allowed" },
        { "{\"alg\":\"HS256\"}", "alg_not_allowed" },
        { "{\"alg\":\"ES384\"}", "alg_not_allowed" },
        { "{\"alg\":\"ES256K\"}", "alg_not_allowed" },
        { "{\"alg\":\"EdDSA\"}", "alg_not_allowed" },
        { "{\"alg\":\"PS256\"}", "alg_not_allowed" },
        { "{\"alg\":\"RS512\"}", "alg_not_allowed" },
        { "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", "header_jwe" },
        { "{\"alg\":\"dir\"}", "alg_not_allowed" },
        { "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}", "header_typ" },
        { "{\"alg\":\"ES256\",\"typ\":\"logout+jwt\",\"kid\":\"k1\"}", "header_typ" },
        { "{\"alg\":\"ES256\",\"typ\":\"\",\"kid\":\"k1\"}", "header_typ" },
        { "{\"alg\":\"ES256\",\"typ\":\"jwt\",\"kid\":\"k1\"}", "ok" },
        { "{\"alg\":\"ES256\",\"typ\":\"application/JWT\",\"kid\":\"k1\"}", "ok" },
        { "{\"alg\":\"ES256\",\"kid\":\"k2\"}", "key_unknown" },
        { "{\"alg\":\"ES256\",\"kid\":\"\"}", "key_unknown" },
        { "{\"alg\":\"ES256\",\"kid\":\"K1\"}", "key_unknown" },
        { "{\"alg\":\"ES256\",\"kid\":\"../k1\"}", "key_unknown" },
        { "{\"alg\":\"RS256\",\"kid\":\"k1\"}", "key_type" },
        { "{\"alg\":\"ES256\",\"kid\":\"k1\",\"jku\":\"https://evil.example/\",\"x5u\":\"file:///etc\"}", "ok" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = judge_header(t, str_of(cases[i].header));
        if (strcmp(got, cases[i].code) != 0)
            test_fail(t, __FILE__, __LINE__, "%s: %s, expected %s", cases[i].header, got, cases[i].code);
    }
    char deep[256] = "{\"alg\":\"ES256\",\"kid\":\"k1\",\"x\":";
    size_t at = strlen(deep);
    memset(deep + at, '[', 40);
    memset(deep + at + 40, ']', 40);
    deep[at + 80] = '}';
    CHECK_STR(judge_header(t, str_of(deep)), "header_malformed");
}

TEST(a_key_in_the_header_is_not_used)
{
    struct str header = arena_printf(t->arena, "{\"alg\":\"ES256\",\"jwk\":{%.*s}}",
                                     STR_ARG(test_jwk_members(t->arena, TEST_EC_OTHER)));

    CHECK_STR(judge_token(t, test_token(t->arena, TEST_EC_OTHER, header, S("{" GOOD "}"))), "signature_invalid");
}

TEST(an_unsigned_or_symmetric_token_is_refused)
{
    struct jose_rules r = rules();
    struct str rsa = test_jwks(t->arena, TEST_RSA, "k1"), payload = S("{" GOOD "}");
    struct str pem = test_public_pem(t->arena, TEST_RSA);

    CHECK_STR(judge(t, test_token_with(t->arena, S("{\"alg\":\"none\"}"), payload, S("")), rsa, &r), "alg_none");
    CHECK_STR(judge(t, test_hmac_token(t->arena, S("{\"alg\":\"HS256\",\"kid\":\"k1\"}"), payload, pem), rsa, &r),
              "alg_not_allowed");
    CHECK_STR(judge(t, test_hmac_token(t->arena, rs256, payload, pem), rsa, &r), "signature_malformed");
    CHECK_STR(judge(t, test_token_with(t->arena, rs256, payload, S("")), rsa, &r), "signature_malformed");
    /* An oct key in the set serves nothing. */
    CHECK_STR(judge(t, test_hmac_token(t->arena, S("{\"alg\":\"HS256\",\"kid\":\"s\"}"), payload, S("secret")),
                    S("{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"kid\":\"s\"}]}"), &r),
              "alg_not_allowed");
    CHECK_STR(judge(t, test_hmac_token(t->arena, S("{\"alg\":\"ES256\",\"kid\":\"s\"}"), payload, S("secret")),
                    S("{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"kid\":\"s\"}]}"), &r),
              "key_type");
}

TEST(a_signature_of_wrong_form_or_by_another_key_is_refused) /* [RFC 7518 3.4, 3.3] */
{
    struct jose_rules r = rules();
    struct str payload = S("{" GOOD "}"), ec = test_jwks(t->arena, TEST_EC, "k1"),
               rsa = test_jwks(t->arena, TEST_RSA, "k1");
    static const char order[] = "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"
                                "\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";
    char bytes[256] = { 0 };

    CHECK_STR(judge(t, test_token(t->arena, TEST_EC_OTHER, es256, payload), ec, &r), "signature_invalid");
    CHECK_STR(judge(t, test_token(t->arena, TEST_RSA_OTHER, rs256, payload), rsa, &r), "signature_invalid");
    CHECK_STR(judge(t, test_token_with(t->arena, es256, payload, str_n(bytes, 64)), ec, &r), "signature_malformed");
    bytes[31] = bytes[63] = 1;
    CHECK_STR(judge(t, test_token_with(t->arena, es256, payload, str_n(bytes, 64)), ec, &r), "signature_invalid");
    for (size_t i = 0; i < 32; i++)
        bytes[i] = order[i];
    CHECK_STR(judge(t, test_token_with(t->arena, es256, payload, str_n(bytes, 64)), ec, &r), "signature_malformed");
    memset(bytes, 0, 32);
    bytes[31] = 1;
    for (size_t i = 0; i < 32; i++)
        bytes[32 + i] = order[i];
    CHECK_STR(judge(t, test_token_with(t->arena, es256, payload, str_n(bytes, 64)), ec, &r), "signature_malformed");
    memset(bytes, 0xff, 64);
    CHECK_STR(judge(t, test_token_with(t->arena, es256, payload, str_n(bytes, 64)), ec, &r), "signature_malformed");
    for (size_t n = 0; n < 140; n++)
        if (n != 64)
            CHECK_STR(judge(t, test_token_with(t->arena, es256, payload, str_n(bytes, n)), ec, &r),
                      "signature_malformed");
    memset(bytes, 0, sizeof bytes);
    CHECK_STR(judge(t, test_token_with(t->arena, rs256, payload, str_n(bytes, 256)), rsa, &r), "signature_invalid");
    memset(bytes, 0xff, sizeof bytes);
    CHECK_STR(judge(t, test_token_with(t->arena, rs256, payload, str_n(bytes, 256)), rsa, &r), "signature_invalid");
    CHECK_STR(judge(t, test_token_with(t->arena, rs256, payload, str_n(bytes, 255)), rsa, &r), "signature_malformed");
    /* An ECDSA signature for the same text, under the wrong name. */
    CHECK_STR(judge(t, test_token(t->arena, TEST_EC, rs256, payload), rsa, &r), "signature_malformed");
    CHECK_STR(judge(t, test_token(t->arena, TEST_RSA, es256, payload), ec, &r), "signature_malformed");
    CHECK_STR(judge(t, test_token(t->arena, TEST_EC_384, es256, payload), test_jwks(t->arena, TEST_EC_384, "k1"), &r),
              "key_type");
}

static struct str two_keys(struct test *t, enum test_key x, const char *x_more, enum test_key y, const char *y_more)
{
    return arena_printf(t->arena, "{\"keys\":[{%.*s%s},{%.*s%s}]}", STR_ARG(test_jwk_members(t->arena, x)), x_more,
                        STR_ARG(test_jwk_members(t->arena, y)), y_more);
}

static const char *judge_keys(struct test *t, const char *header, struct str jwks)
{
    struct jose_rules r = rules();

    return judge(t, test_token(t->arena, TEST_EC, str_of(header), S("{" GOOD "}")), jwks, &r);
}

TEST(the_one_key_is_chosen_by_kid_type_and_purpose) /* [OIDC Core 10.1; RP06, RP07] */
{
    const char *bare = "{\"alg\":\"ES256\"}", *k1 = "{\"alg\":\"ES256\",\"kid\":\"k1\"}";
    const char *kid1 = ",\"kid\":\"k1\"", *kid2 = ",\"kid\":\"k2\"";

    CHECK_STR(judge_keys(t, bare, two_keys(t, TEST_EC, kid1, TEST_RSA, kid2)), "ok");
    CHECK_STR(judge_keys(t, bare, two_keys(t, TEST_EC, "", TEST_EC_OTHER, ",\"use\":\"enc\"")), "ok");
    CHECK_STR(judge_keys(t, bare, two_keys(t, TEST_EC, kid1, TEST_EC_OTHER, kid2)), "key_ambiguous");
    CHECK_STR(judge_keys(t, k1, two_keys(t, TEST_EC, kid1, TEST_EC_OTHER, kid1)), "key_ambiguous");
    CHECK_STR(judge_keys(t, k1, two_keys(t, TEST_EC, kid1, TEST_RSA, kid1)), "ok");
    CHECK_STR(judge_keys(t, k1, two_keys(t, TEST_EC, kid1, TEST_EC_OTHER, kid2)), "ok");
    CHECK_STR(judge_keys(t, k1, two_keys(t, TEST_EC, "", TEST_EC_OTHER, kid2)), "key_unknown");
    CHECK_STR(judge_keys(t, k1, two_keys(t, TEST_EC, ",\"kid\":\"k1\",\"use\":\"enc\"", TEST_RSA, "")), "key_use");
    CHECK_STR(judge_keys(t, k1, two_keys(t, TEST_EC, ",\"kid\":\"k1\",\"use\":[\"sig\"]", TEST_RSA, "")), "key_use");
    CHECK_STR(judge_keys(t, k1, two_keys(t, TEST_EC, ",\"kid\":\"k1\",\"key_ops\":[\"sign\"]", TEST_RSA, "")),
              "key_use");
    CHECK_STR(judge_keys(t, k1, two_keys(t, TEST_EC, ",\"kid\":\"k1\",\"key_ops\":[\"verify\"]", TEST_RSA, "")), "ok");
    CHECK_STR(judge_keys(t, k1, two_keys(t, TEST_EC, ",\"kid\":\"k1\",\"alg\":\"ES384\"", TEST_RSA, "")), "key_alg");
    CHECK_STR(judge_keys(t, k1, two_keys(t, TEST_EC, ",\"kid\":\"k1\",\"alg\":\"ECDH-ES\"", TEST_RSA, "")), "key_alg");
    CHECK_STR(judge_keys(t, k1, two_keys(t, TEST_EC, ",\"kid\":\"k1\",\"alg\":\"ES256\"", TEST_RSA, "")), "ok");
    CHECK_STR(judge_keys(t, k1, S("{\"keys\":[]}")), "key_unknown");
    CHECK_STR(judge_keys(t, bare, S("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}]}")), "key_unknown");
}

TEST(a_weak_or_malformed_key_is_not_used)
{
    struct jose_rules r = rules();
    struct str rsa_token = test_token(t->arena, TEST_RSA, rs256, S("{" GOOD "}"));
    static const struct {
        const char *jwk, *code;
    } ec[] = {
        { "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"", "key_malformed" },
        { "\"kty\":\"EC\",\"crv\":\"P-256\"", "key_malformed" },
        { "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":1,\"y\":2", "key_malformed" },
        { "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
          "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
          "key_malformed" },
        { "\"kty\":\"EC\",\"x\":\"AQ\",\"y\":\"AQ\"", "key_type" },
        { "\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AQ\",\"y\":\"AQ\"", "key_type" },
        { "\"kty\":\"ec\",\"crv\":\"P-256\"", "key_type" },
        { "\"x\":\"AQ\"", "key_type" },
    };

    for (size_t i = 0; i < sizeof ec / sizeof *ec; i++)
        CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\",\"kid\":\"k1\"}",
                             arena_printf(t->arena, "{\"keys\":[{\"kid\":\"k1\",%s}]}", ec[i].jwk)),
                  ec[i].code);
    CHECK_STR(judge(t, test_token(t->arena, TEST_RSA_1024, rs256, S("{" GOOD "}")),
                    test_jwks(t->arena, TEST_RSA_1024, "k1"), &r),
              "key_weak");
    struct str members = test_jwk_members(t->arena, TEST_RSA);
    struct str n = str_sub(members, 0, str_find(members, S(",\"e\"")));
    static const struct {
        const char *e, *code;
    } exponents[] = { { "AQ", "key_weak" },
                      { "Aw", "key_weak" },
                      { "AQAA", "key_weak" },
                      { "", "key_weak" },
                      { "AAAA", "key_weak" },
                      { "AQAAAAAB", "key_weak" },
                      { "AQAB=", "key_malformed" },
                      { "AQAB AQAB", "key_malformed" },
                      { "AQAB", "ok" },
                      { "AAEAAQ", "ok" } };
    for (size_t i = 0; i < sizeof exponents / sizeof *exponents; i++)
        CHECK_STR(
            judge(t, rsa_token,
                  arena_printf(t->arena, "{\"keys\":[{%.*s,\"e\":\"%s\",\"kid\":\"k1\"}]}", STR_ARG(n), exponents[i].e),
                  &r),
            exponents[i].code);
    char *big = arena_alloc(t->arena, 2000);
    memset(big, 'f', 2000);
    CHECK_STR(
        judge(t, rsa_token,
              arena_printf(t->arena, "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"AQAB\",\"kid\":\"k1\"}]}",
                           2000, big),
              &r),
        "key_weak");
}

TEST(a_key_set_that_is_none_is_refused)
{
    CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\"}", S("")), "jwks_malformed");
    CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\"}", S("[]")), "jwks_malformed");
    CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\"}", S("{}")), "jwks_malformed");
    CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\"}", S("{\"keys\":{}}")), "jwks_malformed");
    CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\"}", S("{\"keys\":[1]}")), "jwks_malformed");
    CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\"}", S("{\"keys\":[],\"keys\":[]}")), "jwks_malformed");
    CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\"}", S("<html>")), "jwks_malformed");
    CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\"}", two_keys(t, TEST_EC, "", TEST_RSA, ",\"d\":\"AQ\"")),
              "jwks_private");
    CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\"}", two_keys(t, TEST_EC, "", TEST_EC_OTHER, ",\"d\":\"AQ\"")),
              "jwks_private");
    char *spaces = arena_alloc(t->arena, JWKS_MAX_B + 1);
    memset(spaces, ' ', JWKS_MAX_B + 1);
    CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\"}", str_n(spaces, JWKS_MAX_B + 1)), "jwks_too_large");
    struct buf many = buf_new(t->arena, 65536);
    buf_add(&many, S("{\"keys\":[{}"));
    for (int i = 0; i < JWKS_KEYS_MAX; i++)
        buf_add(&many, S(",{}"));
    buf_add(&many, S("]}"));
    CHECK_STR(judge_keys(t, "{\"alg\":\"ES256\"}", buf_str(&many)), "jwks_too_large");
}

TEST(a_payload_that_is_not_one_object_is_refused)
{
    static const char *const payloads[] = { "",
                                            "[]",
                                            "1",
                                            "\"x\"",
                                            "null",
                                            "{",
                                            "{" GOOD "}x",
                                            "{" GOOD ",\"iss\":\"" ISS "\"}",
                                            "{" GOOD ",\"x\":1e999}",
                                            "{" GOOD ",\"x\":18446744073709551616}",
                                            "{" GOOD ",\"x\":\"\\u0000\"}",
                                            "{" GOOD ",\"x\":{\"a\\u0000b\":1}}",
                                            "{" GOOD ",\"x\":\"\xff\"}",
                                            "{" GOOD ",\"x\":NaN}",
                                            "\xef\xbb\xbf{" GOOD "}",
                                            "eyJhbGciOiJFUzI1NiJ9.e30.AA" };

    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
        CHECK_STR(judge_claims(t, str_of(payloads[i])), "claims_malformed");
}

/* clang-format off */
#define WITH(iss, sub, aud, exp, iat)                                                                        \
    "{\"iss\":" iss ",\"sub\":" sub ",\"aud\":" aud ",\"exp\":" exp ",\"iat\":" iat "}"
#define Q_ISS "\"" ISS "\""
#define Q_AUD "\"" AUD "\""
/* clang-format on */

TEST(each_rule_about_claims_has_its_code) /* [OIDC Core 3.1.3.7, RFC 7519 4.1] */
{
    static const struct {
        const char *payload, *code;
    } cases[] = {
        { "{}", "iss_missing" },
        { WITH("1", "\"a\"", Q_AUD, "1786349100", "1786348790"), "iss_malformed" },
        { WITH("null", "\"a\"", Q_AUD, "1786349100", "1786348790"), "iss_malformed" },
        { WITH("[\"" ISS "\"]", "\"a\"", Q_AUD, "1786349100", "1786348790"), "iss_malformed" },
        { WITH("\"" ISS "/\"", "\"a\"", Q_AUD, "1786349100", "1786348790"), "iss_wrong" },
        { WITH("\"HTTPS://idp.example\"", "\"a\"", Q_AUD, "1786349100", "1786348790"), "iss_wrong" },
        { WITH("\"\"", "\"a\"", Q_AUD, "1786349100", "1786348790"), "iss_wrong" },
        { "{\"iss\":" Q_ISS "}", "sub_missing" },
        { WITH(Q_ISS, "1", Q_AUD, "1786349100", "1786348790"), "sub_malformed" },
        { WITH(Q_ISS, "\"\"", Q_AUD, "1786349100", "1786348790"), "sub_malformed" },
        { WITH(Q_ISS, "\"a\\nb\"", Q_AUD, "1786349100", "1786348790"), "sub_malformed" },
        { "{\"iss\":" Q_ISS ",\"sub\":\"a\"}", "aud_missing" },
        { WITH(Q_ISS, "\"a\"", "1", "1786349100", "1786348790"), "aud_malformed" },
        { WITH(Q_ISS, "\"a\"", "[]", "1786349100", "1786348790"), "aud_malformed" },
        { WITH(Q_ISS, "\"a\"", "[" Q_AUD ",1]", "1786349100", "1786348790"), "aud_malformed" },
        { WITH(Q_ISS, "\"a\"", "{\"gateway\":1}", "1786349100", "1786348790"), "aud_malformed" },
        { WITH(Q_ISS, "\"a\"", "\"other\"", "1786349100", "1786348790"), "aud_wrong" },
        { WITH(Q_ISS, "\"a\"", "\"gateway other\"", "1786349100", "1786348790"), "aud_wrong" },
        { WITH(Q_ISS, "\"a\"", "[\"other\"]", "1786349100", "1786348790"), "aud_wrong" },
        { WITH(Q_ISS, "\"a\"", "[" Q_AUD "]", "1786349100", "1786348790"), "ok" },
        { WITH(Q_ISS, "\"a\"", "[" Q_AUD ",\"other\"]", "1786349100", "1786348790"), "azp_missing" },
        { WITH(Q_ISS, "\"a\"", "[" Q_AUD ",\"other\"],\"azp\":\"other\"", "1786349100", "1786348790"), "azp_wrong" },
        { WITH(Q_ISS, "\"a\"", "[" Q_AUD ",\"other\"],\"azp\":1", "1786349100", "1786348790"), "azp_malformed" },
        { WITH(Q_ISS, "\"a\"", "[" Q_AUD ",\"other\"],\"azp\":" Q_AUD, "1786349100", "1786348790"), "ok" },
        { WITH(Q_ISS, "\"a\"", Q_AUD ",\"azp\":\"other\"", "1786349100", "1786348790"), "azp_wrong" },
        { "{\"iss\":" Q_ISS ",\"sub\":\"a\",\"aud\":" Q_AUD ",\"iat\":1786348790}", "exp_missing" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "\"1786349100\"", "1786348790"), "exp_malformed" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "null", "1786348790"), "exp_malformed" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "true", "1786348790"), "exp_malformed" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "-1", "1786348790"), "exp_malformed" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "1e300", "1786348790"), "exp_malformed" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "9223372036854775807", "1786348790"), "exp_malformed" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "1786349100000", "1786348790"), "exp_malformed" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "0", "1786348790"), "token_expired" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "1786348740", "1786348730"), "token_expired" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "1786348740.5", "1786348730"), "ok" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "1786348741", "1786348730"), "ok" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "1.7863491e9", "1786348790.25"), "ok" },
        { "{\"iss\":" Q_ISS ",\"sub\":\"a\",\"aud\":" Q_AUD ",\"exp\":1786349100}", "iat_missing" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "1786349100", "\"now\""), "iat_malformed" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "1786349100", "-0.5"), "iat_malformed" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "1786349100", "1786348861"), "iat_future" },
        { WITH(Q_ISS, "\"a\"", Q_AUD, "1786349100", "1786348860"), "ok" },
        { "{" GOOD ",\"nbf\":1786348860}", "ok" },
        { "{" GOOD ",\"nbf\":1786348861}", "not_yet_valid" },
        { "{" GOOD ",\"nbf\":\"0\"}", "nbf_malformed" },
        { "{" GOOD ",\"nonce\":7}", "nonce_malformed" },
        { "{" GOOD ",\"jti\":7}", "jti_malformed" },
        { "{" GOOD ",\"jti\":\"\"}", "jti_malformed" },
        { "{" GOOD ",\"sid\":{}}", "sid_malformed" },
        { "{" GOOD ",\"at_hash\":1}", "at_hash_malformed" },
        { "{" GOOD ",\"auth_time\":\"x\"}", "auth_time_malformed" },
        { "{" GOOD ",\"auth_time\":1786348861}", "auth_time_future" },
        { "{" GOOD ",\"auth_time\":1786348000}", "ok" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = judge_claims(t, str_of(cases[i].payload));
        if (strcmp(got, cases[i].code) != 0)
            test_fail(t, __FILE__, __LINE__, "%s: %s, expected %s", cases[i].payload, got, cases[i].code);
    }
    char sub[300];
    memset(sub, 'a', sizeof sub);
    CHECK_STR(
        judge_claims(t, arena_printf(t->arena, WITH(Q_ISS, "\"%.*s\"", Q_AUD, "1786349100", "1786348790"), 255, sub)),
        "ok");
    CHECK_STR(
        judge_claims(t, arena_printf(t->arena, WITH(Q_ISS, "\"%.*s\"", Q_AUD, "1786349100", "1786348790"), 256, sub)),
        "sub_malformed");
}

static const char *judge_rules(struct test *t, const char *payload, struct jose_rules r)
{
    return judge(t, test_token(t->arena, TEST_EC, es256, str_of(payload)), test_jwks(t->arena, TEST_EC, "k1"), &r);
}

TEST(what_the_caller_asks_for_must_be_said)
{
    struct jose_rules r = rules();

    r.nonce = S("n1");
    CHECK_STR(judge_rules(t, "{" GOOD "}", r), "nonce_missing");
    CHECK_STR(judge_rules(t, "{" GOOD ",\"nonce\":\"n2\"}", r), "nonce_wrong");
    CHECK_STR(judge_rules(t, "{" GOOD ",\"nonce\":\"N1\"}", r), "nonce_wrong");
    CHECK_STR(judge_rules(t, "{" GOOD ",\"nonce\":\"n1\"}", r), "ok");
    r = rules();
    r.nonce_forbidden = true;
    CHECK_STR(judge_rules(t, "{" GOOD ",\"nonce\":\"n1\"}", r), "nonce_forbidden");
    r = rules();
    r.jti_must = true;
    CHECK_STR(judge_rules(t, "{" GOOD "}", r), "jti_missing");
    r = rules();
    r.life_max_s = 200;
    CHECK_STR(judge_rules(t, "{" GOOD "}", r), "exp_too_far");
    r.life_max_s = 300;
    CHECK_STR(judge_rules(t, "{" GOOD "}", r), "ok");
    r = rules();
    r.auth_since_s = TEST_NOW_S;
    CHECK_STR(judge_rules(t, "{" GOOD "}", r), "auth_time_missing");
    CHECK_STR(judge_rules(t, "{" GOOD ",\"auth_time\":1786348739}", r), "auth_time_old");
    CHECK_STR(judge_rules(t, "{" GOOD ",\"auth_time\":1786348740}", r), "ok");
    r = rules();
    r.typ = S("logout+jwt");
    CHECK_STR(judge_rules(t, "{" GOOD "}", r), "header_typ");
    r = rules();
    r.aud_too = S("https://us.example/token");
    CHECK_STR(judge_rules(t, WITH(Q_ISS, "\"a\"", "\"https://us.example/token\"", "1786349100", "1786348790"), r),
              "ok");
    r = rules();
    r.algs = JOSE_BIT(JOSE_RS256);
    CHECK_STR(judge_rules(t, "{" GOOD "}", r), "alg_not_allowed");
}

TEST(at_hash_must_fit_the_access_token) /* [OIDC Core 3.1.3.6, example of A.3; RP16, RP17] */
{
    struct jose_rules r = rules();

    r.access_token = S("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
    CHECK_STR(judge_rules(t, "{" GOOD ",\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RQ\"}", r), "ok");
    CHECK_STR(judge_rules(t, "{" GOOD ",\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RR\"}", r), "at_hash_wrong");
    CHECK_STR(judge_rules(t, "{" GOOD ",\"at_hash\":\"\"}", r), "at_hash_wrong");
    CHECK_STR(judge_rules(t, "{" GOOD "}", r), "ok");
    r.at_hash_must = true;
    CHECK_STR(judge_rules(t, "{" GOOD "}", r), "at_hash_missing");
}

TEST(the_caller_says_whose_fault_a_bad_token_is)
{
    struct jose_rules r = rules();
    struct fail f = { 0 }, g = { 0 };
    struct jose_claims c;
    const struct jwks *keys = jwks_read(t->arena, test_jwks(t->arena, TEST_EC, "k1"), &f);

    r.blame = FAIL_UPSTREAM;
    CHECK(!jose_verify(t->arena, S("x"), keys, &r, &c, &f));
    CHECK_INT(f.kind, FAIL_UPSTREAM);
    CHECK(!jose_verify(t->arena, test_token(t->arena, TEST_EC, es256, S("{}")), keys, &r, &c, &g));
    CHECK_INT(g.kind, FAIL_UPSTREAM);
}

TEST(a_refusal_that_other_keys_could_turn_is_told_from_the_rest)
{
    struct fail f = { 0 };
    const struct jwks *keys = jwks_read(t->arena, test_jwks(t->arena, TEST_EC, "k1"), &f);
    struct str payload = S("{" GOOD "}");
    const struct {
        struct str token;
        bool keys;
    } rows[] = {
        { test_token(t->arena, TEST_EC, S("{\"alg\":\"ES256\",\"kid\":\"k9\"}"), payload), true },
        { test_token(t->arena, TEST_RSA, S("{\"alg\":\"RS256\"}"), payload), true },
        { test_token(t->arena, TEST_EC_OTHER, es256, payload), true }, /* another key under the same kid */
        { test_token(t->arena, TEST_EC_OTHER, S("{\"alg\":\"ES256\"}"), payload), true }, /* and without one */
        { test_token(t->arena, TEST_EC, es256, S("{}")), false },
        { S("a.b"), false },
        { S("YQ.YQ.YQ"), false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct jose_rules r = rules();
        struct jose_claims c;
        struct fail why = { 0 };
        CHECK(!jose_verify(t->arena, rows[i].token, keys, &r, &c, &why));
        CHECK_INT(jose_is_about_keys(why.code), rows[i].keys);
    }
}

/* [RFC 7517 4: members that are not said say nothing against a key] */
TEST(empty_members_of_a_key_say_nothing)
{
    struct fail f = { 0 };
    struct str keys = test_jwks(t->arena, TEST_EC, "k1");
    struct str more = arena_printf(t->arena, "%.*s,\"use\":null,\"key_ops\":[],\"x5c\":7,\"alg\":\"\"}]}",
                                   (int)str_find(keys, S("}]}")), keys.p);
    struct str token = test_token(t->arena, TEST_EC, es256, S("{" GOOD "}"));
    struct jose_rules r = rules();
    struct jose_claims c;

    CHECK(str_find(keys, S("\"use\"")) == keys.n && str_find(keys, S("\"alg\"")) == keys.n);
    const struct jwks *read = jwks_read(t->arena, more, &f);
    CHECK(read != NULL && jwks_count(read) == 1);
    CHECK(jose_verify(t->arena, token, read, &r, &c, &f));
}
