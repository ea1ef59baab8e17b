/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/loop.h"
#include "certs/claims_scan.h"
#include "certs/keyset.h"
#include "certs/signer.h"
#include "certs/signer_client.h"
#include "certs/signer_msg.h"
#include "tests/test.h"
#include "tests/unit/signer_bench.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct jose_rules own_rules(struct str aud)
{
    return (struct jose_rules){ .algs = JOSE_BOTH,
                                .iss = S("https://gateway.example"),
                                .aud = aud,
                                .now_s = world_now_s(&world_real),
                                .skew_s = 5 };
}

TEST(the_signer_signs_tokens_that_our_own_keys_verify)
{
    struct bench x;
    struct signed_got got[3] = { 0 };
    struct jose_claims c;
    struct fail f = { 0 };
    struct str claims = S("{\"sub\":\"s\",\"aud\":\"kanerva\",\"edu_roles\":[{\"role\":\"teacher\"}],\"urn:oid:2.5.4."
                          "4\":\"M\\u00e4ki\"}");

    begin(t, &x);
    signer_id_token(x.signer, &x.batch, t->arena, JOSE_ES256, claims, 300, &got[0]);
    signer_id_token(x.signer, &x.batch, t->arena, JOSE_RS256, claims, 999999, &got[1]);
    signer_access_token(x.signer, &x.batch, t->arena, JOSE_ES256, claims, 600, &got[2]);
    wait_for(&x);
    CHECK(got[0].ok && got[1].ok && got[2].ok);
    const struct jwks *keys = keyset_own(signer_keys(x.signer));
    struct jose_rules r = own_rules(S("kanerva"));
    CHECK(jose_verify(t->arena, got[0].value, keys, &r, &c, &f));
    CHECK_INT(c.exp_s - c.iat_s, 300);
    CHECK_STR(json_get_str(c.all, S("urn:oid:2.5.4.4")), "Mäki");
    CHECK(jose_verify(t->arena, got[1].value, keys, &r, &c, &f));
    CHECK_INT(c.exp_s - c.iat_s, 3600);
    CHECK(!jose_verify(t->arena, got[2].value, keys, &r, &c, &f));
    CHECK_STR(f.code, "header_typ");
    f = (struct fail){ 0 };
    r.typ = S("at+jwt");
    CHECK(jose_verify(t->arena, got[2].value, keys, &r, &c, &f));
    CHECK(str_find(keyset_jwks(signer_keys(x.signer)), S("\"d\"")) == keyset_jwks(signer_keys(x.signer)).n);
    end(t, &x);
}

TEST(the_signer_signs_as_a_client_and_heads_of_the_audit_chain)
{
    struct bench x;
    struct signed_got got[3] = { 0 };
    struct jose_claims c;
    struct fail f = { 0 };

    begin(t, &x);
    signer_client_jwt(x.signer, &x.batch, t->arena, JOSE_RS256, S("digione \"x\""), S("https://oulu.example/token"),
                      &got[0]);
    signer_audit_head(x.signer, &x.batch, t->arena, 41, sha256(t->arena, S("head")), &got[1]);
    signer_logout_token(x.signer, &x.batch, t->arena, JOSE_ES256,
                        S("{\"aud\":\"k\",\"sid\":\"1\",\"jti\":\"j\",\"events\":{}}"), &got[2]);
    wait_for(&x);
    struct jose_rules r = { .algs = JOSE_BOTH,
                            .iss = S("digione \"x\""),
                            .aud = S("https://oulu.example/token"),
                            .jti_must = true,
                            .now_s = world_now_s(&world_real),
                            .skew_s = 5,
                            .life_max_s = 60 };
    CHECK(got[0].ok && jose_verify(t->arena, got[0].value,
                                   jwks_read(t->arena, keyset_client_jwks(signer_keys(x.signer)), &f), &r, &c, &f));
    CHECK_STR(c.sub, "digione \"x\"");
    r = own_rules(S("none"));
    r.aud_rule = AUD_ANY;
    r.sub_optional = r.exp_optional = true;
    r.typ = S("audit-head+jwt");
    CHECK(got[1].ok && jose_verify(t->arena, got[1].value, keyset_audit(signer_keys(x.signer)), &r, &c, &f));
    CHECK_INT(json_get(c.all, S("seq"))->integer, 41);
    r = own_rules(S("k"));
    r.typ = S("logout+jwt");
    r.sub_optional = true;
    CHECK(got[2].ok && jose_verify(t->arena, got[2].value, keyset_own(signer_keys(x.signer)), &r, &c, &f));
    end(t, &x);
}

