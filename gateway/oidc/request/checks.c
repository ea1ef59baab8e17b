/* SPDX-License-Identifier: EUPL-1.2
 * What is asked becomes a login: one check per function, in the order of the table.  [OIDC Core 3.1.2] */
#include "gateway/oidc/request/request.h"

#include "base/log.h"
#include "base/settings.h"
#include "certs/keyset.h"
#include "gateway/oidc/client/client.h"
#include "gateway/oidc/modes.h"
#include "gateway/session/login_cookie.h"
#include "wire/http.h"

enum { S256_CHARS = 43, SCOPE_MAX_B = 1024, HINT_MAX_B = 256, ACR_MAX_B = 1024 };

#define DISPLAYS "page", "popup", "touch", "wap" /* [OIDC Core 3.1.2.1] */

/* ── where the answer may go: until it is known, nothing redirects ─────── */

/* A native app listens on whatever port it is given: 1 to 65535, as digits are written [RFC 8252 7.3]. */
static bool cut_port(struct str rest, struct str *path)
{
    size_t end = 1;
    int64_t port;

    *path = rest;
    if (rest.n == 0 || rest.p[0] != ':')
        return true;
    while (end < rest.n && rest.p[end] >= '0' && rest.p[end] <= '9')
        end++;
    *path = str_from(rest, end);
    return str_int(str_sub(rest, 1, end - 1), &port) && rest.p[1] != '0' && port <= 65535;
}

/* "http://127.0.0.1" or "http://[::1]" with its port, if it has one, cut out. */
static bool split_loopback(struct str uri, struct str *host, struct str *path)
{
    static const char *const hosts[] = { "http://127.0.0.1", "http://[::1]" };

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        *host = str_of(hosts[i]);
        if (str_has_prefix(uri, *host))
            return cut_port(str_from(uri, host->n), path) && (path->n == 0 || path->p[0] == '/' || path->p[0] == '?');
    }
    return false;
}

bool redirect_uri_fits(const struct service *s, struct str uri)
{
    struct str host, path, known_host, known_path;

    if (strs_has(&s->redirect_uris, uri))
        return true;
    if (!service_is_public(s) || !split_loopback(uri, &host, &path))
        return false;
    for (size_t i = 0; i < s->redirect_uris.n; i++)
        if (split_loopback(s->redirect_uris.at[i], &known_host, &known_path) && str_eq(host, known_host) &&
            str_eq(path, known_path))
            return true;
    return false;
}

/* Never cut, and nothing goes back without it. */
static int too_long(struct ctx *c, struct fail *f, size_t most_B)
{
    size_t n = c->login->state_out.n;

    c->login->redirect_checked = false;
    return fail_told(f, FAIL_CALLER, "invalid_request", "state is too long", "state has %zu bytes, more than %zu", n,
                     most_B);
}

/* From here on, failures may redirect; what stood beside a request object does not count any more. */
static enum step check_redirect_uri(struct ctx *c, struct fail *f)
{
    struct str uri = asked(c, "redirect_uri"), state = asked(c, "state");
    const struct asking *a = asking_of(c);

    c->login = NULL;
    if (!str_is_set(uri) && a->way == WAY_OBJECT)
        return fail_told(f, FAIL_CALLER, "invalid_request", "redirect_uri is missing in the request object",
                         "redirect_uri is missing in the request object; what stands beside it is not used");
    if (!str_is_set(uri))
        return fail_told(f, FAIL_CALLER, "invalid_request", "redirect_uri is missing", "redirect_uri is missing");
    if (!redirect_uri_fits(c->service, uri))
        return fail_told(f, FAIL_CALLER, "invalid_request", "redirect_uri is not one that the service has registered",
                         "redirect_uri \"%.*s\" is not one that the service has registered", STR_ARG(uri));
    c->login = login_new(c, PROTO_OIDC);
    c->login->service = c->service->id;
    c->login->answer_to = uri;
    c->login->state_out = state;
    c->login->pushed = a->used_up;
    if (state.n > STATE_MAX_B)
        return too_long(c, f, STATE_MAX_B);
    c->login->redirect_checked = true;
    return passed(c, CHECK_redirect_uri);
}

/* ── what is asked ──────────────────────────────────────────────────────── */

/* How the answer travels: looked at before anything else may be answered. */
static enum step check_response_mode(struct ctx *c, struct fail *f)
{
    struct str word = asked(c, "response_mode");
    unsigned mode;

