/* SPDX-License-Identifier: EUPL-1.2
 * What we encrypt for others.  A library of another make opens all of it in tests/e2e/envelopes.mjs. */
#include "wire/jwe.h"

#include "base/codec.h"
#include "tests/test.h"
#include "tests/tokens.h"
#include "wire/jwe_int.h"

static struct str hex(struct test *t, const char *digits)
{
    struct str out = { NULL, 0 };

    CHECK(hex_decode(t->arena, str_of(digits), &out));
    return out;
}

/* [RFC 7518 B.1, B.3] */
static const char plain_hex[] =
    "41206369706865722073797374656d206d757374206e6f7420626520726571756972656420746f206265207365637265742c"
    "20616e64206974206d7573742062652061626c6520746f2066616c6c20696e746f207468652068616e6473206f66207468652"
    "0656e656d7920776974686f757420696e636f6e76656e69656e6365";
static const char aad_hex[] = "546865207365636f6e64207072696e6369706c65206f662041756775737465204b6572636b686f666673";
static const char iv_hex[] = "1af38c2dc2b96ffdd86694092341bc04";

TEST(contents_are_encrypted_as_the_vectors_of_rfc_7518_are)
{
    static const struct {
        enum jwe_enc enc;
        const char *key, *begins, *tag;
    } cases[] = {
        { JWE_A128CBC_HS256, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
          "c80edfa32ddf39d5ef00c0b468834279", "652c3fa36b0a7c5b3219fab3a30bc1c4" },
        { JWE_A256CBC_HS512,
          "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435"
          "363738"
          "393a3b3c3d3e3f",
          "4affaaadb78c31c5da4b1b590d10ffbd", "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5" },
    };
    struct jwe_content got;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(jwe_encrypt(t->arena, cases[i].enc, hex(t, cases[i].key), hex(t, iv_hex), hex(t, aad_hex),
                          hex(t, plain_hex), &got));
        CHECK_STR(hex_encode(t->arena, str_sub(got.ciphertext, 0, 16)), cases[i].begins);
        CHECK_STR(hex_encode(t->arena, got.tag), cases[i].tag);
    }
}

TEST(a_derived_key_is_the_one_of_the_example) /* [RFC 7518 C] */
{
    static const unsigned char z[] = { 158, 86, 217, 29,  129, 113, 53,  211, 114, 131, 66,  131, 191, 132, 38,  156,
                                       251, 49, 110, 163, 218, 128, 106, 72,  246, 218, 167, 121, 140, 254, 144, 196 };

    CHECK_STR(b64url_encode(t->arena, jwe_derive(t->arena, str_n(z, sizeof z), S("A128GCM"), S("Alice"), S("Bob"), 16)),
              "VqqN6vgjbSBcIijNcacQGg");
}

