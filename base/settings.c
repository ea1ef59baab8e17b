/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/settings.h"

#include "base/near.h"

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

static const char *const known_names[] = {
#define N(name, preset, min, max, meaning) #name,
    SETTINGS_NUMBERS(N)
#undef N
#define T(name, preset, max_B, meaning) #name,
        SETTINGS_TEXTS(T)
#undef T
            NULL
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

bool settings_set(struct settings *s, struct arena *a, struct str name, struct str value, struct fail *f)
{
    for (size_t i = 0; i < NUMBERS; i++)
        if (str_eq(name, str_of(numbers[i].name)))
            return set_number(s, &numbers[i], value, f);
    for (size_t i = 0; i < TEXTS; i++)
        if (str_eq(name, str_of(texts[i].name)))
            return set_text(s, a, &texts[i], value, f);
    return fail_long(f, FAIL_CALLER, "unknown_setting", "unknown setting \"%.*s\"%.*s", STR_ARG(name),
                     STR_ARG(near_help(a, name, known_names)));
}

static struct str in_state_dir(const struct settings *s, struct arena *a, const char *name)
{
    struct str path = arena_printf(a, "%.*s/%s", STR_ARG(s->state_dir), name);

    return path;
}

/* The address that people and services use. */

struct origin {
    struct str host, port; /* port: absent when there is none */
    bool https;
};

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A name of labels, or an IPv4 address in four parts [RFC 1123 2.1]. */
static bool is_host_name(struct str host)
{
    struct str rest = host, label;

    if (host.n == 0 || host.n > 253 || host.p[host.n - 1] == '.')
        return false;
    while (str_split(&rest, '.', &label)) {
        if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
            return false;
        for (size_t i = 0; i < label.n; i++)
            if (!is_lower_or_digit(label.p[i]) && label.p[i] != '-')
                return false;
    }
    return true;
}

/* Four numbers from 0 to 255; four, with their first in *first. */
static bool is_ipv4(struct str host, int64_t *first)
{
    struct str rest = host, part;
    size_t parts = 0;

    for (int64_t n; str_split(&rest, '.', &part); parts++) {
        if (!str_int(part, &n) || n < 0 || n > 255 || (part.n > 1 && part.p[0] == '0'))
            return false;
        if (parts == 0)
            *first = n;
    }
    return parts == 4;
}

static bool is_ipv6(struct str host)
{
    if (host.n < 4 || host.p[0] != '[' || host.p[host.n - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < host.n; i++)
        if (!is_lower_or_digit(host.p[i]) && host.p[i] != ':' && host.p[i] != '.')
            return false;
    return str_find_byte(host, ':', 0) < host.n;
}

/* What never leaves this machine, whoever else answers for a name [RFC 6761 6.3]. */
static bool is_loopback(struct str host)
{
    int64_t first;

    return str_eq(host, S("localhost")) || str_has_suffix(host, S(".localhost")) || str_eq(host, S("[::1]")) ||
           (is_ipv4(host, &first) && first == 127);
}

/* Scheme, host and port alone: what is compared with must have one spelling. */
static bool read_origin(struct str url, struct origin *out)
{
    int64_t port;

    out->https = str_has_prefix(url, S("https://"));
    if (!out->https && !str_has_prefix(url, S("http://")))
        return false;
    struct str rest = str_from(url, out->https ? 8 : 7);
    size_t end = str_has_prefix(rest, S("[")) ? str_find_byte(rest, ']', 0) + 1 : str_find_byte(rest, ':', 0);
    out->host = str_sub(rest, 0, end);
    out->port = end < rest.n ? str_from(rest, end + 1) : (struct str){ NULL, 0 };
    if (end < rest.n && (rest.p[end] != ':' || out->port.n == 0 || out->port.p[0] == '0' ||
                         !str_int(out->port, &port) || port < 1 || port > 65535))
        return false;
    return is_ipv6(out->host) || is_host_name(out->host);
}

static bool check_public_url(const struct settings *s, struct fail *f)
{
    struct origin at;

    if (s->public_url.n == 0)
        return fail(f, FAIL_CALLER, "missing_setting",
                    "public_url is missing: the address that people and services use, https://host");
    if (!read_origin(s->public_url, &at))
        return fail(
            f, FAIL_CALLER, "bad_setting",
            "public_url: expected https://host or https://host:port in lower case, without a path, got \"%.*s\"",
            STR_ARG(s->public_url));
    if (str_eq(at.port, at.https ? S("443") : S("80")))
        return fail(f, FAIL_CALLER, "bad_setting",
                    "public_url: expected no \":%.*s\", which %s means by itself: browsers and services leave it out",
                    STR_ARG(at.port), at.https ? "https" : "http");
    if (!at.https && !is_loopback(at.host))
        return fail(f, FAIL_CALLER, "bad_setting",
                    "public_url: expected https://%.*s; http is for localhost, *.localhost and loopback addresses "
                    "alone: anywhere else passwords and sign-ins would travel in clear",
                    STR_ARG(at.host));
    return true;
}

/* Another name of this gateway; a certificate comes over TLS alone. */
static bool check_mtls_url(const struct settings *s, struct fail *f)
{
    struct origin at;

    if (s->mtls_url.n == 0)
        return s->client_ca_file.n == 0 ||
               fail(f, FAIL_CALLER, "bad_setting", "client_ca_file is set, mtls_url is not: no certificate can come");
    if (!read_origin(s->mtls_url, &at) || !at.https || str_eq(at.port, S("443")))
        return fail(f, FAIL_CALLER, "bad_setting",
                    "mtls_url: expected https://host or https://host:port in lower case, without a path, got \"%.*s\"",
                    STR_ARG(s->mtls_url));
    return s->trusted_proxy.n > 0 || fail(f, FAIL_CALLER, "bad_setting",
                                          "mtls_url is set, trusted_proxy is not: certificates are believed from there "
                                          "only");
}

static bool check_excepted(struct str name, struct fail *f)
{
    int64_t first;

    return is_host_name(str_has_prefix(name, S(".")) ? str_from(name, 1) : name) && !is_ipv4(name, &first)
               ? true
               : fail(f, FAIL_CALLER, "bad_setting",
                      "outgoing_proxy_except: expected names in lower case with commas between them, got \"%.*s\"",
                      STR_ARG(name));
}

static bool check_outgoing_proxy(const struct settings *s, struct fail *f)
{
    struct origin at;
    struct str rest = s->outgoing_proxy_except, name;
    bool alone = s->outgoing_proxy.n == 0;

    if (alone && (s->outgoing_proxy_login_file.n > 0 || rest.n > 0))
        return fail(f, FAIL_CALLER, "bad_setting", "%s is set, outgoing_proxy is not",
                    rest.n > 0 ? "outgoing_proxy_except" : "outgoing_proxy_login_file");
    if (!alone && (!read_origin(s->outgoing_proxy, &at) || at.https || !str_is_set(at.port)))
        return fail(
            f, FAIL_CALLER, "bad_setting",
            "outgoing_proxy: expected http://host:port in lower case, without a path or a user name (that is what "
            "outgoing_proxy_login_file is for)");
    while (rest.n > 0 && str_split(&rest, ',', &name))
        if (!check_excepted(str_trim(name), f))
            return false;
    return true;
}

/* One address of ASCII; what else an address may not have, model/mailbox.h says. */
static bool is_sender(struct str s)
{
    size_t at = str_find_byte(s, '@', 0);

    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '<' || s.p[i] == '>' || (i != at && s.p[i] == '@'))
            return false;
    return at > 0 && at + 1 < s.n;
}

/* "starttls://mail.kunta.example:587" as the origin it would be of https. */
static bool read_smtp(struct arena *a, struct str url, struct origin *out)
{
    static const char *const schemes[] = { "smtps://", "starttls://", "smtp://" };

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct str scheme = str_of(schemes[i]);
        if (!str_has_prefix(url, scheme))
            continue;
        if (!read_origin(arena_join(a, S("https://"), str_from(url, scheme.n)), out))
            return false;
        out->https = !str_eq(scheme, S("smtp://"));
        return true;
    }
    return false;
}

