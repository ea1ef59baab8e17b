/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/cli/examine.h"

#include "base/codec.h"
#include "base/loop.h"
#include "base/world.h"
#include "frame/contact.h"
#include "gateway/cli/args.h"
#include "gateway/http/listen.h"
#include "gateway/process/fetch_mail.h"
#include "gateway/process/fetch_proxy.h"
#include "gateway/process/supervisor.h"
#include "wire/cert.h"
#include "wire/html.h"
#include "wire/kv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CA_FILE_MAX_B = 16 << 20, TURN_MS = 50, GRACE_MS = 1000 };

/* ── trying as the user that the node will be ───────────────────────────── */

typedef bool try_fn(struct examined *e, struct fail *f);

static void be_user(struct examined *e, try_fn *try, int out)
{
    struct fail f = { 0 };
    bool known =
        geteuid() != 0 || getpwnam(arena_cstr(e->arena, e->set->run_as)) != NULL; /* else it is said of run_as */

    if ((known && !supervisor_become(e->set, e->arena, &f)) || !try(e, &f))
        (void)(write(out, f.detail, strlen(f.detail)) + 1);
    _exit(f.kind == FAIL_NONE ? 0 : 1);
}

static bool as_user(struct examined *e, try_fn *try, struct fail *f)
{
    char said[FAIL_LONG_B] = "";
    int ends[2], status = 1;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(f, FAIL_OURS, "server_error", "pipe: %s", strerror(errno));
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        be_user(e, try, ends[1]);
    (void)close(ends[1]);
    ssize_t n = pid > 0 ? read(ends[0], said, sizeof said - 1) : 0;
    (void)close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pid > 0 && n <= 0 && status == 0)
        return true;
    return fail_long(f, FAIL_OURS, "examination", "%s", n > 0 ? said : "could not be tried");
}

/* ── run_as ─────────────────────────────────────────────────────────────── */

bool examine_run_as(struct examined *e, struct fail *f)
{
    const char *name = arena_cstr(e->arena, e->set->run_as);

    if (geteuid() != 0) {
        const struct passwd *self = getpwuid(geteuid());
        e->found = arena_cstr(e->arena, arena_printf(e->arena, "not needed: this is %s, not root",
                                                     self != NULL ? self->pw_name : "another user"));
        return true;
    }
    const struct passwd *user = getpwnam(name);
    if (user == NULL)
        return fail(f, FAIL_OURS, "run_as_missing",
                    "there is no user \"%s\": make one (adduser --system --group %s) or set run_as", name, name);
    if (user->pw_uid == 0)
        return fail(f, FAIL_OURS, "run_as_missing", "\"%s\" is root, which the gateway never is", name);
    e->found = name;
    return true;
}

/* ── listen and trusted_proxy ───────────────────────────────────────────── */

static const char *folder_of(struct arena *a, struct str path)
{
    size_t slash = path.n;

    while (slash > 0 && path.p[slash - 1] != '/')
        slash--;
    return slash <= 1 ? "/" : arena_cstr(a, str_sub(path, 0, slash - 1));
}

static bool try_socket_folder(struct examined *e, struct fail *f)
{
    struct str path = str_from(e->set->listen, 5);
    const char *folder = folder_of(e->arena, path), *user = arena_cstr(e->arena, e->set->run_as);
    struct stat st;

    if (access(folder, W_OK | X_OK) == 0) {
        if (lstat(arena_cstr(e->arena, path), &st) == 0 && !S_ISSOCK(st.st_mode))
            return fail(f, FAIL_OURS, "listen_failed", "%.*s is there, and is no socket", STR_ARG(path));
        return true;
    }
    if (errno == ENOENT)
        return fail(f, FAIL_OURS, "listen_failed", "the folder %s is not there: install -d -o %s -m 755 %s", folder,
                    user, folder);
    return fail(f, FAIL_OURS, "listen_failed", "the folder %s: %s: sockets in it are made by the user %s", folder,
                strerror(errno), geteuid() == 0 ? "root" : user);
}

