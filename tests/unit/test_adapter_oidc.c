/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/seals.h"
#include "base/settings.h"
#include "certs/signer_client.h"
#include "idp-adapters/oidc_attributes.h"
#include "idp-adapters/upstream_oidc.h"
#include "idp-adapters/upstream_refresh.h"
#include "tests/contract/adapter_contract.h"
#include "tests/tokens.h"
#include "wire/fetch.h"
#include "wire/form.h"
#include "wire/http.h"

#include <stdio.h>
#include <string.h>

#define ISS      "https://idp.oulu.example"
#define CALLBACK "https%3A%2F%2Fgateway.example%2Fupstream%2Foidc%2Foulu-edu"

/* The city, in this process: what it publishes, what it says, what it was asked.
 * It stands behind fetch_ask(), which this program has instead of the fetcher. */
struct fetch {
    struct test *t;
    enum test_key key, published; /* signs with; publishes */
    const char *kid, *published_kid;
    const char *more_discovery; /* members more */
    const char *discovery_issuer, *claims_more, *userinfo, *userinfo_type, *token_body, *access_token;
    bool no_auth_time;
    const char *away; /* part of a URL that does not answer */
    enum city_answer way;
    int token_status, userinfo_status; /* 0: 200 */
    struct str nonce, code, spent_code;
    bool strict_codes; /* a code is good once */
    int discovery, keys, token, userinfos;
    struct str last_body, last_authorization, last_bearer;
};

static struct str at_hash(struct arena *a, struct str token)
{
    return b64url_encode(a, str_sub(sha256(a, token), 0, 16));
}

static struct str id_token(struct fetch *x, struct arena *a)
{
    long long now = TEST_NOW_S;
    struct str header = arena_printf(a, "{\"alg\":\"%s\"%s%s%s}", x->key < TEST_EC ? "RS256" : "ES256",
                                     x->kid[0] != '\0' ? ",\"kid\":\"" : "", x->kid, x->kid[0] != '\0' ? "\"" : "");
    struct str auth_time =
        x->no_auth_time ? S("") : arena_printf(a, "\"auth_time\":%lld,", x->way == CITY_STALE_LOGIN ? now - 3600 : now);
    struct str payload = arena_printf(
        a,
        "{\"iss\":\"%s\",\"aud\":\"%s\",%s\"exp\":%lld,\"iat\":%lld,\"nonce\":\"%.*s\",%.*s\"at_hash\":"
        "\"%.*s\"%s}",
        x->way == CITY_OTHER_ISSUER ? "https://evil.example" : ISS, x->way == CITY_OTHER_AUDIENCE ? "other" : "digione",
        x->way == CITY_NO_SUBJECT ? "" : "\"sub\":\"anna-1\",", x->way == CITY_EXPIRED ? now - 100 : now + 300,
        x->way == CITY_NOT_YET ? now + 100 : now, STR_ARG(x->way == CITY_OTHER_LOGIN ? S("another nonce") : x->nonce),
        STR_ARG(auth_time), STR_ARG(at_hash(a, str_of(x->access_token))), x->claims_more);

    if (x->way == CITY_UNSIGNED)
        return test_token_with(a, S("{\"alg\":\"none\"}"), payload, S(""));
    struct str token = test_token(a, x->way == CITY_OTHER_KEY ? TEST_EC_OTHER : x->key, header, payload);
    if (x->way == CITY_TAMPERED) {
        struct str forged = b64url_encode(a, S("{\"sub\":\"mallory\"}"));
        size_t first = str_find_byte(token, '.', 0), second = str_find_byte(token, '.', first + 1);
        return arena_printf(a, "%.*s%.*s%.*s", STR_ARG(str_sub(token, 0, first + 1)), STR_ARG(forged),
                            STR_ARG(str_from(token, second)));
    }
    if (x->way == CITY_WRAPPED) /* the JSON serialization with two signatures */
        return arena_printf(a, "{\\\"payload\\\":\\\"x\\\",\\\"signatures\\\":[\\\"%.*s\\\"]}", STR_ARG(token));
    if (x->way == CITY_WRAPPED_INSIDE) /* a token of nobody's whose payload is the genuine one */
        return test_token(a, TEST_EC_OTHER,
                          arena_printf(a, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"cty\":\"JWT\"}", x->kid), token);
    if (x->way == CITY_WRAPPED_AROUND) /* the genuine one with more behind it */
        return arena_printf(a, "%.*s.%.*s", STR_ARG(token), STR_ARG(b64url_encode(a, S("{\"sub\":\"mallory\"}"))));
    return x->way == CITY_GARBAGE ? S("%%%") : token;
}

static struct str discovery(const struct fetch *x, struct arena *a)
{
    return arena_printf(a,
                        "{\"issuer\":\"%s\",\"authorization_endpoint\":\"" ISS "/auth?x=1\",\"token_endpoint\":\"" ISS
                        "/token\",\"jwks_uri\":\"" ISS "/jwks\",\"userinfo_endpoint\":\"" ISS "/userinfo\"%s}",
                        x->discovery_issuer, x->more_discovery);
}

static struct str answer_token(struct fetch *x, struct arena *a, const struct fetch_request *r, int *status)
{
    struct test *t = x->t;
    struct fail f = { 0 };
    struct form *form = NULL;

    x->token++;
    x->last_body = arena_str(x->t->arena, r->body);
    x->last_authorization = arena_str(x->t->arena, r->authorization);
    CHECK(form_read(a, r->body, &form, &f));
    CHECK_STR(form_get(form, S("grant_type")), "authorization_code");
    if (x->strict_codes && str_eq(form_get(form, S("code")), x->spent_code)) {
        *status = 400;
        return S("{\"error\":\"invalid_grant\"}");
    }
    x->spent_code = arena_str(x->t->arena, form_get(form, S("code")));
    if (x->token_status != 0)
        *status = x->token_status;
    if (x->token_body != NULL)
        return str_of(x->token_body);
    return arena_printf(a,
                        "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":60,\"id_token\":\"%.*s\"}",
                        x->access_token, STR_ARG(id_token(x, a)));
}

