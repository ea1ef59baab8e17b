/* SPDX-License-Identifier: EUPL-1.2
 * What a tool is given, and where it may be launched. */
#include "gateway/lti/custom.def"
#include "gateway/lti/lti.h"
#include "gateway/lti/message.h"
#include "tests/test.h"
#include "wire/json.h"

#include <string.h>

#define M "http://purl.imsglobal.org/vocab/lis/v2/membership"
#define I "http://purl.imsglobal.org/vocab/lis/v2/institution/person"

static struct str list(struct test *t, const char *a, const char *b, struct strs *out)
{
    *out = (struct strs){ 0 };
    strs_add(t->arena, out, str_of(a));
    if (b != NULL)
        strs_add(t->arena, out, str_of(b));
    return out->at[0];
}

static struct lti_message message(const struct lti_told *told)
{
    return (struct lti_message){ .sub = S("person-1"),
                                 .client_id = S("tool"),
                                 .nonce = S("n"),
                                 .deployment_id = S("7"),
                                 .target_link_uri = S("https://t.example/launch"),
                                 .link_id = S("link-1"),
                                 .link_title = S("A link"),
                                 .platform_url = S("https://gateway.example"),
                                 .return_url = S("https://gateway.example/"),
                                 .told = told };
}

static const struct json_value *claims(struct test *t, const struct lti_message *m)
{
    struct fail f = { 0 };
    const struct json_value *v = json_parse(t->arena, message_claims(t->arena, m), &f);

    CHECK(v != NULL);
    return v;
}

static bool holds(const struct json_value *array, const char *text)
{
    for (const struct json_value *v = array != NULL ? array->first : NULL; v != NULL; v = v->next)
        if (str_eq(v->text, str_of(text)))
            return true;
    return false;
}

TEST(L7_each_role_of_a_school_is_a_full_uri_and_no_right_is_wider_than_the_role)
{
    CHECK(str_eq(message_roles(ROLE_LEARNER), S(M "#Learner " I "#Student")));
    CHECK(str_eq(message_roles(ROLE_TEACHER), S(M "#Instructor " I "#Instructor")));
    CHECK(str_eq(message_roles(ROLE_SUBSTITUTE), S(M "#Instructor " M "/Instructor#GuestInstructor " I "#Instructor")));
    CHECK(str_eq(message_roles(ROLE_PRINCIPAL), S(M "#Administrator " I "#Administrator")));
    CHECK(str_eq(message_roles(ROLE_SECRETARY), S(I "#Staff")));
    CHECK(str_eq(message_roles(ROLE_STAFF), S(I "#Staff")));
    CHECK(str_eq(message_roles(ROLE_GUARDIAN), S(M "#Mentor " I "#Guardian")));
    for (int role = 0; role < ROLE_COUNT; role++)
        if (role_is_official((enum role)role) || role == ROLE_NONE || role == ROLE_ADMIN)
            CHECK_INT(message_roles((enum role)role).n, 0);
}

TEST(L8_a_guardian_is_a_mentor_of_the_learners_that_are_named_and_nobody_else_is)
{
    struct lti_told told = { .role = ROLE_GUARDIAN };
    struct lti_message m = message(&told);

    (void)list(t, "child-1", "child-2", &told.learners);
    m.custom = S("whose=$Membership.role.scope.mentor");
    const struct json_value *c = claims(t, &m), *scope = json_get(c, S(LTI_CLAIM "role_scope_mentor"));
    CHECK(holds(json_get(c, S(LTI_CLAIM "roles")), M "#Mentor"));
    CHECK(scope != NULL && scope->count == 2 && holds(scope, "child-1") && holds(scope, "child-2"));
    CHECK(str_eq(json_get_str(json_get(c, S(LTI_CLAIM "custom")), S("whose")), S("child-1,child-2")));
    CHECK(str_eq(json_get_str(c, S("sub")), S("person-1")));
    told.role = ROLE_TEACHER;
    CHECK(json_get(claims(t, &m), S(LTI_CLAIM "role_scope_mentor")) == NULL);
    told = (struct lti_told){ .role = ROLE_GUARDIAN }; /* an empty list would be none [LTI Core 5.3.8] */
    CHECK(json_get(claims(t, &m), S(LTI_CLAIM "role_scope_mentor")) == NULL);
}

