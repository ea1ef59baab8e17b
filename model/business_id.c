/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/business_id.h"

enum { DIGITS = 7, WHOLE = DIGITS + 2, MODULUS = 11 };

bool is_business_id(struct str s)
{
    static const int weights[DIGITS] = { 7, 9, 10, 5, 8, 4, 2 };
    int sum = 0;

    if (s.n != WHOLE || s.p[DIGITS] != '-')
        return false;
    for (size_t i = 0; i < WHOLE; i++)
        if (i != DIGITS && (s.p[i] < '0' || s.p[i] > '9'))
            return false;
    for (size_t i = 0; i < DIGITS; i++)
        sum += weights[i] * (s.p[i] - '0');
    int rest = sum % MODULUS;
    return rest != 1 && s.p[WHOLE - 1] - '0' == (rest == 0 ? 0 : MODULUS - rest);
}
