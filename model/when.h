/* SPDX-License-Identifier: EUPL-1.2
 * model/when.h: times as people in Finland write them.
 *
 * Floor 1.  Pure: Unix time in, text out.  The zone is Finland's wherever the
 * machine stands: UTC+2, and UTC+3 from the last Sunday of March to the last of
 * October, changing at 01:00 UTC [Directive 2000/84/EC].
 */
#ifndef MODEL_WHEN_H
#define MODEL_WHEN_H

#include "base/arena.h"
#include "model/lang.h"

struct when {
    int year, month, day; /* month, day from 1 */
    int weekday;          /* 1 Monday .. 7 Sunday */
    int hour, minute;
};

struct when when_local(int64_t at_s);
struct str when_full(struct arena *a, int64_t at_s, enum lang lang); /* "23.11.2026 klo 8.04" */
struct str when_time(struct arena *a, int64_t at_s, enum lang lang); /* "8.04" */
struct str when_date(struct arena *a, int64_t at_s);                 /* "23.11.2026", of everybody here */
struct str when_day(struct arena *a, int64_t at_s);                  /* "2026-11-23", as forms send it */
bool when_day_read(struct str text, int64_t *from_s);   /* when that day begins; false: there is none such */
bool when_day_read_end(struct str text, int64_t *to_s); /* when the next one begins: the last day counts whole */
struct str when_rfc3339(struct arena *a, int64_t at_s); /* "2026-11-23T06:04:00Z" */
/* A date-time with its offset [RFC 3339 5.6], of any fraction of a second; false: it is none. */
bool when_rfc3339_read(struct str text, int64_t *at_s);

#endif
