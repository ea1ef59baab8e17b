/* SPDX-License-Identifier: EUPL-1.2
 * Equality of trees; for tests and for whoever wants to know whether an edit
 * changed anything.  Recursion is as deep as the trees, CEDAR_DEPTH_MAX. */
#include "policy/cedar/ast.h"

static bool pattern_eq(const struct cedar_pattern *a, const struct cedar_pattern *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!str_eq(a->pieces[i], b->pieces[i]))
            return false;
    return true;
}

/* What a node has besides its children. */
static bool own_eq(const struct cedar_expr *a, const struct cedar_expr *b)
{
    switch (a->op) {
    case CEDAR_OP_LIT:
        return cedar_value_eq(&a->value, &b->value);
    case CEDAR_OP_VAR:
    case CEDAR_OP_SLOT:
        return a->var == b->var;
    case CEDAR_OP_HAS:
    case CEDAR_OP_ATTR:
    case CEDAR_OP_IS:
        return str_eq(a->name, b->name);
    case CEDAR_OP_LIKE:
        return pattern_eq(a->pattern, b->pattern);
    case CEDAR_OP_CALL:
        return a->ext == b->ext;
    default:
        return true;
    }
}

static const struct cedar_expr *field_named(const struct cedar_expr *record, struct str name)
{
    for (size_t i = 0; i < record->n; i++)
        if (str_eq(record->names[i], name))
            return record->kids[i];
    return NULL;
}

/* The order in which a record's values are written does not matter. */
static bool record_eq(const struct cedar_expr *a, const struct cedar_expr *b)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct cedar_expr *other = str_eq(a->names[i], b->names[i]) ? b->kids[i] : field_named(b, a->names[i]);
        if (other == NULL || !cedar_expr_eq(a->kids[i], other))
            return false;
    }
    return true;
}

bool cedar_expr_eq(const struct cedar_expr *a, const struct cedar_expr *b)
{
    if (a == b)
        return true;
    if (a->op != b->op || a->n != b->n || a->sugar != b->sugar || !own_eq(a, b))
        return false;
    if (a->op == CEDAR_OP_RECORD)
        return record_eq(a, b);
    for (size_t i = 0; i < a->n; i++)
        if (!cedar_expr_eq(a->kids[i], b->kids[i]))
            return false;
    return true;
}

static bool scope_eq(const struct cedar_scope *a, const struct cedar_scope *b)
{
    bool has_uid = a->kind == CEDAR_SCOPE_EQ || a->kind == CEDAR_SCOPE_IN || a->kind == CEDAR_SCOPE_IS_IN;

    if (a->kind != b->kind || a->slot != b->slot || a->n_uids != b->n_uids)
        return false;
    if ((a->kind == CEDAR_SCOPE_IS || a->kind == CEDAR_SCOPE_IS_IN) && !str_eq(a->type, b->type))
        return false;
    if (has_uid && !a->slot && !cedar_uid_eq(&a->uid, &b->uid))
        return false;
    for (size_t i = 0; i < a->n_uids; i++)
        if (!cedar_uid_eq(&a->uids[i], &b->uids[i]))
            return false;
    return true;
}

static const struct cedar_annotation *annotation_named(const struct cedar_policy *p, struct str name)
{
    for (size_t i = 0; i < p->n_annotations; i++)
        if (str_eq(p->annotations[i].name, name))
            return &p->annotations[i];
    return NULL;
}

bool cedar_policy_eq(const struct cedar_policy *a, const struct cedar_policy *b)
{
    if (a->effect != b->effect || a->n_conditions != b->n_conditions || a->n_annotations != b->n_annotations ||
        !scope_eq(&a->principal, &b->principal) || !scope_eq(&a->action, &b->action) ||
        !scope_eq(&a->resource, &b->resource))
        return false;
    for (size_t i = 0; i < a->n_annotations; i++) {
        const struct cedar_annotation *other = annotation_named(b, a->annotations[i].name);
        if (other == NULL || !str_eq(other->value, a->annotations[i].value))
            return false;
    }
    for (size_t i = 0; i < a->n_conditions; i++)
        if (a->conditions[i].unless != b->conditions[i].unless ||
            !cedar_expr_eq(a->conditions[i].body, b->conditions[i].body))
            return false;
    return true;
}
