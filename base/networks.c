/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/networks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    unsigned char mask = (unsigned char)(0xff << (8 - rest));

    return memcmp(a, b, (size_t)whole) == 0 && (rest == 0 || (a[whole] & mask) == (b[whole] & mask));
}

static int width(int family)
{
    return family == AF_INET ? 32 : 128;
}

bool network_read(struct str text, struct network *out)
{
    char address[INET6_ADDRSTRLEN];
    unsigned char kept[16] = { 0 };
    int64_t bits;
    size_t slash = str_find_byte(text, '/', 0);
    struct str length = str_from(text, slash < text.n ? slash + 1 : slash);

    *out = (struct network){ .family = 0 };
    if (slash == text.n || slash >= sizeof address || (length.n > 1 && length.p[0] == '0') || !str_int(length, &bits))
        return false;
    memcpy(address, text.p, slash);
    address[slash] = '\0';
    struct network n = { .family = memchr(address, ':', slash) != NULL ? AF_INET6 : AF_INET };
    if (memchr(address, '\0', slash) != NULL || bits < 0 || bits > width(n.family) ||
        inet_pton(n.family, address, n.prefix) != 1)
        return false;
    n.bits = (int)bits;
    for (int i = 0; i < n.bits; i++)
        kept[i / 8] |= (unsigned char)(n.prefix[i / 8] & (0x80 >> i % 8));
    if (memcmp(kept, n.prefix, sizeof kept) != 0)
        return false;
    *out = n;
    return true;
}

bool network_has(const struct network *n, const struct sockaddr *address, socklen_t size)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    if (n->family == 0 || address->sa_family != n->family)
        return false;
    if (n->family == AF_INET && size >= sizeof in) {
        memcpy(&in, address, sizeof in);
        return same_bits((const unsigned char *)&in.sin_addr, n->prefix, n->bits);
    }
    if (n->family == AF_INET6 && size >= sizeof in6) {
        memcpy(&in6, address, sizeof in6);
        return same_bits(in6.sin6_addr.s6_addr, n->prefix, n->bits);
    }
    return false;
}

struct address address_read(struct str text)
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    char copy[INET6_ADDRSTRLEN];
    struct address a = { .family = 0 };

    if (!str_is_set(text) || text.n >= sizeof copy || memchr(text.p, '\0', text.n) != NULL)
        return a;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    if (inet_pton(AF_INET, copy, a.bytes) == 1) {
        a.family = AF_INET;
    } else if (inet_pton(AF_INET6, copy, a.bytes) == 1) {
        a.family = AF_INET6;
        if (memcmp(a.bytes, mapped, sizeof mapped) == 0) {
            struct address inner = { .family = AF_INET };
            memcpy(inner.bytes, a.bytes + sizeof mapped, 4);
            return inner;
        }
    }
    return a;
}

bool network_holds(const struct network *n, const struct address *a)
{
    return n->family != 0 && n->family == a->family && same_bits(a->bytes, n->prefix, n->bits);
}

/* [RFC 1918 3, RFC 6598 7, RFC 4193 3.1] */
static const struct network private_blocks[] = {
    { AF_INET, 8, { 10 } },         { AF_INET, 12, { 172, 16 } }, { AF_INET, 16, { 192, 168 } },
    { AF_INET, 10, { 100, 0x40 } }, { AF_INET6, 7, { 0xfc } },
};

const char *private_network_trouble(struct str text, struct network *out)
{
    if (!network_read(text, out))
        return "is no network: expected an address with nothing set beyond its length, as 10.20.0.0/16";
    for (size_t i = 0; i < sizeof private_blocks / sizeof *private_blocks; i++)
        if (private_blocks[i].family == out->family && out->bits >= private_blocks[i].bits &&
            same_bits(out->prefix, private_blocks[i].prefix, private_blocks[i].bits))
            return NULL;
    *out = (struct network){ .family = 0 };
    return "is not private: it must lie in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 or fc00::/7";
}
