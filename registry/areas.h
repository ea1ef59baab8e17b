/* SPDX-License-Identifier: EUPL-1.2
 * registry/areas.h: in which area each row stands.
 *
 * Floor 4; for this folder alone.  A table says it of every kind.  What an area itself is (a provider's row, a
 * school's) may be altered within it, but begins and ends in the area around it.
 */
#ifndef REGISTRY_AREAS_H
#define REGISTRY_AREAS_H

#include "model/area.h"
#include "registry/change_int.h"

struct kind_area {
    const char *provider, *school; /* columns (of services, organisations and their people: the vendor); NULL: none.  A
                                      row that says no provider is the nation's */
    bool is_place;                 /* the row is what an area itself is */
    const char *by;                /* column with the id of another row, whose area it stands in as well; NULL: none */
    enum kind by_kind;             /* that row's kind */
};

extern const struct kind_area kind_areas[KIND_COUNT];

/* Where the row stands, as SQL has what it refers to now.  Fails OURS db_…. */
bool row_area(struct db *d, struct arena *a, enum kind kind, const struct db_value *row, struct area *out,
              struct fail *f);

/* Whether all rows of a change, as they were (asked before they are written) or as they are afterwards, stand
 * within x->by.area.  Fails CALLER not_yours, which names no row: it is another's; OURS db_…. */
bool rows_stay_within(struct db *d, const struct change *x, bool after, struct fail *f);

#endif
