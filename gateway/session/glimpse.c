/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/glimpse.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "gateway/session/int.h"
#include "gateway/session/session.h"
#include "wire/http.h"

enum { GLIMPSE_B = 16 };

static const struct str over = S("-");

/* Of the key of its record, which nobody outside knows: whoever has seen sid cannot make it.  A test person alters
 * nothing of what is seen of whoever plays them. */
static struct str text_of(struct ctx *c, const struct session *s)
{
    struct str key = session_is_test(s) || session_is_beside(s) ? visit_of(c)->own : s->id_hash;

    return b64url_encode(c->arena, str_sub(sha256(c->arena, arena_join(c->arena, S("glimpse "), key)), 0, GLIMPSE_B));
}

static void show(struct ctx *c, struct str text)
{
    if (!str_eq(http_cookie(c->req, S(GLIMPSE_COOKIE)), text))
        http_set_cookie_shown(c->res, S(GLIMPSE_COOKIE), text);
}

struct str glimpse_of(struct ctx *c)
{
    struct str text = text_of(c, c->session);

    show(c, text);
    return text;
}

void glimpse_follow(struct ctx *c, const struct session *s)
{
    if (str_is_set(http_cookie(c->req, S(GLIMPSE_COOKIE))))
        show(c, text_of(c, s));
}

void glimpse_over(struct ctx *c)
{
    if (str_is_set(http_cookie(c->req, S(GLIMPSE_COOKIE))))
        show(c, over);
}
