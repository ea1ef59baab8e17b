/* SPDX-License-Identifier: EUPL-1.2
 *
 * Identity codes: when their person is of age, and what is kept of them. */
#include "idp-adapters/relations_int.h"

#include "base/codec.h"
#include "base/seals.h"
#include "model/when.h"

enum { CODE_N = 11, SIGN_AT = 6, NUMBER_AT = 7, CHECK_AT = 10, OF_AGE = 18 };

static bool two_digits(struct str s, size_t at, int *out)
{
    int64_t n;
    bool good = s.p[at] >= '0' && s.p[at] <= '9' && str_int(str_sub(s, at, 2), &n);

    *out = good ? (int)n : 0;
    return good;
}

/* The signs of a century are several since 2023. */
static int century_of(char sign)
{
    return sign == '+'                                   ? 1800
           : sign == '-' || (sign >= 'U' && sign <= 'Y') ? 1900
           : (sign >= 'A' && sign <= 'F')                ? 2000
                                                         : 0;
}

static bool check_fits(struct str code)
{
    static const char characters[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    int64_t date, number;

    return str_int(str_sub(code, 0, SIGN_AT), &date) && str_int(str_sub(code, NUMBER_AT, 3), &number) && date >= 0 &&
           number >= 0 && code.p[CHECK_AT] == characters[(date * 1000 + number) % 31];
}

bool identity_of_age(struct str code, int64_t *at_s)
{
    char day[40]; /* as many bytes as gcc reckons with */
    int d, m, y;

    if (code.n != CODE_N || !two_digits(code, 0, &d) || !two_digits(code, 2, &m) || !two_digits(code, 4, &y) ||
        century_of(code.p[SIGN_AT]) == 0 || !check_fits(code))
        return false;
    y += century_of(code.p[SIGN_AT]) + OF_AGE;
    if (y < 1970)
        y = 1970; /* of age before any moment that we know */
    for (int tries = 0; tries < 2; tries++, d--) {
        (void)snprintf(day, sizeof day, "%04d-%02d-%02d", y, m, d);
        if (when_day_read(str_of(day), at_s))
            return true;
        if (d != 29 || m != 2)
            return false;
    }
    return false;
}

struct str identity_hash(struct arena *a, const struct seals *s, struct str code)
{
    return hex_encode(a, seals_identity(a, s, code));
}

void relations_name(struct ctx *c, struct person *p)
{
    if (!str_is_set(p->identity))
        return;
    p->subject = identity_hash(c->arena, c->seals, p->identity);
    p->age = AGE_ADULT; /* whoever identifies there as a guardian; a child has no child */
}

struct person *relations_person(struct ctx *c)
{
    return c->proven != NULL ? c->proven->person : c->person;
}

bool relations_may_ask(const struct person *p)
{
    int64_t of_age_s;

    return p->registered && identity_of_age(p->identity, &of_age_s);
}

const struct relations_maker *relations_of(const struct idp *idp)
{
    return idp == NULL || !idp->guardians ? NULL : str_is_set(idp->relations_url) ? &relations_web : &relations_kept;
}
