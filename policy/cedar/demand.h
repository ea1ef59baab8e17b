/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/demand.h: what the conditions of a policy demand of a request before anything else.
 *
 * Stands on base/ alone.  A policy may say in `when` what it could say in its scope: `principal.role == "teacher"`,
 * `resource in School::"x"`, `["a", "b"].contains(context.kind)`.  Such a demand lets the index leave the policy out of
 * a request that does not meet it, if that is all that evaluating it could come to: "does not apply", and no error.  So
 * demands are read from the front, and only behind what cannot fail.
 *
 * What can fail there is reading an attribute.  Each demand names what it reads; one without keys demands nothing but
 * that this can be read, and is of the asked kind.  Where one of a policy's demands, up to the one that it is filed
 * under, cannot be read, the policy is evaluated, and fails as it does without an index.
 */
#ifndef CEDAR_DEMAND_H
#define CEDAR_DEMAND_H

#include "policy/cedar/ast.h"

enum demand_how {
    DEMAND_VALUE = 0, /* the subject is one of the keys */
    DEMAND_IN,        /* the subject, an entity, is one of them or in one of them */
    DEMAND_IS,        /* its type is one of them */
    DEMAND_MEMBER     /* the subject, a set, has one of them */
};

struct demand {
    enum demand_how how;
    uint32_t kinds; /* bit 1 << kind: what else cannot be read */
    /* `has` has asked for it, so that the policy does not apply when it is not there: for the subject's last part, or
     * for each of its parts. */
    enum { DEMAND_MUST = 0, DEMAND_ASKED, DEMAND_ASKED_ALL } asked;
    const struct cedar_expr *subject; /* a variable, its attributes and tags */
    size_t n_keys;                    /* 0: only to be read */
    const uint64_t *keys;
};

/* Fills out[0 … n) in the order in which they are evaluated; gives n.  vars: bits of variables that may be read. */
enum { DEMANDS_MAX = 16 };
size_t demands_read(struct arena *a, const struct cedar_policy *p, unsigned vars, struct demand out[DEMANDS_MAX]);
bool demand_reads_same(const struct demand *x, const struct demand *y); /* keys aside */

/* The key of a value; false for sets, records and addresses, which none has. */
bool demand_key(const struct cedar_value *v, uint64_t *key);
uint64_t demand_type_key(struct str type);

#endif
