/* SPDX-License-Identifier: EUPL-1.2
 *
 * Where the fetcher may go besides the public world: the private networks that a row names, seen in a network of the
 * test's own; and through a proxy. */
#include "gateway/process/fetch_guard.h"
#include "gateway/process/fetch_proxy.h"
#include "tests/contract/fetch_rig.h"
#include "tests/contract/proxy_stub.h"
#include "tests/contract/tls_stub.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

/* ── private networks ───────────────────────────────────────────────────── */

static bool put_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        (void)close(fd);
    return good;
}

static bool name_addresses(const char *hosts)
{
    static char path[] = "/tmp/digione-hosts-XXXXXX";
    static bool made;

    if (!made) {
        int fd = mkstemp(path);
        made = fd >= 0;
        if (made)
            (void)close(fd);
        if (!made || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount(path, "/etc/hosts", NULL, MS_BIND, NULL) != 0)
            return false;
    }
    return put_file("/etc/hosts", hosts);
}

/* An alias of lo: its whole class answers here, as 127/8 does. */
static bool add_address(const char *alias, const char *address)
{
    struct ifreq r = { 0 };
    struct sockaddr_in in = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)snprintf(r.ifr_name, sizeof r.ifr_name, "%s", alias);
    bool good = fd >= 0 && inet_pton(AF_INET, address, &in.sin_addr) == 1;
    memcpy(&r.ifr_addr, &in, sizeof in);
    good = good && ioctl(fd, SIOCSIFADDR, &r) == 0;
    r.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
    good = good && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
    if (fd >= 0)
        (void)close(fd);
    return good;
}

static bool enter_own_network(void)
{
    char map[64];

    (void)snprintf(map, sizeof map, "0 %d 1", (int)getuid());
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 &&
        (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0 || !put_file("/proc/self/uid_map", map)))
        return false;
    return add_address("lo", "127.0.0.1") && add_address("lo:1", "10.20.0.5") && add_address("lo:2", "169.254.169.254");
}

static bool own_network(struct test *t)
{
    static int state; /* 0: not tried */

    if (state == 0)
        state = enter_own_network() && name_addresses("127.0.0.1 localhost\n"
                                                      "10.20.0.5 city.example\n"
                                                      "10.99.0.5 other.example\n"
                                                      "127.0.0.1 inner.example\n"
                                                      "169.254.169.254 cloud.example\n"
                                                      "169.254.169.254 two.example\n"
                                                      "10.20.0.5 two.example\n")
                    ? 1
                    : -1;
    if (state < 0)
        test_skip(t, "no network of one's own may be made here (unshare)");
    return state > 0;
}

struct town {
    struct rig rig;
    struct tls_stub tls;
};

static bool town_new(struct test *t, struct town *w, const char *certified)
{
    struct settings set;

    settings_defaults(&set);
    if (!own_network(t) || !tls_stub_start_at(t, &w->tls, INADDR_ANY, certified, 30))
        return false;
    set.ca_file = str_of(w->tls.ca_file);
    rig_with(t, &w->rig, &set);
    return true;
}

static void town_free(struct town *w)
{
    rig_free(&w->rig);
    tls_stub_stop(&w->tls);
}

static struct fetch_got ask(struct test *t, struct town *w, const char *networks, struct str url)
{
    struct fetch_request r = { .purpose = FETCH_METADATA, .url = url, .place = S("oulu") };
    struct fetch_got got = { 0 };

    if (networks != NULL)
        r.networks = str_of(networks);
    fetch_ask(w->rig.fetch, &w->rig.batch, t->arena, &r, &got);
    wait_for(t, &w->rig);
    return got;
}

static struct str at(struct test *t, const struct town *w, const char *host)
{
    return arena_printf(t->arena, "https://%s:%d/x", host, w->tls.port);
}

