/* SPDX-License-Identifier: EUPL-1.2
 *
 * The relying party towards a city's OpenID Provider: code flow with PKCE
 * [OIDC Core 3.1, RFC 7636, RFC 9700, RFC 9207]. */
#include "idp-adapters/adapter.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/seals.h"
#include "base/settings.h"
#include "base/text.h"
#include "certs/signer_client.h"
#include "idp-adapters/addresses.h"
#include "idp-adapters/oidc_attributes.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/relations.h"
#include "idp-adapters/tryout.h"
#include "idp-adapters/upstream_oidc.h"
#include "wire/fetch.h"
#include "wire/form.h"
#include "wire/http.h"

enum {
    CODE_MAX_B = 4096,
    ACCESS_TOKEN_MAX_B = JOSE_TOKEN_MAX_B,
    HINT_MAX_B = 4096,
    TOKEN_ANSWER_MAX_B = 262144,
    URL_MAX_B = 8192
};

struct tokens { /* the token endpoint's answer [OIDC Core 3.1.3.3] */
    struct str id_token, access_token, token_type;
};

struct oidc { /* one start or one finish, in the request's arena */
    const struct idp *idp;
    struct upstream_got metadata_got, keys_got;
    const struct oidc_metadata *metadata;
    struct str code;
    struct signed_got assertion;
    struct fetch_got token_got, userinfo_got;
    struct tokens tokens;
    struct jose_claims claims;
    const struct json_value *userinfo; /* NULL: it has none */
    const struct jwks *keys;           /* what tokens are judged with, and since when we have it */
    int64_t keys_fetched_s;
    bool again;           /* a token is judged the second time, with keys fetched anew */
    struct fail unproven; /* why it was not proven by the kept keys; NONE: it was */
};

static struct oidc *oidc_of(struct ctx *c)
{
    return c->adapter_state;
}

/* Looked up at every use: an identity provider that was switched off meanwhile is refused. */
static enum step find_idp(struct ctx *c, struct fail *f)
{
    const struct idp *idp = registry_idp(c->registry, c->login->idp);
    struct oidc *o = arena_make(c->arena, struct oidc);

    if (idp == NULL || idp->kind != IDP_OIDC || (!idp->enabled && c->tryout == NULL))
        return refusal(f, REFUSAL_idp_disabled, "%.*s is not in use", STR_ARG(c->login->idp));
    o->idp = idp;
    c->adapter_state = o;
    return NEXT;
}

static enum step metadata_ask(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);

    (void)f;
    upstream_oidc_metadata(c->upstreams, &c->batch, c->arena, o->idp, UPSTREAM_KEPT, &o->metadata_got);
    return WAIT;
}

static enum step metadata_read(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);

    o->metadata = o->metadata_got.value;
    if (o->metadata == NULL)
        return refusal_unread(f, o->metadata_got.error, "discovery of %.*s: %s", STR_ARG(o->idp->id),
                              o->metadata_got.detail);
    tryout_pass(c, TRYOUT_documents);
    return NEXT;
}

/* Its ID tokens never say when somebody logged in; the row takes what it issues in answer to prompt=login for fresh.
 * An answer to max_age alone says nothing, so such a city is asked for a fresh log-in there too. */
static bool fresh_by_iat(const struct idp *idp)
{
    return str_eq(idp->fresh_login_by, S("iat"));
}

/* state binds the answer to this login's cookie, nonce the ID token to this
 * request, the challenge the code to whoever redeems it. */
static enum step make_secrets(struct ctx *c, struct fail *f)
{
    const struct oidc *o = oidc_of(c);
    struct login *l = c->login;

    (void)f;
    l->upstream_id = crypt_token(c->arena, c->world, 16);
    if (c->tryout != NULL)
        l->upstream_id = arena_join(c->arena, S(TRYOUT_STATE), l->upstream_id);
    l->upstream_nonce = crypt_token(c->arena, c->world, 16);
    l->upstream_verifier = crypt_token(c->arena, c->world, 32);
    l->fresh = login_fresh(l) || (l->max_age_s >= 0 && fresh_by_iat(o->idp));
    l->asked_city_s = c->now_s;
    return NEXT;
}

