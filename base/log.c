/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/log.h"

#include "base/text.h"
#include "base/world.h"

#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_B = 4096, TEXT_B = 200 }; /* LINE_B <= PIPE_BUF: a write is whole or not at all */

static enum log_level least_level = LOG_INFO;
static const char *process_name = "digione";
static atomic_uint_fast64_t dropped;

struct line {
    char p[LINE_B];
    size_t n;
};

static void put(struct line *l, const char *s, size_t n)
{
    if (n > sizeof l->p - 8 - l->n)
        n = sizeof l->p - 8 - l->n;
    memcpy(l->p + l->n, s, n);
    l->n += n;
}

static void put_cstr(struct line *l, const char *s)
{
    put(l, s, strlen(s));
}

/* A terminal, too, obeys what turns the direction of writing. */
static void put_obeyed(struct line *l, uint32_t c)
{
    char text[16];

    if (c < 0x10000)
        (void)snprintf(text, sizeof text, "\\u%04x", c);
    else
        (void)snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xD7C0 + (c >> 10), 0xDC00 + (c & 0x3FF));
    put_cstr(l, text);
}

static void put_text(struct line *l, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    size_t step;
    bool utf8 = s.p != NULL && str_is_utf8(s);
    size_t n = s.n < TEXT_B ? s.n : TEXT_B;

    if (utf8 && n < s.n) /* do not cut a character in two */
        while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
            n--;
    put(l, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\') {
            put(l, (char[]){ '\\', (char)c }, 2);
        } else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8)) {
            put(l, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
        } else if (c >= 0xC2 && text_is_obeyed(text_at(s, i, &step))) {
            put_obeyed(l, text_at(s, i, &step));
            i += step - 1;
        } else {
            put(l, (const char *)&s.p[i], 1);
        }
    }
    put(l, n < s.n ? "…\"" : "\"", n < s.n ? 4 : 1);
}

static void put_time(struct line *l)
{
    char stamp[64];
    int64_t ms = world_now_ms(&world_real);
    time_t s = (time_t)(ms / 1000);
    struct tm tm;

    (void)gmtime_r(&s, &tm);
    size_t n = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(stamp + n, sizeof stamp - n, ".%03dZ", (int)(ms % 1000));
    put_cstr(l, stamp);
}

bool log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    struct line l = { .n = 0 };

    if (level < least_level)
        return false;
    put_cstr(&l, "{\"time\":\"");
    put_time(&l);
    put_cstr(&l, "\",\"level\":\"");
    put_cstr(&l, names[level]);
    put_cstr(&l, "\",\"from\":");
    put_text(&l, str_of(process_name));
    put_cstr(&l, ",\"event\":");
    put_text(&l, str_of(event));
    for (; fields->name != NULL; fields++) {
        if (l.n > LINE_B - 6 * TEXT_B - 100) /* the next field might not fit whole */
            break;
        put_cstr(&l, ",");
        put_text(&l, str_of(fields->name));
        put_cstr(&l, ":");
        if (fields->is_number) {
            char number[24];
            (void)snprintf(number, sizeof number, "%" PRId64, fields->number);
            put_cstr(&l, number);
        } else {
            put_text(&l, fields->text);
        }
    }
    put_cstr(&l, "}\n");
    struct pollfd out = { STDERR_FILENO, POLLOUT, 0 };
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0 && write(STDERR_FILENO, l.p, l.n) >= 0)
        return true;
    atomic_fetch_add(&dropped, 1);
    return false;
}

void log_set_level(enum log_level least)
{
    least_level = least;
}

void log_set_name(const char *process)
{
    process_name = process;
}

uint64_t log_dropped(void)
{
    return atomic_load(&dropped);
}
