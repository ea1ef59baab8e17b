/* SPDX-License-Identifier: EUPL-1.2
 * The authorization endpoint: a request becomes a login.  [OIDC Core 3.1.2.1] */
#include "gateway/oidc/client/client.h"
#include "gateway/oidc/oidc.h"

#include "base/log.h"
#include "base/settings.h"
#include "certs/keyset.h"
#include "gateway/session/login_cookie.h"
#include "gateway/session/session.h"
#include "wire/form.h"
#include "wire/http.h"

enum { S256_CHARS = 43, SCOPE_MAX_B = 1024, HINT_MAX_B = 256 };

/* GET has its parameters in the query, POST in the body, never in both. */
static struct str param(const struct ctx *c, const char *name)
{
    return form_get(c->req->method == HTTP_POST ? c->body : c->query, str_of(name));
}

/* ── who asks, and where the answer may go: until both are known, nothing redirects ─── */

static enum step find_service(struct ctx *c, struct fail *f)
{
    struct str id = param(c, "client_id");

    if (!str_is_set(id))
        return fail_told(f, FAIL_CALLER, "invalid_request", "client_id is missing", "client_id is missing");
    c->service_named = id;
    c->service = registry_client(c->registry, id);
    if (c->service != NULL && c->service->protocol != PROTO_OIDC)
        c->service = NULL;
    if (c->service == NULL)
        return fail_told(f, FAIL_CALLER, "invalid_request", "client_id is that of no service",
                         "unknown service: none has client_id \"%.*s\"", STR_ARG(id));
    if (!c->service->enabled)
        return fail_told(f, FAIL_CALLER, "unauthorized_client", "the service is switched off",
                         "the service is switched off");
    return NEXT;
}

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

/* From here on, failures may redirect. */
static enum step check_redirect_uri(struct ctx *c, struct fail *f)
{
    struct str uri = param(c, "redirect_uri"), state = param(c, "state");

    if (!str_is_set(uri))
        return fail_told(f, FAIL_CALLER, "invalid_request", "redirect_uri is missing", "redirect_uri is missing");
    if (!redirect_uri_fits(c->service, uri))
        return fail_told(f, FAIL_CALLER, "invalid_request", "redirect_uri is not one that the service has registered",
                         "redirect_uri \"%.*s\" is not one that the service has registered", STR_ARG(uri));
    if (state.n > STATE_MAX_B)
        return fail_told(f, FAIL_CALLER, "invalid_request", "state is too long", "state has %zu bytes, more than %d",
                         state.n, STATE_MAX_B);
    c->login = login_new(c, PROTO_OIDC);
    c->login->service = c->service->id;
    c->login->answer_to = uri;
    c->login->state_out = state;
    c->login->redirect_checked = true;
    return NEXT;
}

/* ── what is asked ──────────────────────────────────────────────────────── */

/* How the answer travels [OAuth Multiple Response Types 2.1, Form Post Response Mode 2]: looked at before anything else
 * may be answered.  A native app's own scheme takes no POST. */
static enum step check_response_mode(struct ctx *c, struct fail *f)
{
    struct str mode = param(c, "response_mode");

    if (mode.p == NULL || str_eq(mode, S("query")))
        return NEXT;
    if (!str_eq(mode, S("form_post")))
        return fail(f, FAIL_CALLER, "invalid_request", "response_mode is \"%.*s\": it may be query or form_post",
                    STR_ARG(mode));
    if (!str_has_prefix(c->login->answer_to, S("http")))
        return fail(f, FAIL_CALLER, "invalid_request", "response_mode is form_post, which redirect_uri cannot take");
    c->login->answer_mode = MODE_FORM_POST;
    return NEXT;
}

/* prompt=none is looked at first: it decides how everything after it may be answered. */
static enum step check_prompt(struct ctx *c, struct fail *f)
{
    struct str list = param(c, "prompt"), word;
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
        else if (!str_eq(word, S("consent")))
            return fail(f, FAIL_CALLER, "invalid_request",
                        "prompt is \"%.*s\": known are none, login, consent and select_account", STR_ARG(word));
    }
    if ((c->login->prompt & PROMPT_NONE) != 0 && words > 1)
        return fail(f, FAIL_CALLER, "invalid_request", "prompt contains none, which goes with no other value");
    return NEXT;
}

static enum step check_request_object(struct ctx *c, struct fail *f)
{
    if (param(c, "request").p != NULL)
        return fail(f, FAIL_CALLER, "request_not_supported", "request: request objects are not supported");
    if (param(c, "request_uri").p != NULL)
        return fail(f, FAIL_CALLER, "request_uri_not_supported", "request_uri: request objects are not supported");
    if (param(c, "registration").p != NULL)
        return fail(f, FAIL_CALLER, "registration_not_supported",
                    "registration: services are not registered in this way");
    return NEXT;
}

static enum step check_response_type(struct ctx *c, struct fail *f)
{
    struct str type = param(c, "response_type");

    if (!str_is_set(type))
        return fail(f, FAIL_CALLER, "invalid_request", "response_type is missing");
    if (!str_eq(type, S("code")))
        return fail(f, FAIL_CALLER, "unsupported_response_type", "response_type is \"%.*s\": only code is supported",
                    STR_ARG(type));
    return NEXT;
}

/* Scopes that nobody knows, or that this service may not ask for, are left out [OIDC Core 3.1.2.1]. */
static enum step check_scope(struct ctx *c, struct fail *f)
{
    struct str asked = param(c, "scope"), word;
    struct buf b = buf_new(c->arena, SCOPE_MAX_B), dropped = buf_new(c->arena, SCOPE_MAX_B);

