/* SPDX-License-Identifier: EUPL-1.2
 *
 * The two tables of the product, where every folder is known: what can be reached, and what services may speak. */
#include "gateway/node/tables.h"

#include "gateway/routes.def"

#define X(method, path, door, who, body, errors, steps) extern const struct step_row steps[];
ROUTES(X)
#undef X

static const struct route rows[] = {
#define X(method, path, door, who, body, errors, steps)                                                                \
    { HTTP_##method, path, DOOR_##door, WHO_##who, body, ERRORS_##errors, steps },
    ROUTES(X)
#undef X
};

const struct routes all_routes = { rows, sizeof rows / sizeof *rows };

const struct protocol *const all_protocols[PROTO_COUNT] = {
#define X(which, symbol) [PROTO_##which] = &(symbol),
    PROTOCOLS(X)
#undef X
};