TEST(a_row_reaches_the_private_networks_that_it_names_and_no_others)
{
    struct town w;

    if (!town_new(t, &w, "city.example"))
        return;
    struct fetch_got got = ask(t, &w, "192.168.0.0/16 10.20.0.0/16", at(t, &w, "city.example"));
    CHECK(got.answered);
    CHECK_STR(got.body, "hello");
    CHECK_STR(ask(t, &w, "10.20.0.0/16", at(t, &w, "other.example")).error, "refused_address");
    CHECK_STR(ask(t, &w, "10.20.0.4/32 192.168.0.0/16", at(t, &w, "city.example")).error, "refused_address");
    /* What was named for one row is another's no more than before, although a connection is open. */
    CHECK_STR(ask(t, &w, NULL, at(t, &w, "city.example")).error, "refused_address");
    CHECK(ask(t, &w, "10.20.0.0/16", at(t, &w, "city.example")).answered);
    town_free(&w);
}

TEST(loopback_and_the_clouds_metadata_are_reached_by_no_row)
{
    struct town w;
    static const char *const hosts[] = { "inner.example",   "127.0.0.1", "localhost",      "cloud.example",
                                         "169.254.169.254", "[::1]",     "[::ffff:a14:5]", "0.0.0.0" };
    static const char *const networks[] = { "10.0.0.0/8", "10.20.0.0/16" };

    if (!town_new(t, &w, "cloud.example"))
        return;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        for (size_t k = 0; k < sizeof networks / sizeof *networks; k++) {
            struct fetch_got got = ask(t, &w, networks[k], at(t, &w, hosts[i]));
            t->checked++;
            if (got.answered || strncmp(got.error, "refused_", 8) != 0)
                test_fail(t, __FILE__, __LINE__, "%s: %s", hosts[i], got.answered ? "answered" : got.error);
        }
    /* Named all the same, by a message that no checked row can have made. */
    CHECK_STR(ask(t, &w, "169.254.0.0/16", at(t, &w, "cloud.example")).error, "refused_url");
    CHECK_STR(ask(t, &w, "127.0.0.0/8", at(t, &w, "inner.example")).error, "refused_url");
    CHECK_STR(ask(t, &w, "0.0.0.0/0", at(t, &w, "city.example")).error, "refused_url");
    town_free(&w);
}

TEST(private_addresses_are_reached_over_https_alone)
{
    struct town w;

    if (!town_new(t, &w, "city.example"))
        return;
    CHECK_STR(ask(t, &w, "10.20.0.0/16", S("http://city.example/x")).error, "refused_url");
    struct fetch_request r = {
        .purpose = FETCH_KEYS, .test = true, .url = S("http://city.example/x"), .place = S("p")
    };
    struct fetch_got got = { 0 };
    r.networks = S("10.20.0.0/16");
    fetch_ask(w.rig.fetch, &w.rig.batch, t->arena, &r, &got);
    wait_for(t, &w.rig);
    CHECK_STR(got.error, "refused_address");
    town_free(&w);
}

/* The address that was looked at is the one that is connected to: a name of two addresses comes to the named one. */
TEST(a_name_that_changes_its_address_gains_nothing)
{
    struct town w;

    if (!town_new(t, &w, "two.example"))
        return;
    CHECK(ask(t, &w, "10.20.0.0/16", at(t, &w, "two.example")).answered);
    kill_fetcher(&w.rig); /* and with it what it has resolved */
    CHECK(name_addresses("169.254.169.254 two.example\n"));
    rig_again(t, &w.rig);
    CHECK_STR(ask(t, &w, "10.20.0.0/16", at(t, &w, "two.example")).error, "refused_address");
    town_free(&w);
    CHECK(name_addresses("127.0.0.1 localhost\n10.20.0.5 city.example\n10.20.0.6 other.example\n"));
}

/* Whoever is led on to has not been named, be it in the same network. */
TEST(a_redirect_leads_to_no_other_private_host)
{
    struct town w;

    if (!town_new(t, &w, "city.example"))
        return;
    struct str same =
        arena_printf(t->arena, "https://city.example:%d/to?https://city.example:%d/x", w.tls.port, w.tls.port);
    struct str other =
        arena_printf(t->arena, "https://city.example:%d/to?https://other.example:%d/x", w.tls.port, w.tls.port);
    struct str address =
        arena_printf(t->arena, "https://city.example:%d/to?https://10.20.0.6:%d/x", w.tls.port, w.tls.port);
    CHECK_STR(ask(t, &w, "10.20.0.0/16", same).body, "hello");
    CHECK_STR(ask(t, &w, "10.20.0.0/16", other).error, "refused_address");
    CHECK_STR(ask(t, &w, "10.20.0.0/16", address).error, "refused_address");
    town_free(&w);
}

