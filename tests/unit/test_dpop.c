/* SPDX-License-Identifier: EUPL-1.2
 * One DPoP proof: every MUST of RFC 9449 4.3 as what is refused.  F12, F13, F14, F53 of the conformance suite. */
#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/oidc/tokens/proof.h"
#include "tests/test.h"
#include "tests/tokens.h"

#include <string.h>

#define URL "https://login.example/oidc/token"

struct made { /* what a proof says; each text is JSON as it stands there, NULL leaves the member out */
    enum test_key key, signs;
    const char *typ, *alg, *jwk, *jti, *htm, *htu, *iat, *more;
};

static const struct made good = { TEST_EC,   TEST_EC,    "\"dpop+jwt\"", "\"ES256\"",  "own",
                                  "\"one\"", "\"POST\"", "\"" URL "\"",  "1786348800", NULL };

static void add(struct buf *b, const char *name, const char *value)
{
    if (value != NULL)
        buf_printf(b, "%s\"%s\":%s", b->n > 1 ? "," : "", name, value);
}

static struct str proof_of(struct test *t, const struct made *m)
{
    struct buf head = buf_new(t->arena, 8192), body = buf_new(t->arena, 8192);

    buf_byte(&head, '{');
    add(&head, "typ", m->typ);
    add(&head, "alg", m->alg);
    if (m->jwk != NULL && strcmp(m->jwk, "own") == 0)
        buf_printf(&head, ",\"jwk\":{%.*s}", STR_ARG(test_jwk_members(t->arena, m->key)));
    else
        add(&head, "jwk", m->jwk);
    buf_byte(&head, '}');
    buf_byte(&body, '{');
    add(&body, "jti", m->jti);
    add(&body, "htm", m->htm);
    add(&body, "htu", m->htu);
    add(&body, "iat", m->iat);
    if (m->more != NULL)
        buf_printf(&body, ",%s", m->more);
    buf_byte(&body, '}');
    return test_token(t->arena, m->signs, buf_str(&head), buf_str(&body));
}

static struct proof_rules rules(void)
{
    return (struct proof_rules){ .method = S("POST"), .urls = { S(URL) }, .now_s = TEST_NOW_S };
}

/* "ok", or what the refusal says. */
static const char *judge_text(struct test *t, struct str text, const struct proof_rules *r)
{
    struct fail f = { 0 };
    struct proof out = { .jkt = { NULL, 0 } };
    bool ok = proof_verify(t->arena, text, r, &out, &f);

    CHECK(ok || (f.kind == FAIL_CALLER && strcmp(f.code, "invalid_dpop_proof") == 0));
    CHECK(ok == (out.jkt.n == 43));
    return ok ? "ok" : arena_cstr(t->arena, str_of(f.detail));
}

static const char *judge(struct test *t, const struct made *m)
{
    const struct proof_rules r = rules();

    return judge_text(t, proof_of(t, m), &r);
}

#define WITH(member, value) (with = good, with.member = (value), judge(t, &with))
#define REFUSED(why, says)  CHECK(strstr((why), (says)) != NULL)

TEST(a_dpop_proof_of_this_request_is_good)
{
    struct made with;

    CHECK_STR(judge(t, &good), "ok");
    CHECK_STR(WITH(typ, "\"DPoP+JWT\""), "ok"); /* media types are compared without case [RFC 7515 4.1.9] */
}

TEST(a_dpop_proof_must_have_its_type) /* [RFC 9449 4.3 (4)] */
{
    struct made with;

    REFUSED(WITH(typ, NULL), "header_typ");
    REFUSED(WITH(typ, "\"JWT\""), "header_typ");
    REFUSED(WITH(typ, "\"at+jwt\""), "header_typ");
}

TEST(a_dpop_proof_must_be_signed_by_an_asymmetric_algorithm) /* [RFC 9449 4.3 (5)] */
{
    struct made with;

    REFUSED(WITH(alg, "\"none\""), "alg_none");
    REFUSED(WITH(alg, "\"HS256\""), "alg_not_allowed");
    REFUSED(WITH(alg, "\"RS1\""), "alg_not_allowed");
    REFUSED(WITH(alg, NULL), "alg_missing");
}

