/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/oidc/logout/session_iframe.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "frame/assets.h"
#include "gateway/answer.h"
#include "gateway/session/glimpse.h"
#include "wire/http.h"

enum { SALT_B = 9 };

/* As a browser writes it: without the port that goes without saying [HTML, origin]. */
static struct str origin_of(struct str url)
{
    static const struct {
        struct str scheme, port;
    } known[] = { { S("https://"), S(":443") }, { S("http://"), S(":80") } };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!str_has_prefix(url, known[i].scheme))
            continue;
        size_t end = known[i].scheme.n;
        while (end < url.n && url.p[end] != '/' && url.p[end] != '?')
            end++;
        struct str origin = str_sub(url, 0, end);
        return str_has_suffix(origin, known[i].port) ? str_sub(origin, 0, origin.n - known[i].port.n) : origin;
    }
    return (struct str){ NULL, 0 };
}

/* [2, 4.2]: what frame/assets/session.js makes once more. */
struct str oidc_session_state(struct ctx *c, struct str client_id, struct str redirect_uri)
{
    struct str origin = origin_of(redirect_uri), salt = crypt_token(c->arena, c->world, SALT_B);

    if (!str_is_set(origin))
        return origin;
    struct str text = arena_printf(c->arena, "%.*s %.*s %.*s %.*s", STR_ARG(client_id), STR_ARG(origin),
                                   STR_ARG(glimpse_of(c)), STR_ARG(salt));
    return arena_printf(c->arena, "%.*s.%.*s", STR_ARG(sha256_hex(c->arena, text)), STR_ARG(salt));
}

/* The one page of ours that may stand in a frame of others: it shows nothing and takes nothing but a question. */
static enum step show(struct ctx *c, struct fail *f)
{
    struct str script = asset_named(S("session.js"))->path;

    (void)f;
    http_header_set(c->res, S("Content-Security-Policy"), S(ANSWER_FRAMED_CSP));
    http_header_set(c->res, S("Cache-Control"), S("public, max-age=300"));
    http_body(c->res, 200, S("text/html; charset=utf-8"),
              arena_printf(c->arena,
                           "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>session</title>"
                           "<script src=\"%.*s\"></script></html>\n",
                           STR_ARG(script)));
    return DONE;
}

const struct step_row oidc_session_iframe[] = { { show }, { NULL } };
