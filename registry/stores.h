/* SPDX-License-Identifier: EUPL-1.2
 * registry/stores.h: every database beside the registry's, for whoever tries whether this program can read them.
 *
 * Floor 4.  Each is in a file of its own in state_dir/registry; its module makes it when it is first needed.
 */
#ifndef REGISTRY_STORES_H
#define REGISTRY_STORES_H

#include "wire/db_schema.h"

/*   file (without .sqlite) */
#define STORES(X)                                                                                                      \
    X(class_links)                                                                                                     \
    X(consents)                                                                                                        \
    X(known)                                                                                                           \
    X(links)                                                                                                           \
    X(mails)                                                                                                           \
    X(members)                                                                                                         \
    X(people)                                                                                                          \
    X(pleas)                                                                                                           \
    X(sessions)                                                                                                        \
    X(shadow)                                                                                                          \
    X(uses)                                                                                                            \
    X(vendors)                                                                                                         \
    X(wards)

#define X(name) extern const struct db_schema name##_schema;
STORES(X)
#undef X

#endif
