/* SPDX-License-Identifier: EUPL-1.2
 * registry/uses.h: how often a service was opened, by day and municipality; never by whom.
 *
 * Floor 4.  Sums alone are kept: a day, a service, a municipality, a number.  In a file of its own,
 * state_dir/registry/uses.sqlite; losing it loses numbers.  Rows are forgotten USES_KEPT_DAYS after their day, the
 * oldest days before, where there are more than USES_ROWS_MAX.
 *
 * What is told of them hides small numbers: a cell of fewer than USES_FEW is told as "few", as one of none is, and
 * every total is one of the cells that are told.  So nothing that is told depends on a hidden cell, and no difference
 * of what is told tells one.  The day that goes on is not told: what is asked for again and again would show each
 * opening.
 */
#ifndef REGISTRY_USES_H
#define REGISTRY_USES_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/settings.h"

enum {
    USES_FEW = 5,
    USES_KEPT_DAYS = 100,
    USES_ROWS_MAX = 4000000,
    USES_WAITING_MAX =
        16384,             /* pairs of service and municipality that wait to be written; later ones are not counted */
    USES_DAYS_MAX = 60,    /* of one question */
    USES_PLACES_MAX = 400, /* municipalities of one answer */
    USES_ID_MAX_B = 64
};

struct uses;
struct uses *uses_new(const struct settings *set);
void uses_free(struct uses *u); /* writes what waits; NULL does nothing */

/* Somebody of that municipality opened the service.  Any thread; never blocks for SQL; NULL counts nothing. */
void uses_opened(struct uses *u, struct str service, struct str provider, int64_t now_s);
/* Writes what waits.  One thread, every few seconds; may block.  Fails OURS db_…, and what waited is lost. */
bool uses_write(struct uses *u, int64_t now_s, struct fail *f);

struct uses_place {
    struct str provider;      /* id */
    int64_t n[USES_DAYS_MAX]; /* of each day; 0: few, or none */
    int64_t sum;              /* of those that are told */
};

struct uses_told {
    int64_t first_day; /* days since 1970-01-01, as they are in Finland */
    size_t days;
    int64_t n[USES_DAYS_MAX]; /* of each day, over the cells that are told; 0: few, or none */
    int64_t sum;
    struct uses_place *places; /* those with something that is told, by their ids */
    size_t place_n;
};

/* The last `days` whole days of one service.  May block.  Fails OURS db_…. */
bool uses_read(const struct settings *set, struct arena *a, struct str service, size_t days, int64_t now_s,
               struct uses_told *out, struct fail *f);

/* What is told of cells, as they are kept.  Pure; for tests as well. */
struct uses_cell {
    int64_t day;
    struct str provider;
    int64_t n;
};
void uses_tell(struct arena *a, const struct uses_cell *cells, size_t n, int64_t first_day, size_t days,
               struct uses_told *out); /* cells by provider */

#endif
