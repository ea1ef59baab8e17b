/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"
#include "wire/claims_asked.h"

static struct str again(struct test *t, const char *text)
{
    struct claims_asked asked;
    struct fail f = { 0 };

    CHECK(claims_asked_read(t->arena, str_of(text), &asked, &f));
    return claims_asked_write(t->arena, &asked);
}

TEST(a_claim_is_asked_for_in_four_ways) /* [OIDC Core 5.5.1] OP35 */
{
    struct claims_asked asked;
    struct fail f = { 0 };

    CHECK(claims_asked_read(t->arena,
                            S("{\"userinfo\":{\"given_name\":{\"essential\":true},\"nickname\":null,\"email_verified\":"
                              "{\"essential\":false}},\"id_token\":{\"auth_time\":{\"essential\":true},\"acr\":"
                              "{\"values\":[\"urn:high\",\"urn:low\"]},\"sub\":{\"value\":\"248289761001\"}}}"),
                            &asked, &f));
    CHECK_INT(asked.userinfo.n, 3);
    CHECK_INT(asked.id_token.n, 3);
    CHECK(claims_asked_get(&asked.userinfo, S("given_name"))->essential);
    CHECK(!claims_asked_get(&asked.userinfo, S("nickname"))->essential);
    CHECK(!claims_asked_get(&asked.userinfo, S("email_verified"))->essential);
    CHECK(claims_asked_get(&asked.userinfo, S("acr")) == NULL);
    const struct claim_asked *acr = claims_asked_get(&asked.id_token, S("acr"));
    CHECK_INT(acr->value_count, 2);
    CHECK_STR(acr->values[0], "urn:high");
    CHECK_STR(acr->values[1], "urn:low");
    CHECK(!acr->essential);
    CHECK_INT(claims_asked_get(&asked.id_token, S("sub"))->value_count, 1);
    CHECK_STR(claims_asked_get(&asked.id_token, S("sub"))->values[0], "248289761001");
}

TEST(what_is_kept_of_asked_claims_reads_as_they_did)
{
    static const char text[] = "{\"userinfo\":{\"given_name\":{\"essential\":true},\"name#sv\":null},"
                               "\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"a\",\"b\"]}}}";

    CHECK_STR(again(t, text), text);
    CHECK_STR(again(t, "{\"id_token\":{\"sub\":{\"value\":\"x\"}}}"), "{\"id_token\":{\"sub\":{\"values\":[\"x\"]}}}");
}

TEST(members_that_are_not_understood_are_ignored) /* [OIDC Core 5.5] */
{
    CHECK(again(t, "{}").p == NULL);
    CHECK(again(t, "{\"userinfo\":null,\"verified_claims\":[1],\"x\":{}}").p == NULL);
    CHECK_STR(again(t, "{ \"userinfo\" : {\"name\":{\"purpose\":\"why\",\"x\":[{}]}} }"),
              "{\"userinfo\":{\"name\":null}}");
}

TEST(claims_that_are_no_request_are_refused)
{
    static const char *const bad[] = {
        "",
        "name",
        "[]",
        "\"name\"",
        "{",
        "{\"userinfo\":[]}",
        "{\"userinfo\":\"name\"}",
        "{\"id_token\":{\"name\":true}}",
        "{\"id_token\":{\"name\":\"x\"}}",
        "{\"id_token\":{\"\":null}}",
        "{\"id_token\":{\"name\":{\"essential\":\"true\"}}}",
        "{\"id_token\":{\"name\":{\"essential\":1}}}",
        "{\"id_token\":{\"name\":{\"values\":\"x\"}}}",
        "{\"id_token\":{\"name\":{\"values\":[[]]}}}",
        "{\"id_token\":{\"name\":{\"value\":{}}}}",
        "{\"id_token\":{\"name\":{\"value\":\"x\",\"values\":[\"x\"]}}}",
        "{\"id_token\":{\"acr\":null},\"id_token\":{}}",
        "{\"id_token\":{\"acr\":null,\"acr\":null}}",
        "{\"id_token\":{\"a\\u0000b\":null}}",
        "{\"id_token\":{\"acr\":{\"value\":\"\\u0000\"}}}",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct claims_asked asked;
        struct fail f = { 0 };
        if (t->checked++, claims_asked_read(t->arena, str_of(bad[i]), &asked, &f))
            test_fail(t, __FILE__, __LINE__, "%s is taken", bad[i]);
        CHECK_STR(str_of(f.code), "invalid_request");
    }
}

static bool takes(struct test *t, size_t names, size_t values, size_t value_B)
{
    struct buf b = buf_new(t->arena, 1 << 16);
    struct claims_asked asked;
    struct fail f = { 0 };

    buf_add(&b, S("{\"userinfo\":{"));
    for (size_t i = 0; i < names; i++) {
        buf_printf(&b, "%s\"n%zu\":{\"values\":[", i > 0 ? "," : "", i);
        for (size_t v = 0; v < values; v++) {
            buf_add(&b, v > 0 ? S(",\"") : S("\""));
            for (size_t n = 0; n < value_B; n++)
                buf_byte(&b, 'x');
            buf_byte(&b, '"');
        }
        buf_add(&b, S("]}"));
    }
    buf_add(&b, S("}}"));
    return claims_asked_read(t->arena, buf_str(&b), &asked, &f);
}

TEST(asked_claims_are_bounded)
{
    CHECK(takes(t, CLAIMS_ASKED_MAX, 1, 1));
    CHECK(!takes(t, CLAIMS_ASKED_MAX + 1, 1, 1));
    CHECK(takes(t, 1, CLAIM_ASKED_VALUES_MAX, 8));
    CHECK(!takes(t, 1, CLAIM_ASKED_VALUES_MAX + 1, 8));
    CHECK(takes(t, 1, 1, CLAIM_ASKED_VALUE_MAX_B));
    CHECK(!takes(t, 1, 1, CLAIM_ASKED_VALUE_MAX_B + 1));
    CHECK(!takes(t, 16, 16, 32));
}

TEST(nobody_asks_when_there_is_no_parameter)
{
    struct claims_asked asked;
    struct fail f = { 0 };

    CHECK(claims_asked_read(t->arena, (struct str){ NULL, 0 }, &asked, &f));
    CHECK_INT(asked.userinfo.n + asked.id_token.n, 0);
}
