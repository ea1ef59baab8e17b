/* SPDX-License-Identifier: EUPL-1.2
 * registry/form_keys.h: a policy's form in a registry file.
 *
 * Floor 4; for this folder alone.  Instead of Cedar text a row may have the fields of policy/form.h; what is kept is
 * the text that they make.  Schools and groups go by their codes, as everywhere in the file, and the people are those
 * of the row's owner, unless it says otherwise.
 */
#ifndef REGISTRY_FORM_KEYS_H
#define REGISTRY_FORM_KEYS_H

#include "base/arena.h"
#include "base/fail.h"
#include "wire/db.h"
#include "wire/yaml.h"

extern const char *const form_keys[]; /* NULL ends */

struct form_owner { /* whose the row is */
    struct arena *arena;
    const struct db_rows *schools; /* all that there are, in the order of their keys */
    struct str provider, school;   /* "oulu", "oulu/99101"; absent: the nation's, all of the provider's */
};
struct form_owner form_owner_of(struct arena *a, const struct db_rows *schools, const struct db_value *policy);

/* The first of the keys above that stands there, or NULL. */
const char *form_keys_first(const struct yaml *item);
/* The text that an item's keys make.  Fails CALLER with file:line and what was expected. */
bool form_keys_read(const struct form_owner *of, const struct yaml *item, struct str *text, struct fail *f);
/* Writes the keys from which form_keys_read() makes this very text, for the same owner.  False: there are none such,
 * and nothing was written. */
bool form_keys_write(const struct form_owner *of, struct str text, struct yaml_out *o);

#endif
