/* SPDX-License-Identifier: EUPL-1.2
 * IP addresses and ranges: "10.0.0.1", "10.0.0.0/8", "::1", "ff00::/8".
 * An address is a range of one.  [Cedar: ipaddr extension] */
#include "policy/cedar/ext_types.h"

#include <string.h>

enum { IP_TEXT_MAX_B = 43 }; /* eight groups of four digits and "/128" */

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* A decimal number of 1 to max_digits digits without leading zeros, at most max. */
static bool small_number(struct str s, size_t max_digits, int max, int *out)
{
    int v = 0;

    if (s.n == 0 || s.n > max_digits || (s.p[0] == '0' && s.n > 1))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (s.p[i] - '0');
    }
    *out = v;
    return v <= max;
}

static bool v4_parse(struct str s, uint8_t out[16])
{
    struct str part;
    size_t n = 0;
    int octet;

    for (; str_split(&s, '.', &part); n++) {
        if (n == 4 || !small_number(part, 3, 255, &octet))
            return false;
        out[n] = (uint8_t)octet;
    }
    return n == 4;
}

/* Reads groups "1:2:3" into out; false on anything that is no group. */
static bool v6_groups(struct str s, uint8_t *out, size_t room, size_t *n)
{
    struct str part;

    *n = 0;
    if (s.n == 0)
        return true;
    while (str_split(&s, ':', &part)) {
        unsigned v = 0;
        if (*n == room || part.n == 0 || part.n > 4)
            return false;
        for (size_t i = 0; i < part.n; i++) {
            if (hex_value(part.p[i]) < 0)
                return false;
            v = v * 16 + (unsigned)hex_value(part.p[i]);
        }
        out[2 * *n] = (uint8_t)(v >> 8);
        out[2 * *n + 1] = (uint8_t)v;
        ++*n;
    }
    return true;
}

/* "::" stands for one group of zeros or more. */
static bool v6_parse(struct str s, uint8_t out[16])
{
    uint8_t head[16] = { 0 }, tail[16] = { 0 };
    size_t gap = str_find(s, S("::")), n_head, n_tail;

    if (gap == s.n)
        return v6_groups(s, out, 8, &n_head) && n_head == 8;
    if (!v6_groups(str_sub(s, 0, gap), head, 7, &n_head) || !v6_groups(str_from(s, gap + 2), tail, 7 - n_head, &n_tail))
        return false;
    memset(out, 0, 16);
    memcpy(out, head, 2 * n_head);
    memcpy(out + 16 - 2 * n_tail, tail, 2 * n_tail);
    return true;
}

const char *ip_parse(struct str s, struct cedar_ip *out)
{
    size_t slash = str_find_byte(s, '/', 0);
    struct str address = str_sub(s, 0, slash);
    int prefix;

    *out = (struct cedar_ip){ .v6 = str_find_byte(address, ':', 0) < address.n };
    if (s.n > IP_TEXT_MAX_B)
        return "this is too long for an IP address";
    if (out->v6 ? !v6_parse(address, out->address) : !v4_parse(address, out->address))
        return "this is no IP address";
    prefix = out->v6 ? 128 : 32;
    if (slash < s.n && !small_number(str_from(s, slash + 1), out->v6 ? 3 : 2, prefix, &prefix))
        return "the range after the slash is no number of bits";
    out->prefix = (uint8_t)prefix;
    return NULL;
}

void ip_text(struct buf *b, const struct cedar_ip *ip)
{
    if (ip->v6)
        for (size_t i = 0; i < 8; i++)
            buf_printf(b, "%s%x", i > 0 ? ":" : "", (unsigned)ip->address[2 * i] << 8 | ip->address[2 * i + 1]);
    else
        buf_printf(b, "%d.%d.%d.%d", ip->address[0], ip->address[1], ip->address[2], ip->address[3]);
    if (ip->prefix != (ip->v6 ? 128 : 32))
        buf_printf(b, "/%d", ip->prefix);
}

/* The first `bits` bits of both addresses agree. */
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool ip_in_range(const struct cedar_ip *ip, const struct cedar_ip *range)
{
    return ip->v6 == range->v6 && ip->prefix >= range->prefix && same_bits(ip->address, range->address, range->prefix);
}

bool ip_is_loopback(const struct cedar_ip *ip)
{
    static const struct cedar_ip v4 = { .address = { 127 }, .prefix = 8 };
    static const struct cedar_ip v6 = { .address = { [15] = 1 }, .prefix = 128, .v6 = true };

    return ip_in_range(ip, ip->v6 ? &v6 : &v4);
}

bool ip_is_multicast(const struct cedar_ip *ip)
{
    static const struct cedar_ip v4 = { .address = { 224 }, .prefix = 4 };
    static const struct cedar_ip v6 = { .address = { 0xFF }, .prefix = 8, .v6 = true };

    return ip_in_range(ip, ip->v6 ? &v6 : &v4);
}
