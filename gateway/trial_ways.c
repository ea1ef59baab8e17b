/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/trial_ways.h"

unsigned trial_ways(const struct ctx *c, const struct service *s)
{
    const struct protocol *p = protocol_of(c, s->protocol);

    return p != NULL && p->trial_ways != NULL ? p->trial_ways(c, s) : 0;
}