void fetch_ask(struct fetch *x, struct batch *b, struct arena *a, const struct fetch_request *r, struct fetch_got *out)
{
    struct test *t = x->t;
    struct str path = str_from(r->url, sizeof ISS - 1);

    batch_ask(b);
    *out = (struct fetch_got){ .answered = true, .status = 200, .max_age_s = -1 };
    CHECK(str_has_prefix(r->url, S(ISS)));
    CHECK_STR(r->place, "oulu-edu");
    if (x->away != NULL && str_find(r->url, str_of(x->away)) < r->url.n) {
        *out = (struct fetch_got){ .error = "timeout" };
    } else if (str_eq(path, S("/.well-known/openid-configuration"))) {
        x->discovery++;
        out->body = discovery(x, a);
    } else if (str_eq(path, S("/jwks"))) {
        x->keys++;
        out->body = test_jwks(a, x->published, x->published_kid);
    } else if (str_eq(path, S("/token"))) {
        out->body = answer_token(x, a, r, &out->status);
    } else if (str_eq(path, S("/userinfo"))) {
        x->userinfos++;
        x->last_bearer = arena_str(t->arena, r->authorization);
        out->body = str_of(x->userinfo);
        out->status = x->userinfo_status != 0 ? x->userinfo_status : 200;
        out->content_type = str_of(x->userinfo_type);
    }
    batch_answered(b);
}

/* Stands in for the signer: what is tested here is what is asked of it. */
void signer_client_jwt(struct signer *s, struct batch *b, struct arena *a, enum jose_alg alg, struct str client_id,
                       struct str aud, struct signed_got *out)
{
    (void)s;
    batch_ask(b);
    *out = (struct signed_got){
        .ok = true, .value = arena_printf(a, "%s.%.*s.%.*s", jose_alg_name(alg), STR_ARG(client_id), STR_ARG(aud))
    };
    batch_answered(b);
}

struct bench {
    struct settings set;
    struct fetch city;
    struct loop *loop;
    struct upstream_store *store;
    struct upstreams *upstreams;
    const struct seals *seals;
    struct idp idp;
    struct provider provider;
    struct registry *registry;
    struct http_request req;
};

static void use_registry(struct test *t, struct bench *x)
{
    struct arena *a = arena_new();
    struct registry_parts parts = { .providers = &x->provider, .provider_count = 1, .idps = &x->idp, .idp_count = 1 };

    (void)t;
    registry_drop(x->registry);
    x->registry = registry_build(a, &parts);
}

static void open_bench(struct test *t, struct bench *x)
{
    *x = (struct bench){ 0 };
    log_set_level((enum log_level)(LOG_ERROR + 1));
    settings_defaults(&x->set);
    x->set.public_url = S("https://gateway.example");
    x->city = (struct fetch){ .t = t,
                              .key = TEST_EC,
                              .published = TEST_EC,
                              .kid = "k1",
                              .published_kid = "k1",
                              .more_discovery = "",
                              .discovery_issuer = ISS,
                              .claims_more = "",
                              .access_token = "at-1",
                              .userinfo_type = "application/json",
                              .userinfo = "{\"sub\":\"anna-1\",\"given_name\":\"Anna\"}" };
    x->loop = loop_new(&t->world);
    x->store = upstream_store_new();
    x->upstreams = upstreams_new(x->store, x->loop, &x->city, &t->world, &x->set);
    x->seals = seals_of(t->arena, S("0123456789abcdef0123456789abcdef"));
    x->provider = (struct provider){ .id = S("oulu"), .oid = S("1.2.246.562.99.95640100004") };
    x->idp = (struct idp){ .id = S("oulu-edu"),
                           .kind = IDP_OIDC,
                           .provider = &x->provider,
                           .enabled = true,
                           .map = S("native"),
                           .issuer = S(ISS),
                           .client_id = S("digione"),
                           .scope = S("openid profile"),
                           .auth_method = S("client_secret_basic"),
                           .acr = S("loa2"),
                           .client_secret_sealed =
                               seal_secret(t->arena, &t->world, x->seals, S("idp:oulu-edu"), S("p:ä s")) };
    use_registry(t, x);
}

static void close_bench(struct bench *x)
{
    upstreams_free(x->upstreams);
    upstream_store_free(x->store);
    loop_free(x->loop);
    registry_drop(x->registry);
}

static struct ctx *new_ctx(struct test *t, struct bench *x, bool fresh)
{
    struct ctx *c = arena_make(t->arena, struct ctx);

    x->city.way = CITY_HONEST;
    *c = (struct ctx){ .arena = t->arena,
                       .world = &t->world,
                       .now_s = world_now_s(&t->world),
                       .set = &x->set,
                       .registry = x->registry,
                       .seals = x->seals,
                       .fetch = &x->city,
                       .upstreams = x->upstreams,
                       .req = &x->req };
    c->login = arena_make(t->arena, struct login);
    *c->login = (struct login){
        .state = LOGIN_ASKED, .idp = S("oulu-edu"), .max_age_s = -1, .prompt = fresh ? PROMPT_LOGIN : 0
    };
    x->req = (struct http_request){ .param = S("oulu-edu") };
    return c;
}

static void answer_with(struct test *t, struct ctx *c, const char *query)
{
    struct fail f = { 0 };

    CHECK(form_read(t->arena, str_of(query), &c->query, &f));
}

/* The browser comes back with a code for this login. */
static void come_back(struct test *t, struct bench *x, struct ctx *c)
{
    x->city.nonce = c->login->upstream_nonce;
    answer_with(t, c,
                arena_cstr(t->arena, arena_printf(t->arena, "code=c-%.*s&state=%.*s", STR_ARG(c->login->upstream_id),
                                                  STR_ARG(c->login->upstream_id))));
}

/* From nothing to the finish; the code of the refusal, or "ok". */
static const char *log_in(struct test *t, struct bench *x)
{
    struct ctx *c = new_ctx(t, x, false);

    if (!adapter_run(c, adapter_oidc.start))
        return c->fail.code;
    come_back(t, x, c);
    return adapter_run(c, adapter_oidc.finish) && c->person != NULL ? "ok" : c->fail.code;
}

static struct ctx *rig_begin(struct adapter_rig *rig, bool fresh)
{
    struct bench *x = rig->self;

    x->idp.enabled = true;
    use_registry(rig->t, x);
    return new_ctx(rig->t, x, fresh);
}