/* Each algorithm has a key of its own, under a name of its own. */
static void check_keys(struct test *t, struct bench *x)
{
    size_t n, oidc = 0;
    unsigned algs = 0;
    struct fail f = { 0 };

    const struct public_key *keys = keyset_keys(signer_keys(x->signer), &n);
    for (size_t i = 0; i < n; i++) {
        struct str thumbprint;
        CHECK(jose_thumbprint(t->arena, json_parse(t->arena, keys[i].jwk, &f), &thumbprint));
        CHECK_STR(keys[i].kid, arena_cstr(t->arena, thumbprint)); /* [RFC 7638] */
        for (size_t j = 0; j < i; j++)
            CHECK(!str_eq(keys[i].kid, keys[j].kid));
        if (keys[i].use == KEY_OIDC) {
            algs |= JOSE_BIT(keys[i].alg);
            oidc++;
        }
    }
    CHECK_INT(algs, JOSE_EVERY);
    CHECK_INT(oidc, 4);
    CHECK_INT(jwks_count(keyset_own(signer_keys(x->signer))), 4);
    CHECK(str_find(keyset_jwks(signer_keys(x->signer)), S("\"crv\":\"Ed25519\"")) <
          keyset_jwks(signer_keys(x->signer)).n);
}

/* Up to the limit and not over it. */
static void ask_for_large(struct test *t, struct bench *x)
{
    struct signed_got got[2] = { 0 };

    for (size_t i = 0; i < 2; i++) {
        char *text = arena_alloc(t->arena, SIGNER_ANSWER_MAX_B + 1);
        memset(text, 'a', SIGNER_ANSWER_MAX_B + 1);
        memcpy(text, "{\"a\":\"", 6);
        memcpy(text + SIGNER_ANSWER_MAX_B + i - 2, "\"}", 2);
        signer_userinfo(x->signer, &x->batch, t->arena, JOSE_PS256, str_n(text, SIGNER_ANSWER_MAX_B + i), 0, &got[i]);
    }
    wait_for(x);
    CHECK(got[0].ok && got[0].value.n > SIGNER_ANSWER_MAX_B);
    CHECK_STR(got[1].ok ? "signed" : got[1].error, "too_large");
}

TEST(every_kind_of_token_is_signed_in_every_algorithm_by_a_key_of_its_own_and_is_taken_for_no_other_kind)
{
    static const char *const types[5] = { "", "at+jwt", "", "", "token-introspection+jwt" };
    struct bench x;
    struct jose_claims c;
    struct fail f = { 0 };
    struct str claims = S("{\"aud\":\"kanerva\",\"state\":\"s\"}");

    begin(t, &x);
    check_keys(t, &x);
    const struct jwks *keys = keyset_own(signer_keys(x.signer));
    for (int alg = JOSE_NONE + 1; alg < JOSE_ALG_COUNT; alg++) {
        struct signed_got got[5] = { 0 };
        signer_id_token(x.signer, &x.batch, t->arena, (enum jose_alg)alg, claims, 300, &got[0]);
        signer_access_token(x.signer, &x.batch, t->arena, (enum jose_alg)alg, claims, 300, &got[1]);
        signer_userinfo(x.signer, &x.batch, t->arena, (enum jose_alg)alg, claims, 0, &got[2]);
        signer_response(x.signer, &x.batch, t->arena, (enum jose_alg)alg, claims, 3600, &got[3]);
        signer_introspection(x.signer, &x.batch, t->arena, (enum jose_alg)alg, claims, &got[4]);
        wait_for(&x);
        for (int i = 0; i < 5; i++) {
            struct jose_rules r = own_rules(S("kanerva"));
            r.algs = JOSE_BIT(alg);
            r.typ = str_of(types[i]);
            r.sub_optional = r.exp_optional = true;
            CHECK(got[i].ok && jose_verify(t->arena, got[i].value, keys, &r, &c, &f));
            CHECK_INT(c.exp_s == 0, i == 2 || i == 4); /* userinfo and introspection do not end */
            CHECK(i != 3 || c.exp_s - c.iat_s == 600); /* [JARM 2.1] */
            r.typ = S("logout+jwt");
            CHECK(!jose_verify(t->arena, got[i].value, keys, &r, &c, &f));
        }
    }
    end(t, &x);
}

TEST(an_answer_of_the_authorization_endpoint_is_never_an_id_token)
{
    static const char *const claims[] = { "{\"sub\":\"a\"}", "{\"nonce\":\"n\"}", "{\"iss\":\"i\"}", "{\"exp\":1}" };
    struct bench x;
    struct signed_got got[3] = { 0 };

    begin(t, &x);
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        signer_response(x.signer, &x.batch, t->arena, JOSE_PS256, str_of(claims[i]), 60, &got[0]);
        signer_introspection(x.signer, &x.batch, t->arena, JOSE_PS256, str_of(claims[i]), &got[1]);
        signer_userinfo(x.signer, &x.batch, t->arena, JOSE_PS256, str_of(claims[i]), 60, &got[2]);
        wait_for(&x);
        CHECK_STR(got[0].ok ? "signed" : got[0].error, "reserved_claim");
        CHECK_STR(got[1].ok ? "signed" : got[1].error, "reserved_claim");
        CHECK_STR(got[2].ok ? "signed" : got[2].error, i == 0 ? "signed" : "reserved_claim");
    }
    ask_for_large(t, &x);
    signer_response(x.signer, &x.batch, t->arena, JOSE_PS256, S("{}"), 0, &got[0]);
    signer_userinfo(x.signer, &x.batch, t->arena, JOSE_PS256, S("{}"), -1, &got[1]);
    wait_for(&x);
    CHECK_STR(got[0].ok ? "signed" : got[0].error, "malformed");
    CHECK_STR(got[1].ok ? "signed" : got[1].error, "malformed");
    end(t, &x);
}

