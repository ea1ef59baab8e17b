/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/codec.h"

#include <string.h>

static const char B64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char B64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct str hex_encode(struct arena *a, struct str bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *p = arena_alloc(a, bytes.n * 2);

    for (size_t i = 0; i < bytes.n; i++) {
        p[2 * i] = digits[(unsigned char)bytes.p[i] >> 4];
        p[2 * i + 1] = digits[(unsigned char)bytes.p[i] & 15];
    }
    return str_n(p, bytes.n * 2);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool hex_decode(struct arena *a, struct str text, struct str *bytes)
{
    if (text.p == NULL || text.n % 2 != 0)
        return false;
    char *p = arena_alloc(a, text.n / 2);
    for (size_t i = 0; i < text.n; i += 2) {
        int hi = hex_digit(text.p[i]), lo = hex_digit(text.p[i + 1]);
        if (hi < 0 || lo < 0)
            return false;
        p[i / 2] = (char)(hi << 4 | lo);
    }
    *bytes = str_n(p, text.n / 2);
    return true;
}

static struct str encode64(struct arena *a, struct str bytes, const char *alphabet, bool pad)
{
    char *p = arena_alloc(a, (bytes.n + 2) / 3 * 4);
    size_t n = 0;

    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        uint32_t v = (uint32_t)(unsigned char)bytes.p[i] << 16;
        if (left > 1)
            v |= (uint32_t)(unsigned char)bytes.p[i + 1] << 8;
        if (left > 2)
            v |= (unsigned char)bytes.p[i + 2];
        p[n++] = alphabet[v >> 18];
        p[n++] = alphabet[v >> 12 & 63];
        if (left > 1 || pad)
            p[n++] = left > 1 ? alphabet[v >> 6 & 63] : '=';
        if (left > 2 || pad)
            p[n++] = left > 2 ? alphabet[v & 63] : '=';
    }
    return str_n(p, n);
}

/* text comes without padding; left-over bits must be zero, so that one value has one text. */
static bool decode64(struct arena *a, struct str text, const char *alphabet, struct str *bytes)
{
    int table[256];

    if (text.n % 4 == 1)
        return false;
    memset(table, -1, sizeof table);
    for (int i = 0; i < 64; i++)
        table[(unsigned char)alphabet[i]] = i;
    char *p = arena_alloc(a, text.n / 4 * 3 + 2);
    size_t n = 0;
    uint32_t acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < text.n; i++) {
        int v = table[(unsigned char)text.p[i]];
        if (v < 0)
            return false;
        acc = acc << 6 | (uint32_t)v;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            p[n++] = (char)(acc >> bits & 0xff);
        }
    }
    if (bits > 0 && (acc & ((1u << bits) - 1)) != 0)
        return false;
    *bytes = str_n(p, n);
    return true;
}

struct str b64_encode(struct arena *a, struct str bytes)
{
    return encode64(a, bytes, B64, true);
}

bool b64_decode(struct arena *a, struct str text, struct str *bytes)
{
    if (text.p == NULL || text.n % 4 != 0)
        return false;
    for (int i = 0; i < 2 && text.n > 0 && text.p[text.n - 1] == '='; i++)
        text.n--;
    return decode64(a, text, B64, bytes);
}

struct str b64url_encode(struct arena *a, struct str bytes)
{
    return encode64(a, bytes, B64URL, false);
}

bool b64url_decode(struct arena *a, struct str text, struct str *bytes)
{
    return text.p != NULL && decode64(a, text, B64URL, bytes);
}

struct str b32_encode(struct arena *a, struct str bytes)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    char *p = arena_alloc(a, (bytes.n * 8 + 4) / 5);
    size_t n = 0;
    uint32_t acc = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < bytes.n; i++) {
        acc = (acc << 8 | (unsigned char)bytes.p[i]) & 0xfff;
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            p[n++] = alphabet[acc >> bits & 31];
        }
    }
    if (bits > 0)
        p[n++] = alphabet[acc << (5 - bits) & 31];
    return str_n(p, n);
}