static bool rig_answer(struct adapter_rig *rig, struct ctx *c, enum city_answer way)
{
    struct bench *x = rig->self;
    struct test *t = rig->t;

    come_back(t, x, c);
    x->city.way = way;
    switch (way) {
    case CITY_NO_LOGIN:
        answer_with(t, c, "code=x&state=guessed");
        break;
    case CITY_OTHER_ADDRESS:
        x->req.param = S("espoo-edu");
        break;
    case CITY_REFUSED:
        answer_with(t, c,
                    arena_cstr(t->arena, arena_printf(t->arena, "error=access_denied&state=%.*s",
                                                      STR_ARG(c->login->upstream_id))));
        break;
    case CITY_EMPTY:
        answer_with(t, c, "");
        break;
    case CITY_REPLAYED:
        x->city.way = CITY_HONEST;
        CHECK(adapter_run(c, rig->adapter->finish) && c->person != NULL);
        c->person = NULL;
        break;
    case CITY_DISABLED:
        x->idp.enabled = false;
        use_registry(t, x);
        c->registry = x->registry;
        break;
    default:
        break;
    }
    return true;
}

TEST(the_openid_connect_adapter_keeps_the_contract)
{
    struct bench x;
    struct adapter_rig rig = { t, &adapter_oidc, &x, rig_begin, rig_answer, "anna-1", false };

    open_bench(t, &x);
    x.city.strict_codes = true;
    adapter_contract(&rig);
    close_bench(&x);
}

TEST(the_request_carries_pkce_nonce_state_and_our_callback) /* [RFC 7636 4.3, OIDC Core 3.1.2.1] */
{
    struct bench x;
    struct fail f = { 0 };
    struct form *form;

    open_bench(t, &x);
    struct ctx *c = new_ctx(t, &x, true);
    c->login->max_age_s = 600;
    c->login->lang = S("sv");
    c->login->login_hint = S("åsa@example.fi&prompt=none");
    CHECK(adapter_run(c, adapter_oidc.start));
    CHECK(str_has_prefix(c->upstream_url,
                         S(ISS "/auth?x=1&response_type=code&client_id=digione&redirect_uri=" CALLBACK "&")));
    CHECK(form_read(t->arena, str_from(c->upstream_url, str_find_byte(c->upstream_url, '?', 0) + 1), &form, &f));
    CHECK(str_eq(form_get(form, S("state")), c->login->upstream_id));
    CHECK(str_eq(form_get(form, S("nonce")), c->login->upstream_nonce));
    CHECK(str_eq(form_get(form, S("code_challenge")),
                 b64url_encode(t->arena, sha256(t->arena, c->login->upstream_verifier))));
    CHECK_STR(form_get(form, S("code_challenge_method")), "S256");
    CHECK_STR(form_get(form, S("prompt")), "login");
    CHECK_STR(form_get(form, S("max_age")), "0");
    CHECK_STR(form_get(form, S("ui_locales")), "sv");
    CHECK_STR(form_get(form, S("login_hint")), "åsa@example.fi&prompt=none");
    CHECK(c->login->upstream_verifier.n == 43);
    close_bench(&x);
}

TEST(each_way_of_proving_ourselves_to_the_token_endpoint) /* [RFC 6749 2.3.1, RFC 7523; RP14] */
{
    struct bench x;
    struct str secret = { NULL, 0 };

    open_bench(t, &x);
    CHECK_STR(log_in(t, &x), "ok");
    CHECK(str_has_prefix(x.city.last_authorization, S("Basic ")));
    CHECK(b64_decode(t->arena, str_from(x.city.last_authorization, 6), &secret));
    CHECK_STR(secret, "digione:p%3A%C3%A4%20s");
    CHECK(str_find(x.city.last_body, S("client_secret")) == x.city.last_body.n);
    CHECK(str_find(x.city.last_body, S("code_verifier=")) < x.city.last_body.n);
    CHECK_STR(x.city.last_bearer, "Bearer at-1");

    x.idp.auth_method = S("client_secret_post");
    use_registry(t, &x);
    CHECK_STR(log_in(t, &x), "ok");
    CHECK(x.city.last_authorization.p == NULL || x.city.last_authorization.n == 0);
    CHECK(str_find(x.city.last_body, S("client_id=digione&client_secret=p%3A%C3%A4%20s")) < x.city.last_body.n);

    x.idp.auth_method = S("private_key_jwt");
    use_registry(t, &x);
    CHECK_STR(log_in(t, &x), "ok");
    CHECK(str_find(x.city.last_body, S("client_assertion=RS256.digione.https%3A%2F%2Fidp.oulu.example%2Ftoken")) <
          x.city.last_body.n);
    close_bench(&x);

    open_bench(t, &x);
    x.idp.auth_method = S("private_key_jwt");
    x.city.more_discovery = ",\"token_endpoint_auth_signing_alg_values_supported\":[\"PS256\",\"ES256\"]";
    use_registry(t, &x);
    CHECK_STR(log_in(t, &x), "ok");
    CHECK(str_find(x.city.last_body, S("client_assertion=ES256.")) < x.city.last_body.n);
    close_bench(&x);

    open_bench(t, &x);
    x.idp.client_secret_sealed = seal_secret(t->arena, &t->world, x.seals, S("idp:espoo-edu"), S("stolen"));
    use_registry(t, &x);
    CHECK_STR(log_in(t, &x), "secret_unreadable");
    CHECK_INT(x.city.token, 0);
    close_bench(&x);
}

static const char *answered(struct test *t, const char *discovery_more, const char *query)
{
    struct bench x;

    open_bench(t, &x);
    x.city.more_discovery = discovery_more;
    struct ctx *c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_oidc.start));
    x.city.nonce = c->login->upstream_nonce;
    answer_with(t, c,
                arena_cstr(t->arena, arena_printf(t->arena, "state=%.*s&%s", STR_ARG(c->login->upstream_id), query)));
    bool ok = adapter_run(c, adapter_oidc.finish);
    CHECK(ok || x.city.token == 0);
    close_bench(&x);
    return ok ? "ok" : c->fail.code;
}

