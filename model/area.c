/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/area.h"

const struct area area_nation = { { NULL, 0 }, { NULL, 0 } };

bool area_within(const struct area *inner, const struct area *outer)
{
    if (!str_is_set(outer->provider))
        return true;
    if (!str_is_set(inner->provider) || !str_eq(inner->provider, outer->provider))
        return false;
    return !str_is_set(outer->school) || (str_is_set(inner->school) && str_eq(inner->school, outer->school));
}

bool area_same(const struct area *x, const struct area *y)
{
    return area_within(x, y) && area_within(y, x);
}

struct str area_text(struct arena *a, const struct area *x)
{
    if (!str_is_set(x->provider))
        return S("nation");
    return str_is_set(x->school) ? arena_printf(a, "%.*s/%.*s", STR_ARG(x->provider), STR_ARG(x->school))
                                 : arena_str(a, x->provider);
}

struct area area_vendor(struct arena *a, struct str organisation)
{
    return (struct area){ .provider = arena_join(a, S(AREA_VENDOR), organisation) };
}

bool area_is_vendor(const struct area *x)
{
    return str_has_prefix(x->provider, S(AREA_VENDOR));
}
