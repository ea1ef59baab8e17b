/* SPDX-License-Identifier: EUPL-1.2
 * policy/cost.h: how much of the evaluator the policies of one owner may take for one page of tiles.
 *
 * Floor 3.  A loop serves everybody, and a page asks every statement that the
 * index does not hold: most once for a person, and some once for each service.
 * What one city writes must not keep the others waiting.
 */
#ifndef POLICY_COST_H
#define POLICY_COST_H

#include "model/registry.h"

enum { POLICY_STEPS_MAX = 1000000 }; /* parts of conditions looked at, some nanoseconds each */

/* False: the policies of one owner (nation, provider, school) may take more than that: *steps; *row is its dearest. */
bool policy_affordable(const struct registry *r, const struct policy **row, uint64_t *steps);

#endif