static const char *refusal_of(struct bench *x, struct signed_got *got)
{
    wait_for(x);
    return got->ok ? "signed" : got->error;
}

TEST(the_signer_refuses_what_is_not_its_purpose)
{
    struct bench x;
    struct signed_got got = { 0 };

    begin(t, &x);
#define ASK_ID(claims, life) signer_id_token(x.signer, &x.batch, t->arena, JOSE_ES256, claims, life, &got)
    ASK_ID(S("{\"iss\":\"https://evil.example\"}"), 60);
    CHECK_STR(refusal_of(&x, &got), "reserved_claim");
    ASK_ID(S("{\"sub\":\"a\",\"exp\":9999999999}"), 60);
    CHECK_STR(refusal_of(&x, &got), "reserved_claim");
    ASK_ID(S("{\"\\u0069ss\":\"x\"}"), 60);
    CHECK_STR(refusal_of(&x, &got), "malformed");
    ASK_ID(S("{\"sub\":\"a\"}"), 0);
    CHECK_STR(refusal_of(&x, &got), "malformed");
    ASK_ID(S("not claims"), 60);
    CHECK_STR(refusal_of(&x, &got), "malformed");
    char *large = arena_alloc(t->arena, 70000);
    memset(large, ' ', 70000);
    ASK_ID(str_n(large, SIGNER_CLAIMS_MAX_B + 1), 60);
    CHECK_STR(refusal_of(&x, &got), "too_large");
    ASK_ID(str_n(large, 70000), 60);
    CHECK_STR(refusal_of(&x, &got), "too_large");
    signer_id_token(x.signer, &x.batch, t->arena, JOSE_NONE, S("{}"), 60, &got);
    CHECK_STR(refusal_of(&x, &got), "no_key");
    signer_id_token(x.signer, &x.batch, t->arena, (enum jose_alg)77, S("{}"), 60, &got);
    CHECK_STR(refusal_of(&x, &got), "no_key");
    signer_logout_token(x.signer, &x.batch, t->arena, JOSE_ES256, S("{\"nonce\":\"n\"}"), &got);
    CHECK_STR(refusal_of(&x, &got), "reserved_claim");
    signer_client_jwt(x.signer, &x.batch, t->arena, JOSE_ES256, S(""), S("aud"), &got);
    CHECK_STR(refusal_of(&x, &got), "malformed");
    signer_saml_text(x.signer, &x.batch, t->arena, JOSE_RS256, S("<samlp:Response/>"), &got);
    CHECK_STR(refusal_of(&x, &got), "malformed");
    signer_saml_text(x.signer, &x.batch, t->arena, JOSE_PS256, S("<samlp:Response/>"), &got);
    CHECK_STR(refusal_of(&x, &got), "no_key");
    signer_query(x.signer, &x.batch, t->arena, S("<ds:SignedInfo>"), &got);
    CHECK_STR(refusal_of(&x, &got), "malformed");
    signer_query(x.signer, &x.batch, t->arena, S("SAMLRequest=abc"), &got);
    CHECK_STR(refusal_of(&x, &got), "malformed");
    signer_audit_head(x.signer, &x.batch, t->arena, 1, S("short"), &got);
    CHECK_STR(refusal_of(&x, &got), "malformed");
    signer_unwrap(x.signer, &x.batch, t->arena, OAEP_SHA1, OAEP_SHA1, S("not encrypted"), &got);
    CHECK_STR(refusal_of(&x, &got), "unwrap_failed");
    end(t, &x);
}

static EVP_PKEY *certified_key(struct test *t, const struct keyset *keys, enum key_use use)
{
    struct str der = { NULL, 0 };

    CHECK(b64_decode(t->arena, keyset_certificate(keys, use, world_now_s(&world_real)), &der));
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    EVP_PKEY *key = x != NULL ? X509_get_pubkey(x) : NULL;
    CHECK(x != NULL && X509_verify(x, key) == 1);
    X509_free(x);
    return key;
}

static bool verifies(EVP_PKEY *key, struct str text, struct str signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n, (const unsigned char *)text.p,
                               text.n) == 1;

    EVP_MD_CTX_free(ctx);
    return ok;
}

TEST(signatures_of_queries_verify_with_the_published_certificate)
{
    static const char query[] =
        "SAMLRequest=fVLL&RelayState=x&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256";
    struct bench x;
    struct signed_got got[1] = { 0 };
    struct str signature;

    begin(t, &x);
    signer_query(x.signer, &x.batch, t->arena, str_of(query), &got[0]);
    wait_for(&x);
    EVP_PKEY *key = certified_key(t, signer_keys(x.signer), KEY_SAML);
    CHECK(got[0].ok && b64_decode(t->arena, got[0].value, &signature) && verifies(key, str_of(query), signature));
    EVP_PKEY_free(key);
    end(t, &x);
}

