/* SPDX-License-Identifier: EUPL-1.2 */
#include "policy/cost.h"

#include "policy/set.h"

/* Recursion is as deep as the tree, which its reader bounds. */
static uint64_t nodes_of(const struct cedar_expr *e)
{
    uint64_t n = 1;

    for (uint32_t i = 0; e->constant == NULL && i < e->n; i++)
        n += nodes_of(e->kids[i]);
    return n;
}

static uint64_t cost_of(const struct set *set, const struct listed *l)
{
    uint64_t nodes = 1, times = 1;

    if (l->plain || l->says.does == DOES_RELEASE)
        return 0;
    for (size_t i = 0; i < l->cedar->n_conditions; i++)
        nodes += nodes_of(l->cedar->conditions[i].body);
    if (!listed_alike(l))
        times = l->services != NULL ? l->n_services : set->parts->service_count;
    return nodes * times;
}

static bool same_owner(const struct policy *x, const struct policy *y)
{
    return x->layer == y->layer && x->provider == y->provider && x->school == y->school;
}

bool policy_affordable(const struct registry *r, const struct policy **row, uint64_t *steps)
{
    const struct set *set = set_of(r);
    const struct policy *owner = NULL;
    uint64_t sum = 0, of_row = 0, most = 0;

    for (size_t i = 0; i < set->n; i++) { /* owner by owner, row by row */
        const struct listed *l = &set->at[i];
        if (owner == NULL || !same_owner(owner, l->row))
            sum = most = 0;
        if (i == 0 || set->at[i - 1].row != l->row)
            of_row = 0;
        uint64_t cost = cost_of(set, l);
        owner = l->row;
        of_row += cost;
        sum += cost;
        if (of_row >= most) {
            most = of_row;
            *row = l->row;
        }
        *steps = sum;
        if (sum > POLICY_STEPS_MAX)
            return false;
    }
    return true;
}
