/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/times.h: times as people write them into forms.
 *
 * Floor 6d.  Pure.
 */
#ifndef GATEWAY_CONSOLE_TIMES_H
#define GATEWAY_CONSOLE_TIMES_H

#include "base/arena.h"

/* "23.11.2026" or "2026-11-23", and "8.00", "8:00" or "8", on a Finnish clock; of an hour that comes twice, the first.
 * False: there is no such time. */
bool times_read(struct str day, struct str clock, int64_t *out);
struct str times_day(struct arena *a, int64_t at_s);   /* "2026-11-23" */
struct str times_clock(struct arena *a, int64_t at_s); /* "08:00" */

/* Days of a calendar, from 1970-01-01. */
bool times_date_read(struct str day, int64_t *out);
struct str times_date(struct arena *a, int64_t day);       /* "2026-11-23" */
struct str times_date_words(struct arena *a, int64_t day); /* "23.11.2026" */

#endif
