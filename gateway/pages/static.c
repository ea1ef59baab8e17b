/* SPDX-License-Identifier: EUPL-1.2
 *
 * /static/<name>.<hash>.<type>: the files that pages name; /logo/<service>.<hash>: pictures of services.  An address
 * holds a hash of the bytes, so browsers may keep what they got for ever, and a new version has another address. */
#include "gateway/flow.h"
#include "gateway/routes.h"

#include "frame/assets.h"
#include "frame/contact.h"
#include "gateway/session/session.h"
#include "launcher/manifest.h"
#include "launcher/tiles.h"
#include "model/when.h"
#include "wire/logo.h"

static bool accepts_gzip(const struct ctx *c)
{
    struct str list = http_field_list(c->arena, c->req, S("Accept-Encoding")), coding;

    while (str_split(&list, ',', &coding)) {
        struct str parameters = str_from(coding, str_find_byte(coding, ';', 0));
        struct str name = str_trim(str_sub(coding, 0, str_find_byte(coding, ';', 0)));
        bool refused = str_find(parameters, S("q=0")) < parameters.n && str_find(parameters, S("q=0.")) == parameters.n;
        if (str_eq_case(name, S("gzip")) && !refused)
            return true;
    }
    return false;
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct asset *asset = asset_at(c->req->path);

    if (asset == NULL)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no such file");
    http_header(c->res, S("Cache-Control"), S("public, max-age=31536000, immutable"));
    http_header(c->res, S("ETag"), asset->etag);
    http_header(c->res, S("Vary"), S("Accept-Encoding"));
    if (str_eq(http_field(c->req, S("If-None-Match")), asset->etag)) {
        c->res->status = 304;
        return DONE;
    }
    bool gzip = accepts_gzip(c) && asset->gzip.n < asset->bytes.n;
    if (gzip)
        http_header(c->res, S("Content-Encoding"), S("gzip"));
    http_body(c->res, 200, asset->type, gzip ? asset->gzip : asset->bytes);
    return DONE;
}

const struct step_row static_show[] = { { show }, { NULL } };

/* Whoever opens one by its address has a picture, and nothing that could run or be taken for a page of ours. */
#define LOGO_CSP "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"

/* By its service's id; what an older page names by another hash is given as it is now. */
static enum step show_logo(struct ctx *c, struct fail *f)
{
    struct str named = c->req->param;
    size_t dot = named.n;

    while (dot > 0 && named.p[dot - 1] != '.')
        dot--;
    const struct service *s = registry_service(c->registry, str_sub(named, 0, dot > 0 ? dot - 1 : 0));
    if (s == NULL || !str_is_set(s->logo))
        return fail(f, FAIL_NOT_FOUND, "not_found", "no such logo");
    if (str_eq(icon_of(c->arena, s, c->lang).logo, c->req->path))
        http_header(c->res, S("Cache-Control"), S("public, max-age=31536000, immutable"));
    http_header_set(c->res, S("Content-Security-Policy"), S(LOGO_CSP));
    http_body(c->res, 200, logo_type(s->logo), s->logo);
    return DONE;
}

const struct step_row logo_show[] = { { show_logo }, { NULL } };

/* ── what browsers and others ask for by themselves ─────────────────────── */

static enum step show_for_a_day(struct ctx *c, struct str type, struct str body)
{
    http_header(c->res, S("Cache-Control"), S("public, max-age=86400"));
    http_body(c->res, 200, type, body);
    return DONE;
}

static enum step show_favicon(struct ctx *c, struct fail *f)
{
    const struct asset *icon = asset_named(S("icon_32.png"));

    if (icon == NULL)
        return fail(f, FAIL_NOT_FOUND, "not_found", "no such file");
    return show_for_a_day(c, icon->type, icon->bytes);
}

const struct step_row favicon_show[] = { { show_favicon }, { NULL } };

/* [Web App Manifest] */
static enum step show_manifest(struct ctx *c, struct fail *f)
{
    (void)f;
    http_header(c->res, S("Vary"), S("Accept-Language, Cookie"));
    return show_for_a_day(c, S("application/manifest+json"), manifest_text(c->arena, c->set->name, c->lang));
}

const struct step_row manifest_show[] = { { show_manifest }, { NULL } };

/* There is nothing here to be found by a search engine: everything begins with somebody's sign-in. */
static enum step show_robots(struct ctx *c, struct fail *f)
{
    (void)f;
    return show_for_a_day(c, S("text/plain; charset=utf-8"), S("User-agent: *\nDisallow: /\n"));
}

const struct step_row robots_show[] = { { show_robots }, { NULL } };

/* Whom to tell of a hole [RFC 9116]: the support of the settings.  It must say until when it holds; a copy of it is
 * asked for again in time. */
static enum step show_security(struct ctx *c, struct fail *f)
{
    enum { HOLDS_S = 180 * 86400 };
    struct str url, email;
    struct buf b = buf_new(c->arena, 4096);

    contact_split(c->set->support, &url, &email);
    if (!str_is_set(url) && !str_is_set(email))
        return fail(f, FAIL_NOT_FOUND, "not_found", "the setting support is not set");
    buf_printf(&b, "Contact: %s%.*s\n", str_is_set(url) ? "" : "mailto:", STR_ARG(str_is_set(url) ? url : email));
    buf_printf(&b, "Expires: %.*s\n", STR_ARG(when_rfc3339(c->arena, c->now_s + HOLDS_S)));
    buf_printf(&b, "Preferred-Languages: fi, sv, en\nCanonical: %.*s/.well-known/security.txt\n",
               STR_ARG(c->set->public_url));
    return show_for_a_day(c, S("text/plain; charset=utf-8"), buf_str(&b));
}

const struct step_row security_show[] = { { show_security }, { NULL } };

/* ── a path that there is not ───────────────────────────────────────────── */

/* Whoever is signed in is named there as on every page; a Redis that is away changes nothing about the path. */
static enum step ask_session(struct ctx *c, struct fail *f)
{
    struct str key = session_key(c);

    (void)f;
    if (!str_is_set(key))
        return NEXT;
    struct kv_got *got = arena_make(c->arena, struct kv_got);
    c->state = got;
    session_ask(c, key, got);
    return WAIT;
}

static enum step say_nowhere(struct ctx *c, struct fail *f)
{
    struct fail away = { 0 };

    if (c->state != NULL)
        c->session = session_of(c, session_key(c), c->state, &away);
    flow_leave_idle(c);
    return fail(f, FAIL_NOT_FOUND, "not_found", "no such path");
}

const struct step_row nowhere[] = { { ask_session }, { say_nowhere }, { NULL } };
