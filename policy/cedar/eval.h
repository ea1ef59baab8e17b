/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/eval.h: the value of an expression for one request.
 *
 * Stands on base/ alone.  Allocates from the given arena only, and only for
 * sets, records and extension values that are not constant.  Recursion is at
 * most CEDAR_DEPTH_MAX deep; work is at most CEDAR_WORK_MAX nodes a policy.
 * Errors are recorded, not formatted: text costs more than the decision.
 */
#ifndef CEDAR_EVAL_H
#define CEDAR_EVAL_H

#include "policy/cedar/ast.h"
#include "policy/cedar/entities.h"

enum { CEDAR_WORK_MAX = 4 << 20 };

struct cedar_eval_error {
    enum cedar_eval_code code;
    const struct cedar_expr *at;
    enum cedar_kind got;         /* TYPE */
    uint32_t wanted;             /* TYPE: bit 1 << kind */
    struct str name;             /* ATTR, TAG */
    const struct cedar_uid *uid; /* ENTITY, and ATTR and TAG of an entity */
};

/* A condition that is taken to have a value, wherever it stands. */
struct cedar_assumed {
    const struct cedar_expr *text;
    bool value;
};

struct eval {
    const struct cedar_entities *entities;
    struct arena *arena;
    const struct cedar_uid *uids[3];      /* by enum cedar_var */
    const struct cedar_entity *entity[3]; /* NULL: not in the store */
    struct cedar_value context;
    uint32_t work;                       /* left */
    uint64_t *touched;                   /* NULL, or a bit for each entity of the store, set when it is looked up */
    const struct cedar_assumed *assumed; /* NULL but for what is tried */
    size_t n_assumed;
    uint64_t compared; /* how often with one that is assumed */
    struct cedar_eval_error error;
};

bool eval(struct eval *x, const struct cedar_expr *e, struct cedar_value *out);
/* As a condition: anything but a bool is an error. */
bool eval_bool(struct eval *x, const struct cedar_expr *e, bool *out);
const struct cedar_entity *eval_entity(const struct eval *x, const struct cedar_uid *uid); /* NULL: not in the store */
bool like_matches(const struct cedar_pattern *pattern, struct str text);

const char *cedar_eval_code_name(enum cedar_eval_code code); /* "type", "attribute", … for programs */
/* One sentence that says what went wrong. */
struct str cedar_eval_error_text(struct arena *a, const struct cedar_eval_error *e);

#endif
