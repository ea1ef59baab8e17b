/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/grant_types.h"

enum { KNOWN_CLIENT = 0, ANY_CLIENT, NAMED = 0, USUAL, FAPI_NOT = 0, FAPI_TOO };

const struct grant_type grant_types[GRANT_COUNT] = {
#define X(symbol, name, who, unsaid, fapi) { name, who, unsaid, fapi },
    GRANT_TYPES(X)
#undef X
};

const struct grant_type *grant_type_named(struct str name)
{
    for (size_t i = 0; i < GRANT_COUNT; i++)
        if (str_eq(str_of(grant_types[i].name), name))
            return &grant_types[i];
    return NULL;
}

bool service_may_grant(const struct service *s, const struct grant_type *type)
{
    bool named = strs_has(&s->client.grant_types, str_of(type->name));

    return (named || (type->usual && s->client.grant_types.n == 0)) && (type->public_too || !service_is_public(s)) &&
           (type->fapi_too || !s->client.fapi);
}
