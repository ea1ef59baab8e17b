/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/build.h: making nodes of a tree, for the two readers of
 * policies (text and JSON); both get depth, constants and variables in use
 * from here.
 *
 * Stands on base/ alone.
 */
#ifndef CEDAR_BUILD_H
#define CEDAR_BUILD_H

#include "policy/cedar/ast.h"

struct builder {
    struct arena *arena; /* of the policy set */
    struct cedar_diags *d;
    bool failed; /* something was reported; the tree must not be used */
};

/* A growing list of children. */
struct kids {
    const struct cedar_expr **items;
    size_t n, cap;
};
void kids_add(struct builder *b, struct kids *list, const struct cedar_expr *kid);

/* Takes a copy of *draft with these children.  Never NULL: a tree that gets too
 * deep is reported and replaced by a leaf. */
const struct cedar_expr *build_node(struct builder *b, const struct cedar_expr *draft,
                                    const struct cedar_expr *const *kids, size_t n);
const struct cedar_expr *build_op(struct builder *b, enum cedar_op op, struct cedar_span span,
                                  const struct cedar_expr *x, const struct cedar_expr *y);
const struct cedar_expr *build_value(struct builder *b, struct cedar_value v, struct cedar_span span);
const struct cedar_expr *build_uid(struct builder *b, struct str type, struct str id, struct cedar_span span);
/* A stand-in for what was reported as wrong. */
const struct cedar_expr *build_nothing(struct builder *b, struct cedar_span span);
/* AND or OR over a list; children that are the same operator are taken in. */
const struct cedar_expr *build_chain(struct builder *b, enum cedar_op op, struct cedar_span span,
                                     const struct kids *list);
/* `e has a.b.c` */
const struct cedar_expr *build_has(struct builder *b, const struct cedar_expr *e, const struct str *path, size_t n,
                                   struct cedar_span span, struct cedar_span name_span);
/* A record; a name given twice is reported. */
const struct cedar_expr *build_record(struct builder *b, const struct kids *values, const struct str *names,
                                      struct cedar_span span);
/* A pattern from pieces between its wildcards. */
const struct cedar_pattern *build_pattern(struct builder *b, const struct str *pieces, size_t n);

/* A method of the language itself (contains, …): its operator and the number of
 * its arguments, the receiver not counted.  CEDAR_OP_NONE when there is none. */
enum cedar_op method_named(struct str name, size_t *n_args);
/* Offers the names of methods (or functions) to a guess. */
void guess_functions(struct cedar_guess *g, bool methods);
/* The name of the operator's method, for writers; absent for other operators. */
struct str method_name(enum cedar_op op);

#endif