    if (word.p == NULL)
        return passed(c, CHECK_response_mode);
    if (!mode_find(word, &mode))
        return fail(f, FAIL_CALLER, "invalid_request", "response_mode is \"%.*s\": there is none of that name",
                    STR_ARG(word));
    if (!mode_fits(mode, c->login->answer_to))
        return fail(f, FAIL_CALLER, "invalid_request", "response_mode is %.*s, which redirect_uri cannot take",
                    STR_ARG(word));
    if (mode_is_signed(mode) && c->login->state_out.n > STATE_SIGNED_MAX_B)
        return too_long(c, f, STATE_SIGNED_MAX_B);
    c->login->answer_mode = mode;
    return passed(c, CHECK_response_mode);
}

/* prompt=none is looked at first: it decides how everything after it may be answered. */
static enum step check_prompt(struct ctx *c, struct fail *f)
{
    struct str list = asked(c, "prompt"), word;
    unsigned words = 0;

    while (str_split(&list, ' ', &word)) {
        if (word.n == 0)
            continue;
        words++;
        if (str_eq(word, S("none")))
            c->login->prompt |= PROMPT_NONE;
        else if (str_eq(word, S("login")))
            c->login->prompt |= PROMPT_LOGIN;
        else if (str_eq(word, S("select_account")))
            c->login->prompt |= PROMPT_SELECT;
        else if (str_eq(word, S("consent")))
            c->login->prompt |= PROMPT_CONSENT;
        else
            return fail(f, FAIL_CALLER, "invalid_request",
                        "prompt is \"%.*s\": known are none, login, consent and select_account", STR_ARG(word));
    }
    if ((c->login->prompt & PROMPT_NONE) != 0 && words > 1)
        return fail(f, FAIL_CALLER, "invalid_request", "prompt contains none, which goes with no other value");
    return passed(c, CHECK_prompt);
}

static enum step check_response_type(struct ctx *c, struct fail *f)
{
    struct str type = asked(c, "response_type");

    if (!str_is_set(type))
        return fail(f, FAIL_CALLER, "invalid_request", "response_type is missing");
    if (!str_eq(type, S("code")))
        return fail(f, FAIL_CALLER, "unsupported_response_type", "response_type is \"%.*s\": only code is supported",
                    STR_ARG(type));
    return passed(c, CHECK_response_type);
}

/* Scopes that nobody knows, or that this service may not ask for, are left out [OIDC Core 3.1.2.1]. */
static enum step check_scope(struct ctx *c, struct fail *f)
{
    struct str wanted = asked(c, "scope"), word;
    struct buf b = buf_new(c->arena, SCOPE_MAX_B), dropped = buf_new(c->arena, SCOPE_MAX_B);

    if (wanted.n > SCOPE_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_scope", "scope has %zu bytes, more than %d", wanted.n, SCOPE_MAX_B);
    if (!str_has_word(wanted, S("openid")))
        return fail(f, FAIL_CALLER, "invalid_scope", "scope does not contain openid");
    buf_add(&b, S("openid"));
    while (str_split(&wanted, ' ', &word)) {
        if (!strs_has(&c->service->scopes, word) && word.n > 0 && !str_eq(word, S("openid")))
            buf_printf(&dropped, "%s%.*s", dropped.n > 0 ? " " : "", STR_ARG(word));
        if (!strs_has(&c->service->scopes, word) || str_has_word(buf_str(&b), word))
            continue;
        buf_byte(&b, ' ');
        buf_add(&b, word);
    }
    c->login->scope = buf_str(&b);
    if (dropped.n > 0)
        log_event(LOG_INFO, "authorize.scopes_dropped", LOG_C("support_code", c->support_code),
                  LOG_S("service", c->service->id), LOG_S("scopes", buf_str(&dropped)),
                  LOG_C("mend", "add them to scopes of the service's row, or let it not ask for them"));
    return passed(c, CHECK_scope);
}

static bool is_base64url(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '-' ||
              ch == '_'))
            return false;
    }
    return true;
}

/* Public clients prove possession with S256 [RFC 7636 4.4.1, RFC 9700 2.1.1]; FAPI rows do, all of them [FAPI 2.0
 * 5.3.2.2]. */
static enum step check_pkce(struct ctx *c, struct fail *f)
{
    struct str challenge = asked(c, "code_challenge"), method = asked(c, "code_challenge_method");

    if (challenge.p == NULL) {
        if (method.p != NULL)
            return fail(f, FAIL_CALLER, "invalid_request", "code_challenge_method comes without code_challenge");
        return !c->service->pkce_required && !c->service->client.fapi && !service_is_public(c->service)
                   ? passed(c, CHECK_pkce_asked)
                   : fail(f, FAIL_CALLER, "invalid_request",
                          "code_challenge is missing: this service must use PKCE with S256");
    }
    if (!str_eq(method, S("S256")))
        return fail(f, FAIL_CALLER, "invalid_request", "code_challenge_method is \"%.*s\": only S256 is supported",
                    STR_ARG(method));
    if (challenge.n != S256_CHARS || !is_base64url(challenge))
        return fail(f, FAIL_CALLER, "invalid_request",
                    "code_challenge is no SHA-256 in base64url: it has 43 characters");
    c->login->code_challenge = challenge;
    return passed(c, CHECK_pkce_asked);
}

