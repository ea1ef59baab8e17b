/* SPDX-License-Identifier: EUPL-1.2
 * Moments and durations, in milliseconds.  A moment is YYYY-MM-DD, or with
 * THH:MM:SS, then .SSS or nothing, then Z or +hhmm or -hhmm.  A duration is
 * -?1d2h3m4s5ms, each part once, in this order, at least one.
 * [Cedar: datetime extension] */
#include "policy/cedar/ext_types.h"

static const char no_room[] = "this duration does not fit into 64 bits of milliseconds";

/* Exactly n digits at the start of *s; takes them off. */
static bool take_digits(struct str *s, size_t n, int *out)
{
    if (s->n < n)
        return false;
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        *out = *out * 10 + (s->p[i] - '0');
    }
    *s = str_from(*s, n);
    return true;
}

static bool take_byte(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_from(*s, 1);
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years
 * that begin in March, so that the leap day is their last. */
static int64_t days_from_date(int year, int month, int day)
{
    int64_t y = year - (month <= 2) + 400; /* the year 0 is allowed; keep it positive */
    int64_t era = y / 400, of_era = y % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return (era - 1) * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "Z", "+hhmm" or "-hhmm", and nothing behind it. */
static const char *take_zone(struct str *s, int64_t *offset_ms)
{
    int hours, minutes;

    *offset_ms = 0;
    if (take_byte(s, 'Z'))
        return s->n == 0 ? NULL : "there is something behind the time";
    bool east = s->n > 0 && s->p[0] == '+';
    if ((!take_byte(s, '+') && !take_byte(s, '-')) || !take_digits(s, 2, &hours) || !take_digits(s, 2, &minutes) ||
        s->n > 0)
        return "a time ends with `Z` or an offset like `+0200`";
    if (hours > 23 || minutes > 59)
        return "this offset does not exist";
    *offset_ms = (int64_t)(hours * 60 + minutes) * 60000 * (east ? 1 : -1);
    return NULL;
}

const char *datetime_parse(struct str s, int64_t *out)
{
    int year, month, day, hour = 0, minute = 0, second = 0, ms = 0;
    int64_t offset_ms = 0;

    if (!take_digits(&s, 4, &year) || !take_byte(&s, '-') || !take_digits(&s, 2, &month) || !take_byte(&s, '-') ||
        !take_digits(&s, 2, &day))
        return "a datetime begins with a date like `2026-08-10`";
    if (s.n > 0) {
        if (!take_byte(&s, 'T') || !take_digits(&s, 2, &hour) || !take_byte(&s, ':') || !take_digits(&s, 2, &minute) ||
            !take_byte(&s, ':') || !take_digits(&s, 2, &second))
            return "a date is followed by nothing or by a time like `T08:00:00Z`";
        if (take_byte(&s, '.') && !take_digits(&s, 3, &ms))
            return "a fraction of a second has three digits";
        const char *why = take_zone(&s, &offset_ms);
        if (why != NULL)
            return why;
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return "this date does not exist";
    if (hour > 23 || minute > 59 || second > 59)
        return "this time does not exist";
    *out = days_from_date(year, month, day) * 86400000 + ((hour * 60 + minute) * 60 + second) * (int64_t)1000 + ms -
           offset_ms;
    return NULL;
}

/* The text form has four digits for the year; offset() reaches beyond. */
bool datetime_has_text(int64_t v)
{
    return v >= -62167219200000 && v <= 253402300799999;
}

void datetime_text(struct buf *b, int64_t v)
{
    int64_t days = v / 86400000 - (v % 86400000 < 0), ms = v - days * 86400000;
    int64_t z = days + 719468 + 146097, era = z / 146097, of_era = z % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), m = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * m + 2) / 5 + 1, month = m < 10 ? m + 3 : m - 9;

    year += (era - 1) * 400 + (month <= 2);
    buf_printf(b, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
    if (ms == 0)
        return;
    buf_printf(b, "T%02d:%02d:%02d", (int)(ms / 3600000), (int)(ms / 60000 % 60), (int)(ms / 1000 % 60));
    if (ms % 1000 != 0)
        buf_printf(b, ".%03d", (int)(ms % 1000));
    buf_byte(b, 'Z');
}

/* All digits at the start of *s, negated, so that -2^63 can be read. */
static const char *take_count(struct str *s, int64_t *out)
{
    size_t n = 0;
    int64_t v = 0;
    bool over = false;

    for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++)
        over = over || __builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, s->p[n] - '0', &v);
    *s = str_from(*s, n);
    *out = v;
    return n == 0 ? "a duration is written like `1d2h3m4s5ms`" : over ? no_room : NULL;
}

const char *duration_parse(struct str s, int64_t *out)
{
    static const struct {
        struct str name;
        int64_t ms;
    } units[] = { { S("d"), 86400000 }, { S("h"), 3600000 }, { S("m"), 60000 }, { S("s"), 1000 }, { S("ms"), 1 } };
    bool negative = take_byte(&s, '-'), overflow = false;
    size_t unit = 0;
    int64_t v = 0, part;

    if (s.n == 0)
        return "a duration is written like `1d2h3m4s5ms`";
    while (s.n > 0) {
        const char *why = take_count(&s, &part);
        if (why != NULL && why != no_room)
            return why;
        overflow = overflow || why != NULL;
        bool millis = str_has_prefix(s, S("ms"));
        while (unit < 5 && !(millis ? unit == 4 : str_has_prefix(s, units[unit].name)))
            unit++;
        if (unit == 5)
            return "a duration's units are d, h, m, s, ms, each once and in this order";
        s = str_from(s, units[unit].name.n);
        overflow =
            overflow || __builtin_mul_overflow(part, units[unit].ms, &part) || __builtin_add_overflow(v, part, &v);
        unit++;
    }
    if (!negative)
        overflow = overflow || __builtin_sub_overflow((int64_t)0, v, &v);
    *out = v;
    return overflow ? no_room : NULL;
}
