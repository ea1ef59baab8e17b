/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/answer.h"

#include "base/codec.h"
#include "base/log.h"
#include "base/seals.h"
#include "base/settings.h"
#include "frame/contact.h"
#include "gateway/errors.h"
#include "gateway/tally.h"
#include "idp-adapters/refusals.h"
#include "idp-adapters/upstream_saml.h"
#include "launcher/pages.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"
#include "wire/saml_respond.h"

#include <stdio.h>
#include <string.h>

/*    header                        value                       when */
#define FIXED(X)                                                                                                       \
    X("X-Content-Type-Options", "nosniff", true)                                                                       \
    X("Referrer-Policy", "no-referrer", true)                                                                          \
    X("Cross-Origin-Opener-Policy", "same-origin", true)                                                               \
    X("X-Frame-Options", "DENY", !framed)                                                                              \
    X("Strict-Transport-Security", "max-age=63072000; includeSubDomains", https)

enum { LANG_COOKIE_S = 365 * 86400 };

#define STRICT_CSP                                                                                                     \
    "default-src 'none'; style-src 'self'; img-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; " \
    "frame-ancestors "                                                                                                 \
    "'none'"

#define WITHIN_CSP PAGE_CSP_BUT_ANCESTORS "frame-ancestors 'self'"

void answer_within_ours(struct ctx *c)
{
    http_header_set(c->res, S("Content-Security-Policy"), S(WITHIN_CSP));
}

static void set_unless_there(struct http_response *res, struct str name, struct str value)
{
    if (http_response_field(res, name).p == NULL)
        http_header(res, name, value);
}

const struct json_value *answer_json_body(struct ctx *c, const char *code, struct fail *f)
{
    struct str type = http_field(c->req, S("Content-Type"));
    struct fail why = { 0 };
    const struct json_value *v;

    if (!str_eq_case(str_trim(str_sub(type, 0, str_find_byte(type, ';', 0))), S("application/json")))
        return fail(f, FAIL_CALLER, code, "Content-Type must be application/json"), NULL;
    v = json_parse(c->arena, c->req->body, &why);
    if (v == NULL || v->type != JSON_OBJECT)
        return fail(f, FAIL_CALLER, code, "the body must be one JSON object: %s",
                    v == NULL ? why.detail : "it is something else"),
               NULL;
    return !json_has_nul(v) || fail(f, FAIL_CALLER, code, "a text holds a NUL") ? v : NULL;
}

void answer_finish(struct ctx *c)
{
    bool https = c->req->https;
    struct str csp = http_response_field(c->res, S("Content-Security-Policy"));
    bool framed = str_eq(csp, S(ANSWER_FRAMED_CSP)) || str_eq(csp, S(WITHIN_CSP));

#define X(name, value, when)                                                                                           \
    if (when)                                                                                                          \
        http_header_set(c->res, S(name), S(value));
    FIXED(X)
#undef X
    set_unless_there(c->res, S("Content-Security-Policy"), S(STRICT_CSP));
    set_unless_there(c->res, S("Cache-Control"), S("no-store"));
    /* Whoever may ask from a script may ask without one: these doors look at no cookie. */
    if (c->route != NULL && c->route->door == DOOR_SCRIPTS) {
        http_header_set(c->res, S("Access-Control-Allow-Origin"), S("*"));
        http_header_set(c->res, S("Access-Control-Expose-Headers"), S("DPoP-Nonce, WWW-Authenticate"));
    }
}

struct str answer_fixed_headers(struct arena *a, bool https)
{
    struct buf b = buf_new(a, 2048);
    bool framed = false;

#define X(name, value, when)                                                                                           \
    if (when)                                                                                                          \
        buf_add(&b, S(name ": " value "\r\n"));
    FIXED(X)
#undef X
    buf_add(&b, S("Content-Security-Policy: " STRICT_CSP "\r\nCache-Control: no-store\r\n"));
    return buf_str(&b);
}

enum variety answer_variety(const struct ctx *c)
{
    struct str cookie = http_cookie(c->req, S("lang")), asked = form_get(c->query, S("ui_locales")), tag;

    return c->lang == LANG_FI && !str_is_set(asked) && str_is_set(cookie) && str_split(&cookie, '.', &tag)
               ? variety_of_tag(tag)
               : VARIETY_NONE;
}

enum lang answer_lang(const struct ctx *c)
{
    struct str asked = form_get(c->query, S("ui_locales"));
    enum lang lang;
    int64_t at_s;