/* ── the proxy ──────────────────────────────────────────────────────────── */

struct way {
    struct rig rig;
    struct tls_stub tls;
    struct proxy_stub proxy;
};

static bool way_new(struct test *t, struct way *w, int status, const char *login, const char *login_file,
                    const char *except)
{
    struct settings set;

    settings_defaults(&set);
    if (!tls_stub_start(t, &w->tls, "idp.kunta.example", 30) ||
        !proxy_stub_start(t, &w->proxy, w->tls.port, status, login))
        return false;
    set.ca_file = str_of(w->tls.ca_file);
    set.outgoing_proxy = arena_printf(t->arena, "http://127.0.0.1:%d", w->proxy.port);
    set.outgoing_proxy_login_file = str_of(login_file);
    set.outgoing_proxy_except = str_of(except);
    set.fetch_timeout_ms = 5000;
    rig_with(t, &w->rig, &set);
    return true;
}

static void way_free(struct way *w)
{
    rig_free(&w->rig);
    tls_stub_stop(&w->tls);
    proxy_stub_stop(&w->proxy);
}

static bool was_asked(const struct way *w, const char *text)
{
    return strstr(w->proxy.shared->last, text) != NULL;
}

TEST(the_world_is_reached_through_the_proxy_and_proves_itself)
{
    struct way w;

    if (!way_new(t, &w, 200, NULL, "", ""))
        return;
    struct fetch_request r = { .purpose = FETCH_USERINFO,
                               .url = S("https://idp.kunta.example/userinfo"),
                               .authorization = S("Bearer of-a-person"),
                               .place = S("oulu") };
    struct fetch_got got = { 0 };
    fetch_ask(w.rig.fetch, &w.rig.batch, t->arena, &r, &got);
    wait_for(t, &w.rig);
    CHECK(got.answered);
    CHECK_STR(got.body, "hello");
    CHECK_INT(atomic_load(&w.proxy.shared->asked), 1);
    CHECK(was_asked(&w, "CONNECT idp.kunta.example:443 HTTP/1.1\r\n"));
    CHECK(!was_asked(&w, "of-a-person") && !was_asked(&w, "userinfo")); /* the proxy hears where to, and no more */
    CHECK_STR(fetch_url(t, &w.rig, FETCH_KEYS, false, S("https://other.kunta.example/")).error, "tls");
    way_free(&w);
}

TEST(this_machine_and_private_networks_of_rows_are_reached_without_the_proxy)
{
    struct way w;

    if (!way_new(t, &w, 200, NULL, "", "toinen.example, .kolmas.example"))
        return;
    CHECK_STR(fetch_path(t, &w.rig, FETCH_KEYS, "/ok").body, "hello");
    CHECK(fetch_url(t, &w.rig, FETCH_KEYS, true, arena_printf(t->arena, "http://oulu.localhost:%d/ok", w.rig.stub.port))
              .answered);
    struct fetch_request r = { .purpose = FETCH_KEYS, .url = S("https://idp.kunta.example/"), .place = S("oulu") };
    struct fetch_got got = { 0 };
    r.networks = S("10.20.0.5/32");
    fetch_ask(w.rig.fetch, &w.rig.batch, t->arena, &r, &got);
    wait_for(t, &w.rig);
    CHECK(!got.answered);
    static const char *const direct[] = { "https://toinen.example/", "https://idp.toinen.example/",
                                          "https://x.kolmas.example/" };
    for (size_t i = 0; i < sizeof direct / sizeof *direct; i++)
        CHECK(!fetch_url(t, &w.rig, FETCH_KEYS, false, str_of(direct[i])).answered);
    CHECK_INT(atomic_load(&w.proxy.shared->asked), 0);
    (void)fetch_url(t, &w.rig, FETCH_KEYS, false, S("https://ei-toinen.example/"));
    CHECK_INT(atomic_load(&w.proxy.shared->asked), 1);
    way_free(&w);
}

