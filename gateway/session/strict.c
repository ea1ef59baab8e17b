/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/strict.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "base/settings.h"
#include "gateway/session/session.h"
#include "wire/form.h"
#include "wire/html.h"
#include "wire/http.h"

enum { RECORD_MAX_B = 512, CSRF_B = 24, TOUCH_S = 60 };

static void put(struct ctx *c, const struct strict *s)
{
    struct str record = arena_printf(c->arena, "1 %.*s %.*s %lld %lld %.*s", STR_ARG(c->session->sid), STR_ARG(s->csrf),
                                     (long long)s->began_s, (long long)s->seen_s, STR_ARG(s->kept));
    struct str sealed = seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, s->cookie, record);

    http_set_cookie(c->res, s->cookie, b64url_encode(c->arena, sealed), -1, SAME_SITE_STRICT);
}

void strict_begin(struct ctx *c, struct strict *s, struct str cookie, struct str kept)
{
    *s = (struct strict){ .cookie = cookie,
                          .csrf = crypt_token(c->arena, c->world, CSRF_B),
                          .began_s = c->now_s,
                          .seen_s = c->now_s,
                          .kept = kept };
    put(c, s);
}

void strict_keep(struct ctx *c, struct strict *s, struct str kept)
{
    s->kept = kept;
    put(c, s);
}

void strict_leave(struct ctx *c, struct str cookie)
{
    http_set_cookie(c->res, cookie, S(""), 0, SAME_SITE_STRICT);
}

static bool read_record(struct str plain, struct strict *out, struct str *sid)
{
    struct str version, began, seen;

    return str_split(&plain, ' ', &version) && str_eq(version, S("1")) && str_split(&plain, ' ', sid) &&
           str_split(&plain, ' ', &out->csrf) && str_split(&plain, ' ', &began) && str_split(&plain, ' ', &seen) &&
           str_int(began, &out->began_s) && str_int(seen, &out->seen_s) && ((out->kept = plain), true);
}

bool strict_find(struct ctx *c, struct strict *s, struct str cookie, int64_t idle_s)
{
    struct str value = http_cookie(c->req, cookie), sealed, plain, sid;

    *s = (struct strict){ .cookie = cookie };
    if (!str_is_set(value) || value.n > 2 * RECORD_MAX_B || !b64url_decode(c->arena, value, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, cookie, sealed, &plain) || !read_record(plain, s, &sid) ||
        !str_eq(sid, c->session->sid) || c->now_s - s->seen_s >= idle_s)
        return false;
    return true;
}

void strict_touch(struct ctx *c, struct strict *s)
{
    if (c->now_s - s->seen_s < TOUCH_S)
        return;
    s->seen_s = c->now_s;
    put(c, s);
}

/* Our pages name no referrer, so browsers write "null" for their origin; who else would write that has no token and no
 * Strict cookie. */
bool strict_own_origin(const struct ctx *c)
{
    struct str origin = http_field(c->req, S("Origin")), site = http_field(c->req, S("Sec-Fetch-Site"));

    return (!str_is_set(origin) || str_eq(origin, c->set->public_url) || str_eq(origin, S("null"))) &&
           (!str_is_set(site) || str_eq(site, S("same-origin")));
}

bool strict_token_fits(const struct ctx *c, const struct strict *s)
{
    return crypt_eq(s->csrf, form_get(c->body, S("csrf")));
}

struct str strict_here(const struct ctx *c)
{
    struct str q = c->req->query;

    return str_is_set(q) && q.n + c->req->path.n < STRICT_TO_MAX_B
               ? arena_printf(c->arena, "%.*s?%.*s", STR_ARG(c->req->path), STR_ARG(q))
               : c->req->path;
}

struct str strict_enter_at(struct ctx *c, struct str entry, struct str to)
{
    struct buf b = buf_new(c->arena, 4 * STRICT_TO_MAX_B);

    buf_add(&b, entry);
    url_query(&b, S("to"), to);
    return buf_ok(&b) ? buf_str(&b) : entry;
}

bool strict_is_below(struct str to, struct str root, struct str entry)
{
    return to.n <= STRICT_TO_MAX_B && html_url_is_safe(to) && !str_has_prefix(to, entry) && str_has_prefix(to, root) &&
           (to.n == root.n || to.p[root.n] == '/' || to.p[root.n] == '?');
}
