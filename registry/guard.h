/* SPDX-License-Identifier: EUPL-1.2
 * registry/guard.h: what people changed is not lost to an older file, and somebody can always get in.
 *
 * Floor 4; for this folder alone.  A row that was changed otherwise than by a file is guarded: a file overwrites it
 * only when it knows of that change, or when it is told to.  A file knows by its `version`, which an export writes:
 * the number of the last such change and a mark of it, so that a file of another registry knows nothing.
 */
#ifndef REGISTRY_GUARD_H
#define REGISTRY_GUARD_H

#include "registry/change_int.h"

/* Whether what the change writes is to be guarded: what a person changed, and what undoes that. */
bool guard_is_due(struct db *d, const struct change *x, bool *out, struct fail *f);
/* The row was written by change `number`. */
bool guard_note(struct db *d, const struct db_value *kind, const struct db_value *key, int64_t number, bool guarded,
                struct fail *f);

/* "41-3f9a0c52": what an export of this registry knows of.  Absent: there is no guarded change. */
bool guard_mark(struct db *d, struct arena *a, struct str *out, struct fail *f);
/* The number of the last guarded change that a file with this mark knows of; 0: of none. */
bool guard_known(struct db *d, struct arena *a, struct str mark, int64_t *out, struct fail *f);

/* The rows of x that a file which knows of the changes up to `known` would overwrite, one a line: "service kanerva:
 * changed by liisa (console, change 41)".  Empty: none. */
bool guard_rows(struct db *d, struct arena *a, const struct change *x, int64_t known, size_t *n, struct str *out,
                struct fail *f);

/* Whether an operator who could get in before still can, or another; asked when the rows are written, r is what they
 * make.  Somebody must be sure to get in, whatever else is so: at this moment and at each at which a national policy or
 * a right begins or ends, as far as that was so before; a right that is taken away or ends leaves one that lasts for 90
 * days at least, to be renewed.  Nobody could before: true.  Fails CALLER lockout; OURS db_…. */
bool entrance_stays(struct db *d, const struct change *x, const struct registry *r, struct fail *f);

#endif
