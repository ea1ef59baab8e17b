/* SPDX-License-Identifier: EUPL-1.2
 * A tool in a frame of a page of ours.  Browsers give it no cookies there, so the page keeps for it what it would have
 * kept in one (frame/assets/storage.js), apart for each of its origins, for as long as the page is open.
 * [LTI Client Side postMessages 1.0, LTI OIDC Login with LTI Client Side postMessages 1.0] */
#include "gateway/answer.h"
#include "gateway/lti/lti.h"
#include "launcher/pages.h"
#include "wire/http.h"

enum { ORIGINS_MAX_B = 8192 };

bool lti_is_framed(struct ctx *c)
{
    struct fail unreadable = { 0 };
    struct lti_hint h;

    return c->login != NULL && str_is_set(c->login->pushed) &&
           hint_open(c, c->login->login_hint, c->login->pushed, &h, &unreadable) && h.framed != 0;
}

/* As a browser writes it: without the port that goes without saying [HTML, origin]. */
static struct str origin_of(struct str url)
{
    struct str site = lti_site_of(url), usual = str_has_prefix(site, S("https://")) ? S(":443") : S(":80");

    return str_has_suffix(site, usual) ? str_sub(site, 0, site.n - usual.n) : site;
}

static void add_origin(struct ctx *c, struct strs *all, struct str url)
{
    struct str origin = str_is_set(url) ? origin_of(url) : (struct str){ NULL, 0 };

    if (origin.p != NULL && str_find_byte(origin, ';', 0) == origin.n && str_find_byte(origin, ',', 0) == origin.n &&
        !strs_has(all, origin))
        strs_add(c->arena, all, origin);
}

/* Those of every address in its row: it is let be at no other. */
static struct str origins_of(struct ctx *c)
{
    const struct service *s = c->service;
    struct buf b = buf_new(c->arena, ORIGINS_MAX_B);
    struct strs all = { 0 };

    add_origin(c, &all, s->initiate_login_uri);
    add_origin(c, &all, s->target_link_uri);
    for (size_t i = 0; i < s->redirect_uris.n; i++)
        add_origin(c, &all, s->redirect_uris.at[i]);
    for (size_t i = 0; i < s->targets.n; i++)
        add_origin(c, &all, s->targets.at[i]);
    for (size_t i = 0; i < all.n; i++)
        buf_printf(&b, "%s%.*s", i > 0 ? " " : "", STR_ARG(all.at[i]));
    return buf_str(&b);
}

enum step lti_show_framed(struct ctx *c, struct str begins, struct str here, struct fail *f)
{
    struct framed_view v = { .page = page_for(c, here),
                             .service = names_in(&c->service->names, c->lang),
                             .url = begins,
                             .origins = origins_of(c) };

    if (!str_is_set(v.origins))
        return fail(f, FAIL_OURS, "server_error", "the row has too many addresses to be framed");
    enum step done = answer_page(c, 200, page_framed(c->arena, &v));
    http_header_set(c->res, S("Content-Security-Policy"),
                    arena_printf(c->arena, PAGE_CSP "; frame-src 'self' %.*s", STR_ARG(v.origins)));
    return done;
}