/* auth_time is asked for besides: some say it only then [OIDC Core 5.5.1]. */
static void add_freshness(struct ctx *c, const struct oidc_metadata *m, struct buf *url)
{
    if (c->login->fresh)
        url_query(url, S("prompt"), S("login"));
    if (!c->login->fresh && c->login->max_age_s < 0)
        return;
    url_query(url, S("max_age"),
              arena_printf(c->arena, "%lld", c->login->fresh ? 0LL : (long long)c->login->max_age_s));
    if (!m->no_claims_parameter)
        url_query(url, S("claims"), S("{\"id_token\":{\"auth_time\":{\"essential\":true}}}"));
}

static enum step write_url(struct ctx *c, struct fail *f)
{
    const struct oidc *o = oidc_of(c);
    const struct login *l = c->login;
    struct buf url = buf_new(c->arena, URL_MAX_B);

    buf_add(&url, o->metadata->authorization_endpoint);
    url_query(&url, S("response_type"), S("code"));
    url_query(&url, S("client_id"), o->idp->client_id);
    url_query(&url, S("redirect_uri"), oidc_redirect_uri(c->arena, c->set, o->idp));
    url_query(&url, S("scope"), str_is_set(o->idp->scope) ? o->idp->scope : S("openid profile"));
    url_query(&url, S("state"), l->upstream_id);
    url_query(&url, S("nonce"), l->upstream_nonce);
    url_query(&url, S("code_challenge"), b64url_encode(c->arena, sha256(c->arena, l->upstream_verifier)));
    url_query(&url, S("code_challenge_method"), S("S256"));
    add_freshness(c, o->metadata, &url);
    if (str_is_set(l->lang))
        url_query(&url, S("ui_locales"), l->lang);
    if (l->acr_must && str_is_set(l->acr_values)) /* what the service cannot do without; a wish stays here */
        url_query(&url, S("acr_values"), l->acr_values);
    if (str_is_set(l->login_hint)) /* what the service knows, the city need not ask [OIDC Core 3.1.2.1] */
        url_query(&url, S("login_hint"), l->login_hint);
    if (!buf_ok(&url))
        return refusal(f, REFUSAL_url_too_long, "the request for %.*s", STR_ARG(o->idp->id));
    c->upstream_url = buf_str(&url);
    return NEXT;
}

/* Each city answers at a path of its own, so one city's answer cannot be taken
 * for another's [RFC 9700 4.4.2.2]. */
static enum step check_callback(struct ctx *c, struct fail *f)
{
    const struct oidc *o = oidc_of(c);

    if (c->req == NULL || !str_eq(c->req->param, o->idp->id))
        return refusal(f, REFUSAL_callback_wrong, "an answer for %.*s came to another city's address",
                       STR_ARG(o->idp->id));
    return NEXT;
}

static enum step check_state(struct ctx *c, struct fail *f)
{
    if (!str_is_set(c->login->upstream_id) || !crypt_eq(form_get(c->query, S("state")), c->login->upstream_id))
        return refusal(f, REFUSAL_state_wrong, "the answer is not to this login's request");
    return NEXT;
}

/* Before anything is sent anywhere [RFC 9207 2.4]. */
static enum step check_iss(struct ctx *c, struct fail *f)
{
    const struct oidc *o = oidc_of(c);
    struct str iss = form_get(c->query, S("iss"));

    if (iss.p == NULL && o->metadata->iss_in_answer)
        return refusal(f, REFUSAL_answer_iss_missing, "%.*s announces iss and sent none", STR_ARG(o->idp->id));
    if (iss.p != NULL && !str_eq(iss, o->idp->issuer))
        return refusal(f, REFUSAL_answer_iss_wrong, "the answer is from another issuer");
    return NEXT;
}