/* Its addresses are not seen here: what says by its name that it is inward is refused by its name. */
TEST(nothing_inward_is_asked_of_the_proxy_by_name)
{
    struct way w;
    static const char *const inward[] = {
        "https://10.0.0.5/",     "https://169.254.169.254/", "https://192.168.1.1/",
        "https://0x0a000005/",   "https://167772165/",       "https://10.0.0.5./",
        "https://[fd00::1]/",    "https://[fe80::1]/",       "https://[::ffff:10.0.0.5]/",
        "https://intranet/",     "https://intranet./",       "https://127.0.0.1/",
        "https://localhost/",    "https://x.localhost/",     "https://1.2.3.4.5/",
        "http://kunta.example/", "https://a.0x7f/",          "https://user@kunta.example/"
    };

    if (!way_new(t, &w, 200, NULL, "", ""))
        return;
    for (size_t i = 0; i < sizeof inward / sizeof *inward; i++)
        for (int test = 0; test < 2; test++) {
            struct fetch_got got = fetch_url(t, &w.rig, FETCH_KEYS, test, str_of(inward[i]));
            t->checked++;
            if (got.answered || atomic_load(&w.proxy.shared->asked) != 0)
                test_fail(t, __FILE__, __LINE__, "%s: the proxy was asked", inward[i]);
        }
    (void)fetch_url(t, &w.rig, FETCH_KEYS, false, S("https://8.8.8.8/"));
    CHECK(was_asked(&w, "CONNECT 8.8.8.8:443 "));
    way_free(&w);
}

TEST(the_proxys_login_comes_from_its_file_and_goes_to_the_proxy_alone)
{
    struct way w;
    char file[] = "/tmp/digione-login-XXXXXX";
    int fd = mkstemp(file);

    CHECK(fd >= 0 && write(fd, "digione:sala:sana\n", 18) == 18);
    (void)close(fd);
    if (!way_new(t, &w, 200, "Basic ZGlnaW9uZTpzYWxhOnNhbmE=", file, "")) /* digione:sala:sana */
        return;
    CHECK_STR(fetch_url(t, &w.rig, FETCH_KEYS, false, S("https://idp.kunta.example/")).body, "hello");
    /* And none with what does not go there. */
    struct fetch_got got = fetch_path(t, &w.rig, FETCH_KEYS, "/echo");
    CHECK(str_find(got.body, S("Proxy-")) == got.body.n);
    way_free(&w);
    (void)unlink(file);
}

TEST(a_proxy_that_does_not_lead_on_is_named_as_such)
{
    static const struct {
        int status;
        const char *login, *error;
    } ways[] = { { 403, NULL, "proxy" }, { 200, "Basic x", "proxy" }, { 502, NULL, "proxy" } };
    struct way w;

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!way_new(t, &w, ways[i].status, ways[i].login, "", ""))
            return;
        CHECK_STR(fetch_url(t, &w.rig, FETCH_KEYS, false, S("https://idp.kunta.example/")).error, ways[i].error);
        way_free(&w);
    }
    if (!way_new(t, &w, 200, NULL, "", ""))
        return;
    kill_fetcher(&w.rig);
    w.rig.set.outgoing_proxy = S("http://127.0.0.1:1");
    rig_again(t, &w.rig);
    CHECK_STR(fetch_url(t, &w.rig, FETCH_KEYS, false, S("https://idp.kunta.example/")).error, "proxy");
    way_free(&w);
}

TEST(what_the_environment_says_of_proxies_is_nobodys_word_here)
{
    struct way w;

    if (!way_new(t, &w, 200, NULL, "", ""))
        return;
    kill_fetcher(&w.rig);
    (void)setenv("no_proxy", "*", 1);
    (void)setenv("https_proxy", "http://127.0.0.1:1", 1);
    rig_again(t, &w.rig);
    CHECK_STR(fetch_url(t, &w.rig, FETCH_KEYS, false, S("https://idp.kunta.example/")).body, "hello");
    (void)unsetenv("no_proxy");
    (void)unsetenv("https_proxy");
    way_free(&w);
}