static struct str wrap(struct test *t, EVP_PKEY *key, struct str plain, const EVP_MD *md, int padding)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    size_t n = 1024;
    unsigned char *out = arena_alloc(t->arena, n);

    CHECK(EVP_PKEY_encrypt_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1);
    if (padding == RSA_PKCS1_OAEP_PADDING)
        CHECK(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1);
    CHECK(EVP_PKEY_encrypt(ctx, out, &n, (const unsigned char *)plain.p, plain.n) == 1);
    EVP_PKEY_CTX_free(ctx);
    return str_n(out, n);
}

TEST(only_content_keys_under_oaep_are_unwrapped)
{
    struct bench x;
    struct signed_got got[5] = { 0 };
    struct str plain = S("0123456789abcdef0123456789abcdef");

    begin(t, &x);
    EVP_PKEY *key = certified_key(t, signer_keys(x.signer), KEY_DECRYPT);
    struct str oaep1 = wrap(t, key, plain, EVP_sha1(), RSA_PKCS1_OAEP_PADDING);
    signer_unwrap(x.signer, &x.batch, t->arena, OAEP_SHA1, OAEP_SHA1, oaep1, &got[0]);
    signer_unwrap(x.signer, &x.batch, t->arena, OAEP_SHA256, OAEP_SHA256,
                  wrap(t, key, plain, EVP_sha256(), RSA_PKCS1_OAEP_PADDING), &got[1]);
    signer_unwrap(x.signer, &x.batch, t->arena, OAEP_SHA256, OAEP_SHA1, oaep1, &got[2]);
    signer_unwrap(x.signer, &x.batch, t->arena, OAEP_SHA1, OAEP_SHA1, wrap(t, key, plain, NULL, RSA_PKCS1_PADDING),
                  &got[3]);
    signer_unwrap(x.signer, &x.batch, t->arena, OAEP_SHA1, OAEP_SHA1,
                  wrap(t, key, S("a premaster secret or a text"), EVP_sha1(), RSA_PKCS1_OAEP_PADDING), &got[4]);
    wait_for(&x);
    CHECK(got[0].ok && str_eq(got[0].value, plain));
    CHECK(got[1].ok && str_eq(got[1].value, plain));
    for (int i = 2; i < 5; i++) {
        CHECK(!got[i].ok && got[i].value.p == NULL);
        CHECK_STR(got[i].error, "unwrap_failed");
    }
    EVP_PKEY_free(key);
    end(t, &x);
}

static struct signed_got unwrapped(struct bench *x, struct test *t, struct str cipher)
{
    struct signed_got got = { 0 };

    signer_unwrap(x->signer, &x->batch, t->arena, OAEP_SHA1, OAEP_SHA1, cipher, &got);
    wait_for(x);
    return got;
}

/* Its keys as they are now. */
static void restart(struct bench *x)
{
    const struct keyset *before = signer_keys(x->signer);

    stop_signer(x);
    start_signer(x);
    for (int i = 0; i < 1000 && signer_keys(x->signer) == before; i++)
        loop_turn(x->loop, 100);
}

/* Metadata are read a day before a key is current, or a day after. */
TEST(every_key_that_is_not_gone_opens_and_a_retired_one_is_said_to_be)
{
    struct bench x;
    struct fail f = { 0 };
    struct str plain = S("0123456789abcdef");

    begin(t, &x);
    EVP_PKEY *older = certified_key(t, signer_keys(x.signer), KEY_DECRYPT);
    struct str to_older = wrap(t, older, plain, EVP_sha1(), RSA_PKCS1_OAEP_PADDING);
    struct signed_got got = unwrapped(&x, t, to_older);
    CHECK(got.ok && !got.retired);
    CHECK(signer_keys_add(&x.set, &world_real, KEY_DECRYPT, JOSE_RS256, 0, &f));
    restart(&x);
    EVP_PKEY *newer = certified_key(t, signer_keys(x.signer), KEY_DECRYPT);
    CHECK(EVP_PKEY_eq(older, newer) != 1);
    got = unwrapped(&x, t, to_older);
    CHECK(got.ok && got.retired && str_eq(got.value, plain));
    got = unwrapped(&x, t, wrap(t, newer, plain, EVP_sha1(), RSA_PKCS1_OAEP_PADDING));
    CHECK(got.ok && !got.retired && str_eq(got.value, plain));

    CHECK(signer_keys_add(&x.set, &world_real, KEY_DECRYPT, JOSE_RS256, 86400, &f));
    restart(&x);
    size_t n;
    const struct public_key *keys = keyset_keys(signer_keys(x.signer), &n);
    struct str der = { NULL, 0 };
    for (size_t i = 0; i < n; i++)
        if (keys[i].use == KEY_DECRYPT && key_state_at(&keys[i], world_now_s(&world_real)) == KEY_NEXT)
            CHECK(b64_decode(t->arena, keys[i].certificate, &der));
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *certificate = d2i_X509(NULL, &p, (long)der.n);
    EVP_PKEY *coming = X509_get_pubkey(certificate);
    got = unwrapped(&x, t, wrap(t, coming, plain, EVP_sha1(), RSA_PKCS1_OAEP_PADDING));
    CHECK(got.ok && !got.retired && str_eq(got.value, plain));
    got = unwrapped(&x, t, S("to nobody"));
    CHECK(!got.ok && !got.retired);
    X509_free(certificate);
    EVP_PKEY_free(coming);
    EVP_PKEY_free(newer);
    EVP_PKEY_free(older);
    end(t, &x);
}