/* What providers say when somebody presses "cancel"; the first is the standard's. */
static bool says_cancelled(struct str error)
{
    static const char *const words[] = {
        "access_denied", "user_cancelled_login", "user_cancelled_authorize", "user_cancelled", "cancelled", "canceled"
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(error, str_of(words[i])))
            return true;
    return false;
}

/* [RFC 6749 4.1.2.1, OIDC Core 3.1.2.6] */
static enum step check_error(struct ctx *c, struct fail *f)
{
    struct str error = form_get(c->query, S("error"));
    bool passes = str_eq(error, S("server_error")) || str_eq(error, S("temporarily_unavailable"));

    if (error.p == NULL)
        return NEXT;
    return refusal(f,
                   says_cancelled(error) ? REFUSAL_city_refused
                   : passes              ? REFUSAL_city_trouble
                                         : REFUSAL_city_error,
                   "%.*s %.*s", STR_ARG(text_words(c->arena, error)),
                   STR_ARG(text_words(c->arena, form_get(c->query, S("error_description")))));
}

static enum step read_code(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);

    o->code = form_get(c->query, S("code"));
    if (!str_is_set(o->code) || o->code.n > CODE_MAX_B)
        return refusal(f, REFUSAL_code_missing, "an answer with neither error nor code");
    tryout_pass(c, TRYOUT_answer);
    return NEXT;
}

/* ES256 costs a tenth; RS256 where the city says that it knows nothing else. */
static enum step assertion_ask(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);
    unsigned algs = o->metadata->client_jwt_algs;

    (void)f;
    if (!str_eq(o->idp->auth_method, S("private_key_jwt")))
        return NEXT;
    enum jose_alg alg = (algs & JOSE_BIT(JOSE_ES256)) != 0 ? JOSE_ES256 : JOSE_RS256;
    signer_client_jwt(c->signer, &c->batch, c->arena, alg, o->idp->client_id, o->metadata->token_endpoint,
                      &o->assertion);
    return WAIT;
}

static struct str basic(struct ctx *c, struct str client_id, struct str secret)
{
    struct buf pair = buf_new(c->arena, URL_MAX_B);

    url_escape(&pair, client_id); /* form-encoded first, then base64 [RFC 6749 2.3.1] */
    buf_byte(&pair, ':');
    url_escape(&pair, secret);
    return arena_printf(c->arena, "Basic %.*s", STR_ARG(b64_encode(c->arena, buf_str(&pair))));
}

/* Adds what proves us to the request; the secret is opened for this moment only. */
static bool add_client_auth(struct ctx *c, const struct oidc *o, struct buf *body, struct str *authorization,
                            struct fail *f)
{
    struct str secret, owner = arena_printf(c->arena, "idp:%.*s", STR_ARG(o->idp->id));