TEST(a_dpop_proof_must_be_signed_by_the_key_in_its_header) /* [RFC 9449 4.3 (6)] */
{
    struct made with;

    REFUSED(WITH(signs, TEST_EC_OTHER), "signature_invalid");
    REFUSED(WITH(jwk, NULL), "jwk_missing");
    CHECK(strcmp(WITH(jwk, "\"text\""), "ok") != 0);
    CHECK(strcmp(WITH(jwk, "{}"), "ok") != 0);
}

TEST(a_dpop_proof_must_not_hold_a_private_key) /* [RFC 9449 4.3 (7)] */
{
    struct made with;
    const char *private = arena_cstr(
        t->arena, arena_printf(t->arena, "{%.*s,\"d\":\"AQAB\"}", STR_ARG(test_jwk_members(t->arena, TEST_EC))));

    REFUSED(WITH(jwk, private), "jwks_private");
    CHECK(strcmp(WITH(jwk, "{\"kty\":\"oct\",\"k\":\"AQAB\"}"), "ok") != 0);
}

TEST(a_dpop_proof_must_be_for_this_method) /* [RFC 9449 4.3 (8)] */
{
    struct made with;

    REFUSED(WITH(htm, "\"GET\""), "htm");
    REFUSED(WITH(htm, "\"post\""), "htm"); /* methods are compared with case [RFC 9110 9.1] */
    REFUSED(WITH(htm, NULL), "htm");
    REFUSED(WITH(htm, "1"), "htm");
}

TEST(a_dpop_proof_must_be_for_this_address) /* [RFC 9449 4.3 (9)] */
{
    static const char *const others[] = {
        "\"https://login.example/oidc/userinfo\"",
        "\"https://login.example/oidc/token/\"",
        "\"https://login.example.evil/oidc/token\"",
        "\"https://login.example:444/oidc/token\"",
        "\"http://login.example/oidc/token\"",
        "\"https://login.example/OIDC/token\"",
        "\"https:///oidc/token\"",
        "\"/oidc/token\"",
        "\"\"",
        "7",
    };
    struct made with;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        REFUSED(WITH(htu, others[i]), "htu");
    REFUSED(WITH(htu, NULL), "htu");
}

TEST(query_fragment_case_of_host_and_default_port_do_not_count_in_htu) /* [RFC 9449 4.3, RFC 3986 6.2] */
{
    static const char *const same[] = {
        "\"" URL "?a=b\"",
        "\"" URL "#f\"",
        "\"HTTPS://LOGIN.example/oidc/token\"",
        "\"https://login.example:443/oidc/token\"",
        "\"https://login.example/%6fidc/token\"",
    };
    struct made with;

    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        CHECK_STR(WITH(htu, same[i]), "ok");
}

TEST(a_dpop_proof_may_be_for_either_name_of_the_endpoint)
{
    struct proof_rules r = rules();
    struct made with = good;

    r.urls[1] = S("https://mtls.example/oidc/token");
    with.htu = "\"https://mtls.example/oidc/token\"";
    CHECK_STR(judge_text(t, proof_of(t, &with), &r), "ok");
    REFUSED(judge(t, &with), "htu");
}

TEST(a_dpop_proof_must_say_when_it_was_made_and_that_is_now) /* [RFC 9449 4.3 (11)], F13, F14 */
{
    struct made with;

    CHECK_STR(WITH(iat, "1786348790"), "ok"); /* 10 s ago */
    CHECK_STR(WITH(iat, "1786348810"), "ok"); /* 10 s ahead */
    CHECK_STR(WITH(iat, "1786348740"), "ok");
    REFUSED(WITH(iat, "1786348739"), "iat is too old");
    REFUSED(WITH(iat, "1786345200"), "iat is too old");
    CHECK_STR(WITH(iat, "1786348830"), "ok");
    REFUSED(WITH(iat, "1786348831"), "iat_future");
    REFUSED(WITH(iat, NULL), "iat_missing");
    REFUSED(WITH(iat, "\"1786348800\""), "iat_malformed");
}

