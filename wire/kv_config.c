/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/kv_int.h"
#include "wire/kv_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum { PASSWORD_MAX_B = 1024 };

/* "[::1]:6379" is of ::1. */
struct str kv_host(struct str address)
{
    size_t colon = address.n;

    while (colon > 0 && address.p[colon - 1] != ':')
        colon--;
    struct str h = str_sub(address, 0, colon > 0 ? colon - 1 : 0);
    return h.n > 2 && h.p[0] == '[' ? str_sub(h, 1, h.n - 2) : h;
}

bool kv_address(struct str text, struct sockaddr_storage *out, socklen_t *n)
{
    memset(out, 0, sizeof *out);
    if (str_has_prefix(text, S("unix:"))) {
        struct sockaddr_un *u = (struct sockaddr_un *)out;
        text = str_from(text, 5);
        if (text.n == 0 || text.n >= sizeof u->sun_path)
            return false;
        u->sun_family = AF_UNIX;
        memcpy(u->sun_path, text.p, text.n);
        *n = sizeof *u;
        return true;
    }
    size_t colon = text.n;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    int64_t number;
    if (colon < 2 || text.n - colon > 5 || !str_int(str_from(text, colon), &number) || number < 1 || number > 65535)
        return false;
    char host[256] = "", port[8] = "";
    struct str h = str_sub(text, 0, colon - 1);
    if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = str_sub(h, 1, h.n - 2);
    if (h.n >= sizeof host)
        return false;
    memcpy(host, h.p, h.n);
    memcpy(port, text.p + colon, text.n - colon);
    struct addrinfo wanted = { .ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *found = NULL;
    if (getaddrinfo(host, port, &wanted, &found) != 0)
        return false;
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *n = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

/* A name becomes the address it has now; false: it has none. */
static bool resolve(struct arena *a, struct str text, struct str *out)
{
    struct sockaddr_storage to;
    socklen_t n;
    char host[64], port[8];

    if (!kv_address(text, &to, &n))
        return false;
    *out = text;
    if (to.ss_family != AF_UNIX) {
        (void)getnameinfo((struct sockaddr *)&to, n, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV);
        *out = arena_printf(a, to.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    }
    return true;
}

static bool read_password(struct arena *a, const char *setting, struct str path, struct str *out, struct fail *f)
{
    char password[PASSWORD_MAX_B + 1];
    int fd = open(arena_cstr(a, path), O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, password, sizeof password) : -1;

    if (fd >= 0)
        (void)close(fd);
    if (got <= 0 || got > PASSWORD_MAX_B)
        return fail(f, FAIL_OURS, "redis_password_file", "%s \"%.*s\": %s", setting, STR_ARG(path),
                    got < 0 ? strerror(errno) : "empty, or longer than 1024 bytes");
    *out = arena_str(a, str_trim(str_n(password, (size_t)got)));
    explicit_bzero(password, sizeof password);
    return true;
}

static bool read_login(struct arena *a, const char *of, struct str user, struct str path, struct str *out,
                       struct fail *f)
{
    char setting[64];

    if (!str_is_set(path))
        return !str_is_set(user) ||
               fail(f, FAIL_CALLER, "bad_setting", "%s_user is set, %s_password_file is not", of, of);
    (void)snprintf(setting, sizeof setting, "%s_password_file", of);
    return read_password(a, setting, path, out, f);
}

static bool read_sentinels(const struct settings *s, struct arena *a, struct kv_config *out, struct fail *f)
{
    struct str rest = s->redis_sentinels, part;

    while (str_split(&rest, ',', &part)) {
        part = str_trim(part);
        if (out->sentinel_count == KV_SENTINELS_MAX)
            return fail(f, FAIL_CALLER, "bad_setting", "redis_sentinels: at most %d", KV_SENTINELS_MAX);
        if (!resolve(a, part, &out->sentinels[out->sentinel_count++]))
            return fail(f, FAIL_CALLER, "bad_setting",
                        "redis_sentinels: expected host:port, …, each of which resolves, got \"%.*s\"", STR_ARG(part));
    }
    return true;
}

static bool read_ports(const struct settings *s, struct kv_config *out, struct fail *f)
{
    struct str rest = s->redis_ports, part;

    while (str_split(&rest, ',', &part)) {
        int64_t *port = &out->ports[out->port_count];
        if (out->port_count == KV_PORTS_MAX || !str_int(str_trim(part), port) || *port < 1 || *port > 65535)
            return fail(f, FAIL_CALLER, "bad_setting", "redis_ports: expected up to %d ports, 6379, 6380, got \"%.*s\"",
                        KV_PORTS_MAX, STR_ARG(s->redis_ports));
        out->port_count++;
    }
    return true;
}

static bool read_where(const struct settings *s, struct arena *a, struct kv_config *out, struct fail *f)
{
    out->master = s->redis_master;
    if (str_is_set(s->redis_sentinels))
        return (!str_is_set(s->redis) ||
                fail(f, FAIL_CALLER, "bad_setting",
                     "redis and redis_sentinels are both set: the sentinels say where Redis is")) &&
               read_sentinels(s, a, out, f) && read_ports(s, out, f);
    return resolve(a, s->redis, &out->address) ||
           fail(f, FAIL_CALLER, "bad_setting", "redis: expected host:port or unix:/path that resolves, got \"%.*s\"",
                STR_ARG(s->redis));
}

static bool read_tls(const struct settings *s, struct arena *a, struct kv_config *out, struct fail *f)
{
    const struct kv_tls_files files = {
        .ca = s->redis_tls_ca_file,
        .cert = s->redis_tls_cert_file,
        .key = s->redis_tls_key_file,
        .name = str_is_set(s->redis_tls_name) || out->sentinel_count > 0
                    ? s->redis_tls_name
                    : kv_host(s->redis) /* and not the address that it has become */,
    };

    if (str_is_set(files.cert) != str_is_set(files.key))
        return fail(f, FAIL_CALLER, "bad_setting", "redis_tls_cert_file and redis_tls_key_file belong together");
    if (!str_is_set(files.ca))
        return (!str_is_set(files.cert) && !str_is_set(s->redis_tls_name)) ||
               fail(f, FAIL_CALLER, "bad_setting",
                    "redis_tls_ca_file is not set, so there is no TLS for the other redis_tls_… settings");
    if (str_has_prefix(s->redis, S("unix:")))
        return fail(f, FAIL_CALLER, "bad_setting", "redis_tls_ca_file is set, and redis is a socket, which has no TLS");
    out->tls = kv_tls_new(a, &files, f);
    return out->tls != NULL;
}

static bool read_guard(const struct settings *s, struct kv_config *out, struct fail *f)
{
    out->wait_replicas = s->redis_wait_replicas;
    out->wait_ms = s->redis_wait_ms;
    out->go_on = str_eq(s->redis_wait_else, S("go_on"));
    if (!out->go_on && !str_eq(s->redis_wait_else, S("refuse")))
        return fail(f, FAIL_CALLER, "bad_setting", "redis_wait_else: expected go_on or refuse, got \"%.*s\"",
                    STR_ARG(s->redis_wait_else));
    return out->wait_replicas == 0 || out->wait_ms < s->kv_timeout_ms ||
           fail(f, FAIL_CALLER, "bad_setting", "redis_wait_ms must be less than kv_timeout_ms");
}

bool kv_config_read(const struct settings *s, struct arena *a, struct kv_config *out, struct fail *f)
{
    *out = (struct kv_config){ .user = s->redis_user,
                               .timeout_ms = s->kv_timeout_ms,
                               .sentinel_user = s->redis_sentinel_user };
    return read_where(s, a, out, f) &&
           read_login(a, "redis", s->redis_user, s->redis_password_file, &out->password, f) &&
           read_login(a, "redis_sentinel", s->redis_sentinel_user, s->redis_sentinel_password_file,
                      &out->sentinel_password, f) &&
           read_tls(s, a, out, f) && read_guard(s, out, f);
}