    if (str_eq(o->idp->auth_method, S("private_key_jwt"))) {
        if (!o->assertion.ok)
            return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer: %s", o->assertion.error);
        form_add(body, S("client_id"), o->idp->client_id);
        form_add(body, S("client_assertion_type"), S("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        form_add(body, S("client_assertion"), o->assertion.value);
        return true;
    }
    if (!seal_secret_open(c->arena, c->seals, owner, o->idp->client_secret_sealed, &secret))
        return refusal(f, REFUSAL_secret_unreadable, "the client secret of %.*s does not open", STR_ARG(o->idp->id));
    if (str_eq(o->idp->auth_method, S("client_secret_post"))) {
        form_add(body, S("client_id"), o->idp->client_id);
        form_add(body, S("client_secret"), secret);
        return true;
    }
    *authorization = basic(c, o->idp->client_id, secret);
    return true;
}

/* The code goes to the issuer that was chosen at the start and nowhere else.
 * Its keys are asked for in the same wait. */
static enum step token_ask(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);
    struct buf body = buf_new(c->arena, FETCH_BODY_MAX_B);
    struct str authorization = { NULL, 0 };

    form_add(&body, S("grant_type"), S("authorization_code"));
    form_add(&body, S("code"), o->code);
    form_add(&body, S("redirect_uri"), oidc_redirect_uri(c->arena, c->set, o->idp));
    form_add(&body, S("code_verifier"), c->login->upstream_verifier);
    if (!add_client_auth(c, o, &body, &authorization, f))
        return REFUSE;
    const struct fetch_request request = {
        .purpose = FETCH_TOKEN,
        .post = true,
        .test = o->idp->test,
        .url = o->metadata->token_endpoint,
        .body = buf_str(&body),
        .content_type = S("application/x-www-form-urlencoded"),
        .authorization = authorization,
        .accept = S("application/json"),
        .networks = strs_joined(c->arena, &o->idp->private_networks, ' '),
        .place = o->idp->id,
    };
    fetch_ask(c->fetch, &c->batch, c->arena, &request, &o->token_got);
    upstream_oidc_keys(c->upstreams, &c->batch, c->arena, o->idp, o->metadata, UPSTREAM_KEPT, &o->keys_got);
    return WAIT;
}

static const struct json_field tokens_fields[] = { FIELD(tokens, id_token, JSON_STR, true, JOSE_TOKEN_MAX_B),
                                                   FIELD(tokens, access_token, JSON_STR, true, ACCESS_TOKEN_MAX_B),
                                                   FIELD(tokens, token_type, JSON_STR, true, 32),
                                                   { 0 } };

/* What it says of itself on a token endpoint [RFC 6749 5.2]: invalid_grant is the person's doing (an old tab, the back
 * button), the rest is a matter of configuration. */
static enum step token_refused(struct ctx *c, const struct oidc *o, struct fail *f)
{
    struct fail why = { 0 };
    const struct json_value *v = json_parse(c->arena, o->token_got.body, &why);
    struct str error = json_get_str(v, S("error"));

    return refusal(f,
                   str_eq(error, S("invalid_grant")) ? REFUSAL_code_refused
                   : o->token_got.status >= 500      ? REFUSAL_city_unreachable
                                                     : REFUSAL_token_refused,
                   "%.*s answered %d %.*s %.*s", STR_ARG(o->idp->id), o->token_got.status,
                   STR_ARG(text_words(c->arena, error)),
                   STR_ARG(text_words(c->arena, json_get_str(v, S("error_description")))));
}

static enum step token_read(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);
    struct fail why = { 0 };

    upstream_note(c->upstreams, o->idp->id, &o->token_got);
    if (!o->token_got.answered)
        return refusal_unread(f, o->token_got.error, "token endpoint of %.*s", STR_ARG(o->idp->id));
    if (o->token_got.status != 200)
        return token_refused(c, o, f);
    if (o->token_got.body.n > TOKEN_ANSWER_MAX_B ||
        !json_read(c->arena, o->token_got.body, tokens_fields, &o->tokens, &why))
        return refusal(f, REFUSAL_token_answer_malformed, "%s %s", why.code != NULL ? why.code : "too large",
                       why.detail);
    if (!str_eq_case(o->tokens.token_type, S("Bearer")))
        return refusal(f, REFUSAL_token_answer_malformed, "token_type is not Bearer");
    tryout_pass(c, TRYOUT_redeemed);
    return NEXT;
}

/* How old the authentication may be at most; 0: nobody asked. */
static int64_t auth_since(const struct ctx *c)
{
    int64_t since = c->login->fresh ? c->login->asked_city_s : 0;

    if (c->login->max_age_s >= 0 && c->login->asked_city_s - c->login->max_age_s > since)
        since = c->login->asked_city_s - c->login->max_age_s;
    return since;
}

static enum step keys_read(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);

    o->keys = o->keys_got.value;
    o->keys_fetched_s = o->keys_got.fetched_s;
    return o->keys != NULL
               ? NEXT
               : refusal_unread(f, o->keys_got.error, "keys of %.*s: %s", STR_ARG(o->idp->id), o->keys_got.detail);
}

/* A refusal for want of a key waits for the second judgement; any other stands. */
static enum step judged(struct ctx *c, bool proven, const struct fail *why, struct fail *f)
{
    struct oidc *o = oidc_of(c);

