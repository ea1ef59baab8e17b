/* SPDX-License-Identifier: EUPL-1.2
 *
 * outgoing_proxy, asked to lead to the first identity provider that would be reached through it. */
#include "base/codec.h"
#include "gateway/cli/examine.h"
#include "gateway/process/fetch_guard.h"
#include "gateway/process/fetch_proxy.h"
#include "registry/registry.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HEAD_MAX_B = 8192, WAIT_S = 5 };

struct target { /* absent host: nobody is reached through the proxy */
    struct str host, port;
};

/* Of https://host:port/…, as rows have it. */
static struct target target_of(struct str url)
{
    struct str rest = str_has_prefix(url, S("https://")) ? str_from(url, 8) : S("");
    struct str at = str_sub(rest, 0, str_find_byte(rest, '/', 0));
    size_t host = str_has_prefix(at, S("[")) ? str_find_byte(at, ']', 0) + 1 : str_find_byte(at, ':', 0);

    if (host == 0 || host > at.n)
        return (struct target){ { NULL, 0 }, { NULL, 0 } };
    return (struct target){ str_sub(at, 0, host), host < at.n ? str_from(at, host + 1) : S("443") };
}

static struct target first_through(struct examined *e, const struct fetch_proxy *proxy)
{
    struct fail f = { 0 };
    struct target found = { { NULL, 0 }, { NULL, 0 } };
    struct str file = arena_join(e->arena, e->set->state_dir, S("/registry/registry.sqlite"));

    if (access(arena_cstr(e->arena, file), R_OK) != 0)
        return found;
    struct db *d = registry_db_open(e->set, DB_COPY, &f);
    struct registry *r = d != NULL ? registry_load(d, &f) : NULL;
    const struct registry_parts *p = r != NULL ? registry_parts(r) : NULL;
    for (size_t i = 0; p != NULL && i < p->idp_count && !str_is_set(found.host); i++) {
        const struct idp *idp = &p->idps[i];
        struct target t = target_of(idp->kind == IDP_OIDC ? idp->issuer : idp->metadata_url);
        if (idp->enabled && idp->private_networks.n == 0 && str_is_set(t.host) && name_allowed(t.host) &&
            fetch_proxy_takes(proxy, t.host))
            found = (struct target){ arena_str(e->arena, t.host), arena_str(e->arena, t.port) };
    }
    registry_drop(r);
    db_close(d);
    return found;
}

/* settings_check() has read the address: http://host:port. */
static int connect_to(struct examined *e, struct str url, struct fail *f)
{
    struct str at = str_from(url, 7);
    size_t colon = at.n;
    struct addrinfo wanted = { .ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *all = NULL;
    struct timeval wait = { WAIT_S, 0 };
    int fd = -1, error;

    while (colon > 0 && at.p[colon - 1] != ':')
        colon--;
    struct str host = str_sub(at, 0, colon - 1);
    if (str_has_prefix(host, S("[")))
        host = str_sub(host, 1, host.n - 2);
    error = getaddrinfo(arena_cstr(e->arena, host), arena_cstr(e->arena, str_from(at, colon)), &wanted, &all);
    if (error != 0) {
        (void)fail(f, FAIL_OURS, "outgoing_proxy", "%.*s: %s", STR_ARG(url), gai_strerror(error));
        return -1;
    }
    for (struct addrinfo *one = all; one != NULL && fd < 0; one = one->ai_next) {
        fd = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        if (fd >= 0 && connect(fd, one->ai_addr, one->ai_addrlen) != 0) {
            error = errno;
            (void)close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(all);
    if (fd < 0)
        (void)fail(f, FAIL_OURS, "outgoing_proxy", "%.*s: %s", STR_ARG(url), strerror(error));
    return fd;
}

/* The status of what it says to CONNECT; 0: no HTTP. */
static int ask_for(struct examined *e, int fd, const struct fetch_proxy *proxy, struct target t)
{
    char said[HEAD_MAX_B];
    struct buf b = buf_new(e->arena, HEAD_MAX_B);
    int status = 0;

    buf_printf(&b, "CONNECT %.*s:%.*s HTTP/1.1\r\nHost: %.*s:%.*s\r\n", STR_ARG(t.host), STR_ARG(t.port),
               STR_ARG(t.host), STR_ARG(t.port));
    if (str_is_set(proxy->user)) {
        struct str login = arena_printf(e->arena, "%.*s:%.*s", STR_ARG(proxy->user), STR_ARG(proxy->password));
        buf_printf(&b, "Proxy-Authorization: Basic %.*s\r\n", STR_ARG(b64_encode(e->arena, login)));
    }
    buf_add(&b, S("\r\n"));
    if (send(fd, b.p, b.n, MSG_NOSIGNAL) != (ssize_t)b.n)
        return 0;
    ssize_t n = recv(fd, said, sizeof said - 1, 0);
    said[n > 0 ? n : 0] = '\0';
    return sscanf(said, "HTTP/1.%*1d %3d", &status) == 1 ? status : 0;
}

static bool judge(struct examined *e, const struct fetch_proxy *proxy, struct target t, int status, struct fail *f)
{
    if (status == 407)
        return fail(f, FAIL_OURS, "outgoing_proxy",
                    "%.*s wants %s (407): outgoing_proxy_login_file, one line user:password", STR_ARG(proxy->url),
                    str_is_set(proxy->user) ? "another login" : "a login");
    if (status == 0)
        return fail(f, FAIL_OURS, "outgoing_proxy",
                    "%.*s does not answer CONNECT: it is no HTTP proxy, or says nothing", STR_ARG(proxy->url));
    if (status / 100 == 2)
        e->found =
            arena_cstr(e->arena, arena_printf(e->arena, "%.*s leads to %.*s", STR_ARG(proxy->url), STR_ARG(t.host)));
    else
        e->warn = arena_printf(e->arena, "it does not lead to %.*s: it said %d", STR_ARG(t.host), status);
    return true;
}

bool examine_outgoing_proxy(struct examined *e, struct fail *f)
{
    struct fetch_proxy proxy;

    e->found = "none: the world is reached directly";
    if (e->set->outgoing_proxy.n == 0)
        return true;
    e->found = arena_cstr(e->arena, e->set->outgoing_proxy);
    if (!examine_login_file(e, f) || !fetch_proxy_read(e->set, e->arena, &proxy, f))
        return false;
    int fd = connect_to(e, proxy.url, f);
    if (fd < 0)
        return false;
    struct target t = first_through(e, &proxy);
    bool good = !str_is_set(t.host) || judge(e, &proxy, t, ask_for(e, fd, &proxy, t), f);
    (void)close(fd);
    return good;
}