static struct str at_most(struct str s, size_t n)
{
    return s.n <= n ? s : (struct str){ NULL, 0 };
}

/* What the row says, where the request says nothing [OIDC Registration 2]. */
static enum step check_max_age(struct ctx *c, struct fail *f)
{
    struct str text = asked(c, "max_age");

    c->login->max_age_s = c->service->client.default_max_age_s;
    c->login->wants_auth_time = c->service->client.auth_time_required || c->login->max_age_s >= 0;
    if (text.p == NULL)
        return passed(c, CHECK_max_age);
    if (!str_int(text, &c->login->max_age_s) || c->login->max_age_s < 0) {
        c->login->max_age_s = -1;
        return fail(f, FAIL_CALLER, "invalid_request", "max_age is \"%.*s\", which is no number of seconds",
                    STR_ARG(text));
    }
    c->login->wants_auth_time = true;
    return passed(c, CHECK_max_age);
}

static enum step check_display(struct ctx *c, struct fail *f)
{
    static const char *const known[] = { DISPLAYS };
    struct str word = asked(c, "display");

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (word.p == NULL || str_eq(word, str_of(known[i])))
            return passed(c, CHECK_display);
    return fail(f, FAIL_CALLER, "invalid_request", "display is \"%.*s\": known are page, popup, touch and wap",
                STR_ARG(word));
}

/* ── single claims, and how sure the sign-in must be ────────────────────── */

/* [OIDC Core 5.5.1]: a person is asked for by name, as by id_token_hint. */
static bool expect_sub(struct ctx *c, const struct claims_asked_place *place, struct fail *f)
{
    const struct claim_asked *sub = claims_asked_get(place, S("sub"));

    if (sub == NULL || sub->value_count == 0)
        return true;
    if (sub->value_count > 1 || (str_is_set(c->login->hint_sub) && !str_eq(c->login->hint_sub, sub->values[0])))
        return fail(f, FAIL_CALLER, "invalid_request", "claims: sub names more than one person");
    c->login->hint_sub = sub->values[0];
    return true;
}

/* The acr that claims asks for goes before acr_values, and that before what the row says [OIDC Core 5.5.1.1]. */
static bool wish_acr(struct ctx *c, const struct claim_asked *acr, struct fail *f)
{
    struct strs wanted = { NULL, 0 };

    c->login->acr_must = acr->essential;
    for (size_t i = 0; i < acr->value_count; i++) {
        if (acr->values[i].n == 0 || str_find_byte(acr->values[i], ' ', 0) < acr->values[i].n)
            return fail(f, FAIL_CALLER, "invalid_request", "claims: a value of acr is empty or holds a space");
        strs_add(c->arena, &wanted, acr->values[i]);
    }
    if (acr->value_count > 0 || acr->essential)
        c->login->acr_values = strs_joined(c->arena, &wanted, ' ');
    return true;
}

static enum step check_claims(struct ctx *c, struct fail *f)
{
    struct login *l = c->login;
    struct claims_asked claims;
    struct str values = asked(c, "acr_values");

    if (!claims_asked_read(c->arena, asked(c, "claims"), &claims, f))
        return REFUSE;
    l->claims = claims_asked_write(c->arena, &claims);
    if (l->claims.p == NULL && claims.userinfo.n + claims.id_token.n > 0)
        return fail(f, FAIL_CALLER, "invalid_request", "claims asks for too much");
    l->acr_values = at_most(
        str_is_set(values) ? values : strs_joined(c->arena, &c->service->client.default_acr_values, ' '), ACR_MAX_B);
    const struct claim_asked *acr = claims_asked_get(&claims.id_token, S("acr"));
    const struct claim_asked *auth_time = claims_asked_get(&claims.id_token, S("auth_time"));
    l->wants_auth_time = l->wants_auth_time || (auth_time != NULL && auth_time->essential);
    return (acr == NULL || wish_acr(c, acr, f)) && expect_sub(c, &claims.id_token, f) &&
                   expect_sub(c, &claims.userinfo, f)
               ? passed(c, CHECK_claims)
               : REFUSE;
}

/* ── what the tokens are for, and whose ─────────────────────────────────── */

/* An absolute URI without fragment [RFC 8707 2]. */
static bool is_resource(struct str uri)
{
    size_t colon = str_find_byte(uri, ':', 0);

    return colon > 0 && colon + 1 < uri.n && str_find_byte(uri, '#', 0) == uri.n &&
           str_find_byte(uri, ' ', 0) == uri.n && str_find_byte(str_sub(uri, 0, colon), '/', 0) == colon;
}

