/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/kv_int.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum { PASSWORD_MAX_B = 1024 };

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

bool kv_config_read(const struct settings *s, struct arena *a, struct kv_config *out, struct fail *f)
{
    struct sockaddr_storage to;
    socklen_t n;
    char password[PASSWORD_MAX_B + 1];

    *out = (struct kv_config){ .address = s->redis, .user = s->redis_user, .timeout_ms = s->kv_timeout_ms };
    if (!kv_address(s->redis, &to, &n))
        return fail(f, FAIL_CALLER, "bad_setting",
                    "redis: expected host:port or unix:/path that resolves, got \"%.*s\"", STR_ARG(s->redis));
    if (to.ss_family != AF_UNIX) { /* a name becomes the address it has now */
        char host[64], port[8];
        (void)getnameinfo((struct sockaddr *)&to, n, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV);
        out->address = arena_printf(a, to.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    }
    if (!str_is_set(s->redis_password_file))
        return !str_is_set(s->redis_user) ||
               fail(f, FAIL_CALLER, "bad_setting", "redis_user is set, redis_password_file is not");
    int fd = open(arena_cstr(a, s->redis_password_file), O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, password, sizeof password) : -1;
    if (fd >= 0)
        (void)close(fd);
    if (got <= 0 || got > PASSWORD_MAX_B)
        return fail(f, FAIL_OURS, "redis_password_file", "redis_password_file \"%.*s\": %s",
                    STR_ARG(s->redis_password_file), got < 0 ? strerror(errno) : "empty, or longer than 1024 bytes");
    out->password = arena_str(a, str_trim(str_n(password, (size_t)got)));
    explicit_bzero(password, sizeof password);
    return true;
}
