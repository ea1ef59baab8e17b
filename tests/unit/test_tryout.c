/* SPDX-License-Identifier: EUPL-1.2
 *
 * A test sign-in is never a login, and a login never a test; what it shows names nobody by their personal identity
 * code. */
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/tryout_keep.h"
#include "idp-adapters/attribute_map.h"
#include "idp-adapters/hetu.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/relay.h"
#include "tests/test.h"
#include "wire/http.h"

#include <string.h>

static struct provider oulu = { .id = S("oulu"), .oid = S("1.2.246.562.99.95640100004") };
static struct idp rows[] = { { .id = S("oulu-saml"), .kind = IDP_SAML, .provider = &oulu, .map = S("mpassid") },
                             { .id = S("oulu-oidc"), .kind = IDP_OIDC, .provider = &oulu, .map = S("native") } };

struct browser { /* one request of it */
    struct ctx ctx;
    struct http_request req;
    struct http_response res;
    struct http_field cookie;
    struct settings set;
};

static struct browser *browser_new(struct test *t, struct registry *r, struct str cookies)
{
    struct browser *x = arena_make(t->arena, struct browser);

    settings_defaults(&x->set);
    x->set.public_url = S("https://gateway.example");
    x->cookie = (struct http_field){ S("Cookie"), cookies };
    x->req = (struct http_request){ .fields = &x->cookie, .field_count = 1, .https = true, .peer = S("192.0.2.1") };
    x->res = (struct http_response){ .arena = t->arena, .https = true };
    x->ctx = (struct ctx){ .arena = t->arena,
                           .world = &t->world,
                           .now_s = world_now_s(&t->world),
                           .set = &x->set,
                           .registry = r,
                           .req = &x->req,
                           .res = &x->res,
                           .seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef")) };
    return x;
}

static struct str cookie_of(const struct browser *x)
{
    struct str set = http_response_field(&x->res, S("Set-Cookie"));

    return str_sub(set, 0, str_find_byte(set, ';', 0));
}

static struct registry *registry_of(void)
{
    struct arena *a = arena_new();
    struct registry_parts parts = { .providers = &oulu, .provider_count = 1, .idps = rows, .idp_count = 2 };