/* Whether the service may have tokens for it is decided where they are made. */
static enum step check_resource(struct ctx *c, struct fail *f)
{
    struct strs all = { NULL, 0 };
    struct str uri;

    for (size_t i = 0; (uri = asked_nth(c, "resource", i)).p != NULL; i++) {
        if (!is_resource(uri))
            return fail(f, FAIL_CALLER, "invalid_target", "resource is no absolute URI without a fragment");
        strs_add(c->arena, &all, uri);
    }
    if (all.n == 0)
        return passed(c, CHECK_resource);
    c->login->resources = strs_joined(c->arena, &all, ' ');
    return c->login->resources.n <= RESOURCES_MAX_B
               ? passed(c, CHECK_resource)
               : fail(f, FAIL_CALLER, "invalid_target", "resource: all of them have more than %d bytes",
                      RESOURCES_MAX_B);
}

/* [RFC 9449 10] */
static enum step check_jkt(struct ctx *c, struct fail *f)
{
    struct str jkt = asked(c, "dpop_jkt");

    if (jkt.p == NULL)
        return passed(c, CHECK_dpop_jkt);
    if (jkt.n != JKT_CHARS || !is_base64url(jkt))
        return fail(f, FAIL_CALLER, "invalid_request",
                    "dpop_jkt is no thumbprint: SHA-256 in base64url has 43 characters");
    c->login->jkt = jkt;
    return passed(c, CHECK_dpop_jkt);
}

/* ── wishes ─────────────────────────────────────────────────────────────── */

static bool preselect(struct ctx *c, struct str id)
{
    const struct idp *idp = registry_idp(c->registry, id);

    if (idp != NULL && idp->enabled)
        c->login->idp = idp->id;
    return idp != NULL && idp->enabled;
}

/* "urn:mpass.id:authnsource:<id>" among acr_values preselects the identity provider [MPASSid]; idp_hint and kc_idp_hint
 * do, as other providers' libraries send them.  One that is not known is no fault: the person chooses. */
static void preselect_any(struct ctx *c)
{
    const struct str prefix = S(OIDC_AUTHNSOURCE);
    struct str values = asked(c, "acr_values"), word;

    c->login->idp = c->set->local_idp;
    if (preselect(c, asked(c, "idp_hint")) || preselect(c, asked(c, "kc_idp_hint")))
        return;
    while (str_split(&values, ' ', &word))
        if (str_has_prefix(word, prefix))
            (void)preselect(c, str_from(word, prefix.n));
}

static enum step read_wishes(struct ctx *c, struct fail *f)
{
    struct login *l = c->login;
    struct str nonce = asked(c, "nonce"), locales = asked(c, "ui_locales");

    if (nonce.n > NONCE_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_request", "nonce has %zu bytes, more than %d", nonce.n, NONCE_MAX_B);
    if (str_is_set(nonce))
        l->nonce = nonce;
    l->login_hint = at_most(asked(c, "login_hint"), HINT_MAX_B);
    l->lang = str_of(lang_tag(str_is_set(locales) ? lang_choose(locales, c->lang) : c->lang));
    preselect_any(c);
    return passed(c, CHECK_nonce);
}

/* A hint may be old, but it must be ours, and for this service. */
static enum step check_hint(struct ctx *c, struct fail *f)
{
    struct str hint = asked(c, "id_token_hint");
    const struct jose_rules rules = { .blame = FAIL_CALLER,
                                      .algs = JOSE_EVERY,
                                      .iss = c->set->public_url,
                                      .aud = c->service->client_id,
                                      .expired_too = true,
                                      .now_s = c->now_s,
                                      .skew_s = c->set->jose_skew_s };
    struct jose_claims claims;
    struct fail why = { 0 };

    if (!str_is_set(hint))
        return passed(c, CHECK_id_token_hint);
    if (c->keys == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer has not said hello");
    if (!jose_verify(c->arena, hint, keyset_own(c->keys), &rules, &claims, &why))
        return fail(f, FAIL_CALLER, "invalid_request", "id_token_hint: %s", why.code);
    c->login->hint_sub = claims.sub;
    return passed(c, CHECK_id_token_hint);
}

const struct step_row request_checks[] = { { check_redirect_uri }, { check_response_mode },
                                           { check_prompt },       { check_response_type },
                                           { check_scope },        { check_pkce },
                                           { check_max_age },      { check_display },
                                           { read_wishes },        { check_hint },
                                           { check_claims },       { check_resource },
                                           { check_jkt },          { NULL } };