TEST(the_signer_has_closed_files_and_network_to_itself)
{
    struct bench x;
    char path[64], line[256];
    int filtered = -1;

    if (DIGIONE_SANITIZED) {
        test_skip(t, "no sandbox under a sanitizer");
        return;
    }
    begin(t, &x);
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)x.pid);
    FILE *status = fopen(path, "r");
    CHECK(status != NULL);
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        (void)sscanf(line, "Seccomp: %d", &filtered);
    if (status != NULL)
        (void)fclose(status);
    CHECK_INT(filtered, 2); /* a filter is in force */
    end(t, &x);
}

TEST(a_killed_signer_is_replaced_behind_the_same_pair_and_serves_what_waits)
{
    struct bench x;
    struct signed_got got[4] = { 0 };

    begin(t, &x);
    const struct keyset *before = signer_keys(x.signer);
    (void)kill(x.pid, SIGSTOP); /* so that the requests are under way when it dies */
    for (int i = 0; i < 4; i++)
        signer_id_token(x.signer, &x.batch, t->arena, JOSE_ES256, S("{\"sub\":\"s\"}"), 60, &got[i]);
    stop_signer(&x);
    start_signer(&x);
    wait_for(&x);
    for (int i = 0; i < 4; i++)
        CHECK(got[i].ok);
    CHECK(signer_keys(x.signer) == before); /* the same keys: the same snapshot */
    end(t, &x);
}

TEST(a_request_that_a_dead_signer_had_read_is_sent_again)
{
    struct bench x;
    struct signed_got got = { 0 };
    char lost[4096];

    begin(t, &x);
    stop_signer(&x);
    signer_id_token(x.signer, &x.batch, t->arena, JOSE_ES256, S("{\"sub\":\"s\"}"), 60, &got);
    CHECK(recv(x.ends[1], lost, sizeof lost, 0) > 0); /* read, and never answered */
    start_signer(&x);
    wait_for(&x);
    CHECK(got.ok);
    end(t, &x);
}

TEST(a_signer_that_is_told_to_end_leaves_the_rest_to_another_and_nothing_is_lost)
{
    enum { ASKED = 64 };
    struct bench x;
    struct signed_got got[ASKED] = { 0 };
    int status = -1;

    begin(t, &x);
    pid_t first = x.pid;
    start_signer(&x); /* both serve the one pair from here on */
    for (int i = 0; i < ASKED; i++) {
        signer_id_token(x.signer, &x.batch, t->arena, JOSE_ES256, S("{\"sub\":\"s\"}"), 60, &got[i]);
        if (i == ASKED / 2)
            CHECK(kill(first, SIGTERM) == 0);
    }
    wait_for(&x);
    for (int i = 0; i < ASKED; i++)
        CHECK(got[i].ok);
    CHECK(waitpid(first, &status, 0) == first && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    end(t, &x);
}

TEST(a_probe_is_refused_where_no_key_is_current_and_tells_no_signature)
{
    struct bench x;
    struct signed_got got = { 0 };

    begin(t, &x);
    signer_probe(x.signer, &x.batch, t->arena, &got);
    wait_for(&x);
    CHECK(got.ok && got.value.n == 0);
    /* One kind of key that is still to come is enough: some city or service would be turned away. */
    const char *index = arena_cstr(t->arena, arena_join(t->arena, x.set.keys_dir, S("/keys.json")));
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena,
                                                   "sed -i 's/\\(\"use\":\"saml\"[^{}]*\"current_s\":\\)[0-9]*/"
                                                   "\\14102444800/' '%s'",
                                                   index))) == 0);
    stop_signer(&x);
    start_signer(&x);
    got = (struct signed_got){ 0 };
    signer_probe(x.signer, &x.batch, t->arena, &got);
    wait_for(&x);
    CHECK(!got.ok);
    CHECK_STR(got.error, "no_key");
    end(t, &x);
}

TEST(a_signer_that_does_not_answer_is_a_timeout)
{
    struct settings set = { .signer_timeout_ms = 1 };
    struct loop *loop = loop_new(&world_real);
    struct bench x = { .batch = { 0, on_batch }, .loop = loop };
    struct signed_got got = { .ok = true };

    log_set_level(LOG_ERROR);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, x.ends) == 0);
    struct signer *s = signer_new(loop, &set, x.ends[0]);
    CHECK(signer_keys(s) == NULL);
    signer_id_token(s, &x.batch, t->arena, JOSE_ES256, S("{}"), 60, &got);
    wait_for(&x);
    CHECK(!got.ok);
    CHECK_STR(got.error, "timeout");
    signer_free(s);
    (void)close(x.ends[1]);
    loop_free(loop);
}

