/* SPDX-License-Identifier: EUPL-1.2
 * What a trace keeps of a refused request, and what it does not. */
#include "gateway/trace.h"

#include "base/codec.h"
#include "gateway/routes.h"
#include "tests/test.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/saml_ask.h"

#include <string.h>

#define PERSONAL "Aino-Kielo-0707"

static struct str uris[] = { { "https://tori.example/paluu?a=b", 30 } };
static const struct service service = { .id = S("tori"), .redirect_uris = { uris, 1 } };
static struct http_response res = { .status = 400 };

static struct str record(struct test *t, const char *body, const char *authorization)
{
    static const struct route route = { .method = HTTP_POST, .path = "/oidc/token", .errors = ERRORS_JSON };
    struct http_field fields[] = { { S("Authorization"), str_of(authorization) } };
    struct http_request req = { .fields = fields, .field_count = *authorization != '\0' };
    struct ctx c = {
        .arena = t->arena, .now_s = 1000, .route = &route, .req = &req, .res = &res, .support_code = "R4TM8WXC"
    };
    struct fail f = { 0 };

    CHECK(form_read(t->arena, str_of(body), &c.body, &f));
    (void)fail(&c.fail, FAIL_CALLER, "invalid_grant", "redirect_uri is not the one that the code was sent to");
    return trace_write(t->arena, &c, &service);
}

static bool holds(struct str text, const char *what)
{
    return memmem(text.p, text.n, what, strlen(what)) != NULL;
}

static const struct trace_part *part(const struct traced *t, const char *name)
{
    for (size_t i = 0; i < t->part_count; i++)
        if (str_eq(t->parts[i].name, str_of(name)))
            return &t->parts[i];
    return NULL;
}

TEST(item_14_what_is_written_is_read_again)
{
    struct traced got;

    CHECK(trace_parse(t->arena, record(t, "grant_type=authorization_code&code=abc&state=xyz", ""), &got));
    CHECK(str_eq(got.code, S("invalid_grant")) && str_eq(got.support_code, S("R4TM8WXC")));
    CHECK(str_eq(got.id, S("R4TM8WXC.1000")) && got.at_s == 1000 && got.status == 400);
    CHECK(str_eq(got.path, S("/oidc/token")) && str_eq(got.method, S("POST")));
    CHECK(str_eq(got.said, S("redirect_uri is not the one that the code was sent to")));
    CHECK_INT(got.part_count, 3);
    CHECK(str_eq(part(&got, "grant_type")->value, S("authorization_code")));
    CHECK(part(&got, "code")->value.p == NULL && part(&got, "code")->length == 3);
    CHECK(!trace_parse(t->arena, S("{\"id\":1}"), &got) && !trace_parse(t->arena, S("["), &got));
}

/* Everything that a service may send where a person, a secret or a code stands, and a name that nobody knows. */
TEST(item_14_no_secret_and_nothing_of_a_person_is_kept)
{
    static const char *const names[] = { "code",
                                         "code_verifier",
                                         "code_challenge",
                                         "client_secret",
                                         "state",
                                         "nonce",
                                         "login_hint",
                                         "claims",
                                         "refresh_token",
                                         "token",
                                         "subject_token",
                                         "actor_token",
                                         "id_token_hint",
                                         "device_code",
                                         "SAMLRequest",
                                         "SAMLResponse",
                                         "RelayState",
                                         "Signature",
                                         "acr_values",
                                         "request",
                                         "lti_message_hint",
                                         "JWT",
                                         "client_assertion",
                                         "user_code",
                                         "logout_hint",
                                         "password",
                                         "username",
                                         "unknown" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct str got = record(t, arena_cstr(t->arena, arena_printf(t->arena, "%s=" PERSONAL, names[i])), "");
        CHECK(got.p != NULL && holds(got, names[i]) && !holds(got, "Aino"));
    }
    CHECK(!holds(record(t, "", "Basic " PERSONAL), "Aino") && holds(record(t, "", "Basic " PERSONAL), "Basic"));
    CHECK(!holds(record(t, "", PERSONAL), "Aino"));
    CHECK(!holds(record(t, "redirect_uri=https://tori.example/paluu?who=" PERSONAL, ""), "Aino"));
    CHECK(!holds(record(t, "redirect_uri=https://tori.example/paluu%23" PERSONAL, ""), "Aino"));
    CHECK(holds(record(t, "redirect_uri=https://tori.example/paluu?a=b", ""), "paluu?a=b"));
}

