/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/vendor/recover.h"

const struct staff *recoverable(const struct ctx *c, struct str account)
{
    const struct registry_parts *p = registry_parts(c->registry);
    const struct account *own = registry_account_id(c->registry, account);
    const struct idp *idp = own != NULL ? registry_idp(c->registry, own->idp) : NULL;
    const struct staff *is = NULL;
    size_t rights = 0, n = 0;

    if (own == NULL || !own->enabled || idp == NULL || !idp->vendors)
        return NULL;
    (void)registry_admins(c->registry, own->idp, own->id, &rights);
    for (size_t i = 0; i < p->staff_count; i++)
        if (str_eq(p->staff[i].idp, own->idp) && str_eq(p->staff[i].subject, own->id)) {
            is = &p->staff[i];
            n++;
        }
    return n == 1 && rights == 0 && is->organisation->enabled ? is : NULL;
}