/* Whether a gateway runs in this state_dir, and so has the address. */
static bool runs_already(struct examined *e)
{
    int fd = open(arena_cstr(e->arena, arena_join(e->arena, e->set->state_dir, S("/lock"))), O_RDONLY | O_CLOEXEC);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

    if (fd >= 0)
        (void)close(fd);
    return held;
}

static bool try_port(struct examined *e, struct fail *f)
{
    int fd = -1;
    bool open = listen_open(e->set->listen, &fd, 1, f);

    if (fd >= 0)
        (void)close(fd);
    return open;
}

bool examine_listen(struct examined *e, struct fail *f)
{
    e->found = arena_cstr(e->arena, e->set->listen);
    if (!listen_check(e->set->listen, f))
        return false;
    if (runs_already(e)) {
        e->found = arena_cstr(e->arena, arena_printf(e->arena, "%s, where this node runs", e->found));
        return true;
    }
    return as_user(e, str_has_prefix(e->set->listen, S("unix:")) ? try_socket_folder : try_port, f);
}

struct host_address {
    int family;
    char text[INET6_ADDRSTRLEN]; /* as peers are written */
    unsigned char bytes[16];
};

static bool read_host(struct str text, struct host_address *out)
{
    char copy[INET6_ADDRSTRLEN];

    if (text.n >= sizeof copy)
        return false;
    (void)snprintf(copy, sizeof copy, "%.*s", STR_ARG(text));
    out->family = strchr(copy, ':') != NULL ? AF_INET6 : AF_INET;
    return inet_pton(out->family, copy, out->bytes) == 1 &&
           inet_ntop(out->family, out->bytes, out->text, sizeof out->text) != NULL;
}

static bool is_loopback(const struct host_address *h)
{
    static const unsigned char one[16] = { [15] = 1 };

    return h->family == AF_INET ? h->bytes[0] == 127 : memcmp(h->bytes, one, sizeof one) == 0;
}

/* The host of "127.0.0.1:8080" or "[::1]:8080", which listen_check() has read. */
static struct str listen_host(struct str listen)
{
    if (str_has_prefix(listen, S("[")))
        return str_sub(listen, 1, str_find_byte(listen, ']', 0) - 1);
    return str_sub(listen, 0, str_find_byte(listen, ':', 0));
}

/* A proxy that could never be the one who connects is a slip: everybody would have the proxy's address. */
bool examine_trusted_proxy(struct examined *e, struct fail *f)
{
    struct str proxy = e->set->trusted_proxy;
    bool socket = str_has_prefix(e->set->listen, S("unix:"));
    struct host_address at, from;

    e->found = proxy.n > 0 ? arena_cstr(e->arena, proxy) : "none";
    if (socket && !str_eq(proxy, S("unix")))
        return fail(
            f, FAIL_CALLER, "bad_setting",
            "listen is a Unix socket, where only \"trusted_proxy: unix\" tells people's addresses apart; got \"%.*s\"",
            STR_ARG(proxy));
    if (!socket && str_eq(proxy, S("unix")))
        return fail(f, FAIL_CALLER, "bad_setting",
                    "trusted_proxy is unix, but listen is %.*s: name the address that the proxy connects from",
                    STR_ARG(e->set->listen));
    if (!socket && proxy.n == 0 && str_has_prefix(e->set->public_url, S("https://")))
        e->warn = S("public_url is https, which a proxy speaks for the gateway, and none is trusted: everybody has the "
                    "proxy's address, and shares its limits");
    if (socket || proxy.n == 0)
        return true;
    if (!read_host(proxy, &from))
        return fail(f, FAIL_CALLER, "bad_setting",
                    "expected unix or one address without a port or a mask, as 192.0.2.7 or 2001:db8::7; got \"%.*s\"",
                    STR_ARG(proxy));
    if (!str_eq(proxy, str_of(from.text)))
        return fail(f, FAIL_CALLER, "bad_setting", "\"%.*s\" is written %s", STR_ARG(proxy), from.text);
    if (!read_host(listen_host(e->set->listen), &at))
        return true; /* listen says what is wrong with it */
    if (at.family != from.family)
        return fail(f, FAIL_CALLER, "bad_setting", "%s cannot connect to %.*s: one is IPv4, the other IPv6", from.text,
                    STR_ARG(e->set->listen));
    if (is_loopback(&at) && !is_loopback(&from))
        return fail(f, FAIL_CALLER, "bad_setting", "%s cannot connect to %.*s, which is this machine's own", from.text,
                    STR_ARG(e->set->listen));
    return true;
}