TEST(keys_are_wrapped_as_rfc_3394_does) /* [RFC 3394 4.1, 4.6] */
{
    struct str out;

    CHECK(jwe_wrap(t->arena, hex(t, "000102030405060708090a0b0c0d0e0f"), hex(t, "00112233445566778899aabbccddeeff"),
                   &out));
    CHECK_STR(hex_encode(t->arena, out), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    CHECK(jwe_wrap(t->arena, hex(t, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
                   hex(t, "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f"), &out));
    CHECK_STR(hex_encode(t->arena, out),
              "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
}

static const char *choice(struct test *t, struct str jwks, enum jwe_alg alg)
{
    struct fail f = { 0 };
    const struct jwks *keys = jwks_read(t->arena, jwks, &f);

    CHECK(keys != NULL);
    return jwe_choose(t->arena, keys, alg, &f) != NULL ? "ok" : f.code;
}

static struct str set(struct test *t, enum test_key key, const char *more)
{
    return arena_printf(t->arena, "{\"keys\":[{%.*s%s}]}", STR_ARG(test_jwk_members(t->arena, key)), more);
}

TEST(the_readers_key_fits_or_nothing_is_encrypted)
{
    CHECK_STR(choice(t, set(t, TEST_RSA, ""), JWE_RSA_OAEP_256), "ok");
    CHECK_STR(choice(t, set(t, TEST_RSA, ",\"use\":\"enc\",\"alg\":\"RSA-OAEP\""), JWE_RSA_OAEP), "ok");
    CHECK_STR(choice(t, set(t, TEST_EC, ",\"use\":\"enc\",\"key_ops\":[]"), JWE_ECDH_ES), "ok");
    CHECK_STR(choice(t, set(t, TEST_EC, ",\"key_ops\":[\"deriveKey\"]"), JWE_ECDH_ES_A256KW), "ok");
    CHECK_STR(choice(t, set(t, TEST_RSA, ",\"use\":\"sig\""), JWE_RSA_OAEP_256), "jwe_key");
    CHECK_STR(choice(t, set(t, TEST_RSA, ",\"alg\":\"RS256\""), JWE_RSA_OAEP_256), "jwe_key");
    CHECK_STR(choice(t, set(t, TEST_RSA, ",\"alg\":\"RSA-OAEP\""), JWE_RSA_OAEP_256), "jwe_key");
    CHECK_STR(choice(t, set(t, TEST_RSA, ",\"alg\":\"RSA1_5\",\"use\":\"enc\""), JWE_RSA_OAEP), "jwe_key");
    CHECK_STR(choice(t, set(t, TEST_RSA, ",\"key_ops\":[\"verify\"]"), JWE_RSA_OAEP), "jwe_key");
    CHECK_STR(choice(t, set(t, TEST_EC, ""), JWE_RSA_OAEP), "jwe_key");
    CHECK_STR(choice(t, set(t, TEST_RSA, ""), JWE_ECDH_ES), "jwe_key");
    CHECK_STR(choice(t, set(t, TEST_RSA_1024, ""), JWE_RSA_OAEP), "jwe_key");
    CHECK_STR(choice(t, set(t, TEST_EC_384, ""), JWE_ECDH_ES), "jwe_key");
    CHECK_STR(choice(t, set(t, TEST_ED, ""), JWE_ECDH_ES), "jwe_key");
    CHECK_STR(choice(t, S("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"}]}"), JWE_ECDH_ES),
              "jwe_key");
    CHECK_STR(choice(t, S("{\"keys\":[]}"), JWE_ECDH_ES), "jwe_key");
    CHECK_STR(choice(t, set(t, TEST_RSA, ""), JWE_ALG_NONE), "jwe_alg");
}

TEST(algorithms_that_are_not_registered_or_not_ours_have_no_name)
{
    static const char *const algs[] = { "",        "RSA1_5", "dir", "A128KW", "PBES2-HS256+A128KW", "ECDH-ES+A192KW",
                                        "rsa-oaep" };
    static const char *const encs[] = { "", "A192GCM", "A192CBC-HS384", "none", "a128gcm" };

    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++)
        CHECK_INT(jwe_alg_named(str_of(algs[i])), JWE_ALG_NONE);
    for (size_t i = 0; i < sizeof encs / sizeof *encs; i++)
        CHECK_INT(jwe_enc_named(str_of(encs[i])), JWE_ENC_NONE);
    for (int alg = JWE_ALG_NONE + 1; alg < JWE_ALG_COUNT; alg++)
        CHECK_INT(jwe_alg_named(str_of(jwe_alg_name((enum jwe_alg)alg))), alg);
    for (int enc = JWE_ENC_NONE + 1; enc < JWE_ENC_COUNT; enc++)
        CHECK_INT(jwe_enc_named(str_of(jwe_enc_name((enum jwe_enc)enc))), enc);
}

TEST(a_marked_key_goes_before_an_unmarked_one_and_its_kid_is_said)
{
    struct fail f = { 0 };
    struct str out = { NULL, 0 }, rest, head;
    struct str jwks = arena_printf(t->arena, "{\"keys\":[{%.*s,\"kid\":\"a\"},{%.*s,\"kid\":\"b\",\"use\":\"enc\"}]}",
                                   STR_ARG(test_jwk_members(t->arena, TEST_RSA)),
                                   STR_ARG(test_jwk_members(t->arena, TEST_RSA_OTHER)));
    const struct jwe_key *key = jwe_choose(t->arena, jwks_read(t->arena, jwks, &f), JWE_RSA_OAEP_256, &f);

    CHECK(key != NULL && jwe_write(t->arena, &t->world, key, JWE_A128GCM, S("JWT"), S("a.b.c"), &out, &f));
    rest = out;
    CHECK(str_split(&rest, '.', &head) && b64url_decode(t->arena, head, &head));
    CHECK_STR(head, "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A128GCM\",\"kid\":\"b\",\"cty\":\"JWT\"}");
    CHECK(!jwe_write(t->arena, &t->world, key, JWE_ENC_NONE, S("JWT"), S("a"), &out, &f));
    CHECK_STR(f.code, "jwe_enc");
    f = (struct fail){ 0 };
    CHECK(!jwe_write(t->arena, &t->world, key, JWE_A128GCM, S("JWT"), (struct str){ NULL, 0 }, &out, &f));
    CHECK_STR(f.code, "jwe_broken");
    f = (struct fail){ 0 };
    CHECK(!jwe_write(t->arena, &t->world, key, JWE_A128GCM, S("JWT"),
                     str_n(arena_alloc(t->arena, JWE_PLAIN_MAX_B + 1), JWE_PLAIN_MAX_B + 1), &out, &f));
    CHECK_STR(f.code, "jwe_broken");
}

TEST(what_is_as_large_as_it_may_be_is_written_in_each_content_algorithm)
{
    struct fail f = { 0 };
    struct str out;
    const struct jwe_key *key =
        jwe_choose(t->arena, jwks_read(t->arena, set(t, TEST_EC, ""), &f), JWE_ECDH_ES_A128KW, &f);
    struct str plain = str_n(arena_alloc(t->arena, JWE_PLAIN_MAX_B), JWE_PLAIN_MAX_B);

    for (int enc = JWE_ENC_NONE + 1; enc < JWE_ENC_COUNT; enc++) {
        CHECK(key != NULL && jwe_write(t->arena, &t->world, key, (enum jwe_enc)enc, S("JWT"), plain, &out, &f));
        CHECK(out.n > JWE_PLAIN_MAX_B);
    }
}
