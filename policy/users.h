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

/* From when on each of them has it open, by what is said now: at now_s or, if nothing is altered, later.  None of a
 * service in test or switched off.  only: by place in the registry, of whom it is asked; NULL: of all.  In a. */
struct user_since {
    const struct provider *provider;
    int64_t from_s; /* the first moment that is not before now_s */
};
struct users_since {
    struct user_since *at; /* in the order of their ids, each once */
    size_t n;
};
struct users_since policy_users_since(struct arena *a, const struct registry *r, const struct service *s, int64_t now_s,
                                      const bool *only);

/* Makes the index of a snapshot, so that no page waits for it. */
void users_prepare(const struct registry *r);

#endif
