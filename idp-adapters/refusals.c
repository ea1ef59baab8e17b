/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/refusals.h"

#include "wire/jose_codes.def"
#include "wire/saml_codes.def"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *code, *rule;
} rules[] = {
#define X(code, rule) { #code, rule },
    SAML_CODES(X) JOSE_CODES(X)
#undef X
};

#define RULE(code, lasts, mend) { #code, FAIL_UPSTREAM, LASTS_##lasts, NULL, mend },
static const struct refusal_row rows[] = {
#define X(code, kind, lasts, means, mend) { #code, FAIL_##kind, LASTS_##lasts, means, mend },
    REFUSALS(X)
#undef X
        SAML_REFUSALS(RULE) JOSE_REFUSALS(RULE)
};

int refusal(struct fail *f, enum refusal why, const char *fmt, ...)
{
    char detail[FAIL_DETAIL_B * 2];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    return fail(f, rows[why - 1].kind, rows[why - 1].code, "%s", detail);
}

int refusal_unread(struct fail *f, const char *error, const char *fmt, ...)
{
    const struct refusal_row *row = refusal_of(error);
    char detail[FAIL_DETAIL_B * 2];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    return fail(f, FAIL_UPSTREAM, row != NULL ? row->code : "city_unreachable", "%s: %s", detail,
                error != NULL ? error : "away");
}

const struct refusal_row *refusal_of(const char *code)
{
    for (size_t i = 0; code != NULL && i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].code, code) == 0)
            return &rows[i];
    return NULL;
}

const struct refusal_row *refusals_all(size_t *n)
{
    *n = sizeof rows / sizeof *rows;
    return rows;
}

const char *refusal_means(const struct refusal_row *row)
{
    for (size_t i = 0; row->means == NULL && i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].code, row->code) == 0)
            return rules[i].rule;
    return row->means;
}

const char *lasts_name(enum lasts lasts)
{
    static const char *const names[] = { [LASTS_UNKNOWN] = "-",
                                         [LASTS_AWAY] = "helps, in a while",
                                         [LASTS_SPENT] = "helps",
                                         [LASTS_STAYS] = "does not help",
                                         [LASTS_CANCELLED] = "as they like" };

    return names[lasts];
}
