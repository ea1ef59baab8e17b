/* SPDX-License-Identifier: EUPL-1.2
 * console/views.h: what the templates see, and the functions that they become.
 *
 * Floor 5; private to the console.  Each begins with struct page, so that the parts every page shares find it, and
 * holds its page's public view as `in`; of the console's own parts each finds `in.con`.
 */
#ifndef CONSOLE_VIEWS_H
#define CONSOLE_VIEWS_H

#include "console/pages.h"

#define CONSOLE_VIEWS(X)                                                                                               \
    X(areas)                                                                                                           \
    X(cities)                                                                                                          \
    X(city)                                                                                                            \
    X(join)                                                                                                            \
    X(city_open)                                                                                                       \
    X(home)                                                                                                            \
    X(alarms)                                                                                                          \
    X(alarm)                                                                                                           \
    X(rights)                                                                                                          \
    X(cell_page)                                                                                                       \
    X(policy)                                                                                                          \
    X(releases)                                                                                                        \
    X(release)                                                                                                         \
    X(drafts)                                                                                                          \
    X(shadow)                                                                                                          \
    X(draft)                                                                                                           \
    X(log_chain)                                                                                                       \
    X(log)                                                                                                             \
    X(why)                                                                                                             \
    X(idps)                                                                                                            \
    X(city_schools)                                                                                                    \
    X(dry)                                                                                                             \
    X(tryout)                                                                                                          \
    X(idp)                                                                                                             \
    X(history)                                                                                                         \
    X(people)                                                                                                          \
    X(person)                                                                                                          \
    X(sessions)                                                                                                        \
    X(passes)                                                                                                          \
    X(exams)                                                                                                           \
    X(notices)                                                                                                         \
    X(calendar)                                                                                                        \
    X(networks)                                                                                                        \
    X(metadata)                                                                                                        \
    X(metadata_one)                                                                                                    \
    X(moves)                                                                                                           \
    X(registrars)                                                                                                      \
    X(incidents)                                                                                                       \
    X(vendors)                                                                                                         \
    X(tokens)                                                                                                          \
    X(own)                                                                                                             \
    X(admins)                                                                                                          \
    X(admin)                                                                                                           \
    X(give)                                                                                                            \
    X(school_services)                                                                                                 \
    X(requests)                                                                                                        \
    X(request)                                                                                                         \
    X(services)                                                                                                        \
    X(take)                                                                                                            \
    X(receipt)                                                                                                         \
    X(school_service)

struct enter_out {
    struct page page;
    struct enter_view in;
};

struct dry_guest_out {
    struct page page;
    struct dry_guest_view in;
};

struct catalogue_out {
    struct page page;
    struct catalogue_view in;
};

#define X(name)                                                                                                        \
    struct name##_out {                                                                                                \
        struct page page;                                                                                              \
        struct name##_view in;                                                                                         \
    };                                                                                                                 \
    void view_##name(struct buf *b, const struct name##_out *v);
CONSOLE_VIEWS(X)
#undef X
void view_enter(struct buf *b, const struct enter_out *v);
void view_dry_guest(struct buf *b, const struct dry_guest_out *v);
void view_catalogue(struct buf *b, const struct catalogue_out *v);

#endif
