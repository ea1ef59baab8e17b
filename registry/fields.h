/* SPDX-License-Identifier: EUPL-1.2
 * registry/fields.h: cells as the texts of a form.
 *
 * Floor 4; for this folder alone.
 */
#ifndef REGISTRY_FIELDS_H
#define REGISTRY_FIELDS_H

#include "registry/cells.h"
#include "registry/change_int.h"
#include "registry/edit.h"

bool column_is_secret(const struct column *c);
bool column_is_long(const struct column *c); /* not in a listing */
/* NULL: none of that name; one that is not a key of the file has no name. */
const struct column *field_column(const struct kind_row *k, struct str name);
/* "; did you mean …" */
struct str field_help(struct arena *a, const struct kind_row *k, struct str name);

struct str field_text(struct arena *a, const struct column *c, const struct db_value *v);
/* Reads it as the file's value would be read.  before: what SQL has, or NULL.  Refusals in m->fail, of no file. */
bool field_read(struct cells *m, const struct kind_row *k, const struct column *c, struct str text,
                const struct db_value *before, struct str row_id, struct db_value *out);

struct row_id row_id_of(struct arena *a, enum kind kind, const struct db_value *row);
/* The columns of the key.  False: no such kind, or a place that is no number. */
bool row_id_read(const struct row_id *id, enum kind *kind, struct db_value key[2]);
struct row_seen row_seen_of(struct arena *a, enum kind kind, const struct db_value *row, bool long_ones);

#endif