/* Whether `text` stands in what is told, anywhere but in the places that name learners. */
static bool stands_elsewhere(const struct json_value *v, struct str text)
{
    if (str_eq(v->name, S(LTI_CLAIM "role_scope_mentor")) || str_eq(v->name, S("whose")) ||
        str_eq(v->name, S("Membership.role.scope.mentor")))
        return false;
    for (const struct json_value *one = v->first; one != NULL; one = one->next)
        if (stands_elsewhere(one, text))
            return true;
    return v->type == JSON_STR && str_find(v->text, text) < v->text.n;
}

static uint64_t draw(uint64_t *seed, uint64_t of)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (*seed >> 33) % of;
}

static bool has_word_of(const struct json_value *array, const char *part)
{
    for (const struct json_value *v = array != NULL ? array->first : NULL; v != NULL; v = v->next)
        if (str_find(v->text, str_of(part)) < v->text.n)
            return true;
    return false;
}

static struct lti_told some_told(struct test *t, uint64_t *seed)
{
    struct lti_told told = { .role = (enum role)draw(seed, ROLE_COUNT),
                             .given_name = draw(seed, 2) ? S("Aino") : (struct str){ NULL, 0 },
                             .email = draw(seed, 2) ? S("aino@example.fi") : (struct str){ NULL, 0 },
                             .learner_id = draw(seed, 2) ? S("number-of-child") : (struct str){ NULL, 0 },
                             .context_id = draw(seed, 2) ? S("class") : (struct str){ NULL, 0 },
                             .is_school = draw(seed, 2) };
    for (uint64_t n = draw(seed, 4); n > 0; n--)
        strs_add(t->arena, &told.learners,
                 draw(seed, 5) == 0 ? S("person-1") : arena_printf(t->arena, "child-%d", (int)draw(seed, 9)));
    return told;
}

#define X(name, value) "\n" name "=$" name
static const char every_variable[] = "whose=$Membership.role.scope.mentor" LTI_VARIABLES(X);
#undef X

TEST(L8_nothing_that_a_tool_is_told_makes_a_guardian_the_child_whatever_is_told)
{
    uint64_t seed = 8;

    for (int i = 0; i < 20000; i++) {
        struct lti_told told = some_told(t, &seed);
        struct lti_message m = message(&told);
        m.picking = draw(&seed, 4) == 0;
        m.custom = str_of(every_variable);
        const struct json_value *c = claims(t, &m), *roles = json_get(c, S(LTI_CLAIM "roles"));
        const struct json_value *scope = json_get(c, S(LTI_CLAIM "role_scope_mentor"));
        const struct json_value *custom = json_get(c, S(LTI_CLAIM "custom"));
        bool guardian = told.role == ROLE_GUARDIAN;

        CHECK(str_eq(json_get_str(c, S("sub")), S("person-1")));
        CHECK(!holds(scope, "person-1") && (scope == NULL || (guardian && scope->count > 0)));
        CHECK(guardian == has_word_of(roles, "#Mentor") && guardian == has_word_of(roles, "#Guardian"));
        if (guardian) {
            CHECK(!has_word_of(roles, "#Learner") && !has_word_of(roles, "#Student"));
            CHECK(!stands_elsewhere(c, S("number-of-child")));
        } else {
            CHECK_STR(json_get_str(custom, S("whose")), "");
        }
        for (size_t k = 0; k < told.learners.n; k++)
            if (!str_eq(told.learners.at[k], S("person-1")) && stands_elsewhere(c, told.learners.at[k]))
                test_fail(t, __FILE__, __LINE__, "%.*s", STR_ARG(message_claims(t->arena, &m)));
    }
}

TEST(L13_what_a_message_must_have_is_there_whatever_is_withheld)
{
    const struct lti_told nothing = { .role = ROLE_NONE };
    const struct lti_message m = message(&nothing);
    const struct json_value *c = claims(t, &m), *roles = json_get(c, S(LTI_CLAIM "roles"));
    static const char *const withheld[] = { "given_name",        "family_name",   "name",  "email",
                                            LTI_CLAIM "context", LTI_CLAIM "lis", "locale" };

    CHECK(str_eq(json_get_str(c, S(LTI_CLAIM "message_type")), S("LtiResourceLinkRequest")));
    CHECK(str_eq(json_get_str(c, S(LTI_CLAIM "version")), S("1.3.0")));
    CHECK(str_eq(json_get_str(c, S(LTI_CLAIM "deployment_id")), S("7")));
    CHECK(str_eq(json_get_str(c, S(LTI_CLAIM "target_link_uri")), S("https://t.example/launch")));
    CHECK(str_eq(json_get_str(json_get(c, S(LTI_CLAIM "resource_link")), S("id")), S("link-1")));
    CHECK(roles != NULL && roles->type == JSON_ARRAY && roles->count == 0);
    CHECK(str_eq(json_get_str(c, S("aud")), S("tool")) && str_eq(json_get_str(c, S("nonce")), S("n")));
    for (size_t i = 0; i < sizeof withheld / sizeof *withheld; i++)
        CHECK(json_get(c, str_of(withheld[i])) == NULL);
}