TEST(an_answer_from_another_issuer_is_refused_before_any_token_request) /* [RFC 9207 2.4, S-05] */
{
    const char *announced = ",\"authorization_response_iss_parameter_supported\":true";

    CHECK_STR(answered(t, "", "code=c"), "ok");
    CHECK_STR(answered(t, "", "code=c&iss=https%3A%2F%2Fidp.oulu.example"), "ok");
    CHECK_STR(answered(t, "", "code=c&iss=https%3A%2F%2Fevil.example"), "answer_iss_wrong");
    CHECK_STR(answered(t, "", "code=c&iss="), "answer_iss_wrong");
    CHECK_STR(answered(t, announced, "code=c&iss=https%3A%2F%2Fidp.oulu.example"), "ok");
    CHECK_STR(answered(t, announced, "code=c"), "answer_iss_missing");
    CHECK_STR(answered(t, announced, "code=c&iss=https%3A%2F%2Fidp.oulu.example%2F"), "answer_iss_wrong");
    CHECK_STR(answered(t, announced, "error=access_denied"), "answer_iss_missing");
}

TEST(an_error_or_an_answer_without_code_is_refused_before_any_token_request)
{
    CHECK_STR(answered(t, "", "error=access_denied"), "city_refused");
    CHECK_STR(answered(t, "", "error=login_required"), "city_error");
    CHECK_STR(answered(t, "", "error=server_error&code=c"), "city_trouble");
    CHECK_STR(answered(t, "", "error=temporarily_unavailable"), "city_trouble");
    CHECK_STR(answered(t, "", "error=user_cancelled_login"), "city_refused");
    CHECK_STR(answered(t, "", "nothing=1"), "code_missing");
    CHECK_STR(answered(t, "", "code="), "code_missing");
}

static const char *discovered(struct test *t, const char *issuer, const char *more)
{
    struct bench x;

    open_bench(t, &x);
    x.city.discovery_issuer = issuer;
    x.city.more_discovery = more;
    struct ctx *c = new_ctx(t, &x, false);
    bool ok = adapter_run(c, adapter_oidc.start);
    CHECK(ok || strstr(c->fail.detail, "discovery of oulu-edu: ") != NULL);
    const char *why = ok ? "ok" : c->fail.code;
    close_bench(&x);
    return why;
}

TEST(discovery_must_be_the_registered_issuers_and_usable) /* [OIDC Discovery 4.3; RP22] */
{
    CHECK_STR(discovered(t, ISS, ""), "ok");
    CHECK_STR(discovered(t, ISS "/", ""), "discovery_issuer");
    CHECK_STR(discovered(t, "https://evil.example", ""), "discovery_issuer");
    CHECK_STR(discovered(t, ISS, ",\"issuer\":\"" ISS "\""), "discovery_malformed");
    CHECK_STR(discovered(t, ISS, ",\"id_token_signing_alg_values_supported\":[\"HS256\",\"none\"]"),
              "discovery_unsupported");
}

/* What need not be there and says nothing is as if it were not there [OIDC Discovery 3]. */
TEST(optional_members_of_discovery_that_say_nothing_lock_nobody_out)
{
    static const char *const says_nothing[] = {
        ",\"end_session_endpoint\":null",
        ",\"end_session_endpoint\":\"\"",
        ",\"end_session_endpoint\":7",
        ",\"end_session_endpoint\":[\"https://idp.oulu.example/out\"]",
        ",\"end_session_endpoint\":\"http://idp.oulu.example/out\"",
        ",\"end_session_endpoint\":\"javascript:alert(1)\"",
        ",\"end_session_endpoint\":\"/out\"",
        ",\"authorization_response_iss_parameter_supported\":null",
        ",\"authorization_response_iss_parameter_supported\":\"true\"",
        ",\"id_token_signing_alg_values_supported\":null",
        ",\"id_token_signing_alg_values_supported\":[]",
        ",\"id_token_signing_alg_values_supported\":\"RS256\"",
        ",\"token_endpoint_auth_signing_alg_values_supported\":{}",
        ",\"code_challenge_methods_supported\":null",
        ",\"code_challenge_methods_supported\":[]",
        ",\"code_challenge_methods_supported\":[\"plain\"]",
        ",\"code_challenge_methods_supported\":[\"plain\",\"S256\"]",
        ",\"claims_parameter_supported\":\"no\"",
        ",\"tomorrows_member\":{\"x\":[null,1.5,{}]}",
    };

    for (size_t i = 0; i < sizeof says_nothing / sizeof *says_nothing; i++) {
        struct bench x;
        open_bench(t, &x);
        x.city.more_discovery = says_nothing[i];
        CHECK_STR(log_in(t, &x), "ok");
        struct ctx *c = new_ctx(t, &x, false);
        CHECK(adapter_run(c, adapter_oidc.start));
        CHECK(str_find(c->upstream_url, S("code_challenge_method=S256")) < c->upstream_url.n);
        c->upstream_hint = S("hint");
        c->upstream_url = (struct str){ NULL, 0 };
        CHECK(adapter_run(c, adapter_oidc.leave) && c->upstream_url.p == NULL);
        close_bench(&x);
    }
    CHECK_STR(discovered(t, ISS "\",\"x\":\"", ""), "ok");
    CHECK_STR(discovered(t, ISS, ",\"jwks_uri\":null"), "discovery_malformed"); /* named twice */
}

TEST(a_city_that_is_away_or_answers_badly_is_named_with_the_fault)
{
    static const char *const parts[] = { "/.well-known/", "/jwks", "/token", "/userinfo" };
    struct bench x;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        open_bench(t, &x);
        x.city.away = parts[i];
        CHECK_STR(log_in(t, &x), "city_unreachable");
        close_bench(&x);
    }
    static const char *const bodies[] = { "",
                                          "<html>",
                                          "{}",
                                          "{\"access_token\":\"a\",\"token_type\":\"Bearer\"}",
                                          "{\"access_token\":\"a\",\"token_type\":\"mac\",\"id_token\":\"x\"}",
                                          "{\"access_token\":1,\"token_type\":\"Bearer\",\"id_token\":\"x\"}" };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        open_bench(t, &x);
        x.city.token_body = bodies[i];
        CHECK_STR(log_in(t, &x), "token_answer_malformed");
        close_bench(&x);
    }
}