    if (proven)
        return NEXT;
    if (str_eq(str_of(why->code), S("auth_time_missing")))
        return fail(
            f, why->kind, why->code,
            "%.*s does not say when people log in, though asked (claims): let it add auth_time to ID tokens, or "
            "set fresh_login_by: iat in its row",
            STR_ARG(o->idp->id));
    if (!jose_is_about_keys(why->code)) {
        *f = *why;
        return REFUSE;
    }
    if (o->again)
        return fail(f, why->kind, why->code, "%s (keys %lld s old)", why->detail,
                    (long long)(c->now_s - o->keys_fetched_s));
    o->unproven = *why;
    return NEXT;
}

/* [OIDC Core 3.1.3.7] */
static enum step verify_id_token(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);
    struct fail why = { 0 };
    const struct jose_rules rules = {
        .blame = FAIL_UPSTREAM,
        .algs = o->metadata->id_token_algs,
        .iss = o->idp->issuer,
        .aud = o->idp->client_id,
        .nonce = c->login->upstream_nonce,
        .access_token = o->tokens.access_token,
        .now_s = c->now_s,
        .skew_s = c->set->jose_skew_s,
        .auth_since_s = auth_since(c),
        .auth_time_optional = fresh_by_iat(o->idp) && c->login->fresh,
    };

    if (!str_is_set(c->login->upstream_nonce))
        return fail(f, FAIL_OURS, "server_error", "a login without nonce");
    return judged(c, jose_verify(c->arena, o->tokens.id_token, o->keys, &rules, &o->claims, &why), &why, f);
}

/* The city has changed its keys, perhaps where they are [OIDC Core 10.1.1]: discovery and keys are fetched anew, and
 * the same token is judged once more.  Where nothing newer can be had, the first judgement stands. */
static enum step metadata_anew(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);

    (void)f;
    o->again = true;
    upstream_oidc_metadata(c->upstreams, &c->batch, c->arena, o->idp, UPSTREAM_ANEW, &o->metadata_got);
    return WAIT;
}

static enum step keys_anew(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);

    (void)f;
    o->metadata = o->metadata_got.value != NULL ? o->metadata_got.value : o->metadata;
    upstream_oidc_keys(c->upstreams, &c->batch, c->arena, o->idp, o->metadata, UPSTREAM_ANEW, &o->keys_got);
    return WAIT;
}

static enum step keys_compare(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);
    bool newer = o->keys_got.value != NULL && o->keys_got.value != o->keys;

    upstream_log_unknown_key(&o->keys_got, newer, o->idp->id, c->support_code, o->unproven.code,
                             c->now_s - o->keys_fetched_s);
    if (newer)
        return keys_read(c, f);
    return fail(f, o->unproven.kind, o->unproven.code, "%s (keys %lld s old)", o->unproven.detail,
                (long long)(c->now_s - o->keys_fetched_s));
}

static const struct step_row judge_id_token[] = {
    { metadata_anew }, { keys_anew }, { keys_compare }, { verify_id_token }, { 0 }
};

static enum step id_token_again(struct ctx *c, struct fail *f)
{
    (void)f;
    return oidc_of(c)->unproven.kind != FAIL_NONE ? step_into(c, judge_id_token) : NEXT;
}

static void tell_tryout(const struct ctx *c, const struct jose_claims *claims)
{
    struct tryout *t = c->tryout;

    if (t == NULL)
        return;
    tryout_pass(c, TRYOUT_signature);
    tryout_pass(c, TRYOUT_audience);
    tryout_pass(c, TRYOUT_time);
    t->key = claims->kid;
    t->alg = str_of(jose_alg_name(claims->alg));
    t->issuer = claims->iss;
    t->context = json_get_str(claims->all, S("acr"));
    t->issued_s = claims->iat_s;
    t->authenticated_s = claims->auth_time_s;
    t->ends_s = claims->exp_s;
}

