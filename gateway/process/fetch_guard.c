/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/process/fetch_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* [RFC 6890, IANA special-purpose address registries] */
static const struct {
    uint32_t net;
    int bits;
    enum address_kind kind;
} v4[] = {
    { 0x00000000, 8, ADDRESS_REFUSED },  /* this network */
    { 0x0A000000, 8, ADDRESS_REFUSED },  /* 10/8 */
    { 0x64400000, 10, ADDRESS_REFUSED }, /* 100.64/10, carrier-grade NAT */
    { 0x7F000000, 8, ADDRESS_LOOPBACK },
    { 0xA9FE0000, 16, ADDRESS_REFUSED }, /* 169.254/16, link-local, cloud metadata */
    { 0xAC100000, 12, ADDRESS_REFUSED }, /* 172.16/12 */
    { 0xC0000000, 24, ADDRESS_REFUSED }, /* 192.0.0/24 */
    { 0xC0000200, 24, ADDRESS_REFUSED }, /* 192.0.2/24, documentation */
    { 0xC0586300, 24, ADDRESS_REFUSED }, /* 192.88.99/24, 6to4 relays */
    { 0xC0A80000, 16, ADDRESS_REFUSED }, /* 192.168/16 */
    { 0xC6120000, 15, ADDRESS_REFUSED }, /* 198.18/15, benchmarks */
    { 0xC6336400, 24, ADDRESS_REFUSED }, /* 198.51.100/24, documentation */
    { 0xCB007100, 24, ADDRESS_REFUSED }, /* 203.0.113/24, documentation */
    { 0xE0000000, 3, ADDRESS_REFUSED },  /* 224/4 multicast, 240/4 reserved, broadcast */
};

static enum address_kind kind_v4(uint32_t address)
{
    for (size_t i = 0; i < sizeof v4 / sizeof *v4; i++)
        if ((address >> (32 - v4[i].bits)) == (v4[i].net >> (32 - v4[i].bits)))
            return v4[i].kind;
    return ADDRESS_PUBLIC;
}

static bool has_prefix(const unsigned char *p, const char *prefix, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    unsigned char mask = (unsigned char)(0xff << (8 - rest));

    return memcmp(p, prefix, (size_t)whole) == 0 &&
           (rest == 0 || (p[whole] & mask) == ((unsigned char)prefix[whole] & mask));
}

/* Of the global unicast block 2000::/3, what leads elsewhere than it says. */
static const struct {
    const char *prefix;
    int bits;
} v6_refused[] = {
    { "\x20\x01\x00\x00", 23 }, /* 2001::/23: Teredo, benchmarks, ORCHID */
    { "\x20\x01\x0d\xb8", 32 }, /* documentation */
    { "\x20\x02", 16 },         /* 6to4: an IPv4 address inside */
    { "\x3f\xff\x00", 20 },     /* documentation [RFC 9637] */
};

static enum address_kind kind_v6(const unsigned char *p)
{
    static const unsigned char loopback[16] = { [15] = 1 };
    static const char nat64[] = "\x00\x64\xff\x9b\x00\x00\x00\x00\x00\x00\x00\x00";

    if (memcmp(p, loopback, sizeof loopback) == 0)
        return ADDRESS_LOOPBACK;
    if (has_prefix(p, nat64, 96)) { /* networks without IPv4 see the IPv4 world so */
        uint32_t inside = (uint32_t)p[12] << 24 | (uint32_t)p[13] << 16 | (uint32_t)p[14] << 8 | p[15];
        return kind_v4(inside) == ADDRESS_PUBLIC ? ADDRESS_PUBLIC : ADDRESS_REFUSED;
    }
    if (!has_prefix(p, "\x20", 3))
        return ADDRESS_REFUSED; /* mapped, unique local, link-local, multicast, unspecified, … */
    for (size_t i = 0; i < sizeof v6_refused / sizeof *v6_refused; i++)
        if (has_prefix(p, v6_refused[i].prefix, v6_refused[i].bits))
            return ADDRESS_REFUSED;
    return ADDRESS_PUBLIC;
}

enum address_kind address_kind(const struct sockaddr *address, socklen_t n)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    if (address->sa_family == AF_INET && n >= sizeof in) {
        memcpy(&in, address, sizeof in);
        return kind_v4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6 && n >= sizeof in6) {
        memcpy(&in6, address, sizeof in6);
        return kind_v6(in6.sin6_addr.s6_addr);
    }
    return ADDRESS_REFUSED;
}

bool reach_networks(struct reach *r, struct str text)
{
    struct str rest = text, part;

    r->network_count = 0;
    while (str_split(&rest, ' ', &part)) {
        if (part.n == 0)
            continue;
        if (r->network_count == FETCH_NETWORKS_MAX ||
            private_network_trouble(part, &r->networks[r->network_count]) != NULL)
            return false;
        r->network_count++;
    }
    return true;
}

static bool in_networks(const struct sockaddr *address, socklen_t n, const struct reach *r)
{
    for (size_t i = 0; i < r->network_count; i++)
        if (network_has(&r->networks[i], address, n))
            return true;
    return false;
}

bool address_allowed(const struct sockaddr *address, socklen_t n, const struct reach *r)
{
    enum address_kind kind = address_kind(address, n);

    return kind == ADDRESS_LOOPBACK ? r->test : r->https && (kind == ADDRESS_PUBLIC || in_networks(address, n, r));
}

bool is_localhost_name(struct str host)
{
    if (str_has_suffix(host, S(".")))
        host = str_sub(host, 0, host.n - 1);
    struct str last = host.n > 9 ? str_from(host, host.n - 10) : host;
    return str_eq_case(host, S("localhost")) || str_eq_case(last, S(".localhost"));
}

/* False: it is no address but a name. */
static bool literal_kind(struct str host, enum address_kind *kind)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    char text[INET6_ADDRSTRLEN];

    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = str_sub(host, 1, host.n - 2);
    while (str_has_suffix(host, S(".")))
        host = str_sub(host, 0, host.n - 1);
    if (host.n >= sizeof text)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        *kind = address_kind((struct sockaddr *)&in, sizeof in);
    else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
        *kind = address_kind((struct sockaddr *)&in6, sizeof in6);
    else
        return false;
    return true;
}

bool is_loopback_host(struct str host)
{
    enum address_kind kind;

    return is_localhost_name(host) || (literal_kind(host, &kind) && kind == ADDRESS_LOOPBACK);
}

/* A last label that begins with a digit is a way to write an address: no name of the world ends so [RFC 3696 2]. */
bool name_allowed(struct str host)
{
    enum address_kind kind;
    size_t label = host.n;

    if (literal_kind(host, &kind))
        return kind == ADDRESS_PUBLIC;
    while (str_has_suffix(host, S(".")))
        host = str_sub(host, 0, host.n - 1);
    while (label > 0 && (label > host.n || host.p[label - 1] != '.'))
        label--;
    return label > 1 && label < host.n && !(host.p[label] >= '0' && host.p[label] <= '9') && !is_localhost_name(host);
}
