/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/networks.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static bool has(struct test *t, const char *network, const char *address)
{
    struct network n;
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

    CHECK(network_read(str_of(network), &n));
    if (inet_pton(AF_INET, address, &in.sin_addr) == 1)
        return network_has(&n, (struct sockaddr *)&in, sizeof in);
    CHECK(inet_pton(AF_INET6, address, &in6.sin6_addr) == 1);
    return network_has(&n, (struct sockaddr *)&in6, sizeof in6);
}

TEST(a_network_holds_its_addresses_to_the_edge_and_no_others)
{
    CHECK(has(t, "10.20.0.0/16", "10.20.0.0") && has(t, "10.20.0.0/16", "10.20.255.255"));
    CHECK(!has(t, "10.20.0.0/16", "10.19.255.255") && !has(t, "10.20.0.0/16", "10.21.0.0"));
    CHECK(has(t, "10.20.0.5/32", "10.20.0.5") && !has(t, "10.20.0.5/32", "10.20.0.4"));
    CHECK(has(t, "172.16.0.0/12", "172.31.255.255") && !has(t, "172.16.0.0/12", "172.32.0.0"));
    CHECK(has(t, "192.168.4.0/22", "192.168.7.255") && !has(t, "192.168.4.0/22", "192.168.8.0"));
    CHECK(has(t, "fd00:1::/33", "fd00:1:7fff::1") && !has(t, "fd00:1::/33", "fd00:1:8000::1"));
    CHECK(has(t, "::/0", "2001:db8::1") && !has(t, "::/0", "10.0.0.1"));
    CHECK(!has(t, "0.0.0.0/0", "::ffff:10.20.0.5")); /* of another family, whatever lies inside */
    struct network none = { .family = 0 };
    struct sockaddr_in in = { .sin_family = AF_UNSPEC };
    CHECK(!network_has(&none, (struct sockaddr *)&in, sizeof in));
}

TEST(a_network_has_one_spelling)
{
    static const char *const wrong[] = {
        "",           "/",           "10.0.0.0",        "10.0.0.0/",      "10.0.0.0/33",
        "10.0.0.1/8", "10.0.0.0/08", "10.0.0.0/-1",     "10.0.0.0/8 ",    " 10.0.0.0/8",
        "10/8",       "010.0.0.0/8", "10.0.0.0/8/8",    "fd00::1/64",     "fd00::/129",
        "[fd00::]/8", "fd00::%1/64", "kunta.example/8", "10.0.0.0/8,10/8"
    };
    struct network n;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        t->checked++;
        if (network_read(str_of(wrong[i]), &n) || n.family != 0)
            test_fail(t, __FILE__, __LINE__, "\"%s\" is read", wrong[i]);
    }
    CHECK(!network_read(str_n("10.0.0.0\0/8", 11), &n));
}

TEST(only_private_networks_may_be_named_as_such)
{
    static const char *const good[] = { "10.0.0.0/8",     "10.20.0.5/32",  "172.16.0.0/12", "172.31.0.0/16",
                                        "192.168.1.0/24", "100.64.0.0/10", "fc00::/7",      "fd12:3456::/32" };
    /* Loopback, link-local with the clouds' metadata, the world, and what reaches beyond a block. */
    static const char *const bad[] = {
        "127.0.0.0/8", "127.0.0.1/32", "169.254.169.254/32", "169.254.0.0/16", "0.0.0.0/0",
        "0.0.0.0/8",   "8.8.8.0/24",   "8.0.0.0/6",          "172.0.0.0/8",    "192.0.0.0/8",
        "224.0.0.0/4", "192.0.2.0/24", "100.0.0.0/8",        "::/0",           "::1/128",
        "fe80::/10",   "2000::/3",     "fc00::/6",           "::ffff:0:0/96",  "64:ff9b::/96"
    };
    struct network n;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        t->checked++;
        if (private_network_trouble(str_of(good[i]), &n) != NULL || n.family == 0)
            test_fail(t, __FILE__, __LINE__, "%s is refused", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        t->checked++;
        if (private_network_trouble(str_of(bad[i]), &n) == NULL || n.family != 0)
            test_fail(t, __FILE__, __LINE__, "%s may be named", bad[i]);
    }
}
