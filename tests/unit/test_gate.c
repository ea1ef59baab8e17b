/* SPDX-License-Identifier: EUPL-1.2
 * The gate: what the signer says in a trial and what it never says; what is made of what was seen. */
#include "gateway/gate/report.h"

#include "base/codec.h"
#include "certs/keyset.h"
#include "tests/unit/signer_bench.h"
#include "wire/jose.h"
#include "wire/json.h"
#include "wire/saml_respond.h"

#include <string.h>

#define SAID "{\"nonce\":\"n\",\"sid\":\"s\"}"

static struct str part(struct str token, int which)
{
    struct str one = { NULL, 0 };

    for (int i = 0; i <= which; i++)
        (void)str_split(&token, '.', &one);
    return one;
}

/* Without its JWK, where it has one behind it. */
static struct str token_of(struct str value)
{
    struct str token = value;

    (void)str_split(&value, ' ', &token);
    return token;
}

static struct str payload_of(struct test *t, struct str value)
{
    struct str text = S("");

    CHECK(b64url_decode(t->arena, part(token_of(value), 1), &text));
    return text;
}

static bool says(struct str json, const char *what)
{
    return str_find(json, str_of(what)) < json.n;
}

static struct signed_got gate_token(struct test *t, struct bench *x, enum jose_alg alg, enum gate_token which)
{
    struct signed_got got = { 0 };

    signer_gate(x->signer, &x->batch, t->arena, alg, which, S("tori"), S(SAID), &got);
    wait_for(x);
    return got;
}

static const char *refusal(struct test *t, struct bench *x, const char *client_id, const char *claims, int which)
{
    struct signed_got got = { 0 };

    signer_gate(x->signer, &x->batch, t->arena, JOSE_ES256, (enum gate_token)which, str_of(client_id), str_of(claims),
                &got);
    wait_for(x);
    return got.ok ? "it signed" : got.error;
}

TEST(every_token_of_a_trial_names_nobody_and_carries_its_mark_whatever_it_is)
{
    struct bench x;

    begin(t, &x);
    for (int alg = JOSE_NONE + 1; alg < JOSE_ALG_COUNT; alg++)
        for (int which = 0; which < GATE_TOKEN_COUNT; which++) {
            struct signed_got got = gate_token(t, &x, (enum jose_alg)alg, (enum gate_token)which);
            CHECK(got.ok);
            struct str said = payload_of(t, got.value);
            bool right =
                which == GATE_TOKEN_RIGHT || which == GATE_TOKEN_ROLLED_KEY || which >= GATE_TOKEN_LOGOUT_RIGHT;
            CHECK(says(said, right ? "\"sub\":\"gate-test-person\"" : "\"sub\":\"gate-wrong-person\""));
            CHECK(says(said, "\"urn:digione:gate\":\"trial\""));
            CHECK(says(said, which == GATE_TOKEN_WRONG_AUD ? "\"aud\":\"urn:digione:gate:wrong-audience\""
                                                           : "\"aud\":\"tori\""));
            CHECK(says(said, which == GATE_TOKEN_WRONG_ISSUER ? "\"iss\":\"https://wrong-issuer.invalid\""
                                                              : "\"iss\":\"https://gateway.example\""));
        }
    end(t, &x);
}

TEST(no_wrong_token_passes_a_right_client_and_the_right_ones_do)
{
    static const char *const codes[GATE_TOKEN_COUNT] = {
        [GATE_TOKEN_WRONG_ISSUER] = "iss",    [GATE_TOKEN_WRONG_AUD] = "aud",
        [GATE_TOKEN_EXPIRED] = "exp",         [GATE_TOKEN_FUTURE] = "iat",
        [GATE_TOKEN_OTHER_KEY] = "signature", [GATE_TOKEN_HS256] = "alg",
        [GATE_TOKEN_ROLLED_KEY] = "key",      [GATE_TOKEN_LOGOUT_OTHER_KEY] = "signature",
        [GATE_TOKEN_LOGOUT_EXPIRED] = "exp",
    };
    struct bench x;

    begin(t, &x);
    for (int alg = JOSE_NONE + 1; alg < JOSE_ALG_COUNT; alg++)
        for (int which = 0; which < GATE_TOKEN_COUNT; which++) {
            struct signed_got got = gate_token(t, &x, (enum jose_alg)alg, (enum gate_token)which);
            const struct jose_rules r = { .algs = JOSE_EVERY,
                                          .iss = S("https://gateway.example"),
                                          .aud = S("tori"),
                                          .typ = which >= GATE_TOKEN_LOGOUT_RIGHT ? S("logout+jwt") : S(""),
                                          .now_s = world_now_s(&world_real),
                                          .skew_s = 60 };
            struct jose_claims c;
            struct fail f = { 0 };
            bool passes = jose_verify(t->arena, token_of(got.value), keyset_own(signer_keys(x.signer)), &r, &c, &f);
            CHECK_INT(passes, codes[which] == NULL);
            CHECK(passes || says(str_of(f.code), codes[which]));
        }
    end(t, &x);
}

