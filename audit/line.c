/* SPDX-License-Identifier: EUPL-1.2 */
#include "audit/line.h"

#include "base/crypt.h"
#include "wire/json.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TAIL_B = sizeof ",\"prev\":\"" - 1 + AUDIT_HEAD_HEX + sizeof "\"}" - 1 };

const char audit_no_line[] = "0000000000000000000000000000000000000000000000000000000000000000";

static void put_most(struct json_out *o, const char *name, struct str value, size_t most_B)
{
    size_t n = value.n < most_B ? value.n : most_B;

    while (n > 0 && n < value.n && ((unsigned char)value.p[n] & 0xC0) == 0x80) /* do not cut a character in two */
        n--;
    if (str_is_set(value))
        json_put_str(o, str_of(name), str_sub(value, 0, n));
}

static void put(struct json_out *o, const char *name, struct str value)
{
    put_most(o, name, value, AUDIT_TEXT_MAX_B);
}

struct str audit_members(struct arena *a, const struct audit_event *e)
{
    struct json_out o = json_out(a, AUDIT_LINE_MAX_B);

    json_begin_object(&o);
    put(&o, "event", str_of(e->event));
    put(&o, "person", e->person);
    put(&o, "service", e->service);
    put(&o, "idp", e->idp);
    put(&o, "rule", e->rule);
    put(&o, "claims", e->claims);
    put(&o, "reason", e->reason);
    put(&o, "sid", e->sid);
    put(&o, "support_code", e->support_code);
    put(&o, "as", e->as);
    put(&o, "child", e->child);
    if (e->version != 0)
        json_put_int(&o, S("version"), e->version);
    put(&o, "device", e->device);
    put(&o, "told", e->told);
    if (e->change != 0)
        json_put_int(&o, S("change"), e->change);
    put(&o, "maker", e->maker);
    put(&o, "who", e->who);
    put(&o, "acting_as", e->acting_as);
    put(&o, "area", e->area);
    put(&o, "why", e->why);
    put(&o, "row", e->row);
    put_most(&o, "before", e->before, AUDIT_LONG_MAX_B);
    put_most(&o, "after", e->after, AUDIT_LONG_MAX_B);
    json_end_object(&o);
    struct str whole = json_done(&o);
    return whole.n > 2 ? str_sub(whole, 1, whole.n - 2) : whole;
}

struct str audit_line_write(struct arena *a, uint64_t number, int64_t at_ms, struct str members, struct str prev)
{
    char at[32];
    struct tm t;
    time_t seconds = at_ms / 1000;

    (void)strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &t));
    return arena_printf(a, "{\"n\":%" PRIu64 ",\"at\":\"%s.%03dZ\",%.*s,\"prev\":\"%.*s\"}", number, at,
                        (int)(at_ms % 1000), STR_ARG(members), STR_ARG(prev));
}

static bool is_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return true;
}

bool audit_line_read(struct str line, struct audit_line *out)
{
    int64_t number;

    if (line.n > AUDIT_LINE_MAX_B || line.n < TAIL_B + 8 || !str_has_prefix(line, S("{\"n\":")))
        return false;
    struct str rest = str_from(line, 5), digits = str_sub(rest, 0, str_find_byte(rest, ',', 0));
    struct str tail = str_from(line, line.n - TAIL_B);
    out->prev = str_sub(tail, 9, AUDIT_HEAD_HEX);
    if (!str_int(digits, &number) || number < 1 || digits.p[0] == '0' || !str_has_prefix(tail, S(",\"prev\":\"")) ||
        !str_has_suffix(tail, S("\"}")) || !is_hex(out->prev))
        return false;
    out->number = (uint64_t)number;
    return true;
}

struct str audit_line_at(struct str line)
{
    static const struct str name = S(",\"at\":\"");
    struct str at = str_from(line, str_find_byte(line, ',', 0));

    if (!str_has_prefix(at, name) || at.n < name.n + AUDIT_AT_B)
        return (struct str){ NULL, 0 };
    return str_sub(at, name.n, AUDIT_AT_B);
}

static bool is_at(struct str at)
{
    static const char form[] = "0000-00-00T00:00:00";

    for (size_t i = 0; i < AUDIT_AT_B; i++)
        if (form[i] == '0' ? at.p[i] < '0' || at.p[i] > '9' : at.p[i] != form[i])
            return false;
    return true;
}

static int digits(struct str at, size_t from, size_t n)
{
    int number = 0;

    for (size_t i = 0; i < n; i++)
        number = 10 * number + (at.p[from + i] - '0');
    return number;
}

int64_t audit_at_s(struct str at)
{
    if (at.p == NULL || !is_at(at))
        return 0;
    struct tm t = { .tm_year = digits(at, 0, 4) - 1900,
                    .tm_mon = digits(at, 5, 2) - 1,
                    .tm_mday = digits(at, 8, 2),
                    .tm_hour = digits(at, 11, 2),
                    .tm_min = digits(at, 14, 2),
                    .tm_sec = digits(at, 17, 2) };
    return (int64_t)timegm(&t);
}

int64_t audit_line_at_s(struct str line)
{
    return audit_at_s(audit_line_at(line));
}

struct str audit_line_hash(struct arena *a, struct str line)
{
    return sha256_hex(a, line);
}

struct str audit_file_read(struct arena *a, int dir_fd, const char *name)
{
    struct stat st;
    struct str whole = { NULL, 0 };
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= 2 * AUDIT_SEGMENT_MAX_B) {
        char *p = arena_alloc(a, (size_t)st.st_size + 1);
        size_t n = 0;
        ssize_t got = 1;
        while (n < (size_t)st.st_size && (got = pread(fd, p + n, (size_t)st.st_size - n, (off_t)n)) > 0)
            n += (size_t)got;
        if (got >= 0)
            whole = str_n(p, n);
    }
    if (fd >= 0)
        (void)close(fd);
    return whole;
}

bool audit_line_next(struct str *rest, struct str *line)
{
    size_t end = str_find_byte(*rest, '\n', 0);

    if (end == rest->n)
        return false;
    *line = str_sub(*rest, 0, end);
    *rest = str_from(*rest, end + 1);
    return true;
}

static void find_segments(int dir_fd, unsigned *first, unsigned *last)
{
    unsigned number;
    char again[32];
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

    *first = *last = 0;
    if (d == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (sscanf(e->d_name, AUDIT_SEGMENT_FORM, &number) != 1 || number > 999999 ||
            snprintf(again, sizeof again, AUDIT_SEGMENT_FORM, number) <= 0 || strcmp(again, e->d_name) != 0)
            continue;
        if (number > *last)
            *last = number;
        if (*first == 0 || number < *first)
            *first = number;
    }
    (void)closedir(d);
}

unsigned audit_last_segment(int dir_fd)
{
    unsigned first, last;

    find_segments(dir_fd, &first, &last);
    return last;
}

unsigned audit_first_segment(int dir_fd)
{
    unsigned first, last;

    find_segments(dir_fd, &first, &last);
    return first;
}
