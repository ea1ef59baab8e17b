/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/policy.h"

#include "policy/rules.h"

/* Adds what the rules of one affiliation's provider say.  The first permit in the order of ids names itself; a forbid
 * beats it. */
static void weigh(const struct registry *reg, const struct provider *p, const struct says *says, struct decision *d,
                  bool *forbidden)
{
    size_t n;
    const struct rule *const *rules = registry_rules(reg, &n);
    uint32_t settles = says->forbid != 0 ? says->forbid : d->effect == EFFECT_DENY ? says->permit : 0;

    if (settles != 0) {
        d->rule = rules[settles - 1]->id;
        d->ask = p;
    }
    *forbidden = says->forbid != 0;
    if (says->permit != 0) {
        d->effect = EFFECT_ALLOW;
        d->release.bits |= says->release.bits;
    }
}

struct decision policy_decide(const struct registry *reg, const struct person *person, const struct service *service,
                              int64_t now_s)
{
    struct decision d = { .effect = EFFECT_DENY, .rule = S("none") };
    const struct rules *rules = rules_of(reg);
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
        struct says says = rules_say(rules, p, a, service);
        weigh(reg, p, &says, &d, &forbidden);
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

struct bits policy_services(struct arena *a, const struct registry *reg, const struct person *person, int64_t now_s)
{
    const struct rules *rules = rules_of(reg);
    size_t n = registry_parts(reg)->service_count;
    struct bits permitted = bits_new(a, n), forbidden = bits_new(a, n);

    for (size_t i = 0; i < person->affiliation_count; i++) {
        const struct affiliation *at = &person->affiliations[i];
        const struct provider *p = registry_provider_oid(reg, at->provider_oid);
        if (p != NULL && affiliation_valid(at, now_s))
            rules_mark(rules, p, at, &permitted, &forbidden);
    }
    bits_and_not(&permitted, &forbidden);
    bits_and(&permitted, rules_enabled(rules));
    return permitted;
}

void policy_prepare(const struct registry *reg)
{
    (void)rules_of(reg);
}
