/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/settle.h"

#include "policy/receipts.h"

struct settled settle(const struct says *says)
{
    for (int layer = 0; layer < LAYER_COUNT; layer++) {
        const uint32_t *of = says->open[layer];
        if (layer == LAYER_SCHOOL && (!says->leave[SAYS_PERMIT] || says->leave[SAYS_FORBID]))
            continue;
        if (of[SAYS_FORBID] != 0)
            return (struct settled){ of[SAYS_FORBID], true };
        if (of[SAYS_PERMIT] != 0)
            return (struct settled){ of[SAYS_PERMIT], false };
    }
    return (struct settled){ 0, false };
}

/* Claims that may be told, and those of which it is said that they must not. */
static void settle_claims(const struct says *says, uint32_t *granted, uint32_t *withheld)
{
    uint32_t said = 0;

    *granted = *withheld = 0;
    for (int layer = 0; layer < LAYER_SCHOOL; layer++) {
        uint32_t permit = says->release[layer][SAYS_PERMIT].bits, forbid = says->release[layer][SAYS_FORBID].bits;
        *granted |= permit & ~forbid & ~said;
        *withheld |= forbid & ~said;
        said |= permit | forbid;
    }
}

struct settling settling_new(void)
{
    return (struct settling){ .d = { .effect = EFFECT_DENY, .rule = S("none") } };
}

void settling_add(struct settling *t, const struct set *set, const struct says *says, const struct provider *p,
                  const struct policy *failed)
{
    struct settled s = settle(says);
    uint32_t granted, withheld;

    settle_claims(says, &granted, &withheld);
    t->withheld |= withheld;
    if (t->d.ask == NULL)
        t->d.ask = p;
    if (failed != NULL && t->d.failed.p == NULL)
        t->d.failed = failed->id;
    if (s.place == 0)
        return;
    if (s.forbid || t->d.effect == EFFECT_DENY) {
        t->d.rule = set->at[s.place - 1].row->id;
        t->d.ask = p;
    }
    t->forbidden = s.forbid;
    if (!s.forbid) {
        t->d.effect = EFFECT_ALLOW;
        t->d.release.bits |= granted;
    }
}

void settling_outside(struct settling *t, const struct provider *p)
{
    if (t->d.ask == NULL)
        t->d.ask = p;
    if (t->d.effect == EFFECT_DENY && str_eq(t->d.rule, S("none")))
        t->d.rule = S(POLICY_NOT_TAKEN);
}

void settling_tell(struct settling *t, struct claim_set at_most)
{
    t->withheld |= ~at_most.bits;
}

struct decision settling_end(const struct settling *t, const struct registry *r, const struct person *p,
                             const struct service *s, int64_t now_s)
{
    struct decision d = t->d;

    if (d.ask == NULL) { /* nobody's at the moment: the identity provider's owner can tell why */
        const struct idp *idp = registry_idp(r, p->idp);
        d.ask = idp != NULL ? idp->provider : NULL;
    }
    d.release.bits &= service_asks(s, now_s).bits & ~t->withheld;
    if (t->forbidden || d.effect == EFFECT_DENY) {
        d.effect = EFFECT_DENY;
        d.release = (struct claim_set){ 0 };
    }
    return d;
}

/* ── all services at once ───────────────────────────────────────────────── */

static void add(struct bits *to, const struct bits *from, const struct bits *without)
{
    struct bits of = *to;

    for (size_t i = 0; i < from->words && i < of.words; i++)
        of.at[i] |= from->at[i] & (without->words > 0 ? ~without->at[i] : ~(uint64_t)0);
}

void settle_marks(struct arena *a, const struct marks *m, struct bits *permitted, struct bits *forbidden)
{
    const struct bits none = { NULL, 0 };
    struct bits said = bits_new(a, permitted->words * 64);

    for (int layer = 0; layer < LAYER_COUNT; layer++) {
        struct bits permit = m->open[layer][SAYS_PERMIT], forbid = m->open[layer][SAYS_FORBID];
        if (layer == LAYER_SCHOOL && permit.words > 0) { /* only what is left to the schools */
            struct bits left = bits_new(a, permitted->words * 64);
            add(&left, &m->leave[SAYS_PERMIT], &m->leave[SAYS_FORBID]);
            bits_and(&permit, &left);
            bits_and(&forbid, &left);
        }
        bits_and_not(&permit, &forbid);
        add(permitted, &permit, &said);
        add(forbidden, &forbid, &said);
        add(&said, &permit, &none);
        add(&said, &forbid, &none);
    }
}
