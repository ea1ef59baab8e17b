/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/session/device.h"

#include "wire/http.h"

enum { DEVICE_S = 365 * 86400 };

static const struct str shared = S("shared"), remembered = S("idp");

bool device_shared(const struct ctx *c)
{
    return str_eq(http_cookie(c->req, shared), S("1"));
}

struct str device_remembered(const struct ctx *c)
{
    return http_cookie(c->req, remembered);
}

void device_own(struct ctx *c, struct str idp)
{
    http_set_cookie(c->res, shared, S(""), 0, SAME_SITE_LAX);
    if (str_is_set(idp))
        http_set_cookie(c->res, remembered, idp, DEVICE_S, SAME_SITE_LAX);
}

void device_mark_shared(struct ctx *c)
{
    http_set_cookie(c->res, shared, S("1"), DEVICE_S, SAME_SITE_LAX);
    device_forget(c);
}

void device_forget(struct ctx *c)
{
    http_set_cookie(c->res, remembered, S(""), 0, SAME_SITE_LAX);
}