TEST(a_dpop_proof_that_says_its_own_times_is_held_to_them) /* F12 */
{
    struct made with;

    CHECK_STR(WITH(more, "\"exp\":1786348860,\"nbf\":1786348790"), "ok");
    REFUSED(WITH(more, "\"exp\":1786348500"), "token_expired");
    REFUSED(WITH(more, "\"nbf\":1786349100"), "not_yet_valid");
    REFUSED(WITH(more, "\"exp\":\"soon\""), "exp_malformed");
}

TEST(a_dpop_proof_must_have_a_jti) /* [RFC 9449 4.3 (3)] */
{
    struct made with;

    REFUSED(WITH(jti, NULL), "jti_missing");
    REFUSED(WITH(jti, "\"\""), "jti_malformed");
    REFUSED(WITH(jti, "5"), "jti_malformed");
}

TEST(a_dpop_proof_beside_an_access_token_must_have_its_hash) /* [RFC 9449 4.3 (12)] */
{
    struct proof_rules r = rules();
    struct made with = good;
    struct str ath = b64url_encode(t->arena, sha256(t->arena, S("the-token")));

    r.token = S("the-token");
    REFUSED(judge_text(t, proof_of(t, &with), &r), "ath is missing");
    with.more = arena_cstr(t->arena, arena_printf(t->arena, "\"ath\":\"%.*s\"", STR_ARG(ath)));
    CHECK_STR(judge_text(t, proof_of(t, &with), &r), "ok");
    r.token = S("another");
    REFUSED(judge_text(t, proof_of(t, &with), &r), "ath is another");
}

TEST(a_dpop_proof_must_be_one_signed_token) /* [RFC 9449 4.3 (2)] */
{
    const struct proof_rules r = rules();
    static const char *const texts[] = { "", "a", "a.b", "a.b.c", "a.b.c.d.e", "e30.e30.e30", "e30.e30." };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CHECK(strcmp(judge_text(t, str_of(texts[i]), &r), "ok") != 0);
    char *jti = arena_alloc(t->arena, PROOF_MAX_B + 3);
    memset(jti, 'j', PROOF_MAX_B + 2);
    jti[0] = jti[PROOF_MAX_B + 1] = '"';
    jti[PROOF_MAX_B + 2] = '\0';
    struct fail f = { 0 };
    struct proof out;
    CHECK(!proof_verify(t->arena, test_token(t->arena, TEST_EC, S("{}"), str_of(jti)), &r, &out, &f));
    REFUSED(f.detail, "too large");
}

TEST(rsa_with_pkcs1_makes_no_proof_for_a_fapi_row) /* [FAPI 2.0 5.4.1] */
{
    struct proof_rules r = rules();
    struct made with = good;

    with.key = with.signs = TEST_RSA;
    with.alg = "\"RS256\"";
    CHECK_STR(judge_text(t, proof_of(t, &with), &r), "ok");
    r.fapi = true;
    REFUSED(judge_text(t, proof_of(t, &with), &r), "alg_not_allowed");
    with.key = with.signs = TEST_ED;
    with.alg = "\"EdDSA\"";
    CHECK_STR(judge_text(t, proof_of(t, &with), &r), "ok");
}

TEST(the_thumbprint_of_a_proof_is_its_keys) /* [RFC 9449 6, RFC 7638] */
{
    const struct proof_rules r = rules();
    struct fail f = { 0 };
    struct proof one, again, other;
    struct made with = good;

    CHECK(proof_verify(t->arena, proof_of(t, &good), &r, &one, &f));
    with.jti = "\"two\"";
    CHECK(proof_verify(t->arena, proof_of(t, &with), &r, &again, &f));
    with.key = with.signs = TEST_EC_OTHER;
    CHECK(proof_verify(t->arena, proof_of(t, &with), &r, &other, &f));
    CHECK(str_eq(one.jkt, again.jkt) && !str_eq(one.jkt, other.jkt));
    CHECK(str_eq(again.jti, S("two")) && one.ends_s == TEST_NOW_S + PROOF_AGE_S + 1);
}