static struct settings key_settings(struct test *t, char *folder)
{
    struct settings set;

    settings_defaults(&set);
    CHECK(mkdtemp(folder) != NULL);
    set.public_url = S("https://gateway.example");
    set.keys_dir = arena_printf(t->arena, "%s/keys", folder);
    return set;
}

/* The other end is the test itself, which reads what a signer would. */
TEST(a_signature_does_not_wait_behind_keys_that_strangers_want_opened)
{
    enum { MANY = 40, BEFORE_MOST = 8 };
    struct settings set;
    struct loop *loop = loop_new(&world_real);
    struct batch batch = { 0, NULL };
    struct signed_got got[MANY + 1];
    struct signer_msg m;
    char datagram[SIGNER_MESSAGE_MAX_B];
    int ends[2], before = 0, answers = 0;
    ssize_t n;

    settings_defaults(&set);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    struct signer *s = signer_new(loop, &set, ends[0]);
    batch_ask(&batch);
    for (int i = 0; i < MANY; i++)
        signer_unwrap(s, &batch, t->arena, OAEP_SHA1, OAEP_SHA1, S("cipher"), &got[i]);
    signer_query(s, &batch, t->arena, S("SAMLRequest=x&RelayState=y&SigAlg=z"), &got[MANY]);
    while ((n = recv(ends[1], datagram, sizeof datagram, MSG_DONTWAIT)) > 0 &&
           signer_msg_read(str_n(datagram, (size_t)n), &m) && m.op == SIGN_UNWRAP) {
        before++;
        if (before > BEFORE_MOST)
            break;
    }
    CHECK(before > 0 && before <= BEFORE_MOST);
    CHECK_INT(m.op, SIGN_QUERY);
    while (recv(ends[1], datagram, sizeof datagram, MSG_DONTWAIT) > 0)
        ;
    signer_free(s);
    loop_free(loop);
    (void)close(ends[1]);
    /* Each answer makes room for the next: all are opened in the end. */
    loop = loop_new(&world_real);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    s = signer_new(loop, &set, ends[0]);
    for (int i = 0; i < MANY; i++)
        signer_unwrap(s, &batch, t->arena, OAEP_SHA1, OAEP_SHA1, S("cipher"), &got[i]);
    while ((n = recv(ends[1], datagram, sizeof datagram, MSG_DONTWAIT)) > 0 &&
           signer_msg_read(str_n(datagram, (size_t)n), &m)) {
        const struct signer_msg back = { .op = SIGN_ANSWER, .id = m.id, .arg = REASON_UNWRAP_FAILED };
        struct str text = signer_msg_write(t->arena, &back);
        CHECK(send(ends[1], text.p, text.n, MSG_NOSIGNAL) == (ssize_t)text.n);
        loop_turn(loop, 0);
        answers++;
    }
    CHECK_INT(answers, MANY);
    CHECK(!got[MANY - 1].ok && got[MANY - 1].error != NULL);
    signer_free(s);
    loop_free(loop);
    (void)close(ends[1]);
}

TEST(keys_are_made_once_and_have_a_schedule)
{
    char folder[] = "/tmp/digione-keys-XXXXXX";
    struct settings set = key_settings(t, folder);
    struct fail f = { 0 };
    size_t n = 0, again = 0;

    CHECK(signer_keys_prepare(&set, &t->world, &f));
    const struct public_key *first = keyset_keys(signer_keys_list(&set, t->arena, &f), &n);
    CHECK_INT(n, 12);
    CHECK(signer_keys_prepare(&set, &t->world, &f));
    const struct public_key *second = keyset_keys(signer_keys_list(&set, t->arena, &f), &again);
    CHECK(again == n && str_eq(first[0].kid, second[0].kid));

    CHECK(signer_keys_add(&set, &t->world, KEY_OIDC, JOSE_ES256, 86400, &f));
    const struct public_key *k = keyset_keys(signer_keys_list(&set, t->arena, &f), &n);
    CHECK_INT(n, 13);
    CHECK_INT(key_state_at(&k[0], TEST_NOW_S), KEY_CURRENT);
    CHECK_INT(key_state_at(&k[12], TEST_NOW_S), KEY_NEXT);
    CHECK_INT(key_state_at(&k[0], TEST_NOW_S + 86400), KEY_RETIRED);
    CHECK_INT(key_state_at(&k[12], TEST_NOW_S + 86400), KEY_CURRENT);
    CHECK_INT(key_state_at(&k[0], TEST_NOW_S + 3 * 86400), KEY_GONE);
    test_passes(t, 3 * 86400);
    CHECK(signer_keys_prepare(&set, &t->world, &f));
    (void)keyset_keys(signer_keys_list(&set, t->arena, &f), &n);
    CHECK_INT(n, 12);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf '%s'", folder))) == 0);
}