TEST(item_14_of_a_jwt_the_known_claims_are_kept_and_no_other)
{
    struct str head = b64url_encode(t->arena, S("{\"alg\":\"ES256\",\"kid\":\"k1\",\"x\":\"" PERSONAL "\"}"));
    struct str claims =
        b64url_encode(t->arena, S("{\"iss\":\"tori\",\"sub\":\"" PERSONAL "\",\"name\":\"" PERSONAL
                                  "\",\"aud\":[\"https://a.example\"],\"exp\":7,\"jti\":\"" PERSONAL "\"}"));
    struct str body = arena_printf(t->arena, "client_assertion=%.*s.%.*s.c2ln", STR_ARG(head), STR_ARG(claims));
    struct str text = record(t, arena_cstr(t->arena, body), "");
    struct traced got;

    CHECK(trace_parse(t->arena, text, &got) && !holds(text, "Aino") && !holds(text, "c2ln"));
    CHECK(str_eq(part(&got, "client_assertion.alg")->value, S("ES256")));
    CHECK(str_eq(part(&got, "client_assertion.iss")->value, S("tori")));
    CHECK(str_eq(part(&got, "client_assertion.aud")->value, S("[\"https://a.example\"]")));
    CHECK(str_eq(part(&got, "client_assertion.exp")->value, S("7")));
    CHECK(part(&got, "client_assertion.sub") == NULL && part(&got, "client_assertion")->value.p == NULL);
}

TEST(item_14_a_large_or_odd_message_is_bounded)
{
    struct buf b = buf_new(t->arena, 1 << 20);
    struct traced got;

    for (int i = 0; i < FORM_FIELDS_MAX; i++)
        buf_printf(&b, "%sresource=%0190d", i > 0 ? "&" : "", i);
    struct str text = record(t, arena_cstr(t->arena, buf_str(&b)), "");
    CHECK(text.p != NULL && text.n <= TRACE_RECORD_MAX_B);
    CHECK(trace_parse(t->arena, text, &got) && got.part_count <= TRACE_PARTS_MAX);
    text = record(t, "client_assertion=.&id_token_hint=..&request=%22.%22&scope=openid", "");
    CHECK(trace_parse(t->arena, text, &got) && got.part_count == 4);
    CHECK(str_eq(part(&got, "scope")->value, S("openid")));
}

static struct str on_the_way(struct test *t, const struct route *route, const char *body)
{
    struct login login = { .service = S("tori") };
    struct http_request req = { .field_count = 0 };
    struct ctx c = { .arena = t->arena, .now_s = 1000, .route = route, .req = &req, .res = &res, .login = &login };
    struct fail f = { 0 };

    CHECK(form_read(t->arena, str_of(body), &c.body, &f));
    return trace_write(t->arena, &c, &service);
}

/* Not even how long it is: a password's length is no service's. */
TEST(item_14_what_a_person_types_and_a_city_answers_on_the_way_to_a_service_is_no_message_of_it)
{
    static const struct route ways[] = {
        { .method = HTTP_POST, .path = "/sign-in/local", .who = WHO_ANYONE, .errors = ERRORS_HTML },
        { .method = HTTP_POST, .path = "/upstream/saml/acs", .who = WHO_ANYONE, .errors = ERRORS_HTML },
        { .method = HTTP_POST, .path = "/consent", .who = WHO_ANYONE, .errors = ERRORS_SERVICE },
        { .method = HTTP_POST, .path = "/lti/links", .who = WHO_PERSON, .errors = ERRORS_HTML },
    };
    static const struct route own = { .method = HTTP_POST, .path = "/lti/authorize", .who = WHO_ANYONE };
    struct traced got;

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct str text = on_the_way(t, &ways[i], "username=aino&password=" PERSONAL "&scope=openid");
        CHECK(trace_parse(t->arena, text, &got) && got.part_count == 0 && !holds(text, "password"));
    }
    CHECK(trace_parse(t->arena, on_the_way(t, &own, "scope=openid"), &got) && got.part_count == 1);
}

TEST(item_14_what_anybody_can_send_is_kept_in_less_room_than_what_the_service_had_proven)
{
    struct buf b = buf_new(t->arena, 1 << 20);
    struct traced got;

    for (int i = 0; i < FORM_FIELDS_MAX; i++)
        buf_printf(&b, "%sresource=%%22%%5C%0186d", i > 0 ? "&" : "", i);
    struct str text = record(t, arena_cstr(t->arena, buf_str(&b)), "");
    CHECK(text.p != NULL && text.n <= TRACE_OPEN_MAX_B && trace_parse(t->arena, text, &got));
    CHECK(got.part_count > 0 && str_eq(got.code, S("invalid_grant"))); /* the rest is left out, not all of it */
}

TEST(item_14_a_stranger_who_names_every_service_takes_the_room_of_none)
{
    struct trace_pace *pace = arena_make(t->arena, struct trace_pace);
    const enum trace_line open[] = { TRACE_any, TRACE_asked }, own[] = { TRACE_proven, TRACE_person, TRACE_well };

    for (int i = 0; i < 20 * TRACE_SLOTS; i++)
        for (size_t k = 0; k < 2; k++)
            (void)trace_may(pace, arena_printf(t->arena, "named-%d", i), open[k], 1000);
    for (int i = 0; i < TRACE_SLOTS / 4; i++)
        for (size_t k = 0; k < 3; k++)
            CHECK(trace_may(pace, arena_printf(t->arena, "service-%d", i), own[k], 1000));
}