/* The code, then a space and what the log is to say. */
static const char *refused_by(struct test *t, struct bench *x)
{
    struct ctx *c = new_ctx(t, x, false);

    CHECK(adapter_run(c, adapter_oidc.start));
    come_back(t, x, c);
    CHECK(!adapter_run(c, adapter_oidc.finish));
    return arena_cstr(t->arena, arena_printf(t->arena, "%s %s", c->fail.code, c->fail.detail));
}

TEST(a_token_endpoint_that_refuses_is_quoted_and_one_that_is_broken_is_away)
{
    static const struct {
        int status;
        const char *body, *refused;
    } cases[] = {
        { 400, "{\"error\":\"invalid_grant\"}", "code_refused oulu-edu answered 400 invalid_grant " },
        { 401,
          "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: keys for anna@oulu.example expired\"}",
          "token_refused oulu-edu answered 401 invalid_client AADSTS7000222: keys for ... expired" },
        { 403, "<html>", "token_refused oulu-edu answered 403  " },
        { 503, "<html>", "city_unreachable oulu-edu answered 503  " },
    };
    struct bench x;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_bench(t, &x);
        x.city.token_status = cases[i].status;
        x.city.token_body = cases[i].body;
        CHECK_STR(refused_by(t, &x), cases[i].refused);
        close_bench(&x);
    }
}

TEST(userinfo_that_refuses_is_a_fault_and_one_that_is_broken_is_away)
{
    struct bench x;

    open_bench(t, &x);
    x.city.userinfo_status = 401;
    CHECK_STR(refused_by(t, &x), "userinfo_refused userinfo of oulu-edu answered 401");
    x.city.userinfo_status = 502;
    CHECK_STR(refused_by(t, &x), "city_unreachable userinfo of oulu-edu answered 502");
    close_bench(&x);
}

TEST(an_error_of_the_citys_is_logged_in_its_own_words_cut_and_without_anybody)
{
    struct bench x;

    open_bench(t, &x);
    struct ctx *c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_oidc.start));
    answer_with(
        t, c,
        arena_cstr(t->arena, arena_printf(t->arena,
                                          "error=invalid_scope&error_description=AADSTS65005%%3A+user+%%27Anna+Koe%%27+"
                                          "anna%%40oulu.fi%%0Alacks+it&state=%.*s",
                                          STR_ARG(c->login->upstream_id))));
    CHECK(!adapter_run(c, adapter_oidc.finish));
    CHECK_STR(c->fail.code, "city_error");
    CHECK_STR(c->fail.detail, "invalid_scope AADSTS65005: user ... ... lacks it");
    close_bench(&x);
}

TEST(a_clock_that_is_wrong_is_told_in_seconds)
{
    struct bench x;

    open_bench(t, &x);
    for (int i = 0; i < 2; i++) {
        struct ctx *c = new_ctx(t, &x, false);
        CHECK(adapter_run(c, adapter_oidc.start));
        come_back(t, &x, c);
        x.city.way = i == 0 ? CITY_EXPIRED : CITY_NOT_YET;
        CHECK(!adapter_run(c, adapter_oidc.finish));
        CHECK_STR(c->fail.detail, i == 0 ? "exp has passed, 100 s by our clock; 60 s are allowed"
                                         : "issued in the future, 100 s by our clock; 60 s are allowed");
    }
    close_bench(&x);
}

TEST(an_answer_to_something_else_or_at_another_address_is_none)
{
    struct bench x;

    open_bench(t, &x);
    struct ctx *c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_oidc.start));
    answer_with(t, c, "code=x&state=guessed");
    CHECK(!adapter_run(c, adapter_oidc.finish));
    CHECK_STR(c->fail.code, "state_wrong");
    c->fail = (struct fail){ 0 };
    come_back(t, &x, c);
    x.req.param = S("espoo-edu");
    CHECK(!adapter_run(c, adapter_oidc.finish));
    CHECK_STR(c->fail.code, "callback_wrong");
    close_bench(&x);
}

TEST(a_request_that_no_address_can_hold_is_refused)
{
    struct bench x;
    struct buf hint = buf_new(t->arena, 16384);

    open_bench(t, &x);
    while (hint.n < 9000)
        buf_byte(&hint, 'x');
    struct ctx *c = new_ctx(t, &x, false);
    c->login->login_hint = buf_str(&hint);
    CHECK(!adapter_run(c, adapter_oidc.start));
    CHECK_STR(c->fail.code, "url_too_long");
    close_bench(&x);
}

TEST(an_endpoint_that_is_not_https_is_named)
{
    const struct upstream_want want = { .expect = S(ISS), .place = S("oulu-edu") };
    struct fail f = { 0 };

    CHECK(oidc_metadata_read(t->arena, &want,
                             S("{\"issuer\":\"" ISS "\",\"authorization_endpoint\":\"http://idp.oulu.example/a\","
                               "\"token_endpoint\":\"" ISS "/t\",\"jwks_uri\":\"" ISS "/k\"}"),
                             &f) == NULL);
    CHECK_STR(f.code, "discovery_endpoint");
}

TEST(userinfo_of_another_subject_is_refused) /* [OIDC Core 5.3.2; RP11] */
{
    static const struct {
        const char *body, *code;
    } cases[] = { { "{\"sub\":\"mallory\"}", "userinfo_sub" },
                  { "{\"sub\":\"ANNA-1\"}", "userinfo_sub" },
                  { "{}", "userinfo_sub" },
                  { "{\"sub\":1}", "userinfo_sub" },
                  { "[]", "userinfo_malformed" },
                  { "", "userinfo_malformed" },
                  { "{\"sub\":\"anna-1\",\"x\":\"\\u0000\"}", "userinfo_malformed" } };
    struct bench x;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_bench(t, &x);
        x.city.userinfo = cases[i].body;
        CHECK_STR(log_in(t, &x), cases[i].code);
        close_bench(&x);
    }
}

TEST(an_access_token_that_at_hash_does_not_fit_is_refused) /* [OIDC Core 3.1.3.8; RP16] */
{
    struct bench x;

    open_bench(t, &x);
    x.city.token_body = "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"id_token\":\"a.b.c\"}";
    CHECK_STR(log_in(t, &x), "token_malformed");
    x.city.token_body = NULL;
    struct ctx *c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_oidc.start));
    come_back(t, &x, c);
    x.city.token_body = arena_cstr(
        t->arena,
        arena_printf(t->arena, "{\"access_token\":\"swapped\",\"token_type\":\"Bearer\",\"id_token\":\"%.*s\"}",
                     STR_ARG(id_token(&x.city, t->arena))));
    CHECK(!adapter_run(c, adapter_oidc.finish));
    CHECK_STR(c->fail.code, "at_hash_wrong");
    close_bench(&x);
}