static enum step userinfo_ask(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);

    (void)f;
    o->unproven = (struct fail){ 0 };
    tell_tryout(c, &o->claims);
    if (!str_is_set(o->metadata->userinfo_endpoint))
        return NEXT;
    const struct fetch_request request = {
        .purpose = FETCH_USERINFO,
        .test = o->idp->test,
        .url = o->metadata->userinfo_endpoint,
        .authorization = arena_printf(c->arena, "Bearer %.*s", STR_ARG(o->tokens.access_token)),
        .accept = S("application/json, application/jwt;q=0.9"),
        .networks = strs_joined(c->arena, &o->idp->private_networks, ' '),
        .place = o->idp->id,
    };
    fetch_ask(c->fetch, &c->batch, c->arena, &request, &o->userinfo_got);
    return WAIT;
}

static bool is_jwt(struct str content_type)
{
    struct str rest = content_type, type = { NULL, 0 };

    (void)str_split(&rest, ';', &type);
    return str_eq_case(str_trim(type), S("application/jwt"));
}

/* Signed, it says whom it is for, or does not; what it says must be so [OIDC Core 5.3.2]. */
static bool open_signed_userinfo(struct ctx *c, const struct json_value **out, struct fail *why)
{
    struct oidc *o = oidc_of(c);
    struct jose_claims claims;
    const struct jose_rules rules = {
        .blame = FAIL_UPSTREAM,
        .algs = JOSE_BOTH,
        .iss = o->idp->issuer,
        .iss_rule = ISS_IF_SAID,
        .aud = o->idp->client_id,
        .aud_rule = AUD_IF_SAID,
        .exp_optional = true,
        .iat_optional = true,
        .now_s = c->now_s,
        .skew_s = c->set->jose_skew_s,
    };

    if (!jose_verify(c->arena, str_trim(o->userinfo_got.body), o->keys, &rules, &claims, why))
        return false;
    *out = claims.all;
    return true;
}

/* Another subject's data would be another person's [OIDC Core 5.3.2]. */
static enum step use_userinfo(struct ctx *c, const struct json_value *v, struct fail *f)
{
    struct oidc *o = oidc_of(c);

    if (!str_eq(json_get_str(v, S("sub")), o->claims.sub))
        return refusal(f, REFUSAL_userinfo_sub, "speaks of another subject than the ID token");
    o->userinfo = v;
    return NEXT;
}

static enum step userinfo_signed(struct ctx *c, struct fail *f)
{
    const struct json_value *v = NULL;
    struct fail why = { 0 };
    bool proven = open_signed_userinfo(c, &v, &why);

    return proven ? use_userinfo(c, v, f) : judged(c, false, &why, f);
}

static enum step userinfo_read(struct ctx *c, struct fail *f)
{
    struct oidc *o = oidc_of(c);
    struct fail why = { 0 };

    if (!str_is_set(o->metadata->userinfo_endpoint))
        return NEXT;
    upstream_note(c->upstreams, o->idp->id, &o->userinfo_got);
    if (!o->userinfo_got.answered)
        return refusal_unread(f, o->userinfo_got.error, "userinfo of %.*s", STR_ARG(o->idp->id));
    if (o->userinfo_got.status != 200)
        return refusal(f, o->userinfo_got.status >= 500 ? REFUSAL_city_unreachable : REFUSAL_userinfo_refused,
                       "userinfo of %.*s answered %d", STR_ARG(o->idp->id), o->userinfo_got.status);
    if (is_jwt(o->userinfo_got.content_type))
        return userinfo_signed(c, f);
    const struct json_value *v = json_parse(c->arena, o->userinfo_got.body, &why);
    if (v == NULL || v->type != JSON_OBJECT || json_has_nul(v))
        return refusal(f, REFUSAL_userinfo_malformed, "%s", v == NULL ? why.detail : "not an object of plain texts");
    return use_userinfo(c, v, f);
}

static const struct step_row judge_userinfo[] = {
    { metadata_anew }, { keys_anew }, { keys_compare }, { userinfo_signed }, { 0 }
};

static enum step userinfo_again(struct ctx *c, struct fail *f)
{
    (void)f;
    return oidc_of(c)->unproven.kind != FAIL_NONE ? step_into(c, judge_userinfo) : NEXT;
}

