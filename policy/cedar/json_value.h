/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/json_value.h: values, entities and requests from and to JSON.
 *
 * Stands on base/ alone.  A schema directs the reading: where it expects an
 * entity, {"type": …, "id": …} is one; where it expects an ip, a string is
 * one.  Without a schema only the escapes __entity and __extn say so.
 */
#ifndef CEDAR_JSON_VALUE_H
#define CEDAR_JSON_VALUE_H

#include "policy/cedar/entities.h"
#include "policy/cedar/ext.h"
#include "policy/cedar/json.h"

struct cedar_type;

/* expected: NULL when nothing is known.  Text is copied into a. */
bool cedar_value_from_json(struct arena *a, struct cedar_diags *d, const struct cedar_json *j,
                           const struct cedar_type *expected, struct cedar_value *out);
/* {"type": …, "id": …}, also inside {"__entity": …}. */
bool cedar_uid_from_json(struct arena *a, struct cedar_diags *d, const struct cedar_json *j, struct cedar_uid *out);

void cedar_value_to_json(struct buf *b, const struct cedar_value *v);
void cedar_uid_to_json(struct buf *b, const struct cedar_uid *uid); /* without the escape */

struct cedar_schema;
struct cedar_request;
/* A request that is part of a larger JSON text.  validated: also check it against the schema. */
bool cedar_request_from_json(struct arena *a, struct cedar_diags *d, const struct cedar_json *j,
                             const struct cedar_schema *schema, bool validated, struct cedar_request *out);

#endif
