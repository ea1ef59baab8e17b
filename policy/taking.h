/* SPDX-License-Identifier: EUPL-1.2
 * policy/taking.h: what a municipality's decision to take a service into use (struct permission) must say, whichever
 * way it comes: typed into a form or written by a program.
 *
 * Floor 3; pure.  Who words what is wrong knows the reader: the screen in three languages, the API by the row's keys.
 */
#ifndef POLICY_TAKING_H
#define POLICY_TAKING_H

#include "base/arena.h"
#include "model/registry.h"

enum taking_fault {
    TAKING_RIGHT = 0,
    TAKING_UNDECIDED,    /* .claim is asked for, and neither given nor kept */
    TAKING_NOT_ASKED,    /* .claim is given, and the service does not ask for it: nobody has said why */
    TAKING_FORBIDDEN,    /* .claim is given, and the nation forbids it of everybody */
    TAKING_NO_ROLES,     /* of nobody, or of a role that takes nothing into use */
    TAKING_NO_PURPOSE,   /* what it is used for */
    TAKING_NO_AGREEMENT, /* by which agreement */
    TAKING_NO_DECIDER,   /* who decided */
    TAKING_OVER          /* its end has passed */
};

struct taking_wrong {
    enum taking_fault fault;
    enum claim claim; /* of the faults that name one */
};

enum { TAKING_WRONGS_MAX = CLAIM_COUNT + 8, TAKING_ROLES = 7 };
extern const enum role taking_roles[TAKING_ROLES]; /* whom a service may be opened to */

/* What somebody has to decide about: what it asks for now, but the person's own name at it, which is always told. */
struct claim_set taking_asks(const struct service *s, int64_t now_s);
/* What the nation forbids of everybody: nobody's to give. */
struct claim_set taking_never(struct arena *a, const struct registry *r, const struct service *s, int64_t now_s);

/* What is wrong with a new decision about the service: how many, into out[TAKING_WRONGS_MAX]. */
size_t taking_judge(const struct permission *p, const struct service *s, struct claim_set never, int64_t now_s,
                    struct taking_wrong *out);

/* A service that is taken into use: in production, and switched on. */
bool taking_may(const struct service *s); /* NULL: no */

#endif