TEST(a_rolled_key_has_a_name_of_its_own_each_time_and_verifies_its_token_alone)
{
    struct bench x;

    begin(t, &x);
    for (int alg = JOSE_NONE + 1; alg < JOSE_ALG_COUNT; alg++) {
        struct str tokens[2], keys[2];
        for (int i = 0; i < 2; i++) {
            struct signed_got got = gate_token(t, &x, (enum jose_alg)alg, GATE_TOKEN_ROLLED_KEY);
            keys[i] = got.value;
            CHECK(str_split(&keys[i], ' ', &tokens[i]) && keys[i].n > 0);
            CHECK(!says(keys[i], "\"d\"") && !says(keys[i], "\"p\""));
        }
        for (int i = 0; i < 2; i++)
            for (int k = 0; k < 2; k++) {
                struct fail f = { 0 };
                const struct jose_rules r = { .algs = JOSE_EVERY,
                                              .iss = S("https://gateway.example"),
                                              .aud = S("tori"),
                                              .now_s = world_now_s(&world_real),
                                              .skew_s = 60 };
                struct jose_claims c;
                struct str set = arena_printf(t->arena, "{\"keys\":[%.*s]}", STR_ARG(keys[k]));
                CHECK_INT(jose_verify(t->arena, tokens[i], jwks_read(t->arena, set, &f), &r, &c, &f), i == k);
            }
        CHECK(str_find(keyset_jwks(signer_keys(x.signer)), keys[0]) == keyset_jwks(signer_keys(x.signer)).n);
    }
    end(t, &x);
}

TEST(the_signer_says_nothing_of_a_person_in_a_trial)
{
    static const char *const claims[] = { "{\"sub\":\"a\"}",
                                          "{\"name\":\"Anna\"}",
                                          "{\"email\":\"a@b\"}",
                                          "{\"iss\":\"x\"}",
                                          "{\"aud\":\"x\"}",
                                          "{\"exp\":9999999999}",
                                          "{\"given_name\":\"A\"}",
                                          "{\"azp\":\"x\"}",
                                          "{\"edu_roles\":[]}",
                                          "{\"nonce\":\"n\",\"role\":\"teacher\"}",
                                          "{\"urn:digione:gate\":\"no\"}" };
    struct bench x;

    begin(t, &x);
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        CHECK_STR(str_of(refusal(t, &x, "tori", claims[i], GATE_TOKEN_RIGHT)), "reserved_claim");
    CHECK_STR(str_of(refusal(t, &x, "tori", "{\"nonce\":\"a\",\"nonce\":\"b\"}", GATE_TOKEN_RIGHT)), "malformed");
    CHECK_STR(str_of(refusal(t, &x, "tori", "not claims", GATE_TOKEN_RIGHT)), "malformed");
    CHECK_STR(str_of(refusal(t, &x, "", SAID, GATE_TOKEN_RIGHT)), "malformed");
    CHECK_STR(str_of(refusal(t, &x, "tori", SAID, GATE_TOKEN_COUNT)), "malformed");
    end(t, &x);
}

TEST(no_other_purpose_of_the_signer_says_the_mark_of_a_trial)
{
    struct str claims = S("{\"urn:digione:gate\":\"trial\"}");
    struct signed_got got[6] = { 0 };
    struct bench x;

    begin(t, &x);
    signer_id_token(x.signer, &x.batch, t->arena, JOSE_ES256, claims, 60, &got[0]);
    signer_access_token(x.signer, &x.batch, t->arena, JOSE_ES256, claims, 60, &got[1]);
    signer_logout_token(x.signer, &x.batch, t->arena, JOSE_ES256, claims, &got[2]);
    signer_userinfo(x.signer, &x.batch, t->arena, JOSE_ES256, claims, 60, &got[3]);
    signer_response(x.signer, &x.batch, t->arena, JOSE_ES256, claims, 60, &got[4]);
    signer_introspection(x.signer, &x.batch, t->arena, JOSE_ES256, claims, &got[5]);
    wait_for(&x);
    for (size_t i = 0; i < 6; i++)
        CHECK(!got[i].ok && strcmp(got[i].error, "reserved_claim") == 0);
    end(t, &x);
}

