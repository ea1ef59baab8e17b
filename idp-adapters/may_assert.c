/* SPDX-License-Identifier: EUPL-1.2 */
#include "idp-adapters/may_assert.h"

void may_assert_bound(const struct idp *idp, struct affiliations *list, struct map_notes *notes)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->n; i++) {
        const struct affiliation *one = &list->at[i];
        bool role = idp_may_assert_role(idp, one->role);
        if (role && idp_may_assert_school(idp, one->school_oid, one->school_code)) {
            list->at[kept++] = *one;
            continue;
        }
        notes->left_out++; /* what left it out stands in the place of an attribute */
        map_note(notes, role ? NOTE_SCHOOL_BEYOND : NOTE_ROLE_BEYOND, role ? S("asserts_schools") : S("asserts_roles"),
                 !role                          ? str_of(role_name(one->role))
                 : str_is_set(one->school_code) ? one->school_code
                 : str_is_set(one->school_oid)  ? one->school_oid
                                                : S("-"));
    }
    list->n = kept;
}
