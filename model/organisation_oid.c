/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/organisation_oid.h"

enum { DIGITS = 11, DIGITS_LEAST = 8, DIGITS_MOST = 12 };

static bool has_arc(struct str s, const char *const *arcs, struct str *rest)
{
    for (; *arcs != NULL; arcs++)
        if (str_has_prefix(s, str_of(*arcs))) {
            *rest = str_from(s, strlen(*arcs));
            return true;
        }
    return false;
}

static bool is_luhn(struct str digits)
{
    int sum = 0;

    for (size_t i = 0; i < digits.n; i++) {
        int d = digits.p[digits.n - 1 - i] - '0';
        int twice = 2 * d > 9 ? 2 * d - 9 : 2 * d;
        sum += i % 2 == 1 ? twice : d;
    }
    return sum % 10 == 0;
}

enum organisation_oid organisation_oid_is(struct str s)
{
    static const char *const arcs[] = { "1.2.246.562.10.", "1.2.246.562.99.", "1.2.246.562.199.", "1.2.246.562.299.",
                                        NULL };
    struct str digits;

    if (!has_arc(s, arcs, &digits) || digits.n < DIGITS_LEAST || digits.n > DIGITS_MOST)
        return ORGANISATION_OID_NOT;
    for (size_t i = 0; i < digits.n; i++)
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return ORGANISATION_OID_NOT;
    return digits.n == DIGITS && is_luhn(digits) ? ORGANISATION_OID_GOOD : ORGANISATION_OID_DOUBTFUL;
}

bool is_person_oid(struct str s)
{
    static const char *const arcs[] = { "1.2.246.562.24.", "1.2.246.562.98.", "1.2.246.562.198.", "1.2.246.562.298.",
                                        NULL };
    struct str rest;

    return has_arc(s, arcs, &rest);
}