TEST(L15_a_message_that_asks_to_pick_has_settings_and_no_resource_link)
{
    const struct lti_told told = { .role = ROLE_TEACHER };
    struct lti_message m = message(&told);

    m.picking = true;
    m.data = S("opaque");
    const struct json_value *c = claims(t, &m), *s = json_get(c, S(LTI_DL "deep_linking_settings"));
    CHECK(str_eq(json_get_str(c, S(LTI_CLAIM "message_type")), S("LtiDeepLinkingRequest")));
    CHECK(str_eq(json_get_str(s, S("deep_link_return_url")), S("https://gateway.example/")));
    CHECK(str_eq(json_get_str(s, S("data")), S("opaque")) && holds(json_get(s, S("accept_types")), "ltiResourceLink"));
    CHECK(holds(json_get(s, S("accept_presentation_document_targets")), "window"));
    CHECK(json_get(c, S(LTI_CLAIM "resource_link")) == NULL);
}

TEST(L10_what_a_link_says_goes_before_what_the_row_says)
{
    const struct lti_told told = { .given_name = S("Anna") };
    struct lti_message m = message(&told);

    m.custom = S("a=row\nb=$Person.name.given\nc=$Person.email.primary\nd=$Odd\na=link\ne=x=y");
    const struct json_value *c = json_get(claims(t, &m), S(LTI_CLAIM "custom"));
    CHECK(str_eq(json_get_str(c, S("a")), S("link")) && str_eq(json_get_str(c, S("b")), S("Anna")));
    CHECK(str_eq(json_get_str(c, S("c")), S("")) && str_eq(json_get_str(c, S("d")), S("$Odd")));
    CHECK(str_eq(json_get_str(c, S("e")), S("x=y")));
}

TEST(L1_a_deployment_is_its_providers_else_everybodys_else_the_service)
{
    struct service s = { .id = S("tool") };

    CHECK(str_eq(lti_deployment(&s, S("oulu")), S("tool")) && lti_deployment_known(&s, S("tool")));
    (void)list(t, "1", "oulu=9", &s.lti.deployments);
    CHECK(str_eq(lti_deployment(&s, S("oulu")), S("9")) && str_eq(lti_deployment(&s, S("espoo")), S("1")));
    CHECK(str_eq(lti_deployment(&s, (struct str){ NULL, 0 }), S("1")));
    CHECK(lti_deployment_known(&s, S("1")) && lti_deployment_known(&s, S("9")) && !lti_deployment_known(&s, S("tool")));
}

TEST(a_tool_is_launched_at_its_own_site_alone)
{
    struct service s = { .target_link_uri = S("https://t.example/launch") };
    static const char *const bad[] = { "",
                                       "https://t.example.evil.example/",
                                       "https://t.example@evil.example/",
                                       "https://evil.example/https://t.example/",
                                       "http://t.example/",
                                       "https://t.example:8443/",
                                       "//t.example/",
                                       "/launch",
                                       "https://t.example\\.evil.example/",
                                       "https://T.example/",
                                       "https://t.example/a b",
                                       "javascript:alert(1)" };

    (void)list(t, "https://app.t.example/in", NULL, &s.redirect_uris);
    CHECK(lti_target_fits(t->arena, &s, S("https://t.example/launch")) &&
          lti_target_fits(t->arena, &s, S("https://t.example/x?y=1#z")));
    CHECK(lti_target_fits(t->arena, &s, S("https://t.example")) &&
          lti_target_fits(t->arena, &s, S("https://app.t.example/x")));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (t->checked++, lti_target_fits(t->arena, &s, str_of(bad[i])))
            test_fail(t, __FILE__, __LINE__, "%s is taken", bad[i]);
}
