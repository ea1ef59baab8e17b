/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/console/times.h"

#include "model/when.h"

#include <time.h>

enum { DAY_S = 86400, HOUR_S = 3600, NOON_S = 43200 };

static bool take_number(struct str *rest, char end, int *out)
{
    size_t at = end != '\0' ? str_find_byte(*rest, end, 0) : rest->n;
    int64_t n;

    if (!str_int(str_sub(*rest, 0, at), &n) || n < 0 || n > 9999)
        return false;
    *rest = str_from(*rest, at + 1);
    *out = (int)n;
    return true;
}

static bool read_day(struct str day, struct when *w)
{
    if (str_find_byte(day, '-', 0) < day.n)
        return take_number(&day, '-', &w->year) && take_number(&day, '-', &w->month) &&
               take_number(&day, '\0', &w->day);
    return take_number(&day, '.', &w->day) && take_number(&day, '.', &w->month) && take_number(&day, '\0', &w->year);
}

static bool read_clock(struct str clock, struct when *w)
{
    char mark = str_find_byte(clock, ':', 0) < clock.n ? ':' : '.';
    bool whole = str_find_byte(clock, mark, 0) == clock.n;

    return take_number(&clock, whole ? '\0' : mark, &w->hour) && (whole || take_number(&clock, '\0', &w->minute));
}

bool times_read(struct str day, struct str clock, int64_t *out)
{
    struct when w = { 0 };

    if (!read_day(day, &w) || !read_clock(clock, &w))
        return false;
    const struct tm t = {
        .tm_year = w.year - 1900, .tm_mon = w.month - 1, .tm_mday = w.day, .tm_hour = w.hour, .tm_min = w.minute
    };
    for (int hours = 3; hours >= 2; hours--) { /* summer, winter */
        struct tm copy = t;
        int64_t at_s = (int64_t)timegm(&copy) - hours * HOUR_S;
        struct when is = when_local(at_s);
        if (is.year == w.year && is.month == w.month && is.day == w.day && is.hour == w.hour && is.minute == w.minute) {
            *out = at_s;
            return true;
        }
    }
    return false;
}

struct str times_day(struct arena *a, int64_t at_s)
{
    return when_day(a, at_s);
}

struct str times_clock(struct arena *a, int64_t at_s)
{
    struct when w = when_local(at_s);

    return arena_printf(a, "%02d:%02d", w.hour, w.minute);
}

/* At noon it is the same day here as in Greenwich. */
bool times_date_read(struct str day, int64_t *out)
{
    int64_t at_s;

    if (!times_read(day, S("12"), &at_s))
        return false;
    *out = at_s / DAY_S;
    return at_s > 0;
}

struct str times_date(struct arena *a, int64_t day)
{
    return when_day(a, day * DAY_S + NOON_S);
}

struct str times_date_words(struct arena *a, int64_t day)
{
    return when_date(a, day * DAY_S + NOON_S);
}