/* A city that replaces its key under the same name, or names none, is asked for it once more [OIDC Core 10.1.1]. */
TEST(a_key_that_was_replaced_is_found_whatever_kid_says)
{
    static const struct {
        enum test_key first, then;
        const char *kid, *published_kid, *other_kid;
    } rows[] = {
        { TEST_EC, TEST_EC_OTHER, "k1", "k1", "k1" }, { TEST_EC, TEST_EC_OTHER, "", "", "" },
        { TEST_EC, TEST_RSA, "k1", "k1", "k1" },      { TEST_RSA, TEST_RSA_OTHER, "k1", "k1", "k1" },
        { TEST_RSA, TEST_EC, "k1", "k1", "k2" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench x;
        open_bench(t, &x);
        x.city.key = x.city.published = rows[i].first;
        x.city.kid = rows[i].kid;
        x.city.published_kid = rows[i].published_kid;
        CHECK_STR(log_in(t, &x), "ok");
        x.city.key = x.city.published = rows[i].then;
        x.city.kid = x.city.published_kid = rows[i].other_kid;
        CHECK_STR(log_in(t, &x), "ok");
        CHECK_INT(x.city.keys, 2);
        CHECK_INT(x.city.discovery, 2); /* perhaps it publishes them elsewhere now */
        CHECK_STR(log_in(t, &x), "ok");
        CHECK_INT(x.city.keys, 2);
        close_bench(&x);
    }
}

/* A city with two key servers has one that is behind: a few tries with growing pauses, then one a minute. */
TEST(keys_that_do_not_do_are_fetched_after_growing_pauses)
{
    static const struct {
        int passes_s, fetched;
    } rows[] = { { 0, 1 }, { 0, 0 }, { 4, 0 }, { 1, 1 }, { 14, 0 }, { 1, 1 }, { 30, 0 } };
    struct bench x;
    int keys = 1;

    open_bench(t, &x);
    CHECK_STR(log_in(t, &x), "ok");
    x.city.key = TEST_EC_OTHER; /* signs with the new one, still publishes the old one */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_passes(t, rows[i].passes_s);
        CHECK_STR(log_in(t, &x), "signature_invalid");
        keys += rows[i].fetched;
        CHECK_INT(x.city.keys, keys);
    }
    close_bench(&x);

    open_bench(t, &x);
    CHECK_STR(log_in(t, &x), "ok");
    x.city.key = TEST_EC_OTHER;
    x.city.away = "/jwks";
    struct ctx *c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_oidc.start));
    come_back(t, &x, c);
    test_passes(t, 7);
    c->now_s += 7;
    CHECK(!adapter_run(c, adapter_oidc.finish));
    CHECK_STR(c->fail.code, "signature_invalid");
    CHECK(strstr(c->fail.detail, "(keys 7 s old)") != NULL);
    close_bench(&x);
}

/* [OIDC Core 3.1.2.1, 5.5.1] */
TEST(a_city_that_does_not_say_when_somebody_logged_in_is_asked_to_and_may_be_believed_by_its_row)
{
    struct bench x;

    open_bench(t, &x);
    struct ctx *c = new_ctx(t, &x, false);
    CHECK(adapter_run(c, adapter_oidc.start));
    CHECK(str_find(c->upstream_url, S("&claims=")) == c->upstream_url.n);
    c = new_ctx(t, &x, true);
    CHECK(adapter_run(c, adapter_oidc.start));
    CHECK(str_find(c->upstream_url, S("&claims=%7B%22id_token%22%3A%7B%22auth_time%22%3A%7B%22essential%22%3Atrue")) <
          c->upstream_url.n);
    x.city.no_auth_time = true;
    come_back(t, &x, c);
    CHECK(!adapter_run(c, adapter_oidc.finish));
    CHECK_STR(c->fail.code, "auth_time_missing");
    CHECK(strstr(c->fail.detail, "fresh_login_by: iat") != NULL);

    c = new_ctx(t, &x, false); /* nobody asked: nobody knows, and nothing is made up */
    CHECK(adapter_run(c, adapter_oidc.start));
    come_back(t, &x, c);
    CHECK(adapter_run(c, adapter_oidc.finish) && c->person != NULL);
    CHECK_INT(c->person->auth_time_s, 0);

    x.idp.fresh_login_by = S("iat");
    use_registry(t, &x);
    c = new_ctx(t, &x, true);
    CHECK(adapter_run(c, adapter_oidc.start));
    come_back(t, &x, c);
    CHECK(adapter_run(c, adapter_oidc.finish) && c->person != NULL);
    CHECK_INT(c->person->auth_time_s, TEST_NOW_S);

    c = new_ctx(t, &x, false); /* its iat answers prompt=login alone, so that is what it is asked */
    c->login->max_age_s = 600;
    CHECK(adapter_run(c, adapter_oidc.start));
    CHECK(c->login->fresh && str_find(c->upstream_url, S("&prompt=login")) < c->upstream_url.n);
    come_back(t, &x, c);
    CHECK(adapter_run(c, adapter_oidc.finish) && c->person != NULL);

    x.city.no_auth_time = false; /* what is said counts, whatever the row allows */
    c = new_ctx(t, &x, true);
    CHECK(adapter_run(c, adapter_oidc.start));
    come_back(t, &x, c);
    x.city.way = CITY_STALE_LOGIN;
    CHECK(!adapter_run(c, adapter_oidc.finish));
    CHECK_STR(c->fail.code, "auth_time_old");
    close_bench(&x);

    open_bench(t, &x);
    x.city.more_discovery = ",\"claims_parameter_supported\":false";
    c = new_ctx(t, &x, true);
    CHECK(adapter_run(c, adapter_oidc.start));
    CHECK(str_find(c->upstream_url, S("&claims=")) == c->upstream_url.n);
    close_bench(&x);
}

