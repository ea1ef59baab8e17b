/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/done.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/seals.h"
#include "gateway/answer.h"
#include "gateway/session/session.h"
#include "wire/http.h"

enum { COOKIE_MAX_B = 2048 };

static const struct str cookie_name = S("done");

enum step done_go(struct ctx *c, struct str to, const char *what, struct str more)
{
    struct str record =
        arena_printf(c->arena, "1 %.*s %.*s %lld %s %.*s", STR_ARG(c->session->sid), STR_ARG(sha256_hex(c->arena, to)),
                     (long long)c->now_s, what, STR_ARG(str_sub(more, 0, DONE_MORE_MAX_B)));
    struct str sealed = seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, cookie_name, record);

    http_set_cookie(c->res, cookie_name, b64url_encode(c->arena, sealed), DONE_S, SAME_SITE_STRICT);
    return answer_go(c, to);
}

static struct str address(struct ctx *c)
{
    return str_is_set(c->req->query)
               ? arena_printf(c->arena, "%.*s?%.*s", STR_ARG(c->req->path), STR_ARG(c->req->query))
               : c->req->path;
}

static bool is_of_here(struct ctx *c, struct str *rest)
{
    struct str version, sid, hash, at;
    int64_t at_s;

    return str_split(rest, ' ', &version) && str_eq(version, S("1")) && str_split(rest, ' ', &sid) &&
           str_eq(sid, c->session->sid) && str_split(rest, ' ', &hash) && str_split(rest, ' ', &at) &&
           str_int(at, &at_s) && c->now_s - at_s <= DONE_S && str_eq(hash, sha256_hex(c->arena, address(c)));
}

struct str done_here(struct ctx *c, struct str *more)
{
    struct str value = http_cookie(c->req, cookie_name), sealed, rest, what;
    const struct str nothing = { NULL, 0 };

    if (!str_is_set(value) || value.n > COOKIE_MAX_B || !b64url_decode(c->arena, value, &sealed) ||
        !seal_open(c->arena, c->seals, SEAL_COOKIE, cookie_name, sealed, &rest) || !is_of_here(c, &rest) ||
        !str_split(&rest, ' ', &what))
        return nothing;
    http_set_cookie(c->res, cookie_name, S(""), 0, SAME_SITE_STRICT);
    if (more != NULL)
        *more = rest;
    return what;
}

bool done_was(struct ctx *c, const char *what)
{
    return str_eq(done_here(c, NULL), str_of(what));
}
