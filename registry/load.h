/* SPDX-License-Identifier: EUPL-1.2
 * registry/load.h: what the files of this folder share, and nobody else uses.
 *
 * Floor 4.
 */
#ifndef REGISTRY_LOAD_H
#define REGISTRY_LOAD_H

#include "registry/check.h"
#include "registry/registry.h"

/* Loads and checks inside a transaction that the caller has begun.  NULL: *where (copied into a) is the row, f the
 * reason; told: where whoever hears it acts, for it names others' rows in the nation alone. */
struct registry *registry_load_within(struct db *d, struct arena *a, const struct area *told, struct row_place *where,
                                      struct fail *f);

bool registry_number(struct db *d, struct str name, int64_t *out, struct fail *f);
bool registry_number_raise(struct db *d, struct str name, int64_t *out, struct fail *f);

int word_index(const char *const *words, struct str word); /* -1: none of them */
struct claim_set claims_of(struct str words);              /* one a line */

#endif
