/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

static bool failed(const char *what, struct str address, struct fail *f)
{
    if (errno == EADDRINUSE)
        return fail(f, FAIL_OURS, "listen_taken", "listen: %.*s is taken by another program", STR_ARG(address));
    return fail(f, FAIL_OURS, "listen_failed", "listen: %s %.*s: %s", what, STR_ARG(address), strerror(errno));
}

static bool read_tcp(struct str text, union address *out, socklen_t *n)
{
    size_t colon = text.n;
    char host[64];
    int64_t port;

    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == ':')
            colon = i;
    struct str name = str_sub(text, 0, colon);
    if (colon == text.n || !str_int(str_from(text, colon + 1), &port) || port < 1 || port > 65535)
        return false;
    bool six = name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']';
    if (six)
        name = str_sub(name, 1, name.n - 2);
    if (name.n >= sizeof host)
        return false;
    memcpy(host, name.p, name.n);
    host[name.n] = '\0';
    memset(out, 0, sizeof *out);
    if (six) {
        out->in6.sin6_family = AF_INET6;
        out->in6.sin6_port = htons((uint16_t)port);
        *n = sizeof out->in6;
        return inet_pton(AF_INET6, host, &out->in6.sin6_addr) == 1;
    }
    out->in.sin_family = AF_INET;
    out->in.sin_port = htons((uint16_t)port);
    *n = sizeof out->in;
    return inet_pton(AF_INET, host, &out->in.sin_addr) == 1;
}

static int bound(const union address *at, socklen_t n, bool shared)
{
    int one = 1, fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (at->any.sa_family != AF_UNIX) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (at->any.sa_family == AF_INET6)
            (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
        if (shared)
            (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    }
    if (bind(fd, &at->any, n) == 0)
        return fd;
    int why = errno;
    (void)close(fd);
    errno = why;
    return -1;
}

static bool bad_address(struct str address, struct fail *f)
{
    return fail(f, FAIL_CALLER, "bad_setting",
                "listen: expected 127.0.0.1:8080, [::1]:8080 or unix:/path of at most %zu bytes, got \"%.*s\"",
                sizeof((struct sockaddr_un *)NULL)->sun_path - 1, STR_ARG(address));
}

static bool open_tcp(struct str address, int *fds, size_t n, struct fail *f)
{
    union address at;
    socklen_t size;

    if (!read_tcp(address, &at, &size))
        return bad_address(address, f);
    /* Shared ports would let a second gateway of the same user in unnoticed: ask without sharing first. */
    int probe = bound(&at, size, false);
    if (probe < 0 || listen(probe, 1) != 0)
        return failed("cannot bind", address, f);
    (void)close(probe);
    for (size_t i = 0; i < n; i++) {
        fds[i] = bound(&at, size, true);
        if (fds[i] < 0 || listen(fds[i], LISTEN_BACKLOG) != 0)
            return failed("cannot bind", address, f);
    }
    return true;
}

/* True when somebody accepts connections there. */
static bool answered(const union address *at, socklen_t n)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool yes = fd >= 0 && (connect(fd, &at->any, n) == 0 || errno == EAGAIN);

    if (fd >= 0)
        (void)close(fd);
    return yes;
}

static bool read_unix(struct str address, union address *out)
{
    struct str path = str_from(address, 5);

    *out = (union address){ .un.sun_family = AF_UNIX };
    if (path.n == 0 || path.p[0] != '/' || path.n >= sizeof out->un.sun_path)
        return false;
    memcpy(out->un.sun_path, path.p, path.n);
    return true;
}

static bool open_unix(struct str address, int *fds, size_t n, struct fail *f)
{
    union address at;
    struct stat st;

    if (!read_unix(address, &at))
        return bad_address(address, f);
    if (answered(&at, sizeof at.un)) {
        errno = EADDRINUSE;
        return failed("", address, f);
    }
    if (lstat(at.un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
        (void)unlink(at.un.sun_path);
    fds[0] = bound(&at, sizeof at.un, false);
    if (fds[0] < 0 || chmod(at.un.sun_path, 0660) != 0 || listen(fds[0], LISTEN_BACKLOG) != 0)
        return failed("cannot bind", address, f);
    for (size_t i = 1; i < n; i++)
        if ((fds[i] = fcntl(fds[0], F_DUPFD_CLOEXEC, 0)) < 0)
            return failed("cannot duplicate", address, f);
    return true;
}

bool listen_open(struct str address, int *fds, size_t n, struct fail *f)
{
    return str_has_prefix(address, S("unix:")) ? open_unix(address, fds, n, f) : open_tcp(address, fds, n, f);
}

bool listen_check(struct str address, struct fail *f)
{
    union address at;
    socklen_t size;
    bool good = str_has_prefix(address, S("unix:")) ? read_unix(address, &at) : read_tcp(address, &at, &size);

    return good || bad_address(address, f);
}