    if (str_is_set(asked))
        return lang_choose(asked, LANG_FI);
    if (answer_chosen_lang(c, &lang, &at_s))
        return lang;
    return lang_choose(http_field_list(c->arena, c->req, S("Accept-Language")), LANG_FI);
}

/* ── refusals before there is a request ─────────────────────────────────── */

/* What somebody chose: a variety is one of Finnish. */
static bool answer_lang_of_tag(struct str tag, enum lang *out)
{
    if (variety_of_tag(tag) == VARIETY_NONE)
        return lang_of_tag(tag, out);
    *out = LANG_FI;
    return true;
}

/* The first field of that name, however whole the header is. */
static struct str raw_field(struct str header, struct str name)
{
    struct str line;

    while (str_split(&header, '\n', &line)) {
        size_t colon = str_find_byte(line, ':', 0);
        if (colon < line.n && str_eq_case(str_sub(line, 0, colon), name))
            return str_trim(str_from(line, colon + 1));
    }
    return (struct str){ NULL, 0 };
}

static enum lang raw_lang(struct str header)
{
    struct str cookies = raw_field(header, S("Cookie")), cookie;
    enum lang lang;

    while (str_split(&cookies, ';', &cookie)) {
        size_t equals = str_find_byte(cookie, '=', 0);
        struct str name = str_trim(str_sub(cookie, 0, equals));
        struct str value = str_trim(str_from(cookie, equals + 1));
        if ((str_eq(name, S("lang")) || str_eq(name, S("__Host-lang"))) &&
            answer_lang_of_tag(str_sub(value, 0, str_find_byte(value, '.', 0)), &lang))
            return lang;
    }
    return lang_choose(raw_field(header, S("Accept-Language")), LANG_FI);
}

struct str answer_refusal(struct arena *a, const struct settings *set, struct str header, int status,
                          const char *support_code, int64_t now_s)
{
    struct str accepts = raw_field(header, S("Accept"));
    bool person = accepts.p != NULL ? str_find(accepts, S("text/html")) < accepts.n
                                    : status == 414 && str_has_prefix(header, S("GET "));
    struct error_view view = {
        .page = { .lang = raw_lang(header), .gateway = set->name },
        .kind = status == 413 ? FAIL_TOO_LARGE : FAIL_CALLER,
        .support_code = str_of(support_code),
        .at_s = now_s,
    };

    if (!person || status == 503 || status == 408)
        return (struct str){ NULL, 0 };
    contact_split(set->support, &view.page.help, &view.page.help_email);
    view.page.accessibility = set->accessibility;
    view.page.privacy = set->privacy;
    return page_error(a, &view).s;
}

void answer_set_lang(struct ctx *c, enum lang lang, enum variety variety)
{
    const char *tag = variety != VARIETY_NONE ? variety_tag(variety) : lang_tag(lang);

    http_set_cookie(c->res, S("lang"), arena_printf(c->arena, "%s.%lld", tag, (long long)c->now_s), LANG_COOKIE_S,
                    SAME_SITE_LAX);
}

bool answer_chosen_lang(const struct ctx *c, enum lang *lang, int64_t *at_s)
{
    struct str cookie = http_cookie(c->req, S("lang")), tag;

    *at_s = 0;
    return str_is_set(cookie) && str_split(&cookie, '.', &tag) && answer_lang_of_tag(tag, lang) &&
           (!str_is_set(cookie) || str_int(cookie, at_s));
}

enum step answer_page(struct ctx *c, int status, struct html page)
{
    http_body(c->res, status, S("text/html; charset=utf-8"), page.s);
    http_header_set(c->res, S("Content-Security-Policy"), S(PAGE_CSP));
    http_header_set(c->res, S("Content-Language"), str_of(lang_tag(c->lang)));
    return DONE;
}

enum step answer_go(struct ctx *c, struct str url)
{
    http_redirect(c->res, 303, url);
    return DONE;
}

/* ── failures ───────────────────────────────────────────────────────────── */

/* What a screen hears a hundred times until somebody has typed its code is no news. */
static bool is_everyday(const char *code)
{
    return strcmp(code, "authorization_pending") == 0;
}

