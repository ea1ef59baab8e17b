/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/validate_int.h: the type checker's state while it checks one policy for one kind of request.
 *
 * Floor 3.  Shared by validate.c (kinds of request), validate_scope.c (names and scopes), validate_expr.c (logic),
 * validate_ops.c (operators) and validate_caps.c; nobody else includes it.
 */
#ifndef POLICY_CEDAR_VALIDATE_INT_H
#define POLICY_CEDAR_VALIDATE_INT_H

#include "policy/cedar/validate.h"

enum { SEEN_MAX = CEDAR_DIAGS_MAX };

/* "This attribute, or tag, is known to be there": what `has` gives to what follows it. */
struct cap {
    const struct cap *next;
    const struct cedar_expr *on;
    const struct cedar_expr *tag; /* NULL: an attribute */
    struct str attr;
    uint64_t hash;
};

/* What is known of an expression.  type == NULL: nothing, because of an error in it. */
struct answer {
    const struct cedar_type *type;
    const struct cap *caps; /* known when it is true */
    bool ok;                /* no error in it */
    uint8_t reach;          /* entities that are looked into, one behind the other, to get it; REACH_LITERAL at most */
    const struct part *parts; /* of a record that is written out: what is known of each value; else NULL */
};
struct part {
    struct str name;
    struct answer is;
    const struct part *next;
};
enum { REACH_LITERAL = 255 }; /* an entity that stands in the policy: no request brings it along */

struct checker {
    struct arena *scratch; /* emptied after each kind of request */
    const struct cedar_schema *s;
    const struct cedar_policy *policy;
    enum cedar_mode mode;
    struct cedar_diags *d;
    const struct cedar_entity_type *principal, *resource; /* the kind of request; NULL outside */
    const struct cedar_action *action;
    size_t steps;
    int level; /* of looking into entities that is allowed; negative: any */
    bool wrong;
    struct {
        struct cedar_span span;
        const char *rule; /* the format of the message */
    } seen[SEEN_MAX];     /* what was reported, so that it is reported once */
    size_t seen_n;
};

/* Reports an error, unless the same rule has already been reported for this place.  True when it was new, so that the
 * caller may add to it. */
bool check_error(struct checker *c, enum cedar_finding_code code, struct cedar_span where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for what is wrong in every kind of request; check_error() says in which. */
bool check_error_always(struct checker *c, enum cedar_finding_code code, struct cedar_span where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Looks into an entity (of no action): an error where that is deeper than the level allows. */
void check_level(struct checker *c, struct answer of, struct cedar_span where);
/* Counts work; true when there was too much of it. */
bool check_tired(struct checker *c, size_t steps);

/* validate_expr.c */
struct answer check_expr(struct checker *c, const struct cap *prior, const struct cedar_expr *e);
/* The expression's answer when its type is one of two (second may be NULL); otherwise an error and no type.
 * hint: advice to add, or NULL. */
struct answer check_wanted(struct checker *c, const struct cap *prior, const struct cedar_expr *e,
                           const struct cedar_type *first, const struct cedar_type *second, const char *hint);
struct answer check_and(struct checker *c, const struct cap *prior, const struct cedar_expr *const *kids, size_t n);
/* The type that has the values of both, or NULL, reported. */
const struct cedar_type *check_common_type(struct checker *c, struct cedar_span where, const struct cedar_type *x,
                                           const struct cedar_type *y);
struct answer check_of(enum cedar_type_kind kind, bool ok);        /* an answer without capabilities */
struct answer check_both(struct answer left, struct answer right); /* what && makes of two answers, without caps */
struct answer check_opposite(struct answer a);                     /* what ! makes of one */

/* validate_ops.c: every operator that is no logic. */
struct answer check_op(struct checker *c, const struct cap *prior, const struct cedar_expr *e);

/* validate_access.c: attributes and tags. */
struct answer check_has(struct checker *c, const struct cap *prior, const struct cedar_expr *e);
struct answer check_attr(struct checker *c, const struct cap *prior, const struct cedar_expr *e);
struct answer check_has_tag(struct checker *c, const struct cap *prior, const struct cedar_expr *e);
struct answer check_get_tag(struct checker *c, const struct cap *prior, const struct cedar_expr *e);

/* validate_caps.c */
const struct cap *caps_attr(struct checker *c, const struct cedar_expr *on, struct str attr);
const struct cap *caps_tag(struct checker *c, const struct cedar_expr *on, const struct cedar_expr *tag);
bool caps_have(struct checker *c, const struct cap *caps, const struct cap *wanted);
const struct cap *caps_union(struct checker *c, const struct cap *x, const struct cap *y);
const struct cap *caps_meet(struct checker *c, const struct cap *x, const struct cap *y);

/* validate_scope.c */
void check_scope(struct checker *c); /* its names are declared, and some action applies to what it allows */
void check_names(struct checker *c); /* every entity type, action and enumerated id of the conditions is declared */
bool scope_allows_type(const struct checker *c, const struct cedar_scope *scope, const struct cedar_entity_type *type);
bool scope_allows_action(const struct checker *c, const struct cedar_scope *scope, const struct cedar_action *action);

#endif