    return registry_build(a, &parts);
}

static struct login sample(struct test *t, const struct browser *x, int i)
{
    return (struct login){ .state = LOGIN_AT_CITY,
                           .protocol = PROTO_LAUNCHER,
                           .id = arena_printf(t->arena, "%022d", i),
                           .answer_to = S("/"),
                           .service = S(""),
                           .idp = rows[i % 2].id,
                           .upstream_id = arena_printf(t->arena, "request-%d", i),
                           .upstream_nonce = S("nonce"),
                           .started_s = x->ctx.now_s,
                           .max_age_s = -1 };
}

/* ── apart in every respect ─────────────────────────────────────────────── */

static bool finds_login(struct browser *x, struct str upstream_id)
{
    struct fail f = { 0 };

    (void)login_find_upstream(&x->ctx, upstream_id);
    return x->ctx.into[0].run(&x->ctx, &f) == NEXT && x->ctx.login != NULL;
}

/* The cookie of the one, as it is and under the name of the other, whichever request is named. */
TEST(no_cookie_of_a_login_is_found_as_a_test_and_none_of_a_test_as_a_login)
{
    struct registry *r = registry_of();
    struct fail f = { 0 };
    struct str sid;

    for (int i = 0; i < 40; i++) {
        struct browser *begin = browser_new(t, r, S("a=b")), *other = browser_new(t, r, S("a=b"));
        struct login l = sample(t, begin, i);
        begin->ctx.login = &l;
        CHECK(login_keep[0].run(&begin->ctx, &f) == NEXT);
        struct str name = arena_join(t->arena, S("__Host-login-"), l.id), login = { NULL, 0 };
        for (size_t k = 0; k < begin->res.field_count; k++)
            if (str_has_prefix(begin->res.fields[k].value, name))
                login = str_sub(begin->res.fields[k].value, 0, str_find_byte(begin->res.fields[k].value, ';', 0));
        other->ctx.login = &l;
        tryout_cookie_set(&other->ctx, S("sid"));
        struct str tryout = cookie_of(other);
        struct str sealed_login = str_from(login, name.n + 1);
        struct str sealed_tryout = str_from(tryout, sizeof "__Host-tryout=" - 1);

        CHECK(login.n > name.n && str_has_prefix(tryout, S("__Host-tryout=")) && tryout.n <= TRYOUT_COOKIE_MAX_B);
        CHECK(finds_login(browser_new(t, r, login), l.upstream_id));
        CHECK(tryout_cookie_find(&browser_new(t, r, tryout)->ctx, l.upstream_id, &sid) && str_eq(sid, S("sid")));

        CHECK(!tryout_cookie_find(&browser_new(t, r, login)->ctx, l.upstream_id, &sid));
        CHECK(!finds_login(browser_new(t, r, tryout), l.upstream_id));
        CHECK(!tryout_cookie_find(&browser_new(t, r, arena_join(t->arena, S("__Host-tryout="), sealed_login))->ctx,
                                  l.upstream_id, &sid));
        CHECK(
            !finds_login(browser_new(t, r, arena_printf(t->arena, "%.*s=%.*s", STR_ARG(name), STR_ARG(sealed_tryout))),
                         l.upstream_id));
        CHECK(!tryout_cookie_find(&browser_new(t, r, tryout)->ctx, S("request-other"), &sid));
        struct browser *late = browser_new(t, r, tryout);
        late->ctx.now_s += late->set.login_life_s;
        CHECK(!tryout_cookie_find(&late->ctx, l.upstream_id, &sid));
    }
    registry_drop(r);
}

/* The names of our requests, by which an answer is told to be one to a login or one to a test. */
TEST(the_name_of_a_request_says_which_it_is_and_no_changed_one_is_ours)
{
    struct registry *r = registry_of();

    for (int i = 0; i < 40; i++) {
        struct browser *x = browser_new(t, r, S("a=b"));
        struct relay relay;
        bool tryout = i % 2 == 0;
        x->ctx.tryout = tryout ? tryout_new(t->arena, rows[0].id, x->ctx.now_s) : NULL;
        struct str name = relay_new(&x->ctx, &rows[0]);
        CHECK(name.n <= RELAY_MAX_B && !tryout_is(name));
        x->ctx.tryout = NULL; /* whoever reads it does not know */
        CHECK(relay_read(&x->ctx, name, &relay) && relay.tryout == tryout && relay.idp == registry_idp(r, rows[0].id));
        char *changed = arena_alloc(t->arena, name.n + 1);
        memcpy(changed, name.p, name.n);
        size_t at = 1 + (size_t)i % (name.n - 2);
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        CHECK(!relay_read(&x->ctx, str_n(changed, name.n), &relay));
    }
    registry_drop(r);
}

TEST(what_came_of_a_test_is_read_as_it_was_written)
{
    struct registry *r = registry_of();
    struct browser *x = browser_new(t, r, S("a=b"));
    struct affiliation at = { .provider_oid = oulu.oid, .role = ROLE_TEACHER, .group = S("7B"), .class_level = 7 };
    struct person person = { .idp = S("oulu-saml"),
                             .subject = S("uid-1"),
                             .given_names = S("Onni"),
                             .affiliations = &at,
                             .affiliation_count = 1 };
    const struct attribute said[] = { { S("urn:oid:2.5.4.42"), { (struct str[]){ S("Onni"), S("Toinen") }, 2 }, false },
                                      { S("role"), { (struct str[]){ S("OPE") }, 1 }, false } };
    struct map_notes notes = { .at = { { NOTE_ROLE_UNKNOWN, S("role"), S("OPE"), 3 } }, .n = 1, .unread = { 1 } };
    struct proven *p, given = { .upstream_id = S("_x"), .replay = S("mark"), .ends_s = 99 };
    struct tryout *tried = x->ctx.tryout = tryout_new(t->arena, S("oulu-saml"), TEST_NOW_S);

    tryout_came(&x->ctx, &rows[0], said, 2, S("uid-1"));
    tryout_made(&x->ctx, &notes, &person);
    tried->issuer = S("https://idp.oulu.example");
    tried->authenticated_s = 77;
    struct tryout *back = tryout_parse(t->arena, tryout_write(t->arena, tried, &given), &p);
    CHECK(back != NULL && p != NULL);
    if (back == NULL || p == NULL)
        return;
    CHECK_STR(back->attributes[0].values.at[1], "Toinen");
    CHECK(back->attributes[0].unread && !back->attributes[1].unread && back->attribute_count == 2);
    CHECK(back->notes[0].kind == NOTE_ROLE_UNKNOWN && back->notes[0].count == 3);
    CHECK_STR(back->notes[0].value, "OPE");
    CHECK(back->person->affiliations[0].role == ROLE_TEACHER && back->person->affiliations[0].class_level == 7);
    CHECK(back->passed == tried->passed && back->why.kind == FAIL_NONE);
    CHECK_STR(p->replay, "mark");
    CHECK_INT(p->person->auth_time_s, 77);
    tryout_refuse(tried, &(struct fail){ .kind = FAIL_UPSTREAM, .code = "learner_id_invalid" });
    back = tryout_parse(t->arena, tryout_write(t->arena, tried, NULL), &p);
    CHECK(p == NULL && back->why.kind == FAIL_UPSTREAM);
    CHECK_STR(back->why.code, "learner_id_invalid");
    CHECK(tryout_parse(t->arena, S("[]"), &p) == NULL);
    registry_drop(r);
}

/* ── checks ─────────────────────────────────────────────────────────────── */

TEST(every_code_of_a_sign_in_stands_at_a_check)
{
    size_t n;
    const struct refusal_row *all = refusals_all(&n);

    for (size_t i = 0; i < n; i++) {
        t->checked++;
        if (tryout_check_of(all[i].code) == TRYOUT_NONE)
            test_fail(t, __FILE__, __LINE__, "%s", all[i].code);
    }
    CHECK(tryout_check_of("no_such_code") == TRYOUT_NONE && tryout_check_of(NULL) == TRYOUT_NONE);
}

TEST(a_refusal_behind_the_signature_says_that_the_signature_held)
{
    static const struct {
        const char *code;
        enum tryout_check at;
        bool held;
    } ways[] = { { "audience", TRYOUT_audience, true },
                 { "aud_wrong", TRYOUT_audience, true },
                 { "token_expired", TRYOUT_time, true },
                 { "confirmation_expired", TRYOUT_time, true },
                 { "sig_value", TRYOUT_signature, false },
                 { "key_waiting", TRYOUT_signature, false },
                 { "response_destination", TRYOUT_answer, false },
                 { "response_issue_instant", TRYOUT_time, false },
                 { "learner_id_invalid", TRYOUT_learner, true },
                 { "replay", TRYOUT_once, true },
                 { "city_unreachable", TRYOUT_documents, false },
                 { "assertion_structure", TRYOUT_answer, false } };

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct tryout *x = tryout_new(t->arena, S("oulu"), TEST_NOW_S);
        x->passed = 1u << ways[i].at; /* it was passed once, and then not */
        tryout_refuse(x, &(struct fail){ .kind = FAIL_UPSTREAM, .code = ways[i].code });
        CHECK_INT(tryout_check_of(ways[i].code), ways[i].at);
        CHECK((x->passed & 1u << ways[i].at) == 0);
        CHECK(((x->passed & 1u << TRYOUT_signature) != 0) == ways[i].held);
    }
}

