/* SPDX-License-Identifier: EUPL-1.2
 * model/grant_types.h: what a service may bring to the token endpoint (grant_types.def).
 *
 * Floor 1.  Pure. */
#ifndef MODEL_GRANT_TYPES_H
#define MODEL_GRANT_TYPES_H

#include "model/grant_types.def"
#include "model/registry.h"

enum grant_id {
#define X(symbol, name, who, unsaid, fapi) GRANT_##symbol,
    GRANT_TYPES(X)
#undef X
        GRANT_COUNT
};

struct grant_type {
    const char *name;
    bool public_too; /* a service that cannot keep a secret may use it */
    bool usual;      /* a row that names no grant_types may use it */
    bool fapi_too;
};
extern const struct grant_type grant_types[GRANT_COUNT];

/* NULL: there is none of this name. */
const struct grant_type *grant_type_named(struct str name);
/* Whether the service's row lets it use this grant type. */
bool service_may_grant(const struct service *s, const struct grant_type *type);

#endif
