/* SPDX-License-Identifier: EUPL-1.2
 * policy/grants.h: what may be told to one service, of whom, and who says so; and what would have to be said for it to
 * be otherwise.
 *
 * Floor 3.  Pure.  As matrix.h, a view of the texts by what their statements say in fields; what decides is the
 * evaluator.  A plan changes the owner's own policies alone, and leaves each of them a form (form.h), if it was one:
 * the screen of policies shows what came of it.
 */
#ifndef POLICY_GRANTS_H
#define POLICY_GRANTS_H

#include "model/area.h"
#include "policy/form.h"
#include "policy/policy.h"

struct grant_saying { /* one statement about telling something to the service */
    const struct policy *policy;
    struct claim_set claims;
    uint32_t roles; /* of whom: 1 << enum role */
    bool forbids;
    bool whole; /* of everybody in these roles, wherever, at any hour; else under conditions */
};

struct grants {
    struct grant_saying *at; /* outer layers first */
    size_t n;
};

/* As seen by whoever administers the area: the nation's and the provider's own. */
struct grants grants_of(struct arena *a, const struct registry *r, const struct area *area, const struct service *s,
                        int64_t now_s);

enum grant { GRANT_NOT = 0, GRANT_WHOLE, GRANT_PARTLY };

struct grant_cell {
    enum grant grant;
    bool inherited; /* an outer layer says it */
    bool unsaid;    /* nobody says anything */
};

/* Of those who may open the service. */
struct grant_cell grant_cell(const struct grants *g, const struct area *area, enum claim claim, enum role role);

/* ── saying it otherwise ────────────────────────────────────────────────── */

struct grant_wish {
    struct claim_set claims;
    uint32_t roles;
    bool take; /* they are no longer to be told */
};

struct grant_edit {
    const struct policy *policy; /* as it is; NULL: a new one */
    struct policy_form form;
    struct str text; /* what it says then; "": nothing, so that it is to be removed */
};

enum grant_trouble {
    GRANT_TROUBLE_NONE = 0,
    GRANT_TROUBLE_ABOVE,    /* an outer layer says it, and no inner one changes that */
    GRANT_TROUBLE_ELSEWHERE /* a policy of the owner's own says more than can be changed from one service */
};

struct grant_plan {
    struct grant_edit *at;
    size_t n; /* 0: it is so already */
    enum grant_trouble trouble;
    const struct policy *because; /* of the trouble */
};

/* Afterwards these claims are told of these roles, or of none of them, whatever else is said by the owner; nothing else
 * is told otherwise.  A permission under conditions stays what it is beside one that has none; telling under conditions
 * of what is forbidden stays forbidden then.  The area is the nation or a provider: a school has no say in it. */
struct grant_plan grants_plan(struct arena *a, const struct registry *r, const struct area *area,
                              const struct service *s, const struct grant_wish *wish, int64_t now_s);

/* ── one person ─────────────────────────────────────────────────────────── */

struct claim_said {                          /* of one claim */
    const struct policy *granted, *withheld; /* by which it may be told, by which not, whatever else; NULL: by none */
};

/* What the policies say of telling each claim to the service, of this person now: policy_decide() releases, where it
 * allows, what is granted, not withheld, and asked for. */
void policy_claims(struct arena *a, const struct registry *r, const struct person *p, const struct service *s,
                   const struct circumstances *now, struct claim_said out[CLAIM_COUNT]);

#endif