TEST(two_good_learner_numbers_are_counted)
{
    struct browser *x = browser_new(t, NULL, S("a=b"));
    const struct attribute said[] = {
        { S("a"), { (struct str[]){ S("1.2.246.562.24.10000000003"), S(" 1.2.246.562.24.10000000003") }, 2 }, false },
        { S("b"), { (struct str[]){ S("1.2.246.562.24.10000000016"), S("1.2.246.562.24.10000000004") }, 2 }, false }
    };

    CHECK(learner_id_valid(said[0].values.at[0], false) && !learner_id_valid(said[1].values.at[1], false));
    x->ctx.tryout = tryout_new(t->arena, S("oulu"), TEST_NOW_S);
    tryout_came(&x->ctx, &rows[0], said, 1, S("s"));
    CHECK_INT(x->ctx.tryout->learner_ids, 1);
    tryout_came(&x->ctx, &rows[0], said, 2, S("s"));
    CHECK_INT(x->ctx.tryout->learner_ids, learner_id_valid(said[1].values.at[0], false) ? 2 : 1);
}

/* ── personal identity codes ────────────────────────────────────────────── */

static const char *const codes[] = { "131052-308T",
                                     "131052-308t",
                                     "010190-123A",
                                     "010190+123A",
                                     "311299A9999",
                                     "010204B123X",
                                     "hetu: 010190-123A.",
                                     "131052 - 308T",
                                     "{\"id\":\"131052-308T\"}",
                                     "FI131052-308T",
                                     "x131052-308Tx",
                                     "131052308T",
                                     "mailto:131052-308T@oulu.example",
                                     "CN=131052-308T,O=Oulu",
                                     "131052\xE2\x80\x93"
                                     "308T",
                                     "131052\xE2\x80\x91"
                                     "308T",
                                     "131052\xE2\x88\x92"
                                     "308T",
                                     "131052 \xE2\x80\x93 308T",
                                     "131052\xC2\xA0-308T",
                                     "131052-\xE2\x80\x8B"
                                     "308T",
                                     "13 10 52-308T",
                                     "13\xE2\x80\xAF"
                                     "10\xE2\x80\x89"
                                     "52-308T" };