TEST(item_14_strangers_at_one_service_are_held_to_a_number_and_cost_no_other_its_own)
{
    struct trace_pace *pace = arena_make(t->arena, struct trace_pace);
    int noted = 0;

    for (int i = 0; i < 500; i++)
        noted += trace_may(pace, S("tori"), TRACE_any, 1000);
    CHECK_INT(noted, 30);
    CHECK(trace_may(pace, S("tori"), TRACE_proven, 1000) && trace_may(pace, S("tori"), TRACE_well, 1000));
    for (int i = 0; i < 300; i++)
        CHECK(trace_may(pace, arena_printf(t->arena, "service-%d", i), TRACE_any, 1000));
    CHECK(!trace_may(pace, S("tori"), TRACE_any, 1019) && trace_may(pace, S("tori"), TRACE_any, 1020));
}

TEST(item_14_what_broke_and_anybody_can_send_is_apart_from_what_the_service_had_proven)
{
    static const struct service secret = { .id = S("a"), .secret_hash = S("x") },
                                open = { .id = S("b"), .auth_method = S("none") };
    struct person person = { .id = S("p") };
    struct ctx c = { .arena = t->arena, .service = &secret };

    CHECK_INT(trace_line_of(&c), TRACE_asked);
    (void)fail(&c.fail, FAIL_CALLER, "invalid_grant", "x");
    CHECK_INT(trace_line_of(&c), TRACE_any);
    check_passed(&c, CHECK_client);
    CHECK_INT(trace_line_of(&c), TRACE_proven);
    c.service = &open; /* a public one proves nothing by its name */
    CHECK_INT(trace_line_of(&c), TRACE_any);
    check_passed(&c, CHECK_token_good); /* nor by a token that its person's browser has */
    CHECK_INT(trace_line_of(&c), TRACE_any);
    c.person = &person;
    CHECK_INT(trace_line_of(&c), TRACE_person);
    c.service = &secret;
    CHECK_INT(trace_line_of(&c), TRACE_proven);
    c.fail.kind = FAIL_NONE;
    CHECK_INT(trace_line_of(&c), TRACE_well);
}

TEST(item_14_what_was_pushed_and_the_sign_ins_that_it_is_opened_for_are_one_attempt)
{
    static const struct service tori = { .id = S("tori"), .vendor = S("tuisku") };
    struct login pushing = { .id = S("a"), .pushed = S(PUSHED_MARK "k e") };
    struct login opened = { .id = S("b"), .pushed = S(PUSHED_MARK "k e") };
    struct login other = { .id = S("b"), .pushed = S(PUSHED_MARK "l e") };
    struct login object = { .id = S("a"), .pushed = S("ro:k e") }, again = { .id = S("b"), .pushed = S("ro:k e") };
    struct ctx c = {
        .arena = t->arena, .service = &tori, .now_s = 1000, .tracing = arena_make(t->arena, struct trace_pace)
    };

    c.login = &pushing;
    struct str first = trace_attempt(&c);
    c.login = &opened;
    CHECK(str_is_set(first) && str_eq(trace_attempt(&c), first));
    c.login = &other;
    CHECK(!str_eq(trace_attempt(&c), first));
    c.login = &object; /* a request object that is sent once more is another attempt */
    first = trace_attempt(&c);
    c.login = &again;
    CHECK(!str_eq(trace_attempt(&c), first));
}

TEST(item_14_the_keys_that_a_signed_message_was_tried_with_are_kept_beside_the_one_that_proved_it)
{
    static const struct route route = { .method = HTTP_GET, .path = "/saml/sso", .errors = ERRORS_SERVICE };
    struct http_request req = { .field_count = 0 };
    struct saml_ask *message = NULL;
    struct fail f = { 0 };
    struct traced got;
    struct str xml = S("<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" "
                       "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a\" Version=\"2.0\">"
                       "<saml:Issuer>https://sp.example</saml:Issuer></samlp:AuthnRequest>");

    CHECK(saml_ask_post(t->arena, b64_encode(t->arena, xml), (struct str){ NULL, 0 }, 0, &message, &f));
    struct ctx c = { .arena = t->arena,
                     .now_s = 1000,
                     .route = &route,
                     .req = &req,
                     .res = &res,
                     .support_code = "R4TM8WXC",
                     .saml = message,
                     .key_used = S("AA"),
                     .keys_expected = S("AA BB") };
    CHECK(trace_parse(t->arena, trace_write(t->arena, &c, &service), &got));
    CHECK(str_eq(part(&got, TRACE_KEY_USED)->value, S("AA")));
    CHECK(str_eq(part(&got, TRACE_KEY_EXPECTED)->value, S("AA")));
    size_t expected = 0;
    for (size_t i = 0; i < got.part_count; i++)
        expected += str_eq(got.parts[i].name, S(TRACE_KEY_EXPECTED));
    CHECK_INT(expected, 2);
}
