/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/modes.h"
#include "gateway/oidc/request/request.h"
#include "tests/test.h"
#include "wire/json.h"

static bool read_object(struct test *t, const char *json, const struct form **out, struct fail *f)
{
    struct fail none = { 0 };
    const struct json_value *v = json_parse(t->arena, str_of(json), &none);

    *f = (struct fail){ 0 };
    CHECK(v != NULL);
    return object_form(t->arena, v, S("matikka"), out, f);
}

TEST(the_members_of_a_request_object_are_parameters) /* [RFC 9101 4, OIDC Core 6.1] */
{
    const struct form *form;
    struct fail f;

    CHECK(read_object(t,
                      "{\"iss\":\"matikka\",\"aud\":\"https://us\",\"exp\":1,\"jti\":\"j\",\"client_id\":\"matikka\","
                      "\"scope\":\"openid\",\"max_age\":60,\"claims\":{\"userinfo\":{\"name\":null}},\"x\":true,"
                      "\"resource\":[\"https://a\",\"https://b\"],\"nonce\":null}",
                      &form, &f));
    CHECK_STR(form_get(form, S("client_id")), "matikka");
    CHECK_STR(form_get(form, S("scope")), "openid");
    CHECK_STR(form_get(form, S("max_age")), "60");
    CHECK_STR(form_get(form, S("x")), "true");
    CHECK_STR(form_get(form, S("claims")), "{\"userinfo\":{\"name\":null}}");
    CHECK_STR(form_get_nth(form, S("resource"), 0), "https://a");
    CHECK_STR(form_get_nth(form, S("resource"), 1), "https://b");
    CHECK(form_get(form, S("nonce")).p == NULL);
    CHECK(form_get(form, S("iss")).p == NULL && form_get(form, S("aud")).p == NULL &&
          form_get(form, S("exp")).p == NULL);
}

TEST(a_request_object_that_holds_another_or_is_for_another_is_refused) /* [RFC 9101 4, 6.3, 10.8] F67 */
{
    static const char *const bad[] = {
        "{\"client_id\":\"havu\"}",
        "{\"client_id\":1}",
        "{\"client_id\":[\"matikka\"]}",
        "{\"request\":\"x\"}",
        "{\"request_uri\":\"urn:ietf:params:oauth:request_uri:x\"}",
        "{\"request\":\"\"}",
        "{\"sub\":\"matikka\"}", /* a client assertion */
        "{\"state\":\"a\\u0000b\"}",
        "{\"state\":\"a\\u001bb\"}",
        "{\"a\\u0007\":\"x\"}",
    };
    const struct form *form;
    struct fail f;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (t->checked++, read_object(t, bad[i], &form, &f))
            test_fail(t, __FILE__, __LINE__, "%s is taken", bad[i]);
        CHECK_STR(str_of(f.code), "invalid_request_object");
    }
}

TEST(a_request_object_has_no_more_members_than_a_form)
{
    struct buf b = buf_new(t->arena, 1 << 16);
    const struct form *form;
    struct fail f;

    for (int i = 0; i < FORM_FIELDS_MAX + 1; i++)
        buf_printf(&b, "%s\"n%d\":1", i > 0 ? "," : "", i);
    CHECK(!read_object(t, arena_cstr(t->arena, arena_printf(t->arena, "{%.*s}", STR_ARG(buf_str(&b)))), &form, &f));
    CHECK_STR(str_of(f.code), "invalid_request_object");
}

TEST(every_response_mode_is_found_by_its_word_alone) /* [OAuth Multiple Response Types 2.1, JARM 2.3] */
{
    static const char *const none[] = { "", "QUERY", "query.", ".jwt", "query.jwt ", "web_message", "form_post.JWT" };
    unsigned mode;

    for (unsigned i = 0; i < MODE_COUNT; i++)
        CHECK(mode_find(mode_word(i), &mode) && mode == i);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK(!mode_find(str_of(none[i]), &mode) && mode == MODE_QUERY);
    CHECK(!mode_find((struct str){ NULL, 0 }, &mode));
    CHECK(!mode_is_signed(MODE_QUERY) && !mode_is_signed(MODE_FORM_POST) && !mode_is_signed(MODE_FRAGMENT));
    CHECK(mode_is_signed(MODE_JWT) && mode_is_signed(MODE_QUERY_JWT) && mode_is_signed(MODE_FORM_POST_JWT) &&
          mode_is_signed(MODE_FRAGMENT_JWT) && !mode_is_signed(MODE_COUNT));
}

TEST(a_native_apps_own_scheme_takes_no_post) /* [OAuth Form Post Response Mode 2, RFC 8252 7.1] */
{
    for (unsigned i = 0; i < MODE_COUNT; i++) {
        bool by_form = i == MODE_FORM_POST || i == MODE_FORM_POST_JWT;
        CHECK(mode_fits(i, S("https://matikka.example/callback")) && mode_fits(i, S("http://127.0.0.1:5000/cb")));
        CHECK(mode_fits(i, S("fi.hanki.koodi:/cb")) == !by_form);
        CHECK(mode_fits(i, S("httpx:/cb")) == !by_form);
    }
}