static bool log_failure(const struct ctx *c)
{
    static const enum log_level levels[FAIL_KIND_COUNT] = { [FAIL_NONE] = LOG_ERROR,
#define X(kind, status, level, text) [FAIL_##kind] = LOG_##level,
                                                            FAIL_KINDS(X)
#undef X
    };

    const struct refusal_row *row = refusal_of(c->fail.code);
    enum log_level level = is_everyday(c->fail.code) ? LOG_DEBUG : levels[c->fail.kind];

    return log_event(level, "request.failed", LOG_C("support_code", c->support_code),
                     LOG_C("kind", fail_kind_name(c->fail.kind)), LOG_C("code", c->fail.code),
                     LOG_C("why", c->fail.detail), LOG_S("path", c->route != NULL ? str_of(c->route->path) : S("-")),
                     LOG_S("service", c->service != NULL ? c->service->id : S("-")),
                     LOG_C("mend", row != NULL ? row->mend : "-"),
                     LOG_S("service_named", str_is_set(c->service_named) ? c->service_named : S("-")),
                     LOG_S("idp", c->login != NULL ? c->login->idp : S("-")));
}

static bool is_kept(struct str name)
{
    static const char *const names[] = { "Set-Cookie",       "Allow",      "Refresh",
                                         "WWW-Authenticate", "DPoP-Nonce", "X-Request-ID" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq_case(name, str_of(names[i])))
            return true;
    return false;
}

static void keep_only(struct http_response *res)
{
    size_t kept = 0;

    for (size_t i = 0; i < res->field_count; i++)
        if (is_kept(res->fields[i].name))
            res->fields[kept++] = res->fields[i];
    res->field_count = kept;
    res->status = 0;
}

/* What a request did wrong is said as it was recorded; of what went wrong here, and of who proved to be whom, no more
 * than that. */
static const char *told_of(const struct fail *f)
{
    if (f->told != NULL)
        return f->told;
    switch (f->kind) {
    case FAIL_CALLER:
    case FAIL_NO_SESSION:
    case FAIL_NOT_FOUND:
    case FAIL_METHOD:
    case FAIL_CONFLICT:
    case FAIL_TOO_LARGE:
        return f->detail;
    case FAIL_CLIENT_AUTH:
        return "the service did not prove who it is";
    case FAIL_DENIED:
        return "the person may not use this service";
    case FAIL_BUSY:
        return "too many requests: try again later";
    case FAIL_UPSTREAM:
        return "the identity provider of the person did not answer as it should";
    default:
        return "the gateway cannot do this now: try again later";
    }
}

struct str answer_description(const struct ctx *c, const struct fail *f)
{
    struct buf b = buf_new(c->arena, 2 * FAIL_LONG_B);

    for (const char *p = told_of(f); *p != '\0'; p++)
        buf_byte(&b, *p == '"' || *p == '\\' ? '\'' : *p >= 0x20 && *p < 0x7f ? *p : '?');
    if (c->support_code[0] != '\0')
        buf_printf(&b, "%ssupport code %s", b.n > 0 ? "; " : "", c->support_code);
    return buf_str(&b);
}

/* [RFC 6749 5.2]; the description carries the code under which our log says more. */
static void failure_json(struct ctx *c, int status)
{
    struct str uri = error_uri(c, str_of(c->fail.code));
    struct str body = arena_printf(c->arena, "{\"error\":\"%s\",\"error_description\":\"%.*s\"%s%.*s%s}", c->fail.code,
                                   STR_ARG(answer_description(c, &c->fail)), uri.p != NULL ? ",\"error_uri\":\"" : "",
                                   STR_ARG(uri), uri.p != NULL ? "\"" : "");

    http_body(c->res, status, S("application/json"), body);
    if (c->fail.kind == FAIL_CLIENT_AUTH)
        set_unless_there(c->res, S("WWW-Authenticate"), S("Basic realm=\"digione\""));
}

/* A message that cannot be taken has the status 500, whoever is to blame [SOAP 1.1, 6.2]; what HTTP itself says keeps
 * its own. */
static int fault_status(enum fail_kind kind)
{
    switch (kind) {
    case FAIL_METHOD:
    case FAIL_TOO_LARGE:
    case FAIL_BUSY:
    case FAIL_UPSTREAM:
    case FAIL_OURS:
        return fail_status(kind);
    default:
        return 500;
    }
}

static void failure_soap(struct ctx *c)
{
    enum fail_kind kind = c->fail.kind;
    bool of_client = kind != FAIL_BUSY && kind != FAIL_UPSTREAM && kind != FAIL_OURS;
    struct str text = arena_printf(c->arena, "%s: %.*s", c->fail.code, STR_ARG(answer_description(c, &c->fail)));

    http_body(c->res, fault_status(kind), S("text/xml; charset=utf-8"), saml_soap_fault(c->arena, of_client, text));
}

static struct str idp_name(const struct ctx *c)
{
    const struct idp *idp = c->registry != NULL && c->login != NULL ? registry_idp(c->registry, c->login->idp) : NULL;

    return idp != NULL ? names_in(&idp->names, c->lang) : (struct str){ NULL, 0 };
}

