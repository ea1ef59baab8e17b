/* SPDX-License-Identifier: EUPL-1.2
 * base/embed.h: files that are compiled into the program (cmake/embed.cmake).
 *
 * Floor 0.
 */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include <stddef.h>

struct embedded {
    const char *name; /* without suffix; NULL ends the table */
    const unsigned char *bytes;
    size_t size;
};

extern const struct embedded dialect_files[]; /* idp-adapters/dialects/ */
extern const struct embedded policy_files[];  /* policy/model.cedarschema, first */

#endif