/* ── files ──────────────────────────────────────────────────────────────── */

static bool may(struct examined *e, struct str path, int mode, struct fail *f)
{
    const char *name = arena_cstr(e->arena, path);

    return access(name, mode) == 0 || errno == ENOENT ||
           fail(f, FAIL_OURS, "state_dir", "%s: %s for the user that the gateway is: chown -R it", name,
                strerror(errno));
}

static bool try_state(struct examined *e, struct fail *f)
{
    struct str dir = e->set->state_dir;

    return may(e, dir, R_OK | W_OK | X_OK, f) && may(e, arena_join(e->arena, dir, S("/registry")), W_OK | X_OK, f) &&
           may(e, arena_join(e->arena, dir, S("/registry/registry.sqlite")), R_OK | W_OK, f) &&
           may(e, arena_join(e->arena, dir, S("/audit")), R_OK | W_OK | X_OK, f) &&
           may(e, e->set->root_secret_file, R_OK, f) && may(e, e->set->keys_dir, R_OK | X_OK, f) &&
           may(e, arena_join(e->arena, e->set->keys_dir, S("/keys.json")), R_OK, f);
}

bool examine_state_dir(struct examined *e, struct fail *f)
{
    const char *path = arena_cstr(e->arena, e->set->state_dir), *above = folder_of(e->arena, e->set->state_dir);
    const struct passwd *user = geteuid() == 0 ? getpwnam(arena_cstr(e->arena, e->set->run_as)) : NULL;
    struct stat st;

    if (stat(path, &st) != 0 && errno != ENOENT)
        return fail(f, FAIL_OURS, "state_dir", "%s: %s", path, strerror(errno));
    if (stat(path, &st) != 0) {
        e->found = "not there yet; the first start makes it";
        if (access(above, F_OK) != 0)
            return fail(f, FAIL_OURS, "state_dir", "the folder %s, in which it is to be made, is not there", above);
        return access(above, W_OK | X_OK) == 0 ||
               fail(f, FAIL_OURS, "state_dir", "cannot be made in %s: %s", above, strerror(errno));
    }
    if (!S_ISDIR(st.st_mode))
        return fail(f, FAIL_OURS, "state_dir", "%s is no directory", path);
    if ((st.st_mode & 077) != 0)
        return fail(f, FAIL_OURS, "state_dir", "%s may be entered by others: chmod 700", path);
    e->found = path;
    /* The start gives the folder itself to run_as, and nothing in it. */
    if (geteuid() == 0 && (user == NULL || st.st_uid != user->pw_uid))
        return true;
    return as_user(e, try_state, f);
}

/* Certificates in PEM, each an ASN.1 sequence; whether one is good, the connection will judge. */
static bool count_certificates(struct arena *a, struct str text, size_t *n)
{
    const struct str begin = S("-----BEGIN CERTIFICATE-----"), end = S("-----END CERTIFICATE-----");

    for (*n = 0;; ++*n) {
        size_t at = str_find(text, begin);
        if (at == text.n)
            return true;
        text = str_from(text, at + begin.n);
        size_t stop = str_find(text, end);
        struct buf b = buf_new(a, stop + 1);
        struct str der;
        for (size_t i = 0; i < stop; i++)
            if ((unsigned char)text.p[i] > ' ')
                buf_byte(&b, text.p[i]);
        if (stop == text.n || !b64_decode(a, buf_str(&b), &der) || der.n < 2 || (unsigned char)der.p[0] != 0x30)
            return false;
        text = str_from(text, stop + end.n);
    }
}

