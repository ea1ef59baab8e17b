/* SPDX-License-Identifier: EUPL-1.2
 * policy/users.h: which municipalities use a service: those whose own policies open it to somebody.
 *
 * Floor 3.  Pure.  A view of the texts and of the municipalities' own decisions (receipts.h), as matrix.h; for whoever
 * looks from outside, so that it says neither to whom nor when.  Read once for a snapshot; asking costs what names the
 * service, and what names all of them.
 */
#ifndef POLICY_USERS_H
#define POLICY_USERS_H

#include "model/registry.h"

struct users {
    const struct provider *const *at; /* in the order of their ids, each once */
    size_t n;
};

/* By policies in force now.  Not by the nation's, which are no municipality's decision.  In a. */
struct users policy_users(struct arena *a, const struct registry *r, const struct service *s, int64_t now_s);

/* Makes the index of a snapshot, so that no page waits for it. */
void users_prepare(const struct registry *r);

#endif
