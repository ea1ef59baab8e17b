/* SPDX-License-Identifier: EUPL-1.2
 * policy/cedar/ast.h: policies as trees.
 *
 * Stands on base/ alone.  Trees are immutable after parsing and live in the
 * arena of their policy set.  Depth: at most CEDAR_DEPTH_MAX on any path, so a
 * recursive walk is safe; `a && b && c` and `||` are one node with many
 * children, so a long chain is no depth.
 */
#ifndef CEDAR_AST_H
#define CEDAR_AST_H

#include "policy/cedar/diag.h"
#include "policy/cedar/ext.h"

enum { CEDAR_DEPTH_MAX = 400 };

/*  op            children (kids)           also */
#define CEDAR_OPS(X)                                                                                                   \
    X(LIT)      /* -                      value: bool, long, string, entity        */                                  \
    X(VAR)      /* -                      var                                      */                                  \
    X(SLOT)     /* -                      var: principal or resource (scope only)  */                                  \
    X(IF)       /* condition, then, else                                           */                                  \
    X(AND)      /* 2 or more              sugar: see below                         */                                  \
    X(OR)       /* 2 or more                                                       */                                  \
    X(NOT)      /* 1                                                               */                                  \
    X(NEG)      /* 1                                                               */                                  \
    X(EQ)       /* 2                                                               */                                  \
    X(NE)       /* 2                                                               */                                  \
    X(LT)       /* 2                      long, datetime, duration                 */                                  \
    X(LE)       /* 2                                                               */                                  \
    X(GT)       /* 2                                                               */                                  \
    X(GE)       /* 2                                                               */                                  \
    X(ADD)      /* 2                                                               */                                  \
    X(SUB)      /* 2                                                               */                                  \
    X(MUL)      /* 2                                                               */                                  \
    X(IN)       /* 2                                                               */                                  \
    X(IS)       /* 1, or 2 for `is T in` type                                      */                                  \
    X(HAS)      /* 1                      name                                     */                                  \
    X(ATTR)     /* 1                      name                                     */                                  \
    X(LIKE)     /* 1                      pattern                                  */                                  \
    X(CONTAINS) /* 2                                                               */                                  \
    X(CONTAINS_ALL)                                                                                                    \
    X(CONTAINS_ANY)                                                                                                    \
    X(IS_EMPTY) /* 1                                                               */                                  \
    X(GET_TAG)  /* 2                                                               */                                  \
    X(HAS_TAG)  /* 2                                                               */                                  \
    X(SET)      /* any number                                                      */                                  \
    X(RECORD)   /* any number             names[i] belongs to kids[i]; no duplicates */                                \
    X(CALL)     /* arguments              ext; the number need not fit (an error when evaluated) */

enum cedar_op {
    CEDAR_OP_NONE = 0,
#define X(op) CEDAR_OP_##op,
    CEDAR_OPS(X)
#undef X
        CEDAR_OP_COUNT
};

enum cedar_var { CEDAR_PRINCIPAL = 0, CEDAR_ACTION, CEDAR_RESOURCE, CEDAR_CONTEXT };

/* "a*b\*": literal pieces with a wildcard between each two. */
struct cedar_pattern {
    size_t n; /* pieces; at least 1 */
    const struct str *pieces;
};

struct cedar_expr {
    enum cedar_op op;
    enum cedar_var var;
    enum cedar_ext ext;
    /* `e has a.b.c` is the AND of e has a, e.a has b, e.a.b has c; sugar marks
     * it for the formatter.  Everybody else reads the AND. */
    bool sugar;
    uint8_t uses;   /* bit 1 << var for each variable below, for planning */
    uint16_t depth; /* 1 for a leaf */
    struct cedar_span span;
    uint32_t n;
    const struct cedar_expr *const *kids;
    union {
        struct cedar_value value;            /* LIT */
        struct str name;                     /* HAS, ATTR; the type of IS */
        const struct cedar_pattern *pattern; /* LIKE */
        const struct str *names;             /* RECORD */
    };
    const struct cedar_value *constant; /* its value, where it has no variable and cannot fail; else NULL */
    struct cedar_span name_span;        /* of name, pattern or function word, for messages */
};

enum cedar_scope_kind {
    CEDAR_SCOPE_ANY = 0,
    CEDAR_SCOPE_EQ,
    CEDAR_SCOPE_IN,
    CEDAR_SCOPE_IS,
    CEDAR_SCOPE_IS_IN,
    CEDAR_SCOPE_IN_SET /* action only: uids, possibly none */
};

struct cedar_scope {
    enum cedar_scope_kind kind;
    struct cedar_span span;
    struct str type; /* IS, IS_IN */
    struct cedar_span type_span;
    bool slot;            /* EQ, IN, IS_IN: ?principal or ?resource stands where uid would */
    struct cedar_uid uid; /* EQ, IN, IS_IN */
    struct cedar_span uid_span;
    size_t n_uids; /* IN_SET */
    const struct cedar_uid *uids;
    const struct cedar_span *uid_spans; /* NULL when it did not come from text */
};

struct cedar_annotation {
    struct str name, value; /* value: "" for a bare @name */
    bool bare;
    struct cedar_span span;
};

struct cedar_condition {
    bool unless;
    const struct cedar_expr *body; /* as written; `unless` means its negation */
    struct cedar_span span;
};

struct cedar_policy {
    struct str id;
    enum cedar_effect effect;
    struct cedar_scope principal, action, resource;
    size_t n_conditions;
    const struct cedar_condition *conditions; /* all must hold, tried in order */
    size_t n_annotations;
    const struct cedar_annotation *annotations;
    bool is_template;                  /* some scope has a slot: cannot be evaluated */
    struct str template_id;            /* of the template it links; absent for a static policy */
    const struct cedar_source *source; /* NULL when it came from JSON */
    struct cedar_span span;
};

/* The same meaning written the same way: ids, spans and comments aside. */
bool cedar_expr_eq(const struct cedar_expr *a, const struct cedar_expr *b);
bool cedar_policy_eq(const struct cedar_policy *a, const struct cedar_policy *b);

/* As text, on one line. */
void cedar_expr_text(struct buf *b, const struct cedar_expr *e);
void cedar_scope_text(struct buf *b, const struct cedar_scope *scope, enum cedar_var var);

#endif