    if (asked.n > SCOPE_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_scope", "scope has %zu bytes, more than %d", asked.n, SCOPE_MAX_B);
    if (!str_has_word(asked, S("openid")))
        return fail(f, FAIL_CALLER, "invalid_scope", "scope does not contain openid");
    buf_add(&b, S("openid"));
    while (str_split(&asked, ' ', &word)) {
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
    return NEXT;
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

/* Public clients prove possession with S256 [RFC 7636 4.4.1, RFC 9700 2.1.1]. */
static enum step check_pkce(struct ctx *c, struct fail *f)
{
    struct str challenge = param(c, "code_challenge"), method = param(c, "code_challenge_method");

    if (challenge.p == NULL) {
        if (method.p != NULL)
            return fail(f, FAIL_CALLER, "invalid_request", "code_challenge_method comes without code_challenge");
        return !c->service->pkce_required && !service_is_public(c->service)
                   ? NEXT
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
    return NEXT;
}

static enum step check_max_age(struct ctx *c, struct fail *f)
{
    struct str text = param(c, "max_age");

    if (text.p == NULL)
        return NEXT;
    if (!str_int(text, &c->login->max_age_s) || c->login->max_age_s < 0) {
        c->login->max_age_s = -1;
        return fail(f, FAIL_CALLER, "invalid_request", "max_age is \"%.*s\", which is no number of seconds",
                    STR_ARG(text));
    }
    c->login->wants_auth_time = true;
    return NEXT;
}

static struct str at_most(struct str s, size_t n)
{
    return s.n <= n ? s : (struct str){ NULL, 0 };
}

/* "urn:mpass.id:authnsource:<id>" among acr_values preselects the identity provider [MPASSid]. */
static void preselect(struct ctx *c, struct str acr_values)
{
    const struct str prefix = S(OIDC_AUTHNSOURCE);
    struct str word;

    c->login->idp = c->set->local_idp;
    while (str_split(&acr_values, ' ', &word)) {
        const struct idp *idp =
            str_has_prefix(word, prefix) ? registry_idp(c->registry, str_from(word, prefix.n)) : NULL;
        if (idp != NULL && idp->enabled)
            c->login->idp = idp->id;
    }
}

static enum step read_wishes(struct ctx *c, struct fail *f)
{
    struct login *l = c->login;
    struct str nonce = param(c, "nonce"), locales = param(c, "ui_locales");

    if (nonce.n > NONCE_MAX_B)
        return fail(f, FAIL_CALLER, "invalid_request", "nonce has %zu bytes, more than %d", nonce.n, NONCE_MAX_B);
    if (str_is_set(nonce))
        l->nonce = nonce;
    l->login_hint = at_most(param(c, "login_hint"), HINT_MAX_B);
    l->acr_values = at_most(param(c, "acr_values"), HINT_MAX_B);
    l->lang = str_of(lang_tag(str_is_set(locales) ? lang_choose(locales, c->lang) : c->lang));
    preselect(c, param(c, "acr_values"));
    return NEXT;
}

/* A hint may be old, but it must be ours, and for this service. */
static enum step check_hint(struct ctx *c, struct fail *f)
{
    struct str hint = param(c, "id_token_hint");
    const struct jose_rules rules = { .blame = FAIL_CALLER,
                                      .algs = JOSE_BOTH,
                                      .iss = c->set->public_url,
                                      .aud = c->service->client_id,
                                      .expired_too = true,
                                      .now_s = c->now_s,
                                      .skew_s = c->set->jose_skew_s };
    struct jose_claims claims;
    struct fail why = { 0 };

    if (!str_is_set(hint))
        return NEXT;
    if (c->keys == NULL)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the signer has not said hello");
    if (!jose_verify(c->arena, hint, keyset_own(c->keys), &rules, &claims, &why))
        return fail(f, FAIL_CALLER, "invalid_request", "id_token_hint: %s", why.code);
    c->login->hint_sub = claims.sub;
    return NEXT;
}

static enum step load_session(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, session_load);
}

#define CHECKS                                                                                                         \
    { find_service }, { check_redirect_uri }, { check_response_mode }, { check_prompt }, { check_request_object },     \
        { check_response_type }, { check_scope }, { check_pkce }, { check_max_age }, { read_wishes },                  \
    {                                                                                                                  \
        check_hint                                                                                                     \
    }

const struct step_row oidc_authorize[] = { CHECKS, { load_session }, { flow_next }, { NULL } };

/* ── by POST: no cookie is read; a GET of our own follows, where the Lax cookie arrives ─── */

static enum step keep(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, login_keep);
}

static enum step go_on(struct ctx *c, struct fail *f)
{
    (void)f;
    return answer_go(c, arena_join(c->arena, S("/oidc/go?login="), c->login->id));
}

const struct step_row oidc_authorize_post[] = { CHECKS, { keep }, { go_on }, { NULL } };

static enum step find_login(struct ctx *c, struct fail *f)
{
    (void)f;
    return login_find(c, form_get(c->query, S("login")));
}

static enum step check_login(struct ctx *c, struct fail *f)
{
    (void)f;
    return c->login != NULL ? NEXT : flow_expired(c);
}

const struct step_row oidc_go[] = { { find_login }, { check_login }, { load_session }, { flow_next }, { NULL } };
