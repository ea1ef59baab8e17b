/* SPDX-License-Identifier: EUPL-1.2
 * idp-adapters/may_assert.h: of which roles and schools an identity provider may speak.
 *
 * Floor 3.  A municipality may have several sources: one for its staff, one for learners of the lower levels, one for
 * those of the upper level.  Each row says what its source may assert (asserts_roles, asserts_schools).  What a source
 * says beyond is left out of the person, noted with its reason (map_notes.def), and obeyed nowhere.  Pure.
 * Which they are: idp_may_assert_role(), idp_may_assert_school() (model/registry.h).
 */
#ifndef IDP_ADAPTERS_MAY_ASSERT_H
#define IDP_ADAPTERS_MAY_ASSERT_H

#include "idp-adapters/affiliation.h"

/* Leaves in list what the row allows; counts and notes the rest. */
void may_assert_bound(const struct idp *idp, struct affiliations *list, struct map_notes *notes);

#endif
