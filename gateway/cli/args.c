/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/args.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool digits(struct str *rest, size_t n, int64_t *out)
{
    int64_t v = 0;

    if (rest->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (rest->p[i] < '0' || rest->p[i] > '9')
            return false;
        v = v * 10 + (rest->p[i] - '0');
    }
    *rest = str_from(*rest, n);
    *out = v;
    return true;
}

static bool one_of(struct str *rest, const char *choices)
{
    if (rest->n == 0 || rest->p[0] == '\0' || strchr(choices, rest->p[0]) == NULL)
        return false;
    *rest = str_from(*rest, 1);
    return true;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_in(int64_t year, int64_t month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01, of the proleptic Gregorian calendar. */
static int64_t days_since_epoch(int64_t year, int64_t month, int64_t day)
{
    int64_t days = day - 1, before = year - 1;

    for (int64_t m = 1; m < month; m++)
        days += days_in(year, m);
    return days + before * 365 + before / 4 - before / 100 + before / 400 - 719162;
}

static bool date(struct str *rest, int64_t *seconds)
{
    int64_t year, month, day;

    if (!digits(rest, 4, &year) || !one_of(rest, "-") || !digits(rest, 2, &month) || !one_of(rest, "-") ||
        !digits(rest, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    *seconds = days_since_epoch(year, month, day) * 86400;
    return true;
}

static bool clock_time(struct str *rest, int64_t *seconds)
{
    int64_t hour, minute, second;

    if (!digits(rest, 2, &hour) || !one_of(rest, ":") || !digits(rest, 2, &minute) || !one_of(rest, ":") ||
        !digits(rest, 2, &second) || hour > 23 || minute > 59 || second > 60)
        return false;
    if (one_of(rest, ".")) {
        int64_t digit;
        if (!digits(rest, 1, &digit))
            return false;
        while (digits(rest, 1, &digit))
            continue;
    }
    *seconds += hour * 3600 + minute * 60 + second;
    return true;
}

/* "Z" or "+02:00" [RFC 3339 5.6]. */
static bool offset(struct str *rest, int64_t *seconds)
{
    int64_t hour, minute;
    bool west = rest->n > 0 && rest->p[0] == '-';

    if (one_of(rest, "Zz"))
        return true;
    if (!one_of(rest, "+-") || !digits(rest, 2, &hour) || !one_of(rest, ":") || !digits(rest, 2, &minute) ||
        hour > 23 || minute > 59)
        return false;
    *seconds += (west ? 1 : -1) * (hour * 3600 + minute * 60);
    return true;
}

bool args_time(const char *text, int64_t *out)
{
    struct str rest = str_of(text);
    int64_t seconds = 0;

    if (str_int(rest, out))
        return true;
    if (!date(&rest, &seconds) || !one_of(&rest, "Tt") || !clock_time(&rest, &seconds) || !offset(&rest, &seconds) ||
        rest.n > 0)
        return false;
    *out = seconds;
    return true;
}

bool args_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
    return str_int(str_of(text), out) && *out >= min && *out <= max;
}

bool args_file(struct arena *a, const char *path, size_t max_B, struct str *out)
{
    bool standard_input = str_eq(str_of(path), S("-"));
    int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    char *p = arena_alloc(a, max_B + 1);
    size_t n = 0;
    ssize_t got = fd < 0 ? -1 : 1;

    while (got > 0 && n <= max_B) {
        got = read(fd, p + n, max_B + 1 - n);
        n += got > 0 ? (size_t)got : 0;
    }
    int why = errno;
    if (fd >= 0 && !standard_input)
        (void)close(fd);
    errno = why;
    *out = str_n(p, n);
    return got >= 0;
}
