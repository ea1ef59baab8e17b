/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/why.h: what would have to be different for an answer to be the other one, in three steps.
 *
 * Stands on base/ alone.  Inside the library; everybody else sees engine.h.
 * differ.c reads from a condition what it needs; world.c makes a request and a store in which that is so; why.c goes
 * through the policies, the nearest first, and keeps what was tried and changed the answer.
 */
#ifndef CEDAR_WHY_H
#define CEDAR_WHY_H

#include "policy/cedar/engine.h"
#include "policy/cedar/policies.h"

enum {
    WHY_MAX = 32,              /* alternatives */
    WHY_DIFFERENCES = 24,      /* of one */
    WHY_ROUNDS = 6,            /* what one difference brings about may need another */
    WHY_POLICY_WORK = 1 << 16, /* nodes looked at in one policy; and, with what trials take, in all */
    WHY_WORK = 1 << 25,
    WHY_STEPS = 4 /* so many of a decision take as long as one node that is looked at */
};

/* Where a thing stands: behind an entity or the context, or a variable of the request itself. */
struct subject {
    enum { SUBJECT_NONE = 0, SUBJECT_VARIABLE, SUBJECT_CONTEXT, SUBJECT_ENTITY } of;
    enum cedar_var var;          /* VARIABLE; else where the path begins */
    const struct cedar_uid *uid; /* ENTITY; VARIABLE: what it is now */
    size_t n;                    /* names behind one another */
    struct str *names;
    bool tag; /* the first name is a tag */
};

struct difference {
    const struct cedar_policy *policy;
    enum cedar_part part;
    size_t condition;
    enum cedar_difference_kind kind;
    const struct cedar_expr *text; /* NULL: the scope */
    const struct cedar_expr *path; /* of the subject; NULL: the variable of the scope */
    struct subject subject;
    uint32_t cost;
    struct cedar_value needed;
    struct cedar_value example; /* what it becomes; CEDAR_NONE: nothing */
    bool add, drop;             /* … of a set: these elements are added, or taken out */
};

static inline bool is_whole_text(const struct difference *d)
{
    return d->kind == CEDAR_DIFFERENCE_HOLDS || d->kind == CEDAR_DIFFERENCE_FAILS;
}

static inline bool is_of_groups(const struct difference *d)
{
    return d->kind == CEDAR_DIFFERENCE_IN || d->kind == CEDAR_DIFFERENCE_NOT_IN;
}

bool difference_same_subject(const struct difference *a, const struct difference *b);

/* Differences that together do something; shared, never changed. */
struct wants {
    uint32_t cost;
    const struct wants *first, *second;
    const struct difference *one;
};

struct differ {
    struct arena *arena;
    struct eval eval;
    struct index_side sides[3];
    const struct difference *const *settled; /* what these are about is not asked for otherwise */
    size_t n_settled;
    const struct cedar_policy *policy;
    enum cedar_part part;
    size_t condition;
};

/* The cheapest that makes the policy apply, or not.  NULL: nothing does, or it takes too much work. */
const struct wants *differ_apply(struct differ *x, const struct cedar_policy *p);
const struct wants *differ_avoid(struct differ *x, const struct cedar_policy *p);

/* A request and its entities. */
struct world {
    const struct cedar_entities *entities;
    struct cedar_request request;
};
/* False: these differences cannot all be made. */
bool world_make(struct arena *a, const struct world *from, const struct difference *const *list, size_t n,
                struct world *out);
/* What the subject is in it; CEDAR_NONE: nothing. */
struct cedar_value world_value(const struct world *w, const struct subject *subject);

#endif