/* ── what was seen ──────────────────────────────────────────────────────── */

static const struct gate_trial *of_kind(enum gate_kind kind)
{
    for (size_t i = 0; i < TRIAL_COUNT; i++)
        if (gate_trials[i].kind == kind)
            return &gate_trials[i];
    return NULL;
}

TEST(a_trial_is_judged_by_what_the_client_did_and_else_by_its_tester)
{
    enum {
        A = 1 << MARK_ASKED,
        E = 1 << MARK_EXEMPT,
        R = 1 << MARK_REDEEMED,
        U = 1 << MARK_UNBOUND,
        O = 1 << MARK_OPENED
    };
    static const struct {
        enum gate_kind kind;
        int marks;
        enum gate_saw saw;
        bool opens;
        enum gate_verdict verdict;
    } all[] = {
        /* clang-format off */
        { GATE_GOOD,   0,             SAW_IN,      false, GATE_OPEN },
        { GATE_GOOD,   A | R | O,     SAW_NOTHING, false, GATE_PASSED },
        { GATE_GOOD,   A | R | O,     SAW_ERROR,   true,  GATE_FAILED },
        { GATE_GOOD,   A | R,         SAW_NOTHING, false, GATE_OPEN },
        { GATE_GOOD,   A | R,         SAW_IN,      false, GATE_PASSED },
        { GATE_GOOD,   A,             SAW_ERROR,   false, GATE_FAILED },
        { GATE_ANSWER, A,             SAW_NOTHING, false, GATE_PASSED },
        { GATE_ANSWER, A | R,         SAW_NOTHING, false, GATE_FAILED },
        { GATE_ANSWER, A | R,         SAW_ERROR,   true,  GATE_FAILED },
        { GATE_ANSWER, A,             SAW_IN,      false, GATE_FAILED },
        { GATE_ANSWER, A | E | R | O, SAW_IN,      true,  GATE_PASSED },
        { GATE_ANSWER, 0,             SAW_ERROR,   true,  GATE_OPEN },
        { GATE_TOKEN,  A,             SAW_ERROR,   true,  GATE_OPEN },
        { GATE_TOKEN,  A | R,         SAW_NOTHING, true,  GATE_PASSED },
        { GATE_TOKEN,  A | R,         SAW_NOTHING, false, GATE_OPEN },
        { GATE_TOKEN,  A | R,         SAW_ERROR,   false, GATE_PASSED },
        { GATE_TOKEN,  A | R,         SAW_IN,      true,  GATE_FAILED },
        { GATE_TOKEN,  A | R | O,     SAW_ERROR,   true,  GATE_FAILED },
        { GATE_CODE,   A | R | U,     SAW_NOTHING, false, GATE_PASSED },
        { GATE_CODE,   A | R | O,     SAW_NOTHING, true,  GATE_FAILED },
        { GATE_CODE,   A | R,         SAW_NOTHING, true,  GATE_PASSED },
        { GATE_CODE,   A | R | U,     SAW_IN,      true,  GATE_FAILED },
        /* clang-format on */
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct kv_got marks[MARK_COUNT];
        struct str seen;
        for (int m = 0; m < MARK_COUNT; m++)
            marks[m] = (struct kv_got){ .outcome = (all[i].marks & 1 << m) != 0 ? KV_HIT : KV_MISS };
        CHECK_INT(gate_judge(of_kind(all[i].kind), marks, all[i].saw, all[i].opens, &seen), all[i].verdict);
    }
}

