/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/rights_given.h: rights in the console that the registry gives (struct admin).
 *
 * Floor 6d.  Pure.
 */
#ifndef GATEWAY_CONSOLE_RIGHTS_GIVEN_H
#define GATEWAY_CONSOLE_RIGHTS_GIVEN_H

#include "console/pages.h"
#include "policy/may.h"
#include "registry/edit.h"

#define RIGHTS_MORE "more_than_own"

enum { RIGHTS_SOON_S = 30 * 86400, RIGHTS_WEEK_S = 7 * 86400 }; /* so long before its end one is told */

struct area rights_area(const struct admin *x);
const struct admin *rights_find(const struct registry *r, struct str id); /* NULL: there is none */
struct str rights_name(struct arena *a, const struct person *p);          /* of an account; absent: it has none */
enum right_state rights_state(const struct admin *x, int64_t now_s);
bool rights_role_fits(enum role role, bool nation); /* a role that can be given there */
/* Without this right of theirs the person could do nothing in its area any more. */
bool rights_are_last(const struct registry *r, const struct person *p, const struct admin *x,
                     const struct circumstances *now);

/* struct edit_how's may, for rows of the kind admin: who manages admins where the row stands, and has themselves what
 * its role brings.  Refuses DENIED not_yours, DENIED more_than_own. */
struct rights_asking {
    const struct registry *registry;
    const struct person *person;
    enum role role; /* of the row */
    struct circumstances now;
};
bool rights_may(void *asking, char sign, const struct row_id *row, const struct area *where, struct fail *f);

#endif