static bool is_published(struct test *t, const struct settings *set, struct str kid)
{
    struct fail f = { 0 };
    struct str jwks = keyset_jwks(signer_keys_list(set, t->arena, &f));

    return str_find(jwks, kid) < jwks.n;
}

static const struct public_key *newest(struct test *t, const struct settings *set, enum jose_alg alg)
{
    struct fail f = { 0 };
    size_t n;
    const struct public_key *k = keyset_keys(signer_keys_list(set, t->arena, &f), &n), *found = NULL;

    for (size_t i = 0; i < n; i++)
        if (k[i].use == KEY_OIDC && k[i].alg == alg)
            found = &k[i];
    return found;
}

TEST(keys_of_newer_algorithms_join_those_of_an_older_version_and_are_changed_as_those_are)
{
    char folder[] = "/tmp/digione-keys-XXXXXX";
    struct settings set = key_settings(t, folder);
    struct fail f = { 0 };
    size_t n = 0, older = 0;

    /* As an older version left it: without the last five kinds. */
    CHECK(signer_keys_prepare(&set, &t->world, &f));
    const struct public_key *first = keyset_keys(signer_keys_list(&set, t->arena, &f), &n);
    for (older = 0; first[older].alg != JOSE_PS256; older++)
        CHECK(first[older].alg == JOSE_RS256 || first[older].alg == JOSE_ES256);
    struct str index = keyset_write(t->arena, first, older);
    FILE *file = fopen(arena_cstr(t->arena, arena_join(t->arena, set.keys_dir, S("/keys.json"))), "w");
    CHECK(file != NULL && fwrite(index.p, 1, index.n, file) == index.n && fclose(file) == 0);
    CHECK(signer_keys_prepare(&set, &t->world, &f));
    const struct public_key *now = keyset_keys(signer_keys_list(&set, t->arena, &f), &n);
    CHECK_INT(n, older + 5);
    for (size_t i = 0; i < older; i++)
        CHECK(str_eq(now[i].kid, first[i].kid));
    /* Published before it signs, and as long after as what it signed lives. */
    static const enum jose_alg algs[] = { JOSE_PS256, JOSE_EDDSA };
    for (size_t i = 0; i < 2; i++) {
        const struct public_key *before = newest(t, &set, algs[i]);
        CHECK(signer_keys_add(&set, &t->world, KEY_OIDC, algs[i], 86400, &f));
        const struct public_key *next = newest(t, &set, algs[i]);
        CHECK(!str_eq(before->kid, next->kid));
        CHECK(is_published(t, &set, before->kid) && is_published(t, &set, next->kid));
        CHECK_INT(key_state_at(next, TEST_NOW_S + 86399), KEY_NEXT);
        CHECK_INT(key_state_at(next, TEST_NOW_S + 86400), KEY_CURRENT);
        CHECK_INT(next->current_s, TEST_NOW_S + 86400);
    }
    /* After a theft: one that signs at once, whatever was to come. */
    CHECK(signer_keys_add(&set, &t->world, KEY_OIDC, JOSE_EDDSA, 0, &f));
    const struct public_key *at_once = newest(t, &set, JOSE_EDDSA),
                            *each = keyset_keys(signer_keys_list(&set, t->arena, &f), &n);
    for (size_t i = 0; i < n; i++)
        for (int64_t later_s = 0; later_s <= 86400; later_s += 86400)
            CHECK(each[i].alg != JOSE_EDDSA ||
                  (key_state_at(&each[i], TEST_NOW_S + later_s) == KEY_CURRENT) == str_eq(each[i].kid, at_once->kid));
    test_passes(t, 86400 + 3600);
    CHECK(signer_keys_prepare(&set, &t->world, &f));
    const struct public_key *all = keyset_keys(signer_keys_list(&set, t->arena, &f), &n);
    for (size_t i = 0; i < n; i++)
        CHECK(all[i].use != KEY_OIDC || is_published(t, &set, all[i].kid));
    CHECK_INT(n, older + 8);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf '%s'", folder))) == 0);
}

TEST(a_clock_that_is_behind_makes_no_second_set_of_keys)
{
    char folder[] = "/tmp/digione-keys-XXXXXX";
    struct settings set = key_settings(t, folder);
    struct fail f = { 0 };
    size_t n = 0;

    CHECK(signer_keys_prepare(&set, &t->world, &f));
    test_passes(t, -365 * 86400);
    CHECK(signer_keys_prepare(&set, &t->world, &f));
    (void)keyset_keys(signer_keys_list(&set, t->arena, &f), &n);
    CHECK_INT(n, 12);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf '%s'", folder))) == 0);
}

TEST(retired_keys_of_the_audit_chain_stay_for_its_readers)
{
    char folder[] = "/tmp/digione-keys-XXXXXX";
    struct settings set = key_settings(t, folder);
    struct fail f = { 0 };
    size_t n = 0;

    CHECK(signer_keys_prepare(&set, &t->world, &f));
    CHECK(signer_keys_add(&set, &t->world, KEY_AUDIT, JOSE_ES256, 0, &f));
    test_passes(t, 365 * 86400);
    CHECK(signer_keys_prepare(&set, &t->world, &f));
    (void)keyset_keys(signer_keys_list(&set, t->arena, &f), &n);
    CHECK_INT(n, 13);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf '%s'", folder))) == 0);
}

