/* SPDX-License-Identifier: EUPL-1.2
 * registry/cells.h: one value of a registry file, as SQL keeps it.
 *
 * Floor 4.  The type of its column says what it may be; secrets are hashed or
 * sealed here, and leave in no other form.
 */
#ifndef REGISTRY_CELLS_H
#define REGISTRY_CELLS_H

#include "registry/load.h"
#include "registry/schema.h"
#include "wire/yaml.h"

struct cells {
    struct arena *arena;
    const struct import_how *how;
    struct fail *fail;
};

/* One cell being read. */
struct cell {
    const struct kind_row *kind;
    const struct column *column;
    const struct yaml *value;
    const struct db_value *before; /* what SQL has now; NULL for a new row */
    struct str row_id;
};

/* Fails CALLER with file:line and what was expected. */
bool cell_read(struct cells *m, const struct cell *c, struct db_value *out);
/* What a row that is read says without saying it: a public service's PKCE, a policy's layer. */
void cells_settle(enum kind kind, struct db_value *values, bool says_pkce);
/* The bytes of the file that a value names; */
bool cell_bytes(struct cells *m, const struct yaml *where, struct str *out);
/* its text. */
bool cell_file(struct cells *m, const struct yaml *where, struct str *out);

#endif
