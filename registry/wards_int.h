/* SPDX-License-Identifier: EUPL-1.2
 * registry/wards_int.h: what the readers of files of children share.
 *
 * Floor 4.  Of wards.c and its readers alone: each makes rows of a file, and one place judges and keeps them. */
#ifndef REGISTRY_WARDS_INT_H
#define REGISTRY_WARDS_INT_H

#include "base/arena.h"
#include "registry/store.h"
#include "registry/wards.h"

enum { WARDS_CELLS_MAX = 64, WARDS_GUARDIANS_MAX = 16 };

struct wards_csv { /* rest: what is still to be read; the line from 1 */
    struct str rest, cells[WARDS_CELLS_MAX];
    size_t n, line, begun; /* cells of the row; where it begins */
    char between;
};
/* What is between cells, by the head line; a mark of UTF-8 before it is skipped. */
void wards_csv_begin(struct wards_csv *r, struct str text);
/* One row [RFC 4180]; NULL: it is read; else what is wrong with it. */
const char *wards_csv_row(struct arena *a, struct wards_csv *r);

struct wards_taking {
    struct wards_import *x;
    struct arena *arena; /* of one row */
    struct db *d;        /* NULL: all is checked, and nothing kept */
    struct fail *f;
    size_t begun; /* the line that a complaint names */
};
/* Never with what stands there: it may be an identity code. */
bool wards_wrong(struct wards_taking *t, const char *why);

struct ward_row {
    struct str identity, own_key, learner_id, school, group, level, name, hidden;
    struct str guardians[WARDS_GUARDIANS_MAX]; /* what is kept of their identity codes */
    size_t guardian_count;
};
bool ward_row_take(struct wards_taking *t, const struct ward_row *row);
/* An identity code of somebody of age becomes what is kept of it. */
bool ward_row_guardian(struct wards_taking *t, struct ward_row *row, struct str code);

/* wards_roster.c: whether the file is of OneRoster, and all of it. */
bool wards_roster_is(struct str text);
bool wards_roster_read(struct wards_taking *t);

#endif