/* In a process of its own: it closes files to itself. */
static int signer_status(const struct settings *set, int fd)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        log_set_level((enum log_level)(LOG_ERROR + 1));
        _exit(signer_main(set, &world_real, &fd, 1, -1));
    }
    (void)waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(key_files_are_for_their_owner_alone)
{
    char folder[] = "/tmp/digione-keys-XXXXXX";
    struct settings set = key_settings(t, folder);
    struct fail f = { 0 };
    size_t n = 0;
    struct stat st;

    CHECK(signer_keys_prepare(&set, &t->world, &f));
    const struct public_key *k = keyset_keys(signer_keys_list(&set, t->arena, &f), &n);
    char *pem = arena_cstr(
        t->arena, arena_printf(t->arena, "%.*s/oidc-ES256-%.*s.pem", STR_ARG(set.keys_dir), STR_ARG(k[0].kid)));
    CHECK(stat(pem, &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK(stat(arena_cstr(t->arena, set.keys_dir), &st) == 0 && (st.st_mode & 0777) == 0700);
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    (void)chmod(pem, 0644);
    (void)close(ends[0]); /* whatever happens, it serves nobody */
    CHECK_INT(signer_status(&set, ends[1]), EXIT_FAILURE);
    (void)chmod(pem, 0600);
    CHECK_INT(signer_status(&set, ends[1]), EXIT_SUCCESS);
    (void)close(ends[1]);
    CHECK(system(arena_cstr(t->arena, arena_printf(t->arena, "rm -rf '%s'", folder))) == 0);
}

static const char *scan(struct str claims)
{
    static const char *const reserved[] = { "iss", "exp", NULL };
    enum signer_reason said = claims_scan(claims, reserved);

    return said == REASON_SIGNED ? "ok" : signer_reason_word(said);
}

TEST(claims_are_scanned_for_form_and_reserved_names)
{
    static const char *const good[] = { "{}",
                                        "{\"a\":1}",
                                        "{\"a\":\"iss\"}",
                                        "{\"a\":{\"iss\":1}}",
                                        "{\"a\":[{\"exp\":[]}],\"b\":{}}",
                                        "{\"a\":\"\\\"iss\\\":\"}",
                                        "{\"a\":\"x\\\\\",\"b\":null}",
                                        "{\"a\":[],\"b\":[1,2,[3]]}",
                                        "{\"a\":-1.5E+3,\"b\":true}",
                                        "{\"urn:oid:2.5.4.4\":[\"x\"]}" };
    static const char *const bad[] = { "",
                                       "{",
                                       "}",
                                       "[]",
                                       "{}{}",
                                       "{\"a\"}",
                                       "{\"a\":}",
                                       "{\"a\":1",
                                       "{\"a\":1}}",
                                       "{\"a\":1,}",
                                       "{,}",
                                       "{\"a\":[}",
                                       "{\"a\":[1}",
                                       "{\"a\":{]}",
                                       "{a:1}",
                                       "{ }",
                                       "{\"a\": 1}",
                                       "{\"a\":1,\"a\":2}",
                                       "{\"\":1}",
                                       "{\"a\":\"x}",
                                       "{\"a\":\"\n\"}",
                                       "{\"i\\u0073s\":1}",
                                       "{\"a\":1}x",
                                       "{\"a\":1 ,\"b\":2}",
                                       "{\"a\":x}",
                                       "{\"a\":\"\\",
                                       "{\"a\":\"b\"\"c\":1}",
                                       "{\"a\":[1,]}",
                                       "{\"a b\":1}" };
    static const char *const reserved[] = { "{\"iss\":1}", "{\"a\":1,\"exp\":2}", "{\"a\":{\"b\":1},\"iss\":2}",
                                            "{\"a\":\"\\\\\",\"iss\":1}" };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_STR(scan(str_of(good[i])), "ok");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strcmp(scan(str_of(bad[i])), "malformed") != 0)
            test_fail(t, __FILE__, __LINE__, "%s: %s", bad[i], scan(str_of(bad[i])));
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        CHECK_STR(scan(str_of(reserved[i])), "reserved_claim");
}

TEST(a_message_is_read_only_when_it_is_exactly_one)
{
    struct signer_msg m = { .op = SIGN_SAML_TEXT, .id = 7, .part = { S("abc"), S("de") } }, got;
    struct str text = signer_msg_write(t->arena, &m);

    CHECK(signer_msg_read(text, &got) && got.op == SIGN_SAML_TEXT && got.id == 7);
    CHECK_STR(got.part[1], "de");
    for (size_t n = 0; n < text.n; n++)
        CHECK(!signer_msg_read(str_sub(text, 0, n), &got));
    CHECK(!signer_msg_read(arena_join(t->arena, text, S("x")), &got));
}