TEST(a_logout_message_is_judged_by_the_status_of_its_answer)
{
    static const struct {
        enum gate_kind kind;
        int status;
        enum gate_verdict verdict;
    } all[] = {
        { GATE_LOGOUT_BAD, 400, GATE_PASSED },  { GATE_LOGOUT_BAD, 403, GATE_PASSED },
        { GATE_LOGOUT_BAD, 200, GATE_FAILED },  { GATE_LOGOUT_BAD, 204, GATE_FAILED },
        { GATE_LOGOUT_BAD, 0, GATE_OPEN },      { GATE_LOGOUT_BAD, 502, GATE_OPEN },
        { GATE_LOGOUT_BAD, 302, GATE_OPEN },    { GATE_LOGOUT_GOOD, 200, GATE_PASSED },
        { GATE_LOGOUT_GOOD, 204, GATE_PASSED }, { GATE_LOGOUT_GOOD, 400, GATE_FAILED },
        { GATE_LOGOUT_GOOD, 0, GATE_OPEN },     { GATE_LOGOUT_GOOD, 500, GATE_OPEN },
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct gate_leaving l = { .trial = of_kind(all[i].kind), .status = all[i].status };
        struct str seen;
        CHECK_INT(gate_judge_leaving(&l, &seen), all[i].verdict);
    }
    /* Who has no such session has looked for it, whatever it checks: it says nothing. */
    for (int good = 0; good < 2; good++) {
        const struct gate_leaving l = { of_kind(good ? GATE_LOGOUT_GOOD : GATE_LOGOUT_BAD), 400, true };
        struct str seen;
        CHECK_INT(gate_judge_leaving(&l, &seen), GATE_OPEN);
        CHECK_STR(seen, "nobody");
    }
}

TEST(a_service_of_saml_is_tried_by_sign_outs_and_by_what_is_encrypted_where_its_metadata_take_those)
{
    const struct service s = { .id = S("tori"), .protocol = PROTO_SAML, .test = true, .enabled = true };
    const struct gate_rows none = { 0 };
    const size_t plain = gate_report_of(&s, 0, t->arena, &none, TEST_NOW_S).all;

    CHECK_INT(gate_report_of(&s, GATE_DECRYPTS, t->arena, &none, TEST_NOW_S).all, plain + 2);
    CHECK_INT(gate_report_of(&s, GATE_HEARS, t->arena, &none, TEST_NOW_S).all, plain + 5);
    CHECK_INT(gate_report_of(&s, GATE_HEARS | GATE_DECRYPTS, t->arena, &none, TEST_NOW_S).all, plain + 7);
}

TEST(what_the_browser_alone_brings_is_judged_by_what_the_tester_saw)
{
    static const struct {
        enum gate_trial_id trial;
        bool asked, redeemed;
        enum gate_saw saw;
        enum gate_verdict verdict;
        const char *seen;
    } all[] = {
        { TRIAL_saml_unsigned, false, false, SAW_ERROR, GATE_OPEN, "not_asked" },
        { TRIAL_saml_unsigned, true, false, SAW_NOTHING, GATE_OPEN, "unsaid" },
        { TRIAL_saml_unsigned, true, false, SAW_ERROR, GATE_PASSED, "" },
        { TRIAL_saml_unsigned, true, false, SAW_IN, GATE_FAILED, "" },
        { TRIAL_lti_deployment, true, false, SAW_IN, GATE_FAILED, "" },
        { TRIAL_lti_deployment, true, false, SAW_ERROR, GATE_PASSED, "" },
        { TRIAL_saml_good, true, false, SAW_IN, GATE_PASSED, "" },
        { TRIAL_saml_good, true, false, SAW_ERROR, GATE_FAILED, "" },
        { TRIAL_saml_rolled, true, false, SAW_IN, GATE_PASSED, "" },
        { TRIAL_lti_rolled, true, false, SAW_ERROR, GATE_FAILED, "" },
        { TRIAL_saml_replayed, true, false, SAW_ERROR, GATE_OPEN, "once" },
        { TRIAL_saml_replayed, true, true, SAW_ERROR, GATE_PASSED, "" },
        { TRIAL_saml_replayed, true, true, SAW_IN, GATE_FAILED, "" },
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct kv_got marks[MARK_COUNT] = { { .outcome = KV_MISS } };
        struct str seen;
        for (int m = 0; m < MARK_COUNT; m++)
            marks[m].outcome =
                (m == MARK_ASKED && all[i].asked) || (m == MARK_REDEEMED && all[i].redeemed) ? KV_HIT : KV_MISS;
        CHECK_INT(gate_judge(&gate_trials[all[i].trial], marks, all[i].saw, false, &seen), all[i].verdict);
        CHECK_STR(seen.p != NULL ? seen : S(""), all[i].seen);
    }
}

