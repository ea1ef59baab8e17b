/* SPDX-License-Identifier: EUPL-1.2
 * Decimals: -?digits.digits with one to four digits behind the point, kept as
 * ten-thousandths in 64 bits.  [Cedar: decimal extension] */
#include "policy/cedar/ext_types.h"

static bool digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

const char *decimal_parse(struct str s, int64_t *out)
{
    bool negative = s.n > 0 && s.p[0] == '-';
    struct str body = negative ? str_from(s, 1) : s;
    size_t point = str_find_byte(body, '.', 0);
    struct str fraction = str_from(body, point + 1);
    int64_t v = 0;

    if (point == body.n || !digits(str_sub(body, 0, point)) || !digits(fraction))
        return "a decimal is written with digits on both sides of its point";
    if (fraction.n > 4)
        return "a decimal has at most four digits behind its point";
    /* Downwards, because negative numbers reach one further. */
    for (size_t i = 0; i < point + 5; i++) {
        int digit = i < point ? body.p[i] - '0' : i > point && i < body.n ? body.p[i] - '0' : 0;
        if (i == point)
            continue;
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, digit, &v))
            return "this decimal is too large";
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, v, &v))
        return "this decimal is too large";
    *out = v;
    return NULL;
}

void decimal_text(struct buf *b, int64_t v)
{
    uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    unsigned fraction = (unsigned)(size % 10000), width = 4;

    for (; width > 1 && fraction % 10 == 0; width--)
        fraction /= 10;
    buf_printf(b, "%s%llu.%0*u", v < 0 ? "-" : "", (unsigned long long)(size / 10000), (int)width, fraction);
}
