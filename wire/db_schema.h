/* SPDX-License-Identifier: EUPL-1.2
 * wire/db_schema.h: what a file of SQLite is to hold, for whoever tries whether this program can read it.
 *
 * Floor 1.  Each stands beside its migrations, in the module that makes the file.
 */
#ifndef WIRE_DB_SCHEMA_H
#define WIRE_DB_SCHEMA_H

#include "wire/db.h"

struct db_schema {
    const char *file; /* without a folder */
    const struct db_migration *table;
    size_t n;
};

#endif
