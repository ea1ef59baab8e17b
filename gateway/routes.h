/* SPDX-License-Identifier: EUPL-1.2
 * gateway/routes.h: which path is answered by which steps, under which guards.
 *
 * Floor 6a.  A table of rows is given to the server; the product's is
 * gateway/routes.def, made into rows in gateway/node/tables.c, where every
 * folder is known.  A path is matched raw, byte by byte, once; there is no
 * prefix matching but one trailing parameter: '*' is one segment, "**" up to
 * ROUTE_SEGMENTS_MAX of them with slashes between.
 */
#ifndef GATEWAY_ROUTES_H
#define GATEWAY_ROUTES_H

#include "model/ctx.h"
#include "wire/http.h"

enum { ROUTE_SEGMENTS_MAX = 8 };

enum door { DOOR_NONE = 0, DOOR_PUBLIC, DOOR_SCRIPTS, DOOR_OPS };
enum who { WHO_NOBODY = 0, WHO_ANYONE, WHO_PERSON, WHO_ADMIN, WHO_VENDOR, WHO_SERVICE };
enum errors { ERRORS_HTML = 0, ERRORS_JSON, ERRORS_SERVICE, ERRORS_SOAP };

struct route {
    enum http_method method;
    const char *path;
    enum door door;
    enum who who;
    size_t body_max_B;
    enum errors errors;
    const struct step_row *steps;
};

struct routes {
    const struct route *at;
    size_t n;
};

/* Finds the row; for OPTIONS at a SCRIPTS door one of its own, whose steps answer what may be asked.  param: what stood
 * for '*'.  Fails NOT_FOUND, or METHOD when the path exists for another method: then *allow says which ("GET, HEAD").
 */
const struct route *route_find(const struct routes *table, enum http_method method, struct str path, struct str *param,
                               const char **allow, struct fail *f);
const char *route_method(const struct route *r); /* "GET" */
/* For counters per route; table->n for NULL. */
size_t route_index(const struct routes *table, const struct route *r);

#endif
