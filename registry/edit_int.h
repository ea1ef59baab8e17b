/* SPDX-License-Identifier: EUPL-1.2
 * registry/edit_int.h: an edit while it runs, and the drafts that it keeps; for this folder alone.
 *
 * Floor 4.
 */
#ifndef REGISTRY_EDIT_INT_H
#define REGISTRY_EDIT_INT_H

#include "registry/areas.h"
#include "registry/fields.h"

/* One row that an edit or a draft alters. */
struct wanted {
    enum kind kind;
    struct db_value key[2];
    struct str name;                          /* of the row, as history has it */
    const struct db_value *base, *want, *now; /* whole rows; NULL: there is none */
    int64_t version;                          /* that base is from */
    bool noted;                               /* altered now, not by the draft alone */
    bool is_gone;                             /* no part of it any more */
};

struct wanteds {
    struct wanted *at;
    size_t n, room;
};

struct wanted *wanted_add(struct arena *a, struct wanteds *all, const struct wanted *w);
bool row_find(struct db *d, struct arena *a, enum kind kind, const struct db_value *key, const struct db_value **out,
              struct fail *f);
/* What is not as it was when it was wanted; only_noted: of the rows altered now. */
bool conflicts_find(struct db *d, struct arena *result, const struct wanteds *all, bool only_noted,
                    struct edit_result *out, struct fail *f);

/* All within a transaction that the caller has begun.  Fail as edit_run() does. */
bool draft_open(struct db *d, struct arena *a, const struct area *area, int64_t number, int64_t edition,
                struct draft *out, struct fail *f);
bool draft_rows_read(struct db *d, struct arena *a, int64_t number, struct wanteds *out, struct fail *f);
/* As it is now: a new one where its number is 0. */
bool draft_write(struct db *d, const struct change_by *by, struct draft *draft, const struct wanteds *rows,
                 struct fail *f);
bool draft_published(struct db *d, const struct change_by *by, const struct draft *draft, int64_t change,
                     struct fail *f);

#endif
