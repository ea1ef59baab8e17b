/* SPDX-License-Identifier: EUPL-1.2
 * What a browser says of a passkey: every check of Web Authentication Level 2, 7.1 and 7.2 that is ours as what is
 * refused. */
#include "wire/passkey.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "tests/test.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <string.h>

#define ORIGIN "https://gateway.example"
#define RP     "gateway.example"

enum { PRESENT = 1, VERIFIED = 4, HAS_KEY = 0x40, POINT_B = 65, X_AT = 1, Y_AT = 33, COORDINATE_B = 32 };

static char challenge_bytes[PASSKEY_CHALLENGE_B] = "a challenge of thirty-two bytes";
#define CREDENTIAL "credential-id"

static EVP_PKEY *key_of(struct test *t)
{
    static EVP_PKEY *key;

    if (key == NULL)
        key = EVP_EC_gen("P-256");
    CHECK(key != NULL);
    return key;
}

static struct passkey_asked asked(void)
{
    return (struct passkey_asked){ .origin = S(ORIGIN),
                                   .rp = S(RP),
                                   .challenge = str_n(challenge_bytes, sizeof challenge_bytes) };
}

struct ceremony { /* what is said; NULL, 0: as it should be */
    const char *type, *origin, *challenge, *more, *rp;
    int flags; /* -1: none */
    uint32_t count;
    bool other_data; /* signed over something else */
};

static struct str client_data(struct test *t, const struct ceremony *x, const char *type)
{
    struct str right = b64url_encode(t->arena, str_n(challenge_bytes, sizeof challenge_bytes));

    return arena_printf(t->arena, "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"%s\"%s}",
                        x->type != NULL ? x->type : type, STR_ARG(x->challenge != NULL ? str_of(x->challenge) : right),
                        x->origin != NULL ? x->origin : ORIGIN, x->more != NULL ? x->more : "");
}

static struct str point(struct test *t)
{
    unsigned char bytes[POINT_B];
    size_t n = 0;

    CHECK(EVP_PKEY_get_octet_string_param(key_of(t), "pub", bytes, sizeof bytes, &n) == 1 && n == POINT_B);
    return arena_str(t->arena, str_n((const char *)bytes, n));
}

/* [6.1]; the key as COSE writes it [RFC 9052 7]. */
static struct str authenticator_data(struct test *t, const struct ceremony *x, bool with_key)
{
    struct buf b = buf_new(t->arena, 1024);
    int flags = x->flags != 0 ? (x->flags < 0 ? 0 : x->flags) : PRESENT | VERIFIED;
    struct str p = point(t);

    buf_add(&b, sha256(t->arena, x->rp != NULL ? str_of(x->rp) : S(RP)));
    buf_byte(&b, (char)(flags | (with_key ? HAS_KEY : 0)));
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_byte(&b, (char)(x->count >> shift));
    if (!with_key)
        return buf_str(&b);
    for (int i = 0; i < 16; i++)
        buf_byte(&b, '\0');
    buf_byte(&b, '\0');
    buf_byte(&b, (char)(sizeof CREDENTIAL - 1));
    buf_add(&b, S(CREDENTIAL));
    buf_add(&b, str_n("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", 10));
    buf_add(&b, str_sub(p, X_AT, COORDINATE_B));
    buf_add(&b, str_n("\x22\x58\x20", 3));
    buf_add(&b, str_sub(p, Y_AT, COORDINATE_B));
    return buf_str(&b);
}

static struct str sign(struct test *t, struct str data, struct str client)
{
    unsigned char signature[128];
    size_t n = sizeof signature;
    struct str over = arena_join(t->arena, data, sha256(t->arena, client));
    EVP_MD_CTX *md = EVP_MD_CTX_new();

    CHECK(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key_of(t)) == 1 &&
          EVP_DigestSign(md, signature, &n, (const unsigned char *)over.p, over.n) == 1);
    EVP_MD_CTX_free(md);
    return arena_str(t->arena, str_n((const char *)signature, n));
}

static bool make(struct test *t, const struct ceremony *x, struct passkey *out, struct fail *f)
{
    const struct passkey_asked by = asked();

    *f = (struct fail){ 0 };
    return passkey_made(t->arena, &by, client_data(t, x, "webauthn.create"), authenticator_data(t, x, true), out, f);
}