TEST(what_looks_like_a_personal_identity_code_is_seen_and_what_does_not_is_not)
{
    static const char *const others[] = { "1.2.246.562.24.10000000003",
                                          "99101;99102",
                                          "321352-308T",
                                          "131352-308T",
                                          "00311299-1234-4abc-8def-001122334455",
                                          "2026-11-29",
                                          "131052308X",
                                          "13105230812",
                                          "7B",
                                          "onni.testi-opettaja@oulu.example",
                                          "040-1234567",
                                          "" };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        t->checked++;
        if (!hetu_in(str_of(codes[i])))
            test_fail(t, __FILE__, __LINE__, "%s", codes[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        t->checked++;
        if (hetu_in(str_of(others[i])))
            test_fail(t, __FILE__, __LINE__, "%s", others[i]);
    }
    CHECK(hetu_named(S("urn:oid:1.2.246.21")) && hetu_named(S("nationalIdentificationNumber")) &&
          hetu_named(S("HETU")));
    CHECK(hetu_named(S("urn:schac:personalUniqueID")) && !hetu_named(S("urn:oid:2.5.4.42")) && !hetu_named(S("role")));
}

/* Wherever the city puts one: a name, a value among others, a note, a person's own fields. */
TEST(no_personal_identity_code_is_kept_of_a_test_wherever_it_stands)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct browser *x = browser_new(t, NULL, S("a=b"));
        struct str code = str_of(codes[i]);
        struct affiliation at = { .provider_oid = oulu.oid, .role = ROLE_TEACHER, .group = code };
        struct person person = { .idp = S("oulu"),
                                 .subject = code,
                                 .given_names = code,
                                 .calling_name = code,
                                 .family_name = code,
                                 .email = code,
                                 .origin = code,
                                 .acr = code,
                                 .amr = code,
                                 .affiliations = &at,
                                 .affiliation_count = 1 };
        const struct attribute said[] = { { S("note"), { (struct str[]){ S("fine"), code }, 2 }, false },
                                          { code, { (struct str[]){ S("x") }, 1 }, false },
                                          { S("urn:oid:1.2.246.21"), { (struct str[]){ S("secret") }, 1 }, false } };
        struct map_notes notes = {
            .at = { { NOTE_ROLE_UNKNOWN, S("note"), code, 1 }, { NOTE_SCHOOL_UNKNOWN, code, code, 1 } }, .n = 2
        };
        x->ctx.tryout = tryout_new(t->arena, S("oulu"), TEST_NOW_S);
        tryout_came(&x->ctx, &rows[0], said, 3, code);
        tryout_made(&x->ctx, &notes, &person);
        struct str text = tryout_write(t->arena, x->ctx.tryout, NULL);
        CHECK(text.p != NULL && !hetu_in(text));
        CHECK(str_find(text, S("308")) == text.n && str_find(text, S("123A")) == text.n);
        CHECK(str_find(text, S("secret")) == text.n && str_find(text, S("9999")) == text.n);
    }
}
