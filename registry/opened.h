/* SPDX-License-Identifier: EUPL-1.2
 * registry/opened.h: since when a service was ever open to a municipality: a fact that stays, whatever becomes of the
 * policies and decisions that opened it.
 *
 * Floor 4.  Beside the rows, in the same database; written by the change that opens, within its transaction, never by
 * a file.  What opens later, by a policy or a decision with a begin, is noted as that moment, and becomes a fact by
 * itself unless a change takes it back before.  Municipalities and services are named by ids, and may be gone since.
 * Everything here may block.
 */
#ifndef REGISTRY_OPENED_H
#define REGISTRY_OPENED_H

#include "base/arena.h"
#include "base/fail.h"
#include "model/registry.h"
#include "wire/db.h"

enum { OPENED_MAX = 1000 }; /* of one answer: there are fewer municipalities */

struct opened {
    struct str provider; /* id */
    int64_t first_s;     /* the moment; of what was open when this began to be kept: that one, it was open by then */
    int64_t change;      /* that opened it; 0: before this was kept */
};

struct openeds {
    struct opened *at; /* the earliest first */
    size_t n;
};

/* To whom the service was ever open, up to now_s.  provider absent: all.  Fails OURS db_…. */
bool opened_of(struct db *d, struct arena *a, struct str service, struct str provider, int64_t now_s,
               struct openeds *out, struct fail *f);

/* For this folder.  What the change opens, now or later; asked when its rows are written, r is what they make. */
struct change;
bool opened_write(struct db *d, const struct change *x, const struct registry *r, struct fail *f);
/* Once, for a registry that is older than this: what is open, and what decisions say was. */
bool opened_begin(struct db *d, struct fail *f);

#endif