static bool try_ca_file(struct examined *e, struct fail *f)
{
    const char *path = arena_cstr(e->arena, e->set->ca_file);
    struct stat st;
    struct str text;
    size_t n;

    if (stat(path, &st) != 0)
        return fail(f, FAIL_OURS, "ca_file", "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fail(f, FAIL_OURS, "ca_file", "%s is no file", path);
    if (!args_file(e->arena, path, CA_FILE_MAX_B, &text))
        return fail(f, FAIL_OURS, "ca_file", "%s: %s", path, strerror(errno));
    if (!count_certificates(e->arena, text, &n))
        return fail(f, FAIL_OURS, "ca_file", "%s: certificate %zu is damaged", path, n + 1);
    return n > 0 || fail(f, FAIL_OURS, "ca_file", "%s holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", path);
}

static bool try_login_file(struct examined *e, struct fail *f)
{
    struct fetch_proxy proxy;

    return fetch_proxy_read(e->set, e->arena, &proxy, f);
}

bool examine_login_file(struct examined *e, struct fail *f)
{
    return e->set->outgoing_proxy_login_file.n == 0 || as_user(e, try_login_file, f);
}

bool examine_ca_file(struct examined *e, struct fail *f)
{
    if (e->set->ca_file.n == 0) {
        e->found = "the system's certificates";
        return true;
    }
    e->found = arena_cstr(e->arena, e->set->ca_file);
    return as_user(e, try_ca_file, f);
}

static bool try_client_ca_file(struct examined *e, struct fail *f)
{
    return cert_trust_load(e->arena, arena_cstr(e->arena, e->set->client_ca_file), f) != NULL;
}

bool examine_client_ca_file(struct examined *e, struct fail *f)
{
    if (e->set->client_ca_file.n == 0) {
        e->found = "none: no service proves itself by an authority's certificate";
        return true;
    }
    e->found = arena_cstr(e->arena, e->set->client_ca_file);
    return as_user(e, try_client_ca_file, f);
}

/* ── the mail server ────────────────────────────────────────────────────── */

static bool try_mail_password(struct examined *e, struct fail *f)
{
    struct mail_server server;

    return mail_server_read(e->set, e->arena, &server, f);
}

static bool try_mail_server(struct examined *e, struct fail *f)
{
    struct mail_server server;

    if (!mail_server_read(e->set, e->arena, &server, f))
        return false;
    const char *why = mail_server_try(e->arena, e->set, &server);
    return why == NULL || fail(f, FAIL_OURS, "smtp", "%.*s: %s", STR_ARG(e->set->smtp), why);
}

/* One that is away stops no start: what is to be sent waits. */
bool examine_mail_server(struct examined *e, struct fail *f)
{
    struct fail why = { 0 };

    e->found = "none: links of invitations are shown once to whoever invites";
    if (e->set->smtp.n == 0)
        return true;
    e->found = arena_cstr(e->arena, e->set->smtp);
    if (!as_user(e, try_mail_password, f))
        return false;
    if (!as_user(e, try_mail_server, &why))
        e->warn = arena_str(e->arena, str_of(why.detail));
    else
        e->found = arena_printf(e->arena, "%s %s", e->found,
                                e->set->smtp_user.n > 0 ? "answers and takes the log-in" : "answers")
                       .p;
    return true;
}

/* ── Redis ──────────────────────────────────────────────────────────────── */

static struct str redis_of(const struct settings *s)
{
    return s->redis_sentinels.n > 0 ? s->redis_sentinels : s->redis;
}

/* NULL: the settings are wrong.  Turns until it is ready, or has had time to be. */
static struct kv *met_redis(struct examined *e, struct loop *l, struct fail *f)
{
    struct kv_config config;

    if (!kv_config_read(e->set, e->arena, &config, f))
        return NULL;
    struct kv *k = kv_new(l, &world_real, &config);
    int64_t until = loop_now_ms(l) + config.timeout_ms + GRACE_MS;
    while (!kv_ready(k) && loop_now_ms(l) < until)
        loop_turn(l, TURN_MS);
    return k;
}

static bool try_redis(struct examined *e, struct fail *f)
{
    struct loop *l = loop_new(&world_real);
    struct kv *k = met_redis(e, l, f);
    bool ready = k != NULL && (kv_ready(k) || fail(f, FAIL_OURS, "redis_away", "%.*s does not serve us: %s: %s",
                                                   STR_ARG(redis_of(e->set)), kv_trouble(k), kv_mend(kv_trouble(k))));

    kv_free(k);
    loop_free(l);
    return ready;
}

static bool try_replicas(struct examined *e, struct fail *f)
{
    struct loop *l = loop_new(&world_real);
    struct kv *k = met_redis(e, l, f);
    struct kv_seen seen = k != NULL ? kv_seen(k) : (struct kv_seen){ 0 };
    bool well = seen.guard != KV_GUARD_SHORT ||
                fail(f, FAIL_OURS, "redis_replicas",
                     "redis_wait_replicas is %lld, and %.*s has %lld: what is written is not safe there",
                     (long long)e->set->redis_wait_replicas, STR_ARG(seen.primary), (long long)seen.replicas);
    if (well && 2 * seen.sentinels_well <= seen.sentinels)
        well = seen.sentinels == 0 || fail(f, FAIL_OURS, "redis_sentinels", "only %zu of %zu sentinels answer",
                                           seen.sentinels_well, seen.sentinels);
    kv_free(k);
    loop_free(l);
    return well;
}

bool examine_redis(struct examined *e, struct fail *f)
{
    struct fail why = { 0 };

    if (redis_of(e->set).n > 0) {
        e->found = arena_cstr(e->arena, arena_printf(e->arena, "%.*s answers", STR_ARG(redis_of(e->set))));
        if (!as_user(e, try_redis, f))
            return false;
        if (!as_user(e, try_replicas, &why))
            e->warn = arena_str(e->arena, str_of(why.detail));
        return true;
    }
    e->found = "a private one";
    return supervisor_finds_redis() || fail(f, FAIL_OURS, "redis_missing",
                                            "redis-server is not installed, and no `redis` setting names another one");
}

/* ── what pages link to ─────────────────────────────────────────────────── */

bool examine_addresses(struct examined *e, struct fail *f)
{
    const struct settings *s = e->set;
    const struct {
        const char *name;
        struct str url;
    } pages[] = { { "accessibility", s->accessibility }, { "privacy", s->privacy } };
    struct str url, email;

    contact_split(s->support, &url, &email);
    if (s->support.n > 0 && ((!str_is_set(url) && !str_is_set(email)) || str_has_prefix(url, S("/"))))
        return fail(f, FAIL_CALLER, "bad_setting",
                    "support: expected https://… or an e-mail address, where people find help; got \"%.*s\"",
                    STR_ARG(s->support));
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (pages[i].url.n > 0 && (!html_url_is_safe(pages[i].url) || str_has_prefix(pages[i].url, S("/"))))
            return fail(f, FAIL_CALLER, "bad_setting", "%s: expected https://…, got \"%.*s\"", pages[i].name,
                        STR_ARG(pages[i].url));
    e->found = "usable";
    if (s->support.n == 0)
        e->warn = S("support is missing: pages cannot say where people find help");
    return true;
}
