/* SPDX-License-Identifier: EUPL-1.2
 * Rows that could not prove their service are refused at the import, in words that say what to mend. */
#include "tests/test.h"
#include "tests/tokens.h"
#include "tests/unit/registry_rig.h"

#include <string.h>

#define SECRET  "a-secret-of-the-test-that-nobody-else-has"
#define SUBJECT "tls_client_auth_subject_dn: \"CN=app,C=FI\""

static struct str file_of(struct test *t, const char *more)
{
    return arena_printf(t->arena,
                        "format: 1\nservices:\n  - {id: s, protocol: oidc, vendor: v, name: {fi: S}, client_id: s, "
                        "redirect_uris: [\"https://s.example/cb\"], %s}\n",
                        more);
}

/* "ok", or what is wrong. */
static const char *judge(struct test *t, struct rig *g, const char *more)
{
    return import(t, g, file_of(t, more)) ? "ok" : g->fail.detail;
}

static const char *with_keys(struct test *t, enum test_key key, const char *more)
{
    return arena_cstr(t->arena,
                      arena_printf(t->arena, "jwks: '%.*s', %s", STR_ARG(test_jwks(t->arena, key, "k")), more));
}

TEST(each_method_has_what_it_needs)
{
    struct rig g;
    const char *const good[] = {
        "secret: {plain: " SECRET "}",
        "auth_method: client_secret_jwt, secret_value: {plain: " SECRET "}",
        "auth_method: client_secret_jwt, token_endpoint_auth_signing_alg: HS256, secret_value: {plain: " SECRET "}",
        with_keys(t, TEST_EC, "auth_method: private_key_jwt"),
        with_keys(t, TEST_ED, "auth_method: private_key_jwt, token_endpoint_auth_signing_alg: EdDSA"),
        "auth_method: private_key_jwt, jwks_uri: \"https://s.example/jwks\"",
        with_keys(t, TEST_EC, "auth_method: self_signed_tls_client_auth"),
        "auth_method: tls_client_auth, " SUBJECT,
        "auth_method: tls_client_auth, tls_client_auth_san_ip: \"2001:db8::7\"",
        "auth_method: none",
        "secret: {plain: " SECRET "}, secret_too: {plain: another-" SECRET "}, secret_too_until: 2026-12-01T00:00:00Z",
        with_keys(t, TEST_EC, "auth_method: private_key_jwt, fapi: true, id_token_alg: ES256"),
    };

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_STR(judge(t, &g, good[i]), "ok");
    rig_free(t, &g);
}

TEST(a_row_that_cannot_prove_its_service_is_refused_with_the_reason)
{
    struct rig g;
    const struct {
        const char *row, *says;
    } bad[] = {
        { "auth_method: client_secret_jwt, secret: {plain: " SECRET "}", "secret_value is missing" },
        { "auth_method: client_secret_jwt, secret_value: {plain: 0123456789abcdef}", "shorter than 32 bytes" },
        { "secret: {plain: " SECRET "}, secret_value: {plain: " SECRET "}", "client_secret_jwt alone" },
        { "auth_method: none, secret_value: {plain: " SECRET "}", "a public service cannot keep one" },
        { "secret: {plain: " SECRET "}, secret_too: {plain: " SECRET "}", "go together" },
        { "secret: {plain: " SECRET "}, secret_too_until: 2026-12-01T00:00:00Z", "go together" },
        { with_keys(t, TEST_EC,
                    "auth_method: private_key_jwt, secret_too: {plain: " SECRET "}, "
                    "secret_too_until: 2026-12-01T00:00:00Z"),
          "does not prove itself by a secret" },
        { "auth_method: private_key_jwt", "jwks_uri is missing" },
        { "auth_method: self_signed_tls_client_auth", "jwks_uri is missing" },
        { with_keys(t, TEST_EC, "auth_method: private_key_jwt, jwks_uri: \"https://s.example/jwks\""),
          "both jwks and jwks_uri" },
        { "auth_method: private_key_jwt, jwks_uri: \"http://s.example/jwks\"", "jwks_uri" },
        { "auth_method: private_key_jwt, jwks: '{\"keys\":[]}'", "no key by which" },
        { "auth_method: private_key_jwt, jwks: nothing", "jwks: jwks_malformed" },
        { with_keys(t, TEST_RSA_1024, "auth_method: private_key_jwt"), "no key by which" },
        { "secret: {plain: " SECRET "}, token_endpoint_auth_signing_alg: RS256", "by an assertion" },
        { with_keys(t, TEST_EC, "auth_method: private_key_jwt, token_endpoint_auth_signing_alg: HS256"),
          "does not fit auth_method" },
        { "auth_method: tls_client_auth", "exactly one" },
        { "auth_method: tls_client_auth, " SUBJECT ", tls_client_auth_san_dns: s.example", "exactly one" },
        { "secret: {plain: " SECRET "}, " SUBJECT, "another auth_method" },
        { "auth_method: tls_client_auth, tls_client_auth_san_ip: s.example", "no IP address" },
        { "auth_method: tls_client_auth, tls_client_auth_subject_dn: app", "RFC 4514" },
        { "secret: {plain: " SECRET "}, fapi: true", "fapi is true" },
        { "auth_method: none, fapi: true", "fapi is true" },
        { with_keys(t, TEST_EC, "auth_method: private_key_jwt, fapi: true, token_endpoint_auth_signing_alg: RS256"),
          "PS256, ES256 or EdDSA" },
    };

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (t->checked++, strstr(judge(t, &g, bad[i].row), bad[i].says) == NULL)
            test_fail(t, __FILE__, __LINE__, "%s: %s", bad[i].row, g.fail.detail);
    rig_free(t, &g);
}