static bool check_smtp(const struct settings *s, struct arena *a, struct fail *f)
{
    struct origin at;

    if (s->smtp.n == 0)
        return (s->smtp_user.n == 0 && s->smtp_password_file.n == 0 && s->smtp_from.n == 0) ||
               fail(f, FAIL_CALLER, "bad_setting", "%s is set, smtp is not",
                    s->smtp_user.n > 0            ? "smtp_user"
                    : s->smtp_password_file.n > 0 ? "smtp_password_file"
                                                  : "smtp_from");
    if (!read_smtp(a, s->smtp, &at))
        return fail(f, FAIL_CALLER, "bad_setting",
                    "smtp: expected starttls://host:587 or smtps://host:465 in lower case, without a path or a user "
                    "name (that is smtp_user), got \"%.*s\"",
                    STR_ARG(s->smtp));
    if (!at.https && !is_loopback(at.host))
        return fail(f, FAIL_CALLER, "bad_setting",
                    "smtp: expected starttls://%.*s or smtps://%.*s; smtp:// is for this machine alone: anywhere else "
                    "invitations and the password would travel in clear",
                    STR_ARG(at.host), STR_ARG(at.host));
    if (!is_sender(s->smtp_from))
        return fail(f, FAIL_CALLER, s->smtp_from.n == 0 ? "missing_setting" : "bad_setting",
                    "smtp_from: expected the address that mail comes from, digione@kunta.example, got \"%.*s\"",
                    STR_ARG(s->smtp_from));
    return (s->smtp_user.n > 0) == (s->smtp_password_file.n > 0) ||
           fail(f, FAIL_CALLER, "missing_setting", "%s is set, %s is not",
                s->smtp_user.n > 0 ? "smtp_user" : "smtp_password_file",
                s->smtp_user.n > 0 ? "smtp_password_file" : "smtp_user");
}

bool settings_check(struct settings *s, struct arena *a, struct fail *f)
{
    if (!check_public_url(s, f) || !check_mtls_url(s, f) || !check_outgoing_proxy(s, f) || !check_smtp(s, a, f))
        return false;
    if (s->listen.n == 0)
        return fail(f, FAIL_CALLER, "missing_setting",
                    "listen is missing: an address with port (127.0.0.1:8080), or unix:/path/to/socket");
    if (s->state_dir.n == 0)
        return fail(f, FAIL_CALLER, "missing_setting", "state_dir is missing: an absolute path");
    if (s->state_dir.p[0] != '/')
        return fail(f, FAIL_CALLER, "bad_setting", "state_dir: expected an absolute path, got \"%.*s\"",
                    STR_ARG(s->state_dir));
    if (!str_eq(s->log_level, S("debug")) && !str_eq(s->log_level, S("info")) && !str_eq(s->log_level, S("warn")) &&
        !str_eq(s->log_level, S("error")))
        return fail(f, FAIL_CALLER, "bad_setting", "log_level: expected debug, info, warn or error, got \"%.*s\"",
                    STR_ARG(s->log_level));
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
