/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/taking.h"

#include "policy/grants.h"

const enum role taking_roles[TAKING_ROLES] = { ROLE_LEARNER,   ROLE_TEACHER, ROLE_SUBSTITUTE, ROLE_PRINCIPAL,
                                               ROLE_SECRETARY, ROLE_STAFF,   ROLE_GUARDIAN };

struct claim_set taking_asks(const struct service *s, int64_t now_s)
{
    struct claim_set asks = service_asks(s, now_s);

    if (s->protocol == PROTO_LINK)
        asks.bits = 0;
    asks.bits &= ~(1u << CLAIM_SUB);
    return asks;
}

struct claim_set taking_never(struct arena *a, const struct registry *r, const struct service *s, int64_t now_s)
{
    const struct area nation = area_nation;
    const struct grants g = grants_of(a, r, &nation, s, now_s);
    struct claim_set out = { 0 };

    for (size_t i = 0; i < g.n; i++)
        if (g.at[i].policy->layer == LAYER_NATION && g.at[i].forbids && g.at[i].whole) {
            uint32_t left = 0;
            for (size_t k = 0; k < TAKING_ROLES; k++)
                left |= (g.at[i].roles & 1u << taking_roles[k]) == 0;
            out.bits |= left == 0 ? g.at[i].claims.bits : 0;
        }
    return out;
}

static bool is_taken_by(struct str role)
{
    for (size_t i = 0; i < TAKING_ROLES; i++)
        if (str_eq(role, str_of(role_name(taking_roles[i]))))
            return true;
    return false;
}

static bool roles_right(const struct strs *roles)
{
    for (size_t i = 0; i < roles->n; i++)
        if (!is_taken_by(roles->at[i]))
            return false;
    return roles->n > 0;
}

static enum taking_fault claim_fault(const struct permission *p, struct claim_set asks, struct claim_set never,
                                     enum claim claim)
{
    bool asked = claim_in(asks, claim), given = claim_in(p->gives, claim);

    if (given && claim_in(never, claim))
        return TAKING_FORBIDDEN;
    if (given && !asked && claim != CLAIM_SUB)
        return TAKING_NOT_ASKED;
    return asked && !given && !claim_in(p->keeps, claim) ? TAKING_UNDECIDED : TAKING_RIGHT;
}

size_t taking_judge(const struct permission *p, const struct service *s, struct claim_set never, int64_t now_s,
                    struct taking_wrong *out)
{
    const struct claim_set asks = taking_asks(s, now_s);
    const struct {
        bool wrong;
        enum taking_fault fault;
    } others[] = { { !roles_right(&p->roles), TAKING_NO_ROLES },
                   { !str_is_set(str_trim(p->purpose)), TAKING_NO_PURPOSE },
                   { !str_is_set(str_trim(p->agreement)), TAKING_NO_AGREEMENT },
                   { !str_is_set(str_trim(p->decided_by)), TAKING_NO_DECIDER },
                   { p->until_s != 0 && p->until_s <= now_s, TAKING_OVER } };
    size_t n = 0;

    for (int i = 0; i < CLAIM_COUNT; i++) {
        enum taking_fault fault = claim_fault(p, asks, never, (enum claim)i);
        if (fault != TAKING_RIGHT)
            out[n++] = (struct taking_wrong){ fault, (enum claim)i };
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].wrong)
            out[n++] = (struct taking_wrong){ .fault = others[i].fault };
    return n;
}

bool taking_may(const struct service *s)
{
    return s != NULL && !s->test && s->enabled;
}
