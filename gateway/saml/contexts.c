/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/saml/contexts.h"

#include "gateway/saml/contexts.def"

#define PASSWORD_OVER_TLS "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

enum { LEVEL_UNKNOWN = 0, LEVEL_OF_ANY = 3 /* every sign-in here is over TLS */, LEVEL_MOST = 6 };

static const struct {
    int level;
    struct str uri;
} rows[] = {
#define X(level, uri) { level, S(uri) },
    SAML_CONTEXTS(X)
#undef X
};
enum { ROWS = sizeof rows / sizeof *rows };

static int level_of(struct str uri)
{
    for (size_t i = 0; i < ROWS; i++)
        if (str_eq(rows[i].uri, uri))
            return rows[i].level;
    return LEVEL_UNKNOWN;
}

/* Those of the table from that level on, and what was asked for that the table does not know: itself alone. */
static bool demand_from(struct arena *a, int level, const struct strs *asked, struct login *l)
{
    struct strs wanted = { NULL, 0 };

    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].level >= level)
            strs_add(a, &wanted, rows[i].uri);
    for (size_t i = 0; i < asked->n; i++)
        if (level_of(asked->at[i]) == LEVEL_UNKNOWN)
            strs_add(a, &wanted, asked->at[i]);
    l->acr_must = level > LEVEL_OF_ANY;
    l->acr_values = strs_joined(a, l->acr_must ? &wanted : asked, ' ');
    return wanted.n > 0;
}

bool contexts_demand(struct arena *a, enum context_comparison how, const struct strs *asked, struct login *l)
{
    int least = LEVEL_MOST + 1, most = 0;
    bool any_will_do = false;

    for (size_t i = 0; i < asked->n; i++) {
        int level = level_of(asked->at[i]);
        any_will_do = any_will_do || (level != LEVEL_UNKNOWN && level <= LEVEL_OF_ANY);
        least = level != LEVEL_UNKNOWN && level < least ? level : least;
        most = level > most ? level : most;
    }
    if (asked->n == 0 || how == CONTEXT_MAXIMUM)
        return true;
    if (how == CONTEXT_MINIMUM)
        return demand_from(a, least, asked, l);
    if (how == CONTEXT_BETTER)
        return most < LEVEL_MOST && demand_from(a, most + 1, &(struct strs){ NULL, 0 }, l);
    l->acr_must = !any_will_do;
    l->acr_values = strs_joined(a, asked, ' ');
    return true;
}

struct str context_stated(const struct login *l, struct str acr)
{
    struct str rest = l->acr_values, word;

    if (str_is_set(acr) && str_has_word(l->acr_values, acr))
        return acr;
    while (str_split(&rest, ' ', &word)) {
        int level = level_of(word);
        if (level != LEVEL_UNKNOWN && level <= LEVEL_OF_ANY && !l->acr_must)
            return word;
    }
    return str_is_set(acr) && str_find_byte(acr, ':', 0) < acr.n ? acr : S(PASSWORD_OVER_TLS);
}
