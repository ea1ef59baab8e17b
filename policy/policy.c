/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/policy.h"

static bool covers(const struct rule *r, const struct affiliation *a, const struct service *s)
{
    return (r->role == ROLE_NONE || r->role == a->role) &&
           (r->school == NULL || str_eq(r->school->oid, a->school_oid)) && (r->service == NULL || r->service == s);
}

/* What the rules of one affiliation's provider say.  The first permit in the order of ids names itself; a forbid
 * beats it. */
static void weigh(const struct registry *reg, const struct provider *p, const struct affiliation *a,
                  const struct service *s, struct decision *d, bool *forbidden)
{
    size_t n;
    const struct rule *const *rules = registry_rules(reg, p, &n);

    for (size_t i = 0; i < n && !*forbidden; i++) {
        const struct rule *r = rules[i];
        if (!covers(r, a, s))
            continue;
        if (r->forbid || d->effect == EFFECT_DENY) {
            d->rule = r->id;
            d->ask = p;
        }
        if (r->forbid) {
            *forbidden = true;
        } else {
            d->effect = EFFECT_ALLOW;
            d->release.bits |= r->release.bits;
        }
    }
}

struct decision policy_decide(const struct registry *reg, const struct person *person, const struct service *service,
                              int64_t now_s)
{
    struct decision d = { .effect = EFFECT_DENY, .rule = S("none") };
    bool forbidden = false;

    if (!service->enabled) {
        d.rule = S("service_disabled");
        return d;
    }
    for (size_t i = 0; i < person->affiliation_count && !forbidden; i++) {
        const struct affiliation *a = &person->affiliations[i];
        const struct provider *p = registry_provider_oid(reg, a->provider_oid);
        if (p == NULL || !affiliation_valid(a, now_s))
            continue;
        if (d.ask == NULL)
            d.ask = p;
        weigh(reg, p, a, service, &d, &forbidden);
    }
    if (d.ask == NULL) { /* nobody's at the moment: the identity provider's owner can tell why */
        const struct idp *idp = registry_idp(reg, person->idp);
        d.ask = idp != NULL ? idp->provider : NULL;
    }
    d.release.bits &= service->asks.bits;
    if (forbidden || d.effect == EFFECT_DENY) {
        d.effect = EFFECT_DENY;
        d.release = (struct claim_set){ 0 };
    }
    return d;
}
