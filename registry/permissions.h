/* SPDX-License-Identifier: EUPL-1.2
 * registry/permissions.h: how what a municipality has decided about a service came to be, from history.
 *
 * Floor 4.  May block.
 */
#ifndef REGISTRY_PERMISSIONS_H
#define REGISTRY_PERMISSIONS_H

#include "base/arena.h"
#include "base/fail.h"
#include "wire/db.h"

struct permission_story {
    int64_t change, at_s; /* that brought it; 0: history does not know */
    struct str who;       /* made that change: whoever approved it, where it was a draft */
    int64_t draft;        /* 0: none */
    struct str owner;     /* who began the draft */
    int64_t asked_s;
};

/* Fails OURS db_…. */
bool permission_story(struct db *d, struct arena *a, struct str id, struct permission_story *out, struct fail *f);

#endif
