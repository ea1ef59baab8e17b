/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/when.h"

#include <string.h>
#include <time.h>

enum { HOUR_S = 3600, DAY_S = 86400 };

/* Days since 1970-01-01 of a day of the Gregorian calendar, counted in years that begin with March. */
static int64_t days_of(int64_t year, int month, int day)
{
    if (month <= 2) {
        year--;
        month += 12;
    }
    int64_t leap = year / 4 - year / 100 + year / 400;
    return 365 * year + leap + (153 * (month - 3) + 2) / 5 + day - 1 - 719468;
}

static int weekday_of(int64_t days)
{
    return (int)(((days % 7) + 10) % 7) + 1; /* the first day of Unix time was a Thursday */
}

/* When the clocks change in a year: 01:00 UTC on the last Sunday of a month of 31 days. */
static int64_t change_s(int64_t year, int month)
{
    int64_t last = days_of(year, month, 31);

    return (last - weekday_of(last) % 7) * DAY_S + HOUR_S;
}

static int year_of(int64_t days)
{
    int64_t year = 1970 + days / 366;

    while (days_of(year + 1, 1, 1) <= days)
        year++;
    return (int)year;
}

struct when when_local(int64_t at_s)
{
    if (at_s < 0)
        at_s = 0;
    int year = year_of(at_s / DAY_S);
    bool summer = at_s >= change_s(year, 3) && at_s < change_s(year, 10);
    int64_t local = at_s + (summer ? 3 : 2) * HOUR_S, days = local / DAY_S;

    year = year_of(days);
    int month = 1;
    while (month < 12 && days_of(year, month + 1, 1) <= days)
        month++;
    return (struct when){ .year = year,
                          .month = month,
                          .day = (int)(days - days_of(year, month, 1)) + 1,
                          .weekday = weekday_of(days),
                          .hour = (int)(local % DAY_S / HOUR_S),
                          .minute = (int)(local % HOUR_S / 60) };
}

struct str when_time(struct arena *a, int64_t at_s, enum lang lang)
{
    struct when w = when_local(at_s);

    return arena_printf(a, lang == LANG_EN ? "%d:%02d" : "%d.%02d", w.hour, w.minute);
}

struct str when_full(struct arena *a, int64_t at_s, enum lang lang)
{
    static const char *const at[LANG_COUNT] = { "klo", "kl.", "at" };
    struct when w = when_local(at_s);
    struct str time = when_time(a, at_s, lang);

    return arena_printf(a, "%d.%d.%d %s %.*s", w.day, w.month, w.year, at[lang], STR_ARG(time));
}

static bool digits(struct str text, size_t at, size_t n, int *out)
{
    *out = 0;
    for (size_t i = at; i < at + n; i++) {
        if (i >= text.n || text.p[i] < '0' || text.p[i] > '9')
            return false;
        *out = *out * 10 + (text.p[i] - '0');
    }
    return true;
}

static bool is_at(struct str text, size_t at, const char *one_of)
{
    return at < text.n && text.p[at] != '\0' && strchr(one_of, text.p[at]) != NULL;
}

/* ".25", of any length: less than a second. */
static size_t fraction_n(struct str text, size_t at)
{
    size_t n = 0;

    if (!is_at(text, at, "."))
        return 0;
    while (is_at(text, at + 1 + n, "0123456789"))
        n++;
    return n > 0 ? n + 1 : 0;
}

/* "Z", "+02:00". */
static bool offset_read(struct str text, size_t at, int64_t *offset_s)
{
    int hours, minutes;

    *offset_s = 0;
    if (is_at(text, at, "Zz"))
        return text.n == at + 1;
    if (!is_at(text, at, "+-") || !digits(text, at + 1, 2, &hours) || !is_at(text, at + 3, ":") ||
        !digits(text, at + 4, 2, &minutes) || text.n != at + 6 || hours > 23 || minutes > 59)
        return false;
    *offset_s = (text.p[at] == '-' ? -1 : 1) * (hours * HOUR_S + minutes * (HOUR_S / 60));
    return true;
}

static bool is_day(int year, int month, int day)
{
    if (month < 1 || month > 12 || day < 1)
        return false;
    int64_t next = month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1);
    return days_of(year, month, day) < next;
}

bool when_rfc3339_read(struct str text, int64_t *at_s)
{
    static const size_t time_n = sizeof "2026-11-23T06:04:00" - 1;
    int year, month, day, hour, minute, second;
    int64_t offset_s;

    *at_s = 0;
    if (!digits(text, 0, 4, &year) || !is_at(text, 4, "-") || !digits(text, 5, 2, &month) || !is_at(text, 7, "-") ||
        !digits(text, 8, 2, &day) || !is_at(text, 10, "Tt") || !digits(text, 11, 2, &hour) || !is_at(text, 13, ":") ||
        !digits(text, 14, 2, &minute) || !is_at(text, 16, ":") || !digits(text, 17, 2, &second))
        return false;
    if (!is_day(year, month, day) || hour > 23 || minute > 59 || second > 60 || /* a leap second [RFC 3339 5.6] */
        !offset_read(text, time_n + fraction_n(text, time_n), &offset_s))
        return false;
    *at_s = days_of(year, month, day) * DAY_S + hour * HOUR_S + minute * (HOUR_S / 60) + second - offset_s;
    return true;
}

struct str when_date(struct arena *a, int64_t at_s)
{
    struct when w = when_local(at_s);

    return arena_printf(a, "%d.%d.%d", w.day, w.month, w.year);
}

struct str when_day(struct arena *a, int64_t at_s)
{
    struct when w = when_local(at_s);

    return arena_printf(a, "%04d-%02d-%02d", w.year, w.month, w.day);
}

static bool day_begins(int64_t year, int64_t month, int64_t day, int64_t *from_s)
{
    for (int hours = 2; hours <= 3; hours++) {
        int64_t at_s = days_of(year, (int)month, (int)day) * DAY_S - hours * HOUR_S;
        struct when w = when_local(at_s);
        if (at_s >= 0 && w.month == month && w.day == day && w.hour == 0) {
            *from_s = at_s;
            return true;
        }
    }
    return false; /* 31 February */
}

bool when_day_read(struct str text, int64_t *from_s)
{
    int64_t year, month, day;

    if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-' || !str_int(str_sub(text, 0, 4), &year) ||
        !str_int(str_sub(text, 5, 2), &month) || !str_int(str_sub(text, 8, 2), &day) || year < 1970 || month < 1 ||
        month > 12 || day < 1 || day > 31)
        return false;
    return day_begins(year, month, day, from_s);
}

bool when_day_read_end(struct str text, int64_t *to_s)
{
    int64_t from_s;

    if (!when_day_read(text, &from_s))
        return false;
    struct when next = when_local(from_s + DAY_S + 3 * HOUR_S); /* a day has 23 to 25 hours */
    return day_begins(next.year, next.month, next.day, to_s);
}

struct str when_rfc3339(struct arena *a, int64_t at_s)
{
    time_t at = at_s;
    struct tm t = { 0 };

    (void)gmtime_r(&at, &t); /* strftime() writes a year before 1000 in three digits */
    return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                        t.tm_min, t.tm_sec);
}