/* Of an identity provider's refusals: the row, when the failure is one; what is ours has words of its own. */
static const struct refusal_row *refused_by_city(const struct ctx *c)
{
    const struct refusal_row *row = refusal_of(c->fail.code);

    return row != NULL && row->kind != FAIL_OURS && c->fail.kind == row->kind ? row : NULL;
}

static enum lasts lasts_of(const struct ctx *c)
{
    const struct refusal_row *row = refused_by_city(c);

    return row != NULL ? row->lasts : c->fail.kind == FAIL_UPSTREAM ? LASTS_STAYS : LASTS_UNKNOWN;
}

/* Where the login that failed can go on: only what its browser keeps can be found again. */
static struct str of_login(const struct ctx *c, const char *path)
{
    return c->login != NULL && c->login->kept ? url_to(c->arena, str_of(path), S("login"), c->login->id)
                                              : (struct str){ NULL, 0 };
}

static struct str again(const struct ctx *c)
{
    if (c->req->query.p == NULL)
        return c->req->path;
    return arena_printf(c->arena, "%.*s?%.*s", STR_ARG(c->req->path), STR_ARG(c->req->query));
}

/* Of ours: what was asked by GET changed nothing and may be asked again, unless it is a row of the registry that is
 * wrong. */
static bool may_ask_again(const struct ctx *c)
{
    const struct refusal_row *row = refusal_of(c->fail.code);

    return c->req->method == HTTP_GET && c->fail.kind == FAIL_OURS && (row == NULL || row->lasts != LASTS_STAYS);
}

/* The same once more.  A notice would ask for nothing but itself: it leads on where a kept login does. */
static struct str again_at(const struct ctx *c, bool notice)
{
    enum lasts lasts = lasts_of(c);

    if (lasts != LASTS_UNKNOWN && lasts != LASTS_STAYS)
        return of_login(c, "/sign-in/again");
    return !notice && may_ask_again(c) ? again(c) : (struct str){ NULL, 0 };
}

/* What is wrong at the city is its people's to mend: they get the word for it.  Everybody else's is in our log. */
static struct str fault_word(const struct ctx *c)
{
    enum lasts lasts = lasts_of(c);

    return lasts != LASTS_UNKNOWN && lasts != LASTS_CANCELLED ? str_of(c->fail.code) : (struct str){ NULL, 0 };
}

/* What the metadata of a SAML city say helps its people [SAML metadata 2.4.1 errorURL; SDP-SP11]; without what a form
 * of it wants filled in [REFEDS SAML errorURL]. */
static struct str help_of_city(struct ctx *c)
{
    const struct idp *idp = c->registry != NULL && c->login != NULL ? registry_idp(c->registry, c->login->idp) : NULL;
    struct upstream_got kept = { 0 };

    bool mends = lasts_of(c) == LASTS_STAYS || lasts_of(c) == LASTS_AWAY;
    if (!mends || idp == NULL || idp->kind != IDP_SAML || c->upstreams == NULL)
        return (struct str){ NULL, 0 };
    upstream_peek(c->upstreams, c->arena, upstream_saml_name(c->arena, idp), &kept);
    const struct saml_metadata *m = kept.value;
    if (m == NULL || !str_has_prefix(m->error_url, S("https://")) || !html_url_is_safe(m->error_url))
        return (struct str){ NULL, 0 };
    return str_find(m->error_url, S("ERRORURL_")) < m->error_url.n
               ? str_sub(m->error_url, 0, str_find_byte(m->error_url, '?', 0))
               : m->error_url;
}

/* Ours is asked for again by itself; anything else comes back as it was. */
static struct str failure_here(struct ctx *c, bool notice)
{
    struct notice n = { .page = NOTICE_ERROR,
                        .made_s = c->now_s,
                        .kind = c->fail.kind,
                        .support_code = str_of(c->support_code),
                        .code = str_of(c->fail.code),
                        .told = c->fail.told != NULL ? str_of(c->fail.told) : (struct str){ NULL, 0 } };

    if (!notice && c->fail.kind == FAIL_OURS && c->req->method == HTTP_GET)
        return again_at(c, false);
    if (c->service != NULL)
        n.service = c->service->id;
    if (c->login != NULL) {
        n.idp = c->login->idp;
        n.login = c->login->kept ? c->login->id : (struct str){ NULL, 0 };
    }
    return notice_here(c, &n);
}

