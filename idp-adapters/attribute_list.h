/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/attribute_list.h: attributes being gathered for a map, under a ceiling.
 *
 * Floor 3.  Pure.  A directory may have a thousand groups for one person.  What
 * is over the ceiling is left out and counted, and the person is not refused for
 * it; each attribute has a ceiling of its own, so that a long one hides no other.
 */
#ifndef IDP_ADAPTERS_ATTRIBUTE_LIST_H
#define IDP_ADAPTERS_ATTRIBUTE_LIST_H

#include "idp-adapters/attribute_map.h"

struct attribute_list {
    struct attribute *at;
    size_t n;
    size_t left_out;        /* values, and attributes for which there was no room */
    struct str left_out_of; /* the first attribute of which something was left out; absent: none */
};

struct attribute_list attribute_list_new(struct arena *a);
bool attribute_list_has(const struct attribute_list *list, struct str name);
/* Adds the first ATTRIBUTE_VALUES_MAX values, and of those behind them the ones that the row calls a role (role_names).
 * Name and values are not copied. */
void attribute_list_add(struct arena *a, struct attribute_list *list, const struct idp *idp, struct str name,
                        struct strs values);
/* One line when something was left out: which idp, which attribute, how much. */
void attribute_list_log(const struct attribute_list *list, const struct idp *idp);

#endif
