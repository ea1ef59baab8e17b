/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/settings.h"

#include <inttypes.h>

static const struct number_row {
    const char *name, *meaning;
    size_t at;
    int64_t preset, min, max;
} numbers[] = {
#define N(name, preset, min, max, meaning) { #name, meaning, offsetof(struct settings, name), preset, min, max },
    SETTINGS_NUMBERS(N)
#undef N
};

static const struct text_row {
    const char *name, *meaning, *preset;
    size_t at, max_B;
} texts[] = {
#define T(name, preset, max_B, meaning) { #name, meaning, preset, offsetof(struct settings, name), max_B },
    SETTINGS_TEXTS(T)
#undef T
};

enum { NUMBERS = sizeof numbers / sizeof *numbers, TEXTS = sizeof texts / sizeof *texts };

static int64_t *number_at(struct settings *s, const struct number_row *row)
{
    return (int64_t *)(void *)((char *)s + row->at);
}

static struct str *text_at(struct settings *s, const struct text_row *row)
{
    return (struct str *)(void *)((char *)s + row->at);
}

void settings_defaults(struct settings *s)
{
    for (size_t i = 0; i < NUMBERS; i++)
        *number_at(s, &numbers[i]) = numbers[i].preset;
    for (size_t i = 0; i < TEXTS; i++)
        *text_at(s, &texts[i]) = str_of(texts[i].preset);
}

static bool set_number(struct settings *s, const struct number_row *row, struct str value, struct fail *f)
{
    int64_t v;

    if (!str_int(value, &v) || v < row->min || v > row->max)
        return fail(f, FAIL_CALLER, "bad_setting",
                    "%s: expected a number from %" PRId64 " to %" PRId64 ", got \"%.*s\"", row->name, row->min,
                    row->max, STR_ARG(value));
    *number_at(s, row) = v;
    return true;
}

static bool set_text(struct settings *s, struct arena *a, const struct text_row *row, struct str value, struct fail *f)
{
    if (value.n > row->max_B || !str_is_utf8(value) || str_find_byte(value, '\0', 0) < value.n)
        return fail(f, FAIL_CALLER, "bad_setting", "%s: expected UTF-8 text of at most %zu bytes", row->name,
                    row->max_B);
    *text_at(s, row) = str_of(arena_cstr(a, value));
    return true;
}

/* How many leading bytes two names share: enough to find a slip of the pen. */
static size_t likeness(struct str x, struct str y)
{
    size_t n = 0;

    while (n < x.n && n < y.n && x.p[n] == y.p[n])
        n++;
    return n;
}

static const char *nearest(struct str name)
{
    const char *best = NULL;
    size_t most = 2;

    for (size_t i = 0; i < NUMBERS + TEXTS; i++) {
        const char *known = i < NUMBERS ? numbers[i].name : texts[i - NUMBERS].name;
        size_t like = likeness(name, str_of(known));
        if (like > most) {
            most = like;
            best = known;
        }
    }
    return best;
}

bool settings_set(struct settings *s, struct arena *a, struct str name, struct str value, struct fail *f)
{
    for (size_t i = 0; i < NUMBERS; i++)
        if (str_eq(name, str_of(numbers[i].name)))
            return set_number(s, &numbers[i], value, f);
    for (size_t i = 0; i < TEXTS; i++)
        if (str_eq(name, str_of(texts[i].name)))
            return set_text(s, a, &texts[i], value, f);
    const char *near = nearest(name);
    return fail(f, FAIL_CALLER, "unknown_setting", "unknown setting \"%.*s\"%s%s%s", STR_ARG(name),
                near != NULL ? "; did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static struct str in_state_dir(const struct settings *s, struct arena *a, const char *name)
{
    struct str path = arena_printf(a, "%.*s/%s", STR_ARG(s->state_dir), name);

    return path;
}

/* An origin: scheme, host, port; what is compared with must have one spelling. */
static bool is_origin(struct str url)
{
    struct str rest = str_has_prefix(url, S("https://"))  ? str_from(url, 8)
                      : str_has_prefix(url, S("http://")) ? str_from(url, 7)
                                                          : S("");
    if (rest.n == 0)
        return false;
    for (size_t i = 0; i < rest.n; i++) {
        char c = rest.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' || c == '[' ||
                     c == ']';
        if (!plain)
            return false;
    }
    return true;
}

bool settings_check(struct settings *s, struct arena *a, struct fail *f)
{
    if (!is_origin(s->public_url))
        return fail(
            f, FAIL_CALLER, "bad_setting",
            "public_url: expected https://host or https://host:port in lower case, without a path, got \"%.*s\"",
            STR_ARG(s->public_url));
    if (s->listen.n == 0)
        return fail(f, FAIL_CALLER, "missing_setting", "listen: expected an address with port, or unix:/path");
    if (s->state_dir.n == 0 || s->state_dir.p[0] != '/')
        return fail(f, FAIL_CALLER, "missing_setting", "state_dir: expected an absolute path");
    if (!str_eq(s->log_level, S("debug")) && !str_eq(s->log_level, S("info")) && !str_eq(s->log_level, S("warn")) &&
        !str_eq(s->log_level, S("error")))
        return fail(f, FAIL_CALLER, "bad_setting", "log_level: expected debug, info, warn or error");
    if (s->session_idle_s > s->session_max_s)
        return fail(f, FAIL_CALLER, "bad_setting", "session_idle_s is larger than session_max_s");
    if (s->shared_idle_s > s->session_idle_s)
        s->shared_idle_s = s->session_idle_s; /* a shared device is never trusted for longer */
    if (s->keys_dir.n == 0)
        s->keys_dir = in_state_dir(s, a, "keys");
    if (s->root_secret_file.n == 0)
        s->root_secret_file = in_state_dir(s, a, "root-secret");
    return true;
}

struct str settings_manual(struct arena *a)
{
    struct buf b = buf_new(a, 65536);

    for (size_t i = 0; i < TEXTS; i++)
        buf_printf(&b, "  %-22s %-12s %s\n", texts[i].name, texts[i].preset[0] != '\0' ? texts[i].preset : "-",
                   texts[i].meaning);
    for (size_t i = 0; i < NUMBERS; i++)
        buf_printf(&b, "  %-22s %-12" PRId64 " %s (%" PRId64 "–%" PRId64 ")\n", numbers[i].name, numbers[i].preset,
                   numbers[i].meaning, numbers[i].min, numbers[i].max);
    return buf_str(&b);
}
