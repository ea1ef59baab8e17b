/* SPDX-License-Identifier: EUPL-1.2
 * gateway/console/drafted.h: what the area's open drafts would say instead, for pages that show how things stand.
 *
 * Floor 6d.  The newest drafts alone: DRAFTED_MAX of them.
 */
#ifndef GATEWAY_CONSOLE_DRAFTED_H
#define GATEWAY_CONSOLE_DRAFTED_H

#include "model/ctx.h"
#include "policy/policy.h"
#include "registry/edit.h"

enum { DRAFTED_MAX = 10, DRAFTED_ROWS_MAX = 100 };

struct drafted { /* one draft's policies */
    int64_t number;
    struct strs ids;            /* of all that it touches */
    const struct policy *after; /* those that there would be */
    size_t n;
};

struct drafteds {
    struct drafted *at;
    size_t n;
};

/* As a desk job read them (draft_policies(), DRAFTED_ROWS_MAX), about the registry that is served.  A draft of which a
 * policy stands where there is nothing any more is left out. */
struct drafteds drafted_of(struct arena *a, const struct registry *r, const struct draft_policies *rows);

/* False: as forms, none of the policies that it touches is about the service, neither as they are nor as they would be;
 * with it the service opens to nobody else than without. */
bool drafted_concerns(struct arena *a, const struct registry *r, const struct drafted *d, const struct service *s);

/* Whether the person could open the service were the draft in force; reads the policies of the nation and of their
 * providers anew, so it is for a worker. */
bool drafted_opens(const struct registry *r, const struct drafted *d, const struct person *p, const struct service *s,
                   const struct circumstances *now);

#endif
