/* SPDX-License-Identifier: EUPL-1.2 */
#include "console/pages.h"

#include "console/views.h"

#define X(name)                                                                                                        \
    struct html page_##name(struct arena *a, const struct name##_view *v)                                              \
    {                                                                                                                  \
        const struct name##_out out = { .page = v->con.page, .in = *v };                                               \
                                                                                                                       \
        PAGE_RENDER(a, view_##name, &out);                                                                             \
    }
CONSOLE_VIEWS(X)
#undef X

struct html page_enter(struct arena *a, const struct enter_view *v)
{
    const struct enter_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_enter, &out);
}

struct html page_dry_guest(struct arena *a, const struct dry_guest_view *v)
{
    const struct dry_guest_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_dry_guest, &out);
}

struct html page_catalogue(struct arena *a, const struct catalogue_view *v)
{
    const struct catalogue_out out = { .page = v->page, .in = *v };

    PAGE_RENDER(a, view_catalogue, &out);
}
