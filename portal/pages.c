/* SPDX-License-Identifier: EUPL-1.2 */
#include "portal/pages.h"

#include "portal/views.h"

#define X(name)                                                                                                        \
    struct html page_##name(struct arena *a, const struct name##_view *v)                                              \
    {                                                                                                                  \
        const struct name##_out out = { .page = v->con.page, .in = *v };                                               \
                                                                                                                       \
        PAGE_RENDER(a, view_##name, &out);                                                                             \
    }
PORTAL_VIEWS(X)
#undef X

#define X(name)                                                                                                        \
    struct html page_##name(struct arena *a, const struct name##_view *v)                                              \
    {                                                                                                                  \
        const struct name##_out out = { .page = v->page, .in = *v };                                                   \
                                                                                                                       \
        PAGE_RENDER(a, view_##name, &out);                                                                             \
    }
PORTAL_PLAIN(X)
#undef X