/* [OIDC Core 5.3.2] */
TEST(userinfo_as_a_signed_token_is_verified_and_read)
{
    static const struct {
        enum test_key key, published_then;
        const char *header, *payload, *code;
    } rows[] = {
        { TEST_EC, TEST_EC, "{\"alg\":\"ES256\",\"kid\":\"k1\"}", "{\"sub\":\"anna-1\",\"given_name\":\"Anni\"}",
          "ok" },
        { TEST_EC, TEST_EC, "{\"alg\":\"ES256\"}",
          "{\"sub\":\"anna-1\",\"given_name\":\"Anni\",\"iss\":\"" ISS "\",\"aud\":[\"digione\"]}", "ok" },
        { TEST_EC, TEST_EC, "{\"alg\":\"ES256\"}", "{\"sub\":\"mallory\"}", "userinfo_sub" },
        { TEST_EC, TEST_EC, "{\"alg\":\"ES256\"}", "{\"given_name\":\"Anni\"}", "sub_missing" },
        { TEST_EC, TEST_EC, "{\"alg\":\"ES256\"}", "{\"sub\":\"anna-1\",\"iss\":\"https://evil.example\"}",
          "iss_wrong" },
        { TEST_EC, TEST_EC, "{\"alg\":\"ES256\"}", "{\"sub\":\"anna-1\",\"aud\":\"other\"}", "aud_wrong" },
        { TEST_EC, TEST_EC, "{\"alg\":\"ES256\"}", "{\"sub\":\"anna-1\",\"exp\":1000}", "token_expired" },
        { TEST_EC, TEST_EC, "{\"alg\":\"none\"}", "{\"sub\":\"anna-1\"}", "alg_none" },
        { TEST_EC_OTHER, TEST_EC, "{\"alg\":\"ES256\"}", "{\"sub\":\"anna-1\"}", "signature_invalid" },
        { TEST_EC_OTHER, TEST_EC_OTHER, "{\"alg\":\"ES256\"}", "{\"sub\":\"anna-1\",\"given_name\":\"Anni\"}", "ok" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench x;
        open_bench(t, &x);
        CHECK_STR(log_in(t, &x), "ok");
        x.city.userinfo_type = i % 2 == 0 ? "application/jwt" : "Application/JWT; charset=utf-8";
        x.city.userinfo =
            arena_cstr(t->arena, test_token(t->arena, rows[i].key, str_of(rows[i].header), str_of(rows[i].payload)));
        struct ctx *c = new_ctx(t, &x, false);
        CHECK(adapter_run(c, adapter_oidc.start));
        come_back(t, &x, c);
        x.city.published = rows[i].published_then;
        bool ok = adapter_run(c, adapter_oidc.finish) && c->person != NULL;
        CHECK_STR(ok ? "ok" : c->fail.code, rows[i].code);
        if (ok)
            CHECK_STR(c->person->given_names, "Anni");
        close_bench(&x);
    }
}

TEST(an_access_token_of_20_kilobytes_is_no_hindrance)
{
    struct bench x;
    char *big = arena_alloc(t->arena, 20001);

    memset(big, 'a', 20000);
    big[20000] = '\0';
    open_bench(t, &x);
    x.city.access_token = big;
    CHECK_STR(log_in(t, &x), "ok");
    CHECK_INT(x.city.last_bearer.n, 20000 + sizeof "Bearer " - 1);
    close_bench(&x);
}

TEST(an_ordered_refresh_fetches_discovery_and_keys_at_once)
{
    struct bench x;

    open_bench(t, &x);
    CHECK_STR(log_in(t, &x), "ok");
    for (int i = 0; i < 3; i++) /* no pause counts for somebody who says so */
        upstream_refresh(x.upstreams, x.registry, S("oulu-edu"));
    CHECK_INT(x.city.discovery, 4);
    CHECK_INT(x.city.keys, 4);
    x.city.away = "/.well-known/"; /* what is kept stays, and its keys are asked for */
    upstream_refresh(x.upstreams, x.registry, S("oulu-edu"));
    CHECK_INT(x.city.keys, 5);
    CHECK_STR(log_in(t, &x), "ok");
    upstream_refresh(x.upstreams, x.registry, S("nobody"));
    x.idp.enabled = false;
    use_registry(t, &x);
    upstream_refresh(x.upstreams, x.registry, S("oulu-edu"));
    CHECK_INT(x.city.keys, 5);
    close_bench(&x);
}

TEST(rolled_keys_are_fetched_again_once_a_minute) /* [OIDC Core 10.1.1, S-27; RP23, RP24] */
{
    struct bench x;

    open_bench(t, &x);
    CHECK_STR(log_in(t, &x), "ok");
    CHECK_STR(log_in(t, &x), "ok");
    CHECK_INT(x.city.discovery, 1);
    CHECK_INT(x.city.keys, 1);
    x.city.kid = x.city.published_kid = "k2"; /* rolled, without overlap */
    CHECK_STR(log_in(t, &x), "ok");
    CHECK_INT(x.city.keys, 2);
    x.city.kid = "k3"; /* never published: an attack, or a fault */
    for (int i = 0; i < 20; i++)
        CHECK_STR(log_in(t, &x), "key_unknown");
    CHECK_INT(x.city.keys, 2);
    test_passes(t, 30);
    x.city.kid = "k2";
    CHECK_STR(log_in(t, &x), "ok");
    test_passes(t, 31);
    x.city.kid = "k3";
    CHECK_STR(log_in(t, &x), "key_unknown");
    CHECK_STR(log_in(t, &x), "key_unknown");
    CHECK_INT(x.city.keys, 3);
    close_bench(&x);
}

TEST(a_document_that_cannot_be_renewed_goes_on_serving)
{
    struct bench x;

    open_bench(t, &x);
    CHECK_STR(log_in(t, &x), "ok");
    test_passes(t, x.set.metadata_refresh_s);
    x.city.away = "/.well-known/";
    /* The token of the fake city has its times fixed: starting is enough here. */
    for (int i = 0; i < 3; i++) {
        struct ctx *c = new_ctx(t, &x, false);
        CHECK(adapter_run(c, adapter_oidc.start));
    }
    CHECK_INT(x.city.discovery, 1);
    uint64_t tried = upstream_fetches(x.upstreams);
    test_passes(t, UPSTREAM_FORCE_S);
    x.city.away = NULL;
    CHECK(adapter_run(new_ctx(t, &x, false), adapter_oidc.start));
    CHECK_INT(x.city.discovery, 2);
    CHECK_INT(upstream_fetches(x.upstreams) - tried, 1);
    close_bench(&x);
}

TEST(claims_become_attributes)
{
    struct fail f = { 0 };
    struct attribute_list list;
    const struct idp idp = { .id = S("oulu-edu") };
    const struct json_value *token =
        json_parse(t->arena,
                   S("{\"iss\":\"i\",\"sub\":\"s\",\"nonce\":\"n\",\"n\":7,\"b\":true,\"z\":null,"
                     "\"l\":[\"a\",null,\"b\"],\"puavo\":{\"learner_id\":\"x\",\"schools\":"
                     "[{\"oid\":\"1.2\"},{\"oid\":\"3\"}]},\"given_name\":\"Token\"}"),
                   &f);
    const struct json_value *info =
        json_parse(t->arena, S("{\"sub\":\"s\",\"given_name\":\"Info\",\"family_name\":\"M\"}"), &f);
    char got[512] = "";

    list = oidc_attributes(t->arena, &idp, token, info);
    for (size_t i = 0; i < list.n; i++)
        for (size_t k = 0; k < list.at[i].values.n; k++)
            (void)snprintf(got + strlen(got), sizeof got - strlen(got), "%.*s=%.*s;", STR_ARG(list.at[i].name),
                           STR_ARG(list.at[i].values.at[k]));
    CHECK_STR(
        got,
        "sub=s;n=7;b=true;l=a;l=b;puavo.learner_id=x;puavo.schools={\"oid\":\"1.2\"};puavo.schools={\"oid\":\"3\"};"
        "given_name=Token;family_name=M;");
    CHECK_INT(list.left_out, 0);
}

/* [domain 2] A directory has more groups for a person than anybody needs: they are left out, the person is not. */
TEST(an_empty_claim_of_the_id_token_does_not_hide_userinfos)
{
    static const char *const empty[] = { "\"\"", "\" \"", "null", "[]", "[\"\"]", "[null,\"\"]" };
    const struct idp idp = { .id = S("tampere") };
    struct fail f = { 0 };

    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        const struct json_value *token =
            json_parse(t->arena, arena_printf(t->arena, "{\"userRole\":%s,\"b\":[\"\",\"x\"]}", empty[i]), &f);
        struct attribute_list list =
            oidc_attributes(t->arena, &idp, token, json_parse(t->arena, S("{\"userRole\":\"OPE\",\"b\":\"y\"}"), &f));
        CHECK_INT(list.n, 2);
        for (size_t k = 0; k < list.n; k++)
            if (str_eq(list.at[k].name, S("userRole")))
                CHECK_STR(list.at[k].values.at[0], "OPE");
            else
                CHECK(list.at[k].values.n == 2 && str_eq(list.at[k].values.at[1], S("x"))); /* places are kept */
    }
}