TEST(each_protocol_has_trials_of_its_own_and_a_plain_link_has_none)
{
    static const enum protocol_id with[] = { PROTO_OIDC, PROTO_SAML, PROTO_LTI };
    struct service s = { .id = S("tori"), .protocol = PROTO_LINK, .test = true, .enabled = true };
    const struct gate_rows none = { 0 };

    CHECK(!gate_has_trials(&s) && gate_passed(&s, 0, t->arena, &none, TEST_NOW_S));
    for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
        size_t right = 0, wrong = 0;
        s.protocol = with[i];
        CHECK(gate_has_trials(&s) && !gate_passed(&s, 0, t->arena, &none, TEST_NOW_S));
        for (size_t k = 0; k < TRIAL_COUNT; k++) {
            right += gate_applies(&s, 0, &gate_trials[k]) && gate_trials[k].kind == GATE_GOOD;
            wrong += gate_applies(&s, 0, &gate_trials[k]) && gate_trials[k].kind != GATE_GOOD;
        }
        CHECK_INT(right, 2);
        CHECK(wrong >= 10);
    }
}

/* ── what the signer says over SAML and LTI ─────────────────────────────── */

static struct str assertion_of(struct test *t, const char *who, const char *audience)
{
    struct str *value = arena_make(t->arena, struct str);
    struct saml_told *told = arena_make(t->arena, struct saml_told);
    const struct saml_statement st = { .id = S("_0123456789abcdef0123456789abcdef"),
                                       .now_s = world_now_s(&world_real),
                                       .issuer = S("https://gateway.example/saml/metadata"),
                                       .audience = str_of(audience),
                                       .recipient = S("https://sp.example/acs"),
                                       .ends_s = world_now_s(&world_real) + 300,
                                       .name = { .value = str_of(who), .format = S("urn:x") },
                                       .authenticated_s = world_now_s(&world_real),
                                       .context = S("urn:c"),
                                       .told = told,
                                       .told_count = 1 };

    *value = S("Anna");
    *told = (struct saml_told){ .name = S("urn:n"), .values = value, .value_count = 1 };
    return saml_assertion_draft(t->arena, &st).text;
}

static struct signed_got gate_saml(struct test *t, struct bench *x, enum gate_key key, struct str text)
{
    struct signed_got got = { 0 };

    signer_gate_saml(x->signer, &x->batch, t->arena, key, text, &got);
    wait_for(x);
    return got;
}

TEST(the_keys_of_trials_sign_assertions_of_nobody_and_nothing_else)
{
    struct bench x;

    begin(t, &x);
    struct str certificates[2] = { { NULL, 0 } };
    for (int key = GATE_KEY_ROLLED; key <= GATE_KEY_STRAY; key++) {
        const struct str bad[] = { assertion_of(t, "anna", "sp"),
                                   assertion_of(t, "", "sp"),
                                   assertion_of(t, "gate-test-person2", "sp"),
                                   assertion_of(t, "gate-test-person@city.example", "sp"),
                                   assertion_of(t, "gate-test-person", "https://gateway.example/x"),
                                   S("<saml:NameID>gate-test-person</saml:NameID>"),
                                   S("") };
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            CHECK(!gate_saml(t, &x, (enum gate_key)key, bad[i]).ok);
        struct signed_got got = gate_saml(t, &x, (enum gate_key)key, assertion_of(t, GATE_SUB_RIGHT, "sp"));
        CHECK(got.ok && gate_saml(t, &x, (enum gate_key)key, assertion_of(t, GATE_SUB_WRONG GATE_MAIL, "sp")).ok);
        size_t from = str_find(got.value, S("<ds:X509Certificate>"));
        CHECK(from < got.value.n);
        certificates[key - 1] = str_from(got.value, from);
    }
    CHECK(!gate_saml(t, &x, (enum gate_key)0, assertion_of(t, GATE_SUB_RIGHT, "sp")).ok);
    /* Each has a certificate, and neither is what our messages are verified by. */
    CHECK(!str_eq(certificates[0], certificates[1]));
    struct str ours = keyset_certificate(signer_keys(x.signer), KEY_SAML, world_now_s(&world_real)),
               rolled = keyset_certificate(signer_keys(x.signer), KEY_GATE, world_now_s(&world_real));
    CHECK(str_find(certificates[0], rolled) < certificates[0].n);
    for (int i = 0; i < 2; i++)
        CHECK(str_find(certificates[i], ours) == certificates[i].n);
    end(t, &x);
}