static void failure_page(struct ctx *c, int status, bool notice)
{
    const struct error_view view = {
        .page = page_for(c, failure_here(c, notice)),
        .kind = c->fail.kind,
        .lasts = lasts_of(c),
        .city = idp_name(c),
        .city_help = help_of_city(c),
        .word = fault_word(c),
        .service = c->service != NULL ? names_in(&c->service->names, c->lang) : (struct str){ NULL, 0 },
        .support_code = str_of(c->support_code),
        .told = c->fail.told != NULL && c->fail.kind == FAIL_CALLER ? str_of(c->fail.told) : (struct str){ NULL, 0 },
        .at_s = c->now_s,
        .again = again_at(c, notice),
        .choose = lasts_of(c) != LASTS_UNKNOWN ? of_login(c, "/sign-in?all=1") : (struct str){ NULL, 0 },
        .back = c->service != NULL && lasts_of(c) != LASTS_UNKNOWN ? of_login(c, "/sign-in/cancel")
                                                                   : (struct str){ NULL, 0 },
        .retry_s = status == 503 ? ANSWER_RETRY_S : 0,
    };
    struct fail too = { 0 };

    if (!page_error_send(c, status, &view, &too))
        http_body(c->res, status, S("text/plain; charset=utf-8"), arena_printf(c->arena, "%s\n", c->support_code));
}

void answer_notice(struct ctx *c, const struct notice *n)
{
    c->fail = (struct fail){ .kind = (enum fail_kind)n->kind,
                             .code = arena_cstr(c->arena, n->code),
                             .told = str_is_set(n->told) ? arena_cstr(c->arena, n->told) : NULL };
    (void)snprintf(c->support_code, sizeof c->support_code, "%.*s", STR_ARG(n->support_code));
    c->now_s = n->made_s;
    c->service = registry_service(c->registry, n->service);
    c->login = arena_make(c->arena, struct login);
    *c->login = (struct login){ .id = n->login, .idp = n->idp, .service = n->service, .kept = str_is_set(n->login) };
    failure_page(c, fail_status(c->fail.kind), true);
    c->fail = (struct fail){ .kind = FAIL_NONE };
}

/* ── one code for one outage ────────────────────────────────────────────── */

enum { CODE_KEPT_S = 3 * ANSWER_RETRY_S, CODE_N = sizeof((struct ctx *)0)->support_code - 1 };

static const struct str code_cookie = S("fault");

/* The page comes again by itself for as long as the fault lasts: it keeps the code that the person has noted. */
static void keep_code(struct ctx *c)
{
    if (c->seals == NULL || c->support_code[0] == '\0')
        return;
    struct str sealed = seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, code_cookie, str_of(c->support_code));
    http_set_cookie(c->res, code_cookie, b64url_encode(c->arena, sealed), CODE_KEPT_S, SAME_SITE_LAX);
}

void answer_take_code(struct ctx *c)
{
    struct str sealed, code;
    bool cookies = c->route == NULL || c->route->door == DOOR_PUBLIC;

    if (cookies && c->seals != NULL && b64url_decode(c->arena, http_cookie(c->req, code_cookie), &sealed) &&
        seal_open(c->arena, c->seals, SEAL_COOKIE, code_cookie, sealed, &code) && code.n == CODE_N)
        memcpy(c->support_code, code.p, CODE_N);
}

static bool is_machine(enum errors errors)
{
    return errors == ERRORS_JSON || errors == ERRORS_SOAP;
}

void answer_failure(struct ctx *c, answer_to_service_fn *to_service)
{
    enum errors errors = c->route != NULL ? c->route->errors : ERRORS_HTML;
    int status = fail_status(c->fail.kind);

    if (!log_failure(c)) /* a code that nobody could find is told to nobody */
        c->support_code[0] = '\0';
    keep_only(c->res);
    if (c->login != NULL && c->registry != NULL && refusal_of(c->fail.code) != NULL &&
        registry_idp(c->registry, c->login->idp) != NULL)
        tally_add(c->tally, c->login->idp, str_of(c->fail.code), c->now_s);
    bool checked = errors == ERRORS_SERVICE && c->login != NULL && c->login->redirect_checked;
    if (checked && to_service != NULL && to_service(c))
        return;
    if (status == 503 || status == 429)
        http_header(c->res, S("Retry-After"),
                    arena_printf(c->arena, "%d", is_machine(errors) ? ANSWER_RETRY_SOON_S : ANSWER_RETRY_S));
    if (errors == ERRORS_JSON) {
        failure_json(c, status);
        return;
    }
    if (errors == ERRORS_SOAP) {
        failure_soap(c);
        return;
    }
    if (status == 503)
        keep_code(c);
    failure_page(c, status, false);
}