TEST(attributes_and_values_over_the_limit_are_left_out_and_counted)
{
    struct fail f = { 0 };
    struct str spelling = S("G-1500=teacher");
    const struct idp idp = { .id = S("oulu-edu"), .role_names = { &spelling, 1 } };
    struct json_out o = json_out(t->arena, 65536);

    json_begin_object(&o);
    json_key(&o, S("groups"));
    json_begin_array(&o);
    for (int i = 1; i <= 1500; i++)
        json_str(&o, arena_printf(t->arena, "g-%d", i));
    json_end_array(&o);
    for (int i = 0; i < ATTRIBUTES_MAX; i++)
        json_put_int(&o, arena_printf(t->arena, "c%d", i), i);
    json_end_object(&o);
    struct attribute_list list = oidc_attributes(t->arena, &idp, json_parse(t->arena, json_done(&o), &f), NULL);
    CHECK_INT(list.n, ATTRIBUTES_MAX);
    CHECK_INT(list.at[0].values.n, ATTRIBUTE_VALUES_MAX + 1);
    CHECK_STR(list.at[0].values.at[ATTRIBUTE_VALUES_MAX],
              "g-1500"); /* what the row names is kept, wherever it stands */
    CHECK_STR(list.at[1].name, "c0");
    CHECK_INT(list.left_out, 1500 - ATTRIBUTE_VALUES_MAX - 1 + 1);
    CHECK_STR(list.left_out_of, "groups");
}

/* From a log-in to the address that ends it at the city; absent when there is none. */
static struct str leave(struct test *t, struct bench *x)
{
    struct ctx *c = new_ctx(t, x, false);

    CHECK(adapter_run(c, adapter_oidc.start));
    come_back(t, x, c);
    CHECK(adapter_run(c, adapter_oidc.finish));
    c->upstream_url = (struct str){ NULL, 0 };
    c->login = arena_make(t->arena, struct login);
    *c->login = (struct login){ .idp = S("oulu-edu"), .upstream_id = S("left-1"), .lang = S("sv") };
    CHECK(adapter_run(c, adapter_oidc.leave));
    CHECK_INT(c->upstream_hint.n > 0, str_is_set(c->upstream_url));
    return c->upstream_url;
}

TEST(who_leaves_is_sent_to_a_city_that_ends_its_session_too) /* [OIDC RP-Initiated Logout 2] */
{
    struct bench x;
    struct fail f = { 0 };
    struct form *form;

    open_bench(t, &x);
    x.city.more_discovery = ",\"end_session_endpoint\":\"" ISS "/out?x=1\"";
    struct str url = leave(t, &x);
    CHECK(str_has_prefix(url, S(ISS "/out?x=1&id_token_hint=ey")));
    CHECK(form_read(t->arena, str_from(url, str_find_byte(url, '?', 0) + 1), &form, &f));
    CHECK_STR(form_get(form, S("client_id")), "digione");
    CHECK_STR(form_get(form, S("post_logout_redirect_uri")), "https://gateway.example/upstream/left");
    CHECK_STR(form_get(form, S("state")), "left-1");
    CHECK_STR(form_get(form, S("ui_locales")), "sv");
    close_bench(&x);
}

TEST(a_city_without_such_an_endpoint_is_left_alone)
{
    struct bench x;

    open_bench(t, &x);
    CHECK(!str_is_set(leave(t, &x)));
    close_bench(&x);
}