TEST(a_message_of_a_trial_names_nobody_by_name_and_says_nothing_else_of_them)
{
    static const char *const refused[] = { "{\"sub\":\"a\"}", "{\"name\":\"Anna\"}", "{\"email\":\"a@b\"}",
                                           "{\"aud\":\"other\"}",
                                           "{\"https://purl.imsglobal.org/spec/lti/claim/lis\":{}}" };
    struct bench x;

    begin(t, &x);
    for (int which = 0; which < GATE_TOKEN_LOGOUT_RIGHT; which++) {
        struct signed_got got = { 0 };
        signer_gate_lti(x.signer, &x.batch, t->arena, (enum gate_token)which, S("tool"),
                        S("{\"https://purl.imsglobal.org/spec/lti/claim/version\":\"1.3.0\"}"), &got);
        wait_for(&x);
        CHECK(got.ok);
        struct str said = payload_of(t, got.value);
        bool right = which == GATE_TOKEN_RIGHT || which == GATE_TOKEN_ROLLED_KEY;
        CHECK(says(said, right ? "\"name\":\"Portti Oikea\"" : "\"name\":\"Portti Väärä\""));
        CHECK(says(said, right ? "\"sub\":\"gate-test-person\"" : "\"sub\":\"gate-wrong-person\""));
        CHECK(says(said, "\"urn:digione:gate\":\"trial\""));
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct signed_got got = { 0 };
        signer_gate_lti(x.signer, &x.batch, t->arena, GATE_TOKEN_RIGHT, S("tool"), str_of(refused[i]), &got);
        wait_for(&x);
        CHECK(!got.ok);
    }
    end(t, &x);
}

TEST(a_gate_is_passed_when_each_trial_is_with_the_registration_as_it_is)
{
    struct service s = {
        .id = S("tori"), .client_id = S("tori"), .protocol = PROTO_OIDC, .test = true, .enabled = true
    };
    struct gate_row *at = arena_make_n(t->arena, TRIAL_COUNT, struct gate_row);
    struct gate_rows rows = { at, TRIAL_COUNT };

    for (size_t i = 0; i < TRIAL_COUNT; i++)
        at[i] = (struct gate_row){ .trial = str_of(gate_trials[i].word),
                                   .verdict = gate_is_leaving(&gate_trials[i]) ? GATE_OPEN : GATE_PASSED,
                                   .edition = gate_edition(t->arena, &s),
                                   .at_s = TEST_NOW_S };
    CHECK(gate_has_trials(&s) && gate_passed(&s, 0, t->arena, &rows, TEST_NOW_S));
    s.client.backchannel_logout_uri = S("https://tori.example/leave");
    for (size_t i = 0; i < TRIAL_COUNT; i++)
        at[i].edition = gate_edition(t->arena, &s);
    CHECK(!gate_passed(&s, 0, t->arena, &rows, TEST_NOW_S)); /* it hears of sign-outs, and was not tried */
    for (size_t i = 0; i < TRIAL_COUNT; i++)
        at[i].verdict = GATE_PASSED;
    CHECK(gate_passed(&s, 0, t->arena, &rows, TEST_NOW_S));
    at[3].verdict = GATE_FAILED;
    CHECK(!gate_passed(&s, 0, t->arena, &rows, TEST_NOW_S));
    at[3].verdict = GATE_PASSED;
    at[0].edition = S("of another registration");
    CHECK(!gate_passed(&s, 0, t->arena, &rows, TEST_NOW_S));
    at[0].edition = gate_edition(t->arena, &s);
    /* A year after it is too old, and says until when it was good. */
    const struct gate_report whole = gate_report_of(&s, 0, t->arena, &rows, TEST_NOW_S);
    CHECK(whole.whole && whole.passed == whole.all && whole.until_s == TEST_NOW_S + 90 * 86400);
    CHECK(gate_passed(&s, 0, t->arena, &rows, whole.until_s - 1) &&
          !gate_passed(&s, 0, t->arena, &rows, whole.until_s));
    CHECK_INT(gate_report_of(&s, 0, t->arena, &rows, whole.until_s).not_run, whole.all);
    s.id_token_alg = S("ES256");
    CHECK(!gate_passed(&s, 0, t->arena, &rows, TEST_NOW_S));
    s.test = false;
    CHECK(!gate_has_trials(&s));
    s.test = true;
    s.enabled = false;
    CHECK(!gate_has_trials(&s));
}