static bool use(struct test *t, const struct ceremony *x, int64_t before, int64_t *count, struct fail *f)
{
    const struct passkey_asked by = asked();
    const struct passkey kept = { S(CREDENTIAL), str_from(point(t), X_AT), before };
    struct str client = client_data(t, x, "webauthn.get"), data = authenticator_data(t, x, false);
    struct str over = x->other_data ? arena_join(t->arena, data, S("x")) : data;

    *f = (struct fail){ 0 };
    return passkey_signed(t->arena, &by, &kept, client, data, sign(t, over, client), count, f);
}

TEST(a_passkey_is_made_and_signs_in)
{
    const struct ceremony good = { .count = 7 };
    struct passkey made;
    struct fail f;
    int64_t count;

    CHECK(make(t, &good, &made, &f));
    CHECK(str_eq(made.id, S(CREDENTIAL)) && made.count == 7);
    CHECK(str_eq(made.key, str_from(point(t), X_AT)));
    CHECK(use(t, &good, 6, &count, &f));
    CHECK(count == 7);
    CHECK(use(t, &(struct ceremony){ .more = ",\"crossOrigin\":false,\"new\":[1]" }, 0, &count, &f)); /* [5.8.1] */
}

TEST(what_is_of_another_ceremony_page_site_or_challenge_is_refused)
{
    static const struct {
        struct ceremony x;
        const char *code;
    } all[] = {
        { { .type = "webauthn.other" }, "passkey_type" },
        { { .origin = "https://gateway.example.evil.example" }, "passkey_origin" },
        { { .origin = "http://gateway.example" }, "passkey_origin" },
        { { .origin = "https://gateway.example/" }, "passkey_origin" },
        { { .more = ",\"crossOrigin\":true" }, "passkey_origin" },
        { { .more = ",\"crossOrigin\":1" }, "passkey_origin" },
        { { .challenge = "" }, "passkey_challenge" },
        { { .challenge = "YSBjaGFsbGVuZ2U" }, "passkey_challenge" },
        { { .challenge = "*" }, "passkey_challenge" },
        { { .more = ",\"type\":\"webauthn.get\"" }, "passkey_client_data" }, /* said twice */
        { { .more = "}x" }, "passkey_client_data" },
        { { .rp = "evil.example" }, "passkey_rp" },
        { { .flags = PRESENT }, "passkey_unverified" },
        { { .flags = VERIFIED }, "passkey_unverified" },
        { { .flags = -1 }, "passkey_unverified" },
    };
    struct passkey made;
    struct fail f;
    int64_t count;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        CHECK(!make(t, &all[i].x, &made, &f));
        CHECK_STR(f.code, all[i].code);
        CHECK(!use(t, &all[i].x, 0, &count, &f));
        CHECK_STR(f.code, all[i].code);
    }
    CHECK(!make(t, &(struct ceremony){ .type = "webauthn.get" }, &made, &f));
    CHECK_STR(f.code, "passkey_type");
    CHECK(!use(t, &(struct ceremony){ .type = "webauthn.create" }, 0, &count, &f));
    CHECK_STR(f.code, "passkey_type");
}

TEST(a_signature_over_something_else_is_none)
{
    struct fail f;
    int64_t count;

    CHECK(!use(t, &(struct ceremony){ .other_data = true }, 0, &count, &f));
    CHECK_STR(f.code, "passkey_signature");
}

TEST(a_copy_shows_by_its_count)
{
    static const struct {
        int64_t before;
        uint32_t now;
        bool good;
    } all[] = { { 0, 0, true }, { 0, 1, true }, { 4, 5, true }, { 5, 5, false }, { 6, 5, false }, { 1, 0, false } };
    struct fail f;
    int64_t count;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        CHECK(use(t, &(struct ceremony){ .count = all[i].now }, all[i].before, &count, &f) == all[i].good);
        if (!all[i].good)
            CHECK_STR(f.code, "passkey_copied");
    }
}

TEST(authenticator_data_that_are_cut_anywhere_make_no_passkey)
{
    const struct passkey_asked by = asked();
    const struct ceremony good = { 0 };
    struct str client = client_data(t, &good, "webauthn.create"), data = authenticator_data(t, &good, true);
    struct passkey made;

    for (size_t n = 0; n < data.n; n++) {
        struct fail f = { 0 };
        CHECK(!passkey_made(t->arena, &by, client, str_sub(data, 0, n), &made, &f));
    }
}

TEST(the_host_of_an_origin_is_its_rp)
{
    CHECK(str_eq(passkey_rp(S("https://gateway.example")), S("gateway.example")));
    CHECK(str_eq(passkey_rp(S("http://localhost:8080")), S("localhost")));
}
