/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/device.h"

#include "wire/http.h"

enum { DEVICE_S = 365 * 86400, USED_MAX = 4, HINT_MAX_B = 64 };

static const struct str shared = S("shared"), remembered = S("idp"), place = S("place");

/* Of a path's parameter (routes.def). */
static bool is_path_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

bool device_shared(const struct ctx *c)
{
    return str_eq(http_cookie(c->req, shared), S("1"));
}

struct str device_remembered(const struct ctx *c)
{
    struct strs used = device_used(c);

    return used.n > 0 ? used.at[0] : (struct str){ NULL, 0 };
}

struct strs device_used(const struct ctx *c)
{
    struct strs used = { NULL, 0 };
    struct str rest = http_cookie(c->req, remembered), id;

    while (used.n < USED_MAX && str_split(&rest, '~', &id))
        if (id.n > 0 && !strs_has(&used, id))
            strs_add(c->arena, &used, id);
    return used;
}

struct str device_school(const struct ctx *c)
{
    struct str hint = http_cookie(c->req, place);

    for (size_t i = 0; i < hint.n; i++)
        if (!is_path_byte(hint.p[i]))
            return (struct str){ NULL, 0 };
    return str_is_set(hint) && hint.n <= HINT_MAX_B ? hint : (struct str){ NULL, 0 };
}

void device_keep_school(struct ctx *c, struct str hint)
{
    if (str_is_set(hint) && hint.n <= HINT_MAX_B)
        http_set_cookie(c->res, place, hint, DEVICE_S, SAME_SITE_LAX);
}

void device_remember(struct ctx *c, struct str idp)
{
    struct strs used = device_used(c);
    struct str list = idp;

    for (size_t i = 0, n = 1; i < used.n && n < USED_MAX; i++)
        if (!str_eq(used.at[i], idp)) {
            list = arena_printf(c->arena, "%.*s~%.*s", STR_ARG(list), STR_ARG(used.at[i]));
            n++;
        }
    http_set_cookie(c->res, remembered, list, DEVICE_S, SAME_SITE_LAX);
}

void device_forget(struct ctx *c)
{
    http_set_cookie(c->res, remembered, S(""), 0, SAME_SITE_LAX);
}

void device_mark_shared(struct ctx *c)
{
    http_set_cookie(c->res, shared, S("1"), DEVICE_S, SAME_SITE_LAX);
}

void device_mark_own(struct ctx *c)
{
    http_set_cookie(c->res, shared, S(""), 0, SAME_SITE_LAX);
    if (str_is_set(http_cookie(c->req, place)))
        http_set_cookie(c->res, place, S(""), 0, SAME_SITE_LAX);
}
