/* SPDX-License-Identifier: EUPL-1.2
 * portal/views.h: what the templates see, and the functions that they become.
 *
 * Floor 5; private to the portal.  Each begins with struct page, so that the parts every page shares find it, and holds
 * its page's public view as `in`; of the portal's own parts each finds `in.con`.
 */
#ifndef PORTAL_VIEWS_H
#define PORTAL_VIEWS_H

#include "portal/pages.h"

#define PORTAL_VIEWS(X)                                                                                                \
    X(vendor_home)                                                                                                     \
    X(vendor_people)                                                                                                   \
    X(vendor_organisation)                                                                                             \
    X(vendor_account)                                                                                                  \
    X(vendor_new)                                                                                                      \
    X(vendor_service)                                                                                                  \
    X(vendor_gate)                                                                                                     \
    X(vendor_connect)                                                                                                  \
    X(vendor_logo)                                                                                                     \
    X(vendor_use)                                                                                                      \
    X(vendor_receipt)                                                                                                  \
    X(vendor_school)                                                                                                   \
    X(vendor_pupil)                                                                                                    \
    X(vendor_trace)                                                                                                    \
    X(vendor_incidents)

#define PORTAL_PLAIN(X) /* before the door */                                                                          \
    X(vendor_enter)                                                                                                    \
    X(vendor_ways)                                                                                                     \
    X(vendor_contact)                                                                                                  \
    X(vendor_join)                                                                                                     \
    X(vendor_invited)

#define X(name)                                                                                                        \
    struct name##_out {                                                                                                \
        struct page page;                                                                                              \
        struct name##_view in;                                                                                         \
    };                                                                                                                 \
    void view_##name(struct buf *b, const struct name##_out *v);
PORTAL_VIEWS(X)
PORTAL_PLAIN(X)
#undef X

#endif