#define BY_SECRET "secret: {plain: " SECRET "}, "

TEST(what_is_encrypted_for_a_service_has_a_key_of_its_reader)
{
    struct rig g;
    const struct {
        const char *row, *says;
    } cases[] = {
        { with_keys(t, TEST_RSA, BY_SECRET "id_token_encrypted_response_alg: RSA-OAEP-256"), "ok" },
        { with_keys(t, TEST_EC,
                    BY_SECRET "userinfo_encrypted_response_alg: ECDH-ES+A256KW, "
                              "userinfo_encrypted_response_enc: A256GCM, userinfo_signed_response_alg: EdDSA"),
          "ok" },
        { BY_SECRET "jwks_uri: \"https://s.example/jwks\", id_token_encrypted_response_alg: ECDH-ES", "ok" },
        { BY_SECRET "id_token_alg: PS256, userinfo_signed_response_alg: PS256", "ok" },
        { BY_SECRET "id_token_encrypted_response_enc: A128GCM", "without id_token_encrypted_response_alg" },
        { BY_SECRET "userinfo_encrypted_response_enc: A128GCM", "without userinfo_encrypted_response_alg" },
        { BY_SECRET "id_token_encrypted_response_alg: ECDH-ES", "jwks or jwks_uri is missing" },
        { with_keys(t, TEST_RSA, BY_SECRET "id_token_encrypted_response_alg: ECDH-ES"), "no key for ECDH-ES" },
        { with_keys(t, TEST_EC, BY_SECRET "userinfo_encrypted_response_alg: RSA-OAEP"), "no key for RSA-OAEP" },
        { with_keys(t, TEST_EC_384, BY_SECRET "userinfo_encrypted_response_alg: ECDH-ES"), "its curve is not P-256" },
        { with_keys(t, TEST_RSA, BY_SECRET "id_token_encrypted_response_alg: RSA1_5"), "RSA1_5" },
        { with_keys(t, TEST_RSA, BY_SECRET "id_token_encrypted_response_alg: dir"), "dir" },
        { BY_SECRET "userinfo_signed_response_alg: HS256", "HS256" },
        { BY_SECRET "id_token_alg: none", "none" },
        { with_keys(t, TEST_EC, "auth_method: private_key_jwt, fapi: true, id_token_alg: RS256"),
          "PS256, ES256 or EdDSA" },
        { with_keys(t, TEST_EC,
                    "auth_method: private_key_jwt, fapi: true, id_token_alg: ES256, "
                    "userinfo_signed_response_alg: RS256"),
          "PS256, ES256 or EdDSA" },
    };

    rig_open(t, &g);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = judge(t, &g, cases[i].row);
        if (t->checked++, strstr(got, cases[i].says) == NULL)
            test_fail(t, __FILE__, __LINE__, "%s: %s", cases[i].row, got);
    }
    rig_free(t, &g);
}

TEST(a_sealed_secret_goes_out_and_comes_in_for_its_own_service)
{
    struct rig g, other;
    struct fail f = { 0 };
    struct str plain;

    rig_open(t, &g);
    CHECK_STR(judge(t, &g, "auth_method: client_secret_jwt, secret_value: {plain: " SECRET "}"), "ok");
    struct str out = registry_export(g.db, t->arena, &f);
    CHECK(str_find(out, S(SECRET)) == out.n && str_find(out, S("sealed: ")) < out.n);
    rig_open(t, &other);
    CHECK(import(t, &other, out));
    CHECK(str_eq(registry_export(other.db, t->arena, &f), out));
    struct registry *r = registry_load(other.db, &f);
    const struct service *s = r != NULL ? registry_service(r, S("s")) : NULL;
    CHECK(s != NULL && seal_secret_open(t->arena, other.how.seals, S("service:s"), s->client.secret_sealed, &plain) &&
          str_eq(plain, S(SECRET)));
    CHECK(s != NULL && !seal_secret_open(t->arena, other.how.seals, S("service:x"), s->client.secret_sealed, &plain));
    registry_drop(r);
    rig_free(t, &g);
    rig_free(t, &other);
}