/* Kept only for a city that lets us end its session, and only where a session record bears it. */
static enum step keep_hint(struct ctx *c, struct fail *f)
{
    const struct oidc *o = oidc_of(c);

    (void)f;
    if (str_is_set(o->metadata->end_session_endpoint) && o->tokens.id_token.n <= HINT_MAX_B)
        c->upstream_hint = o->tokens.id_token;
    return NEXT;
}

static struct str city_name(struct str name)
{
    return name.n <= CITY_NAME_MAX_B ? name : (struct str){ NULL, 0 };
}

static enum step make_person(struct ctx *c, struct fail *f)
{
    const struct oidc *o = oidc_of(c);
    struct person *p = arena_make(c->arena, struct person);
    struct attribute_list attributes = oidc_attributes(c->arena, o->idp, o->claims.all, o->userinfo);
    struct map_notes notes = { .n = 0 };

    attribute_list_log(&attributes, o->idp);
    tryout_came(c, o->idp, attributes.at, attributes.n, o->claims.sub);
    bool good = map_person(c->arena, o->idp, attributes.at, attributes.n, o->claims.sub, p, &notes, f);
    if (good)
        relations_name(c, p);
    map_notes_tell(&notes, good ? p : NULL, o->idp->id, c->support_code);
    tryout_made(c, &notes, good ? p : NULL);
    if (!good || !stated_acr(c->arena, json_get_str(o->claims.all, S("acr")), o->idp, &p->acr, f))
        return REFUSE;
    tryout_pass(c, TRYOUT_context);
    p->idp = o->idp->id;
    p->origin = o->claims.iss;
    p->amr = oidc_amr(c->arena, o->claims.all);
    p->auth_time_s = o->claims.auth_time_s > 0 || !c->login->fresh ? o->claims.auth_time_s : o->claims.iat_s;
    if (o->metadata->tells_sign_outs) {
        p->city_name = city_name(o->claims.sub);
        p->city_session = city_name(json_get_str(o->claims.all, S("sid")));
    }
    c->person = p;
    return NEXT;
}

static const struct step_row start[] = { { find_idp },     { metadata_ask }, { metadata_read },
                                         { make_secrets }, { write_url },    { 0 } };

static const struct step_row finish[] = {
    { find_idp },      { check_callback }, { check_state },     { metadata_ask },   { metadata_read },
    { check_iss },     { check_error },    { read_code },       { assertion_ask },  { token_ask },
    { token_read },    { keys_read },      { verify_id_token }, { id_token_again }, { userinfo_ask },
    { userinfo_read }, { userinfo_again }, { keep_hint },       { make_person },    { 0 },
};

/* The city logs the person out as well, and sends the browser back to us [OIDC RP-Initiated Logout 2].  Without a hint
 * it may ask the person first. */
static enum step leave_url(struct ctx *c, struct fail *f)
{
    const struct oidc *o = oidc_of(c);
    const struct oidc_metadata *m = o->metadata_got.value;
    struct buf url = buf_new(c->arena, URL_MAX_B);

    (void)f;
    if (m == NULL || !str_is_set(m->end_session_endpoint))
        return NEXT;
    buf_add(&url, m->end_session_endpoint);
    if (str_is_set(c->upstream_hint))
        url_query(&url, S("id_token_hint"), c->upstream_hint);
    url_query(&url, S("client_id"), o->idp->client_id);
    url_query(&url, S("post_logout_redirect_uri"), oidc_post_logout_redirect_uri(c->arena, c->set));
    url_query(&url, S("state"), c->login->upstream_id);
    url_query(&url, S("ui_locales"), c->login->lang);
    if (buf_ok(&url))
        c->upstream_url = buf_str(&url);
    return NEXT;
}

static const struct step_row leave[] = { { find_idp }, { metadata_ask }, { leave_url }, { 0 } };

const struct adapter adapter_oidc = { IDP_OIDC, start, finish, NULL, leave };
